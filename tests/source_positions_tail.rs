//! Positions of `tail:`: what happens to the files while nobody follows them.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use dstream::source::Options;
use source_support::{Rig, Store, from};

const FROM_START: Options = Options { max_line: 1 << 20, from_start: true };

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn restore(log: &Path, options: Options, store: &Store) -> Rig {
    Rig::restore(&[from("tail", log)], options, store).unwrap()
}

/// A directory with a log that was followed until it had this text.
fn followed(text: &str) -> (tempfile::TempDir, PathBuf, Store) {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    append(&log, text);
    let mut store = Store::default();
    let mut rig = restore(&log, FROM_START, &store);
    let lines = text.rfind('\n').map_or(0, |last| last + 1);
    rig.until_text(&text[..lines]);
    rig.rest();
    rig.commit(&mut store);
    (dir, log, store)
}

/// Reads on until there is this text, and no more; what was said.
fn reads_on(log: &Path, store: &Store, text: &str) -> Vec<String> {
    let mut rig = restore(log, Options::default(), store);
    rig.until_text(text);
    rig.rest();
    assert_eq!(String::from_utf8_lossy(&rig.text), text);
    rig.notices
}

fn says(notices: &[String], part: &str) {
    assert!(notices.iter().any(|notice| notice.contains(part)), "{notices:?}");
}

#[test]
fn what_was_written_meanwhile_is_read_and_a_line_that_had_begun_is_read_whole() {
    let (_dir, log, store) = followed("one\r\ntwo\nbeg");
    assert!(reads_on(&log, &store, "").is_empty());
    append(&log, "inning\nthree\npart");
    assert!(reads_on(&log, &store, "beginning\nthree\n").is_empty());
}

#[test]
fn following_that_began_in_a_line_goes_on_there() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    append(&log, "old\nbeg");
    let mut store = Store::default();
    restore(&log, Options::default(), &store).commit(&mut store);
    append(&log, "inning\n");
    assert!(reads_on(&log, &store, "inning\n").is_empty());
}

#[test]
fn the_rest_of_a_line_that_is_cut_is_not_taken_for_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    append(&log, "first\n0123456789");
    let options = Options { max_line: 4, from_start: true };
    let mut store = Store::default();
    let mut rig = restore(&log, options, &store);
    rig.until_text("firs\n");
    rig.rest();
    rig.commit(&mut store);
    append(&log, "abcdef\nlast\n");
    let mut rig = restore(&log, options, &store);
    rig.until_text("0123\nlast\n");
    assert_eq!((rig.events.stats().lines_cut, rig.events.stats().bytes_cut), (1, 12));
}

#[test]
fn files_that_have_lost_the_name_are_read_first_whatever_they_are_called() {
    let (dir, log, store) = followed("a1\n");
    append(&log, "a2\n");
    // Neither the name nor the order of names matters where the file is known.
    fs::rename(&log, dir.path().join("zebra")).unwrap();
    append(&log, "b1\n");
    assert!(reads_on(&log, &store, "a2\nb1\n").is_empty());
    // Gone again, and no new one yet.
    fs::rename(&log, dir.path().join("log.2")).unwrap();
    append(&dir.path().join("log.lock"), "not a log\n");
    says(&reads_on(&log, &store, "a2\nb1\n"), "log.2 too, which had the name");
}

#[test]
fn several_rotations_are_caught_up_with() {
    let (dir, log, store) = followed("a1\n");
    let rotate = |keep: usize| {
        for n in (0..keep).rev() {
            let older = dir.path().join(format!("log.{n}"));
            let _ = fs::rename(if n == 0 { &log } else { &older }, dir.path().join(format!("log.{}", n + 1)));
        }
    };
    append(&log, "a2\n");
    for n in 0..12 {
        rotate(20);
        // Created within one tick of the file system's clock, they are told apart by their numbers.
        append(&log, &format!("b{n}\n"));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let expected: String = (0..12).map(|n| format!("b{n}\n")).collect();
    let notices = reads_on(&log, &store, &format!("a2\n{expected}"));
    assert_eq!(notices.len(), 11, "{notices:?}");
}

#[test]
fn what_was_compressed_or_deleted_is_said() {
    let (dir, log, store) = followed("a1\n");
    append(&log, "a2\n");
    // What compresses writes another file and deletes the first.
    let packed = zstd::encode_all(&fs::read(&log).unwrap()[..], 1).unwrap();
    fs::write(dir.path().join("log.1.zst"), packed).unwrap();
    fs::remove_file(&log).unwrap();
    append(&log, "b1\n");
    let notices = reads_on(&log, &store, "b1\n");
    says(&notices, "read up to byte 3 is gone (deleted, or compressed under another name)");
    assert_eq!(notices.len(), 1, "{notices:?}");
    fs::remove_file(&log).unwrap();
    let mut rig = restore(&log, Options::default(), &store);
    rig.until_notice("is gone (deleted");
    append(&log, "c1\n");
    rig.until_text("c1\n");
}

#[test]
fn truncation_meanwhile_is_said_and_the_file_read_from_its_start() {
    for (first, then) in [
        ("a long first line\n", "b\n"),
        ("a1\n", "other, and longer than what was there\n"),
        ("x\nyy\n", "x\nzzzzz\n"),
    ] {
        let (dir, log, store) = followed(first);
        append(&log, "not read\n");
        // Neither a copy that nobody can read on nor a file that is no copy.
        fs::copy(&log, dir.path().join("log.1.gz")).unwrap();
        append(&dir.path().join("log.2"), "another file\n");
        File::create(&log).unwrap();
        append(&log, then);
        let notices = reads_on(&log, &store, then);
        says(&notices, "was truncated or overwritten while nobody followed it");
        says(&notices, "is not read; reading it from its start");
        assert_eq!(notices.len(), 1, "{notices:?}");
    }
}

#[test]
fn what_was_copied_before_a_truncation_meanwhile_is_read_from_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let truncate = |number: usize| {
        fs::copy(&log, dir.path().join(format!("log-2024010{number}"))).unwrap();
        File::create(&log).unwrap();
        // Times of birth are as coarse as the file system's clock.
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    append(&log, "before everything\n");
    truncate(1);
    append(&log, "a1\n");
    let mut store = Store::default();
    let mut rig = restore(&log, FROM_START, &store);
    rig.until_text("a1\n");
    rig.commit(&mut store);
    drop(rig);
    std::thread::sleep(std::time::Duration::from_millis(20));
    append(&log, "a2\n");
    truncate(2);
    append(&log, "b1\n");
    truncate(3);
    append(&log, "c1\n");
    let notices = reads_on(&log, &store, "a2\nb1\nc1\n");
    says(&notices, "reading the rest of what was copied to");
    says(&notices, "reading it from its start");
    assert_eq!(notices.len(), 3, "{notices:?}");
}

#[test]
fn late_writers_to_former_files_are_still_read() {
    let (dir, log, mut store) = followed("a1\n");
    let old = dir.path().join("log.1");
    fs::rename(&log, &old).unwrap();
    append(&log, "b1\n");
    let mut rig = restore(&log, Options::default(), &store);
    rig.until_text("b1\n");
    append(&old, "begun");
    rig.rest();
    rig.commit(&mut store);
    drop(rig);
    append(&old, " and ended\n");
    assert!(reads_on(&log, &store, "begun and ended\n").is_empty());
    // Gone, it would be missed: something had come that was not handed on.
    fs::remove_file(&old).unwrap();
    says(&reads_on(&log, &store, ""), "read up to byte 3 is gone");
}

#[test]
fn the_last_line_of_a_former_file_counts_once() {
    let (dir, log, mut store) = followed("a1\nunfinished");
    fs::rename(&log, dir.path().join("log.1")).unwrap();
    append(&log, "b1\n");
    let mut rig = restore(&log, Options::default(), &store);
    rig.until_text("b1\nunfinished\n");
    rig.commit(&mut store);
    append(&log, "b2\n");
    assert!(reads_on(&log, &store, "b2\n").is_empty());
}

#[test]
fn a_swapped_link_leads_to_the_file_it_led_to_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let logs = tempfile::tempdir().unwrap();
    let (a, b, link) = (logs.path().join("a"), logs.path().join("b"), dir.path().join("link"));
    let point = |to: &Path| {
        let _ = fs::remove_file(&link);
        symlink(to, &link).unwrap();
    };
    append(&a, "a1\n");
    point(&a);
    let mut store = Store::default();
    let mut rig = restore(&link, FROM_START, &store);
    rig.until_text("a1\n");
    rig.commit(&mut store);
    drop(rig);
    append(&a, "a2\n");
    append(&b, "b1\n");
    point(&b);
    let mut rig = restore(&link, Options::default(), &store);
    rig.until_text("a2\nb1\n");
    rig.commit(&mut store);
    drop(rig);
    point(&a);
    append(&a, "a3\n");
    append(&b, "b2\n");
    let mut rig = restore(&link, Options::default(), &store);
    rig.until_lines(2);
    rig.rest();
    assert_eq!(rig.sorted(), ["a3", "b2"]);
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
}

#[test]
fn a_name_that_had_no_file_yet_is_followed_from_the_start_of_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let mut store = Store::default();
    restore(&log, Options::default(), &store).commit(&mut store);
    append(&log, "first\n");
    assert!(reads_on(&log, &store, "first\n").is_empty());
}

#[test]
fn former_files_are_told_only_when_they_change() {
    let (dir, log, mut store) = followed("a1\n");
    fs::rename(&log, dir.path().join("log.1")).unwrap();
    append(&log, "b1\n");
    let mut rig = restore(&log, Options::default(), &store);
    rig.until_text("b1\n");
    rig.rest();
    rig.commit(&mut store);
    append(&log, "b2\n");
    rig.until_text("b1\nb2\n");
    store.written = 0;
    rig.commit(&mut store);
    assert_eq!((store.written, store.rows.len()), (1, 2));
    rig.commit(&mut store);
    assert_eq!(store.written, 1);
}

/// Numbers that look random (Numerical Recipes' generator).
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % sides
    }
}

/// A log, everything that was ever written to it, and what was read of that.
struct World {
    dir: tempfile::TempDir,
    log: PathBuf,
    written: String,
    store: Store,
    /// Read before the last commit.
    committed: Vec<u8>,
    rig: Option<Rig>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        append(&log, "");
        let (store, committed) = (Store::default(), Vec::new());
        let mut world = World { dir, log, written: String::new(), store, committed, rig: None };
        world.start();
        world.commit();
        world
    }

    fn write(&mut self, text: &str) {
        append(&self.log, text);
        self.written.push_str(text);
    }

    fn end_line(&mut self) {
        if !self.written.is_empty() && !self.written.ends_with('\n') {
            self.write(" end\n");
        }
    }

    fn start(&mut self) {
        self.rig.get_or_insert_with(|| {
            let mut rig = restore(&self.log, FROM_START, &self.store);
            rig.text.clone_from(&self.committed);
            rig
        });
    }

    fn commit(&mut self) {
        if let Some(rig) = &mut self.rig {
            rig.commit(&mut self.store);
            self.committed.clone_from(&rig.text);
        }
    }

    fn catch_up(&mut self) {
        let lines = self.written.matches('\n').count();
        if let Some(rig) = &mut self.rig {
            rig.until_lines(lines);
        }
    }

    fn rotate(&mut self) {
        self.end_line();
        for n in (0..40).rev() {
            let older = self.dir.path().join(format!("log.{n}"));
            let from = if n == 0 { &self.log } else { &older };
            let _ = fs::rename(from, self.dir.path().join(format!("log.{}", n + 1)));
        }
        self.write("after a rotation\n");
        // A file that gets the name and loses it between two looks is never seen.
        self.catch_up();
    }

    /// Empties the file, or deletes it and makes a new one, when nothing in it is needed any more.
    fn begin_anew(&mut self, delete: bool) {
        self.start();
        self.end_line();
        self.catch_up();
        self.commit();
        if delete {
            fs::remove_file(&self.log).unwrap();
        } else {
            File::create(&self.log).unwrap();
        }
    }
}

#[test]
fn a_run_that_is_cut_anywhere_reads_what_one_run_would() {
    for seed in 0..12 {
        let (mut dice, mut world) = (Dice(seed), World::new());
        let rotates = seed % 2 == 0;
        for n in 0..60 {
            match dice.roll(12) {
                0..=3 => world.write(&format!("line {n}\r\npart of {n}")),
                4 => world.write(&format!("{n} {}\n", "x".repeat(dice.roll(300_000) as usize))),
                5 => (0..dice.roll(3)).for_each(|_| _ = world.rig.as_mut().map(|rig| rig.turn().unwrap())),
                6 => world.commit(),
                7 => world.start(),
                // Killed: what was read since the commit is forgotten.
                8 | 9 => world.rig = None,
                _ if rotates => world.rotate(),
                _ => {
                    world.begin_anew(dice.roll(2) == 0);
                    let down = dice.roll(2) == 0;
                    world.rig = world.rig.take().filter(|_| !down);
                    world.write(&format!("anew {n}\n"));
                    // So that the same name is not given to two files between two looks.
                    world.catch_up();
                }
            }
        }
        world.end_line();
        world.start();
        world.catch_up();
        let read = world.rig.as_ref().map(|rig| String::from_utf8(rig.text.clone()).unwrap());
        let notices = world.rig.map(|rig| rig.notices);
        assert!(read.as_ref() == Some(&world.written), "seed {seed}: {notices:?}");
    }
}
