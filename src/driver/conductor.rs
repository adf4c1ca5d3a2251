//! What live and virtual runs have in common: batches are closed and written, limits kept, the totals told.

use std::time::{Duration, Instant};

use super::desk::Desk;
use super::signals::Signals;
use super::survival::{self, Checkpointing, Resumed, Survival};
use super::timeline::{Start, Timeline};
use super::work::Work;
use super::{Ended, Settings};
use crate::batch::{Chunk, Interval, Pool, SourceId, Time};
use crate::error::{Error, Result};
use crate::monitor::Stats;
use crate::source::{Position, SourceKind, SourceSpec, SourceStats};

/// How often progress is brought up to date while data flow.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Batches may be so late before anybody is told: what a busy machine does to short intervals.
const BEHIND_FROM: Duration = Duration::from_millis(100);

/// How long it is not said again that batches are late.
const BEHIND_AGAIN: Duration = Duration::from_secs(10);

pub(super) struct Conductor {
    pub(super) desk: Desk,
    /// The checkpoints, if there are any.
    pub(super) survival: Option<Survival>,
    max_batches: Option<u64>,
    stats: Stats,
    progress_due: Instant,
    /// When it was last said that batches are late.
    behind_told: Option<Instant>,
}

impl Conductor {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let now = Instant::now();
        Ok(Conductor {
            desk: Desk::new(settings)?,
            survival: None,
            max_batches: settings.max_batches,
            stats: Stats::new(now),
            progress_due: now,
            behind_told: None,
        })
    }

    /// Takes the checkpoints that the run is to have, and what it is to go on from: the output file is cut to what
    /// was committed, and directories that were to get their names get them.
    pub(super) fn survive(
        &mut self,
        checkpoint: Option<&Checkpointing>,
        job: &survival::Job<'_>,
    ) -> Result<Option<Resumed>> {
        let Some(settings) = checkpoint else { return Ok(None) };
        let (survival, resumed) = Survival::begin(settings, job, &mut self.desk)?;
        self.survival = Some(survival);
        if let Some(resumed) = &resumed {
            if let Some(output) = resumed.output() {
                self.desk.resume_output(output)?;
            }
            resumed.publish()?;
        }
        Ok(resumed)
    }

    /// The time of a batch of an earlier process that was journalled and not committed, if there is one.
    pub(super) fn journalled(&self) -> Option<Time> {
        self.survival.as_ref().and_then(Survival::journalled)
    }

    /// Hands on the input of that batch.
    pub(super) fn replay(&mut self, work: &mut dyn Work, pool: &Pool) -> Result<()> {
        let Some(survival) = &self.survival else { return Ok(()) };
        survival.replay(pool, &mut self.desk, &mut |chunk| match chunk {
            Some(chunk) => work.accept(chunk),
            None => work.wait_for_chunk(),
        })
    }

    /// Hands on a chunk of the batch that is to end at `time`, which is written down before if it is to be.
    pub(super) fn accept(&mut self, work: &mut dyn Work, chunk: Chunk, time: Time) {
        if let Some(survival) = &mut self.survival {
            survival.accept(&chunk, time);
        }
        work.accept(chunk);
    }

    /// Commits what the run begins with, if there are checkpoints.
    pub(super) fn commit_start(&mut self, timeline: &mut Timeline, from: &Start<'_>) -> Result<()> {
        match &mut self.survival {
            Some(survival) => survival.start(timeline.last(from), timeline.positions(), &mut self.desk),
            None => Ok(()),
        }
    }

    /// Commits how far the sources were read after the last batch, if there are checkpoints.
    pub(super) fn commit_end(&mut self, positions: impl FnOnce() -> Vec<(SourceId, Position)>) -> Result<()> {
        self.survival.as_mut().map_or(Ok(()), |survival| survival.end(positions()))
    }

    /// The run begins: from now on it reads these sources.
    pub(super) fn begin(&mut self, settings: &Settings, sources: &[SourceSpec]) {
        let listens =
            |spec: &SourceSpec| matches!(spec.kind, SourceKind::TcpListen { .. } | SourceKind::UnixListen(_));
        let clients = sources.iter().any(listens).then_some(0);
        self.desk.begin(settings, sources);
        self.stats = Stats { clients, ..Stats::new(Instant::now()) };
    }

    /// Tells the user what sources have to say.
    pub(super) fn relay(&mut self, notices: Vec<String>) {
        notices.into_iter().for_each(|notice| self.desk.say(notice));
    }

    /// To be called whenever something was read: helps the workers, shows progress.
    pub(super) fn keep_up(&mut self, work: &mut dyn Work, read: impl FnOnce() -> SourceStats) -> Result<()> {
        work.keep_up()?;
        if self.desk.shows_progress() && Instant::now() >= self.progress_due {
            self.progress_due = Instant::now() + PROGRESS_EVERY;
            self.update_stats(work, read());
        }
        Ok(())
    }

    /// Brings the totals up to date with what sources have read, and shows them.
    pub(super) fn update_stats(&mut self, work: &dyn Work, read: SourceStats) {
        let stats = &mut self.stats;
        stats.records = work.records();
        stats.skipped = work.skipped();
        stats.bytes = read.bytes;
        stats.cut_lines = read.lines_cut;
        stats.cut_bytes = read.bytes_cut;
        stats.dropped_datagrams = read.datagrams_dropped;
        stats.incomplete_bytes = read.bytes_lost;
        stats.clients = stats.clients.map(|_| read.clients);
        self.desk.show(stats);
    }

    /// Closes the batch that ends at `time`: what it comes to is written, unless a window is not
    /// due. The last batch of all, also when it is the last one asked for, has windows printed early.
    pub(super) fn close(&mut self, work: &mut dyn Work, time: Time, last: bool) -> Result<()> {
        if let Some(survival) = &mut self.survival {
            survival.seal(time)?;
        }
        let last = last || self.max_batches == Some(self.stats.batches + 1);
        work.close(time, last, &mut self.desk)?;
        self.stats.batches += 1;
        Ok(())
    }

    /// Commits the batch that was closed last, if there are checkpoints; `positions` is how far sources were read for it.
    pub(super) fn commit(
        &mut self,
        work: &mut dyn Work,
        time: Time,
        positions: impl FnOnce() -> Vec<(SourceId, Position)>,
    ) -> Result<()> {
        match &mut self.survival {
            Some(survival) => survival.commit(time, work, positions(), &mut self.desk),
            None => Ok(()),
        }
    }

    /// Batches that were closed, by earlier processes too that this one goes on from.
    pub(super) fn batches(&self) -> u64 {
        self.survival.as_ref().map_or(self.stats.batches, Survival::batches)
    }

    /// Whether there have been as many batches as were asked for.
    pub(super) fn reached_max_batches(&self) -> bool {
        self.max_batches.is_some_and(|most| self.stats.batches >= most)
    }

    /// Notes how late the last batch was written, and says so, though not all the time, when it is
    /// more than an interval, and more than a busy machine explains.
    pub(super) fn note_delay(&mut self, delay: Duration, interval: Interval) {
        self.stats.delayed(delay);
        let now = Instant::now();
        let told = self.behind_told.is_some_and(|told| now < told + BEHIND_AGAIN);
        if delay > interval.duration().max(BEHIND_FROM) && !told {
            self.behind_told = Some(now);
            self.desk.say(format_args!(
                "behind by {:.1} s: batches take longer than their interval of {interval}, reading waits for them",
                delay.as_secs_f64()
            ));
        }
    }

    /// Does what signals have asked for, stopping aside: SIGUSR1 prints a status line, SIGHUP opens
    /// the output again.
    pub(super) fn handle_signals(
        &mut self,
        signals: &Signals,
        work: &mut dyn Work,
        read: impl FnOnce() -> SourceStats,
    ) -> Result<()> {
        if signals.take_status() {
            work.settle()?;
            self.update_stats(work, read());
            self.desk.say(self.stats.status(Instant::now()));
        }
        if signals.take_reopen() {
            self.desk.reopen();
        }
        Ok(())
    }

    /// Ends the run, of which `incomplete` bytes of unfinished lines are left: what was written is
    /// made sure of, and the summary is told where it was asked for or owed.
    pub(super) fn end(
        &mut self,
        ended: Result<Ended>,
        work: &mut dyn Work,
        read: SourceStats,
        incomplete: u64,
    ) -> Result<Ended> {
        let settled = match ended {
            // Settling would find the same record again.
            Err(Error::BadRecord(_)) => Ok(()),
            _ => work.settle(),
        };
        let ended = ended.and_then(|ended| settled.map(|()| ended));
        let ended = ended.and_then(|ended| self.desk.finish().map(|()| ended));
        let closed = self.survival.take().map_or(Ok(()), Survival::close);
        let ended = ended.and_then(|ended| closed.map(|()| ended));
        self.update_stats(work, read);
        self.stats.incomplete_bytes += incomplete;
        self.desk.end_progress();
        let summary = self.stats.summary(Instant::now());
        // A run that failed owes its reason; what it left unread is no news then.
        if ended.is_ok() && self.stats.worth_saying() {
            self.desk.say(summary);
        } else {
            self.desk.say_detail(summary);
        }
        ended
    }
}
