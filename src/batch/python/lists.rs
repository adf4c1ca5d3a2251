//! `list`.

use super::args::{collect, index as to_index, int, native, room, wrong_object};
use super::sort::sort_list;
use super::tuples::{count_in, index_in, same};
use crate::batch::value::exceptions::{INDEX_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, List, Native, Outcome, Raised, Value, repr_text};

/// The methods of `list`.
pub static METHODS: &[Native] = &[
    native("append", append),
    native("clear", clear),
    native("copy", copy),
    native("count", count),
    native("extend", extend),
    native("index", index),
    native("insert", insert),
    native("pop", pop),
    native("remove", remove),
    native("reverse", reverse),
    native("sort", sort),
];

/// `list(iterable=())`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.between(heap, "list", 0, 1)? {
        [iterable] => {
            let items = collect(heap, *iterable)?;
            Ok(Value::List(heap.bump().alloc(List { items: items.into() })))
        }
        _ => Ok(heap.list([])),
    }
}

/// The list that a method is called on, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(&'a List<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::List(list) => Ok((list, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `list.append(object)`
fn append<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.append")?;
    list.push(heap, args.one(heap, "list.append")?)?;
    Ok(Value::None)
}

/// `list.clear()`
fn clear<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.clear")?;
    args.nothing(heap, "list.clear")?;
    list.items.borrow_mut().clear();
    Ok(Value::None)
}

/// `list.copy()`
fn copy<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.copy")?;
    args.nothing(heap, "list.copy")?;
    room(heap, list.len().saturating_mul(size_of::<Value<'_>>()))?;
    Ok(heap.list(list.items.borrow().iter().copied()))
}

/// `list.count(value)`
fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.count")?;
    count_in(heap, list.snapshot(heap), args.one(heap, "list.count")?)
}

/// `list.extend(iterable)`
fn extend<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.extend")?;
    let items = collect(heap, args.one(heap, "list.extend")?)?;
    room(heap, items.len().saturating_mul(size_of::<Value<'_>>()))?;
    list.items.borrow_mut().extend_from_slice_copy(&items);
    Ok(Value::None)
}

/// `list.index(value, start=0, stop=sys.maxsize)`
fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.index")?;
    let arguments = args.between(heap, "list.index", 1, 3)?;
    match index_in(heap, list.snapshot(heap), arguments)? {
        Some(place) => Ok(int(place)),
        None => {
            let value = repr_text(heap, arguments[0])?;
            Err(heap.raise(&VALUE_ERROR, format!("{value} is not in list")))
        }
    }
}

/// `list.insert(index, object)`
fn insert<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.insert")?;
    let arguments = args.between(heap, "list.insert", 2, 2)?;
    let place = to_index(heap, arguments[0])?;
    room(heap, list.len().saturating_mul(size_of::<Value<'_>>()))?;
    let mut items = list.items.borrow_mut();
    let place = match usize::try_from(place) {
        Ok(place) => place.min(items.len()),
        Err(_) => items.len().saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    items.insert(place, arguments[1]);
    Ok(Value::None)
}

/// `list.pop(index=-1)`
fn pop<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.pop")?;
    let place = match args.between(heap, "list.pop", 0, 1)? {
        [place] => to_index(heap, *place)?,
        _ => -1,
    };
    let mut items = list.items.borrow_mut();
    let length = items.len();
    if length == 0 {
        return Err(heap.raise(&INDEX_ERROR, "pop from empty list"));
    }
    let place = if place < 0 { place.saturating_add_unsigned(length as u64) } else { place };
    match usize::try_from(place).ok().filter(|place| *place < length) {
        Some(place) => Ok(items.remove(place)),
        None => Err(heap.raise(&INDEX_ERROR, "pop index out of range")),
    }
}

/// `list.remove(value)`
fn remove<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.remove")?;
    let wanted = args.one(heap, "list.remove")?;
    let mut place = 0;
    while let Some(item) = list.get(place) {
        if same(heap, item, wanted)? {
            let mut items = list.items.borrow_mut();
            if place < items.len() {
                items.remove(place);
            }
            return Ok(Value::None);
        }
        place += 1;
    }
    Err(heap.raise(&VALUE_ERROR, "list.remove(x): x not in list"))
}

/// `list.reverse()`
fn reverse<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.reverse")?;
    args.nothing(heap, "list.reverse")?;
    list.items.borrow_mut().reverse();
    Ok(Value::None)
}

/// `list.sort(*, key=None, reverse=False)`
fn sort<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (list, args) = this(heap, args, "list.sort")?;
    sort_list(heap, list, args)
}
