//! A run in real time: reads what is ready, and closes batches as the clock ticks.

use std::time::Instant;

use super::clock::{self, BatchClock};
use super::conductor::Conductor;
use super::signals::Signals;
use super::{Ended, Settings};
use crate::batch::Pool;
use crate::error::{Error, Result};
use crate::source::{EventLoop, Turn};

/// Runs until the input ends, a limit is reached or a signal comes. Without a clock all of the input
/// is one batch.
pub(super) fn run(
    settings: &Settings,
    signals: &Signals,
    pool: Pool,
    clock: Option<BatchClock>,
) -> Result<Ended> {
    let mut sources = EventLoop::new(&settings.sources, settings.source_options(), pool.clone())?;
    sources.wake_on(signals.wake()?)?;
    let mut conductor = Conductor::new(settings, pool)?;
    sources.watch_output(conductor.output_descriptor()?)?;
    let ended = conduct(settings, signals, &mut sources, &mut conductor, clock);
    conductor.end(ended, sources.stats(), sources.incomplete())
}

fn conduct(
    settings: &Settings,
    signals: &Signals,
    sources: &mut EventLoop,
    conductor: &mut Conductor,
    mut clock: Option<BatchClock>,
) -> Result<Ended> {
    let deadline = settings.duration.map(|duration| Instant::now() + duration.duration());
    let in_time = || deadline.is_none_or(|deadline| Instant::now() < deadline);
    let mut fault = None;
    conductor.relay(sources.notices());
    while !signals.stop() && !conductor.reached_max_batches() && in_time() && !sources.ended() {
        let until = clock.as_ref().map(BatchClock::until).into_iter().chain(deadline).min();
        match sources.turn(until, &mut |chunk| conductor.accept(chunk)) {
            Ok(Turn::Full) => conductor.wait_for_chunk(),
            Ok(Turn::Woken) => {
                // So that a status line tells of everything that was read.
                sources.seal(&mut |chunk| conductor.accept(chunk));
                conductor.handle_signals(signals, || sources.stats())?;
            }
            Ok(Turn::OutputClosed) => return Err(Error::OutputClosed),
            Ok(Turn::Read | Turn::Idle) => {}
            Err(broken) => {
                fault = Some(broken);
                break;
            }
        }
        conductor.keep_up(|| sources.stats())?;
        conductor.relay(sources.notices());
        let Some(clock) = &mut clock else { continue };
        if clock.follow() {
            conductor.say("the system's clock was set: batches follow it");
        }
        if !sources.ended() && clock.late().is_some() {
            sources.seal(&mut |chunk| conductor.accept(chunk));
            conductor.close(clock.tick(), false)?;
            conductor.note_delay(clock.late().unwrap_or_default(), settings.interval);
            conductor.update_stats(sources.stats());
            conductor.prepare()?;
            clock.advance();
        }
    }
    sources.seal(&mut |chunk| conductor.accept(chunk));
    conductor.relay(sources.notices());
    // The batch that was cut short counts if anything is in it; an input that was empty from its
    // start to its end is a batch too.
    if conductor.has_unshown_records()? || (sources.ended() && conductor.batches() == 0) {
        let time = clock.map_or_else(|| clock::now().next_tick(settings.interval), |clock| clock.tick());
        conductor.close(time, true)?;
    }
    fault.map_or_else(|| Ok(signals.ended()), Err)
}
