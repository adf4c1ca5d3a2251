//! What checkpoints promise for a job: how often its input counts, and its output comes.

use std::fmt::Write as _;

use super::OutputTo;
use crate::plan::OutputOp;
use crate::source::SourceSpec;

/// A line for each source and each output of a job that has checkpoints, with a journal or without.
pub(super) fn guarantees(
    sources: &[SourceSpec],
    outputs: &[&OutputOp],
    printed: &OutputTo,
    journal: bool,
) -> String {
    let mut text = "\nguarantees, with checkpoints:\n".to_owned();
    let mut line = |what: &str, number: usize, name: &str, promise: &str| {
        // Writing to a text does not fail.
        let _ = writeln!(text, "  {what} {number}, {name}: {promise}");
    };
    for (number, source) in sources.iter().enumerate() {
        let promise = match (source.kind.can_be_read_again(), journal) {
            (true, _) => "exactly once: it is read again from what was committed",
            (false, true) => {
                "exactly once what was journalled, which is everything at the end of a batch; what was read since may be lost"
            }
            (false, false) => {
                "at most once: what was read and not committed is lost, --journal writes it down"
            }
        };
        line("source", number, &source.kind.to_string(), promise);
    }
    let again = "at least once: a batch that was not committed may come again";
    for (number, output) in (1..).zip(outputs) {
        match (output, printed) {
            (OutputOp::Print { .. }, OutputTo::File(path)) => {
                let name = format!("printed to {}", path.display());
                line("output", number, &name, "exactly once: the file is cut to what was committed");
            }
            (OutputOp::Print { .. }, OutputTo::Stdout) => {
                let again =
                    format!("{again}; its time tells duplicates, but not of what is read again in real time");
                line("output", number, "printed to stdout", &again);
            }
            (OutputOp::SaveAsTextFiles { .. }, _) => {
                let promise = "exactly once: directories get their names when their batch is committed";
                line("output", number, "saveAsTextFiles", promise);
            }
            (OutputOp::ToCommand(_), _) => line("output", number, "toCommand", again),
            (OutputOp::ForEach(_), _) => line("output", number, "foreachRDD", again),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::*;

    fn promises(source: &str, journal: bool) -> String {
        let source = SourceSpec::parse(OsStr::new(source)).expect("it is a source");
        guarantees(&[source], &[], &OutputTo::Stdout, journal)
    }

    #[test]
    fn only_what_can_be_read_again_needs_no_journal() {
        for source in ["tail:/x", "dir:/x", "queue:/x"] {
            for journal in [false, true] {
                assert!(promises(source, journal).contains(": exactly once: it is read again"), "{source}");
            }
        }
        for source in
            ["-", "tcp://h:1", "tcp-listen://h:1", "unix-listen:/x", "udp-listen://h:1", "exec:date"]
        {
            assert!(promises(source, false).contains(": at most once"), "{source}");
            assert!(promises(source, true).contains(": exactly once what was journalled"), "{source}");
        }
    }

    #[test]
    fn only_what_can_be_taken_back_comes_exactly_once() {
        let print = OutputOp::Print { limit: None, format: None };
        let save = OutputOp::SaveAsTextFiles { prefix: "x".into(), suffix: None };
        let command = OutputOp::ToCommand("cat".into());
        let outputs = [&print, &save, &command];
        let often = |printed: &OutputTo| {
            let text = guarantees(&[], &outputs, printed, false);
            let often = |line: &str| line.contains(": exactly once");
            text.lines().skip(2).map(often).collect::<Vec<bool>>()
        };
        assert_eq!(often(&OutputTo::Stdout), [false, true, false]);
        assert_eq!(often(&OutputTo::File(PathBuf::from("x"))), [true, true, false]);
    }
}
