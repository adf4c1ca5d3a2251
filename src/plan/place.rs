//! Places in a program's text, as people count them.

use super::code::Source;

/// A place as people count: lines and columns from 1, columns by characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Source {
    /// Where in the text a byte is; the end of the text for one behind it.
    pub fn position(&self, byte: u32) -> Position {
        let byte = self.floor(byte);
        let start = self.line_start(byte);
        let line = 1 + self.text[..start].matches('\n').count() + lone_returns(&self.text[..start]);
        Position { line, column: 1 + self.text[start..byte].chars().count() }
    }

    /// The nearest byte at or before this one at which a character begins.
    pub(crate) fn floor(&self, byte: u32) -> usize {
        let mut byte = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    /// Where the line of this byte begins. A byte order mark is not part of the first one.
    pub(crate) fn line_start(&self, byte: usize) -> usize {
        let before = &self.text[..byte];
        // Between the two halves of `\r\n` there is no line.
        let before = if self.text[byte..].starts_with('\n') { before.trim_end_matches('\r') } else { before };
        match before.rfind(['\n', '\r']) {
            Some(end) => end + 1,
            None if before.starts_with('\u{feff}') => '\u{feff}'.len_utf8(),
            None => 0,
        }
    }
}

/// Line ends of old Macintosh files, which Python takes too.
fn lone_returns(text: &str) -> usize {
    text.matches('\r').count() - text.matches("\r\n").count()
}
