//! `bytes`.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `bytes`.
pub static METHODS: &[Native] = &[];

/// `bytes(…)`
///
/// # Errors
/// `TypeError`
pub fn new<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'bytes' instances"))
}
