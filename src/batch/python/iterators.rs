//! `map`, `filter`, `zip`, `enumerate`, `reversed` and generators.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `generator`.
pub static GENERATOR_METHODS: &[Native] = &[];

/// `map(…)`
///
/// # Errors
/// `TypeError`
pub fn new_map<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'map' instances"))
}

/// `filter(…)`
///
/// # Errors
/// `TypeError`
pub fn new_filter<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'filter' instances"))
}

/// `zip(…)`
///
/// # Errors
/// `TypeError`
pub fn new_zip<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'zip' instances"))
}

/// `enumerate(…)`
///
/// # Errors
/// `TypeError`
pub fn new_enumerate<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'enumerate' instances"))
}

/// `reversed(…)`
///
/// # Errors
/// `TypeError`
pub fn new_reversed<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'reversed' instances"))
}
