//! Functions of floats, with CPython's rules on what is out of domain or range.

use super::{domain_error, range_error, real};
use crate::batch::python::args::index;
use crate::batch::python::numbers::int_of_float;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR, ZERO_DIVISION_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, type_of};

/// What a function of one float comes to. An infinite result of a finite argument is beyond the range,
/// or, of a function that has poles alone, outside of the domain.
pub fn checked(heap: &Heap<'_>, number: f64, result: f64, overflows: bool) -> Result<f64, Raised> {
    if result.is_nan() && !number.is_nan() {
        return Err(domain_error(heap));
    }
    if result.is_infinite() && number.is_finite() {
        return Err(if overflows { range_error(heap) } else { domain_error(heap) });
    }
    Ok(result)
}

macro_rules! functions {
    ($($name:ident $full:literal $function:expr, $overflows:literal;)*) => {
        $(
            #[doc = concat!("`", $full, "(x)`")]
            pub fn $name<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
                let number = real(heap, args.one(heap, $full)?)?;
                let function: fn(f64) -> f64 = $function;
                checked(heap, number, function(number), $overflows).map(Value::float)
            }
        )*
    };
}

functions! {
    acos "math.acos" f64::acos, false;
    acosh "math.acosh" f64::acosh, false;
    asin "math.asin" f64::asin, false;
    asinh "math.asinh" f64::asinh, false;
    atan "math.atan" f64::atan, false;
    atanh "math.atanh" f64::atanh, false;
    cbrt "math.cbrt" f64::cbrt, false;
    cos "math.cos" f64::cos, false;
    cosh "math.cosh" f64::cosh, true;
    exp "math.exp" f64::exp, true;
    exp2 "math.exp2" f64::exp2, true;
    expm1 "math.expm1" f64::exp_m1, true;
    fabs "math.fabs" f64::abs, false;
    log1p "math.log1p" f64::ln_1p, false;
    radians "math.radians" f64::to_radians, false;
    sin "math.sin" f64::sin, false;
    sinh "math.sinh" f64::sinh, true;
    sqrt "math.sqrt" f64::sqrt, false;
    tan "math.tan" f64::tan, false;
    tanh "math.tanh" f64::tanh, false;
}

macro_rules! tests {
    ($($name:ident $full:literal $test:expr;)*) => {
        $(
            #[doc = concat!("`", $full, "(x)`")]
            pub fn $name<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
                let number = real(heap, args.one(heap, $full)?)?;
                let test: fn(f64) -> bool = $test;
                Ok(Value::bool(test(number)))
            }
        )*
    };
}

tests! {
    isfinite "math.isfinite" f64::is_finite;
    isinf "math.isinf" f64::is_infinite;
    isnan "math.isnan" f64::is_nan;
}

/// Two arguments by position.
fn two<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<(f64, f64), Raised> {
    let arguments = args.between(heap, name, 2, 2)?;
    Ok((real(heap, arguments[0])?, real(heap, arguments[1])?))
}

/// `math.atan2(y, x)`
pub fn atan2<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (y, x) = two(heap, args, "math.atan2")?;
    Ok(Value::float(y.atan2(x)))
}

/// `math.copysign(x, y)`
pub fn copysign<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (x, y) = two(heap, args, "math.copysign")?;
    Ok(Value::float(x.copysign(y)))
}

/// `math.nextafter(x, y)`
pub fn nextafter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (x, y) = two(heap, args, "math.nextafter")?;
    Ok(Value::float(if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x < y {
        x.next_up()
    } else if x > y {
        x.next_down()
    } else {
        y
    }))
}

/// `math.fmod(x, y)`
pub fn fmod<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (x, y) = two(heap, args, "math.fmod")?;
    let result = x % y;
    if result.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(heap));
    }
    Ok(Value::float(result))
}

/// `math.remainder(x, y)`: to the nearest multiple, a tie to the even one.
pub fn remainder<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (x, y) = two(heap, args, "math.remainder")?;
    if x.is_nan() || y.is_nan() {
        return Ok(Value::float(f64::NAN));
    }
    if x.is_infinite() || y == 0.0 {
        return Err(domain_error(heap));
    }
    if y.is_infinite() {
        return Ok(Value::float(x));
    }
    let (magnitude, unit) = (x.abs(), y.abs());
    let over = magnitude % unit;
    let under = unit - over;
    let rest = if over < under {
        over
    } else if over > under {
        -under
    } else {
        // Half-way: what is left of half the multiple tells whether it is even.
        over - 2.0 * ((0.5 * (magnitude - over)) % unit)
    };
    Ok(Value::float(1.0_f64.copysign(x) * rest))
}

/// `math.pow(x, y)`
pub fn pow<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (x, y) = two(heap, args, "math.pow")?;
    let result = x.powf(y);
    if x.is_finite() && y.is_finite() {
        if result.is_nan() || result.is_infinite() && x == 0.0 {
            return Err(domain_error(heap));
        }
        if result.is_infinite() {
            return Err(range_error(heap));
        }
    }
    Ok(Value::float(result))
}

/// A logarithm, of ints beyond the range of floats too.
fn logarithm(heap: &Heap<'_>, value: Value<'_>, function: fn(f64) -> f64) -> Result<f64, Raised> {
    if let Value::Big(big) = value {
        let number = big.to_bigint();
        if number.sign() == num_bigint::Sign::Minus {
            return Err(domain_error(heap));
        }
        if let Some(number) = crate::batch::value::bigint_to_float(&number) {
            return Ok(function(number));
        }
        let shift = number.bits().saturating_sub(64);
        let top = crate::batch::value::bigint_to_float(&(number >> shift)).unwrap_or(f64::NAN);
        let fraction = top / 2f64.powi(64);
        return Ok(function(fraction) + function(2.0) * ((shift + 64) as f64));
    }
    let number = real(heap, value)?;
    if number <= 0.0 {
        return Err(domain_error(heap));
    }
    Ok(function(number))
}

/// `math.log(x[, base])`
pub fn log<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "math.log", 1, 2)?;
    let number = logarithm(heap, arguments[0], f64::ln)?;
    let Some(base) = arguments.get(1) else { return Ok(Value::float(number)) };
    let base = logarithm(heap, *base, f64::ln)?;
    if base == 0.0 {
        return Err(heap.raise(&ZERO_DIVISION_ERROR, "float division by zero"));
    }
    Ok(Value::float(number / base))
}

/// `math.log2(x)`
pub fn log2<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    logarithm(heap, args.one(heap, "math.log2")?, f64::log2).map(Value::float)
}

/// `math.log10(x)`
pub fn log10<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    logarithm(heap, args.one(heap, "math.log10")?, f64::log10).map(Value::float)
}

/// `floor`, `ceil`: an int as it is, a float by its function.
fn whole<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, function: fn(f64) -> f64) -> Outcome<'a> {
    let value = args.one(heap, name)?;
    match value {
        Value::Int(_) | Value::Big(_) => Ok(value),
        Value::Bool(flag) => Ok(Value::Int(i64::from(flag.get()))),
        _ => int_of_float(heap, function(real(heap, value)?)),
    }
}

/// `math.floor(x)`
pub fn floor<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    whole(heap, args, "math.floor", f64::floor)
}

/// `math.ceil(x)`
pub fn ceil<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    whole(heap, args, "math.ceil", f64::ceil)
}

/// `math.trunc(x)`
pub fn trunc<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.positional {
        [value] if !matches!(value, Value::Int(_) | Value::Big(_) | Value::Bool(_) | Value::Float(_)) => {
            let class = type_of(*value).name;
            Err(heap.raise(&TYPE_ERROR, format!("type {class} doesn't define __trunc__ method")))
        }
        _ => whole(heap, args, "math.trunc", f64::trunc),
    }
}

/// A finite number other than zero as a fraction of `0.5..1.0` and a power of two.
fn parts(number: f64) -> (f64, i64) {
    // Numbers below the normal ones are brought up first.
    let (number, raised) =
        if number.abs() < f64::MIN_POSITIVE { (number * 2f64.powi(64), 64) } else { (number, 0) };
    let bits = number.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).expect("eleven bits") - 1022;
    let fraction = f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52);
    (fraction, exponent - raised)
}

/// `math.frexp(x)`
pub fn frexp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = real(heap, args.one(heap, "math.frexp")?)?;
    let (fraction, exponent) = if number == 0.0 || !number.is_finite() { (number, 0) } else { parts(number) };
    Ok(heap.pair(Value::float(fraction), Value::Int(exponent)))
}

/// `math.ldexp(x, i)`
pub fn ldexp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "math.ldexp", 2, 2)?;
    let number = real(heap, arguments[0])?;
    if arguments[1].as_big().is_none() {
        return Err(heap.raise(&TYPE_ERROR, "Expected an int as second argument to ldexp."));
    }
    let power = match arguments[1] {
        Value::Big(big) => {
            if big.is_negative() {
                -10_000
            } else {
                10_000
            }
        }
        power => index(heap, power)?.clamp(-10_000, 10_000),
    };
    if number == 0.0 || !number.is_finite() {
        return Ok(Value::float(number));
    }
    let (fraction, exponent) = parts(number);
    let total = i32::try_from(exponent + power).expect("it is small");
    if total > 1024 {
        return Err(range_error(heap));
    }
    if total < -1080 {
        return Ok(Value::float(0.0_f64.copysign(number)));
    }
    // The first product is exact, so that the number is rounded once.
    let half = if total < -960 { -80 } else { 80 };
    Ok(Value::float(fraction * 2f64.powi(total - half) * 2f64.powi(half)))
}

/// `math.modf(x)`
pub fn modf<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = real(heap, args.one(heap, "math.modf")?)?;
    let fraction = if number.is_infinite() { 0.0 } else { number.fract() };
    Ok(heap.pair(Value::float(fraction.copysign(number)), Value::float(number.trunc())))
}

/// `math.ulp(x)`
pub fn ulp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = real(heap, args.one(heap, "math.ulp")?)?.abs();
    let above = number.next_up();
    Ok(Value::float(if !number.is_finite() {
        number
    } else if above.is_infinite() {
        number - number.next_down()
    } else {
        above - number
    }))
}

/// `math.isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)`
pub fn isclose<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [a, b, relative, absolute] = args.bind(heap, "math.isclose", ["a", "b", "rel_tol", "abs_tol"], 2)?;
    let number = |value: Option<Value<'a>>, default| value.map_or(Ok(default), |value| real(heap, value));
    let (a, b) = (number(a, f64::NAN)?, number(b, f64::NAN)?);
    let (relative, absolute) = (number(relative, 1e-9)?, number(absolute, 0.0)?);
    if relative < 0.0 || absolute < 0.0 {
        return Err(heap.raise(&VALUE_ERROR, "tolerances must be non-negative"));
    }
    let distance = (a - b).abs();
    let within = distance <= (relative * b).abs() || distance <= (relative * a).abs() || distance <= absolute;
    Ok(Value::bool(a == b || a.is_finite() && b.is_finite() && within))
}

/// `math.degrees(x)`, which may come to infinity.
pub fn degrees<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = real(heap, args.one(heap, "math.degrees")?)?;
    Ok(Value::float(number.to_degrees()))
}
