//! A program's pipeline at work: what `plan::Runtime` promises to programs.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use super::conductor::Conductor;
use super::crew::{Crew, failure};
use super::memory;
use super::patience::Patience;
use super::program::Program;
use super::signals::Signals;
use super::survival::{self, Checkpointing};
use super::timeline::{Start, Timeline};
use super::{Ended, OutputTo, Settings, files, outputs};
use crate::batch::{Dataset, Time};
use crate::error::{Error, Result};
use crate::exec::Flow;
use crate::plan::{
    Engine, Interrupt, Outcome, Rdd, Returned, Runtime, Script, StreamId, StreamOp, Streaming,
};
use crate::source::SourceSpec;

/// The engine, clock, sources and outputs of programs.
pub struct Pipeline {
    settings: Settings,
    crew: Crew,
    conductor: Conductor,
    signals: Option<Signals>,
    stream: Option<Stream>,
    /// What has ended a stream early.
    fault: Option<Error>,
    /// How the last stream has ended.
    ended: Ended,
    /// Batches that have lost an output, of the streams before this one.
    failed: u64,
}

/// A stream that was started, and has not ended.
struct Stream {
    program: Program,
    timeline: Timeline,
    _patience: Patience,
}

impl Pipeline {
    /// Workers and outputs. Sources and the interval come with the stream that is started.
    ///
    /// # Errors
    /// When the system gives no more threads, or the output cannot be opened.
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Pipeline {
            crew: Crew::new(&settings)?,
            conductor: Conductor::new(&settings)?,
            settings,
            signals: None,
            stream: None,
            fault: None,
            ended: Ended::Drained,
            failed: 0,
        })
    }

    /// How a program that runs on it learns that it is to end.
    pub fn interrupt(&self) -> Interrupt {
        self.crew.interrupt.clone()
    }

    /// Ends a stream that the program has left running, and tells how the last one has ended.
    ///
    /// # Errors
    /// What has ended it early, or that batches have lost outputs.
    pub fn end(&mut self) -> Result<Ended> {
        self.close(Ok(()));
        self.conductor.desk.finish()?;
        match (self.fault.take(), self.failed) {
            (Some(fault), _) => Err(fault),
            (None, 0) => Ok(self.ended),
            (None, 1) => Err(Error::Runtime("a batch has lost an output".into())),
            (None, failed) => Err(Error::Runtime(format!("{failed} batches have lost an output"))),
        }
    }

    /// Closes the stream, if there is one.
    fn close(&mut self, stopped: Result<()>) {
        let Some(Stream { mut program, timeline, .. }) = self.stream.take() else { return };
        let ended = self.signals.as_ref().map_or(Ended::Drained, Signals::ended);
        let work = &mut program.at(&mut self.crew, None);
        let closed =
            self.conductor.end(stopped.map(|()| ended), work, timeline.stats(), timeline.incomplete());
        match closed {
            Ok(ended) => self.ended = ended,
            Err(fault) => self.fault = Some(fault),
        }
        self.failed += program.failed;
        if let Some(signals) = &self.signals {
            signals.end_at_next();
        }
    }
}

impl Runtime for Pipeline {
    fn start(&mut self, script: &mut dyn Script, streaming: Streaming) -> Result<()> {
        let Streaming { graph, interval, sources, program: text, checkpoint } = streaming;
        if graph.outputs.is_empty() {
            return Err(Error::Usage(
                "no output operations registered, so there is nothing to do: end a stream with .pprint()"
                    .into(),
            ));
        }
        let settings = &self.settings;
        let specs = sources.iter().map(|text| SourceSpec::parse(OsStr::new(text)).map_err(Error::Usage));
        let specs: Vec<SourceSpec> = specs.collect::<Result<_>>()?;
        outputs::check(&settings.output, &specs)?;
        let queues = graph.streams.iter().any(|stream| matches!(stream.op, StreamOp::Queue { .. }));
        let clock = settings.clock.resolve(&specs, queues)?;
        let pool = settings.pool(&specs);
        let mut checkpoint = Checkpointing::of(settings, checkpoint.as_ref(), &mut self.conductor.desk)?;
        let operators = if checkpoint.is_some() { graph.operators(script) } else { Vec::new() };
        let known = (&specs[..], clock);
        let mut program =
            Program::new(settings, graph, known, pool.clone(), |graph| Flow::new(graph, interval))?;
        let job = survival::Job {
            text,
            interval,
            operators: &operators,
            sources: &specs,
            outputs: outputs::file_of(&settings.output).into_iter().chain(program.files()).collect(),
        };
        let resumed = match self.conductor.survive(checkpoint.as_ref(), &job) {
            // As nothing is gone on from, nothing is wrong but that nothing can be gone on from later.
            Err(fault) if checkpoint.as_ref().is_some_and(|asked| !asked.resume) => {
                checkpoint = None;
                self.conductor.desk.say(format_args!("{fault}: {}", survival::WITHOUT));
                None
            }
            resumed => resumed?,
        };
        if checkpoint.is_some() {
            program.survive(resumed.as_ref())?;
        }
        let from = Start::of(checkpoint.as_ref(), resumed.as_ref(), self.conductor.journalled());
        if program.prints_more_than_once() {
            self.conductor.desk.never_in_place();
        }
        let signals = match &self.signals {
            Some(signals) => {
                signals.begin_again();
                signals
            }
            None => {
                let to_file = matches!(settings.output, OutputTo::File(_));
                self.signals.insert(Signals::install(to_file, &self.crew.interrupt.asked)?)
            }
        };
        let mut timeline = Timeline::new(settings, &specs, (clock, interval), &from, signals, pool)?;
        self.conductor.commit_start(&mut timeline, &from)?;
        timeline.watch_output(self.conductor.desk.output_descriptor()?)?;
        self.conductor.begin(settings, &specs);
        let at_once = Arc::clone(&self.crew.interrupt.at_once);
        let _patience = Patience::start(signals, self.conductor.desk.messages(), interval, at_once)?;
        self.crew.stop = None;
        self.stream = Some(Stream { program, timeline, _patience });
        Ok(())
    }

    /// Where a signal has stopped the stream, or a fault, the program does not go on either.
    fn run(&mut self, script: &mut dyn Script, timeout: Option<Duration>) -> Result<Returned> {
        let (Some(stream), Some(signals)) = (&mut self.stream, &self.signals) else {
            return Ok(Returned::Stopped);
        };
        let crew = &mut self.crew.at(&mut self.conductor.desk);
        stream.program.begin(script, crew, timeout.is_none());
        let work = &mut stream.program.at(&mut self.crew, Some(script));
        let stopped = match stream.timeline.run(signals, &mut self.conductor, work, timeout) {
            Ok(Returned::TimeUp) => return Ok(Returned::TimeUp),
            Ok(Returned::Stopped) => Ok(()),
            Err(fault) => Err(fault),
        };
        stream.program.stopped(script, &mut self.crew.at(&mut self.conductor.desk));
        let by_itself = stopped.is_ok() && !signals.stop();
        self.close(stopped);
        if by_itself && self.fault.is_none() { Ok(Returned::Stopped) } else { Err(Error::OutputClosed) }
    }

    fn slice(
        &mut self,
        script: &mut dyn Script,
        stream: StreamId,
        begin: Time,
        end: Time,
    ) -> Outcome<Vec<Arc<Rdd>>> {
        let Some(Stream { program, .. }) = &mut self.stream else {
            return Err(failure("ValueError", "slice needs a stream that runs".into()));
        };
        program.slice((stream, begin, end), script, &mut self.crew.at(&mut self.conductor.desk))
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
}

impl Engine for Pipeline {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        self.crew.at(&mut self.conductor.desk).compute(rdd)
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        self.crew.at(&mut self.conductor.desk).compute_first(rdd, records)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        self.crew.at(&mut self.conductor.desk).partitions(rdd)
    }

    fn keep(&mut self, rdd: &Arc<Rdd>) {
        self.crew.at(&mut self.conductor.desk).keep(rdd);
    }

    fn stop(&mut self, graceful: bool) {
        self.crew.at(&mut self.conductor.desk).stop(graceful);
    }

    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()> {
        self.crew.at(&mut self.conductor.desk).print(text, to_stderr)
    }

    fn read_lines(&mut self, paths: &str, partitions: usize) -> Outcome<Dataset> {
        files::read_lines(paths, partitions)
    }

    fn read_whole(&mut self, paths: &str) -> Outcome<Vec<(String, String)>> {
        files::read_whole(paths)
    }

    fn save_lines(&mut self, path: &str, dataset: &Dataset) -> Outcome<()> {
        files::save_lines(path, dataset, false)
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.crew.at(&mut self.conductor.desk).take_accumulated()
    }

    fn is_short_of_memory(&self) -> bool {
        memory::is_short()
    }
}
