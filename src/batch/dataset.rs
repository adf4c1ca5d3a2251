//! A dataset: what an RDD holds once it is computed. Partitions of records in order.

use std::sync::Arc;

use memchr::memchr;

use super::rows::Rows;
use super::value::{Heap, Value, decode};

/// Partitions of records; clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// The partitions in order. Without any, even a count has nothing to say.
    pub partitions: Vec<Partition>,
}

/// A partition: its records in pieces, in order; clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// The pieces, which tasks may work on side by side where operators are record by record.
    pub pieces: Vec<Piece>,
}

/// Some of a partition's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Encoded records.
    Rows(Arc<Rows>),
    /// Whole lines of text, each with its `\n`: a `str` a line, without it and without a `\r` before
    /// it, invalid bytes replaced as Python's `errors="replace"` does.
    Lines(Arc<Vec<u8>>),
}

impl Dataset {
    /// All pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.partitions.iter().flat_map(|partition| &partition.pieces)
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.pieces().map(Piece::len).sum()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.pieces().all(Piece::is_empty)
    }
}

impl Piece {
    /// Its records as they lie in memory; [`Piece::next`] takes one after the other off a copy of this.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Piece::Rows(rows) => rows.bytes(),
            Piece::Lines(lines) => lines,
        }
    }

    /// The record at the start of `rest`, which is moved behind it; text is borrowed from here.
    pub fn next<'a>(&'a self, heap: &Heap<'a>, rest: &mut &'a [u8]) -> Option<Value<'a>> {
        if rest.is_empty() {
            return None;
        }
        Some(match self {
            Piece::Rows(_) => decode(heap, rest),
            Piece::Lines(_) => {
                let end = memchr(b'\n', rest).unwrap_or(rest.len());
                let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
                *rest = rest.get(end + 1..).unwrap_or_default();
                match std::str::from_utf8(line) {
                    Ok(text) => heap.text(text),
                    Err(_) => heap.str(&String::from_utf8_lossy(line)),
                }
            }
        })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        match self {
            Piece::Rows(rows) => rows.len(),
            Piece::Lines(lines) => memchr::memchr_iter(b'\n', lines).count(),
        }
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }
}
