//! What is done with a pattern and a text: searching, splitting, replacing.

use std::cell::Cell;
use std::sync::Arc;

use super::engine::{Anchor, Program, Searched, Spans, program};
use super::matched::make_match;
use super::pattern::{PATTERN, make_pattern};
use super::template::Template;
use super::{BYTES, UNICODE};
use crate::batch::python::args::index;
use crate::batch::value::exceptions::{RUNTIME_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Heap, Iter, OBJECT, Outcome, Produce, Raised, TypeInfo, Value, call, hash, type_of,
};

/// The bounds of a search in characters, where they are given.
pub type Bounds<'a> = [Option<Value<'a>>; 2];

/// A pattern in use.
pub enum Use<'a> {
    /// One of the process's cache.
    Cached(Arc<Program>),
    /// A pattern object's.
    Object(Value<'a>, &'a Program),
}

impl<'a> Use<'a> {
    /// The pattern that a value stands for: text, bytes or a pattern object.
    ///
    /// # Errors
    /// `re.error` for what is wrong with the pattern; `TypeError: first argument must be string or compiled pattern`.
    pub fn new(heap: &Heap<'a>, pattern: Value<'a>, flags: u32) -> Result<Self, Raised> {
        match pattern {
            Value::Str(text) => {
                program(text, flags).map(Use::Cached).map_err(|fault| fault.raise(heap, text))
            }
            Value::Bytes(_) if flags & UNICODE != 0 => {
                Err(heap.raise(&VALUE_ERROR, "cannot use UNICODE flag with a bytes pattern"))
            }
            Value::Bytes(bytes) => {
                let text = characters(heap, bytes);
                program(text, flags | BYTES).map(Use::Cached).map_err(|fault| fault.raise(heap, text))
            }
            Value::Object(object) if object.class.is(&PATTERN) => {
                if flags != 0 {
                    let message = "cannot process flags argument with a compiled pattern";
                    return Err(heap.raise(&VALUE_ERROR, message));
                }
                Ok(Use::object_of(pattern).expect("it is a pattern object"))
            }
            _ => Err(heap.raise(&TYPE_ERROR, "first argument must be string or compiled pattern")),
        }
    }

    /// That of a pattern object; `None` for anything else.
    pub fn object_of(pattern: Value<'a>) -> Option<Self> {
        match pattern {
            Value::Object(object) => object.data.downcast_ref().map(|program| Use::Object(pattern, program)),
            _ => None,
        }
    }

    /// The compiled pattern.
    pub fn program(&self) -> &Program {
        match self {
            Use::Cached(program) => program,
            Use::Object(_, program) => program,
        }
    }

    /// The pattern object.
    pub fn object(&self, heap: &Heap<'a>) -> Value<'a> {
        match self {
            Use::Cached(program) => make_pattern(heap, program),
            Use::Object(object, _) => *object,
        }
    }
}

/// Bytes as text, each one a character.
fn characters<'a>(heap: &Heap<'a>, bytes: &'a [u8]) -> &'a str {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => text,
        _ => {
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            heap.bump().alloc_str(&text)
        }
    }
}

/// What is searched: text, or bytes as text.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The text.
    pub text: &'a str,
    /// The value that it is of.
    pub whole: Value<'a>,
}

impl<'a> Subject<'a> {
    /// That of a value; it must be of the kind that `program` is for.
    ///
    /// # Errors
    /// `TypeError: expected string or bytes-like object, got 'int'` and its like.
    pub fn new(heap: &Heap<'a>, whole: Value<'a>, program: Option<&Program>) -> Result<Self, Raised> {
        let bytes = program.map(|program| program.tree.flags & BYTES != 0);
        let message = match (whole, bytes) {
            (Value::Str(text), None | Some(false)) => return Ok(Subject { text, whole }),
            (Value::Bytes(bytes), None | Some(true)) => {
                return Ok(Subject { text: characters(heap, bytes), whole });
            }
            (Value::Str(_), _) => String::from("cannot use a bytes pattern on a string-like object"),
            (Value::Bytes(_), _) => String::from("cannot use a string pattern on a bytes-like object"),
            _ => format!("expected string or bytes-like object, got '{}'", type_of(whole).name),
        };
        Err(heap.raise(&TYPE_ERROR, message))
    }

    /// A part of the text as a value.
    pub fn value(&self, heap: &Heap<'a>, part: &'a str) -> Value<'a> {
        match self.whole {
            Value::Str(whole) if whole.len() == part.len() && std::ptr::eq(whole.as_ptr(), part.as_ptr()) => {
                self.whole
            }
            Value::Bytes(_) => {
                let bytes: Vec<u8> = part.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
                heap.bytes(&bytes)
            }
            _ => heap.text(part),
        }
    }

    /// What a group has matched.
    pub fn group(&self, heap: &Heap<'a>, spans: &Spans, group: usize) -> Option<Value<'a>> {
        let (start, end) = (*spans.get(group)?)?;
        Some(self.value(heap, &self.text[start..end]))
    }

    /// The byte of a character.
    fn byte(&self, character: usize) -> usize {
        if self.text.is_ascii() {
            return character.min(self.text.len());
        }
        self.text.char_indices().nth(character).map_or(self.text.len(), |(at, _)| at)
    }

    /// The bytes between which is searched.
    fn bounds(&self, heap: &Heap<'a>, bounds: Bounds<'a>) -> Result<(usize, usize), Raised> {
        let [None, None] = bounds else {
            let place = |bound: Option<Value<'a>>, otherwise: i64| {
                let place = bound.map_or(Ok(otherwise), |bound| index(heap, bound))?;
                Ok(self.byte(usize::try_from(place.max(0)).unwrap_or(usize::MAX)))
            };
            let (start, end) = (place(bounds[0], 0)?, place(bounds[1], i64::MAX)?);
            return Ok((start.min(end.max(start)), end));
        };
        Ok((0, self.text.len()))
    }
}

/// Match by match through a text, as CPython goes: behind an empty match the next one is not empty, or
/// begins further on.
pub struct Scan<'a> {
    subject: Subject<'a>,
    searched: Searched<'a>,
    at: Cell<Option<usize>>,
    advance: Cell<bool>,
}

impl<'a> Scan<'a> {
    /// Goes through `subject` within some bounds.
    ///
    /// # Errors
    /// Bounds that are no numbers.
    pub fn new(heap: &Heap<'a>, subject: Subject<'a>, bounds: Bounds<'a>) -> Result<Self, Raised> {
        let (start, end) = subject.bounds(heap, bounds)?;
        Ok(Scan {
            subject,
            searched: Searched::new(&subject.text[..end]),
            at: Cell::new((start <= end).then_some(start)),
            advance: Cell::new(false),
        })
    }

    /// The next match; whether there is one.
    ///
    /// # Errors
    /// `RuntimeError` for a search that takes too long; `KeyboardInterrupt`, `MemoryError`.
    pub fn next(&self, heap: &Heap<'a>, program: &Program, spans: &mut Spans) -> Result<bool, Raised> {
        let anchor = if self.advance.get() { Anchor::Advance } else { Anchor::Search };
        self.find(heap, program, spans, anchor)
    }

    fn find(
        &self,
        heap: &Heap<'a>,
        program: &Program,
        spans: &mut Spans,
        anchor: Anchor,
    ) -> Result<bool, Raised> {
        heap.check()?;
        let Some(at) = self.at.get() else { return Ok(false) };
        let found = program
            .find(&self.searched, at, anchor, spans)
            .map_err(|message| heap.raise(&RUNTIME_ERROR, message))?;
        match spans.first() {
            Some(Some((start, end))) if found => {
                self.advance.set(start == end);
                self.at.set(Some(*end));
            }
            _ => self.at.set(None),
        }
        Ok(found)
    }
}

/// `match`, `search` or `fullmatch`.
pub fn one<'a>(
    heap: &Heap<'a>,
    used: &Use<'a>,
    string: Value<'a>,
    bounds: Bounds<'a>,
    anchor: Anchor,
) -> Outcome<'a> {
    let subject = Subject::new(heap, string, Some(used.program()))?;
    let scan = Scan::new(heap, subject, bounds)?;
    let start = scan.at.get().unwrap_or(0);
    let mut spans = Spans::new();
    if !scan.find(heap, used.program(), &mut spans, anchor)? {
        return Ok(Value::None);
    }
    Ok(make_match(heap, used.object(heap), subject, (start, scan.searched.text.len()), &spans))
}

/// `findall`
pub fn findall<'a>(heap: &Heap<'a>, used: &Use<'a>, string: Value<'a>, bounds: Bounds<'a>) -> Outcome<'a> {
    let program = used.program();
    let subject = Subject::new(heap, string, Some(program))?;
    let scan = Scan::new(heap, subject, bounds)?;
    let empty = subject.value(heap, &subject.text[..0]);
    let (mut spans, mut items) = (Spans::new(), Vec::new());
    while scan.next(heap, program, &mut spans)? {
        let group = |group| subject.group(heap, &spans, group).unwrap_or(empty);
        items.push(match program.tree.groups.len() {
            0 => group(0),
            1 => group(1),
            groups => heap.tuple(&(1..=groups).map(group).collect::<Vec<_>>()),
        });
    }
    Ok(heap.list(items))
}

static CALLABLE_ITERATOR: TypeInfo = TypeInfo {
    name: "callable_iterator",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: crate::batch::value::Hooks::NONE,
};

struct Matches<'a> {
    pattern: Value<'a>,
    program: &'a Program,
    scan: Scan<'a>,
    bounds: (usize, usize),
}

impl<'a> Produce<'a> for Matches<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let mut spans = Spans::new();
        let found = self.scan.next(heap, self.program, &mut spans)?;
        Ok(found.then(|| make_match(heap, self.pattern, self.scan.subject, self.bounds, &spans)))
    }
}

/// `finditer`
pub fn finditer<'a>(heap: &Heap<'a>, used: &Use<'a>, string: Value<'a>, bounds: Bounds<'a>) -> Outcome<'a> {
    let subject = Subject::new(heap, string, Some(used.program()))?;
    let scan = Scan::new(heap, subject, bounds)?;
    let bounds = (scan.at.get().unwrap_or(0), scan.searched.text.len());
    let pattern = used.object(heap);
    let Some(Use::Object(pattern, program)) = Use::object_of(pattern) else {
        unreachable!("a pattern in use has a pattern object")
    };
    let matches: &'a Matches<'a> = heap.bump().alloc(Matches { pattern, program, scan, bounds });
    Ok(Value::Iterator(heap.bump().alloc(Iter::produced(&CALLABLE_ITERATOR, matches))))
}

/// `split`
pub fn split<'a>(heap: &Heap<'a>, used: &Use<'a>, string: Value<'a>, most: Option<Value<'a>>) -> Outcome<'a> {
    let program = used.program();
    let most = most.map_or(Ok(0), |most| index(heap, most))?;
    let subject = Subject::new(heap, string, Some(program))?;
    let scan = Scan::new(heap, subject, [None, None])?;
    let (mut spans, mut items, mut last, mut count) = (Spans::new(), Vec::new(), 0, 0);
    while (most == 0 || count < most) && scan.next(heap, program, &mut spans)? {
        let Some(Some((start, end))) = spans.first().copied() else { break };
        items.push(subject.value(heap, &subject.text[last..start]));
        let groups = 1..=program.tree.groups.len();
        items.extend(groups.map(|group| subject.group(heap, &spans, group).unwrap_or(Value::None)));
        last = end;
        count += 1;
    }
    items.push(subject.value(heap, &subject.text[last..]));
    Ok(heap.list(items))
}

/// `sub`, and how many matches it has replaced.
pub fn replace<'a>(
    heap: &Heap<'a>,
    used: &Use<'a>,
    replacement: Value<'a>,
    string: Value<'a>,
    count: Option<Value<'a>>,
) -> Result<(Value<'a>, i64), Raised> {
    let most = count.map_or(Ok(0), |count| index(heap, count))?;
    let program = used.program();
    let subject = Subject::new(heap, string, Some(program))?;
    let replacer = Replacer::new(heap, used, replacement, subject)?;
    let scan = Scan::new(heap, subject, [None, None])?;
    let (mut spans, mut out, mut last, mut replaced) = (Spans::new(), String::new(), 0, 0);
    while (most == 0 || replaced < most) && scan.next(heap, program, &mut spans)? {
        let Some(Some((start, end))) = spans.first().copied() else { break };
        out.push_str(&subject.text[last..start]);
        replacer.append(heap, subject, &spans, &mut out)?;
        heap.check_memory(out.len())?;
        last = end;
        replaced += 1;
    }
    if replaced == 0 {
        return Ok((string, 0));
    }
    out.push_str(&subject.text[last..]);
    heap.check_memory(out.len())?;
    Ok((subject.value(heap, heap.bump().alloc_str(&out)), replaced))
}

/// What matches are replaced by.
enum Replacer<'a> {
    Template(Template),
    /// A function of the match, and the pattern object for that.
    Function(Value<'a>, Value<'a>),
}

impl<'a> Replacer<'a> {
    fn new(
        heap: &Heap<'a>,
        used: &Use<'a>,
        replacement: Value<'a>,
        subject: Subject<'a>,
    ) -> Result<Self, Raised> {
        let callable = match replacement {
            Value::Function(_) | Value::Native(_) | Value::Bound(_) | Value::Type(_) => true,
            Value::Object(object) => object.class.hooks.call.is_some(),
            _ => false,
        };
        if callable {
            return Ok(Replacer::Function(replacement, used.object(heap)));
        }
        let text = template_text(heap, subject, replacement)?;
        Template::parse(text, used.program()).map(Replacer::Template).map_err(|fault| fault.raise(heap, text))
    }

    fn append(
        &self,
        heap: &Heap<'a>,
        subject: Subject<'a>,
        spans: &Spans,
        out: &mut String,
    ) -> Result<(), Raised> {
        match self {
            Replacer::Template(template) => template.expand(subject.text, spans, out),
            Replacer::Function(function, pattern) => {
                let found = make_match(heap, *pattern, subject, (0, subject.text.len()), spans);
                let made = call(heap, *function, Args { positional: &[found], keywords: &[] })?;
                // `None` stands for nothing, as in CPython.
                if !made.is_none() {
                    out.push_str(piece(heap, subject, made, usize::from(!out.is_empty()))?);
                }
            }
        }
        Ok(())
    }
}

/// The text of a value that takes part in a result; it must be of the subject's kind.
fn piece<'a>(
    heap: &Heap<'a>,
    subject: Subject<'a>,
    value: Value<'a>,
    place: usize,
) -> Result<&'a str, Raised> {
    match (subject.whole, value) {
        (Value::Str(_), Value::Str(text)) => Ok(text),
        (Value::Bytes(_), Value::Bytes(bytes)) => Ok(characters(heap, bytes)),
        (whole, _) => {
            let expected =
                if matches!(whole, Value::Str(_)) { "str instance" } else { "a bytes-like object" };
            let found = type_of(value).name;
            let message = format!("sequence item {place}: expected {expected}, {found} found");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

/// The text of a template, which must be of the subject's kind.
///
/// # Errors
/// `TypeError`
pub fn template_text<'a>(
    heap: &Heap<'a>,
    subject: Subject<'a>,
    template: Value<'a>,
) -> Result<&'a str, Raised> {
    match (subject.whole, template) {
        (Value::Str(_), Value::Str(_) | Value::Bytes(_)) | (Value::Bytes(_), _) => {
            piece(heap, subject, template, 0)
        }
        _ => {
            // Templates are looked up among those seen before first.
            hash(heap, template)?;
            let class = type_of(template).name;
            let message = format!("decoding to str: need a bytes-like object, {class} found");
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}
