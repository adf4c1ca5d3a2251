//! The format specification mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

use bumpalo::collections::String as BumpString;
use num_bigint::Sign;

use super::float::{Style, float_digits};
use crate::batch::python::args::room;
use crate::batch::python::numbers::float_of;
use crate::batch::python::text::length;
use crate::batch::value::exceptions::{OVERFLOW_ERROR, VALUE_ERROR};
use crate::batch::value::{Heap, Raised, Value, type_of};

/// A specification.
struct Spec {
    fill: char,
    align: char,
    sign: Option<char>,
    /// Whether a negative zero loses its sign.
    positive_zero: bool,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    /// Parses it, for a value of that class.
    fn parse(heap: &Heap<'_>, text: &str, class: &str, default_align: char) -> Result<Self, Raised> {
        let chars: Vec<char> = text.chars().collect();
        let is_align = |c: Option<&char>| c.is_some_and(|c| matches!(c, '<' | '>' | '=' | '^'));
        let mut spec = Spec {
            fill: ' ',
            align: default_align,
            sign: None,
            positive_zero: false,
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
        };
        let mut place = 0;
        let (mut has_fill, mut has_align) = (false, false);
        if is_align(chars.get(1)) {
            (spec.fill, spec.align, place) = (chars[0], chars[1], 2);
            (has_fill, has_align) = (true, true);
        } else if is_align(chars.first()) {
            (spec.align, has_align, place) = (chars[0], true, 1);
        }
        let take = |wanted: &[char], place: &mut usize| {
            let found = chars.get(*place).copied().filter(|c| wanted.contains(c));
            *place += usize::from(found.is_some());
            found
        };
        spec.sign = take(&['+', '-', ' '], &mut place);
        spec.positive_zero = take(&['z'], &mut place).is_some();
        spec.alternate = take(&['#'], &mut place).is_some();
        if !has_fill && take(&['0'], &mut place).is_some() {
            spec.fill = '0';
            if !has_align && default_align == '>' {
                spec.align = '=';
            }
        }
        spec.width = number(heap, &chars, &mut place)?.unwrap_or(0);
        spec.grouping = take(&[','], &mut place);
        if take(&['_'], &mut place).is_some() {
            if spec.grouping.is_some() {
                return Err(both_groupings(heap));
            }
            spec.grouping = Some('_');
        }
        if spec.grouping == Some('_') && chars.get(place) == Some(&',') {
            return Err(both_groupings(heap));
        }
        if take(&['.'], &mut place).is_some() {
            spec.precision = number(heap, &chars, &mut place)?;
            if spec.precision.is_none() {
                return Err(heap.raise(&VALUE_ERROR, "Format specifier missing precision"));
            }
        }
        match chars[place..] {
            [] => {}
            [kind] => spec.kind = Some(kind),
            _ => {
                let message = format!("Invalid format specifier '{text}' for object of type '{class}'");
                return Err(heap.raise(&VALUE_ERROR, message));
            }
        }
        if let (Some(grouping), Some(kind)) = (spec.grouping, spec.kind) {
            let fits = matches!(kind, 'd' | 'e' | 'f' | 'g' | 'E' | 'F' | 'G' | '%')
                || grouping == '_' && matches!(kind, 'b' | 'o' | 'x' | 'X');
            if !fits {
                let message = format!("Cannot specify '{grouping}' with {}.", quoted(kind));
                return Err(heap.raise(&VALUE_ERROR, message));
            }
        }
        Ok(spec)
    }

    /// Appends a number: its sign and prefix, the digits before the point, and what follows them.
    fn push_number(
        &self,
        heap: &Heap<'_>,
        sign: &str,
        digits: &str,
        rest: &str,
        out: &mut BumpString<'_>,
    ) -> Result<(), Raised> {
        room(heap, self.width.saturating_mul(4))?;
        let zeros = self.fill == '0' && self.align == '=';
        let least = if zeros { self.width.saturating_sub(sign.len() + length(rest)) } else { 0 };
        let size = if matches!(self.kind, Some('b' | 'o' | 'x' | 'X')) { 4 } else { 3 };
        let grouped = match self.grouping {
            Some(separator) if !digits.is_empty() => group(digits, separator, size, least),
            _ => digits.to_owned(),
        };
        let wanting = self.width.saturating_sub(sign.len() + grouped.len() + length(rest));
        let (before, inside, after) = self.paddings(wanting);
        out.extend(std::iter::repeat_n(self.fill, before));
        out.push_str(sign);
        out.extend(std::iter::repeat_n(self.fill, inside));
        out.push_str(&grouped);
        out.push_str(rest);
        out.extend(std::iter::repeat_n(self.fill, after));
        Ok(())
    }

    /// How many filling characters go before, behind the sign, and after.
    fn paddings(&self, wanting: usize) -> (usize, usize, usize) {
        match self.align {
            '<' => (0, 0, wanting),
            '^' => (wanting / 2, 0, wanting - wanting / 2),
            '=' => (0, wanting, 0),
            _ => (wanting, 0, 0),
        }
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        }
    }

    fn unknown(&self, heap: &Heap<'_>, class: &str) -> Raised {
        let kind = quoted(self.kind.unwrap_or(' '));
        heap.raise(&VALUE_ERROR, format!("Unknown format code {kind} for object of type '{class}'"))
    }
}

fn quoted(kind: char) -> String {
    if kind > ' ' && kind.is_ascii() { format!("'{kind}'") } else { format!("'\\x{:x}'", u32::from(kind)) }
}

fn both_groupings(heap: &Heap<'_>) -> Raised {
    heap.raise(&VALUE_ERROR, "Cannot specify both ',' and '_'.")
}

/// The decimal number at a place, if there is one.
fn number(heap: &Heap<'_>, chars: &[char], place: &mut usize) -> Result<Option<usize>, Raised> {
    let mut number = None;
    while let Some(digit) = chars.get(*place).and_then(|c| c.to_digit(10)) {
        let so_far: usize = number.unwrap_or(0);
        let next = so_far.checked_mul(10).and_then(|ten| ten.checked_add(digit as usize));
        match next.filter(|next| i64::try_from(*next).is_ok()) {
            Some(next) => number = Some(next),
            None => return Err(heap.raise(&VALUE_ERROR, "Too many decimal digits in format string")),
        }
        *place += 1;
    }
    Ok(number)
}

/// Digits with a separator between groups, zeros before them up to a width. A separator is never first.
fn group(digits: &str, separator: char, size: usize, least: usize) -> String {
    let mut reversed: Vec<char> = Vec::with_capacity(least.max(digits.len() * 2));
    let mut rest = digits.chars().rev();
    let (mut left, mut wanting) = (digits.len(), least);
    loop {
        let count = size.min(left.max(wanting).max(1));
        for _ in 0..count {
            reversed.push(rest.next().unwrap_or('0'));
        }
        left = left.saturating_sub(count);
        wanting = wanting.saturating_sub(count);
        if left == 0 && wanting == 0 {
            break;
        }
        reversed.push(separator);
        wanting = wanting.saturating_sub(1);
    }
    reversed.iter().rev().collect()
}

/// Appends `format(text, spec)`.
pub fn push_str<'a>(heap: &Heap<'a>, text: &str, spec: &str, out: &mut BumpString<'a>) -> Result<(), Raised> {
    let spec = Spec::parse(heap, spec, "str", '<')?;
    let fault = match spec {
        Spec { kind: Some(kind), .. } if kind != 's' => return Err(spec.unknown(heap, "str")),
        Spec { sign: Some(' '), .. } => "Space not allowed in string format specifier",
        Spec { sign: Some(_), .. } => "Sign not allowed in string format specifier",
        Spec { positive_zero: true, .. } => {
            "Negative zero coercion (z) not allowed in string format specifier"
        }
        Spec { alternate: true, .. } => "Alternate form (#) not allowed in string format specifier",
        Spec { align: '=', .. } => "'=' alignment not allowed in string format specifier",
        Spec { grouping: Some(','), .. } => "Cannot specify ',' with 's'.",
        Spec { grouping: Some(_), .. } => "Cannot specify '_' with 's'.",
        _ => "",
    };
    if !fault.is_empty() {
        return Err(heap.raise(&VALUE_ERROR, fault));
    }
    let text = match spec.precision {
        Some(precision) => &text[..crate::batch::python::text::offset(text, precision)],
        None => text,
    };
    let wanting = spec.width.saturating_sub(length(text));
    room(heap, wanting.saturating_mul(4))?;
    let (before, _, after) = spec.paddings(wanting);
    out.extend(std::iter::repeat_n(spec.fill, before));
    out.push_str(text);
    out.extend(std::iter::repeat_n(spec.fill, after));
    Ok(())
}

/// Appends `format(number, spec)` of an `int` or `bool`.
pub fn push_int<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    text: &str,
    out: &mut BumpString<'a>,
) -> Result<(), Raised> {
    let class = type_of(value).name;
    let spec = Spec::parse(heap, text, class, '>')?;
    match spec.kind {
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
            return push_float(heap, float_of(heap, value)?.unwrap_or(f64::NAN), text, out);
        }
        None | Some('b' | 'c' | 'd' | 'n' | 'o' | 'x' | 'X') => {}
        _ => return Err(spec.unknown(heap, class)),
    }
    let fault = match spec {
        Spec { precision: Some(_), .. } => "Precision not allowed in integer format specifier",
        Spec { positive_zero: true, .. } => {
            "Negative zero coercion (z) not allowed in integer format specifier"
        }
        Spec { kind: Some('c'), sign: Some(_), .. } => "Sign not allowed with integer format specifier 'c'",
        Spec { kind: Some('c'), alternate: true, .. } => {
            "Alternate form (#) not allowed with integer format specifier 'c'"
        }
        _ => "",
    };
    if !fault.is_empty() {
        return Err(heap.raise(&VALUE_ERROR, fault));
    }
    let number = value.as_big().unwrap_or_default();
    if spec.kind == Some('c') {
        let code = u32::try_from(&number).ok().filter(|code| *code < 0x11_0000);
        let Some(code) = code else {
            let message = match i64::try_from(&number) {
                Ok(_) => "%c arg not in range(0x110000)",
                Err(_) => "Python int too large to convert to C long",
            };
            return Err(heap.raise(&OVERFLOW_ERROR, message));
        };
        // Half of a surrogate pair is no character here.
        let c = char::from_u32(code).unwrap_or('\u{fffd}');
        return spec.push_number(heap, "", "", c.encode_utf8(&mut [0; 4]), out);
    }
    let (radix, prefix) = match spec.kind {
        Some('b') => (2, "0b"),
        Some('o') => (8, "0o"),
        Some('x') => (16, "0x"),
        Some('X') => (16, "0X"),
        _ => (10, ""),
    };
    let mut digits = number.magnitude().to_str_radix(radix);
    if spec.kind == Some('X') {
        digits.make_ascii_uppercase();
    }
    let sign = spec.sign_of(number.sign() == Sign::Minus);
    let sign = format!("{sign}{}", if spec.alternate { prefix } else { "" });
    spec.push_number(heap, &sign, &digits, "", out)
}

/// Appends `format(number, spec)` of a `float`.
pub fn push_float<'a>(
    heap: &Heap<'a>,
    number: f64,
    spec: &str,
    out: &mut BumpString<'a>,
) -> Result<(), Raised> {
    let spec = Spec::parse(heap, spec, "float", '>')?;
    let percent = spec.kind == Some('%');
    let number = if percent { number * 100.0 } else { number };
    let (style, default) = match spec.kind {
        None if spec.precision.is_none() => (Style::Shortest, 0),
        None | Some('g' | 'G' | 'n') => (Style::General, 6),
        Some('e' | 'E') => (Style::Exponent, 6),
        Some('f' | 'F' | '%') => (Style::Fixed, 6),
        _ => return Err(spec.unknown(heap, "float")),
    };
    let precision = spec.precision.unwrap_or(default);
    if precision > i32::MAX as usize {
        return Err(heap.raise(&VALUE_ERROR, "precision too big"));
    }
    room(heap, precision)?;
    let mut negative = number.is_sign_negative() && !number.is_nan();
    let mut text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        "inf".to_owned()
    } else {
        float_digits(number.abs(), style, precision, spec.alternate, spec.kind.is_none())
    };
    if spec.positive_zero
        && !text.bytes().take_while(|byte| *byte != b'e').any(|byte| matches!(byte, b'1'..=b'9' | b'i'))
    {
        negative = false;
    }
    if matches!(spec.kind, Some('E' | 'F' | 'G')) {
        text.make_ascii_uppercase();
    }
    if percent {
        text.push('%');
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    spec.push_number(heap, spec.sign_of(negative), digits, rest, out)
}
