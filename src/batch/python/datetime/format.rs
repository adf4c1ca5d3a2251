//! `strftime`, as the C library does it in its own locale.

use super::calendar::{Date, MONTHS, Moment, WEEKDAYS};

/// A time in parts, as C's `struct tm` has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The year.
    pub year: i64,
    /// From 1 to 12.
    pub month: i64,
    /// From 1 on.
    pub day: i64,
    /// From 0 to 23.
    pub hour: i64,
    /// From 0 to 59.
    pub minute: i64,
    /// From 0 to 61.
    pub second: i64,
    /// Monday is 0.
    pub weekday: i64,
    /// From 1 on.
    pub day_of_year: i64,
}

impl Parts {
    /// Those of a moment.
    pub fn of(moment: Moment) -> Parts {
        let Moment { date, time } = moment;
        Parts {
            year: i64::from(date.year),
            month: i64::from(date.month),
            day: i64::from(date.day),
            hour: i64::from(time.hour),
            minute: i64::from(time.minute),
            second: i64::from(time.second),
            weekday: i64::from(date.weekday()),
            day_of_year: date.day_of_year(),
        }
    }
}

/// What parts do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// `%f`, where it is known.
    pub micro: Option<u32>,
    /// `%z`
    pub offset: String,
    /// `%Z`
    pub zone: String,
    /// Seconds since 1970, for `%s`.
    pub since_epoch: i64,
}

/// How a number is padded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pad {
    Zero,
    Space,
    None,
}

/// The text of a time under a format.
pub fn strftime(format: &str, parts: &Parts, extras: &Extras) -> String {
    let mut out = String::with_capacity(format.len() + 16);
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let directive = &rest[at..];
        let length = one(directive, parts, extras, &mut out);
        rest = &directive[length..];
    }
    out.push_str(rest);
    out
}

/// Appends what the directive at the start of `text` stands for; its length in bytes.
fn one(text: &str, parts: &Parts, extras: &Extras, out: &mut String) -> usize {
    let (mut pad, mut upper, mut swap) = (None, false, false);
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((_, flag)) = chars.next_if(|(_, c)| "-_0^#".contains(*c)) {
        match flag {
            '-' => pad = Some(Pad::None),
            '_' => pad = Some(Pad::Space),
            '0' => pad = Some(Pad::Zero),
            '^' => upper = true,
            _ => swap = true,
        }
    }
    let mut width = 0;
    while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        width = (width * 10 + digit.to_digit(10).unwrap_or(0)).min(1000);
    }
    // Other eras and digits are other locales'.
    chars.next_if(|(_, c)| "EO".contains(*c));
    let Some((at, letter)) = chars.next() else {
        out.push_str(text);
        return text.len();
    };
    let length = at + letter.len_utf8();
    let width = usize::try_from(width).unwrap_or(0);
    let Some(mut piece) = expand(letter, pad, width, parts, extras) else {
        out.push_str(&text[..length]);
        return length;
    };
    if upper {
        piece = piece.to_ascii_uppercase();
    } else if swap {
        piece = if "pZ".contains(letter) { piece.to_ascii_lowercase() } else { piece.to_ascii_uppercase() };
    }
    let fill = if pad == Some(Pad::Zero) { '0' } else { ' ' };
    let missing = if pad == Some(Pad::None) { 0 } else { width.saturating_sub(piece.chars().count()) };
    out.extend(std::iter::repeat_n(fill, missing));
    out.push_str(&piece);
    length
}

fn expand(letter: char, pad: Option<Pad>, width: usize, parts: &Parts, extras: &Extras) -> Option<String> {
    let number = |value: i64, digits: usize, usual: Pad| {
        let digits = digits.max(width);
        match pad.unwrap_or(usual) {
            Pad::Zero => format!("{value:0digits$}"),
            Pad::Space => format!("{value:digits$}"),
            Pad::None => value.to_string(),
        }
    };
    let two = |value: i64| number(value, 2, Pad::Zero);
    let again = |format: &str| strftime(format, parts, extras);
    let twelve = (parts.hour + 11).rem_euclid(12) + 1;
    // Weeks begin with Sunday or Monday; days before the first one are in week 0.
    let week = |weekday: i64| (parts.day_of_year - 1 + 7 - weekday).div_euclid(7);
    let sunday_first = (parts.weekday + 1).rem_euclid(7);
    let named = |names: &[&str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index)).map_or("?", |name| *name).to_owned()
    };
    let short = |name: String| name.chars().take(3).collect::<String>();
    Some(match letter {
        'a' => short(named(&WEEKDAYS, parts.weekday)),
        'A' => named(&WEEKDAYS, parts.weekday),
        'b' | 'h' => short(named(&MONTHS, parts.month - 1)),
        'B' => named(&MONTHS, parts.month - 1),
        'c' => again("%a %b %e %H:%M:%S %Y"),
        'C' => two(parts.year.div_euclid(100)),
        'd' => two(parts.day),
        'D' | 'x' => again("%m/%d/%y"),
        'e' => number(parts.day, 2, Pad::Space),
        'f' => format!("{:06}", extras.micro?),
        'F' => again("%Y-%m-%d"),
        'g' => two(iso(parts).0.rem_euclid(100)),
        'G' => number(iso(parts).0, 1, Pad::Zero),
        'H' => two(parts.hour),
        'I' => two(twelve),
        'j' => number(parts.day_of_year, 3, Pad::Zero),
        'k' => number(parts.hour, 2, Pad::Space),
        'l' => number(twelve, 2, Pad::Space),
        'm' => two(parts.month),
        'M' => two(parts.minute),
        'n' => String::from("\n"),
        'p' => String::from(if parts.hour < 12 { "AM" } else { "PM" }),
        'P' => String::from(if parts.hour < 12 { "am" } else { "pm" }),
        'r' => again("%I:%M:%S %p"),
        'R' => again("%H:%M"),
        's' => number(extras.since_epoch, 1, Pad::Zero),
        'S' => two(parts.second),
        't' => String::from("\t"),
        'T' | 'X' => again("%H:%M:%S"),
        'u' => number(parts.weekday + 1, 1, Pad::Zero),
        'U' => two(week(sunday_first)),
        'V' => two(iso(parts).1),
        'w' => number(sunday_first, 1, Pad::Zero),
        'W' => two(week(parts.weekday)),
        'y' => two(parts.year.rem_euclid(100)),
        'Y' => number(parts.year, 1, Pad::Zero),
        'z' => extras.offset.clone(),
        'Z' => extras.zone.clone(),
        '%' => String::from("%"),
        _ => return None,
    })
}

/// Year and week of ISO 8601.
fn iso(parts: &Parts) -> (i64, i64) {
    match Date::new(parts.year, parts.month, parts.day) {
        Ok(date) => {
            let (year, week, _) = date.iso();
            (year, week)
        }
        Err(_) => (parts.year, 0),
    }
}
