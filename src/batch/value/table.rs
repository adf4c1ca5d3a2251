//! The insertion-ordered hash table behind dicts and sets.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use hashbrown::HashTable;

use super::{Heap, Raised, Value, equal};

/// Up to so many entries a walk over them is faster than an index.
const UNINDEXED: usize = 8;

/// An entry; a removed one has no key.
struct Entry<'a> {
    hash: u64,
    key: Option<Value<'a>>,
    value: Value<'a>,
}

/// Entries in insertion order with an index by hash. Removed entries leave holes, which are closed when
/// the entries would grow. Nothing in here owns memory outside of the arena.
pub(super) struct Table<'a> {
    entries: BumpVec<'a, Entry<'a>>,
    /// Places by hash; `None` while the entries are few.
    index: Option<HashTable<u32, &'a Bump>>,
    /// No entry lies before this place.
    first: usize,
    live: usize,
}

impl<'a> Table<'a> {
    pub(super) fn new(bump: &'a Bump) -> Self {
        Table { entries: BumpVec::new_in(bump), index: None, first: 0, live: 0 }
    }

    /// A table of entries whose keys are known to differ, given with their hashes.
    pub(super) fn of_distinct(
        bump: &'a Bump,
        count: usize,
        entries: impl Iterator<Item = (u64, Value<'a>, Value<'a>)>,
    ) -> Self {
        let mut table = Table::new(bump);
        table.entries.reserve_exact(count);
        table.entries.extend(entries.map(|(hash, key, value)| Entry { hash, key: Some(key), value }));
        table.live = table.entries.len();
        if table.live > UNINDEXED {
            table.build_index();
        }
        table
    }

    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// Where the entry of a key is.
    #[inline]
    pub(super) fn find(&self, heap: &Heap<'a>, hash: u64, key: Value<'a>) -> Result<Option<usize>, Raised> {
        match key {
            Value::Str(text) => Ok(self.find_text(hash, text)),
            Value::Int(number) => {
                let same = |other| match other {
                    Value::Int(other) => Ok(other == number),
                    _ => equal(heap, other, key),
                };
                self.find_by(hash, same)
            }
            _ => self.find_by(hash, |other| {
                // CPython takes an object for equal to itself, NaN too.
                Ok(super::identical(other, key) || equal(heap, other, key)?)
            }),
        }
    }

    /// Where the entry of a `str` is: nothing else equals it, and comparing cannot fail.
    #[inline]
    pub(super) fn find_text(&self, hash: u64, text: &str) -> Option<usize> {
        let same = |entry: &Entry<'a>| {
            entry.hash == hash && matches!(entry.key, Some(Value::Str(other)) if *other == text)
        };
        match &self.index {
            None => self.entries.iter().position(same),
            Some(index) => {
                index.find(hash, |&place| same(&self.entries[place as usize])).map(|&place| place as usize)
            }
        }
    }

    fn find_by(
        &self,
        hash: u64,
        same: impl Fn(Value<'a>) -> Result<bool, Raised>,
    ) -> Result<Option<usize>, Raised> {
        let mut failed = None;
        let mut matches = |entry: &Entry<'a>| {
            let (true, Some(key)) = (entry.hash == hash, entry.key) else { return false };
            same(key).unwrap_or_else(|raised| {
                failed = Some(raised);
                true
            })
        };
        let place = match &self.index {
            None => self.entries.iter().position(matches),
            Some(index) => {
                index.find(hash, |&place| matches(&self.entries[place as usize])).map(|&place| place as usize)
            }
        };
        match failed {
            Some(raised) => Err(raised),
            None => Ok(place),
        }
    }

    /// Appends a key that is not in here yet.
    pub(super) fn append(
        &mut self,
        heap: &Heap<'a>,
        hash: u64,
        key: Value<'a>,
        value: Value<'a>,
    ) -> Result<(), Raised> {
        if self.entries.len() == self.entries.capacity() {
            self.make_room(heap)?;
        }
        let place = self.entries.len();
        self.entries.push(Entry { hash, key: Some(key), value });
        self.live += 1;
        match &mut self.index {
            Some(index) => {
                let entries = &self.entries;
                index.insert_unique(hash, place_number(place), |&place| entries[place as usize].hash);
            }
            None if self.entries.len() > UNINDEXED => self.build_index(),
            None => {}
        }
        Ok(())
    }

    /// Closes the holes if they are many, or else makes sure that the memory for growth is there.
    #[cold]
    fn make_room(&mut self, heap: &Heap<'a>) -> Result<(), Raised> {
        if self.live <= self.entries.len() / 2 && self.live < self.entries.len() {
            self.entries.retain(|entry| entry.key.is_some());
            self.first = 0;
            if self.index.is_some() {
                self.build_index();
            }
            return Ok(());
        }
        // Entries and index both double, and the arena keeps the old ones.
        let more = self.entries.len().max(4);
        heap.check_memory(more * 2 * (size_of::<Entry<'_>>() + 2 * size_of::<u32>()))?;
        self.entries.reserve(more);
        Ok(())
    }

    fn build_index(&mut self) {
        let bump = self.entries.bump();
        let room = self.entries.capacity().max(self.entries.len());
        let mut index = self.index.take().unwrap_or_else(|| HashTable::with_capacity_in(room, bump));
        index.clear();
        let entries = &self.entries;
        for (place, entry) in entries.iter().enumerate() {
            if entry.key.is_some() {
                index.insert_unique(entry.hash, place_number(place), |&place| entries[place as usize].hash);
            }
        }
        self.index = Some(index);
    }

    /// The key at a place that [`Table::find`] gave.
    pub(super) fn key(&self, place: usize) -> Option<Value<'a>> {
        self.entries.get(place)?.key
    }

    /// The value at a place.
    #[inline]
    pub(super) fn value(&self, place: usize) -> Value<'a> {
        self.entries[place].value
    }

    /// Sets the value at a place; whether an entry of that hash is still there.
    #[inline]
    pub(super) fn set_value(&mut self, place: usize, hash: u64, value: Value<'a>) -> bool {
        match self.entries.get_mut(place) {
            Some(entry) if entry.hash == hash && entry.key.is_some() => {
                entry.value = value;
                true
            }
            _ => false,
        }
    }

    /// Removes the entry at a place.
    pub(super) fn remove(&mut self, place: usize) -> Value<'a> {
        let hash = self.entries[place].hash;
        if let Some(index) = &mut self.index
            && let Ok(found) = index.find_entry(hash, |&other| other as usize == place)
        {
            found.remove();
        }
        self.live -= 1;
        let entry = &mut self.entries[place];
        entry.key = None;
        let value = std::mem::replace(&mut entry.value, Value::None);
        if place + 1 == self.entries.len() {
            while self.entries.last().is_some_and(|entry| entry.key.is_none()) {
                self.entries.pop();
            }
        }
        if self.live == 0 {
            self.first = self.entries.len();
        } else if place == self.first {
            while self.entries[self.first].key.is_none() {
                self.first += 1;
            }
        }
        value
    }

    /// The last entry's place.
    pub(super) fn last(&self) -> Option<usize> {
        // The last one is never a hole.
        (self.live > 0).then(|| self.entries.len() - 1)
    }

    /// The first entry at or behind a place, as its place, hash, key and value.
    #[inline]
    pub(super) fn entry(&self, place: usize) -> Option<(usize, u64, Value<'a>, Value<'a>)> {
        let mut place = place.max(self.first);
        loop {
            let entry = self.entries.get(place)?;
            if let Some(key) = entry.key {
                return Some((place, entry.hash, key, entry.value));
            }
            place += 1;
        }
    }

    /// The last entry before a place.
    pub(super) fn entry_before(&self, place: usize) -> Option<(usize, Value<'a>, Value<'a>)> {
        let mut place = place.min(self.entries.len());
        while place > self.first {
            place -= 1;
            let entry = &self.entries[place];
            if let Some(key) = entry.key {
                return Some((place, key, entry.value));
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.index = None;
        self.first = 0;
        self.live = 0;
    }

    /// The same entries without holes.
    pub(super) fn copy(&self, heap: &Heap<'a>) -> Result<Self, Raised> {
        heap.check_memory(self.live * (size_of::<Entry<'_>>() + 2 * size_of::<u32>()))?;
        let entries = self.entries.iter().filter_map(|entry| Some((entry.hash, entry.key?, entry.value)));
        Ok(Table::of_distinct(heap.bump(), self.live, entries))
    }
}

/// Places are stored in 32 bits: more entries than that would fill 160 GiB.
fn place_number(place: usize) -> u32 {
    u32::try_from(place).expect("a table has less than 2^32 entries")
}
