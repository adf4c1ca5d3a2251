//! `ResultIterable`: the values of a key, as `groupByKey` gives them.

use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::types::{LIST_ITERATOR, OBJECT};
use crate::batch::value::{Args, Heap, Hooks, Iter, Object, Outcome, TypeInfo, Value, iterate, repr};

/// `pyspark.resultiterable.ResultIterable`: its fields are the values. It prints as a list, where
/// PySpark prints an address.
pub static RESULT_ITERABLE: TypeInfo = TypeInfo {
    name: "ResultIterable",
    base: Some(&OBJECT),
    new: Some(new),
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, values, out| repr(heap, heap.list(values.fields.iter().copied()), out)),
        attribute: Some(|heap, values, name| match name {
            "data" => Some(Ok(heap.list(values.fields.iter().copied()))),
            "maxindex" => Some(Ok(Value::Int(i64::try_from(values.fields.len()).unwrap_or(i64::MAX)))),
            _ => None,
        }),
        iterate: Some(|heap, values| Ok(heap.bump().alloc(Iter::slice(&LIST_ITERATOR, values.fields)))),
        length: Some(|values| values.fields.len()),
        ..Hooks::NONE
    },
};

/// The classes here, for [`CLASSES`](super::CLASSES).
pub const CLASSES: &[&TypeInfo] = &[&RESULT_ITERABLE];

/// `ResultIterable(values)`
fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([values], []) = (args.positional, args.keywords) else {
        return Err(heap.raise(&TYPE_ERROR, "ResultIterable() takes exactly one argument: the values"));
    };
    let iter = iterate(heap, *values)?;
    let mut values = bumpalo::collections::Vec::new_in(heap.bump());
    while let Some(value) = iter.next(heap)? {
        values.push(value);
    }
    Ok(result_iterable(heap, values.into_bump_slice()))
}

/// A `ResultIterable` of these values.
pub fn result_iterable<'a>(heap: &Heap<'a>, values: &'a [Value<'a>]) -> Value<'a> {
    heap.object(Object { class: &RESULT_ITERABLE, data: &(), fields: values })
}
