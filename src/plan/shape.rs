//! What small functions mean, whatever they are spelled like: the normal forms on which the rewrite
//! rules rest. A function without a normal form is evaluated as it stands.

use std::ptr;
use std::sync::Arc;

use super::code::{Arg, Code, Comparison, Const, Expr, ExprKind, Item, Place, StmtKind, Target};
use super::image::{Frozen, Image};
use super::key::WordsBy;
use crate::batch::python;
use crate::batch::value::types::STR;
use crate::batch::value::{Arena, Binary, Heap, Native, Task, Value};

/// The meaning of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `lambda x: x`
    Identity,
    /// `lambda line: line.split()`, `lambda line: line.split(" ")`, `str.split`
    Words(WordsBy),
    /// `lambda w: (w, 1)`
    PairWithOne,
    /// `lambda a, b: a + b`, `lambda a, b: b + a`, `operator.add`
    Sum,
    /// `json.loads`, `lambda line: json.loads(line)`
    ParseJson,
    /// `lambda t: t["user"]["screen_name"]`
    Path(Vec<Arc<str>>),
    /// `lambda line: json.loads(line)["user"]["screen_name"]`
    JsonPath(Vec<Arc<str>>),
    /// `lambda line: line.split(",")[3]`
    Field {
        /// What separates fields; without one, runs of white space.
        separator: Option<Arc<str>>,
        /// Which one, counted from 0.
        index: usize,
    },
    /// `lambda line: "ERROR" in line`
    Contains {
        /// What is looked for.
        text: Arc<str>,
        /// Whether it is `not in`.
        negated: bool,
    },
}

/// The shape of a function, if it has one.
pub fn shape(image: &Image) -> Option<Shape> {
    match &image.entry {
        Frozen::Function { code, .. } => of_code(code, image),
        Frozen::Native(native) if is_member(native, "operator", "add") => Some(Shape::Sum),
        Frozen::Native(native) if is_member(native, "json", "loads") => Some(Shape::ParseJson),
        Frozen::Native(native) if STR.method("split").is_some_and(|split| ptr::eq(split, *native)) => {
            Some(Shape::Words(WordsBy::Whitespace))
        }
        _ => None,
    }
}

/// What a `def` or lambda splits into words, and how, if that is all that it does: of
/// `lambda t: t["text"].split()` it is `t["text"]`.
pub fn text_of_words(code: &Code) -> Option<(&Expr, WordsBy)> {
    split(returned(code)?)
}

/// A part of what a function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The text that it splits into words.
    TextOfWords,
    /// What it pairs with 1: of `lambda t: (t["lang"], 1)` it is `t["lang"]`.
    KeyOfOne,
}

impl Part {
    /// The part of a `def` or lambda, if it has such.
    pub fn of(self, code: &Code) -> Option<&Expr> {
        match self {
            Part::TextOfWords => text_of_words(code).map(|(text, _)| text),
            Part::KeyOfOne => match &returned(code)?.kind {
                ExprKind::Tuple(items) if code.params.positional.len() == 1 => match &items[..] {
                    [Item::One(key), Item::One(one)] if is_one(one) => Some(key),
                    _ => None,
                },
                _ => None,
            },
        }
    }
}

/// The methods of text that give text.
const TEXT_METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "expandtabs",
    "format",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rstrip",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Whether a function of one argument, or a part of it, is known to give text for text.
pub fn gives_text(image: &Image, part: Option<Part>) -> bool {
    match &image.entry {
        Frozen::Function { code, .. } if code.params.positional.len() == 1 => {
            let value = match part {
                Some(part) => part.of(code),
                None => returned(code),
            };
            value.is_some_and(|value| is_text(value, image))
        }
        Frozen::Native(native) => {
            let method = STR.method(native.name);
            TEXT_METHODS.contains(&native.name) && method.is_some_and(|method| ptr::eq(method, *native))
        }
        Frozen::Type(class) => ptr::eq(*class, &STR),
        _ => false,
    }
}

/// Whether an expression is text if the first argument is.
fn is_text(value: &Expr, image: &Image) -> bool {
    match &value.kind {
        ExprKind::Const(constant) => matches!(constant, Const::Str(_)),
        ExprKind::Name(_) => is_local(value, 0),
        ExprKind::Format(_) => true,
        ExprKind::Slice(text, _) => is_text(text, image),
        ExprKind::Index(text, index) => {
            is_text(text, image) && matches!(index.kind, ExprKind::Const(Const::Int(_)) | ExprKind::Unary(..))
        }
        ExprKind::Binary(Binary::Add, first, second) => is_text(first, image) && is_text(second, image),
        ExprKind::Binary(Binary::Mod, format, _) => is_text(format, image),
        ExprKind::If { then, otherwise, .. } => is_text(then, image) && is_text(otherwise, image),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Attribute(text, name) => TEXT_METHODS.contains(&&**name) && is_text(text, image),
            ExprKind::Name(Place::Global(name)) => **name == *"str" && image.global(name).is_none(),
            _ => false,
        },
        _ => false,
    }
}

/// What a function returns that takes its arguments as they come and does nothing else but to give it a name.
pub(super) fn returned(code: &Code) -> Option<&Expr> {
    let params = &code.params;
    let plain = params.keyword_only.is_empty() && params.rest.is_none() && params.keywords.is_none();
    if !plain || code.is_generator || !code.cells.is_empty() {
        return None;
    }
    let documentation = |kind: &StmtKind| {
        matches!(kind, StmtKind::Pass)
            || matches!(kind, StmtKind::Expr(Expr { kind: ExprKind::Const(_), .. }))
    };
    let (last, mut before) = code.body.split_last()?;
    let StmtKind::Return(Some(value)) = &last.kind else { return None };
    let mut value = value;
    if let ExprKind::Name(Place::Local(returned)) = &value.kind
        && let Some((named, earlier)) = before.split_last()
        && let StmtKind::Assign(targets, given) = &named.kind
        && let [Target::Name(Place::Local(name), _)] = &targets[..]
        && name == returned
    {
        (value, before) = (given, earlier);
    }
    before.iter().all(|statement| documentation(&statement.kind)).then_some(value)
}

/// The shape of a `def` or lambda.
fn of_code(code: &Code, image: &Image) -> Option<Shape> {
    let value = returned(code)?;
    match code.params.positional.len() {
        1 => of_one(value, image),
        2 => match &value.kind {
            ExprKind::Binary(Binary::Add, a, b) if is_local(a, 0) && is_local(b, 1) => Some(Shape::Sum),
            // Only where the order cannot be seen; of numbers, that is: the kernel counts ones.
            ExprKind::Binary(Binary::Add, a, b) if is_local(a, 1) && is_local(b, 0) => Some(Shape::Sum),
            _ => None,
        },
        _ => None,
    }
}

/// The shape of a function of one argument.
fn of_one(value: &Expr, image: &Image) -> Option<Shape> {
    if is_local(value, 0) {
        return Some(Shape::Identity);
    }
    match &value.kind {
        ExprKind::Tuple(items) => match &items[..] {
            [Item::One(key), Item::One(one)] if is_local(key, 0) && is_one(one) => Some(Shape::PairWithOne),
            _ => None,
        },
        ExprKind::Call { callee, args } => match &args[..] {
            [Arg::Positional(text)] if is_local(text, 0) && is_json_loads(callee, image) => {
                Some(Shape::ParseJson)
            }
            _ => match split(value)? {
                (text, by) if is_local(text, 0) => Some(Shape::Words(by)),
                _ => None,
            },
        },
        ExprKind::Compare(left, comparisons) => match &comparisons[..] {
            [(comparison @ (Comparison::In | Comparison::NotIn), right)] if is_local(right, 0) => {
                let ExprKind::Const(Const::Str(text)) = &left.kind else { return None };
                let negated = *comparison == Comparison::NotIn;
                Some(Shape::Contains { text: Arc::clone(text), negated })
            }
            _ => None,
        },
        ExprKind::Index(object, index) if matches!(index.kind, ExprKind::Const(Const::Int(_))) => {
            field(object, index)
        }
        ExprKind::Index(..) => {
            let (inner, path) = path(value)?;
            match of_one(inner, image)? {
                Shape::Identity => Some(Shape::Path(path)),
                Shape::ParseJson => Some(Shape::JsonPath(path)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `x.split(",")[3]`
fn field(object: &Expr, index: &Expr) -> Option<Shape> {
    let ExprKind::Const(Const::Int(index)) = index.kind else { return None };
    let index = usize::try_from(index).ok()?;
    let (record, separator) = split_text(object)?;
    is_local(record, 0).then(|| Shape::Field { separator: separator.cloned(), index })
}

/// `inner["a"]["b"]`: what is subscripted, and by which names.
fn path(value: &Expr) -> Option<(&Expr, Vec<Arc<str>>)> {
    let mut names = Vec::new();
    let mut inner = value;
    while let ExprKind::Index(object, index) = &inner.kind {
        let ExprKind::Const(Const::Str(name)) = &index.kind else { return None };
        names.push(Arc::clone(name));
        inner = object;
    }
    names.reverse();
    Some((inner, names))
}

/// What an expression splits into words, and how: `text.split(" ")`.
fn split(value: &Expr) -> Option<(&Expr, WordsBy)> {
    let (text, separator) = split_text(value)?;
    match separator.map(|separator| &**separator) {
        None => Some((text, WordsBy::Whitespace)),
        Some(" ") => Some((text, WordsBy::Space)),
        Some(_) => None,
    }
}

/// What an expression splits, and by what; without that, by runs of white space: `text.split(", ")`.
pub fn split_text(value: &Expr) -> Option<(&Expr, Option<&Arc<str>>)> {
    let ExprKind::Call { callee, args } = &value.kind else { return None };
    let ExprKind::Attribute(text, name) = &callee.kind else { return None };
    if **name != *"split" {
        return None;
    }
    match &args[..] {
        [] => Some((text, None)),
        [Arg::Positional(separator)] => match &separator.kind {
            ExprKind::Const(Const::None) => Some((text, None)),
            // By nothing, nothing can be split.
            ExprKind::Const(Const::Str(separator)) if !separator.is_empty() => Some((text, Some(separator))),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn is_local(value: &Expr, number: u32) -> bool {
    matches!(&value.kind, ExprKind::Name(Place::Local(local)) if *local == number)
}

fn is_one(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Const(Const::Int(1)))
}

/// Whether an expression is the function `json.loads`, by whatever name the program has it.
fn is_json_loads(callee: &Expr, image: &Image) -> bool {
    match &callee.kind {
        ExprKind::Name(Place::Global(name)) => match image.global(name) {
            Some(Frozen::Native(native)) => is_member(native, "json", "loads"),
            _ => false,
        },
        ExprKind::Attribute(module, name) if **name == *"loads" => match &module.kind {
            ExprKind::Name(Place::Global(name)) => {
                matches!(image.global(name), Some(Frozen::Module(module)) if module.name == "json")
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a built-in function is that member of that module.
fn is_member(native: &'static Native, module: &str, name: &str) -> bool {
    if native.name != name {
        return false;
    }
    let (arena, task) = (Arena::default(), Task::default());
    let member = python::module(module).and_then(|module| (module.member)(&Heap::new(&arena, &task), name));
    matches!(member, Some(Value::Native(member)) if ptr::eq(member, native))
}
