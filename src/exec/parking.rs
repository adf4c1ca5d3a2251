//! Sleeping without missing a wake-up: an event count.
//!
//! Who is about to sleep takes a ticket, looks once more for something to do, and parks with the
//! ticket. A wake-up between the ticket and the parking makes the ticket stale, and parking returns
//! at once. `tests/loom.rs` checks this file under every interleaving, with loom's twins of the
//! `sync` types.

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Where threads wait for the next event.
#[derive(Debug, Default)]
pub struct Parking {
    events: Mutex<u64>,
    wake: Condvar,
}

/// How many events there had been when it was taken.
#[derive(Clone, Copy, Debug)]
pub struct Ticket(u64);

impl Parking {
    /// To be taken before the last look for something to do.
    pub fn ticket(&self) -> Ticket {
        Ticket(*self.lock())
    }

    /// Sleeps until there is an event that the ticket has not seen.
    pub fn park(&self, ticket: Ticket) {
        let mut events = self.lock();
        while *events == ticket.0 {
            events = self.wake.wait(events).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An event that one sleeper can deal with. Make what it announces visible first.
    pub fn unpark_one(&self) {
        *self.lock() += 1;
        self.wake.notify_one();
    }

    /// An event that every sleeper must see.
    pub fn unpark_all(&self) {
        *self.lock() += 1;
        self.wake.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
