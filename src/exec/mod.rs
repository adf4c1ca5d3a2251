//! Plan to results: the work-stealing executor, and the operators that run on it.

mod bad;
pub mod eval;
mod executor;
mod flow;
mod job;
mod leaders;
mod parking;
mod rdd;
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

/// The synchronisation types of [`parking`], by a name that the model checker can stand in for.
mod sync {
    pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
}
