//! `gamma`, `lgamma`.

use std::f64::consts::PI;

use super::float::checked;
use super::{domain_error, range_error, real};
use crate::batch::value::{Args, Heap, Outcome, Value};

/// The parameter of Lanczos' approximation with thirteen terms, good to the last places of a float.
#[allow(clippy::excessive_precision, reason = "as it is published")]
const G: f64 = 6.024_680_040_776_729_583_740_234_375;

/// Numerator and denominator of its rational function, constant term first (Boost's `lanczos13m53`).
#[allow(clippy::excessive_precision, reason = "as they are published")]
const TERMS: [(f64, f64); 13] = [
    (23_531_376_880.410_759_688_572, 0.0),
    (42_919_803_642.649_098_768_957, 39_916_800.0),
    (35_711_959_237.355_668_049_440, 120_543_840.0),
    (17_921_034_426.037_209_699_919, 150_917_976.0),
    (6_039_542_586.352_028_005_064_3, 105_258_076.0),
    (1_439_720_407.311_721_673_663_2, 45_995_730.0),
    (248_874_557.862_054_156_511_46, 13_339_535.0),
    (31_426_415.585_400_194_380_614, 2_637_558.0),
    (2_876_370.628_935_372_441_225_4, 357_423.0),
    (186_056.265_395_223_495_040_29, 32_670.0),
    (8_071.672_002_365_816_210_638_0, 1_925.0),
    (210.824_277_751_579_345_872_51, 66.0),
    (2.506_628_274_631_000_270_164_9, 1.0),
];

/// Lanczos' rational function of a positive number. From above for large ones, where powers would overflow.
fn lanczos(x: f64) -> f64 {
    let (mut numerator, mut denominator) = (0.0, 0.0);
    if x < 5.0 {
        for (above, below) in TERMS.iter().rev() {
            numerator = numerator * x + above;
            denominator = denominator * x + below;
        }
    } else {
        for (above, below) in &TERMS {
            numerator = numerator / x + above;
            denominator = denominator / x + below;
        }
    }
    numerator / denominator
}

/// `sin(pi * x)`, accurate for large numbers too.
fn sin_pi(x: f64) -> f64 {
    let rest = x.abs() % 2.0;
    let half = (2.0 * rest).round();
    let sine = match half as u8 {
        0 => (PI * rest).sin(),
        1 => (PI * (rest - 0.5)).cos(),
        2 => (PI * (1.0 - rest)).sin(),
        3 => -(PI * (rest - 1.5)).cos(),
        _ => (PI * (rest - 2.0)).sin(),
    };
    1.0_f64.copysign(x) * sine
}

/// `math.gamma(x)`
pub fn gamma<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let x = real(heap, args.one(heap, "math.gamma")?)?;
    if x.is_nan() || x == f64::INFINITY {
        return Ok(Value::float(x));
    }
    if x == f64::NEG_INFINITY || x == 0.0 || x < 0.0 && x == x.floor() {
        return Err(domain_error(heap));
    }
    if x == x.floor() && x <= 23.0 {
        // Factorials up to that are exact.
        let factorial = (1..x as u32).fold(1.0, |product, factor| product * f64::from(factor));
        return Ok(Value::float(factorial));
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        return checked(heap, x, 1.0 / x, true).map(Value::float);
    }
    if magnitude > 200.0 {
        return if x < 0.0 { Ok(Value::float(0.0 / sin_pi(x))) } else { Err(range_error(heap)) };
    }
    // What rounding `magnitude + G - 0.5` loses is put back in the end.
    let y = magnitude + (G - 0.5);
    let lost = if magnitude > G - 0.5 { (y - magnitude) - (G - 0.5) } else { (y - (G - 0.5)) - magnitude };
    let correction = lost * G / y;
    // The power is taken in two halves where the whole would overflow.
    let result = if x < 0.0 {
        let mut r = -PI / sin_pi(magnitude) / magnitude * y.exp() / lanczos(magnitude);
        r -= correction * r;
        if magnitude < 140.0 {
            r / y.powf(magnitude - 0.5)
        } else {
            let half = y.powf(magnitude / 2.0 - 0.25);
            r / half / half
        }
    } else {
        let mut r = lanczos(magnitude) / y.exp();
        r += correction * r;
        if magnitude < 140.0 {
            r * y.powf(magnitude - 0.5)
        } else {
            let half = y.powf(magnitude / 2.0 - 0.25);
            r * half * half
        }
    };
    checked(heap, x, result, true).map(Value::float)
}

/// `math.lgamma(x)`
pub fn lgamma<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let x = real(heap, args.one(heap, "math.lgamma")?)?;
    if x.is_nan() {
        return Ok(Value::float(x));
    }
    if x.is_infinite() {
        return Ok(Value::float(f64::INFINITY));
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { Err(domain_error(heap)) } else { Ok(Value::float(0.0)) };
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        return Ok(Value::float(-magnitude.ln()));
    }
    let mut result = (lanczos(magnitude)).ln() - G + (magnitude - 0.5) * ((magnitude + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        result = PI.ln() - sin_pi(magnitude).abs().ln() - magnitude.ln() - result;
    }
    checked(heap, x, result, true).map(Value::float)
}
