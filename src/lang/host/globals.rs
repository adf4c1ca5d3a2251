//! The program's variables by their names, for what `globals()` gives.

use std::sync::Arc;

use super::args::Given;
use crate::lang::interp::{Arguments, Interp, Obj, Run};

/// `_global_find(name)`: a list of the variable's value, empty if there is none.
pub(super) fn find(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let name = Given::new("_global_find", args).text(interp, 0)?;
    let found = interp.world.globals.names.borrow().get(&*name).cloned();
    Ok(Obj::list(found.into_iter().collect()))
}

/// `_global_set(name, value)`
pub(super) fn set(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_global_set", args);
    let (name, value) = (given.text(interp, 0)?, given.take(1));
    // What stood there before goes once the names are free again: its end may look at them.
    let before = interp.world.globals.names.borrow_mut().insert(Arc::from(name), value);
    drop(before);
    Ok(Obj::None)
}

/// `_global_delete(name)`
pub(super) fn delete(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let name = Given::new("_global_delete", args).text(interp, 0)?;
    let before = interp.world.globals.names.borrow_mut().remove(&*name);
    drop(before);
    Ok(Obj::None)
}
