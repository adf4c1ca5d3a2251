//! Narrow operators, fused: every record goes through all of them before the next one is read, and
//! nothing is encoded in between.

use std::sync::Arc;

use super::compute::failure;
use super::context::Trace;
use super::pipe::{Glommed, Input, Pipe, Step};
use super::project::{Projected, project};
use super::read::Reader;
use super::sample::{Sampled, Sampler};
use crate::batch::value::types::GENERATOR;
use crate::batch::value::{Args, Heap, Iter, Produce, Raised, Value, call, iterate};
use crate::exec::eval::{Compiled, compile, compile_part};
use crate::plan::{Draw, Origin, Outcome, RddOp, RecordOp, RecordStep, WordsBy, words_of_text};

/// Operators in the order in which records pass them.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// The operators.
    pub(super) links: Vec<Link>,
}

/// An operator of a chain.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// What it does.
    pub(super) op: LinkOp,
    /// What it is called in messages.
    pub(super) origin: Origin,
}

/// What an operator of a chain does.
#[derive(Clone, Debug)]
pub(super) enum LinkOp {
    /// A function of records, one by one.
    Record(ByRecord),
    /// `map(json.loads)`, of which not everything is made.
    Json(Arc<Projected>),
    /// Something that has to see a partition from its first to its last record.
    Partition(PartitionOp),
}

/// A function of records, and what is done with its results.
#[derive(Clone, Debug)]
pub(super) struct ByRecord {
    pub(super) op: RecordOp,
    pub(super) function: Arc<Compiled>,
    /// What is called instead where a record is the members of a document.
    pub(super) of_members: Option<(Arc<Compiled>, Arc<Projected>)>,
    /// How text is cut that the function gives, instead of something to walk through. That is left to whoever comes
    /// behind.
    pub(super) cut: Option<WordsBy>,
}

/// An operator over whole partitions.
#[derive(Clone, Debug)]
pub(super) enum PartitionOp {
    /// `mapPartitions`, `mapPartitionsWithIndex`: from an iterator to something iterable.
    Map {
        /// The function.
        function: Arc<Compiled>,
        /// Whether it takes the partition's index first.
        with_index: bool,
    },
    /// `glom`
    Glom,
    /// `sample`
    Sample(Sampler),
}

impl Link {
    /// The operator, if it calls a function for every record.
    pub(super) fn step(&self) -> Option<RecordStep<'_>> {
        match &self.op {
            LinkOp::Record(ByRecord { op, function, .. }) => Some((*op, function.image())),
            LinkOp::Json(_) | LinkOp::Partition(_) => None,
        }
    }
}

impl Chain {
    /// A chain of these operators.
    pub(super) fn new(mut links: Vec<Link>) -> Self {
        project(&mut links);
        Chain { links }
    }

    /// The same chain up to the texts that its last operator would split into words, and how, if that is what it
    /// does. Texts are not cut then; words may come among them, which are texts of one word.
    pub(super) fn up_to_words(&self) -> Option<(Chain, WordsBy)> {
        let (last, before) = self.links.split_last()?;
        let LinkOp::Record(whole) = &last.op else { return None };
        let by = words_of_text(last.step()?)?;
        let of_members = match &whole.of_members {
            Some((function, projected)) => {
                Some((projected.reader(function.image(), true)?, Arc::clone(projected)))
            }
            None => None,
        };
        let function = compile_part(whole.function.image(), None, true)?;
        let text = ByRecord { op: whole.op, function, of_members, cut: Some(by.clone()) };
        let last = Link { op: LinkOp::Record(text), origin: last.origin.clone() };
        Some((Chain { links: [before, &[last]].concat() }, by))
    }

    /// Whether some operator has to see a partition as a whole.
    pub(super) fn is_by_partition(&self) -> bool {
        self.links.iter().any(|link| matches!(link.op, LinkOp::Partition(_)))
    }

    /// The functions in it.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Arc<Compiled>> {
        self.links.iter().filter_map(|link| match &link.op {
            LinkOp::Record(ByRecord { function, .. })
            | LinkOp::Partition(PartitionOp::Map { function, .. }) => Some(function),
            LinkOp::Json(_) | LinkOp::Partition(PartitionOp::Glom | PartitionOp::Sample(_)) => None,
        })
    }

    /// The chain at work on what a reader gives.
    ///
    /// # Errors
    /// What functions over whole partitions raise before they give their first record.
    pub(super) fn start<'a>(
        &'a self,
        heap: &Heap<'a>,
        reader: &'a Reader<'a>,
        partition: usize,
        trace: &'a Trace<'a>,
    ) -> Result<&'a Pipe<'a>, Raised> {
        let mut input = Input::Reader(reader);
        let mut steps = Vec::new();
        for Link { op, origin } in &self.links {
            match op {
                LinkOp::Record(ByRecord { op, function, of_members, cut }) => {
                    let of_members = match of_members {
                        Some((function, projected)) => Some((function.thaw(heap)?, &**projected)),
                        None => None,
                    };
                    let (op, function) = (*op, function.thaw(heap)?);
                    steps.push(Step { op, function, origin, of_members, cut: cut.as_ref() });
                }
                LinkOp::Json(projected) => {
                    let function = projected.function(heap);
                    steps.push(Step { op: RecordOp::Map, function, origin, of_members: None, cut: None });
                }
                LinkOp::Partition(op) => {
                    let pipe = Pipe::new(heap, input, &steps, trace);
                    steps.clear();
                    let iter = op.start(heap, pipe, partition);
                    let iter = iter.map_err(|raised| trace.blame(heap, raised, origin, None))?;
                    input = Input::Partition(iter, origin);
                }
            }
        }
        Ok(Pipe::new(heap, input, &steps, trace))
    }
}

impl PartitionOp {
    /// What comes of a partition.
    fn start<'a>(
        &'a self,
        heap: &Heap<'a>,
        pipe: &'a Pipe<'a>,
        partition: usize,
    ) -> Result<&'a Iter<'a>, Raised> {
        let iterator = |produce: &'a dyn Produce<'a>| -> &'a Iter<'a> {
            heap.bump().alloc(Iter::produced(&GENERATOR, produce))
        };
        Ok(match self {
            PartitionOp::Map { function, with_index } => {
                let index = Value::Int(i64::try_from(partition).unwrap_or(i64::MAX));
                let both = [index, Value::Iterator(iterator(pipe))];
                let positional = if *with_index { &both[..] } else { &both[1..] };
                let result = call(heap, function.thaw(heap)?, Args { positional, keywords: &[] })?;
                iterate(heap, result)?
            }
            PartitionOp::Glom => iterator(heap.bump().alloc(Glommed::new(pipe))),
            PartitionOp::Sample(sampler) => {
                iterator(heap.bump().alloc(Sampled::new(heap, sampler, pipe, partition)))
            }
        })
    }
}

/// A narrow operator, ready to be fused; no other has one.
///
/// # Errors
/// `ValueError` for a sample that cannot be drawn.
pub(super) fn link(op: &RddOp, origin: &Origin) -> Outcome<Option<LinkOp>> {
    if let Some((record, image)) = op.step() {
        let function = compile(image);
        return Ok(Some(LinkOp::Record(ByRecord { op: record, function, of_members: None, cut: None })));
    }
    Ok(Some(match op {
        RddOp::MapPartitions { function, with_index } => {
            let function = compile(function);
            LinkOp::Partition(PartitionOp::Map { function, with_index: *with_index })
        }
        RddOp::Glom => LinkOp::Partition(PartitionOp::Glom),
        RddOp::Sample { draw, seed } => {
            if let Draw::Poisson(mean) = draw
                && !(0.0..=MOST_DRAWN).contains(mean)
            {
                let message = format!("a sample's fraction is between 0 and {MOST_DRAWN}, not {mean}");
                return Err(failure("ValueError", &message, origin));
            }
            LinkOp::Partition(PartitionOp::Sample(Sampler { draw: *draw, seed: *seed }))
        }
        _ => return Ok(None),
    }))
}

/// How often a record may be drawn on the average.
const MOST_DRAWN: f64 = 1e6;
