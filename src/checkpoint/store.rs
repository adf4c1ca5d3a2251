//! The store: takes commits, and compacts what they leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::changes::ChangeWriter;
use super::compaction::compact;
use super::format::{About, Committed, FRAME_HEAD, FrameKind, begin_frame, end_frame};
use super::log::{COMMIT_HEAD, LogWriter};
use super::reading::Size;
use super::storage::Storage;
use crate::batch::Time;
use crate::error::{Error, Result};

/// Logs that there may be before they are compacted, however short: each start of a process makes one.
const MOST_LOGS: u64 = 16;
/// How many times as long as it was when it became due logs may grow before commits wait for the compaction.
const MOST_BEHIND: u64 = 2;
/// What the buffer of a commit may keep for the next one, in bytes.
const BUFFER: usize = 4 << 20;

/// How the store goes about its work.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Logs are compacted when they have this many bytes, and as many as the snapshot.
    pub compact_at: u64,
    /// Whether that is done beside the commits, in a thread.
    pub background: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { compact_at: 8 << 20, background: true }
    }
}

/// A store that takes commits, one after the other. It keeps nothing of their contents in memory.
///
/// After an error it takes no more: nobody knows what is on disk then, and trying again could seem to
/// succeed without having written anything. What was committed before stays.
pub struct Store {
    log: LogWriter,
    about: About,
    options: Options,
    /// The files before the present log.
    older: Size,
    compaction: Option<Compaction>,
    failed: Option<String>,
    frame: Vec<u8>,
    changes: ChangeWriter,
    storage: Arc<dyn Storage>,
    // The last field: given back when all else is over.
    _lock: Box<dyn Send>,
}

/// A compaction in a thread of its own.
struct Compaction {
    thread: JoinHandle<Result<Option<u64>>>,
    stop: Arc<AtomicBool>,
}

impl Store {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        lock: Box<dyn Send>,
        log: LogWriter,
        about: About,
        older: Size,
        options: Options,
    ) -> Self {
        Store {
            log,
            about,
            options,
            older,
            compaction: None,
            failed: None,
            frame: begin_frame(),
            changes: ChangeWriter::default(),
            storage,
            _lock: lock,
        }
    }

    /// Begins a commit. Nothing is written before [`Commit::finish`].
    ///
    /// # Errors
    /// If the store has failed before.
    pub fn commit(&mut self) -> Result<Commit<'_>> {
        self.check()?;
        self.frame.clear();
        self.frame.shrink_to(BUFFER);
        self.frame.resize(FRAME_HEAD + COMMIT_HEAD, 0);
        self.changes.restart();
        Ok(Commit { store: self })
    }

    /// The last commit; number 0 stands for none.
    pub fn last(&self) -> Committed {
        self.log.last
    }

    /// Its files.
    pub fn size(&self) -> Size {
        let Size { snapshot, logs, log_files } = self.older;
        Size { snapshot, logs: logs + self.log.end, log_files: log_files + 1 }
    }

    /// Ends all work, and makes durable that the last commit is.
    ///
    /// # Errors
    /// If the store fails or has failed.
    pub fn close(mut self) -> Result<()> {
        self.stop();
        self.check()?;
        self.log.sync()
    }

    fn check(&self) -> Result<()> {
        match &self.failed {
            None => Ok(()),
            Some(cause) => Err(Error::Runtime(format!(
                "the checkpoint in {} has failed and takes nothing more: {cause}",
                self.storage.describe("")
            ))),
        }
    }

    /// Compacts the logs, if that is due.
    fn maintain(&mut self) -> Result<()> {
        let Size { snapshot, logs, log_files } = self.size();
        let due = self.options.compact_at.max(snapshot);
        if let Some(compaction) = &self.compaction {
            if !compaction.thread.is_finished() && self.log.end < due.saturating_mul(MOST_BEHIND) {
                return Ok(());
            }
            self.join()?;
            return self.maintain();
        }
        if logs < due && log_files <= MOST_LOGS {
            return Ok(());
        }
        let up_to = self.log.number;
        self.older = self.size();
        self.log.rotate(&self.about)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (storage, stopped) = (self.storage.clone(), stop.clone());
        let work = move || compact(&storage, up_to, &stopped);
        if !self.options.background {
            return work().map(|length| self.compacted(length));
        }
        let thread = thread::Builder::new().name("compaction".to_owned()).spawn(work);
        let thread = thread.map_err(|cause| Error::io("cannot start a thread", &cause))?;
        self.compaction = Some(Compaction { thread, stop });
        Ok(())
    }

    /// Waits for the compaction.
    fn join(&mut self) -> Result<()> {
        let Some(Compaction { thread, .. }) = self.compaction.take() else { return Ok(()) };
        let ended = thread.join();
        let length = ended
            .map_err(|_| Error::Runtime("the compaction of the checkpoint has panicked".to_owned()))??;
        self.compacted(length);
        Ok(())
    }

    /// What was before the present log is in a snapshot of that length, unless that was stopped.
    fn compacted(&mut self, length: Option<u64>) {
        if let Some(snapshot) = length {
            self.older = Size { snapshot, logs: 0, log_files: 0 };
        }
    }

    /// Ends the compaction, whose thread must not outlive the lock.
    fn stop(&mut self) {
        if let Some(compaction) = &self.compaction {
            compaction.stop.store(true, Ordering::Relaxed);
        }
        let joined = self.join();
        self.fail(joined);
    }

    /// Takes no more after an error.
    fn fail(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error.to_string());
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Changes that are made together or not at all.
pub struct Commit<'a> {
    store: &'a mut Store,
}

impl Commit<'_> {
    /// Gives a key of a table a value. Tables need not be made.
    ///
    /// # Errors
    /// If the table's name is empty or longer than [`MAX_TABLE`](super::MAX_TABLE), or the key or value
    /// longer than [`MAX_BYTES`](super::MAX_BYTES). The commit is as before then.
    pub fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.store.changes.put(&mut self.store.frame, table, key, value)
    }

    /// Deletes a key of a table, which need not have it.
    ///
    /// # Errors
    /// As for [`Commit::put`].
    pub fn delete(&mut self, table: &str, key: &[u8]) -> Result<()> {
        self.store.changes.delete(&mut self.store.frame, table, key)
    }

    /// Deletes all keys of a table, those put in this commit too.
    ///
    /// # Errors
    /// As for [`Commit::put`].
    pub fn clear(&mut self, table: &str) -> Result<()> {
        self.store.changes.clear(&mut self.store.frame, table)
    }

    /// Makes the changes durable, as those of the batch of that time.
    ///
    /// # Errors
    /// If they could not be made durable; the store takes nothing more then, and what will be found in it
    /// is either all of this commit or nothing of it.
    pub fn finish(self, time: Time) -> Result<Committed> {
        let store = self.store;
        let committed = Committed { sequence: store.log.last.sequence + 1, time };
        let head = &mut store.frame[FRAME_HEAD..][..COMMIT_HEAD];
        head[..8].copy_from_slice(&committed.sequence.to_le_bytes());
        head[8..].copy_from_slice(&time.as_millis().to_le_bytes());
        end_frame(&mut store.frame, FrameKind::Commit, store.log.number);
        if let Err(error) = store.log.append(&store.frame, committed) {
            store.failed = Some(error.to_string());
            return Err(error);
        }
        // The commit stands; what fails from here on is told to the next one.
        let kept = store.log.mark().and_then(|()| store.maintain());
        store.fail(kept);
        Ok(committed)
    }
}
