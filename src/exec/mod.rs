//! Plan to results.

mod executor;
mod parking;

pub use executor::Executor;

/// The synchronisation types of [`parking`], by a name that the model checker can stand in for.
mod sync {
    pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
}
