//! Counts over several batches: a shard of the keys of a window or of a running total.
//!
//! A shard keeps one table of the counts over all its panes. A pane is a list of what it added, by
//! the keys' numbers, so that taking it away again costs what the pane holds, whatever the window.

use std::collections::VecDeque;

use ahash::RandomState;
use hashbrown::HashTable;

use super::leaders::Leaders;
use crate::batch::Counts;
use crate::batch::packed::{put_bytes, put_number};
use crate::kernel::{Rank, Top};

/// Shards with fewer numbers, or bytes of keys, than this are not worth tidying.
const TIDY_FROM: usize = 4096;

/// The keys of one shard with their counts over the panes that it holds.
pub(super) struct Shard {
    hasher: RandomState,
    numbers: HashTable<u32>,
    keys: Keys,
    /// Numbers of keys that have gone, to be given out again.
    free: Vec<u32>,
    /// How many panes are kept; without a number all of them are, and none can be taken away.
    panes: Option<usize>,
    /// What each pane added. Counts beyond 32 bits stand in several entries.
    added: VecDeque<Vec<(u32, u32)>>,
    /// Who is shown; without a limit everybody is.
    leaders: Option<Leaders>,
    /// How many panes have begun: the newest has this number.
    begun: u64,
    /// The newest pane of which something was given as a change, and how many of its entries were.
    given: (u64, usize),
    /// The keys of a total that were added to since changes were last given; none are noted before that.
    touched: Option<Vec<u32>>,
}

/// Keys by number. A key whose count is zero has gone.
#[derive(Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
    arena: Vec<u8>,
    /// Bytes of the arena that belong to keys that have gone.
    dead: usize,
}

#[derive(Clone, Copy)]
struct Key {
    start: usize,
    len: usize,
    count: u64,
}

impl Keys {
    /// How many numbers there are, those of keys that have gone included.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn text(&self, number: u32) -> &[u8] {
        let Key { start, len, .. } = self.keys[number as usize];
        &self.arena[start..start + len]
    }

    pub(super) fn count(&self, number: u32) -> u64 {
        self.keys[number as usize].count
    }

    /// Gives a number, the next one or one that is free, to a new key.
    fn set(&mut self, number: u32, text: &[u8], count: u64) {
        let key = Key { start: self.arena.len(), len: text.len(), count };
        self.arena.extend_from_slice(text);
        match self.keys.get_mut(number as usize) {
            Some(gone) => *gone = key,
            None => self.keys.push(key),
        }
    }

    /// Takes from a key's count; whether the key has gone with it.
    fn subtract(&mut self, number: u32, count: u64) -> bool {
        let key = &mut self.keys[number as usize];
        key.count -= count;
        let gone = key.count == 0;
        if gone {
            self.dead += key.len;
        }
        gone
    }
}

impl Shard {
    /// A shard over the last so many panes, or over all there ever are, of which the first `limit`
    /// keys by `rank` are shown, or all of them.
    pub(super) fn new(panes: Option<usize>, rank: Rank, limit: Option<usize>) -> Self {
        Shard {
            hasher: RandomState::new(),
            numbers: HashTable::new(),
            keys: Keys::default(),
            free: Vec::new(),
            panes,
            added: VecDeque::new(),
            leaders: limit.map(|limit| Leaders::new(rank, limit)),
            begun: 0,
            given: (0, 0),
            touched: None,
        }
    }

    /// A new pane begins; the oldest leaves when there are too many.
    pub(super) fn begin_pane(&mut self) {
        if self.panes.is_some() {
            self.make_room(1);
            if let Some(pane) = self.added.back_mut() {
                pane.shrink_to_fit();
            }
            self.added.push_back(Vec::new());
            self.begun += 1;
        }
    }

    /// Adds to a key's count in the newest pane.
    pub(super) fn add(&mut self, key: &[u8], count: u64) {
        let number = self.number(key);
        self.keys.keys[number as usize].count += count;
        if let Some(leaders) = &mut self.leaders {
            leaders.grown(number, &self.keys);
        }
        if let Some(touched) = &mut self.touched {
            touched.push(number);
        }
        if let Some(pane) = self.added.back_mut() {
            let mut left = count;
            while left > 0 {
                let piece = u32::try_from(left).unwrap_or(u32::MAX);
                pane.push((number, piece));
                left -= u64::from(piece);
            }
        }
    }

    /// The keys of a total whose counts have changed since the last call, with their counts; the first time, all.
    pub(super) fn take_touched(&mut self) -> Counts {
        let mut changed = Counts::default();
        if self.panes.is_none() {
            let mut touched = self.touched.take().unwrap_or_else(|| (0..self.keys.len() as u32).collect());
            touched.sort_unstable();
            touched.dedup();
            for number in &touched {
                changed.push(self.keys.text(*number), self.keys.count(*number) as i64);
            }
            touched.clear();
            self.touched = Some(touched);
        }
        changed
    }

    /// What panes have had added since the last call, by their numbers: keys and counts, packed.
    pub(super) fn take_added(&mut self) -> Vec<(u64, Vec<u8>)> {
        let oldest = self.begun + 1 - self.added.len() as u64;
        let (newest, entries) = self.given;
        let news =
            (oldest..).zip(&self.added).filter(|(number, _)| *number >= newest).map(|(number, pane)| {
                let mut packed = Vec::new();
                let from = if number == newest { entries } else { 0 };
                for (key, count) in pane.get(from..).unwrap_or_default() {
                    put_bytes(self.keys.text(*key), &mut packed);
                    put_number(u64::from(*count), &mut packed);
                }
                (number, packed)
            });
        let news = news.collect();
        self.given = (self.begun, self.added.back().map_or(0, Vec::len));
        news
    }

    /// How many panes have begun, and how many of them there still are.
    pub(super) fn panes(&self) -> (u64, u64) {
        (self.begun, self.added.len() as u64)
    }

    /// Begins with the pane after so many others.
    pub(super) fn resume(&mut self, begun: u64) {
        self.begun = begun;
    }

    /// Shows what may be among the first keys of all shards.
    pub(super) fn show(&mut self, top: &mut Top) {
        let Shard { keys, leaders, free, .. } = self;
        let mut push = |number| top.push(keys.text(number), keys.count(number) as i64);
        match leaders {
            Some(leaders) => {
                leaders.refresh(keys, keys.len() - free.len());
                leaders.numbers().filter(|number| keys.count(*number) > 0).for_each(&mut push);
            }
            None => (0..keys.len() as u32).filter(|number| keys.count(*number) > 0).for_each(&mut push),
        }
    }

    /// Takes away the panes that would leave if so many came. Keys that thereby come to zero are gone.
    pub(super) fn make_room(&mut self, coming: usize) {
        let Some(panes) = self.panes else { return };
        while self.added.len() > panes.saturating_sub(coming)
            && let Some(oldest) = self.added.pop_front()
        {
            for (number, count) in oldest {
                self.subtract(number, u64::from(count));
            }
        }
        let Keys { keys, arena, dead } = &self.keys;
        let gaps = keys.len() > TIDY_FROM && self.free.len() > keys.len() / 2;
        if gaps || (arena.len() > TIDY_FROM && *dead > arena.len() / 2) {
            self.tidy();
        }
    }

    fn subtract(&mut self, number: u32, count: u64) {
        if !self.keys.subtract(number, count) {
            return;
        }
        let hash = self.hasher.hash_one(self.keys.text(number));
        if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        self.free.push(number);
    }

    /// The number of a key, which it gets here when it is new.
    fn number(&mut self, key: &[u8]) -> u32 {
        let Shard { hasher, numbers, keys, free, .. } = self;
        let hash = hasher.hash_one(key);
        if let Some(number) = numbers.find(hash, |number| keys.text(*number) == key) {
            return *number;
        }
        let number = free.pop().unwrap_or_else(|| u32::try_from(keys.len()).expect("keys fit in memory"));
        numbers.insert_unique(hash, number, |number| hasher.hash_one(keys.text(*number)));
        keys.set(number, key, 0);
        number
    }

    /// Gives the living keys new numbers without gaps, and their memory back.
    fn tidy(&mut self) {
        let mut keys = Keys::default();
        let mut renumbered = vec![u32::MAX; self.keys.len()];
        for (old, new) in renumbered.iter_mut().enumerate() {
            let count = self.keys.count(old as u32);
            if count > 0 {
                *new = keys.len() as u32;
                keys.set(*new, self.keys.text(old as u32), count);
            }
        }
        self.keys = keys;
        self.free = Vec::new();
        self.numbers = HashTable::with_capacity(self.keys.len());
        for number in 0..self.keys.len() as u32 {
            let hash = |number: &u32| self.hasher.hash_one(self.keys.text(*number));
            self.numbers.insert_unique(hash(&number), number, hash);
        }
        for (number, _) in self.added.iter_mut().flatten() {
            *number = renumbered[*number as usize];
        }
        if let Some(leaders) = &mut self.leaders {
            leaders.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Keys of different lengths, some of them long enough to have the arena tidied.
    fn text(key: u8) -> Vec<u8> {
        vec![key; usize::from(key) * usize::from(key) / 16]
    }

    /// The first keys of what the last panes come to, added up anew.
    fn slow(panes: &[Vec<(u8, u64)>], last: usize, rank: Rank, limit: Option<usize>) -> (Counts, bool) {
        let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
        for (key, count) in panes[panes.len().saturating_sub(last)..].iter().flatten() {
            *counts.entry(text(*key)).or_insert(0) += count;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|a, b| match rank {
            Rank::Count => b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)),
            Rank::Key => a.0.cmp(&b.0),
        });
        let shown = limit.unwrap_or(counts.len()).min(counts.len());
        let mut first = Counts::default();
        counts[..shown].iter().for_each(|(key, count)| first.push(key, *count as i64));
        (first, shown < counts.len())
    }

    fn fast(shard: &mut Shard, rank: Rank, limit: Option<usize>) -> (Counts, bool) {
        let mut top = Top::new(rank, limit.unwrap_or(0));
        shard.show(&mut top);
        top.finish()
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_equals_counting_anew(
            panes in prop::collection::vec(prop::collection::vec((any::<u8>(), 1u64..5), 0..60), 1..30),
            length in 1usize..5,
            limit in prop::option::of(1usize..4),
            by_key in any::<bool>(),
        ) {
            let rank = if by_key { Rank::Key } else { Rank::Count };
            let mut shard = Shard::new(Some(length), rank, limit);
            for at in 0..panes.len() {
                shard.begin_pane();
                for (key, count) in &panes[at] {
                    shard.add(&text(*key), *count);
                }
                prop_assert_eq!(fast(&mut shard, rank, limit), slow(&panes[..=at], length, rank, limit));
                shard.make_room(1);
            }
        }
    }

    /// Enough keys, coming and going, for leaders to be elected and shards to be tidied.
    #[test]
    fn many_keys_that_come_and_go_are_led_by_the_right_ones() {
        let mut random = 1_u32;
        let mut next = move |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % below
        };
        for (rank, panes) in [(Rank::Count, Some(3)), (Rank::Key, Some(2)), (Rank::Count, None)] {
            let mut shard = Shard::new(panes, rank, Some(5));
            let mut history: Vec<HashMap<String, u64>> = Vec::new();
            for round in 0..40 {
                let mut pane = HashMap::new();
                for _ in 0..next(6000) {
                    // Later rounds have other keys, so that the early ones go.
                    *pane.entry(format!("{}", next(5000) + 2000 * (round / 8))).or_insert(0) += 1;
                }
                shard.begin_pane();
                pane.iter().for_each(|(key, count)| shard.add(key.as_bytes(), *count));
                history.push(pane);
                let from = history.len().saturating_sub(panes.unwrap_or(usize::MAX));
                let mut counts: HashMap<&str, u64> = HashMap::new();
                for (key, count) in history[from..].iter().flatten() {
                    *counts.entry(key).or_insert(0) += count;
                }
                let mut top = Top::new(rank, 5);
                counts.iter().for_each(|(key, count)| top.push(key.as_bytes(), *count as i64));
                assert_eq!(fast(&mut shard, rank, Some(5)), top.finish(), "round {round}");
                shard.make_room(1);
                if panes.is_some() {
                    assert!(shard.keys.len() < 30_000 && shard.keys.arena.len() < 200_000);
                }
            }
        }
    }

    #[test]
    fn counts_beyond_32_bits_leave_whole() {
        let mut shard = Shard::new(Some(1), Rank::Count, None);
        for count in [3 << 32, 1] {
            shard.begin_pane();
            shard.add(b"a", count);
            assert_eq!(fast(&mut shard, Rank::Count, None).0.count(0), count as i64);
            shard.make_room(1);
        }
    }
}
