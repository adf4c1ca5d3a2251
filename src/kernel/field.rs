//! One field of every line.

use memchr::memmem::Finder;

use super::lines::{lines, record};
use super::space::wide_space;
use super::table::Span;
use crate::batch::Text;

/// What stands between fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Separator {
    /// Runs of whitespace, also before the first field: Python's `split()`.
    Whitespace,
    /// Exactly these bytes, at least one, with empty fields between two of them: Python's `split(SEP)`.
    ///
    /// They are compared with the bytes of the input, before what is not UTF-8 is replaced: `U+FFFD`
    /// separates where it is spelled out, not where an invalid byte will become one.
    Exact(Vec<u8>),
}

/// Takes one field from each line.
#[derive(Clone, Debug)]
pub struct Field {
    number: usize,
    separator: Search,
}

#[derive(Clone, Debug)]
enum Search {
    Whitespace,
    Byte(u8),
    Bytes(Box<Finder<'static>>),
}

/// How a byte matters to whitespace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Other,
    Space,
    /// The first byte of a non-ASCII whitespace character, perhaps.
    Wide,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            0x09..=0x0d | 0x1c..=0x20 => Kind::Space,
            0xc2 | 0xe1..=0xe3 => Kind::Wide,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

impl Field {
    /// Takes field `number`, counted from 1.
    ///
    /// # Panics
    /// If the number is 0 or the separator empty: both are to be refused where they are read.
    pub fn new(number: usize, separator: Separator) -> Self {
        assert!(number > 0, "fields are counted from 1");
        let separator = match separator {
            Separator::Whitespace => Search::Whitespace,
            Separator::Exact(bytes) => match bytes[..] {
                [] => panic!("a separator has at least one byte"),
                [byte] => Search::Byte(byte),
                _ => Search::Bytes(Box::new(Finder::new(&bytes).into_owned())),
            },
        };
        Field { number, separator }
    }

    /// Appends the field's place for each line to `spans`. Lines that have no such field are handed,
    /// as records, to `missing`.
    pub fn extract(&self, text: Text<'_>, spans: &mut Vec<Span>, mut missing: impl FnMut(&[u8])) {
        let mut at = 0;
        for line in lines(text.bytes()) {
            let record = record(line);
            let found = match &self.separator {
                Search::Whitespace => nth_word(record, self.number),
                Search::Byte(byte) => nth_part(record, self.number, 1, |rest| memchr::memchr(*byte, rest)),
                Search::Bytes(finder) => {
                    nth_part(record, self.number, finder.needle().len(), |rest| finder.find(rest))
                }
            };
            match found {
                Some((start, end)) => spans.push(Span { start: at + start, len: end - start }),
                None => missing(record),
            }
            at += line.len();
        }
    }
}

/// Start and end of the `number`th part between separators of `width` bytes.
#[inline]
fn nth_part(
    record: &[u8],
    number: usize,
    width: usize,
    find: impl Fn(&[u8]) -> Option<usize>,
) -> Option<(usize, usize)> {
    let mut start = 0;
    for _ in 1..number {
        start += find(&record[start..])? + width;
    }
    Some((start, find(&record[start..]).map_or(record.len(), |len| start + len)))
}

/// Start and end of the `number`th run of bytes that are not whitespace.
#[inline]
fn nth_word(record: &[u8], number: usize) -> Option<(usize, usize)> {
    let mut at = 0;
    for left in (0..number).rev() {
        while let Some(space) = space_at(record, at) {
            at += space;
        }
        if at == record.len() {
            return None;
        }
        let start = at;
        while at < record.len() && space_at(record, at).is_none() {
            at += 1;
        }
        if left == 0 {
            return Some((start, at));
        }
    }
    None
}

/// Length of the whitespace character at a place, if there is one.
#[inline(always)]
fn space_at(record: &[u8], at: usize) -> Option<usize> {
    match KINDS[usize::from(*record.get(at)?)] {
        Kind::Other => None,
        Kind::Space => Some(1),
        Kind::Wide => wide_space(&record[at..]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::space::is_space;
    use super::*;
    use crate::batch::SLACK;

    fn extract(field: &Field, input: &str) -> (Vec<String>, Vec<String>) {
        let mut padded = input.as_bytes().to_vec();
        padded.resize(input.len() + SLACK, b' ');
        let (mut spans, mut missing) = (Vec::new(), Vec::new());
        let text = Text::new(&padded, input.len());
        field.extract(text, &mut spans, |record| missing.push(String::from_utf8_lossy(record).into_owned()));
        (spans.iter().map(|span| input[span.start..span.start + span.len].to_string()).collect(), missing)
    }

    proptest! {
        #[test]
        fn fields_are_those_of_split(
            input in "[a-c, \t\u{a0}\u{2003}é\u{e0001}\r\n\x1d]{0,80}",
            number in 1_usize..5,
            separator in prop::sample::select(vec!["", ",", ", ", "é", "aa"]),
        ) {
            let kind = match separator {
                "" => Separator::Whitespace,
                bytes => Separator::Exact(bytes.as_bytes().to_vec()),
            };
            let (found, missing) = extract(&Field::new(number, kind), &input);
            let (mut twin, mut none) = (Vec::new(), Vec::new());
            for line in input.split_terminator('\n') {
                let record = line.strip_suffix('\r').unwrap_or(line);
                let parts: Vec<&str> = match separator {
                    "" => record.split(is_space).filter(|part| !part.is_empty()).collect(),
                    bytes => record.split(bytes).collect(),
                };
                match parts.get(number - 1) {
                    Some(part) => twin.push(part.to_string()),
                    None => none.push(record.to_string()),
                }
            }
            prop_assert_eq!(found, twin);
            prop_assert_eq!(missing, none);
        }
    }
}
