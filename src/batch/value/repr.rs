//! `repr`, `str` and truth of values, as CPython prints them. What CPython prints with an address
//! (functions, iterators) is printed without: the same input gives the same bytes.

use std::io::Write as _;

use super::exceptions::VALUE_ERROR;
use super::types::{COUNTER, DEFAULT_DICT, DICT, ELLIPSIS, FROZENSET, ORDERED_DICT, SET};
use super::{Big, Dict, Heap, Raised, Set, Value, range_length, type_of};
use crate::batch::repr::repr_into;

/// `sys.get_int_max_str_digits()`
pub const MAX_DIGITS: usize = 4300;

/// Appends `repr(value)`; a container that holds itself prints as `[...]`.
///
/// # Errors
/// `RecursionError`; `ValueError` for an int of more than 4300 digits.
pub fn repr<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::None => out.extend_from_slice(b"None"),
        Value::Bool(flag) => out.extend_from_slice(if flag.get() { b"True" } else { b"False" }),
        Value::Int(number) => push(out, format_args!("{number}")),
        Value::Big(big) => out.extend_from_slice(decimal(heap, big)?.as_bytes()),
        Value::Float(number) => repr_float(number.get(), out),
        Value::Str(text) => repr_into(text, out),
        Value::Bytes(bytes) => repr_bytes(bytes, out),
        Value::Pair(items) => repr_tuple(heap, items, out)?,
        Value::Tuple(items) => repr_tuple(heap, items, out)?,
        Value::List(list) => nested(heap, list, b"[...]", out, |out| {
            out.push(b'[');
            let mut place = 0;
            while let Some(item) = list.get(place) {
                separate(place, out);
                repr(heap, item, out)?;
                place += 1;
            }
            out.push(b']');
            Ok(())
        })?,
        Value::Dict(dict) => nested(heap, dict, dots(dict), out, |out| repr_dict(heap, dict, out))?,
        Value::Set(set) => nested(heap, set, b"set(...)", out, |out| repr_set(heap, set, out))?,
        Value::Range([start, stop, 1]) => push(out, format_args!("range({start}, {stop})")),
        Value::Range([start, stop, step]) => push(out, format_args!("range({start}, {stop}, {step})")),
        Value::Iterator(iter) => push(out, format_args!("<{} object>", iter.class.name)),
        Value::Function(function) => push(out, format_args!("<function {}>", function.name)),
        Value::Native(native) => push(out, format_args!("<built-in function {}>", native.name)),
        Value::Bound((object, native)) => {
            let class = type_of(*object).name;
            push(out, format_args!("<built-in method {} of {class} object>", native.name));
        }
        Value::Type(class) => push(out, format_args!("<class '{}'>", class.name)),
        Value::Module(module) => push(out, format_args!("<module '{}'>", module.name)),
        Value::Object(object) => match object.class.hooks.repr {
            Some(repr) => nested(heap, object, b"...", out, |out| repr(heap, object, out))?,
            None if std::ptr::eq(object.class, &ELLIPSIS) => out.extend_from_slice(b"Ellipsis"),
            None => push(out, format_args!("<{} object>", object.class.name)),
        },
    }
    Ok(())
}

/// Appends `str(value)`.
///
/// # Errors
/// As [`repr`].
pub fn str<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::Str(text) => {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
        Value::Object(object) => match object.class.hooks.str {
            Some(str) => heap.enter(|| str(heap, object, out)),
            None => repr(heap, value, out),
        },
        _ => repr(heap, value, out),
    }
}

/// `bool(value)`; never raises for the types there are.
#[inline]
pub fn truth(value: Value<'_>) -> bool {
    match value {
        Value::Bool(flag) => flag.get(),
        Value::Int(number) => number != 0,
        Value::Str(text) => !text.is_empty(),
        _ => truth_other(value),
    }
}

#[inline(never)]
fn truth_other(value: Value<'_>) -> bool {
    match value {
        Value::None => false,
        Value::Bool(flag) => flag.get(),
        Value::Int(number) => number != 0,
        Value::Float(number) => number.get() != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Tuple(items) => !items.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Dict(dict) => !dict.is_empty(),
        Value::Set(set) => !set.is_empty(),
        Value::Range(range) => range_length(range) != 0,
        Value::Big(_)
        | Value::Pair(_)
        | Value::Iterator(_)
        | Value::Function(_)
        | Value::Native(_)
        | Value::Bound(_)
        | Value::Type(_)
        | Value::Module(_) => true,
        Value::Object(object) => {
            let hooks = &object.class.hooks;
            match (hooks.truth, hooks.length) {
                (Some(truth), _) => truth(object),
                (None, Some(length)) => length(object) != 0,
                (None, None) => !hooks.is_tuple || !object.fields.is_empty(),
            }
        }
    }
}

/// `str(value)`, in the arena.
///
/// # Errors
/// As [`repr`].
pub fn to_text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    match value {
        Value::Str(text) => Ok(text),
        _ => collect(heap, |out| str(heap, value, out)),
    }
}

/// `repr(value)`, in the arena.
///
/// # Errors
/// As [`repr`].
pub fn repr_text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    collect(heap, |out| repr(heap, value, out))
}

fn collect<'a>(
    heap: &Heap<'a>,
    print: impl FnOnce(&mut Vec<u8>) -> Result<(), Raised>,
) -> Result<&'a str, Raised> {
    let mut out = Vec::new();
    print(&mut out)?;
    heap.check_memory(out.len())?;
    // What prints writes whole characters.
    Ok(heap.bump().alloc_str(&String::from_utf8_lossy(&out)))
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every write");
}

fn separate(place: usize, out: &mut Vec<u8>) {
    if place > 0 {
        out.extend_from_slice(b", ");
    }
}

/// Prints what may hold itself: `dots` where it is already being printed.
fn nested<'a, T>(
    heap: &Heap<'a>,
    container: &T,
    dots: &[u8],
    out: &mut Vec<u8>,
    print: impl FnOnce(&mut Vec<u8>) -> Result<(), Raised>,
) -> Result<(), Raised> {
    let address = std::ptr::from_ref(container).addr();
    if heap.printing.borrow().contains(&address) {
        out.extend_from_slice(dots);
        return Ok(());
    }
    heap.printing.borrow_mut().push(address);
    let printed = heap.enter_for(" while getting the repr of an object", || print(out));
    heap.printing.borrow_mut().pop();
    printed
}

fn repr_tuple<'a>(heap: &Heap<'a>, items: &[Value<'a>], out: &mut Vec<u8>) -> Result<(), Raised> {
    heap.enter_for(" while getting the repr of an object", || {
        out.push(b'(');
        for (place, item) in items.iter().enumerate() {
            separate(place, out);
            repr(heap, *item, out)?;
        }
        out.extend_from_slice(if items.len() == 1 { b",)" } else { b")" });
        Ok(())
    })
}

fn dots(dict: &Dict<'_>) -> &'static [u8] {
    if dict.class.is(&ORDERED_DICT) { b"..." } else { b"{...}" }
}

fn repr_dict<'a>(heap: &Heap<'a>, dict: &Dict<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    if std::ptr::eq(dict.class, &DICT) {
        return repr_entries(heap, dict.entries(), out);
    }
    // Some classes are named with their module.
    push(out, format_args!("{}(", dict.class.name.rsplit('.').next().unwrap_or(dict.class.name)));
    if dict.class.is(&ORDERED_DICT) {
        if !dict.is_empty() {
            out.push(b'[');
            for (place, (key, value)) in dict.entries().enumerate() {
                separate(place, out);
                repr_tuple(heap, &[key, value], out)?;
            }
            out.push(b']');
        }
    } else if dict.class.is(&COUNTER) {
        if !dict.is_empty() {
            let mut entries: Vec<_> = dict.entries().collect();
            sort_by_count(heap, &mut entries);
            repr_entries(heap, entries.into_iter(), out)?;
        }
    } else {
        if dict.class.is(&DEFAULT_DICT) {
            repr(heap, dict.default.get(), out)?;
            out.extend_from_slice(b", ");
        }
        repr_entries(heap, dict.entries(), out)?;
    }
    out.push(b')');
    Ok(())
}

/// Counters print the most common first; in the order of insertion if counts cannot be compared.
fn sort_by_count<'a>(heap: &Heap<'a>, entries: &mut [(Value<'a>, Value<'a>)]) {
    let unsorted = entries.to_vec();
    let mut comparable = true;
    entries.sort_by(|(_, a), (_, b)| match super::order(heap, "<", *b, *a) {
        Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
        Err(super::Raised) => {
            heap.caught();
            comparable = false;
            std::cmp::Ordering::Equal
        }
    });
    if !comparable {
        entries.copy_from_slice(&unsorted);
    }
}

fn repr_entries<'a>(
    heap: &Heap<'a>,
    entries: impl Iterator<Item = (Value<'a>, Value<'a>)>,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    out.push(b'{');
    for (place, (key, value)) in entries.enumerate() {
        separate(place, out);
        repr(heap, key, out)?;
        out.extend_from_slice(b": ");
        repr(heap, value, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn repr_set<'a>(heap: &Heap<'a>, set: &Set<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    if set.is_empty() {
        push(out, format_args!("{}()", set.class.name));
        return Ok(());
    }
    let named = !std::ptr::eq(set.class, &SET);
    if named {
        push(out, format_args!("{}(", FROZENSET.name));
    }
    out.push(b'{');
    for (place, member) in set.members().enumerate() {
        separate(place, out);
        repr(heap, member, out)?;
    }
    out.push(b'}');
    if named {
        out.push(b')');
    }
    Ok(())
}

/// Appends `repr(number)`: the fewest digits that read back as the same float.
pub fn repr_float(number: f64, out: &mut Vec<u8>) {
    if !number.is_finite() {
        let text: &[u8] = match number {
            _ if number.is_nan() => b"nan",
            _ if number > 0.0 => b"inf",
            _ => b"-inf",
        };
        out.extend_from_slice(text);
        return;
    }
    let magnitude = number.abs();
    // CPython's `repr` turns to exponents from 1e16 on and below 1e-4.
    if number == 0.0 || (1e-4..1e16).contains(&magnitude) {
        push(out, format_args!("{number:?}"));
        return;
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    push(out, format_args!("{digits}e{sign}{exponent:0>2}"));
}

/// Appends `repr(bytes)`.
pub fn repr_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.extend_from_slice(&[b'b', quote]);
    for &byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ if byte == quote => out.extend_from_slice(&[b'\\', quote]),
            b' '..=b'~' => out.push(byte),
            _ => push(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
}

/// The decimal digits of an int.
fn decimal<'a>(heap: &Heap<'a>, big: &Big<'a>) -> Result<String, Raised> {
    let number = big.to_bigint();
    // A digit has more than three bits; what is surely too long is not converted first.
    if number.bits() / 4 < MAX_DIGITS as u64 {
        let text = number.to_string();
        if text.trim_start_matches('-').len() <= MAX_DIGITS {
            return Ok(text);
        }
    }
    Err(heap.raise(
        &VALUE_ERROR,
        "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to \
         increase the limit",
    ))
}
