//! A stage: the plan's operators on records, fused into one pass of kernels over a chunk.

use regex::Regex;

use crate::batch::{CHUNK_SIZE, Text};
use crate::error::{Error, Result};
use crate::kernel::{
    CountTable, Delimiters, Extracted, Field, JsonPath, PaddedBuf, Separator, Span, Tokenizer, count_lines,
    decode, keep_lines, lowercase, records,
};
use crate::plan::{KeyExpr, Plan, Select, WordsBy};

/// What one worker does with a chunk. Every worker has its own: buffers and the scratch space of
/// regular expressions are not shared.
#[derive(Clone)]
pub(super) struct Stage {
    filter: Option<Regex>,
    lower: bool,
    extract: Extract,
    kept: PaddedBuf,
    lowered: PaddedBuf,
}

/// How keys are found in records.
#[derive(Clone)]
enum Extract {
    /// Records are counted, not their keys.
    Records,
    Words(Tokenizer),
    Matches(Regex),
    Field {
        field: Field,
        number: usize,
        spans: Vec<Span>,
    },
    FirstMatch(Regex),
    Json {
        path: JsonPath,
        name: String,
    },
}

/// A record that has no key: told with the reason.
pub(super) trait BadRecord {
    /// Takes a bad record, without its line end.
    fn bad(&mut self, record: &[u8], why: &dyn Fn() -> String);
}

impl Stage {
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let (extract, lower) = match &plan.select {
            Select::Records => (Extract::Records, false),
            Select::Words { by, lower } => (words(by)?, *lower),
            Select::Key(key) => (key_of(key)?, false),
        };
        let filter = plan.filter.as_deref().map(pattern).transpose()?;
        Ok(Stage { filter, lower, extract, kept: PaddedBuf::default(), lowered: PaddedBuf::default() })
    }

    /// Adds the keys of a chunk's records to `table`; returns how many records there were, and how
    /// many of them passed the filter.
    pub(super) fn run(&mut self, text: Text, table: &mut CountTable, bad: &mut impl BadRecord) -> (u64, u64) {
        let all = count_lines(text.bytes()) as u64;
        let Stage { filter, lower, extract, kept, lowered } = self;
        let (mut text, mut passed) = (text, all);
        if let Some(filter) = filter {
            text = keep_lines(text, kept, |record| filter.is_match(&decode(record)));
            passed = count_lines(text.bytes()) as u64;
        }
        if *lower {
            text = lowercase(text, lowered);
        }
        extract.run(text, table, bad);
        for buffer in [kept, lowered] {
            buffer.release(4 * CHUNK_SIZE);
        }
        (all, passed)
    }
}

impl Extract {
    fn run(&mut self, text: Text, table: &mut CountTable, bad: &mut impl BadRecord) {
        match self {
            Extract::Records => {}
            Extract::Words(tokenizer) => tokenizer.count(text, table),
            Extract::Matches(pattern) => {
                for record in records(text.bytes()) {
                    each_match(pattern, &decode(record), |word| table.add(word.as_bytes(), 1));
                }
            }
            Extract::Field { field, number, spans } => {
                spans.clear();
                let number = *number;
                let why = || format!("a record has no field {number}");
                field.extract(text, spans, |record| bad.bad(record, &why));
                table.count_spans(text, spans);
            }
            Extract::FirstMatch(pattern) => {
                for record in records(text.bytes()) {
                    match first_match(pattern, &decode(record)) {
                        Some(key) => table.add(key.as_bytes(), 1),
                        None => {
                            bad.bad(record, &|| format!("a record does not match {:?}", pattern.as_str()))
                        }
                    }
                }
            }
            Extract::Json { path, name } => {
                for record in records(text.bytes()) {
                    match path.extract(record) {
                        Extracted::Found(key) => table.add(key.as_bytes(), 1),
                        Extracted::Missing => bad.bad(record, &|| format!("a record has no {name}")),
                        Extracted::Invalid(what) => {
                            bad.bad(record, &|| format!("a record is not JSON: {what}"))
                        }
                    }
                }
            }
        }
    }
}

fn words(by: &WordsBy) -> Result<Extract> {
    Ok(match by {
        WordsBy::Whitespace => Extract::Words(Tokenizer::new(Delimiters::Whitespace)),
        WordsBy::Space => Extract::Words(Tokenizer::new(Delimiters::Space)),
        WordsBy::Regex(text) => Extract::Matches(pattern(text)?),
    })
}

fn key_of(key: &KeyExpr) -> Result<Extract> {
    Ok(match key {
        KeyExpr::Field { number, separator } => {
            let separator = separator.as_ref().map(|text| Separator::Exact(text.clone().into_bytes()));
            let field = Field::new(*number, separator.unwrap_or(Separator::Whitespace));
            Extract::Field { field, number: *number, spans: Vec::new() }
        }
        KeyExpr::Regex(text) => Extract::FirstMatch(pattern(text)?),
        KeyExpr::Json(steps) => Extract::Json { path: JsonPath::new(steps), name: steps.join(".") },
    })
}

fn pattern(text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|fault| Error::Usage(fault.to_string()))
}

/// What a pattern finds in a text: whole matches, or their first groups where it has one. A group
/// that took no part in a match gives nothing.
fn each_match(pattern: &Regex, text: &str, mut found: impl FnMut(&str)) {
    if pattern.captures_len() == 1 {
        pattern.find_iter(text).for_each(|word| found(word.as_str()));
    } else {
        let groups = pattern.captures_iter(text).filter_map(|groups| groups.get(1));
        groups.for_each(|word| found(word.as_str()));
    }
}

/// The first of what [`each_match`] finds.
fn first_match<'t>(pattern: &Regex, text: &'t str) -> Option<&'t str> {
    if pattern.captures_len() == 1 {
        pattern.find(text).map(|word| word.as_str())
    } else {
        pattern.captures_iter(text).find_map(|groups| groups.get(1)).map(|word| word.as_str())
    }
}
