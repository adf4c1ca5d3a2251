//! How time passes in a run: as it does, or from batch to batch without any.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::Settings;
use super::clock::Clock;
use super::conductor::Conductor;
use super::live::Live;
use super::replay::Replay;
use super::signals::Signals;
use super::work::Work;
use crate::batch::{Interval, Pool};
use crate::error::Result;
use crate::plan::Returned;
use crate::source::{SourceSpec, SourceStats};

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
        signals: &Signals,
        pool: Pool,
    ) -> Result<Self> {
        Ok(match clock {
            Clock::Real | Clock::Once => {
                let once = clock == Clock::Once;
                Timeline::Live(Live::new(settings, sources, (interval, once), signals, pool)?)
            }
            Clock::Virtual { start, once } => {
                Timeline::Replay(Replay::new(settings, sources, (interval, start, once), signals, pool)?)
            }
        })
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
