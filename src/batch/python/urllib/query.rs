//! Queries: `a=1&b=2`.

use super::quote::{Codec, quoted, unquoted};
use super::{coerce, value_of};
use crate::batch::python::args::{collect, index};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Heap, Outcome, Raised, Value, call, get_attribute, iterate, str as str_into, truth,
};

const OPTIONS: [&str; 6] =
    ["keep_blank_values", "strict_parsing", "encoding", "errors", "max_num_fields", "separator"];

/// The pairs of a query, decoded, and whether they are bytes.
fn pairs<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<Vec<(Value<'a>, Value<'a>)>, Raised> {
    let ([query], [blank, strict, encoding, errors, most, separator]) =
        args.bind_def(heap, name, ["qs"], OPTIONS)?;
    let query = coerce(heap, [query])?;
    let separator = match separator {
        None => "&",
        Some(separator) => coerce(heap, [separator])?.texts[0],
    };
    let fail = |message: String| Err(heap.raise(&VALUE_ERROR, message));
    if separator.is_empty() {
        return fail(String::from("Separator must be of type string or bytes."));
    }
    let (blank, strict) = (blank.is_some_and(truth), strict.is_some_and(truth));
    let text = query.texts[0];
    if let Some(most) = most.filter(|most| !most.is_none()) {
        let fields = if text.is_empty() { 0 } else { 1 + text.matches(separator).count() };
        if index(heap, most)? < i64::try_from(fields).unwrap_or(i64::MAX) {
            return fail(String::from("Max number of fields exceeded"));
        }
    }
    let mut found = Vec::new();
    for field in text.split(separator).filter(|_| !text.is_empty()) {
        heap.check()?;
        if field.is_empty() && !strict {
            continue;
        }
        let (name, value) = match field.split_once('=') {
            Some(pair) => pair,
            None if strict => {
                let mut shown = Vec::new();
                crate::batch::repr_into(field, &mut shown);
                return fail(format!("bad query field: {}", String::from_utf8_lossy(&shown)));
            }
            None if blank => (field, ""),
            None => continue,
        };
        if !value.is_empty() || blank {
            let part = |part: &str| {
                let part = unquoted(heap, &part.replace('+', " "), [encoding, errors])?;
                Ok(value_of(heap, &part, query.bytes))
            };
            found.push((part(name)?, part(value)?));
        }
    }
    Ok(found)
}

/// `parse_qsl(qs, keep_blank_values=False, strict_parsing=False, …)`
pub fn parse_qsl<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let found = pairs(heap, "parse_qsl", args)?;
    Ok(heap.list(found.into_iter().map(|(name, value)| heap.pair(name, value))))
}

/// `parse_qs(qs, keep_blank_values=False, strict_parsing=False, …)`
pub fn parse_qs<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let dict = heap.dict();
    for (name, value) in pairs(heap, "parse_qs", args)? {
        match dict.get(heap, name)? {
            Some(Value::List(list)) => list.items.borrow_mut().push(value),
            _ => dict.insert(heap, name, heap.list([value]))?,
        }
    }
    Ok(Value::Dict(dict))
}

/// `urlencode(query, doseq=False, safe='', encoding=None, errors=None, quote_via=quote_plus)`
pub fn urlencode<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let options = ["doseq", "safe", "encoding", "errors", "quote_via"];
    let ([query], [each, safe, encoding, errors, via]) =
        args.bind_def(heap, "urlencode", ["query"], options)?;
    let coder = Coder { safe, codec: [encoding, errors], via };
    let each = each.is_some_and(truth);
    let items = match query {
        Value::Dict(_) => {
            let items = get_attribute(heap, query, "items")?;
            call(heap, items, Args { positional: &[], keywords: &[] })?
        }
        Value::List(_) | Value::Tuple(_) | Value::Pair(_) => query,
        Value::Str(&"") => query,
        _ => return Err(no_sequence(heap)),
    };
    let mut fields = Vec::new();
    for (place, item) in collect(heap, items)?.into_iter().enumerate() {
        heap.check()?;
        if place == 0 && item.as_tuple().is_none() {
            return Err(no_sequence(heap));
        }
        let pair = collect(heap, item)?;
        let [key, value] = pair[..] else {
            let message = if pair.len() < 2 {
                format!("not enough values to unpack (expected 2, got {})", pair.len())
            } else {
                String::from("too many values to unpack (expected 2)")
            };
            return Err(heap.raise(&VALUE_ERROR, message));
        };
        let key = coder.code(heap, key)?;
        let is_sequence = each
            && matches!(
                value,
                Value::List(_)
                    | Value::Tuple(_)
                    | Value::Pair(_)
                    | Value::Dict(_)
                    | Value::Set(_)
                    | Value::Range(_)
            );
        if is_sequence {
            let values = iterate(heap, value)?;
            while let Some(value) = values.next(heap)? {
                fields.push(format!("{key}={}", coder.code(heap, value)?));
            }
        } else {
            fields.push(format!("{key}={}", coder.code(heap, value)?));
        }
    }
    Ok(heap.str(&fields.join("&")))
}

fn no_sequence(heap: &Heap<'_>) -> Raised {
    heap.raise(&TYPE_ERROR, "not a valid non-string sequence or mapping object")
}

/// How the parts of a query are encoded.
struct Coder<'a> {
    safe: Option<Value<'a>>,
    codec: Codec<'a>,
    /// A function instead of `quote_plus`.
    via: Option<Value<'a>>,
}

impl<'a> Coder<'a> {
    fn code(&self, heap: &Heap<'a>, value: Value<'a>) -> Result<String, Raised> {
        let (value, codec) = match value {
            Value::Bytes(_) => (value, [None, None]),
            Value::Str(_) => (value, self.codec),
            _ => {
                let mut text = Vec::new();
                str_into(heap, value, &mut text)?;
                (heap.str(&String::from_utf8_lossy(&text)), self.codec)
            }
        };
        let Some(via) = self.via else {
            return quoted(heap, value, self.safe, "", codec, true);
        };
        let none = Value::None;
        let all = [
            value,
            self.safe.unwrap_or_else(|| heap.str("")),
            codec[0].unwrap_or(none),
            codec[1].unwrap_or(none),
        ];
        let given = if matches!(value, Value::Bytes(_)) { &all[..2] } else { &all[..] };
        let made = call(heap, via, Args { positional: given, keywords: &[] })?;
        match made.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(heap.raise(&TYPE_ERROR, "quote_via must give a str")),
        }
    }
}
