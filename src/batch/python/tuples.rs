//! `tuple`.

use super::args::{bound, clamp, collect, int, native, wrong_object};
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Value, equal, identical};

/// The methods of `tuple`.
pub static METHODS: &[Native] = &[native("count", count), native("index", index)];

/// `tuple(iterable=())`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.between(heap, "tuple", 0, 1)? {
        [value @ (Value::Pair(_) | Value::Tuple(_))] => Ok(*value),
        [iterable] => Ok(heap.tuple(&collect(heap, *iterable)?)),
        _ => Ok(heap.tuple(&[])),
    }
}

/// Whether two values are the same to a container: one object, or equal.
pub fn same<'a>(heap: &Heap<'a>, a: Value<'a>, b: Value<'a>) -> Result<bool, Raised> {
    Ok(identical(a, b) || equal(heap, a, b)?)
}

/// How often a value is among the items.
pub fn count_in<'a>(heap: &Heap<'a>, items: &[Value<'a>], wanted: Value<'a>) -> Outcome<'a> {
    let mut count = 0;
    for item in items {
        count += usize::from(same(heap, *item, wanted)?);
    }
    Ok(int(count))
}

/// Where among the items a value is first, between two bounds.
pub fn index_in<'a>(
    heap: &Heap<'a>,
    items: &[Value<'a>],
    arguments: &[Value<'a>],
) -> Result<Option<usize>, Raised> {
    let (start, end) = (bound(heap, arguments.get(1))?, bound(heap, arguments.get(2))?);
    let Some((start, end)) = clamp(start, end, items.len()) else { return Ok(None) };
    for (place, item) in items[..end].iter().enumerate().skip(start) {
        if same(heap, *item, arguments[0])? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The items of a tuple, or of an instance of a class derived from it.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(&'a [Value<'a>], Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Pair(items) => Ok((items, args)),
        Value::Tuple(items) => Ok((items, args)),
        Value::Object(object) if object.class.hooks.is_tuple => Ok((object.fields, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `tuple.count(value)`
fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (items, args) = this(heap, args, "tuple.count")?;
    count_in(heap, items, args.one(heap, "tuple.count")?)
}

/// `tuple.index(value, start=0, stop=sys.maxsize)`
fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (items, args) = this(heap, args, "tuple.index")?;
    let arguments = args.between(heap, "tuple.index", 1, 3)?;
    match index_in(heap, items, arguments)? {
        Some(place) => Ok(int(place)),
        None => Err(heap.raise(&VALUE_ERROR, "tuple.index(x): x not in tuple")),
    }
}
