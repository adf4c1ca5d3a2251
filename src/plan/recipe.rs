//! The ready-made commands as programs: the same pipeline in the language, as `explain` shows it and
//! `export` hands it to Spark.

use regex::Regex;

use super::{KeyExpr, Plan, Scope, Select, Sort, Window, WordsBy};
use crate::batch::{Interval, repr_into};

impl Plan {
    /// The plan as a program over `lines`, which prints its result. It needs `re` and `json` in scope.
    pub fn program(&self) -> String {
        let mut program = String::new();
        if self.show.limit.is_none() {
            program += "import sys\n\n";
        }
        let mut chain = String::from("lines");
        if let Some(pattern) = &self.filter {
            chain += &format!(".filter(lambda x: re.search({}, x))", quoted(pattern));
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
                Sort::Count => "(-kv[1], kv[0])",
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
    /// From records to their number.
    fn of_records(self) -> String {
        let total = "updateStateByKey(lambda new, total: (total or 0) + sum(new))";
        match self {
            Scope::Batch => ".count()".into(),
            Scope::Window(window) => format!(".window({}).count()", spans(window)),
            Scope::Total => format!(".count().map(lambda n: (None, n)).{total}.map(lambda kv: kv[1])"),
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
        KeyExpr::Json(steps) => {
            let path: String = steps.iter().map(|step| format!("[{}]", quoted(step))).collect();
            format!(
                "def keys(x):\n    try:\n        return [json.loads(x){path}]\n    \
                 except (ValueError, KeyError, TypeError):\n        return []\n\n"
            )
        }
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
