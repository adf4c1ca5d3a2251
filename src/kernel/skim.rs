//! Members of JSON documents, found while a document is checked as a whole and nothing of it is made.
//!
//! What is passed over is looked at only as far as its grammar asks. Where strings begin and end is found for 64
//! bytes at once, as bits, so that where one ends does not have to be known before the next is looked for (Langdale and
//! Lemire, "Parsing Gigabytes of JSON per Second", 2019); numbers are looked at 16 bytes at a time. A document that is
//! not plainly good is left to a parser that knows what is wrong with it.

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
        let (bytes, specials) = (document.as_bytes(), Specials::new(document.as_bytes()));
        let mut skim = Skim { text: document, bytes, place: 0, specials, findings };
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
    /// Those from `place` on; and some before it that are white space.
    specials: Specials<'a>,
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
            let target = match &members.names[..] {
                [] => None,
                // It may be the name of a wanted member.
                _ if is_escaped => return None,
                _ => members.find(&self.bytes[name..self.place - 1]),
            };
            self.colon()?;
            match target {
                None => self.pass(depth)?,
                Some(Target::Value(number)) => self.value(*number, depth)?,
                Some(Target::Object(members)) => self.object_again(members, depth)?,
            }
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    /// The next bytes, if there are as many.
    #[inline(always)]
    fn next<const N: usize>(&self) -> Option<&[u8; N]> {
        self.bytes.get(self.place..)?.first_chunk()
    }

    /// Passes a colon: most often it is followed by one space.
    #[inline(always)]
    fn colon(&mut self) -> Option<()> {
        match self.next() {
            Some([b':', b' ', b'!'..=0xff]) => self.place += 2,
            Some([b':', b'!'..=0xff, _]) => self.place += 1,
            _ => {
                self.space();
                if self.peek() != b':' {
                    return None;
                }
                self.place += 1;
                self.space();
            }
        }
        Some(())
    }

    /// Passes what is behind a part of a container: whether there is another part.
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        match self.next() {
            Some([b',', b' ', b'!'..=0xff]) => self.place += 2,
            Some([b',', b'!'..=0xff, _]) => self.place += 1,
            _ => {
                self.space();
                let has_ended = self.peek() == end;
                if !has_ended && self.peek() != b',' {
                    return None;
                }
                self.place += 1;
                if has_ended {
                    return Some(false);
                }
                self.space();
            }
        }
        Some(true)
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
        let is_plain_text = match self.peek() {
            b'"' => !self.string()?,
            _ => {
                self.pass(depth)?;
                false
            }
        };
        self.findings[number] = match is_plain_text {
            true => Finding::Text(&self.text[start + 1..self.place - 1]),
            false => Finding::Json(&self.text[start..self.place]),
        };
        Some(())
    }

    /// Passes a value within a container of this depth.
    #[inline]
    fn pass(&mut self, depth: u32) -> Option<()> {
        match self.peek() {
            // In the order of their frequency.
            b'"' => self.string().map(drop),
            byte if byte.is_ascii_digit() => self.number(self.place),
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
            if !self.goes_on(b']')? {
                return Some(());
            }
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
        self.specials.pass(self.place);
        let place = self.specials.next();
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
            let behind = self.behind_escape(place)?;
            place = self.specials.next();
            while place < behind {
                place = self.specials.next();
            }
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

/// The places of quotes, backslashes and control characters, one after the other.
struct Specials<'a> {
    bytes: &'a [u8],
    /// Where the present block starts.
    block: usize,
    /// The places in there that are still to come, a bit for each.
    left: u64,
}

/// Bytes that have one bit each.
const BLOCK: usize = 64;

impl<'a> Specials<'a> {
    #[inline]
    fn new(bytes: &'a [u8]) -> Self {
        let mut specials = Specials { bytes, block: 0, left: 0 };
        specials.left = specials.of_block();
        specials
    }

    /// Those of the present block.
    #[inline(always)]
    fn of_block(&self) -> u64 {
        if let Some(block) = self.bytes.get(self.block..).and_then(<[u8]>::first_chunk) {
            return specials(block);
        }
        self.of_last_block()
    }

    /// Those of a block that is not full.
    #[inline(never)]
    fn of_last_block(&self) -> u64 {
        let Some(rest) = self.bytes.get(self.block..) else { return 0 };
        match self.bytes.last_chunk() {
            // The end of a full one that began earlier.
            Some(block) => specials(block).checked_shr((BLOCK - rest.len()) as u32).unwrap_or(0),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                specials(&block)
            }
        }
    }

    /// The next place; behind the last one the end of the bytes.
    #[inline(always)]
    fn next(&mut self) -> usize {
        while self.left == 0 {
            self.block += BLOCK;
            if self.block >= self.bytes.len() {
                return self.bytes.len();
            }
            self.left = self.of_block();
        }
        let place = self.block + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        place
    }

    /// Passes all up to a place, which is one of them.
    #[inline(always)]
    fn pass(&mut self, place: usize) {
        while self.next() < place {}
    }
}

/// Quotes, backslashes and control characters, a bit for each byte.
#[inline(always)]
fn specials(block: &[u8; BLOCK]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        sse2::specials(block)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bit = |byte: &u8| u64::from(matches!(byte, 0..0x20 | b'"' | b'\\'));
        block.iter().rev().fold(0, |bits, byte| bits << 1 | bit(byte))
    }
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

/// Comparisons of 16 bytes at a time, which every x86-64 has: a bit for each byte.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::*;

    /// Quotes, backslashes and control characters.
    #[inline]
    pub(super) fn specials(block: &[u8; 64]) -> u64 {
        let of_quarter = |quarter: &[u8; 16]| {
            // SAFETY: the quarter has the 16 bytes that are read; SSE2 is part of x86-64.
            unsafe {
                let bytes = _mm_loadu_si128(quarter.as_ptr().cast());
                let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
                let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
                let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
                _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)) as u32
            }
        };
        let (quarters, _) = block.as_chunks();
        quarters.iter().rev().fold(0, |bits, quarter| bits << 16 | u64::from(of_quarter(quarter)))
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
