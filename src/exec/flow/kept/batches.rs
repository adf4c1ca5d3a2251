//! The RDDs of a stream that later batches will ask for, as rows of a table: each once, when it comes to be.
//!
//! A row tells what became of the stream at a time; the records of an RDD follow it, a row a piece.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::history::Made;
use super::shape::Shape;
use crate::batch::packed::{Packed, put_bytes, put_number};
use crate::batch::{Dataset, Piece, Time};
use crate::error::Result;
use crate::plan::{Failure, Origin, Rdd, RddOp};

/// What is written of a stream, by time.
#[derive(Debug, Default)]
pub(super) struct Batches {
    written: BTreeMap<Time, Written>,
}

/// What is written of a time.
#[derive(Debug)]
struct Written {
    made: Made,
    /// How many pieces each partition has.
    pieces: Vec<usize>,
}

/// What is to be written of a time.
pub(super) enum Told<'t> {
    /// There is no RDD.
    Nothing,
    /// None could be made.
    Unmade(&'t Failure),
    /// There is one that cannot be computed, and how many partitions it has, if that is known.
    Failed(&'t Failure, Option<usize>),
    /// There is one, over how many partitions its keys are spread by their hash, if they are, and its records.
    Records(Option<usize>, &'t Dataset),
}

/// A row's key behind the time, and what is there now.
type Change<'c> = &'c mut dyn FnMut(&[u8], Option<&[u8]>) -> Result<()>;

const NOTHING: u8 = 0;
const UNMADE: u8 = 1;
const FAILED: u8 = 2;
const RECORDS: u8 = 3;

impl Batches {
    /// Whether just this is written of a time.
    pub(super) fn has(&self, time: Time, made: &Made) -> bool {
        self.written.get(&time).is_some_and(|written| match (&written.made, made) {
            (Ok(Some(a)), Ok(Some(b))) => Arc::ptr_eq(a, b),
            (Ok(None), Ok(None)) => true,
            (Err(a), Err(b)) => a == b,
            _ => false,
        })
    }

    /// Writes what became of a time.
    ///
    /// # Errors
    /// Those of `change`.
    pub(super) fn put(&mut self, time: Time, made: &Made, told: &Told<'_>, change: Change<'_>) -> Result<()> {
        self.delete(time, change)?;
        let mut head = Vec::new();
        let mut pieces = Vec::new();
        match told {
            Told::Nothing => head.push(NOTHING),
            Told::Unmade(failure) => {
                head.push(UNMADE);
                pack_failure(failure, &mut head);
            }
            Told::Failed(failure, partitions) => {
                head.push(FAILED);
                put_number(partitions.map_or(0, |count| count as u64 + 1), &mut head);
                pack_failure(failure, &mut head);
            }
            Told::Records(hashed, dataset) => {
                head.push(RECORDS);
                put_hashed(*hashed, &mut head);
                let shape = Shape::of(dataset);
                shape.pack(&mut head);
                pieces = shape.pieces();
                for (partition, records) in (0..).zip(&dataset.partitions) {
                    for (number, piece) in (0..).zip(&records.pieces) {
                        change(&key(time, Some((partition, number))), Some(Piece::bytes(piece)))?;
                    }
                }
            }
        }
        self.written.insert(time, Written { made: made.clone(), pieces });
        change(&key(time, None), Some(&head))
    }

    /// Deletes what is written of all times but these.
    ///
    /// # Errors
    /// Those of `change`.
    pub(super) fn retain(&mut self, times: &[Time], change: Change<'_>) -> Result<()> {
        let gone: Vec<Time> = self.written.keys().filter(|time| !times.contains(time)).copied().collect();
        gone.into_iter().try_for_each(|time| self.delete(time, change))
    }

    fn delete(&mut self, time: Time, change: Change<'_>) -> Result<()> {
        let Some(Written { pieces, .. }) = self.written.remove(&time) else { return Ok(()) };
        change(&key(time, None), None)?;
        for (partition, pieces) in (0..).zip(pieces) {
            for number in (0..).take(pieces) {
                change(&key(time, Some((partition, number))), None)?;
            }
        }
        Ok(())
    }

    /// What was written, of rows with their keys behind the time; `None` if they are none of ours.
    pub(super) fn read(
        rows: &BTreeMap<&[u8], &[u8]>,
        origin: &Origin,
    ) -> Option<(Self, BTreeMap<Time, Made>)> {
        let mut batches = Batches::default();
        let mut all = BTreeMap::new();
        let heads = rows.iter().filter(|(key, _)| key.len() == TIME);
        for (at, head) in heads {
            let time = Time::from_millis((u64::from_be_bytes((*at).try_into().ok()?) ^ SIGN).cast_signed());
            let mut head = Packed::new(head);
            let mut pieces = Vec::new();
            let made = match head.byte()? {
                NOTHING => Ok(None),
                UNMADE => Err(unpack_failure(&mut head)?),
                FAILED => {
                    let partitions = head.length()?.checked_sub(1);
                    let failure = unpack_failure(&mut head)?;
                    Ok(Some(Rdd::new(RddOp::Failed { failure, partitions }, Vec::new(), origin.clone())))
                }
                RECORDS => {
                    let hashed = unpack_hashed(&mut head)?;
                    let shape = Shape::unpack(&mut head)?;
                    pieces = shape.pieces();
                    let piece = |partition, number| {
                        rows.get(&key(time, Some((partition, number)))[..]).map(|bytes| bytes.to_vec())
                    };
                    Ok(Some(Rdd::computed(shape.of_pieces(piece)?, hashed, origin.clone())))
                }
                _ => return None,
            };
            if !head.is_empty() {
                return None;
            }
            batches.written.insert(time, Written { made: made.clone(), pieces });
            all.insert(time, made);
        }
        Some((batches, all))
    }
}

/// What is told of how an RDD's keys are spread: 0, or one more than the partitions that they are hashed to. A
/// partitioner that is the program's own function is not told of: it is not known again.
pub(super) fn put_hashed(hashed: Option<usize>, out: &mut Vec<u8>) {
    put_number(hashed.map_or(0, |partitions| partitions as u64 + 1), out);
}

/// What [`put_hashed`] has put.
pub(super) fn unpack_hashed(packed: &mut Packed<'_>) -> Option<Option<usize>> {
    Some(packed.length()?.checked_sub(1))
}

/// Bytes of a time in a key.
const TIME: usize = 8;

/// Turned, so that times before 1970 come before those behind it.
pub(super) const SIGN: u64 = 1 << 63;

/// The key of a time, or of a piece of what it has.
fn key(time: Time, piece: Option<(u32, u32)>) -> Vec<u8> {
    let mut key = (time.as_millis().cast_unsigned() ^ SIGN).to_be_bytes().to_vec();
    if let Some((partition, number)) = piece {
        key.extend(partition.to_be_bytes());
        key.extend(number.to_be_bytes());
    }
    key
}

fn pack_failure(Failure { class, message, operator, record }: &Failure, out: &mut Vec<u8>) {
    put_bytes(class.as_bytes(), out);
    put_bytes(message.as_bytes(), out);
    for part in [operator, record] {
        out.push(u8::from(part.is_some()));
        put_bytes(part.as_deref().unwrap_or_default().as_bytes(), out);
    }
}

fn unpack_failure(packed: &mut Packed<'_>) -> Option<Failure> {
    let (class, message) = (packed.text()?.to_string(), packed.text()?.to_string());
    let mut part = || {
        let is_there = packed.byte()? != 0;
        let text = packed.text()?.to_string();
        Some(is_there.then_some(text))
    };
    Some(Failure { class, message, operator: part()?, record: part()? })
}
