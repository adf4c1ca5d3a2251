//! Stages that run while their input comes in: operators on the records of sources, up to the first that
//! combines, counts or takes the first of them. The lines are not kept.

use std::collections::HashMap;
use std::sync::Arc;

use super::Flow;
use crate::batch::{Chunk, Dataset, Partition, SourceId, Time};
use crate::exec::rdd::{Part, Started, Workers};
use crate::plan::{EarlyStage, Origin, Rdd, RddOp, Script, StreamId, StreamOp, early_stages};

/// Streams whose stage runs early.
pub(super) struct Early {
    sources: Vec<SourceId>,
    source: StreamId,
    /// The streams behind the source, of which the last one is computed.
    streams: Vec<StreamId>,
    /// Without one, for this batch the lines are kept.
    open: Option<Open>,
}

/// The stage of a batch, and the operators as the program has them in it.
struct Open {
    operators: Vec<(RddOp, Origin)>,
    started: Started,
}

impl Early {
    /// Streams of a flow, before anything has come in.
    pub(super) fn all(flow: &Flow) -> Vec<Early> {
        let early = early_stages(&flow.graph).into_iter().filter_map(|EarlyStage { source, operators }| {
            let StreamOp::Source(sources) = &flow.graph.streams[source.0 as usize].op else { return None };
            let is_counted = |source| flow.eager.iter().any(|eager| eager.reads(source));
            let free = !sources.iter().any(|source| is_counted(*source));
            free.then(|| Early { sources: sources.clone(), source, streams: operators, open: None })
        });
        early.collect()
    }

    /// Which of its sources one is.
    fn position(&self, source: SourceId) -> Option<usize> {
        self.sources.iter().position(|own| *own == source)
    }
}

impl Flow {
    /// Begins the stages of the next batch, with functions as they are now. Until the batch is closed nothing of
    /// the program may run that could change what they have captured.
    pub fn open(&mut self, script: &mut dyn Script, workers: &mut Workers) {
        for early in &mut self.early {
            let operators: Option<Vec<(RddOp, Origin)>> = early
                .streams
                .iter()
                .map(|stream| {
                    let stream = &self.graph.streams[stream.0 as usize];
                    let StreamOp::Rdd(op) = &stream.op else { return None };
                    // What cannot be frozen fails when the batch is made.
                    let op = op.freeze(&mut |lambda| script.freeze(lambda)).ok()?;
                    Some((op, stream.origin.clone()))
                })
                .collect();
            early.open = operators.and_then(|operators| {
                let none =
                    Rdd::new(RddOp::Data(Dataset::default()), Vec::new(), operators.first()?.1.clone());
                let started = workers.start(&chained(&operators, none))?;
                Some(Open { operators, started })
            });
        }
    }

    /// Takes lines of a source whose stage runs; the chunk is given back where there is none.
    pub(super) fn accept_early(&mut self, chunk: Chunk, workers: &Workers) -> Option<Chunk> {
        let source = chunk.source();
        let early = self.early.iter_mut().find_map(|early| {
            let position = early.position(source)?;
            Some((&mut early.open.as_mut()?.started, position))
        });
        let Some((started, position)) = early else { return Some(chunk) };
        self.input.accept(&chunk);
        drop(chunk);
        for (part, piece) in self.input.take_full(source) {
            workers.feed(started, (position, part), piece);
        }
        None
    }

    /// Bytes that stages have given, and that wait for the end of the batch.
    pub fn waiting(&self) -> usize {
        self.early.iter().filter_map(|early| early.open.as_ref()).map(|open| open.started.bytes()).sum()
    }

    /// Has the stages finish what has come in.
    pub(super) fn feed_rest(&mut self, workers: &Workers) {
        for early in &mut self.early {
            let Some(open) = &mut early.open else { continue };
            for (position, source) in early.sources.iter().enumerate() {
                self.input.close_parts(*source);
                for (part, piece) in self.input.take_full(*source) {
                    workers.feed(&mut open.started, (position, part), piece);
                }
            }
        }
    }

    /// Ends the stages, once all their tasks have ended: their streams have RDDs that go on from there.
    pub(super) fn settle_early(&mut self, time: Time, workers: &mut Workers) {
        for early in &mut self.early {
            let Some(Open { operators, started }) = early.open.take() else { continue };
            let mut partitions: HashMap<Part, usize> = HashMap::new();
            for (position, source) in early.sources.iter().enumerate() {
                for part in 0..self.input.parts(*source) {
                    partitions.insert((position, part), partitions.len());
                }
            }
            let data = RddOp::Data(Dataset { partitions: vec![Partition::default(); partitions.len()] });
            let origin = self.graph.streams[early.source.0 as usize].origin.clone();
            let rdd = chained(&operators, Rdd::new(data, Vec::new(), origin));
            // The lines are gone.
            rdd.keep_when_computed();
            workers.settle(started, &rdd, &partitions);
            if let Some(stream) = early.streams.last() {
                self.histories[stream.0 as usize].made.insert(time, Ok(Some(rdd)));
            }
        }
    }
}

/// Operators one behind the other.
fn chained(operators: &[(RddOp, Origin)], base: Arc<Rdd>) -> Arc<Rdd> {
    operators.iter().fold(base, |parent, (op, origin)| Rdd::new(op.clone(), vec![parent], origin.clone()))
}
