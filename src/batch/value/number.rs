//! Ints beyond 64 bits, and how ints and floats become each other.

use bumpalo::Bump;
use num_bigint::{BigInt, Sign};

/// An `int` beyond 64 bits, in the arena.
pub struct Big<'a> {
    negative: bool,
    /// Least significant first.
    digits: &'a [u32],
}

impl<'a> Big<'a> {
    /// A copy in the arena.
    pub fn new(number: &BigInt, bump: &'a Bump) -> Self {
        let (sign, digits) = number.to_u32_digits();
        Big { negative: sign == Sign::Minus, digits: bump.alloc_slice_copy(&digits) }
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The number.
    pub fn to_bigint(&self) -> BigInt {
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_slice(sign, self.digits)
    }
}

/// The int that a float equals, if it is one of 64 bits.
#[inline]
pub fn float_to_int(number: f64) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0; // 2^63
    // Within the bounds the conversion cuts off the fraction and nothing else.
    ((-BOUND..BOUND).contains(&number) && number.trunc() == number).then_some(number as i64)
}

/// The whole part of a float, `None` for infinity and NaN.
pub fn float_to_bigint(number: f64) -> Option<BigInt> {
    if !number.is_finite() {
        return None;
    }
    let (mantissa, exponent) = float_parts(number.trunc());
    let magnitude = match u32::try_from(exponent) {
        Ok(left) => BigInt::from(mantissa) << left,
        Err(_) => BigInt::from(mantissa) >> exponent.unsigned_abs(),
    };
    Some(if number < 0.0 { -magnitude } else { magnitude })
}

/// A finite float as an int of at most 53 bits and the power of two that it is multiplied by; without the sign.
pub(super) fn float_parts(number: f64) -> (u64, i32) {
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = number.to_bits();
    // Eleven bits fit.
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    match exponent {
        0 => (bits & FRACTION, -1074),
        _ => ((bits & FRACTION) | (1 << 52), exponent - 1075),
    }
}

/// `float(number)`, rounded to nearest, ties to even; `None` where it is too large.
pub fn bigint_to_float(number: &BigInt) -> Option<f64> {
    let magnitude = number.magnitude();
    let excess = magnitude.bits().saturating_sub(64);
    // 64 bits of it, the last one set if anything below is: the conversion then rounds as the whole would.
    let top = (magnitude >> excess).to_u64_digits().first().copied().unwrap_or(0);
    let sticky = u64::from(magnitude.trailing_zeros().is_some_and(|zeros| zeros < excess));
    let float = scale((top | sticky) as f64, i64::try_from(excess).ok()?)?;
    Some(if number.sign() == Sign::Minus { -float } else { float })
}

/// `number * 2 ** exponent` for a result that is no subnormal; `None` where it is too large.
fn scale(number: f64, exponent: i64) -> Option<f64> {
    if exponent > 1100 {
        return (number == 0.0).then_some(0.0);
    }
    let exponent = i32::try_from(exponent).ok()?;
    // In two steps: the power alone may be out of range.
    let half = exponent / 2;
    let scaled = number * 2f64.powi(half) * 2f64.powi(exponent - half);
    scaled.is_finite().then_some(scaled)
}

/// `a / b` of ints, rounded to nearest, ties to even, from exact numbers; `None` where it is too large.
/// `b` is not 0.
pub(super) fn divide_bigints(a: &BigInt, b: &BigInt) -> Option<f64> {
    let negative = (a.sign() == Sign::Minus) != (b.sign() == Sign::Minus);
    let (a, b) = (a.magnitude(), b.magnitude());
    let bits = |number: &num_bigint::BigUint| i64::try_from(number.bits()).unwrap_or(i64::MAX);
    // The quotient gets 66 or 67 bits; where the result is a subnormal so many fewer as it has.
    let shift = (66 - (bits(a) - bits(b))).min(1074 + 2);
    let (numerator, denominator) = match u64::try_from(shift) {
        Ok(left) => (a << left, b.clone()),
        Err(_) => (a.clone(), b << shift.unsigned_abs()),
    };
    let quotient = &numerator / &denominator;
    let exact = &quotient * &denominator == numerator;
    let mut digits = quotient.iter_u64_digits();
    let wide = u128::from(digits.next().unwrap_or(0)) | (u128::from(digits.next().unwrap_or(0)) << 64);
    let float = round_scaled(wide, !exact, -shift)?;
    Some(if negative { -float } else { float })
}

/// `number * 2 ** exponent`, where `inexact` says that it is a little more, rounded once.
fn round_scaled(number: u128, inexact: bool, exponent: i64) -> Option<f64> {
    let length = i64::from(128 - number.leading_zeros());
    // Bits below the last one that the float keeps.
    let dropped = (length - 53).max(-1074 - exponent).max(0);
    let Ok(dropped) = u32::try_from(dropped) else { return Some(0.0) };
    let kept = number.checked_shr(dropped).unwrap_or(0);
    let rest = number - kept.checked_shl(dropped).unwrap_or(0);
    let half = match dropped {
        0 => 0,
        1..=128 => 1u128 << (dropped - 1),
        _ => return Some(0.0),
    };
    let up = dropped > 0 && (rest > half || (rest == half && (inexact || kept % 2 == 1)));
    // At most 2^53, exactly a float; and a power of two of it that is one as well.
    let float = (kept + u128::from(up)) as f64;
    let exponent = exponent + i64::from(dropped);
    if exponent > 1100 {
        return (float == 0.0).then_some(0.0);
    }
    let exponent = i32::try_from(exponent).ok()?;
    let half = exponent / 2;
    let scaled = float * 2f64.powi(half) * 2f64.powi(exponent - half);
    scaled.is_finite().then_some(scaled)
}

/// Binary operators other than comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LeftShift,
    RightShift,
    And,
    Or,
    Xor,
    MatMul,
}

/// Unary operators other than `not`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Unary {
    Minus,
    Plus,
    Invert,
}
