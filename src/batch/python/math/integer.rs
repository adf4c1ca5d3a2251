//! Functions of ints of any size.

use num_bigint::{BigInt, Sign};

use crate::batch::python::args::{index, not_an_integer};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value};

fn integer(heap: &Heap<'_>, value: Value<'_>) -> Result<BigInt, Raised> {
    value.as_big().ok_or_else(|| not_an_integer(heap, value))
}

fn greatest_common_divisor(heap: &Heap<'_>, a: BigInt, b: BigInt) -> Result<BigInt, Raised> {
    let (mut a, mut b) = (a, b);
    while b.sign() != Sign::NoSign {
        heap.check()?;
        (a, b) = (b.clone(), a % b);
    }
    Ok(if a.sign() == Sign::Minus { -a } else { a })
}

/// `math.gcd(*integers)`
pub fn gcd<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "math.gcd")?;
    let mut divisor = BigInt::ZERO;
    for value in args.positional {
        divisor = greatest_common_divisor(heap, divisor, integer(heap, *value)?)?;
    }
    Ok(heap.int(&divisor))
}

/// `math.lcm(*integers)`
pub fn lcm<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "math.lcm")?;
    let mut multiple = BigInt::from(1);
    for value in args.positional {
        let number = integer(heap, *value)?;
        let divisor = greatest_common_divisor(heap, multiple.clone(), number.clone())?;
        if divisor.sign() != Sign::NoSign {
            multiple = multiple / divisor * number;
        }
        if multiple.sign() == Sign::Minus {
            multiple = -multiple;
        }
    }
    Ok(heap.int(&multiple))
}

/// `first * (first - 1) * …`, so many factors.
fn falling(heap: &Heap<'_>, first: &BigInt, factors: u64) -> Result<BigInt, Raised> {
    let mut product = BigInt::from(1);
    let mut factor = first.clone();
    for _ in 0..factors {
        heap.check()?;
        product *= &factor;
        heap.check_memory(usize::try_from(product.bits() / 8).unwrap_or(usize::MAX))?;
        factor -= 1;
    }
    Ok(product)
}

/// How many factors, if the loop over them can end at all.
fn count(heap: &Heap<'_>, number: &BigInt, what: &str) -> Result<u64, Raised> {
    u64::try_from(number)
        .map_err(|_| heap.raise(&OVERFLOW_ERROR, format!("{what} must not exceed {}", u64::MAX)))
}

/// `math.factorial(n)`
pub fn factorial<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "math.factorial")?;
    factorial_of(heap, value)
}

fn factorial_of<'a>(heap: &Heap<'a>, value: Value<'a>) -> Outcome<'a> {
    if let Value::Big(big) = value
        && !big.is_negative()
    {
        let message = format!("factorial() argument should not exceed {}", i64::MAX);
        return Err(heap.raise(&OVERFLOW_ERROR, message));
    }
    let number = match value {
        Value::Big(_) => -1,
        _ => index(heap, value)?,
    };
    let Ok(factors) = u64::try_from(number) else {
        return Err(heap.raise(&VALUE_ERROR, "factorial() not defined for negative values"));
    };
    Ok(heap.int(&falling(heap, &BigInt::from(number), factors)?))
}

/// `n` and `k`, both not negative.
fn n_and_k(heap: &Heap<'_>, n: Value<'_>, k: Value<'_>) -> Result<(BigInt, BigInt), Raised> {
    let (n, k) = (integer(heap, n)?, integer(heap, k)?);
    for (number, name) in [(&n, "n"), (&k, "k")] {
        if number.sign() == Sign::Minus {
            return Err(heap.raise(&VALUE_ERROR, format!("{name} must be a non-negative integer")));
        }
    }
    Ok((n, k))
}

/// `math.comb(n, k)`
pub fn comb<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "math.comb", 2, 2)?;
    let (n, k) = n_and_k(heap, arguments[0], arguments[1])?;
    if k > n {
        return Ok(Value::Int(0));
    }
    let k = count(heap, &k.clone().min(&n - k), "min(n - k, k)")?;
    let mut result = BigInt::from(1);
    for step in 0..k {
        heap.check()?;
        result = result * (&n - step) / (step + 1);
    }
    Ok(heap.int(&result))
}

/// `math.perm(n, k=None)`
pub fn perm<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "math.perm", 1, 2)?;
    let k = match arguments.get(1) {
        None | Some(Value::None) => return factorial_of(heap, arguments[0]),
        Some(k) => *k,
    };
    let (n, k) = n_and_k(heap, arguments[0], k)?;
    if k > n {
        return Ok(Value::Int(0));
    }
    let k = count(heap, &k, "k")?;
    Ok(heap.int(&falling(heap, &n, k)?))
}

/// `math.isqrt(n)`
pub fn isqrt<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let number = integer(heap, args.one(heap, "math.isqrt")?)?;
    if number.sign() == Sign::Minus {
        return Err(heap.raise(&VALUE_ERROR, "isqrt() argument must be nonnegative"));
    }
    Ok(heap.int(&number.sqrt()))
}
