//! Writing records: into pieces small enough that tasks can share them.

use std::sync::Arc;

use super::read::bytes;
use crate::batch::value::{Heap, Raised, Value};
use crate::batch::{Partition, Piece, Rows};

/// Bytes after which a piece is full.
const FULL: usize = 1 << 20;

/// Records that are made of what is no value, and encoded, before their values are dropped.
pub(super) const ENCODED_AT_ONCE: usize = 4096;

/// Encodes records into pieces.
#[derive(Debug, Default)]
pub(super) struct Writer {
    full: Vec<Piece>,
    open: Rows,
}

impl Writer {
    /// Pieces that were written before.
    pub(super) fn of_pieces(pieces: Vec<Piece>) -> Self {
        Writer { full: pieces, open: Rows::default() }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Those of [`encode`](crate::batch::value::encode).
    pub(super) fn push<'a>(&mut self, heap: &Heap<'a>, record: Value<'a>) -> Result<(), Raised> {
        self.open.push(heap, record)?;
        self.close_if_full();
        Ok(())
    }

    /// Appends a record that was encoded before.
    pub(super) fn push_encoded(&mut self, record: &[u8]) {
        self.open.push_encoded(record);
        self.close_if_full();
    }

    /// Bytes written.
    pub(super) fn bytes(&self) -> usize {
        self.full.iter().map(|piece| bytes(piece).len()).sum::<usize>() + self.open.bytes().len()
    }

    /// The pieces, none of them empty.
    pub(super) fn into_pieces(mut self) -> Vec<Piece> {
        self.close();
        self.full
    }

    /// The pieces as a partition.
    pub(super) fn into_partition(self) -> Partition {
        Partition { pieces: self.into_pieces() }
    }

    #[inline]
    fn close_if_full(&mut self) {
        if self.open.bytes().len() >= FULL {
            self.close();
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.full.push(Piece::Rows(Arc::new(std::mem::take(&mut self.open))));
        }
    }
}
