//! Lists, dicts and sets.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use super::hash::hash_set;
use super::table::Table;
use super::types::DICT;
use super::{Heap, Raised, TypeInfo, Value, hash, hash_text};

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

    /// How many items there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a place, if there is one.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Value<'a>> {
        self.items.borrow().get(place).copied()
    }

    /// Appends an item.
    ///
    /// # Errors
    /// `MemoryError`
    #[inline]
    pub fn push(&self, heap: &Heap<'a>, item: Value<'a>) -> Result<(), Raised> {
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() {
            heap.check_memory(2 * items.len() * size_of::<Value<'_>>())?;
        }
        items.push(item);
        Ok(())
    }

    /// A copy of the items as they are now, in the arena: what to walk through while code runs that may
    /// change the list.
    pub fn snapshot(&self, heap: &Heap<'a>) -> &'a [Value<'a>] {
        heap.bump().alloc_slice_copy(&self.items.borrow())
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

/// A `set` or `frozenset`: members in insertion order, where CPython has them in the order of its table,
/// which for text is another in every process.
pub struct Set<'a> {
    /// `set` or `frozenset`
    pub class: &'static TypeInfo,
    table: RefCell<Table<'a>>,
}

impl<'a> Dict<'a> {
    /// An empty `dict`.
    pub fn new(bump: &'a Bump) -> Self {
        Dict::of_class(bump, &DICT, Value::None)
    }

    /// An empty one of another class.
    pub fn of_class(bump: &'a Bump, class: &'static TypeInfo, default: Value<'a>) -> Self {
        Dict { class, default: Cell::new(default), table: RefCell::new(Table::new(bump)) }
    }

    /// One of these entries, whose keys are known to differ, each with its [`hash`](super::hash).
    pub(super) fn of_distinct(
        bump: &'a Bump,
        class: &'static TypeInfo,
        default: Value<'a>,
        count: usize,
        entries: impl Iterator<Item = (u64, Value<'a>, Value<'a>)>,
    ) -> Self {
        let table = RefCell::new(Table::of_distinct(bump, count, entries));
        Dict { class, default: Cell::new(default), table }
    }

    /// One of the same class with the same entries.
    ///
    /// # Errors
    /// `MemoryError`
    pub fn copy(&self, heap: &Heap<'a>) -> Result<&'a Self, Raised> {
        let table = RefCell::new(self.table.borrow().copy(heap)?);
        Ok(heap.bump().alloc(Dict { class: self.class, default: self.default.clone(), table }))
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed.
    #[inline]
    pub fn get(&self, heap: &Heap<'a>, key: Value<'a>) -> Result<Option<Value<'a>>, Raised> {
        let hash = hash(heap, key)?;
        let table = self.table.borrow();
        Ok(table.find(heap, hash, key)?.map(|place| table.value(place)))
    }

    /// The value of a key that is a `str`.
    pub fn get_text(&self, key: &str) -> Option<Value<'a>> {
        let table = self.table.borrow();
        table.find_text(hash_text(key), key).map(|place| table.value(place))
    }

    /// Sets the value of a key; a key that is there stays where and as it is.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed; `MemoryError`.
    #[inline]
    pub fn insert(&self, heap: &Heap<'a>, key: Value<'a>, value: Value<'a>) -> Result<(), Raised> {
        self.insert_hashed(heap, hash(heap, key)?, key, value)
    }

    #[inline]
    fn insert_hashed(
        &self,
        heap: &Heap<'a>,
        hash: u64,
        key: Value<'a>,
        value: Value<'a>,
    ) -> Result<(), Raised> {
        let mut table = self.table.borrow_mut();
        match table.find(heap, hash, key)? {
            Some(place) => {
                table.set_value(place, hash, value);
                Ok(())
            }
            None => table.append(heap, hash, key, value),
        }
    }

    /// Replaces a key's value by what `update` makes of it (of `None` for a missing key), with one look-up.
    /// `update` must not touch this dict.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed, what `update` raises, and `MemoryError`.
    #[inline]
    pub fn update(
        &self,
        heap: &Heap<'a>,
        key: Value<'a>,
        update: impl FnOnce(Option<Value<'a>>) -> Result<Value<'a>, Raised>,
    ) -> Result<(), Raised> {
        let hash = hash(heap, key)?;
        let found = {
            let table = self.table.borrow();
            table.find(heap, hash, key)?.map(|place| (place, table.value(place)))
        };
        let value = update(found.map(|(_, value)| value))?;
        match found {
            None => self.table.borrow_mut().append(heap, hash, key, value),
            Some((place, _)) => {
                if !self.table.borrow_mut().set_value(place, hash, value) {
                    return self.insert_hashed(heap, hash, key, value);
                }
                Ok(())
            }
        }
    }

    /// Removes a key; its value, if it was there.
    ///
    /// # Errors
    /// `TypeError` if the key cannot be hashed.
    pub fn remove(&self, heap: &Heap<'a>, key: Value<'a>) -> Result<Option<Value<'a>>, Raised> {
        let hash = hash(heap, key)?;
        let mut table = self.table.borrow_mut();
        Ok(table.find(heap, hash, key)?.map(|place| table.remove(place)))
    }

    /// Removes the entry that came last.
    pub fn pop_last(&self) -> Option<(Value<'a>, Value<'a>)> {
        let mut table = self.table.borrow_mut();
        let place = table.last()?;
        let key = table.key(place)?;
        Some((key, table.remove(place)))
    }

    /// The first entry at or behind a place, and the place behind it: iteration that survives changes.
    #[inline]
    pub fn entry(&self, place: usize) -> Option<(usize, Value<'a>, Value<'a>)> {
        self.table.borrow().entry(place).map(|(place, _, key, value)| (place + 1, key, value))
    }

    /// The last entry before a place (`usize::MAX` is behind all of them), and its own place: iteration backwards.
    pub fn entry_before(&self, place: usize) -> Option<(usize, Value<'a>, Value<'a>)> {
        self.table.borrow().entry_before(place)
    }

    /// The entries in order, as keys and values. The dict may change meanwhile.
    pub fn entries(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let mut place = 0;
        std::iter::from_fn(move || {
            let (next, key, value) = self.entry(place)?;
            place = next;
            Some((key, value))
        })
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.table.borrow_mut().clear();
    }
}

impl<'a> Set<'a> {
    /// An empty `set` or `frozenset`.
    pub fn new(bump: &'a Bump, class: &'static TypeInfo) -> Self {
        Set { class, table: RefCell::new(Table::new(bump)) }
    }

    /// One of these members, which are known to differ, each with its [`hash`](super::hash).
    pub(super) fn of_distinct(
        bump: &'a Bump,
        class: &'static TypeInfo,
        count: usize,
        members: impl Iterator<Item = (u64, Value<'a>)>,
    ) -> Self {
        let entries = members.map(|(hash, member)| (hash, member, Value::None));
        Set { class, table: RefCell::new(Table::of_distinct(bump, count, entries)) }
    }

    /// One with the same members.
    ///
    /// # Errors
    /// `MemoryError`
    pub fn copy(&self, heap: &Heap<'a>, class: &'static TypeInfo) -> Result<&'a Self, Raised> {
        let table = RefCell::new(self.table.borrow().copy(heap)?);
        Ok(heap.bump().alloc(Set { class, table }))
    }

    /// How many members there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a member; whether it was new.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed; `MemoryError`.
    #[inline]
    pub fn add(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        let hash = hash(heap, member)?;
        let mut table = self.table.borrow_mut();
        if table.find(heap, hash, member)?.is_some() {
            return Ok(false);
        }
        table.append(heap, hash, member, Value::None)?;
        Ok(true)
    }

    /// Whether it is a member.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    #[inline]
    pub fn contains(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        let hash = hash_member(heap, member)?;
        Ok(self.table.borrow().find(heap, hash, member)?.is_some())
    }

    /// Removes a member; whether it was there.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    pub fn remove(&self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        let hash = hash_member(heap, member)?;
        let mut table = self.table.borrow_mut();
        let place = table.find(heap, hash, member)?;
        Ok(place.map(|place| table.remove(place)).is_some())
    }

    /// The first member at or behind a place, and the place behind it.
    #[inline]
    pub fn entry(&self, place: usize) -> Option<(usize, Value<'a>)> {
        self.table.borrow().entry(place).map(|(place, _, member, _)| (place + 1, member))
    }

    /// The members in order. The set may change meanwhile.
    pub fn members(&self) -> impl Iterator<Item = Value<'a>> {
        let mut place = 0;
        std::iter::from_fn(move || {
            let (next, member) = self.entry(place)?;
            place = next;
            Some(member)
        })
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.table.borrow_mut().clear();
    }
}

/// The hash of what is looked for in a set: there a `set` counts as the `frozenset` that equals it.
#[inline]
fn hash_member<'a>(heap: &Heap<'a>, member: Value<'a>) -> Result<u64, Raised> {
    match member {
        Value::Set(set) => hash_set(heap, set),
        _ => hash(heap, member),
    }
}
