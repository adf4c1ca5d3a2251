//! Values of the library as objects of the program.

use std::cell::RefCell;
use std::rc::Rc;

use super::foreign::Carried;
use super::{Crossing, value_address};
use crate::batch::python::collections;
use crate::batch::value::exceptions::{BASE_EXCEPTION, PICKLING_ERROR};
use crate::batch::value::{self as library, Heap, Object, Raised, Value, encode};
use crate::lang::interp::import::library_module;
use crate::lang::interp::object::{Deque, Exception, Opaque, Set};
use crate::lang::interp::table::Table;
use crate::lang::interp::{Dict, Obj, rest};

impl<'a> Crossing<'a> {
    /// The object of a value.
    ///
    /// # Errors
    /// `PicklingError` for what exists within the library alone; `RecursionError`.
    pub fn object(&'a self, heap: &Heap<'a>, value: Value<'a>) -> Result<Obj, Raised> {
        if let Some(at) = value_address(value)
            && let Some(known) = self.back.borrow().get(&at)
        {
            return Ok(known.clone());
        }
        Ok(match value {
            Value::None => Obj::None,
            Value::Bool(flag) => Obj::Bool(flag.get()),
            Value::Int(number) => Obj::Int(number),
            Value::Float(number) => Obj::Float(number.get()),
            Value::Big(number) => Obj::int(number.to_bigint()),
            Value::Str(text) => Obj::str(text),
            Value::Bytes(bytes) => Obj::Bytes((*bytes).into()),
            Value::Range(range) => Obj::Range(Rc::new(*range)),
            Value::Native(native) => Obj::Native(native),
            Value::Type(class) => Obj::Type(class),
            Value::Module(module) => library_module(module),
            Value::Pair(items) => self.tuple(heap, &items[..])?,
            Value::Tuple(items) => self.tuple(heap, items)?,
            Value::List(_) | Value::Dict(_) | Value::Set(_) => {
                self.nested(heap, |_| self.container(heap, value))?
            }
            Value::Iterator(iter) => Obj::Iterator(rest(self.drain(heap, iter)?)),
            Value::Bound((object, native)) => {
                Obj::Bound(Rc::new((self.object(heap, *object)?, native.name.into())))
            }
            Value::Function(function) => {
                return Err(heap.raise(
                    &PICKLING_ERROR,
                    format!("function {} of the library cannot be kept", function.name),
                ));
            }
            Value::Object(object) => self.instance(heap, value, object)?,
        })
    }

    fn tuple(&'a self, heap: &Heap<'a>, items: &[Value<'a>]) -> Result<Obj, Raised> {
        self.nested(heap, |_| {
            let items: Result<Vec<_>, _> = items.iter().map(|item| self.object(heap, *item)).collect();
            Ok(Obj::tuple(items?))
        })
    }

    fn container(&'a self, heap: &Heap<'a>, value: Value<'a>) -> Result<Obj, Raised> {
        let made = match value {
            Value::Dict(dict) => Obj::Dict(Rc::new(Dict {
                class: dict.class,
                default: RefCell::new(self.object(heap, dict.default.get())?),
                table: RefCell::default(),
            })),
            Value::Set(set) => Obj::Set(Rc::new(Set { class: set.class, table: RefCell::default() })),
            _ => Obj::list(Vec::new()),
        };
        self.share(&made, value);
        self.pull(heap, &made, value)?;
        Ok(made)
    }

    fn instance(&'a self, heap: &Heap<'a>, value: Value<'a>, object: &'a Object<'a>) -> Result<Obj, Raised> {
        if let Some(Carried(number)) = object.data.downcast_ref::<Carried>() {
            return Ok(self.carried(*number));
        }
        if let Some((_, most)) = collections::deque_parts(heap, value) {
            let made = Obj::Deque(Rc::new(Deque { items: RefCell::default(), most }));
            self.share(&made, value);
            self.nested(heap, |_| self.pull(heap, &made, value))?;
            return Ok(made);
        }
        if object.class.is(&BASE_EXCEPTION) {
            let args: Result<Vec<_>, _> = object.fields.iter().map(|arg| self.object(heap, *arg)).collect();
            return Ok(Obj::Exception(Rc::new(Exception {
                class: object.class,
                args: RefCell::new(args?.into()),
                attributes: RefCell::default(),
                failure: RefCell::default(),
            })));
        }
        let mut bytes = Vec::new();
        match encode(heap, value, &mut bytes) {
            Ok(()) => Ok(Obj::Opaque(Rc::new(Opaque { class: object.class, bytes: bytes.into() }))),
            // Views of dicts and the like: what they iterate over.
            Err(Raised) if object.class.hooks.iterate.is_some() => {
                heap.caught();
                let iter = library::iterate(heap, value)?;
                Ok(Obj::list(self.drain(heap, iter)?))
            }
            Err(Raised) => Err(Raised),
        }
    }

    /// All that an iterator gives.
    pub(super) fn drain(&'a self, heap: &Heap<'a>, iter: &'a library::Iter<'a>) -> Result<Vec<Obj>, Raised> {
        let mut items = Vec::new();
        while let Some(item) = iter.next(heap)? {
            heap.check()?;
            items.push(self.object(heap, item)?);
        }
        Ok(items)
    }

    /// Brings a container of the program up to what the library has made of it.
    pub(super) fn pull(&'a self, heap: &Heap<'a>, object: &Obj, value: Value<'a>) -> Result<(), Raised> {
        match (object, value) {
            (Obj::List(list), Value::List(made)) => {
                let items = made.snapshot(heap).iter().map(|item| self.object(heap, *item));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                *list.borrow_mut() = items;
            }
            (Obj::Deque(deque), made) => {
                let items = collections::deque_parts(heap, made).map(|(items, _)| items).unwrap_or_default();
                let items = items.iter().map(|item| self.object(heap, *item));
                let items = items.collect::<Result<_, _>>()?;
                *deque.items.borrow_mut() = items;
            }
            (Obj::Dict(dict), Value::Dict(made)) => {
                let mut table = Table::default();
                for (key, value) in made.entries() {
                    let object = self.object(heap, key)?;
                    let key = self.key(heap, &object)?;
                    table.insert(key, object, self.object(heap, value)?);
                }
                *dict.table.borrow_mut() = table;
            }
            (Obj::Set(set), Value::Set(made)) => {
                let mut table = Table::default();
                let mut place = 0;
                while let Some((behind, member)) = made.entry(place) {
                    place = behind;
                    let object = self.object(heap, member)?;
                    table.insert(self.key(heap, &object)?, object, Obj::None);
                }
                *set.table.borrow_mut() = table;
            }
            _ => {}
        }
        Ok(())
    }
}
