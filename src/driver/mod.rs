//! The conductor: it alone knows time, disk and threads. Reads chunks from the sources, hands them
//! to the job, and at each tick of the batch clock closes the batch and has it written.

mod bad;
mod clock;
mod command;
mod conductor;
mod crew;
mod deliver;
mod desk;
mod files;
mod guarantees;
mod live;
mod memory;
mod outputs;
mod patience;
mod pipeline;
mod program;
mod recorder;
mod replay;
mod reports;
mod signals;
mod survival;
mod timeline;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use crate::batch::{Interval, Pool, Time};
use crate::error::Result;
use crate::monitor::{ProgressMode, Verbosity};
use crate::plan::Plan;
use crate::sink::FormatKind;
use crate::source::{self, SourceSpec};
use conductor::Conductor;
use signals::Signals;
use survival::Checkpointing;
use timeline::{Start, Timeline};
use work::Counting;

pub use pipeline::Pipeline;
pub use recorder::Recorder;
pub use survival::{Recovery, State, Told, state};

/// A run, as the command line describes it; what it computes aside.
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
    /// Workers, the driver's own thread among them.
    pub threads: usize,
    /// Length of a batch.
    pub interval: Interval,
    /// What cuts the input into batches.
    pub clock: ClockChoice,
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
    /// Where what survives the process is kept, if anything is; programs may name a place themselves.
    pub checkpoint: Option<PathBuf>,
    /// How that is gone on from.
    pub recovery: Recovery,
}

/// What happens to records that cannot be used (no such field, broken JSON, a function that raises).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The batch's output is lost, as in Spark, and the stream goes on; only where a program runs.
    LoseBatch,
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

/// What the command line says of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockChoice {
    /// Whether time is virtual; where nothing is said, that depends on the sources.
    pub is_virtual: Option<bool>,
    /// When virtual time begins.
    pub start: Option<Time>,
    /// Whether the whole input is one batch.
    pub once: bool,
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

/// Counts, as the plan says, until the run ends.
///
/// # Errors
/// Whatever ends a run early: sources that cannot be opened, an output that takes no more, bad
/// records where they are to end the run.
pub fn count(settings: &Settings, plan: &Plan) -> Result<Ended> {
    outputs::check(&settings.output, &settings.sources)?;
    let signals = Signals::install(matches!(settings.output, OutputTo::File(_)), &Arc::default())?;
    let pool = settings.pool(&settings.sources);
    let clock = settings.clock.resolve(&settings.sources, false)?;
    let at = (clock, settings.interval);
    let mut conductor = Conductor::new(settings)?;
    let checkpoint = Checkpointing::of(settings, None, &mut conductor.desk)?;
    let operators = [plan.operator()];
    let job = survival::Job {
        text: plan.program(),
        interval: settings.interval,
        operators: &operators,
        sources: &settings.sources,
        outputs: outputs::file_of(&settings.output).into_iter().collect(),
    };
    let resumed = conductor.survive(checkpoint.as_ref(), &job)?;
    let from = Start::of(checkpoint.as_ref(), resumed.as_ref(), conductor.journalled());
    let mut timeline = Timeline::new(settings, &settings.sources, at, &from, &signals, pool.clone())?;
    conductor.commit_start(&mut timeline, &from)?;
    timeline.watch_output(conductor.desk.output_descriptor()?)?;
    let mut work = Counting::new(settings, plan, pool)?;
    if checkpoint.is_some() {
        work.survive(resumed.as_ref(), timeline.first_time(), settings.interval)?;
    }
    conductor.begin(settings, &settings.sources);
    let ended = timeline.run(&signals, &mut conductor, &mut work, None).map(|_| signals.ended());
    conductor.end(ended, &mut work, timeline.stats(), timeline.incomplete())
}

impl Settings {
    /// What the sources have to know of the job.
    fn source_options(&self) -> source::Options {
        source::Options { max_line: self.max_line, from_start: self.from_start }
    }

    /// The pool that all of a run's input goes through.
    fn pool(&self, sources: &[SourceSpec]) -> Pool {
        Pool::new(sources.len() + CHUNKS_PER_WORKER * self.threads)
    }
}
