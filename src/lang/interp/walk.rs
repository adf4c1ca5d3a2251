//! Looking through code without running it.

use std::sync::Arc;

use crate::plan::code::{Code, Expr, ExprKind, Place};
use crate::plan::visit::{Visit, walk_code, walk_expr};

/// The names of the globals that some code can reach, functions inside included, each once and in order.
pub fn globals(code: &Code) -> Vec<Arc<str>> {
    struct Names(Vec<Arc<str>>);
    impl Visit for Names {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Name(Place::Global(name)) = &expr.kind
                && !self.0.contains(name)
            {
                self.0.push(name.clone());
            }
            walk_expr(self, expr);
        }
    }
    let mut names = Names(Vec::new());
    walk_code(&mut names, code);
    names.0
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
