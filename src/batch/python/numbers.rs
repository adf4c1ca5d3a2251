//! `int`, `bool` and `float`.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `int`.
pub static INT_METHODS: &[Native] = &[];

/// The methods of `float`.
pub static FLOAT_METHODS: &[Native] = &[];

/// `int(…)`
///
/// # Errors
/// `TypeError`
pub fn new_int<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'int' instances"))
}

/// `bool(…)`
///
/// # Errors
/// `TypeError`
pub fn new_bool<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'bool' instances"))
}

/// `float(…)`
///
/// # Errors
/// `TypeError`
pub fn new_float<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'float' instances"))
}
