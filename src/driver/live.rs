//! A run in real time: reads what is ready, and closes batches as the clock ticks.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::Settings;
use super::clock::{self, BatchClock};
use super::conductor::Conductor;
use super::signals::Signals;
use super::timeline::Start;
use super::work::{Stop, Work};
use crate::batch::{Interval, Pool, SourceId, Time};
use crate::error::{Error, Result};
use crate::plan::Returned;
use crate::source::{EventLoop, Position, SourceSpec, SourceStats, Turn};

/// How often it is looked whether the batch is over, while no more input can be taken in.
const BREATH: Duration = Duration::from_millis(10);

/// Reads sources, and has batches made of what they say.
pub(super) struct Live {
    sources: EventLoop,
    interval: Interval,
    /// Without one all of the input is one batch.
    clock: Option<BatchClock>,
    /// The earliest time that a batch may have.
    first: Time,
    deadline: Option<Instant>,
    over: bool,
    journalled: Option<Journalled>,
    pool: Pool,
}

/// A batch of an earlier process that was journalled and not committed.
struct Journalled {
    time: Time,
    /// The first of the batches before it that are missing and are to be made.
    missing: Option<Time>,
}

impl Live {
    /// Opens the sources. The first batch begins now, unless another was to begin where the last one has ended.
    pub(super) fn new(
        settings: &Settings,
        sources: &[SourceSpec],
        (interval, once): (Interval, bool),
        from: &Start<'_>,
        signals: &Signals,
        pool: Pool,
    ) -> Result<Self> {
        let options = settings.source_options();
        let mut sources = if from.is_kept {
            EventLoop::new_at(sources, from.positions(), options, pool.clone())?
        } else {
            EventLoop::new(sources, options, pool.clone())?
        };
        sources.wake_on(signals.wake()?)?;
        let last = from.last();
        let clock = match last {
            Some(last) if from.catches_up => BatchClock::from(interval, last.after(interval, 1)),
            last => BatchClock::start(interval, last),
        };
        let missing = from.resumed.filter(|_| from.catches_up).map(|kept| kept.last().after(interval, 1));
        Ok(Live {
            sources,
            interval,
            first: clock.tick(),
            clock: (!once).then_some(clock),
            deadline: settings.duration.map(|duration| Instant::now() + duration.duration()),
            over: false,
            journalled: from.journalled.map(|time| Journalled { time, missing }),
            pool,
        })
    }

    pub(super) fn interval(&self) -> Interval {
        self.interval
    }

    /// How far the sources were read since this was asked last.
    pub(super) fn positions(&mut self) -> Vec<(SourceId, Position)> {
        self.sources.positions()
    }

    /// Ends the run when the reader of the output has gone.
    pub(super) fn watch_output(&mut self, output: OwnedFd) -> Result<()> {
        self.sources.watch_output(output)
    }

    /// Runs until the input ends, a limit is reached, a signal comes, or the work asks for the end; not beyond `until`.
    pub(super) fn run(
        &mut self,
        signals: &Signals,
        conductor: &mut Conductor,
        work: &mut dyn Work,
        until: Option<Instant>,
    ) -> Result<Returned> {
        conductor.relay(self.sources.notices());
        if let Some(journalled) = self.journalled.take() {
            self.replay(&journalled, conductor, work)?;
        }
        let mut fault = None;
        while !self.over && !self.is_to_end(signals, conductor, work) {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Returned::TimeUp);
            }
            if work.is_full() && self.clock.is_some() {
                std::thread::sleep(BREATH);
                self.tick(conductor, work)?;
                continue;
            }
            let time = self.tick_time();
            let sources = &mut self.sources;
            let wake_up = self.clock.as_ref().map(BatchClock::until);
            let wake_up = wake_up.into_iter().chain(self.deadline).chain(until).min();
            match sources.turn(wake_up, &mut |chunk| conductor.accept(work, chunk, time)) {
                Ok(Turn::Full) => work.wait_for_chunk(),
                Ok(Turn::Woken) => {
                    // So that a status line tells of everything that was read.
                    sources.seal(&mut |chunk| conductor.accept(work, chunk, time));
                    conductor.handle_signals(signals, work, || sources.stats())?;
                }
                Ok(Turn::OutputClosed) => return Err(Error::OutputClosed),
                Ok(Turn::Read | Turn::Idle) => {}
                Err(broken) => {
                    fault = Some(broken);
                    break;
                }
            }
            conductor.keep_up(work, || sources.stats())?;
            conductor.relay(sources.notices());
            self.tick(conductor, work)?;
        }
        self.finish(conductor, work)?;
        fault.map_or(Ok(Returned::Stopped), Err)
    }

    /// Makes the batch that was journalled and not committed.
    fn replay(
        &mut self,
        journalled: &Journalled,
        conductor: &mut Conductor,
        work: &mut dyn Work,
    ) -> Result<()> {
        let Journalled { time, missing } = *journalled;
        let mut missing = missing.unwrap_or(time);
        while missing < time {
            conductor.close(work, missing, false)?;
            work.prepare()?;
            conductor.commit(work, missing, Vec::new)?;
            missing = missing.after(self.interval, 1);
        }
        conductor.replay(work, &self.pool)?;
        conductor.close(work, time, false)?;
        work.prepare()?;
        conductor.commit(work, time, Vec::new)?;
        let next = self.clock.as_ref().map_or(time, BatchClock::tick);
        work.pass_by(time.batches_between(next, self.interval))
    }

    fn is_to_end(&self, signals: &Signals, conductor: &Conductor, work: &dyn Work) -> bool {
        signals.stop()
            || conductor.reached_max_batches()
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || self.has_ended(conductor, work)
            || work.wants_to_stop().is_some()
    }

    /// Whether nothing can come any more.
    fn has_ended(&self, conductor: &Conductor, work: &dyn Work) -> bool {
        self.sources.ended() && conductor.batches() >= work.least_batches()
    }

    /// Closes the batch if it is due.
    fn tick(&mut self, conductor: &mut Conductor, work: &mut dyn Work) -> Result<()> {
        let ended = self.has_ended(conductor, work);
        let (sources, Some(clock)) = (&mut self.sources, &mut self.clock) else { return Ok(()) };
        if clock.follow() {
            conductor.desk.say("the system's clock was set: batches follow it");
        }
        if !ended && clock.late().is_some() {
            let time = clock.tick();
            sources.seal(&mut |chunk| conductor.accept(work, chunk, time));
            conductor.close(work, time, false)?;
            conductor.note_delay(clock.late().unwrap_or_default(), self.interval);
            conductor.update_stats(work, sources.stats());
            work.prepare()?;
            conductor.commit(work, time, || sources.positions())?;
            clock.advance();
        }
        Ok(())
    }

    /// Closes the batch that was cut short.
    fn finish(&mut self, conductor: &mut Conductor, work: &mut dyn Work) -> Result<()> {
        if self.over {
            return Ok(());
        }
        self.over = true;
        let time = self.tick_time();
        let sources = &mut self.sources;
        sources.seal(&mut |chunk| conductor.accept(work, chunk, time));
        conductor.relay(sources.notices());
        if work.wants_to_stop() == Some(Stop::AtOnce) {
            return Ok(());
        }
        // The batch that was cut short counts if anything is in it; an input that was empty from its
        // start to its end is a batch too.
        if work.has_unshown_records()? || (sources.ended() && conductor.batches() == 0) {
            conductor.close(work, time, true)?;
            conductor.commit(work, time, || sources.positions())
        } else {
            conductor.commit_end(|| sources.positions())
        }
    }

    /// The time of the first batch.
    pub(super) fn first_time(&self) -> Time {
        let first = self.journalled.as_ref().map(|journalled| journalled.missing.unwrap_or(journalled.time));
        first.unwrap_or_else(|| self.tick_time())
    }

    /// The time of the batch that is open.
    fn tick_time(&self) -> Time {
        let now = || clock::now().next_tick(self.interval).max(self.first);
        self.clock.as_ref().map_or_else(now, BatchClock::tick)
    }

    pub(super) fn stats(&self) -> SourceStats {
        self.sources.stats()
    }

    pub(super) fn incomplete(&self) -> u64 {
        self.sources.incomplete()
    }
}
