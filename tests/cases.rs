//! Golden cases: every `tests/cases/*.case` is one run of the command, with its input and all that
//! is expected of it.
//!
//! ```text
//! # What the case is about.
//! args: wordcount --from queue:a,b --by 'regex:\w+'
//! env: TZ=EST5
//! file a:
//! |to be or not
//! |to be
//! bytes b:
//! |caf\xc3\xa9\r
//! |no line end\
//! stdin:
//! |a line
//! stdout:
//! |-------------------------------------------
//! stderr:
//! |dstream: cannot open *
//! made out.csv:
//! |time,count
//! exit: 1
//! ```
//!
//! - `args` and `env` are words, quoted as in a shell; everything but `args` may be left out.
//! - A block's lines begin with `|`; what follows is the line, and each ends with a line feed.
//!   In the `bytes` form of a block (`bytes NAME`, `bytes stdin`, `bytes stdout`, …) `\xHH`, `\t`, `\r`
//!   and `\\` are escapes, and a line that ends with `\` has no line feed.
//! - `file`s (and `bytes`) are made in a fresh directory in which the command runs, with `TZ=UTC` and
//!   nothing of the caller's environment but `PATH`. Without `stdin` it is empty.
//! - Expected are `stdout`, `stderr` (each nothing if left out), files `made`, and the `exit` code
//!   (0 if left out). In `stderr`, `*` stands for anything within a line, a line `...` for any lines.
//!
//! `DSTREAM_UPDATE=1 cargo test --test cases` writes what came out into the cases where it differs from
//! what is expected; `DSTREAM_CASE=TEXT` runs only cases with the text in their name.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dstream::batch::is_printable;

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let update = std::env::var_os("DSTREAM_UPDATE").is_some_and(|value| value == "1");
    let wanted = std::env::var("DSTREAM_CASE").unwrap_or_default();
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the cases can be listed")
        .map(|entry| entry.expect("the cases can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "case"))
        .filter(|path| path.to_string_lossy().contains(&wanted))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no such cases in {}", folder.display());
    let mut report = String::new();
    let mut failed = 0;
    for path in &paths {
        let mut case = Case::parse(&fs::read_to_string(path).expect("cases are text"));
        let outcome = case.run();
        let faults = case.compare(&outcome);
        if faults.is_empty() {
            continue;
        }
        if update {
            case.adopt(&outcome);
            fs::write(path, case.to_text()).expect("the case can be written");
        } else {
            failed += 1;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            writeln!(report, "\n==== {name}: dstream {}\n{faults}", case.inline("args")).expect("text");
        }
    }
    assert!(failed == 0, "{failed} of {} cases failed (- expected, + came out)\n{report}", paths.len());
}

/// A case: its sections in the order in which they stand in the file.
struct Case {
    sections: Vec<Section>,
}

/// A comment or empty line (without a name), or `name: inline` with the block below it.
struct Section {
    name: String,
    inline: String,
    body: Vec<String>,
}

/// What a run came to.
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    exit: String,
    /// The files that the case expects, as they are afterwards.
    made: Vec<(String, Vec<u8>)>,
}

impl Case {
    fn parse(text: &str) -> Case {
        let mut sections: Vec<Section> = Vec::new();
        for line in text.lines() {
            if let Some(body) = line.strip_prefix('|') {
                let section = sections.last_mut().filter(|section| !section.name.is_empty());
                section.expect("a block stands below its name").body.push(body.to_string());
            } else if line.is_empty() || line.starts_with('#') {
                sections.push(Section::new("", line));
            } else {
                let (name, inline) = line.split_once(':').expect("a section is `name: …`");
                let plain = name.strip_prefix("bytes ").unwrap_or(name);
                let known = ["args", "env", "stdin", "stdout", "stderr", "exit"].contains(&plain)
                    || name.starts_with("file ")
                    || plain.starts_with("made ")
                    || name.starts_with("bytes ");
                assert!(known, "there is no section {name:?}");
                sections.push(Section::new(name, inline.trim()));
            }
        }
        Case { sections }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for section in &self.sections {
            match (section.name.as_str(), section.inline.as_str()) {
                ("", comment) => text += comment,
                (name, "") => text += &format!("{name}:"),
                (name, inline) => text += &format!("{name}: {inline}"),
            }
            text.push('\n');
            for line in &section.body {
                text += &format!("|{line}\n");
            }
        }
        text
    }

    /// The section of that name, in either form.
    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.plain_name() == name)
    }

    fn inline(&self, name: &str) -> &str {
        self.section(name).map_or("", |section| section.inline.as_str())
    }

    fn content(&self, name: &str) -> Vec<u8> {
        self.section(name).map(Section::content).unwrap_or_default()
    }

    fn exit(&self) -> &str {
        match self.inline("exit") {
            "" => "0",
            code => code,
        }
    }

    fn run(&self) -> Outcome {
        let home = tempfile::tempdir().expect("a directory");
        let (inside, beside) = (home.path().join("in"), home.path().join("beside"));
        fs::create_dir(&inside).expect("a directory");
        fs::create_dir(&beside).expect("a directory");
        for section in &self.sections {
            if let Some(name) = section.input_file() {
                fs::write(inside.join(name), section.content()).expect("an input can be written");
            }
        }
        let capture = |name: &str| File::create(beside.join(name)).expect("a capture can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_dstream"));
        command.args(shell_words(self.inline("args"))).current_dir(&inside).env_clear().env("TZ", "UTC");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for pair in shell_words(self.inline("env")) {
            let (name, value) = pair.split_once('=').expect("env is NAME=VALUE");
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(capture("stdout")).stderr(capture("stderr"));
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = self.content("stdin");
        // The command may end without reading it all: not this thread's business.
        let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
        let deadline = Instant::now() + PATIENCE;
        let exit = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status.code().map_or_else(|| status.to_string(), |code| code.to_string());
            }
            if Instant::now() > deadline {
                child.kill().expect("a child can be killed");
                child.wait().expect("a child can be waited for");
                break format!("none after {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        writer.join().expect("the writer ends");
        let read = |path: PathBuf| fs::read(path).unwrap_or_default();
        let made = self.sections.iter().filter_map(Section::made_file);
        Outcome {
            stdout: read(beside.join("stdout")),
            stderr: read(beside.join("stderr")),
            exit,
            made: made.map(|name| (format!("made {name}"), read(inside.join(name)))).collect(),
        }
    }

    /// What differs, for people; nothing if all is as expected.
    fn compare(&self, outcome: &Outcome) -> String {
        let mut faults = String::new();
        let mut fault = |name: &str, expected: &[String], actual: &[String]| {
            write!(faults, "---- {name}\n{}", diff(expected, actual)).expect("text");
        };
        if outcome.exit != self.exit() {
            fault("exit", &[self.exit().to_string()], std::slice::from_ref(&outcome.exit));
        }
        let stderr = self.content("stderr");
        if !matches_lines(&text_lines(&stderr), &text_lines(&outcome.stderr)) {
            fault("stderr", &shown(&stderr), &shown(&outcome.stderr));
        }
        let made = outcome.made.iter().map(|(name, content)| (name.as_str(), content));
        for (name, actual) in [("stdout", &outcome.stdout)].into_iter().chain(made) {
            let expected = self.content(name);
            if expected != *actual {
                fault(name, &shown(&expected), &shown(actual));
            }
        }
        faults
    }

    /// Makes what came out the expectation, where it differs.
    fn adopt(&mut self, outcome: &Outcome) {
        if !matches_lines(&text_lines(&self.content("stderr")), &text_lines(&outcome.stderr)) {
            self.expect("stderr", &outcome.stderr);
        }
        let made = outcome.made.iter().map(|(name, content)| (name.as_str(), content));
        for (name, actual) in [("stdout", &outcome.stdout)].into_iter().chain(made) {
            if self.content(name) != *actual {
                self.expect(name, actual);
            }
        }
        if self.exit() != outcome.exit {
            self.sections.retain(|section| section.name != "exit");
            self.sections.push(Section::new("exit", &outcome.exit));
        }
    }

    /// Replaces the section of that name, or puts one at the end (before the exit code).
    fn expect(&mut self, name: &str, content: &[u8]) {
        let section = Section::holding(name, content);
        if let Some(at) = self.sections.iter().position(|section| section.plain_name() == name) {
            self.sections[at] = section;
        } else {
            let end = self.sections.iter().position(|section| section.name == "exit");
            self.sections.insert(end.unwrap_or(self.sections.len()), section);
        }
    }
}

impl Section {
    fn new(name: &str, inline: &str) -> Section {
        Section { name: name.to_string(), inline: inline.to_string(), body: Vec::new() }
    }

    /// A section with the content: plain where that says it all, else in the `bytes` form.
    fn holding(name: &str, content: &[u8]) -> Section {
        let plain = std::str::from_utf8(content).is_ok_and(|text| {
            (text.is_empty() || text.ends_with('\n')) && text.chars().all(|c| c == '\n' || is_printable(c))
        });
        let mut section = Section::new(&if plain { name.to_string() } else { format!("bytes {name}") }, "");
        section.body = if plain {
            String::from_utf8_lossy(content).lines().map(str::to_string).collect()
        } else {
            shown(content)
        };
        section
    }

    fn plain_name(&self) -> &str {
        self.name.strip_prefix("bytes ").unwrap_or(&self.name)
    }

    fn input_file(&self) -> Option<&str> {
        let expected = ["stdin", "stdout", "stderr"].contains(&self.plain_name());
        let bytes = self.name.strip_prefix("bytes ").filter(|name| !expected && !name.starts_with("made "));
        self.name.strip_prefix("file ").or(bytes)
    }

    fn made_file(&self) -> Option<&str> {
        self.plain_name().strip_prefix("made ")
    }

    fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for line in &self.body {
            if self.name.starts_with("bytes ") {
                unescape_into(line, &mut content);
            } else {
                content.extend_from_slice(line.as_bytes());
                content.push(b'\n');
            }
        }
        content
    }
}

/// A line of the `bytes` form.
fn unescape_into(line: &str, content: &mut Vec<u8>) {
    let mut rest = line.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            content.push(byte);
            continue;
        }
        let Some((&escape, behind)) = rest.split_first() else { return };
        rest = behind;
        match escape {
            b't' => content.push(b'\t'),
            b'r' => content.push(b'\r'),
            b'\\' => content.push(b'\\'),
            b'x' => {
                let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                content.push(code.unwrap_or_else(|| panic!("no two digits behind \\x in {line:?}")));
                rest = &rest[2..];
            }
            _ => panic!("no such escape in {line:?}"),
        }
    }
    content.push(b'\n');
}

/// Content as lines of the `bytes` form; printable text stays readable.
fn shown(content: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = match line.strip_suffix(b"\n") {
            Some(line) => (line, ""),
            None => (line, "\\"),
        };
        let mut text = String::new();
        for part in line.utf8_chunks() {
            for c in part.valid().chars() {
                match c {
                    '\t' => text += "\\t",
                    '\r' => text += "\\r",
                    '\\' => text += "\\\\",
                    _ if is_printable(c) => text.push(c),
                    _ => text.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|b| format!("\\x{b:02x}"))),
                }
            }
            for byte in part.invalid() {
                text += &format!("\\x{byte:02x}");
            }
        }
        lines.push(text + end);
    }
    lines
}

/// Splits words as a shell does: single quotes keep all, double quotes all but `\"` and `\\`.
fn shell_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (_, Some(open)) if c == open => quote = None,
            ('\\', None) => word.get_or_insert_default().extend(chars.next()),
            ('\\', Some('"')) => match chars.next() {
                Some(next @ ('"' | '\\')) => word.get_or_insert_default().push(next),
                next => word.get_or_insert_default().extend(['\\'].into_iter().chain(next)),
            },
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (_, None) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote is not closed in {text:?}");
    words.extend(word);
    words
}

fn text_lines(content: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(content).lines().map(str::to_string).collect()
}

/// Whether lines are as expected, where `...` stands for any lines.
fn matches_lines(expected: &[String], actual: &[String]) -> bool {
    match (expected.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((dots, rest)), _) if dots == "..." => {
            (0..=actual.len()).any(|from| matches_lines(rest, &actual[from..]))
        }
        (Some((pattern, rest)), Some((line, behind))) => {
            matches_line(pattern, line) && matches_lines(rest, behind)
        }
        _ => false,
    }
}

/// Whether a line is as expected, where `*` stands for anything.
fn matches_line(pattern: &str, line: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| matches_line(tail, &rest[at..]))
        }),
    }
}

/// The differing lines, each with `-` (expected) or `+` (came out), and the common ones between
/// them (by the longest common subsequence).
fn diff(expected: &[String], actual: &[String]) -> String {
    let (rows, columns) = (expected.len(), actual.len());
    let mut common = vec![vec![0_usize; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            common[i][j] = if expected[i] == actual[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut text = String::new();
    while i < rows || j < columns {
        if i < rows && j < columns && expected[i] == actual[j] {
            text += &format!("  {}\n", expected[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == columns || i < rows && common[i + 1][j] >= common[i][j + 1] {
            text += &format!("- {}\n", expected[i]);
            i += 1;
        } else {
            text += &format!("+ {}\n", actual[j]);
            j += 1;
        }
    }
    text
}

#[test]
fn cases_are_read_as_the_format_says() {
    let text = "# about\nargs: count 'a b' \"c\\\"\" \\ d\nfile a:\n|x\n|\nbytes b:\n|\\xff\\t\\\\\n|end\\\nstdout:\n\
                |1\nmade out:\nexit: 3\n";
    let case = Case::parse(text);
    assert_eq!(case.to_text(), text);
    assert_eq!(shell_words(case.inline("args")), ["count", "a b", "c\"", " d"]);
    let inputs = case.sections.iter().filter_map(|s| s.input_file().map(|name| (name, s.content())));
    let inputs: Vec<_> = inputs.collect();
    assert_eq!(inputs, [("a", b"x\n\n".to_vec()), ("b", b"\xff\t\\\nend".to_vec())]);
    assert_eq!((case.exit(), case.content("stdout")), ("3", b"1\n".to_vec()));
}

#[test]
fn what_came_out_can_become_the_expectation() {
    let mut case = Case::parse("args: count\nstderr:\n|dstream: *\nexit: 1\n");
    let outcome = Outcome {
        stdout: b"a\x1b\n".to_vec(),
        stderr: b"dstream: so it is\n".to_vec(),
        exit: "0".to_string(),
        made: Vec::new(),
    };
    assert!(case.compare(&outcome).contains("---- exit\n- 1\n+ 0\n---- stdout\n+ a\\x1b\n"));
    case.adopt(&outcome);
    assert_eq!(case.to_text(), "args: count\nstderr:\n|dstream: *\nbytes stdout:\n|a\\x1b\nexit: 0\n");
    assert_eq!(case.compare(&outcome), "");
}

#[test]
fn patterns_match_lines() {
    let lines = |text: &str| text_lines(text.as_bytes());
    assert!(matches_line("dstream: *: No *", "dstream: a: No such file"));
    assert!(!matches_line("dstream: *x", "dstream: a"));
    assert!(matches_lines(&lines("a\n...\nd*"), &lines("a\nb\nc\nd e")));
    assert!(!matches_lines(&lines("a\n...\nd"), &lines("a\nb")));
    assert!(!matches_lines(&lines(""), &lines("a")));
}
