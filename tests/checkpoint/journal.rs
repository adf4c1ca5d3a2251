//! Whatever fails and whenever the power does: what was sealed in the journal comes back, whole and once.
use std::sync::Arc;

use crate::support::{Fault, Random, Sim};
use dstream::batch::Time;
use dstream::checkpoint::{Committed, Journal, Storage};

fn committed(sequence: u64) -> Committed {
    Committed { sequence, time: Time::from_millis(1000 * sequence.cast_signed()) }
}

fn chunk(batch: u64, number: u64) -> Vec<u8> {
    format!("batch {batch} chunk {number}\n").repeat(usize::try_from(1 + number * 7).unwrap()).into_bytes()
}

/// Writes batches behind the commits 1, 2, …, until something fails: the last one that was sealed, and the one that
/// was being written.
fn write(storage: &Arc<dyn Storage>) -> (u64, u64) {
    let (mut sealed, mut under_way) = (0, 0);
    let Ok(mut journal) = Journal::open(storage.clone(), committed(1)) else { return (0, 0) };
    for batch in 1..6 {
        under_way = batch;
        for number in 0..4 {
            journal.append(u32::try_from(number).unwrap(), committed(batch + 1).time, &chunk(batch, number));
        }
        if journal.seal(committed(batch + 1).time).is_err() {
            assert!(journal.seal(committed(batch + 1).time).is_err(), "what has failed takes no more");
            break;
        }
        sealed = batch;
        if batch < 5 {
            journal.cut(committed(batch + 1));
        }
    }
    (sealed, under_way)
}

/// What there is of the batch behind that commit, which is a beginning of it.
fn chunks(storage: &Arc<dyn Storage>, batch: u64, what: &str) -> usize {
    let journal =
        Journal::open(storage.clone(), committed(batch)).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    let mut found = Vec::new();
    journal
        .replay(&mut |source, lines| {
            found.push((source, lines.to_vec()));
            Ok(())
        })
        .unwrap();
    for (number, (source, lines)) in (0..).zip(&found) {
        assert_eq!((u64::from(*source), lines), (number, &chunk(batch, number)), "{what}");
    }
    found.len()
}

#[test]
fn what_was_sealed_comes_back_whatever_fails() {
    for fault in [Fault::Fail, Fault::Tear, Fault::Halt] {
        for operation in 0.. {
            let sim = Sim::new();
            let storage: Arc<dyn Storage> = Arc::new(sim.clone());
            sim.fault_at(operation, fault);
            let (sealed, under_way) = write(&storage);
            let over = !sim.fired();
            for crash in [None, Some(1), Some(2), Some(3)] {
                let copy = sim.copy();
                match crash {
                    Some(seed) => copy.crash(&mut Random(seed)),
                    None => copy.end_process(),
                }
                let storage: Arc<dyn Storage> = Arc::new(copy);
                let what = format!("{fault:?} at {operation}, crash {crash:?}");
                // The batch after the last commit is the one that was sealed or written last.
                let found = chunks(&storage, under_way.max(1), &what);
                assert!(found == 4 || sealed < under_way || under_way == 0, "{what}: {found} chunks");
            }
            if over {
                break;
            }
        }
    }
}

#[test]
fn what_is_committed_does_not_come_back() {
    let storage: Arc<dyn Storage> = Arc::new(Sim::new());
    assert_eq!(write(&storage), (5, 5));
    assert_eq!(chunks(&storage, 5, "sealed"), 4);
    assert!(Journal::open(storage.clone(), committed(6)).unwrap().pending().is_none());
    // The checkpoint is older than the journal.
    assert_eq!(
        Journal::open(storage, committed(3)).err().map(|fault| fault.to_string().contains("commit 5")),
        Some(true)
    );
}
