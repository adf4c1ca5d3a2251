//! What a run is about: the two kinds of work that the conductor has done, batch by batch.

use super::Settings;
use super::bad::BadRecords;
use super::desk::Desk;
use super::survival::Resumed;
use crate::batch::{Chunk, Interval, Keep, Pool, SourceId, Time};
use crate::error::{Error, Result};
use crate::exec::Job;
use crate::plan::Plan;
use crate::sink::Staged;

/// Where input goes to, and batches come from.
pub(super) trait Work {
    /// What comes next from a source is a part of its own of the present batch, also if it is nothing.
    fn begin_part(&mut self, _source: SourceId) {}

    /// Takes in a chunk of the present batch.
    fn accept(&mut self, chunk: Chunk);

    /// Works until a chunk has come back to the pool.
    fn wait_for_chunk(&mut self);

    /// To be called whenever something was read: helps the workers.
    fn keep_up(&mut self) -> Result<()>;

    /// Deals with everything that was accepted so far.
    fn settle(&mut self) -> Result<()>;

    /// Records dealt with so far.
    fn records(&self) -> u64;

    /// Records that were left out so far because they could not be used.
    fn skipped(&self) -> u64;

    /// Closes the batch that ends at `time` and writes what it comes to. After the `last` one nothing comes any more.
    fn close(&mut self, time: Time, last: bool, desk: &mut Desk) -> Result<()>;

    /// Gives what has changed of what later batches are made of. To be called once a batch is closed.
    fn changes(&mut self, desk: &mut Desk, keep: &mut dyn Keep) -> Result<()>;

    /// Directories that are to get their names once the batch is committed.
    fn take_staged(&mut self) -> Vec<Staged> {
        Vec::new()
    }

    /// Makes ready for the next batch, once the last one is out.
    fn prepare(&mut self) -> Result<()>;

    /// Whether something has come in that no batch has shown.
    fn has_unshown_records(&mut self) -> Result<bool>;

    /// So many batches are left out, between the last one and the next.
    fn pass_by(&mut self, _batches: u64) -> Result<()> {
        Ok(())
    }

    /// Batches that come even if no source has anything to say any more.
    fn least_batches(&self) -> u64 {
        0
    }

    /// Whether no more input can be taken in before the batch is closed.
    fn is_full(&self) -> bool {
        false
    }

    /// Whether, and how, the work itself has asked for the end of the run.
    fn wants_to_stop(&self) -> Option<Stop> {
        None
    }
}

/// How a run ends that is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What was read since the last batch is left out.
    AtOnce,
    /// What was read is dealt with.
    Graceful,
}

/// Counting, as a plan says.
pub(super) struct Counting {
    job: Job,
    bad: BadRecords,
    skip_empty: bool,
    /// Whether the first bad record is still to be told of: what functions raise nobody can guess.
    tells_bad: bool,
}

impl Counting {
    pub(super) fn new(settings: &Settings, plan: &Plan, pool: Pool) -> Result<Self> {
        let bad = BadRecords::new(&settings.on_error, &settings.sources)?;
        let job = Job::new(plan, settings.threads, bad.keep_lines(), pool)?;
        let tells_bad = plan.calls_functions() && bad.are_skipped();
        Ok(Counting { job, bad, skip_empty: settings.skip_empty, tells_bad })
    }

    /// Has changes noted from the first batch on, and goes on from what was kept, of which `first` is the next
    /// batch.
    ///
    /// # Errors
    /// If what was kept is damaged.
    pub(super) fn survive(
        &mut self,
        resumed: Option<&Resumed>,
        first: Time,
        interval: Interval,
    ) -> Result<()> {
        let Some(resumed) = resumed else {
            self.job.keep_changes();
            return Ok(());
        };
        let missed = resumed.last().batches_between(first, interval);
        self.job.restore(resumed.rows(), missed).map_err(Error::Checkpoint)
    }
}

impl Work for Counting {
    fn accept(&mut self, chunk: Chunk) {
        self.job.accept(chunk);
    }

    fn wait_for_chunk(&mut self) {
        self.job.wait_for_chunk();
    }

    fn keep_up(&mut self) -> Result<()> {
        self.job.keep_up();
        self.bad.watch(&self.job)
    }

    fn settle(&mut self) -> Result<()> {
        self.job.finish()?;
        self.bad.settle(&self.job)
    }

    fn records(&self) -> u64 {
        self.job.records()
    }

    fn skipped(&self) -> u64 {
        if self.bad.are_skipped() { self.job.bad_count() } else { 0 }
    }

    fn close(&mut self, time: Time, last: bool, desk: &mut Desk) -> Result<()> {
        self.settle()?;
        if self.tells_bad
            && let Some((_, what)) = self.job.first_bad()
        {
            self.tells_bad = false;
            desk.say(format_args!("records that raise are left out; the first was: {what}"));
        }
        match self.job.close(time, last)? {
            Some(result) if !(self.skip_empty && result.is_empty()) => desk.write(&result),
            _ => Ok(()),
        }
    }

    fn changes(&mut self, _: &mut Desk, keep: &mut dyn Keep) -> Result<()> {
        self.job.changes(keep)
    }

    fn prepare(&mut self) -> Result<()> {
        self.job.prepare()
    }

    fn pass_by(&mut self, batches: u64) -> Result<()> {
        self.job.pass_by(batches)
    }

    fn has_unshown_records(&mut self) -> Result<bool> {
        self.job.has_unshown_records()
    }
}
