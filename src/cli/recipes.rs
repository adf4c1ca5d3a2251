//! The ready-made commands: each builds the plan of a common job.

use clap::Args;

use super::options::StreamOptions;
use crate::driver::Settings;
use crate::error::Result;
use crate::monitor::Verbosity;
use crate::plan::{KeyExpr, Select, WordsBy};

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
#[command(after_help = "Examples:
  tail -F access.log | dstream count --interval 5s
  dstream count --key field:1 --once access.log
  dstream count --key json:user.name --from tcp://localhost:9999 --total")]
pub(super) struct Count {
    /// Count by key: field:N[,SEPARATOR] (the N-th field, counted from 1; fields are separated by
    /// runs of white space, or by the literal SEPARATOR), regex:PATTERN (its first group) or
    /// json:PATH (names joined by dots; json:a.0 also indexes arrays)
    #[arg(long, value_name = "EXPR")]
    key: Option<KeyExpr>,

    #[command(flatten)]
    stream: StreamOptions,
}

impl Wordcount {
    pub(super) fn settings(&self) -> Result<Settings> {
        self.stream.settings(Select::Words { by: self.by.clone(), lower: self.lower })
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        self.stream.verbosity()
    }
}

impl Count {
    pub(super) fn settings(&self) -> Result<Settings> {
        self.stream.settings(self.key.clone().map_or(Select::Records, Select::Key))
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        self.stream.verbosity()
    }
}
