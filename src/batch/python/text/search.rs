//! Finding, counting and replacing texts within texts.

use bumpalo::collections::String as BumpString;
use memchr::memmem;

use super::{finished, length, offset, this};
use crate::batch::python::args::{bound, clamp, index as to_index, text_argument};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, type_of};

/// Where to search: bytes of the text, and the code point that they start with.
struct Span<'a> {
    text: &'a str,
    first: usize,
}

/// The part of the text between the bounds; `None` if the first is behind the second.
fn span<'a>(heap: &Heap<'a>, text: &'a str, bounds: &[Value<'a>]) -> Result<Option<Span<'a>>, Raised> {
    if bounds.is_empty() {
        return Ok(Some(Span { text, first: 0 }));
    }
    let (start, end) = (bound(heap, bounds.first())?, bound(heap, bounds.get(1))?);
    Ok(clamp(start, end, length(text)).map(|(start, end)| {
        let from = offset(text, start);
        let rest = &text[from..];
        Span { text: &rest[..offset(rest, end - start)], first: start }
    }))
}

/// `find(sub, start=None, end=None)` and its like: the text sought, and where.
fn sought<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
) -> Result<(&'a str, Option<Span<'a>>), Raised> {
    let (text, args) = this(heap, args, name)?;
    let arguments = args.parsed(heap, name, 1, 3)?;
    let (wanted, bounds) = (arguments[0], &arguments[1..]);
    match wanted {
        Value::Str(wanted) => Ok((wanted, span(heap, text, bounds)?)),
        _ => Err(heap.raise(&TYPE_ERROR, format!("must be str, not {}", type_of(wanted).name))),
    }
}

/// The code point at which the text sought is.
fn place<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, last: bool) -> Result<Option<i64>, Raised> {
    let (wanted, span) = sought(heap, args, name)?;
    let Some(span) = span else { return Ok(None) };
    let found = match (last, wanted.as_bytes()) {
        (true, wanted) => memmem::rfind(span.text.as_bytes(), wanted),
        (false, [byte]) => memchr::memchr(*byte, span.text.as_bytes()),
        (false, wanted) => memmem::find(span.text.as_bytes(), wanted),
    };
    Ok(found.map(|found| {
        let place = span.first + length(&span.text[..found]);
        i64::try_from(place).expect("no text has so many characters")
    }))
}

/// `str.find(sub, start=None, end=None)`
pub fn find<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::Int(place(heap, args, "str.find", false)?.unwrap_or(-1)))
}

/// `str.rfind(sub, start=None, end=None)`
pub fn rfind<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::Int(place(heap, args, "str.rfind", true)?.unwrap_or(-1)))
}

fn found<'a>(heap: &Heap<'a>, place: Option<i64>) -> Outcome<'a> {
    place.map(Value::Int).ok_or_else(|| heap.raise(&VALUE_ERROR, "substring not found"))
}

/// `str.index(sub, start=None, end=None)`
pub fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    found(heap, place(heap, args, "str.index", false)?)
}

/// `str.rindex(sub, start=None, end=None)`
pub fn rindex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    found(heap, place(heap, args, "str.rindex", true)?)
}

/// `str.count(sub, start=None, end=None)`
pub fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (wanted, span) = sought(heap, args, "str.count")?;
    let count = match span {
        None => 0,
        Some(span) if wanted.is_empty() => length(span.text) + 1,
        Some(span) => memmem::find_iter(span.text.as_bytes(), wanted).count(),
    };
    Ok(Value::Int(i64::try_from(count).expect("no text has so many characters")))
}

/// `startswith` and `endswith`: `matches` looks at one text.
fn affixed<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    matches: impl Fn(&str, &str) -> bool,
) -> Outcome<'a> {
    let (text, args) = this(heap, args, name)?;
    let arguments = args.parsed(heap, name, 1, 3)?;
    let span = span(heap, text, &arguments[1..])?;
    let fits = |affix: &str| span.as_ref().is_some_and(|span| matches(span.text, affix));
    if let Value::Str(affix) = arguments[0] {
        return Ok(Value::bool(fits(affix)));
    }
    let method = name.trim_start_matches("str.");
    let Some(affixes) = arguments[0].as_tuple() else {
        let class = type_of(arguments[0]).name;
        let message = format!("{method} first arg must be str or a tuple of str, not {class}");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    for affix in affixes {
        let Value::Str(affix) = affix else {
            let class = type_of(*affix).name;
            let message = format!("tuple for {method} must only contain str, not {class}");
            return Err(heap.raise(&TYPE_ERROR, message));
        };
        if fits(affix) {
            return Ok(Value::bool(true));
        }
    }
    Ok(Value::bool(false))
}

/// `str.startswith(prefix, start=None, end=None)`
pub fn startswith<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    affixed(heap, args, "str.startswith", |text, prefix| text.starts_with(prefix))
}

/// `str.endswith(suffix, start=None, end=None)`
pub fn endswith<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    affixed(heap, args, "str.endswith", |text, suffix| text.ends_with(suffix))
}

/// `str.replace(old, new, count=-1)`
pub fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.replace")?;
    let arguments = args.between(heap, "str.replace", 2, 3)?;
    let old = text_argument(heap, "str.replace", "1", arguments[0])?;
    let new = text_argument(heap, "str.replace", "2", arguments[1])?;
    let most = arguments.get(2).map_or(Ok(-1), |most| to_index(heap, *most))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let places = || text.match_indices(old).map(|(place, _)| place).take(most);
    let (mut first, count) = match old.as_bytes() {
        _ if most == 0 => (None, 0),
        [byte] => {
            let first = memchr::memchr(*byte, text.as_bytes());
            (
                first,
                if first.is_some() {
                    memchr::memchr_iter(*byte, text.as_bytes()).take(most).count()
                } else {
                    0
                },
            )
        }
        _ => (places().next(), places().count()),
    };
    if first.take().is_none() {
        return Ok(heap.text(text));
    }
    let grown = text.len().saturating_add(count.saturating_mul(new.len()));
    heap.check_memory(grown)?;
    let mut out = BumpString::with_capacity_in(grown - count * old.len(), heap.bump());
    let mut start = 0;
    for place in places() {
        out.push_str(&text[start..place]);
        out.push_str(new);
        start = place + old.len();
    }
    out.push_str(&text[start..]);
    Ok(finished(heap, out))
}
