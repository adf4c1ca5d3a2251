//! Flags inside of patterns: `(?i)` and `(?i-s:…)`.

use super::source::{Source, Token};
use super::{ASCII, DOTALL, Fault, IGNORECASE, LOCALE, MULTILINE, TEMPLATE, UNICODE, VERBOSE};

/// Flags of which a pattern has one.
pub const TYPES: u32 = ASCII | LOCALE | UNICODE;

/// What flags inside of a pattern say.
pub enum Inline {
    /// These are flags of the whole pattern.
    Whole(u32),
    /// Within the group some are on, and some are off.
    Group {
        /// Those on.
        add: u32,
        /// Those off.
        remove: u32,
    },
}

/// The flag of a letter.
pub fn flag(letter: char) -> Option<u32> {
    Some(match letter {
        'i' => IGNORECASE,
        'L' => LOCALE,
        'm' => MULTILINE,
        's' => DOTALL,
        'x' => VERBOSE,
        'a' => ASCII,
        'u' => UNICODE,
        't' => TEMPLATE,
        _ => return None,
    })
}

/// Parses flags, the first of which (or a `-`) has been read.
///
/// # Errors
/// Flags that there are not, or that cannot be turned on or off here.
pub fn parse(source: &mut Source, first: char) -> Result<Inline, Fault> {
    let (mut add, mut remove) = (0, 0);
    let mut end = first;
    while end != '-' {
        let bit = flag(end).unwrap_or(0);
        if end == 'L' {
            let message = "bad inline flags: cannot use 'L' flag with a str pattern";
            return Err(source.fault(message, 0));
        }
        add |= bit;
        if bit & TYPES != 0 && add & TYPES != bit {
            let message = "bad inline flags: flags 'a', 'u' and 'L' are incompatible";
            return Err(source.fault(message, 0));
        }
        end = next(source, ")-:", "missing -, : or )")?;
        match end {
            ')' => return Ok(Inline::Whole(add)),
            ':' => return Ok(Inline::Group { add, remove }),
            _ => {}
        }
    }
    let mut letter = next(source, "", "missing flag")?;
    while letter != ':' {
        let bit = flag(letter).unwrap_or(0);
        if bit & TYPES != 0 {
            let message = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
            return Err(source.fault(message, 0));
        }
        remove |= bit;
        letter = next(source, ":", "missing :")?;
    }
    if add & remove != 0 {
        return Err(source.fault("bad inline flags: flag turned on and off", 1));
    }
    Ok(Inline::Group { add, remove })
}

/// The next character: a flag, or one of `ends`.
fn next(source: &mut Source, ends: &str, missing: &str) -> Result<char, Fault> {
    match source.take()? {
        None => Err(source.fault(missing, 0)),
        Some(Token::Plain(c)) if ends.contains(c) || flag(c).is_some() => Ok(c),
        Some(Token::Plain(c)) if c.is_alphabetic() => Err(source.fault("unknown flag", 1)),
        Some(token) => Err(source.fault(missing, token.len())),
    }
}
