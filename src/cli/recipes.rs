//! The ready-made commands: each builds the plan of a common job.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::options::{self, BatchOptions, OutputOptions, SECOND, SourceOptions, SurvivalOptions};
use super::run::Fault;
use super::values::{SortName, Wanted, on_error, wanted};
use crate::batch::{Interval, parse_duration};
use crate::driver::{OnError, Settings};
use crate::error::{Error, Result};
use crate::lang::{Diagnostic, record_function};
use crate::monitor::Verbosity;
use crate::plan::{Filter, KeyExpr, Plan, RecordFunction, Scope, Select, Show, Window, WordsBy};
use crate::source::{SourceKind, SourceSpec};

/// Count words, batch by batch
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nc -lk 9999 | dstream wordcount --interval 1s
  dstream wordcount --from tail:/var/log/syslog --window 60s --slide 5s
  dstream wordcount --once --limit 20 book.txt")]
pub(super) struct Wordcount {
    /// Where words begin and end: whitespace (Python's split()), space (split(" ")) or
    /// regex:PATTERN (every match, or its first group)
    #[arg(long, value_name = "HOW", default_value = "whitespace")]
    by: WordsBy,

    /// Lowercase records first, as Python's str.lower() does (of the Unicode version built in)
    #[arg(long)]
    lower: bool,

    #[command(flatten)]
    stream: StreamOptions,
}

/// Count records, or records by key, batch by batch
#[derive(Debug, Args)]
#[command(after_help = r#"Examples:
  tail -F access.log | dstream count --interval 5s
  dstream count --key field:1 --once access.log
  dstream count --key 'x.split()[8]' --filter '"GET" in x' --once access.log
  dstream count --key json:user.name --from tcp://localhost:9999 --total"#)]
pub(super) struct Count {
    /// Count by key: a Python expression over x, the record, with what run -e has in scope; or
    /// field:N[,SEPARATOR] (the N-th field, counted from 1; fields are separated by runs of white
    /// space, or by the literal SEPARATOR), regex:PATTERN (its first group) or json:PATH (names
    /// joined by dots; json:a.0 also indexes arrays)
    #[arg(long, value_name = "EXPR", value_parser = wanted::<KeyExpr>)]
    key: Option<Wanted<KeyExpr>>,

    #[command(flatten)]
    stream: StreamOptions,
}

/// What both of them know.
#[derive(Debug, Args)]
struct StreamOptions {
    /// Files to read from start to end; - is stdin, which is also read where no source is named
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    sources: SourceOptions,

    /// Count only records for which a Python expression over x, the record, is true, or in which
    /// a pattern is found: regex:PATTERN
    #[arg(long, value_name = "EXPR", value_parser = wanted::<Filter>, help_heading = "Input")]
    filter: Option<Wanted<Filter>>,

    /// What happens to records that cannot be used: skip (and count them), fail, or file=PATH
    #[arg(long, value_name = "HOW", default_value = "skip", value_parser = on_error, help_heading = "Input")]
    on_error: OnError,

    /// Length of a batch: 500ms, 1s, 5m, 24h
    #[arg(short, long, value_name = "TIME", default_value = SECOND, value_parser = parse_duration, help_heading = "Batches")]
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

    #[command(flatten)]
    batches: BatchOptions,

    /// Rows printed a batch, 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    limit: usize,

    /// Order of the rows
    #[arg(long, default_value = "count", help_heading = "Output")]
    sort: SortName,

    #[command(flatten)]
    output: OutputOptions,

    #[command(flatten)]
    survival: SurvivalOptions,
}

impl Wordcount {
    pub(super) fn job(&self) -> std::result::Result<(Settings, Plan), Fault> {
        self.stream.job(Select::Words { by: self.by.clone(), lower: self.lower })
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        self.stream.output.verbosity()
    }

    /// Whether the command line says where records come from.
    pub(super) fn has_sources(&self) -> bool {
        self.stream.has_sources()
    }
}

impl Count {
    pub(super) fn job(&self) -> std::result::Result<(Settings, Plan), Fault> {
        let help = "a key is an expression over x, field:N[,SEPARATOR], regex:PATTERN or json:PATH";
        let key = self.key.as_ref().map(|key| match key {
            Wanted::Form(key) => Ok(key.clone()),
            Wanted::Expression(text) => function("--key", text, help).map(KeyExpr::Function),
        });
        self.stream.job(key.transpose()?.map_or(Select::Records, Select::Key))
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        self.stream.output.verbosity()
    }

    /// Whether the command line says where records come from.
    pub(super) fn has_sources(&self) -> bool {
        self.stream.has_sources()
    }
}

impl StreamOptions {
    /// The job of counting what `select` says.
    fn job(&self, select: Select) -> std::result::Result<(Settings, Plan), Fault> {
        let mut sources = self.sources.sources(&self.files)?;
        if sources.is_empty() {
            sources.push(SourceSpec { name: None, kind: SourceKind::Stdin });
        }
        let batches = (&self.batches, self.interval);
        let settings = options::settings(
            (&self.sources, sources),
            batches,
            &self.output,
            &self.survival,
            self.on_error.clone(),
        );
        let show = Show { sort: self.sort.into(), limit: NonZeroUsize::new(self.limit) };
        let filter = self.filter.as_ref().map(|filter| match filter {
            Wanted::Form(filter) => Ok(filter.clone()),
            Wanted::Expression(text) => {
                function("--filter", text, "a filter is an expression over x, or regex:PATTERN")
                    .map(Filter::Function)
            }
        });
        Ok((settings, Plan { filter: filter.transpose()?, select, scope: self.scope()?, show }))
    }

    fn has_sources(&self) -> bool {
        self.sources.are_given() || !self.files.is_empty()
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
}

/// The function that an option's expression is of the record; `help` is for expressions that are none.
fn function(option: &str, text: &str, help: &str) -> std::result::Result<RecordFunction, Diagnostic> {
    record_function(option, text).map_err(|mut fault| {
        fault.help.get_or_insert_with(|| help.into());
        fault
    })
}
