//! Expressions over `x`, the record: what `--key` and `--filter` take.

use std::sync::Arc;

use super::diagnostics::Diagnostic;
use super::interp::is_builtin;
use super::program::IN_SCOPE;
use super::{Known, check, parse_eval, parse_expression};
use crate::batch::python;
use crate::plan::code::{Expr, ExprKind, Source, StmtKind};
use crate::plan::{Frozen, Image, RecordFunction};

/// What an expression calls the record.
const RECORD: &str = "x";

/// Reads an expression over `x`; `name` is what messages call its text. The modules that programs of the
/// command line have in scope are in scope.
///
/// # Errors
/// What is no Python expression, what is outside of the language, and what can be no key or condition.
pub fn record_function(name: &str, text: &str) -> Result<RecordFunction, Diagnostic> {
    let source = Arc::new(Source { name: name.into(), text: text.into() });
    let code = parse_expression(&source, &[RECORD])?;
    if code.is_generator {
        return Err(
            Diagnostic::new(&source, code.span, "a generator has no value here").help("leave out the yield")
        );
    }
    if let Some(StmtKind::Return(Some(Expr { kind: ExprKind::Lambda(_), span }))) =
        code.body.last().map(|statement| &statement.kind)
    {
        return Err(Diagnostic::new(&source, *span, "a function is no value of a record")
            .help("write the lambda's body alone: x is the record"));
    }
    // Nobody sees in which order workers print.
    let is_known = |name: &str| name != "print" && is_builtin(name);
    check(&code, &Known { names: &IN_SCOPE, is_builtin: &is_known, modules: &[], attributes: &[] })?;
    let modules =
        IN_SCOPE.iter().filter_map(|name| Some(((*name).into(), Frozen::Module(python::module(name)?))));
    let entry = Frozen::Function { code, captured: Arc::default(), defaults: Arc::default() };
    let image = Image { entry, globals: modules.collect(), cells: Vec::new(), parse: Some(parse_eval) };
    Ok(RecordFunction { text: text.into(), image: Arc::new(image) })
}
