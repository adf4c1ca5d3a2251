//! Python's library: the methods of its types, its built-in functions and modules, as functions over
//! [values](super::value).

pub mod args;
pub mod builtins;
pub mod bytes;
pub mod collections;
pub mod datetime;
pub mod defined;
pub mod dicts;
pub mod format;
pub mod functools;
pub mod grouped;
pub mod iterators;
pub mod itertools;
pub mod json;
pub mod lists;
pub mod math;
pub mod numbers;
pub mod operator;
pub mod os;
pub mod ranges;
pub mod re;
pub mod sets;
mod sort;
pub mod state;
pub mod string;
pub mod sys;
pub mod text;
pub mod time;
pub mod tuples;
pub mod typing;
pub mod urllib;

use super::value::exceptions::exception_class;
use super::value::types::{
    BOOL, BYTES, DICT, ENUMERATE, FILTER, FLOAT, FROZENSET, INT, LIST, MAP, OBJECT, RANGE, REVERSED, SET,
    STR, TUPLE, TYPE, ZIP,
};
use super::value::{Arena, Heap, Module, Native, Task, TypeInfo, Value, find_attribute};

/// Classes of the library whose instances (or which themselves) may be inside of records, by module. Encoded
/// values refer to them by number: new ones go to the end of their module's list, new modules to the end here.
pub static CLASSES: &[&[&TypeInfo]] = &[
    re::CLASSES,
    datetime::CLASSES,
    time::CLASSES,
    &[&collections::DEQUE, &collections::NAMED_TUPLE, &collections::NAMED_TUPLE_CLASS, &collections::ROW],
    &[&operator::ITEM_GETTER, &operator::ATTR_GETTER, &operator::METHOD_CALLER],
    &[&sys::TEXT_IO],
    grouped::CLASSES,
    urllib::CLASSES,
    itertools::CLASSES,
    functools::CLASSES,
];

/// The classes among the built-ins.
static BUILTIN_CLASSES: &[&TypeInfo] = &[
    &BOOL, &BYTES, &DICT, &ENUMERATE, &FILTER, &FLOAT, &FROZENSET, &INT, &LIST, &MAP, &OBJECT, &RANGE,
    &REVERSED, &SET, &STR, &TUPLE, &TYPE, &ZIP,
];

/// The modules, by their full names.
static MODULES: &[&Module] = &[
    &collections::MODULE,
    &datetime::MODULE,
    &functools::MODULE,
    &itertools::MODULE,
    &json::MODULE,
    &math::MODULE,
    &operator::MODULE,
    &os::MODULE,
    &os::PATH,
    &re::MODULE,
    &string::MODULE,
    &sys::MODULE,
    &time::MODULE,
    &typing::MODULE,
    &urllib::MODULE,
    &urllib::PARSE,
];

/// The function of that name in a table.
pub fn function<'a>(table: &'static [Native], name: &str) -> Option<Value<'a>> {
    table.iter().find(|native| native.name == name).map(Value::Native)
}

/// The built-in of that name: a function, a class, or `None` if there is none.
pub fn builtin<'a>(name: &str) -> Option<Value<'a>> {
    let class = BUILTIN_CLASSES.iter().copied().find(|class| class.name == name);
    // The exceptions of modules are no built-ins.
    let exception =
        || exception_class(name).filter(|_| !matches!(name, "JSONDecodeError" | "error" | "PicklingError"));
    match class.or_else(exception) {
        Some(class) => Some(Value::Type(class)),
        None => function(builtins::FUNCTIONS, name),
    }
}

/// The full names of the modules.
pub fn module_names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|module| module.name)
}

/// The module of that full name.
pub fn module(name: &str) -> Option<&'static Module> {
    MODULES.iter().copied().find(|module| module.name == name)
}

/// Whether a module has a member of that name; `None` if there is no such module.
pub fn module_has(module: &str, name: &str) -> Option<bool> {
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    self::module(module).map(|module| (module.member)(&heap, name).is_some())
}

/// Whether a class of a module has an attribute of that name.
pub fn class_has(module: &str, class: &str, name: &str) -> bool {
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let class = self::module(module).and_then(|module| (module.member)(&heap, class));
    class.is_some_and(|class| find_attribute(&heap, class, name).is_some())
}
