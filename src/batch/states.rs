//! The states of keys, batch after batch: what `mapWithState` remembers.
//!
//! A version is what a batch has changed, over the versions before. These changes are kept in layers, each
//! more than twice as large as the next; where a new one comes to half of what is below, both become one. So
//! a batch costs what it touches (times the logarithm of what there is), and older versions stay as they
//! were, for a batch that has to be computed once more.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use hashbrown::HashTable;

/// The states of the keys of a partition after some batch; clones share them.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// The oldest is at the bottom, which is the first.
    layers: Vec<Arc<HashTable<Entry>>>,
    /// How many keys were ever new.
    known: u64,
    /// The keys that each batch has touched, oldest first; noted only where idle keys are asked for.
    touched: VecDeque<(i64, Arc<[KeyRef]>)>,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, which equal ones do not replace.
    pub key: KeyRef,
    /// Its place among all keys, by when they were first seen.
    pub order: u64,
    /// Its encoded state; without one it was removed.
    pub state: Option<Arc<[u8]>>,
    /// The time of the last batch that has touched it, in milliseconds.
    pub touched: i64,
}

/// An encoded key and its hash.
#[derive(Clone, Debug)]
pub struct KeyRef {
    /// The same for equal keys.
    pub hash: u64,
    /// The key as it was first seen.
    pub encoded: Arc<[u8]>,
}

impl KeyRef {
    fn is(&self, other: &KeyRef) -> bool {
        self.hash == other.hash && self.encoded == other.encoded
    }
}

impl States {
    /// What is known of the key of that hash that `is_key` says yes to, given an encoded one.
    ///
    /// # Errors
    /// Those of `is_key`.
    pub fn find<E>(
        &self,
        hash: u64,
        mut is_key: impl FnMut(&[u8]) -> Result<bool, E>,
    ) -> Result<Option<&Entry>, E> {
        for layer in self.layers.iter().rev() {
            if let Some(entry) = find_in(layer, hash, &mut is_key)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The states of these keys, by when they were first seen; of several for a key, the last one.
    /// `notes_touched` says whether it will be asked which keys were idle.
    pub fn of(mut entries: Vec<Entry>, notes_touched: bool) -> Self {
        entries.sort_by_key(|entry| entry.order);
        let mut states = States { known: entries.last().map_or(0, |entry| entry.order), ..States::default() };
        if notes_touched {
            let mut touched: BTreeMap<i64, Vec<KeyRef>> = BTreeMap::new();
            for entry in &entries {
                touched.entry(entry.touched).or_default().push(entry.key.clone());
            }
            states.touched = touched.into_iter().map(|(time, keys)| (time, keys.into())).collect();
        }
        let mut layer = HashTable::with_capacity(entries.len());
        entries.into_iter().for_each(|entry| insert(&mut layer, entry));
        if !layer.is_empty() {
            states.layers.push(Arc::new(layer));
        }
        states
    }

    /// Whether it is noted which keys batches have touched.
    pub fn notes_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Gives what is known of each key of which something else is known than `before`; of a key that has no
    /// state any more, the entry that it had. A key may be told of more than once. What both versions share costs
    /// nothing.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn changes_since<E>(
        &self,
        before: &States,
        mut change: impl FnMut(&Entry, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let shared = self.layers.iter().zip(&before.layers).take_while(|(a, b)| Arc::ptr_eq(a, b)).count();
        let known = |states: &States, entry: &Entry| {
            let layers = states.layers.iter().rev();
            let mut found = layers
                .filter_map(|layer| layer.find(entry.key.hash, |other| other.key.is(&entry.key)))
                .take(1);
            found.next().filter(|found| found.state.is_some()).cloned()
        };
        for entry in self.layers[shared..].iter().flat_map(|layer| layer.iter()) {
            match (known(before, entry), known(self, entry)) {
                (Some(old), Some(new)) if old.order == new.order && old.touched == new.touched => {}
                (_, Some(new)) => change(&new, true)?,
                (Some(old), None) => change(&old, false)?,
                (None, None) => {}
            }
        }
        // Keys that were removed are not in the lowest layer.
        for entry in before.layers[shared..].iter().flat_map(|layer| layer.iter()) {
            let is_there = self.layers[shared..]
                .iter()
                .any(|layer| layer.find(entry.key.hash, |other| other.key.is(&entry.key)).is_some());
            if !is_there && let Some(old) = known(before, entry) {
                change(&old, false)?;
            }
        }
        Ok(())
    }

    /// All that have a state, by when their key was first seen.
    pub fn all(&self) -> Vec<&Entry> {
        let mut all = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let newer = &self.layers[number + 1..];
            let is_hidden = |entry: &&Entry| {
                let hides = |layer: &Arc<HashTable<Entry>>| {
                    layer.find(entry.key.hash, |other| other.key.is(&entry.key)).is_some()
                };
                newer.iter().any(hides)
            };
            all.extend(layer.iter().filter(|entry| entry.state.is_some() && !is_hidden(entry)));
        }
        all.sort_unstable_by_key(|entry| entry.order);
        all
    }
}

fn find_in<'l, E>(
    layer: &'l HashTable<Entry>,
    hash: u64,
    is_key: &mut impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<Option<&'l Entry>, E> {
    let mut fault = None;
    let found = layer.find(hash, |entry| {
        entry.key.hash == hash
            && fault.is_none()
            && is_key(&entry.key.encoded).unwrap_or_else(|error| {
                fault = Some(error);
                false
            })
    });
    match fault {
        Some(fault) => Err(fault),
        None => Ok(found),
    }
}

/// A batch at work on states.
#[derive(Debug)]
pub struct Update {
    before: States,
    layer: HashTable<Entry>,
    time: i64,
}

impl Update {
    /// The batch of that time, over what was known before it.
    pub fn new(before: States, time: i64) -> Self {
        Update { before, layer: HashTable::new(), time }
    }

    /// As [`States::find`], with what the batch has changed.
    ///
    /// # Errors
    /// Those of `is_key`.
    pub fn find<E>(
        &self,
        hash: u64,
        mut is_key: impl FnMut(&[u8]) -> Result<bool, E>,
    ) -> Result<Option<&Entry>, E> {
        match find_in(&self.layer, hash, &mut is_key)? {
            Some(entry) => Ok(Some(entry)),
            None => self.before.find(hash, is_key),
        }
    }

    /// Notes the state of a key, or that it has none any more. `known` is what [`Update::find`] gives for it.
    pub fn put(&mut self, hash: u64, encoded: &[u8], known: Option<Entry>, state: Option<Arc<[u8]>>) {
        let order = match &known {
            Some(Entry { order, state: Some(_), .. }) => *order,
            _ => {
                self.before.known += 1;
                self.before.known
            }
        };
        let key = known.map_or_else(|| KeyRef { hash, encoded: encoded.into() }, |entry| entry.key);
        insert(&mut self.layer, Entry { key, order, state, touched: self.time });
    }

    /// Keys that no batch since `threshold` has touched, with their states, in the order in which they were
    /// last touched. They have none any more after that.
    pub fn take_idle(&mut self, threshold: i64) -> Vec<Entry> {
        let mut idle = Vec::new();
        while self.before.touched.front().is_some_and(|(time, _)| *time < threshold) {
            let Some((_, keys)) = self.before.touched.pop_front() else { break };
            for key in keys.iter() {
                let is_key = |encoded: &[u8]| Ok::<_, Infallible>(*encoded == *key.encoded);
                let Ok(found) = self.find(key.hash, is_key);
                let found = found.filter(|entry| entry.state.is_some() && entry.touched < threshold).cloned();
                if let Some(entry) = found {
                    self.put(key.hash, &key.encoded, Some(entry.clone()), None);
                    idle.push(entry);
                }
            }
        }
        idle
    }

    /// The states after the batch. `notes_touched` says whether it will be asked which keys were idle.
    pub fn finish(self, notes_touched: bool) -> States {
        let Update { before: mut after, mut layer, time } = self;
        if layer.is_empty() {
            return after;
        }
        if notes_touched {
            let mut touched: Vec<&Entry> = layer.iter().filter(|entry| entry.state.is_some()).collect();
            touched.sort_unstable_by_key(|entry| entry.order);
            let keys: Arc<[KeyRef]> = touched.into_iter().map(|entry| entry.key.clone()).collect();
            after.touched.push_back((time, keys));
        }
        while let Some(below) = after.layers.pop_if(|below| below.len() <= 2 * layer.len()) {
            let mut both = Arc::unwrap_or_clone(below);
            both.reserve(layer.len(), |entry| entry.key.hash);
            layer.into_iter().for_each(|entry| insert(&mut both, entry));
            layer = both;
        }
        if after.layers.is_empty() {
            // There is nothing below that a removed key would hide.
            layer.retain(|entry| entry.state.is_some());
        }
        after.layers.push(Arc::new(layer));
        after
    }
}

fn insert(layer: &mut HashTable<Entry>, entry: Entry) {
    let is_key = |other: &Entry| other.key.is(&entry.key);
    match layer.entry(entry.key.hash, is_key, |entry| entry.key.hash) {
        hashbrown::hash_table::Entry::Occupied(mut place) => *place.get_mut() = entry,
        hashbrown::hash_table::Entry::Vacant(place) => {
            place.insert(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn put(update: &mut Update, key: u8, state: Option<u8>) {
        // Several keys have the same hash.
        let hash = u64::from(key % 7);
        let Ok(known) = update.find(hash, |encoded| Ok::<_, Infallible>(*encoded == [key]));
        let known = known.cloned();
        update.put(hash, &[key], known, state.map(|state| Arc::from([state])));
    }

    #[test]
    fn versions_are_what_a_map_of_all_keys_would_be() {
        let (mut states, mut model) = (States::default(), HashMap::new());
        let (mut written, mut table) = (States::default(), HashMap::new());
        let mut seed = 7u32;
        let mut random = move |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % most
        };
        for batch in 0..500 {
            let before = (states.clone(), model.clone());
            let mut update = Update::new(states, batch);
            for _ in 0..random(12) {
                let (key, state) = (random(200) as u8, random(9) as u8);
                put(&mut update, key, (state > 1).then_some(state));
                model.insert(key, (state > 1).then_some((state, batch)));
            }
            let threshold = batch - 30;
            let mut idle: Vec<u8> =
                update.take_idle(threshold).iter().map(|entry| entry.key.encoded[0]).collect();
            let is_idle = |state: &Option<(u8, i64)>| state.is_some_and(|(_, touched)| touched < threshold);
            let mut expected: Vec<u8> =
                model.iter().filter(|(_, state)| is_idle(state)).map(|(key, _)| *key).collect();
            for key in &expected {
                model.insert(*key, None);
            }
            idle.sort_unstable();
            expected.sort_unstable();
            assert_eq!(idle, expected, "idle in batch {batch}");
            states = update.finish(true);
            for (states, model) in [(&states, &model), (&before.0, &before.1)] {
                let mut all: Vec<(u8, u8)> = states
                    .all()
                    .iter()
                    .map(|entry| (entry.key.encoded[0], entry.state.as_ref().expect("it has one")[0]))
                    .collect();
                let mut expected: Vec<_> =
                    model.iter().filter_map(|(key, state)| Some((*key, (*state)?.0))).collect();
                all.sort_unstable();
                expected.sort_unstable();
                assert_eq!(all, expected, "in batch {batch}");
            }
            assert!(states.layers.len() <= 9, "{} layers", states.layers.len());
            if random(3) > 0 {
                continue;
            }
            let changed = states.changes_since(&written, |entry, is_there| {
                match is_there {
                    true => drop(table.insert(entry.key.encoded[0], entry.clone())),
                    false => drop(table.remove(&entry.key.encoded[0])),
                }
                Ok::<_, Infallible>(())
            });
            let Ok(()) = changed;
            written = states.clone();
            let facts = |states: &States| -> Vec<(u64, u8, i64)> {
                let fact = |entry: &&Entry| (entry.order, entry.key.encoded[0], entry.touched);
                states.all().iter().map(fact).collect()
            };
            let again = States::of(table.values().cloned().collect(), true);
            assert_eq!(facts(&again), facts(&states), "after batch {batch}");
            if random(2) > 0 {
                states = again;
                written = states.clone();
            }
        }
    }
}
