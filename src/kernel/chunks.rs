//! Raw keys on their way to a partition: appended to small chunks cut from big slabs.

use super::key::InlineKey;
use super::memory::Memory;

/// Partitions of a spill. One store each, in turn, still goes to the first-level cache.
pub(super) const PARTITIONS: usize = 256;

/// Base-2 logarithm of [`PARTITIONS`].
pub(super) const PARTITION_BITS: u32 = PARTITIONS.trailing_zeros();

/// Bytes of a chunk, and its alignment: a pointer at a multiple of it is behind a chunk's end.
const CHUNK_BYTES: usize = 4096;

/// Bytes of a slab.
const SLAB_BYTES: usize = 2 << 20;

/// A chunk's memory; only its address is ever used.
#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct ChunkBytes([u64; CHUNK_BYTES / 8]);

// SAFETY: an array of integers.
unsafe impl super::memory::Zeroed for ChunkBytes {}

/// Lists of keys, one for each partition.
pub(super) struct KeyChunks<K> {
    slabs: Vec<Memory<ChunkBytes>>,
    /// Chunks of the slabs that are in no list.
    free: Vec<*mut K>,
    /// The chunks of each partition, all but the last of them full.
    lists: Box<[Vec<*mut K>]>,
    /// Where the next key of each partition goes; at a chunk's border there is no room.
    cursors: Box<[*mut K; PARTITIONS]>,
    /// Chunks in lists.
    used: usize,
}

// SAFETY: the pointers lead into the slabs, which the value owns.
unsafe impl<K: Send> Send for KeyChunks<K> {}
// SAFETY: shared access only reads.
unsafe impl<K: Sync> Sync for KeyChunks<K> {}

impl<K: InlineKey> KeyChunks<K> {
    /// Keys in a full chunk.
    const PER_CHUNK: usize = CHUNK_BYTES / size_of::<K>();

    pub(super) fn new() -> Self {
        const { assert!(CHUNK_BYTES.is_multiple_of(size_of::<K>())) }
        KeyChunks {
            slabs: Vec::new(),
            free: Vec::new(),
            lists: vec![Vec::new(); PARTITIONS].into_boxed_slice(),
            cursors: Box::new([std::ptr::null_mut(); PARTITIONS]),
            used: 0,
        }
    }

    /// Bytes of the chunks that are in lists.
    pub(super) fn bytes(&self) -> usize {
        self.used * CHUNK_BYTES
    }

    /// Appends a key to the partition that the top bits of its hash name.
    #[inline(always)]
    pub(super) fn push(&mut self, key: K, hash: u64) {
        let partition = (hash >> (64 - PARTITION_BITS)) as usize;
        let mut cursor = self.cursors[partition];
        if cursor.addr().is_multiple_of(CHUNK_BYTES) {
            cursor = self.next_chunk(partition);
        }
        // SAFETY: the cursor is null or at a chunk's border, which was just dealt with, or within
        // a chunk, which has room for whole keys up to its end.
        unsafe {
            cursor.write(key);
            self.cursors[partition] = cursor.add(1);
        }
    }

    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self, partition: usize) -> *mut K {
        if self.free.is_empty() {
            let mut slab = Memory::<ChunkBytes>::zeroed(SLAB_BYTES / CHUNK_BYTES);
            let first = slab.as_mut_ptr();
            // The lowest address is used first.
            self.free.extend((0..slab.len()).rev().map(|i| first.wrapping_add(i).cast::<K>()));
            self.slabs.push(slab);
        }
        let chunk = self.free.pop().expect("a slab has chunks");
        self.lists[partition].push(chunk);
        self.used += 1;
        chunk
    }

    /// How many keys there are in a partition.
    pub(super) fn count(&self, partition: usize) -> usize {
        let chunks = self.lists[partition].len();
        let filled = self.cursors[partition].addr() % CHUNK_BYTES / size_of::<K>();
        if filled == 0 { chunks * Self::PER_CHUNK } else { (chunks - 1) * Self::PER_CHUNK + filled }
    }

    /// The keys of a partition, a slice for each chunk.
    pub(super) fn slices(&self, partition: usize) -> impl Iterator<Item = &[K]> {
        let chunks = &self.lists[partition];
        let mut left = self.count(partition);
        chunks.iter().map(move |&chunk| {
            let len = left.min(Self::PER_CHUNK);
            left -= len;
            // SAFETY: all chunks but the last are full, and `count` says how many keys were
            // written; nobody writes while `self` is borrowed.
            unsafe { std::slice::from_raw_parts(chunk, len) }
        })
    }

    /// Empties a partition; its chunks can be used again.
    pub(super) fn clear_partition(&mut self, partition: usize) {
        let chunks = &mut self.lists[partition];
        self.used -= chunks.len();
        self.free.append(chunks);
        self.cursors[partition] = std::ptr::null_mut();
    }

    /// Empties all partitions. Slabs that this batch did not need are given back.
    pub(super) fn clear(&mut self) {
        let needed = self.bytes().div_ceil(SLAB_BYTES);
        self.lists.fill(Vec::new());
        self.cursors.fill(std::ptr::null_mut());
        self.used = 0;
        self.slabs.truncate(needed);
        self.free.clear();
        for slab in self.slabs.iter_mut().rev() {
            let first = slab.as_mut_ptr();
            self.free.extend((0..slab.len()).rev().map(|i| first.wrapping_add(i).cast::<K>()));
        }
    }
}
