//! Programs as the driver runs them: what they print, and how they end. Nothing is computed on records here.

use std::sync::Arc;
use std::time::Duration;

use dstream::batch::{Dataset, Partition, Time};
use dstream::error::Result;
use dstream::lang::{Exit, Program};
use dstream::plan::{
    Engine, Failure, Interrupt, Outcome, OutputOp, Rdd, RddOp, Returned, Runtime, Script, StreamId, Streaming,
};

/// A runtime that gives back data as it is, and prints into memory.
#[derive(Default)]
struct Memory {
    stdout: String,
    stderr: String,
    started: Option<Streaming>,
}

impl Engine for Memory {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        match &rdd.op {
            RddOp::Data(dataset) => Ok(dataset.clone()),
            _ => Err(Failure {
                class: "ZeroDivisionError".into(),
                message: "division by zero".into(),
                operator: Some(rdd.origin.to_string()),
                record: Some("0".into()),
            }),
        }
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, _: usize) -> Outcome<Dataset> {
        self.compute(rdd)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        self.compute(rdd).map(|dataset| Vec::<Partition>::len(&dataset.partitions))
    }

    fn keep(&mut self, _: &Arc<Rdd>) {}

    fn stop(&mut self, _: bool) {}

    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()> {
        let stream = if to_stderr { &mut self.stderr } else { &mut self.stdout };
        stream.push_str(&String::from_utf8_lossy(text));
        Ok(())
    }

    fn read_lines(&mut self, _: &str, _: usize) -> Outcome<Dataset> {
        unreachable!("these programs read no files")
    }

    fn read_whole(&mut self, _: &str) -> Outcome<Vec<(String, String)>> {
        unreachable!("these programs read no files")
    }

    fn save_lines(&mut self, _: &str, _: &Dataset) -> Outcome<()> {
        unreachable!("these programs write no files")
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        Vec::new()
    }
}

impl Runtime for Memory {
    fn start(&mut self, _: &mut dyn Script, streaming: Streaming) -> Result<()> {
        self.started = Some(streaming);
        Ok(())
    }

    fn run(&mut self, _: &mut dyn Script, _: Option<Duration>) -> Result<Returned> {
        Ok(Returned::Stopped)
    }

    fn slice(&mut self, _: &mut dyn Script, _: StreamId, _: Time, _: Time) -> Outcome<Vec<Arc<Rdd>>> {
        Ok(Vec::new())
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
}

fn run(text: &str) -> (Memory, Exit) {
    let text = text.to_string();
    // Calls may be nested a thousand deep.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(move || {
        let program = Program::script(&text, "job.py", &["one".into(), "two".into()], None)
            .unwrap_or_else(|fault| panic!("{fault}"));
        let mut memory = Memory::default();
        let exit = program.run(&mut memory, Interrupt::default()).expect("no fatal error");
        (memory, exit)
    });
    thread.expect("threads can be started").join().expect("no panic")
}

/// What a program prints that ends well.
fn printed(text: &str) -> String {
    let (memory, exit) = run(text);
    assert_eq!((exit, memory.stderr.as_str()), (Exit::Done, ""), "{text}");
    memory.stdout
}

#[test]
fn containers_are_aliases() {
    let text = "xs = [1]\nys = xs\nd = {'k': xs}\nys.append(2)\nd['k'] += [3]\nxs.insert(0, 0)\nprint(xs, ys is xs, d)\n";
    assert_eq!(printed(text), "[0, 1, 2, 3] True {'k': [0, 1, 2, 3]}\n");
    let text = "xs = [[2], [1]]\nfirst = xs[0]\nxs.sort()\nfirst.append(9)\nprint(xs, xs.index(first))\n";
    assert_eq!(printed(text), "[[1], [2, 9]] 1\n");
}

#[test]
fn functions_have_defaults_cells_and_names_of_all_kinds() {
    let text = "def f(a, b=2, *rest, k=1, **more):\n    return a, b, rest, k, more\nprint(f(1), f(1, 3, 4, k=6, z=7))\n";
    assert_eq!(printed(text), "(1, 2, (), 1, {}) (1, 3, (4,), 6, {'z': 7})\n");
    let text = "def counter():\n    n = 0\n    def more():\n        nonlocal n\n        n += 1\n        return n\n    return more\nc = counter()\nc()\nprint(c())\n";
    assert_eq!(printed(text), "2\n");
    for (call, message) in [
        ("f()", "f() missing 1 required positional argument: 'a'"),
        ("f(1, 2, 3)", "f() takes from 1 to 2 positional arguments but 3 were given"),
        ("f(1, a=2)", "f() got multiple values for argument 'a'"),
        ("f(1, c=2)", "f() got an unexpected keyword argument 'c'"),
    ] {
        let text = format!("def f(a, b=2): pass\ntry: {call}\nexcept TypeError as e: print(e)\n");
        assert_eq!(printed(&text), format!("{message}\n"));
    }
}

#[test]
fn classes_have_methods_bases_and_super() {
    let text = "class A:\n    n = 0\n    def __init__(self, x):\n        self.x = x\n    def __repr__(self):\n        return 'A(%r)' % self.x\nclass B(A):\n    def __init__(self, x, y):\n        super().__init__(x)\n        self.y = y\nb = B(1, 2)\nprint([b], b.y, isinstance(b, A), type(b).__name__)\n";
    assert_eq!(printed(text), "[A(1)] 2 True B\n");
    let text = "class Mine(ValueError): pass\ntry:\n    raise Mine('boom', 1)\nexcept ValueError as e:\n    print(type(e).__name__, e, e.args)\n";
    assert_eq!(printed(text), "Mine ('boom', 1) ('boom', 1)\n");
}

#[test]
fn generators_go_on_where_they_stopped() {
    let text = "def numbers(n):\n    for i in range(n):\n        if i % 2:\n            print('at', i)\n            yield i\n    yield -1\ng = numbers(4)\nprint(next(g))\nprint(list(g))\nprint(sum(x * x for x in range(4) if x > 1))\n";
    assert_eq!(printed(text), "at 1\n1\nat 3\n[3, -1]\n13\n");
}

#[test]
fn endless_recursion_is_an_exception() {
    let text = "def f(n): return f(n + 1)\ntry: f(0)\nexcept RecursionError as e: print(e)\n";
    assert_eq!(printed(text), "maximum recursion depth exceeded\n");
    let text = "xs = []\nxs.append(xs)\nprint(xs)\n";
    assert_eq!(printed(text), "[[...]]\n");
}

#[test]
fn exit_codes_are_those_of_a_process() {
    for (call, exit) in [
        ("exit(-1)", Exit::Code(255)),
        ("import sys; sys.exit(3)", Exit::Code(3)),
        ("quit()", Exit::Done),
        ("import sys; sys.exit('no')", Exit::Code(1)),
        ("1 / 0", Exit::Raised),
    ] {
        assert_eq!(run(&format!("{call}\n")).1, exit, "{call}");
    }
    assert_eq!(printed("import sys\nprint(sys.argv, __name__)\n"), "['job.py', 'one', 'two'] __main__\n");
}

#[test]
fn what_nothing_catches_is_shown_with_its_place() {
    let (memory, exit) = run("def f(x):\n    return 1 / x\nprint('so far')\nf(0)\n");
    assert_eq!((exit, memory.stdout.as_str()), (Exit::Raised, "so far\n"));
    let place = memory.stderr.contains("job.py:2:12: ZeroDivisionError: division by zero");
    assert!(place && memory.stderr.contains("called at job.py:4:1"), "{}", memory.stderr);
}

const CONTEXT: &str = "from pyspark import SparkContext\nfrom pyspark.streaming import StreamingContext\nsc = SparkContext(appName='t')\nssc = StreamingContext(sc, 2)\nlines = ssc.socketTextStream('localhost', 9999)\n";

#[test]
fn a_pipeline_is_built_with_the_places_of_its_operators() {
    let text = format!(
        "{CONTEXT}lines.flatMap(lambda l: l.split(' '))\\\n    .map(lambda w: (w, 1)).reduceByKey(lambda a, b: a + b).pprint(5)\nssc.start()\nssc.awaitTermination()\n"
    );
    let (memory, exit) = run(&text);
    assert_eq!((exit, memory.stderr.as_str()), (Exit::Done, ""));
    let started = memory.started.expect("it was started");
    assert_eq!(
        (started.interval.as_millis(), &started.sources[..]),
        (2000, &["tcp://localhost:9999".into()][..])
    );
    let names: Vec<_> = started.graph.streams.iter().map(|stream| stream.origin.to_string()).collect();
    assert_eq!(
        names,
        ["socketTextStream at job.py:5", "flatMap at job.py:6", "map at job.py:7", "reduceByKey at job.py:7"]
    );
    assert!(matches!(started.graph.outputs[0].op, OutputOp::Print { limit: Some(5), format: None }));
}

#[test]
fn the_rules_of_a_context_are_held() {
    for (text, message) in [
        ("ssc.start()", "No output operations registered"),
        (
            "lines.window(3)",
            "windowDuration must be multiple of the parent dstream's slide (batch) duration (2000 ms)",
        ),
        ("lines.pprint()\nssc.start()\nlines.map(len)", "after starting a context is not supported"),
        ("lines.pprint()\nssc.start()\nssc.stop()\nssc.start()", "has already been stopped"),
        ("SparkContext('local')", "Cannot run multiple SparkContexts at once"),
        ("lines.flatmap(len)", "Did you mean: 'flatMap'?"),
        ("lines.pprint()\nStreamingContext(sc, 1)\nlines.map(len)", "belongs to an earlier StreamingContext"),
        ("lines.map(lambda x: sc).pprint()\nssc.start()", "the variable sc cannot be used"),
    ] {
        let (memory, exit) = run(&format!("{CONTEXT}{text}\n"));
        assert!(exit == Exit::Raised && memory.stderr.contains(message), "{text}: {}", memory.stderr);
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_runs() {
    for text in
        ["lines.map(lambda x: x.uper())", "import requests", "open('x')", "lines.map(lambda x: later)"]
    {
        let text = format!("{CONTEXT}{text}\n");
        let fault = Program::script(&text, "job.py", &[], None).expect_err(&text);
        assert!(fault.to_string().starts_with("job.py:6:"), "{fault}");
    }
}

#[test]
fn what_the_engine_fails_at_can_be_caught() {
    let text = format!(
        "{CONTEXT}print(sc.parallelize([3, 1], 1).collect())\ntry:\n    sc.parallelize([0]).map(lambda x: 1 // x).collect()\nexcept Exception as e:\n    print(type(e).__name__, e)\n"
    );
    assert_eq!(printed(&text), "[3, 1]\nZeroDivisionError division by zero\n");
}
