//! `operator.itemgetter`, `attrgetter`, `methodcaller`: what they were made with are the fields of their instances.

use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{
    Args, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, call, get_attribute, get_item, repr,
    str,
};

/// `operator.itemgetter`
pub static ITEM_GETTER: TypeInfo = TypeInfo {
    name: "itemgetter",
    base: Some(&OBJECT),
    new: Some(new_item_getter),
    methods: &[],
    hooks: Hooks { call: Some(get_items), repr: Some(repr_getter), ..Hooks::NONE },
};

/// `operator.attrgetter`
pub static ATTR_GETTER: TypeInfo = TypeInfo {
    name: "attrgetter",
    base: Some(&OBJECT),
    new: Some(new_attr_getter),
    methods: &[],
    hooks: Hooks { call: Some(get_attributes), repr: Some(repr_getter), ..Hooks::NONE },
};

/// `operator.methodcaller`: its fields are the name, the arguments by position, and those by name.
pub static METHOD_CALLER: TypeInfo = TypeInfo {
    name: "methodcaller",
    base: Some(&OBJECT),
    new: Some(new_method_caller),
    methods: &[],
    hooks: Hooks { call: Some(call_method), repr: Some(repr_caller), ..Hooks::NONE },
};

fn made<'a>(heap: &Heap<'a>, class: &'static TypeInfo, fields: &[Value<'a>]) -> Value<'a> {
    heap.object(Object { class, data: &(), fields: heap.bump().alloc_slice_copy(fields) })
}

fn none_given<'a>(heap: &Heap<'a>, name: &str) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, format!("{name} expected 1 argument, got 0")))
}

/// `operator.itemgetter(item, *items)`
fn new_item_getter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "itemgetter")?;
    match args.positional {
        [] => none_given(heap, "itemgetter"),
        items => Ok(made(heap, &ITEM_GETTER, items)),
    }
}

fn get_items<'a>(heap: &Heap<'a>, getter: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "itemgetter")?;
    let container = args.between(heap, "itemgetter", 1, 1)?[0];
    if let [item] = getter.fields {
        return get_item(heap, container, *item);
    }
    let found: Result<Vec<Value<'a>>, Raised> =
        getter.fields.iter().map(|item| get_item(heap, container, *item)).collect();
    Ok(heap.tuple(&found?))
}

/// `operator.attrgetter(attr, *attrs)`
fn new_attr_getter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "attrgetter")?;
    if args.positional.iter().any(|name| name.as_str().is_none()) {
        return Err(heap.raise(&TYPE_ERROR, "attribute name must be a string"));
    }
    match args.positional {
        [] => none_given(heap, "attrgetter"),
        names => Ok(made(heap, &ATTR_GETTER, names)),
    }
}

fn get_attributes<'a>(heap: &Heap<'a>, getter: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let object = args.between(heap, "attrgetter", 1, 1)?[0];
    let attribute = |name: &Value<'a>| {
        let path = name.as_str().unwrap_or_default();
        path.split('.').try_fold(object, |object, name| get_attribute(heap, object, name))
    };
    if let [name] = getter.fields {
        return attribute(name);
    }
    let found: Result<Vec<Value<'a>>, Raised> = getter.fields.iter().map(attribute).collect();
    Ok(heap.tuple(&found?))
}

fn repr_getter<'a>(heap: &Heap<'a>, getter: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.extend_from_slice(format!("operator.{}(", getter.class.name).as_bytes());
    repr_list(heap, getter.fields, out)?;
    out.push(b')');
    Ok(())
}

fn repr_list<'a>(heap: &Heap<'a>, values: &[Value<'a>], out: &mut Vec<u8>) -> Result<(), Raised> {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(b", ");
        }
        repr(heap, *value, out)?;
    }
    Ok(())
}

/// `operator.methodcaller(name, *args, **kwargs)`
fn new_method_caller<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let Some((name, positional)) = args.positional.split_first() else {
        let message = "methodcaller needs at least one argument, the method name";
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    if name.as_str().is_none() {
        return Err(heap.raise(&TYPE_ERROR, "method name must be a string"));
    }
    let keywords = heap.dict();
    for (keyword, value) in args.keywords {
        keywords.insert(heap, heap.text(keyword), *value)?;
    }
    Ok(made(heap, &METHOD_CALLER, &[*name, heap.tuple(positional), Value::Dict(keywords)]))
}

fn call_method<'a>(heap: &Heap<'a>, caller: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let object = args.between(heap, "methodcaller", 1, 1)?[0];
    let [Value::Str(name), positional, Value::Dict(keywords)] = *caller.fields else {
        unreachable!("it was made with these");
    };
    let keywords: Vec<(&'a str, Value<'a>)> =
        keywords.entries().filter_map(|(name, value)| Some((name.as_str()?, value))).collect();
    let method = get_attribute(heap, object, name)?;
    let positional = positional.as_tuple().unwrap_or_default();
    call(heap, method, Args { positional, keywords: &keywords })
}

fn repr_caller<'a>(heap: &Heap<'a>, caller: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let [name, positional, Value::Dict(keywords)] = *caller.fields else {
        unreachable!("it was made with these");
    };
    out.extend_from_slice(b"operator.methodcaller(");
    repr(heap, name, out)?;
    for value in positional.as_tuple().unwrap_or_default() {
        out.extend_from_slice(b", ");
        repr(heap, *value, out)?;
    }
    for (keyword, value) in keywords.entries() {
        out.extend_from_slice(b", ");
        str(heap, keyword, out)?;
        out.push(b'=');
        repr(heap, value, out)?;
    }
    out.push(b')');
    Ok(())
}
