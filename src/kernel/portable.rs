//! Word finding for every machine: eight bytes at a time in a 64-bit integer.

use super::words::{Classes, Delimiters, Found, Tally, Word};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// What a vector comparison says about up to 64 bytes, a bit for each.
pub(super) struct Bits {
    pub(super) delimiters: u64,
    pub(super) carriage_returns: u64,
    pub(super) non_ascii: u64,
}

/// Runs over the text 64 bytes at a time; `compare` looks at the 64 bytes at a pointer.
///
/// # Safety
/// `len + 64` bytes must be readable at `text`, and `starts` must have room for a `u16` for each
/// delimiter in the text and 16 more.
#[inline(always)]
pub(super) unsafe fn scan_with(
    text: *const u8,
    len: usize,
    starts: *mut u16,
    compare: impl Fn(*const u8) -> Bits,
) -> Found {
    let mut ended = 0;
    let (mut carriage_returns, mut non_ascii) = (0, 0);
    let mut at = 0;
    while at < len {
        // SAFETY: `at < len`, and 64 bytes more are readable.
        let bits = compare(unsafe { text.add(at) });
        let inside = if len - at >= 64 { u64::MAX } else { (1 << (len - at)) - 1 };
        carriage_returns |= bits.carriage_returns & inside;
        non_ascii |= bits.non_ascii & inside;
        // SAFETY: `starts` has room for all delimiters and 16 more.
        ended += unsafe { write_starts(bits.delimiters & inside, at, starts.add(ended)) };
        at += 64;
    }
    Found { ended, carriage_return: carriage_returns != 0, non_ascii: non_ascii != 0 }
}

/// Writes the place behind each set bit. Eight at a time, whether there are as many or not: the
/// number of words in 64 bytes is hard to predict, whether it exceeds 8 or 16 much less so.
///
/// # Safety
/// `out` must have room for an item for each set bit and 16 more.
#[inline(always)]
unsafe fn write_starts(mut bits: u64, at: usize, out: *mut u16) -> usize {
    let count = bits.count_ones() as usize;
    let mut done = 0;
    loop {
        for i in done..done + 8 {
            // Zero bits left over give places that the next call overwrites.
            // SAFETY: `i` is at most 8 beyond the number of bits.
            unsafe { out.add(i).write((at as u16).wrapping_add(bits.trailing_zeros() as u16 + 1)) };
            bits &= bits.wrapping_sub(1);
        }
        done += 8;
        if done >= count {
            return count;
        }
    }
}

/// Finds delimiters eight bytes at a time.
///
/// # Safety
/// As for [`scan_with`].
pub(super) unsafe fn scan(delimiters: Delimiters, text: *const u8, len: usize, starts: *mut u16) -> Found {
    // SAFETY: the caller's promises, and `compare` reads only the 64 bytes it is given.
    unsafe {
        match delimiters {
            Delimiters::Space => {
                scan_with(text, len, starts, |at| compare(at, |word| equal(word, b' ') | equal(word, b'\n')))
            }
            Delimiters::Whitespace => scan_with(text, len, starts, |at| {
                compare(at, |word| within(word, 0x09, 0x0d) | within(word, 0x1c, 0x20))
            }),
        }
    }
}

/// # Safety
/// 64 bytes must be readable at `at`.
#[inline(always)]
unsafe fn compare(at: *const u8, delimiter: impl Fn(u64) -> u64) -> Bits {
    let mut bits = Bits { delimiters: 0, carriage_returns: 0, non_ascii: 0 };
    let mut returns = 0;
    let mut highs = 0;
    for part in 0..8 {
        // SAFETY: within the 64 bytes. Little-endian, so that the first byte gives the lowest bit.
        let word = u64::from_le(unsafe { at.cast::<u64>().add(part).read_unaligned() });
        bits.delimiters |= gather(delimiter(word)) << (8 * part);
        returns |= gather(equal(word, b'\r')) << (8 * part);
        highs |= gather(word & HIGHS) << (8 * part);
    }
    bits.carriage_returns = returns;
    bits.non_ascii = highs;
    bits
}

/// The high bit of each byte that equals `byte`, exactly (no carry runs from byte to byte).
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    !(((difference & !HIGHS) + !HIGHS) | difference) & HIGHS
}

/// The high bit of each byte between `low` and `high`, both below 128, exactly.
#[inline(always)]
fn within(word: u64, low: u8, high: u8) -> u64 {
    let seven = word & !HIGHS;
    let at_least_low = seven + ONES * u64::from(128 - low);
    let above_high = seven + ONES * u64::from(127 - high);
    at_least_low & !above_high & !word & HIGHS
}

/// The high bits of the eight bytes as the low eight bits of the result.
#[inline(always)]
fn gather(highs: u64) -> u64 {
    // The multiplication adds shifted copies so that bit 7 + 8 i ends at bit 56 + i; no two of the
    // partial products meet.
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Sorts words into classes: each is written to all of them, and only the one it belongs to moves on.
///
/// # Safety
/// `starts` must hold `ended + 1` ascending places in a block, each greater than the one before;
/// the classes must have room for their words and one more.
pub(super) unsafe fn classify(starts: *const u16, ended: usize, classes: &Classes) -> Tally {
    let mut tally = Tally::default();
    let mut start = 0;
    for i in 1..=ended {
        // SAFETY: `starts` holds `ended + 1` places.
        let next = u32::from(unsafe { starts.add(i).read() });
        let len = next - start - 1;
        let word = Word::new(start, len);
        start = next;
        // SAFETY: each class has room for one word more than belong to it.
        unsafe {
            classes.short.add(tally.short).write(word);
            classes.medium.add(tally.medium).write(word);
            classes.long.add(tally.long).write(word);
        }
        tally.short += usize::from(len.wrapping_sub(1) < 8);
        tally.medium += usize::from(len.wrapping_sub(9) < 8);
        tally.long += usize::from(len > 16);
    }
    tally.empty = ended - tally.short - tally.medium - tally.long;
    tally
}
