//! Lower case, as Python's `str.lower()`.

use super::lines::lines;
use super::padded::PaddedBuf;
use super::utf8::decode;
use crate::batch::Text;

/// Puts the text in lower case into `buffer`: full Unicode mapping, the final sigma included, with
/// invalid UTF-8 replaced first. Lines stay lines.
pub fn lowercase<'a>(text: Text<'_>, buffer: &'a mut PaddedBuf) -> Text<'a> {
    buffer.fill(|out| {
        if text.bytes().is_ascii() {
            append_ascii(out, text.bytes());
            return;
        }
        for line in lines(text.bytes()) {
            if line.is_ascii() {
                append_ascii(out, line);
            } else {
                out.extend_from_slice(decode(line).to_lowercase().as_bytes());
            }
        }
    });
    buffer.text()
}

fn append_ascii(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.extend_from_slice(bytes);
    out[start..].make_ascii_lowercase();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::SLACK;

    #[test]
    fn lower_case_is_pythons() {
        let mut buffer = PaddedBuf::default();
        // str.lower() of CPython 3.11 for each line.
        for (input, lower) in [
            (&b"The LORD\nGod\n"[..], "the lord\ngod\n"),
            ("ÀÉ ẞ\nPLAIN\n".as_bytes(), "àé ß\nplain\n"),
            ("ΟΔΟΣ\nΣΑΣ ΑΣ'\n".as_bytes(), "οδος\nσας ας'\n"),
            ("İ\r\n".as_bytes(), "i\u{307}\r\n"),
            (b"A\xffB\n", "a\u{fffd}b\n"),
            (b"", ""),
        ] {
            let mut padded = input.to_vec();
            padded.resize(input.len() + SLACK, b'X');
            let text = lowercase(Text::new(&padded, input.len()), &mut buffer);
            assert_eq!(text.bytes(), lower.as_bytes());
        }
    }
}
