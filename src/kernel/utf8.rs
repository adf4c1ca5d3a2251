//! Invalid UTF-8 replaced, for kernels that work on characters.

use std::borrow::Cow;

use super::padded::PaddedBuf;
use crate::batch::Text;

/// The text with each maximal invalid part replaced by U+FFFD, as Python's `errors="replace"` and
/// Unicode recommend; the text itself if it is valid.
pub fn make_valid<'a>(text: Text<'a>, buffer: &'a mut PaddedBuf) -> Text<'a> {
    match decode(text.bytes()) {
        Cow::Borrowed(_) => text,
        Cow::Owned(valid) => {
            buffer.fill(|out| out.extend_from_slice(valid.as_bytes()));
            buffer.text()
        }
    }
}

/// The bytes as text, invalid parts replaced. Unlike `String::from_utf8_lossy` alone it checks
/// valid text at full speed.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::SLACK;

    #[test]
    fn invalid_parts_are_replaced_as_python_does() {
        let mut buffer = PaddedBuf::default();
        // bytes.decode(errors="replace") of CPython 3.11 for the same bytes.
        for (raw, decoded) in [
            (&b"plain\n"[..], "plain\n"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"\xe2\x80 x", "\u{fffd} x"),
            (b"\xf0\x9f\x98", "\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xc0\xaf", "\u{fffd}\u{fffd}"),
            ("é\n".as_bytes(), "é\n"),
        ] {
            let mut padded = raw.to_vec();
            padded.resize(raw.len() + SLACK, 0);
            let text = make_valid(Text::new(&padded, raw.len()), &mut buffer);
            assert_eq!(text.bytes(), decoded.as_bytes());
        }
    }
}
