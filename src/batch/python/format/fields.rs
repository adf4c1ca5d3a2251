//! `str.format` and `str.format_map`: the parser of replacement fields follows CPython's, so that it finds
//! the same faults in the same order.

use bumpalo::collections::String as BumpString;

use super::{converted, push_value};
use crate::batch::python::args::wrong_object;
use crate::batch::value::exceptions::{INDEX_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, get_attribute, get_item, key_error};

/// How fields are numbered: once one way, always that way.
#[derive(Clone, Copy, PartialEq)]
enum Numbering {
    Unknown,
    Automatic(usize),
    Manual,
}

/// Where fields get their values from.
#[derive(Clone, Copy)]
enum Source<'s, 'a> {
    Arguments(Args<'s, 'a>),
    Mapping(Value<'a>),
}

/// `str.format(*args, **kwargs)`
pub fn format_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "str.format")?;
    let Value::Str(text) = object else { return Err(wrong_object(heap, "str.format", object)) };
    formatted(heap, text, Source::Arguments(args))
}

/// `str.format_map(mapping)`
pub fn format_map_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "str.format_map")?;
    let Value::Str(text) = object else { return Err(wrong_object(heap, "str.format_map", object)) };
    formatted(heap, text, Source::Mapping(args.one(heap, "str.format_map")?))
}

fn formatted<'a>(heap: &Heap<'a>, text: &str, source: Source<'_, 'a>) -> Outcome<'a> {
    let mut out = BumpString::with_capacity_in(text.len(), heap.bump());
    let mut fields = Fields { heap, source, numbering: Numbering::Unknown };
    fields.push(text, 2, &mut out)?;
    heap.check_memory(0)?;
    Ok(heap.text(out.into_bump_str()))
}

/// A replacement field: `{name!conversion:spec}`.
struct Field<'t> {
    name: &'t str,
    conversion: Option<char>,
    spec: &'t str,
}

struct Fields<'h, 's, 'a> {
    heap: &'h Heap<'a>,
    source: Source<'s, 'a>,
    numbering: Numbering,
}

impl<'a> Fields<'_, '_, 'a> {
    fn fault<T>(&self, message: &str) -> Result<T, Raised> {
        Err(self.heap.raise(&VALUE_ERROR, message))
    }

    /// Appends a text with its fields filled in; `depth` says how deep fields may be within fields.
    fn push(&mut self, text: &str, depth: u32, out: &mut BumpString<'a>) -> Result<(), Raised> {
        if depth == 0 {
            return self.fault("Max string recursion exceeded");
        }
        let mut rest = text;
        while !rest.is_empty() {
            let Some(brace) = memchr::memchr2(b'{', b'}', rest.as_bytes()) else {
                out.push_str(rest);
                return Ok(());
            };
            out.push_str(&rest[..brace]);
            let (first, behind) = (&rest[brace..=brace], &rest[brace + 1..]);
            if behind.starts_with(first) {
                out.push_str(first);
                rest = &behind[1..];
                continue;
            }
            if first == "}" {
                return self.fault("Single '}' encountered in format string");
            }
            if behind.is_empty() {
                return self.fault("Single '{' encountered in format string");
            }
            let (field, behind) = self.parse(behind)?;
            rest = behind;
            self.fill(&field, depth, out)?;
        }
        Ok(())
    }

    /// The field at the start of a text (behind its `{`), and what follows it.
    fn parse<'t>(&self, text: &'t str) -> Result<(Field<'t>, &'t str), Raised> {
        let bytes = text.as_bytes();
        let mut place = 0;
        let end = loop {
            match bytes.get(place) {
                None => return self.fault("expected '}' before end of string"),
                Some(b'{') => return self.fault("unexpected '{' in field name"),
                // Within brackets anything but a bracket is part of the key.
                Some(b'[') => {
                    place += memchr::memchr(b']', &bytes[place..]).unwrap_or(bytes.len() - place);
                }
                Some(end @ (b'}' | b':' | b'!')) => break *end,
                Some(_) => place += 1,
            }
        };
        let mut field = Field { name: &text[..place], conversion: None, spec: "" };
        let mut rest = &text[place + 1..];
        if end == b'}' {
            return Ok((field, rest));
        }
        if end == b'!' {
            let mut chars = rest.chars();
            field.conversion = chars.next();
            if field.conversion.is_none() {
                return self.fault("end of string while looking for conversion specifier");
            }
            rest = chars.as_str();
            match chars.next() {
                Some('}') => return Ok((field, chars.as_str())),
                Some(':') => rest = chars.as_str(),
                Some(_) => return self.fault("expected ':' after conversion specifier"),
                None => {}
            }
        }
        let mut open = 1_usize;
        for (place, byte) in rest.bytes().enumerate() {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => {}
            }
            if open == 0 {
                field.spec = &rest[..place];
                return Ok((field, &rest[place + 1..]));
            }
        }
        self.fault("unmatched '{' in format spec")
    }

    /// Appends what a field comes to.
    fn fill(&mut self, field: &Field<'_>, depth: u32, out: &mut BumpString<'a>) -> Result<(), Raised> {
        let value = self.value(field.name)?;
        let value = converted(self.heap, value, field.conversion)?;
        if !field.spec.contains('{') {
            return push_value(self.heap, value, field.spec, out);
        }
        let mut spec = BumpString::new_in(self.heap.bump());
        self.push(field.spec, depth - 1, &mut spec)?;
        push_value(self.heap, value, &spec, out)
    }

    /// The value of a field: an argument, and what its attributes and keys lead to.
    fn value(&mut self, name: &str) -> Outcome<'a> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        let mut value = self.argument(first)?;
        while let Some(kind) = rest.chars().next() {
            rest = &rest[kind.len_utf8()..];
            match kind {
                '.' => {
                    let (attribute, behind) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
                    if attribute.is_empty() {
                        return self.fault("Empty attribute in format string");
                    }
                    value = get_attribute(self.heap, value, attribute)?;
                    rest = behind;
                }
                '[' => {
                    let Some((key, behind)) = rest.split_once(']') else {
                        return self.fault("Missing ']' in format string");
                    };
                    if key.is_empty() {
                        return self.fault("Empty attribute in format string");
                    }
                    let key = match self.number(key)? {
                        Some(number) => super::super::args::int(number),
                        None => self.heap.str(key),
                    };
                    value = get_item(self.heap, value, key)?;
                    rest = behind;
                }
                _ => return self.fault("Only '.' or '[' may follow ']' in format field specifier"),
            }
        }
        Ok(value)
    }

    /// The number that a name is, if it is one.
    fn number(&self, name: &str) -> Result<Option<usize>, Raised> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match name.parse::<usize>().ok().filter(|number| i64::try_from(*number).is_ok()) {
            Some(number) => Ok(Some(number)),
            None => self.fault("Too many decimal digits in format string"),
        }
    }

    /// The argument of that name or number, or the next one.
    fn argument(&mut self, name: &str) -> Outcome<'a> {
        let number = match (self.number(name)?, self.numbering) {
            (None, _) if !name.is_empty() => return self.named(name),
            (None, Numbering::Manual) => {
                return self
                    .fault("cannot switch from manual field specification to automatic field numbering");
            }
            (Some(_), Numbering::Automatic(_)) => {
                return self
                    .fault("cannot switch from automatic field numbering to manual field specification");
            }
            (None, numbering) => {
                let next = if let Numbering::Automatic(next) = numbering { next } else { 0 };
                self.numbering = Numbering::Automatic(next + 1);
                next
            }
            (Some(number), _) => {
                self.numbering = Numbering::Manual;
                number
            }
        };
        let Source::Arguments(args) = self.source else {
            return self.fault("Format string contains positional fields");
        };
        match args.positional.get(number) {
            Some(value) => Ok(*value),
            None => {
                let message = format!("Replacement index {number} out of range for positional args tuple");
                Err(self.heap.raise(&INDEX_ERROR, message))
            }
        }
    }

    fn named(&self, name: &str) -> Outcome<'a> {
        match self.source {
            Source::Mapping(mapping) => get_item(self.heap, mapping, self.heap.str(name)),
            Source::Arguments(args) => match args.keywords.iter().find(|(keyword, _)| *keyword == name) {
                Some((_, value)) => Ok(*value),
                None => Err(key_error(self.heap, self.heap.str(name))),
            },
        }
    }
}
