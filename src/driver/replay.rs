//! A run on the virtual clock: no thread sleeps and no real time is read, so that the same input
//! gives the same bytes.

use super::conductor::Conductor;
use super::signals::Signals;
use super::{Ended, Settings};
use crate::batch::{Interval, Pool, Time};
use crate::error::{Error, Result};
use crate::source::{EventLoop, QueueReader, SourceKind, SourceSpec, SourceStats, Turn};

/// The virtual clock: no time passes but by batches.
#[derive(Clone, Copy)]
pub(super) struct Ticks {
    pub(super) interval: Interval,
    pub(super) start: Time,
    /// Whether everything is one batch.
    pub(super) once: bool,
}

impl Ticks {
    /// The time of a batch; the first is 0.
    fn tick(&self, batch: usize) -> Time {
        let batch = if self.once { 0 } else { batch as i64 };
        self.start.next_tick(self.interval).after(self.interval, batch)
    }
}

/// Reads one batch after the other: the elements of the queues, one each; files and stdin go whole
/// into the first.
pub(super) fn run(settings: &Settings, signals: &Signals, pool: Pool, ticks: Ticks) -> Result<Ended> {
    let (queues, others): (Vec<SourceSpec>, Vec<SourceSpec>) =
        settings.sources.iter().cloned().partition(|spec| matches!(spec.kind, SourceKind::Queue(_)));
    let mut queue = QueueReader::new(&queues, settings.source_options(), pool.clone())?;
    let mut sources = EventLoop::new(&others, settings.source_options(), pool.clone())?;
    sources.wake_on(signals.wake()?)?;
    let mut conductor = Conductor::new(settings, pool)?;
    sources.watch_output(conductor.output_descriptor()?)?;
    let ended = match drain(signals, &mut sources, &mut conductor) {
        Ok(()) => replay(settings, signals, ticks, (&mut queue, sources.stats()), &mut conductor),
        // What was read before a source broke is still a batch.
        Err(broken @ Error::Runtime(_)) => conductor.close(ticks.tick(0), true).and(Err(broken)),
        Err(fault) => Err(fault),
    };
    conductor.end(ended, sum(sources.stats(), queue.stats()), sources.incomplete())
}

/// Reads files and stdin to their end.
fn drain(signals: &Signals, sources: &mut EventLoop, conductor: &mut Conductor) -> Result<()> {
    sources.notices().into_iter().for_each(|notice| conductor.say(notice));
    while !signals.stop() && !sources.ended() {
        match sources.turn(None, &mut |chunk| conductor.accept(chunk))? {
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
        sources.notices().into_iter().for_each(|notice| conductor.say(notice));
    }
    sources.seal(&mut |chunk| conductor.accept(chunk));
    Ok(())
}

/// Reads the queues batch by batch, after other sources have read so much into the first.
fn replay(
    settings: &Settings,
    signals: &Signals,
    ticks: Ticks,
    (queue, read): (&mut QueueReader, SourceStats),
    conductor: &mut Conductor,
) -> Result<Ended> {
    let begun =
        |duration: Interval| (duration.as_millis() as u64).div_ceil(ticks.interval.as_millis() as u64);
    let limits = settings.duration.map(begun).into_iter().chain(settings.max_batches);
    let batches = limits.fold(queue.batches().max(1) as u64, u64::min) as usize;
    for batch in 0..batches {
        queue.begin(batch);
        loop {
            if signals.stop() {
                queue.stop(&mut |chunk| conductor.accept(chunk));
            }
            match queue.turn(&mut |chunk| conductor.accept(chunk)) {
                Ok(Turn::Idle) => break,
                Ok(Turn::Full) => conductor.relieve(),
                Ok(Turn::Read | Turn::Woken | Turn::OutputClosed) => {}
                Err(broken) => return conductor.close(ticks.tick(batch), true).and(Err(broken)),
            }
            let total = || sum(read, queue.stats());
            conductor.obey(signals, total)?;
            conductor.keep_up(total)?;
        }
        let last = batch + 1 == batches || signals.stop();
        if last || !ticks.once {
            conductor.close(ticks.tick(batch), last)?;
            conductor.prepare()?;
        }
        conductor.count(sum(read, queue.stats()));
        if last {
            break;
        }
    }
    Ok(signals.ended())
}

/// What both kinds of sources have read.
fn sum(mut read: SourceStats, queued: SourceStats) -> SourceStats {
    read += queued;
    read
}
