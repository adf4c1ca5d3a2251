//! Plan to results: the work-stealing executor, and the operators that run on it.

mod bad;
pub mod eval;
mod executor;
mod flow;
mod function;
mod job;
mod leaders;
mod parking;
mod rdd;
mod spelling;
mod stage;
mod window;

pub use flow::kept::show_row as show_row_of_streams;
pub use flow::{Delivery, Flow};
pub use job::Job;
pub use job::kept::show_row as show_row_of_job;
pub use rdd::{Settings, Skipped, Workers, count};

/// What the keys beyond the hot tables of all workers may take before equal ones are summed up.
/// Ten million different words of sixteen bytes stay below it.
const SPILL_BUDGET: usize = 192 << 20;

/// Bytes that the values of one record, or the keys of one task, may take.
pub const MEMORY_LIMIT: usize = 1 << 30;

/// Address space of the stack of a worker that runs functions: they may call each other a thousand deep.
const STACK: usize = 256 << 20;

/// The synchronisation types of [`parking`], by a name that the model checker can stand in for.
mod sync {
    pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
}
