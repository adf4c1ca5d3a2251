//! Functions on their way from a program to the workers: code with everything it refers to, frozen.

use std::sync::Arc;

use super::code::Code;
use crate::batch::value::{Module, Native, TypeInfo};

/// A function with what it has captured and the globals it can reach, as of one moment. Every task
/// thaws a copy of its own, as Spark's tasks do: what one changes no other sees.
#[derive(Debug)]
pub struct Image {
    /// The function itself: a [`Frozen::Function`], or anything else that can be called.
    pub entry: Frozen,
    /// The globals its code can reach, by name. Functions among them share these very globals.
    pub globals: Vec<(Arc<str>, Frozen)>,
    /// Captured cells, by number; `None` for one that nothing was assigned to yet.
    pub cells: Vec<Option<Frozen>>,
    /// What `eval(text)` parses with, where functions may call it.
    pub parse: Option<ParseExpression>,
}

impl Image {
    /// The global of a name; without one, the name stands for a built-in.
    pub fn global(&self, name: &str) -> Option<&Frozen> {
        self.globals.iter().find(|(global, _)| **global == *name).map(|(_, frozen)| frozen)
    }

    /// Whether what the function refers to may call it.
    pub fn is_recursive(&self) -> bool {
        let Frozen::Function { code, .. } = &self.entry else { return false };
        let globals = self.globals.iter().map(|(_, frozen)| frozen);
        globals.chain(self.cells.iter().flatten()).any(|frozen| frozen.holds(code))
    }
}

impl Frozen {
    /// Whether a function of this code is in it.
    fn holds(&self, function: &Arc<Code>) -> bool {
        match self {
            Frozen::Function { code, defaults, .. } => {
                Arc::ptr_eq(code, function) || defaults.iter().any(|default| default.holds(function))
            }
            Frozen::Tuple(items) | Frozen::List(items) => items.iter().any(|item| item.holds(function)),
            Frozen::Dict(entries) => {
                entries.iter().any(|(key, value)| key.holds(function) || value.holds(function))
            }
            Frozen::Broadcast(value) => value.holds(function),
            Frozen::Data(_)
            | Frozen::Native(_)
            | Frozen::Type(_)
            | Frozen::Module(_)
            | Frozen::Accumulator(_) => false,
        }
    }
}

/// Parses the text of an expression to code without parameters that returns its value; its names are
/// globals. The error is `SyntaxError`'s message.
pub type ParseExpression = fn(&str) -> Result<Arc<Code>, String>;

/// A value on its way to the workers. [`Frozen::Data`] wherever no function is inside.
#[derive(Clone, Debug)]
pub enum Frozen {
    /// An encoded value.
    Data(Arc<[u8]>),
    /// A `def` or lambda: its code, the cells it captures (by number in [`Image::cells`]), and its defaults,
    /// positional ones first, then keyword-only ones; one for each parameter that has a default.
    Function {
        /// Its code.
        code: Arc<Code>,
        /// What it captures.
        captured: Arc<[usize]>,
        /// Its defaults.
        defaults: Arc<[Frozen]>,
    },
    /// A `tuple` with a function somewhere inside.
    Tuple(Arc<[Frozen]>),
    /// A `list` with a function somewhere inside.
    List(Arc<[Frozen]>),
    /// A `dict` with a function somewhere inside.
    Dict(Arc<[(Frozen, Frozen)]>),
    /// A built-in function.
    Native(&'static Native),
    /// A class.
    Type(&'static TypeInfo),
    /// A module.
    Module(&'static Module),
    /// A broadcast variable: its value.
    Broadcast(Arc<Frozen>),
    /// An accumulator: its number.
    Accumulator(u32),
}
