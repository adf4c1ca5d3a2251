//! `datetime.timedelta`

use num_bigint::BigInt;

use super::calendar::{DAY, SECOND};
use crate::batch::python::args::native;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR, ZERO_DIVISION_ERROR};
use crate::batch::value::{
    Args, Binary, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Unary, Value, binary, type_of,
};

/// `datetime.timedelta`
pub static TIMEDELTA: TypeInfo = TypeInfo {
    name: "datetime.timedelta",
    base: Some(&OBJECT),
    new: Some(new),
    methods: &[native("total_seconds", total_seconds), native("__abs__", absolute)],
    hooks: Hooks {
        repr: Some(repr),
        str: Some(|_, object, out| {
            out.extend_from_slice(text(read(object)).as_bytes());
            Ok(())
        }),
        truth: Some(|object| read(object).0 != 0),
        equal: Some(|_, object, other| Ok(of(other).map(|other| read(object) == other))),
        order: Some(|_, object, other| Ok(of(other).map(|other| read(object).cmp(&other)))),
        hash: Some(|object| fold(read(object).0)),
        attribute: Some(attribute),
        class_attribute: Some(class_attribute),
        binary: Some(arithmetic),
        unary: Some(unary),
        encode: Some(|object, out| out.extend_from_slice(&read(object).0.to_le_bytes())),
        decode: Some(|heap, bytes, _| {
            let bytes = bytes.try_into().expect("a duration is encoded in sixteen bytes");
            wrap(heap, Delta(i128::from_le_bytes(bytes)))
        }),
        ..Hooks::NONE
    },
};

/// A duration in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delta(pub i128);

const MAX_DAYS: i128 = 999_999_999;
const MAX: i128 = (MAX_DAYS + 1) * DAY as i128 - 1;
const MIN: i128 = -MAX_DAYS * DAY as i128;

impl Delta {
    /// Days, seconds of a day, microseconds of a second.
    fn parts(self) -> (i128, i128, i128) {
        let (day, second) = (i128::from(DAY), i128::from(SECOND));
        let rest = self.0.rem_euclid(day);
        (self.0.div_euclid(day), rest / second, rest % second)
    }

    /// Its microseconds, if they fit into 64 bits: those of dates do.
    pub fn micros(self) -> Option<i64> {
        i64::try_from(self.0).ok()
    }
}

/// A 64-bit number that is equal for equal numbers.
fn fold(number: i128) -> u64 {
    let bytes = number.to_le_bytes();
    let half = |range: std::ops::Range<usize>| {
        bytes[range].iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte))
    };
    half(0..8) ^ half(8..16).rotate_left(32)
}

fn read(object: &Object<'_>) -> Delta {
    *object.data.downcast_ref().expect("a timedelta holds its duration")
}

/// The duration, if this is a `timedelta`.
pub fn of(value: Value<'_>) -> Option<Delta> {
    match value {
        Value::Object(object) if object.class.is(&TIMEDELTA) => Some(read(object)),
        _ => None,
    }
}

fn wrap<'a>(heap: &Heap<'a>, delta: Delta) -> Value<'a> {
    heap.object(Object { class: &TIMEDELTA, data: heap.bump().alloc(delta), fields: &[] })
}

/// The `timedelta` of that many microseconds.
///
/// # Errors
/// `OverflowError`
pub fn make<'a>(heap: &Heap<'a>, micros: i128) -> Outcome<'a> {
    if (MIN..=MAX).contains(&micros) {
        return Ok(wrap(heap, Delta(micros)));
    }
    let days = micros.div_euclid(i128::from(DAY));
    Err(match i32::try_from(days) {
        Ok(days) => heap.raise(&OVERFLOW_ERROR, format!("days={days}; must have magnitude <= {MAX_DAYS}")),
        Err(_) => too_large(heap),
    })
}

fn too_large(heap: &Heap<'_>) -> Raised {
    heap.raise(&OVERFLOW_ERROR, "Python int too large to convert to C int")
}

/// The `timedelta` of that many microseconds, however large the number.
fn make_big<'a>(heap: &Heap<'a>, micros: &BigInt) -> Outcome<'a> {
    match i128::try_from(micros) {
        Ok(micros) => make(heap, micros),
        Err(_) => Err(too_large(heap)),
    }
}

/// The `repr` of a duration.
pub fn shown(delta: Delta) -> String {
    let (days, seconds, micros) = delta.parts();
    let parts: Vec<String> = [("days", days), ("seconds", seconds), ("microseconds", micros)]
        .iter()
        .filter(|(_, number)| *number != 0)
        .map(|(name, number)| format!("{name}={number}"))
        .collect();
    let inside = if parts.is_empty() { String::from("0") } else { parts.join(", ") };
    format!("datetime.timedelta({inside})")
}

fn repr<'a>(_: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.extend_from_slice(shown(read(object)).as_bytes());
    Ok(())
}

fn text(delta: Delta) -> String {
    let (days, seconds, micros) = delta.parts();
    let mut text = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    text.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if micros != 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text
}

/// The parameters, and how many microseconds one of them is.
const UNITS: [(&str, i64); 7] = [
    ("days", DAY),
    ("seconds", SECOND),
    ("microseconds", 1),
    ("milliseconds", 1000),
    ("minutes", 60 * SECOND),
    ("hours", 3600 * SECOND),
    ("weeks", 7 * DAY),
];

fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bound = args.bind(heap, "__new__", UNITS.map(|(name, _)| name), 0)?;
    let (mut whole, mut rest) = (0_i128, 0.0);
    // In the order in which CPython adds the units, as that of floats shows.
    for unit in [2, 3, 1, 4, 5, 0, 6] {
        let (name, factor) = UNITS[unit];
        match bound[unit] {
            None => {}
            Some(Value::Float(number)) => {
                let (int, fraction) = (number.get().trunc(), number.get().fract());
                whole = whole.saturating_add(product(heap, int, factor)?);
                let fraction = fraction * micros_as_float(factor);
                whole = whole.saturating_add(product(heap, fraction.trunc(), 1)?);
                rest += fraction.fract();
            }
            Some(value) => {
                let Some(number) = value.as_big() else {
                    let class = type_of(value).name;
                    let message = format!("unsupported type for timedelta {name} component: {class}");
                    return Err(heap.raise(&TYPE_ERROR, message));
                };
                let number = i64::try_from(number).map_err(|_| too_large(heap))?;
                whole = whole.saturating_add(i128::from(number) * i128::from(factor));
            }
        }
    }
    make(heap, whole.saturating_add(nearest(rest, whole % 2 != 0)))
}

/// The fraction of a microsecond, rounded half to even, together with whole ones that may be odd.
fn nearest(rest: f64, odd: bool) -> i128 {
    let mut rounded = rest.round();
    if (rounded - rest).abs() == 0.5 {
        let odd = f64::from(u8::from(odd));
        rounded = 2.0 * ((rest + odd) * 0.5).round() - odd;
    }
    whole_number(rounded)
}

/// A float without a fraction, far below the bounds of an `i128`, as an integer.
#[allow(clippy::cast_possible_truncation, reason = "the callers' numbers are below 1e30, and whole")]
fn whole_number(number: f64) -> i128 {
    number as i128
}

#[allow(clippy::cast_precision_loss, reason = "the units are far below 2**53")]
fn micros_as_float(unit: i64) -> f64 {
    unit as f64
}

/// `number * factor` of a float without a fraction.
fn product(heap: &Heap<'_>, number: f64, factor: i64) -> Result<i128, Raised> {
    if number.is_nan() {
        return Err(heap.raise(&VALUE_ERROR, "cannot convert float NaN to integer"));
    }
    if number.is_infinite() {
        return Err(heap.raise(&OVERFLOW_ERROR, "cannot convert float infinity to integer"));
    }
    if number.abs() > 1e24 {
        return Err(too_large(heap));
    }
    Ok(whole_number(number) * i128::from(factor))
}

fn attribute<'a>(_: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    let (days, seconds, micros) = read(object).parts();
    let number = match name {
        "days" => days,
        "seconds" => seconds,
        "microseconds" => micros,
        _ => return None,
    };
    Some(Ok(Value::Int(i64::try_from(number).unwrap_or(i64::MAX))))
}

fn class_attribute<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    Some(wrap(
        heap,
        Delta(match name {
            "min" => MIN,
            "max" => MAX,
            "resolution" => 1,
            _ => return None,
        }),
    ))
}

/// The object of a method.
fn this(heap: &Heap<'_>, name: &str, value: Value<'_>) -> Result<Delta, Raised> {
    of(value).ok_or_else(|| {
        let message = format!(
            "descriptor '{name}' for 'datetime.timedelta' objects doesn't apply to a '{}' object",
            type_of(value).name
        );
        heap.raise(&TYPE_ERROR, message)
    })
}

fn total_seconds<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "timedelta.total_seconds")?;
    args.nothing(heap, "timedelta.total_seconds")?;
    let Delta(micros) = this(heap, "total_seconds", object)?;
    divide(heap, micros, i128::from(SECOND))
}

fn absolute<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "timedelta.__abs__")?;
    args.nothing(heap, "timedelta.__abs__")?;
    make(heap, this(heap, "__abs__", object)?.0.abs())
}

/// `a / b` as a float, rounded once.
fn divide<'a>(heap: &Heap<'a>, a: i128, b: i128) -> Outcome<'a> {
    let int = |number: i128| heap.int(&BigInt::from(number));
    binary(heap, Binary::Div, int(a), int(b), false)
}

fn unary<'a>(heap: &Heap<'a>, op: Unary, object: &Object<'a>) -> Option<Outcome<'a>> {
    let Delta(micros) = read(object);
    match op {
        Unary::Minus => Some(make(heap, -micros)),
        Unary::Plus => Some(make(heap, micros)),
        Unary::Invert => None,
    }
}

fn arithmetic<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    let Delta(micros) = read(object);
    if let Some(Delta(other)) = of(other) {
        let (left, right) = if reflected { (other, micros) } else { (micros, other) };
        return between(heap, op, left, right);
    }
    match (op, other) {
        (Binary::Mul, Value::Float(factor)) => Some(scaled(heap, micros, factor.get(), false)),
        (Binary::Div, Value::Float(divisor)) if !reflected => Some(scaled(heap, micros, divisor.get(), true)),
        (Binary::Mul, _) => {
            let factor = other.as_big()?;
            Some(make_big(heap, &(BigInt::from(micros) * factor)))
        }
        (Binary::Div | Binary::FloorDiv, _) if !reflected => {
            let divisor = other.as_big()?;
            if divisor == BigInt::ZERO {
                return Some(Err(by_zero(heap)));
            }
            let quotient = if op == Binary::Div {
                divide_nearest(BigInt::from(micros), divisor)
            } else {
                divide_floor(&BigInt::from(micros), &divisor).0
            };
            Some(make_big(heap, &quotient))
        }
        _ => None,
    }
}

fn by_zero(heap: &Heap<'_>) -> Raised {
    heap.raise(&ZERO_DIVISION_ERROR, "integer division or modulo by zero")
}

fn between<'a>(heap: &Heap<'a>, op: Binary, left: i128, right: i128) -> Option<Outcome<'a>> {
    Some(match op {
        Binary::Add => make(heap, left + right),
        Binary::Sub => make(heap, left - right),
        Binary::Div => divide(heap, left, right),
        Binary::FloorDiv if right == 0 => Err(by_zero(heap)),
        Binary::FloorDiv => {
            let (quotient, _) = divide_floor(&BigInt::from(left), &BigInt::from(right));
            Ok(heap.int(&quotient))
        }
        Binary::Mod if right == 0 => Err(heap.raise(&ZERO_DIVISION_ERROR, "integer modulo by zero")),
        Binary::Mod => {
            let (_, rest) = divide_floor(&BigInt::from(left), &BigInt::from(right));
            make_big(heap, &rest)
        }
        _ => return None,
    })
}

/// Quotient and remainder, the quotient rounded down.
fn divide_floor(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (a / b, a % b);
    if rest != BigInt::ZERO && (rest.sign() != b.sign()) {
        (quotient - 1, rest + b)
    } else {
        (quotient, rest)
    }
}

/// The quotient, rounded to the nearest, and half to even.
fn divide_nearest(a: BigInt, b: BigInt) -> BigInt {
    let (a, b) = if b.sign() == num_bigint::Sign::Minus { (-a, -b) } else { (a, b) };
    let (quotient, rest) = divide_floor(&a, &b);
    let twice: BigInt = rest * 2;
    let up = twice > b || twice == b && quotient.bit(0);
    if up { quotient + 1 } else { quotient }
}

/// `micros * factor`, or `micros / factor`, of the exact value of the float.
fn scaled<'a>(heap: &Heap<'a>, micros: i128, factor: f64, inverse: bool) -> Outcome<'a> {
    if factor.is_nan() {
        return Err(heap.raise(&VALUE_ERROR, "cannot convert NaN to integer ratio"));
    }
    if factor.is_infinite() {
        return Err(heap.raise(&OVERFLOW_ERROR, "cannot convert Infinity to integer ratio"));
    }
    if inverse && factor == 0.0 {
        return Err(by_zero(heap));
    }
    let bits = factor.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let shift = |power: i64| BigInt::from(1) << u64::try_from(power.max(0)).unwrap_or(0);
    let sign = if factor.is_sign_negative() { -1 } else { 1 };
    let numerator = BigInt::from(mantissa) * shift(exponent) * sign;
    let denominator = shift(-exponent);
    let (times, by) = if inverse { (denominator, numerator) } else { (numerator, denominator) };
    make_big(heap, &divide_nearest(BigInt::from(micros) * times, by))
}
