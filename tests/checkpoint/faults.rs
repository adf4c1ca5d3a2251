//! Whatever fails and whenever the power does: what is found is what the last commit that was
//! acknowledged has left, or the one that was being made, and it stays that.
use std::sync::Arc;

use crate::support::{Fault, Model, Random, Sim, commit, eager, open, read, some_ops};
use dstream::checkpoint::Storage;

/// What may be found.
#[derive(Clone, Default)]
struct Expected {
    acknowledged: (Model, u64),
    /// What a commit was making of it when it failed.
    under_way: Option<(Model, u64)>,
}

impl Expected {
    fn check(&mut self, found: (Model, u64), what: &str) {
        let fits = found == self.acknowledged || self.under_way.as_ref() == Some(&found);
        assert!(fits, "{what}: found commit {} after {}", found.1, self.acknowledged.1);
        *self = Expected { acknowledged: found, under_way: None };
    }
}

/// Two runs of a process with some commits each, until something fails.
fn script(storage: &Arc<dyn Storage>, expected: &mut Expected) -> Result<(), ()> {
    let mut random = Random(1);
    for run in 0..4 {
        let Ok((mut store, model, last)) = open(storage, eager()) else { return Err(()) };
        expected.check((model.clone(), last.sequence), "opened");
        let mut model = model;
        for n in 0..9 {
            let ops = some_ops(&mut random);
            let before = store.last().sequence;
            match commit(&mut store, &mut model, &ops, run * 100 + n) {
                Ok(committed) => {
                    assert_eq!(committed.sequence, before + 1);
                    *expected = Expected { acknowledged: (model.clone(), before + 1), under_way: None };
                }
                Err(_) => {
                    expected.under_way = Some((model, before + 1));
                    assert!(store.commit().is_err(), "a store that has failed takes no more");
                    return Err(());
                }
            }
        }
        if run == 1 {
            store.close().map_err(|_| ())?;
        }
    }
    Ok(())
}

/// Goes on after a fault; the power fails too if there are seeds for that.
fn recover(sim: &Sim, mut expected: Expected, crash: Option<u64>, what: &str) {
    let sim = sim.copy();
    let mut random = Random(crash.unwrap_or(0));
    match crash {
        Some(_) => sim.crash(&mut random),
        None => sim.end_process(),
    }
    let storage: Arc<dyn Storage> = Arc::new(sim.clone());
    let (model, last) = read(&storage).unwrap_or_else(|error| panic!("{what}: {error}"));
    expected.check((model, last.sequence), what);
    let (mut store, mut model, last) =
        open(&storage, eager()).unwrap_or_else(|error| panic!("{what}: {error}"));
    expected.check((model.clone(), last.sequence), what);
    // What was found stays, also if the power fails now.
    let crashed = sim.copy();
    crashed.crash(&mut random);
    let (found, last) =
        read(&(Arc::new(crashed) as Arc<dyn Storage>)).unwrap_or_else(|e| panic!("{what}: {e}"));
    expected.check((found, last.sequence), what);
    let committed = commit(&mut store, &mut model, &some_ops(&mut random), 1000).unwrap();
    drop(store);
    sim.crash(&mut random);
    let found = read(&storage).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found, (model, committed), "{what}");
}

fn every_operation(fault: Fault) -> u64 {
    for n in 0.. {
        let sim = Sim::new();
        let storage: Arc<dyn Storage> = Arc::new(sim.clone());
        sim.fault_at(n, fault);
        let mut expected = Expected::default();
        let result = script(&storage, &mut expected);
        if !sim.fired() {
            assert_eq!(result, Ok(()));
            return n;
        }
        let what = format!("{fault:?} at operation {n}");
        recover(&sim, expected.clone(), None, &what);
        for seed in 0..12 {
            recover(&sim, expected.clone(), Some(seed), &format!("{what}, crash {seed}"));
        }
    }
    0
}

#[test]
fn any_operation_may_fail() {
    assert!(every_operation(Fault::Fail) > 250);
}

#[test]
fn any_operation_may_be_done_in_part() {
    assert!(every_operation(Fault::Tear) > 250);
}

#[test]
fn the_power_may_fail_at_any_operation() {
    assert!(every_operation(Fault::Halt) > 250);
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_committed() {
    for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::ReadOnlyFilesystem] {
        let sim = Sim::new();
        let storage: Arc<dyn Storage> = Arc::new(sim.clone());
        let (mut store, mut model, _) = open(&storage, eager()).unwrap();
        commit(&mut store, &mut model, &some_ops(&mut Random(3)), 1).unwrap();
        sim.fail_writes_with(Some(kind));
        let error = commit(&mut store, &mut model.clone(), &some_ops(&mut Random(4)), 2).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("cannot write sim/000000000000000"), "{text}");
        sim.fail_writes_with(None);
        let text = store.commit().err().unwrap().to_string();
        assert!(text.contains("takes nothing more: cannot write"), "{text}");
        drop(store);
        assert_eq!(read(&storage).unwrap().0, model);
        sim.fail_writes_with(Some(kind));
        assert!(open(&storage, eager()).is_err());
        assert_eq!(read(&storage).unwrap().0, model, "what cannot be written can still be read");
    }
}
