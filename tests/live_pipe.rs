//! Standard input as a live pipe: batches in real time, back-pressure, limits.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use live_support::*;
use rustix::process::Signal;

#[test]
fn lines_with_pauses_are_counted_in_consecutive_batches() {
    let mut run = Run::start(words("count --interval 100ms"));
    for n in 0..20 {
        run.write(format!("line {n}\nand a second\n"));
        thread::sleep(Duration::from_millis(25));
    }
    run.write("a last line without end");
    run.close();
    let ended = run.end();
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert_eq!(sum(&ended.stdout), 41);
    let batches = batches(&ended.stdout);
    assert!(batches.len() >= 4, "{batches:?}");
    assert_consecutive(&batches, 100);
}

#[test]
fn the_end_of_input_closes_the_last_batch_at_once() {
    let started = Instant::now();
    let ended = run(words("wordcount --interval 1h"), "b a\na");
    assert!(started.elapsed() < HANG);
    let batches = batches(&ended.stdout);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].time % 3_600_000, 0);
    assert_eq!(batches[0].rows, ["('a', 2)", "('b', 1)"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
}

#[test]
fn an_empty_input_is_one_empty_batch() {
    for (line, rows) in [("count", 1), ("wordcount", 0), ("count --once", 1), ("wordcount --once", 0)] {
        let ended = run(words(line), "");
        let batches = batches(&ended.stdout);
        assert_eq!(batches.len(), 1, "{line}");
        assert_eq!(batches[0].rows.len(), rows, "{line}");
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{line}");
    }
}

#[test]
fn a_batch_is_printed_while_the_input_stays_open() {
    let mut run = Run::start(words("wordcount --interval 100ms"));
    run.write("one two two\nhalf a li");
    run.until_stdout("the first words", |text| text.contains("('two', 2)\n('one', 1)\n\n"));
    assert!(!run.until_stdout("anything", |_| true).contains("half"), "a line counts when it is complete");
    run.write("ne\n");
    run.until_stdout("the line's end", |text| text.contains("('line', 1)"));
    run.close();
    assert_eq!(run.end().code, Some(0));
}

#[test]
fn a_consumer_that_stalls_holds_the_producer_back_and_loses_nothing() {
    let mut run = Run::stalled(dstream(words("wordcount --interval 10ms --limit 0 --format json")));
    // More rows a batch than a pipe holds, so that the writing of batches blocks soon.
    let line: Vec<u8> = (0..5000).flat_map(|n| format!("w{n} ").into_bytes()).chain([b'\n']).collect();
    let lines = 200_000_000 / line.len();
    let mut stdin = run.stdin.take().unwrap();
    let producer = thread::spawn(move || (0..lines).for_each(|_| stdin.write_all(&line).unwrap()));
    thread::sleep(Duration::from_secs(2));
    assert!(!producer.is_finished(), "the producer is held back");
    assert!(!run.has_ended());
    let stalled = run.memory("VmHWM");
    run.read_on();
    producer.join().unwrap();
    let peak = stalled.max(run.memory("VmHWM"));
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(peak < 64 << 10, "{peak} KiB");
    let mut total = 0;
    let mut last = String::new();
    for line in ended.stdout.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        total += row["count"].as_u64().unwrap();
        let time = row["time"].as_str().unwrap();
        // Whole seconds have no fraction: told apart by their dot, they compare as text.
        let time = time.trim_end_matches('Z').to_string();
        assert!(time >= last, "{time} comes after {last}");
        last = time;
    }
    assert_eq!(total, 5000 * lines as u64);
}

#[test]
fn a_stopped_process_catches_up_batch_by_batch() {
    let mut run = Run::start(words("count --interval 500ms"));
    run.write("before\n");
    run.until_sum(1);
    run.signal(Signal::STOP);
    for _ in 0..3 {
        run.write("while stopped\n");
        thread::sleep(Duration::from_secs(1));
    }
    run.signal(Signal::CONT);
    run.write("after\n");
    run.until_sum(5);
    // The end of input would leave out the batches that are still to be caught up with.
    run.until_stdout("the overdue batches", |text| text.matches("Time: ").count() >= 7);
    run.close();
    let ended = run.end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(sum(&ended.stdout), 5);
    assert_consecutive(&batches(&ended.stdout), 500);
}

#[test]
fn limits_end_a_run_whose_input_goes_on() {
    let mut run = Run::start(words("count --interval 50ms --max-batches 3"));
    run.write("a\n");
    let ended = run.end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(batches(&ended.stdout).len(), 3);
    assert_consecutive(&batches(&ended.stdout), 50);

    let mut run = Run::start(words("count --interval 100ms --duration 550ms"));
    run.write("a\n");
    let ended = run.end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(sum(&ended.stdout), 1);
    assert!(batches(&ended.stdout).len() <= 6, "{}", ended.stdout);
}

#[test]
fn the_last_of_so_many_batches_shows_a_window_that_was_not_due() {
    let mut run = Run::start(words("count --interval 50ms --window 1s --slide 1s --max-batches 3 -v"));
    run.write("a\nb\n");
    let ended = run.end();
    assert_eq!(ended.code, Some(0));
    let batches = batches(&ended.stdout);
    assert_eq!(batches.last().unwrap().rows, ["2"]);
    assert!(ended.stderr.contains(" 3 batches "), "{}", ended.stderr);
}

#[test]
fn empty_batches_can_be_left_out() {
    let mut run = Run::start(words("wordcount --interval 50ms --skip-empty"));
    run.write("a\n");
    run.until_stdout("a", |text| text.contains("('a', 1)"));
    thread::sleep(Duration::from_millis(300));
    run.write("b\n");
    run.until_stdout("b", |text| text.contains("('b', 1)"));
    run.close();
    let batches = batches(&run.end().stdout);
    assert_eq!(batches.len(), 2, "{batches:?}");
    assert!(batches[1].time - batches[0].time >= 250);
}

#[test]
fn windows_slide_over_live_batches() {
    let mut run = Run::start(words("count --interval 100ms --window 400ms --slide 200ms"));
    run.write("a\nb\nc\n");
    run.until_stdout("the window to leave them behind", |text| {
        let rows: Vec<_> = text.lines().filter(|line| ["0", "3"].contains(line)).collect();
        rows.iter().filter(|row| **row == "3").count() == 2 && rows.last() == Some(&"0")
    });
    run.close();
    let ended = run.end();
    // Slides count from the start of the run, not from the epoch.
    let times: Vec<i64> = batches(&ended.stdout).iter().map(|batch| batch.time).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 200), "{times:?}");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn totals_grow_over_live_batches() {
    let mut run = Run::start(words("wordcount --interval 50ms --total"));
    for n in 1..4 {
        run.write("a\n");
        run.until_stdout("a total", |text| text.contains(&format!("('a', {n})")));
    }
    run.close();
    assert_eq!(run.end().code, Some(0));
}

#[test]
fn a_program_that_reduces_holds_no_input() {
    let program = "lines.filter(lambda l: 'x' in l).map(len).reduce(max)";
    let mut run = Run::start(["run", "--once", "-j2", "-e", program]);
    let mut stdin = run.stdin.take().unwrap();
    let lines = [[b'x'; 4095].as_slice(), b"\n"].concat().repeat(256);
    for _ in 0..300 {
        stdin.write_all(&lines).unwrap();
    }
    let peak = run.memory("VmHWM");
    drop(stdin);
    let ended = run.end();
    assert_eq!(batches(&ended.stdout)[0].rows, ["4095"]);
    assert!(peak < 100 << 10, "{peak} KiB");
}

#[test]
fn a_line_without_end_is_cut_and_costs_no_memory() {
    let mut run = Run::start(words("wordcount --once"));
    let mut stdin = run.stdin.take().unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..300 {
        stdin.write_all(&block).unwrap();
    }
    let peak = run.memory("VmHWM");
    stdin.write_all(b"\nnext\n").unwrap();
    drop(stdin);
    let ended = run.end();
    assert_eq!(ended.code, Some(0));
    assert!(peak < 64 << 10, "{peak} KiB");
    assert!(ended.stderr.contains("cut 1 line by 313.52 MB"), "{}", ended.stderr);
    let rows = &batches(&ended.stdout)[0].rows;
    assert_eq!(rows.len(), 2);
    assert!(rows.contains(&"('next', 1)".to_string()));
    assert!(rows.iter().any(|row| row.len() == (1 << 20) + "('', 1)".len()));
}

#[test]
fn long_lines_are_cut_at_the_length_asked_for() {
    let text = format!("{}\n{}\nshort\n\0\0 \0\n", "y".repeat(1025), "z".repeat(1024));
    let ended = run(words("wordcount --once --max-line 1KiB --format json"), text);
    assert_eq!(ended.code, Some(0));
    let counts = json_counts(&ended.stdout);
    assert_eq!(counts["y".repeat(1024).as_str()], 1);
    assert_eq!(counts["z".repeat(1024).as_str()], 1);
    assert_eq!((counts["\0\0"], counts["\0"], counts["short"]), (1, 1, 1));
    assert!(ended.stderr.contains("cut 1 line by 1 B"), "{}", ended.stderr);
}
