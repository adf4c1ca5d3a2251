//! Sinks: what becomes of a stage's records.

use super::read::Unit;
use super::stage::Sink;
use super::write::Writer;
use crate::batch::value::{Heap, Raised, Value};

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
