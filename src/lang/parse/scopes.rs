//! Which name means which variable, as CPython's symbol tables have it: a first walk over the parser's
//! tree that finds every scope with its names, and then the places of all of them.

use std::collections::HashMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast};
use ruff_text_size::{Ranged, TextRange};

use crate::plan::code::{Capture, Place};

/// A fault that the walk has found: where, and what.
pub(super) type Fault = (TextRange, String);

/// What the names of a scope mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The program: its names are globals.
    Module,
    /// A `def`, lambda or generator expression.
    Function,
    /// A list, set or dict comprehension: its variables are locals of the function around it.
    Comprehension,
    /// A class: functions inside do not see its names.
    Class,
}

/// What is known of a name in a scope.
#[derive(Debug, Default)]
struct Symbol {
    name: String,
    /// Something is assigned to it here.
    bound: bool,
    /// It is a parameter.
    parameter: bool,
    /// `global`
    global: bool,
    /// `nonlocal`
    nonlocal: Option<TextRange>,
    /// It is the variable of a comprehension or generator expression.
    iterated: bool,
}

/// A variable: the scope that it belongs to, and its symbol there.
type Variable = (usize, usize);

#[derive(Debug)]
struct Scope {
    kind: Kind,
    /// The scope around it.
    parent: Option<usize>,
    /// The function (or the program) whose frame holds its variables; itself, if it is one.
    function: usize,
    /// Whether this is a generator expression.
    generator_expression: bool,
    /// Names in the order in which they appear.
    symbols: Vec<Symbol>,
    by_name: HashMap<String, usize>,
    /// Whether it has a `yield`.
    yields: bool,
    // Of functions and the program, once all is walked:
    locals: Vec<String>,
    numbers: HashMap<Variable, u32>,
    cells: Vec<u32>,
    captures: Vec<(Variable, Capture)>,
}

/// All scopes of a program.
#[derive(Debug)]
pub(super) struct Scopes {
    list: Vec<Scope>,
    by_range: HashMap<TextRange, usize>,
}

/// What a function is made of, for its code.
#[derive(Debug)]
pub(super) struct Frame {
    pub locals: Vec<String>,
    pub cells: Vec<u32>,
    pub captures: Vec<(Capture, String)>,
    pub is_generator: bool,
}

/// The scope of the program, or of the lambda that an expression is made into.
pub(super) const OUTERMOST: usize = 0;

impl Scopes {
    /// Walks a program.
    pub(super) fn of_module(body: &[ast::Stmt]) -> Result<Self, Fault> {
        let mut walk = Walk::new(Kind::Module);
        walk.visit_body(body);
        walk.finish()
    }

    /// Walks an expression over parameters of the given names.
    pub(super) fn of_expression(parameters: &[&str], body: &ast::Expr) -> Result<Self, Fault> {
        let mut walk = Walk::new(Kind::Function);
        for parameter in parameters {
            let symbol = walk.symbol(OUTERMOST, parameter);
            symbol.bound = true;
            symbol.parameter = true;
        }
        walk.visit_expr(body);
        walk.finish()
    }

    /// The scope of a function, class or comprehension, by where it is written.
    pub(super) fn at(&self, range: TextRange) -> usize {
        *self.by_range.get(&range).expect("the walk has seen every scope")
    }

    /// Whether statements of this scope are a function's.
    pub(super) fn is_function(&self, scope: usize) -> bool {
        self.list[self.list[scope].function].kind == Kind::Function
    }

    /// Whether this scope is the program's outermost one.
    pub(super) fn is_module(&self, scope: usize) -> bool {
        self.list[scope].kind == Kind::Module
    }

    /// Where a name's value is, seen from a scope; `None` for a class's own name, which has no place.
    pub(super) fn place(&self, scope: usize, name: &str) -> Option<Place> {
        let Some(variable) = find(&self.list, scope, name) else { return Some(Place::Global(name.into())) };
        if self.list[variable.0].kind == Kind::Class {
            return None;
        }
        let function = &self.list[self.list[scope].function];
        if let Some(&number) = function.numbers.get(&variable) {
            let cell = function.cells.iter().position(|&cell| cell == number);
            return Some(cell.map_or(Place::Local(number), |cell| Place::Cell(index(cell))));
        }
        let capture = function.captures.iter().position(|(captured, _)| *captured == variable);
        Some(Place::Capture(index(capture.expect("the walk has seen every name"))))
    }

    /// The cells among the variables of a comprehension.
    pub(super) fn own_cells(&self, scope: usize) -> Vec<u32> {
        let function = &self.list[self.list[scope].function];
        let is_own = |cell: &u32| {
            function.numbers.iter().any(|(variable, number)| variable.0 == scope && number == cell)
        };
        (0..).zip(&function.cells).filter(|(_, cell)| is_own(cell)).map(|(place, _)| place).collect()
    }

    /// What a function (or the program) is made of.
    pub(super) fn frame(&self, function: usize) -> Frame {
        let scope = &self.list[function];
        let name = |variable: &Variable| self.list[variable.0].symbols[variable.1].name.clone();
        Frame {
            locals: scope.locals.clone(),
            cells: scope.cells.clone(),
            captures: scope.captures.iter().map(|(variable, from)| (*from, name(variable))).collect(),
            is_generator: scope.yields || scope.generator_expression,
        }
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a program of limited length has fewer names")
}

/// The variable that a name means in a scope; `None` for a global.
fn find(list: &[Scope], scope: usize, name: &str) -> Option<Variable> {
    let mut at = scope;
    loop {
        let here = &list[at];
        // Functions in a class see past its names.
        if (here.kind != Kind::Class || at == scope)
            && let Some(&symbol) = here.by_name.get(name)
        {
            let known = &here.symbols[symbol];
            if known.global {
                return None;
            }
            if known.bound && known.nonlocal.is_none() {
                return (here.kind != Kind::Module).then_some((at, symbol));
            }
        }
        at = here.parent?;
    }
}

/// The walk over the parser's tree.
struct Walk {
    list: Vec<Scope>,
    by_range: HashMap<TextRange, usize>,
    scope: usize,
    /// The first fault of the walk.
    fault: Option<Fault>,
    /// Whether an iterable of a comprehension is being walked, where nothing may be assigned.
    in_iterable: bool,
}

impl Walk {
    fn new(outermost: Kind) -> Self {
        let mut walk = Walk {
            list: Vec::new(),
            by_range: HashMap::new(),
            scope: OUTERMOST,
            fault: None,
            in_iterable: false,
        };
        walk.add(outermost, None);
        walk
    }

    fn add(&mut self, kind: Kind, parent: Option<usize>) -> usize {
        let number = self.list.len();
        let function = match kind {
            Kind::Module | Kind::Function => number,
            Kind::Comprehension | Kind::Class => parent.map_or(number, |parent| self.list[parent].function),
        };
        self.list.push(Scope {
            kind,
            parent,
            function,
            generator_expression: false,
            symbols: Vec::new(),
            by_name: HashMap::new(),
            yields: false,
            locals: Vec::new(),
            numbers: HashMap::new(),
            cells: Vec::new(),
            captures: Vec::new(),
        });
        number
    }

    /// Walks what is inside a scope of its own.
    fn inside(&mut self, kind: Kind, range: TextRange, walk: impl FnOnce(&mut Self)) {
        let around = self.scope;
        self.scope = self.add(kind, Some(around));
        self.by_range.insert(range, self.scope);
        walk(self);
        self.scope = around;
    }

    fn fault(&mut self, range: TextRange, message: String) {
        self.fault.get_or_insert((range, message));
    }

    fn symbol(&mut self, scope: usize, name: &str) -> &mut Symbol {
        let scope = &mut self.list[scope];
        let number = *scope.by_name.entry(name.to_string()).or_insert_with(|| {
            scope.symbols.push(Symbol { name: name.to_string(), ..Symbol::default() });
            scope.symbols.len() - 1
        });
        &mut scope.symbols[number]
    }

    fn bind(&mut self, name: &str) {
        let iterated =
            self.list[self.scope].kind == Kind::Comprehension || self.list[self.scope].generator_expression;
        let symbol = self.symbol(self.scope, name);
        symbol.bound = true;
        symbol.iterated |= iterated;
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        let named = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        let rest = parameters.vararg.iter().chain(&parameters.kwarg).map(|parameter| &parameter.name);
        for name in named.map(|parameter| &parameter.parameter.name).chain(rest) {
            if self.symbol(self.scope, name).parameter {
                self.fault(name.range, format!("duplicate argument '{name}' in function definition"));
            }
            let symbol = self.symbol(self.scope, name);
            symbol.bound = true;
            symbol.parameter = true;
        }
    }

    /// Defaults belong to the scope around a function.
    fn defaults(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    /// `global` and `nonlocal`.
    fn declare(&mut self, names: &[ast::Identifier], global: bool) {
        let word = if global { "global" } else { "nonlocal" };
        for name in names {
            if self.list[self.scope].kind == Kind::Module {
                if !global {
                    self.fault(name.range, "nonlocal declaration not allowed at module level".into());
                }
                continue;
            }
            let known = self.list[self.scope].by_name.contains_key(name.as_str());
            let symbol = self.symbol(self.scope, name);
            let fault = if symbol.parameter {
                Some(format!("name '{name}' is parameter and {word}"))
            } else if if global { symbol.nonlocal.is_some() } else { symbol.global } {
                Some(format!("name '{name}' is nonlocal and global"))
            } else if symbol.global || symbol.nonlocal.is_some() {
                None
            } else if symbol.bound {
                Some(format!("name '{name}' is assigned to before {word} declaration"))
            } else {
                known.then(|| format!("name '{name}' is used prior to {word} declaration"))
            };
            symbol.global |= global;
            if !global {
                symbol.nonlocal = Some(name.range);
            }
            if let Some(fault) = fault {
                self.fault(name.range, fault);
            }
        }
    }

    /// `name := value`: the name belongs to the function around all comprehensions.
    fn assignment_expression(&mut self, name: &ast::ExprName) {
        if self.in_iterable {
            let message = "assignment expression cannot be used in a comprehension iterable expression";
            self.fault(name.range, message.into());
        }
        let mut at = self.scope;
        loop {
            let scope = &self.list[at];
            if scope.kind != Kind::Comprehension && !scope.generator_expression {
                break;
            }
            if scope.by_name.get(name.id.as_str()).is_some_and(|&symbol| scope.symbols[symbol].iterated) {
                let message = format!(
                    "assignment expression cannot rebind comprehension iteration variable '{}'",
                    name.id
                );
                self.fault(name.range, message);
                return;
            }
            let Some(parent) = scope.parent else { break };
            at = parent;
        }
        if at != self.scope && self.list[at].kind == Kind::Class {
            let message = "assignment expression within a comprehension cannot be used in a class body";
            self.fault(name.range, message.into());
        }
        self.symbol(at, &name.id).bound = true;
        self.symbol(self.scope, &name.id);
    }

    /// A comprehension or generator expression: the first iterable belongs to the scope around it.
    fn comprehension<'a>(
        &mut self,
        range: TextRange,
        results: &[&'a ast::Expr],
        clauses: &'a [ast::Comprehension],
        lazy: bool,
    ) {
        let Some((first, others)) = clauses.split_first() else { return };
        self.iterable(&first.iter);
        let kind = if lazy { Kind::Function } else { Kind::Comprehension };
        self.inside(kind, range, |walk| {
            walk.list[walk.scope].generator_expression = lazy;
            if lazy {
                let iterable = walk.symbol(walk.scope, ".0");
                iterable.bound = true;
                iterable.parameter = true;
            }
            walk.visit_expr(&first.target);
            for condition in &first.ifs {
                walk.visit_expr(condition);
            }
            for clause in others {
                walk.iterable(&clause.iter);
                walk.visit_expr(&clause.target);
                for condition in &clause.ifs {
                    walk.visit_expr(condition);
                }
            }
            for result in results {
                walk.visit_expr(result);
            }
        });
    }

    fn iterable(&mut self, iterable: &ast::Expr) {
        let around = std::mem::replace(&mut self.in_iterable, true);
        self.visit_expr(iterable);
        self.in_iterable = around;
    }

    fn yields(&mut self, range: TextRange) {
        let scope = &mut self.list[self.scope];
        if scope.kind == Kind::Comprehension || scope.generator_expression {
            let what = if scope.generator_expression { "generator expression" } else { "comprehension" };
            self.fault(range, format!("'yield' inside {what}"));
        } else if scope.kind == Kind::Function {
            scope.yields = true;
        } else {
            self.fault(range, "'yield' outside function".into());
        }
    }

    /// Gives every variable its place.
    fn finish(mut self) -> Result<Scopes, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        for scope in 0..self.list.len() {
            for symbol in 0..self.list[scope].symbols.len() {
                self.settle(scope, symbol)?;
            }
        }
        for scope in 0..self.list.len() {
            self.capture_from_outside(scope);
        }
        Ok(Scopes { list: self.list, by_range: self.by_range })
    }

    /// Numbers a variable in its function, or has the functions on the way to it capture it.
    fn settle(&mut self, scope: usize, symbol: usize) -> Result<(), Fault> {
        let name = self.list[scope].symbols[symbol].name.clone();
        let found = find(&self.list, scope, &name);
        if found.is_none()
            && let Some(range) = self.list[scope].symbols[symbol].nonlocal
        {
            return Err((range, format!("no binding for nonlocal '{name}' found")));
        }
        let Some(variable) = found else { return Ok(()) };
        if self.list[variable.0].kind == Kind::Class {
            return Ok(());
        }
        let owner = self.list[variable.0].function;
        let number = self.number(owner, variable);
        let mut function = self.list[scope].function;
        if function != owner && !self.list[owner].cells.contains(&number) {
            self.list[owner].cells.push(number);
        }
        while function != owner {
            let captures = &mut self.list[function].captures;
            if !captures.iter().any(|(captured, _)| *captured == variable) {
                captures.push((variable, Capture::Cell(0)));
            }
            function = self.around(function);
        }
        Ok(())
    }

    /// The number of a variable in its function. Scopes are walked from the outside in, so that a
    /// function's own names come before those of comprehensions inside.
    fn number(&mut self, owner: usize, variable: Variable) -> u32 {
        let name = self.list[variable.0].symbols[variable.1].name.clone();
        let function = &mut self.list[owner];
        *function.numbers.entry(variable).or_insert_with(|| {
            function.locals.push(name);
            index(function.locals.len() - 1)
        })
    }

    /// The function around a function.
    fn around(&self, function: usize) -> usize {
        self.list[function].parent.map_or(OUTERMOST, |parent| self.list[parent].function)
    }

    /// Says of each capture where in the function around it comes from.
    fn capture_from_outside(&mut self, function: usize) {
        let around = &self.list[self.around(function)];
        let from = |variable: &Variable| match around.numbers.get(variable) {
            Some(number) => {
                let cell = around.cells.iter().position(|cell| cell == number);
                Capture::Cell(index(cell.expect("what is captured lives in a cell")))
            }
            None => {
                let outer = around.captures.iter().position(|(captured, _)| captured == variable);
                Capture::Outer(index(outer.expect("functions on the way capture it too")))
            }
        };
        let captures =
            self.list[function].captures.iter().map(|(variable, _)| (*variable, from(variable))).collect();
        self.list[function].captures = captures;
    }
}

impl<'a> Visitor<'a> for Walk {
    fn visit_stmt(&mut self, stmt: &'a ast::Stmt) {
        match stmt {
            ast::Stmt::FunctionDef(def) => {
                self.bind(&def.name);
                self.defaults(&def.parameters);
                self.inside(Kind::Function, def.range, |walk| {
                    walk.parameters(&def.parameters);
                    walk.visit_body(&def.body);
                });
            }
            ast::Stmt::ClassDef(class) => {
                self.bind(&class.name);
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.inside(Kind::Class, class.range, |walk| walk.visit_body(&class.body));
            }
            ast::Stmt::Global(global) => self.declare(&global.names, true),
            ast::Stmt::Nonlocal(nonlocal) => self.declare(&nonlocal.names, false),
            ast::Stmt::Import(import) => {
                for alias in &import.names {
                    let top = alias.name.split('.').next().unwrap_or_default();
                    self.bind(alias.asname.as_ref().map_or(top, |name| name.as_str()));
                }
            }
            ast::Stmt::ImportFrom(import) => {
                for alias in import.names.iter().filter(|alias| &alias.name != "*") {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(clause) = handler;
        if let Some(name) = &clause.name {
            self.bind(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        match expr {
            ast::Expr::Name(name) if name.ctx.is_load() => {
                self.symbol(self.scope, &name.id);
            }
            ast::Expr::Name(name) => self.bind(&name.id),
            ast::Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.defaults(parameters);
                }
                self.inside(Kind::Function, lambda.range, |walk| {
                    if let Some(parameters) = &lambda.parameters {
                        walk.parameters(parameters);
                    }
                    walk.visit_expr(&lambda.body);
                });
            }
            ast::Expr::Named(named) => {
                self.visit_expr(&named.value);
                if let ast::Expr::Name(name) = &*named.target {
                    self.assignment_expression(name);
                }
            }
            ast::Expr::ListComp(list) => {
                self.comprehension(list.range, &[&list.elt], &list.generators, false)
            }
            ast::Expr::SetComp(set) => self.comprehension(set.range, &[&set.elt], &set.generators, false),
            ast::Expr::DictComp(dict) => {
                let results: Vec<&ast::Expr> =
                    dict.key.as_deref().into_iter().chain([&*dict.value]).collect();
                self.comprehension(dict.range, &results, &dict.generators, false);
            }
            ast::Expr::Generator(lazy) => {
                self.comprehension(lazy.range, &[&lazy.elt], &lazy.generators, true)
            }
            ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => {
                self.yields(expr.range());
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    /// Annotations are not evaluated.
    fn visit_annotation(&mut self, _: &'a ast::Expr) {}
}
