//! Refusals at the start: names that nothing defines, attributes that nothing has, modules that are not
//! there, found in functions before a record meets them. Where the walk cannot know, it lets pass.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::diagnostics::Diagnostic;
use super::names::{ATTRIBUTES, BUILTINS, PYTHON_2, REFUSED, nearest, refused_module};
use crate::batch::python;
use crate::plan::code::{Arg, Code, Const, Expr, ExprKind, Place, Source, Span, Stmt, StmtKind, Target};
use crate::plan::visit::{Visit, walk_block, walk_code, walk_expr, walk_handlers, walk_stmt, walk_target};

/// What a program may use that it does not define itself.
pub struct Known<'k> {
    /// Names that are given to it: `lines`, `ssc`, `json`, `exit`, …
    pub names: &'k [&'k str],
    /// Whether a name is a built-in.
    pub is_builtin: &'k dyn Fn(&str) -> bool,
    /// The full names of the modules that can be imported.
    pub modules: &'k [&'k str],
    /// Attributes beyond those that Python's and PySpark's classes have.
    pub attributes: &'k [&'k str],
}

/// Checks a program, or a lambda that stands for itself.
///
/// # Errors
/// Its first fault.
pub fn check(code: &Code, known: &Known<'_>) -> Result<(), Diagnostic> {
    let mut defined = Defined::default();
    defined.code(code);
    let mut check = Check {
        known,
        defined: &defined,
        source: Arc::clone(&code.source),
        functions: u32::from(code.is_lambda),
        caught: 0,
        fault: None,
    };
    walk_code(&mut check, code);
    match check.fault {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// What a program defines anywhere.
#[derive(Default)]
struct Defined {
    globals: HashSet<String>,
    attributes: HashSet<String>,
    /// Globals that are modules, by the import that binds them; none for those that are bound to something else as well.
    modules: HashMap<String, Option<String>>,
    /// Globals that come from modules of which there is a part alone: what is missing is said when it is used.
    parts: HashSet<String>,
    /// Whether a module's names are all imported, so that any name may be one.
    everything: bool,
}

impl Defined {
    fn place(&mut self, place: &Place) {
        if let Place::Global(name) = place {
            self.globals.insert(name.to_string());
            self.modules.insert(name.to_string(), None);
        }
    }

    fn import(&mut self, module: &str, place: &Place, renamed: bool) {
        let Place::Global(name) = place else { return };
        let module = if renamed { module } else { module.split('.').next().unwrap_or(module) };
        match self.modules.get(&**name) {
            Some(known) if known.as_deref() != Some(module) => self.place(place),
            _ => {
                self.globals.insert(name.to_string());
                self.modules.insert(name.to_string(), Some(module.to_string()));
            }
        }
    }

    fn part(&mut self, module: &str, place: &Place) {
        if let Place::Global(name) = place
            && is_part(module)
        {
            self.parts.insert(name.to_string());
        }
    }

    fn attribute(&mut self, name: &str) {
        self.attributes.insert(name.to_string());
    }
}

impl Defined {
    /// Whether an expression leads to something of a module of which there is a part alone.
    fn is_of_part(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Name(Place::Global(name)) => self.parts.contains(&**name),
            ExprKind::Attribute(value, _) => self.is_of_part(value),
            _ => false,
        }
    }
}

/// Modules of which a part is there, with names that are nowhere else.
fn is_part(module: &str) -> bool {
    ["pyspark", "os"].contains(&module) || module.starts_with("pyspark.sql") || module == "os.path"
}

impl Visit for Defined {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Def(place, _) => self.place(place),
            StmtKind::Import { module, place, renamed } => {
                self.import(module, place, *renamed);
                self.part(module, place);
            }
            StmtKind::Class { place, methods, attributes, .. } => {
                self.place(place);
                let names =
                    methods.iter().map(|(name, _)| name).chain(attributes.iter().map(|(name, _)| name));
                names.for_each(|name| self.attribute(name));
            }
            StmtKind::ImportFrom { module, names } => {
                for (name, place) in names {
                    self.everything |= &**name == "*";
                    self.place(place);
                    match &**name {
                        "Row" | "SparkSession" => {}
                        _ if &**module != "pyspark" => self.part(module, place),
                        name => self.part(&format!("{module}.{name}"), place),
                    }
                }
            }
            StmtKind::Try { handlers, .. } => {
                handlers
                    .iter()
                    .filter_map(|handler| handler.place.as_ref())
                    .for_each(|place| self.place(place));
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(place, _) => self.place(place),
            Target::Attribute(_, name, _) => self.attribute(name),
            // `globals()['total'] = 0`
            Target::Index(Expr { kind: ExprKind::Call { callee, .. }, .. }, index, _) => {
                if let (ExprKind::Name(Place::Global(name)), ExprKind::Const(Const::Str(variable))) =
                    (&callee.kind, &index.kind)
                    && &**name == "globals"
                {
                    self.place(&Place::Global(variable.clone()));
                }
            }
            _ => {}
        }
        walk_target(self, target);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign(place, _) => self.place(place),
            // Named tuples have fields by strings, other objects by keywords.
            ExprKind::Const(Const::Str(text)) => {
                for word in text.split(|character: char| !character.is_alphanumeric() && character != '_') {
                    self.attribute(word);
                }
            }
            ExprKind::Call { args, .. } => {
                for arg in args {
                    if let Arg::Keyword(name, _) = arg {
                        self.attribute(name);
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

struct Check<'k> {
    known: &'k Known<'k>,
    defined: &'k Defined,
    source: Arc<Source>,
    /// How many functions are around: what stands outside is run at once, and fails in its place.
    functions: u32,
    /// How many `try` with handlers are around: their programs may count on the fault.
    caught: u32,
    fault: Option<Diagnostic>,
}

impl Check<'_> {
    fn fault(&mut self, span: Span, message: String, help: Option<String>) {
        if self.fault.is_none() {
            self.fault = Some(Diagnostic { source: Arc::clone(&self.source), span, message, help });
        }
    }

    fn name(&mut self, name: &str, span: Span) {
        let (known, defined) = (self.known, self.defined);
        if defined.globals.contains(name) || known.names.contains(&name) || (known.is_builtin)(name) {
            return;
        }
        if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return self.fault(span, format!("'{name}' is not supported"), Some((*reason).to_string()));
        }
        if self.functions == 0 || self.caught > 0 || defined.everything || is_special(name) {
            return;
        }
        if BUILTINS.contains(name) {
            return self.fault(span, format!("'{name}' is not supported"), None);
        }
        let builtins = BUILTINS.iter().copied().filter(|name| (known.is_builtin)(name));
        let globals = defined.globals.iter().map(String::as_str);
        let near = nearest(name, globals.chain(known.names.iter().copied()).chain(builtins));
        self.fault(span, format!("'{name}' is not defined"), near.map(did_you_mean));
    }

    fn attribute(&mut self, name: &str, value: &Expr, span: Span) {
        let (known, defined) = (self.known, self.defined);
        if self.functions == 0 || self.caught > 0 || is_special(name) {
            return;
        }
        // The name alone is at fault, not all that stands in front of it.
        let length = u32::try_from(name.len()).unwrap_or(0);
        let span = Span { start: span.end.saturating_sub(length).max(value.span.end), end: span.end };
        if let Some(module) = self.module_behind(value)
            && python::module_has(module, name) == Some(false)
        {
            let inside = format!("{module}.{module}.{name}");
            let help = match python::class_has(module, module, name) {
                true => Some(inside),
                false => {
                    let members = ATTRIBUTES.iter().copied();
                    let members = members.filter(|member| python::module_has(module, member) == Some(true));
                    nearest(name, members).map(str::to_string)
                }
            };
            let help = help.map(|name| did_you_mean(&name));
            return self.fault(span, format!("module '{module}' has no attribute '{name}'"), help);
        }
        if defined.is_of_part(value) {
            return;
        }
        if ATTRIBUTES.contains(name) || known.attributes.contains(&name) || defined.attributes.contains(name)
        {
            return;
        }
        let candidates = defined.attributes.iter().map(String::as_str);
        let near = nearest(name, ATTRIBUTES.iter().chain(known.attributes).copied().chain(candidates));
        let help = match PYTHON_2.iter().find(|(gone, _)| *gone == name) {
            Some((_, instead)) => Some((*instead).to_string()),
            None => near.map(did_you_mean),
        };
        self.fault(span, format!("nothing has an attribute '{name}'"), help);
    }

    /// The module of Python's library that an expression is sure to be, if its members are those of the library alone.
    fn module_behind(&self, value: &Expr) -> Option<&str> {
        let ExprKind::Name(Place::Global(name)) = &value.kind else { return None };
        let module = match self.defined.modules.get(&**name) {
            Some(module) => module.as_deref()?,
            None => self.known.names.iter().copied().find(|given| **given == **name)?,
        };
        (!OWN.contains(&module) && module != "urllib").then_some(module)
    }

    fn module(&mut self, name: &str, span: Span) {
        if self.caught > 0 || self.known.modules.contains(&name) {
            return;
        }
        if let Some(reason) = refused_module(name) {
            return self.fault(
                span,
                format!("the module '{name}' is not supported"),
                Some(reason.to_string()),
            );
        }
        let help = match nearest(name, self.known.modules.iter().copied()) {
            Some(near) => did_you_mean(near),
            None => {
                // PySpark's are many, and those who look for one know its name.
                let others = self.known.modules.iter().filter(|module| !module.starts_with("pyspark"));
                format!("there are {} and those of pyspark", others.copied().collect::<Vec<_>>().join(", "))
            }
        };
        self.fault(span, format!("there is no module '{name}'"), Some(help));
    }
}

/// Modules with members that the library does not know of.
const OWN: &[&str] = &["os", "sys", "time"];

fn did_you_mean(name: &str) -> String {
    format!("did you mean '{name}'?")
}

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`
fn is_type_checking(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Name(Place::Global(name)) | ExprKind::Attribute(_, name) => &**name == "TYPE_CHECKING",
        _ => false,
    }
}

/// `__name__` and its like.
fn is_special(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

impl Visit for Check<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Import { module, .. } => self.module(module, stmt.span),
            StmtKind::ImportFrom { module, names } => {
                // `from pyspark import streaming` imports a module too.
                let is_module =
                    |name: &str| self.known.modules.contains(&format!("{module}.{name}").as_str());
                if !names.iter().all(|(name, _)| is_module(name)) {
                    self.module(module, stmt.span);
                }
            }
            // What stands there is for type checkers, and never runs.
            StmtKind::If(test, _, otherwise) if is_type_checking(test) => {
                walk_block(self, otherwise);
                return;
            }
            StmtKind::Try { body, handlers, otherwise, finally } if !handlers.is_empty() => {
                self.caught += 1;
                walk_block(self, body);
                self.caught -= 1;
                walk_handlers(self, handlers);
                walk_block(self, otherwise);
                walk_block(self, finally);
                return;
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(Place::Global(name)) => self.name(name, expr.span),
            ExprKind::Attribute(value, name) => {
                walk_expr(self, expr);
                return self.attribute(name, value, expr.span);
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn code(&mut self, code: &Code) {
        // What a function does is not caught by a `try` around its definition.
        let caught = std::mem::take(&mut self.caught);
        self.functions += 1;
        walk_code(self, code);
        self.functions -= 1;
        self.caught = caught;
    }
}
