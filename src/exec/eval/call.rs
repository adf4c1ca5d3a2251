//! Calls of compiled functions.

use std::array;
use std::cell::Cell;

use super::bind::bind;
use super::frame::{Closure, Frame, Slot, Variable};
use super::generator::Generator;
use super::instance::Shared;
use super::unit::Body;
use crate::batch::value::{Args, Callable, Heap, Outcome};

impl<'a> Callable<'a> for Closure<'a> {
    /// Slots are on the stack: a call takes nothing of the arena but what its body makes.
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        if let Body::Generator(block) = &self.unit.body {
            let slots = heap.bump().alloc_slice_fill_with(self.unit.slots, |_| Cell::new(None));
            bind(self, heap, slots, args)?;
            return Ok(Generator::start(heap, *self, block, slots, self.cells(heap, slots)));
        }
        match self.unit.slots {
            0..=2 => self.run::<2>(heap, args),
            3..=6 => self.run::<6>(heap, args),
            7..=16 => self.run::<16>(heap, args),
            slots => self.enter(heap, &vec![Cell::new(None); slots], args),
        }
    }

    fn qualified(&self) -> Option<&str> {
        Some(&self.unit.qualified)
    }
}

impl<'a> Closure<'a> {
    #[inline]
    fn run<const N: usize>(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let slots: [Slot<'a>; N] = array::from_fn(|_| Cell::new(None));
        self.enter(heap, &slots, args)
    }

    #[inline]
    fn enter(&self, heap: &Heap<'a>, slots: &[Slot<'a>], args: Args<'_, 'a>) -> Outcome<'a> {
        bind(self, heap, slots, args)?;
        self.shared.instance.turn(heap)?;
        heap.enter(|| {
            let Shared { instance, constants, .. } = *self.shared;
            let frame =
                Frame { heap, slots, cells: self.cells(heap, slots), closure: self, constants, instance };
            match &self.unit.body {
                Body::Value(value) => value(&frame),
                Body::Block(block) | Body::Generator(block) => block.run(&frame),
            }
        })
    }

    /// Its cells, those of parameters with the arguments.
    #[inline]
    fn cells(&self, heap: &Heap<'a>, slots: &[Slot<'a>]) -> &'a [Cell<&'a Variable<'a>>] {
        if self.unit.cells.is_empty() { &[] } else { self.make_cells(heap, slots) }
    }

    #[inline(never)]
    fn make_cells(&self, heap: &Heap<'a>, slots: &[Slot<'a>]) -> &'a [Cell<&'a Variable<'a>>] {
        let cells = self.unit.cells.iter().map(|parameter| {
            let value = parameter.and_then(|parameter| slots[parameter].get());
            let variable: &'a Variable<'a> = heap.bump().alloc(Variable::new(value));
            Cell::new(variable)
        });
        heap.bump().alloc_slice_fill_iter(cells)
    }
}
