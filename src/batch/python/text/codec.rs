//! `str.encode` and `bytes.decode`: UTF-8, ASCII and Latin-1.

use bumpalo::collections::{String as BumpString, Vec as BumpVec};

use super::{finished, length, this};
use crate::batch::python::args::text_argument;
use crate::batch::value::exceptions::{LOOKUP_ERROR, UNICODE_DECODE_ERROR, UNICODE_ENCODE_ERROR, exception};
use crate::batch::value::{Args, Heap, Outcome, Raised, TypeInfo, Value};

/// The encodings there are.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
}

impl Encoding {
    fn of(heap: &Heap<'_>, name: &str) -> Result<Self, Raised> {
        let plain: String = name.to_ascii_lowercase().replace(['_', ' '], "-");
        match plain.as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "cp65001" => Ok(Encoding::Utf8),
            "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => Ok(Encoding::Ascii),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "latin" | "l1" => {
                Ok(Encoding::Latin1)
            }
            _ => Err(heap.raise(&LOOKUP_ERROR, format!("unknown encoding: {name}"))),
        }
    }

    /// What CPython's messages call it.
    fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "latin-1",
        }
    }
}

fn unknown_handler(heap: &Heap<'_>, errors: &str) -> Raised {
    heap.raise(&LOOKUP_ERROR, format!("unknown error handler name '{errors}'"))
}

/// The encoding and the error handler that a method is given.
pub fn encoding_and_errors<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
) -> Result<(&'a str, &'a str), Raised> {
    let [encoding, errors] = args.bind(heap, name, ["encoding", "errors"], 0)?;
    let encoding = encoding.map_or(Ok("utf-8"), |value| text_argument(heap, name, "'encoding'", value))?;
    let errors = errors.map_or(Ok("strict"), |value| text_argument(heap, name, "'errors'", value))?;
    Ok((encoding, errors))
}

/// `str.encode(encoding='utf-8', errors='strict')`
pub fn encode_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.encode")?;
    let (encoding, errors) = encoding_and_errors(heap, args, "str.encode")?;
    encode(heap, text, encoding, errors)
}

/// `bytes` of a text.
///
/// # Errors
/// `LookupError` for an encoding or a handler that is not there; `UnicodeEncodeError`.
pub fn encode<'a>(heap: &Heap<'a>, text: &'a str, encoding: &str, errors: &str) -> Outcome<'a> {
    let encoding = Encoding::of(heap, encoding)?;
    if encoding == Encoding::Utf8 || text.is_ascii() {
        return Ok(Value::Bytes(heap.bump().alloc(text.as_bytes())));
    }
    let bound = if encoding == Encoding::Ascii { 128 } else { 256 };
    let fits = |c: char| u32::from(c) < bound;
    let mut out = BumpVec::with_capacity_in(text.len(), heap.bump());
    for (place, c) in text.char_indices() {
        if let Some(byte) = u8::try_from(u32::from(c)).ok().filter(|_| fits(c)) {
            out.push(byte);
            continue;
        }
        match errors {
            "ignore" => {}
            "replace" => out.push(b'?'),
            "backslashreplace" => out.extend_from_slice(escaped(c).as_bytes()),
            "xmlcharrefreplace" => out.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
            "strict" => return Err(not_encodable(heap, text, place, encoding, fits)),
            _ => return Err(unknown_handler(heap, errors)),
        }
    }
    heap.check_memory(0)?;
    let bytes: &'a [u8] = out.into_bump_slice();
    Ok(Value::Bytes(heap.bump().alloc(bytes)))
}

/// `\xe9`, `\u20ac`, `\U0001f600`
pub fn escaped(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

fn not_encodable<'a>(
    heap: &Heap<'a>,
    text: &'a str,
    place: usize,
    encoding: Encoding,
    fits: impl Fn(char) -> bool,
) -> Raised {
    let wrong: Vec<char> = text[place..].chars().take_while(|c| !fits(*c)).collect();
    let start = length(&text[..place]);
    let end = start + wrong.len();
    let reason =
        if encoding == Encoding::Ascii { "ordinal not in range(128)" } else { "ordinal not in range(256)" };
    codec_error(heap, &UNICODE_ENCODE_ERROR, encoding, heap.text(text), start..end, reason)
}

/// `UnicodeEncodeError` and `UnicodeDecodeError` have five arguments, of which their text is made.
fn codec_error<'a>(
    heap: &Heap<'a>,
    class: &'static TypeInfo,
    encoding: Encoding,
    object: Value<'a>,
    places: std::ops::Range<usize>,
    reason: &'static str,
) -> Raised {
    let number = |place: usize| Value::Int(i64::try_from(place).expect("no text is so long"));
    let arguments =
        [heap.text(encoding.name()), object, number(places.start), number(places.end), heap.text(reason)];
    heap.throw(exception(heap, class, &arguments))
}

/// What `str` gives of a `UnicodeEncodeError` or `UnicodeDecodeError` with these arguments.
pub fn codec_message(arguments: &[Value<'_>]) -> Option<String> {
    let [Value::Str(encoding), object, Value::Int(start), Value::Int(end), Value::Str(reason)] = arguments
    else {
        return None;
    };
    let first = usize::try_from(*start).ok()?;
    let last = end.checked_sub(1)?;
    let (verb, what) = match object {
        Value::Str(text) => {
            ("encode", text.chars().nth(first).map(|c| format!("character '{}'", escaped(c))))
        }
        Value::Bytes(bytes) => ("decode", bytes.get(first).map(|byte| format!("byte 0x{byte:02x}"))),
        _ => return None,
    };
    Some(match what {
        Some(what) if last == *start => {
            format!("'{encoding}' codec can't {verb} {what} in position {start}: {reason}")
        }
        _ => {
            let things = if verb == "encode" { "characters" } else { "bytes" };
            format!("'{encoding}' codec can't {verb} {things} in position {start}-{last}: {reason}")
        }
    })
}

/// `bytes.decode(encoding, errors)`
///
/// # Errors
/// `LookupError` for an encoding or a handler that is not there; `UnicodeDecodeError`.
pub fn decode<'a>(heap: &Heap<'a>, bytes: &'a [u8], encoding: &str, errors: &str) -> Outcome<'a> {
    let encoding = Encoding::of(heap, encoding)?;
    if encoding == Encoding::Latin1 {
        let mut out = BumpString::with_capacity_in(bytes.len(), heap.bump());
        out.extend(bytes.iter().map(|byte| char::from(*byte)));
        return Ok(finished(heap, out));
    }
    let text = std::str::from_utf8(bytes);
    if let Ok(text) = text
        && (encoding == Encoding::Utf8 || text.is_ascii())
    {
        return Ok(heap.text(text));
    }
    let mut out = BumpString::with_capacity_in(bytes.len(), heap.bump());
    let mut place = 0;
    while place < bytes.len() {
        let rest = &bytes[place..];
        let (good, bad, reason) = match encoding {
            Encoding::Utf8 => match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0, ""),
                Err(error) => utf8_fault(rest, &error),
            },
            _ => (rest.iter().take_while(|byte| byte.is_ascii()).count(), 1, "ordinal not in range(128)"),
        };
        out.push_str(std::str::from_utf8(&rest[..good]).expect("it was checked"));
        place += good;
        let bad = bad.min(bytes.len() - place);
        if bad == 0 {
            continue;
        }
        match errors {
            "ignore" => {}
            "replace" => out.push('\u{fffd}'),
            "backslashreplace" => {
                bytes[place..place + bad].iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
            }
            "strict" => {
                let object = Value::Bytes(heap.bump().alloc(bytes));
                return Err(codec_error(
                    heap,
                    &UNICODE_DECODE_ERROR,
                    encoding,
                    object,
                    place..place + bad,
                    reason,
                ));
            }
            _ => return Err(unknown_handler(heap, errors)),
        }
        place += bad;
    }
    heap.check_memory(0)?;
    Ok(finished(heap, out))
}

/// How many bytes are good, how many behind these make one fault, and CPython's word for it.
fn utf8_fault(bytes: &[u8], error: &std::str::Utf8Error) -> (usize, usize, &'static str) {
    let good = error.valid_up_to();
    match error.error_len() {
        None => (good, bytes.len() - good, "unexpected end of data"),
        Some(bad) => {
            let starts = matches!(bytes[good], 0xc2..=0xf4);
            (good, bad, if starts { "invalid continuation byte" } else { "invalid start byte" })
        }
    }
}
