//! `JSONDecodeError`: where a text stops being JSON.

use crate::batch::python::text::length;
use crate::batch::value::exceptions::JSON_DECODE_ERROR;
use crate::batch::value::{Heap, Raised, Value};

/// Raises it for a byte of the text; line, column and place count characters.
#[cold]
pub fn raise(heap: &Heap<'_>, what: &str, text: &str, byte: usize) -> Raised {
    let before = &text[..byte.min(text.len())];
    let place = length(before);
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = length(&before[start..]) + 1;
    heap.raise(&JSON_DECODE_ERROR, format!("{what}: line {line} column {column} (char {place})"))
}

/// `msg`, `lineno`, `colno` and `pos` of an error with this text, which tells them all.
pub fn attribute<'a>(heap: &Heap<'a>, message: &str, name: &str) -> Option<Value<'a>> {
    let (what, place) = message.rsplit_once(": line ")?;
    let (line, place) = place.split_once(" column ")?;
    let (column, place) = place.split_once(" (char ")?;
    let number = |text: &str| text.parse().ok().map(Value::Int);
    match name {
        "msg" => Some(heap.str(what)),
        "lineno" => number(line),
        "colno" => number(column),
        "pos" => number(place.strip_suffix(')')?),
        _ => None,
    }
}
