//! Counting by key: `map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b)`, and every spelling that means
//! the same. Keys that are text are counted in the tables of the word count, and words of lines without
//! any of them being made a value.

use std::str;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Workers;
use super::chain::Chain;
use super::read::Unit;
use super::stage::{Sink, Stage};
use super::tasks::Tasks;
use super::write::Writer;
use crate::batch::value::exceptions::EXCEPTION;
use crate::batch::value::{Arena, Heap, Raised, Task, Value};
use crate::batch::{Chunk, Counts, Dataset, Piece};
use crate::exec::SPILL_BUDGET;
use crate::kernel::{CountTable, Delimiters, Merge, PaddedBuf, Rank, Scratch, Seed, Tokenizer, Top};
use crate::plan::{Origin, Outcome, WordsBy, words};

/// Pairs that are encoded before their values are dropped.
const SLAB: usize = 4096;

/// Tables to count in, used again by every computation.
#[derive(Debug)]
pub(super) struct Counter {
    seed: Seed,
    /// Of each table, beyond its hot keys.
    budget: usize,
    /// Empty ones.
    spare: Mutex<Vec<CountTable>>,
    /// Those of the present computation that no task has.
    begun: Mutex<Vec<CountTable>>,
}

impl Counter {
    pub(super) fn new(workers: usize) -> Self {
        Counter {
            seed: Seed::random(),
            budget: SPILL_BUDGET / workers.max(1),
            spare: Mutex::default(),
            begun: Mutex::default(),
        }
    }

    /// A table for a task to go on with.
    fn table(&self) -> Lent<'_> {
        let table = pop(&self.begun).or_else(|| pop(&self.spare));
        Lent { table: table.unwrap_or_else(|| CountTable::new(&self.seed, self.budget)), home: &self.begun }
    }

    /// What the tasks have counted.
    fn take(&self) -> Vec<CountTable> {
        std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what was counted.
    fn clear(&self) {
        self.put_back(self.take());
    }

    /// Takes tables back.
    fn put_back(&self, tables: Vec<CountTable>) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        for mut table in tables {
            table.clear();
            spare.push(table);
        }
    }
}

fn pop(tables: &Mutex<Vec<CountTable>>) -> Option<CountTable> {
    tables.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// A table that goes back also when its task fails.
pub(super) struct Lent<'c> {
    table: CountTable,
    home: &'c Mutex<Vec<CountTable>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // Without a key it allocates nothing but the seed's clone.
        let empty = CountTable::new(&Seed::fixed(0), 0);
        let table = std::mem::replace(&mut self.table, empty);
        self.home.lock().unwrap_or_else(PoisonError::into_inner).push(table);
    }
}

/// Counts records that are text. Any other one ends the computation.
pub(super) struct Counted {
    counter: Arc<Counter>,
    /// Whether there was another one.
    met_other: Arc<AtomicBool>,
}

impl Sink for Counted {
    type Held<'a> = Lent<'a>;
    type Output = ();

    fn start(&self, _: &Unit) {}

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<Lent<'a>, Raised> {
        Ok(self.counter.table())
    }

    #[inline]
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: &mut Lent<'a>,
        record: Value<'a>,
        (): &mut (),
    ) -> Result<(), Raised> {
        let Value::Str(text) = record else {
            self.met_other.store(true, Ordering::Relaxed);
            return Err(heap.raise(&EXCEPTION, "a key that is not text"));
        };
        held.table.add(text.as_bytes(), 1);
        Ok(())
    }

    fn close<'a>(&'a self, _: &Heap<'a>, _: Lent<'a>, (): &mut ()) -> Result<(), Raised> {
        Ok(())
    }
}

/// How the chain before the ones cuts lines into words, if that is all it does and a kernel can do it.
fn delimiters_of(chain: &Chain, base: &Dataset) -> Option<Delimiters> {
    let [link] = &chain.links[..] else { return None };
    if !base.pieces().all(|piece| matches!(piece, Piece::Lines(_))) {
        return None;
    }
    words(link.step()?).as_ref().and_then(delimiters)
}

/// How the kernel is told to cut words.
pub(in crate::exec) fn delimiters(by: &WordsBy) -> Option<Delimiters> {
    match by {
        WordsBy::Whitespace => Some(Delimiters::Whitespace),
        WordsBy::Space => Some(Delimiters::Space),
        WordsBy::Regex(_) => None,
    }
}

impl Tasks {
    /// Counts what comes through a chain. `None` if not every record is text: then nothing has happened.
    ///
    /// # Errors
    /// The exception of the first record that raises.
    pub(super) fn count(&mut self, chain: Chain, base: &Dataset, origin: &Origin) -> Outcome<Option<Counts>> {
        let met_other = Arc::new(AtomicBool::new(false));
        let before = (std::mem::take(&mut self.effects), std::mem::take(&mut self.skipped));
        let counted = match delimiters_of(&chain, base) {
            Some(delimiters) => self.count_words(delimiters, base),
            None => {
                let sink = Counted { counter: Arc::clone(&self.counter), met_other: Arc::clone(&met_other) };
                let stage = Stage::new(chain, sink, origin.clone());
                let units = stage.units(base);
                self.run(units.len(), move |index, context| stage.run(&units[index], context)).map(drop)
            }
        };
        let (effects, skipped) = (std::mem::take(&mut self.effects), std::mem::take(&mut self.skipped));
        (self.effects, self.skipped) = before;
        let counter = Arc::clone(&self.counter);
        if met_other.load(Ordering::Relaxed) {
            counter.clear();
            return Ok(None);
        }
        self.absorb(effects);
        self.skipped.absorb(skipped);
        match counted {
            Ok(()) => self.sum_up(&counter, 0).map(Some),
            Err(failure) => {
                counter.clear();
                Err(failure)
            }
        }
    }

    fn count_words(&mut self, delimiters: Delimiters, base: &Dataset) -> Outcome<()> {
        let pieces: Vec<Piece> = base.pieces().cloned().collect();
        let (counter, next) = (Arc::clone(&self.counter), AtomicUsize::new(0));
        self.run(self.workers().min(pieces.len()), move |_, _| {
            let (mut lent, mut tokenizer, mut text) =
                (counter.table(), Tokenizer::new(delimiters), PaddedBuf::default());
            while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                text.fill(|text| text.extend_from_slice(piece.bytes()));
                tokenizer.count(text.text(), &mut lent.table);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Sums up tables of a counter, by key: the first keys in their order, or, for a `limit` of 0, all of them.
    pub(super) fn sum_up(&mut self, counter: &Counter, limit: usize) -> Outcome<Counts> {
        let tables = counter.take();
        let merge = Arc::new(Merge::new(tables));
        let parts = if merge.is_small() { 1 } else { self.workers() };
        let (shared, next) = (Arc::clone(&merge), AtomicUsize::new(0));
        let summed = self.run(parts, move |_, _| {
            let (mut top, mut scratch) = (Top::new(Rank::Key, limit), Scratch::default());
            loop {
                let partition = next.fetch_add(1, Ordering::Relaxed);
                if partition >= shared.partitions() {
                    return Ok(top);
                }
                shared.partition(partition, &mut scratch, |key, count| top.push(key, count as i64));
            }
        })?;
        if let Some(merge) = Arc::into_inner(merge) {
            counter.put_back(merge.into_tables());
        }
        let mut tops = summed.into_iter();
        let mut all = tops.next().unwrap_or_else(|| Top::new(Rank::Key, limit));
        tops.for_each(|top| all.absorb(&top));
        Ok(all.finish().0)
    }
}

/// Keys, in order, with their counts as pairs, cut into partitions of nearly equal size.
pub(super) fn pairs(counts: &Counts, partitions: usize) -> Dataset {
    let task = Task::default();
    let cut = |index: usize| counts.len() * index / partitions;
    let run = |index: usize| {
        let mut writer = Writer::default();
        let mut arena = Arena::default();
        for slab in (cut(index)..cut(index + 1)).collect::<Vec<_>>().chunks(SLAB) {
            let heap = Heap::new(&arena, &task);
            for at in slab {
                let key = str::from_utf8(counts.key(*at)).expect("the tables hold text");
                let pair = heap.pair(heap.text(key), Value::Int(counts.count(*at)));
                writer.push(&heap, pair).expect("text and numbers can be encoded");
            }
            arena.reset();
        }
        writer.into_partition()
    };
    Dataset { partitions: (0..partitions).map(run).collect() }
}

/// Words of one batch that are counted while they come in.
#[derive(Debug)]
pub struct Tally {
    counter: Arc<Counter>,
    delimiters: Delimiters,
}

impl Workers {
    /// Something to count words in.
    pub fn tally(&self, delimiters: Delimiters) -> Tally {
        Tally { counter: Arc::new(Counter::new(self.tasks.workers())), delimiters }
    }

    /// Has the words of a chunk counted; the chunk goes back to its pool then.
    pub fn count_words(&self, tally: &Tally, chunk: Chunk) {
        let (counter, delimiters) = (Arc::clone(&tally.counter), tally.delimiters);
        self.tasks.submit(move || {
            Tokenizer::new(delimiters).count(chunk.text(), &mut counter.table().table);
        });
    }

    /// The keys counted since the last call, as pairs of key and count: the first `limit` in the order of keys
    /// (for 0 all of them), in so many partitions.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn sum_up(&mut self, tally: &Tally, partitions: usize, limit: usize) -> Outcome<Dataset> {
        self.tasks.finish()?;
        let counts = self.tasks.sum_up(&tally.counter, limit)?;
        Ok(pairs(&counts, partitions))
    }

    /// Has this thread work too, while there is more to do than the other workers can begin soon.
    pub fn keep_up(&self) {
        self.tasks.keep_up();
    }

    /// Works until `ready` says so, or there is nothing left to do.
    pub fn work_until(&self, ready: impl Fn() -> bool) {
        self.tasks.work_until(ready);
    }
}
