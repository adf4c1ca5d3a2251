//! `collections`: `Counter`, `defaultdict`, `OrderedDict`.

use crate::batch::value::{Args, Heap, Native, Outcome, exceptions::TYPE_ERROR};

/// The methods of `Counter`.
pub static COUNTER_METHODS: &[Native] = &[];

/// The methods of `OrderedDict`.
pub static ORDERED_DICT_METHODS: &[Native] = &[];

/// `Counter(…)`
///
/// # Errors
/// `TypeError`
pub fn new_counter<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'Counter' instances"))
}

/// `defaultdict(…)`
///
/// # Errors
/// `TypeError`
pub fn new_default_dict<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'defaultdict' instances"))
}

/// `OrderedDict(…)`
///
/// # Errors
/// `TypeError`
pub fn new_ordered_dict<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "cannot create 'OrderedDict' instances"))
}
