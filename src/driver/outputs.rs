//! An output that is also an input would feed itself, for ever: refused, as `cat` does.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::OutputTo;
use crate::error::{Error, Result};
use crate::source::{SourceKind, SourceSpec};

/// What comes before the name of the file that batches are printed to, where checkpoints name it.
const FILE: &str = "-o ";

/// Refuses to write to a file that is read from, or into a directory that is watched.
pub(super) fn check(to: &OutputTo, sources: &[SourceSpec]) -> Result<()> {
    let output = match to {
        OutputTo::File(path) => fs::metadata(path).ok(),
        OutputTo::Stdout => metadata_of(&io::stdout()),
    };
    for source in sources {
        let input = match &source.kind {
            SourceKind::File(path) | SourceKind::Tail(path) => fs::metadata(path).ok(),
            SourceKind::Stdin => metadata_of(&io::stdin()),
            _ => None,
        };
        let feeds_itself = match (&input, &output, &source.kind, to) {
            (Some(input), Some(output), ..) => is_same_file(input, output),
            (
                ..,
                SourceKind::Dir(watched) | SourceKind::Records { path: watched, .. },
                OutputTo::File(path),
            ) => is_within(path, watched),
            _ => false,
        };
        if feeds_itself {
            return Err(Error::Usage(format!(
                "the output would be read again by {source}: write to another file"
            )));
        }
    }
    Ok(())
}

/// The file that is written to, as a checkpoint knows it.
pub(super) fn file_of(to: &OutputTo) -> Option<String> {
    match to {
        OutputTo::File(path) => Some(format!("{FILE}{}", path.display())),
        OutputTo::Stdout => None,
    }
}

/// Whether that is how a checkpoint knows the file that batches are printed to.
pub(super) fn is_file(output: &str) -> bool {
    output.starts_with(FILE)
}

fn metadata_of(stream: &impl AsFd) -> Option<Metadata> {
    File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    a.is_file() && b.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Whether the file, which need not be there yet, is in that directory.
fn is_within(path: &Path, directory: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let same = |a: &Path, b: &Path| Some(fs::canonicalize(a).ok()? == fs::canonicalize(b).ok()?);
    same(parent, directory).unwrap_or(false)
}
