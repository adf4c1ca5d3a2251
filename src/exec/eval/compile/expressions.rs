//! Expressions of every kind.

use std::sync::Arc;

use super::super::names::{Resolution, Static};
use super::super::operate::{Add, FloorDiv, Mod, Mul, Operator, Sub, get_any, get_place, is_true};
use super::super::unit::{Expr, Test};
use super::operands::{Shape, left_operand, right_operand};
use super::{Builder, expr, operands, test};
use crate::batch::value::{Arena, Binary, Heap, Task, Unary, Value, binary, get_attribute, get_slice, unary};
use crate::plan::code::{self, ExprKind, Place};

impl Builder<'_, '_> {
    /// Compiles an expression.
    pub fn expr(&mut self, source: &code::Expr) -> Expr {
        if let Some(slot) = self.local_slot(source) {
            return Box::new(operands::local(slot));
        }
        if let Some(place) = self.given(source) {
            return Box::new(operands::item(0, place));
        }
        if let Some(number) = operands::constant_int(source) {
            return Box::new(operands::int(number));
        }
        match &source.kind {
            ExprKind::Const(constant) => Box::new(operands::constant(self.program.constant(constant))),
            ExprKind::Name(place) => self.name(place),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Not(operand) => {
                let operand = self.test(operand);
                expr(move |frame| operand(frame).map(|truth| Value::bool(!truth)))
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::And(operands) => self.logical(operands, false),
            ExprKind::Or(operands) => self.logical(operands, true),
            ExprKind::Compare(..) => {
                let comparison = self.test(source);
                expr(move |frame| comparison(frame).map(Value::bool))
            }
            ExprKind::If { test, then, otherwise } => {
                let (test, then, otherwise) = (self.test(test), self.expr(then), self.expr(otherwise));
                expr(move |frame| if test(frame)? { then(frame) } else { otherwise(frame) })
            }
            ExprKind::Call { callee, args } => self.call(callee, args),
            ExprKind::Attribute(object, name) => match self.known_value(source) {
                Some(known) => self.known(&known),
                None => {
                    let (object, name) = (self.expr(object), name.clone());
                    expr(move |frame| get_attribute(frame.heap, object(frame)?, &name))
                }
            },
            ExprKind::Index(base, index) => self.index(base, index),
            ExprKind::Slice(base, parts) => {
                let base = self.expr(base);
                let [start, stop, step] = self.slice_parts(parts.each_ref().map(Option::as_deref));
                expr(move |frame| {
                    let base = base(frame)?;
                    get_slice(frame.heap, base, start(frame)?, stop(frame)?, step(frame)?)
                })
            }
            ExprKind::Tuple(items) => self.tuple(items),
            ExprKind::List(items) => self.list(items),
            ExprKind::Set(items) => self.set(items),
            ExprKind::Dict(entries) => self.dict(entries),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Generator(code, iterable) => self.generator(code, iterable),
            ExprKind::Lambda(code) => self.function(code),
            ExprKind::Format(parts) => self.format(parts),
            ExprKind::Assign(place, value) => {
                let (value, store) = (self.expr(value), self.store_name(place));
                expr(move |frame| {
                    let value = value(frame)?;
                    store(frame, value)?;
                    Ok(value)
                })
            }
            // They are steps of their own, and done by then.
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => {
                expr(|frame| Err(super::refuse(frame, "this 'yield'")))
            }
        }
    }

    /// Compiles a condition.
    pub fn test(&mut self, source: &code::Expr) -> Test {
        if self.local_slot(source).is_none() {
            match &source.kind {
                ExprKind::Not(operand) => {
                    let operand = self.test(operand);
                    return test(move |frame| operand(frame).map(|truth| !truth));
                }
                ExprKind::And(operands) => return self.tests(operands, false),
                ExprKind::Or(operands) => return self.tests(operands, true),
                ExprKind::Compare(first, rest) => return self.compare(first, rest),
                _ => {}
            }
        }
        match self.shape(source) {
            Shape::Local(slot) => test(move |frame| frame.local(slot).map(is_true)),
            shape => {
                let value = operands::boxed(shape);
                test(move |frame| value(frame).map(is_true))
            }
        }
    }

    /// `a and b and …` or `a or b or …` as a condition: done at the first operand that is `decides`.
    fn tests(&mut self, operands: &[code::Expr], decides: bool) -> Test {
        let mut tests =
            operands.iter().map(|operand| self.test(operand)).collect::<Vec<_>>().into_iter().rev();
        let last = tests.next().unwrap_or_else(|| test(move |_| Ok(!decides)));
        tests.fold(last, |rest, first| match decides {
            true => test(move |frame| Ok(first(frame)? || rest(frame)?)),
            false => test(move |frame| Ok(first(frame)? && rest(frame)?)),
        })
    }

    /// The same as a value: that of the operand that decides.
    fn logical(&mut self, operands: &[code::Expr], decides: bool) -> Expr {
        let mut values =
            operands.iter().map(|operand| self.expr(operand)).collect::<Vec<_>>().into_iter().rev();
        let last = values.next().unwrap_or_else(|| expr(move |_| Ok(Value::bool(!decides))));
        values.fold(last, |rest, first| {
            expr(move |frame| {
                let value = first(frame)?;
                if is_true(value) == decides { Ok(value) } else { rest(frame) }
            })
        })
    }

    fn unary(&mut self, op: Unary, operand: &code::Expr) -> Expr {
        let shape = self.shape(operand);
        left_operand!(shape, operand => expr(move |frame| {
            match (op, operand(frame)?) {
                (Unary::Minus, Value::Int(number)) if let Some(number) = number.checked_neg() => {
                    Ok(Value::Int(number))
                }
                (_, operand) => unary(frame.heap, op, operand),
            }
        }))
    }

    fn binary(&mut self, op: Binary, left: &code::Expr, right: &code::Expr) -> Expr {
        if op == Binary::Mod
            && let Some(formatted) = self.percent(left, right)
        {
            return formatted;
        }
        let (left, right) = (self.shape(left), self.shape(right));
        match op {
            Binary::Add => operation::<Add>(left, right),
            Binary::Sub => operation::<Sub>(left, right),
            Binary::Mul => operation::<Mul>(left, right),
            Binary::Mod => operation::<Mod>(left, right),
            Binary::FloorDiv => operation::<FloorDiv>(left, right),
            _ => {
                let (left, right) = (operands::boxed(left), operands::boxed(right));
                expr(move |frame| {
                    let left = left(frame)?;
                    binary(frame.heap, op, left, right(frame)?, false)
                })
            }
        }
    }

    fn index(&mut self, base: &code::Expr, index: &code::Expr) -> Expr {
        let (base, index) = (self.shape(base), self.shape(index));
        match (base, index) {
            (Shape::Local(slot), Shape::Int(place)) => Box::new(operands::item(slot, place)),
            (base, Shape::Int(place)) => left_operand!(base, base => expr(move |frame| {
                get_place(frame.heap, base(frame)?, place)
            })),
            (base, index) => left_operand!(base, base => right_operand!(index, index => expr(move |frame| {
                let base = base(frame)?;
                get_any(frame.heap, base, index(frame)?)
            }))),
        }
    }

    /// The parts of a slice, `None` where there is none.
    pub fn slice_parts(&mut self, parts: [Option<&code::Expr>; 3]) -> [Expr; 3] {
        parts.map(|part| match part {
            Some(part) => self.expr(part),
            None => expr(|_| Ok(Value::None)),
        })
    }

    /// What an expression is known to be before anything runs: built-ins, modules and what is in them.
    pub fn known_value(&mut self, source: &code::Expr) -> Option<Static> {
        match &source.kind {
            ExprKind::Name(Place::Global(name)) => match self.program.resolve(name) {
                Resolution::Static(known) => Some(known),
                _ => None,
            },
            ExprKind::Attribute(object, name) => {
                let known = self.known_value(object)?;
                known_attribute(&known, name)
            }
            _ => None,
        }
    }
}

/// An attribute of a module or class, if it is the same in every task.
fn known_attribute(known: &Static, name: &Arc<str>) -> Option<Static> {
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let object = match known {
        Static::Module(module) => return Static::of((module.member)(&heap, name)?),
        Static::Type(class) => Value::Type(class),
        Static::Native(_) | Static::Const(_) => return None,
    };
    Static::of(get_attribute(&heap, object, name).ok()?)
}

fn operation<O: Operator>(left: Shape, right: Shape) -> Expr {
    left_operand!(left, left => right_operand!(right, right => expr(move |frame| {
        let left = left(frame)?;
        O::apply(frame.heap, left, right(frame)?, false)
    })))
}
