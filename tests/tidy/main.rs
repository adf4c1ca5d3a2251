//! The rules of the house, held as a test: who may import whom, which crate has its door where,
//! how long a file may be, where `unsafe` may stand.

mod scanner;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scanner::{SourceFile, words};

/// Every room, and the rooms that it may import. `error` is everybody's.
const ROOMS: &[(&str, &[&str])] = &[
    ("batch", &[]),
    ("kernel", &["batch"]),
    ("plan", &["batch"]),
    ("lang", &["batch", "plan"]),
    ("source", &["batch"]),
    ("sink", &["batch"]),
    ("checkpoint", &["batch"]),
    ("monitor", &["batch"]),
    ("exec", &["batch", "kernel", "plan"]),
    ("driver", &["batch", "plan", "source", "sink", "checkpoint", "monitor", "exec"]),
    ("cli", &["batch", "plan", "lang", "source", "sink", "checkpoint", "monitor", "driver"]),
];

/// Outside crates that have one door: the room (or the file or folder in one) that alone may name them.
const DOORS: &[(&str, &str)] = &[
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("crc32fast", "checkpoint"),
    ("crossbeam_deque", "exec"),
    ("fancy_regex", "batch"),
    ("flate2", "source"),
    ("indicatif", "monitor"),
    ("mimalloc", "main"),
    ("mio", "source"),
    ("ruff_python_ast", "lang/parse"),
    ("ruff_python_parser", "lang/parse"),
    ("ruff_text_size", "lang/parse"),
    ("zstd", "source"),
];

/// Lines of code that a file may have: no blank lines, no comments, no test modules.
const MOST_CODE: usize = 500;

/// Lines that `main.rs` may have, all of them counted.
const MOST_MAIN: usize = 60;

/// What may lie at the top, beside dot files.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "man",
    "scripts",
    "src",
    "target",
    "tests",
];

#[test]
fn rooms_import_only_what_they_may() {
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut faults = Vec::new();
    for file in house() {
        let Some(allowed) = table.get(file.room.as_str()) else {
            assert!(
                ["lib", "main", "error"].contains(&file.room.as_str()),
                "{} belongs to no room: add its room to the table here and in src/lib.rs",
                file.path.display()
            );
            continue;
        };
        for room in file.imported_rooms() {
            if room != file.room && room != "error" && !allowed.contains(&room.as_str()) {
                faults.push(format!("{}: {} may not import {room}", file.path.display(), file.room));
            }
        }
    }
    assert_none(&faults);
}

/// What the map of the house in `src/lib.rs` tells its readers is what the table here holds.
#[test]
fn the_map_tells_the_same() {
    let map = fs::read_to_string(root().join("src/lib.rs")).expect("source files are text");
    let rows: Vec<(&str, &str)> = map
        .lines()
        .filter_map(|line| {
            let (room, rest) = line.strip_prefix("//! | [`")?.split_once("`]")?;
            Some((room, rest.trim_end_matches(" |").rsplit_once("| ")?.1))
        })
        .collect();
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    assert!(!rows.is_empty(), "there is no map in src/lib.rs");
    for (room, told) in &rows {
        let (all, names) = match told.strip_prefix("all but ") {
            Some(names) => (true, names),
            None => (false, told.trim_start_matches("nobody")),
        };
        let names: Vec<&str> = names.split(", ").collect();
        for (other, _) in rows.iter().filter(|(other, _)| other != room) {
            let held = table.get(room).is_some_and(|rooms| rooms.contains(other));
            assert_eq!(names.contains(other) != all, held, "the map tells otherwise of {room} and {other}");
        }
    }
    for entry in fs::read_dir(root().join("src")).expect("folders can be listed") {
        let path = entry.expect("folders can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        assert!(!path.is_dir() || rows.iter().any(|(room, _)| *room == name), "{name} is not on the map");
    }
}

#[test]
fn crates_come_in_by_their_one_door() {
    let mut faults = Vec::new();
    for file in house() {
        let words = words(&file.code(true));
        for (name, door) in DOORS {
            let named = words.windows(2).any(|pair| pair[0] == *name && pair[1] == "::")
                || words.windows(2).any(|pair| pair[0] == "use" && pair[1] == *name);
            if named && file.room != *door && !file.path.starts_with(Path::new("src").join(door)) {
                faults.push(format!("{}: {name} comes in through {door}", file.path.display()));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn files_stay_short() {
    let mut faults = Vec::new();
    for file in sources(&["src", "tests", "benches"]) {
        let code = file.lines.iter().filter(|line| !line.test && !line.code.trim().is_empty()).count();
        if code > MOST_CODE {
            faults.push(format!("{}: {code} lines of code, {MOST_CODE} are allowed", file.path.display()));
        }
        if file.path == Path::new("src/main.rs") && file.lines.len() >= MOST_MAIN {
            faults.push(format!("main.rs has {} lines, it stays under {MOST_MAIN}", file.lines.len()));
        }
    }
    assert_none(&faults);
}

#[test]
fn unsafe_stands_in_the_kernel_alone_and_says_why() {
    let mut faults = Vec::new();
    for file in house() {
        for (index, line) in file.lines.iter().enumerate() {
            let words = words(&line.code);
            let Some(at) = words.iter().position(|word| word == "unsafe") else { continue };
            let place = format!("{}:{}", file.path.display(), index + 1);
            if file.room != "kernel" {
                faults.push(format!("{place}: unsafe outside of the kernel"));
            }
            let next = |n: usize| words.get(at + n).map_or("", String::as_str);
            let is_type = next(1) == "fn" && next(2) == "(";
            let declares = matches!(next(1), "fn" | "extern" | "trait");
            let reason = if declares { ["# Safety", "SAFETY"] } else { ["SAFETY", "SAFETY"] };
            // What a trait's method asks for is said at the trait.
            let said = is_type || next(1) == "fn" && file.in_trait_impl(index);
            if !said && !file.commented(index, &reason) {
                faults.push(format!("{place}: unsafe without a comment that says {:?}", reason[0]));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn nothing_is_left_for_later() {
    let mut faults = Vec::new();
    for file in sources(&["src", "tests", "benches"]) {
        for (index, line) in file.lines.iter().enumerate() {
            for pair in words(&line.code).windows(2) {
                if pair[1] == "!" && ["todo", "unimplemented", "dbg"].contains(&pair[0].as_str()) {
                    faults.push(format!("{}:{}: {}!", file.path.display(), index + 1, pair[0]));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_top_holds_nothing_else() {
    let mut faults = Vec::new();
    for entry in fs::read_dir(root()).expect("the top can be listed") {
        let name = entry.expect("the top can be listed").file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !TOP.contains(&name.as_str()) {
            faults.push(format!("{name} does not belong at the top"));
        }
    }
    assert_none(&faults);
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the library and its command.
fn house() -> Vec<SourceFile> {
    sources(&["src"])
}

/// Every Rust file below the given folders, scanned.
fn sources(folders: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("folders can be listed");
            todo.extend(entries.map(|entry| entry.expect("folders can be listed").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("source files are text");
            let path = path.strip_prefix(root()).expect("it lies below the top").to_path_buf();
            found.push(SourceFile::scan(path, &text));
        }
    }
    assert!(!found.is_empty());
    found
}
