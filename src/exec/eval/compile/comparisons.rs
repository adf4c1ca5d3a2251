//! Comparisons, single ones and chains.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::super::operate::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual, Relation, compare};
use super::super::unit::{Expr, Test};
use super::operands::{Shape, left_operand, right_operand};
use super::{Builder, operands, test};
use crate::batch::value::{Value, ascii_at, contains, equal, identical};
use crate::plan::code::{self, Comparison, Const, ExprKind, Item};

impl Builder<'_, '_> {
    /// `first op a op b …`
    pub fn compare(&mut self, first: &code::Expr, rest: &[(Comparison, code::Expr)]) -> Test {
        if let [(op, second)] = rest {
            return self.comparison(first, *op, second);
        }
        let first = self.expr(first);
        let rest: Vec<_> = rest.iter().map(|(op, operand)| (*op, self.expr(operand))).collect();
        test(move |frame| {
            let mut left = first(frame)?;
            for (op, operand) in &rest {
                let right = operand(frame)?;
                if !compare(frame.heap, *op, left, right)? {
                    return Ok(false);
                }
                left = right;
            }
            Ok(true)
        })
    }

    fn comparison(&mut self, left: &code::Expr, op: Comparison, right: &code::Expr) -> Test {
        match (op, &right.kind) {
            (Comparison::Is | Comparison::IsNot, ExprKind::Const(Const::None)) => {
                let (left, wanted) = (self.expr(left), op == Comparison::Is);
                return test(move |frame| left(frame).map(|value| value.is_none() == wanted));
            }
            (Comparison::In | Comparison::NotIn, ExprKind::Tuple(items) | ExprKind::List(items)) => {
                if let Some(members) = self.constants(items) {
                    return self.membership(left, op == Comparison::In, members);
                }
            }
            (Comparison::In | Comparison::NotIn, ExprKind::Const(Const::Str(text))) => {
                return self.characters(left, op == Comparison::In, right, text);
            }
            (Comparison::In | Comparison::NotIn, _) => {
                if let ExprKind::Const(Const::Str(text)) = &left.kind {
                    return self.search(text, op == Comparison::In, right);
                }
            }
            _ => {}
        }
        let (left, right) = (self.shape(left), self.shape(right));
        match op {
            Comparison::Less => relation::<Less>(left, right),
            Comparison::LessEqual => relation::<LessEqual>(left, right),
            Comparison::Equal => relation::<Equal>(left, right),
            Comparison::NotEqual => relation::<NotEqual>(left, right),
            Comparison::GreaterEqual => relation::<GreaterEqual>(left, right),
            Comparison::Greater => relation::<Greater>(left, right),
            Comparison::Is | Comparison::IsNot | Comparison::In | Comparison::NotIn => {
                let (left, right) = (operands::boxed(left), operands::boxed(right));
                test(move |frame| {
                    let left = left(frame)?;
                    compare(frame.heap, op, left, right(frame)?)
                })
            }
        }
    }

    /// What evaluates the items of a display, if they are constants all.
    fn constants(&mut self, items: &[Item]) -> Option<Vec<Expr>> {
        let constants = items.iter().map(|item| match item {
            Item::One(item) if matches!(item.kind, ExprKind::Const(_)) => Some(self.expr(item)),
            _ => None,
        });
        constants.collect()
    }

    /// `left in "…"`, often a single character: ASCII ones are looked up in a set of bits.
    fn characters(&mut self, left: &code::Expr, wanted: bool, right: &code::Expr, text: &str) -> Test {
        let mut ascii = [0_u64; 2];
        for byte in text.bytes().filter(u8::is_ascii) {
            ascii[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        let (left, right) = (self.shape(left), self.expr(right));
        left_operand!(left, left => test(move |frame| {
            let left = left(frame)?;
            match left {
                Value::Str(text) if let Some(code) = ascii_at(text).or_else(|| only_byte(text)) => {
                    Ok((ascii[usize::from(code >> 6 & 1)] >> (code & 63) & 1 == 1) == wanted)
                }
                _ => contains(frame.heap, right(frame)?, left).map(|is_member| is_member == wanted),
            }
        }))
    }

    /// `"…" in right`, mostly a search for text: what it needs to know of that is known before it begins.
    fn search(&mut self, text: &Arc<str>, wanted: bool, right: &code::Expr) -> Test {
        let finder = Finder::new(text.as_bytes()).into_owned();
        let left = self.program.constant(&Const::Str(Arc::clone(text)));
        let right = self.shape(right);
        left_operand!(right, right => test(move |frame| match right(frame)? {
            Value::Str(text) => Ok(finder.find(text.as_bytes()).is_some() == wanted),
            container => {
                contains(frame.heap, container, frame.constants[left]).map(|is_member| is_member == wanted)
            }
        }))
    }

    /// `left in (…)` with constants, for which no tuple has to be made.
    fn membership(&mut self, left: &code::Expr, wanted: bool, members: Vec<Expr>) -> Test {
        let left = self.expr(left);
        test(move |frame| {
            let left = left(frame)?;
            for member in &members {
                let member: Value<'_> = member(frame)?;
                if identical(member, left) || equal(frame.heap, member, left)? {
                    return Ok(wanted);
                }
            }
            Ok(!wanted)
        })
    }
}

/// The byte of a text that has one alone: a character of ASCII.
fn only_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

fn relation<R: Relation>(left: Shape, right: Shape) -> Test {
    left_operand!(left, left => right_operand!(right, right => test(move |frame| {
        let left = left(frame)?;
        R::holds(frame.heap, left, right(frame)?)
    })))
}
