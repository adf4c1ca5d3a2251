//! `set` and `frozenset`.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `set`.
pub static SET_METHODS: &[Native] = &[];

/// The methods of `frozenset`.
pub static FROZENSET_METHODS: &[Native] = &[];

/// `set(…)`
///
/// # Errors
/// `TypeError`
pub fn new_set<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'set' instances"))
}

/// `frozenset(…)`
///
/// # Errors
/// `TypeError`
pub fn new_frozenset<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'frozenset' instances"))
}
