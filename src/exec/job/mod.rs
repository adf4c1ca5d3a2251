//! A job: a plan at work. Chunks go in as they are read, results come out as batches are closed.

pub(super) mod kept;

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::kept::Kept;
use super::bad::{BadLines, Collector};
use super::executor::Executor;
use super::spelling::Spellings;
use super::stage::Stage;
use super::window::Shard;
use super::{SPILL_BUDGET, STACK};
use crate::batch::{BatchResult, Chunk, Pool, Records, SourceId, Time};
use crate::error::Result;
use crate::kernel::{CountTable, Merge, Rank, SHARDS, Scratch, Seed, Top};
use crate::plan::{Plan, Scope, Select, Sort};

/// A plan at work on an executor.
pub struct Job {
    executor: Executor,
    shared: Arc<Shared>,
    pool: Pool,
    seed: Seed,
    /// Of each worker's table.
    budget: usize,
    keyed: bool,
    scope: Scope,
    /// An empty selection of what is shown.
    top: Top,
    /// Tables of the last pane, to be cleared and used again.
    spent: Vec<CountTable>,
    /// Chunks accepted so far.
    chunks: Cell<u64>,
    /// Batches closed so far.
    batches: u64,
    /// Batches since the last pane was closed.
    open: u64,
    /// Records when the last result was shown.
    shown: u64,
    /// Records per pane, newest last, of a plan without keys.
    numbers: VecDeque<u64>,
    /// Whether the open pane has begun in the shards: part of it was given as a change.
    begun: bool,
    kept: Kept,
}

/// What tasks work on.
struct Shared {
    lanes: Vec<Mutex<Lane>>,
    /// The state of windows and totals, by hash.
    shards: Vec<Mutex<Shard>>,
    records: AtomicU64,
    bad: BadLines,
    spellings: Spellings,
    /// Panes closed so far.
    panes: AtomicU64,
}

/// What belongs to one worker.
struct Lane {
    stage: Stage,
    table: CountTable,
    /// Records that passed the filter since the last pane was closed.
    passed: u64,
    scratch: Scratch,
}

impl Job {
    /// A job with so many workers, the caller's thread among them. `keep_bad` keeps the lines of bad
    /// records for [`Job::take_bad_lines`]; `pool` is where the chunks come from.
    ///
    /// # Errors
    /// When a pattern is too large to compile, or the system gives no more threads.
    pub fn new(plan: &Plan, workers: usize, keep_bad: bool, pool: Pool) -> Result<Self> {
        let stage = Stage::new(plan)?;
        let seed = Seed::random();
        let budget = SPILL_BUDGET / workers.max(1);
        let lane = || Lane {
            stage: stage.clone(),
            table: CountTable::new(&seed, budget),
            passed: 0,
            scratch: Scratch::default(),
        };
        let panes = match plan.scope {
            Scope::Window(window) => Some(usize::try_from(window.panes()).unwrap_or(usize::MAX)),
            Scope::Batch | Scope::Total => None,
        };
        let rank = match plan.show.sort {
            Sort::Count => Rank::Count,
            Sort::Key => Rank::Key,
        };
        let keyed = plan.select != Select::Records;
        let shards = if keyed && plan.scope != Scope::Batch { SHARDS } else { 0 };
        let executor = Executor::new(workers, plan.calls_functions().then_some(STACK))?;
        let shared = Shared {
            lanes: (0..executor.workers()).map(|_| Mutex::new(lane())).collect(),
            shards: (0..shards)
                .map(|_| Mutex::new(Shard::new(panes, rank, plan.show.limit.map(NonZeroUsize::get))))
                .collect(),
            records: AtomicU64::new(0),
            bad: BadLines::new(keep_bad),
            spellings: Spellings::default(),
            panes: AtomicU64::new(0),
        };
        Ok(Job {
            executor,
            shared: Arc::new(shared),
            pool,
            seed,
            budget,
            keyed,
            scope: plan.scope,
            top: Top::new(rank, plan.show.limit.map_or(0, NonZeroUsize::get)),
            spent: Vec::new(),
            chunks: Cell::new(0),
            batches: 0,
            open: 0,
            shown: 0,
            numbers: VecDeque::new(),
            begun: false,
            kept: Kept::new(plan),
        })
    }

    /// Takes a chunk of whole lines into the present batch; a worker begins with it at once.
    pub fn accept(&self, chunk: Chunk) {
        let shared = Arc::clone(&self.shared);
        let number = self.chunks.get();
        self.chunks.set(number + 1);
        self.executor.submit(Box::new(move |worker| shared.scan(worker, number, chunk)));
    }

    /// Has this thread work too, while there is more to do than the other workers can begin soon.
    pub fn keep_up(&self) {
        self.executor.keep_up();
    }

    /// Works until a chunk has come back to the pool.
    pub fn wait_for_chunk(&self) {
        self.executor.run_until(|| self.pool.available());
    }

    /// Works until every chunk accepted so far is dealt with.
    ///
    /// # Errors
    /// When a task has panicked.
    pub fn finish(&self) -> Result<()> {
        self.executor.finish()
    }

    /// Records in the chunks dealt with so far.
    pub fn records(&self) -> u64 {
        self.shared.records.load(Ordering::Relaxed)
    }

    /// Bad records in the chunks dealt with so far.
    pub fn bad_count(&self) -> u64 {
        self.shared.bad.count()
    }

    /// Bytes of the lines kept for [`Job::take_bad_lines`].
    pub fn bad_bytes(&self) -> usize {
        self.shared.bad.bytes()
    }

    /// What is wrong with the first bad record, and its beginning; and the source it came from.
    pub fn first_bad(&self) -> Option<(SourceId, String)> {
        self.shared.bad.first()
    }

    /// The lines of bad records since the last call, each with its `\n`, in the order of the input
    /// if [`Job::finish`] was called before.
    pub fn take_bad_lines(&self) -> Vec<u8> {
        self.shared.bad.take()
    }

    /// Whether records have come in since the last result; works until every chunk is dealt with.
    ///
    /// # Errors
    /// When a task has panicked.
    pub fn has_unshown_records(&self) -> Result<bool> {
        self.finish()?;
        Ok(self.records() > self.shown)
    }

    /// Closes a batch: its result, or nothing where a window is not due. After the `last` batch the
    /// next window is shown at once, with the time at which it would have been due: it holds what it
    /// would have held then, had nothing more come.
    ///
    /// # Errors
    /// When a task has panicked.
    pub fn close(&mut self, time: Time, last: bool) -> Result<Option<BatchResult>> {
        self.finish()?;
        self.batches += 1;
        self.open += 1;
        let (pane, slide) = match self.scope {
            Scope::Window(window) => (window.pane(), window.slide()),
            Scope::Batch | Scope::Total => (1, 1),
        };
        let early = self.batches.next_multiple_of(slide) - self.batches;
        let due = last || early == 0;
        if self.open < pane && !due {
            return Ok(None);
        }
        if last && early > 0 {
            // What is shown early is not what a later process goes on with.
            self.park()?;
        }
        self.open = 0;
        // Whole panes that the window would still have had to wait for.
        let missing = if due { usize::try_from(early / pane).unwrap_or(usize::MAX) } else { 0 };
        let result = if self.keyed {
            self.close_keyed(due, missing)?
        } else {
            Some((self.close_numbers(missing), false))
        };
        if !due {
            return Ok(None);
        }
        self.shown = self.records();
        let time = match self.scope {
            Scope::Window(window) => time.after(window.interval(), i64::try_from(early).unwrap_or(i64::MAX)),
            Scope::Batch | Scope::Total => time,
        };
        Ok(result.map(|(records, more)| BatchResult { time, records, more }))
    }

    /// Makes ready for the next batch, once the last one is printed: tables are cleared, and panes
    /// that leave the window are taken from it.
    ///
    /// # Errors
    /// When a task has panicked.
    pub fn prepare(&mut self) -> Result<()> {
        for (index, mut table) in self.spent.drain(..).enumerate() {
            let shared = Arc::clone(&self.shared);
            self.executor.submit(Box::new(move |_| {
                table.clear();
                let mut lane = lock(&shared.lanes[index]);
                // Never at the price of what was counted meanwhile.
                if lane.table.is_empty() {
                    lane.table = table;
                }
            }));
        }
        if self.open == 0 {
            for index in 0..self.shared.shards.len() {
                let shared = Arc::clone(&self.shared);
                self.executor.submit(Box::new(move |_| lock(&shared.shards[index]).make_room(1)));
            }
        }
        self.finish()
    }

    /// Closes a pane of a plan without keys; `missing` empty ones follow it.
    fn close_numbers(&mut self, missing: usize) -> Records {
        self.kept.begun += 1;
        let mut number: u64 = self.shared.lanes.iter().map(|lane| mem::take(&mut lock(lane).passed)).sum();
        let kept = match self.scope {
            Scope::Batch => 1,
            Scope::Window(window) => window.panes().saturating_sub(missing as u64),
            Scope::Total => {
                number += self.numbers.pop_front().unwrap_or(0);
                1
            }
        };
        self.numbers.push_back(number);
        let gone = (self.numbers.len() as u64).saturating_sub(kept);
        self.numbers.drain(..gone as usize);
        Records::Count(self.numbers.iter().sum::<u64>() as i64)
    }

    /// Closes a pane of a plan with keys, which `missing` empty ones follow: merges what the workers
    /// have counted, and selects what is to be shown, if that is due.
    fn close_keyed(&mut self, due: bool, missing: usize) -> Result<Option<(Records, bool)>> {
        let begins = !mem::take(&mut self.begun);
        let tables = self.shared.lanes.iter().map(|lane| {
            // An empty table is small; the full one comes back with its memory below.
            mem::replace(&mut lock(lane).table, CountTable::new(&self.seed, self.budget))
        });
        let merge = Arc::new(Merge::new(tables.collect()));
        let selected = Arc::new(Mutex::new(self.top.clone()));
        // A shard's partitions are one part where there is state to update, each partition is one
        // where there is none. Workers take the next part until there is none left; where there is
        // little to do, one of them does it all.
        let parts = if self.shared.shards.is_empty() { merge.partitions() } else { SHARDS };
        let tasks = if merge.is_small() { 1 } else { parts };
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..tasks.min(self.executor.workers()) {
            let (shared, merge, mut top) = (Arc::clone(&self.shared), Arc::clone(&merge), self.top.clone());
            let (selected, next) = (Arc::clone(&selected), Arc::clone(&next));
            self.executor.submit(Box::new(move |worker| {
                let scratch = &mut lock(&shared.lanes[worker]).scratch;
                loop {
                    let part = next.fetch_add(1, Ordering::Relaxed);
                    if part >= parts {
                        break;
                    }
                    shared.merge(&merge, part, scratch, (begins, missing), due.then_some(&mut top));
                }
                lock(&selected).absorb(&top);
            }));
        }
        self.finish()?;
        self.spent = Arc::into_inner(merge).map(Merge::into_tables).unwrap_or_default();
        let result = due.then(|| {
            let (counts, more) = mem::replace(&mut *lock(&selected), self.top.clone()).finish();
            (Records::Keyed(self.shared.spellings.apply(counts)), more)
        });
        // A pane of which a part was given as a change is closed once more.
        let closed = u64::from(begins) + self.shared.panes.fetch_add(u64::from(begins), Ordering::Relaxed);
        let counted = match self.scope {
            Scope::Batch => 1,
            Scope::Window(window) => window.panes(),
            Scope::Total => u64::MAX,
        };
        self.shared.spellings.forget_before((closed + 1).saturating_sub(counted));
        Ok(result)
    }
}

impl Shared {
    /// What a worker does with a chunk.
    fn scan(&self, worker: usize, number: u64, chunk: Chunk) {
        let mut lane = lock(&self.lanes[worker]);
        let Lane { stage, table, passed, .. } = &mut *lane;
        let mut bad = Collector::new(&self.bad, number, chunk.source());
        let (all, kept) = stage.run(chunk.text(), table, &mut bad);
        self.spellings.learn(stage.spelled(), self.panes.load(Ordering::Relaxed));
        *passed += kept;
        self.records.fetch_add(all, Ordering::Relaxed);
        bad.deliver();
    }

    /// What a worker does with a partition, or with a shard's partitions, of a closed batch, which may begin
    /// a pane, and which `missing` empty panes follow.
    fn merge(
        &self,
        merge: &Merge,
        part: usize,
        scratch: &mut Scratch,
        (begins, missing): (bool, usize),
        top: Option<&mut Top>,
    ) {
        let Some(shard) = self.shards.get(part) else {
            if let Some(top) = top {
                merge.partition(part, scratch, |key, count| top.push(key, count as i64));
            }
            return;
        };
        let mut shard = lock(shard);
        if begins {
            shard.begin_pane();
        }
        let per_shard = merge.partitions() / SHARDS;
        for partition in part * per_shard..(part + 1) * per_shard {
            merge.partition(partition, scratch, |key, count| shard.add(key, count));
        }
        shard.make_room(missing);
        if let Some(top) = top {
            shard.show(top);
        }
    }
}

/// Locks what only one thread at a time uses anyway. A task that panicked ends the run, so what it
/// left behind is not looked at.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
