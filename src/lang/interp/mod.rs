//! The interpreter of programs: it runs what PySpark's driver process would run, a plain walk over
//! [`plan::code`](crate::plan::code). Functions on records do not run here; they are [frozen](super::freeze)
//! for the workers. What Python's library does with values is done by the library, through
//! [`crossing`].

mod assign;
mod attribute;
mod builtins;
mod call;
mod class;
mod construct;
pub mod crossing;
mod display;
mod exceptions;
mod expr;
mod garbage;
mod generator;
mod import;
mod iter;
mod mutate;
mod object;
mod operate;
mod raise;
mod stmt;
mod table;
pub mod walk;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use builtins::is_builtin;
pub use call::Arguments;
pub use garbage::Garbage;
pub(in crate::lang) use import::module_names;
pub use iter::{Iter, State, View, range_len, rest};
pub use object::{CellRef, Dict, Function, Globals, Handle, Intrinsic, Obj};
pub use raise::{Halt, Reason, Run, Thrown, exception, from_failure};
pub use table::Key;

use crate::batch::value::exceptions::{KEYBOARD_INTERRUPT, MEMORY_ERROR, RECURSION_ERROR, RUNTIME_ERROR};
use crate::plan::code::{Code, Source, Span, Stmt, StmtKind};
use crate::plan::{Engine, Interrupt, Origin, Runtime};

/// What a program is while it runs: its names and modules, shared by the main script and the functions
/// that are called back.
#[derive(Debug)]
pub struct World {
    /// The program's globals.
    pub globals: Rc<Globals>,
    /// Those of the catalogue.
    pub catalogue: Rc<Globals>,
    /// Modules that were imported.
    pub modules: RefCell<HashMap<Arc<str>, Obj>>,
    /// The program's text.
    pub source: Arc<Source>,
    /// `sys.argv`
    pub args: Vec<String>,
    /// Tells that the user wants the program to end.
    pub interrupt: Interrupt,
    /// Whether the program was told so by a `KeyboardInterrupt`.
    pub interrupted: Cell<bool>,
    /// The pipeline, as far as it is built.
    pub pipeline: super::host::Pipeline,
    /// Images of functions, so that the same function is not frozen into a new image every batch.
    pub images: RefCell<super::freeze::Images>,
    /// What may hold itself, to be found when nobody else holds it.
    pub garbage: RefCell<Garbage>,
}

/// What a program runs on at the moment.
pub enum Host<'h> {
    /// The main script: it may start streams and wait for them.
    Runtime(&'h mut dyn Runtime),
    /// A function that is called back while a batch is built.
    Engine(&'h mut dyn Engine),
}

/// Calls within calls, as CPython's `sys.getrecursionlimit()`.
const RECURSION_LIMIT: u32 = 1000;

/// Turns of loops between two looks at the memory that is left: a look asks the system.
const TURNS: u32 = 1024;

/// The interpreter at work.
pub struct Interp<'h> {
    /// The program.
    pub world: Rc<World>,
    host: Host<'h>,
    depth: u32,
    /// Whether a function of the catalogue runs.
    in_prelude: bool,
    /// Where the program called the catalogue.
    origin: Origin,
    /// The call that is being made.
    site: Option<(Arc<Source>, Span)>,
    /// Exceptions that are being handled, innermost last: what a bare `raise` raises.
    handling: Vec<Thrown>,
    /// Turns of loops so far.
    turns: u32,
}

/// A function's variables while it runs.
#[derive(Debug)]
pub struct Frame {
    /// The function's `__qualname__`.
    pub name: Rc<str>,
    /// Its code.
    pub code: Arc<Code>,
    /// Its variables, by number.
    pub locals: Vec<Option<Obj>>,
    /// Those that functions inside share.
    pub cells: Vec<CellRef>,
    /// Those that it shares itself.
    pub captured: Rc<[CellRef]>,
    /// The globals it sees.
    pub globals: Rc<Globals>,
    /// Where it is.
    pub place: Span,
}

/// How a statement ends.
#[derive(Debug)]
pub enum Flow {
    /// The next one follows.
    Next,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return`
    Return(Obj),
}

impl<'h> Interp<'h> {
    /// An interpreter of that program.
    pub fn new(world: Rc<World>, host: Host<'h>) -> Self {
        let origin = Origin { name: "".into(), place: None };
        Interp {
            world,
            host,
            depth: 0,
            in_prelude: false,
            origin,
            site: None,
            handling: Vec::new(),
            turns: 0,
        }
    }

    /// The engine, for actions and output.
    pub fn engine(&mut self) -> &mut dyn Engine {
        match &mut self.host {
            Host::Runtime(runtime) => runtime.engine(),
            Host::Engine(engine) => *engine,
        }
    }

    /// The clock and sources.
    ///
    /// # Errors
    /// `RuntimeError` in a function that is called back.
    pub fn runtime(&mut self, what: &str) -> Run<&mut dyn Runtime> {
        match &mut self.host {
            Host::Runtime(runtime) => Ok(&mut **runtime),
            Host::Engine(_) => {
                Err(Halt::new(&RUNTIME_ERROR, format!("{what} is not possible while a batch is being built")))
            }
        }
    }

    /// Whether this is a function that is called back while a batch is built.
    pub fn in_batch(&self) -> bool {
        matches!(self.host, Host::Engine(_))
    }

    /// Where the program called what runs now.
    pub fn origin(&self) -> Origin {
        self.origin.clone()
    }

    /// Runs the statements of a module.
    ///
    /// # Errors
    /// Whatever they raise.
    pub fn run_module(&mut self, code: &Arc<Code>, globals: &Rc<Globals>) -> Run<()> {
        let mut frame = module_frame(code, globals);
        let outer = std::mem::replace(&mut self.in_prelude, globals.prelude);
        let result = self.enter(|interp| interp.block(&mut frame, &code.body));
        self.in_prelude = outer;
        match result {
            Ok(_) => Ok(()),
            Err(halt) => Err(self.passing(halt, &frame)),
        }
    }

    /// Runs the statements of a module, the last of which is an expression: its value.
    ///
    /// # Errors
    /// Whatever they raise.
    pub fn run_to_value(&mut self, code: &Arc<Code>, globals: &Rc<Globals>) -> Run<Obj> {
        let mut frame = module_frame(code, globals);
        let (last, before) = match code.body.split_last() {
            Some((Stmt { kind: StmtKind::Expr(last), .. }, before)) => (last, before),
            _ => return self.run_module(code, globals).map(|()| Obj::None),
        };
        let result = match self.block(&mut frame, before) {
            Ok(_) => self.eval(&mut frame, last),
            Err(halt) => Err(halt),
        };
        result.map_err(|halt| self.passing(halt, &frame))
    }

    /// Calls a function of the catalogue on behalf of a place in the program.
    ///
    /// # Errors
    /// Whatever it raises.
    pub fn call_from(&mut self, origin: Origin, function: &Obj, args: Vec<Obj>) -> Run<Obj> {
        self.origin = origin;
        self.in_prelude = true;
        self.call(function, args)
    }

    /// Runs the body of a call.
    fn enter<T>(&mut self, body: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        if self.depth >= RECURSION_LIMIT {
            return Err(Halt::new(&RECURSION_ERROR, "maximum recursion depth exceeded"));
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    /// Notes where an exception passed by, outside of the catalogue.
    fn passing(&self, halt: Halt, frame: &Frame) -> Halt {
        match frame.globals.prelude {
            true => halt,
            false => halt.passing(&frame.name, &frame.code.source, frame.place),
        }
    }

    /// To be called at every turn of a loop, so that the user can end the program, and it cannot take all memory.
    /// The main script is told once, as by Python; functions that are called back belong to a batch, which is
    /// finished if it can be.
    ///
    /// # Errors
    /// `KeyboardInterrupt`, `MemoryError`
    pub fn check(&mut self) -> Run<()> {
        let Interrupt { asked, at_once } = &self.world.interrupt;
        let is_asked =
            || !self.in_batch() && asked.load(Ordering::Relaxed) && asked.swap(false, Ordering::Relaxed);
        if at_once.load(Ordering::Relaxed) || is_asked() {
            self.world.interrupted.set(true);
            return Err(Halt::new(&KEYBOARD_INTERRUPT, ""));
        }
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(TURNS) && self.engine().is_short_of_memory() {
            return Err(Halt::new(&MEMORY_ERROR, ""));
        }
        Ok(())
    }
}

fn module_frame(code: &Arc<Code>, globals: &Rc<Globals>) -> Frame {
    Frame {
        name: "<module>".into(),
        code: code.clone(),
        locals: vec![None; code.locals.len()],
        cells: code.cells.iter().map(|_| CellRef::default()).collect(),
        captured: Rc::new([]),
        globals: globals.clone(),
        place: Span::default(),
    }
}
