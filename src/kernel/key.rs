//! Short keys as integers: compared and hashed without touching memory twice.
//!
//! A key of up to 16 bytes without `\n` is held in place of a pointer to it: its bytes XOR `\n`,
//! padded with zeros. Each byte of such a key is then not zero, so the length can be read off, no
//! two keys have the same code, and no key has the code 0, which marks a free slot.

use super::memory::Zeroed;
use super::seed::Seed;

/// `\n` in every byte.
const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;

/// The low `n` bytes set, for `n` from 0 to 8.
const LOW_BYTES: [u64; 9] = {
    let mut masks = [0; 9];
    let mut n = 1;
    while n < 9 {
        masks[n] = u64::MAX >> (64 - 8 * n);
        n += 1;
    }
    masks
};

/// A key held inline.
pub(super) trait InlineKey: Copy + PartialEq + Zeroed {
    /// The code that marks a free slot.
    const FREE: Self;
    /// The shortest and longest key of the class, in bytes.
    const LENGTHS: std::ops::RangeInclusive<usize>;

    /// Reads a key.
    ///
    /// # Safety
    /// `len` must be within [`InlineKey::LENGTHS`], and 16 bytes must be readable at `at`.
    unsafe fn read(at: *const u8, len: usize) -> Self;

    /// Its hash.
    fn hash(self, seed: &Seed) -> u64;

    /// Whether there is a byte above 127 in it.
    fn non_ascii(self) -> bool;

    /// Whether one of its `len` bytes was a `\n`, so that the code stands for no key.
    fn has_newline(self, len: usize) -> bool;

    /// The key's bytes at the front of a buffer, and how many they are.
    fn decode(self) -> ([u8; 16], usize);
}

/// # Safety
/// 8 bytes must be readable at `at`.
#[inline(always)]
unsafe fn load(at: *const u8) -> u64 {
    // SAFETY: the caller's promise.
    u64::from_le(unsafe { at.cast::<u64>().read_unaligned() })
}

/// Whether one of the low `len` bytes of a code is zero.
#[inline(always)]
fn has_zero(code: u64, len: usize) -> bool {
    let filled = code | !LOW_BYTES[len];
    filled.wrapping_sub(0x0101_0101_0101_0101) & !filled & 0x8080_8080_8080_8080 != 0
}

/// Bytes of a padded code: those up to the last that is not zero.
#[inline(always)]
fn length(code: u64) -> usize {
    8 - code.leading_zeros() as usize / 8
}

impl InlineKey for u64 {
    const FREE: u64 = 0;
    const LENGTHS: std::ops::RangeInclusive<usize> = 1..=8;

    #[inline(always)]
    unsafe fn read(at: *const u8, len: usize) -> u64 {
        debug_assert!(Self::LENGTHS.contains(&len));
        // SAFETY: 16 bytes are readable; `len` is at most 8.
        unsafe { (load(at) ^ NEWLINES) & *LOW_BYTES.get_unchecked(len) }
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_word(self)
    }

    #[inline(always)]
    fn non_ascii(self) -> bool {
        self & 0x8080_8080_8080_8080 != 0
    }

    #[inline(always)]
    fn has_newline(self, len: usize) -> bool {
        has_zero(self, len)
    }

    #[inline]
    fn decode(self) -> ([u8; 16], usize) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(self ^ NEWLINES).to_le_bytes());
        (bytes, length(self))
    }
}

impl InlineKey for [u64; 2] {
    const FREE: [u64; 2] = [0; 2];
    const LENGTHS: std::ops::RangeInclusive<usize> = 9..=16;

    #[inline(always)]
    unsafe fn read(at: *const u8, len: usize) -> [u64; 2] {
        debug_assert!(Self::LENGTHS.contains(&len));
        // SAFETY: 16 bytes are readable; `len` is from 9 to 16.
        unsafe { [load(at) ^ NEWLINES, (load(at.add(8)) ^ NEWLINES) & *LOW_BYTES.get_unchecked(len - 8)] }
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_pair(self)
    }

    #[inline(always)]
    fn non_ascii(self) -> bool {
        (self[0] | self[1]) & 0x8080_8080_8080_8080 != 0
    }

    #[inline(always)]
    fn has_newline(self, len: usize) -> bool {
        has_zero(self[0], 8) || has_zero(self[1], len - 8)
    }

    #[inline]
    fn decode(self) -> ([u8; 16], usize) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(self[0] ^ NEWLINES).to_le_bytes());
        bytes[8..].copy_from_slice(&(self[1] ^ NEWLINES).to_le_bytes());
        (bytes, 8 + length(self[1]))
    }
}

/// A key with its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Entry<K> {
    pub(super) key: K,
    pub(super) count: u64,
}

// SAFETY: a pair of values that are valid when zero.
unsafe impl<K: Zeroed> Zeroed for Entry<K> {}
