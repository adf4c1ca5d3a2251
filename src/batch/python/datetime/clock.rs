//! `datetime.time`

use std::cmp::Ordering;

use super::calendar::{Date, Moment, Time};
use super::delta::{self, Delta};
use super::format::{Parts, strftime};
use super::iso::{self, Zone};
use super::{
    Called, bind, format_argument, iso_fault, iso_text, iso_time, moment, part_or, value_error, zone,
};
use crate::batch::python::args::{class_of_argument, native, wrong_object};
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value};

/// `datetime.time`; its one field, if there is one, is its zone.
pub static TIME: TypeInfo = TypeInfo {
    name: "datetime.time",
    base: Some(&OBJECT),
    new: Some(new),
    methods: &[
        native("fromisoformat", fromisoformat),
        native("replace", replace),
        native("isoformat", isoformat),
        native("strftime", strftime_method),
        native("__format__", format_method),
        native("utcoffset", |heap, args| {
            let zone = zone_of(heap, "utcoffset", args)?;
            zone::of(zone).map_or(Ok(Value::None), |(offset, _)| delta::make(heap, i128::from(offset)))
        }),
        native("tzname", |heap, args| {
            let zone = zone_of(heap, "tzname", args)?;
            Ok(zone::of(zone).map_or(Value::None, |(_, name)| heap.str(&name)))
        }),
        native("dst", |heap, args| zone_of(heap, "dst", args).map(|_| Value::None)),
    ],
    hooks: Hooks {
        repr: Some(repr),
        str: Some(|heap, object, out| {
            let (time, zone) = read(object);
            out.extend_from_slice(shown(heap, time, zone, "auto")?.as_bytes());
            Ok(())
        }),
        equal: Some(|_, object, other| {
            let this = key(read(object));
            Ok(of(other).map(|other| this == key(other)))
        }),
        order: Some(order),
        hash: Some(|object| key(read(object)).1.unsigned_abs()),
        attribute: Some(|_, object, name| {
            let (time, zone) = read(object);
            attribute(time, zone, name).map(Ok)
        }),
        class_attribute: Some(|heap, name| match name {
            "min" => Some(make(heap, Time::default(), Value::None)),
            "max" => Some(make(heap, Time::MAX, Value::None)),
            "resolution" => delta::make(heap, 1).ok(),
            _ => None,
        }),
        encode: Some(|object, out| {
            let (time, _) = read(object);
            out.extend_from_slice(&time.micros().to_le_bytes());
            out.push(time.fold);
        }),
        decode: Some(|heap, bytes, fields| {
            let (micros, fold) = bytes.split_first_chunk().expect("a time is encoded in nine bytes");
            let fold = fold.first().copied().unwrap_or(0);
            let time = Time { fold, ..Time::from_micros(i64::from_le_bytes(*micros)) };
            make(heap, time, fields.first().copied().unwrap_or(Value::None))
        }),
        ..Hooks::NONE
    },
};

fn read<'a>(object: &Object<'a>) -> (Time, Value<'a>) {
    let time = *object.data.downcast_ref().expect("a time holds its parts");
    (time, object.fields.first().copied().unwrap_or(Value::None))
}

/// Time and zone, if this is a `time`.
pub fn of(value: Value<'_>) -> Option<(Time, Value<'_>)> {
    match value {
        Value::Object(object) if object.class.is(&TIME) => Some(read(object)),
        _ => None,
    }
}

/// A `time`; `None` for no zone.
pub fn make<'a>(heap: &Heap<'a>, time: Time, zone: Value<'a>) -> Value<'a> {
    let fields = moment::zone_field(heap, zone);
    heap.object(Object { class: &TIME, data: heap.bump().alloc(time), fields })
}

/// Whether there is a zone, and the microseconds since midnight in Greenwich.
fn key((time, zone): (Time, Value<'_>)) -> (bool, i64) {
    let offset = zone::offset_of(zone);
    (offset.is_some(), time.micros() - offset.unwrap_or(0))
}

fn order<'a>(heap: &Heap<'a>, object: &Object<'a>, other: Value<'a>) -> Result<Option<Ordering>, Raised> {
    let Some(other) = of(other) else { return Ok(None) };
    let ((aware, this), (other_aware, other)) = (key(read(object)), key(other));
    if aware != other_aware {
        return Err(heap.raise(&TYPE_ERROR, "can't compare offset-naive and offset-aware times"));
    }
    Ok(Some(this.cmp(&other)))
}

/// A part of a time.
pub fn attribute<'a>(time: Time, zone: Value<'a>, name: &str) -> Option<Value<'a>> {
    Some(match name {
        "hour" => Value::Int(i64::from(time.hour)),
        "minute" => Value::Int(i64::from(time.minute)),
        "second" => Value::Int(i64::from(time.second)),
        "microsecond" => Value::Int(i64::from(time.micro)),
        "fold" => Value::Int(i64::from(time.fold)),
        "tzinfo" => zone,
        _ => return None,
    })
}

/// As ISO 8601 writes it.
fn shown<'a>(heap: &Heap<'a>, time: Time, zone: Value<'a>, timespec: &str) -> Result<String, Raised> {
    let offset = zone::offset_of(zone).map(|offset| zone::signed(offset, ":"));
    Ok(iso_time(heap, time, timespec)? + &offset.unwrap_or_default())
}

/// What `repr` shows behind the parts that are always there: seconds, microseconds, zone and fold.
pub fn repr_rest<'a>(heap: &Heap<'a>, time: Time, zone: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    if time.micro != 0 {
        out.extend_from_slice(format!(", {}, {}", time.second, time.micro).as_bytes());
    } else if time.second != 0 {
        out.extend_from_slice(format!(", {}", time.second).as_bytes());
    }
    if time.fold != 0 {
        out.extend_from_slice(b", fold=1");
    }
    if !zone.is_none() {
        out.extend_from_slice(b", tzinfo=");
        crate::batch::value::repr(heap, zone, out)?;
    }
    out.push(b')');
    Ok(())
}

fn repr<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let (time, zone) = read(object);
    out.extend_from_slice(format!("datetime.time({}, {}", time.hour, time.minute).as_bytes());
    repr_rest(heap, time, zone, out)
}

/// The parameters of a time.
pub const PARAMETERS: [&str; 6] = ["hour", "minute", "second", "microsecond", "tzinfo", "fold"];

/// A time and its zone of arguments, where what is missing is taken from another.
///
/// # Errors
/// Parts that are no numbers or out of range.
pub fn of_arguments<'a>(
    heap: &Heap<'a>,
    given: [Option<Value<'a>>; 6],
    otherwise: Time,
    zone: Value<'a>,
) -> Result<(Time, Value<'a>), Raised> {
    let [hour, minute, second, micro, new_zone, fold] = given;
    let parts = [
        part_or(heap, hour, i64::from(otherwise.hour))?,
        part_or(heap, minute, i64::from(otherwise.minute))?,
        part_or(heap, second, i64::from(otherwise.second))?,
        part_or(heap, micro, i64::from(otherwise.micro))?,
        part_or(heap, fold, i64::from(otherwise.fold))?,
    ];
    let time = Time::new(parts[0], parts[1], parts[2], parts[3], parts[4]);
    let time = time.map_err(|message| value_error(heap, message))?;
    Ok((time, zone::argument(heap, Some(new_zone.unwrap_or(zone)))?))
}

fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = bind(heap, Called::constructor(5), args, PARAMETERS, 0)?;
    let (time, zone) = of_arguments(heap, given, Time::default(), Value::None)?;
    Ok(make(heap, time, zone))
}

/// The time that a method is called of, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'s, 'a>,
) -> Result<((Time, Value<'a>), Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, &format!("time.{name}"))?;
    match of(object) {
        Some(found) => Ok((found, args)),
        None => Err(wrong_object(heap, &format!("time.{name}"), object)),
    }
}

/// The zone of the time that a method without arguments is called of.
fn zone_of<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((_, zone), args) = this(heap, name, args)?;
    args.nothing(heap, &format!("time.{name}"))?;
    Ok(zone)
}

fn fromisoformat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = iso_text(heap, "time.fromisoformat", args)?;
    match iso::time(text) {
        Ok((time, found)) => Ok(make(heap, time, iso_zone(heap, found)?)),
        Err(refused) => Err(iso_fault(heap, refused, text)),
    }
}

/// The zone that a text of ISO 8601 tells.
///
/// # Errors
/// `ValueError` for an offset of a day or more.
pub fn iso_zone<'a>(heap: &Heap<'a>, found: Zone) -> Outcome<'a> {
    match found {
        Zone::Naive => Ok(Value::None),
        Zone::Offset(micros) => zone::make(heap, Delta(i128::from(micros)), None),
    }
}

fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((time, zone), args) = this(heap, "replace", args)?;
    let given = bind(heap, Called::replace(5), args, PARAMETERS, 0)?;
    let (time, zone) = of_arguments(heap, given, time, zone)?;
    Ok(make(heap, time, zone))
}

/// The text of the argument `timespec`.
///
/// # Errors
/// `TypeError: isoformat() argument 1 must be str, not int`
pub fn timespec<'a>(heap: &Heap<'a>, place: usize, value: Option<Value<'a>>) -> Result<&'a str, Raised> {
    let Some(value) = value else { return Ok("auto") };
    value.as_str().ok_or_else(|| {
        let class = class_of_argument(value);
        heap.raise(&TYPE_ERROR, format!("isoformat() argument {place} must be str, not {class}"))
    })
}

fn isoformat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((time, zone), args) = this(heap, "isoformat", args)?;
    let [timespec] = args.bind(heap, "isoformat", ["timespec"], 0)?;
    let timespec = self::timespec(heap, 1, timespec)?;
    Ok(heap.str(&shown(heap, time, zone, timespec)?))
}

fn formatted<'a>(heap: &Heap<'a>, time: Time, zone: Value<'a>, format: &str) -> Value<'a> {
    let moment = Moment { date: Date { year: 1900, month: 1, day: 1 }, time };
    let extras = moment::extras(moment, zone);
    heap.str(&strftime(format, &Parts::of(moment), &extras))
}

fn strftime_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((time, zone), args) = this(heap, "strftime", args)?;
    let [format] = args.bind(heap, "strftime", ["format"], 1)?;
    let format = format_argument(heap, "strftime", format.unwrap_or(Value::None))?;
    Ok(formatted(heap, time, zone, format))
}

fn format_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((time, zone), args) = this(heap, "__format__", args)?;
    let format = args.one(heap, "time.__format__")?;
    match format_argument(heap, "__format__", format)? {
        "" => Ok(heap.str(&shown(heap, time, zone, "auto")?)),
        format => Ok(formatted(heap, time, zone, format)),
    }
}
