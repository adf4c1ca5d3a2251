//! Statements to steps.

use std::sync::Arc;

use super::super::block::Step;
use super::super::unit::{Action, Expr};
use super::targets::locals;
use super::tries::{Exit, Nest};
use super::{Builder, action, expr, refuse};
use crate::batch::python;
use crate::batch::value::exceptions::{
    ASSERTION_ERROR, BASE_EXCEPTION, IMPORT_ERROR, MODULE_NOT_FOUND_ERROR, RUNTIME_ERROR, TYPE_ERROR,
    exception,
};
use crate::batch::value::{Args, Heap, Module, Raised, Value, call, type_of};
use crate::plan::code::{self, ExprKind, Item, Place, Stmt, StmtKind, Target};

impl Builder<'_, '_> {
    /// Compiles statements one behind the other.
    pub fn statements(&mut self, statements: &[Stmt]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Expr(value) => {
                if !matches!(value.kind, ExprKind::Const(_)) {
                    let value = self.value(value);
                    self.perform(action(move |frame| value(frame).map(|_| ())));
                }
            }
            StmtKind::Assign(targets, value) => self.assign(targets, value),
            StmtKind::AugAssign(target, op, value) => {
                self.hoist(value);
                let update = self.update(target, *op, value);
                self.perform(update);
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    let delete = self.delete(target);
                    self.perform(delete);
                }
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value),
                    None => expr(|_| Ok(Value::None)),
                };
                if self.in_finally() {
                    let slot = self.slot();
                    self.steps.push(Step::Set(slot, value));
                    self.leave(Exit::Return(slot));
                } else {
                    self.steps.push(Step::Return(value));
                }
            }
            StmtKind::If(test, then, otherwise) => self.if_statement(test, then, otherwise),
            StmtKind::While(test, body, otherwise) => {
                let [start, next, end] = [(); 3].map(|()| self.label());
                self.steps.push(Step::Jump(next));
                self.repeated(body, start, next, end);
                self.hoist(test);
                let test = self.test(test);
                self.steps.push(Step::RepeatIf(test, start));
                self.statements(otherwise);
                self.mark(end);
            }
            StmtKind::For(target, iterable, body, otherwise) => {
                let [start, next, end] = [(); 3].map(|()| self.label());
                let (iterable, iterator) = (self.value(iterable), self.slot());
                self.steps.extend([Step::Iterate(iterator, iterable), Step::Jump(next)]);
                self.repeated(body, start, next, end);
                let step = match target {
                    Target::Name(Place::Local(local), _) => {
                        Step::NextSlot { iterator, slot: super::names::index(*local), start }
                    }
                    target => Step::NextStore { iterator, store: self.store(target), start },
                };
                self.steps.push(step);
                self.statements(otherwise);
                self.mark(end);
            }
            StmtKind::Break => self.leave(Exit::Break),
            StmtKind::Continue => self.leave(Exit::Continue),
            StmtKind::Pass => {}
            StmtKind::Def(place, code) => {
                let (function, store) = (self.function(code), self.store_name(place));
                self.perform(action(move |frame| store(frame, function(frame)?)));
            }
            StmtKind::Class { .. } => self.perform(action(|frame| Err(refuse(frame, "'class'")))),
            StmtKind::With(..) => self.perform(action(|frame| Err(refuse(frame, "'with'")))),
            StmtKind::Import { module, place, renamed } => self.import(module, place, *renamed),
            StmtKind::ImportFrom { module, names } => self.import_from(module, names),
            StmtKind::Raise(value) => self.raise(value.as_ref()),
            StmtKind::Assert(test, message) => self.assert(test, message.as_ref()),
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.try_statement(body, handlers, otherwise, finally);
            }
        }
    }

    /// An expression, its `yield`s done before.
    fn value(&mut self, source: &code::Expr) -> Expr {
        self.hoist(source);
        self.expr(source)
    }

    fn perform(&mut self, action: Action) {
        self.steps.push(Step::Do(action));
    }

    /// The body of a loop; the step behind it decides whether it is run again.
    fn repeated(&mut self, body: &[Stmt], start: usize, next: usize, end: usize) {
        self.mark(start);
        self.nest.push(Nest::Loop { next, end });
        self.statements(body);
        self.nest.pop();
        self.mark(next);
    }

    fn if_statement(&mut self, test: &code::Expr, then: &[Stmt], otherwise: &[Stmt]) {
        self.hoist(test);
        let test = self.test(test);
        let (other, end) = (self.label(), self.label());
        let jump = self.steps.len();
        self.steps.push(Step::JumpUnless(test, other));
        self.statements(then);
        if otherwise.is_empty() {
            // A single step is done in the same turn; none within it can be jumped to.
            if self.steps.len() == jump + 2
                && matches!(self.steps.last(), Some(Step::Do(_)))
                && let Some(Step::Do(action)) = self.steps.pop()
                && let Some(Step::JumpUnless(test, _)) = self.steps.pop()
            {
                self.steps.push(Step::DoIf(test, action));
            }
            self.mark(other);
            return;
        }
        self.steps.push(Step::Jump(end));
        self.mark(other);
        self.statements(otherwise);
        self.mark(end);
    }

    fn assign(&mut self, targets: &[Target], value: &code::Expr) {
        match (targets, &value.kind) {
            ([Target::Name(Place::Local(local), _)], _) => {
                let value = self.value(value);
                self.steps.push(Step::Set(super::names::index(*local), value));
            }
            // `a, b = b, a` needs no tuple.
            ([Target::Unpack(targets, None, _)], ExprKind::Tuple(items))
                if let (Some(slots), Some([first, second])) = (locals(targets), pair(items))
                    && let [one, other] = slots[..] =>
            {
                self.hoist(value);
                let (first, second) = (self.expr(first), self.expr(second));
                self.perform(action(move |frame| {
                    let (first, second) = (first(frame)?, second(frame)?);
                    frame.slots[one].set(Some(first));
                    frame.slots[other].set(Some(second));
                    Ok(())
                }));
            }
            ([target], _) => {
                if let Some(counting) = self.counting(target, value) {
                    return self.perform(counting);
                }
                let (value, store) = (self.value(value), self.store(target));
                self.perform(action(move |frame| store(frame, value(frame)?)));
            }
            _ => {
                let value = self.value(value);
                let stores: Vec<_> = targets.iter().map(|target| self.store(target)).collect();
                self.perform(action(move |frame| {
                    let value = value(frame)?;
                    stores.iter().try_for_each(|store| store(frame, value))
                }));
            }
        }
    }

    fn import(&mut self, module: &Arc<str>, place: &Place, renamed: bool) {
        let (module, store) = (module.clone(), self.store_name(place));
        self.perform(action(move |frame| {
            let found = find_module(frame.heap, &module)?;
            let package = match module.split_once('.') {
                Some((package, _)) if !renamed => find_module(frame.heap, package)?,
                _ => found,
            };
            store(frame, Value::Module(package))
        }));
    }

    fn import_from(&mut self, module: &Arc<str>, names: &[(Arc<str>, Place)]) {
        for (name, place) in names {
            let (module, name, store) = (module.clone(), name.clone(), self.store_name(place));
            self.perform(action(move |frame| {
                let found = find_module(frame.heap, &module)?;
                match (found.member)(frame.heap, &name) {
                    Some(member) => store(frame, member),
                    None => {
                        let message = format!("cannot import name '{name}' from '{module}'");
                        Err(frame.heap.raise(&IMPORT_ERROR, message))
                    }
                }
            }));
        }
    }

    fn raise(&mut self, value: Option<&code::Expr>) {
        match (value, self.handled.last()) {
            (Some(value), _) => {
                let value = self.value(value);
                self.perform(action(move |frame| Err(raise(frame.heap, value(frame)?))));
            }
            (None, Some(slot)) => self.steps.push(Step::Raise(*slot)),
            (None, None) => self.perform(action(|frame| {
                Err(frame.heap.raise(&RUNTIME_ERROR, "No active exception to reraise"))
            })),
        }
    }

    fn assert(&mut self, test: &code::Expr, message: Option<&code::Expr>) {
        self.hoist(test);
        let test = self.test(test);
        let message = message.map(|message| self.expr(message));
        self.perform(action(move |frame| {
            if test(frame)? {
                return Ok(());
            }
            let message = message.as_ref().map(|message| message(frame)).transpose()?;
            Err(frame.heap.throw(exception(frame.heap, &ASSERTION_ERROR, message.as_slice())))
        }));
    }
}

fn pair(items: &[Item]) -> Option<[&code::Expr; 2]> {
    match items {
        [Item::One(first), Item::One(second)] => Some([first, second]),
        _ => None,
    }
}

fn find_module(heap: &Heap<'_>, name: &str) -> Result<&'static Module, Raised> {
    python::module(name)
        .ok_or_else(|| heap.raise(&MODULE_NOT_FOUND_ERROR, format!("No module named '{name}'")))
}

/// `raise value`
#[cold]
fn raise<'a>(heap: &Heap<'a>, value: Value<'a>) -> Raised {
    let exception = match value {
        Value::Type(class) if class.is(&BASE_EXCEPTION) => {
            match call(heap, value, Args { positional: &[], keywords: &[] }) {
                Ok(exception) => exception,
                Err(raised) => return raised,
            }
        }
        value => value,
    };
    if type_of(exception).is(&BASE_EXCEPTION) {
        heap.throw(exception)
    } else {
        heap.raise(&TYPE_ERROR, "exceptions must derive from BaseException")
    }
}
