//! What compiled code runs in: slots of a call, variables that outlive it, and the function object.

use std::cell::Cell;

use super::instance::{Instance, Shared};
use super::unit::Unit;
use crate::batch::value::exceptions::{NAME_ERROR, UNBOUND_LOCAL_ERROR};
use crate::batch::value::{Heap, Outcome, Raised, Value};
use crate::plan::Frozen;

/// A local; nothing where it is not bound.
pub type Slot<'a> = Cell<Option<Value<'a>>>;

/// A variable that several functions see: a captured cell or a global.
pub struct Variable<'a> {
    pub value: Slot<'a>,
    /// What it holds before its first use: big captured data is decoded by the tasks that look at it alone.
    pub frozen: Cell<Option<&'a Frozen>>,
}

impl<'a> Variable<'a> {
    /// A variable with that value.
    pub fn new(value: Option<Value<'a>>) -> Self {
        Variable { value: Cell::new(value), frozen: Cell::new(None) }
    }

    /// One that holds what was frozen, if anything.
    pub fn frozen(frozen: Option<&'a Frozen>) -> Self {
        Variable { value: Cell::new(None), frozen: Cell::new(frozen) }
    }

    /// Binds it.
    pub fn set(&self, value: Option<Value<'a>>) {
        self.frozen.set(None);
        self.value.set(value);
    }
}

/// A lambda or `def` with what it has captured.
#[derive(Clone, Copy)]
pub struct Closure<'a> {
    /// Its code.
    pub unit: &'a Unit,
    /// What all functions of one program text share in this task.
    pub shared: &'a Shared<'a>,
    /// Captured variables, by number.
    pub captured: &'a [&'a Variable<'a>],
    /// Defaults: one for each parameter that has one, positional ones first.
    pub defaults: &'a [Value<'a>],
}

/// A call at work.
pub struct Frame<'f, 'a> {
    /// Where values are.
    pub heap: &'f Heap<'a>,
    /// Locals, then what the code keeps for itself.
    pub slots: &'f [Slot<'a>],
    /// Locals that inner functions capture.
    pub cells: &'f [Cell<&'a Variable<'a>>],
    /// The function.
    pub closure: &'f Closure<'a>,
    /// Its constants.
    pub constants: &'a [Value<'a>],
    /// What all functions share.
    pub instance: &'a Instance<'a>,
}

impl<'a> Frame<'_, 'a> {
    /// A local's value.
    #[inline(always)]
    pub fn local(&self, slot: usize) -> Outcome<'a> {
        match self.slots[slot].get() {
            Some(value) => Ok(value),
            None => Err(self.unbound(slot)),
        }
    }

    /// A variable's value, if it has one.
    #[inline]
    pub fn variable(&self, variable: &Variable<'a>) -> Result<Option<Value<'a>>, Raised> {
        match variable.value.get() {
            Some(value) => Ok(Some(value)),
            None => self.thaw(variable),
        }
    }

    #[cold]
    fn thaw(&self, variable: &Variable<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Some(frozen) = variable.frozen.take() else { return Ok(None) };
        let value = self.instance.thaw(self.heap, frozen)?;
        variable.value.set(Some(value));
        Ok(Some(value))
    }

    /// Counts a turn of a loop, and looks now and then whether evaluation is to end.
    #[inline]
    pub fn turn(&self) -> Result<(), Raised> {
        self.instance.turn(self.heap)
    }

    #[cold]
    fn unbound(&self, slot: usize) -> Raised {
        let name = self.closure.unit.locals.get(slot).map_or("", String::as_str);
        self.unbound_local(name)
    }

    /// A local without a value.
    #[cold]
    pub fn unbound_local(&self, name: &str) -> Raised {
        let message =
            format!("cannot access local variable '{name}' where it is not associated with a value");
        self.heap.raise(&UNBOUND_LOCAL_ERROR, message)
    }

    /// A captured variable without a value.
    #[cold]
    pub fn unbound_capture(&self, name: &str) -> Raised {
        let message = format!(
            "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        );
        self.heap.raise(&NAME_ERROR, message)
    }

    /// A global that is not there.
    #[cold]
    pub fn undefined(&self, name: &str) -> Raised {
        self.heap.raise(&NAME_ERROR, format!("name '{name}' is not defined"))
    }
}
