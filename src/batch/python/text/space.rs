//! White space as `str` has it, and what is split or stripped at it.

/// Whether `str.isspace` says so of this character.
pub fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r'
            | '\x1c'..=' '
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// What a byte says about white space.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Other,
    Space,
    /// First byte of a character that may be white space.
    Lead,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte {
            0x09..=0x0d | 0x1c..=0x20 => Class::Space,
            0xc2 | 0xe1..=0xe3 => Class::Lead,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// How many bytes of white space the text starts with at `place`: those of one character, or 0.
fn space_at(text: &str, place: usize) -> usize {
    match CLASSES[usize::from(text.as_bytes()[place])] {
        Class::Other => 0,
        Class::Space => 1,
        Class::Lead => text[place..].chars().next().filter(|c| is_space(*c)).map_or(0, char::len_utf8),
    }
}

/// The words between white space.
pub struct Words<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Words<'a> {
    /// The words of the text.
    pub fn new(text: &'a str) -> Self {
        Words { text, place: 0 }
    }

    /// What is left, without white space before it.
    pub fn rest(&mut self) -> &'a str {
        while self.place < self.text.len() {
            match space_at(self.text, self.place) {
                0 => break,
                width => self.place += width,
            }
        }
        &self.text[self.place..]
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest().is_empty() {
            return None;
        }
        let start = self.place;
        let bytes = self.text.as_bytes();
        let mut place = start;
        while place < bytes.len() {
            // One look at a table decides for ASCII; a lead byte needs the whole character.
            let width = match CLASSES[usize::from(bytes[place])] {
                Class::Other => 0,
                _ => space_at(self.text, place),
            };
            if width > 0 {
                self.place = place + width;
                return Some(&self.text[start..place]);
            }
            place += 1;
        }
        self.place = place;
        Some(&self.text[start..])
    }
}

/// The text without white space at its start.
pub fn strip_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// The text without white space at its end.
pub fn strip_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}
