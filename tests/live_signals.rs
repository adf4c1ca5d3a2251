//! Signals to a running process: draining, status, reopening.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use live_support::*;
use rustix::process::Signal;

/// Waits until everything written to its stdin so far has been read and counted.
fn until_read(run: &Run, records: &str) {
    run.until_ready();
    for _ in 0..600 {
        run.signal(Signal::USR1);
        thread::sleep(Duration::from_millis(20));
        if run.stderr().contains(&format!("dstream: {records}, ")) {
            return;
        }
    }
    panic!("was never read: {:?}", run.stderr().lines().last());
}

#[test]
fn the_first_signal_prints_what_was_read() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 0)] {
        for line in ["count --interval 1h", "count --once", "count --interval 1h --window 2h --slide 2h"] {
            let mut run = Run::start(words(line));
            run.write("one\ntwo\nthree");
            until_read(&run, "2 records");
            run.signal(signal);
            let ended = run.end();
            assert_eq!(ended.code, Some(code), "{line}: {ended:?}");
            assert_eq!(batches(&ended.stdout).len(), 1, "{line}");
            assert_eq!(sum(&ended.stdout), 2, "{line}");
            assert!(ended.stderr.contains("lost 5 B of lines without an end"), "{line}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_signal_before_any_input_ends_it_too() {
    for signal in [Signal::INT, Signal::TERM] {
        let run = Run::start(words("count --interval 1h -v --clock real"));
        until_read(&run, "0 records");
        run.signal(signal);
        let ended = run.end();
        assert_eq!(ended.stdout, "");
        assert_eq!(ended.code, Some(if signal == Signal::INT { 130 } else { 0 }));
    }
}

#[test]
fn the_second_signal_ends_it_even_while_its_output_is_blocked() {
    for (first, second, code) in
        [(Signal::TERM, Signal::TERM, 143), (Signal::TERM, Signal::INT, 130), (Signal::INT, Signal::INT, 130)]
    {
        let mut run = Run::stalled(dstream(words("wordcount --interval 20ms --limit 0")));
        let mut line: String = (0..20_000).map(|n| format!("word{n} ")).collect();
        line.push('\n');
        run.write(line);
        // More than the pipe takes is being written to a reader that does not read.
        thread::sleep(Duration::from_millis(500));
        run.signal(first);
        thread::sleep(Duration::from_millis(300));
        assert!(!run.has_ended(), "a batch is still to be written");
        run.signal(second);
        let status = run.wait();
        assert_eq!((status.code(), status.signal()), (Some(code), None));
    }
}

#[test]
fn usr1_tells_how_it_goes_on_stderr() {
    let mut run = Run::start(words("count --interval 50ms"));
    run.write("a\nb\n");
    run.until_sum(2);
    run.signal(Signal::USR1);
    let text = run.until_stderr("\n");
    assert!(text.starts_with("dstream: 2 records, 4 B, "), "{text}");
    run.close();
    assert_eq!(run.end().code, Some(0));
}

#[test]
fn usr1_is_answered_on_the_virtual_clock_too() {
    let mut run = Run::start(words("count --clock virtual"));
    run.write("a\n");
    until_read(&run, "1 record");
    run.close();
    let ended = run.end();
    assert_eq!((ended.code, sum(&ended.stdout)), (Some(0), 1));
}

#[test]
fn a_signal_stops_the_reading_of_a_queue() {
    let dir = tempfile::tempdir().unwrap();
    let (before, fifo, after) =
        (dir.path().join("before"), dir.path().join("fifo"), dir.path().join("after"));
    fs::write(&before, "a\nb\n").unwrap();
    fs::write(&after, "never\n").unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let spec = format!("queue:{},{},{}", before.display(), fifo.display(), after.display());
    let run = Run::start(["count", "--from", &spec]);
    let mut writer = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    let pump = thread::spawn(move || {
        // As much as it takes; it ends when nobody reads any more.
        while std::io::Write::write_all(&mut writer, &b"line\n".repeat(1000)).is_ok() {}
    });
    run.until_stdout("the first batch", |text| text.ends_with("\n\n"));
    thread::sleep(Duration::from_millis(100));
    run.signal(Signal::TERM);
    let ended = run.end();
    pump.join().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let batches = batches(&ended.stdout);
    assert_eq!(batches.len(), 2, "the batch that was being read is the last");
    assert_eq!(batches[0].rows, ["2"]);
    assert!(batches[1].rows[0].parse::<u64>().unwrap() > 0);
}

#[test]
fn hup_reopens_the_output_without_losing_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let (out, old) = (dir.path().join("out"), dir.path().join("old"));
    let mut run = Run::start(words(&format!("count --interval 20ms -o {}", out.display())));
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let mut sent = 0;
    let mut feed = |run: &mut Run| {
        for _ in 0..20 {
            run.write("a\n");
            sent += 1;
            thread::sleep(Duration::from_millis(10));
        }
        sent
    };
    feed(&mut run);
    fs::rename(&out, &old).unwrap();
    feed(&mut run);
    run.signal(Signal::HUP);
    let sent = feed(&mut run);
    run.close();
    let ended = run.end();
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""));
    let (first, second) = (batches(&read(&old)), batches(&read(&out)));
    assert!(!first.is_empty() && !second.is_empty());
    assert_consecutive(&[first, second].concat(), 20);
    assert_eq!(sum(&read(&old)) + sum(&read(&out)), sent);
}

#[test]
fn hup_without_a_file_drains_as_the_other_signals_do() {
    let mut run = Run::start(words("count --interval 1h"));
    run.write("one\n");
    until_read(&run, "1 record");
    run.signal(Signal::HUP);
    let ended = run.end();
    assert_eq!((ended.code, sum(&ended.stdout)), (Some(129), 1));
}

#[test]
fn signals_that_were_ignored_stay_so() {
    // A non-interactive shell starts what runs in its background with SIGINT ignored.
    let mut run = Run::stalled(shell("trap '' INT HUP; exec \"$D\" count --interval 1h"));
    run.read_on();
    run.write("one\n");
    until_read(&run, "1 record");
    run.signal(Signal::INT);
    run.signal(Signal::HUP);
    run.write("two\n");
    until_read(&run, "2 records");
    run.close();
    let ended = run.end();
    assert_eq!((ended.code, sum(&ended.stdout)), (Some(0), 2));
}
