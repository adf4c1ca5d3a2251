//! How the records of a dataset lie in partitions and pieces: what is to be known, besides the records, to
//! make the same dataset again.

use std::sync::Arc;

use crate::batch::packed::{Packed, put_number};
use crate::batch::{Dataset, Partition, Piece, Rows};

/// Partitions of pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    partitions: Vec<Vec<(Kind, usize)>>,
}

/// How a piece is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rows,
    Lines,
}

impl Shape {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let piece = |piece: &Piece| {
            let kind = match piece {
                Piece::Rows(_) => Kind::Rows,
                Piece::Lines(_) => Kind::Lines,
            };
            (kind, piece.len())
        };
        let partition = |partition: &Partition| partition.pieces.iter().map(piece).collect();
        Shape { partitions: dataset.partitions.iter().map(partition).collect() }
    }

    pub(super) fn pack(&self, out: &mut Vec<u8>) {
        put_number(self.partitions.len() as u64, out);
        for pieces in &self.partitions {
            put_number(pieces.len() as u64, out);
            for (kind, count) in pieces {
                out.push(match kind {
                    Kind::Rows => 0,
                    Kind::Lines => 1,
                });
                put_number(*count as u64, out);
            }
        }
    }

    pub(super) fn unpack(packed: &mut Packed<'_>) -> Option<Self> {
        let mut partitions = Vec::new();
        for _ in 0..packed.length()? {
            let mut pieces = Vec::new();
            for _ in 0..packed.length()? {
                let kind = match packed.byte()? {
                    0 => Kind::Rows,
                    1 => Kind::Lines,
                    _ => return None,
                };
                pieces.push((kind, packed.length()?));
            }
            partitions.push(pieces);
        }
        Some(Shape { partitions })
    }

    /// How many pieces each partition has.
    pub(super) fn pieces(&self) -> Vec<usize> {
        self.partitions.iter().map(Vec::len).collect()
    }

    /// The dataset of these records, in order; `None` if they do not fill it, or are none.
    pub(super) fn of_records(&self, records: &[&[u8]]) -> Option<Dataset> {
        let mut left = records;
        let dataset = self.fill(|_, _, count| {
            let (taken, rest) = left.split_at_checked(count)?;
            left = rest;
            Some(taken.concat())
        })?;
        left.is_empty().then_some(dataset)
    }

    /// The dataset of these pieces, by partition and number; `None` if they are none of it.
    pub(super) fn of_pieces(&self, mut piece: impl FnMut(u32, u32) -> Option<Vec<u8>>) -> Option<Dataset> {
        self.fill(|partition, number, _| piece(u32::try_from(partition).ok()?, u32::try_from(number).ok()?))
    }

    fn fill(&self, mut bytes: impl FnMut(usize, usize, usize) -> Option<Vec<u8>>) -> Option<Dataset> {
        let mut dataset = Dataset::default();
        for (partition, shapes) in self.partitions.iter().enumerate() {
            let mut pieces = Vec::with_capacity(shapes.len());
            for (number, (kind, count)) in shapes.iter().enumerate() {
                let bytes = bytes(partition, number, *count)?;
                let piece = match kind {
                    Kind::Rows => Piece::Rows(Arc::new(Rows::from_encoded(bytes)?)),
                    Kind::Lines => Piece::Lines(bytes.into()),
                };
                if piece.len() != *count {
                    return None;
                }
                pieces.push(piece);
            }
            dataset.partitions.push(Partition { pieces });
        }
        Some(dataset)
    }
}
