//! Faults of a program, shown with the place: file, line, column, the line itself with a caret, and what to try.

use std::fmt;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use crate::error::Error;
pub use crate::plan::Position;
use crate::plan::code::{Source, Span};

/// Columns of a source line that are shown; longer lines are cut around the fault.
const WIDEST: usize = 120;

/// Columns that stay in front of the fault where a line is cut.
const IN_FRONT: usize = 60;

/// A fault in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The program.
    pub source: Arc<Source>,
    /// Where the fault is.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A fault.
    pub fn new(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { source: Arc::clone(source), span, message: message.into(), help: None }
    }

    /// The same with something to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The line as it is shown: `\t` stays, other control characters are made harmless.
fn shown(character: char) -> char {
    if character.is_control() && character != '\t' { '\u{fffd}' } else { character }
}

fn width(character: char) -> usize {
    match character {
        '\t' => 4,
        _ => shown(character).width().unwrap_or(0),
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.source;
        let place = source.position(self.span.start);
        write!(f, "{}:{}:{}: {}", source.name, place.line, place.column, self.message)?;

        let start = source.floor(self.span.start);
        let line_start = source.line_start(start);
        let line = source.text[line_start..].split(['\n', '\r']).next().unwrap_or_default();
        if !line.trim().is_empty() {
            let start = (start - line_start).min(line.len());
            let end = source.floor(self.span.end).saturating_sub(line_start).clamp(start, line.len());
            let from = cut(line, start);
            let cut_mark = if from > 0 { "…" } else { "" };
            let mut text: String = line[from..].chars().map(shown).collect();
            let mut columns = 0;
            if let Some((at, _)) = text.char_indices().find(|&(_, character)| {
                columns += width(character);
                columns > WIDEST
            }) {
                text.truncate(at);
                text.push('…');
            }
            let indent: String = line[from..start]
                .chars()
                .flat_map(|character| match character {
                    '\t' => std::iter::repeat_n('\t', 1),
                    _ => std::iter::repeat_n(' ', width(character)),
                })
                .collect();
            let marked: usize = line[start..end].chars().map(width).sum();
            let room = WIDEST.saturating_sub(line[from..start].chars().map(width).sum());
            let carets = "^".repeat(marked.min(room).max(1));
            let gap = if from > 0 { " " } else { "" };
            write!(f, "\n    {cut_mark}{}\n    {gap}{indent}{carets}", text.trim_end())?;
        }
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

/// From where a long line is shown, so that the fault at `start` is in sight.
fn cut(line: &str, start: usize) -> usize {
    let whole: usize = line.chars().map(width).sum();
    let before: usize = line[..start].chars().map(width).sum();
    if whole <= WIDEST || before <= IN_FRONT {
        return 0;
    }
    let mut columns = 0;
    line[..start]
        .char_indices()
        .rev()
        .find(|&(_, character)| {
            columns += width(character);
            columns > IN_FRONT
        })
        .map_or(0, |(at, character)| at + character.len_utf8())
}

impl std::error::Error for Diagnostic {}

impl From<Diagnostic> for Error {
    fn from(fault: Diagnostic) -> Self {
        Error::Usage(fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(text: &str, start: u32, end: u32) -> String {
        let source = Arc::new(Source { name: "job.py".into(), text: text.into() });
        Diagnostic::new(&source, Span { start, end }, "it is wrong").to_string()
    }

    #[test]
    fn the_caret_stands_under_the_fault() {
        assert_eq!(shows("a = foo", 4, 7), "job.py:1:5: it is wrong\n    a = foo\n        ^^^");
        assert_eq!(shows("x\n\ty = 1\n", 3, 4), "job.py:2:2: it is wrong\n    \ty = 1\n    \t^");
        assert_eq!(shows("'日本' + é", 11, 13), "job.py:1:8: it is wrong\n    '日本' + é\n             ^");
        assert_eq!(shows("\u{feff}ab", 4, 5), "job.py:1:2: it is wrong\n    ab\n     ^");
        assert_eq!(shows("f(\n  1,\n)", 0, 8), "job.py:1:1: it is wrong\n    f(\n    ^^");
        assert_eq!(shows("a\r\nb\rc", 5, 6), "job.py:3:1: it is wrong\n    c\n    ^");
        assert_eq!(shows("a = (", 5, 5), "job.py:1:6: it is wrong\n    a = (\n         ^");
        assert_eq!(shows("", 7, 9), "job.py:1:1: it is wrong");
    }

    #[test]
    fn long_lines_are_cut_and_control_characters_are_harmless() {
        let text = format!("{}foo{}", "a+".repeat(500), "+b".repeat(500));
        let shown = shows(&text, 1000, 1003);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].chars().filter(|&character| character == '…').count(), 2);
        let at = lines[2].find('^').expect("there is a caret");
        let under: String = lines[1].chars().skip(at).take(3).collect();
        assert_eq!(under, "foo");
        assert!(!shows("'\u{1b}[2J' foo", 7, 10).contains('\u{1b}'));
    }
}
