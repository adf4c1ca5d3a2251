//! Character classes: `[a-z\d]`. Python's have no sets within sets, so `[`, `&&` and `--` stand for
//! themselves.

use super::Fault;
use super::parse::{case, category};
use super::source::{Source, Token, control, hexadecimal, octal};
use super::tree::{Member, Node};

/// Parses a class whose opening bracket, at `start`, has been read.
///
/// # Errors
/// A missing bracket, a bad escape, a range that runs backwards.
pub fn parse(source: &mut Source, flags: u32, start: usize) -> Result<Node, Fault> {
    let unterminated = |source: &Source| Fault::new("unterminated character set", start.min(source.tell()));
    let negated = source.accept('^');
    let mut members = Vec::new();
    loop {
        let Some(token) = source.take()? else { return Err(unterminated(source)) };
        if token == Token::Plain(']') && !members.is_empty() {
            break;
        }
        let low = member(source, token, flags)?;
        if !source.accept('-') {
            members.push(low);
            continue;
        }
        let Some(end) = source.take()? else { return Err(unterminated(source)) };
        if end == Token::Plain(']') {
            members.push(low);
            members.push(Member::Range('-', '-'));
            break;
        }
        // A numeric escape is named in messages by its first two characters alone.
        let length = token.len() + 1 + end.len();
        match (low, member(source, end, flags)?) {
            (Member::Range(low, _), Member::Range(high, _)) if low <= high => {
                members.push(Member::Range(low, high));
            }
            _ => return Err(source.fault(format!("bad character range {token}-{end}"), length)),
        }
    }
    Ok(match members[..] {
        [Member::Range(low, high)] if low == high && !negated => Node::Literal(low, case(flags)),
        _ => Node::Class { members, negated, case: case(flags) },
    })
}

/// A single character (a range from it to itself) or a category.
fn member(source: &mut Source, token: Token, flags: u32) -> Result<Member, Fault> {
    let letter = match token {
        Token::Plain(c) => return Ok(Member::Range(c, c)),
        Token::Escaped(letter) => letter,
    };
    if let Some(category) = category(letter, flags) {
        return Ok(category);
    }
    let c = match letter {
        '0'..='7' => {
            let digits = source.take_while(2, |c| c.is_digit(8));
            octal(source, &format!("{letter}{digits}"))?
        }
        'N' => return Err(source.fault("escapes \\N{…} are not supported", 2)),
        _ => match control(letter) {
            Some(c) => c,
            None => match hexadecimal(source, letter)? {
                Some(c) => c,
                None if letter.is_ascii_alphanumeric() => {
                    return Err(source.fault(format!("bad escape \\{letter}"), 2));
                }
                None => letter,
            },
        },
    };
    Ok(Member::Range(c, c))
}
