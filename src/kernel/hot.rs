//! The hot table: keys that come again and again, small enough to stay in the caches.

use super::key::{Entry, InlineKey};
use super::memory::{Memory, Zeroed, prefetch};
use super::seed::Seed;

/// Slots of a fresh table.
const MIN_SLOTS: usize = 256;

/// Slots at which a table stops growing: what the second-level cache can still help with.
pub(super) const MAX_SLOTS: usize = 1 << 17;

/// An entry. Those of the two shorter classes never cross a cache line.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Slot<K> {
    key: K,
    count: u64,
}

// SAFETY: a pair of values that are valid when zero.
unsafe impl<K: Zeroed> Zeroed for Slot<K> {}

/// Open addressing with linear probing by the hash's top bits; at most half full. So the entries
/// are nearly sorted by hash, which is what lets [`HotTable::for_each_in`] find a partition.
///
/// A frequent key is swapped to the first slot of its search, where the inlined check finds it.
pub(super) struct HotTable<K> {
    slots: Memory<Slot<K>>,
    /// The index of a hash is its value shifted right by this.
    shift: u32,
    entries: usize,
}

/// The table has all the keys it may have, and this is not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The taken slots in which entries can be whose hash lies in part `index` of `1 << bits` equal parts.
/// Such an entry may have been pushed behind the part's end, as far as the first free slot; one of a
/// table's slots is always free, so this comes to an end.
#[inline(always)]
pub(super) fn taken_slots(
    slots: usize,
    index: usize,
    bits: u32,
    is_free: impl Fn(usize) -> bool,
) -> impl Iterator<Item = usize> {
    let (first, last) = ((index * slots) >> bits, ((index + 1) * slots) >> bits);
    (first..)
        .map(move |at| (at, at % slots))
        .map(move |(at, slot)| (slot, is_free(slot), at >= last))
        .take_while(|(_, free, behind)| !(*free && *behind))
        .filter(|(_, free, _)| !free)
        .map(|(slot, ..)| slot)
}

impl<K: InlineKey> HotTable<K> {
    pub(super) fn new() -> Self {
        Self::with_slots(MIN_SLOTS)
    }

    fn with_slots(slots: usize) -> Self {
        HotTable { slots: Memory::zeroed(slots), shift: 64 - slots.trailing_zeros(), entries: 0 }
    }

    /// Keys in the table.
    pub(super) fn len(&self) -> usize {
        self.entries
    }

    /// Whether the table takes no more keys.
    pub(super) fn is_full(&self) -> bool {
        self.entries >= MAX_SLOTS / 2
    }

    /// Asks for the slot that the search for a hash starts at.
    #[inline(always)]
    pub(super) fn prefetch(&self, hash: u64) {
        prefetch(&self.slots, (hash >> self.shift) as usize);
    }

    /// Adds `count` to a key; `hash` is its hash.
    ///
    /// # Errors
    /// [`Full`] if the key is not in the table and there is no place for it.
    #[inline(always)]
    pub(super) fn add(&mut self, key: K, hash: u64, count: u64, seed: &Seed) -> Result<(), Full> {
        let home = (hash >> self.shift) as usize;
        debug_assert!(home < self.slots.len());
        // SAFETY: a hash shifted right by 64 - log2(slots) is below the number of slots.
        let slot = unsafe { self.slots.get_unchecked_mut(home) };
        if slot.key == key {
            slot.count += count;
            return Ok(());
        }
        self.add_elsewhere(key, home, count, seed)
    }

    /// The rest of [`HotTable::add`] when a key is not in its first slot.
    #[cold]
    #[inline(never)]
    fn add_elsewhere(&mut self, key: K, home: usize, count: u64, seed: &Seed) -> Result<(), Full> {
        let mask = self.slots.len() - 1;
        let mut at = home;
        loop {
            let slot = &mut self.slots[at];
            if slot.key == key {
                slot.count += count;
                // Every slot between the two is taken, so both keys stay on their search paths.
                if slot.count > self.slots[home].count {
                    self.slots.swap(at, home);
                }
                return Ok(());
            }
            if slot.key == K::FREE {
                break;
            }
            at = (at + 1) & mask;
        }
        if self.is_full() {
            return Err(Full);
        }
        self.slots[at] = Slot { key, count };
        self.entries += 1;
        if 2 * self.entries > self.slots.len() && self.slots.len() < MAX_SLOTS {
            self.rebuild(2 * self.slots.len(), seed, |_| true);
        }
        Ok(())
    }

    /// Moves the entries that `keep` accepts into a table of `slots` slots, the frequent ones first.
    fn rebuild(&mut self, slots: usize, seed: &Seed, mut keep: impl FnMut(Entry<K>) -> bool) {
        let old = std::mem::replace(self, Self::with_slots(slots));
        let mask = slots - 1;
        for slot in old.slots.iter().filter(|slot| slot.key != K::FREE) {
            if !keep(Entry { key: slot.key, count: slot.count }) {
                continue;
            }
            let home = (slot.key.hash(seed) >> self.shift) as usize;
            let mut at = home;
            while self.slots[at].key != K::FREE {
                at = (at + 1) & mask;
            }
            self.slots[at] = *slot;
            if slot.count > self.slots[home].count {
                self.slots.swap(at, home);
            }
            self.entries += 1;
        }
    }

    /// Removes the entries that came at most so often, and hands them over.
    pub(super) fn evict(&mut self, at_most: u64, seed: &Seed, mut evicted: impl FnMut(Entry<K>)) {
        self.rebuild(self.slots.len(), seed, |entry| {
            let stays = entry.count > at_most;
            if !stays {
                evicted(entry);
            }
            stays
        });
    }

    /// Calls `each` for the entries whose hash lies in partition `index` of `1 << bits` equal parts.
    pub(super) fn for_each_in(
        &self,
        index: usize,
        bits: u32,
        seed: &Seed,
        mut each: impl FnMut(Entry<K>, u64),
    ) {
        if self.entries == 0 {
            return;
        }
        for at in taken_slots(self.slots.len(), index, bits, |at| self.slots[at].key == K::FREE) {
            let slot = &self.slots[at];
            let hash = slot.key.hash(seed);
            if (hash >> (64 - bits)) as usize == index {
                each(Entry { key: slot.key, count: slot.count }, hash);
            }
        }
    }

    /// Forgets all entries. The table keeps its size if it was used, so that the next batch need
    /// not grow it again, and shrinks to its need if it was not.
    pub(super) fn clear(&mut self) {
        let wanted = (4 * self.entries).next_power_of_two().clamp(MIN_SLOTS, MAX_SLOTS);
        if self.slots.len() > 4 * wanted {
            *self = Self::with_slots(wanted);
        } else if self.entries > 0 {
            self.slots.fill(Slot { key: K::FREE, count: 0 });
            self.entries = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn dump(table: &HotTable<u64>, bits: u32, seed: &Seed) -> Vec<HashMap<u64, u64>> {
        let part = |index| {
            let mut found = HashMap::new();
            table.for_each_in(index, bits, seed, |entry, hash| {
                assert_eq!(hash, entry.key.hash(seed));
                assert!(found.insert(entry.key, entry.count).is_none(), "an entry twice");
            });
            found
        };
        (0..1 << bits).map(part).collect()
    }

    #[test]
    fn counts_survive_growing_and_every_entry_is_in_one_partition() {
        let seed = Seed::fixed(7);
        let mut table = HotTable::<u64>::new();
        let mut twin = HashMap::new();
        for i in 0..20_000_u64 {
            let key = i % 3001 * i % 5003 + 1;
            table.add(key, key.hash(&seed), i, &seed).expect("room");
            *twin.entry(key).or_insert(0) += i;
        }
        assert_eq!(table.len(), twin.len());
        for bits in [4, 8] {
            let parts = dump(&table, bits, &seed);
            assert_eq!(parts.iter().map(HashMap::len).sum::<usize>(), twin.len());
            assert_eq!(parts.into_iter().flatten().collect::<HashMap<_, _>>(), twin);
        }
    }

    #[test]
    fn a_full_table_says_so_and_still_counts_what_it_has() {
        let seed = Seed::fixed(8);
        let mut table = HotTable::<u64>::new();
        for key in 1..=(MAX_SLOTS / 2) as u64 {
            table.add(key, key.hash(&seed), 1, &seed).expect("room");
        }
        let other = u64::MAX;
        assert_eq!(table.add(other, other.hash(&seed), 1, &seed), Err(Full));
        assert_eq!(table.add(1, 1_u64.hash(&seed), 1, &seed), Ok(()));
        let mut evicted = 0;
        table.evict(1, &seed, |entry| {
            assert_ne!(entry.key, 1);
            evicted += 1;
        });
        assert_eq!((evicted, table.len()), (MAX_SLOTS / 2 - 1, 1));
        assert_eq!(table.add(other, other.hash(&seed), 1, &seed), Ok(()));
    }

    #[test]
    fn clearing_keeps_a_used_size_and_gives_up_an_unused_one() {
        let seed = Seed::fixed(9);
        let mut table = HotTable::<u64>::new();
        for key in 1..=10_000_u64 {
            table.add(key, key.hash(&seed), 1, &seed).expect("room");
        }
        let grown = table.slots.len();
        table.clear();
        assert_eq!((table.len(), table.slots.len()), (0, grown));
        table.add(5, 5_u64.hash(&seed), 1, &seed).expect("room");
        table.clear();
        assert_eq!((table.len(), table.slots.len()), (0, MIN_SLOTS));
        assert!(dump(&table, 4, &seed).iter().all(HashMap::is_empty));
    }
}
