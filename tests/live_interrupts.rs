//! No program hangs for ever when it is told to end: the first signal finishes the batch, in bounded time, the
//! second ends the process at once. And streams that their own program stops.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs;

use live_support::{Ended, Run};
use rustix::process::Signal;
use tempfile::TempDir;

/// What all programs here begin with: a stream of one record, on the real clock.
const HEAD: &str = "\
import itertools, time
from pyspark import SparkContext
from pyspark.streaming import StreamingContext
sc = SparkContext()
ssc = StreamingContext(sc, 0.2)
one = ssc.queueStream([sc.parallelize([1])])
";

/// Work that never ends, started in many places.
const ENDLESS: &[(&str, &str)] = &[
    ("a lambda", "one.map(lambda x: max(x for _ in iter(int, 1))).pprint()"),
    ("a loop of a function", "def f(x):\n    while True:\n        x = 1 - x\none.map(f).pprint()"),
    ("a generator", "def g(x):\n    while True:\n        yield x\none.flatMap(g).count().pprint()"),
    ("the library", "one.map(lambda x: sum(itertools.count())).pprint()"),
    ("one operation", "one.map(lambda x: len(str(7 ** 40000000))).pprint()"),
    ("foreachRDD", "def f(rdd):\n    while True:\n        pass\none.foreachRDD(f)"),
    ("a sleep in foreachRDD", "one.foreachRDD(lambda rdd: time.sleep(1e9))"),
    (
        "an exception that is swallowed",
        "def f(rdd):\n    while True:\n        try:\n            time.sleep(1e9)\n        except BaseException:\n            pass\none.foreachRDD(f)",
    ),
    (
        "transform",
        "def f(rdd):\n    print('begins')\n    for n in itertools.count():\n        pass\none.transform(f).pprint()",
    ),
];

/// A program that is written to a file and started; what it prints first shows that it is at work.
struct Started {
    run: Run,
    _home: TempDir,
}

fn start(body: &str) -> Started {
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("program.py");
    fs::write(&script, format!("{HEAD}{body}\n")).unwrap();
    let run = Run::start(["run", "--clock", "real", &script.to_string_lossy()]);
    Started { run, _home: home }
}

/// As [`start`], and at work on its stream.
fn start_stream(body: &str) -> Started {
    // So that the stream goes on when the queue has come to its end.
    let live = "ssc.socketTextStream('localhost', 9).pprint()";
    let begins = "one.foreachRDD(lambda rdd: print('begins'))";
    let started = start(&format!("{begins}\n{live}\n{body}\nssc.start()\nssc.awaitTermination()"));
    started.run.until_stdout("its first batch", |text| text.contains("begins"));
    started
}

/// What a run that has ended has to say, the socket that nobody listens at aside.
fn told(ended: &Ended) -> String {
    ended.stderr.lines().filter(|line| !line.contains("localhost")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_second_signal_ends_whatever_is_at_work() {
    for (what, body) in ENDLESS {
        let Started { run, _home } = start_stream(body);
        run.signal(Signal::INT);
        run.until_stderr("one more signal ends it at once");
        run.signal(Signal::INT);
        assert_eq!(run.end().code, Some(130), "{what}");
    }
}

#[test]
fn the_first_signal_alone_ends_it_too() {
    // All of them wait at the same time.
    let all: Vec<_> = ENDLESS.iter().map(|(what, body)| (what, start_stream(body))).collect();
    all.iter().for_each(|(_, started)| started.run.signal(Signal::TERM));
    for (what, Started { run, _home }) in all {
        let ended = run.end();
        let told = told(&ended);
        match ended.code {
            Some(1) => assert!(told.contains("KeyboardInterrupt"), "{what}: {told}"),
            // Nothing in it looks whether it is to end.
            code => {
                assert_eq!((*what, code), ("one operation", Some(143)), "{told}");
                assert!(told.contains("it is given up"), "{told}");
            }
        }
    }
}

#[test]
fn a_script_that_does_not_wait_for_its_stream_ends_at_the_first_signal() {
    for body in
        ["while True:\n    pass", "time.sleep(1e9)", "def f():\n    while True:\n        yield 1\nlist(f())"]
    {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 0)] {
            let started = format!("one.pprint()\nssc.start()\nprint('begins')\n{body}");
            let Started { run, _home } =
                start(&format!("ssc.socketTextStream('localhost', 9).pprint()\n{started}"));
            run.until_stdout("the script", |text| text.contains("begins"));
            run.signal(signal);
            let ended = run.end();
            assert_eq!((ended.code, told(&ended).as_str()), (Some(code), ""), "{body}");
        }
    }
}

#[test]
fn a_script_may_catch_the_interrupt_and_stop_its_stream_itself() {
    let body = "ssc.socketTextStream('localhost', 9).pprint()\none.pprint()\nssc.start()\nprint('begins')\n\
                try:\n    while True:\n        pass\n\
                except KeyboardInterrupt:\n    print('caught')\n    ssc.stop(stopGraceFully=True)";
    let Started { run, _home } = start(body);
    run.until_stdout("the script", |text| text.contains("begins"));
    run.signal(Signal::INT);
    let ended = run.end();
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stdout.contains("caught\n"), "{}", ended.stdout);
}

#[test]
fn before_a_stream_starts_the_first_signal_ends_the_process() {
    for body in [
        "while True:\n    pass",
        "time.sleep(1e9)",
        "sc.parallelize([1]).map(lambda x: sum(itertools.count())).collect()",
    ] {
        let Started { mut run, _home } = start(&format!("print('begins')\n{body}"));
        run.until_stdout("the script", |text| text.contains("begins"));
        run.signal(Signal::TERM);
        // By the signal itself, as nothing has taken it over.
        assert_eq!(run.wait().code(), None, "{body}");
    }
}

#[test]
fn a_stream_is_stopped_by_the_function_of_an_output() {
    for grace in ["", "stopSparkContext=False, stopGraceFully=True"] {
        let body = format!(
            "ssc.socketTextStream('localhost', 9).pprint()\n\
             seen = []\n\
             def each(time, rdd):\n    seen.append(rdd.count())\n    if len(seen) == 3:\n        ssc.stop({grace})\n\
             one.foreachRDD(each)\nssc.start()\nssc.awaitTermination()\nprint(seen)"
        );
        let Started { run, _home } = start(&body);
        let ended = run.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stdout.ends_with("[1, 0, 0]\n"), "{}", ended.stdout);
    }
}

#[test]
fn a_stream_is_stopped_after_a_time() {
    let body = "seen = []\none.foreachRDD(lambda rdd: seen.append(rdd.count()))\n\
                ssc.socketTextStream('localhost', 9).pprint()\nssc.start()\n\
                waited = ssc.awaitTerminationOrTimeout(1)\n\
                print(waited, len(seen) > 0)\n\
                ssc.stop(stopSparkContext=True, stopGraceFully=True)\n\
                print(seen[0], ssc.awaitTerminationOrTimeout(1))";
    let Started { run, _home } = start(body);
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("False True\n") && ended.stdout.ends_with("1 True\n"), "{}", ended.stdout);
}
