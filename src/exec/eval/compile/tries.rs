//! `try`, and ways out of loops and `try`s.

use super::super::block::{Step, Try};
use super::{Builder, action};
use crate::batch::value::Value;
use crate::plan::code::{Handler, Place, Stmt};

/// What statements are nested in. Steps are named by label.
pub enum Nest {
    /// A loop.
    Loop {
        /// Where `continue` goes.
        next: usize,
        /// Where `break` goes.
        end: usize,
    },
    /// A `try` with a `finally`.
    Finally {
        /// The `finally`.
        entry: usize,
        /// The slot that tells it where to go on.
        way: usize,
        /// Where it may go on.
        ways: Vec<usize>,
    },
}

/// A way out.
#[derive(Clone, Copy)]
pub enum Exit {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return` of what a slot holds.
    Return(usize),
}

impl Builder<'_, '_> {
    /// A step that is named before it is there.
    pub fn label(&mut self) -> usize {
        self.labels.push(0);
        self.labels.len() - 1
    }

    /// The next step is the one of that label.
    pub fn mark(&mut self, label: usize) {
        self.labels[label] = self.steps.len();
    }

    /// Whether a `finally` has to be run before a function returns.
    pub fn in_finally(&self) -> bool {
        self.nest.iter().any(|nest| matches!(nest, Nest::Finally { .. }))
    }

    /// Leaves loops and `try`s, running what they have in `finally`.
    pub fn leave(&mut self, exit: Exit) {
        for depth in (0..self.nest.len()).rev() {
            let after = self.label();
            match (&mut self.nest[depth], exit) {
                (Nest::Loop { next, end }, Exit::Break | Exit::Continue) => {
                    let to = if matches!(exit, Exit::Break) { *end } else { *next };
                    self.steps.push(Step::Jump(to));
                    return;
                }
                (Nest::Loop { .. }, Exit::Return(_)) => {}
                (Nest::Finally { entry, way, ways }, _) => {
                    ways.push(after);
                    self.steps.extend([Step::Choose(*way, ways.len() - 1), Step::Jump(*entry)]);
                    self.mark(after);
                }
            }
        }
        if let Exit::Return(slot) = exit {
            self.steps.push(Step::ReturnSlot(slot));
        }
    }

    /// `try … except … else … finally`
    pub fn try_statement(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        otherwise: &[Stmt],
        finally: &[Stmt],
    ) {
        if finally.is_empty() {
            self.try_except(body, handlers, otherwise);
            return;
        }
        let (way, exception) = (self.slot(), self.slot());
        let [entry, handler, normal, raising] = [(); 4].map(|()| self.label());
        self.nest.push(Nest::Finally { entry, way, ways: vec![normal, raising] });
        let start = self.steps.len();
        self.try_except(body, handlers, otherwise);
        self.tries.push(Try { start, end: self.steps.len(), handler });
        self.steps.extend([Step::Choose(way, 0), Step::Jump(entry)]);
        self.mark(handler);
        self.steps.extend([Step::Catch(exception), Step::Choose(way, 1)]);
        self.mark(entry);
        let ways = match self.nest.pop() {
            Some(Nest::Finally { ways, .. }) => ways,
            _ => vec![normal, raising],
        };
        self.statements(finally);
        self.steps.push(Step::Leave(way, ways));
        self.mark(raising);
        self.steps.push(Step::Raise(exception));
        self.mark(normal);
    }

    fn try_except(&mut self, body: &[Stmt], handlers: &[Handler], otherwise: &[Stmt]) {
        if handlers.is_empty() {
            self.statements(body);
            self.statements(otherwise);
            return;
        }
        let exception = self.slot();
        let (caught, done) = (self.label(), self.label());
        let start = self.steps.len();
        self.statements(body);
        self.tries.push(Try { start, end: self.steps.len(), handler: caught });
        self.statements(otherwise);
        self.steps.push(Step::Jump(done));
        self.mark(caught);
        self.steps.push(Step::Catch(exception));
        for handler in handlers {
            let next = self.label();
            if let Some(classes) = &handler.classes {
                let classes = self.expr(classes);
                self.steps.push(Step::Match { exception, classes, otherwise: next });
            }
            if let Some(place) = &handler.place {
                let bind = self.store_name(place);
                self.steps.push(Step::Do(action(move |frame| bind(frame, frame.local(exception)?))));
            }
            self.handled.push(exception);
            self.statements(&handler.body);
            self.handled.pop();
            if let Some(place) = &handler.place {
                self.unbind(place);
            }
            self.steps.push(Step::Jump(done));
            self.mark(next);
        }
        self.steps.push(Step::Raise(exception));
        self.mark(done);
    }

    /// What `except … as name` was bound to is gone behind the handler; the program may have deleted it.
    fn unbind(&mut self, place: &Place) {
        let (bind, delete) = (self.store_name(place), self.delete_name(place));
        self.steps.push(Step::Do(action(move |frame| {
            bind(frame, Value::None)?;
            delete(frame)
        })));
    }
}
