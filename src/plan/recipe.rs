//! The ready-made commands as programs: the same pipeline in the language, as `explain` shows it and
//! `export` hands it to Spark.

use regex::Regex;

use super::{
    Filter, KeyExpr, KeyKernel, Plan, Scope, Select, Sort, Window, WordsBy, filter_kernel, key_kernel,
};
use crate::batch::{Interval, repr_into};

/// The order in which keys of any kind are printed: that of their bytes
/// ([`encode_key`](crate::batch::encode_key)).
const ORDER: &str = "def order(key):
    if isinstance(key, str):
        return (0, key)
    if key is None:
        return (1,)
    if isinstance(key, (bool, int, float)):
        return (2, key)
    if isinstance(key, bytes):
        return (3, key)
    if isinstance(key, tuple):
        return (4, [order(item) for item in key])
    return (5, repr(key))

";

impl Plan {
    /// How it is computed, in words that something like `, by every worker` can follow.
    pub fn how(&self) -> String {
        let (native, what) = match &self.select {
            Select::Records => (true, "records are counted where lines end"),
            Select::Words { .. } => (true, "words are cut and counted in one pass"),
            Select::Key(KeyExpr::Function(function)) => match key_kernel(&function.image) {
                Some(KeyKernel::Field { .. }) => (true, "keys are cut out of lines and counted in one pass"),
                Some(KeyKernel::JsonText(_)) => (
                    true,
                    "keys that are JSON text are found and counted in one pass, others in the evaluator",
                ),
                None => (false, "--key is evaluated for each record, and its keys are counted"),
            },
            Select::Key(_) => (true, "keys are cut out of lines and counted in one pass"),
        };
        let how = if native { "runs native" } else { "runs in the evaluator" };
        let filter = match &self.filter {
            Some(Filter::Function(function)) if filter_kernel(&function.image).is_none() => {
                ", once --filter was evaluated for each record"
            }
            _ => "",
        };
        format!("{how}: {what}{filter}")
    }

    /// The plan as a program over `lines`, which prints its result. It needs `re` and `json` in scope.
    pub fn program(&self) -> String {
        let mut program = String::new();
        if self.show.limit.is_none() {
            program += "import sys\n\n";
        }
        let of_any_kind = matches!(self.select, Select::Key(KeyExpr::Function(_)));
        if of_any_kind {
            program += ORDER;
        }
        let mut chain = String::from("lines");
        match &self.filter {
            None => {}
            Some(Filter::Regex(pattern)) => {
                chain += &format!(".filter(lambda x: re.search({}, x))", quoted(pattern));
            }
            Some(Filter::Function(function)) => {
                program += &kept(&function.text);
                chain += ".filter(kept)";
            }
        }
        match &self.select {
            Select::Records => chain += &self.scope.of_records(),
            Select::Words { by, lower } => {
                let text = if *lower { "x.lower()" } else { "x" };
                chain += &format!(".flatMap(lambda x: {})", words(by, text));
                chain += &self.scope.of_keys();
            }
            Select::Key(key) => {
                program += &keys_of(key);
                chain += ".flatMap(keys)";
                chain += &self.scope.of_keys();
            }
        }
        if self.select != Select::Records {
            let by = match self.show.sort {
                Sort::Count if of_any_kind => "(-kv[1], order(kv[0]))",
                Sort::Count => "(-kv[1], kv[0])",
                Sort::Key if of_any_kind => "order(kv[0])",
                Sort::Key => "kv[0]",
            };
            chain += &format!(".transform(lambda rdd: rdd.sortBy(lambda kv: {by}))");
        }
        let limit = self.show.limit.map_or("sys.maxsize - 1".to_string(), |limit| limit.to_string());
        program += &format!("{chain}.pprint({limit})\n");
        program
    }
}

impl Scope {
    /// From records to their number, which is 0 in a batch in which nothing came, and not nothing as `count()` has
    /// it there.
    fn of_records(self) -> String {
        let number = |record: &str| format!(".transform(lambda rdd: rdd.context.parallelize([{record}], 1))");
        match self {
            Scope::Batch => number("rdd.count()"),
            Scope::Window(window) => format!(".window({}){}", spans(window), number("rdd.count()")),
            Scope::Total => format!(
                "{}.updateStateByKey(lambda new, total: (total or 0) + sum(new)).map(lambda kv: kv[1])",
                number("(None, rdd.count())")
            ),
        }
    }

    /// From keys to pairs of key and count.
    fn of_keys(self) -> String {
        match self {
            Scope::Batch => ".countByValue()".into(),
            Scope::Window(window) => format!(".window({}).countByValue()", spans(window)),
            Scope::Total => {
                ".countByValue().updateStateByKey(lambda new, total: (total or 0) + sum(new))".into()
            }
        }
    }
}

/// Length and slide in seconds.
fn spans(window: Window) -> String {
    format!("{}, {}", seconds(window.length()), seconds(window.step()))
}

/// An interval as Spark takes it: seconds, with a fraction only where there is one.
pub fn seconds(interval: Interval) -> String {
    let millis = interval.as_millis();
    if millis % 1000 == 0 { (millis / 1000).to_string() } else { format!("{}", millis as f64 / 1000.0) }
}

/// The words of a text, as an expression.
fn words(by: &WordsBy, text: &str) -> String {
    match by {
        WordsBy::Whitespace => format!("{text}.split()"),
        WordsBy::Space => format!("{text}.split(\" \")"),
        WordsBy::Regex(pattern) if has_groups(pattern) => format!(
            "[m.group(1) for m in re.finditer({}, {text}) if m.group(1) is not None]",
            quoted(pattern)
        ),
        WordsBy::Regex(pattern) => format!("re.findall({}, {text})", quoted(pattern)),
    }
}

/// A function that gives a record's key in a list, or none where it has none.
fn keys_of(key: &KeyExpr) -> String {
    match key {
        KeyExpr::Field { number, separator } => {
            let separator = separator.as_deref().map(quoted).unwrap_or_default();
            format!("def keys(x):\n    return x.split({separator})[{}:{number}]\n\n", number - 1)
        }
        KeyExpr::Regex(pattern) => format!(
            "def keys(x):\n    found = re.search({}, x)\n    return [found.group({})] if found else []\n\n",
            quoted(pattern),
            u8::from(has_groups(pattern))
        ),
        KeyExpr::Function(function) => format!(
            "def keys(x):\n    try:\n        key = {}\n        hash(key)\n        return [key]\n    \
             except Exception:\n        return []\n\n",
            enclosed(&function.text)
        ),
        KeyExpr::Json(steps) => {
            let path: String = steps.iter().map(|step| format!("[{}]", quoted(step))).collect();
            format!(
                "def keys(x):\n    try:\n        return [json.loads(x){path}]\n    \
                 except (ValueError, KeyError, TypeError):\n        return []\n\n"
            )
        }
    }
}

/// A function that says whether a record counts; one that raises does not.
fn kept(condition: &str) -> String {
    format!(
        "def kept(x):\n    try:\n        return {}\n    except Exception:\n        return False\n\n",
        enclosed(condition)
    )
}

/// An expression as it may stand behind `return`.
fn enclosed(expression: &str) -> String {
    match expression.contains(['\n', '\r', '#']) {
        true => format!("(\n{expression}\n)"),
        false => expression.trim().into(),
    }
}

/// Whether a pattern, which was checked when it was read, has groups: the first one is meant then.
fn has_groups(pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.captures_len() > 1)
}

/// Python's literal for a text.
fn quoted(text: &str) -> String {
    let mut literal = Vec::new();
    repr_into(text, &mut literal);
    String::from_utf8(literal).expect("a repr of text is text")
}
