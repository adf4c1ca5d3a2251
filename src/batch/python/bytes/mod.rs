//! `bytes`.

mod form;
mod search;

use bumpalo::collections::Vec as BumpVec;
use memchr::memmem;

use super::args::{index as to_index, native, not_an_integer, room, text_argument, wrong_object};
use super::text::{decode as decode_text, encode as encode_text, encoding_and_errors};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Value, iterate, truth, type_of};

/// The methods of `bytes`.
pub static METHODS: &[Native] = &[
    native("capitalize", form::capitalize),
    native("center", form::center),
    native("count", search::count),
    native("decode", decode),
    native("endswith", search::endswith),
    native("expandtabs", form::expandtabs),
    native("find", search::find),
    native("fromhex", fromhex),
    native("hex", hex),
    native("index", search::index),
    native("isalnum", form::isalnum),
    native("isalpha", form::isalpha),
    native("isascii", form::isascii),
    native("isdigit", form::isdigit),
    native("islower", form::islower),
    native("isspace", form::isspace),
    native("istitle", form::istitle),
    native("isupper", form::isupper),
    native("join", join),
    native("ljust", form::ljust),
    native("lower", form::lower),
    native("lstrip", lstrip),
    native("maketrans", form::maketrans),
    native("partition", partition),
    native("removeprefix", removeprefix),
    native("removesuffix", removesuffix),
    native("replace", replace),
    native("rfind", search::rfind),
    native("rindex", search::rindex),
    native("rjust", form::rjust),
    native("rpartition", rpartition),
    native("rsplit", rsplit),
    native("rstrip", rstrip),
    native("split", split),
    native("splitlines", splitlines),
    native("startswith", search::startswith),
    native("strip", strip),
    native("swapcase", form::swapcase),
    native("title", form::title),
    native("translate", form::translate),
    native("upper", form::upper),
    native("zfill", form::zfill),
];

/// `bytes(source=b'', encoding, errors)`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [source, encoding, errors] = args.bind(heap, "bytes", ["source", "encoding", "errors"], 0)?;
    let Some(source) = source else { return Ok(heap.bytes(b"")) };
    if let Some(encoding) = encoding {
        let Value::Str(text) = source else {
            return Err(heap.raise(&TYPE_ERROR, "encoding without a string argument"));
        };
        let encoding = text_argument(heap, "bytes", "'encoding'", encoding)?;
        let errors =
            errors.map_or(Ok("strict"), |errors| text_argument(heap, "bytes", "'errors'", errors))?;
        return encode_text(heap, text, encoding, errors);
    }
    match source {
        Value::Bytes(_) => Ok(source),
        Value::Str(_) => Err(heap.raise(&TYPE_ERROR, "string argument without an encoding")),
        Value::Big(_) => Err(heap.raise(&OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer")),
        Value::Int(_) | Value::Bool(_) => {
            let Ok(length) = usize::try_from(to_index(heap, source)?) else {
                return Err(heap.raise(&VALUE_ERROR, "negative count"));
            };
            room(heap, length)?;
            let zeros: &'a [u8] = heap.bump().alloc_slice_fill_copy(length, 0);
            Ok(value(heap, zeros))
        }
        _ => Ok(heap.bytes(&of_ints(heap, source)?)),
    }
}

/// The bytes that an iterable of ints gives.
///
/// # Errors
/// `TypeError` for what is no iterable of ints; `ValueError` for ints that are no bytes.
pub fn of_ints<'a>(heap: &Heap<'a>, source: Value<'a>) -> Result<Vec<u8>, Raised> {
    let Ok(numbers) = iterate(heap, source) else {
        heap.caught();
        let message = format!("cannot convert '{}' object to bytes", type_of(source).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let mut bytes = Vec::new();
    while let Some(number) = numbers.next(heap)? {
        heap.check_memory(bytes.len())?;
        heap.check()?;
        if !matches!(number, Value::Int(_) | Value::Bool(_) | Value::Big(_)) {
            return Err(not_an_integer(heap, number));
        }
        match number.as_int().and_then(|number| u8::try_from(number).ok()) {
            Some(byte) => bytes.push(byte),
            None => return Err(heap.raise(&VALUE_ERROR, "bytes must be in range(0, 256)")),
        }
    }
    Ok(bytes)
}

/// `bytes` that borrow.
fn value<'a>(heap: &Heap<'a>, bytes: &'a [u8]) -> Value<'a> {
    Value::Bytes(heap.bump().alloc(bytes))
}

/// White space of ASCII, as `bytes` has it.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The bytes that a method is called on, and the other arguments.
fn this<'s, 'a>(heap: &Heap<'a>, args: Args<'s, 'a>, name: &str) -> Result<(&'a [u8], Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Bytes(bytes) => Ok((bytes, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

fn need_bytes<'a>(heap: &Heap<'a>, argument: Value<'a>) -> Result<&'a [u8], Raised> {
    match argument {
        Value::Bytes(bytes) => Ok(bytes),
        _ => {
            let class = type_of(argument).name;
            Err(heap.raise(&TYPE_ERROR, format!("a bytes-like object is required, not '{class}'")))
        }
    }
}

/// `bytes.decode(encoding='utf-8', errors='strict')`
fn decode<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.decode")?;
    let (encoding, errors) = encoding_and_errors(heap, args, "bytes.decode")?;
    decode_text(heap, bytes, encoding, errors)
}

/// `bytes.hex(sep, bytes_per_sep=1)`
fn hex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.hex")?;
    let [separator, size] = args.bind(heap, "bytes.hex", ["sep", "bytes_per_sep"], 0)?;
    let separator = match separator {
        None => "",
        Some(separator) => match separator {
            Value::Str(text) if text.len() == 1 => text,
            _ => return Err(heap.raise(&VALUE_ERROR, "sep must be length 1.")),
        },
    };
    let size = size.map_or(Ok(1), |size| to_index(heap, size))?;
    let group = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
    room(heap, bytes.len().saturating_mul(3))?;
    let mut out = bumpalo::collections::String::with_capacity_in(bytes.len() * 2, heap.bump());
    for (place, byte) in bytes.iter().enumerate() {
        // Groups are counted from the end, or from the start if the size is negative.
        let before = if size > 0 { bytes.len() - place } else { place };
        if place > 0 && group > 0 && before % group == 0 {
            out.push_str(separator);
        }
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).expect("it is below 16"));
        }
    }
    Ok(heap.text(out.into_bump_str()))
}

/// `bytes.fromhex(string)`
fn fromhex<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = text_argument(heap, "bytes.fromhex", "", args.one(heap, "bytes.fromhex")?)?;
    let wrong = |place: usize| {
        let message = format!("non-hexadecimal number found in fromhex() arg at position {place}");
        heap.raise(&VALUE_ERROR, message)
    };
    // CPython looks for these before anything else.
    if let Some(place) = text.chars().position(|c| !c.is_ascii()) {
        return Err(wrong(place));
    }
    let mut bytes = Vec::new();
    let mut chars = text.chars().enumerate();
    while let Some((place, c)) = chars.next() {
        if c.is_ascii_whitespace() || c == '\x0b' {
            continue;
        }
        let digit = |c: Option<(usize, char)>| c.and_then(|(_, c)| c.to_digit(16));
        let (high, next) = (c.to_digit(16), chars.next());
        match (high, digit(next)) {
            (Some(high), Some(low)) => {
                bytes.push(u8::try_from(high << 4 | low).expect("two hexadecimal digits"));
            }
            (None, _) => return Err(wrong(place)),
            (Some(_), None) => return Err(wrong(place + 1)),
        }
    }
    Ok(heap.bytes(&bytes))
}

fn stripped<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, start: bool, end: bool) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, name)?;
    let set = match args.between(heap, name, 0, 1)? {
        [] | [Value::None] => None,
        arguments => Some(need_bytes(heap, arguments[0])?),
    };
    let goes = |byte: &u8| set.map_or_else(|| is_space(byte), |set| set.contains(byte));
    let first = if start { bytes.iter().take_while(|byte| goes(byte)).count() } else { 0 };
    let kept = &bytes[first..];
    let last = if end { kept.iter().rev().take_while(|byte| goes(byte)).count() } else { 0 };
    Ok(value(heap, &kept[..kept.len() - last]))
}

/// `bytes.strip(chars=None)`
fn strip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "bytes.strip", true, true)
}

/// `bytes.lstrip(chars=None)`
fn lstrip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "bytes.lstrip", true, false)
}

/// `bytes.rstrip(chars=None)`
fn rstrip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "bytes.rstrip", false, true)
}

/// A `list` of these pieces.
fn list_of<'a>(heap: &Heap<'a>, pieces: BumpVec<'a, &'a [u8]>) -> Value<'a> {
    let pieces: &'a [&'a [u8]] = pieces.into_bump_slice();
    heap.list(pieces.iter().map(Value::Bytes))
}

/// The separator, if there is one, and how often to split at most.
fn how<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<(Option<&'a [u8]>, usize), Raised> {
    let [separator, most] = args.bind(heap, name, ["sep", "maxsplit"], 0)?;
    let most = most.map_or(Ok(-1), |most| to_index(heap, most))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match separator {
        None | Some(Value::None) => Ok((None, most)),
        Some(separator) => Ok((Some(non_empty(heap, separator)?), most)),
    }
}

fn non_empty<'a>(heap: &Heap<'a>, separator: Value<'a>) -> Result<&'a [u8], Raised> {
    match need_bytes(heap, separator)? {
        [] => Err(heap.raise(&VALUE_ERROR, "empty separator")),
        separator => Ok(separator),
    }
}

/// `bytes.split(sep=None, maxsplit=-1)`
fn split<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.split")?;
    let (separator, most) = how(heap, args, "bytes.split")?;
    let mut pieces = BumpVec::new_in(heap.bump());
    let mut rest = bytes;
    match separator {
        Some(separator) => {
            for place in memmem::find_iter(bytes, separator).take(most) {
                let start = bytes.len() - rest.len();
                pieces.push(&bytes[start..place]);
                rest = &bytes[place + separator.len()..];
            }
            pieces.push(rest);
        }
        None => loop {
            rest = &rest[rest.iter().take_while(|byte| is_space(byte)).count()..];
            if rest.is_empty() {
                break;
            }
            let end = rest.iter().position(is_space).filter(|_| pieces.len() < most);
            let word = &rest[..end.unwrap_or(rest.len())];
            pieces.push(word);
            rest = &rest[word.len()..];
        },
    }
    Ok(list_of(heap, pieces))
}

/// `bytes.rsplit(sep=None, maxsplit=-1)`
fn rsplit<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.rsplit")?;
    let (separator, most) = how(heap, args, "bytes.rsplit")?;
    let mut pieces = BumpVec::new_in(heap.bump());
    let mut rest = bytes;
    match separator {
        Some(separator) => {
            while pieces.len() < most
                && let Some(place) = memmem::rfind(rest, separator)
            {
                pieces.push(&rest[place + separator.len()..]);
                rest = &rest[..place];
            }
            pieces.push(rest);
        }
        None => loop {
            rest = &rest[..rest.len() - rest.iter().rev().take_while(|byte| is_space(byte)).count()];
            if rest.is_empty() {
                break;
            }
            let start = rest.iter().rposition(is_space).filter(|_| pieces.len() < most);
            let (before, word) = rest.split_at(start.map_or(0, |start| start + 1));
            pieces.push(word);
            rest = before;
        },
    }
    pieces.reverse();
    Ok(list_of(heap, pieces))
}

/// `bytes.splitlines(keepends=False)`
fn splitlines<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.splitlines")?;
    let [keep] = args.bind(heap, "bytes.splitlines", ["keepends"], 0)?;
    let keep = keep.is_some_and(truth);
    let mut pieces = BumpVec::new_in(heap.bump());
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let end = match &rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        pieces.push(&rest[..if keep { length + end } else { length }]);
        rest = &rest[length + end..];
    }
    Ok(list_of(heap, pieces))
}

fn parted<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, last: bool) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, name)?;
    let separator = non_empty(heap, args.one(heap, name)?)?;
    let found = if last { memmem::rfind(bytes, separator) } else { memmem::find(bytes, separator) };
    let parts: [&'a [u8]; 3] = match found {
        Some(place) => [&bytes[..place], separator, &bytes[place + separator.len()..]],
        None if last => [b"", b"", bytes],
        None => [bytes, b"", b""],
    };
    Ok(heap.tuple(&parts.map(|part| value(heap, part))))
}

/// `bytes.partition(sep)`
fn partition<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    parted(heap, args, "bytes.partition", false)
}

/// `bytes.rpartition(sep)`
fn rpartition<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    parted(heap, args, "bytes.rpartition", true)
}

/// `bytes.removeprefix(prefix)`
fn removeprefix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.removeprefix")?;
    let prefix = need_bytes(heap, args.one(heap, "bytes.removeprefix")?)?;
    Ok(value(heap, bytes.strip_prefix(prefix).unwrap_or(bytes)))
}

/// `bytes.removesuffix(suffix)`
fn removesuffix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.removesuffix")?;
    let suffix = need_bytes(heap, args.one(heap, "bytes.removesuffix")?)?;
    Ok(value(heap, bytes.strip_suffix(suffix).unwrap_or(bytes)))
}

/// `bytes.replace(old, new, count=-1)`
fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.replace")?;
    let arguments = args.between(heap, "bytes.replace", 2, 3)?;
    let (old, new) = (need_bytes(heap, arguments[0])?, need_bytes(heap, arguments[1])?);
    let most = arguments.get(2).map_or(Ok(-1), |most| to_index(heap, *most))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let count = memmem::find_iter(bytes, old).take(most).count();
    room(heap, bytes.len().saturating_add(count.saturating_mul(new.len())))?;
    let mut out = BumpVec::with_capacity_in(bytes.len(), heap.bump());
    let mut start = 0;
    for place in memmem::find_iter(bytes, old).take(most) {
        out.extend_from_slice_copy(&bytes[start..place]);
        out.extend_from_slice_copy(new);
        start = place + old.len();
    }
    out.extend_from_slice_copy(&bytes[start..]);
    Ok(value(heap, out.into_bump_slice()))
}

/// `bytes.join(iterable)`
fn join<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (separator, args) = this(heap, args, "bytes.join")?;
    let Ok(items) = iterate(heap, args.one(heap, "bytes.join")?) else {
        heap.caught();
        return Err(heap.raise(&TYPE_ERROR, "can only join an iterable"));
    };
    let mut out = BumpVec::new_in(heap.bump());
    let mut count = 0_usize;
    while let Some(item) = items.next(heap)? {
        heap.check()?;
        let Value::Bytes(bytes) = item else {
            let class = type_of(item).name;
            let message = format!("sequence item {count}: expected a bytes-like object, {class} found");
            return Err(heap.raise(&TYPE_ERROR, message));
        };
        if count > 0 {
            out.extend_from_slice_copy(separator);
        }
        out.extend_from_slice_copy(bytes);
        count += 1;
    }
    Ok(value(heap, out.into_bump_slice()))
}
