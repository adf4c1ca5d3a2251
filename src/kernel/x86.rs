//! Word finding with SSE2 (16 bytes at a time) and AVX2 (32 bytes at a time).

use std::arch::x86_64::*;

use super::portable::{Bits, scan_with};
use super::words::{Delimiters, Found};

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

/// Finds delimiters 32 bytes at a time.
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
    // SAFETY: the caller's promises; `compare_avx2` reads the 64 bytes it is given.
    unsafe {
        match delimiters {
            Delimiters::Space => scan_with(text, len, starts, |at| compare_avx2::<false>(at)),
            Delimiters::Whitespace => scan_with(text, len, starts, |at| compare_avx2::<true>(at)),
        }
    }
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
