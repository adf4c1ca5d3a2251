//! `str.translate` and the tables it takes.

use bumpalo::collections::String as BumpString;

use super::{finished, length};
use crate::batch::python::args::text_argument;
use crate::batch::value::exceptions::{LOOKUP_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::DICT;
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, get_item};

/// `str.maketrans(x, y=None, z=None)`
pub fn maketrans<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "str.maketrans", 1, 3)?;
    let table = heap.dict();
    let code = |c: char| Value::Int(i64::from(u32::from(c)));
    if let [from, to, rest @ ..] = arguments {
        let to = text_argument(heap, "str.maketrans", "2", *to)?;
        let Value::Str(from) = from else {
            let message = "first maketrans argument must be a string if there is a second argument";
            return Err(heap.raise(&TYPE_ERROR, message));
        };
        if length(from) != length(to) {
            let message = "the first two maketrans arguments must have equal length";
            return Err(heap.raise(&VALUE_ERROR, message));
        }
        let dropped = match rest {
            [dropped] => text_argument(heap, "str.maketrans", "3", *dropped)?,
            _ => "",
        };
        for (from, to) in from.chars().zip(to.chars()) {
            table.insert(heap, code(from), code(to))?;
        }
        for dropped in dropped.chars() {
            table.insert(heap, code(dropped), Value::None)?;
        }
        return Ok(Value::Dict(table));
    }
    let Value::Dict(given) = arguments[0] else {
        let message = "if you give only one argument to maketrans it must be a dict";
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    for (key, value) in given.entries() {
        let key = match key {
            Value::Str(text) => {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => code(c),
                    _ => {
                        let message = "string keys in translate table must be of length 1";
                        return Err(heap.raise(&VALUE_ERROR, message));
                    }
                }
            }
            Value::Int(_) | Value::Bool(_) | Value::Big(_) => key,
            _ => {
                let message = "keys in translate table must be strings or integers";
                return Err(heap.raise(&TYPE_ERROR, message));
            }
        };
        table.insert(heap, key, value)?;
    }
    Ok(Value::Dict(table))
}

/// What the table has for a character, if it has anything.
fn looked_up<'a>(heap: &Heap<'a>, table: Value<'a>, c: char) -> Result<Option<Value<'a>>, Raised> {
    let code = Value::Int(i64::from(u32::from(c)));
    match get_item(heap, table, code) {
        Ok(value) => Ok(Some(value)),
        Err(_) => {
            let exception = heap.caught();
            match exception {
                Value::Object(object) if object.class.is(&LOOKUP_ERROR) => Ok(None),
                _ => Err(heap.throw(exception)),
            }
        }
    }
}

/// `str.translate(table)`
pub fn translate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = super::this(heap, args, "str.translate")?;
    let table = args.one(heap, "str.translate")?;
    let mut out = BumpString::with_capacity_in(text.len(), heap.bump());
    for c in text.chars() {
        let found = match table {
            // Others may have something for every character.
            Value::Dict(dict) if std::ptr::eq(dict.class, &DICT) => {
                dict.get(heap, Value::Int(i64::from(u32::from(c))))?
            }
            _ => looked_up(heap, table, c)?,
        };
        match found {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Str(text)) => out.push_str(text),
            Some(other) => {
                let Some(code) = other.as_int() else {
                    let message = "character mapping must return integer, None or str";
                    return Err(heap.raise(&TYPE_ERROR, message));
                };
                match u32::try_from(code).ok().filter(|code| *code < 0x11_0000) {
                    // Half of a surrogate pair is no character here.
                    Some(code) => out.push(char::from_u32(code).unwrap_or('\u{fffd}')),
                    None => {
                        let message = "character mapping must be in range(0x110000)";
                        return Err(heap.raise(&VALUE_ERROR, message));
                    }
                }
            }
        }
    }
    heap.check_memory(0)?;
    Ok(finished(heap, out))
}
