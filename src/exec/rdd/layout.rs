//! Which partition a keyed record is in, and in which order keys stand: the same for any number of
//! workers, and what Spark would do wherever that does not depend on hashes of text.
//!
//! Keys of numbers and `None`, and tuples of these, go to the partition that `portable_hash` says, in
//! the order in which they were first seen. As soon as there is any other key, all of them are sorted,
//! and cut into partitions of nearly equal size.

use std::cmp::Ordering;

use super::context::Context;
use super::write::Writer;
use crate::batch::value::{Arena, Heap, Raised, Value, decode, order, portable_hash, repr_text};
use crate::batch::{Partition, Piece};
use crate::plan::{Failure, Origin};

/// Keyed records, each key once and as first seen, in `count` partitions.
///
/// # Errors
/// `TypeError` for a key that cannot be hashed.
pub(super) fn lay_out(
    pieces: &[Piece],
    count: usize,
    origin: &Origin,
    context: &Context,
) -> Result<Vec<Partition>, Failure> {
    if count == 1 {
        return Ok(vec![Partition { pieces: pieces.to_vec() }]);
    }
    let arena = Arena::default();
    let heap = Heap::new(&arena, &context.task);
    context.run(&heap, |trace| {
        let records = Keyed::all(&heap, pieces);
        let partitions = if records.iter().all(|record| is_plain(record.key)) {
            by_hash(&heap, &records, count)
        } else {
            Ok(sorted(&heap, records, count))
        };
        partitions.map_err(|raised| trace.blame(&heap, raised, origin, None))
    })
}

/// An encoded record and its key.
#[derive(Clone, Copy)]
struct Keyed<'a> {
    key: Value<'a>,
    encoded: &'a [u8],
}

impl<'a> Keyed<'a> {
    fn all(heap: &Heap<'a>, pieces: &'a [Piece]) -> Vec<Self> {
        let mut records = Vec::new();
        for piece in pieces {
            let Piece::Rows(rows) = piece else { continue };
            let mut rest = rows.bytes();
            while !rest.is_empty() {
                let start = rest;
                let record = decode(heap, &mut rest);
                let encoded = &start[..start.len() - rest.len()];
                if let Some([key, ..]) = record.as_tuple() {
                    records.push(Keyed { key: *key, encoded });
                }
            }
        }
        records
    }
}

/// Whether a key's hash is the same in every Python process.
fn is_plain(key: Value<'_>) -> bool {
    match key {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) => true,
        _ => key.as_tuple().is_some_and(|items| items.iter().all(|item| is_plain(*item))),
    }
}

fn by_hash<'a>(heap: &Heap<'a>, records: &[Keyed<'a>], count: usize) -> Result<Vec<Partition>, Raised> {
    let mut partitions: Vec<_> = (0..count).map(|_| Writer::default()).collect();
    for record in records {
        partitions[bucket(portable_hash(heap, record.key)?, count)].push_encoded(record.encoded);
    }
    Ok(partitions.into_iter().map(Writer::into_partition).collect())
}

fn sorted<'a>(heap: &Heap<'a>, mut records: Vec<Keyed<'a>>, count: usize) -> Vec<Partition> {
    records.sort_by(|a, b| canonical(heap, a.key, b.key));
    let cut = |index: usize| records.len() * index / count;
    let run = |index| {
        let mut partition = Writer::default();
        records[cut(index)..cut(index + 1)].iter().for_each(|record| partition.push_encoded(record.encoded));
        partition.into_partition()
    };
    (0..count).map(run).collect()
}

/// Python's `hash % count`.
pub(super) fn bucket(hash: i64, count: usize) -> usize {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    usize::try_from(hash.rem_euclid(count)).unwrap_or(0)
}

/// An order of all keys there can be: `None`, numbers by value, text, bytes, tuples item by item,
/// everything else by its `repr`.
fn canonical<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Ordering {
    let (kind_of_a, kind_of_b) = (kind(a), kind(b));
    if kind_of_a != kind_of_b {
        return kind_of_a.cmp(&kind_of_b);
    }
    match (a, b) {
        (Value::None, Value::None) => Ordering::Equal,
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        _ if kind_of_a == Kind::Number => numbers(heap, a, b),
        _ => match (a.as_tuple(), b.as_tuple()) {
            (Some(a), Some(b)) => {
                let mut items = a.iter().zip(b).map(|(a, b)| canonical(heap, *a, *b));
                items.find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => by_repr(heap, a, b),
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    None,
    Number,
    Text,
    Bytes,
    Tuple,
    Other,
}

fn kind(value: Value<'_>) -> Kind {
    match value {
        Value::None => Kind::None,
        Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) => Kind::Number,
        Value::Str(_) => Kind::Text,
        Value::Bytes(_) => Kind::Bytes,
        Value::Pair(_) | Value::Tuple(_) => Kind::Tuple,
        _ => Kind::Other,
    }
}

/// By value; NaN, of which there may be several, behind all others.
fn numbers<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Ordering {
    let is_nan = |value| matches!(value, Value::Float(number) if number.get().is_nan());
    match order(heap, "<", a, b) {
        Ok(Some(order)) => order,
        _ => is_nan(a).cmp(&is_nan(b)),
    }
}

fn by_repr<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Ordering {
    let text = |value| {
        repr_text(heap, value).unwrap_or_else(|_| {
            // Too deep to be printed: all of these are alike.
            heap.caught();
            ""
        })
    };
    text(a).cmp(text(b))
}
