//! `str`: its methods, and what calling the class does.

mod case;
mod codec;
mod pad;
mod predicates;
mod search;
mod space;
mod split;
mod translate;
mod unicode;

use bumpalo::collections::{String as BumpString, Vec as BumpVec};

pub use codec::{codec_message, decode, encode, encoding_and_errors, escaped};
pub use space::{Words, is_space, strip_end, strip_start};
pub use split::count_pieces;
pub use unicode::decimal_value;

use super::args::{native, text_argument, wrong_object};
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Native, Outcome, Raised, Value, to_text, type_of};

/// The methods of `str`.
pub static METHODS: &[Native] = &[
    native("capitalize", case::capitalize),
    native("casefold", case::casefold),
    native("center", pad::center),
    native("count", search::count),
    native("encode", codec::encode_method),
    native("endswith", search::endswith),
    native("expandtabs", pad::expandtabs),
    native("find", search::find),
    native("format", super::format::format_method),
    native("format_map", super::format::format_map_method),
    native("index", search::index),
    native("isalnum", predicates::isalnum),
    native("isalpha", predicates::isalpha),
    native("isascii", predicates::isascii),
    native("isdecimal", predicates::isdecimal),
    native("isdigit", predicates::isdigit),
    native("isidentifier", predicates::isidentifier),
    native("islower", predicates::islower),
    native("isnumeric", predicates::isnumeric),
    native("isprintable", predicates::isprintable),
    native("isspace", predicates::isspace),
    native("istitle", predicates::istitle),
    native("isupper", predicates::isupper),
    native("join", split::join),
    native("ljust", pad::ljust),
    native("lower", case::lower),
    native("lstrip", split::lstrip),
    native("maketrans", translate::maketrans),
    native("partition", split::partition),
    native("removeprefix", split::removeprefix),
    native("removesuffix", split::removesuffix),
    native("replace", search::replace),
    native("rfind", search::rfind),
    native("rindex", search::rindex),
    native("rjust", pad::rjust),
    native("rpartition", split::rpartition),
    native("rsplit", split::rsplit),
    native("rstrip", split::rstrip),
    native("split", split::split),
    native("splitlines", split::splitlines),
    native("startswith", search::startswith),
    native("strip", split::strip),
    native("swapcase", case::swapcase),
    native("title", case::title),
    native("translate", translate::translate),
    native("upper", case::upper),
    native("zfill", pad::zfill),
];

/// `str(object='', encoding='utf-8', errors='strict')`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if let ([value], []) = (args.positional, args.keywords) {
        return as_text(heap, *value);
    }
    let [object, encoding, errors] = args.bind(heap, "str", ["object", "encoding", "errors"], 0)?;
    let Some(object) = object else { return Ok(heap.text("")) };
    if encoding.is_none() && errors.is_none() {
        return as_text(heap, object);
    }
    let named = |value: Option<Value<'a>>, name: &str, default| match value {
        Some(value) => text_argument(heap, "str", name, value),
        None => Ok(default),
    };
    let encoding = named(encoding, "'encoding'", "utf-8")?;
    let errors = named(errors, "'errors'", "strict")?;
    match object {
        Value::Bytes(bytes) => decode(heap, bytes, encoding, errors),
        Value::Str(_) => Err(heap.raise(&TYPE_ERROR, "decoding str is not supported")),
        _ => {
            let class = type_of(object).name;
            let message = format!("decoding to str: need a bytes-like object, {class} found");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

/// `str(value)`, which is the value itself if it is a `str`.
fn as_text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Outcome<'a> {
    match value {
        Value::Str(_) => Ok(value),
        _ => Ok(heap.text(to_text(heap, value)?)),
    }
}

/// The text that a method is called on, and the other arguments.
fn this<'s, 'a>(heap: &Heap<'a>, args: Args<'s, 'a>, name: &str) -> Result<(&'a str, Args<'s, 'a>), Raised> {
    let (object, rest) = args.object(heap, name)?;
    match object {
        Value::Str(text) => Ok((text, rest)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// A `list` of texts: their places are made in one go, as are the texts themselves.
fn list_of<'a>(heap: &Heap<'a>, pieces: BumpVec<'a, &'a str>) -> Value<'a> {
    let pieces: &'a [&'a str] = pieces.into_bump_slice();
    heap.list(pieces.iter().map(Value::Str))
}

/// A `str` of what was written in the arena.
pub fn finished<'a>(heap: &Heap<'a>, text: BumpString<'a>) -> Value<'a> {
    heap.text(text.into_bump_str())
}

/// How many code points there are.
pub fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The byte where code point number `place` starts; the end for any beyond.
pub fn offset(text: &str, place: usize) -> usize {
    if text.is_ascii() {
        return place.min(text.len());
    }
    text.char_indices().nth(place).map_or(text.len(), |(offset, _)| offset)
}
