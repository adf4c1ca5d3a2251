//! Functions, modules, instances, and what is done with any value: call, attribute, item.

use std::any::Any;

use super::{Heap, Outcome, Raised, TypeInfo, Value};

/// Arguments of a call.
#[derive(Clone, Copy)]
pub struct Args<'s, 'a> {
    /// By position; a method's first one is its object.
    pub positional: &'s [Value<'a>],
    /// By name.
    pub keywords: &'s [(&'a str, Value<'a>)],
}

/// A built-in function at work.
pub type NativeFn = for<'a> fn(&Heap<'a>, Args<'_, 'a>) -> Outcome<'a>;

/// A built-in function or a method of a built-in type.
pub struct Native {
    /// Its name, as in messages.
    pub name: &'static str,
    /// What it does.
    pub call: NativeFn,
}

/// A module.
pub struct Module {
    /// Its full name, such as `urllib.parse`.
    pub name: &'static str,
    /// What it holds under a name.
    pub member: for<'a> fn(&Heap<'a>, &str) -> Option<Value<'a>>,
}

/// What a lambda or `def` is compiled to.
pub trait Callable<'a> {
    /// Calls it.
    ///
    /// # Errors
    /// Whatever its body raises; `TypeError` if the arguments do not fit its parameters.
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a>;
}

/// A lambda or `def`.
pub struct Function<'a> {
    /// `__name__`: `<lambda>` for lambdas.
    pub name: &'a str,
    /// Its code.
    pub code: &'a dyn Callable<'a>,
}

/// An instance of a type that has no variant of its own.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    /// Its class.
    pub class: &'static TypeInfo,
    /// Plain data of it, which the class knows how to read.
    pub data: &'a (dyn Any + Send + Sync),
    /// Values in it: the arguments of an exception, the fields of a named tuple.
    pub fields: &'a [Value<'a>],
}

/// Calls a value.
///
/// # Errors
/// `TypeError: 'int' object is not callable`, and whatever the call raises.
pub fn call<'a>(heap: &Heap<'a>, callee: Value<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    todo!()
}

/// `value.name`
///
/// # Errors
/// `AttributeError: 'int' object has no attribute 'foo'`.
pub fn get_attribute<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Outcome<'a> {
    todo!()
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
