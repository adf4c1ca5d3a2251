//! `functools`: `reduce`, `partial`, `cmp_to_key`. (Caches would be each task's own; there are none.)

use std::cmp::Ordering;

use super::args::native;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{
    Args, Dict, Heap, Hooks, Module, Native, OBJECT, Object, Outcome, Raised, TypeInfo, Value, call, iterate,
    order,
};

/// `functools`
pub static MODULE: Module = Module { name: "functools", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[&PARTIAL, &KEY_MAKER, &KEY];

static FUNCTIONS: &[Native] = &[native("reduce", reduce)];

/// `functools.cmp_to_key`
pub static CMP_TO_KEY: Native = native("cmp_to_key", cmp_to_key);

fn member<'a>(_: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "partial" => Some(Value::Type(&PARTIAL)),
        "cmp_to_key" => Some(Value::Native(&CMP_TO_KEY)),
        _ => super::function(FUNCTIONS, name),
    }
}

fn reduce<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "reduce", 2, 3)?;
    let Ok(values) = iterate(heap, given[1]) else {
        heap.caught();
        return Err(heap.raise(&TYPE_ERROR, "reduce() arg 2 must support iteration"));
    };
    let first = match given.get(2) {
        Some(initial) => Some(*initial),
        None => values.next(heap)?,
    };
    let Some(mut total) = first else {
        return Err(heap.raise(&TYPE_ERROR, "reduce() of empty iterable with no initial value"));
    };
    while let Some(value) = values.next(heap)? {
        heap.check()?;
        total = call(heap, given[0], Args { positional: &[total, value], keywords: &[] })?;
    }
    Ok(total)
}

/// `functools.partial`. The fields: the function, the arguments by position, those by name.
pub static PARTIAL: TypeInfo = TypeInfo {
    name: "functools.partial",
    base: Some(&OBJECT),
    new: Some(new_partial),
    methods: &[],
    hooks: Hooks {
        repr: Some(repr_partial),
        attribute: Some(|_, object, name| {
            let place = ["func", "args", "keywords"].iter().position(|known| *known == name)?;
            object.fields.get(place).copied().map(Ok)
        }),
        call: Some(call_partial),
        ..Hooks::NONE
    },
};

/// The arguments that a `partial` holds.
fn held<'a>(object: &Object<'a>) -> (Value<'a>, &'a [Value<'a>], Option<&'a Dict<'a>>) {
    match *object.fields {
        [function, positional, Value::Dict(keywords)] => {
            (function, positional.as_tuple().unwrap_or_default(), Some(keywords))
        }
        _ => (Value::None, &[], None),
    }
}

fn new_partial<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [function, positional @ ..] = args.positional else {
        return Err(heap.raise(&TYPE_ERROR, "type 'partial' takes at least one argument"));
    };
    let callable = match function {
        Value::Function(_) | Value::Native(_) | Value::Bound(_) | Value::Type(_) => true,
        Value::Object(object) => object.class.hooks.call.is_some(),
        _ => false,
    };
    if !callable {
        return Err(heap.raise(&TYPE_ERROR, "the first argument must be callable"));
    }
    let keywords = heap.dict();
    let (mut function, mut all) = (*function, positional.to_vec());
    // One within another is flattened.
    if let Value::Object(object) = function
        && object.class.is(&PARTIAL)
    {
        let (inner, first, named) = held(object);
        function = inner;
        all = first.iter().copied().chain(all).collect();
        for (name, value) in named.iter().flat_map(|named| named.entries()) {
            keywords.insert(heap, name, value)?;
        }
    }
    for (name, value) in args.keywords {
        keywords.insert(heap, heap.text(name), *value)?;
    }
    let fields = heap.bump().alloc_slice_copy(&[function, heap.tuple(&all), Value::Dict(keywords)]);
    Ok(heap.object(Object { class: &PARTIAL, data: &(), fields }))
}

fn call_partial<'a>(heap: &Heap<'a>, object: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (function, positional, named) = held(object);
    let positional: Vec<Value<'a>> = positional.iter().chain(args.positional).copied().collect();
    let given = |name: &str| args.keywords.iter().any(|(keyword, _)| *keyword == name);
    let mut keywords: Vec<(&'a str, Value<'a>)> = Vec::new();
    for (name, value) in named.iter().flat_map(|named| named.entries()) {
        keywords.extend(name.as_str().filter(|name| !given(name)).map(|name| (name, value)));
    }
    keywords.extend(args.keywords);
    heap.enter(|| call(heap, function, Args { positional: &positional, keywords: &keywords }))
}

fn repr_partial<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let (function, positional, named) = held(object);
    out.extend_from_slice(b"functools.partial(");
    crate::batch::value::repr(heap, function, out)?;
    for value in positional {
        out.extend_from_slice(b", ");
        crate::batch::value::repr(heap, *value, out)?;
    }
    for (name, value) in named.iter().flat_map(|named| named.entries()) {
        out.extend_from_slice(b", ");
        out.extend_from_slice(name.as_str().unwrap_or_default().as_bytes());
        out.push(b'=');
        crate::batch::value::repr(heap, value, out)?;
    }
    out.push(b')');
    Ok(())
}

/// What `cmp_to_key` gives; its field is the function.
static KEY_MAKER: TypeInfo = TypeInfo {
    name: "functools.KeyWrapper",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        call: Some(|heap, object, args| {
            let [value] = args.bind(heap, "K", ["obj"], 1)?;
            let function = object.fields.first().copied().unwrap_or(Value::None);
            let fields = heap.bump().alloc_slice_copy(&[function, value.unwrap_or(Value::None)]);
            Ok(heap.object(Object { class: &KEY, data: &(), fields }))
        }),
        ..Hooks::NONE
    },
};

/// A value that is compared by a function: its fields are the function and the value.
static KEY: TypeInfo = TypeInfo {
    name: "functools.KeyWrapper",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        equal: Some(|heap, object, other| {
            Ok(compare(heap, object, other)?.map(|found| found == Ordering::Equal))
        }),
        order: Some(compare),
        attribute: Some(
            |_, object, name| {
                if name == "obj" { object.fields.get(1).copied().map(Ok) } else { None }
            },
        ),
        ..Hooks::NONE
    },
};

fn compare<'a>(heap: &Heap<'a>, object: &Object<'a>, other: Value<'a>) -> Result<Option<Ordering>, Raised> {
    let (Value::Object(other), [function, value]) = (other, object.fields) else {
        return Err(not_a_key(heap));
    };
    if !other.class.is(&KEY) {
        return Err(not_a_key(heap));
    }
    let other = other.fields.get(1).copied().unwrap_or(Value::None);
    let found = call(heap, *function, Args { positional: &[*value, other], keywords: &[] })?;
    order(heap, "<", found, Value::Int(0))
}

fn not_a_key(heap: &Heap<'_>) -> Raised {
    heap.raise(&TYPE_ERROR, "other argument must be K instance")
}

fn cmp_to_key<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [function] = args.bind(heap, "cmp_to_key", ["mycmp"], 1)?;
    let fields = heap.bump().alloc_slice_copy(&[function.unwrap_or(Value::None)]);
    Ok(heap.object(Object { class: &KEY_MAKER, data: &(), fields }))
}
