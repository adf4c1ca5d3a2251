//! Operators on values: arithmetic as CPython does it, ints without bound.

use bumpalo::collections::String as BumpString;
use num_bigint::{BigInt, Sign};

use super::algebra::combine;
use super::exceptions::{
    MEMORY_ERROR, OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR, ZERO_DIVISION_ERROR, exception,
};
use super::number::divide_bigints;
use super::sequence::{concatenate, repeat};
use super::types::COUNTER;
use super::{Binary, Dict, Heap, Outcome, Raised, Unary, Value, bigint_to_float, type_of};
use crate::batch::python::format;

/// Ints of more bits than that (16 MiB) are refused: what they cost could not be stopped.
const MOST_BITS: u64 = 1 << 27;

/// `left op right`, and `left op= right` where `in_place` (lists, sets and dicts are changed then).
///
/// # Errors
/// CPython's, with its messages.
#[inline]
pub fn binary<'a>(
    heap: &Heap<'a>,
    op: Binary,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Outcome<'a> {
    let sum = match (op, left, right) {
        (Binary::Add, Value::Int(a), Value::Int(b)) => a.checked_add(b),
        (Binary::Sub, Value::Int(a), Value::Int(b)) => a.checked_sub(b),
        (Binary::Mul, Value::Int(a), Value::Int(b)) => a.checked_mul(b),
        (Binary::Add, Value::Float(a), Value::Float(b)) => return Ok(Value::float(a.get() + b.get())),
        (Binary::Sub, Value::Float(a), Value::Float(b)) => return Ok(Value::float(a.get() - b.get())),
        (Binary::Mul, Value::Float(a), Value::Float(b)) => return Ok(Value::float(a.get() * b.get())),
        (Binary::Add, Value::Str(a), Value::Str(b)) => {
            let mut text = BumpString::with_capacity_in(a.len() + b.len(), heap.bump());
            text.push_str(a);
            text.push_str(b);
            return Ok(heap.text(text.into_bump_str()));
        }
        _ => None,
    };
    match sum {
        Some(sum) => Ok(Value::Int(sum)),
        None => binary_other(heap, op, left, right, in_place),
    }
}

#[inline(never)]
fn binary_other<'a>(
    heap: &Heap<'a>,
    op: Binary,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Outcome<'a> {
    if let Some(outcome) = numbers(heap, op, left, right) {
        return outcome;
    }
    if let Value::Object(object) = left
        && let Some(outcome) =
            object.class.hooks.binary.and_then(|binary| binary(heap, op, object, right, false))
    {
        return outcome;
    }
    if let Value::Object(object) = right
        && let Some(outcome) =
            object.class.hooks.binary.and_then(|binary| binary(heap, op, object, left, true))
    {
        return outcome;
    }
    let outcome = match (op, left, right) {
        (Binary::Add, ..) => concatenate(heap, left, right, in_place)?,
        (Binary::Mul, ..) => repeat(heap, left, right, in_place)?,
        (Binary::Mod, Value::Str(template), _) => return format::percent(heap, template, right),
        (Binary::Mod, Value::Bytes(template), _) => return format::percent_bytes(heap, template, right),
        _ => None,
    };
    let outcome = match outcome {
        None => combine(heap, op, left, right, in_place)?,
        some => some,
    };
    outcome.ok_or_else(|| unsupported(heap, op, left, right, in_place))
}

#[cold]
fn unsupported<'a>(heap: &Heap<'a>, op: Binary, left: Value<'a>, right: Value<'a>, in_place: bool) -> Raised {
    let symbol = match (op, in_place) {
        (Binary::Add, _) => "+",
        (Binary::Sub, _) => "-",
        (Binary::Mul, _) => "*",
        (Binary::Div, _) => "/",
        (Binary::FloorDiv, _) => "//",
        (Binary::Mod, _) => "%",
        (Binary::Pow, false) => "** or pow()",
        (Binary::Pow, true) => "**",
        (Binary::LeftShift, _) => "<<",
        (Binary::RightShift, _) => ">>",
        (Binary::And, _) => "&",
        (Binary::Or, _) => "|",
        (Binary::Xor, _) => "^",
        (Binary::MatMul, _) => "@",
    };
    let equals = if in_place { "=" } else { "" };
    let (left, right) = (type_of(left).name, type_of(right).name);
    let message = format!("unsupported operand type(s) for {symbol}{equals}: '{left}' and '{right}'");
    heap.raise(&TYPE_ERROR, message)
}

/// Arithmetic of two numbers; `None` if one of them is none, or for operators that floats do not have.
fn numbers<'a>(heap: &Heap<'a>, op: Binary, left: Value<'a>, right: Value<'a>) -> Option<Outcome<'a>> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) if matches!(op, Binary::And | Binary::Or | Binary::Xor) => {
            Some(Ok(Value::bool(match op {
                Binary::And => a.get() & b.get(),
                Binary::Or => a.get() | b.get(),
                _ => a.get() ^ b.get(),
            })))
        }
        (Value::Float(a), _) => floats(heap, op, a.get(), right, false),
        (_, Value::Float(b)) => floats(heap, op, b.get(), left, true),
        _ => match (left.as_int(), right.as_int()) {
            (Some(a), Some(b)) => ints(heap, op, a, b),
            _ => bigints(heap, op, &left.as_big()?, &right.as_big()?),
        },
    }
}

/// Ints of 64 bits. What leaves these is left to the big ones.
fn ints<'a>(heap: &Heap<'a>, op: Binary, a: i64, b: i64) -> Option<Outcome<'a>> {
    const EXACT: u64 = 1 << 53;
    let number = match op {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::FloorDiv => a.checked_div(b).map(|quotient| {
            let down = a % b != 0 && (a < 0) != (b < 0);
            quotient - i64::from(down)
        }),
        Binary::Mod => a.checked_rem(b).map(|rest| {
            let other_side = rest != 0 && (rest < 0) != (b < 0);
            if other_side { rest + b } else { rest }
        }),
        Binary::Div if b != 0 && a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT => {
            return Some(Ok(Value::float(a as f64 / b as f64)));
        }
        Binary::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        Binary::RightShift if b >= 0 => Some(a >> b.min(63)),
        Binary::And => Some(a & b),
        Binary::Or => Some(a | b),
        Binary::Xor => Some(a ^ b),
        Binary::LeftShift if (0..63).contains(&b) && (a << b) >> b == a => Some(a << b),
        Binary::Div | Binary::LeftShift | Binary::RightShift | Binary::MatMul => None,
    };
    match number {
        Some(number) => Some(Ok(Value::Int(number))),
        None => bigints(heap, op, &BigInt::from(a), &BigInt::from(b)),
    }
}

#[inline(never)]
fn bigints<'a>(heap: &Heap<'a>, op: Binary, a: &BigInt, b: &BigInt) -> Option<Outcome<'a>> {
    let zero_divisor = |message: &str| Some(Err(heap.raise(&ZERO_DIVISION_ERROR, message)));
    let by_zero = b.sign() == Sign::NoSign;
    let number = match op {
        Binary::Add => Ok(a + b),
        Binary::Sub => Ok(a - b),
        Binary::Mul => bounded(heap, a.bits().saturating_add(b.bits())).map(|()| a * b),
        Binary::Div if by_zero => return zero_divisor("division by zero"),
        Binary::FloorDiv if by_zero => return zero_divisor("integer division or modulo by zero"),
        Binary::Mod if by_zero => return zero_divisor("integer modulo by zero"),
        Binary::Div => {
            return Some(match divide_bigints(a, b) {
                Some(quotient) => Ok(Value::float(quotient)),
                None => Err(heap.raise(&OVERFLOW_ERROR, "integer division result too large for a float")),
            });
        }
        Binary::FloorDiv => Ok(floor_divide(a, b).0),
        Binary::Mod => Ok(floor_divide(a, b).1),
        Binary::Pow => return Some(power(heap, a, b)),
        Binary::LeftShift | Binary::RightShift if b.sign() == Sign::Minus => {
            return Some(Err(heap.raise(&VALUE_ERROR, "negative shift count")));
        }
        Binary::LeftShift => shift_left(heap, a, b),
        Binary::RightShift => Ok(match u64::try_from(b) {
            Ok(count) if count < a.bits() => a >> count,
            _ if a.sign() == Sign::Minus => BigInt::from(-1),
            _ => BigInt::ZERO,
        }),
        Binary::And => Ok(a & b),
        Binary::Or => Ok(a | b),
        Binary::Xor => Ok(a ^ b),
        Binary::MatMul => return None,
    };
    Some(number.map(|number| heap.int(&number)))
}

/// Refuses ints of that many bits.
fn bounded(heap: &Heap<'_>, bits: u64) -> Result<(), Raised> {
    if bits > MOST_BITS {
        return Err(heap.raise(&MEMORY_ERROR, ""));
    }
    heap.check_memory(usize::try_from(bits / 8).unwrap_or(usize::MAX))
}

/// `a // b` and `a % b` for `b` not 0: the rest has the sign of `b`.
pub fn floor_divide(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (a / b, a % b);
    if rest.sign() != Sign::NoSign && rest.sign() != b.sign() {
        return (quotient - 1, rest + b);
    }
    (quotient, rest)
}

fn shift_left<'a>(heap: &Heap<'a>, a: &BigInt, b: &BigInt) -> Result<BigInt, Raised> {
    if a.sign() == Sign::NoSign {
        return Ok(BigInt::ZERO);
    }
    let Ok(count) = u64::try_from(b) else {
        return Err(heap.raise(&OVERFLOW_ERROR, "too many digits in integer"));
    };
    bounded(heap, a.bits().saturating_add(count))?;
    Ok(a << count)
}

fn power<'a>(heap: &Heap<'a>, base: &BigInt, exponent: &BigInt) -> Outcome<'a> {
    if exponent.sign() == Sign::Minus {
        return float_power(heap, to_float(heap, base)?, to_float(heap, exponent)?);
    }
    if base.bits() <= 1 {
        // 0, 1 or -1: the power is one of them.
        let odd = exponent.bit(0);
        return Ok(match (base.sign(), exponent.sign()) {
            (Sign::NoSign, Sign::Plus) => Value::Int(0),
            (Sign::Minus, _) if odd => Value::Int(-1),
            _ => Value::Int(1),
        });
    }
    let Ok(exponent) = u32::try_from(exponent) else { return Err(heap.raise(&MEMORY_ERROR, "")) };
    bounded(heap, (base.bits() - 1).saturating_mul(u64::from(exponent)))?;
    Ok(heap.int(&base.pow(exponent)))
}

/// `float(int)`
fn to_float<'a>(heap: &Heap<'a>, number: &BigInt) -> Result<f64, Raised> {
    bigint_to_float(number).ok_or_else(|| heap.raise(&OVERFLOW_ERROR, "int too large to convert to float"))
}

/// Arithmetic of a float with another number; the float is the right operand where `reflected`.
fn floats<'a>(
    heap: &Heap<'a>,
    op: Binary,
    float: f64,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    let other = match (other, other.as_int()) {
        (Value::Float(other), _) => other.get(),
        // Rounded to nearest, as CPython rounds.
        (_, Some(int)) => int as f64,
        (Value::Big(_), _) => match to_float(heap, &other.as_big()?) {
            Ok(float) => float,
            Err(raised) => return Some(Err(raised)),
        },
        _ => return None,
    };
    let (a, b) = if reflected { (other, float) } else { (float, other) };
    let zero_divisor = |message: &str| Some(Err(heap.raise(&ZERO_DIVISION_ERROR, message)));
    Some(Ok(Value::float(match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div if b == 0.0 => return zero_divisor("float division by zero"),
        Binary::FloorDiv if b == 0.0 => return zero_divisor("float floor division by zero"),
        Binary::Mod if b == 0.0 => return zero_divisor("float modulo"),
        Binary::Div => a / b,
        Binary::FloorDiv => float_floor_divide(a, b).0,
        Binary::Mod => float_floor_divide(a, b).1,
        Binary::Pow => return Some(float_power(heap, a, b)),
        _ => return None,
    })))
}

/// `a // b` and `a % b` of floats for `b` not 0, as CPython's `float_divmod` has them.
pub fn float_floor_divide(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    let whole = match quotient.floor() {
        _ if quotient == 0.0 => 0f64.copysign(a / b),
        floor if quotient - floor > 0.5 => floor + 1.0,
        floor => floor,
    };
    (whole, rest)
}

/// `base ** exponent` of floats.
///
/// # Errors
/// `ZeroDivisionError`, `OverflowError` as in CPython; `ValueError` where CPython gives a complex number.
pub fn float_power<'a>(heap: &Heap<'a>, base: f64, exponent: f64) -> Outcome<'a> {
    if base == 0.0 && exponent < 0.0 {
        return Err(heap.raise(&ZERO_DIVISION_ERROR, "0.0 cannot be raised to a negative power"));
    }
    let finite = base.is_finite() && exponent.is_finite();
    if finite && base < 0.0 && exponent.fract() != 0.0 {
        let message = "complex numbers are not supported: a negative number to a fractional power";
        return Err(heap.raise(&VALUE_ERROR, message));
    }
    let power = base.powf(exponent);
    if finite && power.is_infinite() {
        let args = [Value::Int(34), heap.str("Numerical result out of range")];
        return Err(heap.throw(exception(heap, &OVERFLOW_ERROR, &args)));
    }
    Ok(Value::float(power))
}

/// `op operand`.
///
/// # Errors
/// `TypeError: bad operand type for unary -: 'str'`.
pub fn unary<'a>(heap: &Heap<'a>, op: Unary, operand: Value<'a>) -> Outcome<'a> {
    match (op, operand, operand.as_int()) {
        (Unary::Minus, Value::Float(number), _) => return Ok(Value::float(-number.get())),
        (Unary::Plus, Value::Float(_), _) => return Ok(operand),
        (Unary::Plus, _, Some(number)) => return Ok(Value::Int(number)),
        (Unary::Invert, _, Some(number)) => return Ok(Value::Int(!number)),
        (Unary::Minus, _, Some(number)) => {
            return Ok(match number.checked_neg() {
                Some(number) => Value::Int(number),
                None => heap.int(&-BigInt::from(number)),
            });
        }
        (_, Value::Big(big), _) => {
            let number = big.to_bigint();
            return Ok(match op {
                Unary::Minus => heap.int(&-number),
                Unary::Plus => operand,
                Unary::Invert => heap.int(&!number),
            });
        }
        (Unary::Minus | Unary::Plus, Value::Dict(dict), _) if dict.class.is(&COUNTER) => {
            let none = Value::Dict(heap.bump().alloc(Dict::of_class(heap.bump(), &COUNTER, Value::None)));
            return match op {
                Unary::Minus => binary(heap, Binary::Sub, none, operand, false),
                _ => binary(heap, Binary::Add, operand, none, false),
            };
        }
        (_, Value::Object(object), _) => {
            if let Some(outcome) = object.class.hooks.unary.and_then(|unary| unary(heap, op, object)) {
                return outcome;
            }
        }
        _ => {}
    }
    let symbol = match op {
        Unary::Minus => "-",
        Unary::Plus => "+",
        Unary::Invert => "~",
    };
    let message = format!("bad operand type for unary {symbol}: '{}'", type_of(operand).name);
    Err(heap.raise(&TYPE_ERROR, message))
}
