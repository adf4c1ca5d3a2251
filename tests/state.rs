//! `dstream state`: what a checkpoint holds is shown, carried elsewhere and removed.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs;
use std::path::Path;

use live_support::{Run, run, words};

/// A checkpoint of a program, and the line that goes on with it.
fn checkpoint(directory: &Path) -> String {
    let (kept, input) = (directory.join("kept"), directory.join("in"));
    fs::write(&input, "a b a\n").unwrap();
    let program =
        "lines.flatMap(str.split).map(lambda w:(w,1)).updateStateByKey(lambda n,s:(s or 0)+len(n)).pprint()";
    let line = format!("run --checkpoint {} -e {program} {}", kept.display(), input.display());
    let made = run(arguments(&line, program), "");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    kept.display().to_string()
}

/// The words of a line with a program in it.
fn arguments<'l>(line: &'l str, program: &'l str) -> Vec<&'l str> {
    let (before, behind) = line.split_once(program).unwrap();
    let mut all = words(before);
    all.push(program);
    all.extend(words(behind));
    all
}

fn ok(line: &str, input: &str) -> String {
    let ended = run(words(line), input);
    assert_eq!(ended.code, Some(0), "{line}: {}", ended.stderr);
    ended.stdout
}

#[test]
fn keys_and_values_are_shown_as_python_does() {
    let directory = tempfile::tempdir().unwrap();
    let kept = checkpoint(directory.path());
    let shown = ok(&format!("state show {kept} --operator 2 -f json"), "");
    let told: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let pairs: Vec<(&str, &str)> =
        told.iter().map(|told| (told["key"].as_str().unwrap(), told["value"].as_str().unwrap())).collect();
    assert_eq!(pairs, [("'a'", "2"), ("'b'", "1")]);
    assert_eq!(told[0]["name"], "updateStateByKey");
    let shown = ok(&format!("state show {kept} -n 1"), "");
    for part in ["program     lines.flatMap", "interval    1s", "held by     nobody", "... and 1 more"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(shown.contains("\"offset\":6"), "{shown}");
    assert_eq!(
        ok(&format!("state show {kept} --operator 2 -f tsv"), ""),
        "part\tnumber\tname\tkey\tvalue\noperator\t2\tupdateStateByKey\t'a'\t2\noperator\t2\tupdateStateByKey\t'b'\t1\n"
    );
    assert_eq!(run(words(&format!("state show {kept} --operator 9")), "").code, Some(2));
}

#[test]
fn totals_and_the_journal_of_a_running_stream_are_shown_and_it_is_not_removed() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("kept").display().to_string();
    let mut running = Run::start(words(&format!("wordcount --total -i 50ms --checkpoint {kept} --journal")));
    running.write("x y x\n");
    running.until_stdout("the words", |text| text.contains("('x', 2)"));
    let shown = ok(&format!("state show {kept}"), "");
    assert!(shown.contains(&format!("held by     process {}", running.child.id())), "{shown}");
    assert!(shown.contains("'x'") && shown.contains("total"), "{shown}");
    let refused = run(words(&format!("state reset {kept}")), "");
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("is used by process"), "{}", refused.stderr);
    running.close();
    assert_eq!(running.end().code, Some(0));
    let removed = run(words(&format!("state reset {kept}")), "");
    assert!(
        removed.stderr.contains("are removed") && removed.stderr.contains("journal"),
        "{}",
        removed.stderr
    );
    assert_eq!(run(words(&format!("state show {kept}")), "").code, Some(1));
}

#[test]
fn an_export_makes_the_same_checkpoint_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let kept = checkpoint(directory.path());
    let text = ok(&format!("state export {kept}"), "");
    let other = directory.path().join("other").display().to_string();
    ok(&format!("state import {other}"), &text);
    assert_eq!(ok(&format!("state export {other}"), ""), text);
    // There is one already, and half an export makes none.
    assert_eq!(run(words(&format!("state import {other}")), &text).code, Some(2));
    let third = directory.path().join("third").display().to_string();
    assert_eq!(run(words(&format!("state import {third}")), &text[..text.len() / 2]).code, Some(1));
}
