//! `sum`, `min`, `max`, `any`, `all`.

use std::cmp::Ordering;

use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Binary, Heap, Outcome, Raised, Value, binary, call, iterate, order, truth};

/// `all(iterable)`
pub fn all<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::bool(!reaches(heap, args.one(heap, "all")?, false)?))
}

/// `any(iterable)`
pub fn any<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::bool(reaches(heap, args.one(heap, "any")?, true)?))
}

/// Whether a value of that truth comes.
fn reaches<'a>(heap: &Heap<'a>, iterable: Value<'a>, wanted: bool) -> Result<bool, Raised> {
    let values = iterate(heap, iterable)?;
    while let Some(value) = values.next(heap)? {
        heap.check()?;
        if truth(value) == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `sum(iterable, /, start=0)`
pub fn sum<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if args.positional.is_empty() {
        return Err(heap.raise(&TYPE_ERROR, "sum() takes at least 1 positional argument (0 given)"));
    }
    let [iterable, start] = match args.positional {
        [iterable] if args.keywords.is_empty() => [Some(*iterable), None],
        _ => args.bind(heap, "sum", ["", "start"], 1)?,
    };
    let mut total = match start {
        None => Value::Int(0),
        Some(Value::Str(_)) => {
            return Err(heap.raise(&TYPE_ERROR, "sum() can't sum strings [use ''.join(seq) instead]"));
        }
        Some(Value::Bytes(_)) => {
            return Err(heap.raise(&TYPE_ERROR, "sum() can't sum bytes [use b''.join(seq) instead]"));
        }
        Some(start) => start,
    };
    let values = iterate(heap, iterable.unwrap_or(Value::None))?;
    while let Some(value) = values.next(heap)? {
        heap.check()?;
        total = match (total, value) {
            (Value::Float(a), Value::Float(b)) => Value::float(a.get() + b.get()),
            (Value::Int(a), Value::Int(b)) => match a.checked_add(b) {
                Some(sum) => Value::Int(sum),
                None => binary(heap, Binary::Add, total, value, false)?,
            },
            _ => binary(heap, Binary::Add, total, value, false)?,
        };
    }
    Ok(total)
}

/// `min(iterable, *[, key, default])`, `min(a, b, *rest[, key])`
pub fn min<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    extreme(heap, args, "min", "<", Ordering::Less)
}

/// `max(iterable, *[, key, default])`, `max(a, b, *rest[, key])`
pub fn max<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    extreme(heap, args, "max", ">", Ordering::Greater)
}

fn extreme<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    symbol: &str,
    wanted: Ordering,
) -> Outcome<'a> {
    if let ([Value::Int(first), Value::Int(second)], []) = (args.positional, args.keywords) {
        return Ok(Value::Int(if second.cmp(first) == wanted { *second } else { *first }));
    }
    let positional = Args { positional: args.positional, keywords: &[] };
    let arguments = positional.between(heap, name, 1, usize::MAX)?;
    let [key, default] = args.by_name(heap, name, ["key", "default"])?;
    let key = key.filter(|key| !key.is_none());
    let mut best: Option<(Value<'a>, Value<'a>)> = None;
    let mut consider = |value: Value<'a>| {
        let by = match key {
            Some(key) => call(heap, key, Args { positional: &[value], keywords: &[] })?,
            None => value,
        };
        let better = match best {
            None => true,
            Some((best, _)) => order(heap, symbol, by, best)? == Some(wanted),
        };
        if better {
            best = Some((by, value));
        }
        Ok(())
    };
    if let [iterable] = arguments {
        let values = iterate(heap, *iterable)?;
        while let Some(value) = values.next(heap)? {
            heap.check()?;
            consider(value)?;
        }
    } else {
        if default.is_some() {
            let message = format!("Cannot specify a default for {name}() with multiple positional arguments");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
        arguments.iter().try_for_each(|value| consider(*value))?;
    }
    match best.map(|(_, value)| value).or(default) {
        Some(value) => Ok(value),
        None => Err(heap.raise(&VALUE_ERROR, format!("{name}() arg is an empty sequence"))),
    }
}
