//! Checkpoints that earlier versions wrote are read by this one. Each folder of `tests/checkpoint/formats` holds
//! one, and what was in it as `export.jsonl`.
//!
//! A version that changes the format adds a folder, which `writes_another` makes, and changes none:
//!
//!     CHECKPOINT_CORPUS=tests/checkpoint/formats/NAME cargo test --test checkpoint -- --ignored
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::support::{Op, commit, job, open, read};
use dstream::checkpoint::{Checkpoint, Claim, Disk, Options, Storage, export, import};

fn disk(directory: &Path) -> Arc<dyn Storage> {
    Arc::new(Disk::new(directory))
}

#[test]
fn checkpoints_of_all_versions_are_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoint/formats");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let stored = entry.unwrap().path();
        let text = fs::read_to_string(stored.join("export.jsonl")).unwrap();
        let storage = disk(&stored);
        let found = Checkpoint::read(&storage).unwrap();
        let mut exported = Vec::new();
        export(&found, &mut exported).unwrap();
        assert_eq!(lines(&exported), lines(text.as_bytes()), "{}", stored.display());
        assert!(found.size().snapshot > 0 && found.size().log_files > 1, "{:?}", found.size());

        // And gone on with.
        let dir = tempfile::tempdir().unwrap();
        for file in fs::read_dir(&stored).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
        let storage = disk(dir.path());
        let (mut store, mut model, _) = open(&storage, Options { compact_at: 0, background: false }).unwrap();
        commit(&mut store, &mut model, &[Op::Put("new".to_owned(), vec![], vec![1])], 9).unwrap();
        drop(store);
        assert_eq!(read(&storage).unwrap().0, model);

        // And imported.
        let other = tempfile::tempdir().unwrap();
        import(Claim::take(disk(other.path())).unwrap(), &mut text.as_bytes()).unwrap();
        let mut exported = Vec::new();
        export(&Checkpoint::read(&disk(other.path())).unwrap(), &mut exported).unwrap();
        assert_eq!(lines(&exported)[1..], lines(text.as_bytes())[1..]);
        count += 1;
    }
    assert!(count > 0);
}

fn lines(text: &[u8]) -> Vec<serde_json::Value> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[test]
#[ignore = "writes a checkpoint for the corpus"]
fn writes_another() {
    let Ok(directory) = std::env::var("CHECKPOINT_CORPUS") else { return };
    let storage = disk(Path::new(&directory));
    let options = |compact_at| Options { compact_at, background: false };
    let (mut store, mut model, _) = open(&storage, options(0)).unwrap();
    let put = |table: &str, key: &[u8], value: &[u8]| Op::Put(table.to_owned(), key.to_vec(), value.to_vec());
    let ops = [
        put("source:0", b"", br#"{"queue":{"element":3}}"#),
        put("1:updateStateByKey", b"the", b"12"),
        put("1:updateStateByKey", b"lord", b"7"),
        put("1:updateStateByKey", b"\xff\x00", b"\xfe"),
        put("2:window", b"1", b"old"),
        put("2:window", b"2", b"old"),
    ];
    commit(&mut store, &mut model, &ops, 1000).unwrap();
    drop(store);
    for run in 0..2 {
        let (mut store, mut model, _) = open(&storage, options(1 << 20)).unwrap();
        let ops = [
            Op::Delete("1:updateStateByKey".to_owned(), b"lord".to_vec()),
            put("1:updateStateByKey", b"", &[run; 200]),
        ];
        commit(&mut store, &mut model, &ops, 2000).unwrap();
        commit(
            &mut store,
            &mut model,
            &[Op::Clear("2:window".to_owned()), put("2:window", b"2", b"new")],
            3000,
        )
        .unwrap();
        drop(store);
    }
    fs::remove_file(Path::new(&directory).join("lock")).unwrap();
    let found = Checkpoint::read(&storage).unwrap();
    assert_eq!(found.about().unwrap().job, job());
    export(&found, &mut fs::File::create(Path::new(&directory).join("export.jsonl")).unwrap()).unwrap();
}
