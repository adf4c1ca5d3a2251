//! Short keys as integers: compared and hashed without touching memory twice.
//!
//! A key of up to 32 bytes without `\n` is held in place of a pointer to it: its bytes XOR `\n`,
//! padded with zeros. Each byte of such a key is then not zero, so the length can be read off, no
//! two keys have the same code, and no key has the code 0, which marks a free slot.

use std::ops::RangeInclusive;

use super::memory::Zeroed;
use super::seed::Seed;

/// The longest key that is held inline; as many bytes must be readable where one is read.
pub(super) const MAX_INLINE: usize = 32;

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
    const LENGTHS: RangeInclusive<usize>;

    /// Reads a key.
    ///
    /// # Safety
    /// `len` must be within [`InlineKey::LENGTHS`], and [`MAX_INLINE`] bytes must be readable at `at`.
    unsafe fn read(at: *const u8, len: usize) -> Self;

    /// Its hash.
    fn hash(self, seed: &Seed) -> u64;

    /// The integers of the code, the first bytes first.
    fn words(&self) -> &[u64];

    /// Whether there is a byte above 127 in it.
    #[inline(always)]
    fn non_ascii(self) -> bool {
        self.words().iter().fold(0, |all, word| all | word) & 0x8080_8080_8080_8080 != 0
    }

    /// Whether one of the `len` bytes it was read from was a `\n`, so that the code stands for no key.
    #[inline(always)]
    fn has_newline(self, len: usize) -> bool {
        let lengths = (0..).map(|i| len.saturating_sub(8 * i).min(8));
        self.words().iter().zip(lengths).any(|(word, len)| has_zero(*word, len))
    }

    /// The key's bytes at the front of a buffer, and how many they are.
    #[inline(always)]
    fn decode(self) -> ([u8; MAX_INLINE], usize) {
        let mut bytes = [0; MAX_INLINE];
        let mut len = 0;
        for (i, word) in self.words().iter().enumerate() {
            bytes[8 * i..8 * i + 8].copy_from_slice(&(word ^ NEWLINES).to_le_bytes());
            len += 8 - word.leading_zeros() as usize / 8;
        }
        (bytes, len)
    }
}

/// The code of the first `len` of the 8 bytes at `at`.
///
/// # Safety
/// 8 bytes must be readable at `at`, and `len` must be at most 8.
#[inline(always)]
unsafe fn code(at: *const u8, len: usize) -> u64 {
    // SAFETY: the caller's promises.
    unsafe { (u64::from_le(at.cast::<u64>().read_unaligned()) ^ NEWLINES) & *LOW_BYTES.get_unchecked(len) }
}

/// Whether one of the low `len` bytes of a code is zero.
#[inline(always)]
fn has_zero(code: u64, len: usize) -> bool {
    let filled = code | !LOW_BYTES[len];
    filled.wrapping_sub(0x0101_0101_0101_0101) & !filled & 0x8080_8080_8080_8080 != 0
}

impl InlineKey for u64 {
    const FREE: Self = 0;
    const LENGTHS: RangeInclusive<usize> = 1..=8;

    #[inline(always)]
    unsafe fn read(at: *const u8, len: usize) -> Self {
        debug_assert!(Self::LENGTHS.contains(&len));
        // SAFETY: the caller's promises.
        unsafe { code(at, len) }
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_word(self)
    }

    #[inline(always)]
    fn words(&self) -> &[u64] {
        std::slice::from_ref(self)
    }
}

impl InlineKey for [u64; 2] {
    const FREE: Self = [0; 2];
    const LENGTHS: RangeInclusive<usize> = 9..=16;

    #[inline(always)]
    unsafe fn read(at: *const u8, len: usize) -> Self {
        debug_assert!(Self::LENGTHS.contains(&len));
        // SAFETY: the caller's promises.
        unsafe { [code(at, 8), code(at.add(8), len - 8)] }
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_pair(self)
    }

    #[inline(always)]
    fn words(&self) -> &[u64] {
        self
    }
}

impl InlineKey for [u64; 4] {
    const FREE: Self = [0; 4];
    const LENGTHS: RangeInclusive<usize> = 17..=32;

    #[inline(always)]
    unsafe fn read(at: *const u8, len: usize) -> Self {
        debug_assert!(Self::LENGTHS.contains(&len));
        // SAFETY: the caller's promises.
        unsafe {
            [
                code(at, 8),
                code(at.add(8), 8),
                code(at.add(16), (len - 16).min(8)),
                code(at.add(24), len.max(24) - 24),
            ]
        }
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_pair([seed.hash_pair([self[0], self[1]]) ^ self[2], self[3]])
    }

    #[inline(always)]
    fn words(&self) -> &[u64] {
        self
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

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<K: InlineKey>(padded: &[u8]) {
        for len in K::LENGTHS {
            // SAFETY: the caller gives enough bytes.
            let key = unsafe { K::read(padded.as_ptr(), len) };
            let (bytes, decoded) = key.decode();
            assert_eq!(&bytes[..decoded], &padded[..len]);
            assert_eq!(key.non_ascii(), !padded[..len].is_ascii());
            assert!(!key.has_newline(len));
            for at in 0..len {
                let mut other = padded.to_vec();
                other[at] = b'\n';
                // SAFETY: as above.
                assert!(unsafe { K::read(other.as_ptr(), len) }.has_newline(len), "{at} of {len}");
            }
        }
    }

    #[test]
    fn a_code_gives_its_key_back() {
        let zeros = [0; MAX_INLINE];
        let letters: [u8; MAX_INLINE] = std::array::from_fn(|i| b'a' + i as u8);
        let high: [u8; MAX_INLINE] = std::array::from_fn(|i| if i % 5 == 4 { 0x8a } else { 0x0b });
        for padded in [zeros, letters, high] {
            round_trip::<u64>(&padded);
            round_trip::<[u64; 2]>(&padded);
            round_trip::<[u64; 4]>(&padded);
        }
    }
}
