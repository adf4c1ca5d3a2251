//! Input that cannot be read again: written before a batch is made of it, and brought back after a restart.

use std::sync::Arc;

use crate::batch::{Chunk, Pool, SourceId, Time};
use crate::checkpoint::{Committed, Description, Fit, Journal, Storage};
use crate::error::{Error, Result};
use crate::source::SourceSpec;

/// The journal of a run.
pub(super) struct Journalled {
    journal: Journal,
    /// Which sources are written.
    written: Vec<bool>,
    /// The present sources, by the numbers that the batch which was found has for them.
    present: Vec<Option<SourceId>>,
}

impl Journalled {
    /// Reads the journal of a checkpoint with that last commit, which the job `before` has left; `fit` tells
    /// which of its sources are still there.
    ///
    /// # Errors
    /// If the journal is corrupt, or cannot be read.
    pub(super) fn open(
        storage: Arc<dyn Storage>,
        last: Committed,
        before: Option<&Description>,
        fit: Option<&Fit>,
    ) -> Result<Self> {
        let mut present = vec![None; before.map_or(0, |before| before.sources.len())];
        let now = fit.iter().flat_map(|fit| &fit.sources).zip((0..).map(SourceId));
        for (before, now) in now.filter_map(|(before, now)| Some(((*before)?, now))) {
            present[before] = Some(now);
        }
        Ok(Journalled { journal: Journal::open(storage, last)?, written: Vec::new(), present })
    }

    /// Has the input of those sources written that cannot be read again.
    pub(super) fn write_sources(&mut self, sources: &[SourceSpec]) {
        self.written = sources.iter().map(|source| !source.kind.can_be_read_again()).collect();
    }

    /// The time of a batch that was journalled and not committed, if there is one.
    pub(super) fn pending(&self) -> Option<Time> {
        self.journal.pending()
    }

    /// Bytes of that batch.
    pub(super) fn size(&self) -> u64 {
        self.journal.size()
    }

    /// Writes a chunk of the batch that is to end at `time`. What fails is told when the batch is closed.
    pub(super) fn append(&mut self, chunk: &Chunk, time: Time) {
        let source = chunk.source().0;
        if self.written.get(usize::from(source)) == Some(&true) {
            self.journal.append(source.into(), time, chunk.bytes());
        }
    }

    /// Makes the input of the batch durable that ends at `time`.
    ///
    /// # Errors
    /// If that fails: what comes of the batch must not be shown then.
    pub(super) fn seal(&mut self, time: Time) -> Result<()> {
        self.journal.seal(time)
    }

    /// The batch was committed.
    pub(super) fn cut(&mut self, committed: Committed) {
        self.journal.cut(committed);
    }

    /// Gives what was journalled of the batch, in the order in which it came, and says how many bytes were of
    /// sources that are gone. Where it gives none, the pool has none: some are to be worked off.
    ///
    /// # Errors
    /// If the journal cannot be read any more.
    pub(super) fn replay(&self, pool: &Pool, give: &mut dyn FnMut(Option<Chunk>)) -> Result<usize> {
        let mut gone = 0;
        self.journal.replay(&mut |source, lines| {
            let before = self.present.get(source as usize);
            let before = before
                .ok_or_else(|| Error::Checkpoint("the journal has more sources than its job".into()))?;
            let Some(source) = *before else {
                gone += lines.len();
                return Ok(());
            };
            let mut chunk = loop {
                match pool.take(source) {
                    Some(chunk) => break chunk,
                    None => give(None),
                }
            };
            chunk.extend(lines);
            give(Some(chunk));
            Ok(())
        })?;
        Ok(gone)
    }
}
