//! The scopes of names against what CPython 3.11 made of the same programs: `co_varnames`, `co_cellvars` and
//! `co_freevars` of every function, those of list, set and dict comprehensions taken to the function around.

use std::sync::Arc;

use dstream::plan::code::{Code, Expr, Stmt};
use dstream::plan::visit::{Visit, walk_code};

/// Name, whether it is a generator, its variables, those that functions inside capture, those that it captures.
/// In alphabetical order.
type Facts = (&'static str, bool, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const CASES: &[(&str, &[Facts])] = &[
    (
        "def f(a, b=1, *c, d, **e):\n    g = a\n    return g\n",
        &[("f", false, &["a", "b", "c", "d", "e", "g"], &[], &[])],
    ),
    ("def f():\n    print(x)\n    x = 1\n", &[("f", false, &["x"], &[], &[])]),
    (
        "def outer(n):\n    total = 0\n    def add(k):\n        nonlocal total\n        total += k + n\n        return total\n    return add\n",
        &[
            ("outer", false, &["add", "n", "total"], &["n", "total"], &[]),
            ("add", false, &["k"], &[], &["n", "total"]),
        ],
    ),
    (
        "def a():\n    x = 1\n    def b():\n        def c():\n            return x\n        return c\n    return b\n",
        &[
            ("a", false, &["b", "x"], &["x"], &[]),
            ("b", false, &["c"], &[], &["x"]),
            ("c", false, &[], &[], &["x"]),
        ],
    ),
    (
        "x = 1\ndef a():\n    x = 2\n    def b():\n        global x\n        x = 3\n        def c():\n            return x\n        return c\n    return b\n",
        &[("a", false, &["b", "x"], &[], &[]), ("b", false, &["c"], &[], &[]), ("c", false, &[], &[], &[])],
    ),
    (
        "def f(xs):\n    return [lambda: x + y for x in xs for y in xs]\n",
        &[("f", false, &["x", "xs", "y"], &["x", "y"], &[]), ("<lambda>", false, &[], &[], &["x", "y"])],
    ),
    (
        "def f(xs):\n    y = 1\n    return sum(x + y for x in xs if x for z in y)\n",
        &[("f", false, &["xs", "y"], &["y"], &[]), ("<genexpr>", true, &[".0", "x", "z"], &[], &["y"])],
    ),
    (
        "def f(xs):\n    return [(last := x) for x in xs], last\n",
        &[("f", false, &["last", "x", "xs"], &[], &[])],
    ),
    (
        "def f(xs):\n    return any((hit := x) for x in xs) and hit\n",
        &[("f", false, &["hit", "xs"], &["hit"], &[]), ("<genexpr>", true, &[".0", "x"], &[], &["hit"])],
    ),
    (
        "def f():\n    try:\n        import os.path\n    except ImportError as e:\n        pass\n    with a as (b, c):\n        del d\n    for g in h:\n        k: int = g\n    return lambda k=g: k\n",
        &[
            ("f", false, &["b", "c", "d", "e", "g", "k", "os"], &[], &[]),
            ("<lambda>", false, &["k"], &[], &[]),
        ],
    ),
    (
        "def f(x):\n    class C:\n        y = 1\n        def m(self):\n            return x, y\n        n = [x for _ in range(3)]\n    return C\n",
        &[("f", false, &["C", "_", "x"], &["x"], &[]), ("m", false, &["self"], &[], &["x"])],
    ),
    (
        "class C:\n    def m(self):\n        def n():\n            return self, C\n        return n\n",
        &[("m", false, &["n", "self"], &["self"], &[]), ("n", false, &[], &[], &["self"])],
    ),
    (
        "f = lambda x: lambda y: lambda z=x: (x, y, z, w)\n",
        &[
            ("<lambda>", false, &["z"], &[], &["x", "y"]),
            ("<lambda>", false, &["y"], &["y"], &["x"]),
            ("<lambda>", false, &["x"], &["x"], &[]),
        ],
    ),
    (
        "def f(x):\n    x = [x for x in x]\n    def g():\n        return x\n    return {x: (lambda: x) for x in g()}\n",
        &[
            ("f", false, &["g", "x"], &["x"], &[]),
            ("g", false, &[], &[], &["x"]),
            ("<lambda>", false, &[], &[], &["x"]),
        ],
    ),
    (
        "def f():\n    def g(n):\n        return g(n - 1)\n    return g\n",
        &[("f", false, &["g"], &["g"], &[]), ("g", false, &["n"], &[], &["g"])],
    ),
    (
        "def f():\n    global a\n    a = [b for b in a]\n    def a2():\n        yield a\n    return (lambda: (yield))\n",
        &[
            ("f", false, &["a2", "b"], &[], &[]),
            ("a2", true, &[], &[], &[]),
            ("<lambda>", true, &[], &[], &[]),
        ],
    ),
    (
        "def f(n):\n    for i in range(n):\n        g = lambda: (i, j)\n    j = 1\n    return {i for i in g()}\n",
        &[("f", false, &["g", "i", "j", "n"], &["i", "j"], &[]), ("<lambda>", false, &[], &[], &["i", "j"])],
    ),
];

/// Functions in the order in which they are found.
#[derive(Default)]
struct Functions(Vec<(u32, String, bool, [Vec<String>; 3])>);

impl Visit for Functions {
    fn code(&mut self, code: &Code) {
        let sorted = |names: Vec<String>| {
            let mut names = names;
            names.sort();
            names.dedup();
            names
        };
        let cells = code.cells.iter().map(|&cell| code.locals[cell as usize].clone()).collect();
        let captures = code.captures.iter().map(|(_, name)| name.clone()).collect();
        let names = [code.locals.clone(), cells, captures].map(sorted);
        let line = code.source.position(code.span.start).line;
        self.0.push((u32::try_from(line).expect("few lines"), code.name.clone(), code.is_generator, names));
        walk_code(self, code);
    }
}

#[test]
fn names_belong_where_cpython_has_them() {
    for (text, expected) in CASES {
        let code: Arc<Code> = super::module(text);
        let mut found = Functions::default();
        walk_code(&mut found, &code);
        found.0.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let found: Vec<_> =
            found.0.into_iter().map(|(_, name, generator, names)| (name, generator, names)).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, generator, variables, cells, captures)| {
                let names =
                    [variables, cells, captures].map(|names| names.iter().map(ToString::to_string).collect());
                ((*name).to_string(), *generator, names)
            })
            .collect::<Vec<(String, bool, [Vec<String>; 3])>>();
        // Functions on one line may come in either order.
        let mut sorted = [found, expected];
        sorted.iter_mut().for_each(|facts| facts.sort());
        assert_eq!(sorted[0], sorted[1], "{text}");
    }
}

/// Every place is within the tables of its function, and its name is the one written there.
#[test]
fn captures_come_from_the_function_around() {
    use dstream::plan::code::{Capture, ExprKind, Place};

    struct Check<'c> {
        around: Vec<&'c Code>,
        places: usize,
    }
    impl Visit for Check<'_> {
        fn code(&mut self, code: &Code) {
            let around = self.around.last().expect("a function is inside of something");
            for (from, name) in &code.captures {
                let original = match from {
                    Capture::Cell(cell) => &around.locals[around.cells[*cell as usize] as usize],
                    Capture::Outer(capture) => &around.captures[*capture as usize].1,
                };
                assert_eq!(name, original);
            }
            let mut inside = Check { around: vec![code], places: 0 };
            walk_code(&mut inside, code);
            self.places += inside.places;
        }
        fn expr(&mut self, expr: &Expr) {
            let code = *self.around.last().expect("an expression is inside of something");
            if let ExprKind::Name(place) = &expr.kind {
                let written = &code.source.text[expr.span.start as usize..expr.span.end as usize];
                let name = match place {
                    Place::Local(number) => code.locals[*number as usize].as_str(),
                    Place::Cell(cell) => code.locals[code.cells[*cell as usize] as usize].as_str(),
                    Place::Capture(capture) => code.captures[*capture as usize].1.as_str(),
                    Place::Global(name) => name,
                };
                self.places += 1;
                assert!(name == ".0" || name == written, "{name} for {written}");
            }
            dstream::plan::visit::walk_expr(self, expr);
        }
        fn stmt(&mut self, stmt: &Stmt) {
            dstream::plan::visit::walk_stmt(self, stmt);
        }
    }
    let mut places = 0;
    for (text, _) in CASES {
        let code = super::module(text);
        let mut check = Check { around: vec![&code], places: 0 };
        walk_code(&mut check, &code);
        places += check.places;
    }
    assert!(places > 60, "{places}");
}
