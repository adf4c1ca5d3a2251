//! Numbers as texts spell them: CPython's rules, with underscores, white space and Unicode digits.

use num_bigint::{BigInt, Sign};

use crate::batch::python::text::{decimal_value, is_space};

/// Why a text is no `int`.
#[derive(Debug, PartialEq, Eq)]
pub enum IntFault {
    /// It is not spelled like one.
    Invalid,
    /// More decimal digits than CPython takes by default, and how many.
    TooLong(usize),
}

/// Decimal digits that `int(text)` and `str(number)` take.
pub const MOST_DIGITS: usize = 4300;

/// The ASCII form of a text: white space at the ends removed, digits of other scripts made ASCII.
/// `None` if it has anything else beyond ASCII.
fn plain(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    let text = text.trim_matches(is_space);
    if text.is_ascii() {
        return Some(text.into());
    }
    text.chars()
        .map(|c| if c.is_ascii() { Some(c) } else { char::from_digit(decimal_value(c)?, 10) })
        .collect::<Option<String>>()
        .map(Into::into)
}

/// `int(text, base)`: the base 0 or between 2 and 36.
///
/// # Errors
/// If the text is not spelled like an int, or has too many digits.
pub fn parse_int(text: &str, base: u32) -> Result<BigInt, IntFault> {
    let text = plain(text).ok_or(IntFault::Invalid)?;
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, &text[..]),
    };
    let prefix = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    let (base, digits) = match base {
        0 if prefix > 0 => (prefix, after_prefix(digits)),
        0 => {
            // An old octal spelling is not taken for a decimal one.
            if digits.starts_with('0') && digits.bytes().any(|byte| !matches!(byte, b'0' | b'_')) {
                return Err(IntFault::Invalid);
            }
            (10, digits)
        }
        _ if base == prefix => (base, after_prefix(digits)),
        _ => (base, digits),
    };
    let bytes = digits.as_bytes();
    let misplaced = bytes.first() == Some(&b'_') || bytes.last() == Some(&b'_');
    if bytes.is_empty() || misplaced || digits.contains("__") {
        return Err(IntFault::Invalid);
    }
    let mut values = Vec::with_capacity(bytes.len());
    for byte in bytes.iter().filter(|byte| **byte != b'_') {
        let value = char::from(*byte).to_digit(base).ok_or(IntFault::Invalid)?;
        values.push(u8::try_from(value).expect("digits are below 36"));
    }
    if values.len() > MOST_DIGITS && !base.is_power_of_two() {
        return Err(IntFault::TooLong(values.len()));
    }
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    BigInt::from_radix_be(sign, &values, base).ok_or(IntFault::Invalid)
}

/// What follows `0x` and the one underscore that may come next.
fn after_prefix(digits: &str) -> &str {
    let digits = &digits[2..];
    digits.strip_prefix('_').unwrap_or(digits)
}

/// An ASCII decimal of up to 18 digits with an optional sign, the form that nearly all ints have.
pub fn parse_short_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(if negative { -number } else { number })
}

/// `float(text)`; `None` if it is not spelled like one.
pub fn parse_float(text: &str) -> Option<f64> {
    let text = plain(text)?;
    let bytes = text.as_bytes();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if unsigned.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let known = ["inf", "infinity", "nan"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
        return known.then(|| text.parse().ok()).flatten();
    }
    // Rust takes the same spellings, but for names (done with) and underscores, which stand between digits.
    if !text.contains('_') {
        return text.parse().ok();
    }
    let fits = (0..bytes.len()).filter(|place| bytes[*place] == b'_').all(|place| {
        place > 0 && bytes[place - 1].is_ascii_digit() && bytes.get(place + 1).is_some_and(u8::is_ascii_digit)
    });
    if fits { text.replace('_', "").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_spelled_as_in_python() {
        for (text, base, number) in [
            ("10", 10, 10),
            (" \u{2003}-1_0\n", 10, -10),
            ("+7", 10, 7),
            ("0x1F", 16, 31),
            ("1f", 16, 31),
            ("0b_101", 0, 5),
            ("0o17", 8, 15),
            ("00", 0, 0),
            ("\u{663}\u{664}", 10, 34),
            ("zz", 36, 1295),
        ] {
            assert_eq!(parse_int(text, base), Ok(BigInt::from(number)), "{text:?}");
        }
        for (text, base) in [
            ("", 10),
            ("-", 10),
            ("1__0", 10),
            ("_1", 10),
            ("1_", 10),
            ("1 0", 10),
            ("0x", 16),
            ("0x10", 10),
            ("010", 0),
            ("\u{b2}", 10),
            ("1.5", 10),
            ("0x__1", 16),
            ("+-1", 10),
        ] {
            assert_eq!(parse_int(text, base), Err(IntFault::Invalid), "{text:?}");
        }
        assert_eq!(parse_int(&"1".repeat(4301), 10), Err(IntFault::TooLong(4301)));
        assert!(parse_int(&"1".repeat(4301), 16).is_ok());
    }

    #[test]
    fn floats_are_spelled_as_in_python() {
        for (text, number) in [
            ("1", 1.0),
            (" 1_0.5e1_0 ", 10.5e10),
            (".5", 0.5),
            ("5.", 5.0),
            ("-Infinity", f64::NEG_INFINITY),
            ("+iNf", f64::INFINITY),
            ("1e400", f64::INFINITY),
            ("\u{661}.\u{665}", 1.5),
            ("1E-5", 1e-5),
        ] {
            assert_eq!(parse_float(text), Some(number), "{text:?}");
        }
        assert!(parse_float("-nan").is_some_and(f64::is_nan));
        for text in
            ["", ".", "1_", "_1", "1_.5", "1__0", "e5", "1e", "infi", "0x10", "1 2", "--1", "1e_5", "na"]
        {
            assert_eq!(parse_float(text), None, "{text:?}");
        }
    }
}
