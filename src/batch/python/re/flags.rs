//! `re.RegexFlag`: the flags of a pattern as objects, which add up with `|`.

use super::{ASCII, BYTES, DEBUG, DOTALL, IGNORECASE, LOCALE, MULTILINE, TEMPLATE, UNICODE, VERBOSE};
use crate::batch::python::args::index;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Binary, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, type_of};

/// `re.RegexFlag`
pub static REGEX_FLAG: TypeInfo = TypeInfo {
    name: "re.RegexFlag",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        repr: Some(repr),
        truth: Some(|object| bits(object) != 0),
        equal: Some(|_, object, other| Ok(number(other).map(|other| other == i64::from(bits(object))))),
        hash: Some(|object| u64::from(bits(object))),
        attribute: Some(|_, object, name| (name == "value").then(|| Ok(Value::Int(i64::from(bits(object)))))),
        binary: Some(binary),
        encode: Some(|object, out| out.extend_from_slice(&bits(object).to_le_bytes())),
        decode: Some(|heap, bytes, _| {
            flag(heap, u32::from_le_bytes(bytes.try_into().expect("flags are encoded in four bytes")))
        }),
        ..Hooks::NONE
    },
};

/// Every flag, in the order in which they are printed.
const NAMES: [(&str, &str, u32); 9] = [
    ("TEMPLATE", "T", TEMPLATE),
    ("IGNORECASE", "I", IGNORECASE),
    ("LOCALE", "L", LOCALE),
    ("MULTILINE", "M", MULTILINE),
    ("DOTALL", "S", DOTALL),
    ("UNICODE", "U", UNICODE),
    ("VERBOSE", "X", VERBOSE),
    ("DEBUG", "", DEBUG),
    ("ASCII", "A", ASCII),
];

/// The flag of that long or short name.
pub fn by_name(name: &str) -> Option<u32> {
    if name == "NOFLAG" {
        return Some(0);
    }
    let named = |(long, short, _): &&(&str, &str, u32)| *long == name || !short.is_empty() && *short == name;
    NAMES.iter().find(named).map(|(_, _, flag)| *flag)
}

/// A flag object.
pub fn flag<'a>(heap: &Heap<'a>, bits: u32) -> Value<'a> {
    heap.object(Object { class: &REGEX_FLAG, data: heap.bump().alloc(bits), fields: &[] })
}

/// The names of the flags, joined by `|`.
pub fn names(bits: u32) -> String {
    let mut rest = bits;
    let mut parts = Vec::new();
    for (name, _, flag) in NAMES {
        if rest & flag != 0 {
            parts.push(format!("re.{name}"));
            rest &= !flag;
        }
    }
    if rest != 0 {
        parts.push(format!("{rest:#x}"));
    }
    parts.join("|")
}

/// The flags that a function was given: flag objects, or numbers.
///
/// # Errors
/// `TypeError` for anything else; `ValueError` for flags that a pattern of text cannot have.
pub fn flags_of(heap: &Heap<'_>, flags: Option<Value<'_>>) -> Result<u32, Raised> {
    let Some(flags) = flags else { return Ok(0) };
    let number = match number(flags) {
        Some(number) => number,
        None if matches!(flags, Value::Big(_)) => index(heap, flags)?,
        None => {
            let class = type_of(flags).name;
            let message = format!("unsupported operand type(s) for &: '{class}' and 'RegexFlag'");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    match u32::try_from(number) {
        Ok(bits) if bits & DEBUG != 0 => Err(heap.raise(&VALUE_ERROR, "re.DEBUG is not supported")),
        Ok(bits) if bits & LOCALE != 0 => {
            Err(heap.raise(&VALUE_ERROR, "cannot use LOCALE flag with a str pattern"))
        }
        Ok(bits) if bits < BYTES => Ok(bits),
        _ => Err(heap.raise(&VALUE_ERROR, format!("{number} is not a valid RegexFlag"))),
    }
}

fn bits(object: &Object<'_>) -> u32 {
    object.data.downcast_ref().copied().unwrap_or(0)
}

fn number(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Object(object) if object.class.is(&REGEX_FLAG) => Some(i64::from(bits(object))),
        _ => value.as_int(),
    }
}

fn repr<'a>(_: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let names = if bits(object) == 0 { String::from("re.NOFLAG") } else { names(bits(object)) };
    out.extend_from_slice(names.as_bytes());
    Ok(())
}

fn binary<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    _reflected: bool,
) -> Option<Outcome<'a>> {
    let (one, other) = (bits(object), u32::try_from(number(other)?).ok()?);
    let bits = match op {
        Binary::Or => one | other,
        Binary::And => one & other,
        Binary::Xor => one ^ other,
        // What else numbers can do makes numbers, and nobody does it.
        _ => return None,
    };
    Some(Ok(flag(heap, bits)))
}
