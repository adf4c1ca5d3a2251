//! RDDs to datasets: stages of fused operators, run by tasks on all workers, and shuffles between them.
//!
//! Results are the same for any number of workers: what tasks read is cut by size alone, and what they
//! give is put together in the order of the input.

mod chain;
mod compute;
mod context;
mod counted;
mod deal;
mod keyed;
mod layout;
mod merge_sort;
mod numbers;
mod pipe;
mod project;
mod read;
mod sample;
mod shuffle;
mod sink;
mod sort;
mod stage;
mod started;
mod stateful;
mod tasks;
mod tracked;
mod union;
mod write;
mod zip;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use context::Skipped;
pub use counted::Tally;
pub(super) use counted::delimiters;
pub use started::{Part, Started};

use self::compute::Computation;
use self::context::Rules;
use self::tasks::Tasks;
use crate::batch::value::Effects;
use crate::batch::{Dataset, Partition};
use crate::error::Result;
use crate::exec::STACK;
use crate::exec::executor::Executor;
use crate::plan::{Outcome, Rdd};

/// What an engine's tasks run under.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many workers there are, the driver's thread among them. It needs a large stack, too.
    pub workers: usize,
    /// Once set, every evaluation ends soon, with a `KeyboardInterrupt`.
    pub stop: Arc<AtomicBool>,
    /// Bytes that the values of a record, or the keys of a task, may take; 0 for no bound.
    pub memory_limit: usize,
    /// Whether a record that raises in `map`, `filter`, `flatMap`, `mapValues` or `flatMapValues` is dropped and
    /// counted, instead of failing its batch.
    pub skip_bad: bool,
}

/// Computes RDDs on all cores.
pub struct Workers {
    tasks: Tasks,
}

impl Workers {
    /// Starts the workers.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn new(settings: Settings) -> Result<Self> {
        let Settings { workers, stop, memory_limit, skip_bad } = settings;
        let executor = Executor::new(workers, Some(STACK))?;
        Ok(Workers { tasks: Tasks::new(executor, Rules { stop, memory_limit, skip: skip_bad }) })
    }

    /// Computes all partitions: [`Engine::compute`](crate::plan::Engine::compute).
    ///
    /// # Errors
    /// The exception of the first record (in the order of the input) that raises.
    pub fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        Computation::new(&mut self.tasks, rdd)?.dataset(rdd)
    }

    /// Computes partitions until they hold `records` records, and no record behind them but where a stream has handed
    /// the RDD out: [`Engine::compute_first`](crate::plan::Engine::compute_first). There may be more than that where
    /// they were there anyway.
    ///
    /// # Errors
    /// As [`Workers::compute`].
    pub fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        Computation::new(&mut self.tasks, rdd)?.first(rdd, records)
    }

    /// How many partitions an RDD has: [`Engine::partitions`](crate::plan::Engine::partitions).
    ///
    /// # Errors
    /// As [`Workers::compute`], where that has to be computed.
    pub fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        Computation::new(&mut self.tasks, rdd)?.partitions(rdd)
    }

    /// What tasks have printed since the last call: to `sys.stdout`, and to `sys.stderr`. Failed ones, too.
    pub fn take_printed(&mut self) -> (Vec<u8>, Vec<u8>) {
        let Effects { stdout, stderr, .. } = &mut self.tasks.effects;
        (std::mem::take(stdout), std::mem::take(stderr))
    }

    /// What tasks have added to accumulators since the last call:
    /// [`Engine::take_accumulated`](crate::plan::Engine::take_accumulated).
    pub fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        std::mem::take(&mut self.tasks.effects.accumulated)
    }

    /// The records that were dropped since the last call because they raised.
    pub fn take_skipped(&mut self) -> Skipped {
        std::mem::take(&mut self.tasks.skipped)
    }
}

/// How many records a partition holds.
pub fn count(partition: &Partition) -> u64 {
    read::count_all(partition)
}
