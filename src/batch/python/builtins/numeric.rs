//! `abs`, `bin`, `divmod`, `hex`, `oct`, `pow`, `round`.

use num_bigint::{BigInt, Sign};

use crate::batch::python::args::{index, not_an_integer, room};
use crate::batch::python::numbers::{float_of, int_of_float};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR, ZERO_DIVISION_ERROR};
use crate::batch::value::{Args, Binary, Heap, Outcome, Raised, Value, binary, type_of};

/// `abs(x)`
pub fn abs<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "abs")?;
    match value {
        Value::Int(number) if number != i64::MIN => Ok(Value::Int(number.abs())),
        Value::Int(_) | Value::Bool(_) | Value::Big(_) => {
            let magnitude = value.as_big().unwrap_or_default().into_parts().1;
            Ok(heap.int(&magnitude.into()))
        }
        Value::Float(number) => Ok(Value::float(number.get().abs())),
        _ => match type_of(value).method("__abs__") {
            Some(method) => (method.call)(heap, Args { positional: &[value], keywords: &[] }),
            None => {
                let message = format!("bad operand type for abs(): '{}'", type_of(value).name);
                Err(heap.raise(&TYPE_ERROR, message))
            }
        },
    }
}

fn in_radix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, radix: u32, prefix: &str) -> Outcome<'a> {
    let value = args.one(heap, name)?;
    let number = value.as_big().ok_or_else(|| not_an_integer(heap, value))?;
    let sign = if number.sign() == Sign::Minus { "-" } else { "" };
    Ok(heap.str(&format!("{sign}{prefix}{}", number.magnitude().to_str_radix(radix))))
}

/// `bin(x)`
pub fn bin<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    in_radix(heap, args, "bin", 2, "0b")
}

/// `oct(x)`
pub fn oct<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    in_radix(heap, args, "oct", 8, "0o")
}

/// `hex(x)`
pub fn hex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    in_radix(heap, args, "hex", 16, "0x")
}

/// `divmod(x, y)`
pub fn divmod<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "divmod", 2, 2)?;
    let (left, right) = (arguments[0], arguments[1]);
    let is_number = |value: Value<'_>| value.as_big().is_some() || matches!(value, Value::Float(_));
    let has_arithmetic =
        |value| matches!(value, Value::Object(object) if object.class.hooks.binary.is_some());
    let fits = is_number(left) && is_number(right) || has_arithmetic(left);
    if !fits {
        let (left, right) = (type_of(left).name, type_of(right).name);
        let message = format!("unsupported operand type(s) for divmod(): '{left}' and '{right}'");
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    // An int too large for a float is not zero at any rate.
    let divisor = float_of(heap, right).unwrap_or_else(|_| {
        heap.caught();
        None
    });
    if divisor == Some(0.0) {
        let is_float = matches!(left, Value::Float(_)) || matches!(right, Value::Float(_));
        let message = if is_float { "float divmod()" } else { "integer division or modulo by zero" };
        return Err(heap.raise(&ZERO_DIVISION_ERROR, message));
    }
    let quotient = binary(heap, Binary::FloorDiv, left, right, false)?;
    Ok(heap.pair(quotient, binary(heap, Binary::Mod, left, right, false)?))
}

/// `pow(base, exp, mod=None)`
pub fn pow<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [base, exponent, modulus] = args.bind(heap, "pow", ["base", "exp", "mod"], 2)?;
    let (base, exponent) = (base.unwrap_or(Value::None), exponent.unwrap_or(Value::None));
    let Some(modulus) = modulus.filter(|modulus| !modulus.is_none()) else {
        return binary(heap, Binary::Pow, base, exponent, false);
    };
    let operands = [base, exponent, modulus];
    let (Some(base), Some(exponent), Some(modulus)) = (base.as_big(), exponent.as_big(), modulus.as_big())
    else {
        let message = if operands.iter().any(|operand| matches!(operand, Value::Float(_))) {
            "pow() 3rd argument not allowed unless all arguments are integers".to_string()
        } else {
            let [base, exponent, modulus] = operands.map(|operand| type_of(operand).name);
            format!("unsupported operand type(s) for ** or pow(): '{base}', '{exponent}', '{modulus}'")
        };
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    if modulus.sign() == Sign::NoSign {
        return Err(heap.raise(&VALUE_ERROR, "pow() 3rd argument cannot be 0"));
    }
    // The work grows with the cube of the size: what would not end in any sensible time is refused.
    if modulus.bits().max(base.bits()) > 65_536 || exponent.bits() > 65_536 {
        return Err(heap.raise(&OVERFLOW_ERROR, "pow() of ints beyond 65536 bits is not supported"));
    }
    if exponent.sign() != Sign::Minus {
        return Ok(heap.int(&base.modpow(&exponent, &modulus)));
    }
    match base.modinv(&modulus) {
        Some(inverse) => Ok(heap.int(&inverse.modpow(&-exponent, &modulus))),
        None => Err(heap.raise(&VALUE_ERROR, "base is not invertible for the given modulus")),
    }
}

/// `round(number, ndigits=None)`
pub fn round<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [value, digits] = args.bind(heap, "round", ["number", "ndigits"], 1)?;
    let value = value.unwrap_or(Value::None);
    let digits = digits.filter(|digits| !digits.is_none());
    match value {
        Value::Float(number) => match digits {
            None => int_of_float(heap, number.get().round_ties_even()),
            Some(digits) => round_float(heap, number.get(), index(heap, digits)?).map(Value::float),
        },
        Value::Int(_) | Value::Bool(_) | Value::Big(_) => {
            let number = value.as_big().unwrap_or_default();
            let digits = digits.map_or(Ok(0), |digits| index(heap, digits))?;
            if digits >= 0 {
                return Ok(heap.int(&number));
            }
            round_int(heap, &number, digits.unsigned_abs())
        }
        _ => match type_of(value).method("__round__") {
            Some(method) => (method.call)(heap, Args { positional: &[value], keywords: &[] }),
            None => {
                let message = format!("type {} doesn't define __round__ method", type_of(value).name);
                Err(heap.raise(&TYPE_ERROR, message))
            }
        },
    }
}

/// To a multiple of a power of ten, half to even.
fn round_int<'a>(heap: &Heap<'a>, number: &BigInt, digits: u64) -> Outcome<'a> {
    // A power of ten with so many digits more is beyond twice the number.
    if digits > number.bits() {
        return Ok(Value::Int(0));
    }
    let digits = u32::try_from(digits).map_err(|_| heap.raise(&OVERFLOW_ERROR, "too many digits"))?;
    room(heap, digits as usize)?;
    let unit = BigInt::from(10).pow(digits);
    let magnitude = BigInt::from(number.magnitude().clone());
    let (quotient, rest) = (&magnitude / &unit, &magnitude % &unit);
    let twice: BigInt = rest * 2;
    let up = twice > unit || twice == unit && quotient.bit(0);
    let rounded = (if up { quotient + 1 } else { quotient }) * unit;
    Ok(heap.int(&if number.sign() == Sign::Minus { -rounded } else { rounded }))
}

/// To so many digits behind the point (before it, if negative), half to even, of the exact value.
fn round_float(heap: &Heap<'_>, number: f64, digits: i64) -> Result<f64, Raised> {
    if !number.is_finite() || number == 0.0 || digits > 323 {
        return Ok(number);
    }
    if digits < -308 {
        return Ok(0.0_f64.copysign(number));
    }
    let magnitude = number.abs();
    // Printing with a precision is exact, and so is reading: their way is the rounding.
    let rounded = if let Ok(digits) = usize::try_from(digits) {
        format!("{magnitude:.digits$}").parse().unwrap_or(magnitude)
    } else {
        let exponent = magnitude.log10().floor() as i64;
        // The exponent may be one off next to a power of ten: the printed form knows.
        let exponent = format!("{magnitude:e}")
            .rsplit_once('e')
            .and_then(|(_, exponent)| exponent.parse::<i64>().ok())
            .unwrap_or(exponent);
        let unit = || format!("1e{}", -digits).parse().unwrap_or(f64::INFINITY);
        match usize::try_from(exponent + digits) {
            Ok(precision) => format!("{magnitude:.precision$e}").parse().unwrap_or(magnitude),
            Err(_) if exponent + digits == -1 && magnitude > unit() / 2.0 => unit(),
            Err(_) => 0.0,
        }
    };
    if rounded == f64::INFINITY {
        return Err(heap.raise(&OVERFLOW_ERROR, "rounded value too large to represent"));
    }
    Ok(rounded.copysign(number))
}
