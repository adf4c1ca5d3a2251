//! What was journalled comes back exactly once, whenever the process is killed.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use live_support::{Run, batches, dstream, run, words};
use rustix::process::Signal;

const MOMENTS: [&str; 6] = ["read", "journalled", "written", "ready", "committed", "published"];

/// Batches that end when the input does, or the process is asked to.
const LONG: &str = "-i 24h";

fn line(directory: &Path, rest: &str) -> String {
    let path = directory.display();
    format!("wordcount --total --checkpoint {path}/kept --journal -o {path}/out -n 0 {rest}")
}

fn killed_at(moment: &str, count: u64, line: &str) -> Run {
    let mut command = dstream(words(line));
    command.env("DSTREAM_KILL_AT", format!("{moment}:{count}"));
    let mut run = Run::stalled(command);
    run.read_on();
    run
}

fn numbers(from: u32, to: u32) -> String {
    (from..to).map(|n| format!("{n}\n")).collect()
}

/// Whether a batch is committed by then.
fn is_committed(moment: &str) -> bool {
    ["committed", "published"].contains(&moment)
}

/// The rows of the last batch of the output file, which must have as many batches as are expected.
fn totals(directory: &Path, expected: usize) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(directory.join("out")).unwrap();
    let batches = batches(&text);
    assert_eq!(batches.len(), expected, "{text}");
    rows(&batches.last().unwrap().rows)
}

fn rows(rows: &[String]) -> BTreeMap<String, u64> {
    let row = |row: &String| {
        let (key, count) = row.trim_matches(['(', ')']).rsplit_once(", ").unwrap();
        (key.trim_matches('\'').to_owned(), count.parse().unwrap())
    };
    rows.iter().map(row).collect()
}

fn each_once(from: u32, to: u32) -> BTreeMap<String, u64> {
    (from..to).map(|n| (n.to_string(), 1)).collect()
}

#[test]
fn standard_input_comes_back_exactly_once() {
    for moment in MOMENTS {
        let directory = tempfile::tempdir().unwrap();
        let line = line(directory.path(), LONG);
        let mut first = killed_at(moment, 1, &line);
        first.write(numbers(0, 500));
        first.close();
        assert_eq!(first.end().code, None, "{moment}");
        // The batch that comes back has the time that it had.
        let again = run(words(&line), "");
        assert_eq!((again.code, &*again.stderr), (Some(0), ""), "{moment}");
        assert_eq!(totals(directory.path(), 1), each_once(0, 500), "{moment}");
        let third = run(words(&line), numbers(500, 510));
        assert_eq!((third.code, &*third.stderr), (Some(0), ""), "{moment}");
        assert_eq!(totals(directory.path(), 2), each_once(0, 510), "{moment}");
        let text = fs::read_to_string(directory.path().join("out")).unwrap();
        let times: Vec<i64> = batches(&text).iter().map(|batch| batch.time).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{moment}: {times:?}");
    }
}

#[test]
fn a_batch_that_comes_back_can_be_killed_again() {
    for moment in ["journalled", "written", "committed"] {
        let directory = tempfile::tempdir().unwrap();
        let line = line(directory.path(), LONG);
        for _ in 0..3 {
            let mut broken = killed_at(moment, 1, &line);
            // What an earlier one has left is a batch of its own, before this is read.
            broken.stdin.take().unwrap().write_all(b"a b\n").unwrap();
            assert_eq!(broken.end().code, None, "{moment}");
        }
        assert_eq!(run(words(&line), "").code, Some(0));
        let text = fs::read_to_string(directory.path().join("out")).unwrap();
        let last = rows(&batches(&text).last().unwrap().rows);
        // Killed while it makes the first one's batch, a process reads nothing itself; once that is
        // committed it does.
        let expected = if moment == "committed" { 3 } else { 1 };
        assert_eq!(last, BTreeMap::from([("a".into(), expected), ("b".into(), expected)]), "{moment}");
    }
}

/// A client of a listening source.
type Client<'c> = &'c dyn Fn(&Run, &str);

fn sockets_come_back(source: &dyn Fn(&Path) -> String, client: Client<'_>) {
    for moment in MOMENTS {
        let directory = tempfile::tempdir().unwrap();
        let line = line(directory.path(), &format!("{LONG} --from {}", source(directory.path())));
        let first = killed_at(moment, 1, &line);
        client(&first, &numbers(0, 300));
        until_records(&first, 300);
        first.signal(Signal::TERM);
        assert_eq!(first.end().code, None, "{moment}");
        let again = Run::start(words(&line));
        client(&again, &numbers(300, 310));
        until_records(&again, if is_committed(moment) { 10 } else { 310 });
        again.signal(Signal::TERM);
        let again = again.end();
        assert_eq!(again.code, Some(0), "{moment}: {}", again.stderr);
        assert_eq!(totals(directory.path(), 2), each_once(0, 310), "{moment}");
    }
}

/// Waits until it has read so many.
fn until_records(run: &Run, records: u64) {
    run.until_ready();
    for _ in 0..2000 {
        run.signal(Signal::USR1);
        thread::sleep(Duration::from_millis(20));
        if run.stderr().contains(&format!("dstream: {records} records")) {
            return;
        }
    }
    panic!("{records} records do not come: {}", run.stderr());
}

#[test]
fn clients_of_tcp_come_back_exactly_once() {
    let client: Client<'_> = &|run, text| {
        TcpStream::connect(("127.0.0.1", run.port())).unwrap().write_all(text.as_bytes()).unwrap();
    };
    sockets_come_back(&|_| "tcp-listen://127.0.0.1:0".into(), client);
}

#[test]
fn clients_of_unix_sockets_come_back_exactly_once() {
    let sockets = tempfile::tempdir().unwrap();
    let path = sockets.path().join("socket");
    let client: Client<'_> = &|_, text| {
        let stream = (0..2000).find_map(|_| {
            thread::sleep(Duration::from_millis(10));
            UnixStream::connect(&path).ok()
        });
        stream.unwrap().write_all(text.as_bytes()).unwrap();
    };
    sockets_come_back(&|_| format!("unix-listen:{}", path.display()), client);
}

/// Batches go on while processes come and go; nothing is there twice, and nothing goes that was shown.
#[test]
fn nothing_comes_twice_however_often_it_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let line = line(directory.path(), "-i 40ms --skip-empty");
    let mut next = 0;
    for round in 0..18 {
        let moment = MOMENTS[round % MOMENTS.len()];
        let mut broken = killed_at(moment, 2 + round as u64 / 6, &line);
        let mut stdin = broken.stdin.take().unwrap();
        while !broken.has_ended() {
            let _ = stdin.write_all(numbers(next, next + 20).as_bytes());
            next += 20;
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(broken.end().code, None, "{moment}");
    }
    let last = run(words(&line), numbers(next, next + 1));
    assert_eq!(last.code, Some(0), "{}", last.stderr);
    let text = fs::read_to_string(directory.path().join("out")).unwrap();
    let (mut before, mut time) = (BTreeMap::new(), 0);
    for batch in batches(&text) {
        assert!(time < batch.time, "times go on");
        time = batch.time;
        let now = rows(&batch.rows);
        assert!(now.values().all(|count| *count == 1), "something came twice");
        assert!(before.keys().all(|key| now.contains_key(key)), "something is gone");
        before = now;
    }
    assert!(before.contains_key(&next.to_string()));
}

/// Windows age by the batches between the one that comes back and those that follow.
#[test]
fn windows_age_behind_a_batch_that_comes_back() {
    for (command, all) in [("wordcount", "('a', 1)"), ("count", "1")] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let line = format!("{command} -w 400ms -i 200ms --checkpoint {path} --journal");
        let mut first = killed_at("journalled", 1, &line);
        first.write("a\n");
        assert_eq!(first.end().code, None);
        thread::sleep(Duration::from_secs(1));
        let mut again = Run::start(words(&format!("{line} --max-batches 4")));
        again.write("b\n");
        let again = again.end();
        let batches = batches(&again.stdout);
        assert_eq!(batches[0].rows, [all], "{command}");
        assert!(batches[1].time - batches[0].time > 600, "the batches between are left out");
        assert!(!batches[1].rows.contains(&"('a', 1)".to_owned()), "{command}: {batches:?}");
        let seen: u64 =
            batches[1..].iter().flat_map(|batch| &batch.rows).filter(|row| *row == "1").count() as u64;
        assert!(command == "wordcount" || seen <= 2, "{batches:?}");
    }
}

#[test]
fn a_damaged_journal_is_refused_and_a_torn_one_cut() {
    let directory = tempfile::tempdir().unwrap();
    let line = line(directory.path(), LONG);
    let mut first = killed_at("journalled", 1, &line);
    first.write(numbers(0, 100));
    first.close();
    assert_eq!(first.end().code, None);
    let path = directory.path().join("kept/journal");
    let whole = fs::read(&path).unwrap();
    for bit in [3, 9 * 8, 4096 * 8, 4096 * 8 + 700, whole.len() * 8 - 1] {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, flipped).unwrap();
        let refused = run(words(&line), "");
        assert_eq!(refused.code, Some(4), "bit {bit}: {}", refused.stderr);
        assert!(refused.stderr.contains("journal is corrupt"), "{}", refused.stderr);
    }
    // Without the mark that says that it was whole, what is whole of it counts.
    let mut torn = whole.clone();
    torn[512..1024].fill(0);
    torn.truncate(torn.len() - 3);
    fs::write(&path, torn).unwrap();
    assert_eq!(run(words(&line), "").code, Some(0));
    assert_eq!(totals(directory.path(), 1), each_once(0, 100));
}

#[test]
fn what_was_journalled_comes_back_without_the_option_too() {
    let directory = tempfile::tempdir().unwrap();
    let line = line(directory.path(), "--clock virtual");
    let mut first = killed_at("journalled", 1, &line);
    first.write(numbers(0, 10));
    first.close();
    assert_eq!(first.end().code, None);
    let again = run(words(&line.replace("--journal", "")), numbers(10, 20));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(totals(directory.path(), 1), each_once(0, 20));
    assert!(run(words("wordcount --journal"), "").stderr.contains("--checkpoint"));
}

/// With --catch-up all batches are made that no process was there for, before and behind the one that comes back.
#[test]
fn missed_batches_are_made_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let line = format!("count -i 200ms --checkpoint {} --journal", directory.path().display());
    let mut first = killed_at("journalled", 2, &line);
    first.write("a\n");
    let first = first.end();
    assert_eq!(first.code, None);
    thread::sleep(Duration::from_secs(1));
    let again = Run::start(words(&format!("{line} --catch-up --max-batches 6")));
    let mut batches = batches(&first.stdout);
    batches.extend(live_support::batches(&again.end().stdout));
    let times: Vec<i64> = batches.iter().map(|batch| batch.time).collect();
    let steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(times.len() > 1 && steps.iter().all(|step| *step == 200), "{times:?}");
}
