//! Equality, order and membership across types, as Python has them.

use std::cmp::Ordering;

use super::exceptions::{TYPE_ERROR, VALUE_ERROR};
use super::number::float_to_bigint;
use super::types::{COUNTER, ORDERED_DICT};
use super::{Dict, Heap, Object, Raised, SetLike, Value, iterate, range_length, type_of};

/// `a is b`. Numbers and equal texts at one address are the same object.
pub fn identical<'a>(a: Value<'a>, b: Value<'a>) -> bool {
    fn same<T: ?Sized>(a: &T, b: &T) -> bool {
        std::ptr::addr_eq(a, b)
    }
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a.get() == b.get(),
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.get().to_bits() == b.get().to_bits(),
        (Value::Big(a), Value::Big(b)) => same(a, b),
        (Value::Str(a), Value::Str(b)) => same(*a, *b) && a.len() == b.len() || a == b && is_the_only_one(a),
        (Value::Bytes(a), Value::Bytes(b)) => a.len() == b.len() && (same(*a, *b) || a.len() < 2 && a == b),
        (Value::Pair(a), Value::Pair(b)) => same(a, b),
        (Value::Tuple(a), Value::Tuple(b)) => a.len() == b.len() && (a.is_empty() || same(*a, *b)),
        (Value::List(a), Value::List(b)) => same(a, b),
        (Value::Dict(a), Value::Dict(b)) => same(a, b),
        (Value::Set(a), Value::Set(b)) => same(a, b),
        (Value::Range(a), Value::Range(b)) => same(a, b),
        (Value::Iterator(a), Value::Iterator(b)) => same(a, b),
        (Value::Function(a), Value::Function(b)) => same(a, b),
        (Value::Native(a), Value::Native(b)) => same(a, b),
        (Value::Bound(a), Value::Bound(b)) => same(a, b),
        (Value::Type(a), Value::Type(b)) => same(a, b),
        (Value::Module(a), Value::Module(b)) => same(a, b),
        (Value::Object(a), Value::Object(b)) => same(a, b),
        _ => false,
    }
}

/// Whether CPython has one object alone for that text: the empty one, and each character of Latin-1.
fn is_the_only_one(text: &str) -> bool {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (None, _) => true,
        (Some(character), None) => character <= '\u{ff}',
        _ => false,
    }
}

/// `a == b`; `1 == 1.0 == True`, NaN equals nothing unless it is the same object inside a container.
///
/// # Errors
/// `RecursionError`
#[inline]
pub fn equal<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        _ => equal_other(heap, a, b),
    }
}

/// How containers compare their items: what is the same object counts as equal.
fn same_or_equal<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    Ok(identical(a, b) || equal(heap, a, b)?)
}

#[inline(never)]
fn equal_other<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    if let (Some(a), Some(b)) = (items_of(a), items_of(b)) {
        return equal_items(heap, a, b);
    }
    if let (Some(a), Some(b)) = (SetLike::of(a), SetLike::of(b)) {
        return Ok(a.len() == b.len() && a.is_subset(heap, b)?);
    }
    if let Some(order) = order_numbers(a, b) {
        return Ok(order == Some(Ordering::Equal));
    }
    match (a, b) {
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) => heap.enter_for(" in comparison", || {
            if a.len() != b.len() {
                return Ok(false);
            }
            let mut place = 0;
            while let (Some(x), Some(y)) = (a.get(place), b.get(place)) {
                if !same_or_equal(heap, x, y)? {
                    return Ok(false);
                }
                place += 1;
            }
            Ok(true)
        }),
        (Value::Dict(a), Value::Dict(b)) => heap.enter_for(" in comparison", || equal_dicts(heap, a, b)),
        (Value::Range(a), Value::Range(b)) => {
            let length = range_length(a);
            Ok(length == range_length(b) && (length == 0 || a[0] == b[0]) && (length <= 1 || a[2] == b[2]))
        }
        (Value::Object(object), other) | (other, Value::Object(object)) => {
            if let Some(equal) = ask(heap, object, other)? {
                return Ok(equal);
            }
            if let (Value::Object(left), Value::Object(right)) = (a, b)
                && let Some(equal) = ask(heap, right, Value::Object(left))?
            {
                return Ok(equal);
            }
            Ok(identical(a, b))
        }
        (Value::Bound(a), Value::Bound(b)) => Ok(identical(a.0, b.0) && std::ptr::eq(a.1, b.1)),
        _ => Ok(identical(a, b)),
    }
}

fn ask<'a>(heap: &Heap<'a>, object: &'a Object<'a>, other: Value<'a>) -> Result<Option<bool>, Raised> {
    match object.class.hooks.equal {
        Some(equal) => equal(heap, object, other),
        None => Ok(None),
    }
}

/// The items of a tuple or an instance of a class derived from `tuple`.
fn items_of<'a>(value: Value<'a>) -> Option<&'a [Value<'a>]> {
    match value {
        Value::Object(object) if object.class.hooks.is_tuple => Some(object.fields),
        _ => value.as_tuple(),
    }
}

fn equal_items<'a>(heap: &Heap<'a>, a: &[Value<'a>], b: &[Value<'a>]) -> Result<bool, Raised> {
    if a.len() != b.len() {
        return Ok(false);
    }
    heap.enter_for(" in comparison", || {
        for (a, b) in a.iter().zip(b) {
            if !same_or_equal(heap, *a, *b)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn equal_dicts<'a>(heap: &Heap<'a>, a: &Dict<'a>, b: &Dict<'a>) -> Result<bool, Raised> {
    if a.class.is(&COUNTER) && b.class.is(&COUNTER) {
        // A missing element counts nothing.
        let zero = Value::Int(0);
        for (one, other) in [(a, b), (b, a)] {
            for (key, count) in one.entries() {
                if !equal(heap, count, other.get(heap, key)?.unwrap_or(zero))? {
                    return Ok(false);
                }
            }
        }
        return Ok(true);
    }
    if a.len() != b.len() {
        return Ok(false);
    }
    let in_order = a.class.is(&ORDERED_DICT) && b.class.is(&ORDERED_DICT);
    let mut others = b.entries();
    for (key, value) in a.entries() {
        match b.get(heap, key)? {
            Some(other) if same_or_equal(heap, value, other)? => {}
            _ => return Ok(false),
        }
        if in_order
            && let Some((other, _)) = others.next()
            && !same_or_equal(heap, key, other)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How two numbers compare, exactly; `None` if they are no numbers, `Some(None)` for NaN.
fn order_numbers(a: Value<'_>, b: Value<'_>) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.get().partial_cmp(&b.get()),
        (Value::Float(a), _) => order_float(a.get(), b)?,
        (_, Value::Float(b)) => order_float(b.get(), a)?.map(Ordering::reverse),
        (Value::Big(_), _) | (_, Value::Big(_)) => Some(a.as_big()?.cmp(&b.as_big()?)),
        _ => Some(a.as_int()?.cmp(&b.as_int()?)),
    })
}

fn order_float(a: f64, b: Value<'_>) -> Option<Option<Ordering>> {
    let b = match b {
        // Up to here every int has a float of its own.
        Value::Int(small @ -9_007_199_254_740_992..=9_007_199_254_740_992) => {
            return Some(a.partial_cmp(&(small as f64)));
        }
        _ => b.as_big()?,
    };
    if a.is_nan() {
        return Some(None);
    }
    let Some(whole) = float_to_bigint(a.trunc()) else {
        return Some(Some(if a > 0.0 { Ordering::Greater } else { Ordering::Less }));
    };
    Some(match whole.cmp(&b) {
        Ordering::Equal => a.fract().partial_cmp(&0.0),
        decided => Some(decided),
    })
}

/// How `a` and `b` compare by `<`, named `symbol` in messages; `None` for NaN and for sets of which none holds the other.
///
/// # Errors
/// `TypeError: '<' not supported between instances of 'int' and 'str'`; `RecursionError`.
#[inline]
pub fn order<'a>(
    heap: &Heap<'a>,
    symbol: &str,
    a: Value<'a>,
    b: Value<'a>,
) -> Result<Option<Ordering>, Raised> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(&b))),
        (Value::Str(a), Value::Str(b)) => Ok(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Ok(a.get().partial_cmp(&b.get())),
        _ => order_other(heap, symbol, a, b),
    }
}

#[inline(never)]
fn order_other<'a>(
    heap: &Heap<'a>,
    symbol: &str,
    a: Value<'a>,
    b: Value<'a>,
) -> Result<Option<Ordering>, Raised> {
    if let (Some(a), Some(b)) = (items_of(a), items_of(b)) {
        return order_sequences(heap, symbol, |place| (a.get(place).copied(), b.get(place).copied()));
    }
    if let Some(order) = order_numbers(a, b) {
        return Ok(order);
    }
    if let (Some(a), Some(b)) = (SetLike::of(a), SetLike::of(b)) {
        return match (a.is_subset(heap, b)?, b.is_subset(heap, a)?) {
            (true, true) => Ok(Some(Ordering::Equal)),
            (true, false) => Ok(Some(Ordering::Less)),
            (false, true) => Ok(Some(Ordering::Greater)),
            (false, false) => Ok(None),
        };
    }
    match (a, b) {
        (Value::Bytes(a), Value::Bytes(b)) => return Ok(Some(a.cmp(b))),
        (Value::List(a), Value::List(b)) => {
            return order_sequences(heap, symbol, |place| (a.get(place), b.get(place)));
        }
        _ => {}
    }
    if let Value::Object(left) = a
        && let Some(order) = left.class.hooks.order
        && let Some(order) = order(heap, left, b)?
    {
        return Ok(Some(order));
    }
    if let Value::Object(right) = b
        && let Some(order) = right.class.hooks.order
        && let Some(order) = order(heap, right, a)?
    {
        return Ok(Some(order.reverse()));
    }
    let (left, right) = (type_of(a).name, type_of(b).name);
    let message = format!("'{symbol}' not supported between instances of '{left}' and '{right}'");
    Err(heap.raise(&TYPE_ERROR, message))
}

/// The first items that differ decide, else the lengths.
fn order_sequences<'a>(
    heap: &Heap<'a>,
    symbol: &str,
    items: impl Fn(usize) -> (Option<Value<'a>>, Option<Value<'a>>),
) -> Result<Option<Ordering>, Raised> {
    heap.enter_for(" in comparison", || {
        let mut place = 0;
        loop {
            match items(place) {
                (Some(a), Some(b)) if same_or_equal(heap, a, b)? => place += 1,
                (Some(a), Some(b)) => return order(heap, symbol, a, b),
                (a, b) => return Ok(Some(a.is_some().cmp(&b.is_some()))),
            }
        }
    })
}

/// `member in container`
///
/// # Errors
/// `TypeError: argument of type 'int' is not iterable`, `'in <string>' requires string as left operand, not int`.
pub fn contains<'a>(heap: &Heap<'a>, container: Value<'a>, member: Value<'a>) -> Result<bool, Raised> {
    let message = match container {
        Value::Str(text) => match member {
            Value::Str(part) => {
                return Ok(memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some());
            }
            _ => format!("'in <string>' requires string as left operand, not {}", type_of(member).name),
        },
        Value::Dict(dict) => return Ok(dict.get(heap, member)?.is_some()),
        Value::Set(set) => return set.contains(heap, member),
        Value::Bytes(bytes) => match member {
            Value::Bytes(part) => return Ok(memchr::memmem::find(bytes, part).is_some()),
            _ => match member.as_big() {
                Some(number) => match u8::try_from(number) {
                    Ok(byte) => return Ok(bytes.contains(&byte)),
                    Err(_) => return Err(heap.raise(&VALUE_ERROR, "byte must be in range(0, 256)")),
                },
                None => format!("a bytes-like object is required, not '{}'", type_of(member).name),
            },
        },
        Value::Range(range) => return Ok(range_contains(range, member)),
        Value::List(list) => {
            let mut place = 0;
            while let Some(item) = list.get(place) {
                if same_or_equal(heap, item, member)? {
                    return Ok(true);
                }
                place += 1;
            }
            return Ok(false);
        }
        Value::Pair(_) | Value::Tuple(_) | Value::Iterator(_) => return search(heap, container, member),
        Value::Object(object) => {
            if let Some(set) = SetLike::of(container) {
                return set.contains(heap, member);
            }
            let hooks = &object.class.hooks;
            match hooks.contains {
                Some(contains) => return contains(heap, object, member),
                None if hooks.is_tuple || hooks.iterate.is_some() => return search(heap, container, member),
                None => format!("argument of type '{}' is not iterable", object.class.name),
            }
        }
        _ => format!("argument of type '{}' is not iterable", type_of(container).name),
    };
    Err(heap.raise(&TYPE_ERROR, message))
}

fn search<'a>(heap: &Heap<'a>, container: Value<'a>, member: Value<'a>) -> Result<bool, Raised> {
    if let Some(items) = container.as_tuple() {
        for item in items {
            if same_or_equal(heap, *item, member)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let iter = iterate(heap, container)?;
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        if same_or_equal(heap, item, member)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn range_contains(range: &[i64; 3], member: Value<'_>) -> bool {
    let number = match member {
        Value::Float(number) => super::number::float_to_int(number.get()),
        _ => member.as_int(),
    };
    let [start, stop, step] = *range;
    number.is_some_and(|number| {
        let inside =
            if step > 0 { start <= number && number < stop } else { stop < number && number <= start };
        inside && number.abs_diff(start) % step.unsigned_abs() == 0
    })
}
