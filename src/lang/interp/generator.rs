//! Generators: a function that stops at each `yield` and goes on from there. Its place is kept as a path
//! through the blocks of its code.

use std::rc::Rc;

use super::iter::{Iter, State};
use super::object::{Function, Obj};
use super::{Flow, Frame, Halt, Interp, Run};
use crate::batch::value::exceptions::{NOT_IMPLEMENTED_ERROR, RUNTIME_ERROR, STOP_ITERATION};
use crate::plan::code::{Code, Expr, ExprKind, Stmt, StmtKind};

/// A function that was stopped at a `yield`, or not begun yet.
#[derive(Debug)]
pub struct Generator {
    frame: Frame,
    path: Vec<Level>,
}

/// A block on the path.
#[derive(Debug)]
struct Level {
    /// Which block of the statement around it.
    branch: usize,
    /// The statement it is at; behind the last one when a loop's next turn is due.
    index: usize,
    /// What repeats it.
    turns: Turns,
    /// What a `yield from` still gives.
    delegate: Option<Rc<Iter>>,
}

#[derive(Debug)]
enum Turns {
    Once,
    While,
    For(Rc<Iter>),
}

impl Level {
    fn once(branch: usize) -> Self {
        Level { branch, index: 0, turns: Turns::Once, delegate: None }
    }
}

impl Interp<'_> {
    /// What calling a generator function gives.
    ///
    /// # Errors
    /// A `yield` where it cannot be stopped at.
    pub fn generator(&mut self, function: &Function, frame: Frame) -> Run<Obj> {
        if let Some(what) = refused(&function.code) {
            return Err(Halt::new(
                &NOT_IMPLEMENTED_ERROR,
                format!(
                    "{}() yields inside {what}, which is supported in functions that run on records, but not where the pipeline is built",
                    function.name
                ),
            ));
        }
        let generator = Generator { frame, path: vec![Level::once(0)] };
        Ok(Obj::Iterator(Iter::new(
            &crate::batch::value::types::GENERATOR,
            State::Generator(Box::new(generator)),
        )))
    }

    /// Goes on to the next `yield`.
    pub(super) fn resume(&mut self, generator: &mut Generator) -> Run<Option<Obj>> {
        let code = generator.frame.code.clone();
        let inside = generator.frame.globals.prelude;
        let outer = std::mem::replace(&mut self.in_prelude, inside);
        let next = self.enter(|interp| interp.advance(generator, &code));
        self.in_prelude = outer;
        next.map_err(|halt| {
            // PEP 479: it would end the loop around unseen.
            let halt = match self.is_stop_iteration(&halt) {
                true => Halt::new(&RUNTIME_ERROR, "generator raised StopIteration"),
                false => halt,
            };
            self.passing(halt, &generator.frame)
        })
    }

    fn advance(&mut self, generator: &mut Generator, code: &Code) -> Run<Option<Obj>> {
        loop {
            self.check()?;
            let Generator { frame, path } = &mut *generator;
            let block = resolve(code, path);
            let Some(level) = path.last_mut() else { return Ok(None) };
            if let Some(iter) = level.delegate.clone() {
                match self.next(&iter)? {
                    Some(item) => return Ok(Some(item)),
                    None => {
                        level.delegate = None;
                        level.index += 1;
                    }
                }
                continue;
            }
            let Some(stmt) = block.get(level.index) else {
                self.block_end(frame, code, path)?;
                continue;
            };
            let flow = match &stmt.kind {
                StmtKind::Expr(Expr { kind: ExprKind::Yield(value), .. }) => {
                    level.index += 1;
                    return self.yielded(frame, value.as_deref()).map(Some);
                }
                StmtKind::Assign(targets, Expr { kind: ExprKind::Yield(value), .. }) => {
                    level.index += 1;
                    let value = self.yielded(frame, value.as_deref())?;
                    // Nothing is ever sent here, so that a `yield` gives None.
                    for target in targets {
                        self.assign(frame, target, Obj::None)?;
                    }
                    return Ok(Some(value));
                }
                StmtKind::Expr(Expr { kind: ExprKind::YieldFrom(from), .. }) => {
                    let from = self.eval(frame, from)?;
                    level.delegate = Some(self.iterate(&from)?);
                    continue;
                }
                StmtKind::If(test, then, otherwise) if yields(then) || yields(otherwise) => {
                    let test = self.eval(frame, test)?;
                    let branch = usize::from(!self.truth(&test)?);
                    path.push(Level::once(branch));
                    continue;
                }
                StmtKind::While(_, body, otherwise) if yields(body) || yields(otherwise) => {
                    path.push(Level { index: usize::MAX, turns: Turns::While, ..Level::once(0) });
                    continue;
                }
                StmtKind::For(_, over, body, otherwise) if yields(body) || yields(otherwise) => {
                    let over = self.eval(frame, over)?;
                    let turns = Turns::For(self.iterate(&over)?);
                    path.push(Level { index: usize::MAX, turns, ..Level::once(0) });
                    continue;
                }
                _ => self.exec(frame, stmt)?,
            };
            match flow {
                Flow::Next => level.index += 1,
                Flow::Return(_) => {
                    path.clear();
                    return Ok(None);
                }
                Flow::Break => {
                    while path.pop().is_some_and(|level| matches!(level.turns, Turns::Once)) {}
                    if let Some(around) = path.last_mut() {
                        around.index += 1;
                    }
                }
                Flow::Continue => {
                    while path.last().is_some_and(|level| matches!(level.turns, Turns::Once)) {
                        path.pop();
                    }
                    if let Some(turn) = path.last_mut() {
                        turn.index = usize::MAX;
                    }
                }
            }
        }
    }

    fn yielded(&mut self, frame: &mut Frame, value: Option<&Expr>) -> Run<Obj> {
        value.map_or(Ok(Obj::None), |value| self.eval(frame, value))
    }

    /// What follows the last statement of the innermost block: its next turn, or what is behind it.
    fn block_end(&mut self, frame: &mut Frame, code: &Code, path: &mut Vec<Level>) -> Run<()> {
        let Some(level) = path.pop() else { return Ok(()) };
        let around = resolve(code, path);
        let stmt = path.last().and_then(|parent| around.get(parent.index));
        let again = match (&level.turns, stmt.map(|stmt| &stmt.kind)) {
            (Turns::While, Some(StmtKind::While(test, ..))) => {
                let test = self.eval(frame, test)?;
                self.truth(&test)?
            }
            (Turns::For(iter), Some(StmtKind::For(target, ..))) => match self.next(iter)? {
                Some(item) => {
                    self.assign(frame, target, item)?;
                    true
                }
                None => false,
            },
            _ => false,
        };
        if again {
            path.push(Level { index: 0, ..level });
        } else if matches!(level.turns, Turns::Once) {
            if let Some(parent) = path.last_mut() {
                parent.index += 1;
            }
        } else {
            // The loop's `else`.
            path.push(Level::once(1));
        }
        Ok(())
    }

    /// Whether it is a `StopIteration`.
    pub(super) fn is_stop_iteration(&self, halt: &Halt) -> bool {
        match halt.reason() {
            super::Reason::Raised(thrown) => self.is_exception(&thrown.exception, &STOP_ITERATION),
            super::Reason::Fatal(_) => false,
        }
    }
}

/// The innermost block of a path.
fn resolve<'c>(code: &'c Code, path: &[Level]) -> &'c [Stmt] {
    let mut block: &[Stmt] = &code.body;
    for pair in path.windows(2) {
        let Some(stmt) = block.get(pair[0].index) else { return &[] };
        block = match (&stmt.kind, pair[1].branch) {
            (StmtKind::If(_, body, _) | StmtKind::While(_, body, _) | StmtKind::For(_, _, body, _), 0) => {
                body
            }
            (StmtKind::If(_, _, other) | StmtKind::While(_, _, other) | StmtKind::For(_, _, _, other), _) => {
                other
            }
            _ => &[],
        };
    }
    if path.is_empty() { &[] } else { block }
}

/// Whether a block holds a `yield` that can be stopped at.
fn yields(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Expr(value) | StmtKind::Assign(_, value) => {
            matches!(value.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_))
        }
        StmtKind::If(_, body, other) | StmtKind::While(_, body, other) | StmtKind::For(_, _, body, other) => {
            yields(body) || yields(other)
        }
        _ => false,
    })
}

/// What keeps a generator function from running here: where else it has a `yield`.
fn refused(code: &Code) -> Option<&'static str> {
    fn in_block(block: &[Stmt]) -> Option<&'static str> {
        block.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Expr(Expr { kind: ExprKind::Yield(Some(value)), .. })
            | StmtKind::Assign(_, Expr { kind: ExprKind::Yield(Some(value)), .. })
            | StmtKind::Expr(Expr { kind: ExprKind::YieldFrom(value), .. }) => in_expr(value),
            StmtKind::Expr(Expr { kind: ExprKind::Yield(None), .. })
            | StmtKind::Assign(_, Expr { kind: ExprKind::Yield(None), .. }) => None,
            StmtKind::If(test, body, other) | StmtKind::While(test, body, other) => {
                in_expr(test).or_else(|| in_block(body)).or_else(|| in_block(other))
            }
            StmtKind::For(_, over, body, other) => {
                in_expr(over).or_else(|| in_block(body)).or_else(|| in_block(other))
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                let mut blocks =
                    handlers.iter().map(|handler| &handler.body).chain([body, otherwise, finally]);
                blocks.any(|block| yields(block) || in_block(block).is_some()).then_some("a try statement")
            }
            StmtKind::With(_, body) => {
                (yields(body) || in_block(body).is_some()).then_some("a with statement")
            }
            StmtKind::Expr(value) | StmtKind::Assign(_, value) | StmtKind::Return(Some(value)) => {
                in_expr(value)
            }
            StmtKind::AugAssign(_, _, value) => in_expr(value),
            _ => None,
        })
    }
    fn in_expr(expr: &Expr) -> Option<&'static str> {
        super::walk::yields(expr).then_some("an expression")
    }
    in_block(&code.body)
}
