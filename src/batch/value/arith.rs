//! Operators on values: arithmetic as CPython does it, ints without bound.

use super::{Binary, Heap, Outcome, Unary, Value};

/// `left op right`, and `left op= right` where `in_place` (lists, sets and dicts are changed then).
///
/// # Errors
/// CPython's, with its messages.
pub fn binary<'a>(
    heap: &Heap<'a>,
    op: Binary,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Outcome<'a> {
    todo!()
}

/// `op operand`.
///
/// # Errors
/// `TypeError: bad operand type for unary -: 'str'`.
pub fn unary<'a>(heap: &Heap<'a>, op: Unary, operand: Value<'a>) -> Outcome<'a> {
    todo!()
}
