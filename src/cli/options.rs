//! The options that the streaming commands share.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use super::values::{ClockName, FormatName, When, line_size, start_time};
use crate::batch::{Interval, Time, parse_duration};
use crate::driver::{ClockChoice, OnError, OutputTo, Recovery, Settings};
use crate::error::{Error, Result};
use crate::monitor::Verbosity;
use crate::source::{SourceKind, SourceSpec};

/// The length of a batch if nothing is said.
pub(super) const SECOND: &str = "1s";

/// Where records come from, FILE arguments aside.
#[derive(Debug, Args)]
pub(super) struct SourceOptions {
    /// A source: -, file:PATH, tail:PATH, dir:PATH (every file that comes into the directory, once;
    /// files already there are not read), records:LENGTH:PATH (the same for binary files of such
    /// records, in hexadecimal), tcp://HOST:PORT, tcp-listen://HOST:PORT, unix-listen:PATH, udp-listen://HOST:PORT, queue:FILE,FILE,… or exec:COMMAND; repeatable
    #[arg(long, value_name = "[NAME=]SPEC", value_parser = OsStringValueParser::new().try_map(|text| SourceSpec::parse(&text)), help_heading = "Input")]
    from: Vec<SourceSpec>,

    /// Follow a file by name over rotation and truncation: short for --from tail:PATH; repeatable
    #[arg(short = 'F', long, value_name = "PATH", help_heading = "Input")]
    follow: Vec<PathBuf>,

    /// Read followed files from their start instead of from their end
    #[arg(long, help_heading = "Input")]
    from_start: bool,

    /// Cut lines that are longer than this, and say so
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = line_size, help_heading = "Input")]
    max_line: usize,
}

/// When batches end, and the run.
#[derive(Debug, Args)]
pub(super) struct BatchOptions {
    /// The whole input is one batch; not with --interval, --window or --max-batches
    #[arg(long, help_heading = "Batches", conflicts_with_all = ["interval", "max_batches"])]
    pub(super) once: bool,

    /// What cuts batches [default: real, virtual with queue: sources]
    #[arg(long, value_name = "CLOCK", help_heading = "Batches")]
    clock: Option<ClockName>,

    /// Where the virtual clock starts, in RFC 3339 [default: 1970-01-01T00:00:00Z]
    #[arg(long, value_name = "TIME", value_parser = start_time, help_heading = "Batches")]
    start_time: Option<Time>,

    /// Stop after this long
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Batches")]
    duration: Option<Interval>,

    /// Stop after N batches
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Batches")]
    max_batches: Option<u64>,
}

/// What is printed, and how.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// How batches are printed
    #[arg(short, long, default_value = "pprint", help_heading = "Output")]
    format: FormatName,

    /// Append to a file, opened again on SIGHUP, instead of stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Print nothing for empty batches (no rows, or a count of 0)
    #[arg(long, help_heading = "Output")]
    skip_empty: bool,

    /// Show progress on stderr
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    progress: When,

    /// Use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: When,

    /// Say nothing but errors on stderr
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,

    /// Say more on stderr, a summary at the end included
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// Worker threads [default: the number of cores]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// What survives the process.
#[derive(Debug, Args)]
pub(super) struct SurvivalOptions {
    /// Commit every batch to a directory, and go on from what is there: state, windows, totals, how far sources
    /// were read, and how far the file of --output was written
    #[arg(long, value_name = "DIR", help_heading = "Checkpoints")]
    checkpoint: Option<PathBuf>,

    /// Go on from the checkpoint of another job with what still fits, instead of exiting with code 4
    #[arg(long, help_heading = "Checkpoints")]
    checkpoint_allow_changed: bool,

    /// Make the batches that no process was there for, empty, as Spark does
    #[arg(long, help_heading = "Checkpoints")]
    catch_up: bool,

    /// Write what comes from stdin, sockets and commands to the checkpoint directory before each batch, so that it
    /// comes back after a crash
    #[arg(long, help_heading = "Checkpoints")]
    journal: bool,
}

impl SurvivalOptions {
    fn recovery(&self) -> Recovery {
        Recovery {
            allow_changed: self.checkpoint_allow_changed,
            catch_up: self.catch_up,
            journal: self.journal,
        }
    }
}

impl SourceOptions {
    /// Whether any of them is given that says where records come from.
    pub(super) fn are_given(&self) -> bool {
        self.from_start || !self.from.is_empty() || !self.follow.is_empty()
    }

    /// All sources, in the order FILE…, --from, --follow.
    pub(super) fn sources(&self, files: &[PathBuf]) -> Result<Vec<SourceSpec>> {
        let unnamed = |kind| SourceSpec { name: None, kind };
        let file = |path: &PathBuf| match path.as_os_str().as_encoded_bytes() {
            b"-" => SourceKind::Stdin,
            _ => SourceKind::File(path.clone()),
        };
        let followed = self.follow.iter().cloned().map(SourceKind::Tail);
        let mut sources: Vec<_> = files.iter().map(file).map(unnamed).collect();
        sources.extend(self.from.iter().cloned());
        sources.extend(followed.map(unnamed));
        if self.from_start && !sources.iter().any(|source| matches!(source.kind, SourceKind::Tail(_))) {
            return Err(Error::Usage("--from-start is for followed files: add -F PATH".into()));
        }
        Ok(sources)
    }
}

impl OutputOptions {
    /// How much the run says on stderr.
    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

/// A run with these options.
pub(super) fn settings(
    sources: (&SourceOptions, Vec<SourceSpec>),
    (batches, interval): (&BatchOptions, Interval),
    output: &OutputOptions,
    survival: &SurvivalOptions,
    on_error: OnError,
) -> Settings {
    let BatchOptions { once, clock, start_time, duration, max_batches } = *batches;
    let (options, sources) = sources;
    Settings {
        interval,
        clock: ClockChoice {
            is_virtual: clock.map(|clock| clock == ClockName::Virtual),
            start: start_time,
            once,
        },
        sources,
        from_start: options.from_start,
        max_line: options.max_line,
        on_error,
        threads: output.threads.map_or_else(cores, usize::from),
        duration,
        max_batches,
        format: output.format.into(),
        color: output.color.color(std::io::stdout().is_terminal()),
        output: output.output.clone().map_or(OutputTo::Stdout, OutputTo::File),
        skip_empty: output.skip_empty,
        progress: output.progress.into(),
        progress_color: output.color.color(std::io::stderr().is_terminal()),
        verbosity: output.verbosity(),
        checkpoint: survival.checkpoint.clone(),
        recovery: survival.recovery(),
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}
