//! Streams: what PySpark was seen to do, batch by batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dstream::batch::value::Native;
use dstream::batch::{SourceId, Time};
use dstream::plan::{Failure, OutputOp, RddOp, StreamId, StreamOp, StreamRddOp};

use crate::stream::{Program, seconds};
use crate::support::*;

/// What comes of a stream made of the lines, batch by batch.
fn run(batches: &[Option<&str>], build: impl FnOnce(&mut Program, StreamId) -> StreamId) -> Vec<String> {
    let mut program = Program::default();
    let lines = program.lines(0);
    let stream = build(&mut program, lines);
    program.print(stream);
    program.start().all(batches)
}

fn raised() -> Failure {
    Failure { class: "ValueError".into(), message: "on purpose".into(), operator: None, record: None }
}

#[test]
fn an_idle_interval_has_no_partitions_an_empty_batch_has_one() {
    let batches = [Some("a"), Some(""), None, Some("b c")];
    let counted = run(&batches, |program, lines| {
        let function = program.lambda("it", "[sum(1 for _ in it)]");
        let count = StreamRddOp::MapPartitions { function, with_index: false };
        program.stream("count", StreamOp::Rdd(count), &[lines])
    });
    assert_eq!(counted, ["1", "0", "", "2"]);
}

#[test]
fn windows_are_counted_from_the_start() {
    let digits = [Some("0"), Some("1"), Some("2"), Some("3"), Some("4"), Some("5"), None, None, None];
    let window = |length, slide| run(&digits, |program, lines| program.window(lines, length, slide));
    let lines = |numbers: &[&str]| numbers.iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().join(" ");
    assert_eq!(window(1, 1)[..2], [lines(&["0"]), lines(&["1"])]);
    assert_eq!(window(2, 2)[..4], ["-".into(), lines(&["0", "1"]), "-".into(), lines(&["2", "3"])]);
    let hopping = window(2, 3);
    assert_eq!(hopping[2], lines(&["1", "2"]));
    assert_eq!(hopping[5], lines(&["4", "5"]));
    assert_eq!((&*hopping[8], &*hopping[7]), ("", "-"));
    assert_eq!(
        window(3, 1)[3..6],
        [lines(&["1", "2", "3"]), lines(&["2", "3", "4"]), lines(&["3", "4", "5"])]
    );
}

#[test]
fn windows_of_windows() {
    let digits = [Some("0"), Some("1"), Some("2"), Some("3"), Some("4")];
    let nested = run(&digits, |program, lines| {
        let inner = program.window(lines, 2, 2);
        program.window(inner, 4, 4)
    });
    assert_eq!(nested, ["-", "-", "-", "'0' '1' '2' '3'", "-"]);
}

#[test]
fn each_record_is_computed_once_for_all_windows_that_it_is_in() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static COUNTED: Native = Native {
        name: "counted",
        call: |_, args| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            Ok(args.positional[0])
        },
    };
    let windows = run(&[Some("a"), Some("b"), Some("c"), Some("d")], |program, lines| {
        let mapped =
            program.transform(lines, |_, rdd| Ok(Some(made(RddOp::Map(function(&COUNTED)), &[&rdd]))));
        program.window(mapped, 3, 1)
    });
    assert_eq!(windows[3], "'b' 'c' 'd'");
    assert_eq!(CALLS.load(Ordering::Relaxed), 4);
}

#[test]
fn short_reduced_windows_are_made_anew_long_ones_go_on() {
    let pairs = |program: &mut Program, lines| program.map(lines, "x", "('k', int(x))");
    let short = run(&[Some("1"), Some("2"), Some("5"), Some(""), None, None, None], |program, lines| {
        let pairs = pairs(program, lines);
        program.sums(pairs, 3, 1)
    });
    assert_eq!(short, ["('k', 1)", "('k', 3)", "('k', 8)", "('k', 7)", "('k', 5)", "", ""]);
    let batches =
        [Some("3"), None, None, None, None, None, None, Some("4"), Some("1"), None, None, None, None];
    let long = run(&batches, |program, lines| {
        let pairs = pairs(program, lines);
        program.sums(pairs, 5, 1)
    });
    let sums = [3, 3, 3, 3, 3, 0, 0, 4, 5, 5, 5, 5, 1];
    assert_eq!(long, sums.map(|sum| format!("('k', {sum})")));
}

#[test]
fn long_windows_agree_with_their_sums_over_a_long_run() {
    let numbers: Vec<i64> = (0..60).map(|batch| (batch * 7 + batch / 5) % 11 - 3).collect();
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let batches: Vec<_> = texts.iter().map(|text| Some(&**text)).collect();
    for (length, slide) in [(10, 2), (12, 2), (7, 1), (6, 3)] {
        let sums = run(&batches, |program, lines| {
            let pairs = program.map(lines, "x", "('k', int(x))");
            program.sums(pairs, length, slide)
        });
        for (batch, sum) in sums.iter().enumerate() {
            let end = batch + 1;
            let expected = if end % slide as usize == 0 {
                let from = end.saturating_sub(length as usize);
                format!("('k', {})", numbers[from..end].iter().sum::<i64>())
            } else {
                "-".to_string()
            };
            assert_eq!(*sum, expected, "batch {end} of a window of {length} every {slide}");
        }
    }
}

#[test]
fn a_window_that_failed_is_made_anew_once_the_record_has_left() {
    let batches = [Some("1"), Some("2"), Some("x"), Some("3"), None, None, None, None, Some("5")];
    let sums = run(&batches, |program, lines| {
        let pairs = program.map(lines, "x", "('k', int(x))");
        program.sums(pairs, 5, 1)
    });
    assert_eq!(sums[..2], ["('k', 1)", "('k', 3)"]);
    assert!(sums[2..7].iter().all(|told| told.contains("invalid literal")), "{sums:?}");
    assert_eq!(sums[7..], ["('k', 3)", "('k', 5)"]);
}

#[test]
fn states_see_every_batch() {
    let words = |program: &mut Program, lines| program.map(lines, "w", "(w.lstrip('-'), w)");
    let removed =
        run(&[Some("a b"), Some("a"), Some("-a c"), Some("a"), Some("-b -c"), None], |program, lines| {
            let words = words(program, lines);
            program.state(words, "None if any(v.startswith('-') for v in vs) else (s or 0) + len(vs)", None)
        });
    assert_eq!(
        removed,
        [
            "('a', 1) ('b', 1)",
            "('a', 2) ('b', 1)",
            "('b', 1) ('c', 1)",
            "('b', 1) ('c', 1) ('a', 1)",
            "('a', 1)",
            "('a', 1)"
        ]
    );
    let initial = data(&[&[pair(text("a"), int(100)), pair(text("z"), int(7))]]);
    let begun = run(&[Some("a"), Some("a a"), None], |program, lines| {
        let words = words(program, lines);
        program.state(words, "None if not vs else len(vs) + (s or 0)", Some(initial))
    });
    assert_eq!(begun, ["('a', 101)", "('a', 103)", ""]);
    let windowed = run(&[Some("a"), Some("b"), Some("a"), Some("a")], |program, lines| {
        let window = program.window(lines, 2, 2);
        let pairs = program.map(window, "w", "(w, 1)");
        program.state(pairs, "sum(vs) + (s or 0)", None)
    });
    assert_eq!(windowed, ["-", "('a', 1) ('b', 1)", "-", "('a', 3) ('b', 1)"]);
}

#[test]
fn a_state_that_fails_costs_two_batches_of_output_and_nothing_else() {
    let mut program = Program::default();
    let lines = program.lines(0);
    let numbers = program.map(lines, "x", "('k', x)");
    let state = program.state(numbers, "(s or 0) + sum(int(v) for v in vs)", None);
    program.print(state);
    let mut run = program.start();
    let told = [["1"], ["x"], ["3"], ["4"]].map(|lines| run.batch(Some(&lines)));
    assert_eq!(told[0], ["0: ('k', 1)"]);
    assert!(told[1].len() == 1 && told[1][0].contains("invalid literal"), "{told:?}");
    assert!(
        told[2].len() == 2 && told[2][0].starts_with("0: ") && told[2][1].starts_with("without 2000: "),
        "{told:?}"
    );
    assert_eq!(told[3], ["0: ('k', 8)"]);
}

#[test]
fn outputs_fail_by_themselves_transforms_fail_for_all() {
    let mut program = Program::default();
    let lines = program.lines(0);
    let numbers = program.map(lines, "x", "int(x)");
    program.print(numbers);
    program.print(lines);
    let mut run = program.start();
    assert_eq!(run.batch(Some(&["1"])), ["0: 1", "1: '1'"]);
    let told = run.batch(Some(&["x"]));
    assert_eq!(told[0], "0: map: ValueError: invalid literal for int() with base 10: 'x' (record 'x')");
    assert_eq!(told[1..], ["1: 'x'"]);
    assert_eq!(run.batch(Some(&["3"])), ["0: 3", "1: '3'"]);

    let mut program = Program::default();
    let lines = program.lines(0);
    let broken = program
        .transform(lines, |time, rdd| if time.as_millis() == 2000 { Err(raised()) } else { Ok(Some(rdd)) });
    program.print(lines);
    program.print(broken);
    let mut run = program.start();
    assert_eq!(run.batch(Some(&["1"])), ["0: '1'", "1: '1'"]);
    assert_eq!(run.batch(Some(&["2"])), ["lost: ValueError: on purpose"]);
    assert_eq!(run.batch(Some(&["3"])), ["0: '3'", "1: '3'"]);
}

#[test]
fn a_transform_that_gives_none_gives_nothing() {
    let told = run(&[Some("a"), Some("b"), Some("c")], |program, lines| {
        program.transform(lines, |time, rdd| Ok((time.as_millis() != 2000).then_some(rdd)))
    });
    assert_eq!(told, ["'a'", "-", "'c'"]);
}

#[test]
fn streams_of_several_sources_and_their_union() {
    let mut program = Program::default();
    let (lines, other) = (program.lines(0), program.lines(1));
    let union = program.stream("union", StreamOp::Rdd(StreamRddOp::Union), &[other, lines]);
    let both = program.stream("lines", StreamOp::Source(vec![SourceId(0), SourceId(1)]), &[]);
    program.print(union);
    program.print(both);
    program.output(lines, OutputOp::Print { limit: Some(1), format: None });
    let mut run = program.start();
    assert_eq!(
        run.batch_of(&[Some(&["1", "2", "3"]), Some(&["x"])]),
        ["0: 'x' '1' '2' '3'", "1: '1' '2' '3' 'x'", "2: '1' '2' '3'"],
        "own records first"
    );
    assert_eq!(run.batch_of(&[None, Some(&["y"])]), ["0: 'y'", "1: 'y'", "2: "]);
}

#[test]
fn outputs_with_different_slides() {
    let mut program = Program::default();
    let lines = program.lines(0);
    let [two, three] = [2, 3].map(|length| program.window(lines, length, length));
    program.print(lines);
    program.print(two);
    program.print(three);
    let mut run = program.start();
    let told: Vec<usize> = (0..6).map(|_| run.batch(Some(&["a"])).len()).collect();
    assert_eq!(told, [1, 2, 2, 2, 1, 3]);
}

#[test]
fn queues_give_one_rdd_a_batch_or_all() {
    let queue = |one_at_a_time, default| StreamOp::Queue {
        rdds: vec![data(&[&[int(1)]]), data(&[&[int(2)]])],
        one_at_a_time,
        default,
    };
    let told = |op| {
        let mut program = Program::default();
        let queue = program.stream("queueStream", op, &[]);
        let glommed = program.stream("glom", StreamOp::Rdd(StreamRddOp::Glom), &[queue]);
        program.print(glommed);
        program.start().all(&[None, None, None])
    };
    assert_eq!(told(queue(true, None)), ["[1]", "[2]", "[]"]);
    assert_eq!(told(queue(false, None)), ["[1] [2]", "[]", "[]"]);
    assert_eq!(told(queue(true, Some(data(&[&[int(9)]])))), ["[1]", "[2]", "[9]"]);
}

#[test]
fn remembered_rdds_can_be_had_again() {
    let mut program = Program::default();
    program.graph.remember = Some(seconds(3));
    let lines = program.lines(0);
    program.print(lines);
    let upper = program.map(lines, "x", "x.upper()");
    let mut run = program.start();
    run.all(&[Some("a"), Some("b"), Some("c"), Some("d"), Some("e")]);
    let mut between = |begin, end| {
        let (begin, end) = (Time::from_millis(begin), Time::from_millis(end));
        let rdds = run.flow.slice(upper, begin, end, &mut run.program, &mut run.engine).expect("fine");
        rdds.iter().map(|rdd| computed(rdd).concat().concat()).collect::<String>()
    };
    assert_eq!(between(3000, 4000), "'C''D'");
    assert_eq!(between(0, 99_000), "'C''D''E'", "as far as they are remembered");
    assert_eq!(between(3500, 4500), "'C''D'", "from the one on that was the last at the time");
}

#[test]
fn foreach_runs_in_turn_and_may_fail() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut program = Program::default();
    let lines = program.lines(0);
    let noted = Arc::clone(&seen);
    let note = program.function(move |time, rdds, engine| {
        let rdd = rdds[0].clone().expect("there is one");
        let records = flat(&engine.compute(&rdd)?);
        if records.is_empty() {
            return Err(raised());
        }
        noted.lock().expect("one thread").push((time.as_millis(), records.concat()));
        Ok(None)
    });
    program.output(lines, OutputOp::ForEach(note));
    program.print(lines);
    let mut run = program.start();
    assert_eq!(run.batch(Some(&["a", "b"])), ["1: 'a' 'b'"]);
    assert_eq!(run.batch(None), ["0: ValueError: on purpose", "1: "]);
    assert_eq!(*seen.lock().expect("one thread"), [(1000, "'a''b'".to_string())]);
}
