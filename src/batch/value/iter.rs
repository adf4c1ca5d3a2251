//! Iterators: over containers, and whatever else produces values one by one.

use std::cell::RefCell;

use super::{Heap, Raised, Value};

/// Produces values one by one: generators, `map`, `zip`, the records of a partition, …
pub trait Produce<'a> {
    /// The next value, or `None` at the end (and from then on).
    ///
    /// # Errors
    /// Whatever the code behind it raises.
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised>;
}

/// An iterator, as the language sees it: shared by its aliases.
pub struct Iter<'a> {
    /// What `type(it).__name__` is: `generator`, `list_iterator`, `map`, …
    pub class: &'static super::TypeInfo,
    state: RefCell<State<'a>>,
}

/// Where an iterator stands. The common ones are no trait objects.
enum State<'a> {
    /// The rest of a tuple, or of a list that nobody else has.
    Slice(&'a [Value<'a>]),
    /// A list that may still change, and the next index.
    List(&'a super::List<'a>, usize),
    // … H1: dict keys/items/values (with "changed size during iteration"), set, str, bytes, range, …
    Produced(&'a dyn Produce<'a>),
    End,
}

impl<'a> Iter<'a> {
    /// An iterator over what `produce` makes.
    pub fn produced(class: &'static super::TypeInfo, produce: &'a dyn Produce<'a>) -> Self {
        Iter { class, state: RefCell::new(State::Produced(produce)) }
    }
    /// The next value.
    ///
    /// # Errors
    /// Whatever the code behind it raises; `RuntimeError` for a container that changed its size;
    /// `ValueError: generator already executing`.
    pub fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        todo!()
    }
}

/// `iter(value)`; an iterator is its own.
///
/// # Errors
/// `TypeError: 'int' object is not iterable`.
pub fn iterate<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a Iter<'a>, Raised> {
    todo!()
}
