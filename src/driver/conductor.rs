//! What live and virtual runs have in common: chunks go to the job, closed batches to the output,
//! and the totals are kept.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::bad::BadRecords;
use super::signals::Signals;
use super::{Ended, OutputTo, Settings};
use crate::batch::{Chunk, Interval, Pool, Time};
use crate::error::{Error, Result};
use crate::exec::Job;
use crate::monitor::{Messages, Progress, Stats};
use crate::sink::Output;
use crate::source::{SourceKind, SourceStats};

/// How often progress is brought up to date while data flow.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Batches may be so late before anybody is told: what a busy machine does to short intervals.
const BEHIND_FROM: Duration = Duration::from_millis(100);

/// How long it is not said again that batches are late.
const BEHIND_AGAIN: Duration = Duration::from_secs(10);

pub(super) struct Conductor {
    job: Job,
    output: Output,
    bad: BadRecords,
    skip_empty: bool,
    max_batches: Option<u64>,
    stats: Stats,
    messages: Messages,
    progress: Progress,
    progress_due: Instant,
    /// When it was last said that batches are late.
    behind_told: Option<Instant>,
}

impl Conductor {
    pub(super) fn new(settings: &Settings, pool: Pool) -> Result<Self> {
        let bad = BadRecords::new(settings)?;
        let total = settings.sources.iter().map(|spec| spec.kind.size()).sum();
        let progress = Progress::new(settings.progress, total, settings.progress_color);
        let started = Instant::now();
        let any = |is: fn(&SourceKind) -> bool| settings.sources.iter().any(|spec| is(&spec.kind));
        let listens = any(|kind| matches!(kind, SourceKind::TcpListen { .. } | SourceKind::UnixListen(_)));
        let output = match &settings.output {
            OutputTo::Stdout => Output::stdout(settings.format, settings.color)?,
            OutputTo::File(path) => Output::file(settings.format, settings.color, path)?,
        };
        // Lines that are typed, and what commands say, move the cursor without our knowledge.
        let disturbed = (any(|kind| *kind == SourceKind::Stdin) && io::stdin().is_terminal())
            || (any(|kind| matches!(kind, SourceKind::Exec(_))) && io::stderr().is_terminal());
        Ok(Conductor {
            job: Job::new(&settings.plan, settings.threads, bad.keep_lines(), pool)?,
            output: if disturbed { output.never_in_place() } else { output },
            bad,
            skip_empty: settings.skip_empty,
            max_batches: settings.max_batches,
            stats: Stats { clients: listens.then_some(0), ..Stats::new(started) },
            messages: Messages::new(settings.verbosity, &progress),
            progress,
            progress_due: started,
            behind_told: None,
        })
    }

    /// Tells the user what sources have to say.
    pub(super) fn relay(&mut self, notices: Vec<String>) {
        notices.into_iter().for_each(|notice| self.say(notice));
    }

    /// A descriptor of the output of its own, to watch for its reader going away.
    pub(super) fn output_descriptor(&self) -> Result<OwnedFd> {
        self.output.descriptor()
    }

    /// Tells the user something, and the output that its last batch is no longer the last thing on
    /// the terminal.
    pub(super) fn say(&mut self, text: impl Display) {
        self.messages.notice(text);
        self.output.interrupted();
    }

    /// Takes a chunk in: work on it starts at once.
    pub(super) fn accept(&self, chunk: Chunk) {
        self.job.accept(chunk);
    }

    /// Works off tasks until a chunk has come back to the pool.
    pub(super) fn wait_for_chunk(&self) {
        self.job.wait_for_chunk();
    }

    /// To be called whenever something was read: helps the workers, shows progress.
    pub(super) fn keep_up(&mut self, read: impl FnOnce() -> SourceStats) -> Result<()> {
        self.job.keep_up();
        self.bad.watch(&self.job)?;
        if self.progress.is_shown() && Instant::now() >= self.progress_due {
            self.progress_due = Instant::now() + PROGRESS_EVERY;
            self.update_stats(read());
        }
        Ok(())
    }

    /// Brings the totals up to date with what sources have read, and shows them.
    pub(super) fn update_stats(&mut self, read: SourceStats) {
        let stats = &mut self.stats;
        stats.records = self.job.records();
        stats.skipped = if self.bad.are_skipped() { self.job.bad_count() } else { 0 };
        stats.bytes = read.bytes;
        stats.cut_lines = read.lines_cut;
        stats.cut_bytes = read.bytes_cut;
        stats.dropped_datagrams = read.datagrams_dropped;
        stats.incomplete_bytes = read.bytes_lost;
        stats.clients = stats.clients.map(|_| read.clients);
        self.progress.update(stats, Instant::now());
    }

    /// Closes the batch that ends at `time`: what it comes to is written, unless a window is not
    /// due. The last batch of all, also when it is the last one asked for, has windows printed early.
    pub(super) fn close(&mut self, time: Time, last: bool) -> Result<()> {
        let last = last || self.max_batches == Some(self.stats.batches + 1);
        self.job.finish()?;
        self.bad.settle(&self.job)?;
        if let Some(result) = self.job.close(time, last)?
            && !(self.skip_empty && result.is_empty())
        {
            let output = &mut self.output;
            self.progress.suspend(|| output.write(&result))?;
        }
        self.stats.batches += 1;
        Ok(())
    }

    /// Makes ready for the next batch, once the last one is out.
    pub(super) fn prepare(&mut self) -> Result<()> {
        self.job.prepare()
    }

    /// Whether something has come in that no result has shown.
    pub(super) fn has_unshown_records(&self) -> Result<bool> {
        self.job.has_unshown_records()
    }

    /// Batches that were closed.
    pub(super) fn batches(&self) -> u64 {
        self.stats.batches
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
            self.say(format_args!(
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
        read: impl FnOnce() -> SourceStats,
    ) -> Result<()> {
        if signals.take_status() {
            self.job.finish()?;
            self.update_stats(read());
            self.say(self.stats.status(Instant::now()));
        }
        if signals.take_reopen()
            && let Err(fault) = self.output.reopen()
        {
            self.messages.error(format_args!("{fault}; going on with the old file"));
        }
        Ok(())
    }

    /// Ends the run, of which `incomplete` bytes of unfinished lines are left: what was written is
    /// made sure of, and the summary is told where it was asked for or owed.
    pub(super) fn end(mut self, ended: Result<Ended>, read: SourceStats, incomplete: u64) -> Result<Ended> {
        let settled = match ended {
            // Settling would find the same record again.
            Err(Error::BadRecord(_)) => Ok(()),
            _ => self.job.finish().and_then(|()| self.bad.settle(&self.job)),
        };
        let ended = ended.and_then(|ended| settled.map(|()| ended));
        let ended = ended.and_then(|ended| self.output.finish().map(|()| ended));
        self.update_stats(read);
        self.stats.incomplete_bytes += incomplete;
        self.progress.finish();
        let summary = self.stats.summary(Instant::now());
        // A run that failed owes its reason; what it left unread is no news then.
        if ended.is_ok() && self.stats.worth_saying() {
            self.messages.notice(summary);
        } else {
            self.messages.detail(summary);
        }
        ended
    }
}
