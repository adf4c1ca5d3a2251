//! Programs with what real PySpark made of them: every case becomes a script for `dstream run`, on a
//! virtual clock, and must come to the same records, the same printed text and the same faults.
//!
//! Cases lie in `tests/conformance/*.json`, and in the folder that `DSTREAM_CONFORMANCE` names if it is set.
//! `scripts/compare-programs --record` makes them; its head describes the fields. `DSTREAM_CASE=TEXT` runs
//! only cases with the text in their name.

#[path = "conformance_support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use support::{Answer, Case, Run};

/// Where a script does better here than on Spark, on purpose: the case, and why. The README says so too.
const BETTER: &[(&str, &str)] = &[
    ("error-countbywindow-without-checkpoint", "windows need no checkpoint directory"),
    (
        "error-sparkcontext-in-closure-with-checkpoint",
        "functions of transform stay in the program, with or without a checkpoint directory",
    ),
];

#[test]
fn programs_come_to_what_pyspark_made_of_them() {
    let wanted = std::env::var("DSTREAM_CASE").unwrap_or_default();
    let mut ran = 0;
    let mut faults = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).expect("cases are text");
        let cases: Vec<Json> = serde_json::from_str(&text)
            .unwrap_or_else(|fault| panic!("{} is no list of cases: {fault}", path.display()));
        for case in cases.iter().map(Case::new).filter(|case| case.name().contains(&wanted)) {
            ran += 1;
            let run = case.run();
            let found = match BETTER.iter().find(|(name, _)| *name == case.name()) {
                Some((_, why)) if !run.succeeded => vec![format!("fails, but should not: {why}")],
                Some(_) => Vec::new(),
                None => differences(&case, &run),
            };
            if !found.is_empty() {
                faults.push(format!("== {}\n   {}\n   {}", case.name(), case.program(), found.join("\n   ")));
            }
        }
    }
    assert!(ran > 0, "there are no cases with {wanted:?} in their name");
    assert!(faults.is_empty(), "{} of {ran} cases failed\n{}", faults.len(), faults.join("\n"));
}

/// The files with cases.
fn files() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let folders = [Some(own), std::env::var_os("DSTREAM_CONFORMANCE").map(PathBuf::from)];
    let mut files = Vec::new();
    for folder in folders.into_iter().flatten() {
        let entries = fs::read_dir(&folder);
        let entries = entries.unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
        let paths = entries.map(|entry| entry.expect("folders can be listed").path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")));
    }
    files.sort();
    files
}

/// How the run differs from what is expected.
fn differences(case: &Case, run: &Run) -> Vec<String> {
    let expected = case.expected();
    let mut found = Vec::new();
    let wants_error = !expected.error.is_null();
    if wants_error == run.succeeded {
        found.push(match wants_error {
            true => format!("should fail with {}", expected.error),
            false => format!("fails: {}", run.stderr.trim_end()),
        });
    }
    if wants_error && run.stderr.trim().is_empty() {
        found.push("fails without a word".into());
    }
    streams(&expected.answer, &run.answer, case.is_ordered(), &mut found);
    if !expected.answer.emitted.is_empty() && expected.answer.emitted != run.answer.emitted {
        found.push(format!(
            "emitted: expected {}, not {}",
            short(&Json::from(expected.answer.emitted.clone())),
            short(&Json::from(run.answer.emitted.clone()))
        ));
    }
    if !expected.answer.post.is_null() && expected.answer.post != run.answer.post {
        found.push(format!("post: expected {}, not {}", expected.answer.post, run.answer.post));
    }
    if !wants_error && !found.is_empty() && !run.stderr.is_empty() && run.succeeded {
        found.push(format!("stderr: {}", run.stderr.trim_end()));
    }
    found
}

/// How the records and the printed text differ, stream by stream.
fn streams(expected: &Answer, actual: &Answer, ordered: bool, found: &mut Vec<String>) {
    let batches = |answer: &Answer, stream: usize| answer.outputs.get(stream).cloned().unwrap_or_default();
    for stream in 0..expected.outputs.len().max(actual.outputs.len()) {
        let (left, right) = (batches(expected, stream), batches(actual, stream));
        for batch in 0..left.len().max(right.len()) {
            let of = |batches: &[Json]| batches.get(batch).cloned().unwrap_or(Json::Null);
            let (left, right) = (of(&left), of(&right));
            if comparable(&left, ordered) != comparable(&right, ordered) {
                found.push(format!(
                    "stream {stream} batch {}: expected {}, not {}",
                    batch + 1,
                    short(&left),
                    short(&right)
                ));
                break;
            }
        }
    }
    if !ordered {
        return;
    }
    for (stream, (left, right)) in expected.printed.iter().zip(&actual.printed).enumerate() {
        if let Some(batch) = (0..left.len()).find(|batch| left.get(*batch) != right.get(*batch)) {
            found.push(format!(
                "stream {stream} batch {} printed: expected {}, not {}",
                batch + 1,
                left[batch],
                right.get(batch).unwrap_or(&Json::Null)
            ));
        }
    }
}

/// Records as text that is equal where they are; sorted where their order means nothing.
fn comparable(records: &Json, ordered: bool) -> Option<Vec<String>> {
    let mut texts: Vec<String> = records.as_array()?.iter().map(Json::to_string).collect();
    if !ordered {
        texts.sort();
    }
    Some(texts)
}

fn short(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
