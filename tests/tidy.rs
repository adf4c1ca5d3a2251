//! The rules of the house, held as a test: who may import whom, which crate has its door where,
//! how long a file may be, where `unsafe` may stand.
//!
//! Source files are read with a scanner that tells code from comments and literals, and test
//! modules from the rest; that is all these rules need to know of Rust.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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

/// Outside crates that have one door: the room (or file) that alone may name them.
const DOORS: &[(&str, &str)] = &[
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("crossbeam_deque", "exec"),
    ("flate2", "source"),
    ("indicatif", "monitor"),
    ("mimalloc", "main"),
    ("mio", "source"),
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
            if named && file.room != *door {
                faults.push(format!("{}: {name} comes in through {door}", file.path.display()));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn files_stay_short() {
    let mut faults = Vec::new();
    for file in house() {
        let code = file.lines.iter().filter(|line| !line.test && !line.code.trim().is_empty()).count();
        if code > MOST_CODE {
            faults.push(format!("{}: {code} lines of code, {MOST_CODE} are allowed", file.path.display()));
        }
        if file.room == "main" && file.lines.len() >= MOST_MAIN {
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

/// The scanner is trusted by every rule above, so it is tested itself.
#[test]
fn the_scanner_tells_code_from_the_rest() {
    let text = r###"
use crate::{batch::{Time, chunk}, error::Result}; // crate::cli
/* unsafe /* nested */ crate::cli */ fn a<'a>(c: char) -> &'a str { if c == '"' { r#"crate::cli " "# } else { "\" crate::cli" } }
use super::super::plan::Plan;
let quote = b'\''; let life: &'static str = "x
crate::exec";
#[cfg(test)]
mod tests {
    use crate::source::Spec;
}
fn after() { crate::kernel::run() }
"###;
    let file = SourceFile::scan(PathBuf::from("src/sink/deep.rs"), text);
    assert_eq!(file.room, "sink");
    assert_eq!(file.imported_rooms(), ["batch", "error", "plan", "kernel"]);
    assert!(file.lines[8].test && !file.lines[10].test);
    assert!(!words(&file.code(false)).contains(&"unsafe".to_string()));
    assert!(!file.commented(4, &["nested", "nested"]), "the line above is code that ends");
    assert!(file.lines[2].comment.contains("nested"));
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

/// A source file, line by line.
struct SourceFile {
    path: PathBuf,
    /// Its room: the folder or file right below `src`.
    room: String,
    lines: Vec<Line>,
}

/// A line with its parts told apart.
#[derive(Default)]
struct Line {
    /// Code; literals are empty.
    code: String,
    comment: String,
    /// Whether it belongs to a test module.
    test: bool,
}

/// Where the scanner is.
enum Within {
    Code,
    LineComment,
    BlockComment(usize),
    /// A string that ends with a quote and so many `#`; escapes count only without any.
    Text {
        raw: bool,
        hashes: usize,
    },
}

impl SourceFile {
    fn scan(path: PathBuf, text: &str) -> SourceFile {
        let room = path.components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
        let room = room.unwrap_or_default().trim_end_matches(".rs").to_string();
        let mut file = SourceFile { path, room, lines: split(text) };
        file.mark_tests();
        file
    }

    /// Marks what `#[cfg(test)]` stands before: up to the `;` or the closing brace of the item.
    fn mark_tests(&mut self) {
        let (mut inside, mut depth) = (false, 0_usize);
        for line in &mut self.lines {
            let starts = line.code.trim_start();
            if !inside && (starts.starts_with("#[cfg(test)]") || starts.starts_with("#[cfg(all(test")) {
                (inside, depth) = (true, 0);
            }
            if !inside {
                continue;
            }
            line.test = true;
            for c in line.code.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            let ends = line.code.trim_end().ends_with([';', '}']);
            inside = depth > 0 || !ends;
        }
    }

    /// The code as one text, with or without that of test modules.
    fn code(&self, with_tests: bool) -> String {
        let lines = self.lines.iter().filter(|line| with_tests || !line.test);
        lines.map(|line| line.code.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What stands behind `crate::`, or behind as many `super::` as lead to the crate's root.
    fn imported_rooms(&self) -> Vec<String> {
        let depth = self.path.components().count() - if self.path.ends_with("mod.rs") { 2 } else { 1 };
        let words = words(&self.code(false));
        let mut rooms = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let mut next = at;
            let mut supers = 0;
            while words.get(next).is_some_and(|word| word == "super") && word_is(&words, next + 1, "::") {
                supers += 1;
                next += 2;
            }
            if words[at] == "crate" && word_is(&words, at + 1, "::") {
                (supers, next) = (depth, at + 2);
            }
            if supers >= depth && next > at {
                rooms.extend(heads(&words[next..]));
            }
            at = next.max(at + 1);
        }
        rooms
    }

    /// Whether the line, formatted as it is, stands in the implementation of a trait.
    fn in_trait_impl(&self, index: usize) -> bool {
        let indent = |line: &Line| line.code.len() - line.code.trim_start().len();
        let here = indent(&self.lines[index]);
        let outer = |line: &&Line| indent(line) < here && line.code.contains("impl");
        let head = self.lines[..index].iter().rev().find(outer);
        head.is_some_and(|line| words(&line.code).iter().any(|word| word == "for"))
    }

    /// Whether a comment on the line, or above it within the same statement, holds one of the texts.
    fn commented(&self, index: usize, texts: &[&str; 2]) -> bool {
        let holds = |line: &Line| texts.iter().any(|text| line.comment.contains(text));
        if holds(&self.lines[index]) {
            return true;
        }
        for line in self.lines[..index].iter().rev() {
            if holds(line) {
                return true;
            }
            let code = line.code.trim();
            let attribute = code.starts_with("#[");
            let ended = code.is_empty() && line.comment.is_empty();
            if ended || !attribute && code.ends_with([';', '{', '}']) {
                return false;
            }
        }
        false
    }
}

fn word_is(words: &[String], at: usize, expected: &str) -> bool {
    words.get(at).is_some_and(|word| word == expected)
}

/// The first names of a path, or of every path in a group of braces.
fn heads(words: &[String]) -> Vec<String> {
    if !word_is(words, 0, "{") {
        return words.first().cloned().into_iter().collect();
    }
    let mut depth = 0;
    let mut heads = Vec::new();
    for pair in words.windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].as_str(), "{" | ",") && pair[1] != "}" {
            heads.push(pair[1].clone());
        }
    }
    heads
}

/// Names, `::`, and all other signs one by one.
fn words(code: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for c in code.chars() {
        let part = c.is_alphanumeric() || c == '_';
        match words.last_mut() {
            Some(last) if open && part => last.push(c),
            Some(last) if c == ':' && last == ":" && !open => last.push(c),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_string()),
        }
        open = part;
    }
    words
}

/// Splits a text into lines, and those into code and comments.
fn split(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut lines = vec![Line::default()];
    let mut within = Within::Code;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let line = lines.last_mut().expect("there is always one");
        if c == '\n' {
            if matches!(within, Within::LineComment) {
                within = Within::Code;
            }
            lines.push(Line::default());
            i += 1;
            continue;
        }
        let mut step = 1;
        match &mut within {
            Within::Code => match (c, at(i + 1)) {
                ('/', '/') => within = Within::LineComment,
                ('/', '*') => (within, step) = (Within::BlockComment(1), 2),
                ('"', _) => {
                    line.code.push(c);
                    within = Within::Text { raw: false, hashes: 0 };
                }
                ('r', '"' | '#') if !ends_in_name(&line.code) => {
                    let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
                    if at(i + 1 + hashes) == '"' {
                        line.code.push('"');
                        (within, step) = (Within::Text { raw: true, hashes }, hashes + 2);
                    } else {
                        line.code.push(c);
                    }
                }
                // A character, or else a lifetime.
                ('\'', '\\') => {
                    line.code.push_str("''");
                    step = 3 + chars[i + 3..].iter().take_while(|c| **c != '\'').count() + 1;
                }
                ('\'', _) if at(i + 2) == '\'' => {
                    line.code.push_str("''");
                    step = 3;
                }
                _ => line.code.push(c),
            },
            Within::LineComment => line.comment.push(c),
            Within::BlockComment(depth) => match (c, at(i + 1)) {
                ('*', '/') => {
                    *depth -= 1;
                    step = 2;
                    if *depth == 0 {
                        within = Within::Code;
                    }
                }
                ('/', '*') => {
                    *depth += 1;
                    step = 2;
                }
                _ => line.comment.push(c),
            },
            Within::Text { raw: false, .. } if c == '\\' && at(i + 1) != '\n' => step = 2,
            Within::Text { hashes, .. } => {
                let hashes = *hashes;
                if c == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
                    line.code.push(c);
                    (within, step) = (Within::Code, 1 + hashes);
                }
            }
        }
        i += step;
    }
    lines
}

/// Whether the code ends within a name, so that an `r` behind it begins no raw string. The `b`
/// of a byte string is no name.
fn ends_in_name(code: &str) -> bool {
    let mut back = code.chars().rev();
    match back.next() {
        Some('b') => back.next().is_some_and(|c| c.is_alphanumeric() || c == '_'),
        last => last.is_some_and(|c| c.is_alphanumeric() || c == '_'),
    }
}
