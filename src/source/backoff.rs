//! How long to wait before trying again: doubling with jitter, so that peers that fail together do
//! not come back together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait, and the least that the doubling starts from.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(10);

/// What has worked for this long counts as healthy: the next fault is a new one.
pub(super) const HEALTHY: Duration = Duration::from_secs(10);

/// The waits between attempts: 100 ms doubling up to 10 s, each shortened at random by up to a half.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { next: FIRST }
    }
}

impl Backoff {
    /// The wait before the next attempt; the one after it will be twice as long.
    pub(super) fn delay(&mut self) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(LONGEST);
        // The standard library's hash keys are random for each state: entropy without a dependency.
        let part = RandomState::new().hash_one(0) % 1024;
        full / 2 + full / 2 * part as u32 / 1024
    }

    /// Starts over: something worked.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

/// A wait as messages show it: `0.1s`, `7.3s`.
pub(super) fn seconds(wait: Duration) -> String {
    format!("{:.1}s", wait.as_secs_f64().max(0.1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::default();
        for full in [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map(Duration::from_millis) {
            let wait = backoff.delay();
            assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.delay() <= FIRST);
    }
}
