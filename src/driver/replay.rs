//! A run on the virtual clock: no thread sleeps and no real time is read, so that the same input
//! gives the same bytes.

use super::conductor::Conductor;
use super::signals::Signals;
use super::{Ended, Settings};
use crate::batch::{Interval, Pool, Time};
use crate::error::{Error, Result};
use crate::source::{EventLoop, QueueReader, SourceKind, SourceSpec, SourceStats, Turn};

/// Reads one batch after the other: the elements of the queues, one each; files and stdin go whole
/// into the first. The first batch begins at `start`; `once` makes all of them one.
pub(super) fn run(
    settings: &Settings,
    signals: &Signals,
    pool: Pool,
    start: Time,
    once: bool,
) -> Result<Ended> {
    let (queues, others): (Vec<SourceSpec>, Vec<SourceSpec>) =
        settings.sources.iter().cloned().partition(|spec| matches!(spec.kind, SourceKind::Queue(_)));
    let queue = QueueReader::new(&queues, settings.source_options(), pool.clone())?;
    let mut sources = EventLoop::new(&others, settings.source_options(), pool.clone())?;
    sources.wake_on(signals.wake()?)?;
    let mut conductor = Conductor::new(settings, pool)?;
    sources.watch_output(conductor.output_descriptor()?)?;
    let mut replay = Replay { settings, signals, start, once, sources, queue };
    let ended = replay.run(&mut conductor);
    conductor.end(ended, replay.stats(), replay.sources.incomplete())
}

struct Replay<'a> {
    settings: &'a Settings,
    signals: &'a Signals,
    start: Time,
    once: bool,
    sources: EventLoop,
    queue: QueueReader,
}

impl Replay<'_> {
    fn run(&mut self, conductor: &mut Conductor) -> Result<Ended> {
        self.read_others(conductor).or_else(|fault| self.close_broken(0, fault, conductor))?;
        let interval = self.settings.interval.as_millis() as u64;
        let begun = |duration: Interval| (duration.as_millis() as u64).div_ceil(interval);
        let limits = self.settings.duration.map(begun).into_iter().chain(self.settings.max_batches);
        let batches = limits.fold(self.queue.batches().max(1) as u64, u64::min) as usize;
        for batch in 0..batches {
            self.read_element(batch, conductor)
                .or_else(|fault| self.close_broken(batch, fault, conductor))?;
            let last = batch + 1 == batches || self.signals.stop();
            if last || !self.once {
                conductor.close(self.tick(batch), last)?;
                conductor.prepare()?;
            }
            conductor.update_stats(self.stats());
            if last {
                break;
            }
        }
        Ok(self.signals.ended())
    }

    /// Reads files and stdin to their end.
    fn read_others(&mut self, conductor: &mut Conductor) -> Result<()> {
        let sources = &mut self.sources;
        conductor.relay(sources.notices());
        while !self.signals.stop() && !sources.ended() {
            match sources.turn(None, &mut |chunk| conductor.accept(chunk))? {
                Turn::Full => conductor.wait_for_chunk(),
                Turn::Woken => {
                    // So that a status line tells of everything that was read.
                    sources.seal(&mut |chunk| conductor.accept(chunk));
                    conductor.handle_signals(self.signals, || sources.stats())?;
                }
                Turn::OutputClosed => return Err(Error::OutputClosed),
                Turn::Read | Turn::Idle => {}
            }
            conductor.keep_up(|| sources.stats())?;
            conductor.relay(sources.notices());
        }
        sources.seal(&mut |chunk| conductor.accept(chunk));
        Ok(())
    }

    /// Reads what the queues have for a batch.
    fn read_element(&mut self, batch: usize, conductor: &mut Conductor) -> Result<()> {
        self.queue.begin(batch);
        loop {
            if self.signals.stop() {
                self.queue.stop(&mut |chunk| conductor.accept(chunk));
            }
            match self.queue.turn(&mut |chunk| conductor.accept(chunk))? {
                Turn::Idle => return Ok(()),
                Turn::Full => conductor.wait_for_chunk(),
                Turn::Read | Turn::Woken | Turn::OutputClosed => {}
            }
            conductor.handle_signals(self.signals, || self.stats())?;
            conductor.keep_up(|| self.stats())?;
        }
    }

    /// What was read before a source broke is still a batch.
    fn close_broken(&self, batch: usize, fault: Error, conductor: &mut Conductor) -> Result<()> {
        if matches!(fault, Error::Runtime(_)) {
            conductor.close(self.tick(batch), true)?;
        }
        Err(fault)
    }

    /// The time of a batch; the first is 0.
    fn tick(&self, batch: usize) -> Time {
        let interval = self.settings.interval;
        let batch = if self.once { 0 } else { batch as i64 };
        self.start.next_tick(interval).after(interval, batch)
    }

    fn stats(&self) -> SourceStats {
        let mut stats = self.sources.stats();
        stats += self.queue.stats();
        stats
    }
}
