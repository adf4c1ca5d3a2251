//! `collections`: `Counter`, `defaultdict`, `OrderedDict`, `deque`, `namedtuple`; and PySpark's `Row`, which is much the same.

mod counter;
mod deque;
mod dicts;
mod named_tuple;
mod row;

pub use counter::{COUNTER_METHODS, ELEMENTS, new_counter};
pub use deque::{DEQUE, deque, deque_parts, refill_deque};
pub use dicts::{ORDERED_DICT_METHODS, new_default_dict, new_ordered_dict};
pub use named_tuple::{NAMED_TUPLE, NAMED_TUPLE_CLASS, is_instance};
pub use row::ROW;

use super::args::native;
use super::function;
use crate::batch::value::types::{COUNTER, DEFAULT_DICT, ORDERED_DICT};
use crate::batch::value::{Heap, Module, Native, Value};

/// `collections`
pub static MODULE: Module = Module { name: "collections", member };

static FUNCTIONS: &[Native] = &[native("namedtuple", named_tuple::namedtuple)];

fn member<'a>(_heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "Counter" => Some(Value::Type(&COUNTER)),
        "defaultdict" => Some(Value::Type(&DEFAULT_DICT)),
        "OrderedDict" => Some(Value::Type(&ORDERED_DICT)),
        "deque" => Some(Value::Type(&DEQUE)),
        _ => function(FUNCTIONS, name),
    }
}
