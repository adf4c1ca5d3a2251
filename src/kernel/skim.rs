//! Members of JSON documents, found while a document is checked as a whole and nothing of it is made.
//!
//! What is passed over is looked at only as far as its grammar asks: strings for the next quote, backslash
//! or control character, numbers for their digits, 16 bytes at a time. A document that is not plainly
//! good is left to a parser that knows what is wrong with it.

use crate::batch::python::json::marked;

/// Containers within containers that are gone into.
const MOST_DEPTH: u32 = 64;

/// Bytes of the longest number that is passed over: Python refuses integers of more than 4300 digits.
const LONGEST_NUMBER: usize = 1000;

/// Members that are looked for: a tree of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    names: Vec<(Box<str>, Target)>,
}

/// What is wanted of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// All of it, as the finding of this number.
    Value(usize),
    /// Members of it.
    Object(Members),
}

/// What a document has in place of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Finding<'a> {
    /// Nothing.
    #[default]
    Missing,
    /// A string without escapes, without its quotes.
    Text(&'a str),
    /// Any other value as it is spelled.
    Json(&'a str),
}

static NOTHING: Members = Members { names: Vec::new() };

impl Members {
    /// The values at the end of these paths: the first one's is finding 0. No path may be empty, or be the
    /// beginning of another.
    pub fn new<N: AsRef<str>>(paths: &[Vec<N>]) -> Self {
        let mut members = Members::default();
        for (number, path) in paths.iter().enumerate() {
            members.add(path, number);
        }
        members
    }

    fn add<N: AsRef<str>>(&mut self, path: &[N], number: usize) {
        let Some((first, rest)) = path.split_first() else { return };
        let first = first.as_ref();
        let known = self.names.iter_mut().find(|(name, _)| **name == *first);
        match known {
            Some((_, Target::Object(members))) => members.add(rest, number),
            Some((_, Target::Value(_))) => {}
            None if rest.is_empty() => self.names.push((first.into(), Target::Value(number))),
            None => {
                let mut members = Members::default();
                members.add(rest, number);
                self.names.push((first.into(), Target::Object(members)));
            }
        }
    }

    #[inline]
    fn find(&self, name: &[u8]) -> Option<&Target> {
        let same = |known: &[u8]| known.len() == name.len() && known.first() == name.first() && known == name;
        self.names.iter().find(|(known, _)| same(known.as_bytes())).map(|(_, target)| target)
    }

    /// Looks for the members in a document and tells what it has of them. Of members with the same name the
    /// last counts. `None` if the document is not known to be good, if what should have members is no
    /// object, or if it takes more than passing over the text to tell: the findings mean nothing then.
    ///
    /// A document that is known to be good is one for `json.loads`, and for the JSON of RFC 8259.
    ///
    /// # Panics
    /// If there are fewer findings than paths.
    pub fn skim<'a>(&self, document: &'a str, findings: &mut [Finding<'a>]) -> Option<()> {
        findings.fill(Finding::Missing);
        let mut skim = Skim { text: document, bytes: document.as_bytes(), place: 0, findings };
        skim.space();
        if skim.peek() != b'{' {
            return None;
        }
        skim.object(self, 0)?;
        skim.space();
        (skim.place == document.len()).then_some(())
    }
}

struct Skim<'a, 'f> {
    text: &'a str,
    bytes: &'a [u8],
    place: usize,
    findings: &'f mut [Finding<'a>],
}

impl Skim<'_, '_> {
    /// The next byte; 0, which is never good, at the end.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.place).copied().unwrap_or(0)
    }

    /// Passes white space: most often there is none, or one space.
    #[inline]
    fn space(&mut self) {
        if self.peek() > b' ' {
            return;
        }
        self.place += usize::from(self.peek() == b' ');
        while let b' ' | b'\n' | b'\t' | b'\r' = self.peek() {
            self.place += 1;
        }
    }

    /// Passes an object, which starts here.
    fn object(&mut self, members: &Members, depth: u32) -> Option<()> {
        if depth == MOST_DEPTH {
            return None;
        }
        self.place += 1;
        self.space();
        if self.peek() == b'}' {
            self.place += 1;
            return Some(());
        }
        loop {
            let name = self.place + 1;
            if self.peek() != b'"' {
                return None;
            }
            let is_escaped = self.string()?;
            let name = &self.bytes[name..self.place - 1];
            // It may be the name of a wanted member.
            if is_escaped && !members.names.is_empty() {
                return None;
            }
            self.space();
            if self.peek() != b':' {
                return None;
            }
            self.place += 1;
            self.space();
            match members.find(name) {
                None => self.pass(depth)?,
                Some(Target::Value(number)) => self.value(*number, depth)?,
                Some(Target::Object(members)) => self.object_again(members, depth)?,
            }
            self.space();
            match self.peek() {
                b',' => self.place += 1,
                b'}' => {
                    self.place += 1;
                    return Some(());
                }
                _ => return None,
            }
            self.space();
        }
    }

    /// An object whose members are wanted. What was found in one of the same name counts no more.
    fn object_again(&mut self, members: &Members, depth: u32) -> Option<()> {
        if self.peek() != b'{' {
            return None;
        }
        self.forget(members);
        self.object(members, depth + 1)
    }

    fn forget(&mut self, members: &Members) {
        for (_, target) in &members.names {
            match target {
                Target::Value(number) => self.findings[*number] = Finding::Missing,
                Target::Object(members) => self.forget(members),
            }
        }
    }

    /// Passes a value that is wanted.
    #[inline]
    fn value(&mut self, number: usize, depth: u32) -> Option<()> {
        let start = self.place;
        self.findings[number] = if self.peek() == b'"' && !self.string()? {
            Finding::Text(&self.text[start + 1..self.place - 1])
        } else {
            self.place = start;
            self.pass(depth)?;
            Finding::Json(&self.text[start..self.place])
        };
        Some(())
    }

    /// Passes a value within a container of this depth.
    #[inline]
    fn pass(&mut self, depth: u32) -> Option<()> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'0'..=b'9' => self.number(self.place),
            b'{' => self.object(&NOTHING, depth + 1),
            b'[' => self.array(depth + 1),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' => self.number(self.place + 1),
            _ => None,
        }
    }

    fn array(&mut self, depth: u32) -> Option<()> {
        if depth == MOST_DEPTH {
            return None;
        }
        self.place += 1;
        self.space();
        if self.peek() == b']' {
            self.place += 1;
            return Some(());
        }
        loop {
            self.pass(depth)?;
            self.space();
            match self.peek() {
                b',' => self.place += 1,
                b']' => {
                    self.place += 1;
                    return Some(());
                }
                _ => return None,
            }
            self.space();
        }
    }

    #[inline]
    fn literal(&mut self, word: &[u8]) -> Option<()> {
        let found = self.bytes[self.place..].starts_with(word);
        self.place += word.len();
        found.then_some(())
    }

    /// Passes a number, whose digits start at `first`.
    #[inline]
    fn number(&mut self, first: usize) -> Option<()> {
        let mut end = match self.bytes.get(first)? {
            b'0' => first + 1,
            _ => self.digits(first)?,
        };
        if self.bytes.get(end) == Some(&b'.') {
            end = self.digits(end + 1)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(end) {
            let is_signed = matches!(self.bytes.get(end + 1), Some(b'+' | b'-'));
            end = self.digits(end + 1 + usize::from(is_signed))?;
        }
        self.place = end;
        (end - first <= LONGEST_NUMBER).then_some(())
    }

    /// The place behind some digits, at least one.
    #[inline]
    fn digits(&self, start: usize) -> Option<usize> {
        let end = behind_digits(self.bytes, start);
        (end > start).then_some(end)
    }

    /// Passes a string, which starts here with its quote; whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Option<bool> {
        let place = special(self.bytes, self.place + 1);
        if self.bytes.get(place) == Some(&b'"') {
            self.place = place + 1;
            return Some(false);
        }
        self.rest_of_string(place)
    }

    /// Passes the rest of a string from its first escape on.
    #[cold]
    fn rest_of_string(&mut self, mut place: usize) -> Option<bool> {
        while self.bytes.get(place) != Some(&b'"') {
            place = special(self.bytes, self.behind_escape(place)?);
        }
        self.place = place + 1;
        Some(true)
    }

    /// The place behind an escape. That of a control character, or of the end, there is not.
    fn behind_escape(&self, place: usize) -> Option<usize> {
        match self.bytes.get(place..)? {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(place + 2),
            [b'\\', b'u', digits @ ..] => {
                let digits = digits.first_chunk::<4>()?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(place + 6)
            }
            _ => None,
        }
    }
}

/// Where the next quote, backslash or control character is, or the end of the bytes.
#[inline(always)]
fn special(bytes: &[u8], mut place: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some(block) = bytes.get(place..).and_then(<[u8]>::first_chunk::<16>) {
        let found = sse2::special(block);
        if found != 0 {
            return place + found.trailing_zeros() as usize;
        }
        place += 16;
    }
    marked(bytes, place)
}

/// The place of the first byte that is no digit.
#[inline]
fn behind_digits(bytes: &[u8], mut place: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some(block) = bytes.get(place..).and_then(<[u8]>::first_chunk::<16>) {
        let others = sse2::no_digits(block);
        if others != 0 {
            return place + others.trailing_zeros() as usize;
        }
        place += 16;
    }
    while bytes.get(place).is_some_and(u8::is_ascii_digit) {
        place += 1;
    }
    place
}

/// Comparisons of 16 bytes, which every x86-64 has: a bit for each byte.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::*;

    /// Quotes, backslashes and control characters.
    #[inline]
    pub(super) fn special(block: &[u8; 16]) -> u32 {
        // SAFETY: the block has the 16 bytes that are read; SSE2 is part of x86-64.
        unsafe {
            let bytes = _mm_loadu_si128(block.as_ptr().cast());
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)) as u32
        }
    }

    /// Whatever is no digit.
    #[inline]
    pub(super) fn no_digits(block: &[u8; 16]) -> u32 {
        // SAFETY: the block has the 16 bytes that are read; SSE2 is part of x86-64.
        unsafe {
            let bytes = _mm_loadu_si128(block.as_ptr().cast());
            let value = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
            let digits = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
            !_mm_movemask_epi8(digits) as u32 & 0xffff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&[&str]; 3] = [&["user", "name"], &["user", "id"], &["text"]];

    fn skim(document: &str) -> Option<[Finding<'_>; 3]> {
        let mut findings = [Finding::Missing; 3];
        Members::new(&PATHS.map(<[_]>::to_vec)).skim(document, &mut findings)?;
        Some(findings)
    }

    #[test]
    fn members_are_found_as_they_are_spelled() {
        use Finding::{Json, Missing, Text};
        let document = r#" {"user" : {"id":1.50e+3 ,"name": "Zoë"}, "x": [{}, [], -0, 1E5], "text": "a\n"} "#;
        assert_eq!(skim(document), Some([Text("Zoë"), Json("1.50e+3"), Json(r#""a\n""#)]));
        assert_eq!(skim("{}"), Some([Missing; 3]));
        assert_eq!(skim(r#"{"text":[1, {"a":null}]}"#), Some([Missing, Missing, Json(r#"[1, {"a":null}]"#)]));
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        use Finding::{Json, Missing, Text};
        let document = r#"{"user": {"name": "a", "id": 1}, "text": "x", "user": {"id": 2}, "text": "y"}"#;
        assert_eq!(skim(document), Some([Missing, Json("2"), Text("y")]));
    }

    #[test]
    fn what_it_cannot_tell_is_left_to_others() {
        let (deep, long) = ("[".repeat(64) + &"]".repeat(64), "1".repeat(1001));
        let others = [deep.as_str(), &long, "NaN", "-Infinity"].map(|value| format!("{{\"x\": {value}}}"));
        let others = others.iter().map(String::as_str);
        let bad = [r#"{"user": null}"#, r#"{"\u0074ext": 1}"#, r#"{"a\\": 1}"#, "[]", "1", ""];
        for document in others.chain(bad) {
            assert_eq!(skim(document), None, "{document}");
        }
    }

    /// Whatever it takes for good is so for a full parser, which finds the same, and documents that were
    /// good before something was done to them are mostly taken.
    #[test]
    fn good_documents_are_good_to_a_parser() {
        let document = r#"{"id": 123456789012345678, "text": "a longer text that has \"quotes\", \u00e9\\ and é", "user": {"name": "somebody", "id": -0.5e-7, "more": {"a": [true, false, null]}}, "tags": ["a", "b", []]}"#;
        let bytes = b"\"\\{}[]:,.-+eE01 \x01\x1f\x7ftfnu/\xc3\xa9";
        let mut taken = 0;
        for at in 0..document.len() {
            for put in bytes {
                for taken_out in 0..3 {
                    let mut changed = document.as_bytes().to_vec();
                    changed.splice(at..(at + taken_out).min(document.len()), [*put]);
                    let Ok(changed) = String::from_utf8(changed) else { continue };
                    let Some(findings) = skim(&changed) else { continue };
                    taken += 1;
                    let parsed = serde_json::from_str::<serde_json::Value>(&changed);
                    // A number that a float cannot hold is good JSON all the same.
                    if parsed.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                        continue;
                    }
                    let parsed = parsed.expect(&changed);
                    for (path, finding) in PATHS.iter().zip(findings) {
                        let value = path.iter().try_fold(&parsed, |value, name| value.get(name));
                        let found = match finding {
                            Finding::Missing => None,
                            Finding::Text(text) => Some(serde_json::Value::from(text)),
                            Finding::Json(json) => Some(serde_json::from_str(json).expect(json)),
                        };
                        assert_eq!(found.as_ref(), value, "{changed}");
                    }
                }
            }
        }
        assert!(taken > 1000, "{taken}");
    }
}
