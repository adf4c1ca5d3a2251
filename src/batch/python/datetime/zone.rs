//! `datetime.timezone`: fixed offsets from UTC. (Of `tzinfo` there are no other classes.)

use super::calendar::{DAY, SECOND};
use super::delta::{self, Delta};
use super::moment::DATETIME;
use crate::batch::python::args::{class_of_argument, native, text_argument};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, type_of};

/// `datetime.tzinfo`
pub static TZINFO: TypeInfo =
    TypeInfo { name: "datetime.tzinfo", base: Some(&OBJECT), new: None, methods: &[], hooks: Hooks::NONE };

/// `datetime.timezone`; its one field, if there is one, is its name.
pub static TIMEZONE: TypeInfo = TypeInfo {
    name: "datetime.timezone",
    base: Some(&TZINFO),
    new: Some(new),
    methods: &[native("utcoffset", utcoffset), native("tzname", tzname), native("dst", dst)],
    hooks: Hooks {
        repr: Some(repr),
        str: Some(|_, object, out| {
            out.extend_from_slice(name_of(object).as_bytes());
            Ok(())
        }),
        equal: Some(|_, object, other| {
            Ok(match other {
                Value::Object(other) if other.class.is(&TIMEZONE) => Some(offset(object) == offset(other)),
                _ => None,
            })
        }),
        hash: Some(|object| offset(object).unsigned_abs()),
        class_attribute: Some(|heap, name| match name {
            "utc" => Some(utc(heap)),
            "min" => Some(wrap(heap, 60 * SECOND - DAY, None)),
            "max" => Some(wrap(heap, DAY - 60 * SECOND, None)),
            _ => None,
        }),
        encode: Some(|object, out| out.extend_from_slice(&offset(object).to_le_bytes())),
        decode: Some(|heap, bytes, fields| {
            let offset = i64::from_le_bytes(bytes.try_into().expect("an offset is encoded in eight bytes"));
            wrap(heap, offset, fields.first().copied())
        }),
        ..Hooks::NONE
    },
};

/// Microseconds east of Greenwich.
#[derive(Debug, Clone, Copy)]
struct Offset(i64);

fn offset(object: &Object<'_>) -> i64 {
    let Offset(micros) = *object.data.downcast_ref().expect("a timezone holds its offset");
    micros
}

fn wrap<'a>(heap: &Heap<'a>, offset: i64, name: Option<Value<'a>>) -> Value<'a> {
    let fields = heap.bump().alloc_slice_fill_iter(name);
    heap.object(Object { class: &TIMEZONE, data: heap.bump().alloc(Offset(offset)), fields })
}

/// `datetime.timezone.utc`
pub fn utc<'a>(heap: &Heap<'a>) -> Value<'a> {
    wrap(heap, 0, None)
}

/// The zone of an offset.
///
/// # Errors
/// `ValueError` for a day or more.
pub fn make<'a>(heap: &Heap<'a>, offset: Delta, name: Option<Value<'a>>) -> Outcome<'a> {
    match offset.micros() {
        Some(micros) if micros.abs() < DAY => Ok(wrap(heap, micros, name)),
        _ => {
            let message = format!(
                "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {}.",
                delta::shown(offset)
            );
            Err(heap.raise(&VALUE_ERROR, message))
        }
    }
}

/// What an object has as its `tzinfo`: microseconds east of Greenwich and the name; `None` without a zone.
pub fn of<'a>(zone: Value<'a>) -> Option<(i64, String)> {
    match zone {
        Value::Object(object) if object.class.is(&TIMEZONE) => Some((offset(object), name_of(object))),
        _ => None,
    }
}

/// The offset alone.
pub fn offset_of(zone: Value<'_>) -> Option<i64> {
    match zone {
        Value::Object(object) if object.class.is(&TIMEZONE) => Some(offset(object)),
        _ => None,
    }
}

/// An argument `tzinfo`.
///
/// # Errors
/// `TypeError: tzinfo argument must be None or of a tzinfo subclass, not type 'int'`.
pub fn argument<'a>(heap: &Heap<'a>, zone: Option<Value<'a>>) -> Outcome<'a> {
    match zone {
        None | Some(Value::None) => Ok(Value::None),
        Some(zone @ Value::Object(object)) if object.class.is(&TIMEZONE) => Ok(zone),
        Some(other) => {
            let class = type_of(other).name;
            let message = format!("tzinfo argument must be None or of a tzinfo subclass, not type '{class}'");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

/// An offset as `+01:00`, with seconds and microseconds if there are any.
pub fn signed(micros: i64, colon: &str) -> String {
    let (sign, rest) = (if micros < 0 { '-' } else { '+' }, micros.abs());
    let seconds = rest / SECOND;
    let mut text = format!("{sign}{:02}{colon}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 || rest % SECOND != 0 {
        text.push_str(&format!("{colon}{:02}", seconds % 60));
    }
    if rest % SECOND != 0 {
        text.push_str(&format!(".{:06}", rest % SECOND));
    }
    text
}

fn name_of(object: &Object<'_>) -> String {
    match object.fields.first().and_then(|name| name.as_str()) {
        Some(name) => name.to_owned(),
        None if offset(object) == 0 => String::from("UTC"),
        None => format!("UTC{}", signed(offset(object), ":")),
    }
}

fn repr<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let offset = offset(object);
    if offset == 0 && object.fields.is_empty() {
        out.extend_from_slice(b"datetime.timezone.utc");
        return Ok(());
    }
    out.extend_from_slice(b"datetime.timezone(");
    out.extend_from_slice(delta::shown(Delta(i128::from(offset))).as_bytes());
    if let Some(name) = object.fields.first() {
        out.extend_from_slice(b", ");
        crate::batch::value::repr(heap, *name, out)?;
    }
    out.push(b')');
    Ok(())
}

fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [offset, name] = args.bind(heap, "timezone", ["offset", "name"], 1)?;
    let offset = offset.unwrap_or(Value::None);
    let Some(delta) = delta::of(offset) else {
        let class = class_of_argument(offset);
        let message = format!("timezone() argument 1 must be datetime.timedelta, not {class}");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    if let Some(name) = name {
        text_argument(heap, "timezone", "2", name)?;
    }
    make(heap, delta, name)
}

/// The zone that a method is called of; its argument must be a `datetime` or `None`.
fn this<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<&'a Object<'a>, Raised> {
    let full = format!("timezone.{name}");
    let (object, args) = args.object(heap, &full)?;
    match args.one(heap, &full)? {
        Value::None => {}
        Value::Object(moment) if moment.class.is(&DATETIME) => {}
        other => {
            let class = type_of(other).name;
            let message = format!("{name}(dt) argument must be a datetime instance or None, not {class}");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    }
    match object {
        Value::Object(zone) if zone.class.is(&TIMEZONE) => Ok(zone),
        _ => Err(crate::batch::python::args::wrong_object(heap, &format!("datetime.{full}"), object)),
    }
}

fn utcoffset<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let zone = this(heap, "utcoffset", args)?;
    delta::make(heap, i128::from(offset(zone)))
}

fn tzname<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let zone = this(heap, "tzname", args)?;
    Ok(heap.str(&name_of(zone)))
}

fn dst<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    this(heap, "dst", args)?;
    Ok(Value::None)
}
