//! What goes wrong with a checkpoint or an output, and that nothing is lost by that.

use std::fs;

use rustix::process::Signal;

use crate::live_support::shell;
use crate::support::{KEPT, OUT, Place};

const QUEUE: [&str; 2] = ["--from", "queue:q0,q1,q2"];
const TOTAL: [&str; 2] = ["wordcount", "--total"];

/// A place where two of three batches were committed.
fn begun() -> Place {
    let place = Place::new();
    place.elements(3);
    place.ok(&[&TOTAL[..], &QUEUE, &KEPT, &OUT, &["--max-batches", "2"]].concat());
    place
}

fn args() -> Vec<&'static str> {
    [&TOTAL[..], &QUEUE, &KEPT, &OUT].concat()
}

/// What all three batches come to.
fn whole() -> String {
    let place = Place::new();
    place.elements(3);
    place.ok(&[&TOTAL[..], &QUEUE, &OUT].concat());
    place.read("out/o")
}

#[test]
fn a_second_process_is_told_who_has_the_directory() {
    let place = Place::new();
    place.write("log", "");
    let args = ["count", "-i", "20ms", "-F", "log", "--checkpoint", "kept"];
    let run = place.start(&args);
    run.until_stdout("a batch", |text| !text.is_empty());
    let other = place.run(&args);
    assert_eq!(other.code, Some(1));
    assert!(other.stderr.contains(&run.child.id().to_string()), "{}", other.stderr);
    run.signal(Signal::TERM);
    assert_eq!(run.end().code, Some(0));
    let again = place.start(&args);
    again.until_stdout("a batch", |text| !text.is_empty());
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let place = begun();
    for directory in ["/proc/none", "q0", "q0/none"] {
        let ended = place.run(&["count", "--checkpoint", directory, "q1"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{directory}");
        assert!(ended.stderr.contains(directory), "{}", ended.stderr);
    }
}

#[test]
fn damage_is_found_and_nothing_is_changed() {
    let place = begun();
    let log = fs::read_dir(place.path("kept"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "log"))
        .unwrap();
    let (good, output) = (fs::read(&log).unwrap(), place.read("out/o"));
    let mut flipped = good.clone();
    flipped[good.len() - 30] ^= 4;
    for bad in [&flipped, &good[..good.len() - 30], &good[..100], &[]] {
        fs::write(&log, bad).unwrap();
        let ended = place.run(&args());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(log.file_name().unwrap().to_str().unwrap()), "{}", ended.stderr);
        assert_eq!(fs::read(&log).unwrap(), bad);
        assert_eq!(place.read("out/o"), output);
    }
    // What a commit that was not finished has left is no damage.
    fs::write(&log, [&good[..], b"\x01\x02\x03"].concat()).unwrap();
    place.ok(&args());
    assert_eq!(place.read("out/o"), whole());
}

#[test]
fn a_full_disk_costs_nothing_that_was_committed() {
    let place = Place::new();
    place.elements(3);
    // Files of more than a few kilobytes cannot be written; a signal would end the process else.
    let line = args().join(" ");
    let mut full = 0;
    for blocks in [1, 8, 9, 10, 12, 16] {
        let mut command = shell(&format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$D\" {line}"));
        command.current_dir(place.path(""));
        let ended = place.begin(command).end();
        if ended.code != Some(0) {
            full += 1;
            assert_eq!(ended.code, Some(1), "{}", ended.stderr);
            assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);
        }
    }
    assert!(full >= 2, "the disk was full {full} times");
    place.ok(&args());
    assert_eq!(place.read("out/o"), whole());
}

#[test]
fn an_output_that_has_lost_something_is_told_of() {
    let place = begun();
    fs::OpenOptions::new().write(true).open(place.path("out/o")).unwrap().set_len(10).unwrap();
    let ended = place.run(&args());
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr.contains("out/o has 10 bytes, and had "), "{}", ended.stderr);
    assert_eq!(place.read("out/o").len(), 10);
}

/// As after log rotation.
#[test]
fn an_output_that_is_another_file_is_appended_to() {
    let place = begun();
    fs::rename(place.path("out/o"), place.path("before")).unwrap();
    place.write("out/o", "mine\n");
    let ended = place.run(&args());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("out/o is another file than when the checkpoint was written"),
        "{}",
        ended.stderr
    );
    let found = place.read("out/o");
    assert_eq!(format!("{}{}", place.read("before"), found.strip_prefix("mine\n").unwrap()), whole());
}

/// What was written behind the last commit is cut off, whatever it is.
#[test]
fn an_output_is_cut_to_what_was_committed() {
    let place = begun();
    place.append("out/o", "a batch that was not commit");
    place.ok(&args());
    assert_eq!(place.read("out/o"), whole());
}
