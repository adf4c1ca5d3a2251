//! Compiled code: functions, and the program texts that they come from.

use std::sync::{Arc, Weak};

use super::block::Block;
use super::frame::Frame;
use super::names::Resolution;
use crate::batch::value::{Outcome, Raised};
use crate::plan::code::{Capture, Code, Const};

/// An expression. `Outcome` fits two registers, so that values pass through calls without touching memory.
pub type Expr = Box<dyn for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync>;

/// A condition.
pub type Test = Box<dyn for<'f, 'a> Fn(&Frame<'f, 'a>) -> Result<bool, Raised> + Send + Sync>;

/// What is done for its effect.
pub type Action = Box<dyn for<'f, 'a> Fn(&Frame<'f, 'a>) -> Result<(), Raised> + Send + Sync>;

/// A function.
pub struct Unit {
    /// `__name__`
    pub name: String,
    /// `__qualname__`, as far as the text tells: what messages call it.
    pub qualified: String,
    /// What it takes.
    pub signature: Signature,
    /// Names of the locals.
    pub locals: Vec<String>,
    /// How many slots a call needs: locals, and what the code keeps for itself.
    pub slots: usize,
    /// For each cell the parameter whose value it starts with, if it is one.
    pub cells: Vec<Option<usize>>,
    /// Names of the cells.
    pub cell_names: Vec<String>,
    /// Where what it captures comes from, and what it is called.
    pub captures: Vec<(Capture, String)>,
    /// What it does.
    pub body: Body,
    /// Functions written inside of it.
    pub inner: Vec<Unit>,
}

/// What a function does.
pub enum Body {
    /// Gives a value.
    Value(Expr),
    /// Runs statements.
    Block(Block),
    /// Makes a generator that runs statements.
    Generator(Block),
}

/// What a function takes.
pub struct Signature {
    /// Names of the positional parameters.
    pub positional: Vec<String>,
    /// How many of them are by position only.
    pub positional_only: usize,
    /// How many of them have a default: the last ones.
    pub defaults: usize,
    /// Keyword-only parameters, and which default each has.
    pub keyword_only: Vec<(String, Option<usize>)>,
    /// Whether there is `*args`.
    pub rest: bool,
    /// Whether there is `**kwargs`.
    pub keywords: bool,
}

impl Signature {
    /// Whether there is nothing but positional parameters.
    pub fn is_plain(&self) -> bool {
        self.keyword_only.is_empty() && !self.rest && !self.keywords
    }

    /// How many locals parameters are.
    pub fn len(&self) -> usize {
        self.positional.len() + self.keyword_only.len() + usize::from(self.rest) + usize::from(self.keywords)
    }
}

/// A function that was frozen, with all functions written inside of it.
pub struct Program {
    /// The code it was compiled from.
    pub code: Weak<Code>,
    /// The function.
    pub unit: Unit,
    /// Constants other than small ones.
    pub constants: Vec<Const>,
    /// Globals that it looks up at run time.
    pub globals: Vec<Arc<str>>,
    /// Globals that it assigns to.
    pub assigned: Vec<Arc<str>>,
    /// What it took each global for: with other globals it has to be compiled anew.
    pub resolved: Vec<(Arc<str>, Resolution)>,
}
