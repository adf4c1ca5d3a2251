//! Built-in functions that look at values: `len`, `isinstance`, `getattr`, `ord` and their like.

use crate::batch::python::args::{index, int};
use crate::batch::python::collections::{NAMED_TUPLE_CLASS, is_instance};
use crate::batch::python::iterators::stop_iteration;
use crate::batch::python::{format, text};
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, OVERFLOW_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::CALLABLE_ITERATOR;
use crate::batch::value::{
    Args, Heap, Iter, Outcome, Produce, Raised, Value, call, equal, find_attribute, get_attribute,
    is_callable, iterate, length, python_hash, repr_text, type_of,
};

/// `type(object)`
pub fn new_type<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.positional {
        [value] if args.keywords.is_empty() => Ok(Value::Type(type_of(*value))),
        [_, _, _] => {
            Err(heap.raise(&TYPE_ERROR, "type() with 3 arguments is not supported: classes cannot be made"))
        }
        _ => Err(heap.raise(&TYPE_ERROR, "type() takes 1 or 3 arguments")),
    }
}

/// `slice(…)`: slices are no values here.
pub fn slice<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    Err(heap.raise(&TYPE_ERROR, "slice() is not supported: write the slice where it is used, as in x[1:3]"))
}

/// `len(obj)`
pub fn len<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "len")?;
    Ok(int(length(heap, value)?))
}

/// `repr(obj)`
pub fn repr<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "repr")?;
    Ok(heap.text(repr_text(heap, value)?))
}

/// `ascii(obj)`
pub fn ascii<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "ascii")?;
    Ok(heap.text(format::ascii(heap, value)?))
}

/// `callable(obj)`
pub fn callable<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::bool(is_callable(args.one(heap, "callable")?)))
}

/// `hash(obj)`
pub fn hash<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::Int(python_hash(heap, args.one(heap, "hash")?)?))
}

/// `id(obj)`: where it is in the arena; a number for what has no place of its own.
pub fn id<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    fn place<T: ?Sized>(of: &T) -> u64 {
        std::ptr::from_ref(of).addr() as u64
    }
    let number = match args.one(heap, "id")? {
        Value::None => 1,
        Value::Bool(flag) => 2 + u64::from(flag.get()),
        Value::Int(number) => number.cast_unsigned().rotate_left(4) | 5,
        Value::Float(number) => number.get().to_bits().rotate_left(4) | 7,
        Value::Big(big) => place(big),
        Value::Str(text) => place(text),
        Value::Bytes(bytes) => place(bytes),
        Value::Pair(items) => place(items),
        Value::Tuple(items) => place(items),
        Value::List(list) => place(list),
        Value::Dict(dict) => place(dict),
        Value::Set(set) => place(set),
        Value::Range(range) => place(range),
        Value::Iterator(iterator) => place(iterator),
        Value::Function(function) => place(function),
        Value::Native(native) => place(native),
        Value::Bound(bound) => place(bound),
        Value::Type(class) => place(class),
        Value::Module(module) => place(module),
        Value::Object(object) => place(object),
    };
    Ok(heap.int(&num_bigint::BigInt::from(number)))
}

/// `chr(i)`
pub fn chr<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let code = args.one(heap, "chr")?;
    let is_short = code.as_int().is_some_and(|code| i32::try_from(code).is_ok());
    if !is_short && matches!(code, Value::Int(_) | Value::Big(_)) {
        return Err(heap.raise(&OVERFLOW_ERROR, "Python int too large to convert to C int"));
    }
    let code = index(heap, code)?;
    match u32::try_from(code).ok().filter(|code| *code < 0x11_0000) {
        // Half of a surrogate pair is no character here.
        Some(code) => {
            let c = char::from_u32(code).unwrap_or('\u{fffd}');
            Ok(heap.str(c.encode_utf8(&mut [0; 4])))
        }
        None => Err(heap.raise(&VALUE_ERROR, "chr() arg not in range(0x110000)")),
    }
}

/// `ord(c)`
pub fn ord<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let value = args.one(heap, "ord")?;
    let length = match value {
        Value::Str(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => return Ok(Value::Int(i64::from(u32::from(c)))),
                _ => text::length(text),
            }
        }
        Value::Bytes([byte]) => return Ok(Value::Int(i64::from(*byte))),
        Value::Bytes(bytes) => bytes.len(),
        _ => {
            let class = type_of(value).name;
            let message = format!("ord() expected string of length 1, but {class} found");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    let message = format!("ord() expected a character, but string of length {length} found");
    Err(heap.raise(&TYPE_ERROR, message))
}

/// Whether a class is one of those that `classes` stands for.
fn is_one_of<'a>(
    heap: &Heap<'a>,
    classes: Value<'a>,
    fault: &str,
    is: &dyn Fn(Value<'a>) -> Option<bool>,
) -> Result<bool, Raised> {
    if let Some(is) = is(classes) {
        return Ok(is);
    }
    let Some(classes) = classes.as_tuple() else {
        return Err(heap.raise(&TYPE_ERROR, fault));
    };
    for one in classes {
        if heap.enter(|| is_one_of(heap, *one, fault, is))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `isinstance(obj, class_or_tuple)`
pub fn isinstance<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "isinstance", 2, 2)?;
    let fault = "isinstance() arg 2 must be a type, a tuple of types, or a union";
    let value = arguments[0];
    let is = |wanted: Value<'a>| match wanted {
        Value::Type(wanted) => Some(type_of(value).is(wanted)),
        Value::Object(wanted) if wanted.class.is(&NAMED_TUPLE_CLASS) => Some(is_instance(value, wanted)),
        _ => None,
    };
    is_one_of(heap, arguments[1], fault, &is).map(Value::bool)
}

/// `issubclass(cls, class_or_tuple)`
pub fn issubclass<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "issubclass", 2, 2)?;
    let Value::Type(class) = arguments[0] else {
        return Err(heap.raise(&TYPE_ERROR, "issubclass() arg 1 must be a class"));
    };
    let fault = "issubclass() arg 2 must be a class, a tuple of classes, or a union";
    let is = |wanted: Value<'a>| match wanted {
        Value::Type(wanted) => Some(class.is(wanted)),
        _ => None,
    };
    is_one_of(heap, arguments[1], fault, &is).map(Value::bool)
}

fn attribute_name<'a>(heap: &Heap<'a>, name: Value<'a>) -> Result<&'a str, Raised> {
    name.as_str().ok_or_else(|| {
        let message = format!("attribute name must be string, not '{}'", type_of(name).name);
        heap.raise(&TYPE_ERROR, message)
    })
}

/// `getattr(object, name[, default])`
pub fn getattr<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "getattr", 2, 3)?;
    let name = attribute_name(heap, arguments[1])?;
    match (get_attribute(heap, arguments[0], name), arguments.get(2)) {
        (Err(_), Some(default)) => match heap.caught() {
            Value::Object(object) if object.class.is(&ATTRIBUTE_ERROR) => Ok(*default),
            other => Err(heap.throw(other)),
        },
        (outcome, _) => outcome,
    }
}

/// `hasattr(object, name)`
pub fn hasattr<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "hasattr", 2, 2)?;
    let name = attribute_name(heap, arguments[1])?;
    match find_attribute(heap, arguments[0], name) {
        None => Ok(Value::bool(false)),
        Some(Ok(_)) => Ok(Value::bool(true)),
        Some(Err(_)) => match heap.caught() {
            Value::Object(object) if object.class.is(&ATTRIBUTE_ERROR) => Ok(Value::bool(false)),
            other => Err(heap.throw(other)),
        },
    }
}

/// What a function returns, call for call, until it is a certain value.
struct Calls<'a> {
    function: Value<'a>,
    last: Value<'a>,
}

impl<'a> Produce<'a> for Calls<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let value = call(heap, self.function, Args { positional: &[], keywords: &[] })?;
        Ok(if equal(heap, value, self.last)? { None } else { Some(value) })
    }
}

/// `iter(iterable)`, `iter(callable, sentinel)`
pub fn iter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match *args.between(heap, "iter", 1, 2)? {
        [function, last] => {
            if !is_callable(function) {
                return Err(heap.raise(&TYPE_ERROR, "iter(v, w): v must be callable"));
            }
            let calls = heap.bump().alloc(Calls { function, last });
            Ok(Value::Iterator(heap.bump().alloc(Iter::produced(&CALLABLE_ITERATOR, calls))))
        }
        [iterable, ..] => Ok(Value::Iterator(iterate(heap, iterable)?)),
        [] => unreachable!("there is at least one"),
    }
}

/// `next(iterator[, default])`
pub fn next<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "next", 1, 2)?;
    let Value::Iterator(iterator) = arguments[0] else {
        let message = format!("'{}' object is not an iterator", type_of(arguments[0]).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    };
    match iterator.next(heap)?.or(arguments.get(1).copied()) {
        Some(value) => Ok(value),
        None => Err(stop_iteration(heap, iterator)),
    }
}
