//! Members of JSON documents, found while a document is checked as a whole and nothing of it is made.
//!
//! What is passed over is looked at only as far as its grammar asks. Where strings begin and end is found for 64
//! bytes at once, the digits of numbers 16 at a time. A document that is not plainly good is left to a parser that
//! knows what is wrong with it.

mod layout;

use std::cell::RefCell;
use std::sync::Arc;

use self::layout::{Learned, Value};
use super::places::{Places, Sought};

/// Containers within containers that are gone into.
const MOST_DEPTH: u32 = 64;

/// Bytes of the longest number that is passed over: Python refuses integers of more than 4300 digits.
const LONGEST_NUMBER: usize = 1000;

/// Members that are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Arc<Tree>);

/// A tree of members' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tree {
    names: Vec<(Box<str>, Target)>,
}

/// What is wanted of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// All of it, as the finding of this number.
    Value(usize),
    /// Members of it.
    Object(Tree),
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

static NOTHING: Tree = Tree { names: Vec::new() };

thread_local! {
    /// What was learned of the documents that this thread has looked at last, and for which members that was.
    static LEARNED: RefCell<(Members, Learned)> = RefCell::default();
}

impl Members {
    /// The values at the end of these paths: the first one's is finding 0. No path may be empty, or be the
    /// beginning of another.
    pub fn new<N: AsRef<str>>(paths: &[Vec<N>]) -> Self {
        let mut tree = Tree::default();
        for (number, path) in paths.iter().enumerate() {
            tree.add(path, number);
        }
        Members(Arc::new(tree))
    }
}

impl Tree {
    fn add<N: AsRef<str>>(&mut self, path: &[N], number: usize) {
        let Some((first, rest)) = path.split_first() else { return };
        let first = first.as_ref();
        let known = self.names.iter_mut().find(|(name, _)| **name == *first);
        match known {
            Some((_, Target::Object(members))) => members.add(rest, number),
            Some((_, Target::Value(_))) => {}
            None if rest.is_empty() => self.names.push((first.into(), Target::Value(number))),
            None => {
                let mut members = Tree::default();
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
}

impl Members {
    /// Looks for the members in a document and tells what it has of them. Of members with the same name the
    /// last counts. `None` if the document is not known to be good, if what should have members is no
    /// object, or if it takes more than passing over the text to tell: the findings mean nothing then.
    ///
    /// A document that is known to be good is one for `json.loads`, and for the JSON of RFC 8259.
    ///
    /// # Panics
    /// If there are fewer findings than paths.
    pub fn skim<'a>(&self, document: &'a str, findings: &mut [Finding<'a>]) -> Option<()> {
        LEARNED.with_borrow_mut(|(members, learned)| {
            if !Arc::ptr_eq(&members.0, &self.0) {
                (*members, *learned) = (self.clone(), Learned::default());
            }
            findings.fill(Finding::Missing);
            if learned.skim(document, findings).is_some() {
                return Some(());
            }
            if !learned.is_to_learn() {
                return self.go_through(document, findings, None);
            }
            let mut values = Some(Vec::new());
            self.go_through(document, findings, Some(&mut values))?;
            learned.learn(document, values.as_deref());
            Some(())
        })
    }

    /// Goes through the grammar of a document; where its values are is noted, or, if it has no layout to be
    /// learned, that there are none.
    fn go_through<'a>(
        &self,
        document: &'a str,
        findings: &mut [Finding<'a>],
        values: Option<&mut Option<Vec<Value>>>,
    ) -> Option<()> {
        findings.fill(Finding::Missing);
        let (bytes, specials) = (document.as_bytes(), Places::new(Special, document.as_bytes()));
        let mut skim = Skim { text: document, bytes, place: 0, specials, findings, values };
        skim.space();
        if skim.peek() != b'{' {
            return None;
        }
        skim.object(&self.0, 0)?;
        skim.space();
        (skim.place == document.len()).then_some(())
    }
}

struct Skim<'a, 'f> {
    text: &'a str,
    bytes: &'a [u8],
    place: usize,
    /// Those from `place` on; and some before it that are white space.
    specials: Places<'a, Special>,
    findings: &'f mut [Finding<'a>],
    /// Where its values are, for the layout; nothing if it has none.
    values: Option<&'f mut Option<Vec<Value>>>,
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
    fn object(&mut self, members: &Tree, depth: u32) -> Option<()> {
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
    fn object_again(&mut self, members: &Tree, depth: u32) -> Option<()> {
        if self.peek() != b'{' {
            return None;
        }
        self.forget(members);
        self.object(members, depth + 1)
    }

    fn forget(&mut self, members: &Tree) {
        for (_, target) in &members.names {
            match target {
                Target::Value(number) => {
                    if self.findings[*number] != Finding::Missing {
                        // There is nothing in its place where it is found first.
                        self.has_no_layout();
                    }
                    self.findings[*number] = Finding::Missing;
                }
                Target::Object(members) => self.forget(members),
            }
        }
    }

    /// Passes a value that is wanted.
    #[inline]
    fn value(&mut self, number: usize, depth: u32) -> Option<()> {
        let start = self.place;
        let is_plain_text = match self.peek() {
            b'"' => !self.text()?,
            _ => {
                self.pass(depth)?;
                false
            }
        };
        self.findings[number] = match is_plain_text {
            true => Finding::Text(&self.text[start + 1..self.place - 1]),
            false => Finding::Json(&self.text[start..self.place]),
        };
        if self.values.is_some() {
            self.note_finding(number, start);
        }
        Some(())
    }

    /// Passes a value within a container of this depth.
    #[inline]
    fn pass(&mut self, depth: u32) -> Option<()> {
        match self.peek() {
            b'"' => self.text().map(drop),
            b'{' => self.object(&NOTHING, depth + 1),
            b'[' => self.array(depth + 1),
            _ => {
                let start = self.place;
                self.place = scalar(self.bytes, start)?;
                if self.values.is_some() {
                    self.note(start, self.place, false);
                }
                Some(())
            }
        }
    }

    /// Notes a value for the layout.
    #[cold]
    fn note(&mut self, start: usize, end: usize, is_text: bool) {
        if let Some(Some(values)) = &mut self.values {
            values.push(Value { start, end, is_text, finding: None });
        }
    }

    /// Notes that the value that began at `start` is that finding.
    #[cold]
    fn note_finding(&mut self, number: usize, start: usize) {
        let is_text = self.bytes[start] == b'"';
        if let Some(Some(values)) = &mut self.values {
            match values.last_mut() {
                Some(value) if value.is_text == is_text && value.start == start + usize::from(is_text) => {
                    value.finding = Some(number);
                }
                // A container, or text with escapes.
                _ => self.has_no_layout(),
            }
        }
    }

    /// Notes that the document has no layout to be learned.
    #[cold]
    fn has_no_layout(&mut self) {
        if let Some(values) = &mut self.values {
            **values = None;
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

    /// Passes a string that is a value; whether it has escapes.
    #[inline(always)]
    fn text(&mut self) -> Option<bool> {
        let start = self.place + 1;
        let is_escaped = self.string()?;
        if self.values.is_some() && !is_escaped {
            self.note(start, self.place - 1, true);
        }
        Some(is_escaped)
    }

    /// Passes a string, which starts here with its quote; whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Option<bool> {
        let start = self.place + 1;
        let place = self.specials.next_from(start);
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
            place = self.specials.next_from(self.behind_escape(place)?);
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

/// Quotes, backslashes and control characters: where a string ends or is no longer plain.
#[derive(Clone, Copy)]
struct Special;

impl Sought for Special {
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn is(self, byte: u8) -> bool {
        matches!(byte, 0..0x20 | b'"' | b'\\')
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn of_16(self, bytes: std::arch::x86_64::__m128i) -> std::arch::x86_64::__m128i {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            _mm_or_si128(_mm_or_si128(quote, backslash), control)
        }
    }
}

/// The place behind a number, or `true`, `false` or `null`.
#[inline]
fn scalar(bytes: &[u8], place: usize) -> Option<usize> {
    let word = |word: &[u8]| bytes[place..].starts_with(word).then_some(place + word.len());
    match bytes.get(place)? {
        b'0'..=b'9' => number(bytes, place),
        b'-' => number(bytes, place + 1),
        b't' => word(b"true"),
        b'f' => word(b"false"),
        b'n' => word(b"null"),
        _ => None,
    }
}

/// The place behind a number, whose digits start at `first`.
#[inline]
fn number(bytes: &[u8], first: usize) -> Option<usize> {
    let mut end = match bytes.get(first)? {
        b'0' => first + 1,
        _ => digits(bytes, first)?,
    };
    if bytes.get(end) == Some(&b'.') {
        end = digits(bytes, end + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let is_signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        end = digits(bytes, end + 1 + usize::from(is_signed))?;
    }
    (end - first <= LONGEST_NUMBER).then_some(end)
}

/// The place behind some digits, at least one.
#[inline]
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let end = behind_digits(bytes, start);
    (end > start).then_some(end)
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

    fn members() -> Members {
        Members::new(&PATHS.map(<[_]>::to_vec))
    }

    /// What is found in a document alone.
    fn skim(document: &str) -> Option<[Finding<'_>; 3]> {
        skim_after(&members(), document)
    }

    /// What is found in one of many documents.
    fn skim_after<'a>(members: &Members, document: &'a str) -> Option<[Finding<'a>; 3]> {
        let mut findings = [Finding::Missing; 3];
        members.skim(document, &mut findings)?;
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

    #[test]
    fn documents_of_one_layout_have_their_own_values() {
        use Finding::{Json, Missing, Text};
        let members = members();
        let cases = [
            (
                r#"{"user": {"id": 1, "name": "a"}, "x": [1, "b"], "text": "c"}"#,
                [Text("a"), Json("1"), Text("c")],
            ),
            (
                r#"{"user": {"id": -2.5, "name": ""}, "x": [null, "é"], "text": "dd"}"#,
                [Text(""), Json("-2.5"), Text("dd")],
            ),
            (
                r#"{"user": {"id": true, "name": "a b"}, "x": [2, ""], "text": ""}"#,
                [Text("a b"), Json("true"), Text("")],
            ),
            // Other names of as many members, and others of them.
            (
                r#"{"user": {"no": 1, "name": "a"}, "x": [1, "b"], "next": "c"}"#,
                [Text("a"), Missing, Missing],
            ),
            (
                r#"{"text": {"no": 1, "name": "a"}, "x": [1, "b"], "next": "c"}"#,
                [Missing, Missing, Json(r#"{"no": 1, "name": "a"}"#)],
            ),
            (r#"{"text": "a", "next": "b"}"#, [Missing, Missing, Text("a")]),
            (r#"{"next": "a", "text": "b"}"#, [Missing, Missing, Text("b")]),
            (r#"{"next": "a", "last": "b"}"#, [Missing; 3]),
            // Other layouts, and that one again.
            (
                r#"{"user": {"id": 1, "name": "a"}, "x": [1, "b"], "text": "\t"}"#,
                [Text("a"), Json("1"), Json(r#""\t""#)],
            ),
            (
                r#"{"user": {"id": 1, "name": {"n": 1}}, "x": [1, "b"], "text": "c"}"#,
                [Json(r#"{"n": 1}"#), Json("1"), Text("c")],
            ),
            (
                r#"{"user": {"id": 1, "name": {"n": 2}}, "x": [1, "b"], "text": "d"}"#,
                [Json(r#"{"n": 2}"#), Json("1"), Text("d")],
            ),
            (r#"{"user": {"id": 1, "name": "a"}, "user": {"id": 2}}"#, [Missing, Json("2"), Missing]),
            (r#"{"user": {"id": 3, "name": "b"}, "user": {"id": 4}}"#, [Missing, Json("4"), Missing]),
            (r#"{"text": "a", "text": "b"}"#, [Missing, Missing, Text("b")]),
            (r#"{"text": "c", "text": "d"}"#, [Missing, Missing, Text("d")]),
            (
                r#"{"user": {"id": 5, "name": "e"}, "x": [1, "b"], "text": "f"}"#,
                [Text("e"), Json("5"), Text("f")],
            ),
        ];
        for round in 0..40 {
            for (document, expected) in cases {
                assert_eq!(skim_after(&members, document), Some(expected), "{round}: {document}");
            }
        }
        for bad in
            [r#"{"text": "c", "text": d}"#, r#"{"text": "c", "text": "d"}}"#, r#"{"text": "c", "text": "d""#]
        {
            assert_eq!(
                skim_after(&members, r#"{"text": "c", "text": "d"}"#).map(|found| found[2]),
                Some(Text("d"))
            );
            assert_eq!(skim_after(&members, bad), None, "{bad}");
        }
    }

    /// Whatever it takes for good is so for a full parser, which finds the same, and documents that were
    /// good before something was done to them are mostly taken.
    #[test]
    fn good_documents_are_good_to_a_parser() {
        let escaped = r#"{"id": 123456789012345678, "text": "a longer text that has \"quotes\", \u00e9\\ and é", "user": {"name": "somebody", "id": -0.5e-7, "more": {"a": [true, false, null]}}, "tags": ["a", "b", []]}"#;
        // What is wanted of it has a layout to be learned.
        let plain =
            r#"{"text": "it is é", "x": {"name": [1, "a"]}, "user": {"id": 7, "name": "b", "no": null}}"#;
        for document in [escaped, plain] {
            are_good_to_a_parser(document);
        }
    }

    fn are_good_to_a_parser(document: &str) {
        let members = members();
        let bytes = b"\"\\{}[]:,.-+eE01 \x01\x1f\x7ftfnu/\xc3\xa9";
        let mut taken = 0;
        for at in 0..document.len() {
            for put in bytes {
                for taken_out in 0..3 {
                    let mut changed = document.as_bytes().to_vec();
                    changed.splice(at..(at + taken_out).min(document.len()), [*put]);
                    let Ok(changed) = String::from_utf8(changed) else { continue };
                    let alone = skim(&changed);
                    // Its layout is known.
                    assert!(skim_after(&members, document).is_some());
                    assert_eq!(alone, skim_after(&members, &changed), "{changed}");
                    let Some(findings) = alone else { continue };
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
