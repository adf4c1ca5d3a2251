//! A run on the virtual clock: no thread sleeps and no real time is read, so that the same input
//! gives the same bytes.

use super::clock::VirtualClock;
use super::conductor::Conductor;
use super::signals::Signals;
use super::{Ended, Settings};
use crate::batch::{Interval, Pool};
use crate::error::{Error, Result};
use crate::source::{self, EventLoop, QueueReader, SourceKind, SourceSpec, SourceStats, Turn};

/// Reads one batch after the other: the elements of the queues, one each; files and stdin go whole
/// into the first.
pub(super) fn run(
    settings: &Settings,
    signals: &Signals,
    conductor: &mut Conductor,
    options: source::Options,
    pool: Pool,
    clock: VirtualClock,
) -> Result<Ended> {
    let (queues, others): (Vec<SourceSpec>, Vec<SourceSpec>) =
        settings.sources.iter().cloned().partition(|spec| matches!(spec.kind, SourceKind::Queue(_)));
    let mut queue = QueueReader::new(&queues, options, pool.clone())?;
    let mut read = SourceStats::default();
    if !others.is_empty() {
        let mut sources = EventLoop::new(&others, options, pool)?;
        sources.wake_on(signals.wake()?)?;
        conductor.relay(sources.notices());
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
            conductor.relay(sources.notices());
        }
        sources.seal(&mut |chunk| conductor.accept(chunk));
        read = sources.stats();
        read.bytes_lost += sources.incomplete();
    }
    let within = |duration: Interval| (duration.as_millis() / clock.interval.as_millis()) as u64;
    let limits = settings.duration.map(within).into_iter().chain(settings.max_batches);
    let batches = limits.fold(queue.batches().max(1) as u64, u64::min) as usize;
    for batch in 0..batches {
        queue.begin(batch);
        loop {
            if signals.stop() {
                queue.stop(&mut |chunk| conductor.accept(chunk));
            }
            match queue.turn(&mut |chunk| conductor.accept(chunk))? {
                Turn::Idle => break,
                Turn::Full => conductor.relieve(),
                Turn::Read | Turn::Woken | Turn::OutputClosed => {}
            }
            let total = || sum(read, queue.stats());
            conductor.obey(signals, total)?;
            conductor.keep_up(total)?;
        }
        let last = batch + 1 == batches || signals.stop();
        if last || !clock.once {
            conductor.close(clock.tick(if clock.once { 0 } else { batch }), last)?;
        }
        conductor.count(sum(read, queue.stats()));
        if last {
            break;
        }
    }
    Ok(if signals.interrupted() { Ended::Interrupted } else { Ended::Drained })
}

/// What both kinds of sources have read.
fn sum(mut read: SourceStats, queued: SourceStats) -> SourceStats {
    read.bytes += queued.bytes;
    read.lines_cut += queued.lines_cut;
    read.bytes_cut += queued.bytes_cut;
    read.bytes_lost += queued.bytes_lost;
    read
}
