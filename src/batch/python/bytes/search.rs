//! Searching `bytes`.

use memchr::memmem;

use super::{need_bytes, this};
use crate::batch::python::args::{bound, clamp, int};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, type_of};

/// Bytes, the part of them to search, if there is one, and what is sought there.
type Search<'a> = (&'a [u8], Option<(usize, usize)>, &'a [u8]);

/// What is sought, bytes or one byte as an int, and where.
fn sought<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<Search<'a>, Raised> {
    let (bytes, args) = this(heap, args, name)?;
    let arguments = args.parsed(heap, name, 1, 3)?;
    let wanted = match arguments[0] {
        Value::Bytes(wanted) => *wanted,
        number @ (Value::Int(_) | Value::Bool(_) | Value::Big(_)) => {
            match number.as_int().and_then(|number| u8::try_from(number).ok()) {
                Some(byte) => heap.bump().alloc_slice_copy(&[byte]),
                None => return Err(heap.raise(&VALUE_ERROR, "byte must be in range(0, 256)")),
            }
        }
        other => {
            let class = type_of(other).name;
            let message = format!("argument should be integer or bytes-like object, not '{class}'");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    let places = clamp(bound(heap, arguments.get(1))?, bound(heap, arguments.get(2))?, bytes.len());
    Ok((bytes, places, wanted))
}

fn place<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, last: bool) -> Result<Option<usize>, Raised> {
    let (bytes, places, wanted) = sought(heap, args, name)?;
    Ok(places.and_then(|(start, end)| {
        let within = &bytes[start..end];
        let found = if last { memmem::rfind(within, wanted) } else { memmem::find(within, wanted) };
        found.map(|found| start + found)
    }))
}

/// `bytes.find(sub, start, end)`
pub fn find<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(place(heap, args, "bytes.find", false)?.map_or(Value::Int(-1), int))
}

/// `bytes.rfind(sub, start, end)`
pub fn rfind<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(place(heap, args, "bytes.rfind", true)?.map_or(Value::Int(-1), int))
}

fn found<'a>(heap: &Heap<'a>, place: Option<usize>) -> Outcome<'a> {
    place.map(int).ok_or_else(|| heap.raise(&VALUE_ERROR, "subsection not found"))
}

/// `bytes.index(sub, start, end)`
pub fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    found(heap, place(heap, args, "bytes.index", false)?)
}

/// `bytes.rindex(sub, start, end)`
pub fn rindex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    found(heap, place(heap, args, "bytes.rindex", true)?)
}

/// `bytes.count(sub, start, end)`
pub fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, places, wanted) = sought(heap, args, "bytes.count")?;
    Ok(int(match places {
        None => 0,
        Some((start, end)) if wanted.is_empty() => end - start + 1,
        Some((start, end)) => memmem::find_iter(&bytes[start..end], wanted).count(),
    }))
}

fn affixed<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    fits: impl Fn(&[u8], &[u8]) -> bool,
) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, name)?;
    let arguments = args.parsed(heap, name, 1, 3)?;
    let places = clamp(bound(heap, arguments.get(1))?, bound(heap, arguments.get(2))?, bytes.len());
    let fits = |affix: &[u8]| places.is_some_and(|(start, end)| fits(&bytes[start..end], affix));
    if let Value::Bytes(affix) = arguments[0] {
        return Ok(Value::bool(fits(affix)));
    }
    let Some(affixes) = arguments[0].as_tuple() else {
        let (method, class) = (name.trim_start_matches("bytes."), type_of(arguments[0]).name);
        let message = format!("{method} first arg must be bytes or a tuple of bytes, not {class}");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    for affix in affixes {
        if fits(need_bytes(heap, *affix)?) {
            return Ok(Value::bool(true));
        }
    }
    Ok(Value::bool(false))
}

/// `bytes.startswith(prefix, start, end)`
pub fn startswith<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    affixed(heap, args, "bytes.startswith", |bytes, prefix| bytes.starts_with(prefix))
}

/// `bytes.endswith(suffix, start, end)`
pub fn endswith<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    affixed(heap, args, "bytes.endswith", |bytes, suffix| bytes.ends_with(suffix))
}
