//! `json.loads`: one pass over the text. Strings without escapes are borrowed from it.

use bumpalo::collections::String as BumpString;

use super::error::raise;
use super::wanted::Wanted;
use crate::batch::python::numbers::{new_int, parse_short_int};
use crate::batch::python::text::decode;
use crate::batch::value::exceptions::{RECURSION_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, call, truth, type_of};

/// Containers within containers that are read.
const MOST_DEPTH: u32 = 990;

/// `json.loads(s, *, cls=None, object_hook=None, parse_float=None, parse_int=None, parse_constant=None,
/// object_pairs_hook=None, strict=True)`
pub fn loads<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, hooks) = match (args.positional, args.keywords) {
        ([text], []) => (*text, Hooks::NONE),
        _ => {
            let by_name = [
                "cls",
                "object_hook",
                "parse_float",
                "parse_int",
                "parse_constant",
                "object_pairs_hook",
                "strict",
            ];
            let ([text], [], [class, object, float, int, constant, pairs, strict]) =
                args.bind_def_with(heap, "loads", ["s"], [], by_name)?;
            if class.is_some_and(|class| !class.is_none()) {
                return Err(heap.raise(&TYPE_ERROR, "json.loads: cls is not supported"));
            }
            let hooks = Hooks { object, float, int, constant, pairs, strict: strict.is_none_or(truth) };
            (text, hooks.without_none())
        }
    };
    let text: &'a str = match text {
        Value::Str(text) => text,
        Value::Bytes(bytes) => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            decode(heap, bytes, "utf-8", "strict")?.as_str().unwrap_or_default()
        }
        _ => {
            let class = type_of(text).name;
            let message = format!("the JSON object must be str, bytes or bytearray, not {class}");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    read(heap, text, hooks, &Wanted::All)
}

/// `json.loads(text)`, of which only what is wanted is made. All of the text is checked.
///
/// # Errors
/// Those of `json.loads`.
pub fn load_wanted<'a>(heap: &Heap<'a>, text: &'a str, wanted: &Wanted) -> Outcome<'a> {
    read(heap, text, Hooks::NONE, wanted)
}

fn read<'a>(heap: &Heap<'a>, text: &'a str, hooks: Hooks<'a>, wanted: &Wanted) -> Outcome<'a> {
    if text.starts_with('\u{feff}') {
        return Err(raise(heap, "Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0));
    }
    let mut reader = Reader { heap, text, bytes: text.as_bytes(), place: 0, hooks, values: Vec::new() };
    reader.space();
    let value = reader.value(0, wanted)?;
    reader.space();
    if reader.place < text.len() {
        return Err(reader.fault("Extra data", reader.place));
    }
    Ok(value)
}

/// Functions of the program that make values of what is read.
#[derive(Clone, Copy)]
struct Hooks<'a> {
    object: Option<Value<'a>>,
    float: Option<Value<'a>>,
    int: Option<Value<'a>>,
    constant: Option<Value<'a>>,
    pairs: Option<Value<'a>>,
    /// Whether control characters within strings are refused.
    strict: bool,
}

impl<'a> Hooks<'a> {
    const NONE: Hooks<'a> =
        Hooks { object: None, float: None, int: None, constant: None, pairs: None, strict: true };

    fn without_none(self) -> Self {
        let given = |hook: Option<Value<'a>>| hook.filter(|hook| !hook.is_none());
        Hooks {
            object: given(self.object),
            float: given(self.float),
            int: given(self.int),
            constant: given(self.constant),
            pairs: given(self.pairs),
            strict: self.strict,
        }
    }
}

struct Reader<'h, 'a> {
    heap: &'h Heap<'a>,
    text: &'a str,
    bytes: &'a [u8],
    place: usize,
    hooks: Hooks<'a>,
    /// Items of the arrays that are being read, the innermost last.
    values: Vec<Value<'a>>,
}

impl<'a> Reader<'_, 'a> {
    #[cold]
    fn fault(&self, what: &str, byte: usize) -> Raised {
        raise(self.heap, what, self.text, byte)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.place).copied()
    }

    /// Passes white space.
    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.place += 1;
        }
    }

    /// Passes a byte, if it is the next one.
    #[inline]
    fn passes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.place += usize::from(is_next);
        is_next
    }

    /// Calls a function of the program with what was read.
    fn hooked(&self, hook: Value<'a>, value: Value<'a>) -> Outcome<'a> {
        call(self.heap, hook, Args { positional: &[value], keywords: &[] })
    }

    #[inline]
    fn value(&mut self, depth: u32, wanted: &Wanted) -> Outcome<'a> {
        match self.peek() {
            Some(b'"') => Ok(self.heap.text(self.string()?)),
            Some(b'{') => {
                self.check_depth(depth, "object")?;
                self.object(depth + 1, wanted)
            }
            Some(b'[') => {
                self.check_depth(depth, "array")?;
                self.array(depth + 1)
            }
            Some(b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn check_depth(&self, depth: u32, what: &str) -> Result<(), Raised> {
        if depth < MOST_DEPTH {
            return self.heap.check_memory(0);
        }
        let message =
            format!("maximum recursion depth exceeded while decoding a JSON {what} from a unicode string");
        Err(self.heap.raise(&RECURSION_ERROR, message))
    }

    /// A name, or a number with a sign.
    fn word(&mut self) -> Outcome<'a> {
        let rest = &self.bytes[self.place..];
        let words: [(&str, Value<'a>); 6] = [
            ("null", Value::None),
            ("true", Value::bool(true)),
            ("false", Value::bool(false)),
            ("NaN", Value::float(f64::NAN)),
            ("Infinity", Value::float(f64::INFINITY)),
            ("-Infinity", Value::float(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            if rest.starts_with(word.as_bytes()) {
                self.place += word.len();
                return match (value, self.hooks.constant) {
                    (Value::Float(_), Some(hook)) => self.hooked(hook, self.heap.text(word)),
                    _ => Ok(value),
                };
            }
        }
        match rest {
            [b'-', b'0'..=b'9', ..] => self.number(),
            _ => Err(self.fault("Expecting value", self.place)),
        }
    }

    fn digits(&self, mut place: usize) -> usize {
        while self.bytes.get(place).is_some_and(u8::is_ascii_digit) {
            place += 1;
        }
        place
    }

    /// A number; its first byte or two are known to be good.
    fn number(&mut self) -> Outcome<'a> {
        let start = self.place;
        let first = start + usize::from(self.bytes[start] == b'-');
        // A zero stands alone.
        let mut end = if self.bytes[first] == b'0' { first + 1 } else { self.digits(first) };
        let mut is_float = false;
        if self.bytes.get(end) == Some(&b'.') && self.digits(end + 1) > end + 1 {
            end = self.digits(end + 1);
            is_float = true;
        }
        if let Some(b'e' | b'E') = self.bytes.get(end) {
            let signed = matches!(self.bytes.get(end + 1), Some(b'+' | b'-'));
            let exponent = end + 1 + usize::from(signed);
            if self.digits(exponent) > exponent {
                end = self.digits(exponent);
                is_float = true;
            }
        }
        self.place = end;
        let spelled = &self.text[start..end];
        match (is_float, self.hooks) {
            (true, Hooks { float: Some(hook), .. }) | (false, Hooks { int: Some(hook), .. }) => {
                self.hooked(hook, self.heap.text(spelled))
            }
            (true, _) => Ok(Value::float(spelled.parse().expect("it is spelled like a float"))),
            (false, _) => match parse_short_int(spelled.as_bytes()) {
                Some(number) => Ok(Value::Int(number)),
                None => {
                    let positional = [self.heap.text(spelled)];
                    new_int(self.heap, Args { positional: &positional, keywords: &[] })
                }
            },
        }
    }

    fn array(&mut self, depth: u32) -> Outcome<'a> {
        self.place += 1;
        self.space();
        let first = self.values.len();
        if !self.passes(b']') {
            loop {
                let value = self.value(depth, &Wanted::All)?;
                self.values.push(value);
                self.space();
                if self.passes(b',') {
                    self.space();
                    continue;
                }
                if self.passes(b']') {
                    break;
                }
                return Err(self.fault("Expecting ',' delimiter", self.place));
            }
        }
        let list = self.heap.list(self.values[first..].iter().copied());
        self.values.truncate(first);
        Ok(list)
    }

    fn object(&mut self, depth: u32, wanted: &Wanted) -> Outcome<'a> {
        self.place += 1;
        self.space();
        let first = self.values.len();
        let dict = self.heap.dict();
        let as_pairs = self.hooks.pairs.is_some();
        if !self.passes(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    let what = "Expecting property name enclosed in double quotes";
                    return Err(self.fault(what, self.place));
                }
                let name = self.string()?;
                self.space();
                if !self.passes(b':') {
                    return Err(self.fault("Expecting ':' delimiter", self.place));
                }
                self.space();
                match wanted.member(name) {
                    Some(wanted) => {
                        let value = self.value(depth, wanted)?;
                        let key = self.heap.text(name);
                        if as_pairs {
                            self.values.push(self.heap.pair(key, value));
                        } else {
                            dict.insert(self.heap, key, value)?;
                        }
                    }
                    None => self.pass(depth)?,
                }
                self.space();
                if self.passes(b',') {
                    self.space();
                    continue;
                }
                if self.passes(b'}') {
                    break;
                }
                return Err(self.fault("Expecting ',' delimiter", self.place));
            }
        }
        match self.hooks {
            Hooks { pairs: Some(hook), .. } => {
                let list = self.heap.list(self.values[first..].iter().copied());
                self.values.truncate(first);
                self.hooked(hook, list)
            }
            Hooks { object: Some(hook), .. } => self.hooked(hook, Value::Dict(dict)),
            _ => Ok(Value::Dict(dict)),
        }
    }

    /// Passes a value that nobody wants.
    fn pass(&mut self, depth: u32) -> Result<(), Raised> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => {
                self.check_depth(depth, "object")?;
                self.object(depth + 1, &Wanted::nothing()).map(drop)
            }
            Some(b'[') => {
                self.check_depth(depth, "array")?;
                self.pass_array(depth + 1)
            }
            _ => self.value(depth, &Wanted::All).map(drop),
        }
    }

    fn pass_array(&mut self, depth: u32) -> Result<(), Raised> {
        self.place += 1;
        self.space();
        if self.passes(b']') {
            return Ok(());
        }
        loop {
            self.pass(depth)?;
            self.space();
            if self.passes(b',') {
                self.space();
                continue;
            }
            if self.passes(b']') {
                return Ok(());
            }
            return Err(self.fault("Expecting ',' delimiter", self.place));
        }
    }

    /// The text of a string, which starts here with its quote.
    #[inline]
    fn string(&mut self) -> Result<&'a str, Raised> {
        let start = self.place + 1;
        let end = marked(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.place = end + 1;
            return Ok(&self.text[start..end]);
        }
        self.escaped(start, end)
    }

    /// A string with something else in it than plain characters, first at `place`.
    fn escaped(&mut self, start: usize, mut place: usize) -> Result<&'a str, Raised> {
        let unterminated = "Unterminated string starting at";
        let mut out = BumpString::new_in(self.heap.bump());
        let mut from = start;
        loop {
            match self.bytes.get(place) {
                None => return Err(self.fault(unterminated, start - 1)),
                Some(b'"') => {
                    out.push_str(&self.text[from..place]);
                    self.place = place + 1;
                    return Ok(out.into_bump_str());
                }
                Some(b'\\') => {
                    out.push_str(&self.text[from..place]);
                    let simple = match self.bytes.get(place + 1) {
                        None => return Err(self.fault(unterminated, start - 1)),
                        Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
                        Some(b'b') => '\x08',
                        Some(b'f') => '\x0c',
                        Some(b'n') => '\n',
                        Some(b'r') => '\r',
                        Some(b't') => '\t',
                        Some(b'u') => {
                            let (c, behind) = self.code(place + 2)?;
                            out.push(c);
                            place = behind;
                            from = place;
                            place = marked(self.bytes, place);
                            continue;
                        }
                        Some(_) => return Err(self.fault("Invalid \\escape", place)),
                    };
                    out.push(simple);
                    place += 2;
                    from = place;
                }
                Some(_) if self.hooks.strict => {
                    return Err(self.fault("Invalid control character at", place));
                }
                Some(_) => place += 1,
            }
            place = marked(self.bytes, place);
        }
    }

    /// The character of `\uXXXX`, whose digits start at `place`, and the place behind it. Two that make a
    /// surrogate pair are one character; half of a pair is U+FFFD, as no text can hold it.
    fn code(&self, place: usize) -> Result<(char, usize), Raised> {
        let code = self.hexadecimal(place)?;
        let behind = place + 4;
        if let 0xd800..=0xdbff = code
            && behind + 6 < self.bytes.len()
            && self.bytes[behind..].starts_with(b"\\u")
        {
            let low = self.hexadecimal(behind + 2)?;
            if let 0xdc00..=0xdfff = low {
                let joined = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                return Ok((char::from_u32(joined).unwrap_or('\u{fffd}'), behind + 6));
            }
        }
        Ok((char::from_u32(code).unwrap_or('\u{fffd}'), behind))
    }

    /// Four hexadecimal digits.
    fn hexadecimal(&self, place: usize) -> Result<u32, Raised> {
        let invalid = || self.fault("Invalid \\uXXXX escape", place - 1);
        // Something must follow, if only the quote.
        if place + 4 >= self.bytes.len() {
            return Err(invalid());
        }
        let mut code = 0;
        for byte in &self.bytes[place..place + 4] {
            code = code << 4 | char::from(*byte).to_digit(16).ok_or_else(invalid)?;
        }
        Ok(code)
    }
}

/// Where the next quote, backslash or control character is, or the end of the bytes.
#[inline]
fn marked(bytes: &[u8], mut place: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some((eight, _)) = bytes.get(place..).and_then(<[u8]>::split_first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of a byte is set where the byte is below another; a borrow may set it falsely
        // only above the first such byte, and only the first one counts.
        let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = quote | backslash | below(word, 0x20);
        if found != 0 {
            return place + found.trailing_zeros() as usize / 8;
        }
        place += 8;
    }
    let rest = bytes.get(place..).unwrap_or_default();
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
    place + found.unwrap_or(rest.len())
}
