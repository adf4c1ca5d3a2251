//! The crew: what computes RDDs for a program, and what it has come to know while it did.

use std::sync::Arc;

use super::desk::Desk;
use super::memory;
use super::work::Stop;
use super::{OnError, Settings, files};
use crate::batch::Dataset;
use crate::error::{Error, Result};
use crate::exec::{self, MEMORY_LIMIT, Skipped, Workers};
use crate::plan::{Engine, Failure, Interrupt, Outcome, Rdd};

/// Workers, and what a program has asked for beside computing.
pub(super) struct Crew {
    pub(super) workers: Workers,
    /// How the program and its tasks learn that the run is to end.
    pub(super) interrupt: Interrupt,
    /// How the run is to end, once that was asked for.
    pub(super) stop: Option<Stop>,
    /// What ends the run, as soon as the batch is over: nobody reads the output any more.
    pub(super) fault: Option<Error>,
    /// Records that were dropped.
    pub(super) skipped: u64,
}

impl Crew {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let interrupt = Interrupt::default();
        let workers = Workers::new(exec::Settings {
            workers: settings.threads,
            stop: Arc::clone(&interrupt.at_once),
            memory_limit: MEMORY_LIMIT,
            skip_bad: settings.on_error == OnError::Skip,
        })?;
        Ok(Crew { workers, interrupt, stop: None, fault: None, skipped: 0 })
    }

    /// The crew with something to speak to the user through.
    pub(super) fn at<'a>(&'a mut self, desk: &'a mut Desk) -> CrewAt<'a> {
        CrewAt { crew: self, desk }
    }
}

/// The engine of programs.
pub(super) struct CrewAt<'a> {
    pub(super) crew: &'a mut Crew,
    pub(super) desk: &'a mut Desk,
}

impl CrewAt<'_> {
    /// Passes on what tasks have printed, and says that records were dropped when it first happens.
    fn after<T>(&mut self, outcome: Outcome<T>) -> Outcome<T> {
        let (stdout, stderr) = self.crew.workers.take_printed();
        if !stderr.is_empty() {
            self.desk.print_error(&stderr);
        }
        if !stdout.is_empty()
            && let Err(fault) = self.desk.print(&stdout)
        {
            self.crew.fault.get_or_insert(fault);
        }
        let Skipped { records, first } = self.crew.workers.take_skipped();
        if let Some(first) = first.filter(|_| self.crew.skipped == 0) {
            self.desk.say(format_args!("records that raise are left out; the first was: {first}"));
        }
        self.crew.skipped += records;
        outcome
    }
}

impl Engine for CrewAt<'_> {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let outcome = self.crew.workers.compute(rdd);
        self.after(outcome)
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        let outcome = self.crew.workers.compute_first(rdd, records);
        self.after(outcome)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        let outcome = self.crew.workers.partitions(rdd);
        self.after(outcome)
    }

    fn keep(&mut self, rdd: &Arc<Rdd>) {
        rdd.keep_when_computed();
    }

    fn stop(&mut self, graceful: bool) {
        self.crew.stop.get_or_insert(if graceful { Stop::Graceful } else { Stop::AtOnce });
    }

    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()> {
        if to_stderr {
            self.desk.print_error(text);
            return Ok(());
        }
        self.desk.print(text)
    }

    fn read_lines(&mut self, paths: &str, partitions: usize) -> Outcome<Dataset> {
        files::read_lines(paths, partitions)
    }

    fn read_whole(&mut self, paths: &str) -> Outcome<Vec<(String, String)>> {
        files::read_whole(paths)
    }

    fn save_lines(&mut self, path: &str, dataset: &Dataset) -> Outcome<()> {
        files::save_lines(path, dataset, true)
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.crew.workers.take_accumulated()
    }

    fn is_short_of_memory(&self) -> bool {
        memory::is_short()
    }
}

/// The exception that stands for a fault of ours.
pub(super) fn failure(class: &str, message: String) -> Failure {
    Failure { class: class.into(), message, operator: None, record: None }
}
