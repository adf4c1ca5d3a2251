//! `|`, `&`, `-` and `^` of sets, dicts, their views, and counters.

use std::cmp::Ordering;

use super::exceptions::{TYPE_ERROR, VALUE_ERROR};
use super::types::{COUNTER, DEFAULT_DICT, DICT, ORDERED_DICT, SET};
use super::{Binary, Dict, Heap, Outcome, Raised, Set, SetLike, Value, binary, iterate, length, order};

/// What the operator makes of two sets, dicts or views; `None` if they have none.
pub(super) fn combine<'a>(
    heap: &Heap<'a>,
    op: Binary,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Result<Option<Value<'a>>, Raised> {
    match (left, right) {
        (Value::Dict(a), Value::Dict(b)) if a.class.is(&COUNTER) && b.class.is(&COUNTER) => {
            combine_counters(heap, op, a, b, in_place)
        }
        (Value::Dict(dict), _) if op == Binary::Or && in_place => {
            update_dict(heap, dict, right)?;
            Ok(Some(left))
        }
        (Value::Dict(a), Value::Dict(b)) if op == Binary::Or => {
            // The class with a rule of its own says what the union is; counters have none for other dicts.
            let rules = |dict: &Dict<'_>| dict.class.is(&DEFAULT_DICT) || dict.class.is(&ORDERED_DICT);
            let model = if rules(b) && !rules(a) { b } else { a };
            let class = if rules(model) { model.class } else { &DICT };
            let union: &'a Dict<'a> =
                heap.bump().alloc(Dict::of_class(heap.bump(), class, model.default.get()));
            update_dict(heap, union, left)?;
            update_dict(heap, union, right)?;
            Ok(Some(Value::Dict(union)))
        }
        _ if !matches!(op, Binary::Or | Binary::And | Binary::Sub | Binary::Xor) => Ok(None),
        (Value::Set(a), Value::Set(b)) => {
            let target = if in_place && std::ptr::eq(a.class, &SET) { a } else { a.copy(heap, a.class)? };
            change_set(heap, op, target, b)?;
            Ok(Some(Value::Set(target)))
        }
        _ if is_view(left) || is_view(right) => {
            // Views take any iterable on the other side.
            let target = collect_set(heap, left)?;
            change_set(heap, op, target, collect_set(heap, right)?)?;
            Ok(Some(Value::Set(target)))
        }
        _ => Ok(None),
    }
}

fn is_view(value: Value<'_>) -> bool {
    matches!(SetLike::of(value), Some(SetLike::Keys(_) | SetLike::Items(_)))
}

/// A new `set` of what an iterable gives.
///
/// # Errors
/// `TypeError` for what is not iterable or cannot be hashed, and whatever iteration raises.
pub fn collect_set<'a>(heap: &Heap<'a>, items: Value<'a>) -> Result<&'a Set<'a>, Raised> {
    if let Value::Set(set) = items {
        return set.copy(heap, &SET);
    }
    let set = heap.bump().alloc(Set::new(heap.bump(), &SET));
    let iter = iterate(heap, items)?;
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        set.add(heap, item)?;
    }
    Ok(set)
}

/// `target op= other`
fn change_set<'a>(heap: &Heap<'a>, op: Binary, target: &Set<'a>, other: &Set<'a>) -> Result<(), Raised> {
    let mut place = 0;
    if op == Binary::And || std::ptr::eq(target, other) {
        let kept = matches!(op, Binary::And | Binary::Or);
        while let Some((next, member)) = target.entry(place) {
            place = next;
            if !(kept && other.contains(heap, member)?) {
                target.remove(heap, member)?;
            }
        }
        return Ok(());
    }
    while let Some((next, member)) = other.entry(place) {
        place = next;
        match op {
            Binary::Sub => {
                target.remove(heap, member)?;
            }
            Binary::Xor if target.remove(heap, member)? => {}
            _ => {
                target.add(heap, member)?;
            }
        }
    }
    Ok(())
}

/// `dict.update(other)`: the entries of a dict, or pairs from an iterable.
///
/// # Errors
/// As CPython's: `TypeError` and `ValueError` for what are no pairs.
pub fn update_dict<'a>(heap: &Heap<'a>, dict: &'a Dict<'a>, other: Value<'a>) -> Result<(), Raised> {
    if let Value::Dict(other) = other {
        let mut place = 0;
        while let Some((next, key, value)) = other.entry(place) {
            place = next;
            dict.insert(heap, key, value)?;
        }
        return Ok(());
    }
    let iter = iterate(heap, other)?;
    let mut number = 0usize;
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        let [key, value] = pair_of(heap, item, number)?;
        dict.insert(heap, key, value)?;
        number += 1;
    }
    Ok(())
}

fn pair_of<'a>(heap: &Heap<'a>, item: Value<'a>, number: usize) -> Result<[Value<'a>; 2], Raised> {
    if let Value::Pair(pair) = item {
        return Ok(*pair);
    }
    let Ok(iter) = iterate(heap, item) else {
        heap.caught();
        let message = format!("cannot convert dictionary update sequence element #{number} to a sequence");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let mut items = Vec::new();
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        items.push(item);
    }
    <[Value<'a>; 2]>::try_from(items).map_err(|items| {
        let length = length(heap, item).unwrap_or_else(|_| {
            heap.caught();
            items.len()
        });
        let message =
            format!("dictionary update sequence element #{number} has length {length}; 2 is required");
        heap.raise(&VALUE_ERROR, message)
    })
}

/// `+`, `-`, `|` and `&` of counters: only counts above 0 stay.
fn combine_counters<'a>(
    heap: &Heap<'a>,
    op: Binary,
    a: &'a Dict<'a>,
    b: &'a Dict<'a>,
    in_place: bool,
) -> Result<Option<Value<'a>>, Raised> {
    if !matches!(op, Binary::Add | Binary::Sub | Binary::Or | Binary::And) {
        return Ok(None);
    }
    let zero = Value::Int(0);
    let result: &'a Dict<'a> = heap.bump().alloc(Dict::of_class(heap.bump(), &COUNTER, Value::None));
    let put = |key, count: Outcome<'a>| -> Result<(), Raised> {
        let count = count?;
        if order(heap, ">", count, zero)? == Some(Ordering::Greater) {
            result.insert(heap, key, count)?;
        }
        Ok(())
    };
    for (key, count) in a.entries() {
        let other = b.get(heap, key)?.unwrap_or(zero);
        put(
            key,
            match op {
                Binary::Or => is_less(heap, count, other).map(|less| if less { other } else { count }),
                Binary::And => is_less(heap, count, other).map(|less| if less { count } else { other }),
                _ => binary(heap, op, count, other, false),
            },
        )?;
    }
    if op != Binary::And {
        for (key, count) in b.entries() {
            if a.get(heap, key)?.is_some() {
                continue;
            }
            // A key of the other side alone is compared before it is counted, unless in place.
            match op {
                Binary::Sub if !in_place && !is_less(heap, count, zero)? => {}
                Binary::Or | Binary::Add if op == Binary::Or || !in_place => put(key, Ok(count))?,
                _ => put(key, binary(heap, op, zero, count, false))?,
            }
        }
    }
    if !in_place {
        return Ok(Some(Value::Dict(result)));
    }
    a.clear();
    update_dict(heap, a, Value::Dict(result))?;
    Ok(Some(Value::Dict(a)))
}

fn is_less<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    Ok(order(heap, "<", a, b)? == Some(Ordering::Less))
}
