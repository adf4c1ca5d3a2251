//! `ResultIterable`: the values of a key, as `groupByKey` gives them.

use crate::batch::value::types::{LIST_ITERATOR, OBJECT};
use crate::batch::value::{Heap, Hooks, Iter, Object, TypeInfo, Value, repr};

/// `pyspark.resultiterable.ResultIterable`: its fields are the values. It prints as a list, where
/// PySpark prints an address.
pub static RESULT_ITERABLE: TypeInfo = TypeInfo {
    name: "ResultIterable",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, values, out| repr(heap, heap.list(values.fields.iter().copied()), out)),
        attribute: Some(|heap, values, name| {
            (name == "data").then(|| Ok(heap.list(values.fields.iter().copied())))
        }),
        iterate: Some(|heap, values| Ok(heap.bump().alloc(Iter::slice(&LIST_ITERATOR, values.fields)))),
        length: Some(|values| values.fields.len()),
        ..Hooks::NONE
    },
};

/// The classes here, for [`CLASSES`](super::CLASSES).
pub const CLASSES: &[&TypeInfo] = &[&RESULT_ITERABLE];

/// A `ResultIterable` of these values.
pub fn result_iterable<'a>(heap: &Heap<'a>, values: &'a [Value<'a>]) -> Value<'a> {
    heap.object(Object { class: &RESULT_ITERABLE, data: &(), fields: values })
}
