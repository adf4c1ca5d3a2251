//! Runs that are started again after they have ended by themselves, or were asked to.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::live_support::{Batch, Run, assert_consecutive, batches};
use crate::support::{KEPT, OUT, Place};

#[test]
fn after_the_end_of_input_nothing_comes_again() {
    for clock in ["real", "virtual"] {
        for what in [&["count", "--total"][..], &["count", "--once"], &["wordcount", "--total"]] {
            let place = Place::new();
            place.write("log", "a\nb\na\n");
            let args = [what, &["--clock", clock], &KEPT, &OUT, &["log"]].concat();
            place.ok(&args);
            let first = place.read("out/o");
            assert_eq!(batches(&first).len(), 1, "{args:?}");
            for _ in 0..2 {
                place.ok(&args);
                assert_eq!(place.read("out/o"), first, "{args:?}");
            }
            place.append("log", "a\nc");
            place.ok(&args);
            let found = batches(&place.read("out/o"));
            let expected: &[&str] = match what {
                ["wordcount", ..] => &["('a', 3)", "('b', 1)", "('c', 1)"],
                ["count", "--once"] => &["2"],
                _ => &["5"],
            };
            assert_eq!(found.len(), 2, "{args:?}");
            assert_eq!(found[1].rows, expected, "{args:?}");
            assert!(found[1].time > found[0].time, "{args:?}: {found:?}");
        }
    }
}

#[test]
fn a_limit_of_batches_is_one_for_each_run() {
    let place = Place::new();
    place.elements(3);
    let args = ["wordcount", "--total", "--from", "queue:q0,q1,q2", "-o", "out/o"];
    place.ok(&args);
    let whole = place.read("out/o");
    let stepwise = Place::new();
    stepwise.elements(3);
    for _ in 0..5 {
        stepwise.ok(&[&args[..], &KEPT, &["--max-batches", "1"]].concat());
    }
    assert_eq!(stepwise.read("out/o"), whole);
}

#[test]
fn workers_may_be_more_or_fewer() {
    let place = Place::new();
    place.elements(4);
    let program = "lines.flatMap(lambda l: l.split()).map(lambda w: (w, 1)).updateStateByKey(lambda v, s: sum(v) + (s or 0)).pprint(100)";
    let args = ["run", "-e", program, "--from", "queue:q0,q1,q2,q3", "-o", "out/o"];
    place.ok(&args);
    let whole = place.read("out/o");
    let other = Place::new();
    other.elements(4);
    for threads in ["1", "4", "2", "3"] {
        other.ok(&[&args[..], &KEPT, &["--max-batches", "1", "-j", threads]].concat());
    }
    assert_eq!(other.read("out/o"), whole);
}

/// Runs a window of 400 ms over a log, pauses for longer than that, and runs it once more with three new lines.
fn over_a_pause(place: &Place, more: &[&str]) -> Vec<Batch> {
    place.write("log", "1\n2\n3\n4\n5\n6\n7\n");
    let window = ["-i", "100ms", "--window", "400ms", "--slide", "100ms", "--from-start", "-F", "log"];
    let args = [&["count"], &window[..], &KEPT, more].concat();
    let first = place.start(&args);
    first.until_stdout("all", |text| text.contains("\n7\n"));
    first.signal(Signal::TERM);
    let mut found = batches(&first.end().stdout);
    thread::sleep(Duration::from_millis(1200));
    place.append("log", "8\n9\n10\n");
    let second = place.start(&args);
    second.until_stdout("what is new", |text| text.contains("\n3\n"));
    second.signal(Signal::TERM);
    found.extend(batches(&second.end().stdout));
    found
}

#[test]
fn windows_age_while_nothing_runs() {
    let place = Place::new();
    let found = over_a_pause(&place, &[]);
    let gap = found.windows(2).position(|pair| pair[1].time - pair[0].time > 1000).expect("there is a pause");
    for batch in &found[gap + 1..] {
        assert!(batch.rows[0].parse::<u64>().unwrap() <= 3, "{batch:?}");
    }
}

#[test]
fn missed_batches_are_made_if_asked_for() {
    let found = over_a_pause(&Place::new(), &["--catch-up"]);
    assert_consecutive(&found, 100);
    assert!(found.len() > 4, "{found:?}");
}

const SCRIPT: &str = "
from pyspark import SparkContext
from pyspark.streaming import StreamingContext

def create():
    print('called')
    ssc = StreamingContext(SparkContext('local[2]', 'job'), 1)
    texts = [ssc.sparkContext.textFile('q%d' % n) for n in range(3)]
    lines = ssc.queueStream(texts).map(lambda line: ('lines', 1))
    lines.updateStateByKey(lambda new, old: sum(new) + (old or 0)).pprint()
    return ssc
";

#[test]
fn get_or_create_goes_on_and_checkpoint_alone_does_not() {
    let place = Place::new();
    place.elements(3);
    let end = "ssc.start()\nssc.awaitTermination()\n";
    place.write(
        "resumed.py",
        format!("{SCRIPT}ssc = StreamingContext.getOrCreate('file:kept', create)\n{end}"),
    );
    place.write("anew.py", format!("{SCRIPT}ssc = create()\nssc.checkpoint('anew')\n{end}"));
    let first = place.ok(&["run", "--max-batches", "2", "resumed.py"]);
    assert!(first.starts_with("called\n") && first.contains("('lines', 14)"), "{first}");
    let second = place.ok(&["run", "resumed.py"]);
    assert!(second.starts_with("called\n") && second.contains("('lines', 27)"), "{second}");
    assert_eq!(second.matches("Time:").count(), 1, "{second}");
    let anew = place.ok(&["run", "anew.py"]);
    assert_eq!(place.ok(&["run", "anew.py"]), anew);
    assert!(place.path("anew").is_dir());
    // What the command line says goes before what the script says.
    place.ok(&["run", "--checkpoint", "mine", "--max-batches", "2", "anew.py"]);
    assert_eq!(place.ok(&["run", "--checkpoint", "mine", "anew.py"]).matches("Time:").count(), 1);
}

#[test]
fn a_script_runs_without_checkpoints_where_there_can_be_none() {
    let place = Place::new();
    place.elements(3);
    let end = "ssc.start()\nssc.awaitTermination()\n";
    for directory in ["q0", "hdfs://host/kept"] {
        place.write("job.py", format!("{SCRIPT}ssc = create()\nssc.checkpoint('{directory}')\n{end}"));
        let ended = place.run(&["run", "job.py"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains("the run goes on without checkpoints"), "{}", ended.stderr);
        assert!(ended.stdout.contains("('lines', 27)"), "{}", ended.stdout);
    }
    place.write(
        "job.py",
        format!("{SCRIPT}ssc = StreamingContext.getOrCreate('hdfs://host/kept', create)\n{end}"),
    );
    assert_eq!(place.run(&["run", "job.py"]).code, Some(2));
}

/// Signals stop a run that has much to write; it goes on as if it had not been.
#[test]
fn a_second_signal_leaves_the_last_commit() {
    let place = Place::new();
    let words: String = (0..30_000).map(|n| format!("word{n} ")).collect();
    place.write("log", format!("{words}\n").repeat(3));
    let args =
        [&["wordcount", "--total", "--limit", "0", "-i", "20ms"], &KEPT[..], &["--from-start", "-F", "log"]];
    let args = args.concat();
    for _ in 0..2 {
        let mut run = Run::stalled(place.command(&args));
        run.close();
        // It writes more than a pipe takes, and nobody reads. How many bytes that are depends on how they were
        // written: a page of the pipe may be full with a few.
        run.until_unread(1 << 15);
        run.signal(Signal::TERM);
        thread::sleep(Duration::from_millis(200));
        assert!(!run.has_ended(), "a batch is still to be written");
        run.signal(Signal::TERM);
        assert_eq!(run.wait().code(), Some(143));
    }
    let run = place.start(&args);
    run.until_stdout("all", |text| text.contains("('word29999', 3)"));
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stdout.contains(", 4)"), "nothing is counted twice");
}
