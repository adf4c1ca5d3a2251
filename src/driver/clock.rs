//! Batch clocks: when batches end.

use std::time::{Duration, Instant, SystemTime};

use super::ClockChoice;
use crate::batch::{Interval, Time};
use crate::error::Error;
use crate::source::{SourceKind, SourceSpec};

/// Batches that should have ended longer ago are not made up for. A machine that slept makes up for
/// the intervals it slept through, as Spark does; one whose clock jumped from 1970 does not.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// A clock that is set back by less only makes one batch longer.
const TOLERANCE: Duration = Duration::from_secs(1);

/// What cuts the input into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Time itself, at multiples of the interval since the epoch.
    Real,
    /// Nothing: the whole input is one batch. Its time is what [`Clock::Real`] would give it.
    Once,
    /// The elements of queues; files and stdin belong to the first batch.
    Virtual {
        /// When the first batch begins.
        start: Time,
        /// Whether all elements make one batch.
        once: bool,
    },
}

/// Where the virtual clock starts if nothing else is said: Spark's manual clock does too.
const EPOCH: Time = Time::from_millis(0);

impl ClockChoice {
    /// The clock of a run with these sources; `queues` says whether a program deals out batches by itself.
    ///
    /// # Errors
    /// When sources and clock do not go together.
    pub(super) fn resolve(self, sources: &[SourceSpec], queues: bool) -> Result<Clock, Error> {
        let ClockChoice { is_virtual, start, once } = self;
        let queued = sources.iter().any(|source| matches!(source.kind, SourceKind::Queue(_)));
        let queues_alone = queues && sources.is_empty();
        if queues && once {
            return Err(Error::Usage("queueStream deals out its own batches: leave --once out".into()));
        }
        match is_virtual {
            Some(false) if queued => {
                Err(Error::Usage("queue: sources run on a virtual clock: leave --clock real out".into()))
            }
            None | Some(true) if queued || queues_alone || is_virtual.is_some() => {
                match sources.iter().find(|source| !source.kind.ends()) {
                    Some(endless) => Err(Error::Usage(format!(
                        "{endless} goes on for ever, which a virtual clock cannot wait for: use the real clock"
                    ))),
                    None => Ok(Clock::Virtual { start: start.unwrap_or(EPOCH), once }),
                }
            }
            _ if start.is_some() => {
                Err(Error::Usage("--start-time is for the virtual clock: add --clock virtual".into()))
            }
            _ if once => Ok(Clock::Once),
            _ => Ok(Clock::Real),
        }
    }
}

/// Cuts time at multiples of the interval since the epoch.
pub(super) struct BatchClock {
    interval: Interval,
    tick: Time,
    /// The earliest time that a batch may have.
    first: Time,
    /// Whether batches are made up for, however long ago they should have ended.
    catches_up: bool,
}

impl BatchClock {
    /// A clock whose first batch ends at the next multiple of the interval, but behind the `last` batch of an earlier
    /// process.
    pub(super) fn start(interval: Interval, last: Option<Time>) -> Self {
        let next = now().next_tick(interval);
        BatchClock::from(interval, last.map_or(next, |last| next.max(last.after(interval, 1))))
    }

    /// A clock whose first batch ends then. If that is past, batches are made up for until the clock has caught up.
    pub(super) fn from(interval: Interval, first: Time) -> Self {
        BatchClock { interval, tick: first, first, catches_up: since(first).is_ok() }
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
            Ok(late) => late > FORGOTTEN && !self.catches_up,
            // What was drained early has the time of a batch that is over only now.
            Err(left) if self.tick == self.first => left > self.interval.duration() * 2 + TOLERANCE,
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
        self.catches_up &= since(self.tick).is_ok();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_behind_on_purpose_is_not_set() {
        let hour = Interval::from_millis(3_600_000).expect("an hour is longer than nothing");
        let mut clock = BatchClock::from(hour, now().next_tick(hour).after(hour, -48));
        assert!(clock.late() > Some(FORGOTTEN) && !clock.follow());
        for _ in 0..48 {
            clock.advance();
        }
        assert!(clock.late().is_none() && !clock.catches_up);
        // From here on, what is as late as that was the clock's fault.
        clock.tick = clock.tick.after(hour, -48);
        assert!(clock.follow() && clock.late().is_none());
    }
}
