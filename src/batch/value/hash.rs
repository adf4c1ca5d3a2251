//! Hashes of values: one for tables in memory, and CPython's, which decides on partitions.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use ahash::RandomState;
use num_bigint::BigInt;

use super::exceptions::TYPE_ERROR;
use super::number::{float_to_bigint, float_to_int};
use super::siphash::siphash13;
use super::{Heap, Raised, Value, range_length, repr, type_of};

static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A hash that is equal for equal values; random per process, so that nobody can choose collisions.
///
/// # Errors
/// `TypeError: unhashable type: 'list'`.
#[inline]
pub fn hash<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<u64, Raised> {
    match value {
        Value::Str(text) => Ok(hash_text(text)),
        Value::Int(number) => Ok(hash_int(number)),
        _ => hash_other(heap, value),
    }
}

/// The hash of a `str` with this text.
#[inline]
pub fn hash_text(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

#[inline]
fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

#[inline]
fn hash_int(number: i64) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write_i64(number);
    hasher.finish()
}

fn hash_big(number: &BigInt) -> u64 {
    hash_bytes(&number.to_signed_bytes_le())
}

fn hash_address<T: ?Sized>(thing: &T) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write_usize(std::ptr::from_ref(thing).cast::<()>().addr());
    hasher.finish()
}

#[inline(never)]
fn hash_other<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<u64, Raised> {
    Ok(match value {
        Value::None => hash_bytes(b"None"),
        Value::Bool(flag) => hash_int(i64::from(flag.get())),
        Value::Int(number) => hash_int(number),
        Value::Big(big) => hash_big(&big.to_bigint()),
        Value::Float(number) => match (float_to_int(number.get()), float_to_bigint(number.get())) {
            (Some(number), _) => hash_int(number),
            (None, Some(big)) if number.get().fract() == 0.0 => hash_big(&big),
            _ => hash_int(number.get().to_bits().cast_signed()),
        },
        Value::Str(text) => hash_text(text),
        Value::Bytes(bytes) => hash_bytes(bytes),
        Value::Pair(items) => hash_items(heap, items)?,
        Value::Tuple(items) => hash_items(heap, items)?,
        Value::Range(range) => hash_items(heap, &range_identity(range))?,
        Value::Set(set) if is_frozen(set) => hash_set(heap, set)?,
        Value::List(_) | Value::Dict(_) | Value::Set(_) => return Err(unhashable(heap, value)),
        Value::Iterator(iter) => hash_address(iter),
        Value::Function(function) => hash_address(function),
        Value::Native(native) => hash_address(native),
        Value::Bound(bound) => hash_address(bound),
        Value::Type(class) => hash_address(class),
        Value::Module(module) => hash_address(module),
        Value::Object(object) => match object.class.hooks {
            hooks if hooks.is_tuple => hash_items(heap, object.fields)?,
            hooks if hooks.hash.is_some() => hooks.hash.map_or(0, |hash| hash(object)),
            hooks if hooks.equal.is_some() => return Err(unhashable(heap, value)),
            _ => hash_address(object),
        },
    })
}

/// The hash of a `frozenset` with the members of this set.
pub(super) fn hash_set<'a>(heap: &Heap<'a>, set: &super::Set<'a>) -> Result<u64, Raised> {
    heap.enter(|| {
        let mut sum = 0u64;
        for member in set.members() {
            sum = sum.wrapping_add(hash(heap, member)?);
        }
        Ok(hash_int(sum.cast_signed()))
    })
}

fn hash_items<'a>(heap: &Heap<'a>, items: &[Value<'a>]) -> Result<u64, Raised> {
    heap.enter(|| {
        let mut hasher = STATE.build_hasher();
        for item in items {
            hasher.write_u64(hash(heap, *item)?);
        }
        Ok(hasher.finish())
    })
}

/// What equal ranges have in common: their length, and as far as it matters, where they start and their step.
fn range_identity<'a>(range: &[i64; 3]) -> [Value<'a>; 3] {
    let length = range_length(range);
    let number = i64::try_from(length).map_or(Value::float(length as f64), Value::Int);
    match length {
        0 => [number, Value::None, Value::None],
        1 => [number, Value::Int(range[0]), Value::None],
        _ => [number, Value::Int(range[0]), Value::Int(range[2])],
    }
}

fn is_frozen(set: &super::Set<'_>) -> bool {
    set.class.is(&super::types::FROZENSET)
}

#[cold]
fn unhashable<'a>(heap: &Heap<'a>, value: Value<'a>) -> Raised {
    heap.raise(&TYPE_ERROR, format!("unhashable type: '{}'", type_of(value).name))
}

/// PySpark's `portable_hash` with `PYTHONHASHSEED=0`: which partition a key goes to. Numbers hash as in
/// CPython (`-1` to `-2`, floats equal to ints alike), `None` to 0, tuples by PySpark's own formula
/// (pyspark/rdd.py), text and bytes by SipHash-1-3 with a zero key.
///
/// # Errors
/// `TypeError: unhashable type: 'list'`; `RecursionError`.
pub fn portable_hash<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<i64, Raised> {
    let items: &[Value<'a>] = match value {
        Value::Pair(items) => items,
        Value::Tuple(items) => items,
        Value::Object(object) if object.class.hooks.is_tuple => object.fields,
        _ => return python_hash(heap, value),
    };
    heap.enter(|| {
        let mut hash = 0x34_5678_i64;
        for item in items {
            hash = (hash ^ portable_hash(heap, *item)?).wrapping_mul(1_000_003) & i64::MAX;
        }
        Ok(hash ^ length(items))
    })
}

/// `hash(value)` as CPython 3.11 gives it with `PYTHONHASHSEED=0`. What it hashes by address hashes to the
/// same number in every process here: `None` to 0, functions and classes by their names.
///
/// # Errors
/// As [`portable_hash`].
pub fn python_hash<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<i64, Raised> {
    Ok(match value {
        Value::None => 0,
        Value::Bool(flag) => i64::from(flag.get()),
        Value::Int(number) => python_hash_int(number),
        Value::Big(big) => python_hash_big(&big.to_bigint()),
        Value::Float(number) => python_hash_float(number.get()),
        Value::Str(text) => python_hash_text(text),
        Value::Bytes(bytes) => python_hash_bytes(bytes),
        Value::Pair(items) => python_hash_items(heap, items)?,
        Value::Tuple(items) => python_hash_items(heap, items)?,
        Value::Range(range) => python_hash_items(heap, &range_identity(range))?,
        Value::Set(set) if is_frozen(set) => python_hash_set(heap, set)?,
        Value::List(_) | Value::Dict(_) | Value::Set(_) => return Err(unhashable(heap, value)),
        Value::Iterator(iter) => python_hash_text(iter.class.name),
        Value::Function(function) => python_hash_text(function.name),
        Value::Native(native) => python_hash_text(native.name),
        Value::Bound((_, native)) => python_hash_text(native.name),
        Value::Type(class) => python_hash_text(class.name),
        Value::Module(module) => python_hash_text(module.name),
        Value::Object(object) => match object.class.hooks {
            hooks if hooks.is_tuple => python_hash_items(heap, object.fields)?,
            hooks if hooks.equal.is_some() && hooks.hash.is_none() => return Err(unhashable(heap, value)),
            hooks => match hooks.portable_hash {
                Some(hash) => hash(heap, object)?,
                None => {
                    let mut text = Vec::new();
                    repr(heap, value, &mut text)?;
                    python_hash_bytes(&text)
                }
            },
        },
    })
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).expect("slices are no longer than isize::MAX")
}

/// CPython's numeric hash is the number modulo this prime, which is 2^61 - 1.
const MODULUS: u64 = (1 << 61) - 1;

fn python_hash_int(number: i64) -> i64 {
    signed_hash(number < 0, number.unsigned_abs() % MODULUS)
}

fn python_hash_big(number: &BigInt) -> i64 {
    let remainder = number.magnitude() % MODULUS;
    let digits = remainder.to_u64_digits();
    signed_hash(number.sign() == num_bigint::Sign::Minus, digits.first().copied().unwrap_or(0))
}

fn python_hash_float(number: f64) -> i64 {
    if number.is_nan() {
        return 0; // by address in CPython
    }
    if number.is_infinite() {
        return if number > 0.0 { 314_159 } else { -314_159 };
    }
    let (mantissa, exponent) = super::number::float_parts(number);
    // 2^61 is 1 modulo the prime: multiplying by a power of two rotates 61 bits.
    let shift = exponent.rem_euclid(61).unsigned_abs();
    let rotated = ((mantissa << shift) & MODULUS) | (mantissa >> (61 - shift));
    signed_hash(number < 0.0, rotated)
}

fn signed_hash(negative: bool, remainder: u64) -> i64 {
    let hash = remainder.cast_signed();
    match if negative { -hash } else { hash } {
        -1 => -2,
        hash => hash,
    }
}

/// A `str` hashes as CPython stores it: in units of one, two or four bytes, as its largest code point needs.
fn python_hash_text(text: &str) -> i64 {
    if text.is_ascii() {
        return python_hash_bytes(text.as_bytes());
    }
    let units: Vec<u8> = match text.chars().map(u32::from).max().unwrap_or(0) {
        ..=0xff => text.chars().flat_map(|c| u8::try_from(u32::from(c))).collect(),
        0x100..=0xffff => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
    };
    python_hash_bytes(&units)
}

fn python_hash_bytes(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    match siphash13(bytes).cast_signed() {
        -1 => -2,
        hash => hash,
    }
}

/// CPython's hash of a tuple (Objects/tupleobject.c), after xxHash.
fn python_hash_items<'a>(heap: &Heap<'a>, items: &[Value<'a>]) -> Result<i64, Raised> {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    heap.enter(|| {
        let mut hash = PRIME_5;
        for item in items {
            let item = python_hash(heap, *item)?.cast_unsigned();
            hash = hash.wrapping_add(item.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1);
        }
        hash = hash.wrapping_add(length(items).cast_unsigned() ^ (PRIME_5 ^ 3_527_539));
        Ok(match hash.cast_signed() {
            -1 => 1_546_275_796,
            hash => hash,
        })
    })
}

/// CPython's hash of a frozenset (Objects/setobject.c): it does not depend on the order.
fn python_hash_set<'a>(heap: &Heap<'a>, set: &super::Set<'a>) -> Result<i64, Raised> {
    heap.enter(|| {
        let mut hash = 0u64;
        for member in set.members() {
            let member = python_hash(heap, member)?.cast_unsigned();
            hash ^= ((member ^ 89_869_747) ^ (member << 16)).wrapping_mul(3_644_798_167);
        }
        hash ^= (set.len() as u64).wrapping_add(1).wrapping_mul(1_927_868_237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        Ok(match hash.wrapping_mul(69_069).wrapping_add(907_133_923).cast_signed() {
            -1 => 590_923_713,
            hash => hash,
        })
    })
}
