//! Exceptions of the program, and what ends it at once.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::object::{Exception, Obj};
use crate::batch::value::TypeInfo;
use crate::error::Error;
use crate::plan::Failure;
use crate::plan::code::{Source, Span};

/// What keeps evaluation from going on.
#[derive(Debug)]
pub struct Halt(Box<Reason>);

/// Why evaluation does not go on.
#[derive(Debug)]
pub enum Reason {
    /// An exception, which `try` may catch.
    Raised(Thrown),
    /// Something that no program can deal with: the output is closed, a source is broken.
    Fatal(Error),
}

/// An exception on its way up.
#[derive(Clone, Debug)]
pub struct Thrown {
    /// The exception.
    pub exception: Obj,
    /// Where it passed by, innermost first: in which function, and where in the program.
    pub trace: Vec<(Rc<str>, Arc<Source>, Span)>,
}

/// What evaluation comes to.
pub type Run<T> = Result<T, Halt>;

impl Halt {
    /// That exception.
    pub fn raised(exception: Obj) -> Self {
        Halt(Box::new(Reason::Raised(Thrown { exception, trace: Vec::new() })))
    }

    /// That exception, once more.
    pub fn again(thrown: Thrown) -> Self {
        Halt(Box::new(Reason::Raised(thrown)))
    }

    /// An exception of that class with a message.
    pub fn new(class: &'static TypeInfo, message: impl AsRef<str>) -> Self {
        Halt::raised(exception(class, vec![Obj::str(message)]))
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.0
    }

    /// Why, for good.
    pub fn into_reason(self) -> Reason {
        *self.0
    }

    /// Notes that the exception passed by there.
    pub fn passing(mut self, name: &Rc<str>, source: &Arc<Source>, span: Span) -> Self {
        // An endless recursion would leave a long trail.
        const LONGEST: usize = 64;
        if let Reason::Raised(thrown) = &mut *self.0
            && thrown.trace.len() < LONGEST
        {
            thrown.trace.push((name.clone(), source.clone(), span));
        }
        self
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt(Box::new(Reason::Fatal(error)))
    }
}

/// An instance of a built-in exception class.
pub fn exception(class: &'static TypeInfo, args: Vec<Obj>) -> Obj {
    Obj::Exception(Rc::new(Exception {
        class,
        args: RefCell::new(args.into()),
        attributes: RefCell::default(),
        failure: RefCell::default(),
    }))
}

/// The exception that a failure of the engine is to the program.
pub fn from_failure(failure: Failure) -> Halt {
    use crate::batch::value::exceptions::{RUNTIME_ERROR, exception_class};
    let class = exception_class(&failure.class).unwrap_or(&RUNTIME_ERROR);
    let raised = exception(class, vec![Obj::str(&failure.message)]);
    if let Obj::Exception(exception) = &raised {
        *exception.failure.borrow_mut() = Some(failure);
    }
    Halt::raised(raised)
}
