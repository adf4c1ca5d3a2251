//! From the program's objects to the values of Python's library and back. The library works in an arena
//! that lives for one crossing; within it an object and its value are one: containers keep their identity,
//! and what one side changes the other sees.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::Interp;
use super::call::Arguments;
use super::iter::{View, rest};
use super::object::{Dict, Exception, Obj, Opaque, Set};
use super::raise::{Halt, Reason, Run};
use super::table::{Key, Table, Valued};
use crate::batch::value::exceptions::{
    BASE_EXCEPTION, PICKLING_ERROR, RECURSION_ERROR, RUNTIME_ERROR, exception,
};
use crate::batch::value::{
    self as library, Arena, Args, Callable, Heap, Hooks, Object, Outcome, Produce, Raised, Task, TypeInfo,
    Value, decode, encode,
};

/// Bytes that one call of the library may take.
const MEMORY_LIMIT: usize = 4 << 30;

/// Containers within containers.
const DEPTH_LIMIT: u32 = 1000;

/// The way back into the interpreter, for functions of the program that the library calls.
pub trait Reenter {
    /// Runs `body` in it.
    ///
    /// # Errors
    /// What `body` raises.
    fn run(&self, body: &mut dyn FnMut(&mut Interp<'_>) -> Run<Obj>) -> Run<Obj>;
}

struct Reentry<'x, 'h>(RefCell<&'x mut Interp<'h>>);

impl Reenter for Reentry<'_, '_> {
    fn run(&self, body: &mut dyn FnMut(&mut Interp<'_>) -> Run<Obj>) -> Run<Obj> {
        match self.0.try_borrow_mut() {
            Ok(mut interp) => body(&mut interp),
            Err(_) => Err(Halt::new(&RUNTIME_ERROR, "the interpreter is busy")),
        }
    }
}

/// What is known on both sides while the library works.
pub struct Crossing<'a> {
    reenter: &'a dyn Reenter,
    /// Objects that the library sees as something to call, walk through or carry around.
    objects: RefCell<Vec<Obj>>,
    values: RefCell<HashMap<usize, Value<'a>>>,
    back: RefCell<HashMap<usize, Obj>>,
    /// Containers that either side may change.
    shared: RefCell<Vec<(Obj, Value<'a>)>>,
    /// What a function of the program has raised, and where the library sees that.
    halted: RefCell<Option<(usize, Halt)>>,
    depth: Cell<u32>,
}

impl Interp<'_> {
    /// Runs `body` in an arena of its own.
    ///
    /// # Errors
    /// The exception that `body` has raised.
    pub fn cross<R>(
        &mut self,
        body: impl for<'a> FnOnce(&'a Crossing<'a>, &Heap<'a>) -> Result<R, Raised>,
    ) -> Run<R> {
        let task = Task { stop: self.world.stop.clone(), memory_limit: MEMORY_LIMIT, ..Task::default() };
        let arena = Arena::default();
        let reentry = Reentry(RefCell::new(self));
        let crossing = Crossing {
            reenter: &reentry,
            objects: RefCell::default(),
            values: RefCell::default(),
            back: RefCell::default(),
            shared: RefCell::default(),
            halted: RefCell::default(),
            depth: Cell::new(0),
        };
        let heap = Heap::new(&arena, &task);
        match body(&crossing, &heap) {
            Ok(result) => Ok(result),
            Err(Raised) => Err(crossing.halt(&heap)),
        }
    }

    /// Calls something of the library.
    pub(super) fn library_call(&mut self, callee: &Obj, args: Arguments) -> Run<Obj> {
        self.cross(|crossing, heap| {
            let callee = crossing.value(heap, callee)?;
            crossing.call(heap, callee, None, &args)
        })
    }

    /// Calls a method of a value of the library.
    pub(super) fn library_method(&mut self, object: &Obj, name: &str, args: &Arguments) -> Run<Obj> {
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            match library::type_of(value).method(name) {
                Some(method) => crossing.call(heap, Value::Native(method), Some(value), args),
                None => {
                    let method = library::get_attribute(heap, value, name)?;
                    crossing.call(heap, method, None, args)
                }
            }
        })
    }

    /// What a value of the library iterates over.
    pub(super) fn library_items(&mut self, object: &Obj) -> Run<Vec<Obj>> {
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let iter = library::iterate(heap, value)?;
            crossing.drain(heap, iter)
        })
    }

    /// A value of the library, as an object.
    ///
    /// # Errors
    /// What `make` raises.
    pub fn library_value(&mut self, make: impl for<'a> FnOnce(&Heap<'a>) -> Outcome<'a>) -> Run<Obj> {
        self.cross(|crossing, heap| {
            let value = make(heap)?;
            crossing.object(heap, value)
        })
    }

    /// What an object is found by in a dict or set.
    ///
    /// # Errors
    /// `TypeError: unhashable type: 'list'`.
    pub fn key(&mut self, object: &Obj) -> Run<Key> {
        Ok(match object {
            Obj::None => Key::None,
            Obj::Bool(flag) => Key::Int(i64::from(*flag)),
            Obj::Int(number) => Key::Int(*number),
            Obj::Float(number) => match whole(*number) {
                Some(whole) => Key::Int(whole),
                None if number.fract() == 0.0 => self.valued(object)?,
                None => Key::Float(number.to_bits()),
            },
            Obj::Str(text) => Key::Str(text.clone()),
            Obj::Bytes(bytes) => Key::Bytes(bytes.clone()),
            Obj::Tuple(items) => {
                let keys = items.iter().map(|item| self.enter(|interp| interp.key(item)));
                Key::Tuple(keys.collect::<Run<_>>()?)
            }
            Obj::List(_) | Obj::Dict(_) | Obj::Big(_) | Obj::Opaque(_) | Obj::Range(_) | Obj::Set(_) => {
                self.valued(object)?
            }
            Obj::Instance(instance) if instance.class.find("__eq__").is_some() => {
                return Err(Halt::new(
                    &crate::batch::value::exceptions::TYPE_ERROR,
                    format!("unhashable type: '{}'", instance.class.name),
                ));
            }
            _ => Key::Identity(object.address().unwrap_or(0)),
        })
    }

    fn valued(&mut self, object: &Obj) -> Run<Key> {
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let hash = library::hash(heap, value)?;
            let mut bytes = Vec::new();
            encode(heap, value, &mut bytes)?;
            Ok(Key::Valued(Valued { hash, bytes: bytes.into() }))
        })
    }
}

/// The `int` that a float equals, if it has 64 bits.
fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    // The range is checked, so the cast does not wrap.
    (number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number)).then_some(number as i64)
}

fn address<T: ?Sized>(place: &T) -> usize {
    std::ptr::from_ref(place).cast::<()>() as usize
}

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

    fn nested<T>(&self, heap: &Heap<'a>, body: impl FnOnce(&Self) -> Result<T, Raised>) -> Result<T, Raised> {
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

    fn fill_dict(&'a self, heap: &Heap<'a>, dict: &Dict, made: &'a library::Dict<'a>) -> Result<(), Raised> {
        for (_, key, value) in dict.table.borrow().iter() {
            let (key, value) = (self.value(heap, key)?, self.value(heap, value)?);
            made.insert(heap, key, value)?;
        }
        Ok(())
    }

    fn fill_set(&'a self, heap: &Heap<'a>, set: &Set, made: &'a library::Set<'a>) -> Result<(), Raised> {
        for (_, member, _) in set.table.borrow().iter() {
            let member = self.value(heap, member)?;
            made.add(heap, member)?;
        }
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

    fn carry(&self, object: &Obj) -> usize {
        let mut objects = self.objects.borrow_mut();
        objects.push(object.clone());
        objects.len() - 1
    }

    fn carried(&self, number: usize) -> Obj {
        self.objects.borrow().get(number).cloned().unwrap_or(Obj::None)
    }

    fn know(&self, object: &Obj, value: Value<'a>) {
        if let Some(at) = object.address() {
            // What is known by its place must not go away meanwhile.
            self.carry(object);
            self.values.borrow_mut().insert(at, value);
        }
    }

    fn share(&self, object: &Obj, value: Value<'a>) {
        self.know(object, value);
        if let Some(at) = value_address(value) {
            self.back.borrow_mut().insert(at, object.clone());
        }
        self.shared.borrow_mut().push((object.clone(), value));
    }

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
            Value::Module(module) => super::import::library_module(module),
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
    fn drain(&'a self, heap: &Heap<'a>, iter: &'a library::Iter<'a>) -> Result<Vec<Obj>, Raised> {
        let mut items = Vec::new();
        while let Some(item) = iter.next(heap)? {
            heap.check()?;
            items.push(self.object(heap, item)?);
        }
        Ok(items)
    }

    /// Brings a container of the program up to what the library has made of it.
    fn pull(&'a self, heap: &Heap<'a>, object: &Obj, value: Value<'a>) -> Result<(), Raised> {
        match (object, value) {
            (Obj::List(list), Value::List(made)) => {
                let items = made.snapshot(heap).iter().map(|item| self.object(heap, *item));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                *list.borrow_mut() = items;
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

    fn key(&'a self, heap: &Heap<'a>, object: &Obj) -> Result<Key, Raised> {
        // The usual keys need no way back.
        match object {
            Obj::Str(text) => return Ok(Key::Str(text.clone())),
            Obj::Int(number) => return Ok(Key::Int(*number)),
            _ => {}
        }
        let mut key = Key::None;
        let found = self.reenter.run(&mut |interp| {
            key = interp.key(object)?;
            Ok(Obj::None)
        });
        match found {
            Ok(_) => Ok(key),
            Err(halt) => Err(self.throw(heap, halt)),
        }
    }

    /// Brings every shared container of the program up to date, or, with `push`, those of the library.
    fn synchronise(&'a self, heap: &Heap<'a>, push: bool) -> Result<(), Raised> {
        let shared = self.shared.borrow().clone();
        for (object, value) in &shared {
            if !push {
                self.pull(heap, object, *value)?;
                continue;
            }
            match (object, *value) {
                (Obj::List(list), Value::List(made)) => {
                    made.items.borrow_mut().clear();
                    for item in &*list.borrow() {
                        let item = self.value(heap, item)?;
                        made.push(heap, item)?;
                    }
                }
                (Obj::Dict(dict), Value::Dict(made)) => {
                    made.clear();
                    self.fill_dict(heap, dict, made)?;
                }
                (Obj::Set(set), Value::Set(made)) => {
                    made.clear();
                    self.fill_set(heap, set, made)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Brings the program's containers up to what the library has made of them.
    ///
    /// # Errors
    /// As [`Crossing::object`].
    pub fn settle(&'a self, heap: &Heap<'a>) -> Result<(), Raised> {
        self.synchronise(heap, false)
    }

    /// Calls something of the library with objects, and brings back what it gives and what it has changed.
    fn call(
        &'a self,
        heap: &Heap<'a>,
        callee: Value<'a>,
        receiver: Option<Value<'a>>,
        args: &Arguments,
    ) -> Result<Obj, Raised> {
        let mut positional: Vec<Value<'a>> = receiver.into_iter().collect();
        for arg in &args.positional {
            positional.push(self.value(heap, arg)?);
        }
        let mut keywords = Vec::new();
        for (name, value) in &args.keywords {
            let name: &'a str = heap.bump().alloc_str(name);
            keywords.push((name, self.value(heap, value)?));
        }
        let result = library::call(heap, callee, Args { positional: &positional, keywords: &keywords });
        match result {
            Ok(result) => {
                self.synchronise(heap, false)?;
                self.object(heap, result)
            }
            Err(Raised) => {
                let raised = heap.caught();
                self.synchronise(heap, false)?;
                Err(heap.throw(raised))
            }
        }
    }

    /// Runs a function of the program for the library.
    fn ask(
        &'a self,
        heap: &Heap<'a>,
        args: Args<'_, 'a>,
        body: impl Fn(&mut Interp<'_>, Arguments) -> Run<Obj>,
    ) -> Outcome<'a> {
        self.synchronise(heap, false)?;
        let mut arguments = Arguments::default();
        for arg in args.positional {
            arguments.positional.push(self.object(heap, *arg)?);
        }
        for (name, value) in args.keywords {
            arguments.keywords.push(((*name).into(), self.object(heap, *value)?));
        }
        let mut arguments = Some(arguments);
        let result = self.reenter.run(&mut |interp| body(interp, arguments.take().unwrap_or_default()));
        self.synchronise(heap, true)?;
        match result {
            Ok(object) => self.value(heap, &object),
            Err(halt) => Err(self.throw(heap, halt)),
        }
    }

    /// Hands on what the program has raised.
    fn throw(&'a self, heap: &Heap<'a>, halt: Halt) -> Raised {
        let value = match halt.reason() {
            Reason::Raised(thrown) => self.value(heap, &thrown.exception),
            Reason::Fatal(error) => Err(heap.raise(&RUNTIME_ERROR, error.to_string())),
        };
        let value = match value {
            Ok(value) => value,
            Err(Raised) => heap.caught(),
        };
        if let Some(at) = value_address(value) {
            *self.halted.borrow_mut() = Some((at, halt));
        }
        heap.throw(value)
    }

    /// What the library has raised, for the program.
    fn halt(&'a self, heap: &Heap<'a>) -> Halt {
        let raised = heap.caught();
        if let Some((at, halt)) = self.halted.borrow_mut().take()
            && (matches!(halt.reason(), Reason::Fatal(_)) || value_address(raised) == Some(at))
        {
            return halt;
        }
        match self.object(heap, raised) {
            Ok(exception) => Halt::raised(exception),
            Err(Raised) => Halt::new(&RUNTIME_ERROR, "an exception that cannot be shown"),
        }
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

fn value_address(value: Value<'_>) -> Option<usize> {
    match value {
        Value::List(x) => Some(address(x)),
        Value::Dict(x) => Some(address(x)),
        Value::Set(x) => Some(address(x)),
        Value::Iterator(x) => Some(address(x)),
        Value::Function(x) => Some(address(x)),
        Value::Object(x) => Some(address(x)),
        _ => None,
    }
}

/// Something of the program that the library may call.
struct Called<'a> {
    crossing: &'a Crossing<'a>,
    object: usize,
}

impl<'a> Callable<'a> for Called<'a> {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let callee = self.crossing.carried(self.object);
        self.crossing.ask(heap, args, |interp, args| interp.call_with(&callee, args))
    }
}

/// An iterator of the program that the library walks.
struct Walked<'a> {
    crossing: &'a Crossing<'a>,
    object: usize,
}

impl<'a> Produce<'a> for Walked<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Obj::Iterator(iter) = self.crossing.carried(self.object) else { return Ok(None) };
        let over = Cell::new(false);
        let next = self.crossing.ask(heap, Args { positional: &[], keywords: &[] }, |interp, _| {
            let next = interp.next(&iter)?;
            over.set(next.is_none());
            Ok(next.unwrap_or(Obj::None))
        })?;
        Ok((!over.get()).then_some(next))
    }
}

/// Which object of the crossing an instance stands for.
struct Carried(usize);

/// What the library asks of an instance that it does not know.
struct Asked<'a> {
    crossing: &'a Crossing<'a>,
    object: usize,
}

impl<'a> Callable<'a> for Asked<'a> {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let object = self.crossing.carried(self.object);
        self.crossing.ask(heap, args, |interp, args| {
            let mut args = args.positional.into_iter();
            let (question, other) = (args.next(), args.next());
            match question.as_ref().and_then(Obj::as_str) {
                Some("repr") => interp.repr(&object).map(Obj::str),
                Some("str") => interp.text(&object).map(Obj::str),
                Some("iterate") => interp.iterate(&object).map(Obj::Iterator),
                Some("attribute") => {
                    let name = other.as_ref().and_then(Obj::as_str).unwrap_or_default().to_string();
                    interp.attribute(&object, &name)
                }
                _ => {
                    let other = other.unwrap_or(Obj::None);
                    interp.equal(&object, &other).map(Obj::Bool)
                }
            }
        })
    }
}

/// The class of what the library only carries around.
static FOREIGN: TypeInfo = TypeInfo {
    name: "object",
    base: Some(&library::OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, object, out| shown(heap, object, "repr", out)),
        str: Some(|heap, object, out| shown(heap, object, "str", out)),
        equal: Some(|heap, object, other| {
            if let (Value::Object(other), Some(Carried(mine))) = (other, object.data.downcast_ref()) {
                if let Some(Carried(theirs)) = other.data.downcast_ref() {
                    if mine == theirs {
                        return Ok(Some(true));
                    }
                }
            }
            let same = question(heap, object, "equal", Some(other))?;
            Ok(Some(matches!(same, Value::Bool(flag) if flag.get())))
        }),
        hash: Some(|object| match object.data.downcast_ref::<Carried>() {
            Some(Carried(number)) => u64::try_from(*number).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            None => 0,
        }),
        attribute: Some(|heap, object, name| {
            let name = heap.str(name);
            Some(question(heap, object, "attribute", Some(name)))
        }),
        iterate: Some(|heap, object| {
            let iter = question(heap, object, "iterate", None)?;
            library::iterate(heap, iter)
        }),
        ..Hooks::NONE
    },
};

fn question<'a>(heap: &Heap<'a>, object: &Object<'a>, what: &str, other: Option<Value<'a>>) -> Outcome<'a> {
    let Some(&asked) = object.fields.first() else { return Ok(Value::None) };
    let what = heap.str(what);
    match other {
        Some(other) => library::call(heap, asked, Args { positional: &[what, other], keywords: &[] }),
        None => library::call(heap, asked, Args { positional: &[what], keywords: &[] }),
    }
}

fn shown<'a>(heap: &Heap<'a>, object: &Object<'a>, how: &str, out: &mut Vec<u8>) -> Result<(), Raised> {
    let text = question(heap, object, how, None)?;
    out.extend_from_slice(text.as_str().unwrap_or_default().as_bytes());
    Ok(())
}
