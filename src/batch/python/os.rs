//! `os`, as far as functions on records have it: `os.path`, and of that what looks at no file. Paths are Linux's.

use super::args::native;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Module, Native, Outcome, Raised, Value, type_of};

/// `os`
pub static MODULE: Module =
    Module { name: "os", member: |_, name| (name == "path").then_some(Value::Module(&PATH)) };

/// `os.path`
pub static PATH: Module = Module { name: "os.path", member };

static FUNCTIONS: &[Native] = &[
    native("basename", |heap, args| one(heap, args, "basename", |heap, path| heap.str(split_at(path).1))),
    native("dirname", |heap, args| one(heap, args, "dirname", |heap, path| heap.str(split_at(path).0))),
    native("isabs", |heap, args| one(heap, args, "isabs", |_, path| Value::bool(path.starts_with('/')))),
    native("join", join),
    native("split", |heap, args| {
        one(heap, args, "split", |heap, path| {
            let (head, tail) = split_at(path);
            heap.pair(heap.str(head), heap.str(tail))
        })
    }),
    native("splitext", |heap, args| {
        one(heap, args, "splitext", |heap, path| {
            let (root, extension) = split_extension(path);
            heap.pair(heap.str(root), heap.str(extension))
        })
    }),
];

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "sep" => Some(heap.text("/")),
        _ => super::function(FUNCTIONS, name),
    }
}

fn text<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a str, Raised> {
    value.as_str().ok_or_else(|| {
        let name = type_of(value).name;
        heap.raise(&TYPE_ERROR, format!("expected str, bytes or os.PathLike object, not {name}"))
    })
}

/// A function of one path.
fn one<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    made: fn(&Heap<'a>, &'a str) -> Value<'a>,
) -> Outcome<'a> {
    let ([path], []) = args.bind_def(heap, name, ["p"], [])?;
    Ok(made(heap, text(heap, path)?))
}

/// `join(a, *p)`
fn join<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [first, others @ ..] = args.positional else {
        return Err(heap.raise(&TYPE_ERROR, "join() missing 1 required positional argument: 'a'"));
    };
    let mut path = text(heap, *first)?.to_string();
    for other in others {
        let other = text(heap, *other)?;
        if other.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(other);
    }
    Ok(heap.str(&path))
}

/// What stands before the last slash, without slashes at its end unless it is nothing else, and behind it.
fn split_at(path: &str) -> (&str, &str) {
    let (head, tail) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    match head.trim_end_matches('/') {
        "" => (head, tail),
        trimmed => (trimmed, tail),
    }
}

/// The last dot of the last part begins the extension, if something else than dots stands before it.
fn split_extension(path: &str) -> (&str, &str) {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    match path[start..].rfind('.') {
        Some(at) if path[start..start + at].bytes().any(|byte| byte != b'.') => path.split_at(start + at),
        _ => (path, ""),
    }
}
