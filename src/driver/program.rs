//! A program's batches: input becomes the records of its streams, and its outputs are made of them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use memchr::memchr_iter;

use super::clock::Clock;
use super::crew::{Crew, CrewAt};
use super::deliver::Outputs;
use super::desk::Desk;
use super::reports::Reports;
use super::survival::Resumed;
use super::work::{Stop, Work};
use super::{OnError, Settings};
use crate::batch::{Chunk, Keep, Pool, SourceId, Time};
use crate::error::{Error, Result};
use crate::exec::{Delivery, Flow};
use crate::plan::{Engine, Graph, Outcome, Rdd, Report, Script, StreamId, StreamOp};
use crate::sink::Staged;
use crate::source::{SourceKind, SourceSpec};

/// Input that waits for the end of its batch may take so many bytes; where time is real, reading waits then.
const MOST_WAITING: usize = 512 << 20;

/// A started pipeline.
pub(super) struct Program {
    flow: Flow,
    outputs: Outputs,
    /// Batches that queues of RDDs have something for.
    queued: u64,
    fail: bool,
    zone: TimeZone,
    /// Records that have come in.
    records: u64,
    /// Bytes that wait for the end of the batch.
    waiting: usize,
    /// Whether anything has come in since the last batch.
    has_input: bool,
    begun: bool,
    pool: Pool,
    reports: Reports,
    /// Sources that read from a connection, by number.
    receivers: Vec<(SourceId, String)>,
    /// Batches that have lost an output.
    pub(super) failed: u64,
}

impl Program {
    /// # Errors
    /// When an output writes to where we cannot.
    pub(super) fn new(
        settings: &Settings,
        graph: Graph,
        (sources, clock): (&[SourceSpec], Clock),
        pool: Pool,
        flow: impl FnOnce(Graph) -> Flow,
    ) -> Result<Self> {
        let queued = graph.streams.iter().map(|stream| match &stream.op {
            StreamOp::Queue { rdds, one_at_a_time: true, .. } => rdds.len() as u64,
            StreamOp::Queue { rdds, .. } => u64::from(!rdds.is_empty()),
            _ => 0,
        });
        Ok(Program {
            queued: queued.max().unwrap_or(0),
            outputs: Outputs::new(settings, &graph)?,
            flow: flow(graph),
            fail: settings.on_error == OnError::Fail,
            zone: TimeZone::system(),
            records: 0,
            waiting: 0,
            has_input: false,
            begun: false,
            pool,
            reports: Reports::new(sources.len(), clock),
            receivers: receivers(sources),
            failed: 0,
        })
    }

    /// Has files staged for commits, and goes on from what was kept.
    ///
    /// # Errors
    /// If what was kept is damaged.
    pub(super) fn survive(&mut self, resumed: Option<&Resumed>) -> Result<()> {
        self.outputs.stage(resumed.map(Resumed::staged).unwrap_or_default());
        match resumed {
            Some(resumed) => self.flow.restore(resumed.rows()).map_err(Error::Checkpoint),
            None => Ok(()),
        }
    }

    /// The files that its outputs write, as a checkpoint knows them.
    pub(super) fn files(&self) -> Vec<String> {
        self.outputs.files()
    }

    /// Whether more than one of its outputs prints.
    pub(super) fn prints_more_than_once(&self) -> bool {
        self.outputs.printed() > 1
    }

    /// To be called before anything comes in, and whether the program runs between batches alone, and not while
    /// they come in.
    pub(super) fn begin(&mut self, script: &mut dyn Script, crew: &mut CrewAt<'_>, is_undisturbed: bool) {
        if !std::mem::replace(&mut self.begun, true) {
            self.flow.begin(script, &crew.crew.workers, is_undisturbed);
            tell(script, crew, || Report::Started(self.reports.started(), self.receivers.clone()));
            self.flow.open(script, &mut crew.crew.workers);
        }
    }

    /// To be called when nothing comes in any more.
    pub(super) fn stopped(&self, script: &mut dyn Script, crew: &mut CrewAt<'_>) {
        tell(script, crew, || Report::Stopped(self.receivers.clone()));
    }

    /// The RDDs of a stream from one time to another, as far as they are remembered.
    ///
    /// # Errors
    /// Whatever functions of the program raise where one is made only now.
    pub(super) fn slice(
        &mut self,
        (stream, begin, end): (StreamId, Time, Time),
        script: &mut dyn Script,
        engine: &mut dyn Engine,
    ) -> Outcome<Vec<Arc<Rdd>>> {
        self.flow.slice(stream, begin, end, script, engine)
    }

    /// The program with those who do its work. Without a script, no batch can be closed.
    pub(super) fn at<'a>(
        &'a mut self,
        crew: &'a mut Crew,
        script: Option<&'a mut dyn Script>,
    ) -> ProgramAt<'a> {
        ProgramAt { program: self, crew, script }
    }
}

/// Tells the program's listeners, if it has any. They do not keep a stream from going on.
fn tell(script: &mut dyn Script, crew: &mut CrewAt<'_>, report: impl FnOnce() -> Report) {
    if script.listens()
        && let Err(failure) = script.tell(report(), crew)
    {
        crew.desk.say_error(format_args!("a StreamingListener fails: {failure}"));
    }
}

/// The sources that Spark would have a receiver for.
fn receivers(sources: &[SourceSpec]) -> Vec<(SourceId, String)> {
    let is_receiver = |spec: &SourceSpec| {
        !matches!(
            spec.kind,
            SourceKind::File(_) | SourceKind::Dir(_) | SourceKind::Records { .. } | SourceKind::Queue(_)
        )
    };
    let numbered = (0..).map(SourceId).zip(sources).filter(|(_, spec)| is_receiver(spec));
    numbered.map(|(number, spec)| (number, spec.kind.to_string())).collect()
}

/// A program at work.
pub(super) struct ProgramAt<'a> {
    program: &'a mut Program,
    crew: &'a mut Crew,
    script: Option<&'a mut dyn Script>,
}

impl Work for ProgramAt<'_> {
    fn begin_part(&mut self, source: SourceId) {
        self.program.flow.begin_part(source);
    }

    fn accept(&mut self, chunk: Chunk) {
        let program = &mut *self.program;
        let records = memchr_iter(b'\n', chunk.bytes()).count() as u64;
        program.records += records;
        program.reports.count(chunk.source(), records);
        program.has_input = true;
        let size = chunk.len();
        if program.flow.accept(chunk, &self.crew.workers) {
            program.waiting += size;
        }
    }

    fn wait_for_chunk(&mut self) {
        self.crew.workers.work_until(|| self.program.pool.available());
    }

    fn keep_up(&mut self) -> Result<()> {
        self.crew.workers.keep_up();
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    fn records(&self) -> u64 {
        self.program.records
    }

    fn skipped(&self) -> u64 {
        self.crew.skipped
    }

    fn close(&mut self, time: Time, _last: bool, desk: &mut Desk) -> Result<()> {
        let Program { flow, outputs, fail, zone, waiting, has_input, failed, reports, .. } =
            &mut *self.program;
        let Some(script) = &mut self.script else { return Ok(()) };
        let origins: Vec<String> =
            flow.graph().outputs.iter().map(|output| output.origin.to_string()).collect();
        let mut lost = false;
        let mut open = reports.open(time);
        *waiting = 0;
        *has_input = false;
        let crew = &mut *self.crew;
        flow.sum_up(time, &mut crew.workers).map_err(|failure| Error::Runtime(failure.to_string()))?;
        flow.close(time, *script, &mut self.crew.at(desk), |engine, delivery| {
            let (output, failure) = match delivery {
                Delivery::Records { output, records, .. } => {
                    match outputs.deliver(output, time, records, engine)? {
                        Ok(()) => {
                            open.done(Some(output), &origins, None);
                            return Ok(());
                        }
                        Err(failure) => (Some(output), failure),
                    }
                }
                Delivery::Failed { output, failure } => (output, failure),
                Delivery::Done { output } => {
                    open.done(Some(output), &origins, None);
                    return Ok(());
                }
                Delivery::LeftOut { time, failure } => {
                    lost = true;
                    let time = time.local_text(zone);
                    engine
                        .desk
                        .say_error(format_args!("batch {time}: a state goes on without it: {failure}"));
                    return Ok(());
                }
            };
            lost = true;
            open.done(output, &origins, Some(&failure.to_string()));
            let what = match output {
                Some(output) => format!("output {} ({})", output + 1, origins[output]),
                None => "all outputs".into(),
            };
            let told = format!("batch {}: {what}: {failure}", time.local_text(zone));
            if *fail {
                return Err(Error::BadRecord(told));
            }
            engine.desk.say_error(told);
            Ok(())
        })?;
        *failed += u64::from(lost);
        self.crew.workers.forget_started();
        tell(*script, &mut self.crew.at(desk), || Report::Batch(open.into_report()));
        // Listeners may have changed what functions capture.
        flow.open(*script, &mut self.crew.workers);
        self.crew.fault.take().map_or(Ok(()), Err)
    }

    fn changes(&mut self, desk: &mut Desk, keep: &mut dyn Keep) -> Result<()> {
        self.program.flow.changes(&mut self.crew.at(desk), keep)
    }

    fn take_staged(&mut self) -> Vec<Staged> {
        self.program.outputs.take_staged()
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn has_unshown_records(&mut self) -> Result<bool> {
        Ok(self.program.has_input)
    }

    fn least_batches(&self) -> u64 {
        self.program.queued
    }

    fn wants_to_stop(&self) -> Option<Stop> {
        self.crew.stop
    }

    fn is_full(&self) -> bool {
        self.program.waiting + self.program.flow.waiting() >= MOST_WAITING
    }
}
