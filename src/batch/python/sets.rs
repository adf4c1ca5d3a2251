//! `set` and `frozenset`.

use super::args::{native, wrong_object};
use crate::batch::value::exceptions::KEY_ERROR;
use crate::batch::value::types::{FROZENSET, SET};
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Set, TypeInfo, Value, iterate, key_error};

macro_rules! shared {
    ($($more:expr),*) => {
        &[
            native("copy", copy),
            native("difference", difference),
            native("intersection", intersection),
            native("isdisjoint", isdisjoint),
            native("issubset", issubset),
            native("issuperset", issuperset),
            native("symmetric_difference", symmetric_difference),
            native("union", union),
            $($more),*
        ]
    };
}

/// The methods of `set`.
pub static SET_METHODS: &[Native] = shared!(
    native("add", add),
    native("clear", clear),
    native("difference_update", difference_update),
    native("discard", discard),
    native("intersection_update", intersection_update),
    native("pop", pop),
    native("remove", remove),
    native("symmetric_difference_update", symmetric_difference_update),
    native("update", update)
);

/// The methods of `frozenset`.
pub static FROZENSET_METHODS: &[Native] = shared!();

/// `set(iterable=())`
pub fn new_set<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.between(heap, "set", 0, 1)? {
        [iterable] => Ok(Value::Set(collected(heap, *iterable, &SET)?)),
        _ => Ok(Value::Set(heap.bump().alloc(Set::new(heap.bump(), &SET)))),
    }
}

/// `frozenset(iterable=())`
pub fn new_frozenset<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.between(heap, "frozenset", 0, 1)? {
        [Value::Set(set)] if std::ptr::eq(set.class, &FROZENSET) => Ok(Value::Set(set)),
        [iterable] => Ok(Value::Set(collected(heap, *iterable, &FROZENSET)?)),
        _ => Ok(Value::Set(heap.bump().alloc(Set::new(heap.bump(), &FROZENSET)))),
    }
}

/// Gives each value of an iterable to `take`.
fn each<'a>(
    heap: &Heap<'a>,
    iterable: Value<'a>,
    mut take: impl FnMut(Value<'a>) -> Result<(), Raised>,
) -> Result<(), Raised> {
    let values = iterate(heap, iterable)?;
    while let Some(value) = values.next(heap)? {
        heap.check()?;
        take(value)?;
    }
    Ok(())
}

/// A new set of an iterable's values.
fn collected<'a>(
    heap: &Heap<'a>,
    iterable: Value<'a>,
    class: &'static TypeInfo,
) -> Result<&'a Set<'a>, Raised> {
    if let Value::Set(set) = iterable {
        return set.copy(heap, class);
    }
    let set: &'a Set<'a> = heap.bump().alloc(Set::new(heap.bump(), class));
    each(heap, iterable, |value| set.add(heap, value).map(|_| ()))?;
    Ok(set)
}

/// The argument as a set, which it may be already.
fn as_set<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a Set<'a>, Raised> {
    match value {
        Value::Set(set) => Ok(set),
        _ => collected(heap, value, &SET),
    }
}

/// The set that a method is called on, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(&'a Set<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Set(set) => Ok((set, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `set.copy()`
fn copy<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.copy")?;
    args.nothing(heap, "set.copy")?;
    Ok(Value::Set(set.copy(heap, set.class)?))
}

/// `set.union(*others)`
fn union<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.union")?;
    args.no_keywords(heap, "set.union")?;
    let result = set.copy(heap, set.class)?;
    for other in args.positional {
        each(heap, *other, |value| result.add(heap, value).map(|_| ()))?;
    }
    Ok(Value::Set(result))
}

/// The members that all the others have, in the order of the set.
fn common<'a>(heap: &Heap<'a>, set: &Set<'a>, others: &[Value<'a>]) -> Result<&'a Set<'a>, Raised> {
    let mut result = set.copy(heap, set.class)?;
    for other in others {
        let other = as_set(heap, *other)?;
        let kept: &'a Set<'a> = heap.bump().alloc(Set::new(heap.bump(), set.class));
        for member in result.members() {
            if other.contains(heap, member)? {
                kept.add(heap, member)?;
            }
        }
        result = kept;
    }
    Ok(result)
}

/// The members that none of the others has.
fn without<'a>(heap: &Heap<'a>, set: &Set<'a>, others: &[Value<'a>]) -> Result<&'a Set<'a>, Raised> {
    let result = set.copy(heap, set.class)?;
    for other in others {
        each(heap, *other, |value| result.remove(heap, value).map(|_| ()))?;
    }
    Ok(result)
}

/// The members of one of both.
fn of_one<'a>(heap: &Heap<'a>, set: &Set<'a>, other: Value<'a>) -> Result<&'a Set<'a>, Raised> {
    let other = as_set(heap, other)?;
    let result: &'a Set<'a> = heap.bump().alloc(Set::new(heap.bump(), set.class));
    for member in set.members() {
        if !other.contains(heap, member)? {
            result.add(heap, member)?;
        }
    }
    for member in other.members() {
        if !set.contains(heap, member)? {
            result.add(heap, member)?;
        }
    }
    Ok(result)
}

/// Makes the members of a set those of another.
fn replace_members<'a>(heap: &Heap<'a>, set: &Set<'a>, members: &Set<'a>) -> Outcome<'a> {
    set.clear();
    for member in members.members() {
        set.add(heap, member)?;
    }
    Ok(Value::None)
}

/// `set.intersection(*others)`
fn intersection<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.intersection")?;
    args.no_keywords(heap, "set.intersection")?;
    Ok(Value::Set(common(heap, set, args.positional)?))
}

/// `set.difference(*others)`
fn difference<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.difference")?;
    args.no_keywords(heap, "set.difference")?;
    Ok(Value::Set(without(heap, set, args.positional)?))
}

/// `set.symmetric_difference(other)`
fn symmetric_difference<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.symmetric_difference")?;
    Ok(Value::Set(of_one(heap, set, args.one(heap, "set.symmetric_difference")?)?))
}

/// Whether all members of one are in another.
fn is_within<'a>(heap: &Heap<'a>, set: &Set<'a>, other: &Set<'a>) -> Result<bool, Raised> {
    if set.len() > other.len() {
        return Ok(false);
    }
    for member in set.members() {
        if !other.contains(heap, member)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `set.issubset(other)`
fn issubset<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.issubset")?;
    let other = as_set(heap, args.one(heap, "set.issubset")?)?;
    Ok(Value::bool(is_within(heap, set, other)?))
}

/// `set.issuperset(other)`
fn issuperset<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.issuperset")?;
    let other = as_set(heap, args.one(heap, "set.issuperset")?)?;
    Ok(Value::bool(is_within(heap, other, set)?))
}

/// `set.isdisjoint(other)`
fn isdisjoint<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.isdisjoint")?;
    let others = iterate(heap, args.one(heap, "set.isdisjoint")?)?;
    while let Some(other) = others.next(heap)? {
        heap.check()?;
        if set.contains(heap, other)? {
            return Ok(Value::bool(false));
        }
    }
    Ok(Value::bool(true))
}

/// `set.add(elem)`
fn add<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.add")?;
    set.add(heap, args.one(heap, "set.add")?)?;
    Ok(Value::None)
}

/// `set.clear()`
fn clear<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.clear")?;
    args.nothing(heap, "set.clear")?;
    set.clear();
    Ok(Value::None)
}

/// `set.discard(elem)`
fn discard<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.discard")?;
    set.remove(heap, args.one(heap, "set.discard")?)?;
    Ok(Value::None)
}

/// `set.remove(elem)`
fn remove<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.remove")?;
    let member = args.one(heap, "set.remove")?;
    if set.remove(heap, member)? { Ok(Value::None) } else { Err(key_error(heap, member)) }
}

/// `set.pop()`
fn pop<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.pop")?;
    args.nothing(heap, "set.pop")?;
    match set.entry(0) {
        Some((_, member)) => {
            set.remove(heap, member)?;
            Ok(member)
        }
        None => Err(heap.raise(&KEY_ERROR, "pop from an empty set")),
    }
}

/// `set.update(*others)`
fn update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.update")?;
    args.no_keywords(heap, "set.update")?;
    for other in args.positional {
        each(heap, *other, |value| set.add(heap, value).map(|_| ()))?;
    }
    Ok(Value::None)
}

/// `set.intersection_update(*others)`
fn intersection_update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.intersection_update")?;
    args.no_keywords(heap, "set.intersection_update")?;
    replace_members(heap, set, common(heap, set, args.positional)?)
}

/// `set.difference_update(*others)`
fn difference_update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.difference_update")?;
    args.no_keywords(heap, "set.difference_update")?;
    replace_members(heap, set, without(heap, set, args.positional)?)
}

/// `set.symmetric_difference_update(other)`
fn symmetric_difference_update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (set, args) = this(heap, args, "set.symmetric_difference_update")?;
    replace_members(heap, set, of_one(heap, set, args.one(heap, "set.symmetric_difference_update")?)?)
}
