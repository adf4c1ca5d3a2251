//! Who stops a run by a signal is told when it takes long, and does not wait for ever: functions of the
//! program may never come to an end.
//!
//! The batch that is at work may take as long as Spark gives it (`spark.streaming.gracefulStopTimeout`: ten
//! intervals), but ten seconds at least. Then evaluation is ended, which fails the batch with a
//! `KeyboardInterrupt`. What does not end by that either, as nothing in it looks, ends with the process.

use std::io::Read as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::signals::Signals;
use crate::batch::Interval;
use crate::error::{Error, Result};
use crate::monitor::Messages;

/// How long a run may take to end before anybody is told.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// How long the batch that is at work may take at least.
const LEAST: Duration = Duration::from_secs(10);

/// How many intervals it may take.
const INTERVALS: u32 = 10;

/// How long the end may take after that.
const GRACE: Duration = Duration::from_secs(2);

/// A thread that sleeps until a signal comes.
pub(super) struct Patience {
    wake: UnixStream,
}

impl Patience {
    /// Waits for the signal that ends a run with batches of that length. `at_once` is what ends evaluation.
    pub(super) fn start(
        signals: &Signals,
        messages: Messages,
        interval: Interval,
        at_once: Arc<AtomicBool>,
    ) -> Result<Self> {
        let wake = signals.watch()?;
        let cannot = |fault: std::io::Error| Error::io("cannot handle signals", &fault);
        let mut watched = wake.try_clone().map_err(cannot)?;
        let (stop, exit_code) = (signals.stop_flag(), signals.exit_code());
        let limit = interval.duration().saturating_mul(INTERVALS).max(LEAST);
        let watch = move || {
            let mut signal = [0];
            while let Ok(1) = watched.read(&mut signal) {
                if !stop() {
                    continue;
                }
                if ends_within(&mut watched, TOLD_AFTER) {
                    return;
                }
                let seconds = limit.as_secs();
                messages.notice(format_args!(
                    "the batch is still at work, and is finished first if that takes no more than {seconds} s; \
                     one more signal ends it at once"
                ));
                if ends_within(&mut watched, limit.saturating_sub(TOLD_AFTER)) {
                    return;
                }
                at_once.store(true, Ordering::Relaxed);
                if !ends_within(&mut watched, GRACE) {
                    messages.error("the batch does not come to an end: it is given up");
                    std::process::exit(exit_code());
                }
                return;
            }
        };
        thread::Builder::new().name("patience".into()).spawn(watch).map_err(cannot)?;
        Ok(Patience { wake })
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.wake.shutdown(Shutdown::Both);
    }
}

/// Whether the run ends in that time; other signals may come meanwhile.
fn ends_within(watched: &mut UnixStream, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        // Who cannot wait is as one for whom it has ended: a second signal is left to the user.
        if watched.set_read_timeout(Some(left)).is_err() || matches!(watched.read(&mut [0]), Ok(0)) {
            return true;
        }
    }
}
