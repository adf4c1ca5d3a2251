//! The merge: what several workers counted in one batch, summed up by hash partition.

use super::aggregate::Aggregate;
use super::chunks::PARTITION_BITS;
use super::class::Class;
use super::key::InlineKey;
use super::table::{CountTable, Scratch};

/// Base-2 logarithm of [`SHARDS`].
const SHARD_BITS: u32 = 4;

/// Parts that keys fall into by their hash, the same in every batch of a process: state that is
/// kept over batches can be kept in this many pieces, each updated by one thread.
pub const SHARDS: usize = 1 << SHARD_BITS;

/// Keys to a partition, about, when there is a choice.
const KEYS_PER_PARTITION: usize = 4096;

/// The tables of all workers for one batch, ready to be summed up. Partitions are independent of
/// each other: any thread may take any of them.
#[derive(Debug)]
pub struct Merge {
    tables: Vec<CountTable>,
    /// Base-2 logarithm of the number of partitions.
    bits: u32,
}

impl Merge {
    /// Takes the tables of a batch.
    ///
    /// # Panics
    /// If the tables have different seeds.
    pub fn new(tables: Vec<CountTable>) -> Self {
        assert!(
            tables.windows(2).all(|pair| pair[0].seed().is_same(pair[1].seed())),
            "tables of different seeds cannot be merged"
        );
        let spilled = tables.iter().any(|table| table.spill_bytes() > 0);
        let keys: usize = tables.iter().map(CountTable::hot_keys).sum();
        let bits = if spilled {
            PARTITION_BITS
        } else {
            (keys / KEYS_PER_PARTITION).max(1).ilog2().clamp(SHARD_BITS, PARTITION_BITS)
        };
        Merge { tables, bits }
    }

    /// Number of partitions: a power of two, at least [`SHARDS`].
    pub fn partitions(&self) -> usize {
        1 << self.bits
    }

    /// The shard that all keys of a partition belong to. Ascending: the partitions of a shard are
    /// neighbours.
    pub fn shard(&self, partition: usize) -> usize {
        partition >> (self.bits - SHARD_BITS)
    }

    /// Whether there is so little to do that handing partitions to several threads costs more than
    /// it gains.
    pub fn is_small(&self) -> bool {
        self.bits == SHARD_BITS
            && self.tables.iter().map(CountTable::hot_keys).sum::<usize>() < 4 * KEYS_PER_PARTITION
    }

    /// Calls `emit` for every key of a partition, once each, with its count over all tables: in no
    /// order.
    ///
    /// # Panics
    /// If there is no such partition.
    pub fn partition(&self, partition: usize, scratch: &mut Scratch, mut emit: impl FnMut(&[u8], u64)) {
        assert!(partition < self.partitions(), "no such partition");
        if partition == 0 {
            let empty = self.tables.iter().map(|table| table.empty).sum();
            if empty > 0 {
                emit(b"", empty);
            }
        }
        self.inline(partition, &mut scratch.short, |table| &table.short, &mut emit);
        self.inline(partition, &mut scratch.medium, |table| &table.medium, &mut emit);
        self.inline(partition, &mut scratch.wide, |table| &table.wide, &mut emit);
        self.long(partition, &mut emit);
    }

    /// The keys of an inline class.
    fn inline<K: InlineKey>(
        &self,
        partition: usize,
        aggregate: &mut Aggregate<K>,
        class: impl Fn(&CountTable) -> &Class<K>,
        emit: &mut impl FnMut(&[u8], u64),
    ) {
        let mut emit = |key: K, count| {
            let (bytes, len) = key.decode();
            emit(&bytes[..len], count);
        };
        if let [table] = &self.tables[..]
            && class(table).spill.is_empty()
        {
            // The entries of one table are different from each other already.
            let hot = &class(table).hot;
            hot.for_each_in(partition, self.bits, table.seed(), |entry, _| emit(entry.key, entry.count));
            return;
        }
        let count = |table| class(table).count_in(partition, self.bits, table.seed());
        aggregate.reset(self.tables.iter().map(count).sum());
        for table in &self.tables {
            class(table).add_to(partition, self.bits, aggregate, table.seed());
        }
        for entry in aggregate.entries() {
            emit(entry.key, entry.count);
        }
    }

    /// The long keys.
    fn long(&self, partition: usize, emit: &mut impl FnMut(&[u8], u64)) {
        let mut keys = 0;
        for table in &self.tables {
            table.long.for_each_in(partition, self.bits, |_| keys += 1);
            if !table.long_spill.is_empty() {
                keys += table.long_spill.count(partition);
            }
        }
        if keys == 0 {
            return;
        }
        let mut aggregate = Aggregate::default();
        aggregate.reset(keys);
        for table in &self.tables {
            table.long.for_each_in(partition, self.bits, |entry| aggregate.add(entry, entry.key.hash));
            if !table.long_spill.is_empty() {
                table.long_spill.add_to(partition, &mut aggregate);
            }
        }
        for entry in aggregate.entries() {
            emit(entry.key.bytes, entry.count);
        }
    }

    /// Gives the tables back, as they were; [`CountTable::clear`] readies them for the next batch.
    pub fn into_tables(self) -> Vec<CountTable> {
        self.tables
    }
}
