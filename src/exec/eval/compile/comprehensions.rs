//! Comprehensions, and calls of generator expressions.

use std::sync::Arc;

use super::super::block::Store;
use super::super::frame::{Frame, Variable};
use super::super::instance::function;
use super::super::operate::for_each;
use super::super::unit::{Expr, Test};
use super::names::index;
use super::{Builder, expr};
use crate::batch::value::types::SET;
use crate::batch::value::{Heap, List, Raised, Set, Value, iterate};
use crate::exec::eval::instance::call_positional;
use crate::plan::code::{self, Code, Comprehension, ComprehensionKind, Place, Target};

/// `for store in iterable if tests`
struct Clause {
    iterable: Expr,
    target: Bind,
    conditions: Vec<Test>,
}

/// How each value is bound.
enum Bind {
    /// To a local.
    Slot(usize),
    /// To any target.
    Store(Store),
}

/// The clauses of a comprehension.
struct Clauses {
    clauses: Vec<Clause>,
    /// Cells of its targets: each run has its own, which functions made in it share.
    cells: Vec<usize>,
}

impl Builder<'_, '_> {
    /// `[… for …]` and its like.
    pub fn comprehension(&mut self, comprehension: &Comprehension) -> Expr {
        let clauses = self.clauses(comprehension);
        match &comprehension.kind {
            ComprehensionKind::List(item) => {
                let item = self.expr(item);
                expr(move |frame| {
                    let list: &List<'_> = frame.heap.bump().alloc(List::new(frame.heap.bump(), []));
                    clauses.run(frame, |frame| list.push(frame.heap, item(frame)?))?;
                    Ok(Value::List(list))
                })
            }
            ComprehensionKind::Set(member) => {
                let member = self.expr(member);
                expr(move |frame| {
                    let set: &Set<'_> = frame.heap.bump().alloc(Set::new(frame.heap.bump(), &SET));
                    clauses.run(frame, |frame| set.add(frame.heap, member(frame)?).map(|_| ()))?;
                    Ok(Value::Set(set))
                })
            }
            ComprehensionKind::Dict(key, value) => {
                let (key, value) = (self.expr(key), self.expr(value));
                expr(move |frame| {
                    let dict = frame.heap.dict();
                    clauses.run(frame, |frame| {
                        let key = key(frame)?;
                        dict.insert(frame.heap, key, value(frame)?)
                    })?;
                    Ok(Value::Dict(dict))
                })
            }
        }
    }

    fn clauses(&mut self, comprehension: &Comprehension) -> Clauses {
        let clauses = comprehension.clauses.iter().map(|clause| Clause {
            iterable: self.expr(&clause.iterable),
            target: match &clause.target {
                Target::Name(Place::Local(local), _) => Bind::Slot(index(*local)),
                target => Bind::Store(self.store(target)),
            },
            conditions: clause.conditions.iter().map(|condition| self.test(condition)).collect(),
        });
        let clauses = clauses.collect();
        Clauses { clauses, cells: comprehension.cells.iter().map(|cell| index(*cell)).collect() }
    }

    /// A generator expression: its code is called with the iterator that it walks through.
    pub fn generator(&mut self, code: &Arc<Code>, iterable: &code::Expr) -> Expr {
        let (iterable, closure) = (self.expr(iterable), self.closure(code));
        expr(move |frame| {
            let iterator = iterate(frame.heap, iterable(frame)?)?;
            let generator = function(frame.heap, closure(frame)?);
            call_positional(frame.heap, generator, &[Value::Iterator(iterator)])
        })
    }
}

impl Clauses {
    /// Calls `body` for every turn of the innermost clause.
    #[inline]
    fn run<'f, 'a>(
        &self,
        frame: &Frame<'f, 'a>,
        mut body: impl FnMut(&Frame<'f, 'a>) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        for cell in &self.cells {
            frame.cells[*cell].set(frame.heap.bump().alloc(Variable::new(None)));
        }
        match &self.clauses[..] {
            [clause] => clause.run(frame, body),
            clauses => nested(clauses, frame, &mut body),
        }
    }
}

fn nested<'f, 'a>(
    clauses: &[Clause],
    frame: &Frame<'f, 'a>,
    body: &mut dyn FnMut(&Frame<'f, 'a>) -> Result<(), Raised>,
) -> Result<(), Raised> {
    match clauses {
        [first, rest @ ..] => first.run(frame, |frame| nested(rest, frame, body)),
        [] => body(frame),
    }
}

impl Clause {
    #[inline]
    fn run<'f, 'a>(
        &self,
        frame: &Frame<'f, 'a>,
        mut body: impl FnMut(&Frame<'f, 'a>) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        let heap: &Heap<'a> = frame.heap;
        for_each(heap, (self.iterable)(frame)?, |value| {
            frame.turn()?;
            match &self.target {
                Bind::Slot(slot) => frame.slots[*slot].set(Some(value)),
                Bind::Store(store) => store(frame, value)?,
            }
            for condition in &self.conditions {
                if !condition(frame)? {
                    return Ok(());
                }
            }
            body(frame)
        })
    }
}
