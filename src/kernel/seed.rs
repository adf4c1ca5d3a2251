//! The secret of a process that its hashes depend on: input comes from outside, and nobody may
//! choose keys that collide.

use ahash::RandomState;

/// Keys of the hash functions. Tables that are to be merged must share one seed.
#[derive(Clone, Debug)]
pub struct Seed {
    state: RandomState,
    multiplier: u64,
    masks: [u64; 2],
}

impl Seed {
    /// A seed that differs from process to process.
    pub fn random() -> Seed {
        Seed::derive(RandomState::new())
    }

    /// The same seed for the same number: for tests and benchmarks.
    pub fn fixed(number: u64) -> Seed {
        Seed::derive(RandomState::with_seeds(number, !number, number.rotate_left(32), 0x9e37_79b9_7f4a_7c15))
    }

    fn derive(state: RandomState) -> Seed {
        let secret = |index: u64| state.hash_one(index);
        // An odd multiplier: an even one would take no part of a key's highest bit into the low half.
        Seed { multiplier: secret(0) | 1, masks: [secret(1), secret(2)], state }
    }

    /// Whether two seeds are the same one.
    pub(super) fn is_same(&self, other: &Seed) -> bool {
        self.multiplier == other.multiplier && self.masks == other.masks
    }

    /// Hash of one word: both halves of the 128-bit product, folded as in ahash and wyhash.
    #[inline(always)]
    pub(super) fn hash_word(&self, word: u64) -> u64 {
        fold(word, self.multiplier)
    }

    /// Hash of two words.
    #[inline(always)]
    pub(super) fn hash_pair(&self, [low, high]: [u64; 2]) -> u64 {
        fold(low ^ self.masks[0], high ^ self.masks[1])
    }

    /// Hash of a key of any length.
    #[inline]
    pub(super) fn hash_bytes(&self, key: &[u8]) -> u64 {
        self.state.hash_one(key)
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
