//! Looking through code without running it.

use crate::plan::code::{
    Arg, Code, Comprehension, ComprehensionKind, Expr, ExprKind, FormatPart, Item, Param, Place, Stmt,
    StmtKind, Target,
};

/// Calls `see` with every expression in an expression, itself included, but not in functions inside.
pub fn expressions<'c>(expr: &'c Expr, see: &mut dyn FnMut(&'c Expr)) {
    see(expr);
    let mut go = |expr: &'c Expr| expressions(expr, see);
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::Lambda(_) | ExprKind::Yield(None) => {}
        ExprKind::Unary(_, a)
        | ExprKind::Not(a)
        | ExprKind::Attribute(a, _)
        | ExprKind::Generator(_, a)
        | ExprKind::Assign(_, a)
        | ExprKind::Yield(Some(a))
        | ExprKind::YieldFrom(a) => go(a),
        ExprKind::Binary(_, a, b) | ExprKind::Index(a, b) => {
            go(a);
            go(b);
        }
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().for_each(go),
        ExprKind::Compare(first, rest) => {
            go(first);
            rest.iter().for_each(|(_, expr)| go(expr));
        }
        ExprKind::If { test, then, otherwise } => {
            go(test);
            go(then);
            go(otherwise);
        }
        ExprKind::Call { callee, args } => {
            go(callee);
            for arg in args {
                match arg {
                    Arg::Positional(expr)
                    | Arg::Unpacked(expr)
                    | Arg::Keyword(_, expr)
                    | Arg::Keywords(expr) => go(expr),
                }
            }
        }
        ExprKind::Slice(a, bounds) => {
            go(a);
            bounds.iter().flatten().for_each(|bound| go(bound));
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            for item in items {
                match item {
                    Item::One(expr) | Item::Unpacked(expr) => go(expr),
                }
            }
        }
        ExprKind::Dict(entries) => {
            for (key, value) in entries {
                key.iter().for_each(&mut go);
                go(value);
            }
        }
        ExprKind::Comprehension(comprehension) => in_comprehension(comprehension, see),
        ExprKind::Format(parts) => in_format(parts, see),
    }
}

fn in_comprehension<'c>(comprehension: &'c Comprehension, see: &mut dyn FnMut(&'c Expr)) {
    match &comprehension.kind {
        ComprehensionKind::List(item) | ComprehensionKind::Set(item) => expressions(item, see),
        ComprehensionKind::Dict(key, value) => {
            expressions(key, see);
            expressions(value, see);
        }
    }
    for clause in &comprehension.clauses {
        in_target(&clause.target, see);
        expressions(&clause.iterable, see);
        clause.conditions.iter().for_each(|condition| expressions(condition, see));
    }
}

fn in_format<'c>(parts: &'c [FormatPart], see: &mut dyn FnMut(&'c Expr)) {
    for part in parts {
        if let FormatPart::Value { value, spec, .. } = part {
            expressions(value, see);
            in_format(spec, see);
        }
    }
}

fn in_target<'c>(target: &'c Target, see: &mut dyn FnMut(&'c Expr)) {
    match target {
        Target::Name(..) => {}
        Target::Attribute(object, ..) => expressions(object, see),
        Target::Index(object, index, _) => {
            expressions(object, see);
            expressions(index, see);
        }
        Target::Slice(object, bounds, _) => {
            expressions(object, see);
            bounds.iter().flatten().for_each(|bound| expressions(bound, see));
        }
        Target::Unpack(targets, ..) => targets.iter().for_each(|target| in_target(target, see)),
    }
}

/// Whether `test` holds for some expression in an expression.
pub fn any(expr: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    expressions(expr, &mut |expr| found |= test(expr));
    found
}

/// What a block of code mentions.
pub trait See<'c> {
    /// An expression, and each one inside.
    fn expression(&mut self, expr: &'c Expr);
    /// A function inside.
    fn code(&mut self, code: &'c std::sync::Arc<Code>);
}

/// Shows every expression of a block, and every function in it, to `see`.
pub fn block<'c>(stmts: &'c [Stmt], see: &mut dyn See<'c>) {
    for stmt in stmts {
        statement(stmt, see);
    }
}

fn statement<'c>(stmt: &'c Stmt, see: &mut dyn See<'c>) {
    let target = |target: &'c Target, see: &mut dyn See<'c>| {
        in_target(target, &mut |expr| show(expr, see));
    };
    match &stmt.kind {
        StmtKind::Break | StmtKind::Continue | StmtKind::Pass => {}
        StmtKind::Return(None) | StmtKind::Raise(None) => {}
        StmtKind::Import { .. } | StmtKind::ImportFrom { .. } => {}
        StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) | StmtKind::Raise(Some(expr)) => all(expr, see),
        StmtKind::Assign(targets, value) => {
            targets.iter().for_each(|each| target(each, see));
            all(value, see);
        }
        StmtKind::AugAssign(into, _, value) => {
            target(into, see);
            all(value, see);
        }
        StmtKind::Delete(targets) => targets.iter().for_each(|each| target(each, see)),
        StmtKind::If(test, body, other) | StmtKind::While(test, body, other) => {
            all(test, see);
            block(body, see);
            block(other, see);
        }
        StmtKind::For(into, over, body, other) => {
            target(into, see);
            all(over, see);
            block(body, see);
            block(other, see);
        }
        StmtKind::Def(_, code) => {
            defaults(&code.params.positional, see);
            defaults(&code.params.keyword_only, see);
            see.code(code);
        }
        StmtKind::Class { bases, methods, attributes, .. } => {
            bases.iter().for_each(|base| all(base, see));
            attributes.iter().for_each(|(_, value)| all(value, see));
            methods.iter().for_each(|(_, code)| see.code(code));
        }
        StmtKind::Assert(test, message) => {
            all(test, see);
            message.iter().for_each(|message| all(message, see));
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            block(body, see);
            for handler in handlers {
                handler.classes.iter().for_each(|classes| all(classes, see));
                block(&handler.body, see);
            }
            block(otherwise, see);
            block(finally, see);
        }
        StmtKind::With(items, body) => {
            for (value, into) in items {
                all(value, see);
                into.iter().for_each(|into| target(into, see));
            }
            block(body, see);
        }
    }
}

fn defaults<'c>(params: &'c [Param], see: &mut dyn See<'c>) {
    params.iter().filter_map(|param| param.default.as_ref()).for_each(|default| all(default, see));
}

fn all<'c>(expr: &'c Expr, see: &mut dyn See<'c>) {
    expressions(expr, &mut |expr| show(expr, see));
}

fn show<'c>(expr: &'c Expr, see: &mut dyn See<'c>) {
    see.expression(expr);
    if let ExprKind::Lambda(code) | ExprKind::Generator(code, _) = &expr.kind {
        defaults(&code.params.positional, see);
        defaults(&code.params.keyword_only, see);
        see.code(code);
    }
}

/// The names of the globals that some code can reach, functions inside included, each once and in order.
pub fn globals(code: &Code) -> Vec<std::sync::Arc<str>> {
    struct Names(Vec<std::sync::Arc<str>>);
    impl<'c> See<'c> for Names {
        fn expression(&mut self, expr: &'c Expr) {
            if let ExprKind::Name(Place::Global(name)) = &expr.kind
                && !self.0.contains(name)
            {
                self.0.push(name.clone());
            }
        }
        fn code(&mut self, code: &'c std::sync::Arc<Code>) {
            block(&code.body, self);
        }
    }
    let mut names = Names(Vec::new());
    block(&code.body, &mut names);
    names.0
}
