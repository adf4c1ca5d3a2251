//! `yield` inside of expressions: whatever is evaluated before it becomes a step of its own, its value kept
//! in a slot, so that a generator stops between steps alone.

use super::super::block::Step;
use super::super::operate::is_true;
use super::{Builder, expr, test};
use crate::batch::value::Value;
use crate::plan::code::{Arg, Expr, ExprKind, FormatPart, Item};

impl Builder<'_, '_> {
    /// Makes steps of all `yield`s in an expression. It can be compiled then.
    pub fn hoist(&mut self, source: &Expr) {
        if !self.code.is_generator || !yields(source) {
            return;
        }
        match &source.kind {
            ExprKind::Yield(value) => {
                let value = match value {
                    Some(value) => {
                        self.hoist(value);
                        self.expr(value)
                    }
                    None => expr(|_| Ok(Value::None)),
                };
                let sent = self.slot();
                self.steps.push(Step::Yield { value, sent });
                self.hoisted.insert(std::ptr::from_ref(source), sent);
            }
            ExprKind::YieldFrom(values) => {
                self.hoist(values);
                let (values, iterator, sent) = (self.expr(values), self.slot(), self.slot());
                self.steps.extend([
                    Step::Iterate(iterator, values),
                    Step::Set(sent, expr(|_| Ok(Value::None))),
                    Step::YieldAll { iterator, sent },
                ]);
                self.hoisted.insert(std::ptr::from_ref(source), sent);
            }
            ExprKind::And(operands) => self.hoist_logical(source, operands, false),
            ExprKind::Or(operands) => self.hoist_logical(source, operands, true),
            ExprKind::If { test, then, otherwise } => {
                self.hoist(test);
                let test = self.test(test);
                let (other, end, result) = (self.label(), self.label(), self.slot());
                self.steps.push(Step::JumpUnless(test, other));
                for (branch, first) in [(then, true), (otherwise, false)] {
                    self.hoist(branch);
                    let value = self.expr(branch);
                    self.steps.push(Step::Set(result, value));
                    if first {
                        self.steps.push(Step::Jump(end));
                        self.mark(other);
                    }
                }
                self.mark(end);
                self.hoisted.insert(std::ptr::from_ref(source), result);
            }
            _ => {
                let parts = children(source);
                let last = parts.iter().rposition(|part| yields(part)).unwrap_or(0);
                for part in &parts[..=last] {
                    self.hoist(part);
                    if !self.hoisted.contains_key(&std::ptr::from_ref(*part)) {
                        let (value, slot) = (self.expr(part), self.slot());
                        self.steps.push(Step::Set(slot, value));
                        self.hoisted.insert(std::ptr::from_ref(*part), slot);
                    }
                }
            }
        }
    }

    fn hoist_logical(&mut self, source: &Expr, operands: &[Expr], decides: bool) {
        let (result, end) = (self.slot(), self.label());
        for (place, operand) in operands.iter().enumerate() {
            self.hoist(operand);
            let value = self.expr(operand);
            self.steps.push(Step::Set(result, value));
            if place + 1 < operands.len() {
                let goes_on = test(move |frame| Ok(is_true(frame.local(result)?) != decides));
                self.steps.push(Step::JumpUnless(goes_on, end));
            }
        }
        self.mark(end);
        self.hoisted.insert(std::ptr::from_ref(source), result);
    }
}

/// Whether there is a `yield` in an expression, functions inside aside.
pub fn yields(source: &Expr) -> bool {
    matches!(source.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_))
        || children(source).into_iter().any(yields)
}

/// The parts of an expression in the order in which they are evaluated.
fn children(source: &Expr) -> Vec<&Expr> {
    match &source.kind {
        ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::Lambda(_) => Vec::new(),
        ExprKind::Unary(_, operand)
        | ExprKind::Not(operand)
        | ExprKind::Attribute(operand, _)
        | ExprKind::Generator(_, operand)
        | ExprKind::Assign(_, operand)
        | ExprKind::YieldFrom(operand) => vec![operand],
        ExprKind::Yield(operand) => operand.iter().map(Box::as_ref).collect(),
        ExprKind::Binary(_, left, right) | ExprKind::Index(left, right) => vec![left, right],
        ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().collect(),
        ExprKind::Compare(first, rest) => {
            std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect()
        }
        ExprKind::If { test, then, otherwise } => vec![test, then, otherwise],
        ExprKind::Call { callee, args } => {
            // A method is looked up when it is called.
            let callee = match &callee.kind {
                ExprKind::Attribute(object, _) => object,
                _ => callee,
            };
            let args = args.iter().map(|arg| match arg {
                Arg::Positional(value)
                | Arg::Unpacked(value)
                | Arg::Keyword(_, value)
                | Arg::Keywords(value) => value,
            });
            std::iter::once(&**callee).chain(args).collect()
        }
        ExprKind::Slice(base, parts) => {
            std::iter::once(&**base).chain(parts.iter().flatten().map(Box::as_ref)).collect()
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items
            .iter()
            .map(|item| match item {
                Item::One(item) | Item::Unpacked(item) => item,
            })
            .collect(),
        ExprKind::Dict(entries) => {
            entries.iter().flat_map(|(key, value)| key.iter().chain([value])).collect()
        }
        // The rest of it has a scope of its own, in which Python allows none.
        ExprKind::Comprehension(comprehension) => {
            comprehension.clauses.first().map(|clause| &clause.iterable).into_iter().collect()
        }
        ExprKind::Format(parts) => {
            let mut found = Vec::new();
            fields(parts, &mut found);
            found
        }
    }
}

fn fields<'e>(parts: &'e [FormatPart], found: &mut Vec<&'e Expr>) {
    for part in parts {
        if let FormatPart::Value { value, spec, .. } = part {
            found.push(value);
            fields(spec, found);
        }
    }
}
