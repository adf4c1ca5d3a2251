//! Programs as scripts for `spark-submit`: what PySpark has is left as it is written, what it lacks is defined
//! in front.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::diagnostics::Diagnostic;
use super::parse;
use super::program::IN_SCOPE;
use crate::plan::code::{Code, Expr, ExprKind, Item, Place, Source, Span, StmtKind};
use crate::plan::visit::{self, Visit};

/// Methods that PySpark's DStreams lack, over those that they have.
const EXTRAS: &str = include_str!("extras.py");

/// `mapWithState`, of which Python has nothing.
const STATE: &str = include_str!("state.py");

/// Methods of DStreams that give none.
const OUTPUTS: [&str; 7] = ["pprint", "foreachRDD", "saveAsTextFiles", "toCommand", "json", "csv", "tsv"];

/// Outputs that say which of the outputs they are: then all have to be numbered.
const FORMATS: [&str; 3] = ["json", "csv", "tsv"];

/// The lines of a file. Spark makes no partition of an empty file, and counts nothing where there is none.
const READ: &str = "

def read(path):
    # With a partition even if the file is empty: its lines are 0 then, and not nothing.
    return sc.union([sc.textFile(path), sc.parallelize([], 1)])


";

/// Spark wants a directory for what windows and states keep; this is one for scripts that name none.
const CHECKPOINT: &str = "
def start_(self, start=StreamingContext.start):
    if self._jssc.ssc().checkpointDir() is None:
        self.checkpoint(\"checkpoint\")
    start(self)


StreamingContext.start = start_

";

/// What Spark keeps in a checkpoint directory.
const KEPT: [&str; 7] = [
    "mapWithState",
    "updateStateByKey",
    "reduceByKeyAndWindow",
    "reduceByWindow",
    "countByWindow",
    "countByValueAndWindow",
    "groupByKeyAndWindow",
];

/// Where a program of the command line gets its streams from.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Seconds of a batch, as Spark takes them.
    pub interval: String,
    /// Names of streams, and the expressions over `ssc` and `sc` that make them, in order.
    pub streams: Vec<(String, String)>,
    /// Those of the streams that are queues of several batches.
    pub queues: Vec<String>,
    /// Whether those expressions call `read(path)`, which gives the lines of a file.
    pub reads_files: bool,
    /// Whether those expressions use `sys.argv`.
    pub has_arguments: bool,
}

/// A program of the command line as a script.
///
/// # Errors
/// What is no Python, what is outside of the language, and what has no counterpart in PySpark.
pub fn export_expression(text: &str, frame: &Frame) -> Result<String, Diagnostic> {
    let source = Arc::new(Source { name: "-e".into(), text: text.into() });
    let code = parse(&source)?;
    let used = used(&code);
    let (body, is_dynamic) = printed(text, &code, frame);
    let mut script = String::from("# Made by dstream export; spark-submit runs it.\n");
    let modules = IN_SCOPE.iter().copied().filter(|module| used.globals.contains(*module));
    let mut modules: BTreeSet<&str> = modules.collect();
    if frame.has_arguments {
        modules.insert("sys");
    }
    modules.iter().for_each(|module| put(&mut script, format_args!("import {module}")));
    let stream = if is_dynamic || !used.extras.is_empty() { "DStream, " } else { "" };
    let gap = if modules.is_empty() { "" } else { "\n" };
    put(&mut script, format_args!("{gap}from pyspark import SparkContext"));
    put(&mut script, format_args!("from pyspark.streaming import {stream}StreamingContext\n"));
    script += &used.extras;
    script += "sc = SparkContext(appName=\"dstream\")\n";
    put(&mut script, format_args!("ssc = StreamingContext(sc, {})", frame.interval));
    if used.keeps && !used.names_checkpoint {
        script += "ssc.checkpoint(\"checkpoint\")\n";
    }
    if frame.reads_files {
        script += READ;
    }
    for (name, made) in &frame.streams {
        put(&mut script, format_args!("{name} = {made}"));
    }
    if used.looks_back {
        for name in &frame.queues {
            script +=
                "# A queue gives its next batch only where it is asked for: windows may leave some out.\n";
            put(&mut script, format_args!("{name}.foreachRDD(lambda rdd: None)"));
        }
    }
    put(&mut script, format_args!("\n{}\n", body.trim_end()));
    script += "ssc.start()\nssc.awaitTermination()\n";
    Ok(script)
}

/// A script as PySpark takes it: as it is, behind definitions of what PySpark lacks.
///
/// # Errors
/// As [`export_expression`].
pub fn export_script(text: &str, name: &str) -> Result<String, Diagnostic> {
    let source = Arc::new(Source { name: name.into(), text: text.into() });
    let code = parse(&source)?;
    let used = used(&code);
    let keeps = used.keeps && !used.names_checkpoint;
    if used.extras.is_empty() && !keeps {
        return Ok(text.into());
    }
    // What stands before the first statement may have a meaning: `#!`, the coding.
    let head: usize = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let (head, rest) = text.split_at(head);
    let checkpoint = if keeps { CHECKPOINT } else { "" };
    let imported = match (used.extras.is_empty(), keeps) {
        (false, true) => "DStream, StreamingContext",
        (false, false) => "DStream",
        (true, _) => "StreamingContext",
    };
    Ok(format!("{head}from pyspark.streaming import {imported}\n\n{}{checkpoint}{rest}", used.extras))
}

/// A line; writing to a `String` does not fail.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

/// What a program uses.
struct Used {
    globals: BTreeSet<String>,
    /// The definitions of the methods that PySpark lacks.
    extras: String,
    /// Whether Spark needs a checkpoint directory for it.
    keeps: bool,
    /// Whether it names one.
    names_checkpoint: bool,
    /// Whether it has windows.
    looks_back: bool,
}

fn used(code: &Code) -> Used {
    let mut names = Names::default();
    visit::walk_code(&mut names, code);
    let has = |method: &str| names.methods.contains(method);
    let is_numbered = FORMATS.iter().any(|format| has(format));
    let wanted = |name: &str| match name.trim_end_matches('_') {
        "pprint" => is_numbered,
        method => has(method),
    };
    Used {
        extras: extras(&wanted),
        keeps: KEPT.iter().any(|method| has(method)),
        names_checkpoint: has("checkpoint"),
        looks_back: names.methods.iter().any(|method| method.to_lowercase().contains("window")),
        globals: names.globals,
    }
}

/// The definitions of wanted methods, behind what they use themselves: that has a name with `_` in front. A `_` at the
/// end of a method's name keeps it from hiding a module or built-in.
fn extras(wanted: &dyn Fn(&str) -> bool) -> String {
    let (own, mut helpers): (Vec<_>, Vec<_>) = EXTRAS
        .split("\n\n\n")
        .map(|definition| (defined(definition), definition.trim_end()))
        .partition(|(name, _)| !name.starts_with('_'));
    let mut methods = String::new();
    for (name, definition) in own.into_iter().filter(|(name, _)| wanted(name)) {
        let method = name.trim_end_matches('_');
        let _ = write!(methods, "\n{definition}\n\n\nDStream.{method} = {name}\n\n");
    }
    let mut front = String::new();
    // Helpers use helpers; the file has them behind those that use them.
    let mut used = methods.clone();
    helpers.retain(|(name, definition)| {
        let is_used = used.contains(name);
        if is_used {
            used += definition;
        }
        is_used
    });
    for (_, definition) in helpers {
        let _ = write!(front, "\n{definition}\n\n");
    }
    if wanted("mapWithState") {
        let _ = write!(methods, "\n{STATE}\n\n");
    }
    front + &methods
}

/// The name that a definition defines.
fn defined(definition: &str) -> &str {
    definition.trim_start_matches("def ").split(['(', ' ']).next().unwrap_or_default()
}

#[derive(Default)]
struct Names {
    globals: BTreeSet<String>,
    /// Methods that are called.
    methods: HashSet<Arc<str>>,
    /// How many lambdas are around.
    lambdas: usize,
}

impl Visit for Names {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(Place::Global(name)) => {
                self.globals.insert(name.to_string());
            }
            // Within lambdas there are records and RDDs, and no DStreams.
            ExprKind::Call { callee, .. } if self.lambdas == 0 => {
                if let ExprKind::Attribute(_, name) = &callee.kind {
                    self.methods.insert(Arc::clone(name));
                }
            }
            _ => {}
        }
        visit::walk_expr(self, expr);
    }

    fn code(&mut self, code: &Code) {
        self.lambdas += usize::from(code.is_lambda);
        visit::walk_code(self, code);
        self.lambdas -= usize::from(code.is_lambda);
    }
}

/// The program's text, with what it ends in printed; and whether that is found out only when it runs.
fn printed(text: &str, code: &Code, frame: &Frame) -> (String, bool) {
    let Some(last) = code.body.last() else { return (text.into(), false) };
    let StmtKind::Expr(value) = &last.kind else { return (text.into(), false) };
    let of = |span: Span| text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let kind = |value: &Expr| ending(value, frame);
    let (replaced, is_dynamic) = match (kind(value), &value.kind) {
        (Ending::Done, _) => return (text.into(), false),
        (Ending::Stream, _) => (format!("{}.pprint()", of(last.span)), false),
        (Ending::Unknown, ExprKind::List(items) | ExprKind::Tuple(items))
            if items
                .iter()
                .all(|item| matches!(item, Item::One(value) if matches!(kind(value), Ending::Stream))) =>
        {
            let all = of(last.span);
            (format!("for stream in {all}:\n    stream.pprint()"), false)
        }
        (Ending::Unknown, _) => (
            format!(
                "result = {}\nfor stream in result if isinstance(result, (list, tuple)) else [result]:\n    \
                 if isinstance(stream, DStream):\n        stream.pprint()",
                of(last.span)
            ),
            true,
        ),
    };
    let (before, behind) = (&text[..last.span.start as usize], &text[last.span.end as usize..]);
    // A statement that shares its line with others cannot be followed by a block.
    let before = match before.trim_end_matches([' ', '\t']) {
        shared if shared.ends_with(';') => format!("{}\n", shared.trim_end_matches(';')),
        _ => before.into(),
    };
    (format!("{before}{replaced}{behind}"), is_dynamic)
}

/// What an expression at the end of a program is.
enum Ending {
    /// It has done what it is there for.
    Done,
    /// A DStream.
    Stream,
    Unknown,
}

fn ending(value: &Expr, frame: &Frame) -> Ending {
    match &value.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Attribute(_, name) if OUTPUTS.contains(&&**name) => Ending::Done,
            ExprKind::Attribute(object, name) if **name != *"slice" && **name != *"context" => {
                match ending(object, frame) {
                    Ending::Stream => Ending::Stream,
                    _ => Ending::Unknown,
                }
            }
            _ => Ending::Unknown,
        },
        ExprKind::Name(Place::Global(name)) if frame.streams.iter().any(|(stream, _)| **stream == **name) => {
            Ending::Stream
        }
        ExprKind::Const(_) => Ending::Done,
        _ => Ending::Unknown,
    }
}
