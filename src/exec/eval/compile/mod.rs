//! Code to closures over slots. Shapes that are met often get closures of their own.

mod calls;
mod comparisons;
mod comprehensions;
mod displays;
mod expressions;
mod formats;
mod functions;
mod hoist;
mod names;
mod operands;
mod statements;
mod targets;
mod tries;
mod updates;

use std::collections::HashMap;
use std::sync::Arc;

use super::block::{Step, Store, Try};
use super::frame::Frame;
use super::names::{Globals, Resolution};
use super::unit::{Action, Expr, Program, Test, Unit};
use crate::batch::value::exceptions::NOT_IMPLEMENTED_ERROR;
use crate::batch::value::{Outcome, Raised, Value};
use crate::plan::Given;
use crate::plan::code::{self as source, Code, Const};

/// Compiles a function, and all functions written inside of it. Messages call it `qualified`; without that
/// functions inside are called as those of a module are.
pub fn compile(code: &Arc<Code>, globals: &Globals, qualified: &str) -> Program {
    compile_part(code, None, &Given::new(), globals, qualified)
}

/// Compiles a function to one that is called with a tuple of what is `given` instead of its one argument, or that
/// returns the value of `part` of what it would.
pub fn compile_part(
    code: &Arc<Code>,
    part: Option<&source::Expr>,
    given: &Given,
    globals: &Globals,
    qualified: &str,
) -> Program {
    let mut builder = ProgramBuilder {
        known: globals,
        given,
        constants: Vec::new(),
        globals: Vec::new(),
        assigned: Vec::new(),
        resolved: Vec::new(),
    };
    let unit = functions::unit(&mut builder, code, part, qualified.to_string());
    Program {
        code: Arc::downgrade(code),
        unit,
        constants: builder.constants,
        globals: builder.globals,
        assigned: builder.assigned,
        resolved: builder.resolved,
    }
}

/// What the functions of a program text share.
struct ProgramBuilder<'c> {
    known: &'c Globals,
    given: &'c Given,
    constants: Vec<Const>,
    globals: Vec<Arc<str>>,
    assigned: Vec<Arc<str>>,
    resolved: Vec<(Arc<str>, Resolution)>,
}

impl ProgramBuilder<'_> {
    /// The number of a constant.
    fn constant(&mut self, constant: &Const) -> usize {
        // `0.0 == -0.0`, yet they are two constants.
        let same = |known: &Const| match (known, constant) {
            (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
            _ => known == constant,
        };
        self.constants.iter().position(same).unwrap_or_else(|| {
            self.constants.push(constant.clone());
            self.constants.len() - 1
        })
    }

    /// The number of a global that is looked up at run time.
    fn global(&mut self, name: &Arc<str>) -> usize {
        self.globals.iter().position(|known| known == name).unwrap_or_else(|| {
            self.globals.push(name.clone());
            self.globals.len() - 1
        })
    }

    /// What a global name stands for.
    fn resolve(&mut self, name: &Arc<str>) -> Resolution {
        if let Some((_, resolution)) = self.resolved.iter().find(|(known, _)| known == name) {
            return resolution.clone();
        }
        let resolution = self.known.resolve(name);
        self.resolved.push((name.clone(), resolution.clone()));
        resolution
    }
}

/// A function on its way to a [`Unit`].
struct Builder<'p, 'c> {
    program: &'p mut ProgramBuilder<'c>,
    code: &'p Code,
    qualified: String,
    inner: Vec<Unit>,
    /// Slots in use: locals, and what is kept between steps.
    slots: usize,
    steps: Vec<Step>,
    tries: Vec<Try>,
    /// Where the steps are that jumps refer to by label.
    labels: Vec<usize>,
    /// Loops and `try`s around, outermost first.
    nest: Vec<tries::Nest>,
    /// Slots of the exceptions that are being handled.
    handled: Vec<usize>,
    /// Slots of expressions that have been evaluated already, by address.
    hoisted: HashMap<*const source::Expr, usize>,
}

impl Builder<'_, '_> {
    /// A slot that no local has.
    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }
}

// Closures take their signature from these.

fn expr(f: impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static) -> Expr {
    Box::new(f)
}

fn test(f: impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Result<bool, Raised> + Send + Sync + 'static) -> Test {
    Box::new(f)
}

fn action(f: impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Result<(), Raised> + Send + Sync + 'static) -> Action {
    Box::new(f)
}

fn store(
    f: impl for<'f, 'a> Fn(&Frame<'f, 'a>, Value<'a>) -> Result<(), Raised> + Send + Sync + 'static,
) -> Store {
    Box::new(f)
}

/// What functions that run on records do not have: programs are refused before they run, so this is
/// only met in code that a program makes while it runs.
fn refuse(frame: &Frame<'_, '_>, what: &str) -> Raised {
    frame
        .heap
        .raise(&NOT_IMPLEMENTED_ERROR, format!("{what} is not supported in functions that run on records"))
}
