//! Looking through code without running it.

use std::sync::Arc;

use crate::plan::code::{Code, Expr, ExprKind, Place, Stmt, StmtKind, Target};
use crate::plan::visit::{Visit, walk_code, walk_expr, walk_stmt, walk_target};

/// The names of the globals that some code can reach, functions inside included, each once and in order.
pub fn globals(code: &Code) -> Vec<Arc<str>> {
    struct Names(Vec<Arc<str>>);
    impl Names {
        fn place(&mut self, place: &Place) {
            if let Place::Global(name) = place
                && !self.0.contains(name)
            {
                self.0.push(name.clone());
            }
        }
    }
    impl Visit for Names {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Name(place) = &expr.kind {
                self.place(place);
            }
            walk_expr(self, expr);
        }
        // `total += 1` and `del total` need the value as well.
        fn target(&mut self, target: &Target) {
            if let Target::Name(place, _) = target {
                self.place(place);
            }
            walk_target(self, target);
        }
    }
    let mut names = Names(Vec::new());
    walk_code(&mut names, code);
    names.0
}

/// What some code has, functions inside included, that functions on records do not, and what to do about it.
pub fn alone(code: &Code) -> Option<String> {
    struct Alone(Option<String>);
    impl Visit for Alone {
        fn stmt(&mut self, stmt: &Stmt) {
            let fault = match &stmt.kind {
                StmtKind::Class { name, .. } => {
                    format!(
                        "it makes the class {name}, and classes are the main script's alone: use tuples, dicts and functions"
                    )
                }
                StmtKind::With(..) => {
                    "it has a 'with', which is the main script's alone: use try and finally".into()
                }
                _ => return walk_stmt(self, stmt),
            };
            self.0.get_or_insert(fault);
        }
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Attribute(module, name) = &expr.kind
                && let ExprKind::Name(Place::Global(module)) = &module.kind
                && matches!((&**module, &**name), ("os", "environ" | "getenv"))
            {
                let fault = format!("os.{name} is the main script's alone: read it into a variable");
                self.0.get_or_insert(fault);
            }
            walk_expr(self, expr);
        }
    }
    let mut alone = Alone(None);
    walk_code(&mut alone, code);
    alone.0
}

/// Whether there is a `yield` in an expression, functions inside aside.
pub fn yields(expr: &Expr) -> bool {
    struct Yields(bool);
    impl Visit for Yields {
        fn expr(&mut self, expr: &Expr) {
            self.0 |= matches!(expr.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_));
            walk_expr(self, expr);
        }
        fn code(&mut self, _: &Code) {}
    }
    let mut yields = Yields(false);
    yields.expr(expr);
    yields.0
}
