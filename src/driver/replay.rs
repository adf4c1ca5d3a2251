//! A run on the virtual clock: no thread sleeps and no real time is read, so that the same input
//! gives the same bytes.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::Settings;
use super::conductor::Conductor;
use super::signals::Signals;
use super::timeline::Start;
use super::work::{Stop, Work};
use crate::batch::{Chunk, Interval, Pool, SourceId, Time};
use crate::error::{Error, Result};
use crate::plan::Returned;
use crate::source::{EventLoop, Position, QueueReader, SourceKind, SourceSpec, SourceStats, Turn};

/// Reads one batch after the other: the elements of the queues, one each; files and stdin go whole
/// into the first. The first batch begins at `start`; `once` makes all of them one.
pub(super) struct Replay {
    interval: Interval,
    start: Time,
    once: bool,
    /// After how many batches a limit ends the run.
    limit: u64,
    sources: Others,
    queue: Queues,
    /// Batches of earlier processes.
    earlier: u64,
    /// Batches that were read, by earlier processes too; with `once`, elements.
    batches: u64,
    /// The same when this process began.
    begun: u64,
    /// The element of the queues that its first batch has.
    first: u64,
    /// The virtual time for which programs have waited.
    waited: Duration,
    over: bool,
    /// Whether files and stdin were read.
    others_read: bool,
    pool: Pool,
}

/// Files and stdin.
struct Others {
    reader: EventLoop,
    /// Which sources of the run they are.
    ids: Vec<SourceId>,
}

/// `queue:` sources.
struct Queues {
    reader: QueueReader,
    /// Which sources of the run they are.
    ids: Vec<SourceId>,
}

impl Replay {
    /// Opens the sources.
    pub(super) fn new(
        settings: &Settings,
        sources: &[SourceSpec],
        (interval, start, once): (Interval, Time, bool),
        from: &Start<'_>,
        signals: &Signals,
        pool: Pool,
    ) -> Result<Self> {
        let positions = from.positions().into_iter().chain(std::iter::repeat(None));
        let all = sources.iter().zip(0..).zip(positions);
        let all = all.map(|((spec, id), position)| ((spec.clone(), SourceId(id)), position));
        let (queues, others): (Vec<_>, Vec<_>) =
            all.partition(|((spec, _), _)| matches!(spec.kind, SourceKind::Queue(_)));
        let ((queues, queue_ids), at): ((Vec<_>, Vec<_>), Vec<_>) = queues.into_iter().unzip();
        let options = settings.source_options();
        let queue = QueueReader::new_at(&queues, at, options, pool.clone())?;
        let ((others, other_ids), at): ((Vec<_>, Vec<_>), Vec<_>) = others.into_iter().unzip();
        let mut reader = EventLoop::new_at(&others, at, options, pool.clone())?;
        reader.wake_on(signals.wake()?)?;
        let step = interval.as_millis().unsigned_abs();
        let begun = |duration: Interval| duration.as_millis().unsigned_abs().div_ceil(step);
        let begun_before = from.resumed.map_or(0, |resumed| {
            let passed = resumed.last().as_millis().saturating_sub(start.as_millis());
            u64::try_from(passed).unwrap_or(0) / step
        });
        let first = queue.first() as u64;
        let limits = settings.duration.map(begun).into_iter().chain(settings.max_batches);
        Ok(Replay {
            interval,
            start,
            once,
            limit: limits.min().unwrap_or(u64::MAX).saturating_add(begun_before),
            sources: Others { reader, ids: other_ids },
            earlier: begun_before,
            batches: if once { first } else { begun_before },
            begun: if once { first } else { begun_before },
            first,
            waited: Duration::ZERO,
            over: false,
            others_read: false,
            pool,
            queue: Queues { reader: queue, ids: queue_ids },
        })
    }

    pub(super) fn interval(&self) -> Interval {
        self.interval
    }

    /// Ends the run when the reader of the output has gone.
    pub(super) fn watch_output(&mut self, output: OwnedFd) -> Result<()> {
        self.sources.reader.watch_output(output)
    }

    /// Runs until the queues are exhausted, a limit is reached, a signal comes, or the work asks for the end; but no more
    /// batches than end within `timeout`, counted from where the last call has left off.
    pub(super) fn run(
        &mut self,
        signals: &Signals,
        conductor: &mut Conductor,
        work: &mut dyn Work,
        timeout: Option<Duration>,
    ) -> Result<Returned> {
        if let Some(timeout) = timeout {
            self.waited = self.waited.saturating_add(timeout);
        }
        let waited = self.waited.as_millis() / self.interval.duration().as_millis();
        let until = if timeout.is_some() { u64::try_from(waited).unwrap_or(u64::MAX) } else { u64::MAX };
        if !std::mem::replace(&mut self.others_read, true) {
            if self.earlier == 0 {
                self.sources.ids.iter().for_each(|source| work.begin_part(*source));
            }
            // What was journalled belongs to the first batch too: it has its time.
            conductor.replay(work, &self.pool)?;
            let read = self.read_others(signals, conductor, work);
            read.or_else(|fault| self.close_broken(fault, conductor, work))?;
        }
        // Files and stdin are the first batch, if they have anything left to say.
        let queued =
            (self.queue.reader.batches() as u64).saturating_sub(self.first).saturating_add(self.begun);
        let has_more = self.earlier == 0 || work.has_unshown_records()?;
        let others = if has_more { self.batches.saturating_add(1) } else { 0 };
        let all = queued.max(others).max(work.least_batches()).min(self.limit);
        self.over |= self.batches >= all;
        // A program that stops between two batches has had its last one; what was read is dealt with only if it
        // stops gracefully.
        self.over |= work.wants_to_stop() == Some(Stop::AtOnce);
        while !self.over {
            if self.batches - self.begun >= until {
                return Ok(Returned::TimeUp);
            }
            let read = self.read_element(signals, conductor, work);
            read.or_else(|fault| self.close_broken(fault, conductor, work))?;
            let last = self.batches + 1 >= all || signals.stop();
            if last || !self.once {
                let time = self.tick_time();
                conductor.close(work, time, last)?;
                work.prepare()?;
                conductor.commit(work, time, || self.positions())?;
            }
            self.batches += 1;
            self.over = last || work.wants_to_stop().is_some();
            conductor.update_stats(work, self.stats());
        }
        Ok(Returned::Stopped)
    }

    /// Reads files and stdin to their end: also empty ones have something for the first batch.
    fn read_others(
        &mut self,
        signals: &Signals,
        conductor: &mut Conductor,
        work: &mut dyn Work,
    ) -> Result<()> {
        let time = self.tick_time();
        let Others { reader, ids } = &mut self.sources;
        conductor.relay(reader.notices());
        while !signals.stop() && !reader.ended() {
            match reader.turn(None, &mut |chunk| conductor.accept(work, chunk_of_run(ids, chunk), time))? {
                Turn::Full => work.wait_for_chunk(),
                Turn::Woken => {
                    // So that a status line tells of everything that was read.
                    reader.seal(&mut |chunk| conductor.accept(work, chunk_of_run(ids, chunk), time));
                    conductor.handle_signals(signals, work, || reader.stats())?;
                }
                Turn::OutputClosed => return Err(Error::OutputClosed),
                Turn::Read | Turn::Idle => {}
            }
            conductor.keep_up(work, || reader.stats())?;
            conductor.relay(reader.notices());
        }
        reader.seal(&mut |chunk| conductor.accept(work, chunk_of_run(ids, chunk), time));
        Ok(())
    }

    /// Reads what the queues have for the batch.
    fn read_element(
        &mut self,
        signals: &Signals,
        conductor: &mut Conductor,
        work: &mut dyn Work,
    ) -> Result<()> {
        let batch = usize::try_from(self.batches - self.begun + self.first).unwrap_or(usize::MAX);
        self.queue.reader.begin(batch);
        for queue in self.queue.reader.with_file() {
            work.begin_part(self.queue.ids[usize::from(queue.0)]);
        }
        loop {
            let Queues { reader, ids } = &mut self.queue;
            if signals.stop() {
                reader.stop(&mut |chunk| work.accept(chunk_of_run(ids, chunk)));
            }
            match reader.turn(&mut |chunk| work.accept(chunk_of_run(ids, chunk)))? {
                Turn::Idle => return Ok(()),
                Turn::Full => work.wait_for_chunk(),
                Turn::Read | Turn::Woken | Turn::OutputClosed => {}
            }
            conductor.handle_signals(signals, work, || self.stats())?;
            conductor.keep_up(work, || self.stats())?;
        }
    }

    /// What was read before a source broke is still a batch.
    fn close_broken(&mut self, fault: Error, conductor: &mut Conductor, work: &mut dyn Work) -> Result<()> {
        self.over = true;
        if matches!(fault, Error::Runtime(_)) {
            conductor.close(work, self.tick_time(), true)?;
        }
        Err(fault)
    }

    /// How far the sources were read since this was asked last.
    pub(super) fn positions(&mut self) -> Vec<(SourceId, Position)> {
        let Replay { sources, queue, .. } = self;
        let others = sources.reader.positions().into_iter().map(|told| of_run(told, &sources.ids));
        let queues = queue.reader.positions().into_iter().map(|told| of_run(told, &queue.ids));
        others.chain(queues).collect()
    }

    /// The time of the batch that is being read.
    pub(super) fn tick_time(&self) -> Time {
        let batch = if self.once {
            i64::try_from(self.earlier).unwrap_or(i64::MAX)
        } else {
            i64::try_from(self.batches).unwrap_or(i64::MAX)
        };
        self.start.next_tick(self.interval).after(self.interval, batch)
    }

    pub(super) fn stats(&self) -> SourceStats {
        let mut stats = self.sources.reader.stats();
        stats += self.queue.reader.stats();
        stats
    }

    pub(super) fn incomplete(&self) -> u64 {
        self.sources.reader.incomplete()
    }
}

/// A position of one of the run's sources, which is not of its reader's.
fn of_run((source, position): (SourceId, Position), ids: &[SourceId]) -> (SourceId, Position) {
    (ids[usize::from(source.0)], position)
}

/// A chunk as one of the run's sources and not of its reader's.
fn chunk_of_run(ids: &[SourceId], chunk: Chunk) -> Chunk {
    let source = ids[usize::from(chunk.source().0)];
    chunk.of_source(source)
}
