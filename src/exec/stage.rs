//! A stage: the plan's operators on records, fused into one pass of kernels over a chunk.

use memchr::memmem::Finder;
use regex::Regex;

use super::function::{Evaluator, raised};
use super::spelling::Spelled;
use crate::batch::value::{Value, truth};
use crate::batch::{CHUNK_SIZE, Text, encode_key};
use crate::error::{Error, Result};
use crate::kernel::{
    CountTable, Delimiters, Extracted, Field, Found, JsonPath, PaddedBuf, Separator, Span, Tokenizer,
    count_lines, decode, keep_lines, lowercase, records,
};
use crate::plan::{
    Filter, FilterKernel, KeyExpr, KeyKernel, Plan, RecordFunction, Select, WordsBy, filter_kernel,
    key_kernel,
};

/// What one worker does with a chunk. Every worker has its own: buffers and the scratch space of
/// regular expressions are not shared.
#[derive(Clone)]
pub(super) struct Stage {
    filter: Option<Sieve>,
    lower: bool,
    extract: Extract,
    kept: PaddedBuf,
    lowered: PaddedBuf,
    spelled: Spelled,
}

/// Which records count.
#[derive(Clone)]
enum Sieve {
    Matches(Regex),
    Contains { finder: Finder<'static>, negated: bool },
    Function(Evaluator),
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
    /// What a function gives; where a member of a JSON document is all that it gives, without calling it.
    Function {
        member: Option<JsonPath>,
        evaluator: Evaluator,
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
        let filter = plan.filter.as_ref().map(Sieve::new).transpose()?;
        let (kept, lowered) = (PaddedBuf::default(), PaddedBuf::default());
        Ok(Stage { filter, lower, extract, kept, lowered, spelled: Spelled::default() })
    }

    /// Keys that were met in another spelling than the tables have, since they were last taken.
    pub(super) fn spelled(&mut self) -> &mut Spelled {
        &mut self.spelled
    }

    /// Adds the keys of a chunk's records to `table`; returns how many records there were, and how
    /// many of them passed the filter.
    pub(super) fn run(&mut self, text: Text, table: &mut CountTable, bad: &mut impl BadRecord) -> (u64, u64) {
        let all = count_lines(text.bytes()) as u64;
        let Stage { filter, lower, extract, kept, lowered, spelled } = self;
        let (mut text, mut passed) = (text, all);
        if let Some(filter) = filter {
            text = filter.run(text, kept, bad);
            passed = count_lines(text.bytes()) as u64;
        }
        if *lower {
            text = lowercase(text, lowered);
        }
        extract.run(text, table, spelled, bad);
        for buffer in [kept, lowered] {
            buffer.release(4 * CHUNK_SIZE);
        }
        (all, passed)
    }
}

impl Sieve {
    fn new(filter: &Filter) -> Result<Self> {
        Ok(match filter {
            Filter::Regex(text) => Sieve::Matches(pattern(text)?),
            Filter::Function(function) => match filter_kernel(&function.image) {
                Some(FilterKernel { text, negated }) => {
                    Sieve::Contains { finder: Finder::new(text.as_bytes()).into_owned(), negated }
                }
                None => Sieve::Function(Evaluator::new(function)),
            },
        })
    }

    /// The lines that count.
    fn run<'t>(&mut self, text: Text<'t>, kept: &'t mut PaddedBuf, bad: &mut impl BadRecord) -> Text<'t> {
        match self {
            Sieve::Matches(pattern) => keep_lines(text, kept, |record| pattern.is_match(&decode(record))),
            Sieve::Contains { finder, negated } => {
                keep_lines(text, kept, |record| finder.find(record).is_some() != *negated)
            }
            Sieve::Function(evaluator) => {
                let mut verdicts = Vec::new();
                evaluator.each(records(text.bytes()), |heap, record, verdict| {
                    verdicts.push(match verdict {
                        Ok(verdict) => truth(verdict),
                        Err(fault) => {
                            raised(heap, fault, "--filter", |why| bad.bad(record, why));
                            false
                        }
                    });
                });
                let mut verdicts = verdicts.into_iter();
                keep_lines(text, kept, |_| verdicts.next().unwrap_or(false))
            }
        }
    }
}

impl Extract {
    fn run(&mut self, text: Text, table: &mut CountTable, spelled: &mut Spelled, bad: &mut impl BadRecord) {
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
                        Extracted::Found(key) => table.add(key.text.as_bytes(), 1),
                        Extracted::Missing => bad.bad(record, &|| format!("a record has no {name}")),
                        Extracted::Invalid(what) => {
                            bad.bad(record, &|| format!("a record is not JSON: {what}"))
                        }
                    }
                }
            }
            Extract::Function { member: None, evaluator } => {
                count_keys(evaluator, records(text.bytes()), table, spelled, bad);
            }
            Extract::Function { member: Some(path), evaluator } => {
                let mut others = Vec::new();
                for record in records(text.bytes()) {
                    match path.extract(record) {
                        Extracted::Found(Found { text, is_string: true }) => table.add(text.as_bytes(), 1),
                        _ => others.push(record),
                    }
                }
                count_keys(evaluator, others, table, spelled, bad);
            }
        }
    }
}

/// Counts the keys that a function gives.
fn count_keys<'t>(
    evaluator: &mut Evaluator,
    records: impl IntoIterator<Item = &'t [u8]>,
    table: &mut CountTable,
    spelled: &mut Spelled,
    bad: &mut impl BadRecord,
) {
    let mut bytes = Vec::new();
    evaluator.each(records, |heap, record, key| {
        let encoded = key.and_then(|key| match key {
            Value::Str(text) => {
                table.add(text.as_bytes(), 1);
                Ok(())
            }
            key => {
                bytes.clear();
                let spelling = encode_key(heap, key, &mut bytes)?;
                table.add_bytes(&bytes, 1);
                if let Some(spelling) = spelling {
                    match spelled.get_mut(&bytes) {
                        Some(best) => *best = spelling.max(std::mem::take(best)),
                        None => _ = spelled.insert(bytes.clone(), spelling),
                    }
                }
                Ok(())
            }
        });
        if let Err(fault) = encoded {
            raised(heap, fault, "--key", |why| bad.bad(record, why));
        }
    });
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
        KeyExpr::Field { number, separator } => field(*number, separator.as_deref()),
        KeyExpr::Regex(text) => Extract::FirstMatch(pattern(text)?),
        KeyExpr::Json(steps) => Extract::Json { path: JsonPath::new(steps), name: steps.join(".") },
        KeyExpr::Function(function) => of_function(function),
    })
}

/// The field of that number, counted from 1.
fn field(number: usize, separator: Option<&str>) -> Extract {
    let separator = separator.map_or(Separator::Whitespace, |text| Separator::Exact(text.into()));
    Extract::Field { field: Field::new(number, separator), number, spans: Vec::new() }
}

fn of_function(function: &RecordFunction) -> Extract {
    let evaluated = |member| Extract::Function { member, evaluator: Evaluator::new(function) };
    match key_kernel(&function.image) {
        Some(KeyKernel::Field { separator, index }) => match index.checked_add(1) {
            Some(number) => field(number, separator.as_deref()),
            None => evaluated(None),
        },
        Some(KeyKernel::JsonText(path)) => evaluated(Some(JsonPath::of_members(&path))),
        None => evaluated(None),
    }
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
