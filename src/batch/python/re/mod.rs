//! `re`: regular expressions as Python writes them.
//!
//! A pattern is parsed by Python's rules, spelled out for the engine, and kept
//! compiled for the whole process (`engine`). Patterns of bytes run on text whose characters are the bytes.
//! Not there: `\N{…}`, `DEBUG` and `LOCALE`.

mod class;
mod emit;
mod engine;
mod flags;
mod inline;
mod matched;
mod operations;
mod parse;
mod pattern;
mod source;
mod template;
mod tree;

use super::args::native;
use crate::batch::value::exceptions::{INDEX_ERROR, OVERFLOW_ERROR, RE_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Module, Native, Outcome, Raised, TypeInfo, Value, type_of};
use flags::{flag, flags_of};
use operations::Use;

pub use engine::Scanner;

/// Marks the flags of a pattern of bytes; no flag of Python's.
const BYTES: u32 = 1 << 16;
const TEMPLATE: u32 = 1;
const IGNORECASE: u32 = 2;
const LOCALE: u32 = 4;
const MULTILINE: u32 = 8;
const DOTALL: u32 = 16;
const UNICODE: u32 = 32;
const VERBOSE: u32 = 64;
const DEBUG: u32 = 128;
const ASCII: u32 = 256;

/// `re`
pub static MODULE: Module = Module { name: "re", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[&pattern::PATTERN, &matched::MATCH, &flags::REGEX_FLAG];

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) {
        return Some(Value::Native(function));
    }
    Some(match name {
        "error" => Value::Type(&RE_ERROR),
        "Pattern" => Value::Type(&pattern::PATTERN),
        "Match" => Value::Type(&matched::MATCH),
        "RegexFlag" => Value::Type(&flags::REGEX_FLAG),
        _ => flag(heap, flags::by_name(name)?),
    })
}

static FUNCTIONS: &[Native] = &[
    native("compile", compile),
    native("search", search),
    native("match", match_),
    native("fullmatch", fullmatch),
    native("findall", findall),
    native("finditer", finditer),
    native("split", split),
    native("sub", sub),
    native("subn", subn),
    native("escape", escape),
    native("purge", purge),
];

/// What is wrong with a pattern or a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    message: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `re.error` at a character.
    At(usize),
    /// `re.error` of the whole.
    Nowhere,
    Value,
    Overflow,
    Index,
}

impl Fault {
    fn new(message: impl Into<String>, position: usize) -> Self {
        Fault { message: message.into(), kind: Kind::At(position) }
    }

    fn nowhere(message: impl Into<String>) -> Self {
        Fault { message: message.into(), kind: Kind::Nowhere }
    }

    fn value(message: impl Into<String>) -> Self {
        Fault { message: message.into(), kind: Kind::Value }
    }

    fn overflow(message: impl Into<String>) -> Self {
        Fault { message: message.into(), kind: Kind::Overflow }
    }

    fn index(message: impl Into<String>) -> Self {
        Fault { message: message.into(), kind: Kind::Index }
    }

    /// Raises it; `text` is the pattern or template.
    pub fn raise(self, heap: &Heap<'_>, text: &str) -> Raised {
        let class = match self.kind {
            Kind::At(_) | Kind::Nowhere => &RE_ERROR,
            Kind::Value => &VALUE_ERROR,
            Kind::Overflow => &OVERFLOW_ERROR,
            Kind::Index => &INDEX_ERROR,
        };
        heap.raise(class, self.explained(text))
    }

    fn explained(&self, text: &str) -> String {
        let Kind::At(position) = self.kind else { return self.message.clone() };
        let mut message = format!("{} at position {position}", self.message);
        if text.contains('\n') {
            let before = || text.chars().take(position);
            let line = before().filter(|c| *c == '\n').count() + 1;
            let column = before().collect::<Vec<_>>().iter().rev().take_while(|c| **c != '\n').count() + 1;
            message.push_str(&format!(" (line {line}, column {column})"));
        }
        message
    }
}

fn compile<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([pattern], [flags]) = args.bind_def(heap, "compile", ["pattern"], ["flags"])?;
    Use::new(heap, pattern, flags_of(heap, flags)?).map(|used| used.object(heap))
}

fn search<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    one(heap, "search", args, engine::Anchor::Search)
}

fn match_<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    one(heap, "match", args, engine::Anchor::Match)
}

fn fullmatch<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    one(heap, "fullmatch", args, engine::Anchor::Full)
}

fn one<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>, anchor: engine::Anchor) -> Outcome<'a> {
    let ([pattern, string], [flags]) = args.bind_def(heap, name, ["pattern", "string"], ["flags"])?;
    let used = Use::new(heap, pattern, flags_of(heap, flags)?)?;
    operations::one(heap, &used, string, [None, None], anchor)
}

fn findall<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([pattern, string], [flags]) = args.bind_def(heap, "findall", ["pattern", "string"], ["flags"])?;
    let used = Use::new(heap, pattern, flags_of(heap, flags)?)?;
    operations::findall(heap, &used, string, [None, None])
}

fn finditer<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([pattern, string], [flags]) = args.bind_def(heap, "finditer", ["pattern", "string"], ["flags"])?;
    let used = Use::new(heap, pattern, flags_of(heap, flags)?)?;
    operations::finditer(heap, &used, string, [None, None])
}

fn split<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([pattern, string], [most, flags]) =
        args.bind_def(heap, "split", ["pattern", "string"], ["maxsplit", "flags"])?;
    let used = Use::new(heap, pattern, flags_of(heap, flags)?)?;
    operations::split(heap, &used, string, most)
}

fn sub<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    replace(heap, "sub", args).map(|(text, _)| text)
}

fn subn<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    replace(heap, "subn", args).map(|(text, count)| heap.pair(text, Value::Int(count)))
}

fn replace<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<(Value<'a>, i64), Raised> {
    let ([pattern, replacement, string], [count, flags]) =
        args.bind_def(heap, name, ["pattern", "repl", "string"], ["count", "flags"])?;
    let used = Use::new(heap, pattern, flags_of(heap, flags)?)?;
    operations::replace(heap, &used, replacement, string, count)
}

fn escape<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    const SPECIAL: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";
    let ([pattern], []) = args.bind_def(heap, "escape", ["pattern"], [])?;
    if !matches!(pattern, Value::Str(_) | Value::Bytes(_)) {
        let message = format!("decoding to str: need a bytes-like object, {} found", type_of(pattern).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    let subject = operations::Subject::new(heap, pattern, None)?;
    let mut escaped = String::with_capacity(subject.text.len() + 8);
    for c in subject.text.chars() {
        if SPECIAL.contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Ok(subject.value(heap, heap.bump().alloc_str(&escaped)))
}

/// Clears nothing: the cache is everybody's, and bounded.
fn purge<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([], []) = args.bind_def(heap, "purge", [], [])?;
    Ok(Value::None)
}
