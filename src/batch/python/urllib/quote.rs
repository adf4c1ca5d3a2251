//! Percent-encoding.

use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, call, get_attribute, type_of};

/// `encoding` and `errors`, as they were given.
pub type Codec<'a> = [Option<Value<'a>>; 2];

/// Whether a codec is UTF-8 with these `errors`, which is what it is without a word.
fn is_usual(codec: Codec<'_>, errors: &str) -> bool {
    let is = |value: Option<Value<'_>>, usual: &[&str]| match value {
        None | Some(Value::None) => true,
        Some(value) => value.as_str().is_some_and(|text| usual.contains(&text)),
    };
    is(codec[0], &["utf-8", "utf8", "UTF-8"]) && is(codec[1], &[errors])
}

/// `value.method(encoding, errors)`
fn coded<'a>(heap: &Heap<'a>, value: Value<'a>, method: &str, codec: Codec<'a>, errors: &str) -> Outcome<'a> {
    let given = |value: Option<Value<'a>>, usual: &str| match value {
        None | Some(Value::None) => heap.str(usual),
        Some(value) => value,
    };
    let args = [given(codec[0], "utf-8"), given(codec[1], errors)];
    call(heap, get_attribute(heap, value, method)?, Args { positional: &args, keywords: &[] })
}

/// Bytes as text.
fn decoded<'a>(heap: &Heap<'a>, bytes: &[u8], codec: Codec<'a>) -> Result<String, Raised> {
    if is_usual(codec, "replace") {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let text = coded(heap, heap.bytes(bytes), "decode", codec, "replace")?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// Which bytes stay as they are beside letters, digits and `_.-~`.
///
/// # Errors
/// `TypeError` for anything but text and bytes.
fn safe_bytes<'a>(heap: &Heap<'a>, safe: Value<'a>) -> Result<Vec<u8>, Raised> {
    let bytes = match safe {
        Value::Str(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => {
            let message = format!("'{}' object is not iterable", type_of(safe).name);
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    Ok(bytes.iter().copied().filter(u8::is_ascii).collect())
}

/// Percent-encodes bytes.
fn encode(bytes: &[u8], safe: &[u8], plus: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if plus && *byte == b' ' {
            out.push('+');
        } else if byte.is_ascii_alphanumeric() || b"_.-~".contains(byte) || safe.contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What `quote` and `quote_plus` do with a value; `default` is safe where nothing is said.
pub fn quoted<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    safe: Option<Value<'a>>,
    default: &str,
    codec: Codec<'a>,
    plus: bool,
) -> Result<String, Raised> {
    let safe = safe_bytes(heap, safe.unwrap_or_else(|| heap.str(default)))?;
    match value {
        Value::Str(text) if is_usual(codec, "strict") => Ok(encode(text.as_bytes(), &safe, plus)),
        Value::Str(_) => match coded(heap, value, "encode", codec, "strict")? {
            Value::Bytes(bytes) => Ok(encode(bytes, &safe, plus)),
            _ => Ok(String::new()),
        },
        _ => {
            for (given, name) in codec.iter().zip(["encoding", "errors"]) {
                if given.is_some_and(|given| !given.is_none()) {
                    let message = format!("quote() doesn't support '{name}' for bytes");
                    return Err(heap.raise(&TYPE_ERROR, message));
                }
            }
            match value {
                Value::Bytes(bytes) => Ok(encode(bytes, &safe, plus)),
                _ => Err(heap.raise(&TYPE_ERROR, "quote_from_bytes() expected bytes")),
            }
        }
    }
}

/// `quote(string, safe='/', encoding=None, errors=None)`
pub fn quote<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([value], [safe, encoding, errors]) =
        args.bind_def(heap, "quote", ["string"], ["safe", "encoding", "errors"])?;
    Ok(heap.str(&quoted(heap, value, safe, "/", [encoding, errors], false)?))
}

/// `quote_plus(string, safe='', encoding=None, errors=None)`
pub fn quote_plus<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([value], [safe, encoding, errors]) =
        args.bind_def(heap, "quote_plus", ["string"], ["safe", "encoding", "errors"])?;
    Ok(heap.str(&quoted(heap, value, safe, "", [encoding, errors], true)?))
}

/// `quote_from_bytes(bs, safe='/')`
pub fn quote_from_bytes<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([bytes], [safe]) = args.bind_def(heap, "quote_from_bytes", ["bs"], ["safe"])?;
    match bytes {
        Value::Bytes(_) => Ok(heap.str(&quoted(heap, bytes, safe, "/", [None, None], false)?)),
        _ => Err(heap.raise(&TYPE_ERROR, "quote_from_bytes() expected bytes")),
    }
}

/// Bytes whose escapes are replaced.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// What `unquote` does with a text. Characters beyond ASCII part the bytes that are decoded together.
///
/// # Errors
/// Those of the codec.
pub fn unquoted<'a>(heap: &Heap<'a>, text: &str, codec: Codec<'a>) -> Result<String, Raised> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        out.push_str(&decoded(heap, &unescape(&rest.as_bytes()[..ascii]), codec)?);
        let other = rest[ascii..].find(|c: char| c.is_ascii()).unwrap_or(rest.len() - ascii);
        out.push_str(&rest[ascii..ascii + other]);
        rest = &rest[ascii + other..];
    }
    Ok(out)
}

/// `unquote(string, encoding='utf-8', errors='replace')`
pub fn unquote<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([value], codec) = args.bind_def(heap, "unquote", ["string"], ["encoding", "errors"])?;
    match value {
        Value::Bytes(bytes) => Ok(heap.str(&decoded(heap, &unescape(bytes), codec)?)),
        Value::Str(text) => Ok(heap.str(&unquoted(heap, text, codec)?)),
        Value::List(_) | Value::Dict(_) | Value::Set(_) | Value::Pair(_) | Value::Tuple(_) => {
            Err(no_attribute(heap, value, "split"))
        }
        _ => {
            let message = format!("argument of type '{}' is not iterable", type_of(value).name);
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

fn no_attribute<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Raised {
    let message = format!("'{}' object has no attribute '{name}'", type_of(value).name);
    heap.raise(&ATTRIBUTE_ERROR, message)
}

/// `unquote_plus(string, encoding='utf-8', errors='replace')`
pub fn unquote_plus<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([value], codec) = args.bind_def(heap, "unquote_plus", ["string"], ["encoding", "errors"])?;
    match value {
        Value::Str(text) => Ok(heap.str(&unquoted(heap, &text.replace('+', " "), codec)?)),
        Value::Bytes(_) => Err(heap.raise(&TYPE_ERROR, "a bytes-like object is required, not 'str'")),
        _ => Err(no_attribute(heap, value, "replace")),
    }
}

/// `unquote_to_bytes(string)`
pub fn unquote_to_bytes<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([value], []) = args.bind_def(heap, "unquote_to_bytes", ["string"], [])?;
    match value {
        Value::Str(text) => Ok(heap.bytes(&unescape(text.as_bytes()))),
        Value::Bytes(bytes) => Ok(heap.bytes(&unescape(bytes))),
        _ => Err(no_attribute(heap, value, "split")),
    }
}
