//! `int` and `bool`.

use num_bigint::{BigInt, Sign};

use super::parse::{IntFault, MOST_DIGITS, parse_int, parse_short_int};
use crate::batch::python::args::{index, native, room, text_argument, wrong_object};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Heap, Native, Outcome, Raised, Value, float_to_bigint, float_to_int, repr_text, truth, type_of,
};

/// The methods of `int`.
pub static INT_METHODS: &[Native] = &[
    native("as_integer_ratio", as_integer_ratio),
    native("bit_count", bit_count),
    native("bit_length", bit_length),
    native("conjugate", conjugate),
    native("from_bytes", from_bytes),
    native("to_bytes", to_bytes),
];

/// `bool(x=False)`
pub fn new_bool<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "bool", 0, 1)?;
    Ok(Value::bool(arguments.first().is_some_and(|value| truth(*value))))
}

/// `type(None)()`
pub fn new_none<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.positional.is_empty() && args.keywords.is_empty() {
        true => Ok(Value::None),
        false => Err(heap.raise(&TYPE_ERROR, "NoneType takes no arguments")),
    }
}

/// `int(x=0, base=10)`
pub fn new_int<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (value, base) = match (args.positional, args.keywords) {
        ([value], []) => (*value, None),
        ([], []) => return Ok(Value::Int(0)),
        _ => {
            let [value, base] = args.bind(heap, "int", ["", "base"], 0)?;
            match value {
                Some(value) => (value, base),
                None => return Err(heap.raise(&TYPE_ERROR, "int() missing string argument")),
            }
        }
    };
    if let Some(base) = base {
        let base = index(heap, base)?;
        let base = u32::try_from(base).ok().filter(|base| *base == 0 || (2..=36).contains(base));
        let base = base.ok_or_else(|| heap.raise(&VALUE_ERROR, "int() base must be >= 2 and <= 36, or 0"))?;
        return match value {
            Value::Str(text) => of_text(heap, text, value, base),
            Value::Bytes(bytes) => of_bytes(heap, bytes, value, base),
            _ => Err(heap.raise(&TYPE_ERROR, "int() can't convert non-string with explicit base")),
        };
    }
    match value {
        Value::Int(_) | Value::Big(_) => Ok(value),
        Value::Bool(flag) => Ok(Value::Int(i64::from(flag.get()))),
        Value::Float(number) => int_of_float(heap, number.get()),
        Value::Str(text) => of_text(heap, text, value, 10),
        Value::Bytes(bytes) => of_bytes(heap, bytes, value, 10),
        _ => {
            let class = type_of(value).name;
            let message = format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{class}'"
            );
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

fn of_text<'a>(heap: &Heap<'a>, text: &str, value: Value<'a>, base: u32) -> Outcome<'a> {
    if base == 10
        && let Some(number) = parse_short_int(text.as_bytes())
    {
        return Ok(Value::Int(number));
    }
    match parse_int(text, base) {
        Ok(number) => Ok(heap.int(&number)),
        Err(IntFault::Invalid) => {
            // As much of it as a message has room for.
            let text = repr_text(heap, value)?.chars().take(200).collect::<String>();
            let message = format!("invalid literal for int() with base {base}: {text}");
            Err(heap.raise(&VALUE_ERROR, message))
        }
        Err(IntFault::TooLong(digits)) => {
            let message = format!(
                "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion: value has {digits} \
                 digits; use sys.set_int_max_str_digits() to increase the limit"
            );
            Err(heap.raise(&VALUE_ERROR, message))
        }
    }
}

fn of_bytes<'a>(heap: &Heap<'a>, bytes: &[u8], value: Value<'a>, base: u32) -> Outcome<'a> {
    // What is no ASCII is no number; the message shows the bytes either way.
    let text = if bytes.is_ascii() { std::str::from_utf8(bytes).unwrap_or_default() } else { "" };
    of_text(heap, text, value, base)
}

/// `int(number)`: without its fraction.
///
/// # Errors
/// `ValueError: cannot convert float NaN to integer`; `OverflowError`.
pub fn int_of_float<'a>(heap: &Heap<'a>, number: f64) -> Outcome<'a> {
    if number.is_nan() {
        return Err(heap.raise(&VALUE_ERROR, "cannot convert float NaN to integer"));
    }
    if number.is_infinite() {
        return Err(heap.raise(&OVERFLOW_ERROR, "cannot convert float infinity to integer"));
    }
    match float_to_int(number.trunc()) {
        Some(number) => Ok(Value::Int(number)),
        None => Ok(heap.int(&float_to_bigint(number).expect("it is finite"))),
    }
}

/// The number that a method is called on, and the other arguments.
fn this<'s, 'a>(heap: &Heap<'a>, args: Args<'s, 'a>, name: &str) -> Result<(BigInt, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    let number = object.as_big().ok_or_else(|| wrong_object(heap, name, object))?;
    Ok((number, args))
}

/// `int.bit_length()`
fn bit_length<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (number, args) = this(heap, args, "int.bit_length")?;
    args.nothing(heap, "int.bit_length")?;
    Ok(heap.int(&BigInt::from(number.bits())))
}

/// `int.bit_count()`
fn bit_count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (number, args) = this(heap, args, "int.bit_count")?;
    args.nothing(heap, "int.bit_count")?;
    Ok(heap.int(&BigInt::from(number.magnitude().count_ones())))
}

/// `int.conjugate()`
fn conjugate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (number, args) = this(heap, args, "int.conjugate")?;
    args.nothing(heap, "int.conjugate")?;
    Ok(heap.int(&number))
}

/// `int.as_integer_ratio()`
fn as_integer_ratio<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (number, args) = this(heap, args, "int.as_integer_ratio")?;
    args.nothing(heap, "int.as_integer_ratio")?;
    Ok(heap.pair(heap.int(&number), Value::Int(1)))
}

/// Whether the most significant byte comes first.
fn is_big_endian<'a>(heap: &Heap<'a>, name: &str, order: Option<Value<'a>>) -> Result<bool, Raised> {
    match order.map_or(Ok("big"), |order| text_argument(heap, name, "'byteorder'", order))? {
        "big" => Ok(true),
        "little" => Ok(false),
        _ => Err(heap.raise(&VALUE_ERROR, "byteorder must be either 'little' or 'big'")),
    }
}

/// `int.to_bytes(length=1, byteorder='big', *, signed=False)`
fn to_bytes<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (number, args) = this(heap, args, "int.to_bytes")?;
    let [length, order, signed] = args.bind(heap, "int.to_bytes", ["length", "byteorder", "signed"], 0)?;
    let length = length.map_or(Ok(1), |length| index(heap, length))?;
    let big_endian = is_big_endian(heap, "int.to_bytes", order)?;
    let signed = signed.is_some_and(truth);
    let length = usize::try_from(length)
        .map_err(|_| heap.raise(&VALUE_ERROR, "length argument must be non-negative"))?;
    room(heap, length)?;
    let negative = number.sign() == Sign::Minus;
    if negative && !signed {
        return Err(heap.raise(&OVERFLOW_ERROR, "can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { number.to_signed_bytes_le() } else { number.magnitude().to_bytes_le() };
    if number.sign() == Sign::NoSign {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(heap.raise(&OVERFLOW_ERROR, "int too big to convert"));
    }
    bytes.resize(length, if negative { 0xff } else { 0 });
    if big_endian {
        bytes.reverse();
    }
    Ok(heap.bytes(&bytes))
}

/// `int.from_bytes(bytes, byteorder='big', *, signed=False)`
fn from_bytes<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let name = "int.from_bytes";
    let [bytes, order, signed] = args.bind(heap, name, ["bytes", "byteorder", "signed"], 1)?;
    let big_endian = is_big_endian(heap, name, order)?;
    let bytes = bytes.unwrap_or(Value::None);
    let bytes: Vec<u8> = match bytes {
        Value::Bytes(bytes) => bytes.to_vec(),
        Value::Str(_) => {
            return Err(heap.raise(&TYPE_ERROR, "cannot convert 'str' object to bytes"));
        }
        _ => crate::batch::python::bytes::of_ints(heap, bytes)?,
    };
    let number = match (signed.is_some_and(truth), big_endian) {
        (true, true) => BigInt::from_signed_bytes_be(&bytes),
        (true, false) => BigInt::from_signed_bytes_le(&bytes),
        (false, true) => BigInt::from_bytes_be(Sign::Plus, &bytes),
        (false, false) => BigInt::from_bytes_le(Sign::Plus, &bytes),
    };
    Ok(heap.int(&number))
}
