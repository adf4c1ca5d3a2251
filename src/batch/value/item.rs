//! Items of sequences and mappings, and `len`.

use super::exceptions::{INDEX_ERROR, KEY_ERROR, OVERFLOW_ERROR, TYPE_ERROR, exception};
use super::types::{COUNTER, DEFAULT_DICT};
use super::{Args, Dict, Heap, Outcome, Raised, Value, call, character, range_length, type_of};

const LIST_INDICES: &str = "list indices must be integers or slices, not {}";

/// `value[index]`
///
/// # Errors
/// `IndexError`, `KeyError`, `TypeError` as in CPython.
#[inline]
pub fn get_item<'a>(heap: &Heap<'a>, value: Value<'a>, index: Value<'a>) -> Outcome<'a> {
    match (value, index) {
        (Value::Pair(items), Value::Int(0 | -2)) => Ok(items[0]),
        (Value::Pair(items), Value::Int(1 | -1)) => Ok(items[1]),
        (Value::Dict(dict), _) => match dict.get(heap, index)? {
            Some(value) => Ok(value),
            None => missing(heap, dict, index),
        },
        (Value::List(list), Value::Int(number)) => {
            match place(number, list.len()).and_then(|at| list.get(at)) {
                Some(item) => Ok(item),
                None => Err(heap.raise(&INDEX_ERROR, "list index out of range")),
            }
        }
        _ => get_other(heap, value, index),
    }
}

#[inline(never)]
fn get_other<'a>(heap: &Heap<'a>, value: Value<'a>, index: Value<'a>) -> Outcome<'a> {
    match value {
        Value::Pair(items) => get_from(heap, items, index),
        Value::Tuple(items) => get_from(heap, items, index),
        Value::Object(object) if object.class.hooks.is_tuple => match (index, object.class.hooks.item) {
            (Value::Str(_), Some(item)) => item(heap, object, index),
            _ => get_from(heap, object.fields, index),
        },
        Value::List(list) => {
            let at = index_of(heap, list.len(), index, "list index out of range", LIST_INDICES)?;
            Ok(list.items.borrow()[at])
        }
        Value::Str(text) => get_character(heap, text, index),
        Value::Bytes(bytes) => {
            let wrong = "byte indices must be integers or slices, not {}";
            let at = index_of(heap, bytes.len(), index, "index out of range", wrong)?;
            Ok(Value::Int(i64::from(bytes[at])))
        }
        Value::Range(range) => get_number(heap, range, index),
        Value::Object(object) => match object.class.hooks.item {
            Some(item) => item(heap, object, index),
            None => Err(not_subscriptable(heap, value)),
        },
        Value::Type(class) if class.is_generic() => Ok(value),
        Value::Type(class) => {
            Err(heap.raise(&TYPE_ERROR, format!("type '{}' is not subscriptable", class.name)))
        }
        _ => Err(not_subscriptable(heap, value)),
    }
}

fn not_subscriptable<'a>(heap: &Heap<'a>, value: Value<'a>) -> Raised {
    heap.raise(&TYPE_ERROR, format!("'{}' object is not subscriptable", type_of(value).name))
}

fn get_from<'a>(heap: &Heap<'a>, items: &[Value<'a>], index: Value<'a>) -> Outcome<'a> {
    let wrong = "tuple indices must be integers or slices, not {}";
    Ok(items[index_of(heap, items.len(), index, "tuple index out of range", wrong)?])
}

fn get_character<'a>(heap: &Heap<'a>, text: &'a str, index: Value<'a>) -> Outcome<'a> {
    let index_of = |length| {
        index_of(
            heap,
            length,
            index,
            "string index out of range",
            "string indices must be integers, not '{}'",
        )
    };
    if text.is_ascii() {
        let at = index_of(text.len())?;
        return Ok(character(heap, &text[at..=at]));
    }
    let at = index_of(text.chars().count())?;
    let mut rest = text.chars();
    if at > 0 {
        rest.nth(at - 1);
    }
    let rest = rest.as_str();
    Ok(character(heap, &rest[..rest.chars().next().map_or(0, char::len_utf8)]))
}

fn get_number<'a>(heap: &Heap<'a>, range: &[i64; 3], index: Value<'a>) -> Outcome<'a> {
    let Some(number) = index.as_big() else {
        let message = format!("range indices must be integers or slices, not {}", type_of(index).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let length = range_length(range);
    let at = if number.sign() == num_bigint::Sign::Minus { number + length } else { number };
    match u64::try_from(at) {
        Ok(at) if at < length => Ok(Value::Int(range_item(range, at))),
        _ => Err(heap.raise(&INDEX_ERROR, "range object index out of range")),
    }
}

/// The number at a place within a range.
pub(super) fn range_item(range: &[i64; 3], at: u64) -> i64 {
    // The result lies between start and stop, so wrapping on the way there is harmless.
    range[0].wrapping_add(range[2].wrapping_mul(at.cast_signed()))
}

/// What a dict gives for a key that it does not have.
#[cold]
fn missing<'a>(heap: &Heap<'a>, dict: &'a Dict<'a>, key: Value<'a>) -> Outcome<'a> {
    let default = dict.default.get();
    if dict.class.is(&DEFAULT_DICT) && !default.is_none() {
        let value = call(heap, default, Args { positional: &[], keywords: &[] })?;
        dict.insert(heap, key, value)?;
        return Ok(value);
    }
    if dict.class.is(&COUNTER) {
        return Ok(Value::Int(0));
    }
    Err(key_error(heap, key))
}

/// `KeyError(key)`
#[cold]
pub fn key_error<'a>(heap: &Heap<'a>, key: Value<'a>) -> Raised {
    heap.throw(exception(heap, &KEY_ERROR, &[key]))
}

/// The place of an index that may count from the end.
#[inline]
fn place(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(i64::try_from(length).ok()?)? } else { index };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// The place that an index means. Where it is no int `wrong` is the message, with `{}` for its class.
fn index_of<'a>(
    heap: &Heap<'a>,
    length: usize,
    index: Value<'a>,
    out_of_range: &str,
    wrong: &str,
) -> Result<usize, Raised> {
    match (index.as_int(), index) {
        (Some(number), _) => place(number, length).ok_or_else(|| heap.raise(&INDEX_ERROR, out_of_range)),
        (None, Value::Big(_)) => {
            Err(heap.raise(&INDEX_ERROR, "cannot fit 'int' into an index-sized integer"))
        }
        _ => Err(heap.raise(&TYPE_ERROR, wrong.replace("{}", type_of(index).name))),
    }
}

/// `value[index] = item`
///
/// # Errors
/// `IndexError`, `TypeError` as in CPython.
#[inline]
pub fn set_item<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    index: Value<'a>,
    item: Value<'a>,
) -> Result<(), Raised> {
    match value {
        Value::Dict(dict) => dict.insert(heap, index, item),
        Value::List(list) => {
            let at = index_of(heap, list.len(), index, "list assignment index out of range", LIST_INDICES)?;
            list.items.borrow_mut()[at] = item;
            Ok(())
        }
        _ => {
            if let Value::Object(object) = value
                && let Some(set) = object.class.hooks.set_item
            {
                return set(heap, object, index, Some(item));
            }
            let name = type_of(value).name;
            Err(heap.raise(&TYPE_ERROR, format!("'{name}' object does not support item assignment")))
        }
    }
}

/// `del value[index]`
///
/// # Errors
/// `IndexError`, `KeyError`, `TypeError` as in CPython.
pub fn delete_item<'a>(heap: &Heap<'a>, value: Value<'a>, index: Value<'a>) -> Result<(), Raised> {
    match value {
        Value::Dict(dict) => match dict.remove(heap, index)? {
            None if !dict.class.is(&COUNTER) => Err(key_error(heap, index)),
            _ => Ok(()),
        },
        Value::List(list) => {
            let at = index_of(heap, list.len(), index, "list assignment index out of range", LIST_INDICES)?;
            list.items.borrow_mut().remove(at);
            Ok(())
        }
        _ => {
            if let Value::Object(object) = value
                && let Some(set) = object.class.hooks.set_item
            {
                return set(heap, object, index, None);
            }
            let name = type_of(value).name;
            let verb = match value {
                // What CPython has a table of sequence functions for.
                Value::Pair(_)
                | Value::Tuple(_)
                | Value::Str(_)
                | Value::Bytes(_)
                | Value::Range(_)
                | Value::Set(_) => "doesn't",
                _ => "does not",
            };
            Err(heap.raise(&TYPE_ERROR, format!("'{name}' object {verb} support item deletion")))
        }
    }
}

/// `len(value)`
///
/// # Errors
/// `TypeError: object of type 'int' has no len()`; `OverflowError` for a range of more than 2^63 numbers.
pub fn length<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<usize, Raised> {
    match value {
        Value::Str(text) => Ok(text.chars().count()),
        Value::Bytes(bytes) => Ok(bytes.len()),
        Value::Pair(_) => Ok(2),
        Value::Tuple(items) => Ok(items.len()),
        Value::List(list) => Ok(list.len()),
        Value::Dict(dict) => Ok(dict.len()),
        Value::Set(set) => Ok(set.len()),
        Value::Range(range) => isize::try_from(range_length(range))
            .map(isize::unsigned_abs)
            .map_err(|_| heap.raise(&OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")),
        _ => {
            if let Value::Object(object) = value {
                if object.class.hooks.is_tuple {
                    return Ok(object.fields.len());
                }
                if let Some(length) = object.class.hooks.length {
                    return Ok(length(object));
                }
            }
            Err(heap.raise(&TYPE_ERROR, format!("object of type '{}' has no len()", type_of(value).name)))
        }
    }
}
