//! What functions of two values do with numbers: `a + b`, `max(a, b)`, and the same for each item of a tuple.

use std::cmp::Ordering;
use std::ptr;
use std::sync::Arc;

use super::code::{Arg, Comparison, Const, Expr, ExprKind, Item, Place};
use super::image::{Frozen, Image};
use super::shape::{Shape, is_local, returned, shape};
use crate::batch::python;
use crate::batch::value::{Binary, Native, Value};

/// A function of two values as what it does with their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reducer {
    /// What is done with each number.
    pub steps: Arc<[Reduce]>,
    /// Whether values are tuples of numbers, and not numbers.
    pub is_of_tuples: bool,
}

/// What becomes of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// `a + b`
    Sum,
    /// One of the two.
    Choose {
        /// The condition under which it is the one that is on the left of it.
        left_if: Comparison,
        /// Whether that is `b`.
        is_b_left: bool,
    },
}

impl Reduce {
    /// The number that is chosen, if it is not a sum; `order` is that of `a` and `b`, and none with a NaN.
    pub fn choose<T>(self, a: T, b: T, order: Option<Ordering>) -> Option<T> {
        let Reduce::Choose { left_if, is_b_left } = self else { return None };
        let order = if is_b_left { order.map(Ordering::reverse) } else { order };
        let is_left = match left_if {
            Comparison::Less => order.is_some_and(Ordering::is_lt),
            Comparison::LessEqual => order.is_some_and(Ordering::is_le),
            Comparison::Greater => order.is_some_and(Ordering::is_gt),
            Comparison::GreaterEqual => order.is_some_and(Ordering::is_ge),
            _ => return None,
        };
        Some(if is_left == is_b_left { b } else { a })
    }
}

/// Numbers of a tuple at most.
const MOST: usize = 8;

/// What `reduceByKey` does with numbers, if that is what its function is for.
pub fn reducer(image: &Image) -> Option<Reducer> {
    let alone = |step| Some(Reducer { steps: Arc::new([step]), is_of_tuples: false });
    if shape(image) == Some(Shape::Sum) {
        return alone(Reduce::Sum);
    }
    let code = match &image.entry {
        Frozen::Function { code, .. } => code,
        Frozen::Native(native) => return alone(extreme(native, false)?),
        _ => return None,
    };
    let value = returned(code)?;
    if code.params.positional.len() != 2 {
        return None;
    }
    let ExprKind::Tuple(items) = &value.kind else {
        return alone(step(value, image, &|value, number| is_local(value, number))?);
    };
    let steps = items.iter().enumerate().map(|(place, item)| match item {
        Item::One(value) => step(value, image, &|value, number| is_item(value, number, place)),
        Item::Unpacked(_) => None,
    });
    let steps: Arc<[Reduce]> = steps.collect::<Option<_>>()?;
    (1..=MOST).contains(&steps.len()).then_some(Reducer { steps, is_of_tuples: true })
}

/// `a[place]`, of the parameter of that number.
fn is_item(value: &Expr, number: u32, place: usize) -> bool {
    let ExprKind::Index(tuple, index) = &value.kind else { return false };
    let ExprKind::Const(Const::Int(index)) = index.kind else { return false };
    is_local(tuple, number) && usize::try_from(index) == Ok(place)
}

/// What an expression does with the two numbers that `is_operand` knows.
fn step(value: &Expr, image: &Image, is_operand: &dyn Fn(&Expr, u32) -> bool) -> Option<Reduce> {
    // Whether the first of the two is `b`.
    let are_operands = |first: &Expr, second: &Expr| match () {
        () if is_operand(first, 0) && is_operand(second, 1) => Some(false),
        () if is_operand(first, 1) && is_operand(second, 0) => Some(true),
        () => None,
    };
    match &value.kind {
        ExprKind::Binary(Binary::Add, first, second) => are_operands(first, second).map(|_| Reduce::Sum),
        ExprKind::Call { callee, args } => {
            let [Arg::Positional(first), Arg::Positional(second)] = &args[..] else { return None };
            extreme(built_in(callee, image)?, are_operands(first, second)?)
        }
        ExprKind::If { test, then, otherwise } => {
            let ExprKind::Compare(left, comparisons) = &test.kind else { return None };
            let [(left_if, right)] = &comparisons[..] else { return None };
            let (left_if, is_b_left) = (*left_if, are_operands(left, right)?);
            let is_order = matches!(
                left_if,
                Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual
            );
            // `b if a > b else a` is not `a if a <= b else b` of a NaN.
            let is_left_first = are_operands(then, otherwise)? == is_b_left;
            (is_order && is_left_first).then_some(Reduce::Choose { left_if, is_b_left })
        }
        _ => None,
    }
}

/// `max` or `min` of two, of which the second takes the place of the first if it is greater, or less.
fn extreme(native: &'static Native, is_b_first: bool) -> Option<Reduce> {
    let is = |name| matches!(python::builtin(name), Some(Value::Native(known)) if ptr::eq(known, native));
    let left_if = match () {
        () if is("max") => Comparison::Greater,
        () if is("min") => Comparison::Less,
        () => return None,
    };
    Some(Reduce::Choose { left_if, is_b_left: !is_b_first })
}

/// The built-in function that a name stands for.
fn built_in(callee: &Expr, image: &Image) -> Option<&'static Native> {
    let ExprKind::Name(Place::Global(name)) = &callee.kind else { return None };
    match image.global(name) {
        Some(Frozen::Native(native)) => Some(native),
        Some(_) => None,
        None => match python::builtin(name)? {
            Value::Native(native) => Some(native),
            _ => None,
        },
    }
}
