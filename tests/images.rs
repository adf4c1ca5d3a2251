//! Frozen functions in tasks: each has its own copy of what was captured, which is decoded when it is
//! looked at; broadcasts, accumulators, limits.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dstream::batch::value::{Arena, Args, Heap, Outcome, Raised, Task, Value, call, encode, repr_text};
use dstream::exec::eval::{self, Compiled};
use dstream::lang::parse;
use dstream::plan::code::{Code, Source, StmtKind};
use dstream::plan::{Frozen, Image};

/// The `def`s of a program, in order.
fn functions(text: &str) -> Vec<Arc<Code>> {
    let module = parse(&Arc::new(Source { name: "test".to_string(), text: text.to_string() })).unwrap();
    let code = module.body.iter().filter_map(|statement| match &statement.kind {
        StmtKind::Def(_, code) => Some(code.clone()),
        _ => None,
    });
    code.collect()
}

/// The function that a `def` without captures gives.
fn plain(code: &Arc<Code>) -> Frozen {
    Frozen::Function { code: code.clone(), captured: Arc::new([]), defaults: Arc::new([]) }
}

/// The encoded value of an expression without names.
fn data(text: &str) -> Frozen {
    let code = &functions(&format!("def f(): return {text}"))[0];
    let compiled = eval::compile(&image(plain(code), Vec::new()));
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let value = call_image(&compiled, &heap, &[]).unwrap_or_else(|_| panic!("{text} is a value"));
    let mut encoded = Vec::new();
    encode(&heap, value, &mut encoded).unwrap();
    Frozen::Data(encoded.into())
}

fn image(entry: Frozen, globals: Vec<(&str, Frozen)>) -> Arc<Image> {
    let globals = globals.into_iter().map(|(name, frozen)| (Arc::from(name), frozen)).collect();
    Arc::new(Image { entry, globals, cells: Vec::new(), parse: None })
}

fn call_image<'a>(compiled: &'a Compiled, heap: &Heap<'a>, positional: &[Value<'a>]) -> Outcome<'a> {
    let function = compiled.thaw(heap)?;
    call(heap, function, Args { positional, keywords: &[] })
}

/// What a task prints for several calls with each of these numbers: `repr`s, or `Class: message`.
fn run(compiled: &Compiled, task: &Task, numbers: &[i64]) -> String {
    let arena = Arena::default();
    let heap = Heap::new(&arena, task);
    let mut shown = String::new();
    let function = compiled.thaw(&heap);
    for number in numbers {
        let result = function.and_then(|function| {
            let value = call(&heap, function, Args { positional: &[Value::Int(*number)], keywords: &[] })?;
            repr_text(&heap, value)
        });
        match result {
            Ok(text) => write!(shown, "{text};").unwrap(),
            Err(raised @ Raised) => {
                let (class, message) = eval::failure(&heap, raised);
                write!(shown, "{class}: {message};").unwrap();
            }
        }
    }
    shown
}

#[test]
fn every_task_changes_a_copy_of_its_own() {
    let code = functions(
        "def f(x):
    global count
    count += x
    seen.append(x)
    return count, seen
",
    );
    let globals = vec![("count", data("10")), ("seen", data("[0]"))];
    let compiled = eval::compile(&image(plain(&code[0]), globals));
    for _ in 0..2 {
        assert_eq!(run(&compiled, &Task::default(), &[1, 2]), "(11, [0, 1]);(13, [0, 1, 2]);");
    }
}

#[test]
fn functions_of_an_image_share_globals_cells_and_each_other() {
    let code = functions(
        "def fact(n):
    global calls
    calls += 1
    return 1 if n < 2 else n * fact(n - 1)
def entry(n):
    return fact(n), calls
def outer(step, double=2):
    def add(x):
        nonlocal step
        step += x * double
        return step
    return add
",
    );
    let globals = vec![("fact", plain(&code[0])), ("calls", data("0"))];
    let compiled = eval::compile(&image(plain(&code[1]), globals));
    assert_eq!(run(&compiled, &Task::default(), &[3, 4]), "(6, 3);(24, 7);");

    let StmtKind::Def(_, add) = &code[2].body[0].kind else { panic!("add is a def") };
    let captures: Vec<_> = add.captures.iter().map(|(_, name)| name.as_str()).collect();
    let value = |name: &&str| Some(if *name == "step" { data("100") } else { data("2") });
    let compiled = eval::compile(&Arc::new(Image {
        entry: Frozen::Function {
            code: add.clone(),
            captured: (0..captures.len()).collect(),
            defaults: Arc::new([]),
        },
        globals: Vec::new(),
        cells: captures.iter().map(value).collect(),
        parse: None,
    }));
    assert_eq!(run(&compiled, &Task::default(), &[1, 2]), "102;106;");
}

#[test]
fn a_global_may_stand_for_something_else_in_the_next_image() {
    let code = functions("def f(x): return abs(x)\ndef other(x): return 'other'");
    let builtin = eval::compile(&image(plain(&code[0]), Vec::new()));
    let shadowed = eval::compile(&image(plain(&code[0]), vec![("abs", plain(&code[1]))]));
    assert_eq!(run(&builtin, &Task::default(), &[-1]), "1;");
    assert_eq!(run(&shadowed, &Task::default(), &[-1]), "'other';");
    let again = eval::compile(&image(plain(&code[0]), Vec::new()));
    assert_eq!(run(&again, &Task::default(), &[-2]), "2;");
}

#[test]
fn a_cell_that_was_never_bound_is_a_name_error() {
    let code = functions("def outer():\n    def f(x): return later\n    later = 1\n    return f");
    let StmtKind::Def(_, inner) = &code[0].body[0].kind else { panic!("f is a def") };
    let compiled = eval::compile(&Arc::new(Image {
        entry: Frozen::Function { code: inner.clone(), captured: Arc::new([0]), defaults: Arc::new([]) },
        globals: Vec::new(),
        cells: vec![None],
        parse: None,
    }));
    assert_eq!(
        run(&compiled, &Task::default(), &[1]),
        "NameError: cannot access free variable 'later' where it is not associated with a value in enclosing scope;"
    );
}

#[test]
fn broadcasts_are_read_and_accumulators_added_to() {
    let code = functions(
        "def f(x):
    global total
    total += x
    total.add(x * 10)
    return table.value.get(x)
def g(x):
    return total.value
",
    );
    let globals = || {
        vec![("table", Frozen::Broadcast(Arc::new(data("{1: 'one'}")))), ("total", Frozen::Accumulator(7))]
    };
    let task = Task::default();
    let compiled = eval::compile(&image(plain(&code[0]), globals()));
    assert_eq!(run(&compiled, &task, &[1, 2]), "'one';None;");
    let terms: Vec<_> = [1, 10, 2, 20]
        .iter()
        .map(|term| {
            let Frozen::Data(encoded) = data(&term.to_string()) else { panic!("a number is data") };
            (7, encoded.to_vec())
        })
        .collect();
    assert_eq!(task.effects.borrow().accumulated, terms);
    let compiled = eval::compile(&image(plain(&code[1]), globals()));
    assert_eq!(
        run(&compiled, &task, &[1]),
        "RuntimeError: Value `Accumulator.value` cannot be accessed inside tasks.;"
    );
}

#[test]
fn evaluation_ends_when_the_user_wants_it_even_if_all_is_caught() {
    let code = functions(
        "def f(x):
    while True:
        try:
            while True:
                pass
        except:
            pass
",
    );
    let compiled = eval::compile(&image(plain(&code[0]), Vec::new()));
    let task = Task::default();
    task.stop.store(true, Ordering::Relaxed);
    assert_eq!(run(&compiled, &task, &[1]), "KeyboardInterrupt: ;");
}

#[test]
fn memory_is_bounded() {
    let endless = functions(
        "def f(x):\n    s = [x]\n    while True:\n        s = s + [x]\ndef g(x): return f(*iter(int, 1))\ndef h(x): return [y for y in iter(int, 1)]",
    );
    let task = Task { memory_limit: 64 << 20, ..Task::default() };
    for code in &endless {
        let compiled = eval::compile(&image(plain(code), vec![("f", plain(&endless[0]))]));
        assert_eq!(run(&compiled, &task, &[1]), "MemoryError: ;", "{}", code.name);
    }
}
