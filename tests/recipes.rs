//! The ready-made commands are recipes: each prints what the program prints that `explain` shows for it, for
//! options of every kind beside each other; with `DSTREAM_ALL=1` for all combinations of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Batches; their number is a multiple of every slide below.
const BATCHES: [&str; 4] = [
    "to be or not\nto  be, That is\n",
    "",
    "{\"user\": {\"name\": \"ann\"}, \"n\": 1}\n{\"user\": {\"name\": \"bob\"}, \"n\": 12}\n{\"user\": 7}\nBE 7 it's\n",
    "be 7\n\n{\"user\": {\"name\": \"bob\"}, \"n\": null}\nÉtude to be\nto\u{a0}go\n",
];

/// What is counted.
const COUNTED: &[&[&str]] = &[
    &["wordcount"],
    &["wordcount", "--lower"],
    &["wordcount", "--by", "space"],
    &["wordcount", "--by", r"regex:\w+"],
    &["wordcount", "--by", r"regex:b(\w)", "--lower"],
    &["count"],
    &["count", "--key", "field:2"],
    &["count", "--key", "field:1,e"],
    &["count", "--key", "regex:(t.)"],
    &["count", "--key", "regex:[a-z]+"],
    &["count", "--key", "json:user.name"],
    &["count", "--key", "x.split()[1]"],
    &["count", "--key", "x.split('e')[0]"],
    &["count", "--key", "json.loads(x)[\"user\"][\"name\"]"],
    &["count", "--key", "json.loads(x).get(\"n\")"],
    &["count", "--key", "len(x)"],
    &["count", "--key", "(x[:1], len(x) % 3)"],
    &["count", "--key", "x.upper()  # loudly"],
];

const FILTERS: &[&[&str]] =
    &[&[], &["--filter", "regex:[be]"], &["--filter", "\"to\" in x"], &["--filter", "x[2] != \"x\""]];

const SCOPES: &[&[&str]] = &[
    &[],
    &["--total"],
    &["--window", "3s"],
    &["--window", "3s", "--slide", "2s"],
    &["--window", "4s", "--slide", "4s"],
];

const SHOWN: &[&[&str]] =
    &[&[], &["--sort", "key", "--limit", "0"], &["--limit", "2"], &["--sort", "key", "--limit", "3"]];

/// What a command prints.
fn output(folder: &Path, args: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(args)
        .current_dir(folder)
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("it prints text")
}

/// The program in what `explain` tells of a recipe.
fn program(explained: &str) -> String {
    let start = explained.find("this program gives:\n\n").expect("it has a program") + 21;
    let end = explained.find("\nplan of that program").expect("it has a plan");
    explained[start..end]
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line)))
        .collect()
}

#[test]
fn a_recipe_prints_what_its_program_prints() {
    let folder = tempfile::tempdir().expect("a directory");
    for (number, batch) in BATCHES.iter().enumerate() {
        fs::write(folder.path().join(number.to_string()), batch).expect("a file");
    }
    let source = ["--from", "queue:0,1,2,3"];
    let all = std::env::var_os("DSTREAM_ALL").is_some_and(|value| value == "1");
    let mut recipes = Vec::new();
    for (what, counted) in COUNTED.iter().enumerate() {
        for (when, scope) in SCOPES.iter().enumerate() {
            for (which, filter) in FILTERS.iter().enumerate() {
                for (how, shown) in SHOWN.iter().enumerate() {
                    if all
                        || (what + when + which) % FILTERS.len() == 0
                            && (what + when / 2 + how) % SHOWN.len() == 0
                    {
                        recipes.push([*counted, filter, scope, shown].concat());
                    }
                }
            }
        }
    }
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                while let Some(recipe) = recipes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let explained = output(folder.path(), &[&["explain"], &recipe[..]].concat());
                    let program = program(&explained);
                    let ran = output(folder.path(), &[&["run"], &source[..], &["-e", &program]].concat());
                    let counted = output(folder.path(), &[&recipe[..], &source[..]].concat());
                    if ran != counted {
                        let told = format!("{recipe:?}\n{program}\n- run:\n{ran}\n- recipe:\n{counted}");
                        wrong.lock().expect("no thread has panicked").push(told);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread has panicked");
    let first = wrong.first().map(String::as_str).unwrap_or_default();
    assert!(wrong.is_empty(), "{} of {} recipes differ; the first:\n{first}", wrong.len(), recipes.len());
}
