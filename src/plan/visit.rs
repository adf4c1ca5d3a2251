//! Walks over code without running it.

use super::code::{
    Arg, Code, Comprehension, ComprehensionKind, Expr, ExprKind, FormatPart, Handler, Item, Params, Stmt,
    StmtKind, Target,
};

/// Something that looks at the parts of a program. Each method walks on by default; one that does
/// something else calls the function of that name here to go on.
pub trait Visit {
    /// A statement.
    fn stmt(&mut self, stmt: &Stmt) {
        walk_stmt(self, stmt);
    }

    /// An expression.
    fn expr(&mut self, expr: &Expr) {
        walk_expr(self, expr);
    }

    /// What is assigned to.
    fn target(&mut self, target: &Target) {
        walk_target(self, target);
    }

    /// A function inside, after the defaults of its parameters, which belong to what is around it.
    fn code(&mut self, code: &Code) {
        walk_code(self, code);
    }
}

/// Visits the statements of a function.
pub fn walk_code<V: Visit + ?Sized>(visitor: &mut V, code: &Code) {
    walk_block(visitor, &code.body);
}

/// Visits statements.
pub fn walk_block<V: Visit + ?Sized>(visitor: &mut V, block: &[Stmt]) {
    for stmt in block {
        visitor.stmt(stmt);
    }
}

/// Visits the parts of a statement.
pub fn walk_stmt<V: Visit + ?Sized>(visitor: &mut V, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Pass
        | StmtKind::Import { .. }
        | StmtKind::ImportFrom { .. }
        | StmtKind::Return(None)
        | StmtKind::Raise(None) => {}
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) | StmtKind::Raise(Some(value)) => {
            visitor.expr(value);
        }
        StmtKind::Assign(targets, value) => {
            visitor.expr(value);
            walk_targets(visitor, targets);
        }
        StmtKind::AugAssign(target, _, value) => {
            visitor.target(target);
            visitor.expr(value);
        }
        StmtKind::Delete(targets) => walk_targets(visitor, targets),
        StmtKind::If(test, body, otherwise) | StmtKind::While(test, body, otherwise) => {
            visitor.expr(test);
            walk_block(visitor, body);
            walk_block(visitor, otherwise);
        }
        StmtKind::For(target, iterable, body, otherwise) => {
            visitor.expr(iterable);
            visitor.target(target);
            walk_block(visitor, body);
            walk_block(visitor, otherwise);
        }
        StmtKind::Def(_, code) => walk_function(visitor, code),
        StmtKind::Class { bases, methods, attributes, .. } => {
            walk_all(visitor, bases);
            for (_, method) in methods {
                walk_function(visitor, method);
            }
            for (_, value) in attributes {
                visitor.expr(value);
            }
        }
        StmtKind::Assert(test, message) => {
            visitor.expr(test);
            walk_all(visitor, message);
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            walk_block(visitor, body);
            walk_handlers(visitor, handlers);
            walk_block(visitor, otherwise);
            walk_block(visitor, finally);
        }
        StmtKind::With(items, body) => {
            for (value, target) in items {
                visitor.expr(value);
                walk_targets(visitor, target);
            }
            walk_block(visitor, body);
        }
    }
}

/// Visits what the handlers of a `try` are made of.
pub fn walk_handlers<V: Visit + ?Sized>(visitor: &mut V, handlers: &[Handler]) {
    for handler in handlers {
        walk_all(visitor, &handler.classes);
        walk_block(visitor, &handler.body);
    }
}

/// Visits the parts of an expression.
pub fn walk_expr<V: Visit + ?Sized>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::Yield(None) => {}
        ExprKind::Unary(_, value)
        | ExprKind::Not(value)
        | ExprKind::Attribute(value, _)
        | ExprKind::Assign(_, value)
        | ExprKind::Yield(Some(value))
        | ExprKind::YieldFrom(value) => visitor.expr(value),
        ExprKind::Binary(_, left, right) | ExprKind::Index(left, right) => {
            visitor.expr(left);
            visitor.expr(right);
        }
        ExprKind::And(values) | ExprKind::Or(values) => walk_all(visitor, values),
        ExprKind::Compare(first, others) => {
            visitor.expr(first);
            walk_all(visitor, others.iter().map(|(_, other)| other));
        }
        ExprKind::If { test, then, otherwise } => {
            walk_all(visitor, [test, then, otherwise].map(|part| &**part));
        }
        ExprKind::Call { callee, args } => {
            visitor.expr(callee);
            for arg in args {
                let (Arg::Positional(value)
                | Arg::Unpacked(value)
                | Arg::Keyword(_, value)
                | Arg::Keywords(value)) = arg;
                visitor.expr(value);
            }
        }
        ExprKind::Slice(value, bounds) => {
            visitor.expr(value);
            walk_all(visitor, bounds.iter().flatten().map(|bound| &**bound));
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            for item in items {
                let (Item::One(value) | Item::Unpacked(value)) = item;
                visitor.expr(value);
            }
        }
        ExprKind::Dict(entries) => {
            for (key, value) in entries {
                walk_all(visitor, key);
                visitor.expr(value);
            }
        }
        ExprKind::Comprehension(comprehension) => walk_comprehension(visitor, comprehension),
        ExprKind::Generator(code, iterable) => {
            visitor.expr(iterable);
            visitor.code(code);
        }
        ExprKind::Lambda(code) => walk_function(visitor, code),
        ExprKind::Format(parts) => walk_format(visitor, parts),
    }
}

fn walk_all<'c, V: Visit + ?Sized>(visitor: &mut V, exprs: impl IntoIterator<Item = &'c Expr>) {
    for expr in exprs {
        visitor.expr(expr);
    }
}

fn walk_targets<'c, V: Visit + ?Sized>(visitor: &mut V, targets: impl IntoIterator<Item = &'c Target>) {
    for target in targets {
        visitor.target(target);
    }
}

fn walk_function<V: Visit + ?Sized>(visitor: &mut V, code: &Code) {
    let Params { positional, keyword_only, .. } = &code.params;
    walk_all(visitor, positional.iter().chain(keyword_only).filter_map(|param| param.default.as_ref()));
    visitor.code(code);
}

fn walk_comprehension<V: Visit + ?Sized>(visitor: &mut V, comprehension: &Comprehension) {
    for clause in &comprehension.clauses {
        visitor.expr(&clause.iterable);
        visitor.target(&clause.target);
        walk_all(visitor, &clause.conditions);
    }
    match &comprehension.kind {
        ComprehensionKind::List(value) | ComprehensionKind::Set(value) => visitor.expr(value),
        ComprehensionKind::Dict(key, value) => {
            visitor.expr(key);
            visitor.expr(value);
        }
    }
}

fn walk_format<V: Visit + ?Sized>(visitor: &mut V, parts: &[FormatPart]) {
    for part in parts {
        if let FormatPart::Value { value, spec, .. } = part {
            visitor.expr(value);
            walk_format(visitor, spec);
        }
    }
}

/// Visits the parts of a target.
pub fn walk_target<V: Visit + ?Sized>(visitor: &mut V, target: &Target) {
    match target {
        Target::Name(..) => {}
        Target::Attribute(value, ..) => visitor.expr(value),
        Target::Index(value, index, _) => {
            visitor.expr(value);
            visitor.expr(index);
        }
        Target::Slice(value, bounds, _) => {
            visitor.expr(value);
            walk_all(visitor, bounds.iter().flatten());
        }
        Target::Unpack(targets, ..) => walk_targets(visitor, targets),
    }
}
