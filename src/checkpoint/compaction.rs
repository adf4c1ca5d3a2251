//! Compaction: logs and the snapshot before them become one snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::claim::remove;
use super::format::{Kind, file_name, parse_name, unfinished};
use super::reading::{Checkpoint, Entry};
use super::snapshot::SnapshotWriter;
use super::storage::Storage;
use crate::error::{Error, Result};

/// Makes the snapshot of all up to the log of that number, which another one follows, and removes what
/// it stands for. Gives its length in bytes, or none if it was told to stop.
pub(super) fn compact(storage: &Arc<dyn Storage>, number: u64, stop: &AtomicBool) -> Result<Option<u64>> {
    let found = Checkpoint::read_up_to(storage, number, stop)?;
    let Some(about) = found.about() else {
        return Err(Error::Runtime(format!("there is no log {number} in {}", storage.describe(""))));
    };
    let mut snapshot = SnapshotWriter::create(storage.clone(), number, found.last(), about)?;
    let mut contents = found.contents();
    // Looked at first: what was read until then may not be all.
    while !stop.load(Ordering::Relaxed) {
        let Some(Entry { table, key, value }) = contents.advance()? else {
            let length = snapshot.finish()?;
            remove_older(&**storage, number)?;
            return Ok(Some(length));
        };
        snapshot.put(table, key, value)?;
    }
    drop(snapshot);
    remove(&**storage, |name| name == unfinished(&file_name(Kind::Snapshot, number)))?;
    Ok(None)
}

/// Removes what the snapshot of that number stands for.
pub(super) fn remove_older(storage: &dyn Storage, snapshot: u64) -> Result<()> {
    remove(storage, |name| match parse_name(name) {
        Some((Kind::Log, number)) => number <= snapshot,
        Some((Kind::Snapshot, number)) => number < snapshot,
        Some((Kind::Journal, _)) | None => false,
    })
}
