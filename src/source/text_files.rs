//! Whole files at once, named and cut as Hadoop does for `sc.textFile`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::decode::{Decoded, cannot_open, unreadable};
use crate::batch::{Dataset, Partition, Piece};
use crate::error::{Error, Result};

/// Bytes that all files together may hold: their records stay in memory.
const MOST: u64 = 4 << 30;

/// Bytes of a block of a local file; partitions are no larger.
const BLOCK: u64 = 32 << 20;

/// Bytes of a piece of a partition.
const PIECE: usize = 512 * 1024;

/// Compressions that Hadoop knows and we do not.
const UNKNOWN: [&str; 5] = ["bz2", "deflate", "lz4", "lzo", "snappy"];

/// A file with all that is in it.
struct Whole {
    path: PathBuf,
    text: Vec<u8>,
    /// Whether it can be cut.
    is_plain: bool,
}

/// The lines of files, in at least so many partitions if they can be cut. Empty files have none.
///
/// # Errors
/// Runtime errors that name the file that is not there or cannot be read.
pub fn read_lines(paths: &[PathBuf], partitions: usize) -> Result<Dataset> {
    let files = read(paths)?;
    let total: u64 = files.iter().map(|file| file.text.len() as u64).sum();
    let goal = total / partitions.max(1) as u64;
    let size = usize::try_from(goal.clamp(1, BLOCK)).unwrap_or(usize::MAX);
    let mut dataset = Dataset::default();
    for file in files.iter().filter(|file| !file.text.is_empty()) {
        let size = if file.is_plain { size } else { usize::MAX };
        dataset.partitions.extend(parts(&file.text, size).into_iter().map(partition));
    }
    Ok(dataset)
}

/// Names of files, as URLs, with their text.
///
/// # Errors
/// As [`read_lines`].
pub fn read_whole(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let named = |file: Whole| {
        let name = fs::canonicalize(&file.path).unwrap_or(file.path);
        (format!("file:{}", name.display()), String::from_utf8_lossy(&file.text).into_owned())
    };
    Ok(read(paths)?.into_iter().map(named).collect())
}

/// The paths in a list: commas part them, but for those of a pattern's `{one,two}`.
pub fn listed(paths: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = paths.split(|character: char| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

/// A file in splits of a size, each as the lines that begin behind its first byte and up to its end; what is left at
/// the end of a file may make the last one larger by a tenth.
fn parts(text: &[u8], size: usize) -> Vec<&[u8]> {
    let line_end = |from: usize| memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at + 1);
    let (mut parts, mut begin, mut split) = (Vec::new(), 0, 0);
    while split < text.len() {
        let left = text.len() - split;
        split += if left as f64 / size as f64 > 1.1 { size } else { left };
        // A line that begins exactly where the split ends is still its own.
        let end = if split < text.len() { line_end(split).max(begin) } else { text.len() };
        parts.push(&text[begin..end]);
        begin = end;
    }
    parts
}

/// Lines as pieces that tasks can share.
fn partition(mut lines: &[u8]) -> Partition {
    let mut pieces = Vec::new();
    while !lines.is_empty() {
        let end = if lines.len() <= PIECE {
            lines.len()
        } else {
            let within = memrchr(b'\n', &lines[..PIECE]);
            let end = within.or_else(|| memchr(b'\n', &lines[PIECE..]).map(|at| at + PIECE));
            end.map_or(lines.len(), |at| at + 1)
        };
        let mut piece = lines[..end].to_vec();
        if !piece.ends_with(b"\n") {
            piece.push(b'\n');
        }
        pieces.push(Piece::Lines(Arc::from(piece)));
        lines = &lines[end..];
    }
    Partition { pieces }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Whole>> {
    let mut room = MOST;
    let mut whole = Vec::new();
    for path in files(paths)? {
        let file = read_file(path, room)?;
        room -= file.text.len() as u64;
        whole.push(file);
    }
    Ok(whole)
}

fn read_file(path: PathBuf, room: u64) -> Result<Whole> {
    if path.extension().is_some_and(|extension| UNKNOWN.iter().any(|unknown| extension == *unknown)) {
        let path = path.display();
        return Err(Error::Runtime(format!("{path}: only .gz and .zst files are unpacked: unpack it first")));
    }
    // Neither pipes nor devices, which have no end.
    if !fs::metadata(&path).map_err(|error| cannot_open(&path, &error))?.is_file() {
        return Err(Error::Runtime(format!("{} is no regular file", path.display())));
    }
    let mut decoded = Decoded::open(&path)?;
    let mut text = Vec::new();
    let taken = (&mut decoded).take(room + 1).read_to_end(&mut text);
    taken.map_err(|error| unreadable(&path, &decoded, &error))?;
    if text.len() as u64 > room {
        return Err(Error::Runtime(format!(
            "{}: files that are read at once hold at most {} GiB: read it as a source (file:PATH)",
            path.display(),
            MOST >> 30
        )));
    }
    Ok(Whole { path, text, is_plain: decoded.is_plain() })
}

/// The files that paths mean, in order: names may be patterns, and a directory means what is in it. Names that begin
/// with a dot or `_` are hidden.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let matched = expand(path);
        if matched.is_empty() {
            return Err(Error::Runtime(format!("Input path does not exist: {}", path.display())));
        }
        for path in matched {
            match path.is_dir() {
                true => found
                    .extend(inside(&path).map_err(|cause| {
                        Error::io(format_args!("cannot list {}", path.display()), &cause)
                    })?),
                false => found.push(path),
            }
        }
    }
    Ok(found)
}

/// What is in a directory, in order.
fn inside(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inside = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".")
            && !entry.file_name().as_encoded_bytes().starts_with(b"_")
        {
            inside.push(entry.path());
        }
    }
    inside.sort();
    Ok(inside)
}

/// The paths that a pattern matches, in order.
fn expand(path: &Path) -> Vec<PathBuf> {
    let is_pattern = |part: &str| part.contains(['*', '?', '[', '{']);
    if !path.to_str().is_some_and(is_pattern) {
        return if path.exists() { vec![path.to_path_buf()] } else { Vec::new() };
    }
    let mut matched = vec![PathBuf::new()];
    for part in path.components() {
        let text = part.as_os_str().to_str().unwrap_or_default();
        if !is_pattern(text) {
            matched.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let Some(pattern) = pattern(text) else { return Vec::new() };
        let mut next = Vec::new();
        for folder in &matched {
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = fs::read_dir(listed).into_iter().flatten().flatten();
            for name in entries.map(|entry| entry.file_name()) {
                let whole =
                    name.to_str().is_some_and(|name| !name.starts_with(['.', '_']) && pattern.is_match(name));
                if whole {
                    next.push(folder.join(&name));
                }
            }
        }
        next.sort();
        matched = next;
    }
    matched.retain(|path| path.exists());
    matched
}

/// Hadoop's patterns: `*`, `?`, `[a-z]`, `[^a]`, `{one,two}`.
fn pattern(text: &str) -> Option<regex::Regex> {
    let mut out = String::from("^");
    let mut braces = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                out.push('[');
                for character in characters.by_ref() {
                    match character {
                        ']' => break,
                        '^' | '-' => out.push(character),
                        '!' if out.ends_with('[') => out.push('^'),
                        _ => out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
                    }
                }
                out.push(']');
            }
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            '\\' => out.push_str(&regex::escape(characters.next()?.encode_utf8(&mut [0; 4]))),
            _ => out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    regex::Regex::new(&out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_hadoops() {
        let matches = |text: &str, name: &str| pattern(text).is_some_and(|pattern| pattern.is_match(name));
        assert!(matches("*.log", "a.log") && !matches("*.log", "a.log.1"));
        assert!(
            matches("2024-0[1-3].{csv,tsv}", "2024-02.tsv") && !matches("2024-0[1-3].csv", "2024-05.csv")
        );
        assert!(matches("a?c", "abc") && !matches("a?c", "ac"));
    }

    #[test]
    fn lists_are_parted_outside_of_braces() {
        assert_eq!(listed("a, b/*.{gz,zst},c"), ["a", "b/*.{gz,zst}", "c"]);
    }

    #[test]
    fn splits_are_hadoops() {
        // What sc.textFile(f, n).glom().collect() has given in Spark 3.5.
        let cut = |text: &'static str, partitions: usize| -> Vec<&str> {
            let size = (text.len() / partitions).max(1);
            parts(text.as_bytes(), size)
                .into_iter()
                .map(|part| std::str::from_utf8(part).expect("text"))
                .collect()
        };
        assert_eq!(cut("a\nb\nc\nd\n", 2), ["a\nb\nc\n", "d\n"]);
        assert_eq!(cut("long line\nb\n", 2), ["long line\n", "b\n"]);
        assert_eq!(cut("a line without end", 2), ["a line without end", ""]);
    }
}
