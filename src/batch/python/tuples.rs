//! `tuple`.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `tuple`.
pub static METHODS: &[Native] = &[];

/// `tuple(…)`
///
/// # Errors
/// `TypeError`
pub fn new<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'tuple' instances"))
}
