//! Keys that are not held inline: longer than 32 bytes, or with a `\n` in them.

use super::aggregate::Aggregate;
use super::chunks::{PARTITION_BITS, PARTITIONS};
use super::class::Eviction;
use super::hot::{Full, MAX_SLOTS, taken_slots};
use super::key::Entry;

/// Slots of a fresh table.
const MIN_SLOTS: usize = 256;

/// Words of 8 bytes in a chunk of spilled records.
const CHUNK_WORDS: usize = 4096 / 8;

/// Bytes of the arena's largest common segment.
const MAX_SEGMENT: usize = 1 << 20;

/// A long key, somewhere in memory, with its hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct LongKey<'a> {
    pub(super) hash: u64,
    pub(super) bytes: &'a [u8],
}

impl PartialEq for LongKey<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

/// Key bytes that are kept, in segments that never move.
#[derive(Default)]
struct Arena {
    segments: Vec<Vec<u8>>,
}

/// A key's place in an [`Arena`]: segment in the high half, offset in the low half.
type Place = u64;

impl Arena {
    fn keep(&mut self, bytes: &[u8]) -> Place {
        let fits = |segment: &Vec<u8>| segment.capacity() - segment.len() >= bytes.len();
        if !self.segments.last().is_some_and(fits) {
            let common = self.segments.last().map_or(4096, |last| (2 * last.capacity()).min(MAX_SEGMENT));
            self.segments.push(Vec::with_capacity(common.max(bytes.len())));
        }
        let index = self.segments.len() - 1;
        let segment = &mut self.segments[index];
        // A segment beyond `MAX_SEGMENT` was made for one key, at offset 0: offsets fit in 32 bits.
        let place = (index as u64) << 32 | segment.len() as u64;
        segment.extend_from_slice(bytes);
        place
    }

    #[inline(always)]
    fn get(&self, place: Place, len: usize) -> &[u8] {
        let offset = place as u32 as usize;
        &self.segments[(place >> 32) as usize][offset..offset + len]
    }
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    place: Place,
    len: usize,
    /// 0 marks a free slot.
    count: u64,
}

/// As [`super::hot::HotTable`], for long keys.
pub(super) struct LongTable {
    slots: Vec<Slot>,
    shift: u32,
    entries: usize,
    arena: Arena,
    /// Keys since the last eviction that had no place.
    refused: usize,
    eviction: Eviction,
}

impl LongTable {
    pub(super) fn new() -> Self {
        Self::with_slots(MIN_SLOTS)
    }

    fn with_slots(slots: usize) -> Self {
        LongTable {
            slots: vec![Slot::default(); slots],
            shift: 64 - slots.trailing_zeros(),
            entries: 0,
            arena: Arena::default(),
            refused: 0,
            eviction: Eviction::default(),
        }
    }

    /// Keys in the table.
    pub(super) fn len(&self) -> usize {
        self.entries
    }

    fn holds(&self, slot: &Slot, key: LongKey<'_>) -> bool {
        slot.hash == key.hash
            && slot.len == key.bytes.len()
            && slot.count > 0
            && self.arena.get(slot.place, slot.len) == key.bytes
    }

    /// Adds `count`, which is not zero, to a key.
    ///
    /// # Errors
    /// [`Full`] if the key is not in the table and there is no place for it.
    #[inline]
    pub(super) fn add(&mut self, key: LongKey<'_>, count: u64) -> Result<(), Full> {
        let mask = self.slots.len() - 1;
        let home = (key.hash >> self.shift) as usize;
        let mut at = home;
        while self.slots[at].count > 0 {
            if self.holds(&self.slots[at], key) {
                self.slots[at].count += count;
                if at != home && self.slots[at].count > self.slots[home].count {
                    self.slots.swap(at, home);
                }
                return Ok(());
            }
            at = (at + 1) & mask;
        }
        self.insert(key, count, at)
    }

    #[cold]
    fn insert(&mut self, key: LongKey<'_>, count: u64, at: usize) -> Result<(), Full> {
        if self.entries >= MAX_SLOTS / 2 {
            return Err(Full);
        }
        let place = self.arena.keep(key.bytes);
        self.slots[at] = Slot { hash: key.hash, place, len: key.bytes.len(), count };
        self.entries += 1;
        if 2 * self.entries > self.slots.len() && self.slots.len() < MAX_SLOTS {
            self.grow();
        }
        Ok(())
    }

    /// Notes that a key had no place. After as many as there are places, the entries that have come
    /// least often make room, and are handed to `evicted`.
    pub(super) fn refused(&mut self, mut evicted: impl FnMut(Entry<LongKey<'_>>)) {
        self.refused += 1;
        if self.refused < MAX_SLOTS / 2 {
            return;
        }
        let mut old = std::mem::replace(self, Self::with_slots(self.slots.len()));
        let at_most = old.eviction.at_most();
        for slot in old.slots.iter().filter(|slot| slot.count > 0) {
            let key = LongKey { hash: slot.hash, bytes: old.arena.get(slot.place, slot.len) };
            // There is room: it is a table of the same size, for fewer entries.
            if slot.count <= at_most || self.add(key, slot.count).is_err() {
                evicted(Entry { key, count: slot.count });
            }
        }
        old.eviction.learn(old.entries, self.entries);
        self.eviction = old.eviction;
    }

    fn grow(&mut self) {
        let slots = 2 * self.slots.len();
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); slots]);
        self.shift -= 1;
        for slot in old.into_iter().filter(|slot| slot.count > 0) {
            let mut at = (slot.hash >> self.shift) as usize;
            while self.slots[at].count > 0 {
                at = (at + 1) & (slots - 1);
            }
            self.slots[at] = slot;
        }
    }

    /// Calls `each` for the entries whose hash lies in partition `index` of `1 << bits` equal parts.
    pub(super) fn for_each_in<'a>(
        &'a self,
        index: usize,
        bits: u32,
        mut each: impl FnMut(Entry<LongKey<'a>>),
    ) {
        if self.entries == 0 {
            return;
        }
        for at in taken_slots(self.slots.len(), index, bits, |at| self.slots[at].count == 0) {
            let slot = &self.slots[at];
            if (slot.hash >> (64 - bits)) as usize == index {
                let bytes = self.arena.get(slot.place, slot.len);
                each(Entry { key: LongKey { hash: slot.hash, bytes }, count: slot.count });
            }
        }
    }

    /// Forgets all entries; keeps the slots if they were needed.
    pub(super) fn clear(&mut self) {
        let wanted = (4 * self.entries).next_power_of_two().clamp(MIN_SLOTS, MAX_SLOTS);
        if self.slots.len() > 4 * wanted {
            *self = Self::with_slots(wanted);
        } else if self.entries > 0 {
            self.slots.fill(Slot::default());
            self.entries = 0;
            self.arena = Arena::default();
        }
        self.refused = 0;
        self.eviction = Eviction::default();
    }
}

/// Spilled long keys by hash partition: records of hash, length, count and the bytes, padded to
/// whole words.
pub(super) struct LongSpill {
    /// Chunks of whole records for each partition.
    chunks: Box<[Vec<Vec<u64>>]>,
    /// Number of records in each partition.
    records: Box<[usize]>,
    bytes: usize,
}

impl LongSpill {
    pub(super) fn new() -> Self {
        LongSpill {
            chunks: vec![Vec::new(); PARTITIONS].into_boxed_slice(),
            records: vec![0; PARTITIONS].into_boxed_slice(),
            bytes: 0,
        }
    }

    /// Bytes of memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing was spilled.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// At most how many different keys there are in a partition.
    pub(super) fn count(&self, partition: usize) -> usize {
        self.records[partition]
    }

    /// Appends a key with a count.
    pub(super) fn push(&mut self, key: LongKey<'_>, count: u64) {
        let partition = (key.hash >> (64 - PARTITION_BITS)) as usize;
        self.bytes += append(&mut self.chunks[partition], key, count);
        self.records[partition] += 1;
    }

    fn for_each_in<'a>(&'a self, partition: usize, mut each: impl FnMut(Entry<LongKey<'a>>)) {
        for chunk in &self.chunks[partition] {
            let mut rest = &chunk[..];
            while let [hash, len, count, tail @ ..] = rest {
                let len = *len as usize;
                let (padded, next) = tail.split_at(len.div_ceil(8));
                each(Entry { key: LongKey { hash: *hash, bytes: &as_bytes(padded)[..len] }, count: *count });
                rest = next;
            }
        }
    }

    /// Adds a partition to an aggregate.
    pub(super) fn add_to<'a>(&'a self, partition: usize, aggregate: &mut Aggregate<LongKey<'a>>) {
        self.for_each_in(partition, |entry| aggregate.add(entry, entry.key.hash));
    }

    /// Sums up equal keys where that at least halves the memory; see [`super::spill::Spill::compact`].
    pub(super) fn compact(&mut self) {
        for partition in 0..PARTITIONS {
            let mut aggregate = Aggregate::default();
            aggregate.reset(self.count(partition));
            self.add_to(partition, &mut aggregate);
            let mut chunks = Vec::new();
            let after: usize =
                aggregate.entries().iter().map(|entry| append(&mut chunks, entry.key, entry.count)).sum();
            let before = memory_of(&self.chunks[partition]);
            if 2 * after > before {
                continue;
            }
            self.records[partition] = aggregate.entries().len();
            self.bytes = self.bytes - before + after;
            self.chunks[partition] = chunks;
        }
    }

    /// Forgets everything and gives the memory back.
    pub(super) fn clear(&mut self) {
        if self.bytes > 0 {
            *self = Self::new();
        }
    }
}

fn memory_of(chunks: &[Vec<u64>]) -> usize {
    chunks.iter().map(|chunk| 8 * chunk.capacity()).sum()
}

/// Appends a record to the last chunk or to a new one; says how many bytes of memory that took.
fn append(chunks: &mut Vec<Vec<u64>>, key: LongKey<'_>, count: u64) -> usize {
    let words = 3 + key.bytes.len().div_ceil(8);
    let fits = |chunk: &Vec<u64>| chunk.capacity() - chunk.len() >= words;
    let mut taken = 0;
    if !chunks.last().is_some_and(fits) {
        let chunk = Vec::with_capacity(words.max(CHUNK_WORDS));
        taken = 8 * chunk.capacity();
        chunks.push(chunk);
    }
    let chunk = chunks.last_mut().expect("a chunk was just made sure of");
    chunk.extend([key.hash, key.bytes.len() as u64, count]);
    let (whole, rest) = key.bytes.as_chunks::<8>();
    chunk.extend(whole.iter().map(|bytes| u64::from_ne_bytes(*bytes)));
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        chunk.push(u64::from_ne_bytes(last));
    }
    taken
}

/// The bytes of the words as they lie in memory.
fn as_bytes(words: &[u64]) -> &[u8] {
    // SAFETY: the same memory; every byte of an integer is initialised.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}
