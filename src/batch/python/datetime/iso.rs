//! `fromisoformat`: the dates and times of ISO 8601 that CPython 3.11 reads.

use super::calendar::{Date, SECOND, Time};

/// What stands behind a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// No zone.
    Naive,
    /// Microseconds east of Greenwich, perhaps a day and more.
    Offset(i64),
}

/// Why a text is no date or time.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its form is another.
    Form,
    /// A part is out of range, as the message says.
    Range(String),
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Refused::Range(message)
    }
}

/// A number of exactly these ASCII digits.
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.iter().try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
}

/// Digits at a place.
fn at(text: &[u8], start: usize, length: usize) -> Result<i64, Refused> {
    text.get(start..start + length).and_then(digits).ok_or(Refused::Form)
}

/// `2020-01-31`, `20200131`, `2020-W05`, `2020W05`, `2020-W05-5`, `2020W055`.
///
/// # Errors
/// A form that is none of these, or a part that is out of range.
pub fn date(text: &str) -> Result<Date, Refused> {
    // As in CPython, what the length promises and the form does not need is not looked at.
    if matches!(text.len(), 7 | 8 | 10) { date_of(text.as_bytes()) } else { Err(Refused::Form) }
}

fn date_of(text: &[u8]) -> Result<Date, Refused> {
    let year = at(text, 0, 4)?;
    let separated = text.get(4) == Some(&b'-');
    let next = 4 + usize::from(separated);
    let dash =
        |place: usize| if separated && text.get(place) != Some(&b'-') { Err(Refused::Form) } else { Ok(()) };
    if text.get(next) == Some(&b'W') {
        let week = at(text, next + 1, 2)?;
        let behind = next + 3;
        let day = if behind < text.len() {
            dash(behind)?;
            at(text, behind + usize::from(separated), 1)?
        } else {
            1
        };
        return Date::from_iso(year, week, day).map_err(|_| Refused::Form);
    }
    let month = at(text, next, 2)?;
    dash(next + 2)?;
    let day = at(text, next + 2 + usize::from(separated), 2)?;
    Ok(Date::new(year, month, day)?)
}

/// The length of the date at the start of a text that a time may follow.
fn date_length(text: &[u8]) -> usize {
    let is_digit = |place: usize| text.get(place).is_some_and(u8::is_ascii_digit);
    match (text.get(4), text.get(5)) {
        _ if text.len() == 7 => 7,
        // `2020-W05-5`, or a week that `-` parts from an hour.
        (Some(b'-'), Some(b'W')) if text.get(8) == Some(&b'-') => {
            if is_digit(10) {
                8
            } else {
                10
            }
        }
        (Some(b'-'), Some(b'W')) => 8,
        (Some(b'-'), _) => 10,
        // `2020W05` or `2020W055`: how many digits there are tells, for an hour has two.
        (Some(b'W'), _) => {
            let end = (7..text.len()).find(|place| !is_digit(*place)).unwrap_or(text.len());
            if end < 9 { end } else { 7 + end % 2 }
        }
        _ => 8,
    }
}

/// A date, and a time behind any one character.
///
/// # Errors
/// A form that is no date and time, or a part that is out of range.
pub fn moment(text: &str) -> Result<(Date, Time, Zone), Refused> {
    let length = date_length(text.as_bytes()).min(text.len());
    let (Some(front), Some(back)) = (text.get(..length), text.get(length..)) else {
        return Err(Refused::Form);
    };
    let date = date_of(front.as_bytes())?;
    if back.is_empty() {
        return Ok((date, Time::default(), Zone::Naive));
    }
    let mut rest = back.chars();
    rest.next();
    let (time, zone) = clock(rest.as_str())?;
    Ok((date, time, zone))
}

/// `10`, `10:11`, `101112.5`, with `Z`, `+01`, `+01:30` and the like behind.
///
/// # Errors
/// A form that is no time, or a part that is out of range.
pub fn time(text: &str) -> Result<(Time, Zone), Refused> {
    clock(text.strip_prefix('T').unwrap_or(text))
}

fn clock(text: &str) -> Result<(Time, Zone), Refused> {
    let text = text.as_bytes();
    let split = text.iter().position(|byte| b"+-Z".contains(byte)).unwrap_or(text.len());
    let [hour, minute, second, micro] = parts(&text[..split])?;
    let time = Time::new(hour, minute, second, micro, 0);
    let zone = match text[split..] {
        [] => Zone::Naive,
        [b'Z'] => Zone::Offset(0),
        [b'Z', ..] => return Err(Refused::Form),
        [sign, ref rest @ ..] => {
            let [hour, minute, second, micro] = parts(rest)?;
            let micros = ((hour * 60 + minute) * 60 + second) * SECOND + micro;
            Zone::Offset(if sign == b'-' { -micros } else { micros })
        }
    };
    Ok((time?, zone))
}

/// Hours, minutes, seconds and microseconds. Without colons the point before a fraction may be left out.
fn parts(text: &[u8]) -> Result<[i64; 4], Refused> {
    let mut parts = [0; 4];
    let separated = text.get(2) == Some(&b':');
    let mut place = 0;
    for part in &mut parts[..3] {
        *part = at(text, place, 2)?;
        place += 2;
        match text.get(place) {
            None => return Ok(parts),
            Some(b':') if separated => place += 1,
            Some(b'.' | b',') => {
                place += 1;
                break;
            }
            Some(_) if separated || text.len() == place + 1 => return Err(Refused::Form),
            Some(_) => {}
        }
    }
    let fraction = &text[place..];
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return Err(Refused::Form);
    }
    // What is finer than a microsecond is cut off.
    for place in 0..6 {
        parts[3] = parts[3] * 10 + fraction.get(place).map_or(0, |digit| i64::from(digit - b'0'));
    }
    Ok(parts)
}
