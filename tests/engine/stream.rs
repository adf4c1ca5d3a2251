//! Streams for tests: a program of closures, lines as they come in, and what a batch comes to.

use std::sync::Arc;

use dstream::batch::{Interval, Pool, SourceId, Time};
use dstream::exec::{Delivery, Flow};
use dstream::plan::{
    Callback, Engine, Graph, Image, Lambda, Outcome, Output, OutputOp, Rdd, RddOp, Script, Stream, StreamId,
    StreamOp, StreamRddOp,
};

use crate::bare::BareEngine;
use crate::support::{flat, lambda, made, origin, workers};

/// A function of the program.
type Function = Box<dyn FnMut(Time, Vec<Option<Arc<Rdd>>>, &mut dyn Engine) -> Outcome<Option<Arc<Rdd>>>>;

/// Builds a graph, and is the program behind it.
#[derive(Default)]
pub struct Program {
    pub graph: Graph,
    functions: Vec<Function>,
    lambdas: Vec<Arc<Image>>,
}

pub fn seconds(count: u64) -> Interval {
    Interval::from_millis(count * 1000).expect("not zero")
}

impl Program {
    /// A stream whose RDDs come as often as its first parent's, or every second.
    pub fn stream(&mut self, name: &str, op: StreamOp, parents: &[StreamId]) -> StreamId {
        let slide = parents.first().map_or(seconds(1), |parent| self.graph.streams[parent.0 as usize].slide);
        self.sliding(name, op, parents, slide)
    }

    pub fn sliding(&mut self, name: &str, op: StreamOp, parents: &[StreamId], slide: Interval) -> StreamId {
        self.graph.streams.push(Stream { op, parents: parents.to_vec(), slide, origin: origin(name) });
        StreamId(self.graph.streams.len() as u32 - 1)
    }

    pub fn lines(&mut self, source: u16) -> StreamId {
        self.stream("lines", StreamOp::Source(vec![SourceId(source)]), &[])
    }

    pub fn lambda(&mut self, parameters: &str, text: &str) -> Lambda {
        self.lambdas.push(lambda(parameters, text));
        Lambda(self.lambdas.len() as u32 - 1)
    }

    pub fn map(&mut self, parent: StreamId, parameters: &str, text: &str) -> StreamId {
        let function = self.lambda(parameters, text);
        self.stream("map", StreamOp::Rdd(StreamRddOp::Map(function)), &[parent])
    }

    pub fn function(
        &mut self,
        function: impl FnMut(Time, Vec<Option<Arc<Rdd>>>, &mut dyn Engine) -> Outcome<Option<Arc<Rdd>>> + 'static,
    ) -> Callback {
        self.functions.push(Box::new(function));
        Callback(self.functions.len() as u32 - 1)
    }

    pub fn transform(
        &mut self,
        parent: StreamId,
        mut function: impl FnMut(Time, Arc<Rdd>) -> Outcome<Option<Arc<Rdd>>> + 'static,
    ) -> StreamId {
        let callback = self.function(move |time, mut rdds, _| {
            function(time, rdds.remove(0).expect("an only parent without an RDD is not asked for"))
        });
        self.stream("transform", StreamOp::Transform(callback), &[parent])
    }

    pub fn window(&mut self, parent: StreamId, length: u64, slide: u64) -> StreamId {
        self.sliding("window", StreamOp::Window { length: seconds(length) }, &[parent], seconds(slide))
    }

    /// `updateStateByKey` with `update` from `(values, state)` to a state.
    pub fn state(&mut self, parent: StreamId, update: &str, initial: Option<Arc<Rdd>>) -> StreamId {
        let gathered = lambda(
            "kv",
            &format!(
                "(kv[0], (lambda vs, s: {update})(list(kv[1][1]), list(kv[1][0])[0] if len(kv[1][0]) else None))"
            ),
        );
        let there = lambda("kv", "kv[1] is not None");
        let update = self.function(move |_, mut rdds, _| {
            let batch = rdds.pop().flatten().expect("there is a batch");
            let before = rdds.pop().flatten().unwrap_or_else(|| crate::support::data(&[]));
            let grouped = made(RddOp::Cogroup { partitions: 1 }, &[&before, &batch]);
            let updated = made(RddOp::Map(gathered.clone()), &[&grouped]);
            Ok(Some(made(RddOp::Filter(there.clone()), &[&updated])))
        });
        self.stream("updateStateByKey", StreamOp::State { update, initial, maps: false }, &[parent])
    }

    /// `reduceByKeyAndWindow(add, sub, length, slide)`
    pub fn sums(&mut self, parent: StreamId, length: u64, slide: u64) -> StreamId {
        let [merge_value, merge_combiners] = [0, 1].map(|_| self.lambda("a, b", "a + b"));
        let combine = StreamRddOp::Combine { create: None, merge_value, merge_combiners, partitions: 1 };
        let reduced = self.stream("reduceByKey", StreamOp::Rdd(combine), &[parent]);
        let reduce = self.function(|_, mut rdds, _| {
            let new = rdds.pop().flatten().expect("something is new");
            let all = match rdds.pop().flatten() {
                Some(before) => made(RddOp::Union, &[&before, &new]),
                None => new,
            };
            Ok(Some(sum(&all)))
        });
        let take_out = lambda("kv", "(kv[0], list(kv[1][0])[0] - sum(kv[1][1]))");
        let inverse = self.function(move |_, rdds, _| {
            let [before, old] = [0, 1].map(|index| rdds[index].clone().expect("both are there"));
            let joined = made(RddOp::Cogroup { partitions: 1 }, &[&before, &sum(&old)]);
            Ok(Some(made(RddOp::Map(take_out.clone()), &[&joined])))
        });
        let op = StreamOp::ReduceWindow { reduce, inverse: Some(inverse), length: seconds(length) };
        self.sliding("reduceByKeyAndWindow", op, &[reduced], seconds(slide))
    }

    pub fn output(&mut self, stream: StreamId, op: OutputOp) {
        self.graph.outputs.push(Output { stream, op, origin: origin("pprint") });
    }

    pub fn print(&mut self, stream: StreamId) {
        self.output(stream, OutputOp::Print { limit: None, format: None });
    }

    /// Starts it.
    pub fn start(mut self) -> Run {
        let flow = Flow::new(std::mem::take(&mut self.graph), seconds(1));
        let engine = BareEngine::new(workers(2));
        Run { flow, program: self, engine, pool: Pool::new(4), now: 0 }
    }
}

/// Sums by key.
fn sum(rdd: &Arc<Rdd>) -> Arc<Rdd> {
    let add = lambda("a, b", "a + b");
    let combine =
        RddOp::Combine { create: None, merge_value: add.clone(), merge_combiners: add, partitions: 1 };
    made(combine, &[rdd])
}

impl Script for Program {
    fn call(
        &mut self,
        callback: Callback,
        time: Time,
        rdds: Vec<Option<Arc<Rdd>>>,
        engine: &mut dyn Engine,
    ) -> Outcome<Option<Arc<Rdd>>> {
        self.functions[callback.0 as usize](time, rdds, engine)
    }

    fn freeze(&mut self, lambda: Lambda) -> Outcome<Arc<Image>> {
        Ok(self.lambdas[lambda.0 as usize].clone())
    }

    fn sketch(&mut self, _: Callback) -> Option<Arc<Image>> {
        None
    }
}

/// A program that has started.
pub struct Run {
    pub flow: Flow,
    pub program: Program,
    pub engine: BareEngine,
    pool: Pool,
    now: i64,
}

impl Run {
    /// Lines of the first source, if it is not idle.
    pub fn batch(&mut self, lines: Option<&[&str]>) -> Vec<String> {
        self.batch_of(&[lines])
    }

    /// Closes a batch after these lines of each source, and tells what came of it: `output: records`, or why not.
    pub fn batch_of(&mut self, sources: &[Option<&[&str]>]) -> Vec<String> {
        for (source, lines) in sources.iter().enumerate() {
            let Some(lines) = lines else { continue };
            let source = SourceId(source as u16);
            self.flow.begin_part(source);
            let mut chunk = self.pool.take(source).expect("chunks come back at once");
            lines.iter().for_each(|line| chunk.extend(format!("{line}\n").as_bytes()));
            self.flow.accept(chunk, &self.engine.workers);
        }
        self.now += 1000;
        let mut told = Vec::new();
        let Run { flow, program, engine, .. } = self;
        let closed = flow.close(Time::from_millis(self.now), program, engine, |_, delivery| {
            told.push(match delivery {
                Delivery::Records { output, records, .. } => {
                    format!("{output}: {}", flat(&records).join(" "))
                }
                Delivery::Failed { output: Some(output), failure } => format!("{output}: {failure}"),
                Delivery::Failed { output: None, failure } => format!("lost: {failure}"),
                Delivery::Done { .. } => return Ok(()),
                Delivery::LeftOut { time, failure } => format!("without {}: {failure}", time.as_millis()),
            });
            Ok(())
        });
        closed.expect("nothing was written");
        told
    }

    /// What the only output gives for batches of lines, a word a line: `-` where it gives nothing.
    pub fn all(&mut self, batches: &[Option<&str>]) -> Vec<String> {
        let mut all = Vec::new();
        for batch in batches {
            let lines: Option<Vec<&str>> = batch.map(|lines| lines.split_whitespace().collect());
            let told = self.batch(lines.as_deref());
            all.push(told.first().map_or("-".into(), |told| told.trim_start_matches("0: ").to_string()));
        }
        all
    }
}
