//! Words that are counted while they come in: `flatMap(split)`, `map((w, 1))` and `reduceByKey(add)` over lines
//! that nobody else asks for. The lines are not kept: each chunk goes to a worker at once, and back to its
//! pool.

use super::Flow;
use crate::batch::{Chunk, SourceId, Time};
use crate::exec::rdd::{Tally, Workers};
use crate::kernel::Delimiters;
use crate::plan::{
    Graph, Lambda, Outcome, OutputOp, Rdd, RddOp, Script, Shape, StreamId, StreamOp, StreamRddOp, WordsBy,
    shape,
};

/// A stream of counts.
#[derive(Debug)]
pub(super) struct Eager {
    stream: StreamId,
    sources: Vec<SourceId>,
    tally: Tally,
    /// Partitions of the result.
    partitions: usize,
    /// How many of the first keys are asked for; 0 for all of them.
    limit: usize,
}

impl Flow {
    /// Looks which streams can be counted while their input comes in. To be called before anything does.
    pub fn begin(&mut self, script: &mut dyn Script, workers: &Workers) {
        let graph = &self.graph;
        if graph.remember.is_some() {
            return;
        }
        let mut eager = Vec::new();
        for (index, stream) in graph.streams.iter().enumerate() {
            if let StreamOp::Source(sources) = &stream.op
                && let Some((counts, by)) = counted_words(graph, script, index)
                && let Some(delimiters) = delimiters(&by)
                && let StreamOp::Rdd(StreamRddOp::Combine { partitions, .. }) = &graph.streams[counts].op
            {
                eager.push(Eager {
                    stream: id(counts),
                    sources: sources.clone(),
                    tally: workers.tally(delimiters),
                    partitions: *partitions,
                    limit: limit(graph, counts),
                });
            }
        }
        // A source that is asked for in two ways is kept for both.
        let asked = |source: &SourceId| {
            let sources = graph.streams.iter().filter_map(|stream| match &stream.op {
                StreamOp::Source(sources) => Some(sources),
                _ => None,
            });
            sources.filter(|sources| sources.contains(source)).count()
        };
        eager.retain(|eager| eager.sources.iter().all(|source| asked(source) == 1));
        self.eager = eager;
    }

    /// Takes lines of the open batch; whether they are kept until it is closed. Where they are, the chunk can
    /// be given back at once.
    pub fn accept(&mut self, chunk: Chunk, workers: &Workers) -> bool {
        match self.eager.iter().find(|eager| eager.sources.contains(&chunk.source())) {
            Some(eager) => {
                workers.count_words(&eager.tally, chunk);
                false
            }
            None => {
                self.input.accept(&chunk);
                true
            }
        }
    }

    /// Sums up what was counted of the batch that is about to be closed.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn sum_up(&mut self, time: Time, workers: &mut Workers) -> Outcome<()> {
        for eager in &self.eager {
            let dataset = workers.sum_up(&eager.tally, eager.partitions, eager.limit)?;
            let origin = self.graph.streams[eager.stream.0 as usize].origin.clone();
            let rdd = Rdd::new(RddOp::Data(dataset), Vec::new(), origin);
            self.histories[eager.stream.0 as usize].made.insert(time, Ok(Some(rdd)));
        }
        Ok(())
    }
}

/// The stream that counts a source's words, and how it cuts them, if nothing else is asked of the source.
fn counted_words(graph: &Graph, script: &mut dyn Script, source: usize) -> Option<(usize, WordsBy)> {
    let words = only_child(graph, source)?;
    let ones = only_child(graph, words)?;
    let counts = only_child(graph, ones)?;
    let StreamOp::Rdd(StreamRddOp::FlatMap(split)) = graph.streams[words].op else { return None };
    let StreamOp::Rdd(StreamRddOp::Map(one)) = graph.streams[ones].op else { return None };
    let StreamOp::Rdd(StreamRddOp::Combine { create, merge_value, merge_combiners, partitions }) =
        graph.streams[counts].op
    else {
        return None;
    };
    let mut is = |lambda: Lambda, shape: Shape| shape_of(script, lambda) == Some(shape);
    let sums = create.is_none_or(|create| is(create, Shape::Identity))
        && is(merge_value, Shape::Sum)
        && is(merge_combiners, Shape::Sum);
    if !sums || partitions < 2 || !is(one, Shape::PairWithOne) {
        return None;
    }
    match shape_of(script, split)? {
        Shape::Words(by) => Some((counts, by)),
        _ => None,
    }
}

fn shape_of(script: &mut dyn Script, lambda: Lambda) -> Option<Shape> {
    shape(&*script.freeze(lambda).ok()?)
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

/// How many of the first keys are enough: one more than is printed, if all that is done is to print.
fn limit(graph: &Graph, counts: usize) -> usize {
    if graph.streams.iter().any(|stream| stream.parents.contains(&id(counts))) {
        return 0;
    }
    let outputs = graph.outputs.iter().filter(|output| output.stream == id(counts));
    let limits = outputs.map(|output| match output.op {
        OutputOp::Print { limit, .. } => limit.and_then(|limit| limit.checked_add(1)),
        _ => None,
    });
    limits.collect::<Option<Vec<_>>>().and_then(|limits| limits.into_iter().max()).unwrap_or(0)
}

fn delimiters(by: &WordsBy) -> Option<Delimiters> {
    match by {
        WordsBy::Whitespace => Some(Delimiters::Whitespace),
        WordsBy::Space => Some(Delimiters::Space),
        WordsBy::Regex(_) => None,
    }
}

fn id(index: usize) -> StreamId {
    StreamId(u32::try_from(index).unwrap_or(u32::MAX))
}
