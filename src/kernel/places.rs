//! Places of certain bytes in a text, found for 64 bytes at once, as bits.
//!
//! Where one is does not have to be known before the next is looked for (Langdale and Lemire, "Parsing Gigabytes of
//! JSON per Second", 2019). Texts may be short and need no slack behind them.

/// Bytes that are looked for.
pub(super) trait Sought: Copy {
    /// Whether a byte is one of them.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn is(self, byte: u8) -> bool;

    /// The same of 16 bytes: all bits of those that are set, none of the others.
    #[cfg(target_arch = "x86_64")]
    fn of_16(self, bytes: std::arch::x86_64::__m128i) -> std::arch::x86_64::__m128i;
}

/// One byte.
#[derive(Clone, Copy)]
pub(super) struct Only(pub(super) u8);

impl Sought for Only {
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn is(self, byte: u8) -> bool {
        byte == self.0
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn of_16(self, bytes: std::arch::x86_64::__m128i) -> std::arch::x86_64::__m128i {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_cmpeq_epi8(bytes, _mm_set1_epi8(self.0 as i8)) }
    }
}

/// How often a byte is in a text.
pub fn count_byte(text: &[u8], byte: u8) -> usize {
    let (blocks, rest) = text.as_chunks();
    let blocks =
        blocks.iter().map(|block| bits(Only(byte), block)).chain([bits_of_last(Only(byte), text, rest)]);
    blocks.map(|bits| bits.count_ones() as usize).sum()
}

/// The places of the sought bytes, one after the other.
pub(super) struct Places<'a, S> {
    bytes: &'a [u8],
    sought: S,
    /// Where the present block starts.
    block: usize,
    /// The places in there that are still to come, a bit for each.
    left: u64,
}

/// Bytes that have one bit each.
const BLOCK: usize = 64;

impl<'a, S: Sought> Places<'a, S> {
    /// Those in a text.
    #[inline]
    pub(super) fn new(sought: S, bytes: &'a [u8]) -> Self {
        let mut places = Places { bytes, sought, block: 0, left: 0 };
        places.left = places.of_block();
        places
    }

    /// Those of the present block.
    #[inline(always)]
    fn of_block(&self) -> u64 {
        match self.bytes.get(self.block..).map(|rest| (rest.first_chunk(), rest)) {
            Some((Some(block), _)) => bits(self.sought, block),
            Some((None, rest)) => bits_of_last(self.sought, self.bytes, rest),
            None => 0,
        }
    }

    /// The next place; behind the last one the end of the bytes.
    #[inline(always)]
    fn next(&mut self) -> usize {
        while self.left == 0 {
            self.block += BLOCK;
            if self.block >= self.bytes.len() {
                return self.bytes.len();
            }
            self.left = self.of_block();
        }
        let place = self.block + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        place
    }

    /// The next place from `start` on, which is behind all that were asked for.
    #[inline(always)]
    pub(super) fn next_from(&mut self, start: usize) -> usize {
        match start - self.block {
            passed @ 0..BLOCK => self.left &= u64::MAX << passed,
            _ => {
                self.block = start;
                self.left = self.of_block();
            }
        }
        self.next()
    }
}

/// A bit for each byte of a block: whether it is sought.
#[inline(always)]
fn bits<S: Sought>(sought: S, block: &[u8; BLOCK]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        let (quarters, _) = block.as_chunks::<16>();
        quarters.iter().rev().fold(0, |bits, quarter| {
            // SAFETY: the quarter has the 16 bytes that are read; SSE2 is part of x86-64.
            let found = unsafe { _mm_movemask_epi8(sought.of_16(_mm_loadu_si128(quarter.as_ptr().cast()))) };
            bits << 16 | u64::from(found as u32)
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    bits_one_by_one(sought, block)
}

/// The slow twin of [`bits`], and its stand-in on other machines.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn bits_one_by_one<S: Sought>(sought: S, block: &[u8; BLOCK]) -> u64 {
    block.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(sought.is(*byte)))
}

/// Those of the rest of a text, which is no full block.
#[inline(never)]
fn bits_of_last<S: Sought>(sought: S, text: &[u8], rest: &[u8]) -> u64 {
    match text.last_chunk() {
        // The end of a full one that began earlier.
        Some(block) => bits(sought, block).checked_shr((BLOCK - rest.len()) as u32).unwrap_or(0),
        None => {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            bits(sought, &block) & !(u64::MAX << rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_that_are_looked_at_one_by_one(
            text in prop::collection::vec(prop::sample::select(&b"\0ab \xe3"[..]), 0..300),
            byte in prop::sample::select(&b"\0a \xe3"[..]),
        ) {
            let twin: Vec<usize> = (0..text.len()).filter(|at| text[*at] == byte).collect();
            prop_assert_eq!(count_byte(&text, byte), twin.len());
            let mut places = Places::new(Only(byte), &text);
            let (mut found, mut start) = (Vec::new(), 0);
            while start <= text.len() {
                let place = places.next_from(start);
                found.extend((place < text.len()).then_some(place));
                start = place + 1;
            }
            prop_assert_eq!(found, twin);
            for block in text.windows(BLOCK).filter_map(|block| block.first_chunk()) {
                prop_assert_eq!(bits(Only(byte), block), bits_one_by_one(Only(byte), block));
            }
        }
    }
}
