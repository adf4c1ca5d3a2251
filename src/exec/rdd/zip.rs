//! Records of two datasets side by side: `zip` and `cartesian`.

use super::context::Context;
use super::read::{Place, Reader};
use super::write::Writer;
use crate::batch::Partition;
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Arena, Heap};
use crate::plan::{Failure, Origin};

/// Pairs of the records of two partitions, in turn.
///
/// # Errors
/// If one has more records than the other.
pub(super) fn zip(
    left: &Partition,
    right: &Partition,
    origin: &Origin,
    context: &Context,
) -> Result<Partition, Failure> {
    let mut output = Writer::default();
    let mut arena = Arena::default();
    let mut places = Some([Place::default(); 2]);
    while let Some([left_place, right_place]) = places {
        let heap = Heap::new(&arena, &context.task);
        places = context.run(&heap, |trace| {
            let limit = SLAB.max(heap.allocated());
            let left = Reader::new(&left.pieces, left_place);
            let right = Reader::new(&right.pieces, right_place);
            while heap.allocated() <= limit {
                let pushed = match (left.next(&heap), right.next(&heap)) {
                    (Some(left), Some(right)) => output.push(&heap, heap.pair(left, right)),
                    (None, None) => return Ok(None),
                    _ => Err(heap.raise(
                        &VALUE_ERROR,
                        "Can only zip RDDs with same number of elements in each partition",
                    )),
                };
                pushed.map_err(|raised| trace.blame(&heap, raised, origin, None))?;
            }
            Ok(Some([left.place(), right.place()]))
        })?;
        arena.reset();
    }
    Ok(output.into_partition())
}

/// Bytes of values after which the arena is given back.
const SLAB: usize = 1 << 20;

/// Each record of one partition with each of the other.
///
/// # Errors
/// `KeyboardInterrupt`, `MemoryError`
pub(super) fn cross(
    left: &Partition,
    right: &Partition,
    origin: &Origin,
    context: &Context,
) -> Result<Partition, Failure> {
    let mut output = Writer::default();
    let arena = Arena::default();
    let heap = Heap::new(&arena, &context.task);
    context.run(&heap, |trace| {
        let blame = |raised| trace.blame(&heap, raised, origin, None);
        let mut all_right = Vec::new();
        let reader = Reader::new(&right.pieces, Place::default());
        while let Some(record) = reader.next(&heap) {
            heap.check().map_err(blame)?;
            all_right.push(record);
        }
        let reader = Reader::new(&left.pieces, Place::default());
        while let Some(record) = reader.next(&heap) {
            for other in &all_right {
                heap.check().and_then(|()| output.push(&heap, heap.pair(record, *other))).map_err(blame)?;
            }
        }
        Ok(())
    })?;
    Ok(output.into_partition())
}
