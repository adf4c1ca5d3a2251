//! Functions, modules, instances, and what is done with any value: call, attribute, item.

use std::any::Any;

use super::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR};
use super::types::DEFAULT_DICT;
use super::{Heap, Outcome, Raised, TypeInfo, Value, type_of};

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

impl Native {
    /// Whether it is not given the object that it is looked up at: the static methods and class methods of the
    /// built-in types.
    pub fn is_static(&self) -> bool {
        matches!(self.name, "from_bytes" | "fromhex" | "fromkeys" | "maketrans")
    }
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
    /// Calls it; what it calls in turn is counted by [`Heap::enter`].
    ///
    /// # Errors
    /// Whatever its body raises; `TypeError` if the arguments do not fit its parameters.
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a>;

    /// `__qualname__`, where it is known.
    fn qualified(&self) -> Option<&str> {
        None
    }
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
#[inline(always)]
pub fn call<'a>(heap: &Heap<'a>, callee: Value<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match callee {
        // Inlined, so that the arguments are not copied on their way.
        Value::Function(function) => function.code.call(heap, args),
        _ => call_built_in(heap, callee, args),
    }
}

#[inline(never)]
fn call_built_in<'a>(heap: &Heap<'a>, callee: Value<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match callee {
        Value::Native(native) => (native.call)(heap, args),
        Value::Bound(&(object, native)) => match *args.positional {
            [] => (native.call)(heap, Args { positional: &[object], ..args }),
            [first] => (native.call)(heap, Args { positional: &[object, first], ..args }),
            _ => {
                let positional: Vec<_> =
                    std::iter::once(object).chain(args.positional.iter().copied()).collect();
                (native.call)(heap, Args { positional: &positional, ..args })
            }
        },
        Value::Type(class) => match class.new {
            Some(new) => new(heap, args),
            None => Err(heap.raise(&TYPE_ERROR, format!("cannot create '{}' instances", class.name))),
        },
        Value::Object(object) if object.class.hooks.call.is_some() => match object.class.hooks.call {
            Some(call) => heap.enter(|| call(heap, object, args)),
            None => Err(not_callable(heap, callee)),
        },
        _ => Err(not_callable(heap, callee)),
    }
}

#[cold]
fn not_callable<'a>(heap: &Heap<'a>, callee: Value<'a>) -> Raised {
    heap.raise(&TYPE_ERROR, format!("'{}' object is not callable", type_of(callee).name))
}

/// `callable(value)`
pub fn is_callable(value: Value<'_>) -> bool {
    match value {
        Value::Native(_) | Value::Function(_) | Value::Bound(_) | Value::Type(_) => true,
        Value::Object(object) => object.class.hooks.call.is_some(),
        _ => false,
    }
}

/// `value.name`
///
/// # Errors
/// `AttributeError: 'int' object has no attribute 'foo'`.
pub fn get_attribute<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Outcome<'a> {
    let class = type_of(value);
    match find_attribute(heap, value, name) {
        Some(outcome) => outcome,
        None => {
            let message = match value {
                Value::Module(module) => format!("module '{}' has no attribute '{name}'", module.name),
                Value::Type(class) => format!("type object '{}' has no attribute '{name}'", class.name),
                _ => format!("'{}' object has no attribute '{name}'", class.name),
            };
            Err(heap.raise(&ATTRIBUTE_ERROR, message))
        }
    }
}

/// `value.name`, `None` where there is no such attribute.
pub fn find_attribute<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Option<Outcome<'a>> {
    let found = match value {
        Value::Module(module) => (module.member)(heap, name),
        Value::Type(class) => class
            .method(name)
            .map(Value::Native)
            .or_else(|| class.hooks.class_attribute.and_then(|attribute| attribute(heap, name))),
        Value::Object(object) => {
            if let Some(outcome) =
                object.class.hooks.attribute.and_then(|attribute| attribute(heap, object, name))
            {
                return Some(outcome);
            }
            bound(heap, value, name)
        }
        _ => bound(heap, value, name),
    };
    found.or_else(|| special(heap, value, name)).map(Ok)
}

fn bound<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Option<Value<'a>> {
    let method = type_of(value).method(name)?;
    if method.is_static() {
        return Some(Value::Native(method));
    }
    Some(Value::Bound(heap.bump().alloc((value, method))))
}

/// What values of all, or of many, classes have.
#[cold]
fn special<'a>(heap: &Heap<'a>, value: Value<'a>, name: &str) -> Option<Value<'a>> {
    match (name, value) {
        ("__class__", _) => Some(Value::Type(type_of(value))),
        ("__name__" | "__qualname__", Value::Function(function)) => Some(heap.text(function.name)),
        ("__name__" | "__qualname__", Value::Native(native)) => Some(heap.text(native.name)),
        ("__name__" | "__qualname__", Value::Bound((_, native))) => Some(heap.text(native.name)),
        // The classes of modules are named with them: `datetime.date`.
        ("__name__" | "__qualname__", Value::Type(class)) => {
            Some(heap.text(class.name.rsplit('.').next().unwrap_or(class.name)))
        }
        ("__name__", Value::Module(module)) => Some(heap.text(module.name)),
        ("real" | "numerator", Value::Int(_) | Value::Big(_)) => Some(value),
        ("real" | "numerator", Value::Bool(flag)) => Some(Value::Int(i64::from(flag.get()))),
        ("real", Value::Float(_)) => Some(value),
        ("imag", Value::Bool(_) | Value::Int(_) | Value::Big(_)) => Some(Value::Int(0)),
        ("imag", Value::Float(_)) => Some(Value::float(0.0)),
        ("denominator", Value::Bool(_) | Value::Int(_) | Value::Big(_)) => Some(Value::Int(1)),
        ("start", Value::Range(range)) => Some(Value::Int(range[0])),
        ("stop", Value::Range(range)) => Some(Value::Int(range[1])),
        ("step", Value::Range(range)) => Some(Value::Int(range[2])),
        ("default_factory", Value::Dict(dict)) if dict.class.is(&DEFAULT_DICT) => Some(dict.default.get()),
        _ => None,
    }
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
