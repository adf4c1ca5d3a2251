//! Word finding with AVX-512, 64 bytes at a time.
//!
//! Positions and classes are written with byte and word *compression*: the items under the set bits
//! of a mask move together at the front of a register. Always into a register and then stored
//! whole: compressing straight into memory is microcoded, and slow, on AMD's Zen 4.

use std::arch::x86_64::*;

use super::words::{Classes, Delimiters, Found, Tally};

/// For each value of a byte's low six bits the only delimiter that ends in them, or a byte that
/// does not: a byte is a delimiter exactly if looking it up gives itself.
const fn lookup_table(delimiters: Delimiters) -> [u8; 64] {
    let mut table = [0; 64];
    let mut byte = 0;
    while byte < 64 {
        table[byte as usize] = if delimiters.contains(byte) { byte } else { (byte + 1) % 64 };
        byte += 1;
    }
    table
}

const SPACE: [u8; 64] = lookup_table(Delimiters::Space);
const WHITESPACE: [u8; 64] = lookup_table(Delimiters::Whitespace);

const COUNTING: [u8; 64] = {
    let mut table = [0; 64];
    let mut i = 0;
    while i < 64 {
        table[i] = i as u8 + 1;
        i += 1;
    }
    table
};

/// Finds delimiters: their places are those numbers from 1 to 64 that the comparison leaves over.
///
/// # Safety
/// `len + 64` bytes must be readable at `text`, `starts` must have room for a `u16` for each
/// delimiter in the text and 32 more, and the machine must have the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) unsafe fn scan(delimiters: Delimiters, text: *const u8, len: usize, starts: *mut u16) -> Found {
    let table = match delimiters {
        Delimiters::Space => &SPACE,
        Delimiters::Whitespace => &WHITESPACE,
    };
    // SAFETY: both tables have 64 bytes.
    let (table, counting) =
        unsafe { (_mm512_loadu_si512(table.as_ptr().cast()), _mm512_loadu_si512(COUNTING.as_ptr().cast())) };
    let carriage_return = _mm512_set1_epi8(b'\r' as i8);
    let mut ended = 0;
    let (mut returns, mut highs) = (0, 0);
    let mut at = 0;
    while at < len {
        let inside = if len - at >= 64 { u64::MAX } else { (1 << (len - at)) - 1 };
        // SAFETY: `at < len`, and 64 bytes more are readable.
        let bytes = unsafe { _mm512_loadu_si512(text.add(at).cast()) };
        let found = _mm512_cmpeq_epi8_mask(_mm512_permutexvar_epi8(bytes, table), bytes) & inside;
        returns |= _mm512_cmpeq_epi8_mask(bytes, carriage_return) & inside;
        highs |= _mm512_movepi8_mask(bytes) & inside;
        let places = _mm512_maskz_compress_epi8(found, counting);
        let base = _mm512_set1_epi16(at as i16);
        let count = found.count_ones() as usize;
        let low = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(places)), base);
        // SAFETY: `starts` has room for all delimiters and 32 more.
        unsafe { _mm512_storeu_si512(starts.add(ended).cast(), low) };
        if count > 32 {
            let high = _mm512_extracti64x4_epi64::<1>(places);
            let high = _mm512_add_epi16(_mm512_cvtepu8_epi16(high), base);
            // SAFETY: as above, and more than 32 delimiters were just found.
            unsafe { _mm512_storeu_si512(starts.add(ended + 32).cast(), high) };
        }
        ended += count;
        at += 64;
    }
    Found { ended, carriage_return: returns != 0, non_ascii: highs != 0 }
}

/// Sorts words into classes, 16 at a time.
///
/// # Safety
/// `starts` must hold `ended + 1` ascending places in a block, each greater than the one before,
/// and be readable for 16 more; the classes must have room for their words and 16 more; the
/// machine must have the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) unsafe fn classify(starts: *const u16, ended: usize, classes: &Classes) -> Tally {
    let mut tally = Tally::default();
    let (zero, one) = (_mm512_setzero_si512(), _mm512_set1_epi32(1));
    let (eight, sixteen) = (_mm512_set1_epi32(8), _mm512_set1_epi32(16));
    let mut i = 0;
    while i < ended {
        // SAFETY: `i < ended`, and 16 places more are readable.
        let (start, next) = unsafe {
            (
                _mm512_cvtepu16_epi32(_mm256_loadu_si256(starts.add(i).cast())),
                _mm512_cvtepu16_epi32(_mm256_loadu_si256(starts.add(i + 1).cast())),
            )
        };
        let inside = if ended - i >= 16 { u16::MAX } else { (1 << (ended - i)) - 1 };
        let len = _mm512_sub_epi32(_mm512_sub_epi32(next, start), one);
        let word = _mm512_or_si512(start, _mm512_slli_epi32::<16>(len));
        let longer_than = |limit| _mm512_mask_cmpgt_epu32_mask(inside, len, limit);
        let (some, beyond_8, beyond_16) = (longer_than(zero), longer_than(eight), longer_than(sixteen));
        let (short, medium, long) = (some & !beyond_8, beyond_8 & !beyond_16, beyond_16);
        // SAFETY: each class has room for 16 words more than belong to it.
        unsafe {
            let to = classes.short.add(tally.short);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(short, word));
            let to = classes.medium.add(tally.medium);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(medium, word));
            let to = classes.long.add(tally.long);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(long, word));
        }
        tally.short += short.count_ones() as usize;
        tally.medium += medium.count_ones() as usize;
        tally.long += long.count_ones() as usize;
        i += 16;
    }
    tally.empty = ended - tally.short - tally.medium - tally.long;
    tally
}
