//! Batch clocks: when batches end.

use std::time::{Duration, Instant, SystemTime};

use crate::batch::{Interval, Time};

/// Cuts time at multiples of the interval since the epoch.
pub(super) struct BatchClock {
    interval: Interval,
    tick: Time,
}

impl BatchClock {
    /// A clock whose first batch ends at the next multiple of the interval.
    pub(super) fn start(interval: Interval) -> Self {
        BatchClock { interval, tick: now().next_tick(interval) }
    }

    /// When the present batch ends; that is its time.
    pub(super) fn tick(&self) -> Time {
        self.tick
    }

    /// How long after its end it is by now; nothing while the batch goes on.
    pub(super) fn late(&self) -> Option<Duration> {
        since(self.tick).ok()
    }

    /// When the present batch ends, as something to wait for. Never more than a minute from now,
    /// since the wall clock may be set while we wait.
    pub(super) fn until(&self) -> Instant {
        let left = since(self.tick).err().unwrap_or_default();
        Instant::now() + left.min(Duration::from_secs(60))
    }

    /// The next batch begins.
    pub(super) fn advance(&mut self) {
        self.tick = self.tick.after(self.interval, 1);
    }
}

/// Batches of a virtual clock: no time passes but by batches.
#[derive(Clone, Copy)]
pub(super) struct VirtualClock {
    pub(super) interval: Interval,
    pub(super) start: Time,
    pub(super) once: bool,
}

impl VirtualClock {
    /// The time of a batch; the first is 0.
    pub(super) fn tick(&self, batch: usize) -> Time {
        self.start.next_tick(self.interval).after(self.interval, batch as i64)
    }
}

/// The time on the wall.
pub(super) fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // A clock before 1970 counts as 1970.
    let millis = since_epoch.unwrap_or_default().as_millis();
    Time::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// How long ago a time was, or how far it is ahead.
fn since(time: Time) -> Result<Duration, Duration> {
    let instant = SystemTime::UNIX_EPOCH + Duration::from_millis(time.as_millis().max(0) as u64);
    SystemTime::now().duration_since(instant).map_err(|ahead| ahead.duration())
}
