//! Keys that the hot table had no place for, by hash partition.
//!
//! They are appended as they come; only when they take more memory than their table may have are
//! they summed up in place, so that memory follows the number of different keys.

use super::aggregate::Aggregate;
use super::chunks::{KeyChunks, PARTITION_BITS, PARTITIONS};
use super::key::{Entry, InlineKey};
use super::seed::Seed;

/// Spilled keys of one class.
pub(super) struct Spill<K> {
    /// Keys with a count of one each.
    keys: KeyChunks<K>,
    /// Keys with counts; the same key may be there more than once.
    sums: Box<[Vec<Entry<K>>]>,
    /// Entries that there is room for in `sums`.
    room: usize,
}

impl<K: InlineKey> Spill<K> {
    pub(super) fn new() -> Self {
        Spill { keys: KeyChunks::new(), sums: vec![Vec::new(); PARTITIONS].into_boxed_slice(), room: 0 }
    }

    /// Appends a key with a count of one.
    #[inline(always)]
    pub(super) fn push(&mut self, key: K, hash: u64) {
        self.keys.push(key, hash);
    }

    /// Appends a key with a count.
    pub(super) fn push_sum(&mut self, key: K, hash: u64, count: u64) {
        let sums = &mut self.sums[(hash >> (64 - PARTITION_BITS)) as usize];
        self.room -= sums.capacity();
        sums.push(Entry { key, count });
        self.room += sums.capacity();
    }

    /// Bytes of memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.keys.bytes() + self.room * size_of::<Entry<K>>()
    }

    /// Whether nothing was spilled.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// At most how many different keys there are in a partition.
    pub(super) fn count(&self, partition: usize) -> usize {
        self.keys.count(partition) + self.sums[partition].len()
    }

    /// Adds a partition to an aggregate.
    pub(super) fn add_to(&self, partition: usize, aggregate: &mut Aggregate<K>, seed: &Seed) {
        for keys in self.keys.slices(partition) {
            aggregate.add_keys(keys, seed);
        }
        for entry in &self.sums[partition] {
            aggregate.add(*entry, entry.key.hash(seed));
        }
    }

    /// Sums up equal keys, partition by partition, where that at least halves the memory. Each decides
    /// for itself: one key that comes again and again can fill a single partition.
    pub(super) fn compact(&mut self, seed: &Seed) {
        let mut aggregate = Aggregate::default();
        for partition in 0..PARTITIONS {
            let before = self.keys.count(partition) * size_of::<K>()
                + self.sums[partition].capacity() * size_of::<Entry<K>>();
            aggregate.reset(self.count(partition));
            self.add_to(partition, &mut aggregate, seed);
            if 2 * size_of_val(aggregate.entries()) > before {
                continue;
            }
            self.keys.clear_partition(partition);
            self.room -= self.sums[partition].capacity();
            self.sums[partition] = aggregate.entries().to_vec();
            self.room += self.sums[partition].capacity();
        }
    }

    /// Forgets everything. Memory that this batch did not use is given back.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.sums.fill(Vec::new());
        self.room = 0;
    }
}
