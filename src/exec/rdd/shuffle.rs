//! Records to partitions: `partitionBy`, and what all shuffles end with.

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
