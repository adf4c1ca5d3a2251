//! `%`, `format` and f-strings.

use crate::batch::value::{Heap, Outcome, Value};

/// `template % arguments` of a `str`.
///
/// # Errors
/// `TypeError`, `ValueError`, `KeyError` as in CPython.
pub fn percent<'a>(heap: &Heap<'a>, template: &str, arguments: Value<'a>) -> Outcome<'a> {
    todo!()
}

/// `template % arguments` of `bytes`.
///
/// # Errors
/// As [`percent`].
pub fn percent_bytes<'a>(heap: &Heap<'a>, template: &[u8], arguments: Value<'a>) -> Outcome<'a> {
    todo!()
}
