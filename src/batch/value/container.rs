//! Lists, and the insertion-ordered hash tables behind dicts and sets.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use super::{Heap, Raised, TypeInfo, Value};

/// A `list`.
pub struct List<'a> {
    /// Its items; never borrowed over a call into the language.
    pub items: RefCell<BumpVec<'a, Value<'a>>>,
}

impl<'a> List<'a> {
    /// A list of these items.
    pub fn new(bump: &'a Bump, items: impl IntoIterator<Item = Value<'a>>) -> Self {
        List { items: RefCell::new(BumpVec::from_iter_in(items, bump)) }
    }
}

/// A `dict`: entries in insertion order. `1`, `1.0` and `True` are one key, the first seen stays.
pub struct Dict<'a> {
    /// `dict`, `Counter`, `defaultdict` or `OrderedDict`
    pub class: &'static TypeInfo,
    /// What makes the value of a missing key of a `defaultdict`.
    pub default: Cell<Value<'a>>,
    table: RefCell<Table<'a>>,
}

/// A `set` or `frozenset`: members in insertion order.
pub struct Set<'a> {
    /// `set` or `frozenset`
    pub class: &'static TypeInfo,
    table: RefCell<Table<'a>>,
}

/// Entries in insertion order with an index by hash. Removed entries leave holes until the next growth.
struct Table<'a> {
    bump: &'a Bump,
    placeholder: std::marker::PhantomData<Value<'a>>,
}

impl<'a> Dict<'a> {
    /// An empty `dict`.
    pub fn new(bump: &'a Bump) -> Self {
        todo!()
    }
    /// An empty one of another class.
    pub fn of_class(bump: &'a Bump, class: &'static TypeInfo, default: Value<'a>) -> Self {
        todo!()
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// The value of a key.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed.
    pub fn get(&self, heap: &Heap<'a>, key: Value<'a>) -> Result<Option<Value<'a>>, Raised> {
        todo!()
    }
    /// Sets the value of a key; a key that is there stays where and as it is.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed.
    pub fn insert(&self, heap: &Heap<'a>, key: Value<'a>, value: Value<'a>) -> Result<(), Raised> {
        todo!()
    }
    /// Replaces a key's value by what `update` makes of it (of `None` for a missing key), with one look-up.
    /// `update` must not touch this dict.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed, and what `update` raises.
    pub fn update(
        &self,
        heap: &Heap<'a>,
        key: Value<'a>,
        update: impl FnOnce(Option<Value<'a>>) -> Result<Value<'a>, Raised>,
    ) -> Result<(), Raised> {
        todo!()
    }
    /// Removes a key; its value, if it was there.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed.
    pub fn remove(&self, heap: &Heap<'a>, key: Value<'a>) -> Result<Option<Value<'a>>, Raised> {
        todo!()
    }
    /// Removes the entry that came last.
    pub fn pop_last(&self) -> Option<(Value<'a>, Value<'a>)> {
        todo!()
    }
    /// The first entry at or behind a place, and the place behind it: iteration that survives changes.
    pub fn entry(&self, place: usize) -> Option<(usize, Value<'a>, Value<'a>)> {
        todo!()
    }
    /// Removes everything.
    pub fn clear(&self) {
        todo!()
    }
}

impl<'a> Set<'a> {
    /// An empty `set` or `frozenset`.
    pub fn new(bump: &'a Bump, class: &'static TypeInfo) -> Self {
        todo!()
    }
    /// How many members there are.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Adds a member; whether it was new.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    pub fn add(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        todo!()
    }
    /// Whether it is a member.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    pub fn contains(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        todo!()
    }
    /// Removes a member; whether it was there.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    pub fn remove(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        todo!()
    }
    /// The first member at or behind a place, and the place behind it.
    pub fn entry(&self, place: usize) -> Option<(usize, Value<'a>)> {
        todo!()
    }
    /// Removes everything.
    pub fn clear(&self) {
        todo!()
    }
}
