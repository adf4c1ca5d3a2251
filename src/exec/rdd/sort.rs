//! `sortBy`, `takeOrdered` and `top`.

use std::cmp::Ordering;
use std::sync::Arc;

use bumpalo::collections::Vec as BumpVec;

use super::context::Context;
use super::merge_sort;
use super::read::Unit;
use super::stage::Sink;
use super::write::Writer;
use crate::batch::value::{Arena, Args, Heap, Raised, Value, call, decode, order};
use crate::batch::{Partition, Piece};
use crate::exec::eval::Compiled;
use crate::plan::{Failure, Origin};

/// Records with their sort keys; of each slab only the first few, if no more are asked for.
pub(super) struct ByOrder {
    /// From a record to its sort key; the record itself without one.
    pub(super) key: Option<Arc<Compiled>>,
    /// Whether the largest comes first.
    pub(super) descending: bool,
    /// How many are asked for.
    pub(super) most: Option<usize>,
}

/// A function, and the records so far.
pub(super) struct Sorting<'a> {
    key: Option<Value<'a>>,
    records: BumpVec<'a, [Value<'a>; 2]>,
}

impl Sink for ByOrder {
    type Held<'a> = Sorting<'a>;
    type Output = Writer;

    fn start(&self, _: &Unit) -> Writer {
        Writer::default()
    }

    fn open<'a>(&'a self, heap: &Heap<'a>) -> Result<Sorting<'a>, Raised> {
        let key = self.key.as_ref().map(|key| key.thaw(heap)).transpose()?;
        Ok(Sorting { key, records: BumpVec::new_in(heap.bump()) })
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: &mut Sorting<'a>,
        record: Value<'a>,
        _: &mut Writer,
    ) -> Result<(), Raised> {
        let key = match held.key {
            Some(key) => call(heap, key, Args { positional: &[record], keywords: &[] })?,
            None => record,
        };
        held.records.push([key, record]);
        Ok(())
    }

    fn close<'a>(
        &'a self,
        heap: &Heap<'a>,
        mut held: Sorting<'a>,
        output: &mut Writer,
    ) -> Result<(), Raised> {
        if let Some(most) = self.most {
            sort(heap, &mut held.records, self.descending)?;
            held.records.truncate(most);
        }
        for [key, record] in held.records {
            output.push(heap, heap.pair(key, record))?;
        }
        Ok(())
    }

    /// Every slab is a run that is merged with the others.
    fn slab(&self, _: &Writer) -> usize {
        8 << 20
    }

    fn size(output: &Writer) -> usize {
        output.bytes()
    }

    fn functions(&self) -> Vec<&Arc<Compiled>> {
        self.key.iter().collect()
    }
}

/// What [`ByOrder`] gave, sorted, in partitions that are ranges of keys.
///
/// # Errors
/// `TypeError` for keys that cannot be compared.
pub(super) fn arrange(
    sink: &ByOrder,
    pieces: &[Piece],
    partitions: usize,
    origin: &Origin,
    context: &Context,
) -> Result<Vec<Partition>, Failure> {
    let arena = Arena::default();
    let heap = Heap::new(&arena, &context.task);
    context.run(&heap, |trace| {
        let arranged = arrange_in(&heap, sink, pieces, partitions);
        arranged.map_err(|raised| trace.blame(&heap, raised, origin, None))
    })
}

fn arrange_in<'a>(
    heap: &Heap<'a>,
    sink: &ByOrder,
    pieces: &'a [Piece],
    partitions: usize,
) -> Result<Vec<Partition>, Raised> {
    let mut records = Vec::new();
    for piece in pieces {
        let Piece::Rows(rows) = piece else { continue };
        let mut rest = rows.bytes();
        while !rest.is_empty() {
            heap.check()?;
            if let Some([key, record]) = decode(heap, &mut rest).as_tuple() {
                records.push([*key, *record]);
            }
        }
    }
    sort(heap, &mut records, sink.descending)?;
    records.truncate(sink.most.unwrap_or(usize::MAX));
    let bounds = bounds(&records, sink.descending, partitions);
    let mut arranged: Vec<_> = (0..partitions).map(|_| Writer::default()).collect();
    for [key, record] in records {
        let range = range_of(heap, &bounds, key)?;
        let partition = if sink.descending { partitions - 1 - range } else { range };
        arranged[partition].push(heap, record)?;
    }
    Ok(arranged.into_iter().map(Writer::into_partition).collect())
}

/// The last key of each range but the last one, as PySpark chooses them: a range has about the same
/// number of records, and equal keys are in one range.
fn bounds<'a>(records: &[[Value<'a>; 2]], descending: bool, partitions: usize) -> Vec<Value<'a>> {
    if records.is_empty() {
        return Vec::new();
    }
    let ascending = |place: usize| if descending { records.len() - 1 - place } else { place };
    (1..partitions).map(|range| records[ascending(records.len() * range / partitions)][0]).collect()
}

/// Sorts by the keys, stably, also where the largest come first.
fn sort<'a>(heap: &Heap<'a>, records: &mut [[Value<'a>; 2]], descending: bool) -> Result<(), Raised> {
    merge_sort::sort(records, |[a, _], [b, _]| {
        heap.check()?;
        if descending { is_less(heap, b, a) } else { is_less(heap, a, b) }
    })
}

/// How many of the bounds are less than a key.
fn range_of<'a>(heap: &Heap<'a>, bounds: &[Value<'a>], key: Value<'a>) -> Result<usize, Raised> {
    let (mut low, mut high) = (0, bounds.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_less(heap, bounds[middle], key)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn is_less<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    Ok(order(heap, "<", a, b)? == Some(Ordering::Less))
}
