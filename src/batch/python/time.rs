//! `time`: the clock, and times as tuples.
//!
//! `sleep` is refused here: a task that sleeps would hold a worker. (A script may sleep between its statements.)

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::args::{index, native, text_argument};
use super::datetime::calendar::{Date, Moment, SECOND, Time, from_ordinal, ordinal};
use super::datetime::format::{Extras, Parts, strftime};
use super::datetime::scan_fault;
use super::datetime::{local, scan};
use crate::batch::value::exceptions::{NOT_IMPLEMENTED_ERROR, OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::TUPLE;
use crate::batch::value::{
    Args, Heap, Hooks, Module, Native, Object, Outcome, Raised, TypeInfo, Value, type_of,
};

/// `time`
pub static MODULE: Module = Module { name: "time", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[&STRUCT_TIME];

static FUNCTIONS: &[Native] = &[
    native("time", |heap, args| clock(heap, args, "time", now_seconds)),
    native("time_ns", |heap, args| clock(heap, args, "time_ns", |heap| now_nanos(heap).map(Value::Int))),
    native("monotonic", |heap, args| clock(heap, args, "monotonic", |_| Ok(Value::float(running())))),
    native("monotonic_ns", |heap, args| clock(heap, args, "monotonic_ns", |_| Ok(running_nanos()))),
    native("perf_counter", |heap, args| clock(heap, args, "perf_counter", |_| Ok(Value::float(running())))),
    native("perf_counter_ns", |heap, args| clock(heap, args, "perf_counter_ns", |_| Ok(running_nanos()))),
    native("sleep", sleep),
    native("gmtime", gmtime),
    native("localtime", localtime),
    native("mktime", mktime),
    native("strftime", strftime_function),
    native("strptime", strptime),
    native("asctime", asctime),
    native("ctime", ctime),
];

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) {
        return Some(Value::Native(function));
    }
    match name {
        "struct_time" => Some(Value::Type(&STRUCT_TIME)),
        "timezone" => Some(Value::Int(-local::both()[0].offset)),
        "altzone" => Some(Value::Int(-local::both()[1].offset)),
        "daylight" => Some(Value::Int(i64::from(local::both()[1].is_dst))),
        "tzname" => {
            let [standard, daylight] = local::both();
            Some(heap.pair(heap.str(&standard.name), heap.str(&daylight.name)))
        }
        _ => None,
    }
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn now_seconds_whole() -> i64 {
    i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)
}

/// Microseconds since 1970.
///
/// # Errors
/// `OverflowError` where the machine's clock is beyond reason.
pub fn now_micros(heap: &Heap<'_>) -> Result<i64, Raised> {
    i64::try_from(since_epoch().as_micros())
        .map_err(|_| heap.raise(&OVERFLOW_ERROR, "the clock is out of range"))
}

fn now_nanos(heap: &Heap<'_>) -> Result<i64, Raised> {
    i64::try_from(since_epoch().as_nanos())
        .map_err(|_| heap.raise(&OVERFLOW_ERROR, "the clock is out of range"))
}

fn now_seconds<'a>(_: &Heap<'a>) -> Outcome<'a> {
    Ok(Value::float(since_epoch().as_secs_f64()))
}

/// How long the process has had its clock.
fn elapsed() -> std::time::Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn running() -> f64 {
    elapsed().as_secs_f64()
}

fn running_nanos<'a>() -> Value<'a> {
    Value::Int(i64::try_from(elapsed().as_nanos()).unwrap_or(i64::MAX))
}

fn clock<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    read: fn(&Heap<'a>) -> Outcome<'a>,
) -> Outcome<'a> {
    args.nothing(heap, &format!("time.{name}"))?;
    read(heap)
}

fn sleep<'a>(heap: &Heap<'a>, _: Args<'_, 'a>) -> Outcome<'a> {
    let message = "time.sleep is not supported in functions that run on records: it would hold up a worker";
    Err(heap.raise(&NOT_IMPLEMENTED_ERROR, message))
}

const NAMES: [&str; 9] =
    ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"];

/// `time.struct_time`: nine items with names. Zone and offset are attributes beside them.
pub static STRUCT_TIME: TypeInfo = TypeInfo {
    name: "time.struct_time",
    base: Some(&TUPLE),
    new: Some(new_struct_time),
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, object, out| {
            out.extend_from_slice(b"time.struct_time(");
            for (place, (name, value)) in NAMES.iter().zip(object.fields).enumerate() {
                out.extend_from_slice(if place == 0 { b"" } else { b", " });
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                crate::batch::value::repr(heap, *value, out)?;
            }
            out.push(b')');
            Ok(())
        }),
        attribute: Some(attribute),
        is_tuple: true,
        encode: Some(|object, out| {
            if let Some(zone) = object.data.downcast_ref::<ZoneNote>() {
                out.extend_from_slice(&zone.offset.to_le_bytes());
                out.extend_from_slice(zone.name().as_bytes());
            }
        }),
        decode: Some(|heap, bytes, fields| {
            let zone = bytes.split_first_chunk().map(|(offset, name)| {
                (i64::from_le_bytes(*offset), String::from_utf8_lossy(name).into_owned())
            });
            with_zone(heap, fields, zone)
        }),
        ..Hooks::NONE
    },
};

/// The zone of a `struct_time`: plain data, so that it can lie in an arena.
#[derive(Debug, Clone, Copy)]
struct ZoneNote {
    /// Seconds east of Greenwich.
    offset: i64,
    length: usize,
    name: [u8; 32],
}

impl ZoneNote {
    fn new(offset: i64, name: &str) -> ZoneNote {
        let mut note = ZoneNote { offset, length: 0, name: [0; 32] };
        for c in name.chars() {
            let Some(place) = note.name.get_mut(note.length..note.length + c.len_utf8()) else { break };
            c.encode_utf8(place);
            note.length += c.len_utf8();
        }
        note
    }

    fn name(&self) -> &str {
        std::str::from_utf8(&self.name[..self.length]).unwrap_or_default()
    }
}

fn with_zone<'a>(heap: &Heap<'a>, fields: &'a [Value<'a>], zone: Option<(i64, String)>) -> Value<'a> {
    match zone {
        Some((offset, name)) => {
            let data = heap.bump().alloc(ZoneNote::new(offset, &name));
            heap.object(Object { class: &STRUCT_TIME, data, fields })
        }
        None => heap.object(Object { class: &STRUCT_TIME, data: &(), fields }),
    }
}

/// A `struct_time`; the zone has an offset in seconds and a name.
pub fn struct_time<'a>(
    heap: &Heap<'a>,
    parts: &Parts,
    is_dst: i64,
    zone: Option<(i64, String)>,
) -> Value<'a> {
    let Parts { year, month, day, hour, minute, second, weekday, day_of_year } = *parts;
    let numbers = [year, month, day, hour, minute, second, weekday, day_of_year, is_dst];
    let fields = heap.bump().alloc_slice_copy(&numbers.map(Value::Int));
    with_zone(heap, fields, zone)
}

fn attribute<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    if let Some(place) = NAMES.iter().position(|known| *known == name) {
        return object.fields.get(place).copied().map(Ok);
    }
    let zone = object.data.downcast_ref::<ZoneNote>();
    match name {
        "tm_gmtoff" => Some(Ok(zone.map_or(Value::None, |zone| Value::Int(zone.offset)))),
        "tm_zone" => Some(Ok(zone.map_or(Value::None, |zone| heap.str(zone.name())))),
        "n_fields" => Some(Ok(Value::Int(11))),
        "n_sequence_fields" => Some(Ok(Value::Int(9))),
        _ => None,
    }
}

fn new_struct_time<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [sequence] = args.bind(heap, "structseq", ["sequence"], 1)?;
    let items = super::args::collect(heap, sequence.unwrap_or(Value::None))?;
    match items.len() {
        9..=11 => Ok(with_zone(heap, heap.bump().alloc_slice_copy(&items[..9]), None)),
        length => {
            let (bound, number) = if length < 9 { ("at least 9", length) } else { ("at most 11", length) };
            let message = format!("time.struct_time() takes an {bound}-sequence ({number}-sequence given)");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

/// Seconds since 1970 of an argument; now, where there is none.
fn seconds_argument<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<i64, Raised> {
    let too_large = || heap.raise(&OVERFLOW_ERROR, "timestamp out of range for platform time_t");
    match args.between(heap, name, 0, 1)?.first().copied().unwrap_or(Value::None) {
        Value::None => Ok(now_seconds_whole()),
        Value::Float(seconds) if seconds.get().is_nan() => {
            Err(heap.raise(&VALUE_ERROR, "Invalid value NaN (not a number)"))
        }
        Value::Float(seconds) if seconds.get().abs() > 9.2e18 => Err(too_large()),
        Value::Float(seconds) => Ok(floor(seconds.get())),
        Value::Big(_) => Err(too_large()),
        value => index(heap, value),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the caller has looked at the bounds")]
fn floor(seconds: f64) -> i64 {
    seconds.floor() as i64
}

/// The parts that many seconds after 1970, of any year that C's `struct tm` holds.
fn parts_at(heap: &Heap<'_>, seconds: i64) -> Result<Parts, Raised> {
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = from_ordinal(days + 719_163);
    if i32::try_from(year).is_err() {
        return Err(heap.raise(&OVERFLOW_ERROR, "timestamp out of range for platform time_t"));
    }
    let time = Time::from_micros(seconds.rem_euclid(86_400) * SECOND);
    Ok(Parts {
        year,
        month: i64::from(month),
        day: i64::from(day),
        hour: i64::from(time.hour),
        minute: i64::from(time.minute),
        second: i64::from(time.second),
        weekday: (days + 3).rem_euclid(7),
        day_of_year: days + 719_163 - ordinal(year, 1, 1) + 1,
    })
}

fn gmtime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let seconds = seconds_argument(heap, "gmtime", args)?;
    Ok(struct_time(heap, &parts_at(heap, seconds)?, 0, Some((0, String::from("GMT")))))
}

fn localtime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let seconds = seconds_argument(heap, "localtime", args)?;
    let local = local::at(seconds);
    let parts = parts_at(heap, seconds.saturating_add(local.offset))?;
    Ok(struct_time(heap, &parts, i64::from(local.is_dst), Some((local.offset, local.name))))
}

/// The nine numbers of an argument, as they are.
fn nine<'a>(heap: &Heap<'a>, name: &str, value: Value<'a>) -> Result<[i64; 9], Raised> {
    let items = match value {
        Value::Object(object) if object.class.hooks.is_tuple => Some(object.fields),
        _ => value.as_tuple(),
    };
    let Some(items) = items else {
        return Err(heap.raise(&TYPE_ERROR, "Tuple or struct_time argument required"));
    };
    let mut numbers = [0; 9];
    if items.len() != numbers.len() {
        return Err(heap.raise(&TYPE_ERROR, format!("{name}(): illegal time tuple argument")));
    }
    for (number, item) in numbers.iter_mut().zip(items) {
        *number = index(heap, *item)?;
    }
    Ok(numbers)
}

fn mktime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "time.mktime")?;
    let [year, month, day, hour, minute, second, ..] = nine(heap, "mktime", value)?;
    // As C has it, parts may be beyond their bounds.
    let months = year.checked_mul(12).and_then(|months| months.checked_add(month - 1));
    let seconds = months.and_then(|months| {
        let first = u8::try_from(months.rem_euclid(12) + 1).ok()?;
        let year = i32::try_from(months.div_euclid(12)).ok()?;
        let days = ordinal(i64::from(year), first, 1).checked_add(day)?.checked_sub(1 + 719_163)?;
        let of_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
        days.checked_mul(86_400)?.checked_add(of_day)
    });
    let out_of_range = || heap.raise(&OVERFLOW_ERROR, "mktime argument out of range");
    let seconds = seconds.ok_or_else(out_of_range)?;
    let shown = Moment::from_epoch(seconds.checked_mul(SECOND).ok_or_else(out_of_range)?);
    let offset = shown.map_or(0, local::offset_of);
    Ok(Value::float(as_float(seconds - offset)))
}

#[allow(clippy::cast_precision_loss, reason = "seconds of years that have dates are below 2**53")]
fn as_float(number: i64) -> f64 {
    number as f64
}

/// The parts of a time tuple.
///
/// # Errors
/// `ValueError: month out of range` and its like.
fn parts_of<'a>(heap: &Heap<'a>, name: &str, value: Value<'a>) -> Result<Parts, Raised> {
    let [year, month, day, hour, minute, second, weekday, day_of_year, _] = nine(heap, name, value)?;
    // C's functions take 0 for the first month, day and day of the year.
    let (month, day, day_of_year) = (
        month.max(i64::from(month == 0)),
        day.max(i64::from(day == 0)),
        day_of_year.max(i64::from(day_of_year == 0)),
    );
    let checks = [
        (month, 1, 12, "month out of range"),
        (day, 1, 31, "day of month out of range"),
        (hour, 0, 23, "hour out of range"),
        (minute, 0, 59, "minute out of range"),
        (second, 0, 61, "seconds out of range"),
        (weekday, -1, i64::MAX, "day of week out of range"),
        (day_of_year, 1, 366, "day of year out of range"),
    ];
    for (number, least, most, message) in checks {
        if !(least..=most).contains(&number) {
            return Err(heap.raise(&VALUE_ERROR, message));
        }
    }
    Ok(Parts { year, month, day, hour, minute, second, weekday: weekday.rem_euclid(7), day_of_year })
}

/// The parts that are now, and the offset and name of the local zone.
fn local_now(heap: &Heap<'_>) -> Result<Parts, Raised> {
    let now = now_seconds_whole();
    parts_at(heap, now + local::at(now).offset)
}

fn strftime_function<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let args = args.between(heap, "strftime", 1, 2)?;
    let format = text_argument(heap, "strftime", "1", args[0])?;
    let (parts, (offset, zone)) = match args.get(1) {
        Some(value) => (parts_of(heap, "strftime", *value)?, zone_shown(heap, *value)?),
        None => {
            let local = local::at(now_seconds_whole());
            (local_now(heap)?, (signed(local.offset), local.name))
        }
    };
    let extras = Extras { micro: None, offset, zone, since_epoch: local_seconds(&parts) };
    Ok(heap.str(&strftime(format, &parts, &extras)))
}

/// `%z` and `%Z` of a time tuple: its own, or what its flag for daylight saving time says.
fn zone_shown<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<(String, String), Raised> {
    if let Value::Object(object) = value
        && let Some(note) = object.data.downcast_ref::<ZoneNote>()
    {
        return Ok((signed(note.offset), note.name().to_owned()));
    }
    let [.., is_dst] = nine(heap, "strftime", value)?;
    let [standard, daylight] = local::both();
    Ok(match is_dst {
        ..0 => (String::new(), String::new()),
        0 => (signed(0), standard.name),
        _ => (signed(0), daylight.name),
    })
}

/// An offset in seconds as `+0100`.
fn signed(offset: i64) -> String {
    let (sign, rest) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    format!("{sign}{:02}{:02}", rest / 3600, rest / 60 % 60)
}

/// Seconds since 1970 when local clocks show these parts.
fn local_seconds(parts: &Parts) -> i64 {
    let date = Date::new(parts.year, parts.month, parts.day).unwrap_or(Date::MIN);
    let time = Time::new(parts.hour, parts.minute, parts.second.min(59), 0, 0).unwrap_or_default();
    let moment = Moment { date, time };
    moment.since_epoch() / SECOND - local::offset_of(moment)
}

fn strptime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let names = ["data_string", "format"];
    let ([text], [format]) = args.bind_def(heap, "_strptime_time", [names[0]], [names[1]])?;
    let wrong = |place: usize, value: Value<'a>| {
        let class = type_of(value).name;
        heap.raise(&TYPE_ERROR, format!("strptime() argument {place} must be str, not <class '{class}'>"))
    };
    let text = text.as_str().ok_or_else(|| wrong(0, text))?;
    let format = match format {
        None => "%a %b %d %H:%M:%S %Y",
        Some(format) => format.as_str().ok_or_else(|| wrong(1, format))?,
    };
    let scanned = scan::strptime(text, format).map_err(|refused| scan_fault(heap, refused))?;
    let zone = match (scanned.offset, scanned.zone) {
        (Some(offset), name) => Some((offset / SECOND, name.unwrap_or_default())),
        (None, _) => None,
    };
    Ok(struct_time(heap, &scanned.parts, scanned.is_dst, zone))
}

const C_FORMAT: &str = "%a %b %e %H:%M:%S %Y";

fn asctime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let parts = match args.between(heap, "asctime", 0, 1)? {
        [value] => parts_of(heap, "asctime", *value)?,
        _ => local_now(heap)?,
    };
    Ok(heap.str(&strftime(C_FORMAT, &parts, &Extras::default())))
}

fn ctime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let seconds = seconds_argument(heap, "ctime", args)?;
    let parts = parts_at(heap, seconds.saturating_add(local::at(seconds).offset))?;
    Ok(heap.str(&strftime(C_FORMAT, &parts, &Extras::default())))
}
