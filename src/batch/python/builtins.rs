//! Built-in functions.

use crate::batch::value::{Args, Heap, Outcome, exceptions::TYPE_ERROR};

/// `type(…)`
///
/// # Errors
/// `TypeError`
pub fn new_type<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'type' instances"))
}
