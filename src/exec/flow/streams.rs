//! How the RDD of a stream at a time is made of those of its parents.

use std::sync::Arc;

use super::history::Made;
use super::input::of_sources;
use super::{Flow, Host};
use crate::batch::{Dataset, Interval, Partition, Time};
use crate::plan::{Callback, Failure, Origin, Outcome, Rdd, RddOp, StreamId, StreamOp};

/// Streams behind each other at most.
const MOST_DEEP: usize = 2000;

impl Flow {
    /// Notes the input of the batch that is being made, whether anybody asks for it or not.
    pub(super) fn take_input(&mut self, time: Time) {
        for (stream, history) in self.graph.streams.iter().zip(&mut self.histories) {
            if let StreamOp::Source(sources) = &stream.op {
                let data = RddOp::Data(of_sources(&self.batch, sources));
                let rdd = Rdd::new(data, Vec::new(), stream.origin.clone());
                history.made.insert(time, Ok(Some(rdd)));
            }
        }
        self.batch.clear();
    }

    /// A stream's RDD of a time. What came of making it is the same whenever it is asked for.
    pub(super) fn rdd(&mut self, stream: StreamId, time: Time, host: &mut Host<'_>) -> Made {
        let index = stream.0 as usize;
        if let Some(made) = self.histories[index].made.get(&time) {
            return made.clone();
        }
        if !self.is_due(self.graph.streams[index].slide, time) || self.was_down(time) {
            return Ok(None);
        }
        if self.levels[index] > MOST_DEEP {
            return Err(too_deep(&self.graph.streams[index].origin));
        }
        let made = self.make(stream, time, host);
        if let Ok(Some(rdd)) = &made
            && self.histories[index].kept
        {
            rdd.keep_when_computed();
        }
        self.histories[index].made.insert(time, made.clone());
        made
    }

    /// The RDDs of a span of time, both ends included, oldest first; those that there are not are left out.
    pub(super) fn span(
        &mut self,
        stream: StreamId,
        begin: Time,
        end: Time,
        host: &mut Host<'_>,
    ) -> Outcome<Vec<Arc<Rdd>>> {
        let slide = self.graph.streams[stream.0 as usize].slide;
        let mut rdds = Vec::new();
        let mut time = self.next_due(slide, begin);
        while time <= end {
            rdds.extend(self.rdd(stream, time, host)?);
            time = time.after(slide, 1);
        }
        Ok(rdds)
    }

    /// Whether a stream of that slide has an RDD at a time: multiples of it, counted from the start.
    pub(super) fn is_due(&self, slide: Interval, time: Time) -> bool {
        self.zero.is_some_and(|zero| {
            let since = time.as_millis() - zero.as_millis();
            since > 0 && since % slide.as_millis() == 0
        })
    }

    /// The last time up to `time` at which a stream of that slide has an RDD, or would have had one before the start.
    pub(super) fn last_due(&self, slide: Interval, time: Time) -> Time {
        let zero = self.zero.unwrap_or(time);
        let since = time.as_millis().saturating_sub(zero.as_millis());
        zero.after(slide, since.div_euclid(slide.as_millis()))
    }

    /// The first time from `time` on at which a stream of that slide has an RDD.
    pub(super) fn next_due(&self, slide: Interval, time: Time) -> Time {
        let zero = self.zero.unwrap_or(time);
        let since = time.as_millis().saturating_sub(zero.as_millis());
        let slides = since.div_euclid(slide.as_millis()) + i64::from(since % slide.as_millis() != 0);
        zero.after(slide, slides.max(1))
    }

    fn make(&mut self, stream: StreamId, time: Time, host: &mut Host<'_>) -> Made {
        let index = stream.0 as usize;
        match &self.graph.streams[index].op {
            // What came in was noted when its batch was closed; it is forgotten by now.
            StreamOp::Source(_) => Ok(None),
            StreamOp::Queue { .. } => Ok(Some(self.of_queue(index))),
            StreamOp::Rdd(_) => {
                let Some(parents) = self.parents(stream, time, host)? else { return Ok(None) };
                let stream = &self.graph.streams[index];
                let StreamOp::Rdd(op) = &stream.op else { return Ok(None) };
                let op = op.freeze(&mut |lambda| host.script.freeze(lambda))?;
                Ok(Some(Rdd::new(op, parents, stream.origin.clone())))
            }
            StreamOp::Transform(callback) => {
                let callback = *callback;
                let Some(parents) = self.parents(stream, time, host)? else { return Ok(None) };
                host.call(callback, time, parents.into_iter().map(Some).collect())
            }
            StreamOp::Window { length } => {
                let length = *length;
                let parent = self.parent(stream);
                let rdds = self.span(parent, since(time, length), time, host)?;
                Ok(Some(self.union(rdds, stream)))
            }
            StreamOp::State { update, .. } => {
                let update = *update;
                self.state(stream, update, time, host)
            }
            StreamOp::ReduceWindow { reduce, inverse, length } => {
                let (reduce, inverse, length) = (*reduce, *inverse, *length);
                self.reduce_window(stream, reduce, inverse, length, time, host)
            }
        }
    }

    /// The next RDD of a queue, or all that are left.
    fn of_queue(&mut self, index: usize) -> Arc<Rdd> {
        let stream = &self.graph.streams[index];
        let StreamOp::Queue { rdds, one_at_a_time, default } = &stream.op else {
            return empty(&stream.origin, 0);
        };
        let left = &rdds[self.given[index].min(rdds.len())..];
        match left {
            [] => default.clone().unwrap_or_else(|| empty(&stream.origin, 1)),
            [next, ..] if *one_at_a_time => {
                self.given[index] += 1;
                Arc::clone(next)
            }
            all => {
                let union = Rdd::new(RddOp::Union, all.to_vec(), stream.origin.clone());
                self.given[index] = rdds.len();
                union
            }
        }
    }

    /// The parents' RDDs. An only parent without one leaves its children without, one of several stands
    /// for nothing.
    fn parents(
        &mut self,
        stream: StreamId,
        time: Time,
        host: &mut Host<'_>,
    ) -> Outcome<Option<Vec<Arc<Rdd>>>> {
        let parents = self.graph.streams[stream.0 as usize].parents.clone();
        let mut rdds = Vec::with_capacity(parents.len());
        for parent in &parents {
            match self.rdd(*parent, time, host)? {
                Some(rdd) => rdds.push(rdd),
                None if parents.len() == 1 => return Ok(None),
                None => rdds.push(empty(&self.graph.streams[parent.0 as usize].origin, 0)),
            }
        }
        Ok(Some(rdds))
    }

    /// The parent of a stream that has one.
    pub(super) fn parent(&self, stream: StreamId) -> StreamId {
        let parents = &self.graph.streams[stream.0 as usize].parents;
        *parents.first().expect("windows and states are made of a stream")
    }

    fn union(&self, rdds: Vec<Arc<Rdd>>, stream: StreamId) -> Arc<Rdd> {
        Rdd::new(RddOp::Union, rdds, self.graph.streams[stream.0 as usize].origin.clone())
    }

    /// A reduced window. A long one is made of the window before: what has left is taken out of it, what
    /// is new comes in. A short one, or one after a window that failed, is made from the beginning.
    fn reduce_window(
        &mut self,
        stream: StreamId,
        reduce: Callback,
        inverse: Option<Callback>,
        length: Interval,
        time: Time,
        host: &mut Host<'_>,
    ) -> Made {
        let slide = self.graph.streams[stream.0 as usize].slide;
        let parent = self.parent(stream);
        let before = time.after(slide, -1);
        let previous = match self.histories[stream.0 as usize].made.get(&before) {
            Some(Ok(Some(rdd))) if rdd.kept().is_some() => Some(Arc::clone(rdd)),
            _ => None,
        };
        let is_long = length.as_millis() >= slide.as_millis().saturating_mul(SLIDES_OF_LONG);
        let (Some(previous), Some(inverse), true) = (previous, inverse, is_long) else {
            let rdds = self.span(parent, since(time, length), time, host)?;
            if rdds.is_empty() {
                return Ok(None);
            }
            let window = self.union(rdds, stream);
            return host.call(reduce, time, vec![None, Some(window)]);
        };
        let mut reduced = Some(previous);
        let left = self.span(parent, since(before, length), time.after(length, -1), host)?;
        if !left.is_empty() {
            let left = self.union(left, stream);
            reduced = host.call(inverse, time, vec![reduced, Some(left)])?;
        }
        let new = self.span(parent, since(time, slide), time, host)?;
        if !new.is_empty() {
            let new = self.union(new, stream);
            reduced = host.call(reduce, time, vec![reduced, Some(new)])?;
        }
        Ok(reduced)
    }
}

/// From so many slides on, PySpark uses the inverse function.
const SLIDES_OF_LONG: i64 = 5;

impl Host<'_> {
    /// Calls a function of the program.
    pub(super) fn call(&mut self, callback: Callback, time: Time, rdds: Vec<Option<Arc<Rdd>>>) -> Made {
        self.script.call(callback, time, rdds, self.engine)
    }
}

/// The first millisecond of a span of that length that ends with `time`.
fn since(time: Time, length: Interval) -> Time {
    Time::from_millis(time.after(length, -1).as_millis().saturating_add(1))
}

/// An RDD without records.
fn empty(origin: &Origin, partitions: usize) -> Arc<Rdd> {
    let dataset = Dataset { partitions: vec![Partition::default(); partitions] };
    Rdd::new(RddOp::Data(dataset), Vec::new(), origin.clone())
}

fn too_deep(origin: &Origin) -> Failure {
    Failure {
        class: "RecursionError".into(),
        message: format!("more than {MOST_DEEP} streams one behind the other"),
        operator: Some(origin.to_string()),
        record: None,
    }
}
