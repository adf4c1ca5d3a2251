//! Names: where their values are.

use std::sync::Arc;

use super::super::block::Store;
use super::super::frame::Frame;
use super::super::names::{Resolution, Static};
use super::super::unit::{Action, Expr};
use super::{Builder, action, expr, operands, store};
use crate::batch::python;
use crate::batch::value::{Outcome, Value};
use crate::plan::code::Place;

/// A number of the tree as an index.
pub fn index(number: u32) -> usize {
    usize::try_from(number).expect("programs have fewer names than addresses")
}

impl Builder<'_, '_> {
    /// The value of a name.
    pub fn name(&mut self, place: &Place) -> Expr {
        match place {
            Place::Local(local) => Box::new(operands::local(index(*local))),
            Place::Cell(cell) => {
                let cell = index(*cell);
                expr(move |frame| match frame.variable(frame.cells[cell].get())? {
                    Some(value) => Ok(value),
                    None => Err(frame.unbound_local(&frame.closure.unit.cell_names[cell])),
                })
            }
            Place::Capture(capture) => {
                let capture = index(*capture);
                expr(move |frame| match frame.variable(frame.closure.captured[capture])? {
                    Some(value) => Ok(value),
                    None => Err(frame.unbound_capture(&frame.closure.unit.captures[capture].1)),
                })
            }
            Place::Global(name) => match self.program.resolve(name) {
                Resolution::Static(known) => self.known(&known),
                Resolution::Variable => {
                    let (global, name) = (self.program.global(name), name.clone());
                    expr(move |frame| match frame.variable(frame.closure.shared.globals[global])? {
                        Some(value) => Ok(value),
                        None => builtin(frame, &name),
                    })
                }
                Resolution::Eval => expr(|frame| Ok(frame.instance.evaluator(frame.heap))),
                Resolution::Builtin | Resolution::Missing => {
                    let name = name.clone();
                    expr(move |frame| builtin(frame, &name))
                }
            },
        }
    }

    /// A value that is the same in every task.
    pub fn known(&mut self, known: &Static) -> Expr {
        match *known {
            Static::Native(native) => expr(move |_| Ok(Value::Native(native))),
            Static::Type(class) => expr(move |_| Ok(Value::Type(class))),
            Static::Module(module) => expr(move |_| Ok(Value::Module(module))),
            Static::Const(ref constant) => Box::new(operands::constant(self.program.constant(constant))),
        }
    }

    /// Assignment to a name.
    pub fn store_name(&mut self, place: &Place) -> Store {
        match place {
            Place::Local(local) => {
                let slot = index(*local);
                store(move |frame, value| {
                    frame.slots[slot].set(Some(value));
                    Ok(())
                })
            }
            Place::Cell(cell) => {
                let cell = index(*cell);
                store(move |frame, value| {
                    frame.cells[cell].get().set(Some(value));
                    Ok(())
                })
            }
            Place::Capture(capture) => {
                let capture = index(*capture);
                store(move |frame, value| {
                    frame.closure.captured[capture].set(Some(value));
                    Ok(())
                })
            }
            Place::Global(name) => {
                let global = self.assigned(name);
                store(move |frame, value| {
                    frame.closure.shared.globals[global].set(Some(value));
                    Ok(())
                })
            }
        }
    }

    /// `del name`
    pub fn delete_name(&mut self, place: &Place) -> Action {
        let bound = self.name(place);
        match place {
            Place::Local(local) => {
                let slot = index(*local);
                action(move |frame| {
                    bound(frame)?;
                    frame.slots[slot].set(None);
                    Ok(())
                })
            }
            Place::Cell(cell) => {
                let cell = index(*cell);
                action(move |frame| {
                    bound(frame)?;
                    frame.cells[cell].get().set(None);
                    Ok(())
                })
            }
            Place::Capture(capture) => {
                let capture = index(*capture);
                action(move |frame| {
                    bound(frame)?;
                    frame.closure.captured[capture].set(None);
                    Ok(())
                })
            }
            Place::Global(name) => {
                let (global, name) = (self.assigned(name), name.clone());
                action(move |frame| {
                    let variable = frame.closure.shared.globals[global];
                    if frame.variable(variable)?.is_none() {
                        return Err(frame.undefined(&name));
                    }
                    variable.set(None);
                    Ok(())
                })
            }
        }
    }

    fn assigned(&mut self, name: &Arc<str>) -> usize {
        if !self.program.assigned.contains(name) {
            self.program.assigned.push(name.clone());
        }
        self.program.global(name)
    }
}

fn builtin<'a>(frame: &Frame<'_, 'a>, name: &str) -> Outcome<'a> {
    python::builtin(name).ok_or_else(|| frame.undefined(name))
}
