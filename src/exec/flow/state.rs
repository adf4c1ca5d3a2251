//! States: made of the state before and the batch, for as long as the stream runs.
//!
//! A state that cannot be computed is tried once more with the next batch, as Spark does, which costs
//! that batch its output too. Spark goes on so for ever. Here the batch that failed is left out then, and
//! the state goes on without it: what was known before is not lost.

use std::sync::Arc;

use super::history::Made;
use super::{Flow, Host};
use crate::batch::Time;
use crate::plan::{Callback, Failure, Graph, Rdd, StreamId, StreamOp};

/// What is known of each stream's state.
#[derive(Debug)]
pub(super) struct States {
    states: Vec<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The last one that was computed.
    good: Option<Arc<Rdd>>,
    /// The batch that failed and is tried once more.
    pending: Option<Time>,
}

impl States {
    pub(super) fn new(graph: &Graph) -> Self {
        let state = |op: &StreamOp| match op {
            StreamOp::State { initial, .. } => State { good: initial.clone(), pending: None },
            _ => State::default(),
        };
        States { states: graph.streams.iter().map(|stream| state(&stream.op)).collect() }
    }

    /// The last state of a stream that was computed, or the first.
    pub(super) fn good(&self, stream: usize) -> Option<&Arc<Rdd>> {
        self.states[stream].good.as_ref()
    }

    pub(super) fn set_good(&mut self, stream: usize, good: Option<Arc<Rdd>>) {
        self.states[stream].good = good;
    }

    /// The batch that failed and is tried once more.
    pub(super) fn pending(&self, stream: usize) -> Option<Time> {
        self.states[stream].pending
    }

    pub(super) fn set_pending(&mut self, stream: usize, pending: Option<Time>) {
        self.states[stream].pending = pending;
    }
}

impl Flow {
    /// The state at the end of this batch. Those of the past that are forgotten are not made again.
    pub(super) fn state(
        &mut self,
        stream: StreamId,
        update: Callback,
        time: Time,
        host: &mut Host<'_>,
    ) -> Made {
        let State { good, pending } = self.states.states[stream.0 as usize].clone();
        // One that failed before a restart is made again.
        if time != self.now && pending != Some(time) {
            return Ok(None);
        }
        let before = match pending {
            // Whatever kept it from being made keeps this one from it too; else it is computed again with it.
            Some(failed) if failed != time => self.rdd(stream, failed, host)?,
            _ => good,
        };
        self.updated(stream, update, before, time, host)
    }

    fn updated(
        &mut self,
        stream: StreamId,
        update: Callback,
        before: Option<Arc<Rdd>>,
        time: Time,
        host: &mut Host<'_>,
    ) -> Made {
        let parent = self.parent(stream);
        let batch = self.rdd(parent, time, host)?;
        host.call(update, time, vec![before, batch])
    }

    /// Computes a state when its batch is over, unless an output has. Gives the batch that is left out, if
    /// one is, and why.
    pub(super) fn settle_state(
        &mut self,
        stream: StreamId,
        time: Time,
        made: &Made,
        host: &mut Host<'_>,
    ) -> Option<(Time, Failure)> {
        let index = stream.0 as usize;
        let StreamOp::State { update, maps, .. } = self.graph.streams[index].op else { return None };
        let State { good, pending } = self.states.states[index].clone();
        let mut left_out = None;
        let mut settled = computed(made, host);
        if let (Err(failure), Some(failed)) = (&settled, pending) {
            left_out = Some((failed, failure.clone()));
            let stands_in = if maps { None } else { good.clone() };
            self.histories[index].made.insert(failed, Ok(stands_in));
            let again = self.updated(stream, update, good, time, host);
            settled = computed(&again, host);
            self.histories[index].made.insert(time, again);
        }
        let state = &mut self.states.states[index];
        match settled {
            Ok(good) => *state = State { good, pending: None },
            Err(_) => state.pending = Some(time),
        }
        left_out
    }
}

/// The state, once it is computed.
fn computed(made: &Made, host: &mut Host<'_>) -> Made {
    if let Ok(Some(rdd)) = made
        && rdd.kept().is_none()
    {
        rdd.keep_when_computed();
        host.engine.compute(rdd)?;
    }
    made.clone()
}
