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
    loop {
        from += bytes[from..].iter().position(|&byte| starts_wide_space(byte))?;
        if let Some(len) = wide_space(&bytes[from..]) {
            return Some((from, len));
        }
        from += 1;
    }
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
    fn ascii_whitespace_is_pythons() {
        let spaces: Vec<u8> = (0..128).filter(|&byte| is_space(byte as char)).collect();
        assert_eq!(spaces, b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ");
    }
}
