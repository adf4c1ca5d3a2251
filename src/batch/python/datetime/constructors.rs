//! How a `datetime` is made: of parts, of the clock, of numbers and texts.

use super::calendar::{Date, Moment, SECOND, Time};
use super::clock::{self, iso_zone};
use super::delta::Delta;
use super::format::Parts;
use super::scan::{self, Refused};
use super::{
    Called, bind, class_method, date, iso, iso_fault, iso_text, local, moment, part, value_error, zone,
};
use crate::batch::python::args::{class_of_argument, not_an_integer, text_argument};
use crate::batch::python::time::now_micros;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value};

/// The parameters of a `datetime`.
pub const PARAMETERS: [&str; 9] =
    ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"];

/// `datetime(…)`
pub fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [year, month, day, time @ ..] = bind(heap, Called::constructor(8), args, PARAMETERS, 3)?;
    let part = |value: Option<Value<'a>>| part(heap, value.unwrap_or(Value::None));
    let date = Date::new(part(year)?, part(month)?, part(day)?);
    let date = date.map_err(|message| value_error(heap, message))?;
    let (time, zone) = clock::of_arguments(heap, time, Time::default(), Value::None)?;
    Ok(moment::make(heap, Moment { date, time }, zone))
}

/// The microseconds since 1970 of a number of seconds, a half rounded to even.
///
/// # Errors
/// `TypeError` for no number, `ValueError` for NaN, `OverflowError` for what is too large.
pub fn timestamp(heap: &Heap<'_>, value: Value<'_>) -> Result<i64, Raised> {
    let too_large = || heap.raise(&OVERFLOW_ERROR, "timestamp out of range for platform time_t");
    match value {
        Value::Float(seconds) if seconds.get().is_nan() => {
            Err(value_error(heap, "Invalid value NaN (not a number)"))
        }
        Value::Float(seconds) => {
            if seconds.get().abs() > 9.2e18 {
                return Err(too_large());
            }
            let micros = (seconds.get().fract() * 1e6).round_ties_even();
            scaled(heap, whole(seconds.get().trunc()), whole(micros))
        }
        Value::Big(_) => Err(too_large()),
        _ => match value.as_int() {
            Some(seconds) => scaled(heap, seconds, 0),
            None => Err(not_an_integer(heap, value)),
        },
    }
}

/// A float without a fraction, within the bounds of 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "the callers have looked at the bounds")]
fn whole(number: f64) -> i64 {
    number as i64
}

fn scaled(heap: &Heap<'_>, seconds: i64, micros: i64) -> Result<i64, Raised> {
    let total = seconds.checked_mul(SECOND).and_then(|total| total.checked_add(micros));
    total.ok_or_else(|| year_message(heap, seconds))
}

fn year_message(heap: &Heap<'_>, seconds: i64) -> Raised {
    let days = seconds.div_euclid(super::calendar::DAY_SECONDS) + super::calendar::EPOCH;
    value_error(heap, format!("year {} is out of range", super::calendar::from_ordinal(days).0))
}

/// `ValueError: year 31690708 is out of range`
pub fn year_out_of_range(heap: &Heap<'_>, micros: i64) -> Raised {
    year_message(heap, micros.div_euclid(SECOND))
}

/// What a zone's clocks show that many microseconds after 1970: without a zone, local ones.
fn shown_at<'a>(heap: &Heap<'a>, micros: i64, zone: Value<'a>) -> Outcome<'a> {
    let found = match zone::offset_of(zone) {
        Some(offset) => Moment::from_epoch(micros.saturating_add(offset)),
        None => local::moment(micros),
    };
    found.map(|found| moment::make(heap, found, zone)).ok_or_else(|| year_out_of_range(heap, micros))
}

/// `datetime.now(tz=None)`
pub fn now<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [zone] = class_method(args).bind(heap, "now", ["tz"], 0)?;
    let zone = zone::argument(heap, zone)?;
    shown_at(heap, now_micros(heap)?, zone)
}

/// `datetime.today()`
pub fn today<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    class_method(args).nothing(heap, "datetime.today")?;
    shown_at(heap, now_micros(heap)?, Value::None)
}

/// `datetime.utcnow()`
pub fn utcnow<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    class_method(args).nothing(heap, "datetime.utcnow")?;
    greenwich(heap, now_micros(heap)?)
}

fn greenwich<'a>(heap: &Heap<'a>, micros: i64) -> Outcome<'a> {
    let found = Moment::from_epoch(micros);
    found.map(|found| moment::make(heap, found, Value::None)).ok_or_else(|| year_out_of_range(heap, micros))
}

/// `datetime.fromtimestamp(timestamp, tz=None)`
pub fn fromtimestamp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [seconds, zone] = class_method(args).bind(heap, "fromtimestamp", ["timestamp", "tz"], 1)?;
    let zone = zone::argument(heap, zone)?;
    shown_at(heap, timestamp(heap, seconds.unwrap_or(Value::None))?, zone)
}

/// `datetime.utcfromtimestamp(timestamp)`
pub fn utcfromtimestamp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let seconds = class_method(args).one(heap, "datetime.utcfromtimestamp")?;
    greenwich(heap, timestamp(heap, seconds)?)
}

fn midnight<'a>(heap: &Heap<'a>, date: Date) -> Value<'a> {
    moment::make(heap, Moment { date, time: Time::default() }, Value::None)
}

/// `datetime.fromordinal(ordinal)`
pub fn fromordinal<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ordinal = class_method(args).one(heap, "datetime.fromordinal")?;
    date::date_of_ordinal(heap, ordinal).map(|date| midnight(heap, date))
}

/// `datetime.fromisocalendar(year, week, day)`
pub fn fromisocalendar<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    date::date_of_iso(heap, args).map(|date| midnight(heap, date))
}

/// `datetime.fromisoformat(text)`
pub fn fromisoformat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = iso_text(heap, "datetime.fromisoformat", args)?;
    match iso::moment(text) {
        Ok((date, time, found)) => {
            let zone = iso_zone(heap, found)?;
            Ok(moment::make(heap, Moment { date, time }, zone))
        }
        Err(refused) => Err(iso_fault(heap, refused, text)),
    }
}

/// `datetime.strptime(text, format)`
pub fn strptime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let args = class_method(args);
    args.no_keywords(heap, "datetime.strptime")?;
    let [text, format] = *args.positional else {
        let given = args.positional.len();
        let message = format!("strptime() takes exactly 2 arguments ({given} given)");
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    let text = text_argument(heap, "strptime", "1", text)?;
    let format = text_argument(heap, "strptime", "2", format)?;
    let scanned = scan::strptime(text, format).map_err(|refused| scan_fault(heap, refused))?;
    let Parts { year, month, day, hour, minute, second, .. } = scanned.parts;
    let date = Date::new(year, month, day).map_err(|message| value_error(heap, message))?;
    let time = Time::new(hour, minute, second, scanned.micro, 0);
    let time = time.map_err(|message| value_error(heap, message))?;
    let zone = match scanned.offset {
        Some(offset) => {
            let name = scanned.zone.map(|name| heap.str(&name));
            zone::make(heap, Delta(i128::from(offset)), name)?
        }
        None => Value::None,
    };
    Ok(moment::make(heap, Moment { date, time }, zone))
}

/// Raises what `strptime` has against a text or a format.
pub fn scan_fault(heap: &Heap<'_>, refused: Refused) -> Raised {
    match refused {
        Refused::Value(message) => value_error(heap, message),
        Refused::Pattern(fault, pattern) => fault.raise(heap, &pattern),
    }
}

/// `datetime.combine(date, time, tzinfo=time.tzinfo)`
pub fn combine<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    // An instance that it was called of comes before a date.
    let args = match args.positional {
        [object, second, ..] if moment::of(*object).is_some() && date::of(*second).is_some() => {
            Args { positional: &args.positional[1..], keywords: args.keywords }
        }
        _ => args,
    };
    let [date, time, zone] = args.bind(heap, "combine", ["date", "time", "tzinfo"], 2)?;
    let wrong = |place: usize, expected: &str, value: Value<'a>| {
        let class = class_of_argument(value);
        let message = format!("combine() argument {place} must be datetime.{expected}, not {class}");
        Err(heap.raise(&TYPE_ERROR, message))
    };
    let (date, time) = (date.unwrap_or(Value::None), time.unwrap_or(Value::None));
    let Some(day) = date::of(date) else { return wrong(1, "date", date) };
    let Some((clock, own_zone)) = clock::of(time) else { return wrong(2, "time", time) };
    let zone = zone::argument(heap, Some(zone.unwrap_or(own_zone)))?;
    Ok(moment::make(heap, Moment { date: day, time: clock }, zone))
}
