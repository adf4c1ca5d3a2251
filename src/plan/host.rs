//! How programs and the engine that runs their pipelines talk to each other: `lang` knows the program,
//! `driver` time and workers, and neither knows the other.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::image::Image;
use super::rdd::Rdd;
use super::stream::{Callback, Graph, Lambda, StreamId};
use crate::batch::{Dataset, Interval, SourceId, Time};
use crate::error::Result;

/// Why an RDD could not be computed, or a function of the program failed: an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class's name: `ValueError`.
    pub class: String,
    /// What `str(exception)` gives.
    pub message: String,
    /// Which operator, and where in the program: `map at job.py:12`.
    pub operator: Option<String>,
    /// The beginning of the `repr` of the record at fault.
    pub record: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operator) = &self.operator {
            write!(f, "{operator}: ")?;
        }
        f.write_str(&self.class)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.record {
            Some(record) => write!(f, " (record {record})"),
            None => Ok(()),
        }
    }
}

/// What the engine or the program gives, or the exception that kept it from it.
pub type Outcome<T> = std::result::Result<T, Failure>;

/// Computes RDDs. Actions (`collect`, `count`, `take`, …) end here.
pub trait Engine {
    /// Computes all partitions.
    ///
    /// # Errors
    /// The exception of the first record (in the order of the input) that raises.
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset>;

    /// Computes one partition after the other until they hold `records` records: what `take` needs.
    ///
    /// # Errors
    /// As [`Engine::compute`].
    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset>;

    /// How many partitions it has.
    ///
    /// # Errors
    /// As [`Engine::compute`].
    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize>;

    /// Has its dataset kept when it is next computed: `cache`, `persist`.
    fn keep(&mut self, rdd: &Arc<Rdd>);

    /// Asks the stream to stop: after the present batch, or, if `graceful`, once everything that was read
    /// is dealt with. `ssc.stop()`, also from within a batch.
    fn stop(&mut self, graceful: bool);

    /// Writes what the program prints: to standard output in order with the batches, or to standard error.
    ///
    /// # Errors
    /// When nobody reads it any more.
    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()>;

    /// The lines of the files that a list of paths means, as Hadoop reads it, in at least so many partitions where
    /// files can be cut: `sc.textFile`.
    ///
    /// # Errors
    /// `OSError` that names what cannot be read, `ValueError` for paths of other machines.
    fn read_lines(&mut self, paths: &str, partitions: usize) -> Outcome<Dataset>;

    /// The same files whole: pairs of name and text, for `sc.wholeTextFiles`.
    ///
    /// # Errors
    /// As [`Engine::read_lines`].
    fn read_whole(&mut self, paths: &str) -> Outcome<Vec<(String, String)>>;

    /// Writes a directory with a file a partition, a line a record: `saveAsTextFile`.
    ///
    /// # Errors
    /// `OSError`, also where the directory is there already; within a batch its files are replaced then.
    fn save_lines(&mut self, path: &str, dataset: &Dataset) -> Outcome<()>;

    /// What tasks have added to accumulators since the last call: which one, and the encoded term, in order.
    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)>;

    /// Whether the process holds nearly all the memory that it can have, so that the program must not take more.
    fn is_short_of_memory(&self) -> bool {
        false
    }
}

/// What `ssc.start()` starts.
#[derive(Debug)]
pub struct Streaming {
    /// The pipeline.
    pub graph: Graph,
    /// Length of a batch.
    pub interval: Interval,
    /// The sources, by [`SourceId`](crate::batch::SourceId), as `--from` takes them (`tcp://localhost:9999`).
    pub sources: Vec<String>,
    /// The program's text.
    pub program: String,
    /// Where the program wants its state to be kept, if it does.
    pub checkpoint: Option<Checkpoint>,
}

/// What a program says of checkpoints: `ssc.checkpoint(directory)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The directory, as the program names it.
    pub directory: String,
    /// Whether the stream goes on from what is there: `StreamingContext.getOrCreate`.
    pub resume: bool,
}

/// How [`Runtime::run`] came to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The stream has stopped: end of input, a limit, a signal or [`Engine::stop`].
    Stopped,
    /// The time is up; the stream goes on when it is called again.
    TimeUp,
}

/// How a running program learns that the user wants it to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// The first signal has come: the main script ends at its next call or turn of a loop, with a
    /// `KeyboardInterrupt`, and the open batch is finished.
    pub asked: Arc<AtomicBool>,
    /// That has taken too long: whatever is evaluated ends likewise, on all workers.
    pub at_once: Arc<AtomicBool>,
}

/// What a program runs on: an engine, a clock and sources.
pub trait Runtime {
    /// Starts a stream. Nothing is read before [`Runtime::run`].
    ///
    /// # Errors
    /// A source that cannot be opened, or that is no source.
    fn start(&mut self, script: &mut dyn Script, streaming: Streaming) -> Result<()>;

    /// Reads, and runs batches as they are due: `awaitTermination`, and, as streams go on meanwhile in
    /// Spark, `time.sleep`. Batches that fail are reported on standard error and do not end it.
    ///
    /// # Errors
    /// What ends a stream early: sources or outputs that fail.
    fn run(&mut self, script: &mut dyn Script, timeout: Option<Duration>) -> Result<Returned>;

    /// The RDDs that a stream had from one batch time to another, both included, in order, as far as they are
    /// remembered: `slice`.
    ///
    /// # Errors
    /// Where no stream runs, and what functions of the program raise where an RDD is made only now.
    fn slice(
        &mut self,
        script: &mut dyn Script,
        stream: StreamId,
        begin: Time,
        end: Time,
    ) -> Outcome<Vec<Arc<Rdd>>>;

    /// The engine, which may be the same thing.
    fn engine(&mut self) -> &mut dyn Engine;
}

/// What listeners of the program are told. Times are the batch's own where time is virtual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The stream has started, at a time, with these receivers: sources that read from a connection, by number.
    Started(Time, Vec<(SourceId, String)>),
    /// A batch is over.
    Batch(BatchReport),
    /// The stream has stopped, and its receivers with it.
    Stopped(Vec<(SourceId, String)>),
}

/// What has become of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchReport {
    /// Its time.
    pub time: Time,
    /// When it was closed.
    pub submitted: Time,
    /// When its first output began.
    pub started: Time,
    /// When its last output was done.
    pub ended: Time,
    /// How many records have come from each source.
    pub records: Vec<(SourceId, u64)>,
    /// What has become of each output that was due, in order.
    pub outputs: Vec<OutputReport>,
}

/// What has become of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputReport {
    /// Its place among all outputs.
    pub number: usize,
    /// Where the program asks for it: `pprint at job.py:12`.
    pub origin: String,
    /// When it began.
    pub started: Time,
    /// When it was done.
    pub ended: Time,
    /// Why it has failed, if it has.
    pub failure: Option<String>,
}

/// A program, seen from the engine: the functions in it.
pub trait Script {
    /// Calls a function of `transform`, `foreachRDD` and the like. `None` is Python's `None`.
    ///
    /// # Errors
    /// Whatever it raises.
    fn call(
        &mut self,
        callback: Callback,
        time: Time,
        rdds: Vec<Option<Arc<Rdd>>>,
        engine: &mut dyn Engine,
    ) -> Outcome<Option<Arc<Rdd>>>;

    /// Whether the program has listeners.
    fn listens(&self) -> bool {
        false
    }

    /// Tells the program's listeners of something.
    ///
    /// # Errors
    /// What is beyond a listener's own faults, which are reported and forgotten.
    fn tell(&mut self, _report: Report, _engine: &mut dyn Engine) -> Outcome<()> {
        Ok(())
    }

    /// Freezes a function that runs on records, with what its variables hold now. The same image as before
    /// where nothing has changed.
    ///
    /// # Errors
    /// `PicklingError`, if it refers to something that cannot leave the program.
    fn freeze(&mut self, lambda: Lambda) -> Outcome<Arc<Image>>;

    /// What a function that is called while a batch is built is made of, for its fingerprint. What cannot leave
    /// the program stands there as a [`Frozen::Data`](super::Frozen::Data) without bytes. None where nothing is known of it.
    fn sketch(&mut self, callback: Callback) -> Option<Arc<Image>>;
}
