//! `math`.

mod erf;
mod float;
mod gamma;
mod integer;
mod sums;

use super::args::native;
use super::function;
use super::numbers::float_of;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Heap, Module, Native, Raised, Value, type_of};

/// `math`
pub static MODULE: Module = Module { name: "math", member };

fn member<'a>(_heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    let constant = match name {
        "pi" => std::f64::consts::PI,
        "e" => std::f64::consts::E,
        "tau" => std::f64::consts::TAU,
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => return function(FUNCTIONS, name),
    };
    Some(Value::float(constant))
}

static FUNCTIONS: &[Native] = &[
    native("acos", float::acos),
    native("acosh", float::acosh),
    native("asin", float::asin),
    native("asinh", float::asinh),
    native("atan", float::atan),
    native("atan2", float::atan2),
    native("atanh", float::atanh),
    native("cbrt", float::cbrt),
    native("ceil", float::ceil),
    native("comb", integer::comb),
    native("copysign", float::copysign),
    native("cos", float::cos),
    native("cosh", float::cosh),
    native("degrees", float::degrees),
    native("dist", sums::dist),
    native("erf", erf::erf),
    native("erfc", erf::erfc),
    native("exp", float::exp),
    native("exp2", float::exp2),
    native("expm1", float::expm1),
    native("fabs", float::fabs),
    native("factorial", integer::factorial),
    native("floor", float::floor),
    native("fmod", float::fmod),
    native("frexp", float::frexp),
    native("fsum", sums::fsum),
    native("gamma", gamma::gamma),
    native("gcd", integer::gcd),
    native("hypot", sums::hypot),
    native("isclose", float::isclose),
    native("isfinite", float::isfinite),
    native("isinf", float::isinf),
    native("isnan", float::isnan),
    native("isqrt", integer::isqrt),
    native("lcm", integer::lcm),
    native("ldexp", float::ldexp),
    native("lgamma", gamma::lgamma),
    native("log", float::log),
    native("log10", float::log10),
    native("log1p", float::log1p),
    native("log2", float::log2),
    native("modf", float::modf),
    native("nextafter", float::nextafter),
    native("perm", integer::perm),
    native("pow", float::pow),
    native("prod", sums::prod),
    native("radians", float::radians),
    native("remainder", float::remainder),
    native("sin", float::sin),
    native("sinh", float::sinh),
    native("sqrt", float::sqrt),
    native("tan", float::tan),
    native("tanh", float::tanh),
    native("trunc", float::trunc),
    native("ulp", float::ulp),
];

/// The number of an argument.
fn real(heap: &Heap<'_>, value: Value<'_>) -> Result<f64, Raised> {
    float_of(heap, value)?
        .ok_or_else(|| heap.raise(&TYPE_ERROR, format!("must be real number, not {}", type_of(value).name)))
}

#[cold]
fn domain_error(heap: &Heap<'_>) -> Raised {
    heap.raise(&VALUE_ERROR, "math domain error")
}

#[cold]
fn range_error(heap: &Heap<'_>) -> Raised {
    heap.raise(&OVERFLOW_ERROR, "math range error")
}
