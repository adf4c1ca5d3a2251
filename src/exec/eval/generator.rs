//! Generators: calls that stop at every `yield`.

use std::cell::Cell;

use super::block::{Block, DONE};
use super::frame::{Closure, Frame, Slot, Variable};
use super::instance::Shared;
use crate::batch::value::exceptions::{RUNTIME_ERROR, STOP_ITERATION, TYPE_ERROR};
use crate::batch::value::types::GENERATOR;
use crate::batch::value::{Heap, Iter, Produce, Raised, Value, type_of};

/// A call of a generator function, between two of its values.
pub struct Generator<'a> {
    closure: Closure<'a>,
    block: &'a Block,
    slots: &'a [Slot<'a>],
    cells: &'a [Cell<&'a Variable<'a>>],
    /// The step to go on with.
    at: Cell<usize>,
    /// What it came to.
    returned: Cell<Value<'a>>,
}

impl<'a> Generator<'a> {
    /// A generator that has not run yet.
    pub fn start(
        heap: &Heap<'a>,
        closure: Closure<'a>,
        block: &'a Block,
        slots: &'a [Slot<'a>],
        cells: &'a [Cell<&'a Variable<'a>>],
    ) -> Value<'a> {
        let generator: &'a Generator<'a> = heap.bump().alloc(Generator {
            closure,
            block,
            slots,
            cells,
            at: Cell::new(0),
            returned: Cell::new(Value::None),
        });
        Value::Iterator(heap.bump().alloc(Iter::produced(&GENERATOR, generator)))
    }
}

impl<'a> Produce<'a> for Generator<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let mut at = self.at.replace(DONE);
        if at == DONE {
            return Ok(None);
        }
        let outcome = heap.enter(|| {
            let Shared { instance, constants, .. } = *self.closure.shared;
            instance.turn(heap)?;
            let (slots, cells, closure) = (self.slots, self.cells, &self.closure);
            self.block.resume(&Frame { heap, slots, cells, closure, constants, instance }, &mut at)
        });
        match outcome {
            Ok(value) if at == DONE => {
                self.returned.set(value);
                Ok(None)
            }
            Ok(value) => {
                self.at.set(at);
                Ok(Some(value))
            }
            Err(_) => {
                let exception = heap.caught();
                if type_of(exception).is(&STOP_ITERATION) {
                    return Err(heap.raise(&RUNTIME_ERROR, "generator raised StopIteration"));
                }
                Err(heap.throw(exception))
            }
        }
    }

    fn send(&self, heap: &Heap<'a>, value: Value<'a>) -> Option<Result<Option<Value<'a>>, Raised>> {
        let at = self.at.get();
        if at == 0 {
            let message = "can't send non-None value to a just-started generator";
            return Some(Err(heap.raise(&TYPE_ERROR, message)));
        }
        if let Some(sent) = self.block.sent(at) {
            self.slots[sent].set(Some(value));
        }
        Some(self.next(heap))
    }

    fn returned(&self) -> Value<'a> {
        self.returned.get()
    }
}
