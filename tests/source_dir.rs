//! `dir:`: every new file once, whichever way it comes.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use source_support::{Rig, error_of, from};

fn watch(path: &Path) -> Rig {
    Rig::new(&[from("dir", path)])
}

#[test]
fn new_files_are_read_once_and_old_and_hidden_ones_never() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir_in(dir.path().parent().unwrap()).unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("old"), "old\n").unwrap();
    let mut rig = watch(dir.path());
    fs::create_dir(at("sub")).unwrap();
    fs::write(at("sub").join("x"), "deeper\n").unwrap();
    fs::write(at(".hidden"), "hidden\n").unwrap();
    fs::write(at("_temporary"), "temporary\n").unwrap();
    fs::write(outside.path().join("moved"), "moved\n").unwrap();
    fs::rename(outside.path().join("moved"), at("moved")).unwrap();
    rig.until_text("moved\n");
    fs::write(at("written"), "written").unwrap();
    rig.until_text("moved\nwritten\n");
    fs::rename(at(".hidden"), at("shown")).unwrap();
    rig.until_text("moved\nwritten\nhidden\n");
    writeln!(File::options().append(true).open(at("old")).unwrap(), "more").unwrap();
    fs::write(at("last"), "last\n").unwrap();
    rig.until_text("moved\nwritten\nhidden\nlast\n");
    rig.rest();
    assert_eq!(rig.text, b"moved\nwritten\nhidden\nlast\n");
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
}

#[test]
fn a_file_is_not_taken_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = watch(dir.path());
    let mut slow = File::create(dir.path().join("slow")).unwrap();
    slow.write_all(b"first half ").unwrap();
    rig.rest();
    assert!(rig.text.is_empty());
    slow.write_all(b"second half\n").unwrap();
    drop(slow);
    rig.until_text("first half second half\n");
}

#[test]
fn a_file_that_nobody_closes_is_taken_when_it_is_still() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = watch(dir.path());
    let mut open = File::create(dir.path().join("open")).unwrap();
    open.write_all(b"never closed\n").unwrap();
    rig.until_text("never closed\n");
    rig.rest();
    open.write_all(b"too late\n").unwrap();
    drop(open);
    rig.until_notice("was changed after it was read");
    assert_eq!(rig.text, b"never closed\n");
}

#[test]
fn arrivals_in_quick_succession_are_all_read_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = watch(dir.path());
    for n in 0..500 {
        let hidden = dir.path().join(format!(".{n}"));
        fs::write(&hidden, format!("{n}\n")).unwrap();
        fs::rename(&hidden, dir.path().join(format!("{n:03}"))).unwrap();
        if n % 50 == 0 {
            rig.turn().unwrap();
        }
    }
    rig.until_lines(500);
    let expected: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    assert_eq!(rig.lines(), expected);
}

#[test]
fn twenty_thousand_files_at_once_are_each_read_once() {
    const FILES: usize = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir_in(dir.path().parent().unwrap()).unwrap();
    let mut rig = watch(dir.path());
    for n in 0..FILES {
        fs::write(outside.path().join(n.to_string()), format!("{n:05}\n")).unwrap();
    }
    let (from, to) = (outside.path().to_path_buf(), dir.path().to_path_buf());
    let mover = std::thread::spawn(move || {
        for n in (0..FILES).map(|n| n.to_string()) {
            fs::rename(from.join(&n), to.join(&n)).unwrap();
        }
    });
    rig.until_lines(FILES);
    mover.join().unwrap();
    rig.rest();
    let expected: Vec<String> = (0..FILES).map(|n| format!("{n:05}")).collect();
    assert!(rig.sorted() == expected, "{} lines came", rig.lines().len());
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
}

#[test]
fn what_goes_before_it_is_read_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = watch(dir.path());
    // The first is long, so that the second waits.
    fs::write(dir.path().join(".a"), "a long line\n".repeat(1_000_000)).unwrap();
    fs::rename(dir.path().join(".a"), dir.path().join("a")).unwrap();
    fs::write(dir.path().join("b"), "never read\n").unwrap();
    rig.until("the first lines", |rig| !rig.text.is_empty());
    fs::write(dir.path().join(".c"), "in its place\n").unwrap();
    fs::rename(dir.path().join(".c"), dir.path().join("b")).unwrap();
    rig.until("the last line", |rig| rig.text.ends_with(b"in its place\n"));
    rig.rest();
    assert_eq!(rig.lines().len(), 1_000_001);
    assert!(rig.has_notice("b has gone before it was read"), "{:?}", rig.notices);
}

#[test]
fn a_name_that_is_deleted_and_made_again_is_a_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("again");
    let mut rig = watch(dir.path());
    let mut expected = String::new();
    for n in 0..4 {
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("{n}\n")).unwrap();
        expected.push_str(&format!("{n}\n"));
        rig.until_text(&expected);
    }
    fs::write(dir.path().join(".next"), "renamed over\n").unwrap();
    fs::rename(dir.path().join(".next"), &path).unwrap();
    expected.push_str("renamed over\n");
    rig.until_text(&expected);
}

#[test]
fn the_directory_may_come_later_and_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let incoming = dir.path().join("incoming");
    let mut rig = watch(&incoming);
    assert!(rig.has_notice("waiting for it"));
    fs::create_dir(&incoming).unwrap();
    fs::write(incoming.join("a"), "a\n").unwrap();
    rig.until_text("a\n");
    fs::remove_dir_all(&incoming).unwrap();
    rig.until("the second notice", |rig| rig.notices.iter().filter(|n| n.contains("waiting")).count() == 2);
    fs::create_dir(&incoming).unwrap();
    fs::write(incoming.join("b"), "b\n").unwrap();
    rig.until_text("a\nb\n");
}

#[test]
fn archives_are_decoded_and_a_broken_one_is_left_out_with_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = watch(dir.path());
    let packed = zstd::encode_all(&b"packed\n"[..], 3).unwrap();
    fs::write(dir.path().join("a.zst"), &packed).unwrap();
    rig.until_text("packed\n");
    fs::write(dir.path().join("b.zst"), &packed[..packed.len() - 3]).unwrap();
    rig.until_notice("b.zst is truncated");
    fs::write(dir.path().join("c"), "well\n").unwrap();
    rig.until("the next file", |rig| rig.text.ends_with(b"well\n"));
    assert!(error_of(&[from("dir", &dir.path().join("c"))]).to_string().contains("file:"));
}
