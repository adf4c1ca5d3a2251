//! Operators on values: arithmetic as CPython does it, ints without bound.

use bumpalo::Bump;
use num_bigint::BigInt;

use super::{Heap, Outcome, Value};

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
        Big { negative: sign == num_bigint::Sign::Minus, digits: bump.alloc_slice_copy(&digits) }
    }

    /// The number.
    pub fn to_bigint(&self) -> BigInt {
        let sign = if self.negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus };
        BigInt::from_slice(sign, self.digits)
    }
}

/// Binary operators other than comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
pub enum Unary {
    Minus,
    Plus,
    Invert,
}

/// `left op right`, and `left op= right` where `in_place` (lists, sets and dicts are changed then).
///
/// # Errors
/// CPython's, with its messages.
pub fn binary<'a>(
    heap: &Heap<'a>,
    op: Binary,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Outcome<'a> {
    todo!()
}

/// `op operand`.
///
/// # Errors
/// `TypeError: bad operand type for unary -: 'str'`.
pub fn unary<'a>(heap: &Heap<'a>, op: Unary, operand: Value<'a>) -> Outcome<'a> {
    todo!()
}
