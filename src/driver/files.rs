//! Files that programs read and write by name, at once.

use std::path::PathBuf;

use super::crew::failure;
use crate::batch::{self, Dataset};
use crate::error::Error;
use crate::plan::{Failure, Outcome};
use crate::sink::{self, Unprintable};
use crate::source;

/// The lines of the files of a list of paths ([`Engine::read_lines`](crate::plan::Engine::read_lines)).
///
/// # Errors
/// As said there.
pub(super) fn read_lines(paths: &str, partitions: usize) -> Outcome<Dataset> {
    source::read_lines(&local(paths)?, partitions).map_err(fault)
}

/// Names and texts of files ([`Engine::read_whole`](crate::plan::Engine::read_whole)).
///
/// # Errors
/// As said there.
pub(super) fn read_whole(paths: &str) -> Outcome<Vec<(String, String)>> {
    source::read_whole(&local(paths)?).map_err(fault)
}

/// Writes a directory of lines ([`Engine::save_lines`](crate::plan::Engine::save_lines)). Within a batch, one may be
/// there: its files of the same names are replaced. Spark does not look at that in batches, so that what a batch saves
/// can be saved again after a recovery.
///
/// # Errors
/// As said there.
pub(super) fn save_lines(path: &str, dataset: &Dataset, in_batch: bool) -> Outcome<()> {
    let directory = batch::local_path(path).map_err(|message| failure("ValueError", message))?;
    let saved = if in_batch {
        sink::replace_text_files(&directory, dataset).map(|()| true)
    } else {
        sink::save_as_text_files(&directory, dataset)
    };
    match saved {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("Output directory {} already exists", directory.display());
            Err(failure("OSError", message))
        }
        Err(Unprintable { class, message }) => Err(failure(class, message)),
    }
}

fn local(paths: &str) -> Outcome<Vec<PathBuf>> {
    let paths: std::result::Result<_, String> =
        source::listed(paths).into_iter().map(batch::local_path).collect();
    paths.map_err(|message| failure("ValueError", message))
}

fn fault(error: Error) -> Failure {
    failure("OSError", error.to_string())
}
