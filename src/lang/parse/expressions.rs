//! Expressions of the parser's tree to ours.

use std::sync::Arc;

use num_bigint::BigInt;
use ruff_python_ast::{self as ast};
use ruff_text_size::{Ranged, TextRange};

use super::Lower;
use crate::batch::value::{Binary, Unary};
use crate::lang::diagnostics::Diagnostic;
use crate::plan::code::{
    Arg, Clause, Code, Comparison, Comprehension, ComprehensionKind, Const, Expr, ExprKind, Item, Param,
    Params, Place, Span, Stmt, StmtKind, Target,
};

type Lowered<T> = Result<T, Diagnostic>;

impl Lower<'_> {
    /// Any expression but those that have a meaning in few places only (slices, `*x`).
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Lowered<Expr> {
        let range = expr.range();
        self.deeper(range, |lower| Ok(Expr { kind: lower.expr_kind(expr)?, span: span(range) }))
    }

    fn boxed(&mut self, expr: &ast::Expr) -> Lowered<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    pub(super) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Lowered<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_kind(&mut self, expr: &ast::Expr) -> Lowered<ExprKind> {
        Ok(match expr {
            ast::Expr::NoneLiteral(_) => ExprKind::Const(Const::None),
            ast::Expr::BooleanLiteral(literal) => ExprKind::Const(Const::Bool(literal.value)),
            ast::Expr::EllipsisLiteral(_) => ExprKind::Const(Const::Ellipsis),
            ast::Expr::NumberLiteral(literal) => ExprKind::Const(self.number(literal)?),
            ast::Expr::StringLiteral(literal) => ExprKind::Const(self.string(literal)?),
            ast::Expr::BytesLiteral(literal) => {
                ExprKind::Const(Const::Bytes(literal.value.bytes().collect()))
            }
            ast::Expr::FString(format) => self.format(format)?,
            ast::Expr::Name(name) => ExprKind::Name(self.place(&name.id, name.range)?),
            ast::Expr::UnaryOp(unary) => {
                let operand = self.boxed(&unary.operand)?;
                match unary.op {
                    ast::UnaryOp::Not => ExprKind::Not(operand),
                    ast::UnaryOp::USub => ExprKind::Unary(Unary::Minus, operand),
                    ast::UnaryOp::UAdd => ExprKind::Unary(Unary::Plus, operand),
                    ast::UnaryOp::Invert => ExprKind::Unary(Unary::Invert, operand),
                }
            }
            ast::Expr::BinOp(operation) => {
                self.refuse_print_chevron(operation)?;
                let left = self.boxed(&operation.left)?;
                ExprKind::Binary(binary(operation.op), left, self.boxed(&operation.right)?)
            }
            ast::Expr::BoolOp(operation) => {
                let operands = self.exprs(&operation.values)?;
                match operation.op {
                    ast::BoolOp::And => ExprKind::And(operands),
                    ast::BoolOp::Or => ExprKind::Or(operands),
                }
            }
            ast::Expr::Compare(compare) => {
                let left = self.boxed(&compare.left)?;
                let others = self.exprs(&compare.comparators)?;
                ExprKind::Compare(left, compare.ops.iter().copied().map(comparison).zip(others).collect())
            }
            ast::Expr::If(choice) => ExprKind::If {
                test: self.boxed(&choice.test)?,
                then: self.boxed(&choice.body)?,
                otherwise: self.boxed(&choice.orelse)?,
            },
            ast::Expr::Call(call) => {
                ExprKind::Call { callee: self.boxed(&call.func)?, args: self.args(&call.arguments)? }
            }
            ast::Expr::Attribute(attribute) => {
                ExprKind::Attribute(self.boxed(&attribute.value)?, attribute.attr.as_str().into())
            }
            ast::Expr::Subscript(subscript) => {
                let value = self.boxed(&subscript.value)?;
                match &*subscript.slice {
                    ast::Expr::Slice(slice) => {
                        let [start, stop, step] = self.bounds(slice)?;
                        ExprKind::Slice(value, [start, stop, step].map(|bound| bound.map(Box::new)))
                    }
                    index => ExprKind::Index(value, self.boxed(index)?),
                }
            }
            ast::Expr::Tuple(tuple) => ExprKind::Tuple(self.items(&tuple.elts)?),
            ast::Expr::List(list) => ExprKind::List(self.items(&list.elts)?),
            ast::Expr::Set(set) => ExprKind::Set(self.items(&set.elts)?),
            ast::Expr::Dict(dict) => ExprKind::Dict(
                dict.items
                    .iter()
                    .map(|item| {
                        let key = item.key.as_ref().map(|key| self.expr(key)).transpose()?;
                        Ok((key, self.expr(&item.value)?))
                    })
                    .collect::<Lowered<_>>()?,
            ),
            ast::Expr::ListComp(list) => self.comprehension(list.range, &list.generators, |lower| {
                Ok(ComprehensionKind::List(lower.expr(&list.elt)?))
            })?,
            ast::Expr::SetComp(set) => self.comprehension(set.range, &set.generators, |lower| {
                Ok(ComprehensionKind::Set(lower.expr(&set.elt)?))
            })?,
            ast::Expr::DictComp(dict) => {
                let Some(key) = &dict.key else {
                    return Err(self.fault(dict.range, "dict unpacking cannot be used in dict comprehension"));
                };
                self.comprehension(dict.range, &dict.generators, |lower| {
                    Ok(ComprehensionKind::Dict(lower.expr(key)?, lower.expr(&dict.value)?))
                })?
            }
            ast::Expr::Generator(generator) => self.generator(generator)?,
            ast::Expr::Lambda(lambda) => ExprKind::Lambda(self.lambda(lambda)?),
            ast::Expr::Named(named) => {
                let ast::Expr::Name(name) = &*named.target else {
                    return Err(
                        self.fault(named.target.range(), "assignment expression target must be a name")
                    );
                };
                let value = self.boxed(&named.value)?;
                ExprKind::Assign(self.place(&name.id, name.range)?, value)
            }
            ast::Expr::Yield(yielded) => {
                ExprKind::Yield(yielded.value.as_deref().map(|value| self.boxed(value)).transpose()?)
            }
            ast::Expr::YieldFrom(yielded) => ExprKind::YieldFrom(self.boxed(&yielded.value)?),
            ast::Expr::Starred(starred) => {
                return Err(self.fault(starred.range, "can't use starred expression here"));
            }
            ast::Expr::Slice(slice) => {
                return Err(self.fault(slice.range, "slices inside of a tuple are not supported"));
            }
            ast::Expr::Await(awaited) => return Err(self.no_async(awaited.range)),
            ast::Expr::TString(template) => {
                return Err(self
                    .fault(template.range, "template strings are not supported")
                    .help("use an f-string"));
            }
            ast::Expr::IpyEscapeCommand(command) => return Err(self.no_ipython(command.range)),
        })
    }

    pub(super) fn bounds(&mut self, slice: &ast::ExprSlice) -> Lowered<[Option<Expr>; 3]> {
        let mut bound =
            |expr: &Option<Box<ast::Expr>>| expr.as_deref().map(|expr| self.expr(expr)).transpose();
        Ok([bound(&slice.lower)?, bound(&slice.upper)?, bound(&slice.step)?])
    }

    fn items(&mut self, items: &[ast::Expr]) -> Lowered<Vec<Item>> {
        items
            .iter()
            .map(|item| match item {
                ast::Expr::Starred(starred) => Ok(Item::Unpacked(self.expr(&starred.value)?)),
                item => Ok(Item::One(self.expr(item)?)),
            })
            .collect()
    }

    /// Arguments by position are evaluated before those by name, whatever stands first.
    fn args(&mut self, arguments: &ast::Arguments) -> Lowered<Vec<Arg>> {
        let mut args = Vec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for arg in &arguments.args {
            args.push(match arg {
                ast::Expr::Starred(starred) => Arg::Unpacked(self.expr(&starred.value)?),
                arg => Arg::Positional(self.expr(arg)?),
            });
        }
        for (number, keyword) in arguments.keywords.iter().enumerate() {
            args.push(match &keyword.arg {
                Some(name) => {
                    let is_same =
                        |other: &ast::Keyword| other.arg.as_ref().is_some_and(|other| other.id == name.id);
                    if arguments.keywords[..number].iter().any(is_same) {
                        return Err(self.fault(keyword.range, format!("keyword argument repeated: {name}")));
                    }
                    Arg::Keyword(name.as_str().into(), self.expr(&keyword.value)?)
                }
                None => Arg::Keywords(self.expr(&keyword.value)?),
            });
        }
        Ok(args)
    }

    fn comprehension(
        &mut self,
        range: TextRange,
        clauses: &[ast::Comprehension],
        result: impl FnOnce(&mut Self) -> Lowered<ComprehensionKind>,
    ) -> Lowered<ExprKind> {
        let scope = self.scopes.at(range);
        let around = self.scope;
        let mut lowered = Vec::with_capacity(clauses.len());
        for clause in clauses {
            if clause.is_async {
                return Err(self.no_async(clause.range));
            }
            // The first iterable is evaluated outside.
            let iterable = self.expr(&clause.iter)?;
            self.scope = scope;
            let target = self.target(&clause.target)?;
            lowered.push(Clause { target, iterable, conditions: self.exprs(&clause.ifs)? });
        }
        let kind = result(self)?;
        self.scope = around;
        let cells = self.scopes.own_cells(scope);
        Ok(ExprKind::Comprehension(Box::new(Comprehension { kind, clauses: lowered, cells })))
    }

    /// A generator expression is a function: nested loops around a `yield`.
    fn generator(&mut self, generator: &ast::ExprGenerator) -> Lowered<ExprKind> {
        let Some((first, others)) = generator.generators.split_first() else {
            return Err(self.fault(generator.range, "a generator expression needs a 'for'"));
        };
        let iterable = self.boxed(&first.iter)?;
        let params = Params {
            positional: vec![Param { name: ".0".into(), default: None }],
            positional_only: 1,
            ..Params::default()
        };
        let code = self.code("<genexpr>", generator.range, params, |lower| {
            let at = span(generator.elt.range());
            let item = Expr { kind: ExprKind::Yield(Some(lower.boxed(&generator.elt)?)), span: at };
            let mut body = Stmt { kind: StmtKind::Expr(item), span: at };
            for clause in others.iter().rev() {
                let iterable = lower.expr(&clause.iter)?;
                body = lower.generator_loop(clause, iterable, body)?;
            }
            let source = Expr {
                kind: ExprKind::Name(lower.place(".0", first.iter.range())?),
                span: span(first.iter.range()),
            };
            Ok(vec![lower.generator_loop(first, source, body)?])
        })?;
        Ok(ExprKind::Generator(code, iterable))
    }

    fn generator_loop(
        &mut self,
        clause: &ast::Comprehension,
        iterable: Expr,
        mut body: Stmt,
    ) -> Lowered<Stmt> {
        if clause.is_async {
            return Err(self.no_async(clause.range));
        }
        for condition in clause.ifs.iter().rev() {
            let test = self.expr(condition)?;
            body = Stmt { span: test.span, kind: StmtKind::If(test, vec![body], Vec::new()) };
        }
        let target = self.target(&clause.target)?;
        Ok(Stmt { kind: StmtKind::For(target, iterable, vec![body], Vec::new()), span: span(clause.range) })
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda) -> Lowered<Arc<Code>> {
        let params = match &lambda.parameters {
            Some(parameters) => self.params(parameters)?,
            None => Params::default(),
        };
        self.code("<lambda>", lambda.range, params, |lower| Ok(vec![returned(lower.expr(&lambda.body)?)]))
    }

    /// What is assigned to.
    pub(super) fn target(&mut self, target: &ast::Expr) -> Lowered<Target> {
        self.deeper(target.range(), |lower| lower.target_kind(target))
    }

    fn target_kind(&mut self, target: &ast::Expr) -> Lowered<Target> {
        let at = span(target.range());
        Ok(match target {
            ast::Expr::Name(name) => Target::Name(self.place(&name.id, name.range)?, at),
            ast::Expr::Attribute(attribute) => {
                Target::Attribute(self.expr(&attribute.value)?, attribute.attr.as_str().into(), at)
            }
            ast::Expr::Subscript(subscript) => {
                let value = self.expr(&subscript.value)?;
                match &*subscript.slice {
                    ast::Expr::Slice(slice) => Target::Slice(value, Box::new(self.bounds(slice)?), at),
                    index => Target::Index(value, self.expr(index)?, at),
                }
            }
            ast::Expr::Tuple(ast::ExprTuple { elts, .. }) | ast::Expr::List(ast::ExprList { elts, .. }) => {
                let mut targets = Vec::with_capacity(elts.len());
                let mut rest = None;
                for (number, target) in elts.iter().enumerate() {
                    targets.push(match target {
                        ast::Expr::Starred(starred) => {
                            if rest.replace(number).is_some() {
                                let message = "multiple starred expressions in assignment";
                                return Err(self.fault(starred.range, message));
                            }
                            self.target(&starred.value)?
                        }
                        target => self.target(target)?,
                    });
                }
                Target::Unpack(targets, rest, at)
            }
            ast::Expr::Starred(starred) => {
                let message = "starred assignment target must be in a list or tuple";
                return Err(self.fault(starred.range, message));
            }
            other => return Err(self.fault(other.range(), "cannot assign to this expression")),
        })
    }

    fn number(&self, literal: &ast::ExprNumberLiteral) -> Lowered<Const> {
        match &literal.value {
            ast::Number::Int(number) => match number.as_i64() {
                Some(number) => Ok(Const::Int(number)),
                None => self.big(&number.to_string(), literal.range),
            },
            ast::Number::Float(number) => Ok(Const::Float(*number)),
            ast::Number::Complex { .. } => {
                Err(self.fault(literal.range, "complex numbers are not supported"))
            }
        }
    }

    fn big(&self, digits: &str, range: TextRange) -> Lowered<Const> {
        let digits = digits.replace('_', "").to_ascii_lowercase();
        let (digits, radix) = match digits.get(..2) {
            Some("0x") => (&digits[2..], 16),
            Some("0o") => (&digits[2..], 8),
            Some("0b") => (&digits[2..], 2),
            _ => (&digits[..], 10),
        };
        if radix == 10 && digits.len() > MOST_DIGITS {
            let message = format!(
                "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion: value has {} digits",
                digits.len()
            );
            return Err(self.fault(range, message).help("consider hexadecimal for huge integer literals"));
        }
        match BigInt::parse_bytes(digits.as_bytes(), radix) {
            Some(number) => Ok(Const::Big(number.to_string())),
            None => Err(self.fault(range, "this is no number")),
        }
    }

    /// A name's place; within a class body its own names have none.
    pub(super) fn place(&self, name: &str, range: TextRange) -> Lowered<Place> {
        self.scopes.place(self.scope, name).ok_or_else(|| {
            self.fault(
                range,
                format!(
                    "'{name}' is an attribute of the class that is being made: using it here is not supported"
                ),
            )
            .help("assign it outside of the class first")
        })
    }

    /// `print >>sys.stderr, …` of Python 2, which is a shift of a function in Python 3.
    fn refuse_print_chevron(&self, operation: &ast::ExprBinOp) -> Lowered<()> {
        match &*operation.left {
            ast::Expr::Name(name) if name.id.as_str() == "print" && operation.op == ast::Operator::RShift => {
                let file = &self.source.text[operation.right.range()];
                Err(self
                    .fault(operation.range, "missing parentheses in call to 'print'")
                    .help(format!("print is a function in Python 3: print(…, file={file})")))
            }
            _ => Ok(()),
        }
    }
}

/// Digits of an `int` that CPython reads in decimal.
const MOST_DIGITS: usize = 4300;

/// `return value`
pub(super) fn returned(value: Expr) -> Stmt {
    Stmt { span: value.span, kind: StmtKind::Return(Some(value)) }
}

/// The parser's byte range as ours.
pub(super) fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

/// The operator of `x op y` and `x op= y`.
pub(super) fn binary(operator: ast::Operator) -> Binary {
    match operator {
        ast::Operator::Add => Binary::Add,
        ast::Operator::Sub => Binary::Sub,
        ast::Operator::Mult => Binary::Mul,
        ast::Operator::MatMult => Binary::MatMul,
        ast::Operator::Div => Binary::Div,
        ast::Operator::Mod => Binary::Mod,
        ast::Operator::Pow => Binary::Pow,
        ast::Operator::LShift => Binary::LeftShift,
        ast::Operator::RShift => Binary::RightShift,
        ast::Operator::BitOr => Binary::Or,
        ast::Operator::BitXor => Binary::Xor,
        ast::Operator::BitAnd => Binary::And,
        ast::Operator::FloorDiv => Binary::FloorDiv,
    }
}

fn comparison(operator: ast::CmpOp) -> Comparison {
    match operator {
        ast::CmpOp::Eq => Comparison::Equal,
        ast::CmpOp::NotEq => Comparison::NotEqual,
        ast::CmpOp::Lt => Comparison::Less,
        ast::CmpOp::LtE => Comparison::LessEqual,
        ast::CmpOp::Gt => Comparison::Greater,
        ast::CmpOp::GtE => Comparison::GreaterEqual,
        ast::CmpOp::Is => Comparison::Is,
        ast::CmpOp::IsNot => Comparison::IsNot,
        ast::CmpOp::In => Comparison::In,
        ast::CmpOp::NotIn => Comparison::NotIn,
    }
}
