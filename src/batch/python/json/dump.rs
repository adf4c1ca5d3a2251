//! `json.dumps`.

use bumpalo::collections::String as BumpString;

use crate::batch::python::sort::sort_values;
use crate::batch::value::exceptions::{RECURSION_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Dict, Heap, Outcome, Raised, Value, call, iterate, repr_float, repr_text, truth, type_of,
};

/// Containers within containers that are written.
const MOST_DEPTH: usize = 990;

/// `json.dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True, allow_nan=True, cls=None,
/// indent=None, separators=None, default=None, sort_keys=False)`
pub fn dumps<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let by_name = [
        "skipkeys",
        "ensure_ascii",
        "check_circular",
        "allow_nan",
        "cls",
        "indent",
        "separators",
        "default",
        "sort_keys",
    ];
    let ([value], [], [skip, ascii, _, nan, class, indent, separators, default, sort]) =
        args.bind_def_with(heap, "dumps", ["obj"], [], by_name)?;
    let given = |option: Option<Value<'a>>| option.filter(|option| !option.is_none());
    if given(class).is_some() {
        return Err(heap.raise(&TYPE_ERROR, "json.dumps: cls is not supported"));
    }
    let indent = match given(indent) {
        Some(Value::Str(text)) => Some((*text).to_owned()),
        Some(spaces) => {
            let spaces = usize::try_from(crate::batch::python::args::index(heap, spaces)?).unwrap_or(0);
            crate::batch::python::args::room(heap, spaces)?;
            Some(" ".repeat(spaces))
        }
        None => None,
    };
    let (item, key) = match given(separators) {
        Some(separators) => texts(heap, separators)?,
        None => (if indent.is_some() { "," } else { ", " }, ": "),
    };
    let mut writer = Writer {
        heap,
        out: BumpString::new_in(heap.bump()),
        skip: skip.is_some_and(truth),
        ascii: ascii.is_none_or(truth),
        nan: nan.is_none_or(truth),
        sort: sort.is_some_and(truth),
        default: given(default),
        indent,
        item,
        key,
        within: Vec::new(),
    };
    writer.value(value)?;
    Ok(heap.text(writer.out.into_bump_str()))
}

/// `(item_separator, key_separator)`
fn texts<'a>(heap: &Heap<'a>, separators: Value<'a>) -> Result<(&'a str, &'a str), Raised> {
    let Ok(separators) = iterate(heap, separators) else {
        heap.caught();
        let message = format!("cannot unpack non-iterable {} object", type_of(separators).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    match (separators.next(heap)?, separators.next(heap)?, separators.next(heap)?) {
        (Some(Value::Str(item)), Some(Value::Str(key)), None) => Ok((item, key)),
        _ => Err(heap.raise(&TYPE_ERROR, "json.dumps: separators must be two texts")),
    }
}

struct Writer<'h, 'a> {
    heap: &'h Heap<'a>,
    out: BumpString<'a>,
    skip: bool,
    ascii: bool,
    nan: bool,
    sort: bool,
    default: Option<Value<'a>>,
    indent: Option<String>,
    item: &'a str,
    key: &'a str,
    /// Where the containers around are.
    within: Vec<usize>,
}

impl<'a> Writer<'_, 'a> {
    fn value(&mut self, value: Value<'a>) -> Result<(), Raised> {
        use std::fmt::Write as _;
        match value {
            Value::None => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if flag.get() { "true" } else { "false" }),
            Value::Int(number) => write!(self.out, "{number}").expect("a string takes every write"),
            Value::Big(_) => self.out.push_str(repr_text(self.heap, value)?),
            Value::Float(number) => self.float(number.get())?,
            Value::Str(text) => self.text(text),
            Value::List(list) => self.array(place(list), list.snapshot(self.heap))?,
            Value::Pair(items) => self.array(place(items), items)?,
            Value::Tuple(items) => self.array(place(items), items)?,
            Value::Object(object) if object.class.hooks.is_tuple => {
                self.array(place(object), object.fields)?;
            }
            Value::Dict(dict) => self.object(dict)?,
            _ => match self.default {
                Some(default) => self.defaulted(default, value)?,
                None => {
                    let class = type_of(value).name.rsplit('.').next().unwrap_or_default();
                    let message = format!("Object of type {class} is not JSON serializable");
                    return Err(self.heap.raise(&TYPE_ERROR, message));
                }
            },
        }
        Ok(())
    }

    /// What the program makes of a value that JSON does not have.
    fn defaulted(&mut self, default: Value<'a>, value: Value<'a>) -> Result<(), Raised> {
        let at = match value {
            Value::Object(object) => place(object),
            Value::Set(set) => place(set),
            Value::Bytes(bytes) => place(bytes),
            _ => 0,
        };
        self.enter(at, "object")?;
        let value = call(self.heap, default, Args { positional: &[value], keywords: &[] })?;
        self.value(value)?;
        self.within.pop();
        Ok(())
    }

    /// Goes into a container, unless it is one of those around.
    fn enter(&mut self, at: usize, what: &str) -> Result<(), Raised> {
        if at != 0 && self.within.contains(&at) {
            return Err(self.heap.raise(&VALUE_ERROR, "Circular reference detected"));
        }
        if self.within.len() >= MOST_DEPTH {
            let message = format!("maximum recursion depth exceeded while encoding a JSON {what}");
            return Err(self.heap.raise(&RECURSION_ERROR, message));
        }
        self.within.push(at);
        self.heap.check()
    }

    /// A new line, as far to the right as the containers are deep.
    fn newline(&mut self) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            for _ in 0..self.within.len() {
                self.out.push_str(indent);
            }
        }
    }

    fn array(&mut self, at: usize, items: &[Value<'a>]) -> Result<(), Raised> {
        self.enter(at, "object")?;
        self.out.push('[');
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.out.push_str(self.item);
            }
            self.newline();
            self.value(*item)?;
        }
        self.leave(items.is_empty(), ']');
        Ok(())
    }

    fn leave(&mut self, is_empty: bool, bracket: char) {
        self.within.pop();
        if !is_empty {
            self.newline();
        }
        self.out.push(bracket);
    }

    fn object(&mut self, dict: &'a Dict<'a>) -> Result<(), Raised> {
        self.enter(place(dict), "object")?;
        self.out.push('{');
        let mut is_empty = true;
        if self.sort {
            let mut entries: Vec<Value<'a>> =
                dict.entries().map(|(key, value)| self.heap.pair(key, value)).collect();
            sort_values(self.heap, &mut entries, Value::None, false)?;
            for entry in entries {
                if let Value::Pair([key, value]) = entry {
                    self.entry(*key, *value, &mut is_empty)?;
                }
            }
        } else {
            for (key, value) in dict.entries() {
                self.entry(key, value, &mut is_empty)?;
            }
        }
        self.leave(dict.is_empty(), '}');
        Ok(())
    }

    fn entry(&mut self, key: Value<'a>, value: Value<'a>, is_first: &mut bool) -> Result<(), Raised> {
        let before = self.out.len();
        if !*is_first {
            self.out.push_str(self.item);
        }
        self.newline();
        match key {
            Value::Str(text) => self.text(text),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) => {
                self.out.push('"');
                self.value(key)?;
                self.out.push('"');
            }
            _ if self.skip => {
                self.out.truncate(before);
                return Ok(());
            }
            _ => {
                let class = type_of(key).name;
                let message = format!("keys must be str, int, float, bool or None, not {class}");
                return Err(self.heap.raise(&TYPE_ERROR, message));
            }
        }
        *is_first = false;
        self.out.push_str(self.key);
        self.value(value)
    }

    fn float(&mut self, number: f64) -> Result<(), Raised> {
        if number.is_finite() {
            let mut out = Vec::with_capacity(24);
            repr_float(number, &mut out);
            self.out.push_str(std::str::from_utf8(&out).expect("digits are UTF-8"));
            return Ok(());
        }
        if !self.nan {
            let message = "Out of range float values are not JSON compliant";
            return Err(self.heap.raise(&VALUE_ERROR, message));
        }
        self.out.push_str(if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\' && (!self.ascii || byte <= b'~');
        self.out.push('"');
        if text.bytes().all(plain) {
            self.out.push_str(text);
        } else {
            text.chars().for_each(|c| self.character(c));
        }
        self.out.push('"');
    }

    fn character(&mut self, c: char) {
        use std::fmt::Write as _;
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            ' '..='~' => return self.out.push(c),
            _ if !self.ascii && c > '\x1f' => return self.out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(self.out, "\\u{unit:04x}").expect("a string takes every write");
                }
                return;
            }
        };
        self.out.push_str(escape);
    }
}

/// Where something is in memory.
fn place<T: ?Sized>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}
