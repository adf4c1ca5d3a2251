//! From the program's objects to the values of Python's library and back. The library works in an arena
//! that lives for one crossing; within it an object and its value are one: containers keep their identity,
//! and what one side changes the other sees.

mod foreign;
mod objects;
mod values;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Interp;
use super::call::Arguments;
use super::object::Obj;
use super::raise::{Halt, Reason, Run};
use super::table::{Key, Valued};
use crate::batch::value::exceptions::RUNTIME_ERROR;
use crate::batch::value::{self as library, Arena, Args, Heap, Outcome, Raised, Task, Value, encode};

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
        let stop = self.world.interrupt.at_once.clone();
        let task = Task { stop, memory_limit: MEMORY_LIMIT, ..Task::default() };
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
            Obj::List(_)
            | Obj::Dict(_)
            | Obj::Big(_)
            | Obj::Opaque(_)
            | Obj::Range(_)
            | Obj::Set(_)
            | Obj::Deque(_) => self.valued(object)?,
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
                (Obj::Deque(deque), made) => self.fill_deque(heap, deque, made)?,
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
