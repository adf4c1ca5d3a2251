//! Counts over several batches: a shard of the keys of a window or of a running total.
//!
//! A shard keeps one table of the counts over all its panes. A pane is a list of what it added, by
//! the keys' numbers, so that taking it away again costs what the pane holds, whatever the window.

use std::collections::VecDeque;

use ahash::RandomState;
use hashbrown::HashTable;

/// Arenas smaller than this are not worth tidying.
const TIDY_FROM: usize = 1 << 16;

/// The keys of one shard with their counts over the panes that it holds.
pub(super) struct Shard {
    hasher: RandomState,
    numbers: HashTable<u32>,
    keys: Vec<Key>,
    /// Numbers of keys that have gone, to be given out again.
    free: Vec<u32>,
    arena: Vec<u8>,
    /// Bytes of the arena that belong to keys that have gone.
    dead: usize,
    /// How many panes are kept; without a number all of them are, and none can be taken away.
    panes: Option<usize>,
    /// What each pane added. Counts beyond 32 bits stand in several entries.
    added: VecDeque<Vec<(u32, u32)>>,
}

#[derive(Clone, Copy)]
struct Key {
    start: usize,
    len: usize,
    count: u64,
}

impl Shard {
    /// A shard over the last so many panes, or over all there ever are.
    pub(super) fn new(panes: Option<usize>) -> Self {
        Shard {
            hasher: RandomState::new(),
            numbers: HashTable::new(),
            keys: Vec::new(),
            free: Vec::new(),
            arena: Vec::new(),
            dead: 0,
            panes,
            added: VecDeque::new(),
        }
    }

    /// A new pane begins; the oldest leaves when there are too many.
    pub(super) fn begin_pane(&mut self) {
        if self.panes.is_some() {
            self.make_room(1);
            self.added.push_back(Vec::new());
        }
    }

    /// Takes away the panes that would leave if so many came; keys that thereby come to zero are gone.
    pub(super) fn make_room(&mut self, coming: usize) {
        let Some(panes) = self.panes else { return };
        while self.added.len() > panes.saturating_sub(coming)
            && let Some(oldest) = self.added.pop_front()
        {
            for (number, count) in oldest {
                self.subtract(number, u64::from(count));
            }
            self.tidy();
        }
    }

    /// Adds to a key's count in the newest pane.
    pub(super) fn add(&mut self, key: &[u8], count: u64) {
        let number = self.number(key);
        self.keys[number as usize].count += count;
        if let Some(pane) = self.added.back_mut() {
            let mut left = count;
            while left > 0 {
                let piece = u32::try_from(left).unwrap_or(u32::MAX);
                pane.push((number, piece));
                left -= u64::from(piece);
            }
        }
    }

    /// All keys with their counts, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let live = self.keys.iter().filter(|key| key.count > 0);
        live.map(|key| (&self.arena[key.start..key.start + key.len], key.count))
    }

    /// The number of a key, which it gets here when it is new.
    fn number(&mut self, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(key);
        let (keys, arena) = (&self.keys, &self.arena);
        let text = |number: &u32| {
            let Key { start, len, .. } = keys[*number as usize];
            &arena[start..start + len]
        };
        if let Some(number) = self.numbers.find(hash, |number| text(number) == key) {
            return *number;
        }
        let number =
            self.free.pop().unwrap_or_else(|| u32::try_from(keys.len()).expect("keys fit in memory"));
        self.numbers.insert_unique(hash, number, |number| self.hasher.hash_one(text(number)));
        let entry = Key { start: self.arena.len(), len: key.len(), count: 0 };
        self.arena.extend_from_slice(key);
        match self.keys.get_mut(number as usize) {
            Some(gone) => *gone = entry,
            None => self.keys.push(entry),
        }
        number
    }

    fn subtract(&mut self, number: u32, count: u64) {
        let key = &mut self.keys[number as usize];
        key.count -= count;
        if key.count == 0 {
            let hash = self.hasher.hash_one(&self.arena[key.start..key.start + key.len]);
            if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
                entry.remove();
            }
            self.dead += key.len;
            self.free.push(number);
        }
    }

    /// Moves the living keys together when the dead take up more than half of the arena.
    fn tidy(&mut self) {
        if self.arena.len() < TIDY_FROM || self.dead * 2 < self.arena.len() {
            return;
        }
        let mut arena = Vec::with_capacity(self.arena.len() - self.dead);
        for key in self.keys.iter_mut().filter(|key| key.count > 0) {
            let start = arena.len();
            arena.extend_from_slice(&self.arena[key.start..key.start + key.len]);
            key.start = start;
        }
        self.arena = arena;
        self.dead = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// What the last `panes` panes come to, added up anew.
    fn slow(panes: &[Vec<(u8, u64)>], last: usize) -> HashMap<Vec<u8>, u64> {
        let mut counts = HashMap::new();
        for (key, count) in panes[panes.len().saturating_sub(last)..].iter().flatten() {
            *counts.entry(text(*key)).or_insert(0) += count;
        }
        counts
    }

    /// Keys of different lengths, some of them long enough to have the arena tidied.
    fn text(key: u8) -> Vec<u8> {
        vec![key; usize::from(key) * usize::from(key)]
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_equals_counting_anew(
            panes in prop::collection::vec(prop::collection::vec((any::<u8>(), 1u64..5), 0..40), 1..30),
            length in 1usize..5,
        ) {
            let mut shard = Shard::new(Some(length));
            for at in 0..panes.len() {
                shard.begin_pane();
                for (key, count) in &panes[at] {
                    shard.add(&text(*key), *count);
                }
                let fast: HashMap<_, _> = shard.iter().map(|(key, count)| (key.to_vec(), count)).collect();
                prop_assert_eq!(fast, slow(&panes[..=at], length));
            }
        }
    }

    #[test]
    fn counts_beyond_32_bits_leave_whole() {
        let mut shard = Shard::new(Some(1));
        shard.begin_pane();
        shard.add(b"a", 3 << 32);
        assert_eq!(shard.iter().next(), Some((&b"a"[..], 3 << 32)));
        shard.begin_pane();
        assert_eq!(shard.iter().count(), 0);
    }

    #[test]
    fn totals_keep_everything() {
        let mut shard = Shard::new(None);
        for _ in 0..3 {
            shard.begin_pane();
            shard.add(b"a", 1);
        }
        assert_eq!(shard.iter().next(), Some((&b"a"[..], 3)));
    }
}
