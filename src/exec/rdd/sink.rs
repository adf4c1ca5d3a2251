//! Sinks: what becomes of a stage's records.

use super::context::Context;
use super::read::Unit;
use super::stage::Sink;
use super::write::Writer;
use crate::batch::Partition;
use crate::batch::value::{Arena, Heap, Raised, Value};
use crate::plan::{Origin, Outcome};

/// Records as they are.
pub(super) struct Records;

impl Sink for Records {
    type Held<'a> = ();
    type Output = Writer;

    fn start(&self, _: &Unit) -> Writer {
        Writer::default()
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    #[inline]
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        (): &mut (),
        record: Value<'a>,
        output: &mut Writer,
    ) -> Result<(), Raised> {
        output.push(heap, record)
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut Writer) -> Result<(), Raised> {
        Ok(())
    }
}

/// The first records; what comes behind them is asked for all the same, and dropped.
pub(super) struct First {
    /// How many there are at most.
    pub(super) most: usize,
}

impl Sink for First {
    type Held<'a> = ();
    /// The records, and how many may still come.
    type Output = (Writer, usize);

    fn start(&self, _: &Unit) -> (Writer, usize) {
        (Writer::default(), self.most)
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    #[inline]
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        (): &mut (),
        record: Value<'a>,
        (output, missing): &mut (Writer, usize),
    ) -> Result<(), Raised> {
        if *missing > 0 {
            output.push(heap, record)?;
            *missing -= 1;
        }
        Ok(())
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut (Writer, usize)) -> Result<(), Raised> {
        Ok(())
    }
}

/// How many records there are.
pub(super) struct Count;

impl Sink for Count {
    type Held<'a> = ();
    type Output = u64;

    fn start(&self, _: &Unit) -> u64 {
        0
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    #[inline]
    fn take<'a>(&'a self, _: &Heap<'a>, (): &mut (), _: Value<'a>, output: &mut u64) -> Result<(), Raised> {
        *output += 1;
        Ok(())
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut u64) -> Result<(), Raised> {
        Ok(())
    }
}

/// Records with their number in the dataset.
pub(super) struct Numbered;

impl Sink for Numbered {
    type Held<'a> = ();
    type Output = (i64, Writer);

    const BY_PARTITION: bool = true;

    fn start(&self, unit: &Unit) -> (i64, Writer) {
        (i64::try_from(unit.before).unwrap_or(i64::MAX), Writer::default())
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        (): &mut (),
        record: Value<'a>,
        (number, output): &mut (i64, Writer),
    ) -> Result<(), Raised> {
        output.push(heap, heap.pair(record, Value::Int(*number)))?;
        *number = number.saturating_add(1);
        Ok(())
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut (i64, Writer)) -> Result<(), Raised> {
        Ok(())
    }
}

/// Partitions of one int each.
///
/// # Errors
/// `MemoryError`
pub(super) fn write_counts(counts: &[u64], origin: &Origin, context: &Context) -> Outcome<Vec<Partition>> {
    let arena = Arena::default();
    let heap = Heap::new(&arena, &context.task);
    let partition = |count: &u64| {
        let mut writer = Writer::default();
        writer.push(&heap, Value::Int(i64::try_from(*count).unwrap_or(i64::MAX)))?;
        Ok(writer.into_partition())
    };
    context.run(&heap, |trace| {
        let partitions: Result<_, Raised> = counts.iter().map(partition).collect();
        partitions.map_err(|raised| trace.blame(&heap, raised, origin, None))
    })
}
