//! What names there are in Python's and PySpark's world, and which of them this language leaves out.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// CPython's built-ins.
pub static BUILTINS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("builtins.txt").split_whitespace().collect());

/// Every attribute that an object of Python's built-in types, of the modules at hand or of PySpark's classes
/// has. What is not among them can only be a slip of the pen, or the program's own.
pub static ATTRIBUTES: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("attributes.txt").split_whitespace().collect());

/// Methods that Python 2 had, and what there is instead.
pub const PYTHON_2: &[(&str, &str)] = &[
    ("has_key", "write: key in it"),
    ("iteritems", "it is items() in Python 3"),
    ("iterkeys", "it is keys() in Python 3"),
    ("itervalues", "it is values() in Python 3"),
];

/// Built-ins that are left out, and why.
pub const REFUSED: &[(&str, &str)] = &[
    ("__import__", "use an import statement"),
    ("aiter", "there is nothing asynchronous in programs"),
    ("anext", "there is nothing asynchronous in programs"),
    ("basestring", "it is str in Python 3"),
    ("breakpoint", "print what you want to see to sys.stderr"),
    ("bytearray", "bytes cannot change, but a list of ints can: bytes(list)"),
    ("classmethod", "write a function beside the class"),
    ("cmp", "it is (a > b) - (a < b) in Python 3"),
    ("compile", "programs are parsed once, before they run"),
    ("complex", "a pair (real, imaginary) does"),
    ("dir", "the manual has the methods"),
    ("exec", "write the statements themselves"),
    ("help", "the manual has the methods"),
    ("input", "programs read their input only through sources"),
    ("locals", "name the variables"),
    ("open", "programs read files only through sources, and write them only through sinks"),
    ("long", "it is int in Python 3"),
    ("memoryview", "slices of bytes do"),
    ("property", "write a method"),
    ("raw_input", "programs read their input only through sources"),
    ("reduce", "import it: from functools import reduce"),
    ("staticmethod", "write a function beside the class"),
    ("unichr", "it is chr in Python 3"),
    ("unicode", "it is str in Python 3"),
    ("vars", "name the attributes"),
];

/// Why a module of PySpark or of its users is left out, and what there is instead.
pub fn refused_module(module: &str) -> Option<&'static str> {
    let within = |package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    Some(if within("pyspark.streaming.kafka") {
        "read the topic with a command: --from 'exec:COMMAND', or pipe it in"
    } else if within("pyspark.streaming.flume")
        || within("pyspark.streaming.kinesis")
        || within("pyspark.streaming.mqtt")
    {
        "read lines from a socket (socketTextStream) or from a command: --from 'exec:COMMAND'"
    } else if within("pyspark.pandas") {
        "there are no data frames: work with RDDs"
    } else if within("pyspark.ml") || within("pyspark.mllib") {
        "there is no machine learning"
    } else if within("socket") || within("requests") || within("urllib.request") {
        "programs open connections only through sources and sinks"
    } else if within("subprocess") || within("multiprocessing") || within("threading") {
        "a command's lines are a source: --from 'exec:COMMAND'; toCommand is a sink"
    } else if within("argparse") || within("getopt") || within("optparse") || within("click") {
        "take the arguments from sys.argv"
    } else if within("logging") || within("warnings") || within("traceback") || within("pprint") {
        "print(..., file=sys.stderr)"
    } else if within("dataclasses") || within("abc") || within("enum") {
        "write the class out, or use collections.namedtuple"
    } else if within("random") || within("numpy.random") || within("secrets") || within("uuid") {
        "the same input gives the same output: use rdd.sample(withReplacement, fraction, seed) or hash() of the record"
    } else if within("decimal") || within("fractions") {
        "ints have any size: count in the smallest unit, or use float and round()"
    } else if within("numpy") || within("pandas") || within("scipy") || within("sklearn") {
        "only Python's own library is there: math, itertools, collections, and RDD methods such as stats() and histogram()"
    } else if within("csv") || within("io") {
        "line.split(',') splits a line, .csv() on a stream writes one"
    } else if within("copy") || within("pickle") || within("marshal") {
        "json.loads(json.dumps(value)) copies data, list(x) and dict(x) copy one level"
    } else if within("glob") || within("pathlib") || within("shutil") || within("tempfile") || within("gzip")
    {
        "programs read files only through sources, and write them only through sinks"
    } else if within("asyncio") || within("signal") || within("queue") {
        "what runs at the same time is the stream's business: use its operators"
    } else {
        return None;
    })
}

/// The name nearest to a misspelt one, if any is near enough to be meant.
pub fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    // A third of the characters may be wrong, in names of one or two none but their case.
    let most = length / 3;
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most && *candidate != name)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2 * most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Twice the number of characters to insert, delete, replace or swap with their neighbour; a wrong case is half
/// a fault.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).map(|column| 2 * column).collect();
    for (row, &left) in a.iter().enumerate() {
        let mut here = vec![2 * (row + 1)];
        for (column, &right) in b.iter().enumerate() {
            let replaced = match (left == right, left.eq_ignore_ascii_case(&right)) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            let mut least = (above[column] + replaced).min(above[column + 1] + 2).min(here[column] + 2);
            if row > 0 && column > 0 && left == b[column - 1] && a[row - 1] == right {
                least = least.min(before[column - 1] + 2);
            }
            here.push(least);
        }
        before = std::mem::replace(&mut above, here);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found() {
        let found = |name| nearest(name, ATTRIBUTES.iter().copied());
        assert_eq!(found("startwith"), Some("startswith"));
        assert_eq!(found("flatmap"), Some("flatMap"));
        assert_eq!(found("reducebykey"), Some("reduceByKey"));
        assert_eq!(found("spilt"), Some("split"));
        assert_eq!(found("xyzzy"), None);
        assert_eq!(nearest("x", ["y", "lines"]), None);
        assert_eq!(nearest("lins", ["line", "lines"]), Some("line"));
    }
}
