//! `re.Pattern`

use std::sync::Arc;

use super::engine::{Anchor, Program, program};
use super::flags::names;
use super::operations::{self, Bounds, Use};
use super::{BYTES, UNICODE};
use crate::batch::python::args::{native, wrong_object};
use crate::batch::value::{Args, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, repr};

/// `re.Pattern`
pub static PATTERN: TypeInfo = TypeInfo {
    name: "re.Pattern",
    base: Some(&OBJECT),
    new: None,
    methods: &[
        native("match", |heap, args| one(heap, "match", args, Anchor::Match)),
        native("search", |heap, args| one(heap, "search", args, Anchor::Search)),
        native("fullmatch", |heap, args| one(heap, "fullmatch", args, Anchor::Full)),
        native("findall", findall),
        native("finditer", finditer),
        native("split", split),
        native("sub", sub),
        native("subn", subn),
    ],
    hooks: Hooks {
        repr: Some(repr_pattern),
        equal: Some(|_, object, other| Ok(equal(object, other))),
        hash: Some(hash),
        attribute: Some(attribute),
        encode: Some(encode),
        decode: Some(decode),
        ..Hooks::NONE
    },
};

/// The object of a program.
pub fn make_pattern<'a>(heap: &Heap<'a>, program: &Arc<Program>) -> Value<'a> {
    let owner: Arc<Program> = Arc::clone(program);
    heap.object(Object { class: &PATTERN, data: heap.own(owner), fields: &[] })
}

fn program_of<'o>(object: &'o Object<'_>) -> &'o Program {
    object.data.downcast_ref().expect("a pattern object holds its program")
}

/// The pattern as a value: text or bytes.
fn written<'a>(heap: &Heap<'a>, program: &Program) -> Value<'a> {
    if program.tree.flags & BYTES == 0 {
        return heap.str(&program.pattern);
    }
    let bytes: Vec<u8> = program.pattern.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    heap.bytes(&bytes)
}

/// The flags as Python shows them.
fn flags(program: &Program) -> u32 {
    if program.tree.flags & BYTES == 0 { program.tree.flags } else { program.tree.flags & !(BYTES | UNICODE) }
}

fn repr_pattern<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let program = program_of(object);
    let mut text = Vec::new();
    repr(heap, written(heap, program), &mut text)?;
    // CPython shows the first 200 characters.
    let text = String::from_utf8_lossy(&text);
    out.extend_from_slice(b"re.compile(");
    out.extend(text.chars().take(200).collect::<String>().as_bytes());
    let flags = flags(program) & !UNICODE;
    if flags != 0 {
        out.extend_from_slice(b", ");
        out.extend_from_slice(names(flags).as_bytes());
    }
    out.push(b')');
    Ok(())
}

fn equal(object: &Object<'_>, other: Value<'_>) -> Option<bool> {
    let Value::Object(other) = other else { return None };
    if !other.class.is(&PATTERN) {
        return None;
    }
    let (one, other) = (program_of(object), program_of(other));
    Some(one.pattern == other.pattern && one.tree.flags == other.tree.flags)
}

fn hash(object: &Object<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let program = program_of(object);
    let mut hasher = DefaultHasher::new();
    (&program.pattern, program.tree.flags).hash(&mut hasher);
    hasher.finish()
}

fn attribute<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    let program = program_of(object);
    let number = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    Some(Ok(match name {
        "pattern" => written(heap, program),
        "flags" => Value::Int(i64::from(flags(program))),
        "groups" => number(program.tree.groups.len()),
        "groupindex" => {
            let dict = heap.dict();
            for (index, group) in program.tree.groups.iter().enumerate() {
                let Some(name) = &group.name else { continue };
                if let Err(raised) = dict.insert(heap, heap.str(name), number(index + 1)) {
                    return Some(Err(raised));
                }
            }
            Value::Dict(dict)
        }
        _ => return None,
    }))
}

fn encode(object: &Object<'_>, out: &mut Vec<u8>) {
    let program = program_of(object);
    // The flags as they were given, or as the pattern itself says: it is parsed to the same either way.
    out.extend_from_slice(&(program.tree.flags & !UNICODE).to_le_bytes());
    out.extend_from_slice(program.pattern.as_bytes());
}

fn decode<'a>(heap: &Heap<'a>, bytes: &'a [u8], _: &'a [Value<'a>]) -> Value<'a> {
    let (flags, pattern) = bytes.split_first_chunk().expect("a pattern is encoded behind its flags");
    let pattern = std::str::from_utf8(pattern).expect("a pattern is encoded as text");
    let program = program(pattern, u32::from_le_bytes(*flags)).expect("it has been compiled before");
    make_pattern(heap, &program)
}

/// The pattern that a method is called of, and the other arguments.
fn this<'s, 'a>(heap: &Heap<'a>, name: &str, args: Args<'s, 'a>) -> Result<(Use<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Object(found) if found.class.is(&PATTERN) => {
            Ok((Use::object_of(object).expect("a pattern object holds its program"), args))
        }
        _ => Err(wrong_object(heap, &format!("re.Pattern.{name}"), object)),
    }
}

/// Arguments `string`, `pos` and `endpos`.
fn searched<'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
) -> Result<(Use<'a>, Value<'a>, Bounds<'a>), Raised> {
    let (used, args) = this(heap, name, args)?;
    let [string, start, end] = args.bind(heap, name, ["string", "pos", "endpos"], 1)?;
    Ok((used, string.unwrap_or(Value::None), [start, end]))
}

fn one<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>, anchor: Anchor) -> Outcome<'a> {
    let (used, string, bounds) = searched(heap, name, args)?;
    operations::one(heap, &used, string, bounds, anchor)
}

fn findall<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (used, string, bounds) = searched(heap, "findall", args)?;
    operations::findall(heap, &used, string, bounds)
}

fn finditer<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (used, string, bounds) = searched(heap, "finditer", args)?;
    operations::finditer(heap, &used, string, bounds)
}

fn split<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (used, args) = this(heap, "split", args)?;
    let [string, most] = args.bind(heap, "split", ["string", "maxsplit"], 1)?;
    operations::split(heap, &used, string.unwrap_or(Value::None), most)
}

fn sub<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    replace(heap, "sub", args).map(|(text, _)| text)
}

fn subn<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    replace(heap, "subn", args).map(|(text, count)| heap.pair(text, Value::Int(count)))
}

fn replace<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<(Value<'a>, i64), Raised> {
    let (used, args) = this(heap, name, args)?;
    let [replacement, string, count] = args.bind(heap, name, ["repl", "string", "count"], 2)?;
    let none = Value::None;
    operations::replace(heap, &used, replacement.unwrap_or(none), string.unwrap_or(none), count)
}
