//! Broadcast variables and accumulators.

use std::cell::RefCell;
use std::rc::Rc;

use super::args::Given;
use crate::batch::value::{Binary, decode};
use crate::lang::interp::{Arguments, Handle, Interp, Obj, Run};

/// `_broadcast(value)`
pub(super) fn broadcast(_: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let value = Given::new("_broadcast", args).take(0);
    Ok(Obj::Handle(Rc::new(Handle::Broadcast { value, frozen: RefCell::default() })))
}

/// `_broadcast_value(handle)`
pub(super) fn broadcast_value(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    match &*Given::new("_broadcast_value", args).handle(interp, 0)? {
        Handle::Broadcast { value, .. } => Ok(value.clone()),
        _ => Ok(Obj::None),
    }
}

/// `_accumulator(value, param)`
pub(super) fn accumulator(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_accumulator", args);
    let (value, param) = (RefCell::new(given.take(0)), given.take(1));
    let mut accumulators = interp.world.pipeline.accumulators.borrow_mut();
    let number = u32::try_from(accumulators.len()).unwrap_or(u32::MAX);
    let handle = Rc::new(Handle::Accumulator { number, value, param });
    accumulators.push(handle.clone());
    Ok(Obj::Handle(handle))
}

/// `_accumulator_value(handle)`: with what tasks have added until now.
pub(super) fn accumulator_value(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    accumulate(interp)?;
    match &*Given::new("_accumulator_value", args).handle(interp, 0)? {
        Handle::Accumulator { value, .. } => Ok(value.borrow().clone()),
        _ => Ok(Obj::None),
    }
}

/// `_accumulator_set(handle, value)`
pub(super) fn accumulator_set(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    accumulate(interp)?;
    let mut given = Given::new("_accumulator_set", args);
    if let Handle::Accumulator { value, .. } = &*given.handle(interp, 0)? {
        *value.borrow_mut() = given.take(1);
    }
    Ok(Obj::None)
}

/// Adds what tasks have added since the last time.
pub fn accumulate(interp: &mut Interp<'_>) -> Run<()> {
    for (number, term) in interp.engine().take_accumulated() {
        let handle = interp.world.pipeline.accumulators.borrow().get(number as usize).cloned();
        let Some(handle) = handle else { continue };
        let Handle::Accumulator { value, param, .. } = &*handle else { continue };
        let term = interp.library_value(|heap| {
            let bytes: &[u8] = heap.bump().alloc_slice_copy(&term);
            Ok(decode(heap, &mut &*bytes))
        })?;
        let before = value.borrow().clone();
        let after = match param {
            Obj::None => interp.binary(Binary::Add, &before, &term, true)?,
            param => interp.call_method(param, "addInPlace", vec![before, term])?,
        };
        *value.borrow_mut() = after;
    }
    Ok(())
}
