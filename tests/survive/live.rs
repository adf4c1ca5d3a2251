//! Killed at any time in real time, while files grow, are rotated and come: nothing is lost, and nothing counted twice.

use std::cell::{Cell, RefCell};
use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::live_support::{Batch, HANG, Random, Run, batches, whole_sum};
use crate::support::{KEPT, OUT, Place, lines, with};

/// Kills.
const ROUNDS: usize = 12;

/// Runs it, killed again and again while `write` does something, and then until what it has written `is_all`.
fn killed(
    place: &Place,
    args: &[&str],
    mut write: impl FnMut(usize, &mut Random),
    is_all: impl Fn() -> bool,
) {
    let mut random = Random(args.len() as u64);
    let mut run = place.start(args);
    // With the first batch its sources are open.
    wait_until(&run, args, || !place.read("out/o").is_empty());
    for round in 0..ROUNDS {
        for _ in 0..1 + random.below(4) {
            write(round, &mut random);
            thread::sleep(Duration::from_millis(random.below(15) as u64));
        }
        if random.below(4) == 0 {
            run.until_ready();
            run.signal(Signal::TERM);
            let status = run.wait();
            assert_eq!(status.code(), Some(0), "{args:?}: {}", run.stderr());
        } else {
            run.child.kill().unwrap();
            run.wait();
        }
        // What happens while it is down.
        if random.below(2) == 0 {
            write(round, &mut random);
        }
        run = place.start(args);
    }
    // What a killed process has written last is taken back if it was not committed, so that what is all at first
    // may not be all in the end.
    for _ in 0..2 {
        wait_until(&run, args, &is_all);
        run.until_ready();
        run.signal(Signal::TERM);
        let ended = run.end();
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
        if is_all() {
            return;
        }
        run = place.start(args);
    }
    panic!("{args:?} takes back what it has committed");
}

fn wait_until(run: &Run, args: &[&str], is_so: impl Fn() -> bool) {
    for _ in 0..HANG.as_millis() / 20 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{args:?} does not come to all: {}", run.stderr());
}

/// The last batch that is in the output whole.
fn last(text: &str) -> Option<Batch> {
    batches(text.rfind("\n\n").map_or("", |end| &text[..end + 2])).pop()
}

/// What the counts in rows come to.
fn sum(rows: &[String]) -> u64 {
    let count = |row: &String| row.rsplit([' ', ')']).find(|part| !part.is_empty())?.parse::<u64>().ok();
    rows.iter().filter_map(count).sum()
}

/// Those of the last batch.
fn sum_of_rows(text: &str) -> u64 {
    last(text).map_or(0, |batch| sum(&batch.rows))
}

/// Those of all batches. A program counts nothing in a batch without input.
fn sum_of_all(text: &str) -> u64 {
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end + 2]);
    batches(whole).iter().map(|batch| sum(&batch.rows)).sum()
}

const SOURCE: [&str; 6] = ["--from-start", "-F", "log", "-i", "20ms", "-q"];

/// What is added up of the lines and words of a log that grows and is rotated.
fn of_a_log(args: &[&str], is_all: impl Fn(&str, u64, u64) -> bool) {
    let place = Place::new();
    place.write("log", "");
    let args = with(&with(args, &SOURCE), &with(&KEPT, &OUT));
    let (mut all, mut written) = (String::new(), 0);
    let sums = RefCell::new((0, 0));
    killed(
        &place,
        &args,
        |round, random| {
            let count = 1 + random.below(30);
            let text = lines(random, count);
            all.push_str(&text);
            // A line may be written in two parts.
            let middle = (0..=text.len() / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            place.append("log", &text[..middle]);
            thread::sleep(Duration::from_millis(random.below(5) as u64));
            place.append("log", &text[middle..]);
            if round % 3 == 2 && written != round {
                written = round;
                fs::rename(place.path("log"), place.path(&format!("log.{round}"))).unwrap();
                place.write("log", "");
            }
            *sums.borrow_mut() = (all.lines().count() as u64, all.split_whitespace().count() as u64);
        },
        || {
            let (lines, words) = *sums.borrow();
            is_all(&place.read("out/o"), lines, words)
        },
    );
    let (lines, words) = *sums.borrow();
    assert!(is_all(&place.read("out/o"), lines, words));
    let times: Vec<i64> = batches(&place.read("out/o")).iter().map(|batch| batch.time).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{args:?}: {times:?}");
}

#[test]
fn counts_of_a_log_that_is_rotated() {
    of_a_log(&["count"], |text, lines, _| whole_sum(text) == lines);
}

#[test]
fn totals_of_a_log_that_is_rotated() {
    of_a_log(&["wordcount", "--total", "--limit", "0"], |text, _, words| sum_of_rows(text) == words);
}

#[test]
fn windows_of_a_log_that_is_rotated() {
    of_a_log(&["count", "--window", "10m", "--slide", "20ms"], |text, lines, _| sum_of_rows(text) == lines);
}

#[test]
fn states_of_a_log_that_is_rotated() {
    let program = "lines.flatMap(lambda l: l.split()).map(lambda w: (w, 1))\
        .updateStateByKey(lambda v, s: sum(v) + (s or 0)).pprint(1000)";
    of_a_log(&["run", "-e", program], |text, _, words| sum_of_rows(text) == words);
}

/// Files that come into a directory, while it runs and while it does not.
#[test]
fn files_of_a_directory() {
    for args in [&["count"][..], &["run", "-e", "lines.count().pprint()"]] {
        let place = Place::new();
        fs::create_dir(place.path("in")).unwrap();
        let args = with(args, &with(&["--from", "dir:in", "-i", "20ms", "-q"], &with(&KEPT, &OUT)));
        let came = Cell::new((0, 0));
        killed(
            &place,
            &args,
            |_, random| {
                let (files, lines_so_far) = came.get();
                let count = random.below(300);
                let text = lines(random, count);
                place.write("coming", &text);
                fs::rename(place.path("coming"), place.path(&format!("in/{files}"))).unwrap();
                came.set((files + 1, lines_so_far + text.lines().count() as u64));
            },
            || sum_of_all(&place.read("out/o")) == came.get().1,
        );
        assert_eq!(sum_of_all(&place.read("out/o")), came.get().1, "{args:?}");
    }
}

/// A large file, read in real time.
#[test]
fn a_file_in_many_batches() {
    for args in [&["count"][..], &["wordcount", "--total", "--limit", "0"]] {
        let place = Place::new();
        let text = lines(&mut Random(1), 200_000);
        place.write("file", &text);
        let args = [args, &["-i", "10ms", "-q"], &KEPT, &OUT, &["file"]].concat();
        let mut random = Random(3);
        for _ in 0..ROUNDS {
            let mut run = place.start(&args);
            thread::sleep(Duration::from_millis(random.below(60) as u64));
            run.child.kill().unwrap();
            run.wait();
        }
        place.ok(&args);
        let found = place.read("out/o");
        let (sum, expected) = match args[0] {
            "count" => (whole_sum(&found), text.lines().count()),
            _ => (sum_of_rows(&found), text.split_whitespace().count()),
        };
        assert_eq!(sum, expected as u64, "{args:?}");
        place.ok(&args);
        assert_eq!(place.read("out/o"), found, "nothing is printed again");
    }
}
