//! `dict` and its views.

use super::args::{native, wrong_object};
use crate::batch::value::exceptions::{KEY_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, DICT_ITEMS, DICT_KEYS, DICT_VALUES, Dict, Heap, Native, Outcome, Raised, SetLike, TypeInfo, Value,
    iterate, key_error, view,
};

/// The methods of `dict`.
pub static METHODS: &[Native] = &[
    native("clear", clear),
    native("copy", copy),
    native("fromkeys", fromkeys),
    native("get", get),
    native("items", items),
    native("keys", keys),
    native("pop", pop),
    native("popitem", popitem),
    native("setdefault", setdefault),
    native("update", update),
    native("values", values),
];

/// The methods of `dict_keys`.
pub static KEYS_METHODS: &[Native] = &[native("isdisjoint", isdisjoint)];

/// The methods of `dict_items`.
pub static ITEMS_METHODS: &[Native] = &[native("isdisjoint", isdisjoint)];

/// `dict(mapping_or_iterable=(), **kwargs)`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let dict = heap.dict();
    fill(heap, dict, args, "dict")?;
    Ok(Value::Dict(dict))
}

/// Takes in what `dict()` and `dict.update` are given.
///
/// # Errors
/// `TypeError` and `ValueError` for what are no pairs.
pub fn fill<'a>(heap: &Heap<'a>, dict: &'a Dict<'a>, args: Args<'_, 'a>, name: &str) -> Result<(), Raised> {
    let positional = Args { positional: args.positional, keywords: &[] };
    if let [source] = positional.between(heap, name, 0, 1)? {
        merge(heap, dict, *source)?;
    }
    for (keyword, value) in args.keywords {
        dict.insert(heap, heap.text(keyword), *value)?;
    }
    Ok(())
}

/// Takes in the entries of another dict, or pairs.
///
/// # Errors
/// As [`fill`].
pub fn merge<'a>(heap: &Heap<'a>, dict: &'a Dict<'a>, source: Value<'a>) -> Result<(), Raised> {
    if let Value::Dict(source) = source {
        if std::ptr::eq(source, dict) {
            return Ok(());
        }
        for (key, value) in source.entries() {
            dict.insert(heap, key, value)?;
        }
        return Ok(());
    }
    let pairs = iterate(heap, source)?;
    let mut number = 0_usize;
    while let Some(pair) = pairs.next(heap)? {
        heap.check()?;
        match pair {
            Value::Pair([key, value]) => dict.insert(heap, *key, *value)?,
            _ => {
                let [key, value] = as_pair(heap, pair, number)?;
                dict.insert(heap, key, value)?;
            }
        }
        number += 1;
    }
    Ok(())
}

fn as_pair<'a>(heap: &Heap<'a>, pair: Value<'a>, number: usize) -> Result<[Value<'a>; 2], Raised> {
    let Ok(items) = iterate(heap, pair) else {
        heap.caught();
        let message = format!("cannot convert dictionary update sequence element #{number} to a sequence");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let mut found = [Value::None; 2];
    let mut length = 0_usize;
    while let Some(item) = items.next(heap)? {
        heap.check()?;
        if let Some(place) = found.get_mut(length) {
            *place = item;
        }
        length += 1;
    }
    if length == 2 {
        return Ok(found);
    }
    let message = format!("dictionary update sequence element #{number} has length {length}; 2 is required");
    Err(heap.raise(&VALUE_ERROR, message))
}

/// The dict that a method is called on, and the other arguments.
pub fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(&'a Dict<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Dict(dict) => Ok((dict, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `dict.clear()`
fn clear<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.clear")?;
    args.nothing(heap, "dict.clear")?;
    dict.clear();
    Ok(Value::None)
}

/// `dict.copy()`
fn copy<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.copy")?;
    args.nothing(heap, "dict.copy")?;
    Ok(Value::Dict(dict.copy(heap)?))
}

/// `dict.fromkeys(iterable, value=None)`
fn fromkeys<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "dict.fromkeys", 1, 2)?;
    let value = arguments.get(1).copied().unwrap_or(Value::None);
    let dict = heap.dict();
    let keys = iterate(heap, arguments[0])?;
    while let Some(key) = keys.next(heap)? {
        heap.check()?;
        dict.insert(heap, key, value)?;
    }
    Ok(Value::Dict(dict))
}

/// `dict.get(key, default=None)`
fn get<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.get")?;
    let arguments = args.between(heap, "dict.get", 1, 2)?;
    Ok(dict.get(heap, arguments[0])?.or(arguments.get(1).copied()).unwrap_or(Value::None))
}

fn viewed<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, class: &'static TypeInfo) -> Outcome<'a> {
    let (dict, args) = this(heap, args, name)?;
    args.nothing(heap, name)?;
    Ok(view(heap, class, dict))
}

/// `dict.keys()`
fn keys<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    viewed(heap, args, "dict.keys", &DICT_KEYS)
}

/// `dict.values()`
fn values<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    viewed(heap, args, "dict.values", &DICT_VALUES)
}

/// `dict.items()`
fn items<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    viewed(heap, args, "dict.items", &DICT_ITEMS)
}

/// `dict.pop(key[, default])`
fn pop<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.pop")?;
    let arguments = args.between(heap, "dict.pop", 1, 2)?;
    // An empty dict does not ask for the key's hash.
    let found = if dict.is_empty() { None } else { dict.remove(heap, arguments[0])? };
    match found.or(arguments.get(1).copied()) {
        Some(value) => Ok(value),
        None => Err(key_error(heap, arguments[0])),
    }
}

/// `dict.popitem()`
fn popitem<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.popitem")?;
    args.nothing(heap, "dict.popitem")?;
    match dict.pop_last() {
        Some((key, value)) => Ok(heap.pair(key, value)),
        None => Err(heap.raise(&KEY_ERROR, "popitem(): dictionary is empty")),
    }
}

/// `dict.setdefault(key, default=None)`
fn setdefault<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.setdefault")?;
    let arguments = args.between(heap, "dict.setdefault", 1, 2)?;
    let mut value = arguments.get(1).copied().unwrap_or(Value::None);
    dict.update(heap, arguments[0], |found| {
        value = found.unwrap_or(value);
        Ok(value)
    })?;
    Ok(value)
}

/// `dict.update([other], **kwargs)`
fn update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "dict.update")?;
    fill(heap, dict, args, "update")?;
    Ok(Value::None)
}

/// `dict_keys.isdisjoint(other)`
fn isdisjoint<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "dict_keys.isdisjoint")?;
    let Some(members) = SetLike::of(object) else {
        return Err(wrong_object(heap, "dict_keys.isdisjoint", object));
    };
    let others = iterate(heap, args.one(heap, "dict_keys.isdisjoint")?)?;
    while let Some(other) = others.next(heap)? {
        heap.check()?;
        if members.contains(heap, other)? {
            return Ok(Value::bool(false));
        }
    }
    Ok(Value::bool(true))
}
