//! Programs after parsing and name resolution: one tree for the statements that build a pipeline and
//! for the functions that run on records. Every name is resolved to a place, as CPython's compiler does.

use std::sync::Arc;

use crate::batch::value::{Binary, Unary};

/// Where something stands in its source, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// A program's text.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What messages call it: a path, or `-e`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What the names of the catalogue's texts begin with: PySpark's classes and methods, as programs see them.
pub const CATALOGUE: &str = "<catalogue>/";

impl Source {
    /// Whether it is a text of the catalogue, and none of the program.
    pub fn is_catalogue(&self) -> bool {
        self.name.starts_with(CATALOGUE)
    }
}

/// A module, `def` or lambda.
#[derive(Debug)]
pub struct Code {
    /// `__name__`: `<lambda>`, `<module>`, `<genexpr>` or what `def` says.
    pub name: String,
    /// Where it is written.
    pub source: Arc<Source>,
    /// Where in there.
    pub span: Span,
    /// Its parameters; they are the first locals, in the order positional, keyword-only, `*args`, `**kwargs`.
    pub params: Params,
    /// Its statements; a lambda has one `return`.
    pub body: Vec<Stmt>,
    /// Names of the locals, by number. Those of comprehensions inside come last, each comprehension's anew.
    pub locals: Vec<String>,
    /// Locals that functions inside capture: they live in cells, numbered by their place in this list.
    pub cells: Vec<u32>,
    /// What it captures from the function around it, by number, with the name.
    pub captures: Vec<(Capture, String)>,
    /// Whether it has a `yield`.
    pub is_generator: bool,
    /// Whether it is a lambda.
    pub is_lambda: bool,
}

/// Where a captured cell comes from, in the function around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A cell of its own.
    Cell(u32),
    /// One that it has captured itself.
    Outer(u32),
}

/// Parameters.
#[derive(Debug, Default)]
pub struct Params {
    /// By position or name.
    pub positional: Vec<Param>,
    /// How many of `positional` are by position only (before a `/`).
    pub positional_only: usize,
    /// By name only.
    pub keyword_only: Vec<Param>,
    /// `*args`
    pub rest: Option<String>,
    /// `**kwargs`
    pub keywords: Option<String>,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its default, evaluated where the function is made.
    pub default: Option<Expr>,
}

/// Where a name's value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A local of this function.
    Local(u32),
    /// A cell of this function, by its number in [`Code::cells`].
    Cell(u32),
    /// A captured cell, by its number in [`Code::captures`].
    Capture(u32),
    /// A global of the program, or else a built-in.
    Global(Arc<str>),
}

/// An expression.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Const {
    None,
    Bool(bool),
    Int(i64),
    /// Beyond 64 bits, in decimal.
    Big(String),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Ellipsis,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    LessEqual,
    Equal,
    NotEqual,
    GreaterEqual,
    Greater,
    Is,
    IsNot,
    In,
    NotIn,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind {
    /// A literal.
    Const(Const),
    /// A name.
    Name(Place),
    /// `op x`
    Unary(Unary, Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `x op y`
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `x and y and …`
    And(Vec<Expr>),
    /// `x or y or …`
    Or(Vec<Expr>),
    /// `x < y <= z`
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// `then if test else otherwise`
    If {
        /// The condition.
        test: Box<Expr>,
        /// Its value if true.
        then: Box<Expr>,
        /// Its value if not.
        otherwise: Box<Expr>,
    },
    /// `f(…)`; a method call is a call of an [`ExprKind::Attribute`].
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// Its arguments in the order of evaluation.
        args: Vec<Arg>,
    },
    /// `x.name`
    Attribute(Box<Expr>, Arc<str>),
    /// `x[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `x[start:stop:step]`
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    /// `(…)`
    Tuple(Vec<Item>),
    /// `[…]`
    List(Vec<Item>),
    /// `{…}`
    Set(Vec<Item>),
    /// `{k: v, **d}`: an entry without a key is unpacked.
    Dict(Vec<(Option<Expr>, Expr)>),
    /// `[… for …]` and its like; its targets are locals of the function around.
    Comprehension(Box<Comprehension>),
    /// A generator expression: code that takes its first iterable as its one parameter, and that iterable.
    Generator(Arc<Code>, Box<Expr>),
    /// A lambda.
    Lambda(Arc<Code>),
    /// An f-string.
    Format(Vec<FormatPart>),
    /// `(name := value)`
    Assign(Place, Box<Expr>),
    /// `yield x`
    Yield(Option<Box<Expr>>),
    /// `yield from x`
    YieldFrom(Box<Expr>),
}

/// An argument of a call.
#[derive(Debug)]
pub enum Arg {
    /// By position.
    Positional(Expr),
    /// `*xs`
    Unpacked(Expr),
    /// By name.
    Keyword(Arc<str>, Expr),
    /// `**d`
    Keywords(Expr),
}

/// An item of a display.
#[derive(Debug)]
pub enum Item {
    /// A value.
    One(Expr),
    /// `*xs`
    Unpacked(Expr),
}

/// A list, set or dict comprehension.
#[derive(Debug)]
pub struct Comprehension {
    /// What it makes.
    pub kind: ComprehensionKind,
    /// Its `for … in … if …` clauses, outermost first; never none.
    pub clauses: Vec<Clause>,
    /// Those of its variables that functions inside capture, by their numbers in [`Code::cells`]: whenever
    /// it begins, each of them gets a new cell, so that functions of an earlier round keep what they captured.
    pub cells: Vec<u32>,
}

/// What a comprehension makes.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ComprehensionKind {
    List(Expr),
    Set(Expr),
    Dict(Expr, Expr),
}

/// `for target in iterable if …`
#[derive(Debug)]
pub struct Clause {
    /// What each value is assigned to.
    pub target: Target,
    /// What is walked through.
    pub iterable: Expr,
    /// Its conditions.
    pub conditions: Vec<Expr>,
}

/// A piece of an f-string.
#[derive(Debug)]
pub enum FormatPart {
    /// Text.
    Text(Arc<str>),
    /// `{value!conversion:spec}`
    Value {
        /// What is formatted.
        value: Expr,
        /// `r`, `s` or `a`.
        conversion: Option<char>,
        /// The format specification, with fields of its own.
        spec: Vec<FormatPart>,
    },
}

/// What is assigned to.
#[derive(Debug)]
pub enum Target {
    /// A name.
    Name(Place, Span),
    /// `x.name = …`; only in statements that build the pipeline.
    Attribute(Expr, Arc<str>, Span),
    /// `x[index] = …`
    Index(Expr, Expr, Span),
    /// `x[start:stop:step] = …`
    Slice(Expr, Box<[Option<Expr>; 3]>, Span),
    /// `a, *b, c = …`: the targets, and which of them is starred.
    Unpack(Vec<Target>, Option<usize>, Span),
}

/// A statement.
#[derive(Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement is.
#[derive(Debug)]
pub enum StmtKind {
    /// An expression for its effect, or a DStream at the end of a program.
    Expr(Expr),
    /// `a = b = value`
    Assign(Vec<Target>, Expr),
    /// `a += value`
    AugAssign(Target, Binary, Expr),
    /// `del x[…]`, `del name`
    Delete(Vec<Target>),
    /// `return value`
    Return(Option<Expr>),
    /// `if … elif … else`
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `while … else`
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `for … in … else`
    For(Target, Expr, Vec<Stmt>, Vec<Stmt>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `pass`, and declarations that resolution has dealt with
    Pass,
    /// `def`
    Def(Place, Arc<Code>),
    /// `class`: only where the pipeline is built (listeners). Decorators and keywords are refused.
    Class {
        /// Where the class goes.
        place: Place,
        /// Its name.
        name: Arc<str>,
        /// What it is derived from.
        bases: Vec<Expr>,
        /// Its methods.
        methods: Vec<(Arc<str>, Arc<Code>)>,
        /// Its other attributes.
        attributes: Vec<(Arc<str>, Expr)>,
    },
    /// `import a.b as c`: the module's full name, and where it goes (`import a.b` binds `a`).
    Import {
        /// Full name.
        module: Arc<str>,
        /// Where it goes.
        place: Place,
        /// Whether `as` gave it a name, so that the module itself is meant and not its top package.
        renamed: bool,
    },
    /// `from a import b as c`
    ImportFrom {
        /// Full name.
        module: Arc<str>,
        /// What is imported, and where it goes; the name `*` stands for everything (place unused).
        names: Vec<(Arc<str>, Place)>,
    },
    /// `raise`, `raise e`, `raise e from cause`; causes are not kept, as nothing shows them
    Raise(Option<Expr>),
    /// `assert test, message`
    Assert(Expr, Option<Expr>),
    /// `try … except … else … finally`
    Try {
        /// What is tried.
        body: Vec<Stmt>,
        /// Handlers in order.
        handlers: Vec<Handler>,
        /// After a body without an exception.
        otherwise: Vec<Stmt>,
        /// In any case.
        finally: Vec<Stmt>,
    },
    /// `with x as y`: only where the pipeline is built.
    With(Vec<(Expr, Option<Target>)>, Vec<Stmt>),
}

/// `except classes as name:`
#[derive(Debug)]
pub struct Handler {
    /// What it catches; everything without one.
    pub classes: Option<Expr>,
    /// Where the exception goes. Behind the body the name is unbound again.
    pub place: Option<Place>,
    /// What is done.
    pub body: Vec<Stmt>,
}
