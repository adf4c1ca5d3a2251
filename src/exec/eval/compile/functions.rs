//! Functions: their parameters, their bodies, and what makes them at run time.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::block::{Block, Step};
use super::super::frame::{Closure, Frame};
use super::super::instance::function;
use super::super::unit::{Body, Expr, Signature, Unit};
use super::names::index;
use super::{Builder, ProgramBuilder, expr};
use crate::batch::value::{Raised, Value};
use crate::plan::code::{self, Capture, Code, ExprKind, Params, Stmt, StmtKind};

/// What makes a closure.
pub type MakeClosure = Box<dyn for<'f, 'a> Fn(&Frame<'f, 'a>) -> Result<Closure<'a>, Raised> + Send + Sync>;

/// Compiles a function; or what gives the value of a part of its.
pub fn unit(
    program: &mut ProgramBuilder<'_>,
    code: &Code,
    part: Option<&code::Expr>,
    qualified: String,
) -> Unit {
    let signature = signature(&code.params);
    let parameters = signature.len();
    let parameter = |local: &u32| Some(index(*local)).filter(|local| *local < parameters);
    let cells: Vec<_> = code.cells.iter().map(parameter).collect();
    let cell_names = code.cells.iter().map(|local| code.locals[index(*local)].clone()).collect();
    let mut builder = Builder {
        program,
        code,
        qualified,
        inner: Vec::new(),
        slots: code.locals.len(),
        steps: Vec::new(),
        tries: Vec::new(),
        labels: Vec::new(),
        nest: Vec::new(),
        handled: Vec::new(),
        hoisted: HashMap::new(),
    };
    let body = match part {
        Some(part) => Body::Value(builder.expr(part)),
        None => builder.body(),
    };
    Unit {
        name: code.name.clone(),
        qualified: builder.qualified,
        signature,
        locals: code.locals.clone(),
        slots: builder.slots,
        cells,
        cell_names,
        captures: code.captures.clone(),
        body,
        inner: builder.inner,
    }
}

fn signature(params: &Params) -> Signature {
    let defaults = params.positional.iter().filter(|param| param.default.is_some()).count();
    let mut next = defaults;
    let keyword_only = params.keyword_only.iter().map(|param| {
        let default = param.default.as_ref().map(|_| {
            next += 1;
            next - 1
        });
        (param.name.clone(), default)
    });
    Signature {
        keyword_only: keyword_only.collect(),
        positional: params.positional.iter().map(|param| param.name.clone()).collect(),
        positional_only: params.positional_only,
        defaults,
        rest: params.rest.is_some(),
        keywords: params.keywords.is_some(),
    }
}

impl Builder<'_, '_> {
    fn body(&mut self) -> Body {
        let code = self.code;
        let idle = |statement: &&Stmt| match &statement.kind {
            StmtKind::Pass => true,
            StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Const(_)),
            _ => false,
        };
        let statements: Vec<&Stmt> = code.body.iter().filter(|statement| !idle(statement)).collect();
        if !code.is_generator
            && let [Stmt { kind: StmtKind::Return(Some(value)), .. }] = statements[..]
        {
            return Body::Value(self.expr(value));
        }
        self.statements(&code.body);
        self.steps.push(Step::Return(expr(|_| Ok(Value::None))));
        let block = self.block();
        if code.is_generator { Body::Generator(block) } else { Body::Block(block) }
    }

    /// The steps so far, labels replaced by what they name.
    fn block(&mut self) -> Block {
        let mut steps = std::mem::take(&mut self.steps);
        let mut tries = std::mem::take(&mut self.tries);
        // A jump to a jump goes where that goes. A chain of them ends: every loop has other steps.
        let targets: Vec<usize> = self
            .labels
            .iter()
            .map(|place| {
                let mut place = *place;
                while let Some(Step::Jump(label)) = steps.get(place) {
                    place = self.labels[*label];
                }
                place
            })
            .collect();
        let place = |label: &mut usize| *label = targets[*label];
        for step in &mut steps {
            match step {
                Step::Jump(to)
                | Step::JumpUnless(_, to)
                | Step::RepeatIf(_, to)
                | Step::NextSlot { start: to, .. }
                | Step::NextStore { start: to, .. }
                | Step::Match { otherwise: to, .. } => place(to),
                Step::Leave(_, ways) => ways.iter_mut().for_each(place),
                _ => {}
            }
        }
        tries.iter_mut().for_each(|tried| place(&mut tried.handler));
        Block { steps, tries }
    }

    /// A lambda or `def`.
    pub fn function(&mut self, code: &Arc<Code>) -> Expr {
        let closure = self.closure(code);
        expr(move |frame| Ok(function(frame.heap, closure(frame)?)))
    }

    /// What makes the closure of a function that is written inside of this one.
    pub fn closure(&mut self, code: &Arc<Code>) -> MakeClosure {
        let params = code.params.positional.iter().chain(&code.params.keyword_only);
        let defaults = params.filter_map(|param| param.default.as_ref());
        let defaults: Vec<Expr> = defaults.map(|default| self.expr(default)).collect();
        let captures: Vec<Capture> = code.captures.iter().map(|(capture, _)| *capture).collect();
        let qualified = match &*self.qualified {
            "" => code.name.clone(),
            outer => format!("{outer}.<locals>.{}", code.name),
        };
        let inner = unit(self.program, code, None, qualified);
        self.inner.push(inner);
        let number = self.inner.len() - 1;
        Box::new(move |frame| {
            let bump = frame.heap.bump();
            let captured = captures.iter().map(|capture| match capture {
                Capture::Cell(cell) => frame.cells[index(*cell)].get(),
                Capture::Outer(outer) => frame.closure.captured[index(*outer)],
            });
            let mut values = Vec::with_capacity(defaults.len());
            for default in &defaults {
                values.push(default(frame)?);
            }
            Ok(Closure {
                unit: &frame.closure.unit.inner[number],
                shared: frame.closure.shared,
                captured: bump.alloc_slice_fill_iter(captured),
                defaults: bump.alloc_slice_copy(&values),
            })
        })
    }
}
