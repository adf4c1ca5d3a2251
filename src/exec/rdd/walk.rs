//! Walking through code: every expression and every target in it, functions inside included.

use std::sync::Arc;

use crate::plan::code::{
    Arg, Code, Comprehension, ComprehensionKind, Expr, ExprKind, FormatPart, Item, Place, Stmt, StmtKind,
    Target,
};

/// What is met on the way, outer things before inner ones.
pub(super) trait Visit<'c> {
    /// An expression.
    fn expr(&mut self, expr: &'c Expr);
    /// Something that `value` is assigned to; without one, what it gets is no value of an expression:
    /// it is deleted, or bound by a `def` or `import`.
    fn target(&mut self, target: &'c Target, gets: Gets<'c>);
    /// A name that is bound otherwise.
    fn bound(&mut self, place: &'c Place);
    /// A function inside: to be walked with [`code`] or not at all.
    fn function(&mut self, code: &'c Arc<Code>);
}

/// What a target gets.
#[derive(Clone, Copy)]
pub(super) enum Gets<'c> {
    /// The value of an expression.
    Value(&'c Expr),
    /// The items of an iterable.
    Items(&'c Expr),
    /// What was there, changed by an operator.
    Changed,
    /// Nothing: it is deleted.
    Nothing,
}

/// Walks through a function's statements.
pub(super) fn code<'c>(code: &'c Code, visit: &mut impl Visit<'c>) {
    for param in code.params.positional.iter().chain(&code.params.keyword_only) {
        param.default.iter().for_each(|default| expr(default, visit));
    }
    stmts(&code.body, visit);
}

fn stmts<'c>(body: &'c [Stmt], visit: &mut impl Visit<'c>) {
    body.iter().for_each(|stmt| self::stmt(stmt, visit));
}

fn stmt<'c>(stmt: &'c Stmt, visit: &mut impl Visit<'c>) {
    match &stmt.kind {
        StmtKind::Expr(value) => expr(value, visit),
        StmtKind::Assign(targets, value) => {
            expr(value, visit);
            targets.iter().for_each(|target| self::target(target, Gets::Value(value), visit));
        }
        StmtKind::AugAssign(target, _, value) => {
            expr(value, visit);
            self::target(target, Gets::Changed, visit);
        }
        StmtKind::Delete(targets) => {
            targets.iter().for_each(|target| self::target(target, Gets::Nothing, visit));
        }
        StmtKind::Return(value) | StmtKind::Raise(value) => {
            value.iter().for_each(|value| expr(value, visit));
        }
        StmtKind::If(test, then, otherwise) | StmtKind::While(test, then, otherwise) => {
            expr(test, visit);
            stmts(then, visit);
            stmts(otherwise, visit);
        }
        StmtKind::For(target, iterable, body, otherwise) => {
            expr(iterable, visit);
            self::target(target, Gets::Items(iterable), visit);
            stmts(body, visit);
            stmts(otherwise, visit);
        }
        StmtKind::Break | StmtKind::Continue | StmtKind::Pass => {}
        StmtKind::Def(place, code) => {
            visit.bound(place);
            visit.function(code);
        }
        StmtKind::Class { place, bases, methods, attributes, .. } => {
            visit.bound(place);
            bases.iter().for_each(|base| expr(base, visit));
            methods.iter().for_each(|(_, code)| visit.function(code));
            attributes.iter().for_each(|(_, value)| expr(value, visit));
        }
        StmtKind::Import { place, .. } => visit.bound(place),
        StmtKind::ImportFrom { names, .. } => names.iter().for_each(|(_, place)| visit.bound(place)),
        StmtKind::Assert(test, message) => {
            expr(test, visit);
            message.iter().for_each(|message| expr(message, visit));
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            stmts(body, visit);
            for handler in handlers {
                handler.classes.iter().for_each(|classes| expr(classes, visit));
                handler.place.iter().for_each(|place| visit.bound(place));
                stmts(&handler.body, visit);
            }
            stmts(otherwise, visit);
            stmts(finally, visit);
        }
        StmtKind::With(items, body) => {
            for (value, target) in items {
                expr(value, visit);
                target.iter().for_each(|target| self::target(target, Gets::Value(value), visit));
            }
            stmts(body, visit);
        }
    }
}

fn target<'c>(target: &'c Target, gets: Gets<'c>, visit: &mut impl Visit<'c>) {
    visit.target(target, gets);
    match target {
        Target::Name(..) => {}
        Target::Attribute(value, ..) => expr(value, visit),
        Target::Index(value, index, _) => {
            expr(value, visit);
            expr(index, visit);
        }
        Target::Slice(value, bounds, _) => {
            expr(value, visit);
            bounds.iter().flatten().for_each(|bound| expr(bound, visit));
        }
        Target::Unpack(targets, ..) => {
            // Items of a value, whether it is itself one or not.
            let gets = match gets {
                Gets::Value(value) => Gets::Items(value),
                other => other,
            };
            targets.iter().for_each(|inner| self::target(inner, gets, visit));
        }
    }
}

fn expr<'c>(expr: &'c Expr, visit: &mut impl Visit<'c>) {
    visit.expr(expr);
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::Yield(None) => {}
        ExprKind::Unary(_, value)
        | ExprKind::Not(value)
        | ExprKind::Attribute(value, _)
        | ExprKind::Yield(Some(value))
        | ExprKind::YieldFrom(value) => self::expr(value, visit),
        ExprKind::Binary(_, left, right) | ExprKind::Index(left, right) => {
            self::expr(left, visit);
            self::expr(right, visit);
        }
        ExprKind::And(values) | ExprKind::Or(values) => {
            values.iter().for_each(|value| self::expr(value, visit));
        }
        ExprKind::Compare(first, others) => {
            self::expr(first, visit);
            others.iter().for_each(|(_, other)| self::expr(other, visit));
        }
        ExprKind::If { test, then, otherwise } => {
            [test, then, otherwise].into_iter().for_each(|part| self::expr(part, visit));
        }
        ExprKind::Call { callee, args } => {
            self::expr(callee, visit);
            args.iter().for_each(|arg| self::expr(argument(arg), visit));
        }
        ExprKind::Slice(value, bounds) => {
            self::expr(value, visit);
            bounds.iter().flatten().for_each(|bound| self::expr(bound, visit));
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            items.iter().for_each(|item| self::expr(self::item(item), visit));
        }
        ExprKind::Dict(entries) => {
            for (key, value) in entries {
                key.iter().for_each(|key| self::expr(key, visit));
                self::expr(value, visit);
            }
        }
        ExprKind::Comprehension(comprehension) => self::comprehension(comprehension, visit),
        ExprKind::Generator(code, iterable) => {
            self::expr(iterable, visit);
            visit.function(code);
        }
        ExprKind::Lambda(code) => visit.function(code),
        ExprKind::Format(parts) => format_parts(parts, visit),
        ExprKind::Assign(place, value) => {
            visit.bound(place);
            self::expr(value, visit);
        }
    }
}

fn comprehension<'c>(comprehension: &'c Comprehension, visit: &mut impl Visit<'c>) {
    for clause in &comprehension.clauses {
        expr(&clause.iterable, visit);
        target(&clause.target, Gets::Items(&clause.iterable), visit);
        clause.conditions.iter().for_each(|condition| expr(condition, visit));
    }
    elements(&comprehension.kind).into_iter().for_each(|element| expr(element, visit));
}

fn format_parts<'c>(parts: &'c [FormatPart], visit: &mut impl Visit<'c>) {
    for part in parts {
        if let FormatPart::Value { value, spec, .. } = part {
            expr(value, visit);
            format_parts(spec, visit);
        }
    }
}

/// What a comprehension makes its values of.
pub(super) fn elements(kind: &ComprehensionKind) -> Vec<&Expr> {
    match kind {
        ComprehensionKind::List(element) | ComprehensionKind::Set(element) => vec![element],
        ComprehensionKind::Dict(key, value) => vec![key, value],
    }
}

/// The expression of an argument.
pub(super) fn argument(arg: &Arg) -> &Expr {
    match arg {
        Arg::Positional(value) | Arg::Unpacked(value) | Arg::Keyword(_, value) | Arg::Keywords(value) => {
            value
        }
    }
}

/// The expression of an item of a display.
pub(super) fn item(item: &Item) -> &Expr {
    match item {
        Item::One(value) | Item::Unpacked(value) => value,
    }
}
