//! Hash tables in insertion order: what is behind `dict` and `set`.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::object::Obj;
use crate::batch::value::{Arena, Heap, Task, decode, equal};

/// What an object is found by: equal for equal objects, as `1 == 1.0 == True`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// `None`
    None,
    /// An `int`, `bool` or whole `float` of 64 bits.
    Int(i64),
    /// Any other `float`, by its bits.
    Float(u64),
    /// A `str`
    Str(Rc<str>),
    /// `bytes`
    Bytes(Rc<[u8]>),
    /// A `tuple`
    Tuple(Box<[Key]>),
    /// Anything else that is compared by value.
    Valued(Valued),
    /// What equals nothing but itself.
    Identity(usize),
}

/// A value of Python's library that is compared by its rules.
#[derive(Clone, Debug)]
pub struct Valued {
    /// Its hash.
    pub hash: u64,
    /// The value, encoded.
    pub bytes: Rc<[u8]>,
}

impl Hash for Valued {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl PartialEq for Valued {
    fn eq(&self, other: &Self) -> bool {
        if self.hash != other.hash || self.bytes == other.bytes {
            return self.hash == other.hash;
        }
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let (a, b) = (decode(&heap, &mut &*self.bytes), decode(&heap, &mut &*other.bytes));
        // Values that could be hashed compare without calling anything that raises.
        equal(&heap, a, b).unwrap_or(false)
    }
}

impl Eq for Valued {}

/// Entries in insertion order with an index by key. Removed entries leave holes until the table is
/// tidied up.
#[derive(Clone, Debug, Default)]
pub struct Table {
    index: HashMap<Key, usize, ahash::RandomState>,
    entries: Vec<Option<(Key, Obj, Obj)>>,
}

impl Table {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Obj> {
        let place = *self.index.get(key)?;
        self.entries[place].as_ref().map(|(_, _, value)| value)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    /// Sets the value of a key; a key that is there stays where and as it is.
    pub fn insert(&mut self, key: Key, object: Obj, value: Obj) {
        if let Some(&place) = self.index.get(&key) {
            if let Some(entry) = &mut self.entries[place] {
                entry.2 = value;
            }
            return;
        }
        self.index.insert(key.clone(), self.entries.len());
        self.entries.push(Some((key, object, value)));
    }

    /// Removes a key; its value, if it was there.
    pub fn remove(&mut self, key: &Key) -> Option<Obj> {
        let place = self.index.remove(key)?;
        let removed = self.entries[place].take().map(|(_, _, value)| value);
        if self.entries.len() > 32 && self.entries.len() > 2 * self.index.len() {
            self.tidy();
        }
        removed
    }

    /// The first entry at or behind a place, and the place behind it.
    pub fn entry(&self, place: usize) -> Option<(usize, &Obj, &Obj)> {
        let (offset, entry) =
            self.entries.get(place..)?.iter().enumerate().find(|(_, entry)| entry.is_some())?;
        entry.as_ref().map(|(_, object, value)| (place + offset + 1, object, value))
    }

    /// The entries.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Obj, &Obj)> {
        self.entries.iter().flatten().map(|(key, object, value)| (key, object, value))
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
    }

    fn tidy(&mut self) {
        self.entries.retain(Option::is_some);
        for (place, entry) in self.entries.iter().enumerate() {
            if let Some((key, _, _)) = entry {
                self.index.insert(key.clone(), place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_over_removals() {
        let mut table = Table::default();
        for number in 0..100 {
            table.insert(Key::Int(number), Obj::Int(number), Obj::None);
        }
        for number in 0..90 {
            table.remove(&Key::Int(number));
        }
        table.insert(Key::Int(3), Obj::Int(3), Obj::None);
        let left: Vec<_> = table.iter().filter_map(|(_, object, _)| object.as_int()).collect();
        assert_eq!(left, [90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 3]);
        assert!(table.contains(&Key::Int(3)) && !table.contains(&Key::Int(4)));
    }
}
