//! What a program would run, without running it: it is told what to start, and told nothing ever comes.

use std::ffi::OsStr;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::crew::failure;
use super::guarantees::guarantees;
use super::{Settings, files};
use crate::batch::{Dataset, Time};
use crate::error::{Error, Result};
use crate::exec::{self, MEMORY_LIMIT, Workers};
use crate::plan::{Engine, Outcome, OutputOp, Rdd, Returned, Runtime, Script, StreamId, Streaming, explain};
use crate::source::SourceSpec;

/// Computes RDDs for a program up to the point at which it waits for its stream, and explains that one.
pub struct Recorder {
    workers: Workers,
    started: Option<Streaming>,
    plan: Option<String>,
}

impl Recorder {
    /// A recorder with workers, for what the program computes before it starts a stream.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn new(workers: usize) -> Result<Self> {
        let workers = Workers::new(exec::Settings {
            workers,
            stop: Arc::new(AtomicBool::new(false)),
            memory_limit: MEMORY_LIMIT,
            skip_bad: false,
        })?;
        Ok(Recorder { workers, started: None, plan: None })
    }

    /// The plan of the stream that the program has waited for.
    ///
    /// # Errors
    /// When it has started none, or has not waited for it.
    pub fn into_plan(self) -> Result<String> {
        let why = match (self.plan, self.started) {
            (Some(plan), _) => return Ok(plan),
            (None, Some(_)) => "the program does not wait for its stream: end it in ssc.awaitTermination()",
            (None, None) => "the program starts no stream: there is no plan to explain",
        };
        Err(Error::Usage(why.into()))
    }

    /// What checkpoints promise for that stream, if it is to have any.
    ///
    /// # Errors
    /// If a source of the program is none.
    pub fn guarantees(&self, settings: &Settings) -> Result<Option<String>> {
        let Some(streaming) = &self.started else { return Ok(None) };
        if settings.checkpoint.is_none() && streaming.checkpoint.is_none() {
            return Ok(None);
        }
        let specs = streaming.sources.iter().map(|text| SourceSpec::parse(OsStr::new(text)));
        let specs: Vec<SourceSpec> = specs.collect::<std::result::Result<_, _>>().map_err(Error::Usage)?;
        let outputs: Vec<&OutputOp> = streaming.graph.outputs.iter().map(|output| &output.op).collect();
        Ok(Some(guarantees(&specs, &outputs, &settings.output, settings.recovery.journal)))
    }

    /// Passes on what tasks have printed: standard output is for the plan.
    fn after<T>(&mut self, outcome: Outcome<T>) -> Outcome<T> {
        let (stdout, stderr) = self.workers.take_printed();
        for text in [stdout, stderr] {
            let _ = self.print(&text, true);
        }
        outcome
    }
}

impl Runtime for Recorder {
    fn start(&mut self, _: &mut dyn Script, streaming: Streaming) -> Result<()> {
        self.started = Some(streaming);
        Ok(())
    }

    /// Ends the program: what it does behind this has nothing to do with the plan.
    fn run(&mut self, script: &mut dyn Script, _: Option<Duration>) -> Result<Returned> {
        if let Some(streaming) = &self.started {
            self.plan = Some(explain(streaming, &mut |lambda| script.freeze(lambda).ok()));
        }
        Err(Error::OutputClosed)
    }

    fn slice(&mut self, _: &mut dyn Script, _: StreamId, _: Time, _: Time) -> Outcome<Vec<Arc<Rdd>>> {
        Err(failure("ValueError", "slice needs a stream that runs".into()))
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
}

impl Engine for Recorder {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let outcome = self.workers.compute(rdd);
        self.after(outcome)
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        let outcome = self.workers.compute_first(rdd, records);
        self.after(outcome)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        let outcome = self.workers.partitions(rdd);
        self.after(outcome)
    }

    fn keep(&mut self, rdd: &Arc<Rdd>) {
        rdd.keep_when_computed();
    }

    fn stop(&mut self, _: bool) {}

    fn print(&mut self, text: &[u8], _: bool) -> Result<()> {
        // Nobody reads it: that is no reason to give no plan.
        let _ = std::io::stderr().write_all(text);
        Ok(())
    }

    fn read_lines(&mut self, paths: &str, partitions: usize) -> Outcome<Dataset> {
        files::read_lines(paths, partitions)
    }

    fn read_whole(&mut self, paths: &str) -> Outcome<Vec<(String, String)>> {
        files::read_whole(paths)
    }

    /// To explain a program is not to do what it does.
    fn save_lines(&mut self, _: &str, _: &Dataset) -> Outcome<()> {
        Ok(())
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.workers.take_accumulated()
    }
}
