//! Which functions may change what they have captured.
//!
//! In Spark every task has a copy of its own: a list that a lambda appends to grows over a partition.
//! Functions that may do so run over a partition from its first record to its last; all others may be
//! run on pieces of it, and made anew in between. The answer errs on the side of "may".

use std::collections::HashSet;
use std::sync::Arc;

use super::walk::{self, Gets, Visit};
use crate::batch::value::{Arena, Heap, Task, Value, decode};
use crate::plan::code::{Capture, Code, Expr, ExprKind, Place, Target};
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
        let outer = (0..code.captures.len()).collect();
        // Other functions may be given what is captured as an argument.
        let params = !is_entry || roots.mutable_default;
        scope.may_change(code, outer, params, &HashSet::new())
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

impl Scope<'_> {
    /// Whether a function may change what outlives its call. `outer` are the captures that do, `params`
    /// says whether its arguments may.
    fn may_change(self, code: &Code, outer: HashSet<usize>, params: bool, cells: &HashSet<u32>) -> bool {
        let parameters = parameter_count(code);
        let mut search = Search {
            scope: self,
            code,
            outer,
            lasting: if params { (0..parameters).collect() } else { HashSet::new() },
            lasting_captures: captured(code, cells),
            functions: Vec::new(),
            grown: true,
            found: false,
        };
        // An alias may be made behind where it is used, in a loop.
        while search.grown && !search.found {
            search.grown = false;
            search.functions.clear();
            walk::code(code, &mut search);
        }
        let Search { outer, lasting, functions, found, .. } = search;
        found
            || functions.into_iter().any(|inner| {
                let inner_outer = outlives(inner, &outer);
                let cells = code.cells.iter().enumerate();
                let cells = cells.filter(|(_, local)| lasting.contains(local)).map(|(cell, _)| cell as u32);
                self.may_change(inner, inner_outer, self.holds_mutable, &cells.collect())
            })
    }
}

fn parameter_count(code: &Code) -> u32 {
    let params = &code.params;
    let named = params.positional.len() + params.keyword_only.len();
    let others = usize::from(params.rest.is_some()) + usize::from(params.keywords.is_some());
    u32::try_from(named + others).unwrap_or(u32::MAX)
}

/// Which captures of a function are variables that outlive a call of the function around it.
fn outlives(inner: &Code, outer: &HashSet<usize>) -> HashSet<usize> {
    let captures = inner.captures.iter().enumerate();
    let lasting = captures.filter(|(_, (capture, _))| match capture {
        Capture::Cell(_) => false,
        Capture::Outer(number) => outer.contains(&(*number as usize)),
    });
    lasting.map(|(number, _)| number).collect()
}

/// Which captures of a function are cells of the function around it that hold something lasting.
fn captured(code: &Code, cells: &HashSet<u32>) -> HashSet<usize> {
    let captures = code.captures.iter().enumerate();
    let lasting = captures.filter(|(_, (capture, _))| match capture {
        Capture::Cell(cell) => cells.contains(cell),
        Capture::Outer(_) => true,
    });
    lasting.map(|(number, _)| number).collect()
}

/// Looks for changes in one function.
struct Search<'c> {
    scope: Scope<'c>,
    code: &'c Code,
    /// Captured variables that outlive a call.
    outer: HashSet<usize>,
    /// Locals that may hold something that outlives a call.
    lasting: HashSet<u32>,
    /// Captured variables that may hold something that outlives a call, though they do not themselves.
    lasting_captures: HashSet<usize>,
    functions: Vec<&'c Arc<Code>>,
    grown: bool,
    found: bool,
}

impl Search<'_> {
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

    /// Whether a variable itself outlives the call.
    fn outlives(&self, place: &Place) -> bool {
        match place {
            Place::Global(_) => true,
            Place::Capture(number) => self.outer.contains(&(*number as usize)),
            Place::Local(_) | Place::Cell(_) => false,
        }
    }

    /// Whether a value may be, or hold, something that outlives the call and can be changed.
    fn lasts(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(place) => self.holds(place),
            ExprKind::Index(value, _) | ExprKind::Slice(value, _) | ExprKind::Attribute(value, _) => {
                self.lasts(value)
            }
            ExprKind::Binary(_, left, right) => self.lasts(left) || self.lasts(right),
            ExprKind::And(values) | ExprKind::Or(values) => values.iter().any(|value| self.lasts(value)),
            ExprKind::If { then, otherwise, .. } => self.lasts(then) || self.lasts(otherwise),
            ExprKind::Assign(_, value) => self.lasts(value),
            ExprKind::Call { callee, args } => {
                let of_method = match &callee.kind {
                    ExprKind::Attribute(value, _) => self.lasts(value),
                    // A function of the program may give any global; a built-in gives its arguments at most.
                    _ => self.scope.has_functions && self.scope.holds_mutable,
                };
                of_method || args.iter().any(|arg| self.lasts(walk::argument(arg)))
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().any(|item| self.lasts(walk::item(item)))
            }
            ExprKind::Dict(entries) => entries.iter().any(|(_, value)| self.lasts(value)),
            ExprKind::Comprehension(made) => {
                walk::elements(&made.kind).into_iter().any(|element| self.lasts(element))
            }
            ExprKind::Generator(_, iterable) => self.lasts(iterable),
            _ => false,
        }
    }

    fn becomes_lasting(&mut self, place: &Place) {
        if let Some(local) = self.local(place) {
            self.grown |= self.lasting.insert(local);
        }
    }
}

impl<'c> Visit<'c> for Search<'c> {
    fn expr(&mut self, expr: &'c Expr) {
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
                    self.found |= args.first().is_some_and(|arg| self.lasts(walk::argument(arg)));
                }
            }
            ExprKind::Assign(place, value) if self.lasts(value) => self.becomes_lasting(place),
            _ => {}
        }
    }

    fn target(&mut self, target: &'c Target, gets: Gets<'c>) {
        match (target, gets) {
            (Target::Name(place, _), _) if self.outlives(place) => self.found = true,
            (Target::Name(place, _), Gets::Value(value) | Gets::Items(value)) => {
                if self.lasts(value) {
                    self.becomes_lasting(place);
                }
            }
            (Target::Name(place, _), Gets::Changed) => self.found |= self.holds(place),
            (Target::Name(..) | Target::Unpack(..), _) => {}
            (Target::Attribute(value, ..) | Target::Index(value, ..) | Target::Slice(value, ..), _) => {
                self.found |= self.lasts(value);
            }
        }
    }

    fn bound(&mut self, place: &'c Place) {
        self.found |= self.outlives(place);
    }

    fn function(&mut self, code: &'c Arc<Code>) {
        self.functions.push(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::value::encode;
    use crate::lang::parse;
    use crate::plan::code::{Source, StmtKind};

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
