//! A dataset: what an RDD holds once it is computed. Partitions of records in order.

use std::sync::Arc;

use super::rows::Rows;

/// Partitions of records; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The partitions in order. Without any, even a count has nothing to say.
    pub partitions: Vec<Partition>,
}

/// A partition: its records in pieces, in order; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// The pieces, which tasks may work on side by side where operators are record by record.
    pub pieces: Vec<Piece>,
}

/// Some of a partition's records.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Encoded records.
    Rows(Arc<Rows>),
    /// Whole lines of text, each with its `\n`: a `str` a line, without it and without a `\r` before
    /// it, invalid bytes replaced as Python's `errors="replace"` does.
    Lines(Arc<[u8]>),
}
