//! Operands that are so simple that they are evaluated in line: locals, constants, `x[1]`.

use super::super::frame::Frame;
use super::super::operate::get_place;
use super::super::unit::Expr;
use super::Builder;
use crate::batch::value::{Outcome, Unary, Value};
use crate::plan::code::{self, Const, ExprKind, Place};

/// What an operand looks like.
pub enum Shape {
    /// A local.
    Local(usize),
    /// A constant `int`.
    Int(i64),
    /// A constant, by number.
    Constant(usize),
    /// `local[int]`
    Item(usize, i64),
    /// Anything else.
    Other(Expr),
}

/// Evaluates a local.
#[inline(always)]
pub fn local(slot: usize) -> impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static {
    move |frame| frame.local(slot)
}

/// Evaluates a constant `int`.
#[inline(always)]
pub fn int(number: i64) -> impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static {
    move |_| Ok(Value::Int(number))
}

/// Evaluates a constant.
#[inline(always)]
pub fn constant(number: usize) -> impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static {
    move |frame| Ok(frame.constants[number])
}

/// Evaluates `local[place]`.
#[inline(always)]
pub fn item(
    slot: usize,
    place: i64,
) -> impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static {
    move |frame| get_place(frame.heap, frame.local(slot)?, place)
}

/// The `int` that an expression is, also a negative one.
pub fn constant_int(expr: &code::Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Const(Const::Int(number)) => Some(*number),
        ExprKind::Unary(Unary::Minus, operand) => match operand.kind {
            ExprKind::Const(Const::Int(number)) => number.checked_neg(),
            _ => None,
        },
        _ => None,
    }
}

impl Builder<'_, '_> {
    /// What an operand looks like.
    pub fn shape(&mut self, expr: &code::Expr) -> Shape {
        if let Some(slot) = self.local_slot(expr) {
            return Shape::Local(slot);
        }
        if let Some(place) = self.given(expr) {
            return Shape::Item(0, place);
        }
        if let Some(number) = constant_int(expr) {
            return Shape::Int(number);
        }
        match &expr.kind {
            ExprKind::Const(constant) => Shape::Constant(self.program.constant(constant)),
            ExprKind::Index(base, index) => match (self.local_slot(base), constant_int(index)) {
                (Some(slot), Some(place)) => Shape::Item(slot, place),
                _ => Shape::Other(self.expr(expr)),
            },
            _ => Shape::Other(self.expr(expr)),
        }
    }

    /// Where in the argument an expression's value is given.
    pub fn given(&self, expr: &code::Expr) -> Option<i64> {
        let place = self.program.given.get(&std::ptr::from_ref(expr))?;
        i64::try_from(*place).ok()
    }

    /// The slot that holds an expression's value already.
    pub fn local_slot(&self, expr: &code::Expr) -> Option<usize> {
        if let Some(slot) = self.hoisted.get(&std::ptr::from_ref(expr)) {
            return Some(*slot);
        }
        match expr.kind {
            ExprKind::Name(Place::Local(local)) => Some(super::names::index(local)),
            _ => None,
        }
    }
}

/// Compiles `$body` for the shapes that left operands often have, `$get` being what evaluates it.
macro_rules! left_operand {
    ($shape:expr, $get:ident => $body:expr) => {
        match $shape {
            Shape::Local(slot) => {
                let $get = operands::local(slot);
                $body
            }
            Shape::Item(slot, place) => {
                let $get = operands::item(slot, place);
                $body
            }
            shape => {
                let $get = operands::boxed(shape);
                $body
            }
        }
    };
}
pub(super) use left_operand;

/// As [`left_operand`], for right operands.
macro_rules! right_operand {
    ($shape:expr, $get:ident => $body:expr) => {
        match $shape {
            Shape::Local(slot) => {
                let $get = operands::local(slot);
                $body
            }
            Shape::Int(number) => {
                let $get = operands::int(number);
                $body
            }
            Shape::Constant(number) => {
                let $get = operands::constant(number);
                $body
            }
            shape => {
                let $get = operands::boxed(shape);
                $body
            }
        }
    };
}
pub(super) use right_operand;

/// Evaluates an operand of any shape.
pub fn boxed(shape: Shape) -> Expr {
    match shape {
        Shape::Local(slot) => Box::new(local(slot)),
        Shape::Int(number) => Box::new(int(number)),
        Shape::Constant(number) => Box::new(constant(number)),
        Shape::Item(slot, place) => Box::new(item(slot, place)),
        Shape::Other(expr) => expr,
    }
}
