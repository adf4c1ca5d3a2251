//! Python's whitespace beyond ASCII, as UTF-8.

/// Whether Python's `str.isspace()` holds for the character: Unicode's `White_Space` and the four
/// ASCII separators U+001C to U+001F.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// Length of the non-ASCII whitespace character that `bytes` start with, if they do.
///
/// Its first byte cannot be part of another character, so this holds in invalid UTF-8 as well.
#[inline]
pub(super) fn wide_space(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0xc2, 0x85 | 0xa0, ..] => Some(2),
        [0xe1, 0x9a, 0x80, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => Some(3),
        [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => Some(3),
        _ => None,
    }
}

/// Whether a non-ASCII whitespace character may start with the byte.
#[inline(always)]
pub(super) fn starts_wide_space(byte: u8) -> bool {
    matches!(byte, 0xc2 | 0xe1..=0xe3)
}

/// Place and length of the first non-ASCII whitespace character at or behind `from`.
pub(super) fn find_wide_space(bytes: &[u8], mut from: usize) -> Option<(usize, usize)> {
    /// Bytes that are looked at together: a loop without an exit becomes vector instructions.
    const STRIDE: usize = 64;
    while from < bytes.len() {
        let end = (from + STRIDE).min(bytes.len());
        if bytes[from..end].iter().fold(false, |any, &byte| any | starts_wide_space(byte)) {
            let found = |&at: &usize| starts_wide_space(bytes[at]) && wide_space(&bytes[at..]).is_some();
            if let Some(at) = (from..end).find(found) {
                return wide_space(&bytes[at..]).map(|len| (at, len));
            }
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_patterns_are_exactly_the_non_ascii_whitespace() {
        for c in '\u{80}'..=char::MAX {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(wide_space(bytes), is_space(c).then_some(bytes.len()), "{c:?}");
            assert!(!is_space(c) || starts_wide_space(bytes[0]));
        }
    }

    #[test]
    fn wide_spaces_are_found_wherever_they_are() {
        for at in 0..200 {
            let mut text = "é中".repeat(100);
            let cut = (0..=at).rev().find(|&cut| text.is_char_boundary(cut)).unwrap_or(0);
            text.truncate(cut);
            let before = text.len();
            text.push('\u{2009}');
            text.push_str(&"–\u{e0}".repeat(50));
            assert_eq!(find_wide_space(text.as_bytes(), 0), Some((before, 3)));
            assert_eq!(find_wide_space(text.as_bytes(), before), Some((before, 3)));
            assert_eq!(find_wide_space(text.as_bytes(), before + 1), None);
        }
    }

    #[test]
    fn ascii_whitespace_is_pythons() {
        let spaces: Vec<u8> = (0..128).filter(|&byte| is_space(byte as char)).collect();
        assert_eq!(spaces, b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ");
    }
}
