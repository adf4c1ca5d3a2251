//! Lines: counting them, walking them, keeping some of them.

use memchr::{memchr, memchr_iter};

use super::padded::PaddedBuf;
use crate::batch::Text;

/// Number of lines; a last one without `\n` counts.
pub fn count_lines(text: &[u8]) -> usize {
    memchr_iter(b'\n', text).count() + usize::from(text.last().is_some_and(|&byte| byte != b'\n'))
}

/// The records of a text: its lines without their `\n`, and without a `\r` directly before it.
pub fn records(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(text).map(record)
}

/// The lines of a text with their `\n`; only the last one may lack it.
pub(super) fn lines(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, next) = rest.split_at(end);
        rest = next;
        Some(line)
    })
}

/// A line without its end.
#[inline]
pub(super) fn record(line: &[u8]) -> &[u8] {
    match line {
        [record @ .., b'\r', b'\n'] | [record @ .., b'\n'] => record,
        [record @ .., b'\r'] => record,
        record => record,
    }
}

/// The lines whose records `keep` accepts, copied to `buffer`; the text itself if those are all.
pub fn keep_lines<'a>(
    text: Text<'a>,
    buffer: &'a mut PaddedBuf,
    mut keep: impl FnMut(&[u8]) -> bool,
) -> Text<'a> {
    let all = buffer.fill(|kept| {
        // Lines up to `copied` are decided; those from `start` on are kept and not copied yet.
        let (mut start, mut at) = (0, 0);
        for line in lines(text.bytes()) {
            if !keep(record(line)) {
                kept.extend_from_slice(&text.bytes()[start..at]);
                start = at + line.len();
            }
            at += line.len();
        }
        if start > 0 {
            kept.extend_from_slice(&text.bytes()[start..]);
        }
        start == 0
    });
    if all { text } else { buffer.text() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::batch::SLACK;

    #[test]
    fn records_lose_their_line_end_and_nothing_else() {
        let all: Vec<&[u8]> = records(b"a\r\n\nb\rc\n\r\r\n d\n\r\ne").collect();
        assert_eq!(all, [&b"a"[..], b"", b"b\rc", b"\r", b" d", b"", b"e"]);
        assert_eq!(records(b"").count(), 0);
    }

    proptest! {
        #[test]
        fn kept_lines_are_the_accepted_ones(input in "[ab\r\n]{0,60}", letter in "[ab]") {
            let mut padded = input.clone().into_bytes();
            padded.resize(input.len() + SLACK, b'\n');
            let keep = |record: &[u8]| record.starts_with(letter.as_bytes());
            let mut buffer = PaddedBuf::default();
            let kept = keep_lines(Text::new(&padded, input.len()), &mut buffer, keep);
            let twin: Vec<u8> = input
                .split_inclusive('\n')
                .filter(|line| line.starts_with(&letter))
                .flat_map(str::bytes)
                .collect();
            prop_assert_eq!(kept.bytes(), &twin[..]);
            prop_assert_eq!(count_lines(input.as_bytes()), input.lines().count());
            prop_assert_eq!(count_lines(input.as_bytes()), records(input.as_bytes()).count());
        }
    }
}
