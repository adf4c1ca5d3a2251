//! `float`.

use num_bigint::BigInt;

use super::parse::parse_float;
use crate::batch::python::args::{native, wrong_object};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Value, bigint_to_float, repr_text, type_of};

/// The methods of `float`.
pub static FLOAT_METHODS: &[Native] = &[
    native("as_integer_ratio", as_integer_ratio),
    native("conjugate", conjugate),
    native("fromhex", fromhex),
    native("hex", hex),
    native("is_integer", is_integer),
];

/// `float(x=0.0)`
pub fn new_float<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = match args.between(heap, "float", 0, 1)? {
        [value] => *value,
        _ => return Ok(Value::float(0.0)),
    };
    let parsed = match value {
        Value::Str(text) => parse_float(text),
        Value::Bytes(bytes) => {
            std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).and_then(parse_float)
        }
        _ => {
            return match float_of(heap, value)? {
                Some(number) => Ok(Value::float(number)),
                None => {
                    let class = type_of(value).name;
                    let message =
                        format!("float() argument must be a string or a real number, not '{class}'");
                    Err(heap.raise(&TYPE_ERROR, message))
                }
            };
        }
    };
    match parsed {
        Some(number) => Ok(Value::float(number)),
        None => {
            let text = repr_text(heap, value)?;
            Err(heap.raise(&VALUE_ERROR, format!("could not convert string to float: {text}")))
        }
    }
}

/// A number as a `float`; `None` for what is no number.
///
/// # Errors
/// `OverflowError: int too large to convert to float`.
pub fn float_of(heap: &Heap<'_>, value: Value<'_>) -> Result<Option<f64>, Raised> {
    match value {
        Value::Float(number) => Ok(Some(number.get())),
        Value::Int(number) => Ok(Some(number as f64)),
        Value::Bool(flag) => Ok(Some(f64::from(flag.get()))),
        Value::Big(big) => {
            let number = bigint_to_float(&big.to_bigint());
            number.map(Some).ok_or_else(|| heap.raise(&OVERFLOW_ERROR, "int too large to convert to float"))
        }
        _ => Ok(None),
    }
}

/// The number as a fraction in lowest terms, the denominator a power of two. For finite numbers only.
pub fn ratio(number: f64) -> (BigInt, BigInt) {
    let bits = number.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).expect("eleven bits");
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    if mantissa == 0 {
        return (BigInt::ZERO, BigInt::from(1));
    }
    let zeros = mantissa.trailing_zeros();
    let mantissa = BigInt::from(mantissa >> zeros);
    let mantissa = if number.is_sign_negative() { -mantissa } else { mantissa };
    let exponent = exponent + i64::from(zeros);
    match u64::try_from(exponent) {
        Ok(up) => (mantissa << up, BigInt::from(1)),
        Err(_) => (mantissa, BigInt::from(1) << exponent.unsigned_abs()),
    }
}

fn this<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<f64, Raised> {
    let (object, args) = args.object(heap, name)?;
    args.nothing(heap, name)?;
    match object {
        Value::Float(number) => Ok(number.get()),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `float.is_integer()`
fn is_integer<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = this(heap, args, "float.is_integer")?;
    Ok(Value::bool(number.is_finite() && number.fract() == 0.0))
}

/// `float.conjugate()`
fn conjugate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    this(heap, args, "float.conjugate").map(Value::float)
}

/// `float.as_integer_ratio()`
fn as_integer_ratio<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = this(heap, args, "float.as_integer_ratio")?;
    if number.is_nan() {
        return Err(heap.raise(&VALUE_ERROR, "cannot convert NaN to integer ratio"));
    }
    if number.is_infinite() {
        return Err(heap.raise(&OVERFLOW_ERROR, "cannot convert Infinity to integer ratio"));
    }
    let (numerator, denominator) = ratio(number);
    Ok(heap.pair(heap.int(&numerator), heap.int(&denominator)))
}

/// `float.hex()`
fn hex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = this(heap, args, "float.hex")?;
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if !number.is_finite() {
        return Ok(heap.text(if number.is_nan() {
            "nan"
        } else if sign.is_empty() {
            "inf"
        } else {
            "-inf"
        }));
    }
    if number == 0.0 {
        return Ok(heap.str(&format!("{sign}0x0.0p+0")));
    }
    let bits = number.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).expect("eleven bits");
    let fraction = bits & ((1 << 52) - 1);
    let (lead, exponent) = if exponent == 0 { (0, -1022) } else { (1, exponent - 1023) };
    Ok(heap.str(&format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")))
}

/// `float.fromhex(string)`
fn fromhex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = args.one(heap, "float.fromhex")?;
    let Value::Str(text) = text else {
        return Err(heap.raise(&TYPE_ERROR, "bad argument type for built-in operation"));
    };
    let invalid = || heap.raise(&VALUE_ERROR, "invalid hexadecimal floating-point string");
    let text = text.trim_ascii().to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if matches!(unsigned, "inf" | "infinity" | "nan") {
        return Ok(Value::float(sign * parse_float(unsigned).unwrap_or(f64::NAN)));
    }
    let digits = unsigned.strip_prefix("0x").unwrap_or(unsigned);
    let (digits, exponent) = digits.split_once('p').unwrap_or((digits, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: i32 = exponent.parse().map_err(|_| invalid())?;
    let all = format!("{whole}{fraction}");
    if all.is_empty()
        || all.len() > 1000
        || exponent.abs() > 5000
        || !all.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Err(invalid());
    }
    let mantissa = BigInt::parse_bytes(all.as_bytes(), 16).ok_or_else(invalid)?;
    let scale = i64::from(exponent) - 4 * i64::try_from(fraction.len()).expect("it is short");
    let number = scaled(&mantissa, scale);
    if number.is_infinite() {
        let message = "hexadecimal value too large to represent as a float";
        return Err(heap.raise(&OVERFLOW_ERROR, message));
    }
    Ok(Value::float(sign * number))
}

/// `mantissa * 2**scale`, rounded half to even, for a mantissa that is not negative.
pub fn scaled(mantissa: &BigInt, scale: i64) -> f64 {
    let bits = i64::try_from(mantissa.bits()).unwrap_or(i64::MAX);
    if bits == 0 {
        return 0.0;
    }
    let top = bits.saturating_add(scale);
    if top > 1024 {
        return f64::INFINITY;
    }
    if top < -1080 {
        return 0.0;
    }
    // The unit of the last place of a float of this size.
    let unit = (top - 53).max(-1074);
    let shift = unit - scale;
    let rounded = if shift <= 0 {
        mantissa << shift.unsigned_abs()
    } else {
        let shift = shift.unsigned_abs();
        let (half, low) = (BigInt::from(1) << (shift - 1), mantissa & ((BigInt::from(1) << shift) - 1));
        let quotient: BigInt = mantissa >> shift;
        let up = low > half || low == half && quotient.bit(0);
        if up { quotient + 1 } else { quotient }
    };
    let mantissa = u64::try_from(&rounded).expect("at most 54 bits") as f64;
    let unit = i32::try_from(unit).expect("within a float's exponents");
    // Two steps, so that neither power is out of range.
    mantissa * 2f64.powi(unit / 2) * 2f64.powi(unit - unit / 2)
}
