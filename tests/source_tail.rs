//! `tail:` over everything that happens to log files.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use dstream::source::Options;
use source_support::{Rig, error_of, from};

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn tail(path: &Path) -> Rig {
    Rig::new(&[from("tail", path)])
}

/// Reads while the writer writes, telling it how many lines were seen, and on to its last line; how
/// many lines it has written.
fn follow_writer(rig: &mut Rig, seen: &AtomicUsize, writer: JoinHandle<usize>) -> usize {
    rig.until("the writer", |rig| {
        seen.store(memchr::memchr_iter(b'\n', &rig.text).count(), Ordering::Release);
        writer.is_finished()
    });
    let lines = writer.join().unwrap();
    rig.until_lines(lines);
    rig.rest();
    lines
}

#[test]
fn it_starts_at_the_end_or_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "old\n").unwrap();
    let (mut rig, mut all) =
        (tail(&log), Rig::with(&[from("tail", &log)], Options { from_start: true, ..Options::default() }));
    append(&log, "new\n");
    rig.until_text("new\n");
    all.until_text("old\nnew\n");
}

#[test]
fn the_end_of_a_line_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    append(&log, "one\nbeg");
    rig.until_text("one\n");
    assert_eq!(rig.events.incomplete(), 3);
    append(&log, "inning");
    rig.rest();
    assert_eq!(rig.text, b"one\n");
    append(&log, " end\n");
    rig.until_text("one\nbeginning end\n");
    assert_eq!(rig.events.incomplete(), 0);
}

#[test]
fn a_file_or_even_its_directory_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("later").join("log");
    let mut rig = tail(&log);
    rig.rest();
    assert_eq!(rig.notices.len(), 1, "{:?}", rig.notices);
    assert!(rig.has_notice("does not exist yet"));
    fs::create_dir(dir.path().join("later")).unwrap();
    append(&log, "first\n");
    rig.until_text("first\n");
    assert!(rig.has_notice("reading it now"));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(error_of(&[from("tail", dir.path())]).to_string().contains("dir:"));
    assert!(error_of(&["tail:/dev/null"]).to_string().contains("file:/dev/null"));
    assert!(error_of(&["tail:/proc/uptime"]).to_string().contains("file:/proc/uptime"));
}

#[test]
fn rotation_drains_the_old_file_and_its_late_writers() {
    let dir = tempfile::tempdir().unwrap();
    let (log, old) = (dir.path().join("log"), dir.path().join("log.1"));
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    append(&log, "a\n");
    rig.until_text("a\n");
    append(&log, "b\n");
    fs::rename(&log, &old).unwrap();
    append(&log, "c\n");
    rig.until_text("a\nb\nc\n");
    append(&old, "late\nunfinished");
    rig.until_text("a\nb\nc\nlate\n");
    append(&log, "d\n");
    rig.until_text("a\nb\nc\nlate\nd\n");
    rig.until_text("a\nb\nc\nlate\nd\nunfinished\n");
    // Long after its last line was taken as ended, also when it has no name left.
    let mut writer = OpenOptions::new().append(true).open(&old).unwrap();
    writeln!(writer, "very late").unwrap();
    rig.until_text("a\nb\nc\nlate\nd\nunfinished\nvery late\n");
    fs::remove_file(&old).unwrap();
    rig.rest();
    writeln!(writer, "deleted").unwrap();
    rig.until_text("a\nb\nc\nlate\nd\nunfinished\nvery late\ndeleted\n");
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
}

#[test]
fn a_former_file_that_is_overwritten_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (log, old) = (dir.path().join("log"), dir.path().join("log.1"));
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    append(&log, "first\nunfinished");
    rig.until_text("first\n");
    fs::rename(&log, &old).unwrap();
    append(&log, "second\n");
    rig.until_lines(3);
    fs::write(&old, "other\n").unwrap();
    rig.until_notice("truncated after it had lost its name");
    append(&log, "third\n");
    rig.until_lines(4);
    assert_eq!(rig.sorted(), ["first", "second", "third", "unfinished"]);
}

#[test]
fn a_name_that_comes_to_lead_to_a_file_without_size_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    let mut rig = tail(&link);
    symlink("/proc/uptime", &link).unwrap();
    rig.until_notice("does not tell its size");
    rig.rest();
    assert!(rig.text.is_empty());
    assert_eq!(rig.notices.len(), 2, "{:?}", rig.notices);
}

#[test]
fn a_storm_of_deletions_loses_no_file_that_was_found() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    let seen = Arc::new(AtomicUsize::new(0));
    let (read, base) = (Arc::clone(&seen), log.clone());
    // Every file begins with the same lines, and takes the inode of one before it if it can.
    let writer = std::thread::spawn(move || {
        let mut lines = 0;
        while lines < 60 * 2001 {
            fs::remove_file(&base).unwrap();
            let mut file = OpenOptions::new().append(true).create(true).open(&base).unwrap();
            writeln!(file, "the same first line").unwrap();
            while read.load(Ordering::Acquire) <= lines {
                std::thread::yield_now();
            }
            (0..2000).for_each(|_| writeln!(file, "the same line").unwrap());
            lines += 2001;
        }
        lines
    });
    let lines = follow_writer(&mut rig, &seen, writer);
    assert_eq!(rig.lines().len(), lines);
}

#[test]
fn files_are_read_in_the_order_in_which_they_had_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    let mut expected = Vec::new();
    // Each file is more than one read, and all lose their names before the first is read.
    for n in 0..3 {
        let lines: Vec<String> = (0..200_000).map(|line| format!("file {n} line {line}")).collect();
        append(&log, &(lines.join("\n") + "\n"));
        rig.turn().unwrap();
        expected.extend(lines);
        fs::rename(&log, log.with_extension(n.to_string())).unwrap();
        append(&log, "");
        rig.turn().unwrap();
    }
    append(&log, "the last\n");
    expected.push("the last".to_string());
    rig.until_lines(expected.len());
    assert!(rig.lines() == expected, "the lines of the files are mixed");
}

#[test]
fn nothing_is_lost_or_doubled_while_a_writer_rotates() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    let seen = Arc::new(AtomicUsize::new(0));
    let (read, base) = (Arc::clone(&seen), log.clone());
    // Writes all the time, in two pieces a line, and rotates ten times, sometimes within a line; again
    // only when the newest file was found, because nobody can follow by name what has lost its name.
    let writer = std::thread::spawn(move || {
        let mut file = OpenOptions::new().append(true).open(&base).unwrap();
        let (mut lines, mut rotations, mut at_rotation) = (0, 0, 0);
        while rotations < 10 || read.load(Ordering::Acquire) <= at_rotation {
            write!(file, "line ").unwrap();
            if lines > at_rotation + 1000 && rotations < 10 && read.load(Ordering::Acquire) > at_rotation {
                fs::rename(&base, base.with_extension(format!("{rotations}"))).unwrap();
                writeln!(file, "{lines}").unwrap();
                file = OpenOptions::new().append(true).create(true).open(&base).unwrap();
                rotations += 1;
                at_rotation = lines + 1;
            } else {
                writeln!(file, "{lines}").unwrap();
            }
            lines += 1;
        }
        lines
    });
    let lines = follow_writer(&mut rig, &seen, writer);
    let mut expected: Vec<String> = (0..lines).map(|n| format!("line {n}")).collect();
    expected.sort();
    assert!(rig.sorted() == expected, "{lines} lines were written, {} read", rig.lines().len());
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    append(&log, "before the copy\nunfinished");
    rig.until_text("before the copy\n");
    File::create(&log).unwrap();
    rig.until_text("before the copy\nunfinished\n");
    append(&log, "short\n");
    rig.until_text("before the copy\nunfinished\nshort\n");
    assert!(rig.has_notice("was truncated"));
}

#[test]
fn a_truncated_file_is_known_by_its_head_when_it_has_grown_again() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    append(&log, "one\n");
    rig.until_text("one\n");
    fs::write(&log, "two, longer than all before\n").unwrap();
    rig.until_text("one\ntwo, longer than all before\n");
}

#[test]
fn deletion_and_creation_give_a_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "").unwrap();
    let mut rig = tail(&log);
    let mut expected = String::new();
    for round in 0..5 {
        append(&log, "same\n");
        expected.push_str("same\n");
        rig.until_text(&expected);
        fs::remove_file(&log).unwrap();
        if round == 2 {
            rig.until_notice("is gone");
        }
    }
    append(&log, "last\n");
    expected.push_str("last\n");
    rig.until_text(&expected);
}

#[test]
fn a_swapped_link_is_followed_and_a_known_file_is_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b, link) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("link"));
    fs::write(&a, "").unwrap();
    fs::write(&b, "b1\n").unwrap();
    symlink(&a, &link).unwrap();
    let point = |to: &Path| {
        let new = dir.path().join("new");
        symlink(to, &new).unwrap();
        fs::rename(&new, &link).unwrap();
    };
    let mut rig = tail(&link);
    append(&a, "a1\n");
    rig.until_text("a1\n");
    point(&b);
    rig.until_text("a1\nb1\n");
    append(&b, "b2\n");
    rig.until_text("a1\nb1\nb2\n");
    point(&a);
    append(&a, "a2\n");
    rig.until_text("a1\nb1\nb2\na2\n");
}

#[test]
fn many_files_are_followed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let logs: Vec<_> = (0..200).map(|n| dir.path().join(format!("log{n}"))).collect();
    logs.iter().for_each(|log| fs::write(log, "").unwrap());
    let mut rig = Rig::new(&logs.iter().map(|log| from("tail", log)).collect::<Vec<_>>());
    for round in 0..3 {
        logs.iter().enumerate().for_each(|(n, log)| append(log, &format!("{n} {round}\n")));
        rig.until_lines(200 * (round + 1));
    }
    let mut expected: Vec<String> =
        (0..200).flat_map(|n| (0..3).map(move |round| format!("{n} {round}"))).collect();
    expected.sort();
    assert_eq!(rig.sorted(), expected);
}
