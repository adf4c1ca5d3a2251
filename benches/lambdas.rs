//! Nanoseconds per record of the functions in `benches/lambdas.txt`, by the evaluator, on one thread.
//!
//!     cargo bench --bench lambdas [-- [--quick] [--threads=N] [NAME…]]
//!
//! `scripts/bench.d/lambdas.py` measures the same in CPython. Figures are those of the fastest of several
//! passes over records in memory, each in an arena of its own, as a task has it. With `--threads` so many threads
//! run passes at once, and the figures tell how many records all of them get done: 1 is what others compare with.

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dstream::batch::python;
use dstream::batch::value::{Arena, Args, Dict, Heap, Raised, Task, Value, call, iterate};
use dstream::exec::eval::{self, Compiled};
use dstream::lang::parse;
use dstream::plan::code::{Source, StmtKind};
use dstream::plan::{Frozen, Image};

const SYLLABLES: [&str; 25] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on",
    "not", "he", "his", "but", "at", "are", "this", "have", "from",
];

fn main() {
    let mut time = Duration::from_millis(400);
    let (mut names, mut threads) = (Vec::new(), None);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" | "--test" => time = Duration::ZERO,
            option if let Some(number) = option.strip_prefix("--threads=") => {
                threads = Some(number.parse().expect("--threads=N has a number"));
            }
            // What cargo adds by itself.
            option if option.starts_with("--") => {}
            name => names.push(name.to_string()),
        }
    }
    let data = Data::new();
    for block in include_str!("lambdas.txt").split("\n== ").skip(1) {
        let (head, program) = block.split_once('\n').expect("a block has a program");
        let [unit, kind, name] = *head.rsplitn(3, " | ").collect::<Vec<_>>() else {
            panic!("{head}: expected NAME | DATA | UNIT");
        };
        if !names.is_empty() && !names.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let compiled = compile(program, kind);
        let passes = || data.passes(&compiled, kind, unit, time);
        let nanoseconds = match threads {
            None => passes().best,
            Some(threads) => thread::scope(|scope| {
                let all: Vec<_> = (0..threads).map(|_| scope.spawn(passes)).collect();
                1.0 / all.into_iter().map(|passes| passes.join().expect("no pass fails").rate).sum::<f64>()
            }),
        };
        println!("{name:<45} {nanoseconds:>8.1} ns/{unit}");
    }
}

/// What passes over the records of a kind have come to.
struct Passes {
    /// Nanoseconds a unit in the fastest one.
    best: f64,
    /// Units a nanosecond in all of them.
    rate: f64,
}

/// A function that gives what the program defines.
fn compile(program: &str, kind: &str) -> Arc<Compiled> {
    let body: String = program.lines().map(|line| format!("    {line}\n")).collect();
    let result = if kind == "words" { "split, pair, add" } else { "f" };
    let text = format!("def program():\n{body}\n    return {result}\n");
    let module = parse(&Arc::new(Source { name: "lambdas".to_string(), text }))
        .unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
    let StmtKind::Def(_, code) = &module.body[0].kind else { panic!("a def is a def") };
    let json = python::module("json").expect("json is there");
    eval::compile(&Arc::new(Image {
        entry: Frozen::Function { code: code.clone(), captured: Arc::new([]), defaults: Arc::new([]) },
        globals: vec![(Arc::from("json"), Frozen::Module(json))],
        cells: Vec::new(),
        parse: None,
    }))
}

struct Data {
    lines: Vec<String>,
    words: Vec<String>,
    json: Vec<String>,
}

impl Data {
    fn new() -> Self {
        let word = |n: usize| -> String {
            (0..=n % 3).map(|k| SYLLABLES[n / 25_usize.pow(k as u32) % 25]).collect()
        };
        let line =
            |i: usize| (0..26).map(|j| word((i * 31 + j * j * 7) % 5000)).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = (0..1000).map(line).collect();
        let json = (0..1000).map(|i| {
            format!(
                "{{\"id\": {}, \"created_at\": \"Sat Nov 21 06:00:00 +0000 2026\", \"text\": \"{}\", \"retweets\": {}, \"truncated\": false, \
                 \"user\": {{\"id\": {i}, \"name\": \"User {i}\", \"screen_name\": \"user{i}\", \"followers_count\": {}, \"verified\": true, \
                 \"location\": null}}, \"entities\": {{\"hashtags\": [\"a\", \"b\"], \"urls\": []}}, \"lang\": \"en\", \"score\": 0.75}}",
                100_000_000_000_000_000_u64 + i as u64,
                &lines[i][..60],
                i % 7,
                i * 3
            )
        });
        let json = json.collect();
        Data { words: (0..1000).map(|i| word(i * 31 % 5000)).collect(), lines, json }
    }

    /// Runs over all records of a kind again and again, for so long at least.
    fn passes(&self, compiled: &Compiled, kind: &str, unit: &str, time: Duration) -> Passes {
        let (mut arena, task) = (Arena::default(), Task::default());
        let (mut best, mut units, mut nanoseconds) = (f64::INFINITY, 0.0, 0.0);
        let start = Instant::now();
        loop {
            let (spent, of_pass) = self.pass(compiled, &mut arena, &task, kind, unit);
            let (spent, of_pass) = (spent.as_nanos() as f64, of_pass as f64);
            best = best.min(spent / of_pass);
            (units, nanoseconds) = (units + of_pass, nanoseconds + spent);
            if start.elapsed() >= time {
                return Passes { best, rate: units / nanoseconds };
            }
        }
    }

    /// Runs over all records of a kind: how long it took, and for how many units.
    fn pass(
        &self,
        compiled: &Compiled,
        arena: &mut Arena,
        task: &Task,
        kind: &str,
        unit: &str,
    ) -> (Duration, usize) {
        arena.reset();
        let heap = Heap::new(arena, task);
        let run = || -> Result<_, Raised> {
            let entry = compiled.thaw(&heap)?;
            let function = call(&heap, entry, Args { positional: &[], keywords: &[] })?;
            if kind == "words" {
                let before = Instant::now();
                black_box(self.word_count(&heap, function.as_tuple().expect("three functions"))?);
                return Ok((before.elapsed(), 26 * self.lines.len()));
            }
            let records: Vec<[Value<'_>; 2]> = self.records(&heap, kind);
            let arguments = if matches!(kind, "update" | "numbers") { 2 } else { 1 };
            let units = match unit {
                "character" => self.lines.iter().map(String::len).sum(),
                _ => records.len(),
            };
            let Value::Function(function) = function else { panic!("f is a function") };
            let before = Instant::now();
            for record in &records {
                let args = Args { positional: &record[..arguments], keywords: &[] };
                let value = function.code.call(&heap, args)?;
                if kind.ends_with("consumed") {
                    let iterator = iterate(&heap, value)?;
                    while let Some(value) = iterator.next(&heap)? {
                        black_box(value);
                    }
                }
                black_box(value);
            }
            Ok((before.elapsed(), units))
        };
        run().unwrap_or_else(|raised| panic!("{:?}", eval::failure(&heap, raised)))
    }

    fn records<'a>(&'a self, heap: &Heap<'a>, kind: &str) -> Vec<[Value<'a>; 2]> {
        let one = |texts: &'a [String]| texts.iter().map(|text| [heap.text(text), Value::None]).collect();
        let number = |i: usize| Value::Int(i as i64);
        match kind {
            "line" | "line, consumed" => one(&self.lines),
            "word" => one(&self.words),
            "json" => one(&self.json),
            "pair" => {
                let pair =
                    |(i, word): (usize, &String)| heap.pair(heap.str(&word.to_uppercase()), number(i % 3));
                self.words.iter().enumerate().map(pair).map(|pair| [pair, Value::None]).collect()
            }
            "update" => {
                let last = |i: usize| if i.is_multiple_of(4) { Value::None } else { number(i) };
                (0..1000).map(|i| [heap.list([number(1), number(i % 5), number(3)]), last(i)]).collect()
            }
            "numbers" => (0..1000).map(|i| [number(i), number(i * 7)]).collect(),
            _ => panic!("no data is called {kind}"),
        }
    }

    fn word_count<'a>(&'a self, heap: &Heap<'a>, functions: &[Value<'a>]) -> Result<&'a Dict<'a>, Raised> {
        let [Value::Function(split), Value::Function(pair), Value::Function(add)] = *functions else {
            panic!("three functions");
        };
        let counts = heap.dict();
        for line in &self.lines {
            let words = split.code.call(heap, Args { positional: &[heap.text(line)], keywords: &[] })?;
            let words = iterate(heap, words)?;
            while let Some(word) = words.next(heap)? {
                let record = pair.code.call(heap, Args { positional: &[word], keywords: &[] })?;
                let Value::Pair(&[key, value]) = record else { panic!("a pair") };
                counts.update(heap, key, |old| match old {
                    Some(old) => add.code.call(heap, Args { positional: &[old, value], keywords: &[] }),
                    None => Ok(value),
                })?;
            }
        }
        Ok(counts)
    }
}
