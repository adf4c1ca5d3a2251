//! `fsum`, `prod`, `hypot`, `dist`.

use super::real;
use crate::batch::python::args::collect;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Binary, Heap, Outcome, Raised, Value, binary, iterate};

/// `math.fsum(seq)`: the exact sum, rounded once (Shewchuk's partial sums).
pub fn fsum<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let numbers = iterate(heap, args.one(heap, "math.fsum")?)?;
    let mut partials: Vec<f64> = Vec::new();
    let (mut special, mut infinite) = (0.0, 0.0);
    while let Some(value) = numbers.next(heap)? {
        heap.check()?;
        let number = real(heap, value)?;
        let mut carried = number;
        let mut kept = 0;
        for place in 0..partials.len() {
            let (mut large, mut small) = (carried, partials[place]);
            if large.abs() < small.abs() {
                (large, small) = (small, large);
            }
            let high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            carried = high;
        }
        partials.truncate(kept);
        if carried.is_finite() {
            if carried != 0.0 {
                partials.push(carried);
            }
            continue;
        }
        if number.is_finite() {
            return Err(heap.raise(&OVERFLOW_ERROR, "intermediate overflow in fsum"));
        }
        if number.is_infinite() {
            infinite += number;
        }
        special += number;
        partials.clear();
    }
    if special != 0.0 {
        if infinite.is_nan() {
            return Err(heap.raise(&VALUE_ERROR, "-inf + inf in fsum"));
        }
        return Ok(Value::float(special));
    }
    Ok(Value::float(rounded_sum(&partials)))
}

/// The sum of partial sums, the smallest first, that do not overlap: half to even.
fn rounded_sum(partials: &[f64]) -> f64 {
    let mut rest = partials.iter().rev().copied();
    let Some(mut high) = rest.next() else { return 0.0 };
    while let Some(next) = rest.next() {
        let before = high;
        high = before + next;
        let low = next - (high - before);
        if low == 0.0 {
            continue;
        }
        // What follows decides where the rest is exactly half of the last place.
        if let Some(after) = rest.next()
            && (low < 0.0) == (after < 0.0)
            && after != 0.0
        {
            let twice = low * 2.0;
            let up = high + twice;
            if twice == up - high {
                high = up;
            }
        }
        break;
    }
    high
}

/// `math.prod(iterable, *, start=1)`
pub fn prod<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let positional = Args { positional: args.positional, keywords: &[] };
    let Ok(&[iterable]) = <&[Value<'a>; 1]>::try_from(positional.positional) else {
        let given = args.positional.len();
        let message = if given == 0 {
            "prod() takes at least 1 positional argument (0 given)".to_owned()
        } else {
            format!("prod() takes at most 1 positional argument ({given} given)")
        };
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let [start] = args.by_name(heap, "prod", ["start"])?;
    let mut product = start.unwrap_or(Value::Int(1));
    let values = iterate(heap, iterable)?;
    while let Some(value) = values.next(heap)? {
        heap.check()?;
        product = binary(heap, Binary::Mul, product, value, false)?;
    }
    Ok(product)
}

/// The length of a vector: scaled by a power of two, the squares added with what rounding loses of them.
fn norm(parts: &[f64]) -> f64 {
    let largest = parts.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
    if parts.iter().any(|part| part.is_infinite()) {
        return f64::INFINITY;
    }
    if parts.iter().any(|part| part.is_nan()) {
        return f64::NAN;
    }
    if let [x, y] = parts {
        return x.hypot(*y);
    }
    if largest == 0.0 || parts.len() == 1 {
        return largest;
    }
    let exponent = (largest.log2().floor() as i32).clamp(-1020, 1020);
    let scale = 2f64.powi(-exponent);
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for part in parts {
        let scaled = part * scale;
        let square = scaled * scaled;
        lost += scaled.mul_add(scaled, -square);
        let next = sum + square;
        lost += if sum >= square { (sum - next) + square } else { (square - next) + sum };
        sum = next;
    }
    let root = (sum + lost).sqrt();
    // One step of Newton's, with the error of the root computed exactly.
    let error = root.mul_add(-root, sum) + lost;
    (root + error / (2.0 * root)) / scale
}

fn numbers<'a>(heap: &Heap<'a>, values: &[Value<'a>]) -> Result<Vec<f64>, Raised> {
    values.iter().map(|value| real(heap, *value)).collect()
}

/// `math.hypot(*coordinates)`
pub fn hypot<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "math.hypot")?;
    Ok(Value::float(norm(&numbers(heap, args.positional)?)))
}

/// `math.dist(p, q)`
pub fn dist<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "math.dist", 2, 2)?;
    let first = numbers(heap, &collect(heap, arguments[0])?)?;
    let second = numbers(heap, &collect(heap, arguments[1])?)?;
    if first.len() != second.len() {
        return Err(heap.raise(&VALUE_ERROR, "both points must have the same number of dimensions"));
    }
    let differences: Vec<f64> = first.iter().zip(&second).map(|(p, q)| p - q).collect();
    Ok(Value::float(norm(&differences)))
}
