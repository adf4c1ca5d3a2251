//! Batch clocks: when batches end.

use std::time::{Duration, Instant, SystemTime};

use crate::batch::{Interval, Time};

/// Batches that should have ended longer ago are not made up for. A machine that slept makes up for
/// the intervals it slept through, as Spark does; one whose clock jumped from 1970 does not.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// A clock that is set back by less only makes one batch longer.
const TOLERANCE: Duration = Duration::from_secs(1);

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

    /// Follows the wall clock where it was set: when the end of the batch has moved further away
    /// than an interval, or lies so far back that it is the clock that was wrong, the batch ends at
    /// the next multiple from now. Whether that was so.
    pub(super) fn follow(&mut self) -> bool {
        let set = match since(self.tick) {
            Ok(late) => late > FORGOTTEN,
            Err(left) => left > self.interval.duration() + TOLERANCE,
        };
        if set {
            self.tick = now().next_tick(self.interval);
        }
        set
    }

    /// The next batch begins.
    pub(super) fn advance(&mut self) {
        self.tick = self.tick.after(self.interval, 1);
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
