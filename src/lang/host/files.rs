//! Text files of `sc.textFile`, `sc.wholeTextFiles` and `rdd.saveAsTextFile`: read and written as Hadoop
//! does, `.gz` aside.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::Given;
use super::rdd::{handle, partition, piece_records};
use crate::batch::value::exceptions::{OS_ERROR, VALUE_ERROR};
use crate::batch::{Dataset, Partition, Piece, Rows};
use crate::error::plain;
use crate::lang::interp::{Arguments, Halt, Interp, Obj, Run, from_failure};
use crate::plan::{Rdd, RddOp};

/// `_read_lines(path, n)`: the lines of files, in about so many partitions, cut where Hadoop cuts them.
pub(super) fn read_lines(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_read_lines", args);
    let (path, least) = (given.text(interp, 0)?, given.count(interp, 1)?);
    let texts = files(&path)?.iter().map(|file| read(file)).collect::<Run<Vec<_>>>()?;
    let size: usize = texts.iter().map(Vec::len).sum();
    let split = (size / least.max(1)).clamp(1, BLOCK);
    let mut dataset = Dataset::default();
    for mut text in texts {
        let length = text.len();
        if length > 0 && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let (mut from, mut end) = (0, 0);
        while end < length {
            // A little more than a split is one split.
            let is_last = (length - end).saturating_mul(10) <= split.saturating_mul(11);
            end = if is_last { length } else { end + split };
            // A line that begins at the very end of a split still belongs to it.
            let newline = text[end..].iter().position(|byte| *byte == b'\n');
            let to = newline.map_or(text.len(), |newline| end + newline + 1);
            let lines = &text[from..to];
            let pieces =
                if lines.is_empty() { Vec::new() } else { vec![Piece::Lines(lines.to_vec().into())] };
            dataset.partitions.push(Partition { pieces });
            from = to;
        }
    }
    Ok(handle(Rdd::new(RddOp::Data(dataset), Vec::new(), interp.origin())))
}

/// Bytes of a local file that Hadoop reads at once, at most.
const BLOCK: usize = 32 << 20;

/// `_read_whole(path)`: a pair of name and text a file, all in one partition.
pub(super) fn read_whole(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let path = Given::new("_read_whole", args).text(interp, 0)?;
    let mut found = Vec::new();
    for file in files(&path)? {
        let name = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
        let text = read(&file)?;
        found.push((format!("file:{}", name.display()), String::from_utf8_lossy(&text).into_owned()));
    }
    let rows = interp.cross(|_, heap| {
        let mut rows = Rows::default();
        for (name, text) in &found {
            rows.push(heap, heap.pair(heap.str(name), heap.str(text)))?;
        }
        Ok(rows)
    })?;
    let dataset = Dataset { partitions: vec![partition(rows)] };
    Ok(handle(Rdd::new(RddOp::Data(dataset), Vec::new(), interp.origin())))
}

/// `_rdd_save(rdd, path)`: a directory with a file a partition, and `_SUCCESS` once all are there.
pub(super) fn save(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_rdd_save", args);
    let rdd = given.rdd(interp, 0)?;
    let path = local(&given.text(interp, 1)?)?;
    if path.exists() {
        let message = format!("Output directory {} already exists", path.display());
        return Err(Halt::new(&OS_ERROR, message));
    }
    let dataset = interp.engine().compute(&rdd).map_err(from_failure)?;
    fs::create_dir_all(&path).map_err(|cause| failed("create", &path, &cause))?;
    for (number, partition) in dataset.partitions.iter().enumerate() {
        let file = path.join(format!("part-{number:05}"));
        let mut text = Vec::new();
        for piece in &partition.pieces {
            for record in piece_records(interp, piece, usize::MAX)? {
                match &record {
                    Obj::Bytes(bytes) => text.extend_from_slice(bytes),
                    _ => text.extend_from_slice(interp.text(&record)?.as_bytes()),
                }
                text.push(b'\n');
            }
        }
        let written = fs::File::create_new(&file).and_then(|mut file| file.write_all(&text));
        written.map_err(|cause| failed("write", &file, &cause))?;
    }
    let done = path.join("_SUCCESS");
    fs::File::create_new(&done).map_err(|cause| failed("write", &done, &cause))?;
    Ok(Obj::None)
}

fn failed(what: &str, path: &Path, cause: &std::io::Error) -> Halt {
    Halt::new(&OS_ERROR, format!("cannot {what} {}: {}", path.display(), plain(cause)))
}

fn read(path: &Path) -> Run<Vec<u8>> {
    if path
        .extension()
        .is_some_and(|extension| ["gz", "bz2", "zst", "snappy"].iter().any(|e| extension == *e))
    {
        let message =
            format!("{}: compressed files are not supported by textFile: unpack it first", path.display());
        return Err(Halt::new(&OS_ERROR, message));
    }
    fs::read(path).map_err(|cause| failed("read", path, &cause))
}

/// A path as Spark takes it: plain, or as a `file:` URL.
fn local(path: &str) -> Run<PathBuf> {
    let plain = path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path);
    match plain.split_once("://") {
        Some((scheme, _)) => {
            Err(Halt::new(&VALUE_ERROR, format!("{path}: only local files are supported, not {scheme}://")))
        }
        None => Ok(PathBuf::from(plain)),
    }
}

/// The files that a path means, in order: several paths are separated by commas, names may be patterns,
/// and a directory means what is in it. Names that begin with a dot or `_` are hidden.
fn files(paths: &str) -> Run<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths.split(',') {
        let path = local(path.trim())?;
        let matched = expand(&path);
        if matched.is_empty() {
            return Err(Halt::new(&OS_ERROR, format!("Input path does not exist: {}", path.display())));
        }
        for path in matched {
            if !path.is_dir() {
                found.push(path);
                continue;
            }
            let mut inside: Vec<PathBuf> = Vec::new();
            for entry in fs::read_dir(&path).map_err(|cause| failed("list", &path, &cause))? {
                let entry = entry.map_err(|cause| failed("list", &path, &cause))?.path();
                if !hidden(&entry) && entry.is_file() {
                    inside.push(entry);
                }
            }
            inside.sort();
            found.extend(inside);
        }
    }
    Ok(found)
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| {
        name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_")
    })
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
}
