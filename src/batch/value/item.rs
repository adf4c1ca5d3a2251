//! Items and slices of sequences and mappings, and `len`.

use super::{Heap, Outcome, Raised, Value};

/// `value[index]`
///
/// # Errors
/// `IndexError`, `KeyError`, `TypeError` as in CPython.
pub fn get_item<'a>(heap: &Heap<'a>, value: Value<'a>, index: Value<'a>) -> Outcome<'a> {
    todo!()
}

/// `value[index] = item`
///
/// # Errors
/// `IndexError`, `TypeError` as in CPython.
pub fn set_item<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    index: Value<'a>,
    item: Value<'a>,
) -> Result<(), Raised> {
    todo!()
}

/// `del value[index]`
///
/// # Errors
/// `IndexError`, `KeyError`, `TypeError` as in CPython.
pub fn delete_item<'a>(heap: &Heap<'a>, value: Value<'a>, index: Value<'a>) -> Result<(), Raised> {
    todo!()
}

/// `value[start:stop:step]`, `None` for each part that is not given.
///
/// # Errors
/// `TypeError` for what has no slices or for parts that are no ints, `ValueError: slice step cannot be zero`.
pub fn get_slice<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    start: Value<'a>,
    stop: Value<'a>,
    step: Value<'a>,
) -> Outcome<'a> {
    todo!()
}

/// `value[start:stop:step] = items`; only lists have that.
///
/// # Errors
/// As [`get_slice`], and `ValueError` where a step is given and the lengths differ.
pub fn set_slice<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    slice: [Value<'a>; 3],
    items: Value<'a>,
) -> Result<(), Raised> {
    todo!()
}

/// `del value[start:stop:step]`; only lists have that.
///
/// # Errors
/// As [`get_slice`].
pub fn delete_slice<'a>(heap: &Heap<'a>, value: Value<'a>, slice: [Value<'a>; 3]) -> Result<(), Raised> {
    todo!()
}

/// Where a slice of a sequence of `length` items starts and stops, and its step.
///
/// # Errors
/// As [`get_slice`].
pub fn slice_places<'a>(
    heap: &Heap<'a>,
    length: usize,
    slice: [Value<'a>; 3],
) -> Result<(i64, i64, i64), Raised> {
    todo!()
}

/// `len(value)`
///
/// # Errors
/// `TypeError: object of type 'int' has no len()`.
pub fn length<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<usize, Raised> {
    todo!()
}
