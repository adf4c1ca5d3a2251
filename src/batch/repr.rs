//! Python's `repr` of text, byte for byte: what PySpark prints for a string inside a tuple.

use std::io::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Appends what Python 3 prints for `repr(text)`: in single quotes, unless the text has single
/// quotes and no double ones; unprintable characters escaped, all others as they are.
///
/// The rule is CPython's `unicode_repr` (Objects/unicodeobject.c).
pub fn repr_into(text: &str, out: &mut Vec<u8>) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'\'' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'\'');
        out.extend_from_slice(text.as_bytes());
        out.push(b'\'');
        return;
    }
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote as u8);
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push(b'\\');
        }
        escape_into(c, out);
    }
    out.push(quote as u8);
}

/// Appends the character, or its escape sequence (`\t`, `\x1b`, `\u200b`, `\U000e0001`) if Python
/// takes it for unprintable. Backslashes and quotes are printable.
pub fn escape_into(c: char, out: &mut Vec<u8>) {
    if is_printable(c) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let written = match (c, u32::from(c)) {
        ('\t', _) => out.write_all(b"\\t"),
        ('\n', _) => out.write_all(b"\\n"),
        ('\r', _) => out.write_all(b"\\r"),
        (_, code @ ..=0xff) => write!(out, "\\x{code:02x}"),
        (_, code @ ..=0xffff) => write!(out, "\\u{code:04x}"),
        (_, code) => write!(out, "\\U{code:08x}"),
    };
    written.expect("a vector takes every write");
}

/// Python's `str.isprintable` of one character: all but the categories "Other" (C…) and
/// "Separator" (Z…); the ASCII space is printable.
///
/// Characters that Unicode assigned after version 14 are printable here and not in CPython 3.11.
pub fn is_printable(c: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    match c {
        ' '..='~' => true,
        '\0'..='\u{a0}' => false,
        _ => !matches!(
            c.general_category(),
            Control
                | Format
                | Surrogate
                | PrivateUse
                | Unassigned
                | LineSeparator
                | ParagraphSeparator
                | SpaceSeparator
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(text: &str) -> String {
        let mut out = Vec::new();
        repr_into(text, &mut out);
        String::from_utf8(out).expect("repr of text is text")
    }

    /// Right-hand sides as CPython 3.11 printed them.
    #[test]
    fn text_prints_as_in_python() {
        assert_eq!(repr(""), "''");
        assert_eq!(repr("the"), "'the'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("say \"hi\""), "'say \"hi\"'");
        assert_eq!(repr("both ' \""), "'both \\' \"'");
        assert_eq!(repr("a\\b"), "'a\\\\b'");
        assert_eq!(repr("it's\\"), "\"it's\\\\\"");
        assert_eq!(repr("\t\n\r\0\x1b\x7f"), "'\\t\\n\\r\\x00\\x1b\\x7f'");
        assert_eq!(repr("caf\u{e9} \u{1f600} e\u{301}"), "'caf\u{e9} \u{1f600} e\u{301}'");
        assert_eq!(repr("\u{85}\u{a0}\u{ad}"), "'\\x85\\xa0\\xad'");
        assert_eq!(repr("\u{200b}\u{2028}\u{3000}\u{feff}"), "'\\u200b\\u2028\\u3000\\ufeff'");
        assert_eq!(repr("\u{fffd}\u{e000}\u{ffff}"), "'\u{fffd}\\ue000\\uffff'");
        assert_eq!(repr("\u{e0001}\u{10ffff}"), "'\\U000e0001\\U0010ffff'");
    }
}
