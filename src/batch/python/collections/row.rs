//! `Row`, of `pyspark.sql`: a tuple whose fields have names. Without names it is what such rows are made by:
//! `Word = Row("word", "count")`.

use super::named_tuple::{Layout, arithmetic, decode, encode, layout, names, owned};
use crate::batch::python::args::native;
use crate::batch::python::args::wrong_object;
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::TUPLE;
use crate::batch::value::{
    Args, Heap, Hooks, Object, Outcome, Raised, TypeInfo, Value, equal, repr, repr_text, to_text,
};

/// `pyspark.sql.Row`
pub static ROW: TypeInfo = TypeInfo {
    name: "Row",
    base: Some(&TUPLE),
    new: Some(new),
    methods: &[native("asDict", as_dict)],
    hooks: Hooks {
        repr: Some(|heap, object, out| {
            out.extend_from_slice(if is_named(object) { b"Row(" } else { b"<Row(" });
            let fields = &layout(object).fields;
            for (place, value) in object.fields.iter().enumerate() {
                if place > 0 {
                    out.extend_from_slice(b", ");
                }
                if let Some(name) = fields.get(place) {
                    out.extend_from_slice(format!("{name}=").as_bytes());
                }
                repr(heap, *value, out)?;
            }
            out.extend_from_slice(if is_named(object) { b")" } else { b")>" });
            Ok(())
        }),
        attribute: Some(|heap, object, name| {
            if name == "__fields__" && is_named(object) {
                return Some(Ok(
                    heap.list(names(heap, object).as_tuple().unwrap_or_default().iter().copied())
                ));
            }
            match field(object, name) {
                Some(value) => Some(Ok(value)),
                None if name.starts_with("__") || object.class.method(name).is_some() => None,
                None => Some(Err(heap.raise(&ATTRIBUTE_ERROR, name))),
            }
        }),
        // By name; by place they are a tuple's.
        item: Some(|heap, object, index| {
            let name = index.as_str().unwrap_or_default();
            field(object, name).ok_or_else(|| heap.raise(&VALUE_ERROR, name))
        }),
        contains: Some(|heap, object, member| {
            if is_named(object) {
                return Ok(member.as_str().is_some_and(|name| field(object, name).is_some()));
            }
            for value in object.fields {
                if equal(heap, *value, member)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }),
        binary: Some(arithmetic),
        call: Some(call),
        is_tuple: true,
        encode: Some(encode),
        decode: Some(|heap, bytes, fields| decode(heap, &ROW, bytes, fields)),
        ..Hooks::NONE
    },
};

fn is_named(row: &Object<'_>) -> bool {
    !layout(row).name.is_empty()
}

fn field<'a>(row: &Object<'a>, name: &str) -> Option<Value<'a>> {
    let place = layout(row).fields.iter().position(|field| field == name)?;
    row.fields.get(place).copied()
}

fn made<'a>(heap: &Heap<'a>, fields: Option<Vec<String>>, values: &[Value<'a>]) -> Value<'a> {
    // A name tells a row of no fields from one without names.
    let name = if fields.is_some() { "Row" } else { "" };
    let layout = Layout { name: name.into(), fields: fields.unwrap_or_default() };
    let fields = heap.bump().alloc_slice_copy(values);
    heap.object(Object { class: &ROW, data: owned(heap, layout), fields })
}

/// `Row(word="a", count=1)`, `Row("word", "count")`
fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if args.keywords.is_empty() {
        return Ok(made(heap, None, args.positional));
    }
    if !args.positional.is_empty() {
        return Err(heap.raise(&VALUE_ERROR, "Can not use both args and kwargs to create Row"));
    }
    let names = args.keywords.iter().map(|(name, _)| (*name).to_string()).collect();
    let values: Vec<Value<'a>> = args.keywords.iter().map(|(_, value)| *value).collect();
    Ok(made(heap, Some(names), &values))
}

/// `Word("a", 1)`
fn call<'a>(heap: &Heap<'a>, row: &Object<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if !args.keywords.is_empty() {
        return Err(heap.raise(&TYPE_ERROR, "Row.__call__() takes no keyword arguments"));
    }
    let (fields, values) = (row.fields.len(), args.positional);
    if values.len() > fields {
        let names = repr_text(heap, heap.tuple(row.fields))?;
        let given = repr_text(heap, heap.tuple(values))?;
        let message =
            format!("Can not create Row with fields {names}, expected {fields} values but got {given}");
        return Err(heap.raise(&VALUE_ERROR, message));
    }
    let names: Result<_, Raised> =
        row.fields.iter().map(|name| to_text(heap, *name).map(str::to_owned)).collect();
    Ok(made(heap, Some(names?), values))
}

/// `row.asDict(recursive=False)`
fn as_dict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (row, args) = args.object(heap, "Row.asDict")?;
    let Value::Object(row) = row else { return Err(wrong_object(heap, "Row.asDict", row)) };
    let [recursive] = args.bind(heap, "asDict", ["recursive"], 0)?;
    if !is_named(row) {
        return Err(heap.raise(&TYPE_ERROR, "Cannot convert a Row class into dict"));
    }
    dict_of(heap, row, recursive.is_some_and(crate::batch::value::truth))
}

fn dict_of<'a>(heap: &Heap<'a>, row: &Object<'a>, recursive: bool) -> Outcome<'a> {
    let dict = heap.dict();
    for (name, value) in layout(row).fields.iter().zip(row.fields) {
        let value = if recursive { inside(heap, *value)? } else { *value };
        dict.insert(heap, heap.text(name), value)?;
    }
    Ok(Value::Dict(dict))
}

/// Rows inside of lists and dicts as dicts.
fn inside<'a>(heap: &Heap<'a>, value: Value<'a>) -> Outcome<'a> {
    heap.enter(|| match value {
        Value::Object(row) if row.class.is(&ROW) && is_named(row) => dict_of(heap, row, true),
        Value::List(list) => {
            let items: Result<Vec<_>, _> =
                list.snapshot(heap).iter().map(|item| inside(heap, *item)).collect();
            Ok(heap.list(items?))
        }
        Value::Dict(dict) => {
            let made = heap.dict();
            for (key, value) in dict.entries() {
                made.insert(heap, key, inside(heap, value)?)?;
            }
            Ok(Value::Dict(made))
        }
        _ => Ok(value),
    })
}
