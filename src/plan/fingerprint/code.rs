//! Fingerprints of functions: of what they do, as far as it can be told from their code and what they refer to.
//!
//! Of functions of the catalogue their names count and what they have captured from the program, not how they
//! are written: that is a matter of versions.

use std::collections::HashSet;
use std::sync::Arc;

use crate::batch::Fingerprinter;
use crate::batch::value::{Binary, Unary};
use crate::plan::code::{
    Arg, Capture, Code, Comparison, Comprehension, ComprehensionKind, Const, Expr, ExprKind, FormatPart,
    Item, Param, Place, Stmt, StmtKind, Target,
};
use crate::plan::{Frozen, Image};

/// Adds the functions of an image.
pub(super) struct Functions<'f> {
    print: &'f mut Fingerprinter,
    image: &'f Image,
    /// Globals and cells that were added already: functions may refer to themselves.
    globals: HashSet<Arc<str>>,
    cells: HashSet<usize>,
}

impl<'f> Functions<'f> {
    pub(super) fn new(print: &'f mut Fingerprinter, image: &'f Image) -> Self {
        Functions { print, image, globals: HashSet::new(), cells: HashSet::new() }
    }

    pub(super) fn image(&mut self) {
        self.frozen(&self.image.entry);
    }

    fn frozen(&mut self, frozen: &'f Frozen) {
        match frozen {
            Frozen::Data(bytes) => _ = self.tag("data").print.add(bytes),
            Frozen::Function { code, captured, defaults } => {
                self.tag("function");
                self.number(defaults.len());
                defaults.iter().for_each(|default| self.frozen(default));
                let mut captured: Vec<_> = captured.iter().zip(&code.captures).collect();
                let is_catalogue = code.source.is_catalogue();
                if is_catalogue {
                    // In which order it needs them is a matter of how it is written.
                    captured.sort_by_key(|(_, (_, name))| name);
                }
                for (cell, (_, name)) in captured {
                    self.cell(*cell, is_catalogue.then_some(name));
                }
                self.code(code);
            }
            Frozen::Tuple(items) => self.tag("tuple").frozen_all(items),
            Frozen::List(items) => self.tag("list").frozen_all(items),
            Frozen::Dict(entries) => {
                self.tag("dict").number(entries.len());
                for (key, value) in entries.iter() {
                    self.frozen(key);
                    self.frozen(value);
                }
            }
            Frozen::Native(native) => _ = self.tag("native").tag(native.name),
            Frozen::Type(class) => _ = self.tag("type").tag(class.name),
            Frozen::Module(module) => _ = self.tag("module").tag(module.name),
            Frozen::Broadcast(value) => self.tag("broadcast").frozen(value),
            Frozen::Accumulator(number) => self.tag("accumulator").number(*number as usize),
        }
    }

    fn frozen_all(&mut self, items: &'f [Frozen]) {
        self.number(items.len());
        items.iter().for_each(|item| self.frozen(item));
    }

    /// What is in a captured variable. What the catalogue has captured of itself does not count.
    fn cell(&mut self, number: usize, of_catalogue: Option<&String>) {
        let image = self.image;
        let value = image.cells.get(number).and_then(Option::as_ref);
        if of_catalogue.is_some() && value.is_none_or(is_opaque) {
            return;
        }
        if let Some(name) = of_catalogue {
            self.tag(name);
        }
        if !self.cells.insert(number) {
            self.tag("known cell");
            return;
        }
        match value {
            Some(value) => self.frozen(value),
            None => _ = self.tag("unbound"),
        }
    }

    fn tag(&mut self, tag: &str) -> &mut Self {
        self.print.add(tag.as_bytes());
        self
    }

    fn number(&mut self, number: usize) {
        self.print.add_number(number as u64);
    }

    fn code(&mut self, code: &Code) {
        self.tag(&code.name);
        if code.source.is_catalogue() {
            return;
        }
        let params = &code.params;
        self.number(params.positional_only);
        for params in [&params.positional, &params.keyword_only] {
            self.number(params.len());
            for Param { name, default } in params {
                self.tag(name);
                self.optional(default.as_ref());
            }
        }
        for name in [&params.rest, &params.keywords] {
            self.number(usize::from(name.is_some()));
        }
        for (capture, _) in &code.captures {
            match capture {
                Capture::Cell(number) => self.tag("cell").number(*number as usize),
                Capture::Outer(number) => self.tag("outer").number(*number as usize),
            }
        }
        self.number(usize::from(code.is_generator));
        self.block(&code.body);
    }

    fn block(&mut self, block: &[Stmt]) {
        self.number(block.len());
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.tag("expression").expr(value),
            StmtKind::Assign(targets, value) => {
                self.tag("assign").targets(targets);
                self.expr(value);
            }
            StmtKind::AugAssign(target, op, value) => {
                self.tag("augmented").tag(binary(*op)).target(target);
                self.expr(value);
            }
            StmtKind::Delete(targets) => self.tag("delete").targets(targets),
            StmtKind::Return(value) => self.tag("return").optional(value.as_ref()),
            StmtKind::If(test, body, otherwise) => {
                self.tag("if").expr(test);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::While(test, body, otherwise) => {
                self.tag("while").expr(test);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::For(target, iterable, body, otherwise) => {
                self.tag("for").target(target);
                self.expr(iterable);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::Break => _ = self.tag("break"),
            StmtKind::Continue => _ = self.tag("continue"),
            StmtKind::Pass => _ = self.tag("pass"),
            StmtKind::Def(place, code) => {
                self.tag("def").place(place);
                self.code(code);
            }
            StmtKind::Class { place, name, bases, methods, attributes } => {
                self.tag("class").tag(name).place(place);
                self.exprs(bases);
                for (name, code) in methods {
                    self.tag(name).code(code);
                }
                for (name, value) in attributes {
                    self.tag(name).expr(value);
                }
            }
            StmtKind::Import { module, place, renamed } => {
                self.tag("import").tag(module).place(place);
                self.number(usize::from(*renamed));
            }
            StmtKind::ImportFrom { module, names } => {
                self.tag("from").tag(module).number(names.len());
                for (name, place) in names {
                    self.tag(name).place(place);
                }
            }
            StmtKind::Raise(value) => self.tag("raise").optional(value.as_ref()),
            StmtKind::Assert(test, message) => {
                self.tag("assert").expr(test);
                self.optional(message.as_ref());
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.tag("try").block(body);
                self.number(handlers.len());
                for handler in handlers {
                    self.optional(handler.classes.as_ref());
                    match &handler.place {
                        Some(place) => self.place(place),
                        None => _ = self.tag("unnamed"),
                    }
                    self.block(&handler.body);
                }
                self.block(otherwise);
                self.block(finally);
            }
            StmtKind::With(items, body) => {
                self.tag("with").number(items.len());
                for (value, target) in items {
                    self.expr(value);
                    match target {
                        Some(target) => self.target(target),
                        None => _ = self.tag("unnamed"),
                    }
                }
                self.block(body);
            }
        }
    }

    fn targets(&mut self, targets: &[Target]) {
        self.number(targets.len());
        targets.iter().for_each(|target| self.target(target));
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(place, _) => self.place(place),
            Target::Attribute(value, name, _) => self.tag("attribute").tag(name).expr(value),
            Target::Index(value, index, _) => {
                self.tag("index").expr(value);
                self.expr(index);
            }
            Target::Slice(value, bounds, _) => {
                self.tag("slice").expr(value);
                bounds.iter().for_each(|bound| self.optional(bound.as_ref()));
            }
            Target::Unpack(targets, starred, _) => {
                self.tag("unpack").number(starred.map_or(0, |index| index + 1));
                self.targets(targets);
            }
        }
    }

    /// A variable, by its number; a global by its name and by what it holds.
    fn place(&mut self, place: &Place) {
        match place {
            Place::Local(number) => self.tag("local").number(*number as usize),
            Place::Cell(number) => self.tag("cell").number(*number as usize),
            Place::Capture(number) => self.tag("capture").number(*number as usize),
            Place::Global(name) => {
                self.tag("global").tag(name);
                let image = self.image;
                if self.globals.insert(name.clone())
                    && let Some((_, value)) = image.globals.iter().find(|(other, _)| other == name)
                {
                    self.frozen(value);
                }
            }
        }
    }

    fn optional(&mut self, expr: Option<&Expr>) {
        match expr {
            Some(expr) => self.tag("some").expr(expr),
            None => _ = self.tag("none"),
        }
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr, IntoIter: ExactSizeIterator>) {
        let exprs = exprs.into_iter();
        self.number(exprs.len());
        exprs.for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value),
            ExprKind::Name(place) => self.place(place),
            ExprKind::Unary(op, value) => self.tag(unary(*op)).expr(value),
            ExprKind::Not(value) => self.tag("not").expr(value),
            ExprKind::Binary(op, left, right) => {
                self.tag(binary(*op)).expr(left);
                self.expr(right);
            }
            ExprKind::And(values) => self.tag("and").exprs(values),
            ExprKind::Or(values) => self.tag("or").exprs(values),
            ExprKind::Compare(first, others) => {
                self.tag("compare").number(others.len());
                self.expr(first);
                for (op, other) in others {
                    self.tag(comparison(*op)).expr(other);
                }
            }
            ExprKind::If { test, then, otherwise } => {
                self.tag("if").expr(test);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Call { callee, args } => {
                self.tag("call").number(args.len());
                self.expr(callee);
                for arg in args {
                    match arg {
                        Arg::Positional(value) => self.tag("argument").expr(value),
                        Arg::Unpacked(value) => self.tag("*").expr(value),
                        Arg::Keyword(name, value) => self.tag("keyword").tag(name).expr(value),
                        Arg::Keywords(value) => self.tag("**").expr(value),
                    }
                }
            }
            ExprKind::Attribute(value, name) => self.tag("attribute").tag(name).expr(value),
            ExprKind::Index(value, index) => {
                self.tag("index").expr(value);
                self.expr(index);
            }
            ExprKind::Slice(value, bounds) => {
                self.tag("slice").expr(value);
                bounds.iter().for_each(|bound| self.optional(bound.as_deref()));
            }
            ExprKind::Tuple(items) => self.tag("tuple").items(items),
            ExprKind::List(items) => self.tag("list").items(items),
            ExprKind::Set(items) => self.tag("set").items(items),
            ExprKind::Dict(entries) => {
                self.tag("dict").number(entries.len());
                for (key, value) in entries {
                    self.optional(key.as_ref());
                    self.expr(value);
                }
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Generator(code, iterable) => {
                self.tag("generator").expr(iterable);
                self.code(code);
            }
            ExprKind::Lambda(code) => self.tag("lambda").code(code),
            ExprKind::Format(parts) => self.tag("format").format(parts),
            ExprKind::Assign(place, value) => {
                self.tag(":=").place(place);
                self.expr(value);
            }
            ExprKind::Yield(value) => self.tag("yield").optional(value.as_deref()),
            ExprKind::YieldFrom(value) => self.tag("yield from").expr(value),
        }
    }

    fn constant(&mut self, value: &Const) {
        match value {
            Const::None => _ = self.tag("None"),
            Const::Bool(flag) => self.tag("bool").number(usize::from(*flag)),
            Const::Int(number) => _ = self.tag("int").print.add_number(number.cast_unsigned()),
            Const::Big(digits) => _ = self.tag("big").tag(digits),
            Const::Float(number) => _ = self.tag("float").print.add_number(number.to_bits()),
            Const::Str(text) => _ = self.tag("str").tag(text),
            Const::Bytes(bytes) => _ = self.tag("bytes").print.add(bytes),
            Const::Ellipsis => _ = self.tag("..."),
        }
    }

    fn items(&mut self, items: &[Item]) {
        self.number(items.len());
        for item in items {
            match item {
                Item::One(value) => self.expr(value),
                Item::Unpacked(value) => self.tag("*").expr(value),
            }
        }
    }

    fn comprehension(&mut self, Comprehension { kind, clauses, .. }: &Comprehension) {
        match kind {
            ComprehensionKind::List(value) => self.tag("list of").expr(value),
            ComprehensionKind::Set(value) => self.tag("set of").expr(value),
            ComprehensionKind::Dict(key, value) => {
                self.tag("dict of").expr(key);
                self.expr(value);
            }
        }
        self.number(clauses.len());
        for clause in clauses {
            self.target(&clause.target);
            self.expr(&clause.iterable);
            self.exprs(&clause.conditions);
        }
    }

    fn format(&mut self, parts: &[FormatPart]) {
        self.number(parts.len());
        for part in parts {
            match part {
                FormatPart::Text(text) => _ = self.tag("text").tag(text),
                FormatPart::Value { value, conversion, spec } => {
                    self.tag("value").expr(value);
                    self.number(conversion.map_or(0, |conversion| conversion as usize));
                    self.format(spec);
                }
            }
        }
    }
}

/// Whether this stands for something that only the main script can use: see [`Script::sketch`](crate::plan::Script::sketch).
fn is_opaque(frozen: &Frozen) -> bool {
    matches!(frozen, Frozen::Data(bytes) if bytes.is_empty())
}

fn binary(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::FloorDiv => "//",
        Binary::Mod => "%",
        Binary::Pow => "**",
        Binary::LeftShift => "<<",
        Binary::RightShift => ">>",
        Binary::And => "&",
        Binary::Or => "|",
        Binary::Xor => "^",
        Binary::MatMul => "@",
    }
}

fn unary(op: Unary) -> &'static str {
    match op {
        Unary::Minus => "unary -",
        Unary::Plus => "unary +",
        Unary::Invert => "~",
    }
}

fn comparison(op: Comparison) -> &'static str {
    match op {
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::GreaterEqual => ">=",
        Comparison::Greater => ">",
        Comparison::Is => "is",
        Comparison::IsNot => "is not",
        Comparison::In => "in",
        Comparison::NotIn => "not in",
    }
}
