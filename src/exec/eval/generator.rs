//! Generators: calls that stop at every `yield`.

use std::cell::Cell;

use super::block::{Block, DONE};
use super::frame::{Closure, Frame, Slot, Variable};
use super::instance::Shared;
use crate::batch::value::exceptions::{RUNTIME_ERROR, STOP_ITERATION};
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
        let generator: &'a Generator<'a> =
            heap.bump().alloc(Generator { closure, block, slots, cells, at: Cell::new(0) });
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
            Ok(_) if at == DONE => Ok(None),
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
}
