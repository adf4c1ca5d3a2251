//! `strptime`, as CPython has it: a format becomes a regular expression.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::calendar::{Date, MONTHS, SECOND, WEEKDAYS, ordinal};
use super::format::Parts;
use super::local;
use crate::batch::python::re::{Fault, Scanner};
use crate::batch::repr_into;

/// Formats that are kept compiled.
const KEPT: usize = 128;

/// What a text says about a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The time.
    pub parts: Parts,
    /// Microseconds.
    pub micro: i64,
    /// Microseconds east of Greenwich, where there is a `%z`.
    pub offset: Option<i64>,
    /// What `%Z` has found.
    pub zone: Option<String>,
    /// `tm_isdst`: 0 or 1 for a zone that is known, else -1.
    pub is_dst: i64,
}

/// Why a text or a format is refused.
#[derive(Debug)]
pub enum Refused {
    /// `ValueError`
    Value(String),
    /// `re.error`: a directive that stands twice.
    Pattern(Fault, String),
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Refused::Value(message)
    }
}

/// Reads a time.
///
/// # Errors
/// A text that is not of the format, a format that cannot be, parts that are out of range.
pub fn strptime(text: &str, format: &str) -> Result<Scanned, Refused> {
    let scanner = scanner(format)?;
    let found = scanner.find(text).map_err(Refused::Value)?;
    let Some(found) = found else {
        let quoted = |text: &str| {
            let mut out = Vec::new();
            repr_into(text, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let (text, format) = (quoted(text), quoted(format));
        return Err(Refused::Value(format!("time data {text} does not match format {format}")));
    };
    if found.rest() != "" {
        return Err(Refused::Value(format!("unconverted data remains: {}", found.rest())));
    }
    assemble(|directive| found.group(directive))
}

/// The compiled form of a format, of which the process keeps the last ones.
fn scanner(format: &str) -> Result<Arc<Scanner>, Refused> {
    static KEPT_SCANNERS: RwLock<Option<HashMap<String, Arc<Scanner>, ahash::RandomState>>> =
        RwLock::new(None);
    if let Some(kept) = &*KEPT_SCANNERS.read().unwrap_or_else(PoisonError::into_inner)
        && let Some(scanner) = kept.get(format)
    {
        return Ok(Arc::clone(scanner));
    }
    let mut pattern = String::new();
    translate(format, format, &mut pattern)?;
    let scanner = Scanner::new(&pattern).map_err(|fault| Refused::Pattern(fault, pattern))?;
    let scanner = Arc::new(scanner);
    let mut kept = KEPT_SCANNERS.write().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(format.to_owned(), Arc::clone(&scanner));
    Ok(scanner)
}

/// Appends the regular expression of a format, which is (a part of) `whole`.
fn translate(format: &str, whole: &str, out: &mut String) -> Result<(), Refused> {
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next() {
                None => return Err(Refused::Value(format!("stray % in format '{whole}'"))),
                Some(directive) => expression(directive, whole, out)?,
            },
            _ if c.is_whitespace() => {
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                out.push_str(r"\s+");
            }
            _ => {
                if r"\.^$*+?(){}[]|".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    Ok(())
}

/// Appends the regular expression of a directive.
fn expression(directive: char, whole: &str, out: &mut String) -> Result<(), Refused> {
    let digits = match directive {
        'd' => r"3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]",
        'f' => "[0-9]{1,6}",
        'H' => r"2[0-3]|[0-1]\d|\d",
        'I' => "1[0-2]|0[1-9]|[1-9]",
        'G' | 'Y' => r"\d\d\d\d",
        'j' => r"36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]",
        'm' => "1[0-2]|0[1-9]|[1-9]",
        'M' => r"[0-5]\d|\d",
        'S' => r"6[0-1]|[0-5]\d|\d",
        'U' | 'W' => r"5[0-3]|[0-4]\d|\d",
        'w' => "[0-6]",
        'u' => "[1-7]",
        'V' => r"5[0-3]|0[1-9]|[1-4]\d|\d",
        'y' => r"\d\d",
        'z' => r"[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|(?-i:Z)",
        'p' => "am|pm",
        'A' | 'a' | 'B' | 'b' | 'Z' => "",
        'c' => return translate("%a %b %d %H:%M:%S %Y", whole, out),
        'x' => return translate("%m/%d/%y", whole, out),
        'X' => return translate("%H:%M:%S", whole, out),
        '%' => {
            out.push('%');
            return Ok(());
        }
        _ => {
            // CPython escapes the format first, so that it names some directives by their backslash.
            let named = if r"\.^$*+?(){}[]|".contains(directive) { '%' } else { directive };
            return Err(Refused::Value(format!("'{named}' is a bad directive in format '{whole}'")));
        }
    };
    let names = match directive {
        'A' => longest_first(WEEKDAYS.iter().map(ToString::to_string).collect()),
        'a' => longest_first(WEEKDAYS.iter().map(|name| name[..3].to_owned()).collect()),
        'B' => longest_first(MONTHS.iter().map(ToString::to_string).collect()),
        'b' => longest_first(MONTHS.iter().map(|name| name[..3].to_owned()).collect()),
        'Z' => longest_first(zones().into_iter().flatten().collect()),
        _ => digits.to_owned(),
    };
    out.push_str(&format!("(?P<{directive}>{names})"));
    Ok(())
}

/// Names, so that none is found where a longer one stands.
fn longest_first(mut names: Vec<String>) -> String {
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().map(|name| name.replace('+', r"\+")).collect::<Vec<_>>().join("|")
}

/// Names of zones that `%Z` knows: without and with daylight saving time, in small letters.
fn zones() -> [Vec<String>; 2] {
    let mut zones = [vec![String::from("utc"), String::from("gmt")], Vec::new()];
    for local in local::both() {
        let name = local.name.to_lowercase();
        let known = &mut zones[usize::from(local.is_dst)];
        if !known.contains(&name) {
            known.push(name);
        }
    }
    zones
}

/// The time that the found directives tell.
fn assemble<'t>(group: impl Fn(&str) -> Option<&'t str>) -> Result<Scanned, Refused> {
    let number = |directive: &str| -> Option<i64> { group(directive)?.trim_start().parse().ok() };
    let named = |directive: &str, names: &[&str], length: usize| -> Option<i64> {
        let found = group(directive)?;
        let same = |name: &&str| {
            name.get(..length.min(name.len())).is_some_and(|name| name.eq_ignore_ascii_case(found))
        };
        i64::try_from(names.iter().position(same)?).ok()
    };
    let short = number("y").map(|short| if short <= 68 { short + 2000 } else { short + 1900 });
    let given = number("Y").or(short);
    let month = named("B", &MONTHS, 99).or_else(|| named("b", &MONTHS, 3)).map(|index| index + 1);
    let month = month.or_else(|| number("m")).unwrap_or(1);
    let day = number("d").unwrap_or(1);
    let weekday = named("A", &WEEKDAYS, 99)
        .or_else(|| named("a", &WEEKDAYS, 3))
        .or_else(|| number("w").map(|day| (day + 6) % 7))
        .or_else(|| number("u").map(|day| day - 1));
    let week = number("U").map(|week| (week, false)).or_else(|| number("W").map(|week| (week, true)));
    let (iso_year, iso_week) = (number("G"), number("V"));
    let day_of_year = number("j");
    check_iso(given, iso_year, iso_week, weekday, day_of_year, week.is_some())?;

    let leap_day = given.is_none() && month == 2 && day == 29;
    let year = given.unwrap_or(if leap_day { 1904 } else { 1900 });
    let mut found = (year, day_of_year);
    if let (None, Some(weekday)) = (day_of_year, weekday) {
        match (week, iso_year, iso_week) {
            (Some((week, monday_first)), _, _) => {
                found = (year, Some(day_of_week(year, week, weekday, monday_first)));
            }
            (None, Some(iso_year), Some(iso_week)) => {
                let monday = ordinal(iso_year, 1, 4) - (ordinal(iso_year, 1, 4) + 6).rem_euclid(7);
                let today = monday + (iso_week - 1) * 7 + weekday;
                found = (iso_year, Some(today - ordinal(iso_year, 1, 1) + 1));
            }
            _ => {}
        }
    }
    let date = match found {
        (year, Some(day_of_year)) => {
            let today = ordinal(year, 1, 1) + day_of_year - 1;
            Date::from_ordinal(today).ok_or_else(|| match today {
                ..=0 => String::from("ordinal must be >= 1"),
                _ => format!("year {} is out of range", super::calendar::from_ordinal(today).0),
            })?
        }
        (year, None) => Date::new(year, month, day)?,
    };
    let day_of_year = date.day_of_year();
    let weekday = weekday.unwrap_or_else(|| i64::from(date.weekday()));
    let (offset, zone) = (group("z").map(offset).transpose()?, group("Z").map(str::to_owned));
    let fraction = group("f").unwrap_or("0");
    Ok(Scanned {
        parts: Parts {
            year: if leap_day { 1900 } else { i64::from(date.year) },
            month: i64::from(date.month),
            day: i64::from(date.day),
            hour: hour(number("H"), number("I"), group("p")),
            minute: number("M").unwrap_or(0),
            second: number("S").unwrap_or(0),
            weekday,
            day_of_year,
        },
        micro: format!("{fraction:0<6}").parse().unwrap_or(0),
        offset,
        is_dst: zone.as_deref().map_or(-1, |zone| {
            let known = zones().iter().position(|names| names.contains(&zone.to_lowercase()));
            known.and_then(|kind| i64::try_from(kind).ok()).unwrap_or(-1)
        }),
        zone,
    })
}

/// `%G` and `%V` are of use together alone.
fn check_iso(
    year: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    weekday: Option<i64>,
    day_of_year: Option<i64>,
    has_week: bool,
) -> Result<(), Refused> {
    let message = if year.is_none() && iso_year.is_some() {
        if iso_week.is_none() || weekday.is_none() {
            "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday \
             directive ('%A', '%a', '%w', or '%u')."
        } else if day_of_year.is_some() {
            "Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' instead."
        } else {
            return Ok(());
        }
    } else if !has_week && iso_week.is_some() {
        if weekday.is_none() {
            "ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday \
             directive ('%A', '%a', '%w', or '%u')."
        } else {
            "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO year \
             '%G' instead."
        }
    } else {
        return Ok(());
    };
    Err(Refused::Value(message.to_owned()))
}

/// The day of the year of a day in a week that is counted from the first Sunday or Monday.
fn day_of_week(year: i64, week: i64, weekday: i64, monday_first: bool) -> i64 {
    let first = (ordinal(year, 1, 1) + 6).rem_euclid(7);
    let (first, weekday) = if monday_first { (first, weekday) } else { ((first + 1) % 7, (weekday + 1) % 7) };
    if week == 0 {
        return 1 + weekday - first;
    }
    (7 - first) % 7 + 7 * (week - 1) + 1 + weekday
}

fn hour(hour: Option<i64>, twelve: Option<i64>, half: Option<&str>) -> i64 {
    match (hour, twelve) {
        (_, Some(twelve)) => {
            let afternoon = half.is_some_and(|half| half.eq_ignore_ascii_case("pm"));
            twelve % 12 + if afternoon { 12 } else { 0 }
        }
        (hour, None) => hour.unwrap_or(0),
    }
}

/// `+01:30` and its like in microseconds.
fn offset(text: &str) -> Result<i64, Refused> {
    if text == "Z" {
        return Ok(0);
    }
    let (sign, rest) = text.split_at(1);
    let colons = rest.matches(':').count();
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let has_seconds = digits.len() > 4;
    if rest.get(2..3) == Some(":") && has_seconds && colons < 2 {
        return Err(Refused::Value(format!("Inconsistent use of : in {text}")));
    }
    let number =
        |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse().ok()).unwrap_or(0_i64);
    let fraction = digits.get(7..).unwrap_or("");
    let micros = ((number(0..2) * 60 + number(2..4)) * 60 + number(4..6)) * SECOND
        + format!("{fraction:0<6}").parse::<i64>().unwrap_or(0);
    Ok(if sign == "-" { -micros } else { micros })
}
