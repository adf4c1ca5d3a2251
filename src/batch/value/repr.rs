//! `repr`, `str` and truth of values, as CPython prints them.

use super::{Heap, Raised, Value};

/// Appends `repr(value)`; a container that holds itself prints as `[...]`.
///
/// # Errors
/// `RecursionError`
pub fn repr<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    todo!()
}

/// Appends `str(value)`.
///
/// # Errors
/// `RecursionError`
pub fn str<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    todo!()
}

/// `bool(value)`; never raises for the types there are.
pub fn truth(value: Value<'_>) -> bool {
    todo!()
}

/// `str(value)`, in the arena.
///
/// # Errors
/// `RecursionError`
pub fn to_text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    todo!()
}

/// `repr(value)`, in the arena.
///
/// # Errors
/// `RecursionError`
pub fn repr_text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    todo!()
}
