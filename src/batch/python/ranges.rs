//! `range`.

use super::args::{index as to_index, native, wrong_object};
use super::tuples::same;
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Value, contains, iterate, repr_text};

/// The methods of `range`.
pub static METHODS: &[Native] = &[native("count", count), native("index", index)];

/// `range(stop)`, `range(start, stop, step=1)`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bounds = match *args.between(heap, "range", 1, 3)? {
        [stop] => [0, to_index(heap, stop)?, 1],
        [start, stop] => [to_index(heap, start)?, to_index(heap, stop)?, 1],
        [start, stop, step] => [to_index(heap, start)?, to_index(heap, stop)?, to_index(heap, step)?],
        _ => unreachable!("there are one to three"),
    };
    if bounds[2] == 0 {
        return Err(heap.raise(&VALUE_ERROR, "range() arg 3 must not be zero"));
    }
    Ok(Value::Range(heap.bump().alloc(bounds)))
}

fn this<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
) -> Result<(&'a [i64; 3], Value<'a>, Value<'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Range(bounds) => Ok((bounds, object, args.one(heap, name)?)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `range.count(value)`
fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (_, range, wanted) = this(heap, args, "range.count")?;
    Ok(Value::Int(i64::from(contains(heap, range, wanted)?)))
}

/// `range.index(value)`
fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bounds, range, wanted) = this(heap, args, "range.index")?;
    if contains(heap, range, wanted)? {
        if let Some(number) = wanted.as_int() {
            let distance = i128::from(number) - i128::from(bounds[0]);
            let place = distance / i128::from(bounds[2]);
            return Ok(Value::Int(i64::try_from(place).unwrap_or(i64::MAX)));
        }
        // A float that is equal to a member: looked for one by one, as CPython does.
        let members = iterate(heap, range)?;
        let mut place = 0;
        while let Some(member) = members.next(heap)? {
            heap.check()?;
            if same(heap, member, wanted)? {
                return Ok(Value::Int(place));
            }
            place += 1;
        }
    }
    let wanted = match wanted {
        Value::Int(_) | Value::Bool(_) | Value::Big(_) => {
            format!("{} is not in range", repr_text(heap, wanted)?)
        }
        _ => "sequence.index(x): x not in sequence".to_owned(),
    };
    Err(heap.raise(&VALUE_ERROR, wanted))
}
