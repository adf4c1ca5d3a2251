//! `datetime`: dates, times, durations and fixed offsets, as CPython 3.11 has them. Local time is the machine's.
//!
//! Not there: classes derived from `tzinfo`, and `zoneinfo`.

pub mod calendar;
mod clock;
mod constructors;
mod date;
pub mod delta;
pub mod format;
mod iso;
pub mod local;
mod moment;
pub mod scan;
mod zone;

use super::args::{class_of_argument, not_an_integer};
use crate::batch::repr_into;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Module, Raised, TypeInfo, Value};
use calendar::{MAXYEAR, MINYEAR};
pub use constructors::scan_fault;
use iso::Refused;

/// `datetime`
pub static MODULE: Module = Module { name: "datetime", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[
    &delta::TIMEDELTA,
    &zone::TZINFO,
    &zone::TIMEZONE,
    &date::DATE,
    &date::ISO_CALENDAR_DATE,
    &clock::TIME,
    &moment::DATETIME,
];

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    Some(match name {
        "datetime" => Value::Type(&moment::DATETIME),
        "date" => Value::Type(&date::DATE),
        "time" => Value::Type(&clock::TIME),
        "timedelta" => Value::Type(&delta::TIMEDELTA),
        "timezone" => Value::Type(&zone::TIMEZONE),
        "tzinfo" => Value::Type(&zone::TZINFO),
        "UTC" => zone::utc(heap),
        "MINYEAR" => Value::Int(i64::from(MINYEAR)),
        "MAXYEAR" => Value::Int(i64::from(MAXYEAR)),
        _ => return None,
    })
}

/// Who messages about arguments speak of.
#[derive(Clone, Copy)]
struct Called {
    /// `function` for constructors, `replace()` for methods.
    name: &'static str,
    /// The same behind "for".
    target: &'static str,
    /// How many arguments may be given by position.
    by_position: usize,
}

impl Called {
    const fn constructor(by_position: usize) -> Called {
        Called { name: "function", target: "this function", by_position }
    }

    const fn replace(by_position: usize) -> Called {
        Called { name: "replace()", target: "replace()", by_position }
    }
}

/// Arguments that have names, the first `required` of which must be there.
fn bind<'a, const N: usize>(
    heap: &Heap<'a>,
    called: Called,
    args: Args<'_, 'a>,
    names: [&str; N],
    required: usize,
) -> Result<[Option<Value<'a>>; N], Raised> {
    let fail = |message: String| Err(heap.raise(&TYPE_ERROR, message));
    let Called { name, target, by_position } = called;
    let given = args.positional.len();
    let mut bound = [None; N];
    if given > by_position {
        let positional = if by_position < N { "positional " } else { "" };
        return fail(format!("{name} takes at most {by_position} {positional}arguments ({given} given)"));
    }
    for (slot, value) in bound.iter_mut().zip(args.positional) {
        *slot = Some(*value);
    }
    let mut unknown = None;
    for (keyword, value) in args.keywords {
        match names.iter().position(|known| known == keyword) {
            Some(place) if place < given => {
                let place = place + 1;
                return fail(format!(
                    "argument for {name} given by name ('{keyword}') and position ({place})"
                ));
            }
            Some(place) => bound[place] = Some(*value),
            None => unknown = Some(*keyword),
        }
    }
    if let Some(place) = bound[..required].iter().position(Option::is_none) {
        return fail(format!("{name} missing required argument '{}' (pos {})", names[place], place + 1));
    }
    match unknown {
        Some(keyword) => fail(format!("'{keyword}' is an invalid keyword argument for {target}")),
        None => Ok(bound),
    }
}

/// A part of a date or time: a C `int`.
fn part(heap: &Heap<'_>, value: Value<'_>) -> Result<i64, Raised> {
    let overflow = |message: &str| Err(heap.raise(&OVERFLOW_ERROR, message));
    match value {
        Value::Big(_) => overflow("Python int too large to convert to C long"),
        _ => match value.as_int() {
            None => Err(not_an_integer(heap, value)),
            Some(number) if number > i64::from(i32::MAX) => {
                overflow("signed integer is greater than maximum")
            }
            Some(number) if number < i64::from(i32::MIN) => overflow("signed integer is less than minimum"),
            Some(number) => Ok(number),
        },
    }
}

/// A part that need not be given.
fn part_or(heap: &Heap<'_>, value: Option<Value<'_>>, otherwise: i64) -> Result<i64, Raised> {
    value.map_or(Ok(otherwise), |value| part(heap, value))
}

/// Raises `ValueError` with a message.
fn value_error(heap: &Heap<'_>, message: impl AsRef<str>) -> Raised {
    heap.raise(&VALUE_ERROR, message)
}

/// The arguments of a class method: an instance that it was called of does not matter.
fn class_method<'s, 'a>(args: Args<'s, 'a>) -> Args<'s, 'a> {
    let is_instance = |value: &Value<'a>| match value {
        Value::Object(object) => object.class.is(&date::DATE) || object.class.is(&clock::TIME),
        _ => false,
    };
    match args.positional.split_first() {
        Some((object, rest)) if is_instance(object) => Args { positional: rest, keywords: args.keywords },
        _ => args,
    }
}

/// The text of `fromisoformat`.
fn iso_text<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<&'a str, Raised> {
    let text = class_method(args).one(heap, name)?;
    text.as_str().ok_or_else(|| heap.raise(&TYPE_ERROR, "fromisoformat: argument must be str"))
}

/// Raises what is wrong with a text that `fromisoformat` was given.
fn iso_fault(heap: &Heap<'_>, refused: Refused, text: &str) -> Raised {
    match refused {
        Refused::Range(message) => value_error(heap, message),
        Refused::Form => {
            let mut shown = Vec::new();
            repr_into(text, &mut shown);
            value_error(heap, format!("Invalid isoformat string: {}", String::from_utf8_lossy(&shown)))
        }
    }
}

/// The format of `strftime` or `__format__`.
fn format_argument<'a>(heap: &Heap<'a>, name: &str, value: Value<'a>) -> Result<&'a str, Raised> {
    value.as_str().ok_or_else(|| {
        let class = class_of_argument(value);
        heap.raise(&TYPE_ERROR, format!("{name}() argument 1 must be str, not {class}"))
    })
}

/// The parts of a time that `isoformat` shows.
///
/// # Errors
/// `ValueError: Unknown timespec value`
fn iso_time(heap: &Heap<'_>, time: calendar::Time, timespec: &str) -> Result<String, Raised> {
    let calendar::Time { hour, minute, second, micro, .. } = time;
    Ok(match timespec {
        "auto" if micro == 0 => format!("{hour:02}:{minute:02}:{second:02}"),
        "auto" | "microseconds" => format!("{hour:02}:{minute:02}:{second:02}.{micro:06}"),
        "milliseconds" => format!("{hour:02}:{minute:02}:{second:02}.{:03}", micro / 1000),
        "seconds" => format!("{hour:02}:{minute:02}:{second:02}"),
        "minutes" => format!("{hour:02}:{minute:02}"),
        "hours" => format!("{hour:02}"),
        _ => return Err(value_error(heap, "Unknown timespec value")),
    })
}
