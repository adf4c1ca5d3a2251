//! Records to partitions: `partitionBy` and `repartition`.

use std::sync::Arc;

use super::keyed::unpack;
use super::layout::bucket;
use super::read::Unit;
use super::stage::Sink;
use super::write::Writer;
use crate::batch::Partition;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Raised, Value, call, portable_hash, type_of};
use crate::exec::eval::Compiled;

/// `partitionBy`: a partition by the key.
pub(super) struct ByKey {
    /// How many partitions.
    pub(super) partitions: usize,
    /// From a key to an int; `portable_hash` without one.
    pub(super) function: Option<Arc<Compiled>>,
}

impl Sink for ByKey {
    type Held<'a> = Option<Value<'a>>;
    type Output = Vec<Writer>;

    fn start(&self, _: &Unit) -> Vec<Writer> {
        (0..self.partitions).map(|_| Writer::default()).collect()
    }

    fn open<'a>(&'a self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        self.function.as_ref().map(|function| function.thaw(heap)).transpose()
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        function: &mut Option<Value<'a>>,
        record: Value<'a>,
        output: &mut Vec<Writer>,
    ) -> Result<(), Raised> {
        let (key, value) = unpack(heap, record)?;
        let number = match function {
            None => portable_hash(heap, key)?,
            Some(function) => {
                let number = call(heap, *function, Args { positional: &[key], keywords: &[] })?;
                remainder(heap, number, self.partitions)?
            }
        };
        output[bucket(number, self.partitions)].push(heap, heap.pair(key, value))
    }

    fn close<'a>(&'a self, _: &Heap<'a>, _: Option<Value<'a>>, _: &mut Vec<Writer>) -> Result<(), Raised> {
        Ok(())
    }

    fn functions(&self) -> Vec<&Arc<Compiled>> {
        self.function.iter().collect()
    }
}

/// An int of any size as one of 64 bits that has the same remainder.
fn remainder<'a>(heap: &Heap<'a>, number: Value<'a>, partitions: usize) -> Result<i64, Raised> {
    if let Some(number) = number.as_int() {
        return Ok(number);
    }
    let remainder = number.as_big().and_then(|number| i64::try_from(number % partitions).ok());
    remainder.ok_or_else(|| {
        let class = type_of(number).name;
        heap.raise(&TYPE_ERROR, format!("a partition function gives an int, not '{class}'"))
    })
}

/// PySpark deals out batches of so many records.
const DEALT: u64 = 10;

/// `repartition`: records are dealt out in turn, in batches, as PySpark does. Every partition's first
/// batch goes to where Spark's random numbers for its index say.
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
        let turn = first_turn(unit.partition, self.partitions);
        Dealt { partitions, turn, records: 0 }
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

/// Before whose turn dealing begins: `new Random(byteswap32(index)).nextInt(partitions)` of Java and Scala.
fn first_turn(index: usize, partitions: usize) -> usize {
    const FACTOR: u32 = 0x9e37_75cd;
    const MULTIPLIER: u64 = 0x5_deec_e66d;
    const MASK: u64 = (1 << 48) - 1;
    let Ok(bound) = i32::try_from(partitions) else { return 0 };
    let seed = (index as u32).wrapping_mul(FACTOR).swap_bytes().wrapping_mul(FACTOR);
    let mut state = (i64::from(seed as i32) as u64 ^ MULTIPLIER) & MASK;
    let mut next = || {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(11) & MASK;
        (state >> 17) as i32
    };
    let turn = if bound & bound.wrapping_neg() == bound {
        ((i64::from(bound) * i64::from(next())) >> 31) as i32
    } else {
        loop {
            let bits = next();
            let turn = bits % bound;
            // Java's own test that all remainders are equally likely.
            if bits.wrapping_sub(turn).wrapping_add(bound - 1) >= 0 {
                break turn;
            }
        }
    };
    usize::try_from(turn).unwrap_or(0)
}

/// What tasks have put into each partition, put together in the order of the tasks.
pub(super) fn gather(tasks: Vec<Vec<Writer>>, partitions: usize) -> Vec<Partition> {
    let mut gathered = vec![Partition::default(); partitions];
    for task in tasks {
        for (partition, writer) in gathered.iter_mut().zip(task) {
            partition.pieces.extend(writer.into_pieces());
        }
    }
    gathered
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
