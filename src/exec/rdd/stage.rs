//! A stage: a chain of narrow operators, and what is done with its records at the end. A task runs it
//! on some pieces of a partition.

use std::cell::Cell;
use std::sync::Arc;

use super::chain::Chain;
use super::context::{Context, Trace};
use super::read::{Place, Reader, Unit, bytes};
use super::stateful;
use crate::batch::Dataset;
use crate::batch::value::{Arena, Heap, Raised, Value};
use crate::exec::eval::Compiled;
use crate::plan::{Failure, Origin, Outcome};

/// Bytes of a partition that make a task, where it may be cut.
const TASK: usize = 512 * 1024;

/// Bytes of values after which a slab ends: few enough that the next values take their place in the
/// second-level cache.
pub(super) const SLAB: usize = 256 << 10;

/// The same where a table of keys ends with the slab: every one of them is told then.
pub(super) const SLAB_OF_KEYS: usize = 32 << 20;

/// Memory that an arena may keep for the next slab.
const KEPT: usize = 8 << 20;

thread_local! {
    /// The arena of the last task of this worker, empty: new memory would have to be cleared first.
    static SPARE: Cell<Option<Arena>> = const { Cell::new(None) };
}

/// What becomes of a stage's records.
pub(super) trait Sink: Send + Sync + 'static {
    /// What it holds in the arena, until a slab ends.
    type Held<'a>;
    /// What a task gives.
    type Output: Send + 'static;

    /// Whether it has to see a partition from its first to its last record.
    const BY_PARTITION: bool = false;

    /// The output of a task that has read nothing yet.
    fn start(&self, unit: &Unit) -> Self::Output;

    /// The beginning of a slab.
    ///
    /// # Errors
    /// What making its functions raises.
    fn open<'a>(&'a self, heap: &Heap<'a>) -> Result<Self::Held<'a>, Raised>;

    /// Takes a record, or leaves everything as it was.
    ///
    /// # Errors
    /// What its functions raise, or what a record of the wrong shape does.
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: &mut Self::Held<'a>,
        record: Value<'a>,
        output: &mut Self::Output,
    ) -> Result<(), Raised>;

    /// The end of a slab: what is held goes to the output.
    ///
    /// # Errors
    /// Those of encoding.
    fn close<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: Self::Held<'a>,
        output: &mut Self::Output,
    ) -> Result<(), Raised>;

    /// Bytes of values after which a slab ends. More than [`SLAB`] where ending one costs something.
    #[inline]
    fn slab(&self, _: &Self::Output) -> usize {
        SLAB
    }

    /// The record of the program that is blamed for what taking this one raises, and how often it came.
    fn blamed<'a>(&self, _: &Heap<'a>, record: Value<'a>) -> (Value<'a>, u64) {
        (record, 1)
    }

    /// Bytes that the output of a task takes, about.
    fn size(_: &Self::Output) -> usize {
        0
    }

    /// Makes less of the outputs of some tasks, one behind the other, where that can be.
    ///
    /// # Errors
    /// What its functions raise.
    fn merge(&self, outputs: Vec<Self::Output>, _: &Origin, _: &Context) -> Outcome<Vec<Self::Output>> {
        Ok(outputs)
    }

    /// The functions it calls.
    fn functions(&self) -> Vec<&Arc<Compiled>> {
        Vec::new()
    }
}

/// A stage.
pub(super) struct Stage<S> {
    chain: Chain,
    sink: S,
    /// The operator of the sink.
    origin: Origin,
    /// Whether a task has to see a partition from its first to its last record.
    by_partition: bool,
    /// Whether values may be dropped between records.
    has_slabs: bool,
    /// Whether its records are results of tasks, which stand for many of the program's.
    is_of_results: bool,
}

impl<S: Sink> Stage<S> {
    /// A stage whose sink belongs to the operator `origin`.
    pub(super) fn new(chain: Chain, sink: S, origin: Origin) -> Self {
        let functions = chain.functions().chain(sink.functions());
        let is_stateful =
            functions.map(|function| function.image()).any(|image| stateful::is_stateful(image));
        let chained = chain.is_by_partition();
        Stage {
            by_partition: S::BY_PARTITION || chained || is_stateful,
            has_slabs: !chained && !is_stateful,
            is_of_results: false,
            chain,
            sink,
            origin,
        }
    }

    /// Makes less of the outputs of some tasks, one behind the other, where that can be.
    ///
    /// # Errors
    /// What the sink's functions raise.
    pub(super) fn merge(&self, outputs: Vec<S::Output>, context: &Context) -> Outcome<Vec<S::Output>> {
        self.sink.merge(outputs, &self.origin, context)
    }

    /// Whether a task has to see a partition from its first to its last record.
    pub(super) fn is_by_partition(&self) -> bool {
        self.by_partition
    }

    /// The same with tasks of whole partitions.
    pub(super) fn by_partition(self) -> Self {
        Stage { by_partition: true, ..self }
    }

    /// The same for results of tasks: with a single slab a task, and without any of them being skipped.
    pub(super) fn of_results(self) -> Self {
        Stage { has_slabs: false, is_of_results: true, ..self }
    }

    /// What the tasks read: the same for any number of workers, as results may show where it was cut.
    pub(super) fn units(&self, dataset: &Dataset) -> Vec<Unit> {
        let mut units = Vec::new();
        for (partition, records) in dataset.partitions.iter().enumerate() {
            let mut unit = Unit { partition, pieces: Vec::new(), ..Unit::default() };
            let mut size = 0;
            for piece in &records.pieces {
                let len = bytes(piece).len();
                if !self.by_partition && size > 0 && size + len > TASK {
                    let next = Unit { partition, ..Unit::default() };
                    units.push(std::mem::replace(&mut unit, next));
                    size = 0;
                }
                size += len;
                unit.pieces.push(piece.clone());
            }
            units.push(unit);
        }
        units
    }

    /// Runs it on a unit.
    ///
    /// # Errors
    /// The first exception that is not skipped.
    pub(super) fn run(&self, unit: &Unit, context: &Context) -> Result<S::Output, Failure> {
        self.run_first(unit, context, usize::MAX)
    }

    /// Runs it until so many records have come to the sink.
    ///
    /// # Errors
    /// The first exception until then that is not skipped.
    pub(super) fn run_first(
        &self,
        unit: &Unit,
        context: &Context,
        most: usize,
    ) -> Result<S::Output, Failure> {
        let mut missing = most;
        let mut output = self.sink.start(unit);
        let mut arena = SPARE.take().unwrap_or_default();
        let mut place = Some(Place::default());
        while let Some(from) = place {
            let heap = Heap::new(&arena, &context.task);
            place =
                context.run(&heap, |trace| self.slab(&heap, unit, from, trace, &mut output, &mut missing))?;
            if arena.allocated() > KEPT {
                arena = Arena::default();
            } else {
                arena.reset();
            }
        }
        SPARE.set(Some(arena));
        Ok(output)
    }

    /// Runs it on the records behind a place, until there are enough values or no more records; where to go on.
    fn slab<'a>(
        &'a self,
        heap: &Heap<'a>,
        unit: &'a Unit,
        from: Place,
        trace: &'a Trace<'a>,
        output: &mut S::Output,
        missing: &mut usize,
    ) -> Result<Option<Place>, Raised> {
        let reader = heap.bump().alloc(Reader::new(&unit.pieces, from));
        let pipe = self.chain.start(heap, reader, unit.partition, trace)?;
        let mut held = self.sink.open(heap)?;
        let mut next = None;
        while *missing > 0
            && let Some(record) = pipe.next(heap)?
        {
            *missing -= 1;
            if let Err(raised) = self.sink.take(heap, &mut held, record, output) {
                let (record, times) = self.sink.blamed(heap, record);
                let raised = trace.blame(heap, raised, &self.origin, Some(record));
                if self.is_of_results {
                    return Err(raised);
                }
                trace.skip(heap, raised, times)?;
            }
            if self.has_slabs && heap.used() > self.sink.slab(output) && pipe.is_idle() {
                next = Some(reader.place());
                break;
            }
        }
        self.sink
            .close(heap, held, output)
            .map_err(|raised| trace.blame(heap, raised, &self.origin, None))?;
        Ok(next)
    }
}
