//! Killed wherever a commit can be, and at any time: what is written in the end is what a run writes that nobody kills.
//! On the virtual clock, where the same input gives the same bytes.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::live_support::{Ended, Random, batches};
use crate::support::{KEPT, MOMENTS, OUT, Place, with};

/// Elements of the queue, and so batches.
const ELEMENTS: u64 = 5;
const QUEUE: &str = "queue:q0,q1,q2,q3,q4";

/// A run of the command, in a place of its own.
fn place(program: Option<&str>) -> Place {
    let place = Place::new();
    place.elements(ELEMENTS);
    if let Some(program) = program {
        place.write("job.py", program);
    }
    place
}

/// Runs it, killed at one moment after the other, and then to its end.
fn killed(place: &Place, args: &[&str], moments: &[String]) -> Vec<Ended> {
    let mut runs = Vec::new();
    for moment in moments {
        let ended = place.run_until(moment, args);
        let is_over = ended.code == Some(0);
        assert!(is_over || ended.code.is_none(), "{args:?} {moments:?}: {}", ended.stderr);
        runs.push(ended);
        if is_over {
            break;
        }
    }
    let ended = place.run(args);
    assert_eq!(ended.code, Some(0), "{args:?} {moments:?}: {}", ended.stderr);
    runs.push(ended);
    runs
}

/// Every moment of every batch, and some that come one after the other.
fn moments(seed: u64) -> Vec<Vec<String>> {
    let of_batch = |n| MOMENTS.iter().map(move |moment| vec![format!("{moment}:{n}")]);
    let mut random = Random(seed);
    let mut several = || {
        let mut one = || format!("{}:{}", MOMENTS[random.below(5)], 1 + random.below(3));
        (0..6).map(|_| one()).collect::<Vec<_>>()
    };
    (1..=ELEMENTS).flat_map(of_batch).chain((0..4).map(|_| several())).collect()
}

/// The command line with checkpoints: options go before files.
fn kept<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&args[..1], &KEPT, &args[1..]].concat()
}

/// What is in `out` in the end must be what it is without kills.
fn survives(args: &[&str], program: Option<&str>) {
    let undisturbed = place(program);
    undisturbed.ok(args);
    let expected = undisturbed.written();
    assert!(!expected.is_empty(), "{args:?} writes");
    let args = kept(args);
    for moments in moments(args.iter().map(|arg| arg.len() as u64).sum()) {
        let place = place(program);
        killed(&place, &args, &moments);
        assert_eq!(place.written(), expected, "{args:?} {moments:?}");
    }
    // At any time. A run that nobody kills is a matter of milliseconds.
    let mut random = Random(args.len() as u64);
    for round in 0..3 {
        let place = place(program);
        for _ in 0..5 {
            let mut run = place.start(&args);
            thread::sleep(Duration::from_micros(random.below(40_000) as u64));
            run.child.kill().unwrap();
            run.wait();
        }
        killed(&place, &args, &[]);
        assert_eq!(place.written(), expected, "{args:?} at random, round {round}");
    }
}

fn recipe(line: &str) {
    let args: Vec<&str> = line.split(' ').collect();
    survives(&with(&with(&args, &["--from", QUEUE]), &OUT), None);
}

const WORDS: &str = "w = lines.flatMap(lambda l: l.split()).map(lambda x: (x, 1))\n";

fn expression(text: &str, more: &[&str]) {
    let program = format!("{WORDS}{text}");
    survives(&with(&["run", "-e", &program, "--from", QUEUE], more), None);
}

#[test]
fn totals() {
    recipe("wordcount --total");
    recipe("wordcount --total -f json --limit 0");
    recipe("wordcount --total --sort count --limit 3");
    recipe("count --total");
    recipe("count --total -j 1");
}

#[test]
fn batches_that_keep_nothing() {
    recipe("count");
    recipe("wordcount -f csv --skip-empty");
}

#[test]
fn windows_of_recipes() {
    recipe("wordcount --window 3s");
    recipe("wordcount --window 3s --slide 2s -f csv");
    recipe("count --window 4s --slide 2s -f json");
}

#[test]
fn states_of_programs() {
    let state = "s = w.updateStateByKey(lambda v, s: sum(v) + (s or 0))\n";
    let print = format!("{state}s.pprint()");
    expression(&print, &OUT);
    expression(&print, &["-o", "out/o", "-f", "json"]);
    expression("w.updateStateByKey(lambda v, s: sum(v) + (s or 0) if v else None).pprint(100)", &OUT);
    let counted = "from pyspark.streaming import StateSpec\ndef f(k, v, state):\n    n = (state.getOption() or 0) + (v or 0)\n    state.update(n)\n    return (k, n)\n";
    let mapped = "m = w.mapWithState(StateSpec.function(f))\nm.stateSnapshots().pprint(100)";
    expression(&format!("{counted}{mapped}"), &OUT);
    let sorted = "s.transform(lambda rdd: rdd.map(lambda kv: (kv[1], kv[0])).sortByKey(False)).pprint()";
    expression(&format!("{state}{sorted}"), &OUT);
}

#[test]
fn windows_of_programs() {
    for text in [
        "w.reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, 3, 1).pprint()",
        "w.reduceByKeyAndWindow(lambda a, b: a + b, None, 3, 1).pprint()",
        "w.window(3, 2).reduceByKey(lambda a, b: a + b).pprint()",
        "lines.countByWindow(3, 1).pprint()",
        "lines.countByValueAndWindow(3, 2).pprint()",
        "w.groupByKeyAndWindow(2, 1).mapValues(len).pprint()",
    ] {
        expression(text, &OUT);
    }
}

#[test]
fn several_streams() {
    let counts = |seconds| format!("w.window({seconds}, 1).reduceByKey(lambda a, b: a + b)");
    expression(&format!("{}.leftOuterJoin({}).pprint()", counts(3), counts(2)), &OUT);
    expression(
        "w.updateStateByKey(lambda v, s: len(v) + (s or 0)).union(w.countByWindow(3, 1).map(lambda n: ('n', n))).pprint(50)",
        &OUT,
    );
    let queue = "ssc.queueStream([[('a', 1)], [('b', 2)], [('a', 3), ('b', 4)]])";
    expression(&format!("{queue}.union(w).updateStateByKey(lambda v, s: sum(v) + (s or 0)).pprint()"), &OUT);
}

#[test]
fn directories_of_batches() {
    expression(
        "w.reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, 3, 1).saveAsTextFiles('out/t')",
        &[],
    );
    let both =
        "s = w.updateStateByKey(lambda v, s: sum(v) + (s or 0))\ns.saveAsTextFiles('out/t', 'x')\ns.pprint()";
    expression(both, &OUT);
}

/// Files are the first batch; there may be queues beside them, and then more batches.
#[test]
fn files_and_queues() {
    let text = "w.updateStateByKey(lambda v, s: sum(v) + (s or 0)).pprint(100)";
    let program = format!("{WORDS}{text}");
    let args =
        ["run", "-e", &program, "--clock", "virtual", "-o", "out/o", "--from", "queue:q0,q1,q2", "q3", "q4"];
    survives(&args, None);
    survives(&["wordcount", "--total", "--clock", "virtual", "-o", "out/o", "q0", "q1", "q2"], None);
    survives(&["wordcount", "--once", "--clock", "virtual", "-o", "out/o", "q0", "q1", "q2"], None);
    survives(&["count", "--once", "--from", QUEUE, "-o", "out/o", "-f", "json"], None);
}

#[test]
fn a_script() {
    let script = "
from pyspark import SparkContext
from pyspark.streaming import StreamingContext

def create():
    sc = SparkContext('local[2]', 'job')
    ssc = StreamingContext(sc, 1)
    texts = [sc.textFile('q%d' % n) for n in range(5)]
    words = ssc.queueStream(texts).flatMap(lambda line: line.split(' '))
    counts = words.map(lambda word: (word, 1)).updateStateByKey(lambda new, old: sum(new) + (old or 0))
    counts.pprint()
    counts.filter(lambda kv: kv[1] > 3).saveAsTextFiles('out/often')
    return ssc

ssc = StreamingContext.getOrCreate('kept', create)
ssc.start()
ssc.awaitTermination()
";
    let place_of = || place(Some(script));
    let undisturbed = place_of();
    undisturbed.ok(&["run", "-o", "out/o", "job.py"]);
    let expected = undisturbed.written();
    assert!(expected.contains_key("often-5000/_SUCCESS"), "{expected:?}");
    for moments in moments(3) {
        let place = place_of();
        killed(&place, &["run", "-o", "out/o", "job.py"], &moments);
        assert_eq!(place.written(), expected, "{moments:?}");
    }
}

/// To standard output a batch may come more than once, but it is the same each time.
#[test]
fn standard_output_is_told_apart_by_batch_times() {
    for line in ["wordcount --total", "count --window 3s"] {
        let args: Vec<&str> = line.split(' ').chain(["--from", QUEUE]).collect();
        let expected: Vec<_> = batches(&place(None).ok(&args));
        let args = kept(&args);
        let mut again = 0;
        for moments in moments(7) {
            let place = place(None);
            let runs = killed(&place, &args, &moments);
            let mut found = BTreeMap::new();
            for batch in runs.iter().flat_map(|run| batches(&run.stdout)) {
                if let Some(before) = found.insert(batch.time, batch.rows.clone()) {
                    assert_eq!(before, batch.rows, "{line} {moments:?}");
                    again += 1;
                }
            }
            let found: Vec<_> = found.into_iter().collect();
            let expected: Vec<_> = expected.iter().map(|batch| (batch.time, batch.rows.clone())).collect();
            assert_eq!(found, expected, "{line} {moments:?}");
        }
        assert!(again > 0, "{line}: nothing came twice");
    }
}
