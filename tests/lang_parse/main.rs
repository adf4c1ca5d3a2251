//! Programs to code: every construct, the places of names, what is refused and how that is shown.

mod faults;
mod outline;
mod scopes;

use std::sync::Arc;

use dstream::lang::{parse, parse_eval, parse_expression};
use dstream::plan::code::{Code, Source};

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source { name: "job.py".into(), text: text.into() })
}

fn module(text: &str) -> Arc<Code> {
    parse(&source(text)).unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn expressions() {
    for (text, expected) in [
        ("1_000 + 0x10", "Add(1000, 16)"),
        ("0xFFFFFFFFFFFFFFFFFFFF", "Big(\"1208925819614629174706175\")"),
        ("-9223372036854775808", "Minus(Big(\"9223372036854775808\"))"),
        ("1e3, 1., .5", "tuple(Float(1000.0), Float(1.0), Float(0.5))"),
        ("None, True, ...", "tuple(None, Bool(true), Ellipsis)"),
        ("'a' \"b\" u'c' r'\\d'", "\"abc\\\\d\""),
        ("b'a\\xff' b'c'", "b[97, 255, 99]"),
        ("a or b and not c", "or(a, and(b, not(c)))"),
        ("-a ** ~b", "Minus(Pow(a, Invert(b)))"),
        ("a < b <= c is not None", "cmp(a, Less b, LessEqual c, IsNot None)"),
        ("a not in b", "cmp(a, NotIn b)"),
        ("a if b else c if d else e", "if(b, a, if(d, c, e))"),
        ("f(*a, k=1, *b, **d)", "f(*a, *b, k=1, **d)"),
        ("a.b.c(1)[2]", "a.b.c(1)[2]"),
        ("x[1:]", "x[1::]"),
        ("x[::-1]", "x[::Minus(1)]"),
        ("x[1, 2]", "x[tuple(1, 2)]"),
        ("(), (a,), [*a, 1], {1, *b}, {}", "tuple(tuple(), tuple(a), [*a, 1], set(1, *b), {})"),
        ("{**d, 'k': v}", "{**d, \"k\": v}"),
        ("f'{a}'", "f({a:})"),
        ("f'{a!r:>{w}}' 'b' f'{{c}}'", "f({a!r:\">\", {w:}}, \"b{c}\")"),
        ("f'{a = }{b=!s}{c=:3}'", "f(\"a = \", {a!r:}, \"b=\", {b!s:}, \"c=\", {c:\"3\"})"),
        ("f'{f\"{a}\"}'", "f({f({a:}):})"),
        ("[a for a in b if a if c]", "<list l0 for l0 in b if l0 if c>"),
        ("{k: v for k, v in b for b in v}", "<dict l0: l1 for (l0, l1) in b for l2 in l1>"),
        ("(a for a in b if a)", "gen*(.0){for l1 in l0 {if l1 {yield l1} {}} {}}(b)"),
        ("[lambda: i for i in r]", "<list fn(){return o0} for c0 in r new [0]>"),
        ("(x := 1) + x", "Add(x := 1, x)"),
        ("[y := a for a in b]", "<list y := l0 for l0 in b>"),
        ("lambda a, /, b=1, *c, d, e=2, **f: a", "fn(a, /, b=1, *c, d, e=2, **f){return l0}"),
        ("lambda *, k: k", "fn(*, k){return l0}"),
        ("lambda: (yield)", "fn*(){return yield}"),
    ] {
        assert_eq!(outline::outline(&module(text)), expected, "{text}");
    }
}

#[test]
fn statements() {
    for (text, expected) in [
        ("a = b = 1", "a = b = 1"),
        ("a, (b, *c) = d", "(a, (b, c *1)) = d"),
        ("a: int = 1\nb: str", "a = 1; pass"),
        ("a.b = c[d] = e[1:2] = f", "a.b = c[d] = e[1:2:] = f"),
        ("a //= 2; b @= c", "a FloorDiv= 2; b MatMul= c"),
        ("del a, b[1], (c, d)", "del a, b[1], (c, d)"),
        ("if a: b\nelif c: d\nelse: e", "if a {b} {if c {d} {e}}"),
        ("while a: break\nelse: b", "while a {break} {b}"),
        ("for a, b in c:\n  continue", "for (a, b) in c {continue} {}"),
        ("import a.b, a.b as c", "import a.b a false; import a.b c true"),
        ("if x: import a, b", "if x {import a a false; import b b false} {}"),
        ("from a.b import c, d as e", "from a.b import c c, d e"),
        ("from a import *", "from a import * *"),
        (
            "try: a\nexcept (B, C) as d: e\nexcept: f\nelse: g\nfinally: h",
            "try {a} except(tuple(B, C))d{e} except(){f} {g} {h}",
        ),
        ("raise A('b') from c", "raise A(\"b\")"),
        ("assert a, b", "assert a, b"),
        ("with a as b, c: d", "with a as b, c {d}"),
        ("def f(a: int, b=1) -> str:\n  'doc'\n  return a", "def f(a, b=1){\"doc\"; return l0}"),
        ("def f():\n  yield 1\n  yield from g", "def f*(){yield 1; yield from g}"),
        ("class A(B):\n  'doc'\n  n = 1\n  def m(self): return A", "class A(B) {m(self){return A}; n = 1}"),
        ("\u{feff}a", "a"),
        ("a\r\nb\r\n", "a; b"),
    ] {
        assert_eq!(outline::outline(&module(text)), expected, "{text}");
    }
}

#[test]
fn expressions_over_parameters() {
    let code = parse_expression(&source("x + len([y for y in z])"), &["x", "z"])
        .unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(outline::function(&code), "(x, z){return Add(l0, len(<list l2 for l2 in l1>))}");
    assert_eq!(code.locals, ["x", "z", "y"]);
    let code = parse_eval("  [1, 'a']\n").expect("this is an expression");
    assert_eq!(outline::function(&code), "(){return [1, \"a\"]}");
    assert!(parse_eval("a = 1").is_err());
    assert!(parse_eval("").is_err());
    assert_eq!(parse_eval("1 +").err().as_deref(), Some("expected an expression (<string>, line 1)"));
}

/// Spans are bytes of the text: what `help` and `explain` cut out.
#[test]
fn spans() {
    let text = "é = lines.map(lambda x: x + 1)\n";
    let code = module(text);
    let span = code.body[0].span;
    assert_eq!(&text[span.start as usize..span.end as usize], text.trim_end());
}

/// Nothing overflows the stack: too much is refused, and what people may generate is not.
#[test]
fn nesting() {
    let refused = [
        format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
        "(".repeat(1_000_000),
        format!("a{}", "+a".repeat(100_000)),
        format!("a{}", "**a".repeat(100_000)),
        format!("a{}", ".b".repeat(100_000)),
        format!("a{}", "()".repeat(100_000)),
        format!("a{}", "[0]".repeat(100_000)),
        format!("{}1", "-".repeat(100_000)),
        format!("{}1", "not ".repeat(100_000)),
        format!("{}1", "lambda: ".repeat(100_000)),
        format!("{}1", "lambda a, b=".repeat(100_000)),
        format!("{}1", "a if b else ".repeat(100_000)),
        format!("{}1", "{1: ".repeat(100_000)),
        format!("{}1", "f'{".repeat(100_000)),
        format!("if a: pass\n{}", "elif a: pass\n".repeat(100_000)),
        (0..1000).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect::<String>(),
        format!("{}1{}", "(".repeat(150), ")".repeat(150)).replace('(', "(-(").replace(')', "))"),
        format!("{}x", "yield ".repeat(100_000)),
        format!("{}x", "*".repeat(100_000)),
        format!("{}x", "await ".repeat(100_000)),
        format!("match x:\n case {}", "[".repeat(100_000)),
        format!("x: {}", "a[".repeat(100_000)),
    ];
    for text in refused {
        assert!(parse(&source(&text)).is_err(), "{}…", &text[..40]);
    }
    for text in [
        format!("[{}]", "-a.b(1), ".repeat(10_000)),
        format!("{{{}}}", "'a': lambda x: x + 1, ".repeat(10_000)),
        format!("a{}", " and a".repeat(10_000)),
        format!("a = {}", "b = ".repeat(10_000) + "1"),
        "a = b + c\n".repeat(10_000),
        format!("a{}", "+a".repeat(300)),
        format!("a{}", ".b()".repeat(150)),
        format!("{}1{}", "(".repeat(190), ")".repeat(190)),
        (0..90).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect::<String>()
            + &" ".repeat(90)
            + "a\n",
    ] {
        assert!(parse(&source(&text)).is_ok(), "{}…", &text[..30]);
    }
}
