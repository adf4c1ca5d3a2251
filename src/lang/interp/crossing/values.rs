//! Objects of the program as values of the library.

use super::foreign::{Asked, Called, Carried, FOREIGN, Walked};
use super::{Crossing, DEPTH_LIMIT, address, value_address};
use crate::batch::python::collections;
use crate::batch::value::exceptions::{RECURSION_ERROR, exception};
use crate::batch::value::{self as library, Args, Heap, Object, Outcome, Raised, Value, decode};
use crate::lang::interp::object::{Deque, Set};
use crate::lang::interp::{Dict, Obj, View};

impl<'a> Crossing<'a> {
    /// The value of an object.
    ///
    /// # Errors
    /// `RecursionError` for what is nested too deep.
    pub fn value(&'a self, heap: &Heap<'a>, object: &Obj) -> Outcome<'a> {
        Ok(match object {
            Obj::None => Value::None,
            Obj::Bool(flag) => Value::bool(*flag),
            Obj::Int(number) => Value::Int(*number),
            Obj::Float(number) => Value::float(*number),
            Obj::Big(number) => heap.int(number),
            Obj::Str(text) => heap.str(text),
            Obj::Bytes(bytes) => heap.bytes(bytes),
            Obj::Range(range) => Value::Range(heap.bump().alloc(**range)),
            Obj::Native(native) => Value::Native(native),
            Obj::Type(class) => Value::Type(class),
            Obj::Opaque(opaque) => {
                let bytes: &'a [u8] = heap.bump().alloc_slice_copy(&opaque.bytes);
                decode(heap, &mut &*bytes)
            }
            Obj::Module(_) | Obj::Ellipsis => self.foreign(heap, object),
            _ => {
                let known = object.address().and_then(|at| self.values.borrow().get(&at).copied());
                match known {
                    Some(value) => value,
                    None => self.nested(heap, |_| self.structured(heap, object))?,
                }
            }
        })
    }

    pub(super) fn nested<T>(
        &self,
        heap: &Heap<'a>,
        body: impl FnOnce(&Self) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        if self.depth.get() >= DEPTH_LIMIT {
            return Err(heap.raise(&RECURSION_ERROR, "maximum recursion depth exceeded"));
        }
        self.depth.set(self.depth.get() + 1);
        let result = body(self);
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// The value of an object with an identity.
    fn structured(&'a self, heap: &Heap<'a>, object: &Obj) -> Outcome<'a> {
        match object {
            Obj::Tuple(items) => {
                let values: Result<Vec<_>, _> = items.iter().map(|item| self.value(heap, item)).collect();
                let value = heap.tuple(&values?);
                self.know(object, value);
                Ok(value)
            }
            Obj::List(list) => {
                let value = heap.list([]);
                self.share(object, value);
                let Value::List(made) = value else { return Ok(value) };
                for item in &*list.borrow() {
                    let item = self.value(heap, item)?;
                    made.push(heap, item)?;
                }
                Ok(value)
            }
            Obj::Dict(dict) => {
                let default = self.value(heap, &dict.default.borrow())?;
                let made = library::Dict::of_class(heap.bump(), dict.class, default);
                let made: &'a library::Dict<'a> = heap.bump().alloc(made);
                self.share(object, Value::Dict(made));
                self.fill_dict(heap, dict, made)?;
                Ok(Value::Dict(made))
            }
            Obj::Set(set) => {
                let made: &'a library::Set<'a> = heap.bump().alloc(library::Set::new(heap.bump(), set.class));
                self.share(object, Value::Set(made));
                self.fill_set(heap, set, made)?;
                Ok(Value::Set(made))
            }
            Obj::Deque(deque) => {
                // It is known before its items are: it may be among them.
                let value = collections::deque(heap, &[], deque.most)?;
                self.share(object, value);
                self.fill_deque(heap, deque, value)?;
                Ok(value)
            }
            Obj::View(dict, view) => {
                let dict = self.value(heap, &Obj::Dict(dict.clone()))?;
                let name = match view {
                    View::Keys => "keys",
                    View::Values => "values",
                    View::Items => "items",
                };
                let view = library::get_attribute(heap, dict, name)?;
                library::call(heap, view, Args { positional: &[], keywords: &[] })
            }
            Obj::Iterator(iter) => {
                let produce: &'a Walked<'a> =
                    heap.bump().alloc(Walked { crossing: self, object: self.carry(object) });
                let made: &'a library::Iter<'a> =
                    heap.bump().alloc(library::Iter::produced(iter.class, produce));
                self.back.borrow_mut().insert(address(made), object.clone());
                self.know(object, Value::Iterator(made));
                Ok(Value::Iterator(made))
            }
            Obj::Function(_) | Obj::Method(_) | Obj::Intrinsic(_) | Obj::Bound(_) | Obj::Class(_) => {
                let name = heap.bump().alloc_str(&callable_name(object));
                let code: &'a Called<'a> =
                    heap.bump().alloc(Called { crossing: self, object: self.carry(object) });
                let made: &'a library::Function<'a> = heap.bump().alloc(library::Function { name, code });
                self.back.borrow_mut().insert(address(made), object.clone());
                self.know(object, Value::Function(made));
                Ok(Value::Function(made))
            }
            Obj::Exception(raised) => {
                let args = raised.args.borrow().clone();
                let args: Result<Vec<_>, _> = args.iter().map(|arg| self.value(heap, arg)).collect();
                let value = exception(heap, raised.class, &args?);
                if let Value::Object(made) = value {
                    self.back.borrow_mut().insert(address(made), object.clone());
                }
                self.know(object, value);
                Ok(value)
            }
            _ => Ok(self.foreign(heap, object)),
        }
    }

    pub(super) fn fill_dict(
        &'a self,
        heap: &Heap<'a>,
        dict: &Dict,
        made: &'a library::Dict<'a>,
    ) -> Result<(), Raised> {
        for (_, key, value) in dict.table.borrow().iter() {
            let (key, value) = (self.value(heap, key)?, self.value(heap, value)?);
            made.insert(heap, key, value)?;
        }
        Ok(())
    }

    pub(super) fn fill_set(
        &'a self,
        heap: &Heap<'a>,
        set: &Set,
        made: &'a library::Set<'a>,
    ) -> Result<(), Raised> {
        for (_, member, _) in set.table.borrow().iter() {
            let member = self.value(heap, member)?;
            made.add(heap, member)?;
        }
        Ok(())
    }

    pub(super) fn fill_deque(
        &'a self,
        heap: &Heap<'a>,
        deque: &Deque,
        made: Value<'a>,
    ) -> Result<(), Raised> {
        let items = deque.items.borrow().clone();
        let items: Result<Vec<_>, _> = items.iter().map(|item| self.value(heap, item)).collect();
        collections::refill_deque(made, &items?);
        Ok(())
    }

    /// Something that the library only carries around, and asks us about.
    fn foreign(&'a self, heap: &Heap<'a>, object: &Obj) -> Value<'a> {
        let number = self.carry(object);
        let code: &'a Asked<'a> = heap.bump().alloc(Asked { crossing: self, object: number });
        let asked = Value::Function(heap.bump().alloc(library::Function { name: "object", code }));
        let data: &'a Carried = heap.bump().alloc(Carried(number));
        let value =
            heap.object(Object { class: &FOREIGN, data, fields: heap.bump().alloc_slice_copy(&[asked]) });
        self.know(object, value);
        value
    }

    pub(super) fn carry(&self, object: &Obj) -> usize {
        let mut objects = self.objects.borrow_mut();
        objects.push(object.clone());
        objects.len() - 1
    }

    pub(super) fn carried(&self, number: usize) -> Obj {
        self.objects.borrow().get(number).cloned().unwrap_or(Obj::None)
    }

    pub(super) fn know(&self, object: &Obj, value: Value<'a>) {
        if let Some(at) = object.address() {
            // What is known by its place must not go away meanwhile.
            self.carry(object);
            self.values.borrow_mut().insert(at, value);
        }
    }

    pub(super) fn share(&self, object: &Obj, value: Value<'a>) {
        self.know(object, value);
        if let Some(at) = value_address(value) {
            self.back.borrow_mut().insert(at, object.clone());
        }
        self.shared.borrow_mut().push((object.clone(), value));
    }
}

fn callable_name(object: &Obj) -> String {
    match object {
        Obj::Function(function) => function.code.name.clone(),
        Obj::Method(method) => method.1.code.name.clone(),
        Obj::Intrinsic(intrinsic) => intrinsic.name.into(),
        Obj::Bound(bound) => bound.1.to_string(),
        Obj::Class(class) => class.name.to_string(),
        _ => String::new(),
    }
}
