//! Words that are counted while they come in: `flatMap(split)`, `map((w, 1))` and `reduceByKey(add)` over lines
//! that nobody else asks for. The lines are not kept: each chunk goes to a worker at once, and back to its
//! pool.

use super::Flow;
use super::early::Early;
use crate::batch::{Chunk, SourceId, Time};
use crate::exec::rdd::{Tally, Workers, delimiters};
use crate::plan::{
    EarlyCount, Graph, Outcome, OutputOp, Rdd, RddOp, Script, StreamId, StreamOp, StreamRddOp, early_counts,
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

impl Eager {
    /// Whether it counts what comes from a source.
    pub(super) fn reads(&self, source: SourceId) -> bool {
        self.sources.contains(&source)
    }
}

impl Flow {
    /// Looks which streams can be computed while their input comes in. To be called before anything does; `open`
    /// is to be called before each batch then. Where the program may run during a batch, only what its variables
    /// cannot change is computed early.
    pub fn begin(&mut self, script: &mut dyn Script, workers: &Workers, is_undisturbed: bool) {
        let graph = &self.graph;
        let early = early_counts(graph, &mut |lambda| script.freeze(lambda).ok());
        let eager = early.into_iter().filter_map(|EarlyCount { source, counts, by }| {
            let StreamOp::Source(sources) = &graph.streams[source.0 as usize].op else { return None };
            let StreamOp::Rdd(StreamRddOp::Combine { partitions, .. }) = graph.streams[counts.0 as usize].op
            else {
                return None;
            };
            let (sources, tally) = (sources.clone(), workers.tally(delimiters(&by)?));
            Some(Eager { stream: counts, sources, tally, partitions, limit: limit(graph, counts) })
        });
        self.eager = eager.collect();
        if is_undisturbed {
            self.early = Early::all(self);
        }
    }

    /// Takes lines of the open batch; whether they are kept until it is closed. Where they are, the chunk can
    /// be given back at once.
    pub fn accept(&mut self, chunk: Chunk, workers: &Workers) -> bool {
        match self.eager.iter().find(|eager| eager.reads(chunk.source())) {
            Some(eager) => {
                workers.count_words(&eager.tally, chunk);
                false
            }
            None => self.accept_early(chunk, workers).is_some_and(|chunk| {
                self.input.accept(&chunk);
                true
            }),
        }
    }

    /// Sums up what was counted and computed of the batch that is about to be closed.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn sum_up(&mut self, time: Time, workers: &mut Workers) -> Outcome<()> {
        self.feed_rest(workers);
        workers.finish()?;
        self.settle_early(time, workers);
        for eager in &self.eager {
            let dataset = workers.sum_up(&eager.tally, eager.partitions, eager.limit)?;
            let origin = self.graph.streams[eager.stream.0 as usize].origin.clone();
            let rdd = Rdd::new(RddOp::Data(dataset), Vec::new(), origin);
            self.histories[eager.stream.0 as usize].made.insert(time, Ok(Some(rdd)));
        }
        Ok(())
    }
}

/// How many of the first keys are enough: one more than is printed, if all that is done is to print.
fn limit(graph: &Graph, counts: StreamId) -> usize {
    if graph.streams.iter().any(|stream| stream.parents.contains(&counts)) {
        return 0;
    }
    let outputs = graph.outputs.iter().filter(|output| output.stream == counts);
    let limits = outputs.map(|output| match output.op {
        OutputOp::Print { limit, .. } => limit.and_then(|limit| limit.checked_add(1)),
        _ => None,
    });
    limits.collect::<Option<Vec<_>>>().and_then(|limits| limits.into_iter().max()).unwrap_or(0)
}
