//! Text to tree. The one place that knows the Python parser: its tree is read here, resolved
//! ([`scopes`]) and made into ours ([`crate::plan::code`]), and what is outside of the language is refused.

mod expressions;
mod nesting;
mod scopes;
mod statements;
mod strings;
mod syntax;

use std::sync::Arc;

use ruff_python_ast::{self as ast, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, Parsed};
use ruff_text_size::TextRange;

use super::diagnostics::Diagnostic;
use crate::plan::code::{Code, Param, Params, Source, Span, Stmt};
use expressions::{returned, span};
use scopes::{OUTERMOST, Scopes};

/// Bytes that a program may have.
const LONGEST: usize = 4 << 20;

/// How deeply expressions and statements may be nested. Whatever walks the tree may recurse.
const DEEPEST: u32 = 400;

/// Parses a program and resolves its names.
///
/// # Errors
/// What is no Python, and what is outside of the language.
pub fn parse(source: &Arc<Source>) -> Result<Arc<Code>, Diagnostic> {
    let ast::Mod::Module(module) = read(source, Mode::Module)? else {
        return Err(Diagnostic::new(source, Span::default(), "this is no program"));
    };
    let scopes = Scopes::of_module(&module.body).map_err(|fault| shown(source, fault))?;
    let mut lower = Lower::new(source, &scopes);
    let body = lower.suite(&module.body)?;
    Ok(Arc::new(lower.finish("<module>", module.range, Params::default(), body)))
}

/// Parses an expression over parameters of the given names: the code of `lambda parameters: text`.
///
/// # Errors
/// As [`parse`].
pub fn parse_expression(source: &Arc<Source>, parameters: &[&str]) -> Result<Arc<Code>, Diagnostic> {
    let ast::Mod::Expression(expression) = read(source, Mode::Expression)? else {
        return Err(Diagnostic::new(source, Span::default(), "this is no expression"));
    };
    let scopes = Scopes::of_expression(parameters, &expression.body).map_err(|fault| shown(source, fault))?;
    let mut lower = Lower::new(source, &scopes);
    let value = lower.expr(&expression.body)?;
    let positional =
        parameters.iter().map(|name| Param { name: (*name).to_string(), default: None }).collect();
    let params = Params { positional, ..Params::default() };
    Ok(Arc::new(lower.finish("<lambda>", expression.range, params, vec![returned(value)])))
}

/// Parses what `eval` is given ([`ParseExpression`](crate::plan::ParseExpression)).
///
/// # Errors
/// The message of the `SyntaxError`.
pub fn parse_eval(text: &str) -> Result<Arc<Code>, String> {
    let source =
        Arc::new(Source { name: "<string>".into(), text: text.trim_start_matches([' ', '\t']).into() });
    parse_expression(&source, &[]).map_err(|fault| {
        format!("{} (<string>, line {})", fault.message, source.position(fault.span.start).line)
    })
}

/// Has the parser read a text.
fn read(source: &Arc<Source>, mode: Mode) -> Result<ast::Mod, Diagnostic> {
    if source.text.len() > LONGEST {
        let message =
            format!("the program is too long: {} bytes, at most {LONGEST} are supported", source.text.len());
        return Err(Diagnostic::new(source, Span::default(), message));
    }
    nesting::check(source)?;
    // Newer Pythons' syntax is a fault too: the same text is to run on Spark.
    let options = ParseOptions::from(mode).with_target_version(PythonVersion::PY312);
    let parsed: Parsed<ast::Mod> = ruff_python_parser::parse_unchecked(&source.text, options);
    match syntax::first_fault(source, &parsed) {
        Some(fault) => Err(fault),
        None => Ok(parsed.into_syntax()),
    }
}

fn shown(source: &Arc<Source>, (range, message): scopes::Fault) -> Diagnostic {
    Diagnostic::new(source, span(range), message)
}

/// The way from the parser's tree to ours.
struct Lower<'s> {
    source: &'s Arc<Source>,
    scopes: &'s Scopes,
    /// The scope that is being lowered.
    scope: usize,
    /// How many loops are around, within the function.
    loops: u32,
    /// How deeply nested the present place is.
    depth: u32,
}

impl<'s> Lower<'s> {
    fn new(source: &'s Arc<Source>, scopes: &'s Scopes) -> Self {
        Lower { source, scopes, scope: OUTERMOST, loops: 0, depth: 0 }
    }

    fn fault(&self, range: TextRange, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.source, span(range), message)
    }

    fn no_async(&self, range: TextRange) -> Diagnostic {
        self.fault(range, "async and await are not supported")
    }

    fn no_ipython(&self, range: TextRange) -> Diagnostic {
        self.fault(range, "commands of IPython are not supported").help("leave this line out")
    }

    /// Goes one level down.
    fn deeper<T>(
        &mut self,
        range: TextRange,
        lower: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        if self.depth == DEEPEST {
            return Err(nesting::too_deep(self.source, span(range)));
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        lowered
    }

    /// Lowers the body of a function in its scope.
    fn code(
        &mut self,
        name: &str,
        range: TextRange,
        params: Params,
        body: impl FnOnce(&mut Self) -> Result<Vec<Stmt>, Diagnostic>,
    ) -> Result<Arc<Code>, Diagnostic> {
        let mut inside = Lower { scope: self.scopes.at(range), loops: 0, ..*self };
        let body = body(&mut inside)?;
        Ok(Arc::new(inside.finish(name, range, params, body)))
    }

    fn finish(&self, name: &str, range: TextRange, params: Params, body: Vec<Stmt>) -> Code {
        let frame = self.scopes.frame(self.scope);
        Code {
            name: name.to_string(),
            source: Arc::clone(self.source),
            span: span(range),
            params,
            body,
            locals: frame.locals,
            cells: frame.cells,
            captures: frame.captures,
            is_generator: frame.is_generator,
            is_lambda: name == "<lambda>",
        }
    }

    /// Parameters; their defaults belong to the scope around.
    fn params(&mut self, parameters: &ast::Parameters) -> Result<Params, Diagnostic> {
        let mut param = |parameter: &ast::ParameterWithDefault| {
            Ok(Param {
                name: parameter.parameter.name.to_string(),
                default: parameter.default().map(|default| self.expr(default)).transpose()?,
            })
        };
        Ok(Params {
            positional: parameters
                .posonlyargs
                .iter()
                .chain(&parameters.args)
                .map(&mut param)
                .collect::<Result<_, Diagnostic>>()?,
            positional_only: parameters.posonlyargs.len(),
            keyword_only: parameters.kwonlyargs.iter().map(&mut param).collect::<Result<_, Diagnostic>>()?,
            rest: parameters.vararg.as_ref().map(|parameter| parameter.name.to_string()),
            keywords: parameters.kwarg.as_ref().map(|parameter| parameter.name.to_string()),
        })
    }
}
