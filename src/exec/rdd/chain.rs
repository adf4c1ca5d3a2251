//! Narrow operators, fused: every record goes through all of them before the next one is read, and
//! nothing is encoded in between.

use std::sync::Arc;

use super::compute::failure;
use super::context::Trace;
use super::pipe::{Glommed, Input, Pipe, Step};
use super::project::{Projected, project};
use super::read::Reader;
use super::sample::{Sampled, Sampler};
use super::stateful::is_stateful;
use crate::batch::value::types::GENERATOR;
use crate::batch::value::{Args, Heap, Iter, Produce, Raised, Value, call, iterate};
use crate::exec::eval::{Compiled, compile, compile_part};
use crate::plan::{
    Draw, Origin, Outcome, Part, RddOp, RecordOp, RecordStep, Shape, WordsBy, shape, words_first,
    words_of_text,
};

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
    /// Whether it is a `map` or `filter` that is given pairs of a record and how often that came, and gives such.
    pub(super) is_of_counts: bool,
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

    /// The same that gives a part of what its function does, if that has such.
    fn part(&self, part: Part) -> Option<LinkOp> {
        let LinkOp::Record(whole) = &self.op else { return None };
        let of_members = match &whole.of_members {
            Some((function, projected)) => {
                Some((projected.reader(function.image(), Some(part))?, Arc::clone(projected)))
            }
            None => None,
        };
        let function = compile_part(whole.function.image(), None, Some(part))?;
        Some(LinkOp::Record(ByRecord { function, of_members, ..whole.clone() }))
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
        let by = words_of_text(last.step()?)?;
        let LinkOp::Record(text) = last.part(Part::TextOfWords)? else { return None };
        let text = ByRecord { cut: Some(by.clone()), ..text };
        let last = Link { op: LinkOp::Record(text), origin: last.origin.clone() };
        Some((Chain { links: [before, &[last]].concat() }, by))
    }

    /// The chain that gives the keys of what it pairs with 1, in two: up to the words that it makes, and what it does
    /// with each, for words that were counted before. All of it, and nothing, where they are not to be counted before.
    pub(super) fn up_to_keys(&self) -> Option<(Chain, Chain)> {
        let (ones, before) = self.links.split_last()?;
        if shape(ones.step()?.1) == Some(Shape::PairWithOne) {
            return Some(Chain { links: before.to_vec() }.at_words(None));
        }
        let keys = Link { op: ones.part(Part::KeyOfOne)?, origin: ones.origin.clone() };
        Some(Chain { links: [before, &[keys]].concat() }.at_words(Some(Part::KeyOfOne)))
    }

    /// The same of a chain that gives keys, whose last operator does a part of what its function does.
    fn at_words(self, part: Option<Part>) -> (Chain, Chain) {
        let steps: Vec<_> = self.links.iter().map(Link::step).collect();
        let Some(place) = words_first(&steps, part) else { return (self, Chain::default()) };
        let behind = self.links[place + 1..].iter().map(|link| match &link.op {
            LinkOp::Record(step) if !is_stateful(step.function.image()) => {
                let op = LinkOp::Record(ByRecord { is_of_counts: true, ..step.clone() });
                Some(Link { op, origin: link.origin.clone() })
            }
            _ => None,
        });
        match behind.collect() {
            Some(links) => (Chain { links: self.links[..=place].to_vec() }, Chain { links }),
            None => (self, Chain::default()),
        }
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
                LinkOp::Record(ByRecord { op, function, of_members, cut, is_of_counts }) => {
                    let of_members = match of_members {
                        Some((function, _)) => Some(function.thaw(heap)?),
                        None => None,
                    };
                    let (op, function) = (*op, function.thaw(heap)?);
                    let (cut, is_of_counts) = (cut.as_ref(), *is_of_counts);
                    steps.push(Step { of_members, cut, is_of_counts, ..Step::new(op, function, origin) });
                }
                LinkOp::Json(projected) => {
                    let function = projected.function(heap);
                    let step = Step::new(RecordOp::Map, function, origin);
                    steps.push(Step { parses: Some(projected), ..step });
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
        let (of_members, cut, is_of_counts) = (None, None, false);
        return Ok(Some(LinkOp::Record(ByRecord { op: record, function, of_members, cut, is_of_counts })));
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
