//! A run in real time: reads what is ready, and closes batches as the clock ticks.

use std::time::Instant;

use super::clock::{self, BatchClock};
use super::conductor::Conductor;
use super::signals::Signals;
use super::{Ended, Settings};
use crate::batch::{Interval, Pool};
use crate::error::{Error, Result};
use crate::source::{self, EventLoop, Turn};

/// Runs until the input ends, a limit is reached or a signal comes. Without `ticks` all of the
/// input is one batch.
pub(super) fn run(
    settings: &Settings,
    signals: &Signals,
    conductor: &mut Conductor,
    options: source::Options,
    pool: Pool,
    interval: Interval,
    ticks: bool,
) -> Result<Ended> {
    let mut sources = EventLoop::new(&settings.sources, options, pool)?;
    sources.wake_on(signals.wake()?)?;
    conductor.relay(sources.notices());
    let mut clock = BatchClock::start(interval);
    let deadline = settings.duration.map(|duration| Instant::now() + duration.duration());
    while !signals.stop() && !conductor.enough() && deadline.is_none_or(|deadline| Instant::now() < deadline)
    {
        let until = ticks.then(|| clock.until()).into_iter().chain(deadline).min();
        match sources.turn(until, &mut |chunk| conductor.accept(chunk))? {
            Turn::Full => conductor.relieve(),
            Turn::Woken => {
                // So that a status line tells of everything that was read.
                sources.seal(&mut |chunk| conductor.accept(chunk));
                conductor.obey(signals, || sources.stats())?;
            }
            Turn::OutputClosed => return Err(Error::OutputClosed),
            Turn::Read | Turn::Idle => {}
        }
        conductor.keep_up(|| sources.stats())?;
        conductor.relay(sources.notices());
        if sources.ended() {
            break;
        }
        if ticks && clock.late().is_some() {
            sources.seal(&mut |chunk| conductor.accept(chunk));
            conductor.close(clock.tick(), false)?;
            conductor.count(sources.stats());
            conductor.note_delay(clock.late().unwrap_or_default(), interval);
            clock.advance();
        }
    }
    sources.seal(&mut |chunk| conductor.accept(chunk));
    conductor.relay(sources.notices());
    // The batch that was cut short counts if anything is in it; an input that was empty from its
    // start to its end is a batch too.
    if conductor.unshown() || (sources.ended() && conductor.batches() == 0) {
        let time = if ticks { clock.tick() } else { clock::now().next_tick(interval) };
        conductor.close(time, true)?;
    }
    conductor.count(sources.stats());
    conductor.count_incomplete(sources.incomplete());
    Ok(if signals.interrupted() { Ended::Interrupted } else { Ended::Drained })
}
