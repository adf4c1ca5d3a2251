//! Which functions may change what they have captured.
//!
//! In Spark every task has a copy of its own: a list that a lambda appends to grows over a partition.
//! Functions that may do so run over a partition from its first record to its last; all others may be
//! run on pieces of it, and made anew in between. The answer errs on the side of "may".

use std::collections::HashSet;
use std::sync::Arc;

use crate::batch::value::{Arena, Heap, Task, Value, decode};
use crate::plan::code::{
    Arg, Capture, Code, ComprehensionKind, Expr, ExprKind, Item, Place, Stmt, StmtKind, Target,
};
use crate::plan::visit::{self, Visit};
use crate::plan::{Frozen, Image};

/// Methods that change their object.
const MUTATORS: &[&str] = &[
    "__delitem__",
    "__setitem__",
    "add",
    "append",
    "appendleft",
    "clear",
    "delitem",
    "difference_update",
    "discard",
    "extend",
    "extendleft",
    "insert",
    "intersection_update",
    "move_to_end",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "setitem",
    "sort",
    "subtract",
    "symmetric_difference_update",
    "update",
];

/// Whether a function may leave something behind for the next record: in a captured container, a
/// captured variable, a global or a default.
pub(super) fn is_stateful(image: &Image) -> bool {
    let mut roots = Roots::default();
    roots.collect(&image.entry, true);
    let globals = image.globals.iter().map(|(_, frozen)| frozen);
    globals.chain(image.cells.iter().flatten()).for_each(|frozen| roots.collect(frozen, false));
    // What `eval` will be given nobody knows.
    if image.parse.is_some() && roots.holds_mutable {
        return true;
    }
    let mutable = image.globals.iter().filter(|(_, frozen)| {
        let mut global = Roots::default();
        global.collect(frozen, false);
        global.holds_mutable
    });
    let scope = Scope {
        holds_mutable: roots.holds_mutable,
        has_functions: roots.codes.len() > 1,
        globals: &mutable.map(|(name, _)| &**name).collect(),
    };
    roots.codes.iter().any(|(code, is_entry)| {
        // Other functions may be given what is captured as an argument.
        Search::of_root(scope, code, !is_entry || roots.mutable_default).finds()
    })
}

/// The functions of an image, and whether anything with them can be changed in place.
#[derive(Default)]
struct Roots<'i> {
    codes: Vec<(&'i Arc<Code>, bool)>,
    holds_mutable: bool,
    mutable_default: bool,
}

impl<'i> Roots<'i> {
    fn collect(&mut self, frozen: &'i Frozen, is_entry: bool) {
        match frozen {
            Frozen::Function { code, defaults, .. } => {
                if !self.codes.iter().any(|(known, _)| Arc::ptr_eq(known, code)) {
                    self.codes.push((code, is_entry));
                }
                let before = std::mem::take(&mut self.holds_mutable);
                defaults.iter().for_each(|default| self.collect(default, false));
                self.mutable_default |= self.holds_mutable;
                self.holds_mutable |= before;
            }
            Frozen::Data(encoded) => self.holds_mutable |= is_mutable(encoded),
            Frozen::Tuple(items) => items.iter().for_each(|item| self.collect(item, false)),
            Frozen::List(items) => {
                self.holds_mutable = true;
                items.iter().for_each(|item| self.collect(item, false));
            }
            Frozen::Dict(entries) => {
                self.holds_mutable = true;
                for (key, value) in entries.iter() {
                    self.collect(key, false);
                    self.collect(value, false);
                }
            }
            Frozen::Broadcast(value) => self.collect(value, false),
            Frozen::Native(_) | Frozen::Type(_) | Frozen::Module(_) | Frozen::Accumulator(_) => {}
        }
    }
}

/// Whether an encoded value can be changed in place.
fn is_mutable(encoded: &[u8]) -> bool {
    let arena = Arena::default();
    let task = Task::default();
    let heap = Heap::new(&arena, &task);
    let mut rest = encoded;
    holds_mutable(decode(&heap, &mut rest))
}

fn holds_mutable(value: Value<'_>) -> bool {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) => true,
        Value::Object(object) => object.fields.iter().any(|field| holds_mutable(*field)),
        _ => value.as_tuple().is_some_and(|items| items.iter().any(|item| holds_mutable(*item))),
    }
}

/// What the functions of an image share.
#[derive(Clone, Copy)]
struct Scope<'i> {
    /// Whether anything that is captured, or in a global, can be changed in place.
    holds_mutable: bool,
    /// Whether there is more than one function.
    has_functions: bool,
    /// The globals that can be changed in place.
    globals: &'i HashSet<&'i str>,
}

/// Looks for changes in one function.
struct Search<'c> {
    scope: Scope<'c>,
    code: &'c Code,
    /// Captured variables that outlive a call of the outermost function.
    outer: HashSet<usize>,
    /// Captured variables that may hold something that outlives it, though they do not themselves.
    lasting_captures: HashSet<usize>,
    /// Locals that may hold something that outlives it.
    lasting: HashSet<u32>,
    /// Whether there are more of those than at the last look.
    grown: bool,
    goes_inside: bool,
    found: bool,
}

/// What a target gets.
#[derive(Clone, Copy)]
enum Gets<'e> {
    /// A value, or the items of one.
    From(&'e Expr),
    /// What was there, changed in place.
    Changed,
    /// Nothing: it is deleted.
    Nothing,
}

impl<'c> Search<'c> {
    /// A search in a function of an image. Its parameters may be given what outlives the call, if
    /// `params` says so.
    fn of_root(scope: Scope<'c>, code: &'c Code, params: bool) -> Self {
        Search {
            scope,
            code,
            outer: (0..code.captures.len()).collect(),
            lasting_captures: HashSet::new(),
            lasting: if params { (0..parameter_count(code)).collect() } else { HashSet::new() },
            grown: false,
            goes_inside: false,
            found: false,
        }
    }

    /// A search in a function inside of this one.
    fn inner<'d>(&self, code: &'d Code) -> Search<'d>
    where
        'c: 'd,
    {
        let captures = |is_meant: &dyn Fn(&Capture) -> bool| {
            let captures = code.captures.iter().enumerate();
            captures.filter(|(_, (capture, _))| is_meant(capture)).map(|(number, _)| number).collect()
        };
        Search {
            outer: captures(&|capture| match capture {
                Capture::Cell(_) => false,
                Capture::Outer(number) => self.outer.contains(&(*number as usize)),
            }),
            lasting_captures: captures(&|capture| match capture {
                Capture::Cell(_) => self.holds(&place_of(capture)),
                Capture::Outer(number) => self.lasting_captures.contains(&(*number as usize)),
            }),
            ..Search::of_root(self.scope, code, self.scope.holds_mutable)
        }
    }

    /// Whether the function may change what outlives its call.
    fn finds(mut self) -> bool {
        let code = self.code;
        // An alias may be made behind where it is used, in a loop. Functions inside are looked at once all
        // are known.
        loop {
            self.grown = false;
            visit::walk_code(&mut self, code);
            match (self.found, self.grown, self.goes_inside) {
                (true, ..) | (false, false, true) => return self.found,
                (false, true, _) => {}
                (false, false, false) => self.goes_inside = true,
            }
        }
    }

    /// The local behind a place.
    fn local(&self, place: &Place) -> Option<u32> {
        match place {
            Place::Local(local) => Some(*local),
            Place::Cell(cell) => self.code.cells.get(*cell as usize).copied(),
            Place::Capture(_) | Place::Global(_) => None,
        }
    }

    /// Whether what is in a variable may be changed with a lasting effect.
    fn holds(&self, place: &Place) -> bool {
        self.scope.holds_mutable
            && match place {
                Place::Global(name) => self.scope.globals.contains(&**name),
                Place::Capture(number) => {
                    let number = *number as usize;
                    self.outer.contains(&number) || self.lasting_captures.contains(&number)
                }
                _ => self.local(place).is_some_and(|local| self.lasting.contains(&local)),
            }
    }

    /// A variable is bound: does it itself outlive the call?
    fn bind(&mut self, place: &Place) {
        self.found |= match place {
            Place::Global(_) => true,
            Place::Capture(number) => self.outer.contains(&(*number as usize)),
            Place::Local(_) | Place::Cell(_) => false,
        };
    }

    fn assign(&mut self, target: &Target, gets: Gets<'_>) {
        match (target, gets) {
            (Target::Name(place, _), gets) => {
                self.bind(place);
                match gets {
                    Gets::From(value) if self.lasts(value) => self.becomes_lasting(place),
                    Gets::Changed => self.found |= self.holds(place),
                    Gets::From(_) | Gets::Nothing => {}
                }
            }
            (Target::Unpack(targets, ..), gets) => {
                targets.iter().for_each(|target| self.assign(target, gets));
            }
            (Target::Attribute(value, ..) | Target::Index(value, ..) | Target::Slice(value, ..), _) => {
                self.found |= self.lasts(value);
            }
        }
    }

    fn becomes_lasting(&mut self, place: &Place) {
        match self.local(place) {
            Some(local) => self.grown |= self.lasting.insert(local),
            // A variable of the function around, which may change it then.
            None => self.found = true,
        }
    }

    /// Whether a value may be, or hold, something that outlives the call and can be changed.
    fn lasts(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(place) => self.holds(place),
            ExprKind::Index(value, _)
            | ExprKind::Slice(value, _)
            | ExprKind::Attribute(value, _)
            | ExprKind::Assign(_, value)
            | ExprKind::Generator(_, value) => self.lasts(value),
            ExprKind::Binary(_, left, right) => self.lasts(left) || self.lasts(right),
            ExprKind::And(values) | ExprKind::Or(values) => values.iter().any(|value| self.lasts(value)),
            ExprKind::If { then, otherwise, .. } => self.lasts(then) || self.lasts(otherwise),
            ExprKind::Call { callee, args } => {
                let of_callee = match &callee.kind {
                    ExprKind::Attribute(value, _) => self.lasts(value),
                    // A function of the program may give any global; a built-in gives its arguments at most.
                    _ => self.scope.has_functions && self.scope.holds_mutable,
                };
                of_callee || args.iter().any(|arg| self.lasts(argument(arg)))
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().any(|item| {
                    let (Item::One(value) | Item::Unpacked(value)) = item;
                    self.lasts(value)
                })
            }
            ExprKind::Dict(entries) => entries.iter().any(|(_, value)| self.lasts(value)),
            ExprKind::Comprehension(made) => match &made.kind {
                ComprehensionKind::List(value) | ComprehensionKind::Set(value) => self.lasts(value),
                ComprehensionKind::Dict(_, value) => self.lasts(value),
            },
            _ => false,
        }
    }
}

impl Visit for Search<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign(targets, value) => {
                targets.iter().for_each(|target| self.assign(target, Gets::From(value)));
            }
            StmtKind::AugAssign(target, ..) => self.assign(target, Gets::Changed),
            StmtKind::Delete(targets) => {
                targets.iter().for_each(|target| self.assign(target, Gets::Nothing));
            }
            StmtKind::For(target, iterable, ..) => self.assign(target, Gets::From(iterable)),
            StmtKind::With(items, _) => {
                for (value, target) in items {
                    target.iter().for_each(|target| self.assign(target, Gets::From(value)));
                }
            }
            StmtKind::Def(place, _) | StmtKind::Class { place, .. } | StmtKind::Import { place, .. } => {
                self.bind(place);
            }
            StmtKind::ImportFrom { names, .. } => names.iter().for_each(|(_, place)| self.bind(place)),
            StmtKind::Try { handlers, .. } => {
                handlers
                    .iter()
                    .filter_map(|handler| handler.place.as_ref())
                    .for_each(|place| self.bind(place));
            }
            _ => {}
        }
        visit::walk_stmt(self, stmt);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Attribute(value, name) if MUTATORS.contains(&&**name) => {
                self.found |= self.lasts(value);
            }
            // `list.append(known, x)`
            ExprKind::Call { callee, args } => {
                if let ExprKind::Attribute(class, name) = &callee.kind
                    && MUTATORS.contains(&&**name)
                    && matches!(class.kind, ExprKind::Name(Place::Global(_)))
                {
                    self.found |= args.first().is_some_and(|arg| self.lasts(argument(arg)));
                }
            }
            ExprKind::Assign(place, value) => {
                self.bind(place);
                if self.lasts(value) {
                    self.becomes_lasting(place);
                }
            }
            ExprKind::Comprehension(comprehension) => {
                for clause in &comprehension.clauses {
                    self.assign(&clause.target, Gets::From(&clause.iterable));
                }
            }
            _ => {}
        }
        visit::walk_expr(self, expr);
    }

    fn code(&mut self, code: &Code) {
        self.found |= self.goes_inside && self.inner(code).finds();
    }
}

fn parameter_count(code: &Code) -> u32 {
    let params = &code.params;
    let named = params.positional.len() + params.keyword_only.len();
    let others = usize::from(params.rest.is_some()) + usize::from(params.keywords.is_some());
    u32::try_from(named + others).unwrap_or(u32::MAX)
}

/// The expression of an argument.
fn argument(arg: &Arg) -> &Expr {
    match arg {
        Arg::Positional(value) | Arg::Unpacked(value) | Arg::Keyword(_, value) | Arg::Keywords(value) => {
            value
        }
    }
}

/// Where a captured cell is, in the function around.
fn place_of(capture: &Capture) -> Place {
    match capture {
        Capture::Cell(number) => Place::Cell(*number),
        Capture::Outer(number) => Place::Capture(*number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::value::encode;
    use crate::lang::parse;
    use crate::plan::code::Source;

    /// A function called `f` of a program, and its other functions as globals beside `seen`, which is a list
    /// of lists, and `limit`, which is a number.
    fn is_stateful_in(program: &str) -> bool {
        let source = Arc::new(Source { name: "job.py".into(), text: program.into() });
        let module = parse(&source).expect("these are programs");
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let data = |value| {
            let mut encoded = Vec::new();
            encode(&heap, value, &mut encoded).expect("plain data");
            Frozen::Data(encoded.into())
        };
        let seen = data(heap.list([heap.list([])]));
        let functions = module.body.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Def(Place::Global(name), code) => {
                let defaults: Vec<_> =
                    code.params.positional.iter().filter(|param| param.default.is_some()).collect();
                let defaults = defaults.iter().map(|_| seen.clone()).collect();
                Some((
                    name.clone(),
                    Frozen::Function { code: code.clone(), captured: Arc::new([]), defaults },
                ))
            }
            _ => None,
        });
        let mut globals: Vec<_> = functions.collect();
        let entry = globals.iter().find(|(name, _)| &**name == "f").expect("there is an f").1.clone();
        globals.push(("seen".into(), seen));
        globals.push(("limit".into(), data(Value::Int(3))));
        is_stateful(&Image { entry, globals, cells: Vec::new(), parse: None })
    }

    #[test]
    fn what_leaves_something_behind_is_found() {
        for body in [
            "seen.append(x)",
            "seen[0].append(x)",
            "seen[0] = x",
            "seen[0] += x",
            "del seen[:]",
            "list.append(seen, x)",
            "[s.append(x) for s in seen]",
            "for s in seen: s.append(x)",
            "mine = seen; mine.append(x)",
            "a, b = 1, seen[-1]; b.pop()",
            "for i in range(3):\n  if i: mine.append(x)\n  mine = seen",
            "add = seen.append; add(x)",
            "list(map(seen.append, [x]))",
            "(mine := seen).sort()",
            "global limit; limit += 1",
            "global limit\n for limit in range(x): pass",
            "(lambda s: s.append(x))(seen)",
            "mine = seen\n def g(): mine.append(x)\n g()",
            "(seen if x else []).append(x)",
            "mine = []\n def g():\n  nonlocal mine\n  mine = seen\n g()\n mine.append(x)",
        ] {
            assert!(is_stateful_in(&format!("def f(x):\n {body}\n")), "{body}");
        }
        assert!(is_stateful_in("def f(x, known=[]):\n known.append(x)\n"));
        assert!(is_stateful_in("def g(s): s.append(1)\ndef f(x): g(seen)\n"));
        assert!(is_stateful_in("def g(): return seen\ndef f(x): g().append(1)\n"));
    }

    #[test]
    fn what_is_only_looked_at_or_made_anew_is_not() {
        for body in [
            "return x in seen and len(seen) > limit",
            "words = []\n for w in x.split(): words.append(w)\n return words",
            "counts = {}\n for w in x: counts[w] = counts.get(w, 0) + 1\n return [w for w in counts if w in seen]",
            "limit = 1; limit += 1; return seen",
            "total = 0\n def add(n):\n  nonlocal total\n  total += n\n add(x)\n return total, seen",
            "import json; d = json.loads(x); d['n'] = limit; return d",
        ] {
            assert!(!is_stateful_in(&format!("def f(x):\n {body}\n")), "{body}");
        }
    }
}
