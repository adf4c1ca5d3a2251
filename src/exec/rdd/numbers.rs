//! Numbers by key, brought together as they come in: what `reduceByKey(lambda a, b: a + b)` and its like do where
//! keys are text, without a function being called or a value being kept.

use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashTable;

use super::write::{ENCODED_AT_ONCE, Writer};
use crate::batch::value::{Arena, Heap, Raised, Task, Value};
use crate::plan::{Reduce, Reducer};

/// A number of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn of(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Number::Int(number)),
            Value::Float(number) => Some(Number::Float(number.get())),
            _ => None,
        }
    }

    fn value<'a>(self) -> Value<'a> {
        match self {
            Number::Int(number) => Value::Int(number),
            Number::Float(number) => Value::float(number),
        }
    }

    /// What becomes of two numbers of one kind, if that is another of it.
    #[inline]
    fn reduced(self, other: Number, step: Reduce) -> Option<Number> {
        match (self, other, step) {
            (Number::Int(a), Number::Int(b), Reduce::Sum) => a.checked_add(b).map(Number::Int),
            (Number::Float(a), Number::Float(b), Reduce::Sum) => Some(Number::Float(a + b)),
            (Number::Int(a), Number::Int(b), _) => step.choose(self, other, Some(a.cmp(&b))),
            (Number::Float(a), Number::Float(b), _) => step.choose(self, other, a.partial_cmp(&b)),
            _ => None,
        }
    }
}

/// How values are brought together, and how their keys are hashed.
#[derive(Clone, Debug)]
pub(super) struct Reducing {
    reducer: Reducer,
    hasher: RandomState,
}

impl Reducing {
    pub(super) fn new(reducer: Reducer) -> Self {
        Reducing { reducer, hasher: RandomState::new() }
    }

    /// The key and the numbers of a record, if it has such.
    #[inline]
    fn numbers_of<'a, 'n>(
        &self,
        record: Value<'a>,
        room: &'n mut Vec<Number>,
    ) -> Option<(&'a str, &'n [Number])> {
        let Value::Pair([Value::Str(key), value]) = record else { return None };
        room.clear();
        if self.reducer.is_of_tuples {
            for item in value.as_tuple()? {
                room.push(Number::of(*item)?);
            }
        } else {
            room.push(Number::of(*value)?);
        }
        (room.len() == self.reducer.steps.len()).then_some((key, room))
    }
}

/// Keys in the order in which they were first seen, each with its numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    how: Arc<Reducing>,
    /// Places in `keys`.
    index: HashTable<u32>,
    keys: Vec<Key>,
    text: String,
    /// As many for each key as there are steps.
    numbers: Vec<Number>,
    /// Those of the record that is being looked at.
    room: Vec<Number>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    hash: u64,
    start: usize,
    len: usize,
}

impl Numbers {
    pub(super) fn new(how: &Arc<Reducing>) -> Self {
        Numbers {
            how: Arc::clone(how),
            index: HashTable::new(),
            keys: Vec::new(),
            text: String::new(),
            numbers: Vec::new(),
            room: Vec::new(),
        }
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let of_key = size_of::<Key>() + size_of::<u32>() + size_of::<Number>() * self.how.reducer.steps.len();
        self.text.len() + self.keys.len() * of_key
    }

    /// Takes a record, if it is a key that is text with numbers that can be brought together; otherwise nothing
    /// has changed.
    ///
    /// # Errors
    /// `MemoryError` if there are too many keys.
    #[inline]
    pub(super) fn take<'a>(&mut self, heap: &Heap<'a>, record: Value<'a>) -> Result<bool, Raised> {
        let mut room = std::mem::take(&mut self.room);
        let mut is_new = false;
        let fits = match self.how.numbers_of(record, &mut room) {
            Some((key, numbers)) => {
                let hash = self.how.hasher.hash_one(key);
                let known = self.keys.len();
                let fits = self.add(hash, key, numbers);
                is_new = self.keys.len() > known;
                fits
            }
            None => false,
        };
        self.room = room;
        if is_new {
            heap.check_memory(self.bytes())?;
        }
        Ok(fits)
    }

    /// Takes a key with the number 1, if that can be added to what it has.
    ///
    /// # Errors
    /// As [`Numbers::take`].
    #[inline]
    pub(super) fn take_one(&mut self, heap: &Heap<'_>, key: &str) -> Result<bool, Raised> {
        let known = self.keys.len();
        let fits = self.add(self.how.hasher.hash_one(key), key, &[Number::Int(1)]);
        if self.keys.len() > known {
            heap.check_memory(self.bytes())?;
        }
        Ok(fits)
    }

    /// Takes what was seen later, up to the first key whose numbers do not fit: its place.
    pub(super) fn absorb(&mut self, later: &Numbers) -> Option<usize> {
        let width = later.how.reducer.steps.len();
        let mut entries = later.keys.iter().zip(later.numbers.chunks_exact(width));
        entries.position(|(key, numbers)| !self.add(key.hash, later.text_of(key), numbers))
    }

    fn text_of(&self, key: &Key) -> &str {
        &self.text[key.start..][..key.len]
    }

    /// Keys from a place on with their numbers, as values.
    pub(super) fn entries<'s, 'a>(
        &'s self,
        heap: &'s Heap<'a>,
        from: usize,
    ) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let Reducer { steps, is_of_tuples } = &self.how.reducer;
        let entries = self.keys.iter().zip(self.numbers.chunks_exact(steps.len())).skip(from);
        entries.map(move |(key, numbers)| {
            let values: Vec<_> = numbers.iter().map(|number| number.value()).collect();
            let value = if *is_of_tuples { heap.tuple(&values) } else { values[0] };
            (heap.str(self.text_of(key)), value)
        })
    }

    /// The same, written.
    pub(super) fn pairs(&self, from: usize) -> Writer {
        let (task, mut arena, mut writer) = (Task::default(), Arena::default(), Writer::default());
        for slab in (from..self.keys.len()).step_by(ENCODED_AT_ONCE) {
            let heap = Heap::new(&arena, &task);
            for (key, value) in self.entries(&heap, slab).take(ENCODED_AT_ONCE) {
                writer.push(&heap, heap.pair(key, value)).expect("text and numbers can be encoded");
            }
            arena.reset();
        }
        writer
    }

    /// Brings numbers of a key together with those that it has; nothing has changed if they do not fit: `false`.
    #[inline]
    fn add(&mut self, hash: u64, key: &str, numbers: &[Number]) -> bool {
        let (keys, text) = (&self.keys, &self.text);
        let same = |place: &u32| {
            let known = &keys[*place as usize];
            known.hash == hash && text[known.start..][..known.len] == *key
        };
        let steps = &self.how.reducer.steps;
        if let Some(place) = self.index.find(hash, same) {
            let known = &mut self.numbers[*place as usize * steps.len()..][..steps.len()];
            if let ([step], [known], [number]) = (&steps[..], &mut *known, numbers) {
                return known.reduced(*number, *step).map(|reduced| *known = reduced).is_some();
            }
            let reduced =
                || known.iter().zip(numbers).zip(&steps[..]).map(|((a, b), step)| a.reduced(*b, *step));
            if reduced().any(|reduced| reduced.is_none()) {
                return false;
            }
            for ((known, number), step) in known.iter_mut().zip(numbers).zip(&steps[..]) {
                *known = known.reduced(*number, *step).unwrap_or(*known);
            }
            return true;
        }
        let Ok(place) = u32::try_from(self.keys.len()) else { return false };
        self.keys.push(Key { hash, start: self.text.len(), len: key.len() });
        self.text.push_str(key);
        self.numbers.extend_from_slice(numbers);
        let keys = &self.keys;
        self.index.insert_unique(hash, place, |place| keys[*place as usize].hash);
        true
    }
}
