//! Summing up one partition: any number of keys with counts, each key once afterwards.

use super::key::{Entry, InlineKey};
use super::memory::prefetch;
use super::seed::Seed;

/// Keys with their sums in a dense list, and an index over it. The index is a fraction of the
/// entries' size, so it stays in cache where a table of the entries themselves would not; the
/// entries are written and read in sequence.
pub(super) struct Aggregate<K> {
    /// One more than a place in `entries`, or 0: open addressing by the bits of the hash below the
    /// top 8 (those are the partition and tell nothing apart).
    index: Vec<u32>,
    shift: u32,
    entries: Vec<Entry<K>>,
}

impl<K> Default for Aggregate<K> {
    fn default() -> Self {
        Aggregate { index: Vec::new(), shift: 0, entries: Vec::new() }
    }
}

impl<K: Copy + PartialEq> Aggregate<K> {
    /// Empties the aggregate and makes room in the index for `most` different keys.
    pub(super) fn reset(&mut self, most: usize) {
        let slots = (2 * most).next_power_of_two().max(64);
        self.index.clear();
        self.index.resize(slots, 0);
        self.shift = 64 - slots.trailing_zeros();
        self.entries.clear();
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        (hash.rotate_left(8) >> self.shift) as usize
    }

    /// Adds an entry. Never more different keys than were announced to [`Aggregate::reset`]:
    /// otherwise the search for a free place would not end.
    #[inline(always)]
    pub(super) fn add(&mut self, entry: Entry<K>, hash: u64) {
        let mask = self.index.len() - 1;
        let mut at = self.home(hash) & mask;
        loop {
            match self.index[at] {
                0 => break,
                place => {
                    let known = &mut self.entries[place as usize - 1];
                    if known.key == entry.key {
                        known.count += entry.count;
                        return;
                    }
                }
            }
            at = (at + 1) & mask;
        }
        debug_assert!(2 * self.entries.len() < self.index.len());
        self.entries.push(entry);
        self.index[at] = u32::try_from(self.entries.len()).expect("fewer than 2^32 keys in a partition");
    }

    /// Adds keys with a count of one each.
    pub(super) fn add_keys(&mut self, keys: &[K], seed: &Seed)
    where
        K: InlineKey,
    {
        // A group's places in the index are asked for together, before the first one is needed.
        const GROUP: usize = 16;
        let mut hashes = [0; GROUP];
        for group in keys.chunks(GROUP) {
            for (hash, key) in hashes.iter_mut().zip(group) {
                *hash = key.hash(seed);
                prefetch(&self.index, self.home(*hash));
            }
            for (&key, &hash) in group.iter().zip(&hashes) {
                self.add(Entry { key, count: 1 }, hash);
            }
        }
    }

    /// Each key once, with the sum of its counts.
    pub(super) fn entries(&self) -> &[Entry<K>] {
        &self.entries
    }
}
