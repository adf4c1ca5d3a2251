//! Functions that do nothing but give a result, and always the same one: what they give for a record need not be
//! asked for again when the record comes again.

use std::ptr;

use super::code::{Code, Expr, ExprKind, Place, Stmt, StmtKind};
use super::image::{Frozen, Image};
use super::visit::{self, Visit};
use crate::batch::python;
use crate::batch::value::{Module, Native, TypeInfo, Value};

/// The modules of which all members are pure.
const PURE_MODULES: &[&str] = &["collections", "json", "math", "operator", "re", "string", "urllib.parse"];

/// The classes that are pure: calling them, and their methods.
const PURE_CLASSES: &[&str] =
    &["bool", "bytes", "dict", "float", "frozenset", "int", "list", "range", "set", "str", "tuple"];

/// The built-in functions that are not.
const IMPURE: &[&str] = &["eval", "id", "print"];

/// Whether that is known of a function: it tells nobody anything, and looks at no clock. Whether it changes what it
/// has captured is another question.
pub fn is_pure(image: &Image) -> bool {
    let globals = image.globals.iter().map(|(_, frozen)| frozen);
    globals
        .chain(image.cells.iter().flatten())
        .chain([&image.entry])
        .all(|frozen| is_pure_value(frozen, image))
}

fn is_pure_value(frozen: &Frozen, image: &Image) -> bool {
    let are = |items: &[Frozen]| items.iter().all(|item| is_pure_value(item, image));
    match frozen {
        Frozen::Data(_) => true,
        Frozen::Accumulator(_) => false,
        Frozen::Function { code, defaults, .. } => are(defaults) && is_pure_code(code, image),
        Frozen::Tuple(items) | Frozen::List(items) => are(items),
        Frozen::Dict(entries) => {
            entries.iter().all(|(key, value)| is_pure_value(key, image) && is_pure_value(value, image))
        }
        Frozen::Native(native) => is_pure_native(native),
        Frozen::Type(class) => is_pure_class(class),
        Frozen::Module(module) => is_pure_module(module),
        Frozen::Broadcast(value) => is_pure_value(value, image),
    }
}

fn is_pure_module(module: &Module) -> bool {
    PURE_MODULES.contains(&module.name)
}

fn is_pure_class(class: &TypeInfo) -> bool {
    PURE_CLASSES.contains(&class.name)
}

/// Whether it is a built-in function that is pure, or a method of such a class.
fn is_pure_native(native: &'static Native) -> bool {
    let is = |value: Option<Value<'_>>| matches!(value, Some(Value::Native(known)) if ptr::eq(known, native));
    let of_classes = || {
        PURE_CLASSES.iter().filter_map(|class| match python::builtin(class) {
            Some(Value::Type(class)) => class.method(native.name),
            _ => None,
        })
    };
    if IMPURE.contains(&native.name) {
        return false;
    }
    is(python::builtin(native.name)) || of_classes().any(|method| ptr::eq(method, native))
}

fn is_pure_code(code: &Code, image: &Image) -> bool {
    let mut search = Search { image, is_pure: true };
    visit::walk_code(&mut search, code);
    search.is_pure
}

/// Looks for built-ins that are not pure; what else a function refers to is in its image.
struct Search<'i> {
    image: &'i Image,
    is_pure: bool,
}

impl Visit for Search<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        self.is_pure &= !matches!(stmt.kind, StmtKind::Import { .. } | StmtKind::ImportFrom { .. });
        visit::walk_stmt(self, stmt);
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Name(Place::Global(name)) = &expr.kind
            && self.image.global(name).is_none()
        {
            self.is_pure &= match python::builtin(name) {
                Some(Value::Native(native)) => is_pure_native(native),
                Some(Value::Type(class)) => is_pure_class(class),
                _ => false,
            };
        }
        visit::walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lang::parse;
    use crate::plan::code::Source;

    /// A lambda whose globals are an accumulator called `seen`, and some modules.
    fn is_pure_lambda(text: &str) -> bool {
        let source = Arc::new(Source { name: "job.py".into(), text: format!("f = {text}\n") });
        let module = parse(&source).expect("these are programs");
        let StmtKind::Assign(_, value) = &module.body[0].kind else { panic!("an assignment") };
        let ExprKind::Lambda(code) = &value.kind else { panic!("a lambda") };
        let module = |name: &str| (name.into(), Frozen::Module(python::module(name).expect("there is one")));
        let mut globals = vec![("seen".into(), Frozen::Accumulator(0)), module("time"), module("re")];
        globals.retain(|(name, _): &(Arc<str>, _)| text.contains(&**name));
        let entry =
            Frozen::Function { code: Arc::clone(code), captured: Arc::new([]), defaults: Arc::new([]) };
        is_pure(&Image { entry, globals, cells: Vec::new(), parse: None })
    }

    #[test]
    fn what_only_gives_a_result_is_pure() {
        for text in [
            "lambda w: (w.lower(), 1)",
            "lambda w: len(w) > 3 and int(w) % 2",
            "lambda w: re.sub('a', 'b', w)",
        ] {
            assert!(is_pure_lambda(text), "{text}");
        }
    }

    #[test]
    fn what_tells_somebody_or_looks_at_a_clock_is_not() {
        for text in [
            "lambda w: print(w)",
            "lambda w: seen.add(1)",
            "lambda w: (time.time(), w)",
            "lambda w: list(map(print, w))",
            "lambda w: eval(w)",
            "lambda w: id(w)",
        ] {
            assert!(!is_pure_lambda(text), "{text}");
        }
    }
}
