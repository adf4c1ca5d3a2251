//! Statements of the parser's tree to ours.

use std::sync::Arc;

use ruff_python_ast::{self as ast};
use ruff_text_size::{Ranged, TextRange};

use super::Lower;
use super::expressions::{binary, span};
use crate::lang::diagnostics::Diagnostic;
use crate::plan::code::{Code, Expr, Handler, Place, Stmt, StmtKind, Target};

type Lowered<T> = Result<T, Diagnostic>;

impl Lower<'_> {
    /// A block.
    pub(super) fn suite(&mut self, body: &[ast::Stmt]) -> Lowered<Vec<Stmt>> {
        let mut lowered = Vec::with_capacity(body.len());
        for stmt in body {
            match stmt {
                ast::Stmt::Import(import) => {
                    for alias in &import.names {
                        lowered.push(self.import(alias)?);
                    }
                }
                stmt => lowered.push(self.stmt(stmt)?),
            }
        }
        Ok(lowered)
    }

    fn stmt(&mut self, stmt: &ast::Stmt) -> Lowered<Stmt> {
        let range = stmt.range();
        self.deeper(range, |lower| Ok(Stmt { kind: lower.stmt_kind(stmt)?, span: span(range) }))
    }

    fn maybe(&mut self, expr: Option<&ast::Expr>) -> Lowered<Option<Expr>> {
        expr.map(|expr| self.expr(expr)).transpose()
    }

    fn targets(&mut self, targets: &[ast::Expr]) -> Lowered<Vec<Target>> {
        targets.iter().map(|target| self.target(target)).collect()
    }

    fn stmt_kind(&mut self, stmt: &ast::Stmt) -> Lowered<StmtKind> {
        Ok(match stmt {
            ast::Stmt::Expr(expr) => StmtKind::Expr(self.expr(&expr.value)?),
            ast::Stmt::Assign(assign) => {
                let value = self.expr(&assign.value)?;
                StmtKind::Assign(self.targets(&assign.targets)?, value)
            }
            ast::Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => {
                    let value = self.expr(value)?;
                    StmtKind::Assign(vec![self.target(&assign.target)?], value)
                }
                None => StmtKind::Pass,
            },
            ast::Stmt::AugAssign(assign) => {
                let target = self.target(&assign.target)?;
                StmtKind::AugAssign(target, binary(assign.op), self.expr(&assign.value)?)
            }
            ast::Stmt::Delete(delete) => StmtKind::Delete(self.targets(&delete.targets)?),
            ast::Stmt::Return(returned) => {
                if !self.scopes.is_function(self.scope) {
                    return Err(self.fault(returned.range, "'return' outside function"));
                }
                StmtKind::Return(self.maybe(returned.value.as_deref())?)
            }
            ast::Stmt::If(choice) => self.choice(choice)?,
            ast::Stmt::While(repeat) => {
                let test = self.expr(&repeat.test)?;
                let body = self.looped(&repeat.body)?;
                StmtKind::While(test, body, self.suite(&repeat.orelse)?)
            }
            ast::Stmt::For(repeat) => {
                if repeat.is_async {
                    return Err(self.no_async(repeat.range));
                }
                let iterable = self.expr(&repeat.iter)?;
                let target = self.target(&repeat.target)?;
                let body = self.looped(&repeat.body)?;
                StmtKind::For(target, iterable, body, self.suite(&repeat.orelse)?)
            }
            ast::Stmt::Break(at) if self.loops == 0 => {
                return Err(self.fault(at.range, "'break' outside loop"));
            }
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(at) if self.loops == 0 => {
                return Err(self.fault(at.range, "'continue' not properly in loop"));
            }
            ast::Stmt::Continue(_) => StmtKind::Continue,
            ast::Stmt::Pass(_) | ast::Stmt::Global(_) | ast::Stmt::Nonlocal(_) => StmtKind::Pass,
            ast::Stmt::FunctionDef(def) => {
                let place = self.place(&def.name, def.name.range)?;
                StmtKind::Def(place, self.def(def)?)
            }
            ast::Stmt::ClassDef(class) => self.class(class)?,
            // Several statements of ours: a block makes them.
            ast::Stmt::Import(_) => StmtKind::Pass,
            ast::Stmt::ImportFrom(import) => self.import_from(import)?,
            ast::Stmt::Raise(raise) => {
                self.maybe(raise.cause.as_deref())?;
                StmtKind::Raise(self.maybe(raise.exc.as_deref())?)
            }
            ast::Stmt::Assert(assert) => {
                let test = self.expr(&assert.test)?;
                StmtKind::Assert(test, self.maybe(assert.msg.as_deref())?)
            }
            ast::Stmt::Try(attempt) => self.attempt(attempt)?,
            ast::Stmt::With(with) => self.with(with)?,
            ast::Stmt::Match(choice) => {
                return Err(self
                    .fault(choice.range, "match statements are not supported")
                    .help("use if and elif"));
            }
            ast::Stmt::TypeAlias(alias) => {
                return Err(self.fault(alias.range, "type aliases are not supported"));
            }
            ast::Stmt::IpyEscapeCommand(command) => return Err(self.no_ipython(command.range)),
        })
    }

    fn choice(&mut self, choice: &ast::StmtIf) -> Lowered<StmtKind> {
        let test = self.expr(&choice.test)?;
        let body = self.suite(&choice.body)?;
        Ok(StmtKind::If(test, body, self.otherwise(&choice.elif_else_clauses, choice.range)?))
    }

    /// `elif` is an `if` in the `else`.
    fn otherwise(&mut self, clauses: &[ast::ElifElseClause], whole: TextRange) -> Lowered<Vec<Stmt>> {
        let Some((clause, others)) = clauses.split_first() else { return Ok(Vec::new()) };
        let Some(test) = &clause.test else { return self.suite(&clause.body) };
        let range = TextRange::new(clause.range.start(), whole.end());
        self.deeper(range, |lower| {
            let test = lower.expr(test)?;
            let body = lower.suite(&clause.body)?;
            let kind = StmtKind::If(test, body, lower.otherwise(others, whole)?);
            Ok(vec![Stmt { kind, span: span(range) }])
        })
    }

    fn looped(&mut self, body: &[ast::Stmt]) -> Lowered<Vec<Stmt>> {
        self.loops += 1;
        let body = self.suite(body);
        self.loops -= 1;
        body
    }

    fn def(&mut self, def: &ast::StmtFunctionDef) -> Lowered<Arc<Code>> {
        if def.is_async {
            return Err(self.no_async(def.range));
        }
        self.refuse_decorators(&def.decorator_list)?;
        self.refuse_type_parameters(def.type_params.as_deref())?;
        let params = self.params(&def.parameters)?;
        self.code(&def.name, def.range, params, |lower| lower.suite(&def.body))
    }

    fn refuse_decorators(&self, decorators: &[ast::Decorator]) -> Lowered<()> {
        match decorators.first() {
            Some(decorator) => Err(self
                .fault(decorator.range, "decorators are not supported")
                .help("call it on the function: f = decorator(f)")),
            None => Ok(()),
        }
    }

    fn refuse_type_parameters(&self, parameters: Option<&ast::TypeParams>) -> Lowered<()> {
        match parameters {
            Some(parameters) => Err(self.fault(parameters.range, "type parameters are not supported")),
            None => Ok(()),
        }
    }

    /// A class: methods, and attributes with a value each.
    fn class(&mut self, class: &ast::StmtClassDef) -> Lowered<StmtKind> {
        self.refuse_decorators(&class.decorator_list)?;
        self.refuse_type_parameters(class.type_params.as_deref())?;
        let place = self.place(&class.name, class.name.range)?;
        let mut bases = Vec::new();
        if let Some(arguments) = &class.arguments {
            if let Some(keyword) = arguments.keywords.first() {
                return Err(self.fault(keyword.range, "keywords of a class are not supported"));
            }
            bases = self.exprs(&arguments.args)?;
        }
        let around = self.scope;
        self.scope = self.scopes.at(class.range);
        let mut methods = Vec::new();
        let mut attributes = Vec::new();
        for stmt in &class.body {
            match stmt {
                ast::Stmt::FunctionDef(def) => methods.push((def.name.as_str().into(), self.def(def)?)),
                ast::Stmt::Assign(assign) => {
                    for target in &assign.targets {
                        let name = self.class_attribute(target)?;
                        attributes.push((name, self.expr(&assign.value)?));
                    }
                }
                ast::Stmt::AnnAssign(assign) => {
                    let name = self.class_attribute(&assign.target)?;
                    if let Some(value) = &assign.value {
                        attributes.push((name, self.expr(value)?));
                    }
                }
                ast::Stmt::Pass(_) => {}
                // A docstring, or `...`.
                ast::Stmt::Expr(expr) if is_constant(&expr.value) => {}
                other => {
                    return Err(self
                        .fault(other.range(), "only methods and attributes are supported in a class")
                        .help("move this out of the class"));
                }
            }
        }
        self.scope = around;
        Ok(StmtKind::Class { place, name: class.name.as_str().into(), bases, methods, attributes })
    }

    fn class_attribute(&self, target: &ast::Expr) -> Lowered<Arc<str>> {
        match target {
            ast::Expr::Name(name) => Ok(name.id.as_str().into()),
            other => Err(self.fault(other.range(), "only names can be assigned to in a class")),
        }
    }

    /// One module of an `import`.
    fn import(&mut self, alias: &ast::Alias) -> Lowered<Stmt> {
        let top = alias.name.split('.').next().unwrap_or_default();
        let name = alias.asname.as_ref().map_or(top, |name| name.as_str());
        let kind = StmtKind::Import {
            module: alias.name.as_str().into(),
            place: self.place(name, alias.range)?,
            renamed: alias.asname.is_some(),
        };
        Ok(Stmt { kind, span: span(alias.range) })
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom) -> Lowered<StmtKind> {
        let Some(module) = import.module.as_ref().filter(|_| import.level == 0) else {
            return Err(self.fault(import.range, "relative imports are not supported: a program is one file"));
        };
        let mut names = Vec::with_capacity(import.names.len());
        for alias in &import.names {
            if &alias.name == "*" {
                if !self.scopes.is_module(self.scope) {
                    return Err(self.fault(alias.range, "import * only allowed at module level"));
                }
                names.push(("*".into(), Place::Global("*".into())));
            } else {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                names.push((alias.name.as_str().into(), self.place(name, alias.range)?));
            }
        }
        Ok(StmtKind::ImportFrom { module: module.as_str().into(), names })
    }

    fn attempt(&mut self, attempt: &ast::StmtTry) -> Lowered<StmtKind> {
        if attempt.is_star {
            return Err(self.fault(attempt.range, "except* is not supported").help("use except"));
        }
        let body = self.suite(&attempt.body)?;
        let mut handlers = Vec::with_capacity(attempt.handlers.len());
        for (number, ast::ExceptHandler::ExceptHandler(handler)) in attempt.handlers.iter().enumerate() {
            if handler.type_.is_none() && number + 1 < attempt.handlers.len() {
                return Err(self.fault(handler.range, "default 'except:' must be last"));
            }
            let classes = self.maybe(handler.type_.as_deref())?;
            let place = handler.name.as_ref().map(|name| self.place(name, name.range)).transpose()?;
            handlers.push(Handler { classes, place, body: self.suite(&handler.body)? });
        }
        let otherwise = self.suite(&attempt.orelse)?;
        Ok(StmtKind::Try { body, handlers, otherwise, finally: self.suite(&attempt.finalbody)? })
    }

    fn with(&mut self, with: &ast::StmtWith) -> Lowered<StmtKind> {
        if with.is_async {
            return Err(self.no_async(with.range));
        }
        let mut items = Vec::with_capacity(with.items.len());
        for item in &with.items {
            let value = self.expr(&item.context_expr)?;
            let target = item.optional_vars.as_deref().map(|target| self.target(target)).transpose()?;
            items.push((value, target));
        }
        Ok(StmtKind::With(items, self.suite(&with.body)?))
    }
}

fn is_constant(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_))
}
