//! The directory of a checkpoint, taken by one process.

use std::sync::Arc;

use super::compaction::remove_older;
use super::description::Description;
use super::format::{About, Committed, JOURNAL, Place, is_unfinished, parse_name};
use super::log::LogWriter;
use super::reading::Checkpoint;
use super::storage::{Holder, Lock, Storage};
use super::store::{Options, Store};
use crate::error::{Error, Result};

/// A directory that this process has taken, with what was found in it. Nothing is changed until
/// [`Claim::begin`] or [`Claim::reset`].
pub struct Claim {
    storage: Arc<dyn Storage>,
    lock: Box<dyn Send>,
}

impl Claim {
    /// Takes a directory, which is made if it is not there.
    ///
    /// # Errors
    /// Runtime errors if another process has it, which is named, or if it cannot be written in.
    pub fn take(storage: Arc<dyn Storage>) -> Result<Self> {
        let place = Place { storage: &*storage, name: "" };
        storage.prepare().map_err(|cause| place.io("make the checkpoint directory", &cause))?;
        match storage.lock().map_err(|cause| place.io("lock the checkpoint directory", &cause))? {
            Lock::Ours(lock) => Ok(Claim { storage, lock }),
            Lock::Theirs(Holder { pid }) => {
                let who = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
                let directory = storage.describe("");
                Err(Error::Runtime(format!(
                    "the checkpoint directory {directory} is used by {who}: stop that one, or choose another directory"
                )))
            }
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// Those of [`Checkpoint::read`].
    pub fn read(&self) -> Result<Checkpoint> {
        Checkpoint::read(&self.storage)
    }

    /// Goes on from what was [read](Claim::read), as that job. All that is there stays until it is
    /// deleted or cleared by a commit.
    ///
    /// # Errors
    /// If a file cannot be written; what is there stays as it is.
    pub fn begin(self, found: &Checkpoint, job: Description, options: Options) -> Result<Store> {
        self.begin_after(found, found.last(), job, options)
    }

    /// As [`Claim::begin`]; where there is nothing yet, the first commit is the one after `base`.
    pub(super) fn begin_after(
        self,
        found: &Checkpoint,
        base: Committed,
        job: Description,
        options: Options,
    ) -> Result<Store> {
        let Claim { storage, lock } = self;
        remove(&*storage, is_unfinished)?;
        if found.about().is_none() {
            // What was journalled for a checkpoint that has gone is nobody's.
            remove(&*storage, |name| name == JOURNAL)?;
        }
        if let Some(snapshot) = &found.snapshot {
            remove_older(&*storage, snapshot.head.number)?;
        }
        let about = About::of(job);
        let log = match &found.log {
            Some(end) => LogWriter::after(storage.clone(), end, &about)?,
            None => LogWriter::first(storage.clone(), base, &about)?,
        };
        Ok(Store::new(storage, lock, log, about, found.size(), options))
    }

    /// Removes all files of the checkpoint, whatever is in them. Other files in the directory stay.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn reset(&self) -> Result<()> {
        remove(&*self.storage, |name| is_unfinished(name) || name == JOURNAL || parse_name(name).is_some())
    }
}

/// Removes the files whose names are of that kind.
pub(super) fn remove(storage: &dyn Storage, which: impl Fn(&str) -> bool) -> Result<()> {
    let place = |name| Place { storage, name };
    let mut names = storage.list().map_err(|cause| place("").io("read", &cause))?;
    names.retain(|name| which(name));
    if names.is_empty() {
        return Ok(());
    }
    // The oldest first, logs before snapshots: what is left, should not all go, is seen not to be whole.
    names.sort();
    for name in &names {
        storage.remove(name).map_err(|cause| place(name).io("remove", &cause))?;
    }
    storage.sync_directory().map_err(|cause| place("").io("sync", &cause))
}
