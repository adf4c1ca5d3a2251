//! A scanner that tells code from comments and literals, and test modules from the rest: all that
//! the rules need to know of Rust.

use std::path::PathBuf;

/// A source file, line by line.
pub struct SourceFile {
    pub path: PathBuf,
    /// Its room: the folder or file right below `src`.
    pub room: String,
    pub lines: Vec<Line>,
}

/// A line with its parts told apart.
#[derive(Default)]
pub struct Line {
    /// Code; literals are empty.
    pub code: String,
    pub comment: String,
    /// Whether it belongs to a test module.
    pub test: bool,
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
    pub fn scan(path: PathBuf, text: &str) -> SourceFile {
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
    pub fn code(&self, with_tests: bool) -> String {
        let lines = self.lines.iter().filter(|line| with_tests || !line.test);
        lines.map(|line| line.code.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What stands behind `crate::`, or behind as many `super::` as lead to the crate's root.
    pub fn imported_rooms(&self) -> Vec<String> {
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
    pub fn in_trait_impl(&self, index: usize) -> bool {
        let indent = |line: &Line| line.code.len() - line.code.trim_start().len();
        let here = indent(&self.lines[index]);
        let outer = |line: &&Line| indent(line) < here && line.code.contains("impl");
        let head = self.lines[..index].iter().rev().find(outer);
        head.is_some_and(|line| words(&line.code).iter().any(|word| word == "for"))
    }

    /// Whether a comment on the line, or above it within the same statement, holds one of the texts.
    pub fn commented(&self, index: usize, texts: &[&str; 2]) -> bool {
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
pub fn words(code: &str) -> Vec<String> {
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

/// The scanner is trusted by every rule, so it is tested itself.
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
