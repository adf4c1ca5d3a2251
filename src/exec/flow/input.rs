//! The input of the batch that is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::batch::{Chunk, Dataset, Partition, Piece, SourceId};

/// Pieces have about this size: large enough to be a task, small enough that tasks share a batch.
const PIECE: usize = 512 * 1024;

/// What has come in since the last batch was closed, by source.
#[derive(Debug, Default)]
pub(super) struct Input {
    sources: BTreeMap<SourceId, Vec<Part>>,
}

/// Lines that become a partition.
#[derive(Debug, Default)]
struct Part {
    full: Vec<Piece>,
    open: Vec<u8>,
}

impl Input {
    /// Begins a partition of its own for what comes next from a source.
    pub(super) fn begin(&mut self, source: SourceId) {
        self.sources.entry(source).or_default().push(Part::default());
    }

    /// Copies lines out of a chunk, so that it can be filled again.
    pub(super) fn accept(&mut self, chunk: &Chunk) {
        if chunk.is_empty() {
            return;
        }
        let parts = self.sources.entry(chunk.source()).or_default();
        if parts.is_empty() {
            parts.push(Part::default());
        }
        let part = parts.last_mut().expect("there is one now");
        if part.open.len() + chunk.len() > PIECE {
            part.close();
        }
        if chunk.len() >= PIECE / 2 {
            part.full.push(Piece::Lines(chunk.bytes().into()));
        } else {
            part.open.extend_from_slice(chunk.bytes());
        }
    }

    /// Takes out the full pieces of a source, oldest first, each with the number of its partition.
    pub(super) fn take_full(&mut self, source: SourceId) -> Vec<(usize, Piece)> {
        let parts = self.sources.get_mut(&source).into_iter().flatten().enumerate();
        parts.flat_map(|(index, part)| part.full.drain(..).map(move |piece| (index, piece))).collect()
    }

    /// Makes full pieces of what has come in of a source.
    pub(super) fn close_parts(&mut self, source: SourceId) {
        self.sources.get_mut(&source).into_iter().flatten().for_each(Part::close);
    }

    /// How many partitions a source has.
    pub(super) fn parts(&self, source: SourceId) -> usize {
        self.sources.get(&source).map_or(0, Vec::len)
    }

    /// What there is, and begins anew.
    pub(super) fn take(&mut self) -> BTreeMap<SourceId, Vec<Partition>> {
        let take = |(source, parts): (SourceId, Vec<Part>)| {
            (source, parts.into_iter().map(Part::into_partition).collect())
        };
        std::mem::take(&mut self.sources).into_iter().map(take).collect()
    }
}

impl Part {
    fn close(&mut self) {
        if !self.open.is_empty() {
            let lines: Arc<[u8]> = self.open.as_slice().into();
            self.open.clear();
            self.full.push(Piece::Lines(lines));
        }
    }

    fn into_partition(mut self) -> Partition {
        self.close();
        Partition { pieces: self.full }
    }
}

/// The input of some sources, in their order.
pub(super) fn of_sources(input: &BTreeMap<SourceId, Vec<Partition>>, sources: &[SourceId]) -> Dataset {
    let partitions = sources.iter().filter_map(|source| input.get(source)).flatten().cloned();
    Dataset { partitions: partitions.collect() }
}
