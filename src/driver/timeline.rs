//! How time passes in a run: as it does, or from batch to batch without any.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::Settings;
use super::clock::Clock;
use super::conductor::Conductor;
use super::live::Live;
use super::replay::Replay;
use super::signals::Signals;
use super::survival::{Checkpointing, Resumed};
use super::work::Work;
use crate::batch::{Interval, Pool, SourceId, Time};
use crate::error::Result;
use crate::plan::Returned;
use crate::source::{Position, SourceSpec, SourceStats};

/// Where a run begins: anew, or behind the last batch of an earlier process.
#[derive(Clone, Copy, Default)]
pub(super) struct Start<'r> {
    /// Whether it will be asked how far sources were read.
    pub(super) is_kept: bool,
    /// What that process has left.
    pub(super) resumed: Option<&'r Resumed>,
    /// When the batch was to end whose input that process has journalled and not committed, if there is one.
    pub(super) journalled: Option<Time>,
    /// Whether batches that nobody was there for are made.
    pub(super) catches_up: bool,
}

impl<'r> Start<'r> {
    /// The start of a run with those checkpoints, that goes on from what was left, if anything was.
    pub(super) fn of(
        checkpoint: Option<&Checkpointing>,
        resumed: Option<&'r Resumed>,
        journalled: Option<Time>,
    ) -> Self {
        Start {
            is_kept: checkpoint.is_some(),
            resumed,
            journalled,
            catches_up: checkpoint.is_some_and(|checkpoint| checkpoint.recovery.catch_up),
        }
    }

    /// The last batch of which there was anything before.
    pub(super) fn last(&self) -> Option<Time> {
        self.resumed.map(Resumed::last).max(self.journalled)
    }

    /// Where sources are read on from.
    pub(super) fn positions(&self) -> Vec<Option<Position>> {
        self.resumed.map(Resumed::positions).unwrap_or_default()
    }
}

/// The sources of a run, read batch by batch.
#[expect(clippy::large_enum_variant, reason = "there is one of them in a run")]
pub(super) enum Timeline {
    Live(Live),
    Replay(Replay),
}

impl Timeline {
    /// Opens the sources. The first batch begins now, where time is real.
    pub(super) fn new(
        settings: &Settings,
        sources: &[SourceSpec],
        (clock, interval): (Clock, Interval),
        from: &Start<'_>,
        signals: &Signals,
        pool: Pool,
    ) -> Result<Self> {
        Ok(match clock {
            Clock::Real | Clock::Once => {
                let once = clock == Clock::Once;
                Timeline::Live(Live::new(settings, sources, (interval, once), from, signals, pool)?)
            }
            Clock::Virtual { start, once } => Timeline::Replay(Replay::new(
                settings,
                sources,
                (interval, start, once),
                from,
                signals,
                pool,
            )?),
        })
    }

    /// The time of the first batch. To be asked before it is made.
    pub(super) fn first_time(&self) -> Time {
        match self {
            Timeline::Live(live) => live.first_time(),
            Timeline::Replay(replay) => replay.tick_time(),
        }
    }

    /// The time of the batch before the first one of this run.
    pub(super) fn last(&self, from: &Start<'_>) -> Time {
        let interval = match self {
            Timeline::Live(live) => live.interval(),
            Timeline::Replay(replay) => replay.interval(),
        };
        from.resumed.map_or_else(|| self.first_time().after(interval, -1), Resumed::last)
    }

    /// How far the sources were read since this was asked last.
    pub(super) fn positions(&mut self) -> Vec<(SourceId, Position)> {
        match self {
            Timeline::Live(live) => live.positions(),
            Timeline::Replay(replay) => replay.positions(),
        }
    }

    /// Ends the run when the reader of the output has gone.
    pub(super) fn watch_output(&mut self, output: OwnedFd) -> Result<()> {
        match self {
            Timeline::Live(live) => live.watch_output(output),
            Timeline::Replay(replay) => replay.watch_output(output),
        }
    }

    /// Runs until the end, or until so much time has passed. Virtual time passes in whole batches.
    pub(super) fn run(
        &mut self,
        signals: &Signals,
        conductor: &mut Conductor,
        work: &mut dyn Work,
        timeout: Option<Duration>,
    ) -> Result<Returned> {
        match self {
            Timeline::Live(live) => {
                // A time that is beyond what instants can hold never comes.
                let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
                live.run(signals, conductor, work, until)
            }
            Timeline::Replay(replay) => replay.run(signals, conductor, work, timeout),
        }
    }

    pub(super) fn stats(&self) -> SourceStats {
        match self {
            Timeline::Live(live) => live.stats(),
            Timeline::Replay(replay) => replay.stats(),
        }
    }

    pub(super) fn incomplete(&self) -> u64 {
        match self {
            Timeline::Live(live) => live.incomplete(),
            Timeline::Replay(replay) => replay.incomplete(),
        }
    }
}
