//! Positions of `dir:`: each file once, whenever a run is cut.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs;
use std::io::Write;
use std::path::Path;

use dstream::source::Options;
use source_support::{Rig, Store, from};

fn restore(path: &Path, store: &Store) -> Rig {
    Rig::restore(&[from("dir", path)], Options::default(), store).unwrap()
}

/// Puts a file into a directory at once.
fn put(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    let hidden = dir.join(format!(".{name}"));
    fs::write(&hidden, content).unwrap();
    fs::rename(&hidden, dir.join(name)).unwrap();
}

fn numbers(count: usize) -> String {
    (0..count).map(|n| format!("line {n} {}\n", n * 7919 % 10_007)).collect()
}

/// Starts to read a long file; the text that was read, and the store then.
fn half_read(dir: &Path, name: &str, content: &[u8]) -> (Vec<u8>, Store) {
    let mut store = Store::default();
    let mut rig = restore(dir, &store);
    rig.commit(&mut store);
    put(dir, name, content);
    rig.until("the first lines", |rig| !rig.text.is_empty());
    rig.commit(&mut store);
    (rig.text, store)
}

#[test]
fn a_file_is_read_on_wherever_it_was_left() {
    let text = numbers(100_000) + "the last";
    let whole = text.clone() + "\n";
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (name, bytes) in [("plain", text.as_bytes()), ("packed.zst", &packed)] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::default();
        let mut rig = restore(dir.path(), &store);
        put(dir.path(), name, bytes);
        rig.until("the first lines", |rig| !rig.text.is_empty());
        let mut cuts = 0;
        while rig.text.len() < whole.len() {
            rig.commit(&mut store);
            let mut second = restore(dir.path(), &store);
            second.until_lines(100_001 - rig.lines().len());
            second.rest();
            assert!([&rig.text[..], &second.text].concat() == whole.as_bytes(), "{name}: cut {cuts}");
            assert!(second.notices.is_empty(), "{:?}", second.notices);
            rig.turn().unwrap();
            cuts += 1;
        }
        assert!(cuts > 3);
        rig.rest();
        rig.commit(&mut store);
        let mut second = restore(dir.path(), &store);
        second.rest();
        assert!(second.text.is_empty(), "a file that was read is not read again");
    }
}

#[test]
fn what_came_meanwhile_is_read_and_what_was_there_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in ["old", "old replaced", "old deleted"] {
        fs::write(at(name), "not read\n").unwrap();
    }
    let mut store = Store::default();
    let mut rig = restore(dir.path(), &store);
    for name in ["done", "replaced", "changed", "deleted"] {
        put(dir.path(), name, format!("{name}\n"));
    }
    rig.until_lines(4);
    rig.rest();
    rig.commit(&mut store);
    drop(rig);
    put(dir.path(), "new", "new\n");
    fs::write(at("_hidden"), "not read\n").unwrap();
    put(dir.path(), "old replaced", "old replaced\n");
    put(dir.path(), "replaced", "replaced\n");
    writeln!(fs::OpenOptions::new().append(true).open(at("changed")).unwrap(), "not read").unwrap();
    fs::remove_file(at("deleted")).unwrap();
    fs::remove_file(at("old deleted")).unwrap();
    let mut rig = restore(dir.path(), &store);
    rig.until_lines(3);
    rig.rest();
    assert_eq!(rig.sorted(), ["new", "old replaced", "replaced"]);
    assert!(rig.has_notice("changed was changed after it was read"), "{:?}", rig.notices);
    assert_eq!(rig.notices.len(), 1, "{:?}", rig.notices);
    rig.commit(&mut store);
    let names: Vec<&str> = store.rows.keys().filter_map(|(_, key)| key.strip_prefix("file:")).collect();
    assert_eq!(names, ["changed", "done", "new", "old", "old replaced", "replaced"]);
    let mut rig = restore(dir.path(), &store);
    rig.rest();
    assert!(rig.text.is_empty());
}

#[test]
fn what_became_of_a_file_that_was_half_read_is_seen() {
    let text = numbers(100_000);
    // Renamed, its rest is read; by its new name it is a new file, as it would be while it is watched.
    let dir = tempfile::tempdir().unwrap();
    let (first, store) = half_read(dir.path(), "a", text.as_bytes());
    fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
    let mut rig = restore(dir.path(), &store);
    rig.until_lines(200_000 - first.iter().filter(|&&byte| byte == b'\n').count());
    assert!([&first[..], &rig.text].concat() == (text.clone() + &text).as_bytes());
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
    // Deleted, replaced and overwritten.
    let gone = "the rest of a file is left out: a has gone before it was read beyond byte";
    for (change, says) in [
        (&(|path: &Path| fs::remove_file(path).unwrap()) as &dyn Fn(&Path), gone),
        (&|path: &Path| put(path.parent().unwrap(), "a", "new\n"), gone),
        (&|path: &Path| fs::write(path, "new\n").unwrap(), "it has 4 bytes"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = half_read(dir.path(), "a", text.as_bytes());
        change(&dir.path().join("a"));
        put(dir.path(), "b", "next\n");
        let mut rig = restore(dir.path(), &store);
        rig.until("the next file", |rig| rig.text.ends_with(b"next\n"));
        assert!(rig.has_notice(says), "{:?}", rig.notices);
        assert_eq!(rig.text.starts_with(b"new\n"), says == gone && dir.path().join("a").exists());
        // It is told only once.
        let mut store = store;
        rig.commit(&mut store);
        let rig = restore(dir.path(), &store);
        assert!(rig.notices.is_empty(), "{:?}", rig.notices);
    }
}

#[test]
fn a_position_costs_what_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        fs::write(dir.path().join(n.to_string()), "old\n").unwrap();
    }
    let mut store = Store::default();
    let mut rig = restore(dir.path(), &store);
    rig.commit(&mut store);
    assert_eq!((store.written, store.rows.len()), (1001, 1001));
    rig.rest();
    rig.commit(&mut store);
    assert_eq!(store.written, 1001, "nothing has changed");
    put(dir.path(), "new", "new\n");
    rig.until_text("new\n");
    rig.rest();
    rig.commit(&mut store);
    assert_eq!((store.written, store.rows.len()), (1003, 1002));
    drop(rig);
    fs::remove_file(dir.path().join("17")).unwrap();
    let mut rig = restore(dir.path(), &store);
    rig.commit(&mut store);
    assert_eq!((store.written, store.rows.len()), (1005, 1001));
}

#[test]
fn a_directory_that_was_not_there_keeps_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let (incoming, away) = (dir.path().join("incoming"), dir.path().join("away"));
    fs::create_dir(&incoming).unwrap();
    let mut store = Store::default();
    let mut rig = restore(&incoming, &store);
    put(&incoming, "a", "a\n");
    rig.until_text("a\n");
    rig.commit(&mut store);
    drop(rig);
    // As a file system that is mounted late.
    fs::rename(&incoming, &away).unwrap();
    let mut rig = restore(&incoming, &store);
    assert!(rig.has_notice("waiting for it"), "{:?}", rig.notices);
    rig.commit(&mut store);
    put(&away, "b", "b\n");
    fs::rename(&away, &incoming).unwrap();
    rig.until_text("b\n");
    rig.rest();
    assert_eq!(rig.text, b"b\n");
}

#[test]
fn files_that_come_all_the_time_are_read_once_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut text, mut expected) = (Store::default(), Vec::new(), Vec::new());
    let mut number = 0;
    let mut add = |count: usize, size: usize, expected: &mut Vec<String>| {
        for _ in 0..count {
            number += 1;
            let lines: Vec<String> = (0..size).map(|line| format!("{number} {line}")).collect();
            put(dir.path(), &number.to_string(), lines.join("\n"));
            expected.extend(lines);
        }
    };
    restore(dir.path(), &store).commit(&mut store);
    for round in 0..4 {
        let mut rig = restore(dir.path(), &store);
        add(20, 10, &mut expected);
        add(2, 40_000, &mut expected);
        rig.until("the first lines", |rig| !rig.text.is_empty());
        (0..round * 3).for_each(|_| _ = rig.turn().unwrap());
        rig.commit(&mut store);
        text.append(&mut rig.text);
        // What is read now is not committed.
        rig.turn().unwrap();
        drop(rig);
        add(5, 10, &mut expected);
    }
    let mut rig = restore(dir.path(), &store);
    let read = text.iter().filter(|&&byte| byte == b'\n').count();
    rig.until_lines(expected.len() - read);
    rig.rest();
    text.append(&mut rig.text);
    let mut lines: Vec<String> = String::from_utf8(text).unwrap().lines().map(str::to_string).collect();
    lines.sort();
    expected.sort();
    assert!(lines == expected, "{} lines for {}", lines.len(), expected.len());
}
