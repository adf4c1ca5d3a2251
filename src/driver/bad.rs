//! What happens to bad records: `--on-error`.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::OnError;
use crate::error::{Error, Result};
use crate::exec::Job;
use crate::source::SourceSpec;

/// Kept lines are written to their file when there are so many bytes of them, or at the tick.
const WRITE_FROM: usize = 1 << 20;

/// Where bad records go.
pub(super) enum BadRecords {
    Skip,
    Fail { sources: Vec<SourceSpec> },
    File { path: PathBuf, file: File },
}

impl BadRecords {
    pub(super) fn new(on_error: &OnError, sources: &[SourceSpec]) -> Result<Self> {
        Ok(match on_error {
            OnError::Skip | OnError::LoseBatch => BadRecords::Skip,
            OnError::Fail => BadRecords::Fail { sources: sources.to_vec() },
            OnError::File(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                let file = file.map_err(|fault| unwritten(path, &fault))?;
                BadRecords::File { path: path.clone(), file }
            }
        })
    }

    /// Whether their lines are wanted.
    pub(super) fn keep_lines(&self) -> bool {
        matches!(self, BadRecords::File { .. })
    }

    /// Whether the run goes on without them.
    pub(super) fn are_skipped(&self) -> bool {
        !matches!(self, BadRecords::Fail { .. })
    }

    /// While a batch goes on: ends the run, or writes what has piled up.
    pub(super) fn watch(&mut self, job: &Job) -> Result<()> {
        let due = match self {
            BadRecords::Skip => false,
            BadRecords::Fail { .. } => job.bad_count() > 0,
            BadRecords::File { .. } => job.bad_bytes() >= WRITE_FROM,
        };
        if due {
            job.finish()?;
            self.settle(job)?;
        }
        Ok(())
    }

    /// Deals with the bad records so far, once every task has finished.
    pub(super) fn settle(&mut self, job: &Job) -> Result<()> {
        match self {
            BadRecords::Skip => Ok(()),
            BadRecords::Fail { sources } => match job.first_bad() {
                None => Ok(()),
                Some((source, what)) => {
                    let source = &sources[usize::from(source.0)];
                    Err(Error::BadRecord(format!("{source}: {what}")))
                }
            },
            BadRecords::File { path, file } => {
                let lines = job.take_bad_lines();
                file.write_all(&lines).map_err(|fault| unwritten(path, &fault))
            }
        }
    }
}

fn unwritten(path: &Path, fault: &std::io::Error) -> Error {
    Error::io(format_args!("cannot write bad records to {}", path.display()), fault)
}
