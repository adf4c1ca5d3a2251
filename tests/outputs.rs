//! Outputs on real files, pipes and terminals' edges: what happens to a batch's bytes.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use dstream::batch::{BatchResult, Counts, Records, Time};
use dstream::error::Error;
use dstream::sink::{FormatKind, Output};
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};

fn batch(seconds: i64, count: i64) -> BatchResult {
    BatchResult { time: Time::from_millis(seconds * 1000), records: Records::Count(count), more: false }
}

fn many_keys() -> BatchResult {
    let mut counts = Counts::default();
    for key in 0..100_000 {
        counts.push(format!("key-{key}").as_bytes(), key);
    }
    BatchResult { time: Time::from_millis(1000), records: Records::Keyed(counts), more: false }
}

#[test]
fn a_file_is_appended_to_and_gets_its_header_once() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("out.csv");
    for seconds in [1, 2] {
        let mut output = Output::file(FormatKind::Csv, false, &path).expect("opens");
        output.write(&batch(seconds, seconds)).expect("writes");
        output.finish().expect("ends");
    }
    let text = fs::read_to_string(&path).expect("reads");
    assert_eq!(text, "time,count\n1970-01-01T00:00:01Z,1\n1970-01-01T00:00:02Z,2\n");
}

#[test]
fn a_rotated_file_is_begun_anew_when_it_is_opened_again() {
    let home = tempfile::tempdir().expect("a directory");
    let (path, old) = (home.path().join("out.csv"), home.path().join("out.csv.1"));
    let mut output = Output::file(FormatKind::Csv, false, &path).expect("opens");
    output.write(&batch(1, 1)).expect("writes");
    fs::rename(&path, &old).expect("renames");
    output.write(&batch(2, 2)).expect("writes to the renamed file");
    output.reopen().expect("opens again");
    output.write(&batch(3, 3)).expect("writes");
    let read = |path| fs::read_to_string(path).expect("reads");
    assert_eq!(read(&old), "time,count\n1970-01-01T00:00:01Z,1\n1970-01-01T00:00:02Z,2\n");
    assert_eq!(read(&path), "time,count\n1970-01-01T00:00:03Z,3\n");
}

#[test]
fn an_output_that_cannot_be_opened_again_stays_with_its_file() {
    let home = tempfile::tempdir().expect("a directory");
    let (inner, moved) = (home.path().join("in"), home.path().join("moved"));
    fs::create_dir(&inner).expect("makes a directory");
    let mut output = Output::file(FormatKind::Json, false, inner.join("out")).expect("opens");
    fs::rename(&inner, &moved).expect("renames");
    let fault = output.reopen().expect_err("its directory has gone").to_string();
    assert!(fault.contains("in/out") && fault.contains("No such file"), "{fault}");
    output.write(&batch(1, 1)).expect("writes");
    assert!(fs::read_to_string(moved.join("out")).expect("reads").contains("\"count\":1"));
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("full");
    symlink("/dev/full", &path).expect("links");
    let mut output = Output::file(FormatKind::Json, false, &path).expect("opens");
    let fault = output.write(&batch(1, 1)).expect_err("nothing fits");
    assert!(matches!(fault, Error::Runtime(_)));
    let text = fault.to_string();
    assert!(text.contains("full: No space left on device") && text.contains("it has 0"), "{text}");
}

/// A FIFO is a pipe with a name: its reader can go, and its writer can be made non-blocking.
fn fifo() -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("makes a fifo");
    (home, path)
}

#[test]
fn a_reader_that_went_away_closes_the_output() {
    let (_home, path) = fifo();
    let reader = fs::OpenOptions::new().read(true).write(true).open(&path).expect("opens");
    let mut output = Output::file(FormatKind::Pprint, false, &path).expect("opens");
    output.write(&batch(1, 1)).expect("the pipe takes it");
    drop(reader);
    assert!(matches!(output.write(&batch(2, 2)), Err(Error::OutputClosed)));
}

#[test]
fn a_batch_larger_than_a_pipe_arrives_whole() {
    let (_home, path) = fifo();
    let from = path.clone();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        fs::File::open(from).expect("opens").read_to_string(&mut text).expect("reads");
        text
    });
    let mut output = Output::file(FormatKind::Tsv, false, &path).expect("opens");
    output.write(&many_keys()).expect("writes");
    drop(output);
    let text = reader.join().expect("the reader ends");
    assert_eq!(text.lines().count(), 100_001);
    assert!(text.ends_with("\tkey-99999\t99999\n"));
}

/// What two batches of a table look like to a terminal.
fn on_a_terminal(prepare: impl FnOnce(Output) -> Output) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    unlockpt(&master).expect("unlocks");
    let path = ptsname(&master, Vec::new()).expect("has a name").into_string().expect("is text");
    // Held open: a terminal that nobody has open is hung up.
    let _slave = fs::OpenOptions::new().read(true).write(true).open(&path).expect("opens");
    let mut output = prepare(Output::file(FormatKind::Table, false, &path).expect("opens"));
    output.write(&batch(1, 7)).expect("writes");
    output.write(&batch(2, 8)).expect("writes");
    let (mut master, mut text, mut part) = (fs::File::from(master), String::new(), [0; 4096]);
    while !text.contains("    8\r\n") {
        let n = master.read(&mut part).expect("reads");
        text += std::str::from_utf8(&part[..n]).expect("tables of numbers are ASCII");
    }
    text
}

#[test]
fn a_table_is_refreshed_in_place_unless_the_cursor_may_move() {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    assert_eq!(on_a_terminal(|output| output).contains("\x1b[3A\x1b[J"), !dumb);
    let below = on_a_terminal(|mut output| {
        output.never_in_place();
        output
    });
    assert!(!below.contains('\x1b') && below.contains("    7\r\n"), "{below:?}");
}

#[test]
fn completions_for_a_full_disk_say_why_they_fail() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("opens");
    let ran = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(["completions", "bash"])
        .stdout(Stdio::from(full))
        .output()
        .expect("runs");
    assert_eq!(ran.status.code(), Some(1));
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(told, "dstream: cannot write to standard output: No space left on device\n");
}
