//! The arena of a task, and the exception in flight.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;

use super::exceptions::{KEYBOARD_INTERRUPT, MEMORY_ERROR, RECURSION_ERROR, exception};
use super::{Big, Dict, List, Object, TypeInfo, Value};

/// Memory of values: given back as a whole.
#[derive(Default)]
pub struct Arena {
    bump: Bump,
    /// What owns something outside of the arena (compiled patterns), dropped with it.
    owners: typed_arena::Arena<Arc<dyn Any + Send + Sync>>,
}

impl Arena {
    /// Bytes handed out so far.
    pub fn allocated(&self) -> usize {
        self.bump.allocated_bytes()
    }

    /// Drops every value and keeps some of the memory.
    pub fn reset(&mut self) {
        self.bump.reset();
        if self.owners.len() > 0 {
            self.owners = typed_arena::Arena::default();
        }
    }
}

/// An exception stands in the heap; [`Heap::caught`] takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised;

/// What an operation comes to; as wide as a value.
pub type Outcome<'a> = Result<Value<'a>, Raised>;

/// What a task does besides computing its result. It takes effect when the task has succeeded, in
/// the order of partitions.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What `print` wrote to `sys.stdout`.
    pub stdout: Vec<u8>,
    /// What `print(…, file=sys.stderr)` wrote.
    pub stderr: Vec<u8>,
    /// What was added to accumulators: which one, and the encoded term, in order.
    pub accumulated: Vec<(u32, Vec<u8>)>,
}

impl Effects {
    /// Adds what was done later.
    pub fn absorb(&mut self, later: Effects) {
        self.stdout.extend(later.stdout);
        self.stderr.extend(later.stderr);
        self.accumulated.extend(later.accumulated);
    }
}

/// What a task runs under.
#[derive(Debug, Default)]
pub struct Task {
    /// Set when the user asks a second time to stop: evaluation ends at the next call or turn of a loop.
    pub stop: Arc<AtomicBool>,
    /// Bytes that one record's evaluation may take of the arena before it is a `MemoryError`; 0 for no bound.
    pub memory_limit: usize,
    /// What it did.
    pub effects: RefCell<Effects>,
}

/// Where a task's values are, and the exception in flight.
pub struct Heap<'a> {
    arena: &'a Arena,
    task: &'a Task,
    raised: Cell<Option<Value<'a>>>,
    depth: Cell<u32>,
    /// Addresses of the containers that are being printed, from the outermost inwards.
    pub(super) printing: RefCell<Vec<usize>>,
}

/// Bytes that nothing may take in one piece, whatever the limit: allocating must not fail half way.
const MOST_AT_ONCE: usize = 1 << 32;

/// Calls within calls, as CPython's `sys.getrecursionlimit()`.
const RECURSION_LIMIT: u32 = 1000;

impl<'a> Heap<'a> {
    /// A heap in that arena.
    pub fn new(arena: &'a Arena, task: &'a Task) -> Self {
        Heap { arena, task, raised: Cell::new(None), depth: Cell::new(0), printing: RefCell::default() }
    }

    /// The memory itself, for what is built in place.
    pub fn bump(&self) -> &'a Bump {
        &self.arena.bump
    }

    /// Bytes handed out so far.
    pub fn allocated(&self) -> usize {
        self.arena.allocated()
    }

    /// What the task runs under.
    pub fn task(&self) -> &'a Task {
        self.task
    }

    /// Keeps an owner alive as long as the arena.
    pub fn own(&self, owner: Arc<dyn Any + Send + Sync>) -> &'a (dyn Any + Send + Sync) {
        &**self.arena.owners.alloc(owner)
    }

    /// A `str` with a copy of the text.
    pub fn str(&self, text: &str) -> Value<'a> {
        self.text(self.bump().alloc_str(text))
    }

    /// A `str` that borrows its text.
    pub fn text(&self, text: &'a str) -> Value<'a> {
        Value::Str(self.bump().alloc(text))
    }

    /// `bytes` with a copy of these.
    pub fn bytes(&self, bytes: &[u8]) -> Value<'a> {
        let bytes: &'a [u8] = self.bump().alloc_slice_copy(bytes);
        Value::Bytes(self.bump().alloc(bytes))
    }

    /// An `int` of any size.
    pub fn int(&self, number: &num_bigint::BigInt) -> Value<'a> {
        match i64::try_from(number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Big(self.bump().alloc(Big::new(number, self.bump()))),
        }
    }

    /// A `tuple` of two.
    pub fn pair(&self, first: Value<'a>, second: Value<'a>) -> Value<'a> {
        Value::Pair(self.bump().alloc([first, second]))
    }

    /// A `tuple`.
    pub fn tuple(&self, items: &[Value<'a>]) -> Value<'a> {
        match *items {
            [first, second] => self.pair(first, second),
            _ => {
                let items: &'a [Value<'a>] = self.bump().alloc_slice_copy(items);
                Value::Tuple(self.bump().alloc(items))
            }
        }
    }

    /// A `list`.
    pub fn list(&self, items: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
        Value::List(self.bump().alloc(List::new(self.bump(), items)))
    }

    /// An empty `dict`.
    pub fn dict(&self) -> &'a Dict<'a> {
        self.bump().alloc(Dict::new(self.bump()))
    }

    /// An instance of any type that has no variant of its own.
    pub fn object(&self, object: Object<'a>) -> Value<'a> {
        Value::Object(self.bump().alloc(object))
    }

    /// Raises an exception of that class with a message.
    #[cold]
    pub fn raise(&self, class: &'static TypeInfo, message: impl AsRef<str>) -> Raised {
        let message = self.str(message.as_ref());
        self.throw(exception(self, class, &[message]))
    }

    /// Raises an exception object.
    #[cold]
    pub fn throw(&self, exception: Value<'a>) -> Raised {
        self.raised.set(Some(exception));
        Raised
    }

    /// Takes the exception in flight.
    ///
    /// # Panics
    /// If there is none: whoever returned [`Raised`] has set one.
    pub fn caught(&self) -> Value<'a> {
        self.raised.take().expect("Raised stands for an exception in the heap")
    }

    /// To be called at every turn of a loop: evaluation can be stopped, and its memory is bounded.
    ///
    /// # Errors
    /// `KeyboardInterrupt` or `MemoryError`.
    pub fn check(&self) -> Result<(), Raised> {
        if self.task.stop.load(Ordering::Relaxed) {
            return Err(self.raise(&KEYBOARD_INTERRUPT, ""));
        }
        self.check_memory(0)
    }

    /// Refuses to make something of `bytes` more, if that is beyond the limit.
    ///
    /// # Errors
    /// `MemoryError`
    pub fn check_memory(&self, bytes: usize) -> Result<(), Raised> {
        let limit = self.task.memory_limit;
        if bytes > MOST_AT_ONCE || (limit > 0 && self.allocated().saturating_add(bytes) > limit) {
            return Err(self.raise(&MEMORY_ERROR, ""));
        }
        Ok(())
    }

    /// Runs the body of a call.
    ///
    /// # Errors
    /// `RecursionError` when calls are nested too deep, and whatever `body` raises.
    #[inline]
    pub fn enter<T>(&self, body: impl FnOnce() -> Result<T, Raised>) -> Result<T, Raised> {
        self.enter_for("", body)
    }

    /// Runs the body of what calls itself for values within values; `what` it does ends the message.
    ///
    /// # Errors
    /// As [`Heap::enter`].
    #[inline]
    pub fn enter_for<T>(&self, what: &str, body: impl FnOnce() -> Result<T, Raised>) -> Result<T, Raised> {
        let depth = self.depth.get();
        if depth >= RECURSION_LIMIT {
            return Err(self.raise(&RECURSION_ERROR, format!("maximum recursion depth exceeded{what}")));
        }
        self.depth.set(depth + 1);
        let result = body();
        self.depth.set(depth);
        result
    }

    /// Runs what is known to go no deeper than [`Heap::enter`] allows when it starts from the top.
    pub(super) fn at_top<T>(&self, body: impl FnOnce() -> T) -> T {
        let depth = self.depth.replace(0);
        let result = body();
        self.depth.set(depth);
        result
    }
}
