//! The conductor: it alone knows time, disk and threads. Reads chunks from the sources, hands them
//! to the job, and at each tick of the batch clock closes the batch and has it written.

mod bad;
mod clock;
mod conductor;
mod live;
mod outputs;
mod replay;
mod signals;

use std::path::PathBuf;

use crate::batch::{Interval, Pool, Time};
use crate::error::Result;
use crate::monitor::{ProgressMode, Verbosity};
use crate::plan::Plan;
use crate::sink::FormatKind;
use crate::source::{self, SourceSpec};
use clock::BatchClock;
use signals::Signals;

/// A job, as the command line describes it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where records come from.
    pub sources: Vec<SourceSpec>,
    /// Whether followed files are read from their start.
    pub from_start: bool,
    /// Bytes after which a line is cut.
    pub max_line: usize,
    /// What happens to bad records.
    pub on_error: OnError,
    /// What to compute.
    pub plan: Plan,
    /// Workers, the driver's own thread among them.
    pub threads: usize,
    /// Length of a batch.
    pub interval: Interval,
    /// What cuts the input into batches.
    pub clock: Clock,
    /// When to stop, counted from the start.
    pub duration: Option<Interval>,
    /// After how many batches to stop.
    pub max_batches: Option<u64>,
    /// How batches are printed.
    pub format: FormatKind,
    /// Whether output may be coloured.
    pub color: bool,
    /// Where batches are printed to.
    pub output: OutputTo,
    /// Whether empty results are left out.
    pub skip_empty: bool,
    /// When progress is shown.
    pub progress: ProgressMode,
    /// Whether progress may be coloured.
    pub progress_color: bool,
    /// How much is said on stderr.
    pub verbosity: Verbosity,
}

/// What happens to records that cannot be used (no such field, broken JSON).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// They are counted and left out.
    Skip,
    /// The first one ends the run.
    Fail,
    /// They are counted, left out, and appended to a file.
    File(PathBuf),
}

/// Where batches are printed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputTo {
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// What cuts the input into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Time itself, at multiples of the interval since the epoch.
    Real,
    /// Nothing: the whole input is one batch. Its time is what [`Clock::Real`] would give it.
    Once,
    /// The elements of `queue:` sources; files and stdin belong to the first batch.
    Virtual {
        /// When the first batch begins.
        start: Time,
        /// Whether all elements make one batch.
        once: bool,
    },
}

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At the end of input, at a limit, or drained after SIGTERM.
    Drained,
    /// Drained after SIGINT.
    Interrupted,
    /// Drained after SIGHUP: the terminal has gone.
    HungUp,
}

/// Chunks for each worker, so that reading runs ahead of crunching by a little.
const CHUNKS_PER_WORKER: usize = 4;

/// Runs a job to its end.
///
/// # Errors
/// Whatever ends a run early: sources that cannot be opened, an output that takes no more, bad
/// records where they are to end the run.
pub fn run(settings: Settings) -> Result<Ended> {
    outputs::check(&settings)?;
    let signals = Signals::install(matches!(settings.output, OutputTo::File(_)))?;
    let pool = Pool::new(settings.sources.len() + CHUNKS_PER_WORKER * settings.threads);
    match settings.clock {
        Clock::Real => live::run(&settings, &signals, pool, Some(BatchClock::start(settings.interval))),
        Clock::Once => live::run(&settings, &signals, pool, None),
        Clock::Virtual { start, once } => replay::run(&settings, &signals, pool, start, once),
    }
}

impl Settings {
    /// What the sources have to know of the job.
    fn source_options(&self) -> source::Options {
        source::Options { max_line: self.max_line, from_start: self.from_start }
    }
}
