//! Damaged files: an error, or all that was there. Never other data, and never a panic.
use std::sync::Arc;

use crate::support::{Model, Op, Random, Sim, commit, contents, eager, open, read, some_ops};
use dstream::checkpoint::{Checkpoint, Claim, Options, Storage};
use dstream::error::Error;

/// A store with a snapshot and two logs, of which the last has several commits.
fn store() -> (Sim, Model) {
    let sim = Sim::new();
    let storage: Arc<dyn Storage> = Arc::new(sim.clone());
    let mut random = Random(11);
    let (mut store, mut model, _) = open(&storage, eager()).unwrap();
    while store.size().snapshot == 0 {
        commit(&mut store, &mut model, &some_ops(&mut random), 1).unwrap();
    }
    let some = |n: u8| Op::Put("state".to_owned(), vec![n], vec![n; 20]);
    commit(&mut store, &mut model, &[some(1), some(2), Op::Delete("state".to_owned(), vec![2])], 2).unwrap();
    store.close().unwrap();
    let (mut store, _, _) = open(&storage, Options::default()).unwrap();
    for n in 3..6 {
        commit(&mut store, &mut model, &[some(n), Op::Clear("a".to_owned())], i64::from(n)).unwrap();
    }
    store.close().unwrap();
    let names: Vec<_> = sim.files().into_keys().collect();
    assert!(names.len() == 3 && names[0].ends_with(".snapshot"), "{names:?}");
    (sim, model)
}

/// Reads it, and goes on with it.
fn check(sim: &Sim, model: &Model, what: &str) -> bool {
    let sim = sim.copy();
    let storage: Arc<dyn Storage> = Arc::new(sim);
    match read(&storage) {
        Ok((found, _)) => {
            assert_eq!(&found, model, "{what}");
            let (store, found, _) = open(&storage, Options::default()).unwrap();
            drop(store);
            assert_eq!(&found, model, "{what}");
            assert_eq!(&read(&storage).unwrap().0, model, "{what}");
            true
        }
        Err(Error::Checkpoint(text)) => {
            assert!(text.contains("sim/0000000000"), "the file is named: {text}");
            assert!(open(&storage, Options::default()).is_err(), "{what}");
            false
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_byte_that_is_another_is_found_wherever_it_is() {
    let (sim, model) = store();
    assert!(check(&sim, &model, "undamaged"));
    let mut harmless = 0;
    for (name, bytes) in sim.files() {
        for at in 0..bytes.len() {
            // What is no part of anything: one flip in each will do.
            let padding = (48..4096).contains(&at) && bytes[at] == 0 && at % 64 != 0;
            let flips: &[u8] = if padding { &[] } else { &[0x01, 0x80, 0xff] };
            for flip in flips {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let copy = sim.copy();
                copy.set_file(&name, Some(damaged));
                harmless += u32::from(check(&copy, &model, &format!("{name} byte {at} ^ {flip}")));
            }
        }
    }
    // Padding, and marks that another mark or the next log stands in for.
    assert!(harmless < 1200, "{harmless}");
}

#[test]
fn a_file_that_was_cut_short_or_goes_on_is_found() {
    let (sim, model) = store();
    for (name, bytes) in sim.files() {
        for length in 0..bytes.len() {
            let copy = sim.copy();
            copy.set_file(&name, Some(bytes[..length].to_vec()));
            assert!(!check(&copy, &model, &format!("{name} cut to {length}")));
        }
    }
}

#[test]
fn what_a_torn_commit_left_is_cut_off_and_told() {
    let (sim, model) = store();
    let (name, bytes) = sim.files().into_iter().next_back().unwrap();
    let mut random = Random(5);
    for n in 1..200 {
        let garbage: Vec<u8> = (0..n).map(|_| random.next() as u8).collect();
        // Zeros, garbage, and the start of a frame that was there before.
        let tails = [vec![0; n], garbage, bytes[bytes.len() - n..].to_vec(), bytes[4096..4096 + n].to_vec()];
        for tail in tails {
            let copy = sim.copy();
            copy.set_file(&name, Some([&bytes[..], &tail].concat()));
            let storage: Arc<dyn Storage> = Arc::new(copy.clone());
            let found = Checkpoint::read(&storage).unwrap();
            assert_eq!((contents(&found).unwrap(), found.torn()), (model.clone(), n as u64));
            let (store, _, _) = open(&storage, Options::default()).unwrap();
            drop(store);
            assert_eq!(Checkpoint::read(&storage).unwrap().torn(), 0);
        }
    }
}

#[test]
fn a_file_that_is_missing_or_another_is_found() {
    let (sim, model) = store();
    let files = sim.files();
    for name in files.keys() {
        let copy = sim.copy();
        copy.set_file(name, None);
        assert!(!check(&copy, &model, &format!("without {name}")));
        for (other, bytes) in &files {
            if other != name {
                let copy = sim.copy();
                copy.set_file(name, Some(bytes.clone()));
                assert!(!check(&copy, &model, &format!("{name} is {other}")));
            }
        }
    }
}

/// A log of another checkpoint is no part of this one.
#[test]
fn a_log_of_another_checkpoint_is_found() {
    let (sim, model) = store();
    let (name, bytes) = sim.files().into_iter().next_back().unwrap();
    let other = Sim::new();
    let storage: Arc<dyn Storage> = Arc::new(other.clone());
    while !other.files().contains_key(&name) {
        drop(open(&storage, Options::default()).unwrap());
    }
    let theirs = other.files().remove(&name).unwrap();
    assert_ne!(theirs, bytes);
    sim.set_file(&name, Some(theirs));
    assert!(!check(&sim, &model, "another store's log"));
}

#[test]
fn a_newer_format_is_refused_as_such() {
    let (sim, _) = store();
    for (name, mut bytes) in sim.files() {
        bytes[8..10].copy_from_slice(&2u16.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..44]);
        bytes[44..48].copy_from_slice(&sum.to_le_bytes());
        let copy = sim.copy();
        copy.set_file(&name, Some(bytes));
        let storage: Arc<dyn Storage> = Arc::new(copy);
        let error = Checkpoint::read(&storage).err().unwrap();
        assert!(
            matches!(&error, Error::Checkpoint(text) if text.contains("written by a newer dstream")),
            "{error}"
        );
    }
}

#[test]
fn damage_names_file_and_offset() {
    let (sim, _) = store();
    let (name, mut bytes) = sim.files().into_iter().next_back().unwrap();
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    sim.set_file(&name, Some(bytes));
    let storage: Arc<dyn Storage> = Arc::new(sim);
    let claim = Claim::take(storage).unwrap();
    let text = claim.read().err().unwrap().to_string();
    assert!(text.contains(&format!("sim/{name} is corrupt at byte ")), "{text}");
    assert!(text.ends_with("a commit that was whole is not whole any more"), "{text}");
}
