//! What Python does, by the evaluator: every line of `tests/language/*.txt` (their format is told in the
//! README there) against what CPython has been seen to make of it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use dstream::batch::python;
use dstream::batch::value::{Arena, Args, Heap, Raised, Task, call, repr_text};
use dstream::exec::eval;
use dstream::lang::{parse, parse_expression};
use dstream::plan::code::{Code, Source, StmtKind};
use dstream::plan::{Frozen, Image};

/// Modules in scope.
const MODULES: &[&str] = &[
    "collections",
    "datetime",
    "functools",
    "itertools",
    "json",
    "math",
    "operator",
    "random",
    "re",
    "string",
    "time",
    "urllib",
];

#[test]
fn programs_do_what_python_does() {
    // Calls nest a thousand deep; workers have as much.
    let run = || {
        let mut faults = String::new();
        let mut count = 0;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            for case in cases(&text) {
                count += 1;
                let mut found = case.run();
                if case.is_expression {
                    // CPython evaluates them in a module, we in a function.
                    found = found.replacen("<lambda>.<locals>.", "", 1);
                }
                if found != case.expected {
                    let (line, wanted) = (case.line, &case.expected);
                    writeln!(faults, "{name}:{line}: {}\n  wanted {wanted}\n  found  {found}", case.program)
                        .unwrap();
                }
            }
        }
        assert!(count > 0);
        assert!(faults.is_empty(), "\n{faults}");
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

/// A program or an expression, and what Python makes of it.
struct Case {
    line: usize,
    program: String,
    is_expression: bool,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line_number = index + 1;
        if line == "---" {
            let mut program = String::new();
            let expected = loop {
                let (_, line) = lines.next().expect("a program ends with =>");
                match line.strip_prefix("=>") {
                    Some(expected) => break expected.trim().to_string(),
                    None => writeln!(program, "{line}").expect("a string takes every write"),
                }
            };
            cases.push(Case { line: line_number, program, is_expression: false, expected });
        } else if !line.is_empty() && !line.starts_with('#') {
            let (program, expected) =
                line.rsplit_once(" => ").unwrap_or_else(|| panic!("line {line_number}: no ' => ' in {line}"));
            let (program, expected) = (program.trim().to_string(), expected.to_string());
            cases.push(Case { line: line_number, program, is_expression: true, expected });
        }
    }
    cases
}

impl Case {
    /// The `repr` of the value, or `!Class: message`.
    fn run(&self) -> String {
        let source = |text: String| Arc::new(Source { name: "test".to_string(), text });
        let code = if self.is_expression {
            match parse_expression(&source(self.program.clone()), &[]) {
                Ok(code) => code,
                Err(diagnostic) => return format!("{diagnostic}"),
            }
        } else {
            let mut text = "def program():\n".to_string();
            self.program
                .lines()
                .for_each(|line| writeln!(text, "    {line}").expect("a string takes every write"));
            text.push_str("    return result\n");
            match parse(&source(text)) {
                Ok(module) => match &module.body[0].kind {
                    StmtKind::Def(_, code) => code.clone(),
                    other => panic!("{other:?}"),
                },
                Err(diagnostic) => return format!("{diagnostic}"),
            }
        };
        evaluate(code)
    }
}

fn evaluate(code: Arc<Code>) -> String {
    let modules = MODULES.iter().filter_map(|name| python::module(name));
    let image = Image {
        entry: Frozen::Function { code, captured: Arc::new([]), defaults: Arc::new([]) },
        globals: modules.map(|module| (Arc::from(module.name), Frozen::Module(module))).collect(),
        cells: Vec::new(),
        parse: Some(|text| {
            let source = Arc::new(Source { name: "<string>".to_string(), text: text.to_string() });
            parse_expression(&source, &[]).map_err(|diagnostic| diagnostic.to_string())
        }),
    };
    let compiled = eval::compile(&Arc::new(image));
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let result = compiled.thaw(&heap).and_then(|function| {
        let value = call(&heap, function, Args { positional: &[], keywords: &[] })?;
        repr_text(&heap, value)
    });
    match result {
        Ok(repr) => repr.to_string(),
        Err(raised @ Raised) => match eval::failure(&heap, raised) {
            (class, message) if message.is_empty() => format!("!{class}"),
            (class, message) => format!("!{class}: {message}"),
        },
    }
}
