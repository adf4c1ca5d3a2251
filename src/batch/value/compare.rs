//! Equality, order and hashing across types, as Python has them.

use std::cmp::Ordering;

use super::{Heap, Raised, Value};

/// `a is b`
pub fn identical(a: Value<'_>, b: Value<'_>) -> bool {
    todo!()
}

/// `a == b`; `1 == 1.0 == True`, NaN equals nothing unless it is the same object inside a container.
///
/// # Errors
/// `RecursionError`
pub fn equal<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    todo!()
}

/// How `a` and `b` compare by `<`, named `symbol` in messages; `None` for NaN and for sets of which none holds the other.
///
/// # Errors
/// `TypeError: '<' not supported between instances of 'int' and 'str'`.
pub fn order<'a>(
    heap: &Heap<'a>,
    symbol: &str,
    a: Value<'a>,
    b: Value<'a>,
) -> Result<Option<Ordering>, Raised> {
    todo!()
}

/// `member in container`
///
/// # Errors
/// `TypeError: argument of type 'int' is not iterable`, `'in <string>' requires string as left operand, not int`.
pub fn contains<'a>(heap: &Heap<'a>, container: Value<'a>, member: Value<'a>) -> Result<bool, Raised> {
    todo!()
}
