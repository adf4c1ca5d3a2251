//! `namedtuple`. Classes cannot be made while a program runs, so one value stands for each of the classes that
//! it makes, and all instances are of one class, with their layout beside the fields.

use std::any::Any;
use std::sync::Arc;

use crate::batch::python::args::{collect, native, wrong_object};
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::TUPLE;
use crate::batch::value::{
    Args, Binary, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, binary, repr, repr_text,
    to_text, truth,
};

/// The class of the values that `namedtuple` gives; their fields are the defaults.
pub static NAMED_TUPLE_CLASS: TypeInfo = TypeInfo {
    name: "type",
    base: Some(&OBJECT),
    new: None,
    methods: &[native("_make", make)],
    hooks: Hooks {
        repr: Some(|_, object, out| {
            out.extend_from_slice(format!("<class '__main__.{}'>", layout(object).name).as_bytes());
            Ok(())
        }),
        call: Some(construct),
        attribute: Some(|heap, object, name| match name {
            "__name__" | "__qualname__" => Some(Ok(heap.str(&layout(object).name))),
            "_fields" => Some(Ok(names(heap, object))),
            _ => None,
        }),
        equal: Some(|_, object, other| match other {
            Value::Object(other) if std::ptr::eq(other.class, &NAMED_TUPLE_CLASS) => {
                Ok(Some(layout(object) == layout(other)))
            }
            _ => Ok(None),
        }),
        hash: Some(object_hash),
        encode: Some(encode),
        decode: Some(|heap, bytes, fields| decode(heap, &NAMED_TUPLE_CLASS, bytes, fields)),
        ..Hooks::NONE
    },
};

/// The class of all instances.
pub static NAMED_TUPLE: TypeInfo = TypeInfo {
    name: "namedtuple",
    base: Some(&TUPLE),
    new: None,
    methods: &[native("_asdict", asdict), native("_replace", replace)],
    hooks: Hooks {
        repr: Some(|heap, object, out| {
            let layout = layout(object);
            out.extend_from_slice(layout.name.as_bytes());
            out.push(b'(');
            for (place, (name, value)) in layout.fields.iter().zip(object.fields).enumerate() {
                if place > 0 {
                    out.extend_from_slice(b", ");
                }
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                repr(heap, *value, out)?;
            }
            out.push(b')');
            Ok(())
        }),
        attribute: Some(|heap, object, name| {
            if name == "_fields" {
                return Some(Ok(names(heap, object)));
            }
            match layout(object).fields.iter().position(|field| field == name) {
                Some(place) => object.fields.get(place).copied().map(Ok),
                None if name.starts_with("__") || object.class.method(name).is_some() => None,
                None => {
                    let message = format!("'{}' object has no attribute '{name}'", layout(object).name);
                    Some(Err(heap.raise(&ATTRIBUTE_ERROR, message)))
                }
            }
        }),
        binary: Some(arithmetic),
        is_tuple: true,
        encode: Some(encode),
        decode: Some(|heap, bytes, fields| decode(heap, &NAMED_TUPLE, bytes, fields)),
        ..Hooks::NONE
    },
};

/// Makes plain tuples.
pub(super) fn arithmetic<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    if !matches!(op, Binary::Add | Binary::Mul) {
        return None;
    }
    let tuple = heap.tuple(object.fields);
    let (left, right) = if reflected { (other, tuple) } else { (tuple, other) };
    Some(binary(heap, op, left, right, false))
}

/// The name of a class, and those of its fields.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) fields: Vec<String>,
}

pub(super) fn layout<'a>(object: &Object<'a>) -> &'a Layout {
    object.data.downcast_ref().expect("named tuples have a layout")
}

fn object_hash(object: &Object<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    layout(object).hash(&mut hasher);
    hasher.finish()
}

/// Whether a value is an instance of the class that `class` stands for.
pub fn is_instance(value: Value<'_>, class: &Object<'_>) -> bool {
    match value {
        Value::Object(object) if std::ptr::eq(object.class, &NAMED_TUPLE) => layout(object) == layout(class),
        _ => false,
    }
}

/// The layout as lines: names have no line ends.
pub(super) fn encode(object: &Object<'_>, out: &mut Vec<u8>) {
    let layout = layout(object);
    out.extend_from_slice(layout.name.as_bytes());
    for field in &layout.fields {
        out.push(b'\n');
        out.extend_from_slice(field.as_bytes());
    }
}

pub(super) fn decode<'a>(
    heap: &Heap<'a>,
    class: &'static TypeInfo,
    bytes: &'a [u8],
    fields: &'a [Value<'a>],
) -> Value<'a> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n').map(str::to_owned);
    let layout = Layout { name: lines.next().unwrap_or_default(), fields: lines.collect() };
    heap.object(Object { class, data: owned(heap, layout), fields })
}

pub(super) fn owned<'a>(heap: &Heap<'a>, layout: Layout) -> &'a (dyn Any + Send + Sync) {
    heap.own(Arc::new(layout))
}

pub(super) fn names<'a>(heap: &Heap<'a>, object: &Object<'a>) -> Value<'a> {
    let names: Vec<Value<'a>> = layout(object).fields.iter().map(|name| heap.text(name)).collect();
    heap.tuple(&names)
}

/// Words that are no names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    let start = |c: char| c == '_' || c.is_alphabetic();
    chars.next().is_some_and(start) && chars.all(|c| start(c) || c.is_numeric())
}

/// What is wrong with a name, if anything is.
fn name_fault(name: &str) -> Option<&'static str> {
    if !is_identifier(name) {
        return Some("Type names and field names must be valid identifiers");
    }
    KEYWORDS.contains(&name).then_some("Type names and field names cannot be a keyword")
}

/// `namedtuple(typename, field_names, *, rename=False, defaults=None, module=None)`
pub fn namedtuple<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (required, by_name) = (["typename", "field_names"], ["rename", "defaults", "module"]);
    let ([name, fields], [], [rename, defaults, _]) =
        args.bind_def_with(heap, "namedtuple", required, [], by_name)?;
    let name = to_text(heap, name)?;
    let mut fields: Vec<String> = match fields {
        Value::Str(text) => text.replace(',', " ").split_whitespace().map(str::to_owned).collect(),
        fields => collect(heap, fields)?
            .iter()
            .map(|field| to_text(heap, *field).map(str::to_owned))
            .collect::<Result<_, Raised>>()?,
    };
    if rename.is_some_and(truth) {
        for place in 0..fields.len() {
            let field = &fields[place];
            if name_fault(field).is_some() || field.starts_with('_') || fields[..place].contains(field) {
                fields[place] = format!("_{place}");
            }
        }
    }
    let renamed = rename.is_some_and(truth);
    let fault = |what: &str, name: &str| {
        let name = repr_text(heap, heap.str(name))?;
        Err(heap.raise(&VALUE_ERROR, format!("{what}: {name}")))
    };
    for name in std::iter::once(name).chain(fields.iter().map(String::as_str)) {
        if let Some(what) = name_fault(name) {
            return fault(what, name);
        }
    }
    for (place, field) in fields.iter().enumerate() {
        if field.starts_with('_') && !renamed {
            return fault("Field names cannot start with an underscore", field);
        }
        if fields[..place].contains(field) {
            return fault("Encountered duplicate field name", field);
        }
    }
    let defaults = match defaults {
        None | Some(Value::None) => bumpalo::collections::Vec::new_in(heap.bump()),
        Some(defaults) => collect(heap, defaults)?,
    };
    if defaults.len() > fields.len() {
        return Err(heap.raise(&TYPE_ERROR, "Got more default values than field names"));
    }
    let data = owned(heap, Layout { name: name.to_owned(), fields });
    Ok(heap.object(Object { class: &NAMED_TUPLE_CLASS, data, fields: defaults.into_bump_slice() }))
}

fn instance<'a>(heap: &Heap<'a>, data: &'a (dyn Any + Send + Sync), fields: &[Value<'a>]) -> Value<'a> {
    heap.object(Object { class: &NAMED_TUPLE, data, fields: heap.bump().alloc_slice_copy(fields) })
}

/// `Point(1, y=2)`
fn construct<'a>(heap: &Heap<'a>, class: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let layout = layout(class);
    let fault =
        |message: String| Err(heap.raise(&TYPE_ERROR, format!("{}.__new__() {message}", layout.name)));
    let mut values: Vec<Option<Value<'a>>> = args.positional.iter().copied().map(Some).collect();
    let most = layout.fields.len();
    values.resize(most.max(values.len()), None);
    for (keyword, value) in args.keywords {
        let Some(place) = layout.fields.iter().position(|field| field == keyword) else {
            return fault(format!("got an unexpected keyword argument '{keyword}'"));
        };
        if place < args.positional.len() {
            return fault(format!("got multiple values for argument '{keyword}'"));
        }
        values[place] = Some(*value);
    }
    let given = args.positional.len();
    let required = most - class.fields.len();
    if given > most {
        let range = if required < most {
            format!("from {} to {}", required + 1, most + 1)
        } else {
            (most + 1).to_string()
        };
        return fault(format!("takes {range} positional arguments but {} were given", given + 1));
    }
    for (place, default) in class.fields.iter().enumerate() {
        values[required + place].get_or_insert(*default);
    }
    let missing: Vec<String> = (0..most)
        .filter(|place| values[*place].is_none())
        .map(|place| format!("'{}'", layout.fields[place]))
        .collect();
    match &missing[..] {
        [] => Ok(instance(heap, class.data, &values.into_iter().flatten().collect::<Vec<_>>())),
        [one] => fault(format!("missing 1 required positional argument: {one}")),
        [one, two] => fault(format!("missing 2 required positional arguments: {one} and {two}")),
        [before @ .., last] => {
            let (count, before) = (missing.len(), before.join(", "));
            fault(format!("missing {count} required positional arguments: {before}, and {last}"))
        }
    }
}

/// What a method is called on: an instance, or a class.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
    class: &'static TypeInfo,
) -> Result<(&'a Object<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Object(inner) if std::ptr::eq(inner.class, class) => Ok((inner, args)),
        _ => Err(wrong_object(heap, name, object)),
    }
}

/// `Point._make(iterable)`
fn make<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (class, args) = this(heap, args, "namedtuple._make", &NAMED_TUPLE_CLASS)?;
    let values = collect(heap, args.one(heap, "namedtuple._make")?)?;
    let (wanted, given) = (layout(class).fields.len(), values.len());
    if wanted != given {
        return Err(heap.raise(&TYPE_ERROR, format!("Expected {wanted} arguments, got {given}")));
    }
    Ok(instance(heap, class.data, &values))
}

/// `point._asdict()`
fn asdict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = this(heap, args, "namedtuple._asdict", &NAMED_TUPLE)?;
    args.nothing(heap, "namedtuple._asdict")?;
    let dict = heap.dict();
    for (name, value) in layout(object).fields.iter().zip(object.fields) {
        dict.insert(heap, heap.text(name), *value)?;
    }
    Ok(Value::Dict(dict))
}

/// `point._replace(**fields)`
fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = this(heap, args, "namedtuple._replace", &NAMED_TUPLE)?;
    let mut values = object.fields.to_vec();
    let mut unknown = Vec::new();
    for (keyword, value) in args.keywords {
        match layout(object).fields.iter().position(|field| field == keyword) {
            Some(place) => values[place] = *value,
            None => unknown.push(heap.text(keyword)),
        }
    }
    if !unknown.is_empty() {
        let unknown = repr_text(heap, heap.list(unknown))?;
        return Err(heap.raise(&VALUE_ERROR, format!("Got unexpected field names: {unknown}")));
    }
    Ok(instance(heap, object.data, &values))
}
