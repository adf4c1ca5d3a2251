//! Word finding with SSE2 (16 bytes at a time) and AVX2 (32 bytes at a time). Classes with AVX2.

use std::arch::x86_64::*;

use super::portable::{Bits, scan_with};
use super::words::{Classes, Delimiters, Found, Tally};

/// Finds delimiters 16 bytes at a time.
///
/// # Safety
/// As for [`scan_with`].
pub(super) unsafe fn scan_sse2(
    delimiters: Delimiters,
    text: *const u8,
    len: usize,
    starts: *mut u16,
) -> Found {
    // SAFETY: the caller's promises; `compare_sse2` reads the 64 bytes it is given; SSE2 is part of
    // x86-64.
    unsafe {
        match delimiters {
            Delimiters::Space => scan_with(text, len, starts, |at| compare_sse2::<false>(at)),
            Delimiters::Whitespace => scan_with(text, len, starts, |at| compare_sse2::<true>(at)),
        }
    }
}

/// # Safety
/// 64 bytes must be readable at `at`.
#[inline(always)]
unsafe fn compare_sse2<const WHITESPACE: bool>(at: *const u8) -> Bits {
    let mut bits = Bits { delimiters: 0, carriage_returns: 0, non_ascii: 0 };
    for part in 0..4 {
        // SAFETY: within the 64 bytes; SSE2 is part of x86-64.
        let (found, returns, highs) = unsafe {
            let bytes = _mm_loadu_si128(at.add(16 * part).cast());
            let equal = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
            // `x - low` as unsigned is at most `span` exactly between `low` and `low + span`.
            let within = |low: u8, span: u8| {
                let shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(low as i8));
                _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(span as i8)), shifted)
            };
            let found = if WHITESPACE {
                _mm_or_si128(within(0x09, 4), within(0x1c, 4))
            } else {
                _mm_or_si128(equal(b' '), equal(b'\n'))
            };
            (_mm_movemask_epi8(found), _mm_movemask_epi8(equal(b'\r')), _mm_movemask_epi8(bytes))
        };
        bits.delimiters |= u64::from(found as u32) << (16 * part);
        bits.carriage_returns |= u64::from(returns as u32) << (16 * part);
        bits.non_ascii |= u64::from(highs as u32) << (16 * part);
    }
    bits
}

/// For each byte the places of its set bits, the lowest first: what AVX2 compresses with, as it has
/// no instruction for it.
const SET_BITS: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte][count] = bit as u8;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// The places of the set bits of a byte, in the low half of a register.
#[inline]
#[target_feature(enable = "avx2")]
fn set_bits(byte: u8) -> __m128i {
    // SAFETY: a table entry has the 8 bytes that are read.
    unsafe { _mm_loadl_epi64(SET_BITS[usize::from(byte)].as_ptr().cast()) }
}

/// Finds delimiters 64 bytes at a time and writes the places of those in 8 bytes at a time.
///
/// # Safety
/// As for [`scan_with`], and the machine must have AVX2, BMI1 and POPCNT.
#[target_feature(enable = "avx2,bmi1,popcnt")]
pub(super) unsafe fn scan_avx2(
    delimiters: Delimiters,
    text: *const u8,
    len: usize,
    starts: *mut u16,
) -> Found {
    let mut ended = 0;
    let (mut returns, mut highs) = (0, 0);
    let mut at = 0;
    while at < len {
        // SAFETY: `at < len`, and 64 bytes more are readable.
        let bits = unsafe {
            match delimiters {
                Delimiters::Space => compare_avx2::<false>(text.add(at)),
                Delimiters::Whitespace => compare_avx2::<true>(text.add(at)),
            }
        };
        let inside = if len - at >= 64 { u64::MAX } else { (1 << (len - at)) - 1 };
        returns |= bits.carriage_returns & inside;
        highs |= bits.non_ascii & inside;
        for (part, byte) in (bits.delimiters & inside).to_le_bytes().into_iter().enumerate() {
            let base = _mm_set1_epi16((at + 8 * part + 1) as i16);
            let places = _mm_add_epi16(_mm_cvtepu8_epi16(set_bits(byte)), base);
            // SAFETY: `starts` has room for all delimiters and 8 more.
            unsafe { _mm_storeu_si128(starts.add(ended).cast(), places) };
            ended += byte.count_ones() as usize;
        }
        at += 64;
    }
    Found { ended, carriage_return: returns != 0, non_ascii: highs != 0 }
}

/// Sorts words into classes, 8 at a time.
///
/// # Safety
/// `starts` must hold `ended + 1` ascending places in a block, each greater than the one before,
/// and be readable for 8 more; the classes must have room for their words and 8 more; the machine
/// must have AVX2 and POPCNT.
#[target_feature(enable = "avx2,bmi1,popcnt")]
pub(super) unsafe fn classify_avx2(starts: *const u16, ended: usize, classes: &Classes) -> Tally {
    let mut tally = Tally::default();
    let (zero, one) = (_mm256_setzero_si256(), _mm256_set1_epi32(1));
    let (eight, sixteen) = (_mm256_set1_epi32(8), _mm256_set1_epi32(16));
    let mut i = 0;
    while i < ended {
        // SAFETY: `i < ended`, and 8 places more are readable.
        let (start, next) = unsafe {
            (
                _mm256_cvtepu16_epi32(_mm_loadu_si128(starts.add(i).cast())),
                _mm256_cvtepu16_epi32(_mm_loadu_si128(starts.add(i + 1).cast())),
            )
        };
        let inside = if ended - i >= 8 { u8::MAX } else { (1 << (ended - i)) - 1 };
        let len = _mm256_sub_epi32(_mm256_sub_epi32(next, start), one);
        let word = _mm256_or_si256(start, _mm256_slli_epi32::<16>(len));
        let longer_than =
            |limit| _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(len, limit))) as u8 & inside;
        let (some, beyond_8, beyond_16) = (longer_than(zero), longer_than(eight), longer_than(sixteen));
        let (short, medium, long) = (some & !beyond_8, beyond_8 & !beyond_16, beyond_16);
        let compress = |mask| _mm256_permutevar8x32_epi32(word, _mm256_cvtepu8_epi32(set_bits(mask)));
        // SAFETY: each class has room for 8 words more than belong to it.
        unsafe {
            _mm256_storeu_si256(classes.short.add(tally.short).cast(), compress(short));
            _mm256_storeu_si256(classes.medium.add(tally.medium).cast(), compress(medium));
            _mm256_storeu_si256(classes.long.add(tally.long).cast(), compress(long));
        }
        tally.short += short.count_ones() as usize;
        tally.medium += medium.count_ones() as usize;
        tally.long += long.count_ones() as usize;
        i += 8;
    }
    tally.empty = ended - tally.short - tally.medium - tally.long;
    tally
}

/// # Safety
/// 64 bytes must be readable at `at`, and the machine must have AVX2.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
unsafe fn compare_avx2<const WHITESPACE: bool>(at: *const u8) -> Bits {
    let mut bits = Bits { delimiters: 0, carriage_returns: 0, non_ascii: 0 };
    for part in 0..2 {
        // SAFETY: within the 64 bytes.
        let bytes = unsafe { _mm256_loadu_si256(at.add(32 * part).cast()) };
        let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
        // `x - low` as unsigned is at most `span` exactly between `low` and `low + span`.
        let within = |low: u8, span: u8| {
            let shifted = _mm256_sub_epi8(bytes, _mm256_set1_epi8(low as i8));
            _mm256_cmpeq_epi8(_mm256_min_epu8(shifted, _mm256_set1_epi8(span as i8)), shifted)
        };
        let found = if WHITESPACE {
            _mm256_or_si256(within(0x09, 4), within(0x1c, 4))
        } else {
            _mm256_or_si256(equal(b' '), equal(b'\n'))
        };
        let mask = |vector| u64::from(_mm256_movemask_epi8(vector) as u32) << (32 * part);
        bits.delimiters |= mask(found);
        bits.carriage_returns |= mask(equal(b'\r'));
        bits.non_ascii |= mask(bytes);
    }
    bits
}
