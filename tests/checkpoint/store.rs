//! The store against a model, on a real disk.
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use crate::support::{Op, commit, contents, job, open, read};
use dstream::batch::Time;
use dstream::checkpoint::{Checkpoint, Claim, Disk, MAX_BYTES, MAX_TABLE, Options, Storage, export, import};
use dstream::error::Error;
use proptest::prelude::*;

fn disk(directory: &std::path::Path) -> Arc<dyn Storage> {
    Arc::new(Disk::new(directory))
}

/// What happens to a store.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Op>),
    /// A commit that is given up.
    GivenUp(Vec<Op>),
    Reopen,
    /// As after an end without notice.
    Drop,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let table = prop_oneof![Just("state".to_owned()), Just("a".to_owned()), Just("é".repeat(120))];
    let key = prop_oneof![
        proptest::collection::vec(0u8..4, 0..4),
        proptest::collection::vec(any::<u8>(), 7..12),
        (0u8..4).prop_map(|n| [vec![7; 8], vec![n]].concat()),
    ];
    let value = proptest::collection::vec(any::<u8>(), 0..300);
    let op = prop_oneof![
        8 => (table.clone(), key.clone(), value).prop_map(|(table, key, value)| Op::Put(table, key, value)),
        3 => (table.clone(), key).prop_map(|(table, key)| Op::Delete(table, key)),
        1 => table.prop_map(Op::Clear),
    ];
    proptest::collection::vec(op, 0..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => ops().prop_map(Step::Commit),
        1 => ops().prop_map(Step::GivenUp),
        1 => Just(Step::Reopen),
        1 => Just(Step::Drop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_store_holds_what_the_model_holds(
        steps in proptest::collection::vec(step(), 1..40),
        background: bool,
        compact_at in 0u64..20_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let storage = disk(dir.path());
        let options = Options { compact_at, background };
        let (store, mut model, _) = open(&storage, options).unwrap();
        let mut store = Some(store);
        let mut commits = 0;
        for (time, step) in steps.into_iter().enumerate() {
            let (again, given_up) = (matches!(step, Step::Reopen), store.as_mut().unwrap());
            match step {
                Step::Commit(ops) => {
                    commits += 1;
                    let committed = commit(given_up, &mut model, &ops, time as i64).unwrap();
                    prop_assert_eq!((committed.sequence, committed.time), (commits, Time::from_millis(time as i64)));
                    // Read beside the store, as those do who look into it.
                    let (found, last) = read(&storage).unwrap();
                    prop_assert_eq!((&found, last), (&model, committed));
                }
                Step::GivenUp(ops) => {
                    let mut commit = given_up.commit().unwrap();
                    for op in &ops {
                        if let Op::Put(table, key, value) = op {
                            commit.put(table, key, value).unwrap();
                        }
                    }
                }
                Step::Reopen | Step::Drop => {
                    let old = store.take().unwrap();
                    if again { old.close().unwrap() } else { drop(old) }
                    let (new, found, last) = open(&storage, options).unwrap();
                    prop_assert_eq!((&found, last.sequence), (&model, commits));
                    store = Some(new);
                }
            }
        }
        drop(store);
        let found = Checkpoint::read(&storage).unwrap();
        prop_assert_eq!(found.torn(), 0);
        prop_assert_eq!(&contents(&found).unwrap(), &model);

        let mut text = Vec::new();
        prop_assert_eq!(export(&found, &mut text).unwrap(), model.len() as u64);
        let other = tempfile::tempdir().unwrap();
        let copy = disk(other.path());
        import(Claim::take(copy.clone()).unwrap(), &mut &text[..]).unwrap();
        let copied = Checkpoint::read(&copy).unwrap();
        prop_assert_eq!((copied.last(), &copied.about().unwrap().job), (found.last(), &job()));
        let mut again = Vec::new();
        export(&copied, &mut again).unwrap();
        prop_assert_eq!(text, again);
    }
}

/// The bound holds whatever the load: commits wait for a compaction that falls behind.
#[test]
fn disk_use_is_bounded_by_what_lives() {
    let dir = tempfile::tempdir().unwrap();
    let storage = disk(dir.path());
    let (mut store, mut model, _) =
        open(&storage, Options { compact_at: 64 << 10, background: true }).unwrap();
    for n in 0..400u64 {
        let ops: Vec<Op> = (0..200)
            .map(|i| Op::Put("state".to_owned(), (i * n % 1000).to_le_bytes().to_vec(), vec![n as u8; 100]))
            .collect();
        commit(&mut store, &mut model, &ops, n as i64).unwrap();
        let live: u64 = model.iter().map(|((_, key), value)| (key.len() + value.len()) as u64).sum();
        let size = store.size();
        let used = size.snapshot + size.logs;
        assert!(used <= 5 * live.max(64 << 10) + (64 << 10), "{used} bytes for {live} at commit {n}");
    }
    store.close().unwrap();
    assert_eq!(read(&storage).unwrap().0, model);
}

#[test]
fn keys_and_values_may_be_empty_and_large_but_not_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let storage = disk(dir.path());
    let (mut store, mut model, _) = open(&storage, Options { compact_at: 0, background: false }).unwrap();
    let put = |key: Vec<u8>, value: Vec<u8>| Op::Put("t".repeat(MAX_TABLE), key, value);
    let large =
        [put(vec![], vec![]), put(vec![1; 3 << 20], vec![2; 20 << 20]), put(vec![1], vec![0xff; 300 << 10])];
    commit(&mut store, &mut model, &large, 1).unwrap();
    let mut refused = store.commit().unwrap();
    for table in ["", &"t".repeat(MAX_TABLE + 1)] {
        assert!(refused.put(table, b"k", b"v").is_err());
        assert!(refused.clear(table).is_err());
    }
    let too_large = vec![0; MAX_BYTES + 1];
    assert!(refused.put("t", &too_large, b"").is_err());
    assert!(refused.put("t", b"", &too_large).is_err());
    assert!(refused.delete("t", &too_large).is_err());
    drop(too_large);
    refused.put("t", b"k", b"v").unwrap();
    refused.finish(Time::from_millis(2)).unwrap();
    model.insert(("t".to_owned(), b"k".to_vec()), b"v".to_vec());
    drop(store);
    assert_eq!(read(&storage).unwrap().0, model);
}

#[test]
fn a_reset_leaves_nothing_but_what_is_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let storage = disk(&dir.path().join("made/on/the/way"));
    let (mut store, mut model, _) = open(&storage, crate::support::eager()).unwrap();
    for n in 0..5 {
        commit(&mut store, &mut model, &[Op::Put("t".to_owned(), vec![n], vec![0; 2000])], i64::from(n))
            .unwrap();
    }
    assert!(store.size().snapshot > 0, "the test means to have a snapshot");
    drop(store);
    let directory = dir.path().join("made/on/the/way");
    fs::write(directory.join("notes.log"), "mine").unwrap();
    fs::write(directory.join("0000000000000099.log"), "damaged").unwrap();
    assert!(matches!(Checkpoint::read(&storage).err(), Some(Error::Checkpoint(_))));
    Claim::take(storage.clone()).unwrap().reset().unwrap();
    let mut left: Vec<_> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "notes.log"]);
    let found = Checkpoint::read(&storage).unwrap();
    assert_eq!((found.about(), found.last().sequence), (None, 0));
}

#[test]
fn an_import_that_cannot_be_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let storage = disk(dir.path());
    let import_text = |text: &str| {
        let result = import(Claim::take(storage.clone()).unwrap(), &mut text.as_bytes());
        Claim::take(storage.clone()).unwrap().reset().unwrap();
        result.map_err(|error| error.to_string())
    };
    let head =
        format!(r#"{{"checkpoint":1,"written_by":"x","sequence":3,"time_ms":5,"job":{}}}"#, job().to_json());
    let faults: BTreeMap<&str, &str> = [
        ("", "line 1 of the export cannot be read: it ends before its last line"),
        ("[]", "line 1 of the export cannot be read: it is no object"),
        ("{\"checkpoint\":2}", "it is of version 2"),
        ("HEAD\n", "line 2 of the export cannot be read: it ends before"),
        ("HEAD\n{\"table\":\"t\",\"key\":\"k\"}\n", "\"value\" is missing"),
        ("HEAD\n{\"table\":\"t\",\"key\":\"k\",\"value\":{\"hex\":\"0\"}}\n", "\"0\" is not hex"),
        ("HEAD\n{\"table\":\"t\",\"key\":\"k\",\"value\":{\"hex\":\"+1\"}}\n", "\"+1\" is not hex"),
        ("HEAD\n{\"table\":\"\",\"key\":\"k\",\"value\":\"\"}\n", "has a name of 1 to 255 bytes"),
    ]
    .into();
    for (text, fault) in faults {
        let error = import_text(&text.replace("HEAD", &head)).unwrap_err();
        assert!(error.contains(fault), "{error}");
    }
    assert_eq!(import_text(&format!("{head}\n{{\"end\":true}}\n")), Ok(0));
    let (store, _, _) = open(&storage, Options::default()).unwrap();
    drop(store);
    let error = import(Claim::take(storage.clone()).unwrap(), &mut head.as_bytes()).unwrap_err();
    assert!(matches!(&error, Error::Usage(text) if text.contains("reset it first")), "{error}");
}

#[test]
fn a_directory_that_is_not_there_cannot_be_read_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    let error = Checkpoint::read(&disk(&path)).err().unwrap().to_string();
    assert!(error.ends_with("none: No such file or directory"), "{error}");
    assert!(!path.exists());
    assert_eq!(disk(&path).holder().unwrap(), None);
    fs::write(&path, "").unwrap();
    let error = Claim::take(disk(&path)).err().unwrap().to_string();
    assert!(error.contains("cannot make the checkpoint directory"), "{error}");
}
