//! Which members of a JSON document a function reads: where it is only ever subscripted by constants, the
//! others need not be made, nor the document.

use std::collections::HashMap;

use super::code::{Arg, Code, Const, Expr, ExprKind, Item, Place, Target};
use super::image::{Frozen, Image};
use super::visit::{self, Visit};
use crate::batch::python::json::Wanted;

/// What a function of one argument reads of it, if that can be told.
pub fn members_read(image: &Image) -> Option<Wanted> {
    let Frozen::Function { code, .. } = &image.entry else { return None };
    let params = &code.params;
    let plain = params.keyword_only.is_empty() && params.rest.is_none() && params.keywords.is_none();
    if !plain || params.positional.len() != 1 || code.cells.contains(&0) {
        return None;
    }
    let mut reads = Reads { wanted: Wanted::nothing(), is_known: true };
    visit::walk_code(&mut reads, code);
    reads.is_known.then_some(reads.wanted)
}

/// Which values a function is given in place of expressions of its: by the expression's address the number of the
/// value.
pub type Given = HashMap<*const Expr, usize>;

/// The members of its argument that a function reads, where it could be given them instead, all of them there: each
/// by its place among [`Wanted::paths`]. `None` if it needs more of the argument than these, or does more than
/// to read them.
pub fn members_given(image: &Image, wanted: &Wanted) -> Option<Given> {
    let Frozen::Function { code, .. } = &image.entry else { return None };
    if image.is_recursive() {
        return None;
    }
    let mut gives = Gives { paths: wanted.paths(), given: Given::new(), is_known: true };
    visit::walk_code(&mut gives, code);
    gives.is_known.then_some(gives.given)
}

struct Gives<'w> {
    paths: Vec<Vec<&'w str>>,
    given: Given,
    /// Whether the argument was met only where one of the paths goes, and without a default that does something.
    is_known: bool,
}

impl Visit for Gives<'_> {
    fn expr(&mut self, expr: &Expr) {
        let Some((names, defaults)) = path(expr) else { return visit::walk_expr(self, expr) };
        match self.paths.iter().position(|path| *path == names) {
            Some(place) => {
                self.given.insert(expr, place);
                self.is_known &= defaults.into_iter().all(is_plain);
            }
            None if names.is_empty() => self.is_known = false,
            None => visit::walk_expr(self, expr),
        }
    }

    // It cannot see the argument, which is in no cell.
    fn code(&mut self, _: &Code) {}
}

/// Whether nobody can see whether an expression is evaluated.
fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Const(_) => true,
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().all(|item| matches!(item, Item::One(item) if is_plain(item)))
        }
        ExprKind::Dict(entries) => entries.is_empty(),
        _ => false,
    }
}

struct Reads {
    wanted: Wanted,
    /// Whether the argument was met only where it is subscripted.
    is_known: bool,
}

impl Visit for Reads {
    fn expr(&mut self, expr: &Expr) {
        match path(expr) {
            Some((names, rest)) if !names.is_empty() => {
                self.wanted.add(&names);
                rest.iter().for_each(|expr| self.expr(expr));
            }
            Some(_) => self.is_known = false,
            None => visit::walk_expr(self, expr),
        }
    }

    fn target(&mut self, target: &Target) {
        self.is_known &= !matches!(target, Target::Name(Place::Local(0), _));
        visit::walk_target(self, target);
    }

    // It cannot see the argument, which is in no cell.
    fn code(&mut self, _: &Code) {}
}

/// `argument["a"].get("b", default)["c"]`: the names, and what else is evaluated on the way. The names are
/// none for the argument itself.
fn path(expr: &Expr) -> Option<(Vec<&str>, Vec<&Expr>)> {
    match &expr.kind {
        ExprKind::Name(Place::Local(0)) => Some((Vec::new(), Vec::new())),
        ExprKind::Index(object, index) => {
            let (mut names, rest) = path(object)?;
            names.push(text(index)?);
            Some((names, rest))
        }
        ExprKind::Call { callee, args } => {
            let ExprKind::Attribute(object, method) = &callee.kind else { return None };
            let [Arg::Positional(name), others @ ..] = &args[..] else { return None };
            let (mut names, mut rest) = path(object)?;
            if **method != *"get" {
                return None;
            }
            names.push(text(name)?);
            for other in others {
                let Arg::Positional(default) = other else { return None };
                rest.push(default);
            }
            Some((names, rest))
        }
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Const(Const::Str(text)) => Some(text),
        _ => None,
    }
}
