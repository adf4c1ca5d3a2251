//! How deeply a program is nested, found out from its tokens alone: the parser's tree is walked and
//! dropped by recursion, so it must not be built for texts like ten thousand opening brackets.

use std::sync::Arc;

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::Mode;
use ruff_python_parser::lexer::lex;

use crate::lang::diagnostics::Diagnostic;
use crate::plan::code::{Source, Span};

/// Brackets in brackets, as in CPython.
const MOST_BRACKETS: usize = 200;

/// Blocks in blocks, as in CPython.
const MOST_BLOCKS: usize = 100;

/// Levels of a statement's tree, at most so many by its tokens.
const MOST_LEVELS: u32 = 1000;

/// Refuses a text that is nested too deeply.
pub(super) fn check(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let Some(message) = excess(&source.text) else { return Ok(()) };
    // The first line with which it is too much.
    let ends: Vec<usize> =
        source.text.match_indices('\n').map(|(at, _)| at).chain([source.text.len()]).collect();
    let line = ends.partition_point(|&end| excess(&source.text[..end]).is_none());
    let start = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
    let end = ends.get(line).copied().unwrap_or(source.text.len());
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Err(Diagnostic::new(source, Span { start: byte(start), end: byte(end) }, message))
}

/// The fault of an expression in too many others.
pub(super) fn too_deep(source: &Arc<Source>, span: Span) -> Diagnostic {
    Diagnostic::new(source, span, "this is nested too deeply").help("assign parts of it to variables")
}

/// What a comma goes back to: an open bracket, or the parameters of a lambda.
struct Group {
    is_lambda: bool,
    /// The level of what is inside.
    level: u32,
}

/// What a text has too much of. Levels are counted as if every operator took its left side one level
/// down: never less than the tree's, and not much more in what people write.
fn excess(text: &str) -> Option<&'static str> {
    let mut lexer = lex(text, Mode::Module);
    let mut groups: Vec<Group> = Vec::new();
    let mut brackets = 0;
    let mut blocks = 0_usize;
    let mut level = 0_u32;
    loop {
        let token = lexer.next_token();
        match token {
            TokenKind::EndOfFile => return None,
            TokenKind::Newline | TokenKind::Semi => {
                groups.clear();
                brackets = 0;
                level = 0;
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                brackets += 1;
                level += 1;
                groups.push(Group { is_lambda: false, level });
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                while let Some(group) = groups.pop() {
                    if !group.is_lambda {
                        brackets -= 1;
                        level = group.level;
                        break;
                    }
                }
            }
            TokenKind::Lambda => {
                level += 1;
                groups.push(Group { is_lambda: true, level });
            }
            TokenKind::Colon => {
                if let Some(lambda) = groups.pop_if(|group| group.is_lambda) {
                    level = lambda.level;
                }
            }
            TokenKind::Comma => level = groups.last().map_or(0, |group| group.level),
            _ if goes_down(token) => level += 1,
            _ => {}
        }
        if brackets > MOST_BRACKETS {
            return Some("too many nested parentheses");
        } else if blocks > MOST_BLOCKS {
            return Some("too many levels of indentation");
        } else if level > MOST_LEVELS {
            return Some("this is nested too deeply: too many operators in one statement");
        }
    }
}

/// Whether an operator puts what is beside it one level down. `and`, `or` and comparisons have all of
/// their operands on one level.
fn goes_down(token: TokenKind) -> bool {
    matches!(
        token,
        TokenKind::Dot
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Vbar
            | TokenKind::Amper
            | TokenKind::Percent
            | TokenKind::Tilde
            | TokenKind::CircumFlex
            | TokenKind::LeftShift
            | TokenKind::RightShift
            | TokenKind::DoubleStar
            | TokenKind::DoubleSlash
            | TokenKind::At
            | TokenKind::ColonEqual
            | TokenKind::Not
            | TokenKind::If
            | TokenKind::Else
            | TokenKind::For
            | TokenKind::Await
            | TokenKind::Yield
    )
}
