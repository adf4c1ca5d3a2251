//! `datetime.date`

use super::calendar::{DAY, Date, Moment, Time};
use super::delta;
use super::format::{Extras, Parts, strftime};
use super::moment;
use super::{
    Called, bind, class_method, format_argument, iso, iso_fault, iso_text, local, part, part_or, value_error,
};
use crate::batch::python::args::{native, wrong_object};
use crate::batch::python::time::{self, struct_time};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR};
use crate::batch::value::types::TUPLE;
use crate::batch::value::{
    Args, Binary, Heap, Hooks, Native, OBJECT, Object, Outcome, Raised, TypeInfo, Value,
};

/// `datetime.date`
pub static DATE: TypeInfo = TypeInfo {
    name: "datetime.date",
    base: Some(&OBJECT),
    new: Some(new),
    methods: METHODS,
    hooks: Hooks {
        repr: Some(|_, object, out| {
            let Date { year, month, day } = read(object);
            out.extend_from_slice(format!("datetime.date({year}, {month}, {day})").as_bytes());
            Ok(())
        }),
        str: Some(|_, object, out| {
            out.extend_from_slice(shown(read(object)).as_bytes());
            Ok(())
        }),
        equal: Some(|_, object, other| Ok(plain(other).map(|other| read(object) == other))),
        order: Some(order),
        hash: Some(|object| read(object).ordinal().unsigned_abs()),
        attribute: Some(|_, object, name| attribute(read(object), name).map(Ok)),
        class_attribute: Some(|heap, name| match name {
            "min" => Some(make(heap, Date::MIN)),
            "max" => Some(make(heap, Date::MAX)),
            "resolution" => delta::make(heap, i128::from(DAY)).ok(),
            _ => None,
        }),
        binary: Some(arithmetic),
        encode: Some(|object, out| {
            out.extend_from_slice(&i32::try_from(read(object).ordinal()).unwrap_or(1).to_le_bytes());
        }),
        decode: Some(|heap, bytes, _| {
            let ordinal = i32::from_le_bytes(bytes.try_into().expect("a date is encoded in four bytes"));
            make(heap, Date::from_ordinal(i64::from(ordinal)).unwrap_or(Date::MIN))
        }),
        ..Hooks::NONE
    },
};

static METHODS: &[Native] = &[
    native("today", today),
    native("fromtimestamp", fromtimestamp),
    native("fromordinal", fromordinal),
    native("fromisoformat", fromisoformat),
    native("fromisocalendar", fromisocalendar),
    native("replace", replace),
    native("weekday", |heap, args| simple(heap, "weekday", args, |_, date| Ok(int(date.weekday())))),
    native("isoweekday", |heap, args| {
        simple(heap, "isoweekday", args, |_, date| Ok(int(date.weekday() + 1)))
    }),
    native("toordinal", |heap, args| {
        simple(heap, "toordinal", args, |_, date| Ok(Value::Int(date.ordinal())))
    }),
    native("isocalendar", |heap, args| simple(heap, "isocalendar", args, isocalendar)),
    native("isoformat", |heap, args| {
        simple(heap, "isoformat", args, |heap, date| Ok(heap.str(&shown(date))))
    }),
    native("timetuple", |heap, args| {
        simple(heap, "timetuple", args, |heap, date| {
            Ok(struct_time(heap, &Parts::of(midnight(date)), -1, None))
        })
    }),
    native("ctime", ctime),
    native("strftime", strftime_method),
    native("__format__", format_method),
];

fn int<'a>(number: u8) -> Value<'a> {
    Value::Int(i64::from(number))
}

fn midnight(date: Date) -> Moment {
    Moment { date, time: Time::default() }
}

fn read(object: &Object<'_>) -> Date {
    *object.data.downcast_ref().expect("a date holds its day")
}

/// The day, if this is a `date` or a `datetime`.
pub fn of(value: Value<'_>) -> Option<Date> {
    plain(value).or_else(|| moment::of(value).map(|(moment, _)| moment.date))
}

/// The day, if this is a `date` and no `datetime`.
fn plain(value: Value<'_>) -> Option<Date> {
    match value {
        Value::Object(object) if std::ptr::eq(object.class, &DATE) => Some(read(object)),
        _ => None,
    }
}

/// A `date`.
pub fn make<'a>(heap: &Heap<'a>, date: Date) -> Value<'a> {
    heap.object(Object { class: &DATE, data: heap.bump().alloc(date), fields: &[] })
}

/// As ISO 8601 writes it.
pub fn shown(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// Year, month or day.
pub fn attribute<'a>(date: Date, name: &str) -> Option<Value<'a>> {
    Some(match name {
        "year" => Value::Int(i64::from(date.year)),
        "month" => int(date.month),
        "day" => int(date.day),
        _ => return None,
    })
}

fn order<'a>(
    heap: &Heap<'a>,
    object: &Object<'a>,
    other: Value<'a>,
) -> Result<Option<std::cmp::Ordering>, Raised> {
    if moment::of(other).is_some() {
        return Err(incomparable(heap));
    }
    Ok(plain(other).map(|other| read(object).cmp(&other)))
}

/// `TypeError: can't compare datetime.datetime to datetime.date`
pub fn incomparable(heap: &Heap<'_>) -> Raised {
    heap.raise(&TYPE_ERROR, "can't compare datetime.datetime to datetime.date")
}

fn arithmetic<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    let today = read(object).ordinal();
    let moved = |days: i128| {
        let date = i64::try_from(i128::from(today) + days).ok().and_then(Date::from_ordinal);
        date.map(|date| make(heap, date)).ok_or_else(|| out_of_range(heap))
    };
    if let Some(delta) = delta::of(other) {
        let days = delta.0.div_euclid(i128::from(DAY));
        return match (op, reflected) {
            (Binary::Add, _) => Some(moved(days)),
            (Binary::Sub, false) => Some(moved(-days)),
            _ => None,
        };
    }
    let other = plain(other)?.ordinal();
    let days = if reflected { other - today } else { today - other };
    (op == Binary::Sub).then(|| delta::make(heap, i128::from(days) * i128::from(DAY)))
}

/// `OverflowError: date value out of range`
pub fn out_of_range(heap: &Heap<'_>) -> Raised {
    heap.raise(&OVERFLOW_ERROR, "date value out of range")
}

fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bound = bind(heap, Called::constructor(3), args, ["year", "month", "day"], 3)?;
    let [year, month, day] = bound.map(|value| value.unwrap_or(Value::None));
    let (year, month, day) = (part(heap, year)?, part(heap, month)?, part(heap, day)?);
    of_parts(heap, year, month, day)
}

fn of_parts<'a>(heap: &Heap<'a>, year: i64, month: i64, day: i64) -> Outcome<'a> {
    Date::new(year, month, day).map(|date| make(heap, date)).map_err(|message| value_error(heap, message))
}

/// The day that a method is called of, and the other arguments.
fn this<'s, 'a>(heap: &Heap<'a>, name: &str, args: Args<'s, 'a>) -> Result<(Date, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, &format!("date.{name}"))?;
    match of(object) {
        Some(date) => Ok((date, args)),
        None => Err(wrong_object(heap, &format!("date.{name}"), object)),
    }
}

/// A method without arguments.
fn simple<'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
    method: fn(&Heap<'a>, Date) -> Outcome<'a>,
) -> Outcome<'a> {
    let (date, args) = this(heap, name, args)?;
    args.nothing(heap, &format!("date.{name}"))?;
    method(heap, date)
}

fn today<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    class_method(args).nothing(heap, "date.today")?;
    of_timestamp(heap, time::now_micros(heap)?)
}

fn fromtimestamp<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let timestamp = class_method(args).one(heap, "date.fromtimestamp")?;
    let micros = super::constructors::timestamp(heap, timestamp)?;
    of_timestamp(heap, micros)
}

fn of_timestamp<'a>(heap: &Heap<'a>, micros: i64) -> Outcome<'a> {
    let date = local::moment(micros).map(|moment| make(heap, moment.date));
    date.ok_or_else(|| super::constructors::year_out_of_range(heap, micros))
}

fn fromordinal<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ordinal = class_method(args).one(heap, "date.fromordinal")?;
    date_of_ordinal(heap, ordinal).map(|date| make(heap, date))
}

/// The day of an ordinal.
///
/// # Errors
/// `ValueError: ordinal must be >= 1`
pub fn date_of_ordinal<'a>(heap: &Heap<'a>, ordinal: Value<'a>) -> Result<Date, Raised> {
    let ordinal = part(heap, ordinal)?;
    if ordinal < 1 {
        return Err(value_error(heap, "ordinal must be >= 1"));
    }
    Date::from_ordinal(ordinal).ok_or_else(|| {
        let year = super::calendar::from_ordinal(ordinal).0;
        value_error(heap, format!("year {year} is out of range"))
    })
}

fn fromisoformat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = iso_text(heap, "date.fromisoformat", args)?;
    iso::date(text).map(|date| make(heap, date)).map_err(|refused| iso_fault(heap, refused, text))
}

fn fromisocalendar<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    date_of_iso(heap, args).map(|date| make(heap, date))
}

/// The day of an ISO year, week and day.
///
/// # Errors
/// `ValueError: Invalid week: 54` and its like.
pub fn date_of_iso<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Result<Date, Raised> {
    let bound = class_method(args).bind(heap, "fromisocalendar", ["year", "week", "day"], 3)?;
    let [year, week, day] = bound.map(|value| value.unwrap_or(Value::None));
    let (year, week, day) = (part(heap, year)?, part(heap, week)?, part(heap, day)?);
    Date::from_iso(year, week, day).map_err(|message| value_error(heap, message))
}

fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (date, args) = this(heap, "replace", args)?;
    let [year, month, day] = bind(heap, Called::replace(3), args, ["year", "month", "day"], 0)?;
    of_parts(
        heap,
        part_or(heap, year, i64::from(date.year))?,
        part_or(heap, month, i64::from(date.month))?,
        part_or(heap, day, i64::from(date.day))?,
    )
}

/// What `isocalendar` gives: a tuple whose items have names.
pub static ISO_CALENDAR_DATE: TypeInfo = TypeInfo {
    name: "datetime.IsoCalendarDate",
    base: Some(&TUPLE),
    new: None,
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, object, out| {
            let mut text = Vec::new();
            for (name, value) in ["year", "week", "weekday"].iter().zip(object.fields) {
                text.extend_from_slice(if text.is_empty() { b"" } else { b", " });
                text.extend_from_slice(name.as_bytes());
                text.push(b'=');
                crate::batch::value::repr(heap, *value, &mut text)?;
            }
            out.extend_from_slice(b"datetime.IsoCalendarDate(");
            out.extend_from_slice(&text);
            out.push(b')');
            Ok(())
        }),
        attribute: Some(|_, object, name| {
            let place = ["year", "week", "weekday"].iter().position(|known| *known == name)?;
            object.fields.get(place).copied().map(Ok)
        }),
        is_tuple: true,
        ..Hooks::NONE
    },
};

fn isocalendar<'a>(heap: &Heap<'a>, date: Date) -> Outcome<'a> {
    let (year, week, day) = date.iso();
    let fields = heap.bump().alloc_slice_copy(&[Value::Int(year), Value::Int(week), Value::Int(day)]);
    Ok(heap.object(Object { class: &ISO_CALENDAR_DATE, data: &(), fields }))
}

fn ctime<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let name = match args.positional.first().copied().and_then(moment::of) {
        Some(_) => "datetime.ctime",
        None => "date.ctime",
    };
    let (object, args) = args.object(heap, name)?;
    args.nothing(heap, name)?;
    let found = moment::of(object).map(|(moment, _)| moment).or_else(|| of(object).map(midnight));
    let Some(found) = found else { return Err(wrong_object(heap, name, object)) };
    Ok(heap.str(&strftime("%a %b %e %H:%M:%S %Y", &Parts::of(found), &Extras::default())))
}

/// The text of a `date` or `datetime` under a format.
fn formatted<'a>(heap: &Heap<'a>, object: Value<'a>, format: &str) -> Outcome<'a> {
    let (found, zone) = match moment::of(object) {
        Some(found) => found,
        None => match of(object) {
            Some(date) => (midnight(date), Value::None),
            None => return Err(wrong_object(heap, "date.strftime", object)),
        },
    };
    let extras = moment::extras(found, zone);
    Ok(heap.str(&strftime(format, &Parts::of(found), &extras)))
}

fn strftime_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "date.strftime")?;
    let [format] = args.bind(heap, "strftime", ["format"], 1)?;
    let format = format_argument(heap, "strftime", format.unwrap_or(Value::None))?;
    formatted(heap, object, format)
}

fn format_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "date.__format__")?;
    let format = args.one(heap, "date.__format__")?;
    match format_argument(heap, "__format__", format)? {
        "" => {
            let mut text = Vec::new();
            crate::batch::value::str(heap, object, &mut text)?;
            Ok(heap.str(&String::from_utf8_lossy(&text)))
        }
        format => formatted(heap, object, format),
    }
}
