//! The keys of one length class: hot table in front, spill behind.

use super::aggregate::Aggregate;
use super::hot::{Full, HotTable};
use super::key::InlineKey;
use super::seed::Seed;
use super::spill::Spill;
use super::words::Word;

/// Words of a class after which it is judged whether its hot table is worth asking.
const WINDOW: usize = 1 << 17;

/// Windows in which the hot table is not asked after one in which it knew hardly any word.
const BYPASSED: usize = 31;

/// Words whose slots are asked for together.
const GROUP: usize = 32;

/// Counts of the keys of one class.
pub(super) struct Class<K> {
    pub(super) hot: HotTable<K>,
    pub(super) spill: Spill<K>,
    /// Words since the last judgement, and those of them that were spilled.
    seen: usize,
    spilled: usize,
    /// Entries in the hot table at the last judgement.
    known: usize,
    /// Words that are still to go past the hot table.
    bypass: usize,
    eviction: Eviction,
}

/// Which entries of a full hot table go: those that came at most so often. The bar rises while too few
/// of them go, and falls when many do, so that what is frequent now finds a place whatever was
/// frequent before.
#[derive(Clone, Copy)]
pub(super) struct Eviction {
    at_most: u64,
}

impl Default for Eviction {
    fn default() -> Self {
        Eviction { at_most: 1 }
    }
}

impl Eviction {
    /// How often an entry that goes has come at most.
    pub(super) fn at_most(self) -> u64 {
        self.at_most
    }

    /// Learns from an eviction that left `after` of `before` entries.
    pub(super) fn learn(&mut self, before: usize, after: usize) {
        let gone = before - after;
        if 8 * gone < before {
            self.at_most = self.at_most.saturating_mul(2);
        } else if 2 * gone > before {
            self.at_most = (self.at_most / 2).max(1);
        }
    }
}

impl<K: InlineKey> Class<K> {
    pub(super) fn new() -> Self {
        Class {
            hot: HotTable::new(),
            spill: Spill::new(),
            seen: 0,
            spilled: 0,
            known: 0,
            bypass: 0,
            eviction: Eviction::default(),
        }
    }

    /// Counts the words of a block.
    ///
    /// # Safety
    /// Each word must lie within `block`, must have one of the class's lengths and no `\n` in it;
    /// [`super::key::MAX_INLINE`] bytes from the start of each word on must be readable.
    #[inline(never)] // Called once a block; profiles show each class by itself.
    pub(super) unsafe fn count_words(&mut self, block: *const u8, words: &[Word], seed: &Seed) {
        if self.bypass > 0 {
            for word in words {
                // SAFETY: the caller's promise.
                let key = unsafe { K::read(block.add(word.start()), word.len()) };
                self.spill.push(key, key.hash(seed));
            }
            self.bypassed(words.len(), seed);
            return;
        }
        let mut spilled = 0;
        let mut hashed = [(K::FREE, 0); GROUP];
        for group in words.chunks(GROUP) {
            for (word, hashed) in group.iter().zip(&mut hashed) {
                // SAFETY: the caller's promise.
                let key = unsafe { K::read(block.add(word.start()), word.len()) };
                let hash = key.hash(seed);
                self.hot.prefetch(hash);
                *hashed = (key, hash);
            }
            for &(key, hash) in &hashed[..group.len()] {
                if let Err(Full) = self.hot.add(key, hash, 1, seed) {
                    self.spill.push(key, hash);
                    spilled += 1;
                }
            }
        }
        self.asked(words.len(), spilled, seed);
    }

    /// Adapts to what the last window was like.
    #[cold]
    fn judge(&mut self, seed: &Seed) {
        // Neither spilled nor new: words that the table knew. Only they are what it is for.
        let new = self.hot.len().saturating_sub(self.known);
        let hits = self.seen.saturating_sub(self.spilled + new);
        if self.spilled > 0 && 8 * hits < self.seen {
            self.bypass = BYPASSED * WINDOW;
        } else if 4 * self.spilled > self.seen {
            self.evict(seed);
        }
        (self.seen, self.spilled, self.known) = (0, 0, self.hot.len());
    }

    /// Makes place in the hot table for keys that come now.
    fn evict(&mut self, seed: &Seed) {
        let (spill, before) = (&mut self.spill, self.hot.len());
        self.hot.evict(self.eviction.at_most(), seed, |entry| {
            let hash = entry.key.hash(seed);
            match entry.count {
                1 => spill.push(entry.key, hash),
                count => spill.push_sum(entry.key, hash, count),
            }
        });
        self.eviction.learn(before, self.hot.len());
    }

    /// Adds `count` to a key.
    pub(super) fn add(&mut self, key: K, count: u64, seed: &Seed) {
        let hash = key.hash(seed);
        if self.bypass > 0 && count == 1 {
            self.spill.push(key, hash);
            self.bypassed(1, seed);
            return;
        }
        let added = self.hot.add(key, hash, count, seed);
        match added {
            Ok(()) => {}
            Err(Full) if count == 1 => self.spill.push(key, hash),
            Err(Full) => self.spill.push_sum(key, hash, count),
        }
        self.asked(1, usize::from(added.is_err()), seed);
    }

    /// Notes that some words went past the hot table.
    fn bypassed(&mut self, words: usize, seed: &Seed) {
        self.bypass = self.bypass.saturating_sub(words);
        if self.bypass == 0 {
            self.evict(seed);
            self.known = self.hot.len();
        }
    }

    /// Notes that the hot table was asked for some words and had no place for `spilled` of them.
    #[inline(always)]
    fn asked(&mut self, words: usize, spilled: usize, seed: &Seed) {
        self.seen += words;
        self.spilled += spilled;
        if self.seen >= WINDOW {
            self.judge(seed);
        }
    }

    /// At most how many different keys there are in partition `index` of `1 << bits`.
    pub(super) fn count_in(&self, index: usize, bits: u32, seed: &Seed) -> usize {
        let mut count = if self.spill.is_empty() { 0 } else { self.spill.count(index) };
        self.hot.for_each_in(index, bits, seed, |_, _| count += 1);
        count
    }

    /// Adds a partition to an aggregate. If anything was spilled, the partitions are the spill's.
    pub(super) fn add_to(&self, index: usize, bits: u32, aggregate: &mut Aggregate<K>, seed: &Seed) {
        self.hot.for_each_in(index, bits, seed, |entry, hash| aggregate.add(entry, hash));
        if !self.spill.is_empty() {
            self.spill.add_to(index, aggregate, seed);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.hot.clear();
        self.spill.clear();
        (self.seen, self.spilled, self.known, self.bypass) = (0, 0, 0, 0);
        self.eviction = Eviction::default();
    }
}
