//! `dict` and its views.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `dict`.
pub static METHODS: &[Native] = &[];

/// The methods of `dict_keys`.
pub static KEYS_METHODS: &[Native] = &[];

/// The methods of `dict_items`.
pub static ITEMS_METHODS: &[Native] = &[];

/// `dict(…)`
///
/// # Errors
/// `TypeError`
pub fn new<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'dict' instances"))
}
