//! The words of one block, found by vector instructions and sorted into length classes.
//!
//! Two passes over a block that stays in the first-level cache. [`Words::scan`] finds where words
//! start; [`Words::classify`] computes lengths and sorts the words by length class without a
//! branch on any single word, because the length of the next word cannot be predicted.

use super::key::MAX_INLINE;
use super::level::{Instructions, Level};
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::{avx512, x86};

/// Bytes of text crunched at a time: a block, its word positions and the most frequent slots of
/// the count tables fit in the first-level cache together. Offsets must fit in 16 bits.
pub(super) const BLOCK: usize = 16 * 1024;

/// Items that a vector store may write behind the last one that counts.
const OVERRUN: usize = 64;

/// Where words end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiters {
    /// Exactly one space or newline ends a word, empty words included: Python's `split(" ")`.
    Space,
    /// Runs of whitespace, no empty words: Python's `split()`.
    Whitespace,
}

impl Delimiters {
    /// Whether the byte delimits words. (The non-ASCII whitespace is dealt with before.)
    #[inline(always)]
    pub(super) const fn contains(self, byte: u8) -> bool {
        match self {
            Delimiters::Space => matches!(byte, b' ' | b'\n'),
            Delimiters::Whitespace => matches!(byte, 0x09..=0x0d | 0x1c..=0x20),
        }
    }
}

/// Start and length of a word within its block, 16 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(transparent)]
pub(super) struct Word(pub(super) u32);

impl Word {
    #[inline(always)]
    pub(super) fn new(start: u32, len: u32) -> Word {
        Word(start | len << 16)
    }

    #[inline(always)]
    pub(super) fn start(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    #[inline(always)]
    pub(super) fn len(self) -> usize {
        (self.0 >> 16) as usize
    }
}

/// What a scan found out about a block on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Delimiters, that is: words that ended, empty ones included.
    pub(super) ended: usize,
    /// Whether there is a `\r`.
    pub(super) carriage_return: bool,
    /// Whether there is a byte above 127.
    pub(super) non_ascii: bool,
}

/// How many words there are in each class. The kernels count all words beyond 16 bytes as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) empty: usize,
    pub(super) short: usize,
    pub(super) medium: usize,
    pub(super) wide: usize,
    pub(super) long: usize,
}

/// Reusable memory for the words of a block.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Where words start: 0, then the place behind each delimiter. So word `i` lies between
    /// `starts[i]` and `starts[i + 1] - 1`.
    starts: Box<[u16]>,
    /// Words of 1 to 8 bytes, 9 to 16, 17 to 32, and more.
    short: Box<[Word]>,
    medium: Box<[Word]>,
    wide: Box<[Word]>,
    long: Box<[Word]>,
    /// Words that the last scan found.
    ended: usize,
    tally: Tally,
}

/// Where the kernels write the classes; all words beyond 16 bytes are long to them. Each has room for
/// every word a block can have in it and [`OVERRUN`] more.
pub(super) struct Classes {
    pub(super) short: *mut Word,
    pub(super) medium: *mut Word,
    pub(super) long: *mut Word,
}

impl Default for Words {
    fn default() -> Self {
        let class = |shortest: usize| vec![Word(0); BLOCK / (shortest + 1) + OVERRUN].into_boxed_slice();
        Words {
            starts: vec![0; BLOCK + 1 + OVERRUN].into_boxed_slice(),
            short: class(1),
            medium: class(9),
            wide: class(17),
            long: class(17),
            ended: 0,
            tally: Tally::default(),
        }
    }
}

impl Words {
    /// Finds the delimiters in the first `len` bytes of `padded`.
    ///
    /// # Panics
    /// If `len` exceeds [`BLOCK`], or fewer than 64 bytes follow the `len` bytes.
    pub(super) fn scan(&mut self, level: Level, delimiters: Delimiters, padded: &[u8], len: usize) -> Found {
        assert!(len <= BLOCK && padded.len() >= len + 64);
        let starts = self.starts[1..].as_mut_ptr();
        // SAFETY: 64 bytes are readable behind the text; `starts` has room for `BLOCK` delimiters
        // and `OVERRUN` more items; a `Level` says that the machine has the instructions.
        let found = unsafe {
            match level.0 {
                Instructions::Portable => portable::scan(delimiters, padded.as_ptr(), len, starts),
                #[cfg(target_arch = "x86_64")]
                Instructions::Sse2 => x86::scan_sse2(delimiters, padded.as_ptr(), len, starts),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => x86::scan_avx2(delimiters, padded.as_ptr(), len, starts),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => avx512::scan(delimiters, padded.as_ptr(), len, starts),
            }
        };
        self.ended = found.ended;
        found
    }

    /// Sorts the words that the last scan found into classes.
    pub(super) fn classify(&mut self, level: Level) -> Tally {
        let ended = self.ended;
        let starts = self.starts.as_ptr();
        let classes = Classes {
            short: self.short.as_mut_ptr(),
            medium: self.medium.as_mut_ptr(),
            long: self.long.as_mut_ptr(),
        };
        // SAFETY: `starts` holds `ended + 1` ascending places within a block and is readable for
        // `OVERRUN` items more, so no class gets more words than it has room for; a `Level` says
        // that the machine has the instructions.
        self.tally = unsafe {
            match level.0 {
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => x86::classify_avx2(starts, ended, &classes),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => avx512::classify(starts, ended, &classes),
                _ => portable::classify(starts, ended, &classes),
            }
        };
        self.part_long();
        self.tally
    }

    /// Parts the words of 17 to 32 bytes from the longer ones. Words beyond 16 bytes are so few that
    /// this is cheaper here than one more class in the kernels.
    fn part_long(&mut self) {
        let (mut wide, mut long) = (0, 0);
        for i in 0..self.tally.long {
            let word = self.long[i];
            self.wide[wide] = word;
            self.long[long] = word;
            let fits = usize::from(word.len() <= MAX_INLINE);
            wide += fits;
            long += 1 - fits;
        }
        (self.tally.wide, self.tally.long) = (wide, long);
    }

    /// Where the text behind the first `ended` words starts.
    pub(super) fn end_of(&self, ended: usize) -> usize {
        usize::from(self.starts[ended])
    }

    /// The words of 1 to 8 bytes.
    pub(super) fn short(&self) -> &[Word] {
        &self.short[..self.tally.short]
    }

    /// The words of 9 to 16 bytes.
    pub(super) fn medium(&self) -> &[Word] {
        &self.medium[..self.tally.medium]
    }

    /// The words of 17 to 32 bytes.
    pub(super) fn wide(&self) -> &[Word] {
        &self.wide[..self.tally.wide]
    }

    /// The words of more than 32 bytes.
    pub(super) fn long(&self) -> &[Word] {
        &self.long[..self.tally.long]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_level_finds_and_classifies_as_one_byte_at_a_time(
            text in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), any::<u8>(), b'a'..=b'z'], 0..2000),
            sparse: bool,
            behind: u8,
        ) {
            // Sparse texts have long words.
            let text: Vec<u8> =
                text.into_iter().filter(|&byte| !sparse || byte >= b'a' || byte == b'\n').collect();
            let mut padded = text.clone();
            padded.resize(text.len() + 64, behind);
            for delimiters in [Delimiters::Space, Delimiters::Whitespace] {
                let mut twin: Vec<(usize, usize)> = Vec::new();
                let mut start = 0;
                for at in (0..text.len()).filter(|&at| delimiters.contains(text[at])) {
                    twin.push((start, at - start));
                    start = at + 1;
                }
                let of_length = |least: usize, most: usize| -> Vec<(usize, usize)> {
                    twin.iter().copied().filter(|(_, len)| (least..=most).contains(len)).collect()
                };
                for level in Level::available() {
                    let mut words = Words::default();
                    let found = words.scan(level, delimiters, &padded, text.len());
                    prop_assert_eq!(found.ended, twin.len());
                    prop_assert_eq!(found.carriage_return, text.contains(&b'\r'));
                    prop_assert_eq!(found.non_ascii, !text.is_ascii());
                    prop_assert_eq!(words.end_of(found.ended), start);
                    let tally = words.classify(level);
                    let places = |words: &[Word]| -> Vec<(usize, usize)> {
                        words.iter().map(|word| (word.start(), word.len())).collect()
                    };
                    prop_assert_eq!(tally.empty, of_length(0, 0).len());
                    prop_assert_eq!(places(words.short()), of_length(1, 8));
                    prop_assert_eq!(places(words.medium()), of_length(9, 16));
                    prop_assert_eq!(places(words.wide()), of_length(17, 32));
                    prop_assert_eq!(places(words.long()), of_length(33, BLOCK));
                }
            }
        }
    }
}
