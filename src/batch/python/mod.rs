//! Python's library: the methods of its types, its built-in functions and modules, as functions over
//! [values](super::value).

use super::value::{Heap, Module, Value};

/// The built-in of that name: a function, a class, or `None` if there is none.
pub fn builtin<'a>(name: &str) -> Option<Value<'a>> {
    todo!()
}

/// The module of that full name.
pub fn module(name: &str) -> Option<&'static Module> {
    todo!()
}
