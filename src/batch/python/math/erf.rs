//! `erf`, `erfc`: rational approximations on five intervals, after FreeBSD's `s_erf.c` (Sun Microsystems, 1993).

use super::real;
use crate::batch::value::{Args, Heap, Outcome, Value};

/// `erf(1)`, to the precision of a `f32`: what the second interval is centred on.
const CENTRE: f64 = 8.450_629_115_104_675e-1;

/// Coefficients of a polynomial, constant term first.
type Polynomial = &'static [f64];

/// On `0..0.84375`, of the square of the argument.
const SMALL: (Polynomial, Polynomial) = (
    &[
        1.283_791_670_955_125_6e-1,
        -3.250_421_072_470_015e-1,
        -2.848_174_957_559_851e-2,
        -5.770_270_296_489_442e-3,
        -2.376_301_665_665_016_3e-5,
    ],
    &[
        1.0,
        3.979_172_239_591_553_5e-1,
        6.502_224_998_876_73e-2,
        5.081_306_281_875_766e-3,
        1.324_947_380_043_216_4e-4,
        -3.960_228_278_775_368e-6,
    ],
);

/// On `0.84375..1.25`, of the argument less 1.
const MIDDLE: (Polynomial, Polynomial) = (
    &[
        -2.362_118_560_752_659_4e-3,
        4.148_561_186_837_483_3e-1,
        -3.722_078_760_357_013e-1,
        3.183_466_199_011_617_5e-1,
        -1.108_946_942_823_966_8e-1,
        3.547_830_432_561_823_6e-2,
        -2.166_375_594_868_791e-3,
    ],
    &[
        1.0,
        1.064_208_804_008_442_3e-1,
        5.403_979_177_021_71e-1,
        7.182_865_441_419_627e-2,
        1.261_712_198_087_616_4e-1,
        1.363_708_391_202_905e-2,
        1.198_449_984_679_911e-2,
    ],
);

/// On `1.25..1 / 0.35`, of the reciprocal of the square.
const LARGE: (Polynomial, Polynomial) = (
    &[
        -9.864_944_034_847_148e-3,
        -6.938_585_727_071_818e-1,
        -1.055_862_622_532_329_1e1,
        -6.237_533_245_032_601e1,
        -1.623_966_694_625_735e2,
        -1.846_050_929_067_11e2,
        -8.128_743_550_630_66e1,
        -9.814_329_344_169_145,
    ],
    &[
        1.0,
        1.965_127_166_743_925_7e1,
        1.376_577_541_435_190_4e2,
        4.345_658_774_752_292_3e2,
        6.453_872_717_332_679e2,
        4.290_081_400_275_678e2,
        1.086_350_055_417_794_4e2,
        6.570_249_770_319_282,
        -6.042_441_521_485_81e-2,
    ],
);

/// On `1 / 0.35..28`, of the reciprocal of the square.
const HUGE: (Polynomial, Polynomial) = (
    &[
        -9.864_942_924_700_1e-3,
        -7.992_832_376_805_23e-1,
        -1.775_795_491_775_475_2e1,
        -1.606_363_848_558_219_2e2,
        -6.375_664_433_683_896e2,
        -1.025_095_131_611_077_2e3,
        -4.835_191_916_086_514e2,
    ],
    &[
        1.0,
        3.033_806_074_348_246e1,
        3.257_925_129_965_739e2,
        1.536_729_586_084_437e3,
        3.199_858_219_508_595_5e3,
        2.553_050_406_433_164_4e3,
        4.745_285_412_069_554e2,
        -2.244_095_244_658_582e1,
    ],
);

fn quotient((above, below): (Polynomial, Polynomial), x: f64) -> f64 {
    let value = |polynomial: Polynomial| polynomial.iter().rev().fold(0.0, |sum, term| sum * x + term);
    value(above) / value(below)
}

/// `erfc` of a number from 1.25 to 28.
fn tail(x: f64) -> f64 {
    let square = 1.0 / (x * x);
    let rational = quotient(if x < 1.0 / 0.35 { LARGE } else { HUGE }, square);
    // The square of the leading half of the digits is exact.
    let leading = f64::from_bits(x.to_bits() & 0xffff_ffff_0000_0000);
    let exponent = (-leading * leading - 0.5625).exp() * ((leading - x) * (leading + x) + rational).exp();
    exponent / x
}

/// `math.erf(x)`
pub fn erf<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let x = real(heap, args.one(heap, "math.erf")?)?;
    let magnitude = x.abs();
    let value = if x.is_nan() {
        return Ok(Value::float(x));
    } else if magnitude < 0.84375 {
        return Ok(Value::float(x + x * quotient(SMALL, x * x)));
    } else if magnitude < 1.25 {
        CENTRE + quotient(MIDDLE, magnitude - 1.0)
    } else if magnitude < 6.0 {
        1.0 - tail(magnitude)
    } else {
        1.0
    };
    Ok(Value::float(value.copysign(x)))
}

/// `math.erfc(x)`
pub fn erfc<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let x = real(heap, args.one(heap, "math.erfc")?)?;
    let magnitude = x.abs();
    let value = if x.is_nan() {
        x
    } else if magnitude < 0.84375 {
        let part = x * quotient(SMALL, x * x);
        if x < 0.25 { 1.0 - (x + part) } else { 0.5 - (x - 0.5 + part) }
    } else if magnitude < 1.25 {
        let part = quotient(MIDDLE, magnitude - 1.0);
        if x < 0.0 { 1.0 + (CENTRE + part) } else { 1.0 - CENTRE - part }
    } else if magnitude < 28.0 {
        if x < -6.0 {
            2.0
        } else if x < 0.0 {
            2.0 - tail(magnitude)
        } else {
            tail(magnitude)
        }
    } else if x < 0.0 {
        2.0
    } else {
        0.0
    };
    Ok(Value::float(value))
}
