//! `template % arguments`, as CPython's `unicode_format` does it.

use bumpalo::collections::String as BumpString;
use num_bigint::{BigInt, Sign};

use super::float::{Style, float_digits};
use super::{ascii, push_text};
use crate::batch::python::args::room;
use crate::batch::python::numbers::{float_of, int_of_float};
use crate::batch::python::text::{length, offset};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Heap, Outcome, Raised, Value, get_item, repr_text, to_text, type_of};

/// `template % arguments` of a `str`.
///
/// # Errors
/// `TypeError`, `ValueError`, `KeyError` as in CPython.
pub fn percent<'a>(heap: &Heap<'a>, template: &str, arguments: Value<'a>) -> Outcome<'a> {
    let mut out = BumpString::with_capacity_in(template.len() + 32, heap.bump());
    Template::new(heap, template, arguments, false).push(&mut out)?;
    heap.check_memory(0)?;
    Ok(heap.text(out.into_bump_str()))
}

/// `template % arguments` of `bytes`.
///
/// # Errors
/// As [`percent`].
pub fn percent_bytes<'a>(heap: &Heap<'a>, template: &[u8], arguments: Value<'a>) -> Outcome<'a> {
    // Bytes are written as the characters of the same numbers: the rules are those of text.
    let template: String = template.iter().map(|byte| char::from(*byte)).collect();
    let mut out = BumpString::with_capacity_in(template.len() + 32, heap.bump());
    Template::new(heap, &template, arguments, true).push(&mut out)?;
    let bytes: Vec<u8> = out.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    Ok(heap.bytes(&bytes))
}

/// What stands between `%` and the letter of a conversion.
#[derive(Default)]
struct Flags {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

struct Template<'t, 'h, 'a> {
    heap: &'h Heap<'a>,
    text: &'t str,
    place: usize,
    /// All the arguments, and how many of them are used, where they are a tuple.
    arguments: Value<'a>,
    used: usize,
    is_bytes: bool,
}

impl<'t, 'h, 'a> Template<'t, 'h, 'a> {
    fn new(heap: &'h Heap<'a>, text: &'t str, arguments: Value<'a>, is_bytes: bool) -> Self {
        Template { heap, text, place: 0, arguments, used: 0, is_bytes }
    }

    fn type_error<T>(&self, message: impl AsRef<str>) -> Result<T, Raised> {
        Err(self.heap.raise(&TYPE_ERROR, message))
    }

    fn value_error<T>(&self, message: impl AsRef<str>) -> Result<T, Raised> {
        Err(self.heap.raise(&VALUE_ERROR, message))
    }

    /// The items of the arguments, if these are a tuple.
    fn tuple(&self) -> Option<&'a [Value<'a>]> {
        match self.arguments {
            Value::Object(object) if object.class.hooks.is_tuple => Some(object.fields),
            arguments => arguments.as_tuple(),
        }
    }

    /// Whether the arguments can be subscripted, so that they need not be used up.
    fn is_mapping(&self) -> bool {
        match self.arguments {
            Value::Dict(_) | Value::List(_) | Value::Range(_) => true,
            Value::Bytes(_) => !self.is_bytes,
            Value::Object(object) => object.class.hooks.item.is_some(),
            _ => false,
        }
    }

    fn push(mut self, out: &mut BumpString<'a>) -> Result<(), Raised> {
        while let Some(found) = memchr::memchr(b'%', &self.text.as_bytes()[self.place..]) {
            out.push_str(&self.text[self.place..self.place + found]);
            self.place += found + 1;
            self.conversion(out)?;
        }
        out.push_str(&self.text[self.place..]);
        let all = match self.tuple() {
            Some(items) => self.used >= items.len(),
            None => self.used > 0 || self.is_mapping(),
        };
        if all {
            return Ok(());
        }
        let kind = if self.is_bytes { "bytes" } else { "string" };
        self.type_error(format!("not all arguments converted during {kind} formatting"))
    }

    /// The next character, which is passed.
    fn next(&mut self) -> Result<char, Raised> {
        match self.text[self.place..].chars().next() {
            Some(c) => {
                self.place += c.len_utf8();
                Ok(c)
            }
            None => self.value_error("incomplete format"),
        }
    }

    /// The next argument.
    fn argument(&mut self) -> Outcome<'a> {
        let next = match self.tuple() {
            Some(items) => items.get(self.used).copied(),
            None => (self.used == 0).then_some(self.arguments),
        };
        self.used += 1;
        match next {
            Some(value) => Ok(value),
            None => self.type_error("not enough arguments for format string"),
        }
    }

    /// The value of `(key)`.
    fn keyed(&mut self) -> Outcome<'a> {
        if !self.is_mapping() {
            return self.type_error("format requires a mapping");
        }
        let start = self.place;
        let mut open = 1_usize;
        while open > 0 {
            let Some(byte) = self.text.as_bytes().get(self.place) else {
                return self.value_error("incomplete format key");
            };
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            self.place += 1;
        }
        let key = &self.text[start..self.place - 1];
        let key = if self.is_bytes {
            let bytes: Vec<u8> = key.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
            self.heap.bytes(&bytes)
        } else {
            self.heap.str(key)
        };
        // As in CPython, the mapping as a whole is no argument from then on.
        self.used = 1;
        get_item(self.heap, self.arguments, key)
    }

    /// One conversion; its `%` is passed.
    fn conversion(&mut self, out: &mut BumpString<'a>) -> Result<(), Raised> {
        // The usual ones, without any flags.
        match self.text.as_bytes().get(self.place) {
            Some(b's') if !self.is_bytes => {
                self.place += 1;
                let value = self.argument()?;
                return push_text(self.heap, value, out);
            }
            Some(b'%') => {
                self.place += 1;
                out.push('%');
                return Ok(());
            }
            _ => {}
        }
        let mut c = self.next()?;
        let mut keyed = None;
        if c == '(' {
            keyed = Some(self.keyed()?);
            c = self.next()?;
        }
        let mut flags = Flags::default();
        loop {
            match c {
                '-' => flags.left = true,
                '+' => flags.plus = true,
                ' ' => flags.space = true,
                '#' => flags.alternate = true,
                '0' => flags.zero = true,
                _ => break,
            }
            c = self.next()?;
        }
        if c == '*' {
            let width = self.starred()?;
            flags.left |= width < 0;
            flags.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
            c = self.next()?;
        } else {
            flags.width = self.digits(&mut c, "width too big")?.unwrap_or(0);
        }
        if c == '.' {
            c = self.next()?;
            flags.precision = if c == '*' {
                let precision = self.starred()?;
                c = self.next()?;
                Some(usize::try_from(precision).unwrap_or(0))
            } else {
                Some(self.digits(&mut c, "precision too big")?.unwrap_or(0))
            };
        }
        if matches!(c, 'h' | 'l' | 'L') {
            c = self.next()?;
        }
        let value = match keyed {
            Some(value) => value,
            None => self.argument()?,
        };
        room(self.heap, flags.width.saturating_mul(4).saturating_add(flags.precision.unwrap_or(0)))?;
        self.push_converted(c, value, &flags, out)
    }

    /// A width or precision that is an argument.
    fn starred(&mut self) -> Result<i64, Raised> {
        match self.argument()? {
            Value::Big(_) => {
                Err(self.heap.raise(&OVERFLOW_ERROR, "Python int too large to convert to C ssize_t"))
            }
            value => match value.as_int() {
                Some(number) => Ok(number),
                None => self.type_error("* wants int"),
            },
        }
    }

    fn digits(&mut self, c: &mut char, too_big: &str) -> Result<Option<usize>, Raised> {
        let mut number = None;
        while let Some(digit) = c.to_digit(10) {
            let so_far: usize = number.unwrap_or(0);
            match so_far.checked_mul(10).and_then(|ten| ten.checked_add(digit as usize)) {
                Some(next) if next <= i32::MAX as usize => number = Some(next),
                _ => return self.value_error(too_big),
            }
            *c = self.next()?;
        }
        Ok(number)
    }

    fn push_converted(
        &mut self,
        c: char,
        value: Value<'a>,
        flags: &Flags,
        out: &mut BumpString<'a>,
    ) -> Result<(), Raised> {
        match c {
            's' | 'b' if self.is_bytes => {
                let Value::Bytes(bytes) = value else {
                    return self.type_error(format!(
                        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
                        type_of(value).name
                    ));
                };
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                push_aligned(&text, flags, out);
            }
            's' => push_aligned(to_text(self.heap, value)?, flags, out),
            'r' if !self.is_bytes => push_aligned(repr_text(self.heap, value)?, flags, out),
            'a' | 'r' => push_aligned(ascii(self.heap, value)?, flags, out),
            'c' => {
                let c = self.character(value)?;
                push_aligned(c.encode_utf8(&mut [0; 4]), &Flags { precision: None, ..*flags }, out);
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let number = self.integer(c, value)?;
                push_int(c, &number, flags, out);
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let Some(number) = float_of(self.heap, value)? else {
                    let what = if self.is_bytes { "float argument required" } else { "must be real number" };
                    return self.type_error(format!("{what}, not {}", type_of(value).name));
                };
                push_float(c, number, flags, out);
            }
            _ => {
                let place = length(&self.text[..self.place]) - 1;
                let shown = if (' '..'~').contains(&c) { c } else { '?' };
                return self.value_error(format!(
                    "unsupported format character '{shown}' (0x{:x}) at index {place}",
                    u32::from(c)
                ));
            }
        }
        Ok(())
    }

    fn character(&self, value: Value<'a>) -> Result<char, Raised> {
        let one = if self.is_bytes {
            match value {
                Value::Bytes([byte]) => Some(char::from(*byte)),
                _ => None,
            }
        } else {
            value.as_str().and_then(|text| {
                let mut chars = text.chars();
                chars.next().filter(|_| chars.next().is_none())
            })
        };
        if let Some(c) = one {
            return Ok(c);
        }
        if !matches!(value, Value::Int(_) | Value::Bool(_) | Value::Big(_)) {
            return self.type_error(if self.is_bytes {
                "%c requires an integer in range(256) or a single byte"
            } else {
                "%c requires int or char"
            });
        }
        let (most, range) = if self.is_bytes { (256, "256") } else { (0x11_0000, "0x110000") };
        match value.as_int().and_then(|code| u32::try_from(code).ok()).filter(|code| *code < most) {
            // Half of a surrogate pair is no character here.
            Some(code) => Ok(char::from_u32(code).unwrap_or('\u{fffd}')),
            None => Err(self.heap.raise(&OVERFLOW_ERROR, format!("%c arg not in range({range})"))),
        }
    }

    fn integer(&self, c: char, value: Value<'a>) -> Result<BigInt, Raised> {
        if let Some(number) = value.as_big() {
            return Ok(number);
        }
        let class = type_of(value).name;
        if matches!(c, 'x' | 'X' | 'o') {
            return self.type_error(format!("%{c} format: an integer is required, not {class}"));
        }
        match value {
            Value::Float(number) => {
                Ok(int_of_float(self.heap, number.get())?.as_big().expect("it is an int"))
            }
            _ => self.type_error(format!("%{c} format: a real number is required, not {class}")),
        }
    }
}

/// Appends a text within its width, cut to the precision.
fn push_aligned(text: &str, flags: &Flags, out: &mut BumpString<'_>) {
    let text = match flags.precision {
        Some(precision) => &text[..offset(text, precision)],
        None => text,
    };
    let wanting = flags.width.saturating_sub(length(text));
    if !flags.left {
        out.extend(std::iter::repeat_n(' ', wanting));
    }
    out.push_str(text);
    if flags.left {
        out.extend(std::iter::repeat_n(' ', wanting));
    }
}

/// Appends a number within its width: zeros go behind its sign.
fn push_signed(negative: bool, prefix: &str, digits: &str, flags: &Flags, out: &mut BumpString<'_>) {
    let sign = match flags {
        _ if negative => "-",
        Flags { plus: true, .. } => "+",
        Flags { space: true, .. } => " ",
        _ => "",
    };
    let wanting = flags.width.saturating_sub(sign.len() + prefix.len() + digits.len());
    let fill = |out: &mut BumpString<'_>, c, here| {
        out.extend(std::iter::repeat_n(c, if here { wanting } else { 0 }))
    };
    fill(out, ' ', !flags.left && !flags.zero);
    out.push_str(sign);
    out.push_str(prefix);
    fill(out, '0', !flags.left && flags.zero);
    out.push_str(digits);
    fill(out, ' ', flags.left);
}

fn push_int(c: char, number: &BigInt, flags: &Flags, out: &mut BumpString<'_>) {
    let (radix, prefix) = match c {
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        'o' => (8, "0o"),
        _ => (10, ""),
    };
    let mut digits = number.magnitude().to_str_radix(radix);
    if c == 'X' {
        digits.make_ascii_uppercase();
    }
    if let Some(zeros) = flags.precision.and_then(|precision| precision.checked_sub(digits.len())) {
        digits.insert_str(0, &"0".repeat(zeros));
    }
    let prefix = if flags.alternate { prefix } else { "" };
    push_signed(number.sign() == Sign::Minus, prefix, &digits, flags, out);
}

fn push_float(c: char, number: f64, flags: &Flags, out: &mut BumpString<'_>) {
    let style = match c {
        'e' | 'E' => Style::Exponent,
        'f' | 'F' => Style::Fixed,
        _ => Style::General,
    };
    let mut text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        "inf".to_owned()
    } else {
        float_digits(number.abs(), style, flags.precision.unwrap_or(6), flags.alternate, false)
    };
    if c.is_ascii_uppercase() {
        text.make_ascii_uppercase();
    }
    push_signed(number.is_sign_negative() && !number.is_nan(), "", &text, flags, out);
}
