//! Counting by key: `map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b)`, and every spelling that means
//! the same. Keys that are text are counted in the tables of the word count, and words of lines without
//! any of them being made a value.

use std::str;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memchr2;

use super::Workers;
use super::chain::Chain;
use super::keyed::Together;
use super::pipe::times_of;
use super::read::Unit;
use super::stage::{SLAB, SLAB_OF_KEYS, Sink, Stage};
use super::tasks::Tasks;
use super::write::{ENCODED_AT_ONCE, Writer};
use crate::batch::value::{Arena, Dict, Heap, Raised, Task, Value};
use crate::batch::{Chunk, Counts, Dataset, Piece};
use crate::exec::SPILL_BUDGET;
use crate::kernel::{CountTable, Delimiters, Merge, PaddedBuf, Rank, Scratch, Seed, Tokenizer, Top};
use crate::plan::{Origin, Outcome, WordsBy, words};

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
    pub(super) fn clear(&self) {
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

/// Counts records: text in the tables of the word count, all others in a dict.
pub(super) struct Counted {
    pub(super) counter: Arc<Counter>,
    /// How text is cut into the words that are counted; without it, it counts as a whole.
    cut: Option<Delimiters>,
    /// Whether records are pairs of what is counted and how often it came.
    is_of_counts: bool,
}

/// What tasks have counted.
#[derive(Debug)]
pub(super) struct Counting {
    /// Where the text is, that of all tasks.
    pub(super) counter: Arc<Counter>,
    /// Other keys of this task, with their counts.
    pub(super) others: Together,
    /// Whether there were any so far.
    has_others: bool,
}

impl Counted {
    /// A stage that counts the keys that a chain gives, without words being made values that are cut out of texts.
    pub(super) fn stage(keys: Chain, counter: Arc<Counter>, origin: Origin) -> Stage<Counted> {
        let (keys, cut) = match keys.up_to_words() {
            Some((texts, by)) => (texts, delimiters(&by)),
            None => (keys, None),
        };
        Stage::new(keys, Counted { counter, cut, is_of_counts: false }, origin)
    }

    /// The same of pairs of a record and how often it came.
    pub(super) fn stage_of_counts(keys: Chain, counter: Arc<Counter>, origin: Origin) -> Stage<Counted> {
        Stage::new(keys, Counted { counter, cut: None, is_of_counts: true }, origin)
    }
}

impl Counted {
    /// What is counted, and how often it came.
    #[inline]
    fn key_of<'a>(&self, record: Value<'a>) -> (Value<'a>, u64) {
        match record {
            Value::Pair([key, times]) if self.is_of_counts => (*key, times_of(*times)),
            _ => (record, 1),
        }
    }
}

pub(super) struct CountingIn<'a> {
    text: Lent<'a>,
    others: Option<&'a Dict<'a>>,
    cut: Option<Cutting>,
}

/// Texts that are to be cut into words, as lines.
struct Cutting {
    tokenizer: Tokenizer,
    delimiters: Delimiters,
    lines: Vec<u8>,
    padded: PaddedBuf,
}

/// Bytes of texts that are cut at a time.
const CUT: usize = 64 << 10;

impl Cutting {
    fn new(delimiters: Delimiters) -> Self {
        let tokenizer = Tokenizer::new(delimiters);
        Cutting { tokenizer, delimiters, lines: Vec::new(), padded: PaddedBuf::default() }
    }

    #[inline]
    fn add(&mut self, text: &str, table: &mut CountTable) {
        if self.delimiters == Delimiters::Space && memchr2(b'\r', b'\n', text.as_bytes()).is_some() {
            // What ends lines belongs to words here.
            return text.split(' ').for_each(|word| table.add(word.as_bytes(), 1));
        }
        self.lines.extend_from_slice(text.as_bytes());
        self.lines.push(b'\n');
        if self.lines.len() >= CUT {
            self.count(table);
        }
    }

    /// Counts the words of all texts so far.
    fn count(&mut self, table: &mut CountTable) {
        self.padded.fill(|bytes| std::mem::swap(bytes, &mut self.lines));
        self.tokenizer.count(self.padded.text(), table);
        self.lines.clear();
    }
}

impl Sink for Counted {
    type Held<'a> = CountingIn<'a>;
    type Output = Counting;

    fn start(&self, _: &Unit) -> Counting {
        Counting { counter: Arc::clone(&self.counter), others: Together::default(), has_others: false }
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<CountingIn<'a>, Raised> {
        Ok(CountingIn { text: self.counter.table(), others: None, cut: self.cut.map(Cutting::new) })
    }

    #[inline]
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: &mut CountingIn<'a>,
        record: Value<'a>,
        output: &mut Counting,
    ) -> Result<(), Raised> {
        let (key, times) = self.key_of(record);
        if let Value::Str(text) = key {
            match &mut held.cut {
                Some(cut) => cut.add(text, &mut held.text.table),
                None => held.text.table.add(text.as_bytes(), times),
            }
            return Ok(());
        }
        output.has_others = true;
        let others = *held.others.get_or_insert_with(|| heap.dict());
        others.update(heap, key, |count| {
            let before = count.map_or(0, times_of);
            Ok(Value::Int(i64::try_from(before.saturating_add(times)).unwrap_or(i64::MAX)))
        })
    }

    fn close<'a>(
        &'a self,
        heap: &Heap<'a>,
        mut held: CountingIn<'a>,
        output: &mut Counting,
    ) -> Result<(), Raised> {
        if let Some(cut) = &mut held.cut {
            cut.count(&mut held.text.table);
        }
        let Some(others) = held.others else { return Ok(()) };
        output.others.tables += 1;
        for (key, count) in others.entries() {
            output.others.pairs.push(heap, heap.pair(key, count))?;
        }
        Ok(())
    }

    /// Other keys are values that a slab ends with, text is in the tables.
    fn slab(&self, output: &Counting) -> usize {
        if output.has_others { SLAB_OF_KEYS } else { SLAB }
    }

    /// The pair that the program has made of it.
    fn blamed<'a>(&self, heap: &Heap<'a>, record: Value<'a>) -> (Value<'a>, u64) {
        let (key, times) = self.key_of(record);
        (heap.pair(key, Value::Int(1)), times)
    }

    fn size(output: &Counting) -> usize {
        output.others.pairs.bytes()
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
    /// Counts words of lines, if that is all that a chain makes of them and a kernel can do it.
    ///
    /// # Errors
    /// When a worker has failed.
    pub(super) fn count_in_lines(&mut self, chain: &Chain, base: &Dataset) -> Outcome<Option<Counts>> {
        let Some(delimiters) = delimiters_of(chain, base) else { return Ok(None) };
        self.count_words(delimiters, base)?;
        let counter = Arc::clone(&self.counter);
        self.sum_up(&counter, 0).map(Some)
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
        for slab in (cut(index)..cut(index + 1)).collect::<Vec<_>>().chunks(ENCODED_AT_ONCE) {
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
    /// To be called when all chunks are counted.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn sum_up(&mut self, tally: &Tally, partitions: usize, limit: usize) -> Outcome<Dataset> {
        let counts = self.tasks.sum_up(&tally.counter, limit)?;
        Ok(pairs(&counts, partitions))
    }

    /// Works until every task has ended.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn finish(&self) -> Outcome<()> {
        self.tasks.finish()
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
