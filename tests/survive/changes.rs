//! Jobs that are another one than what the checkpoint was written by.

use crate::live_support::batches;
use crate::support::{KEPT, Place};

const QUEUE: [&str; 2] = ["--from", "queue:q0,q1,q2"];
const COUNT: &str =
    "counts = lines.map(lambda l: ('n', 1)).updateStateByKey(lambda v, s: sum(v) + (s or 0))\n";

fn place() -> Place {
    let place = Place::new();
    place.elements(5);
    place
}

#[test]
fn another_job_is_refused_and_what_differs_is_named() {
    let place = place();
    let total = ["count", "--total"];
    place.ok(&[&total[..], &QUEUE, &KEPT, &["--max-batches", "1"]].concat());
    let other = ["wordcount", "--total"];
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&other, &QUEUE, "operator 1, total, or what comes before it, has changed"),
        (&["count"], &QUEUE, "operator 1, total, is gone"),
        (&["count", "--total", "-i", "2s"], &QUEUE, "the interval was 1s and is 2s"),
        (
            &total,
            &["--from", "queue:q0,q1"],
            "the source queue:q0,q1,q2 is gone; the source queue:q0,q1 is new",
        ),
        (&["count", "--total", "-o", "out/o"], &QUEUE, "the output -o out/o is new"),
    ];
    for (what, from, difference) in cases {
        let args = [what, from, &KEPT].concat();
        let ended = place.run(&args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""), "{args:?}");
        assert!(ended.stderr.contains(difference), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("--checkpoint-allow-changed"), "{}", ended.stderr);
    }
    // None of them has changed anything.
    let rest = place.ok(&[&total[..], &QUEUE, &KEPT].concat());
    assert_eq!(batches(&rest).iter().map(|batch| batch.rows[0].as_str()).collect::<Vec<_>>(), ["14", "27"]);
}

#[test]
fn a_program_that_only_looks_otherwise_is_the_same() {
    let place = place();
    let first = format!("{COUNT}counts.pprint()");
    place.ok(&[&["run", "-e", &first], &QUEUE[..], &KEPT, &["--max-batches", "1"]].concat());
    let second = "# counted\n\nn = lines.map( lambda l : ('n', 1) ).updateStateByKey(lambda v,s: sum(v)+(s or 0))\nn.pprint(3)";
    let rest = place.ok(&[&["run", "-e", second], &QUEUE[..], &KEPT].concat());
    assert!(rest.ends_with("('n', 27)\n\n"), "{rest}");
    assert_eq!(batches(&rest).len(), 2);
}

#[test]
fn a_changed_program_goes_on_with_what_fits() {
    let place = place();
    let first = format!("{COUNT}counts.pprint()\nlines.countByWindow(2, 1).pprint()");
    place.ok(&[&["run", "-e", &first], &QUEUE[..], &KEPT, &["--max-batches", "2"]].concat());
    let changed = COUNT.replace("sum(v)", "10 * sum(v)");
    let changed = format!("{changed}counts.pprint()\nlines.countByWindow(2, 1).pprint()");
    let args = [&["run", "-e", &changed], &QUEUE[..], &KEPT].concat();
    let ended = place.run(&args);
    assert_eq!(ended.code, Some(4));
    assert!(
        ended.stderr.contains("updateStateByKey, or what comes before it, has changed"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("countByWindow"), "{}", ended.stderr);
    let ended = place.run(&[&args[..1], &["--checkpoint-allow-changed"], &args[1..]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("updateStateByKey, or what comes before it, has changed"),
        "{}",
        ended.stderr
    );
    let rows: Vec<Vec<String>> = batches(&ended.stdout).into_iter().map(|batch| batch.rows).collect();
    // 13 lines in the third element, of which the state begins anew; 9 in the second are in the window still.
    assert_eq!(rows, [["('n', 130)"], ["22"]]);
    // From now on it is the job.
    assert_eq!(place.ok(&args), "");
}

#[test]
fn an_operator_takes_its_state_with_it() {
    let place = place();
    let program = format!("{COUNT}counts.pprint()");
    place.ok(&[&["run", "-e", &program], &QUEUE[..], &KEPT, &["--max-batches", "2"]].concat());
    let program = format!("lines.countByValueAndWindow(2, 1).count().pprint()\n{program}");
    let args = [&["run", "--checkpoint-allow-changed", "-e", &program], &QUEUE[..], &KEPT].concat();
    let ended = place.run(&args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("updateStateByKey, was operator 2"), "{}", ended.stderr);
    assert!(ended.stdout.ends_with("('n', 27)\n\n"), "{}", ended.stdout);
}

#[test]
fn options_of_checkpoints_need_some() {
    let place = place();
    for option in ["--catch-up", "--checkpoint-allow-changed"] {
        for what in [&["count", option, "q0"][..], &["run", option, "-e", "lines.pprint()", "q0"]] {
            let ended = place.run(what);
            assert_eq!(ended.code, Some(2));
            assert!(ended.stderr.contains(&format!("{option} is for checkpoints")), "{}", ended.stderr);
        }
    }
}
