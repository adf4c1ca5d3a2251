//! The options that the streaming commands share.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use super::values::{ClockName, FormatName, SortName, When, line_size, on_error, start_time};
use crate::batch::{Interval, Time, parse_duration};
use crate::driver::{Clock, OnError, OutputTo, Settings};
use crate::error::{Error, Result};
use crate::monitor::Verbosity;
use crate::plan::{Plan, Scope, Select, Show, Window, parse_filter};
use crate::source::{SourceKind, SourceSpec};

/// Where the virtual clock starts if nothing else is said: Spark's manual clock does too.
const EPOCH: Time = Time::from_millis(0);

#[derive(Debug, Args)]
pub(super) struct StreamOptions {
    /// Files to read from start to end; - is stdin, which is also read where no source is named
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// A source: -, file:PATH, tail:PATH, dir:PATH (every file that comes into the directory, once;
    /// files already there are not read), tcp://HOST:PORT, tcp-listen://HOST:PORT,
    /// unix-listen:PATH, udp-listen://HOST:PORT, queue:FILE,FILE,… or exec:COMMAND; repeatable
    #[arg(long, value_name = "[NAME=]SPEC", value_parser = OsStringValueParser::new().try_map(|text| SourceSpec::parse(&text)), help_heading = "Input")]
    from: Vec<SourceSpec>,

    /// Follow a file by name over rotation and truncation: short for --from tail:PATH; repeatable
    #[arg(short = 'F', long, value_name = "PATH", help_heading = "Input")]
    follow: Vec<PathBuf>,

    /// Read followed files from their start instead of from their end
    #[arg(long, help_heading = "Input")]
    from_start: bool,

    /// Count only records in which a pattern is found: regex:PATTERN
    #[arg(long, value_name = "EXPR", value_parser = parse_filter, help_heading = "Input")]
    filter: Option<String>,

    /// What happens to records that cannot be used: skip (and count them), fail, or file=PATH
    #[arg(long, value_name = "HOW", default_value = "skip", value_parser = on_error, help_heading = "Input")]
    on_error: OnError,

    /// Cut lines that are longer than this, and say so
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = line_size, help_heading = "Input")]
    max_line: usize,

    /// Length of a batch: 500ms, 1s, 5m, 24h
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = parse_duration, help_heading = "Batches")]
    interval: Interval,

    /// Count over the last TIME instead of one batch; a multiple of the interval
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration, help_heading = "Batches",
          conflicts_with_all = ["total", "once"])]
    window: Option<Interval>,

    /// Print a window every TIME instead of every batch; a multiple of the interval
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration, help_heading = "Batches", requires = "window")]
    slide: Option<Interval>,

    /// Count everything since the start; every batch prints the first rows of the totals, as many
    /// as --limit says
    #[arg(long, help_heading = "Batches")]
    total: bool,

    /// The whole input is one batch; not with --interval, --window or --max-batches
    #[arg(long, help_heading = "Batches", conflicts_with_all = ["interval", "max_batches"])]
    once: bool,

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

    /// How batches are printed
    #[arg(short, long, default_value = "pprint", help_heading = "Output")]
    format: FormatName,

    /// Rows printed a batch, 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    limit: usize,

    /// Order of the rows
    #[arg(long, default_value = "count", help_heading = "Output")]
    sort: SortName,

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

impl StreamOptions {
    /// How much the run says on stderr.
    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    /// The job of counting what `select` says.
    pub(super) fn settings(&self, select: Select) -> Result<Settings> {
        let sources = self.sources();
        if self.from_start && !sources.iter().any(|source| matches!(source.kind, SourceKind::Tail(_))) {
            return Err(Error::Usage("--from-start is for followed files: add -F PATH".into()));
        }
        Ok(Settings {
            interval: self.interval,
            clock: self.clock(&sources)?,
            sources,
            from_start: self.from_start,
            max_line: self.max_line,
            on_error: self.on_error.clone(),
            plan: Plan { filter: self.filter.clone(), select, scope: self.scope()?, show: self.show() },
            threads: self.threads.map_or_else(cores, usize::from),
            duration: self.duration,
            max_batches: self.max_batches,
            format: self.format.into(),
            color: self.color.color(std::io::stdout().is_terminal()),
            output: self.output.clone().map_or(OutputTo::Stdout, OutputTo::File),
            skip_empty: self.skip_empty,
            progress: self.progress.into(),
            progress_color: self.color.color(std::io::stderr().is_terminal()),
            verbosity: self.verbosity(),
        })
    }

    /// All sources, in the order FILE…, --from, --follow; stdin if there are none.
    fn sources(&self) -> Vec<SourceSpec> {
        let unnamed = |kind| SourceSpec { name: None, kind };
        let file = |path: &PathBuf| match path.as_os_str().as_encoded_bytes() {
            b"-" => SourceKind::Stdin,
            _ => SourceKind::File(path.clone()),
        };
        let files = self.files.iter().map(file);
        let followed = self.follow.iter().cloned().map(SourceKind::Tail);
        let mut sources: Vec<_> = files.map(unnamed).collect();
        sources.extend(self.from.iter().cloned());
        sources.extend(followed.map(unnamed));
        if sources.is_empty() {
            sources.push(unnamed(SourceKind::Stdin));
        }
        sources
    }

    fn clock(&self, sources: &[SourceSpec]) -> Result<Clock> {
        let queued = sources.iter().any(|source| matches!(source.kind, SourceKind::Queue(_)));
        match self.clock {
            Some(ClockName::Real) if queued => {
                Err(Error::Usage("queue: sources run on a virtual clock: leave --clock real out".into()))
            }
            Some(ClockName::Virtual) => self.virtual_clock(sources),
            None if queued => self.virtual_clock(sources),
            _ if self.start_time.is_some() => {
                Err(Error::Usage("--start-time is for the virtual clock: add --clock virtual".into()))
            }
            _ if self.once => Ok(Clock::Once),
            _ => Ok(Clock::Real),
        }
    }

    fn virtual_clock(&self, sources: &[SourceSpec]) -> Result<Clock> {
        if let Some(endless) = sources.iter().find(|source| !source.kind.ends()) {
            return Err(Error::Usage(format!(
                "{endless} goes on for ever, which a virtual clock cannot wait for: use the real clock"
            )));
        }
        Ok(Clock::Virtual { start: self.start_time.unwrap_or(EPOCH), once: self.once })
    }

    fn scope(&self) -> Result<Scope> {
        match self.window {
            Some(length) => {
                Window::new(length, self.slide, self.interval).map(Scope::Window).map_err(Error::Usage)
            }
            None if self.total => Ok(Scope::Total),
            None => Ok(Scope::Batch),
        }
    }

    fn show(&self) -> Show {
        Show { sort: self.sort.into(), limit: NonZeroUsize::new(self.limit) }
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}
