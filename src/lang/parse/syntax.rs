//! What the parser finds wrong, in our words, and what to try instead: most of all where a program is
//! written in Python 2 or copied from a notebook.

use std::sync::Arc;

use ruff_python_ast::{self as ast};
use ruff_python_parser::{LexicalErrorType, ParseErrorType, Parsed};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::span;
use crate::lang::diagnostics::Diagnostic;
use crate::plan::code::Source;

/// The first fault of a text.
pub(super) fn first_fault(source: &Arc<Source>, parsed: &Parsed<ast::Mod>) -> Option<Diagnostic> {
    let errors =
        parsed.errors().iter().map(|error| (error.location, error.error.to_string(), Some(&error.error)));
    let newer =
        parsed.unsupported_syntax_errors().iter().map(|error| (error.range(), error.to_string(), None));
    let (range, message, error) = errors.chain(newer).min_by_key(|(range, ..)| range.start())?;
    let range = within(range, &source.text);
    if let Some(fault) = old_spelling(source, range) {
        return Some(fault);
    }
    let message = match error {
        Some(ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok })) => {
            format!("unexpected character {tok:?}")
        }
        _ => in_our_words(&message),
    };
    let fault = Diagnostic::new(source, span(range), message);
    Some(match error.and_then(suggestion) {
        Some(help) => fault.help(help),
        None => fault,
    })
}

/// The range cut down to the text, so that its line can be looked at.
fn within(range: TextRange, text: &str) -> TextRange {
    let floor = |offset: TextSize| {
        let mut at = offset.to_usize().min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        TextSize::try_from(at).unwrap_or(offset)
    };
    TextRange::new(floor(range.start()), floor(range.end()))
}

fn in_our_words(message: &str) -> String {
    let message = message.replace('`', "'");
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "invalid syntax".into(),
    }
}

fn suggestion(error: &ParseErrorType) -> Option<&'static str> {
    match error {
        ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok: '`' }) => {
            Some("`x` of Python 2 is repr(x) in Python 3")
        }
        ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken {
            tok: '‘' | '’' | '“' | '”'
        }) => Some("use straight quotes, ' or \""),
        _ => None,
    }
}

/// A fault whose statement is fine in Python 2, or a command of IPython.
fn old_spelling(source: &Arc<Source>, range: TextRange) -> Option<Diagnostic> {
    let text = &source.text;
    let at = range.start().to_usize();
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let statement_start = line_start + line.len() - line.trim_start().len();
    let statement = line.trim();
    let fault = |start: usize, end: usize, message: &str, help: String| {
        let size = |at: usize| TextSize::try_from(at).unwrap_or_default();
        let range = TextRange::new(size(start), size(end));
        Some(Diagnostic::new(source, span(range), message).help(help))
    };
    let whole = |message: &str, help: String| {
        fault(statement_start, statement_start + statement.len(), message, help)
    };

    if statement.starts_with(['%', '!', '?'])
        || statement.ends_with('?') && !statement.contains(['\'', '"', '#'])
    {
        return whole("commands of IPython are not supported", "leave this line out".into());
    }
    // The statement may stand behind an `if …:` on its line.
    let before = &text[line_start..at.min(line_start + line.len())];
    let word = |word: &str| {
        let start = before.rfind(word)?;
        let behind = &before[start + word.len()..];
        let is_word =
            before[..start].trim_end().is_empty() || before[..start].trim_end().ends_with([':', ';']);
        (is_word && behind.trim().is_empty() && behind.starts_with([' ', '\t'])).then_some(line_start + start)
    };
    if let Some(start) = word("print") {
        let printed = text[at..].lines().next().unwrap_or_default();
        let printed = without_closing(without_comment(printed)).trim_end();
        let call = match printed.strip_suffix(',') {
            Some(printed) => format!("print({printed}, end=\" \")"),
            None => format!("print({printed})"),
        };
        let message = "missing parentheses in call to 'print'";
        return fault(start, at + printed.len(), message, format!("print is a function in Python 3: {call}"));
    }
    if let Some(start) = word("exec") {
        return fault(start, start + 4, "exec is not supported", "write the statements themselves".into());
    }
    if statement.starts_with("except ") && statement.ends_with(':') && !statement.contains(" as ") {
        let caught = statement.trim_start_matches("except").trim_end_matches(':').trim();
        if let Some((class, name)) = caught.rsplit_once(',') {
            let help = format!("except {} as {}:", class.trim(), name.trim());
            return whole("the exception's name follows 'as' in Python 3", help);
        }
    }
    if let Some((class, message)) = statement.strip_prefix("raise ").and_then(|raised| raised.split_once(','))
    {
        let help = format!("raise {}({})", class.trim(), message.trim());
        return whole("exceptions are called with their arguments in Python 3", help);
    }
    if text[..at].trim_end().ends_with("lambda") && text[at..].starts_with('(') {
        let message = "parameters cannot be unpacked in Python 3";
        let end = text[at..].find(')').map_or(at + 1, |close| at + close + 1);
        return fault(
            at,
            end,
            message,
            "take one parameter and use its items: lambda pair: pair[0] …".into(),
        );
    }
    if text[at..].starts_with("<>") || text[..at].trim_end().ends_with('<') && text[at..].starts_with('>') {
        return fault(at, at + 1, "'<>' is not an operator in Python 3", "use !=".into());
    }
    None
}

/// The beginning of a line up to a bracket that closes what was opened in front of it.
fn without_closing(line: &str) -> &str {
    let (mut quote, mut open) = (None, 0);
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(opened), close) if opened == close => quote = None,
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') if open == 0 => return &line[..at],
            (None, ')' | ']' | '}') => open -= 1,
            _ => {}
        }
    }
    line
}

/// A line without the comment at its end, as far as quotes tell.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') => return &line[..at],
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    line
}
