//! The rewrite rules: which operators run together, and which of them run as kernels instead of in the
//! evaluator. `exec` computes by them and `explain` tells of them; both ask here.

use std::sync::Arc;

use super::image::{Frozen, Image};
use super::key::WordsBy;
use super::members::{members_given, members_read};
use super::pure::is_pure;
use super::rdd::RddOp;
use super::reducer::{Reducer, reducer};
use super::shape::{Part, Shape, gives_text, shape, text_of_words};
use super::stream::{Graph, Lambda, StreamId, StreamOp, StreamRddOp};
use crate::batch::python::json::Wanted;

/// What is done with the result of a function of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOp {
    /// `map`
    Map,
    /// `filter`
    Filter,
    /// `flatMap`
    FlatMap,
    /// `mapValues`
    MapValues,
    /// `flatMapValues`
    FlatMapValues,
}

/// An operator that calls a function for every record.
pub type RecordStep<'a> = (RecordOp, &'a Arc<Image>);

/// `json.loads` that need not make all of a document: everything is checked, and only what is read is made.
#[derive(Clone, Debug)]
pub struct Projection {
    /// What is made of a document.
    pub wanted: Wanted,
    /// What it is subscripted by in the same function.
    pub path: Vec<Arc<str>>,
    /// How many operators behind it are given the members that are wanted, in place of a document: all that read
    /// some, or none.
    pub readers: usize,
}

/// Words that are counted while they come in: the lines are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyCount {
    /// The lines.
    pub source: StreamId,
    /// The counts by word.
    pub counts: StreamId,
    /// Where words begin and end.
    pub by: WordsBy,
}

/// A stage that works on its input while it comes in: the lines are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyStage {
    /// The lines.
    pub source: StreamId,
    /// Its operators, each the only one behind the one before.
    pub operators: Vec<StreamId>,
}

/// How a kernel finds the key that a function of the record gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKernel {
    /// It is a field; where there is none the function raises.
    Field {
        /// What separates fields; without one, runs of white space.
        separator: Option<Arc<str>>,
        /// Which one, counted from 0.
        index: usize,
    },
    /// It is the member of a JSON document, wherever that is text. Of other documents the function has to be
    /// asked.
    JsonText(Vec<Arc<str>>),
}

/// The condition of a filter that is a search for text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterKernel {
    /// What is looked for.
    pub text: Arc<str>,
    /// Whether records count that do not hold it.
    pub negated: bool,
}

/// The kernel that stands for a key's function, if there is one.
pub fn key_kernel(function: &Image) -> Option<KeyKernel> {
    match shape(function)? {
        // The kernel looks at bytes, and U+FFFD may stand for one that is no UTF-8.
        Shape::Field { separator: Some(text), .. } if text.contains(char::REPLACEMENT_CHARACTER) => None,
        Shape::Field { separator, index } => Some(KeyKernel::Field { separator, index }),
        Shape::JsonPath(path) => Some(KeyKernel::JsonText(path)),
        _ => None,
    }
}

/// The kernel that stands for a filter's function, if there is one.
pub fn filter_kernel(function: &Image) -> Option<FilterKernel> {
    match shape(function)? {
        Shape::Contains { text, .. } if text.contains(char::REPLACEMENT_CHARACTER) => None,
        Shape::Contains { text, negated } => Some(FilterKernel { text, negated }),
        _ => None,
    }
}

impl RddOp {
    /// Whether its partitions are made of its parent's one by one, so that it can be fused with operators
    /// before and behind it.
    pub fn is_narrow(&self) -> bool {
        self.step().is_some()
            || matches!(self, RddOp::MapPartitions { .. } | RddOp::Glom | RddOp::Sample { .. })
    }

    /// The operator, if it calls a function for every record.
    pub fn step(&self) -> Option<RecordStep<'_>> {
        Some(match self {
            RddOp::Map(image) => (RecordOp::Map, image),
            RddOp::Filter(image) => (RecordOp::Filter, image),
            RddOp::FlatMap(image) => (RecordOp::FlatMap, image),
            RddOp::MapValues(image) => (RecordOp::MapValues, image),
            RddOp::FlatMapValues(image) => (RecordOp::FlatMapValues, image),
            _ => return None,
        })
    }
}

/// `combineByKey(a + b)` behind `map((x, 1))` counts by key: in the tables of the word count, as long as
/// all keys are text. A result of one partition is in the order of the input, which tables do not keep.
pub fn counts_by_key(combine: &RddOp, before: Option<RecordStep<'_>>) -> bool {
    matches!(combine, RddOp::Combine { partitions: 2.., .. }) && sums_ones(combine, before)
}

/// The same for any number of partitions.
pub fn sums_ones(combine: &RddOp, before: Option<RecordStep<'_>>) -> bool {
    let RddOp::Combine { create, merge_value, merge_combiners, .. } = combine else { return false };
    let sums = create.as_ref().is_none_or(|create| shape(create) == Some(Shape::Identity))
        && shape(merge_value) == Some(Shape::Sum)
        && shape(merge_combiners) == Some(Shape::Sum);
    sums && before.is_some_and(pairs_with_one)
}

/// `groupByKey` or `cogroup` behind `map(lambda x: (e, 1))`: keys are counted, and their ones are made again. As
/// with counts by key, a result of one partition is in the order of the input.
pub fn groups_ones(group: &RddOp, before: RecordStep<'_>) -> bool {
    let (RddOp::Group { partitions } | RddOp::Cogroup { partitions }) = group else { return false };
    *partitions > 1 && pairs_with_one(before)
}

/// `map(lambda x: (e, 1))`
fn pairs_with_one((op, image): RecordStep<'_>) -> bool {
    let Frozen::Function { code, .. } = &image.entry else { return false };
    // A part of what calls itself would be called.
    op == RecordOp::Map && Part::KeyOfOne.of(code).is_some() && !image.is_recursive()
}

/// Where in a chain words are cut that operators behind it look at one by one, before they are counted by key: then
/// words are counted first, and those operators look at every different word once. All of them have to give text:
/// other keys are in the order in which they come, and that would be another. Of the last one `part` is asked for.
pub fn words_first(steps: &[Option<RecordStep<'_>>], part: Option<Part>) -> Option<usize> {
    let looks_at_words = |place: usize, step: &Option<RecordStep<'_>>| match step {
        Some((RecordOp::Filter, image)) => is_pure(image),
        Some((RecordOp::Map, image)) => {
            is_pure(image) && gives_text(image, part.filter(|_| place + 1 == steps.len()))
        }
        _ => false,
    };
    let place = steps
        .iter()
        .rposition(|step| step.is_some_and(|step| words(step).is_some() || words_of_text(step).is_some()))?;
    let mut behind = steps.iter().enumerate().skip(place + 1).peekable();
    (behind.peek().is_some() && behind.all(|(place, step)| looks_at_words(place, step))).then_some(place)
}

/// What `combineByKey` does with numbers, where it does the same with values and with combiners: then they are
/// brought together without a function being called, as long as keys are text.
pub fn reducer_of(create: Option<&Image>, merge_value: &Image, merge_combiners: &Image) -> Option<Reducer> {
    let keeps = create.is_none_or(|create| shape(create) == Some(Shape::Identity));
    let of_values = reducer(merge_value).filter(|_| keeps)?;
    (reducer(merge_combiners).as_ref() == Some(&of_values)).then_some(of_values)
}

/// `flatMap(split)` of lines: how the kernel cuts words.
pub fn words((op, image): RecordStep<'_>) -> Option<WordsBy> {
    match shape(image)? {
        Shape::Words(by @ (WordsBy::Whitespace | WordsBy::Space)) if op == RecordOp::FlatMap => Some(by),
        _ => None,
    }
}

/// `flatMap(lambda t: t["text"].split())`: how the kernel cuts the words of what the function splits.
pub fn words_of_text((op, image): RecordStep<'_>) -> Option<WordsBy> {
    let Frozen::Function { code, .. } = &image.entry else { return None };
    let (_, by) = text_of_words(code)?;
    (op == RecordOp::FlatMap && !image.is_recursive()).then_some(by)
}

/// `map(json.loads)`, of which those who come later in the chain read some members, or which is subscripted at
/// once. Later operators without a function of records read everything.
pub fn projection<'a>(
    (op, image): RecordStep<'_>,
    later: impl Iterator<Item = Option<RecordStep<'a>>>,
) -> Option<Projection> {
    match shape(image)? {
        _ if op != RecordOp::Map => None,
        Shape::ParseJson => {
            let (wanted, readers) = read_later(later)?;
            let are_given = readers.iter().all(|image| members_given(image, &wanted).is_some());
            let readers = if are_given && wanted != Wanted::All { readers.len() } else { 0 };
            Some(Projection { wanted, path: Vec::new(), readers })
        }
        Shape::JsonPath(path) => {
            let mut wanted = Wanted::nothing();
            wanted.add(&path.iter().map(|name| &**name).collect::<Vec<_>>());
            Some(Projection { wanted, path, readers: 0 })
        }
        _ => None,
    }
}

/// What operators read of the records that come to them, up to one that makes others of them, and their functions.
fn read_later<'a>(
    later: impl Iterator<Item = Option<RecordStep<'a>>>,
) -> Option<(Wanted, Vec<&'a Arc<Image>>)> {
    let (mut wanted, mut readers) = (Wanted::nothing(), Vec::new());
    for step in later {
        let (op, image) = step?;
        let reads = match op {
            RecordOp::Map | RecordOp::FlatMap | RecordOp::Filter => members_read(image)?,
            RecordOp::MapValues | RecordOp::FlatMapValues => return None,
        };
        wanted.merge(&reads);
        readers.push(image);
        if op != RecordOp::Filter {
            return Some((wanted, readers));
        }
    }
    None
}

/// Which streams' RDDs are kept once they are computed: those that are asked for more than once, in a batch or
/// by later ones.
pub fn kept(graph: &Graph) -> Vec<bool> {
    let mut kept = vec![false; graph.streams.len()];
    let mut consumers = vec![0_usize; graph.streams.len()];
    for output in &graph.outputs {
        consumers[output.stream.0 as usize] += 1;
    }
    for (index, stream) in graph.streams.iter().enumerate() {
        let remembers = matches!(stream.op, StreamOp::State { .. } | StreamOp::ReduceWindow { .. });
        // A state takes a batch once; one that failed is made from its lines again.
        let looks_back = matches!(stream.op, StreamOp::ReduceWindow { .. } | StreamOp::Window { .. });
        kept[index] |= remembers;
        for parent in &stream.parents {
            consumers[parent.0 as usize] += 1;
            kept[parent.0 as usize] |= looks_back;
        }
    }
    kept.iter().zip(consumers).map(|(kept, consumers)| *kept || consumers > 1).collect()
}

/// The streams that count words of lines which nobody else asks for.
pub fn early_counts(graph: &Graph, image: &mut dyn FnMut(Lambda) -> Option<Arc<Image>>) -> Vec<EarlyCount> {
    if graph.remember.is_some() {
        return Vec::new();
    }
    let mut early = Vec::new();
    for index in 0..graph.streams.len() {
        // A source that is asked for in two ways is kept for both.
        if is_only_reader(graph, index)
            && let Some((counts, by)) = counted_words(graph, image, index)
        {
            early.push(EarlyCount { source: id(index), counts: id(counts), by });
        }
    }
    early
}

/// The streams of which the first stage can work on what comes in from sources as it does: operators on
/// records that nobody else asks for, up to one that needs all of them but gives less.
pub fn early_stages(graph: &Graph) -> Vec<EarlyStage> {
    if graph.remember.is_some() {
        return Vec::new();
    }
    let sources = (0..graph.streams.len()).filter(|stream| is_only_reader(graph, *stream));
    let stage = |source: usize| {
        let mut operators = Vec::new();
        let mut stream = source;
        loop {
            stream = only_child(graph, stream)?;
            operators.push(id(stream));
            match &graph.streams[stream].op {
                StreamOp::Rdd(
                    StreamRddOp::Map(_)
                    | StreamRddOp::Filter(_)
                    | StreamRddOp::FlatMap(_)
                    | StreamRddOp::MapValues(_)
                    | StreamRddOp::FlatMapValues(_),
                ) => {}
                StreamOp::Rdd(StreamRddOp::Combine { .. } | StreamRddOp::Count | StreamRddOp::Top { .. }) => {
                    return Some(EarlyStage { source: id(source), operators });
                }
                _ => return None,
            }
        }
    };
    sources.filter_map(stage).collect()
}

/// Whether a stream is made of sources that no other stream is made of.
fn is_only_reader(graph: &Graph, stream: usize) -> bool {
    let sources = |stream: &super::Stream| match &stream.op {
        StreamOp::Source(sources) => sources.clone(),
        _ => Vec::new(),
    };
    let own = sources(&graph.streams[stream]);
    let reads = |other: &&super::Stream| sources(other).iter().any(|source| own.contains(source));
    !own.is_empty() && graph.streams.iter().filter(reads).count() == 1
}

/// The stream that counts a source's words, and how it cuts them, if nothing else is asked of the source.
fn counted_words(
    graph: &Graph,
    image: &mut dyn FnMut(Lambda) -> Option<Arc<Image>>,
    source: usize,
) -> Option<(usize, WordsBy)> {
    let split = only_child(graph, source)?;
    let ones = only_child(graph, split)?;
    let counts = only_child(graph, ones)?;
    let mut operator = |stream: usize| match &graph.streams[stream].op {
        StreamOp::Rdd(op @ (StreamRddOp::FlatMap(_) | StreamRddOp::Map(_) | StreamRddOp::Combine { .. })) => {
            op.freeze(&mut |lambda| image(lambda).ok_or(())).ok()
        }
        _ => None,
    };
    let (split, ones, combine) = (operator(split)?, operator(ones)?, operator(counts)?);
    if !counts_by_key(&combine, ones.step()) || shape(ones.step()?.1) != Some(Shape::PairWithOne) {
        return None;
    }
    Some((counts, words(split.step()?)?))
}

/// The one stream that is made of this one alone, if nothing else is done with it.
fn only_child(graph: &Graph, parent: usize) -> Option<usize> {
    if graph.outputs.iter().any(|output| output.stream == id(parent)) {
        return None;
    }
    let mut children =
        graph.streams.iter().enumerate().filter(|(_, stream)| stream.parents.contains(&id(parent)));
    let (child, stream) = children.next()?;
    (children.next().is_none() && stream.parents.len() == 1).then_some(child)
}

fn id(index: usize) -> StreamId {
    StreamId(u32::try_from(index).unwrap_or(u32::MAX))
}

impl StreamRddOp {
    /// The operator with its functions as they are now.
    ///
    /// # Errors
    /// Those of `image`.
    pub fn freeze<E>(&self, image: &mut dyn FnMut(Lambda) -> Result<Arc<Image>, E>) -> Result<RddOp, E> {
        Ok(match self {
            StreamRddOp::Map(function) => RddOp::Map(image(*function)?),
            StreamRddOp::Filter(function) => RddOp::Filter(image(*function)?),
            StreamRddOp::FlatMap(function) => RddOp::FlatMap(image(*function)?),
            StreamRddOp::MapValues(function) => RddOp::MapValues(image(*function)?),
            StreamRddOp::FlatMapValues(function) => RddOp::FlatMapValues(image(*function)?),
            StreamRddOp::MapPartitions { function, with_index } => {
                RddOp::MapPartitions { function: image(*function)?, with_index: *with_index }
            }
            StreamRddOp::Glom => RddOp::Glom,
            StreamRddOp::Count => RddOp::Count,
            StreamRddOp::Union => RddOp::Union,
            StreamRddOp::Combine { create, merge_value, merge_combiners, partitions } => RddOp::Combine {
                create: create.map(&mut *image).transpose()?,
                merge_value: image(*merge_value)?,
                merge_combiners: image(*merge_combiners)?,
                partitions: *partitions,
            },
            StreamRddOp::Group { partitions } => RddOp::Group { partitions: *partitions },
            StreamRddOp::Cogroup { partitions } => RddOp::Cogroup { partitions: *partitions },
            StreamRddOp::PartitionBy { partitions, function } => RddOp::PartitionBy {
                partitions: *partitions,
                function: function.map(&mut *image).transpose()?,
            },
            StreamRddOp::Repartition { partitions } => RddOp::Repartition { partitions: *partitions },
            StreamRddOp::Sort { key, ascending, partitions } => RddOp::Sort {
                key: key.map(&mut *image).transpose()?,
                ascending: *ascending,
                partitions: *partitions,
            },
            StreamRddOp::Snapshot => RddOp::Snapshot,
            StreamRddOp::Top { n, key, largest } => {
                RddOp::Top { n: *n, key: key.map(&mut *image).transpose()?, largest: *largest }
            }
        })
    }
}
