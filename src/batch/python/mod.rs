//! Python's library: the methods of its types, its built-in functions and modules, as functions over
//! [values](super::value).

pub mod args;
pub mod builtins;
pub mod bytes;
pub mod datetime;
pub mod defined;
pub mod collections;
pub mod dicts;
pub mod format;
pub mod iterators;
pub mod lists;
pub mod numbers;
pub mod ranges;
pub mod re;
pub mod sets;
pub mod text;
pub mod time;
pub mod tuples;

use super::value::{Heap, Module, TypeInfo, Value};

/// Classes of the library whose instances (or which themselves) may be inside of records, by module. Encoded
/// values refer to them by number: new ones go to the end of their module's list, new modules to the end here.
pub static CLASSES: &[&[&TypeInfo]] = &[];

/// The built-in of that name: a function, a class, or `None` if there is none.
pub fn builtin<'a>(name: &str) -> Option<Value<'a>> {
    todo!()
}

/// The module of that full name.
pub fn module(name: &str) -> Option<&'static Module> {
    todo!()
}
