//! `urllib.parse`: addresses in parts, percent-encoding, queries. (Of `urllib` there is nothing else: programs open no sockets.)

mod query;
mod quote;
mod results;
mod split;

use super::args::native;
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR, UNICODE_DECODE_ERROR};
use crate::batch::value::{Heap, Module, Native, Raised, TypeInfo, Value, truth, type_of};

/// `urllib`
pub static MODULE: Module =
    Module { name: "urllib", member: |_, name| (name == "parse").then_some(Value::Module(&PARSE)) };

/// `urllib.parse`
pub static PARSE: Module = Module { name: "urllib.parse", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[
    &results::PARSE_RESULT,
    &results::SPLIT_RESULT,
    &results::DEFRAG_RESULT,
    &results::PARSE_RESULT_BYTES,
    &results::SPLIT_RESULT_BYTES,
    &results::DEFRAG_RESULT_BYTES,
];

static FUNCTIONS: &[Native] = &[
    native("urlparse", split::urlparse),
    native("urlsplit", split::urlsplit),
    native("urlunparse", split::urlunparse),
    native("urlunsplit", split::urlunsplit),
    native("urljoin", split::urljoin),
    native("urldefrag", split::urldefrag),
    native("quote", quote::quote),
    native("quote_plus", quote::quote_plus),
    native("quote_from_bytes", quote::quote_from_bytes),
    native("unquote", quote::unquote),
    native("unquote_plus", quote::unquote_plus),
    native("unquote_to_bytes", quote::unquote_to_bytes),
    native("parse_qs", query::parse_qs),
    native("parse_qsl", query::parse_qsl),
    native("urlencode", query::urlencode),
];

fn member<'a>(_: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    let class = CLASSES.iter().find(|class| class.name == name);
    super::function(FUNCTIONS, name).or_else(|| class.map(|class| Value::Type(class)))
}

/// Texts, or bytes as texts.
struct Coerced<'a, const N: usize> {
    texts: [&'a str; N],
    bytes: bool,
}

/// Arguments as texts. Bytes must be ASCII; they, and whatever else is false, make the results bytes.
///
/// # Errors
/// `TypeError: Cannot mix str and non-str arguments`, `AttributeError: 'int' object has no attribute 'decode'`.
fn coerce<'a, const N: usize>(heap: &Heap<'a>, args: [Value<'a>; N]) -> Result<Coerced<'a, N>, Raised> {
    let is_text = |value: &Value<'a>| value.as_str().is_some();
    let bytes = !args.first().is_some_and(is_text);
    // The empty text stands for a missing argument of either kind.
    if args.iter().skip(1).any(|arg| truth(*arg) && is_text(arg) == bytes) {
        return Err(heap.raise(&TYPE_ERROR, "Cannot mix str and non-str arguments"));
    }
    let mut texts = [""; N];
    for (text, arg) in texts.iter_mut().zip(args) {
        *text = match arg {
            Value::Str(found) => found,
            _ if !truth(arg) => "",
            Value::Bytes(found) => match found.iter().position(|byte| !byte.is_ascii()) {
                None => std::str::from_utf8(found).unwrap_or_default(),
                Some(place) => {
                    let byte = found[place];
                    let message = format!(
                        "'ascii' codec can't decode byte {byte:#04x} in position {place}: ordinal not in range(128)"
                    );
                    return Err(heap.raise(&UNICODE_DECODE_ERROR, message));
                }
            },
            _ => {
                let message = format!("'{}' object has no attribute 'decode'", type_of(arg).name);
                return Err(heap.raise(&ATTRIBUTE_ERROR, message));
            }
        };
    }
    Ok(Coerced { texts, bytes })
}

/// A result, as bytes where the arguments were.
fn value_of<'a>(heap: &Heap<'a>, text: &str, bytes: bool) -> Value<'a> {
    if bytes { heap.bytes(text.as_bytes()) } else { heap.str(text) }
}
