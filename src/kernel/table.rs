//! The count table: how often each key came, for one worker and one batch.

use super::aggregate::Aggregate;
use super::class::Class;
use super::hot::Full;
use super::key::{InlineKey, MAX_INLINE};
use super::long::{LongKey, LongSpill, LongTable};
use super::seed::Seed;
use super::utf8::decode;
use super::words::Words;
use crate::batch::Text;

/// A key that lies in a text: its place and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Number of bytes.
    pub len: usize,
}

/// Counts of keys. Keys are bytes; what is not UTF-8 in them is replaced by U+FFFD before they are
/// counted, as Python's `errors="replace"` does, so all keys in the table are valid UTF-8, but for those
/// of [`CountTable::add_bytes`].
///
/// Frequent keys live in four small hash tables by length: up to 8, 16 and 32 bytes inline, longer
/// ones by hash and reference. What they have no place for goes to a spill by hash
/// partition, whose memory is bounded by the number of different keys.
pub struct CountTable {
    seed: Seed,
    /// Bytes that the spill may take before it is summed up.
    budget: usize,
    /// Bytes at which the spill is summed up next.
    limit: usize,
    /// How often the empty key came.
    pub(super) empty: u64,
    pub(super) short: Class<u64>,
    pub(super) medium: Class<[u64; 2]>,
    pub(super) wide: Class<[u64; 4]>,
    pub(super) long: LongTable,
    pub(super) long_spill: LongSpill,
}

impl std::fmt::Debug for CountTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountTable")
            .field("hot_keys", &self.hot_keys())
            .field("spill_bytes", &self.spill_bytes())
            .finish_non_exhaustive()
    }
}

impl CountTable {
    /// An empty table of a few kilobytes. Tables that will be merged must share the seed.
    ///
    /// `budget` is the memory, in bytes, that keys beyond the hot tables may take before equal ones
    /// are summed up; it bounds memory by a small multiple of what the different keys need.
    pub fn new(seed: &Seed, budget: usize) -> Self {
        CountTable {
            seed: seed.clone(),
            budget,
            limit: budget,
            empty: 0,
            short: Class::new(),
            medium: Class::new(),
            wide: Class::new(),
            long: LongTable::new(),
            long_spill: LongSpill::new(),
        }
    }

    /// The seed of its hashes.
    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.empty == 0 && self.hot_keys() == 0 && self.spill_bytes() == 0
    }

    /// Different keys in the hot tables.
    pub(super) fn hot_keys(&self) -> usize {
        self.short.hot.len() + self.medium.hot.len() + self.wide.hot.len() + self.long.len()
    }

    /// Bytes of memory that keys beyond the hot tables take.
    pub fn spill_bytes(&self) -> usize {
        self.short.spill.bytes()
            + self.medium.spill.bytes()
            + self.wide.spill.bytes()
            + self.long_spill.bytes()
    }

    /// Adds `count` to a key that need not be text, and stays as it is.
    pub fn add_bytes(&mut self, key: &[u8], count: u64) {
        self.add_as_it_is(key, count);
        self.settle();
    }

    /// Adds `count` to a key of any bytes and length.
    pub fn add(&mut self, key: &[u8], count: u64) {
        if key.is_ascii() {
            self.add_as_it_is(key, count);
        } else {
            // Borrows what is valid.
            self.add_as_it_is(decode(key).as_bytes(), count);
        }
        self.settle();
    }

    /// Adds one to each of the keys that lie in `text`.
    ///
    /// # Panics
    /// If a span does not lie within the text.
    pub fn count_spans(&mut self, text: Text<'_>, spans: &[Span]) {
        for span in spans {
            let Span { start, len } = *span;
            let key = &text.bytes()[start..start + len];
            // Not the key's own pointer: more than the key is read.
            let at = text.padded()[start..].as_ptr();
            let counted = match len {
                0 => {
                    self.empty += 1;
                    true
                }
                // SAFETY: the slack behind the text is readable; the lengths are the classes'.
                1..=8 => unsafe { count_span(&mut self.short, at, len, &self.seed) },
                // SAFETY: as above.
                9..=16 => unsafe { count_span(&mut self.medium, at, len, &self.seed) },
                // SAFETY: as above.
                17..=32 => unsafe { count_span(&mut self.wide, at, len, &self.seed) },
                _ => false,
            };
            if !counted {
                self.add(key, 1);
            }
        }
        self.settle();
    }

    /// Counts the words of a block: valid UTF-8 without `\n`.
    ///
    /// # Safety
    /// The words must be those of the text at `block`, and [`MAX_INLINE`] bytes from the start of
    /// each on must be readable.
    #[inline]
    pub(super) unsafe fn count_words(&mut self, block: &[u8], words: &Words, empty: usize) {
        self.empty += empty as u64;
        // SAFETY: the caller's promise; words between delimiters have no `\n` in them.
        unsafe {
            self.short.count_words(block.as_ptr(), words.short(), &self.seed);
            self.medium.count_words(block.as_ptr(), words.medium(), &self.seed);
            self.wide.count_words(block.as_ptr(), words.wide(), &self.seed);
        }
        for word in words.long() {
            self.add_long(&block[word.start()..word.start() + word.len()], 1);
        }
        self.settle();
    }

    /// Adds `count` to a key, without making room.
    fn add_as_it_is(&mut self, key: &[u8], count: u64) {
        if count == 0 {
            return;
        }
        let len = key.len();
        if len > MAX_INLINE || key.contains(&b'\n') {
            return self.add_long(key, count);
        }
        let mut padded = [0; MAX_INLINE];
        padded[..len].copy_from_slice(key);
        let at = padded.as_ptr();
        // SAFETY: enough bytes are readable, and the lengths are the classes'.
        unsafe {
            match len {
                0 => self.empty += count,
                1..=8 => self.short.add(InlineKey::read(at, len), count, &self.seed),
                9..=16 => self.medium.add(InlineKey::read(at, len), count, &self.seed),
                _ => self.wide.add(InlineKey::read(at, len), count, &self.seed),
            }
        }
    }

    fn add_long(&mut self, bytes: &[u8], count: u64) {
        let key = LongKey { hash: self.seed.hash_bytes(bytes), bytes };
        if let Err(Full) = self.long.add(key, count) {
            self.long_spill.push(key, count);
            let spill = &mut self.long_spill;
            self.long.refused(|entry| spill.push(entry.key, entry.count));
        }
    }

    /// Keeps the spill within its bounds.
    #[inline]
    fn settle(&mut self) {
        if self.spill_bytes() > self.limit {
            self.compact();
        }
    }

    /// Sums up the spill. The next time is when it has doubled: so its memory is at most a constant
    /// times that of its different keys, and the work is at most a constant times that of spilling.
    #[cold]
    fn compact(&mut self) {
        if !self.short.spill.is_empty() {
            self.short.spill.compact(&self.seed);
        }
        if !self.medium.spill.is_empty() {
            self.medium.spill.compact(&self.seed);
        }
        if !self.wide.spill.is_empty() {
            self.wide.spill.compact(&self.seed);
        }
        if !self.long_spill.is_empty() {
            self.long_spill.compact();
        }
        self.limit = self.budget.max(2 * self.spill_bytes());
    }

    /// Forgets everything, for the next batch. Memory that this batch needed is kept, what only an
    /// earlier one needed is given back.
    pub fn clear(&mut self) {
        self.empty = 0;
        self.limit = self.budget;
        self.short.clear();
        self.medium.clear();
        self.wide.clear();
        self.long.clear();
        self.long_spill.clear();
    }
}

/// Counts a key if it can stand in the class as it is: ASCII without `\n`.
///
/// # Safety
/// The key at `at` must have one of the class's lengths, and [`MAX_INLINE`] bytes from its start on must
/// be readable.
#[inline(always)]
unsafe fn count_span<K: InlineKey>(class: &mut Class<K>, at: *const u8, len: usize, seed: &Seed) -> bool {
    // SAFETY: the caller's promises.
    let code = unsafe { K::read(at, len) };
    let plain = !code.non_ascii() && !code.has_newline(len);
    if plain {
        class.add(code, 1, seed);
    }
    plain
}

/// Memory for summing up partitions, to be used again for the next one.
#[derive(Default)]
pub struct Scratch {
    pub(super) short: Aggregate<u64>,
    pub(super) medium: Aggregate<[u64; 2]>,
    pub(super) wide: Aggregate<[u64; 4]>,
}
