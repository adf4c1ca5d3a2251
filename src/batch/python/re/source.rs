//! A pattern or a replacement template, read token by token: a character, or a backslash with the
//! character behind it.

use super::Fault;

/// The text that is left to read.
pub struct Source {
    chars: Vec<char>,
    /// The next token begins here.
    at: usize,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A character.
    Plain(char),
    /// A character behind a backslash.
    Escaped(char),
}

impl Token {
    /// Its length in characters.
    pub fn len(self) -> usize {
        match self {
            Token::Plain(_) => 1,
            Token::Escaped(_) => 2,
        }
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Plain(c) => write!(f, "{c}"),
            Token::Escaped(c) => write!(f, "\\{c}"),
        }
    }
}

impl Source {
    /// Reads `text` from its start.
    pub fn new(text: &str) -> Source {
        Source { chars: text.chars().collect(), at: 0 }
    }

    /// The next token, which stays the next.
    ///
    /// # Errors
    /// A backslash that nothing follows.
    pub fn peek(&self) -> Result<Option<Token>, Fault> {
        match self.chars.get(self.at..).unwrap_or_default() {
            [] => Ok(None),
            ['\\', escaped, ..] => Ok(Some(Token::Escaped(*escaped))),
            ['\\'] => Err(Fault::new("bad escape (end of pattern)", self.chars.len() - 1)),
            [plain, ..] => Ok(Some(Token::Plain(*plain))),
        }
    }

    /// The next token, and moves on.
    ///
    /// # Errors
    /// A backslash that nothing follows.
    pub fn take(&mut self) -> Result<Option<Token>, Fault> {
        let token = self.peek()?;
        self.at += token.map_or(0, Token::len);
        Ok(token)
    }

    /// Moves over `plain`, if it is the next.
    pub fn accept(&mut self, plain: char) -> bool {
        let found = plain != '\\' && self.chars.get(self.at) == Some(&plain);
        self.at += usize::from(found);
        found
    }

    /// The next character, if `wanted` wants it.
    pub fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.chars.get(self.at).copied().filter(|c| *c != '\\' && wanted(*c))?;
        self.at += 1;
        Some(next)
    }

    /// At most `most` characters that `wanted` wants.
    pub fn take_while(&mut self, most: usize, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        for _ in 0..most {
            match self.take_if(&wanted) {
                Some(c) => taken.push(c),
                None => break,
            }
        }
        taken
    }

    /// Everything up to `terminator`, which is moved over.
    ///
    /// # Errors
    /// Nothing before it, or no terminator; `name` is what messages call it.
    pub fn take_until(&mut self, terminator: char, name: &str) -> Result<String, Fault> {
        let mut taken = String::new();
        loop {
            match self.take()? {
                None if taken.is_empty() => return Err(self.fault(format!("missing {name}"), 0)),
                None => {
                    let length = taken.chars().count();
                    return Err(self.fault(format!("missing {terminator}, unterminated name"), length));
                }
                Some(Token::Plain(c)) if c == terminator => {
                    if taken.is_empty() {
                        return Err(self.fault(format!("missing {name}"), 1));
                    }
                    return Ok(taken);
                }
                Some(token) => taken.push_str(&token.to_string()),
            }
        }
    }

    /// Where the next token begins, in characters.
    pub fn tell(&self) -> usize {
        self.at
    }

    /// Goes back to where [`Source::tell`] was.
    pub fn seek(&mut self, at: usize) {
        self.at = at;
    }

    /// A fault that lies `back` characters before the next token.
    pub fn fault(&self, message: impl Into<String>, back: usize) -> Fault {
        Fault::new(message, self.at.saturating_sub(back))
    }
}

/// The value of a numeric escape that both patterns and their character classes know, `\x41`,
/// `\u0041` or `\U00000041`; `None` for another escape. The backslash and `letter` have been read.
///
/// # Errors
/// Too few digits, or no such character.
pub fn hexadecimal(source: &mut Source, letter: char) -> Result<Option<char>, Fault> {
    let digits = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return Ok(None),
    };
    let text = source.take_while(digits, |c| c.is_ascii_hexdigit());
    let length = text.len() + 2;
    if text.len() != digits {
        return Err(source.fault(format!("incomplete escape \\{letter}{text}"), length));
    }
    let code = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
    code.map(Some).ok_or_else(|| source.fault(format!("bad escape \\{letter}{text}"), length))
}

/// The character of an octal escape of these digits, which have been read.
///
/// # Errors
/// A number over 255.
pub fn octal(source: &Source, digits: &str) -> Result<char, Fault> {
    u8::from_str_radix(digits, 8).map(char::from).map_err(|_| {
        let message = format!("octal escape value \\{digits} outside of range 0-0o377");
        source.fault(message, digits.len() + 1)
    })
}

/// What an escape of a control character stands for.
pub fn control(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        _ => return None,
    })
}

/// Whether a name may be a group's.
pub fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}
