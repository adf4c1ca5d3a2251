//! `repartition`: records are dealt out in turn, as PySpark does.

use super::read::Unit;
use super::stage::Sink;
use super::write::Writer;
use crate::batch::value::{Heap, Raised, Value};

/// PySpark deals out batches of so many records.
const DEALT: u64 = 10;

/// Deals out batches of records in turn. Every partition begins where Spark's random numbers for its
/// index say.
pub(super) struct Deal {
    /// How many partitions.
    pub(super) partitions: usize,
}

/// The partitions, whose turn it is, and how many records there were.
pub(super) struct Dealt {
    pub(super) partitions: Vec<Writer>,
    turn: usize,
    records: u64,
}

impl Sink for Deal {
    type Held<'a> = ();
    type Output = Dealt;

    const BY_PARTITION: bool = true;

    fn start(&self, unit: &Unit) -> Dealt {
        let partitions = (0..self.partitions).map(|_| Writer::default()).collect();
        Dealt { partitions, turn: first_turn(unit.partition, self.partitions), records: 0 }
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        (): &mut (),
        record: Value<'a>,
        output: &mut Dealt,
    ) -> Result<(), Raised> {
        if output.records.is_multiple_of(DEALT) {
            output.turn = (output.turn + 1) % self.partitions;
        }
        output.records += 1;
        output.partitions[output.turn].push(heap, record)
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut Dealt) -> Result<(), Raised> {
        Ok(())
    }
}

/// Before whose turn dealing begins: `nextInt(partitions)` of Spark's `XORShiftRandom(index)`.
fn first_turn(index: usize, partitions: usize) -> usize {
    let Ok(bound) = u32::try_from(partitions) else { return 0 };
    let mut state = hashed(index as u64);
    let mut next = || {
        state ^= state << 21;
        state ^= state >> 35;
        state ^= state << 4;
        (state & 0x7fff_ffff) as u32
    };
    // As Java does, so that all turns are equally likely.
    let turn = if bound.is_power_of_two() {
        ((u64::from(bound) * u64::from(next())) >> 31) as u32
    } else {
        loop {
            let number = next();
            let turn = number % bound;
            if u64::from(number - turn) + u64::from(bound - 1) < 1 << 31 {
                break turn;
            }
        }
    };
    turn as usize
}

/// A seed's bits, mixed by two rounds of MurmurHash3.
fn hashed(seed: u64) -> u64 {
    let low = murmur(seed, 0x3c07_4a61);
    u64::from(murmur(seed, low)) << 32 | u64::from(low)
}

/// MurmurHash3 of a number's bytes, the highest first.
fn murmur(number: u64, seed: u32) -> u32 {
    let mut hash = seed;
    for word in [(number >> 32) as u32, number as u32] {
        let word = word.swap_bytes().wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= 8;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_begins_where_spark_does() {
        // Seen in PySpark: where the first batches of partitions 0, 1 and 2 went.
        let firsts = |partitions| [0, 1, 2].map(|index| (first_turn(index, partitions) + 1) % partitions);
        assert_eq!(firsts(4), [1, 1, 0]);
        assert_eq!(firsts(3), [0, 1, 2]);
        assert_eq!(firsts(2), [1, 1, 0]);
        assert_eq!(firsts(7), [3, 6, 2]);
    }
}
