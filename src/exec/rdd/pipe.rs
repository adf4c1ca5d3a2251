//! A chain at work: records are drawn through it one by one.

use std::cell::{Cell, RefCell};

use bumpalo::collections::Vec as BumpVec;

use super::context::Trace;
use super::project::Projected;
use super::read::Reader;
use crate::batch::value::types::LIST_ITERATOR;
use crate::batch::value::{
    Args, Heap, Iter, Outcome, Produce, Raised, Value, call, get_attribute, get_item, iterate, truth,
};
use crate::plan::{Origin, RecordOp, WordsBy};

/// Operators that work record by record, on whatever gives records.
pub(super) struct Pipe<'a> {
    input: Input<'a>,
    steps: &'a [Step<'a>],
    /// Iterables of `flatMap`s that are not at their end, the innermost last.
    open: RefCell<BumpVec<'a, Open<'a>>>,
    trace: &'a Trace<'a>,
}

/// Where a pipe's records come from.
pub(super) enum Input<'a> {
    /// A partition of a dataset.
    Reader(&'a Reader<'a>),
    /// What an operator has made of a partition, and which operator.
    Partition(&'a Iter<'a>, &'a Origin),
}

/// An operator with its function.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) op: RecordOp,
    pub(super) function: Value<'a>,
    pub(super) origin: &'a Origin,
    /// What is called instead where a record is the members of a document.
    pub(super) of_members: Option<Value<'a>>,
    /// How it parses documents, if that is what it does.
    pub(super) parses: Option<&'a Projected>,
    /// How text is cut that a `flatMap`'s function gives; whoever comes behind does it.
    pub(super) cut: Option<&'a WordsBy>,
    /// Whether records are pairs of what the function looks at and how often that came.
    pub(super) is_of_counts: bool,
}

impl<'a> Step<'a> {
    /// An operator on records as they are.
    pub(super) fn new(op: RecordOp, function: Value<'a>, origin: &'a Origin) -> Self {
        Step { op, function, origin, of_members: None, parses: None, cut: None, is_of_counts: false }
    }
}

/// What a `flatMap` has got from its function, not yet at its end.
#[derive(Clone, Copy)]
struct Open<'a> {
    iter: &'a Iter<'a>,
    /// The record that it was made of.
    record: Value<'a>,
    /// What that was made of, at which step.
    first: (Value<'a>, usize),
    /// Which step.
    step: usize,
    /// The key that belongs to every value, for `flatMapValues`.
    key: Option<Value<'a>>,
}

/// What becomes of a record at a step.
enum Next<'a> {
    Record(Value<'a>),
    Nothing,
    Many(Open<'a>),
}

impl<'a> Pipe<'a> {
    /// A pipe in the arena.
    pub(super) fn new(
        heap: &Heap<'a>,
        input: Input<'a>,
        steps: &[Step<'a>],
        trace: &'a Trace<'a>,
    ) -> &'a Self {
        let steps = heap.bump().alloc_slice_copy(steps);
        let open = RefCell::new(BumpVec::new_in(heap.bump()));
        heap.bump().alloc(Pipe { input, steps, open, trace })
    }

    /// Whether everything that was read has gone through: the place behind the last record is
    /// one to start from again.
    pub(super) fn is_idle(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// The next record that comes through.
    ///
    /// # Errors
    /// Whatever the functions raise, unless bad records are skipped.
    pub(super) fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        'records: loop {
            let open = self.open.borrow().last().copied();
            let (first, start) = match open {
                Some(open) => match self.next_of(heap, open)? {
                    Some(record) => (record, open.step + 1),
                    None => {
                        self.open.borrow_mut().pop();
                        continue;
                    }
                },
                None => match self.input.next(heap, self.trace)? {
                    Some(record) => (record, 0),
                    None => return Ok(None),
                },
            };
            let (mut record, mut at) = (first, start);
            while let Some(step) = self.steps.get(at) {
                match step.apply(heap, record, at, self.trace.skips()) {
                    Ok(Next::Record(next)) => record = next,
                    Ok(Next::Nothing) => continue 'records,
                    Ok(Next::Many(open)) => {
                        self.open.borrow_mut().push(Open { first: (first, start), ..open });
                        continue 'records;
                    }
                    Err(raised) => {
                        let shown = self.shown(heap, record, (first, start), at);
                        let raised = self.trace.blame(heap, raised, step.origin, Some(shown));
                        self.trace.skip(heap, raised, step.times(record))?;
                        continue 'records;
                    }
                }
                at += 1;
            }
            return Ok(Some(record));
        }
    }

    /// A record as the program knows it at a step: where it is some members of a document, all of that, made of the
    /// text that was the record at an earlier step.
    #[cold]
    fn shown(&self, heap: &Heap<'a>, record: Value<'a>, first: (Value<'a>, usize), at: usize) -> Value<'a> {
        if self.steps[at].is_of_counts
            && let Value::Pair([counted, _]) = record
        {
            return *counted;
        }
        let document = || {
            let (parser, others) = self.steps[first.1..at].split_first()?;
            let is_unchanged = others.iter().all(|step| step.op == RecordOp::Filter);
            parser.parses.filter(|_| is_unchanged)?.whole(heap, first.0)
        };
        document().unwrap_or(record)
    }

    /// The next of what a `flatMap` has given.
    fn next_of(&self, heap: &Heap<'a>, open: Open<'a>) -> Result<Option<Value<'a>>, Raised> {
        heap.check()?;
        let value = open.iter.next(heap).map_err(|raised| {
            let step = &self.steps[open.step];
            let shown = self.shown(heap, open.record, open.first, open.step);
            self.trace.blame(heap, raised, step.origin, Some(shown))
        })?;
        Ok(value.map(|value| open.key.map_or(value, |key| heap.pair(key, value))))
    }
}

impl<'a> Produce<'a> for Pipe<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        Pipe::next(self, heap)
    }
}

impl<'a> Input<'a> {
    #[inline]
    fn next(&self, heap: &Heap<'a>, trace: &Trace<'a>) -> Result<Option<Value<'a>>, Raised> {
        match self {
            Input::Reader(reader) => Ok(reader.next(heap)),
            Input::Partition(iter, origin) => {
                heap.check()?;
                iter.next(heap).map_err(|raised| trace.blame(heap, raised, origin, None))
            }
        }
    }
}

impl<'a> Step<'a> {
    /// What becomes of a record. What a `flatMap` gives is looked at whole where bad records are
    /// skipped, so that it is all there or not at all.
    #[inline]
    fn apply(&self, heap: &Heap<'a>, record: Value<'a>, at: usize, whole: bool) -> Result<Next<'a>, Raised> {
        if self.is_of_counts
            && let Value::Pair([counted, times]) = record
        {
            let result = self.call(heap, *counted)?;
            return Ok(match self.op {
                RecordOp::Filter if truth(result) => Next::Record(record),
                RecordOp::Filter => Next::Nothing,
                _ => Next::Record(heap.pair(result, *times)),
            });
        }
        Ok(match self.op {
            RecordOp::Map => Next::Record(self.call(heap, record)?),
            RecordOp::Filter if truth(self.call(heap, record)?) => Next::Record(record),
            RecordOp::Filter => Next::Nothing,
            RecordOp::MapValues => {
                let (key, value) = key_and_value(heap, record)?;
                Next::Record(heap.pair(key, self.call(heap, value)?))
            }
            RecordOp::FlatMap => match (self.call(heap, record)?, self.cut) {
                (result @ Value::Str(_), Some(_)) => Next::Record(result),
                (result, Some(by)) => {
                    Next::Many(self.open(heap, record, split(heap, result, by)?, at, whole)?)
                }
                (result, None) => Next::Many(self.open(heap, record, result, at, whole)?),
            },
            RecordOp::FlatMapValues => {
                let (key, value) = key_and_value(heap, record)?;
                let open = self.open(heap, record, self.call(heap, value)?, at, whole)?;
                Next::Many(Open { key: Some(key), ..open })
            }
        })
    }

    /// Begins to walk through the result of a `flatMap`'s function.
    fn open(
        &self,
        heap: &Heap<'a>,
        record: Value<'a>,
        result: Value<'a>,
        step: usize,
        whole: bool,
    ) -> Result<Open<'a>, Raised> {
        let mut iter = iterate(heap, result)?;
        if whole {
            let mut values = BumpVec::new_in(heap.bump());
            while let Some(value) = iter.next(heap)? {
                heap.check()?;
                values.push(value);
            }
            iter = heap.bump().alloc(Iter::slice(&LIST_ITERATOR, values.into_bump_slice()));
        }
        Ok(Open { iter, record, first: (record, step), step, key: None })
    }

    #[inline]
    fn call(&self, heap: &Heap<'a>, argument: Value<'a>) -> Outcome<'a> {
        let function = match (self.of_members, argument) {
            // No document is a tuple.
            (Some(of_members), Value::Tuple(_) | Value::Pair(_)) => of_members,
            _ => self.function,
        };
        call(heap, function, Args { positional: &[argument], keywords: &[] })
    }

    /// How many records of the program a record stands for.
    #[cold]
    fn times(&self, record: Value<'a>) -> u64 {
        match record {
            Value::Pair([_, times]) if self.is_of_counts => times_of(*times),
            _ => 1,
        }
    }
}

/// How often a record came.
pub(super) fn times_of(times: Value<'_>) -> u64 {
    times.as_int().and_then(|times| u64::try_from(times).ok()).unwrap_or(1)
}

/// `value.split(" ")` of whatever has such a method.
fn split<'a>(heap: &Heap<'a>, value: Value<'a>, by: &WordsBy) -> Outcome<'a> {
    let method = get_attribute(heap, value, "split")?;
    let space = [heap.text(" ")];
    let positional = if *by == WordsBy::Space { &space[..] } else { &[] };
    call(heap, method, Args { positional, keywords: &[] })
}

/// `record[0]` and `record[1]`, which is all that `mapValues` asks of a record.
///
/// # Errors
/// `TypeError: 'int' object is not subscriptable`, `IndexError`, …
#[inline]
pub(super) fn key_and_value<'a>(
    heap: &Heap<'a>,
    record: Value<'a>,
) -> Result<(Value<'a>, Value<'a>), Raised> {
    match record {
        Value::Pair([key, value]) => Ok((*key, *value)),
        _ => Ok((get_item(heap, record, Value::Int(0))?, get_item(heap, record, Value::Int(1))?)),
    }
}

/// One list of all records.
pub(super) struct Glommed<'a> {
    pipe: &'a Pipe<'a>,
    done: Cell<bool>,
}

impl<'a> Glommed<'a> {
    pub(super) fn new(pipe: &'a Pipe<'a>) -> Self {
        Glommed { pipe, done: Cell::new(false) }
    }
}

impl<'a> Produce<'a> for Glommed<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if self.done.replace(true) {
            return Ok(None);
        }
        let mut records = Vec::new();
        while let Some(record) = self.pipe.next(heap)? {
            heap.check()?;
            records.push(record);
        }
        Ok(Some(heap.list(records)))
    }
}
