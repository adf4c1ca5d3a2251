//! `datetime.datetime`

use std::cmp::Ordering;

use super::calendar::{Date, Moment, SECOND, Time};
use super::clock::{self, timespec};
use super::constructors;
use super::date::{self, DATE};
use super::format::{Extras, Parts};
use super::{Called, bind, delta, iso_time, local, part_or, value_error, zone};
use crate::batch::python::args::{class_of_argument, native, wrong_object};
use crate::batch::python::time::struct_time;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Binary, Heap, Hooks, Native, Object, Outcome, Raised, TypeInfo, Value};

/// `datetime.datetime`; its one field, if there is one, is its zone.
pub static DATETIME: TypeInfo = TypeInfo {
    name: "datetime.datetime",
    base: Some(&DATE),
    new: Some(constructors::new),
    methods: METHODS,
    hooks: Hooks {
        repr: Some(repr),
        str: Some(|heap, object, out| {
            let (moment, zone) = read(object);
            out.extend_from_slice(shown(heap, moment, zone, ' ', "auto")?.as_bytes());
            Ok(())
        }),
        equal: Some(|_, object, other| {
            let this = key(read(object));
            Ok(of(other).map(|other| this == key(other)))
        }),
        order: Some(order),
        hash: Some(|object| key(read(object)).1.unsigned_abs()),
        attribute: Some(|_, object, name| {
            let (moment, zone) = read(object);
            let found = date::attribute(moment.date, name);
            found.or_else(|| clock::attribute(moment.time, zone, name)).map(Ok)
        }),
        class_attribute: Some(|heap, name| match name {
            "min" => Some(make(heap, Moment { date: Date::MIN, time: Time::default() }, Value::None)),
            "max" => Some(make(heap, Moment { date: Date::MAX, time: Time::MAX }, Value::None)),
            "resolution" => delta::make(heap, 1).ok(),
            _ => None,
        }),
        binary: Some(arithmetic),
        encode: Some(|object, out| {
            let (moment, _) = read(object);
            out.extend_from_slice(&moment.micros().to_le_bytes());
            out.push(moment.time.fold);
        }),
        decode: Some(|heap, bytes, fields| {
            let (micros, fold) = bytes.split_first_chunk().expect("a datetime is encoded in nine bytes");
            let mut moment =
                Moment::from_micros(i64::from_le_bytes(*micros)).expect("what was encoded is in range");
            moment.time.fold = fold.first().copied().unwrap_or(0);
            make(heap, moment, fields.first().copied().unwrap_or(Value::None))
        }),
        ..Hooks::NONE
    },
};

static METHODS: &[Native] = &[
    native("now", constructors::now),
    native("utcnow", constructors::utcnow),
    native("today", constructors::today),
    native("fromtimestamp", constructors::fromtimestamp),
    native("utcfromtimestamp", constructors::utcfromtimestamp),
    native("fromordinal", constructors::fromordinal),
    native("fromisoformat", constructors::fromisoformat),
    native("fromisocalendar", constructors::fromisocalendar),
    native("strptime", constructors::strptime),
    native("combine", constructors::combine),
    native("replace", replace),
    native("astimezone", astimezone),
    native("isoformat", isoformat),
    native("date", |heap, args| {
        simple(heap, "date", args, |heap, (moment, _)| Ok(date::make(heap, moment.date)))
    }),
    native("time", |heap, args| {
        simple(heap, "time", args, |heap, (moment, _)| Ok(clock::make(heap, moment.time, Value::None)))
    }),
    native("timetz", |heap, args| {
        simple(heap, "timetz", args, |heap, (moment, zone)| Ok(clock::make(heap, moment.time, zone)))
    }),
    native("timestamp", |heap, args| simple(heap, "timestamp", args, timestamp)),
    native("timetuple", |heap, args| {
        simple(heap, "timetuple", args, |heap, (moment, _)| {
            Ok(struct_time(heap, &Parts::of(moment), -1, None))
        })
    }),
    native("utctimetuple", |heap, args| {
        simple(heap, "utctimetuple", args, |heap, found| {
            let moment = Moment::from_micros(key(found).1).ok_or_else(|| date::out_of_range(heap))?;
            Ok(struct_time(heap, &Parts::of(moment), 0, None))
        })
    }),
    native("utcoffset", |heap, args| {
        simple(heap, "utcoffset", args, |heap, (_, zone)| match zone::offset_of(zone) {
            Some(offset) => delta::make(heap, i128::from(offset)),
            None => Ok(Value::None),
        })
    }),
    native("tzname", |heap, args| {
        simple(heap, "tzname", args, |heap, (_, zone)| {
            Ok(zone::of(zone).map_or(Value::None, |(_, name)| heap.str(&name)))
        })
    }),
    native("dst", |heap, args| simple(heap, "dst", args, |_, _| Ok(Value::None))),
];

fn read<'a>(object: &Object<'a>) -> (Moment, Value<'a>) {
    let moment = *object.data.downcast_ref().expect("a datetime holds its moment");
    (moment, object.fields.first().copied().unwrap_or(Value::None))
}

/// Moment and zone, if this is a `datetime`.
pub fn of(value: Value<'_>) -> Option<(Moment, Value<'_>)> {
    match value {
        Value::Object(object) if object.class.is(&DATETIME) => Some(read(object)),
        _ => None,
    }
}

/// The fields of a time with a zone, or with none.
pub fn zone_field<'a>(heap: &Heap<'a>, zone: Value<'a>) -> &'a [Value<'a>] {
    if zone.is_none() { &[] } else { heap.bump().alloc_slice_copy(&[zone]) }
}

/// A `datetime`; `None` for no zone.
pub fn make<'a>(heap: &Heap<'a>, moment: Moment, zone: Value<'a>) -> Value<'a> {
    let fields = zone_field(heap, zone);
    heap.object(Object { class: &DATETIME, data: heap.bump().alloc(moment), fields })
}

/// Whether there is a zone, and the microseconds in Greenwich.
fn key((moment, zone): (Moment, Value<'_>)) -> (bool, i64) {
    let offset = zone::offset_of(zone);
    (offset.is_some(), moment.micros() - offset.unwrap_or(0))
}

fn order<'a>(heap: &Heap<'a>, object: &Object<'a>, other: Value<'a>) -> Result<Option<Ordering>, Raised> {
    let Some(found) = of(other) else {
        return if date::of(other).is_some() { Err(date::incomparable(heap)) } else { Ok(None) };
    };
    let ((aware, this), (other_aware, other)) = (key(read(object)), key(found));
    if aware != other_aware {
        return Err(heap.raise(&TYPE_ERROR, "can't compare offset-naive and offset-aware datetimes"));
    }
    Ok(Some(this.cmp(&other)))
}

fn arithmetic<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    let (moment, zone) = read(object);
    if let Some(delta) = delta::of(other) {
        let moved = |micros: i128| {
            let micros = i64::try_from(i128::from(moment.micros()) + micros).ok();
            match micros.and_then(Moment::from_micros) {
                Some(moment) => Ok(make(heap, moment, zone)),
                None => Err(date::out_of_range(heap)),
            }
        };
        return match (op, reflected) {
            (Binary::Add, _) => Some(moved(delta.0)),
            (Binary::Sub, false) => Some(moved(-delta.0)),
            _ => None,
        };
    }
    if op != Binary::Sub || reflected {
        return None;
    }
    let ((aware, this), (other_aware, other)) = (key((moment, zone)), key(of(other)?));
    if aware != other_aware {
        let message = "can't subtract offset-naive and offset-aware datetimes";
        return Some(Err(heap.raise(&TYPE_ERROR, message)));
    }
    Some(delta::make(heap, i128::from(this) - i128::from(other)))
}

/// As ISO 8601 writes it, with `separator` between date and time.
fn shown<'a>(
    heap: &Heap<'a>,
    moment: Moment,
    zone: Value<'a>,
    separator: char,
    timespec: &str,
) -> Result<String, Raised> {
    let time = iso_time(heap, moment.time, timespec)?;
    let offset = zone::offset_of(zone).map(|offset| zone::signed(offset, ":")).unwrap_or_default();
    Ok(format!("{}{separator}{time}{offset}", date::shown(moment.date)))
}

fn repr<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let (Moment { date: Date { year, month, day }, time }, zone) = read(object);
    let Time { hour, minute, .. } = time;
    let start = format!("datetime.datetime({year}, {month}, {day}, {hour}, {minute}");
    out.extend_from_slice(start.as_bytes());
    clock::repr_rest(heap, time, zone, out)
}

/// What `strftime` needs beside the parts.
pub fn extras(moment: Moment, zone: Value<'_>) -> Extras {
    let (offset, name) = match zone::of(zone) {
        Some((offset, name)) => (zone::signed(offset, ""), name),
        None => (String::new(), String::new()),
    };
    let since_epoch = moment.since_epoch().div_euclid(SECOND) - local::offset_of(moment);
    Extras { micro: Some(moment.time.micro), offset, zone: name, since_epoch }
}

/// The moment that a method is called of, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'s, 'a>,
) -> Result<((Moment, Value<'a>), Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, &format!("datetime.{name}"))?;
    match of(object) {
        Some(found) => Ok((found, args)),
        None => Err(wrong_object(heap, &format!("datetime.{name}"), object)),
    }
}

/// A method without arguments.
fn simple<'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
    method: fn(&Heap<'a>, (Moment, Value<'a>)) -> Outcome<'a>,
) -> Outcome<'a> {
    let (found, args) = this(heap, name, args)?;
    args.nothing(heap, &format!("datetime.{name}"))?;
    method(heap, found)
}

/// Microseconds since 1970 of a moment, which is local where it has no zone.
fn since_epoch((moment, zone): (Moment, Value<'_>)) -> i64 {
    let offset = zone::offset_of(zone).unwrap_or_else(|| local::offset_of(moment) * SECOND);
    moment.since_epoch() - offset
}

#[allow(clippy::cast_precision_loss, reason = "CPython too gives the nearest float")]
fn timestamp<'a>(heap: &Heap<'a>, found: (Moment, Value<'a>)) -> Outcome<'a> {
    if found.1.is_none() && found.0.date == Date::MIN {
        // CPython looks at the day before, too.
        return Err(value_error(heap, "year 0 is out of range"));
    }
    let micros = since_epoch(found);
    let (seconds, rest) = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
    if found.1.is_none() {
        return Ok(Value::float(seconds as f64 + rest as f64 / 1e6));
    }
    crate::batch::value::binary(heap, Binary::Div, Value::Int(micros), Value::Int(SECOND), false)
}

fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((moment, zone), args) = this(heap, "replace", args)?;
    let given = bind(heap, Called::replace(8), args, constructors::PARAMETERS, 0)?;
    let [year, month, day, time @ ..] = given;
    let date = Date::new(
        part_or(heap, year, i64::from(moment.date.year))?,
        part_or(heap, month, i64::from(moment.date.month))?,
        part_or(heap, day, i64::from(moment.date.day))?,
    );
    let date = date.map_err(|message| value_error(heap, message))?;
    let (time, zone) = clock::of_arguments(heap, time, moment.time, zone)?;
    Ok(make(heap, Moment { date, time }, zone))
}

fn astimezone<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, args) = this(heap, "astimezone", args)?;
    let [zone] = args.bind(heap, "astimezone", ["tz"], 0)?;
    let mut micros = since_epoch(found);
    if found.1.is_none() {
        // Of times that clocks leave out, CPython takes what they show then for the zone.
        let offset = local::at(micros.div_euclid(SECOND)).offset;
        micros = found.0.since_epoch() - offset * SECOND;
    }
    let mut zone = zone::argument(heap, zone)?;
    if zone.is_none() {
        let local = local::at(micros.div_euclid(SECOND));
        let offset = delta::Delta(i128::from(local.offset * SECOND));
        zone = zone::make(heap, offset, Some(heap.str(&local.name)))?;
    }
    let moved = micros + zone::offset_of(zone).unwrap_or(0);
    match Moment::from_epoch(moved) {
        Some(moment) => Ok(make(heap, moment, zone)),
        None => Err(heap.raise(&OVERFLOW_ERROR, "date value out of range")),
    }
}

fn isoformat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ((moment, zone), args) = this(heap, "isoformat", args)?;
    let [separator, spec] = args.bind(heap, "isoformat", ["sep", "timespec"], 0)?;
    let separator = match separator {
        None => 'T',
        Some(value) => {
            let mut chars = value.as_str().unwrap_or_default().chars();
            match (chars.next(), chars.next()) {
                (Some(separator), None) => separator,
                _ => {
                    let class = class_of_argument(value);
                    let message = format!("isoformat() argument 1 must be a unicode character, not {class}");
                    return Err(heap.raise(&TYPE_ERROR, message));
                }
            }
        }
    };
    let spec = timespec(heap, 2, spec)?;
    Ok(heap.str(&shown(heap, moment, zone, separator, spec)?))
}
