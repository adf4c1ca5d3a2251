//! `%`, `format`, `str.format` and f-strings.

mod fields;
mod float;
mod percent;
mod spec;

use bumpalo::collections::String as BumpString;

pub use fields::{format_map_method, format_method};
pub use float::{Style, float_digits};
pub use percent::{percent, percent_bytes};

use super::args::text_argument;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, repr_text, to_text, type_of};

/// `format(value, format_spec='')`
pub fn format_builtin<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "format", 1, 2)?;
    let spec = arguments.get(1).map_or(Ok(""), |spec| text_argument(heap, "format", "2", *spec))?;
    format_value(heap, arguments[0], None, spec)
}

/// What a field of an f-string or of `str.format` comes to: `{value!conversion:spec}`.
///
/// # Errors
/// `ValueError` for a specification that does not fit, and what `repr` and `str` raise.
pub fn format_value<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    conversion: Option<char>,
    spec: &str,
) -> Outcome<'a> {
    let value = converted(heap, value, conversion)?;
    if spec.is_empty()
        && let Value::Str(_) = value
    {
        return Ok(value);
    }
    let mut out = BumpString::new_in(heap.bump());
    push_value(heap, value, spec, &mut out)?;
    Ok(heap.text(out.into_bump_str()))
}

/// The value after `!r`, `!s` or `!a`.
fn converted<'a>(heap: &Heap<'a>, value: Value<'a>, conversion: Option<char>) -> Outcome<'a> {
    match (conversion, value) {
        (None, _) | (Some('s'), Value::Str(_)) => Ok(value),
        (Some('s'), _) => Ok(heap.text(to_text(heap, value)?)),
        (Some('r'), _) => Ok(heap.text(repr_text(heap, value)?)),
        (Some('a'), _) => Ok(heap.text(ascii(heap, value)?)),
        (Some(other), _) => {
            let other = if other > ' ' && other.is_ascii() {
                other.to_string()
            } else {
                format!("\\x{:x}", u32::from(other))
            };
            Err(heap.raise(&VALUE_ERROR, format!("Unknown conversion specifier {other}")))
        }
    }
}

/// `ascii(value)`: its `repr`, with escapes for what is beyond ASCII.
///
/// # Errors
/// What `repr` raises.
pub fn ascii<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    let text = repr_text(heap, value)?;
    if text.is_ascii() {
        return Ok(text);
    }
    let mut out = BumpString::with_capacity_in(text.len() * 2, heap.bump());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&super::text::escaped(c));
        }
    }
    Ok(out.into_bump_str())
}

/// Appends `format(value, spec)`.
fn push_value<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    spec: &str,
    out: &mut BumpString<'a>,
) -> Result<(), Raised> {
    if let Value::Object(object) = value
        && let Some(method) = object.class.method("__format__")
    {
        let arguments = [value, heap.str(spec)];
        let formatted = (method.call)(heap, Args { positional: &arguments, keywords: &[] })?;
        out.push_str(to_text(heap, formatted)?);
        return Ok(());
    }
    if spec.is_empty() {
        push_text(heap, value, out)?;
        return Ok(());
    }
    match value {
        Value::Str(text) => spec::push_str(heap, text, spec, out),
        Value::Int(_) | Value::Big(_) | Value::Bool(_) => spec::push_int(heap, value, spec, out),
        Value::Float(number) => spec::push_float(heap, number.get(), spec, out),
        _ => {
            let class = type_of(value).name;
            let message = format!("unsupported format string passed to {class}.__format__");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

/// Appends `str(value)`.
fn push_text<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut BumpString<'a>) -> Result<(), Raised> {
    match value {
        Value::Str(text) => out.push_str(text),
        Value::Int(number) => push_decimal(number, out),
        _ => out.push_str(to_text(heap, value)?),
    }
    Ok(())
}

/// Appends a number in decimal, without a detour over memory of its own.
fn push_decimal(number: i64, out: &mut BumpString<'_>) {
    use std::fmt::Write as _;
    write!(out, "{number}").expect("a string takes every write");
}
