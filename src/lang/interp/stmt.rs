//! Statements.

use super::object::Obj;
use super::raise::Reason;
use super::{Flow, Frame, Halt, Interp, Run};
use crate::batch::value::exceptions::{ASSERTION_ERROR, ATTRIBUTE_ERROR, RUNTIME_ERROR};
use crate::plan::code::{Expr, Handler, Stmt, StmtKind, Target};

impl Interp<'_> {
    /// Runs statements one after the other.
    pub(super) fn block(&mut self, frame: &mut Frame, block: &[Stmt]) -> Run<Flow> {
        for stmt in block {
            match self.exec(frame, stmt)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    /// Runs a statement.
    pub(super) fn exec(&mut self, frame: &mut Frame, stmt: &Stmt) -> Run<Flow> {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.eval(frame, expr)?;
            }
            StmtKind::Assign(targets, value) => {
                let value = self.eval(frame, value)?;
                for target in targets {
                    self.assign(frame, target, value.clone())?;
                }
            }
            StmtKind::AugAssign(target, op, value) => self.augment(frame, target, *op, value)?,
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(frame, target)?;
                }
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(frame, value)?,
                    None => Obj::None,
                };
                return Ok(Flow::Return(value));
            }
            StmtKind::If(test, then, otherwise) => {
                let test = self.eval(frame, test)?;
                let branch = if self.truth(&test)? { then } else { otherwise };
                return self.block(frame, branch);
            }
            StmtKind::While(test, body, otherwise) => return self.run_while(frame, test, body, otherwise),
            StmtKind::For(target, over, body, otherwise) => {
                let span = over.span;
                let over = self.eval(frame, over)?;
                frame.place = span;
                let iter = self.iterate(&over)?;
                while let Some(item) = self.next(&iter)? {
                    self.check()?;
                    self.assign(frame, target, item)?;
                    match self.block(frame, body)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => return Ok(Flow::Next),
                        flow => return Ok(flow),
                    }
                    frame.place = span;
                }
                return self.block(frame, otherwise);
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Pass => {}
            StmtKind::Def(place, code) => {
                let function = self.make_function(frame, code)?;
                self.set_place(frame, place, Some(Obj::Function(function)));
            }
            StmtKind::Class { place, name, bases, methods, attributes } => {
                frame.place = stmt.span;
                let class = self.make_class(frame, name, bases, methods, attributes)?;
                self.set_place(frame, place, Some(class));
            }
            StmtKind::Import { module, place, renamed } => {
                frame.place = stmt.span;
                let module = self.import(module, *renamed)?;
                self.set_place(frame, place, Some(module));
            }
            StmtKind::ImportFrom { module, names } => {
                frame.place = stmt.span;
                for (name, place) in names {
                    if &**name == "*" {
                        for (name, value) in self.import_all(module)? {
                            frame.globals.names.borrow_mut().insert(name, value);
                        }
                        continue;
                    }
                    let value = self.import_from(module, name)?;
                    self.set_place(frame, place, Some(value));
                }
            }
            StmtKind::Raise(None) => {
                frame.place = stmt.span;
                return Err(match self.handling.last() {
                    Some(thrown) => Halt::again(thrown.clone()),
                    None => Halt::new(&RUNTIME_ERROR, "No active exception to reraise"),
                });
            }
            StmtKind::Raise(Some(exception)) => {
                let exception = self.eval(frame, exception)?;
                frame.place = stmt.span;
                return Err(self.raised(exception));
            }
            StmtKind::Assert(test, message) => {
                let value = self.eval(frame, test)?;
                if !self.truth(&value)? {
                    let args = match message {
                        Some(message) => vec![self.eval(frame, message)?],
                        None => Vec::new(),
                    };
                    frame.place = test.span;
                    return Err(Halt::raised(super::exception(&ASSERTION_ERROR, args)));
                }
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                return self.run_try(frame, body, handlers, otherwise, finally);
            }
            StmtKind::With(items, body) => return self.run_with(frame, items, body),
        }
        Ok(Flow::Next)
    }

    fn run_while(&mut self, frame: &mut Frame, test: &Expr, body: &[Stmt], otherwise: &[Stmt]) -> Run<Flow> {
        loop {
            self.check()?;
            let value = self.eval(frame, test)?;
            if !self.truth(&value)? {
                return self.block(frame, otherwise);
            }
            match self.block(frame, body)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                flow => return Ok(flow),
            }
        }
    }

    fn run_try(
        &mut self,
        frame: &mut Frame,
        body: &[Stmt],
        handlers: &[Handler],
        otherwise: &[Stmt],
        finally: &[Stmt],
    ) -> Run<Flow> {
        let tried = match self.block(frame, body) {
            Ok(Flow::Next) => self.block(frame, otherwise),
            Ok(flow) => Ok(flow),
            Err(halt) => self.handle(frame, handlers, halt),
        };
        // What no program can deal with ends it at once.
        if let Err(halt) = &tried
            && matches!(halt.reason(), Reason::Fatal(_))
        {
            return tried;
        }
        match self.block(frame, finally)? {
            Flow::Next => tried,
            flow => Ok(flow),
        }
    }

    fn handle(&mut self, frame: &mut Frame, handlers: &[Handler], halt: Halt) -> Run<Flow> {
        let Reason::Raised(thrown) = halt.reason() else { return Err(halt) };
        let thrown = thrown.clone();
        let raised_at = frame.place;
        for handler in handlers {
            if let Some(classes) = &handler.classes {
                let span = classes.span;
                let classes = self.eval(frame, classes)?;
                let caught = self.catches(&classes, &thrown.exception);
                if !caught.inspect_err(|_| frame.place = span)? {
                    continue;
                }
            }
            if let Some(place) = &handler.place {
                self.set_place(frame, place, Some(thrown.exception.clone()));
            }
            self.handling.push(thrown);
            let flow = self.block(frame, &handler.body);
            self.handling.pop();
            if let Some(place) = &handler.place {
                self.set_place(frame, place, None);
            }
            return flow;
        }
        frame.place = raised_at;
        Err(halt)
    }

    fn run_with(&mut self, frame: &mut Frame, items: &[(Expr, Option<Target>)], body: &[Stmt]) -> Run<Flow> {
        let [(manager, target), inner @ ..] = items else { return self.block(frame, body) };
        let span = manager.span;
        let manager = self.eval(frame, manager)?;
        frame.place = span;
        let supported = match &manager {
            Obj::Instance(instance) => {
                instance.class.find("__enter__").is_some() && instance.class.find("__exit__").is_some()
            }
            _ => false,
        };
        if !supported {
            let name = self.type_name(&manager);
            return Err(Halt::new(
                &ATTRIBUTE_ERROR,
                format!("'{name}' object does not support the context manager protocol"),
            ));
        }
        let entered = self.call_method(&manager, "__enter__", vec![])?;
        if let Some(target) = target {
            self.assign(frame, target, entered)?;
        }
        match self.run_with(frame, inner, body) {
            Ok(flow) => {
                self.call_method(&manager, "__exit__", vec![Obj::None, Obj::None, Obj::None])?;
                Ok(flow)
            }
            Err(halt) => {
                let Reason::Raised(thrown) = halt.reason() else { return Err(halt) };
                let exception = thrown.exception.clone();
                let class = self.attribute(&exception, "__class__")?;
                let swallow = self.call_method(&manager, "__exit__", vec![class, exception, Obj::None])?;
                if self.truth(&swallow)? { Ok(Flow::Next) } else { Err(halt) }
            }
        }
    }
}
