//! The RDDs of each stream that may be asked for again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::batch::Time;
use crate::plan::{Graph, Outcome, Rdd, StreamOp, kept};

/// A stream's RDD of a time: `None` where the program says that there is none; or why there is none.
pub(super) type Made = Outcome<Option<Arc<Rdd>>>;

/// RDDs of a stream.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) made: BTreeMap<Time, Made>,
    /// Milliseconds that they are kept for beyond their own batch.
    need: i64,
    /// Whether RDDs are made and computed at once, though somebody may ask only later.
    pub(super) eager: bool,
    /// Whether they are kept once they are computed.
    pub(super) kept: bool,
}

impl History {
    /// Forgets what nobody asks for any more when a batch is over.
    pub(super) fn forget(&mut self, now: Time) {
        self.made = self.made.split_off(&self.oldest(now));
    }

    /// The earliest time that somebody may ask for when a batch is over.
    pub(super) fn oldest(&self, now: Time) -> Time {
        Time::from_millis(now.as_millis().saturating_sub(self.need).saturating_add(1))
    }
}

/// What each stream of a graph has to remember.
pub(super) fn histories(graph: &Graph) -> Vec<History> {
    let count = graph.streams.len();
    let remember = graph.remember.map_or(0, |span| span.as_millis());
    let mut histories: Vec<_> =
        (0..count).map(|_| History { need: remember, ..History::default() }).collect();
    // As in Spark a stream keeps its last RDD for `slice`; but not what has come in from outside, of which there may
    // be as much as memory holds.
    let mut is_live = vec![false; count];
    for (index, stream) in graph.streams.iter().enumerate() {
        is_live[index] = matches!(stream.op, StreamOp::Source(_))
            || stream.parents.iter().any(|parent| is_live[parent.0 as usize]);
        if !is_live[index] {
            histories[index].need = remember.max(stream.slide.as_millis());
        }
    }
    let mut reached = vec![false; count];
    for output in &graph.outputs {
        reached[output.stream.0 as usize] = true;
    }
    // Children before parents, as parents stand before children.
    for (index, stream) in graph.streams.iter().enumerate().rev() {
        let slide = stream.slide.as_millis();
        if matches!(stream.op, StreamOp::State { .. } | StreamOp::ReduceWindow { .. }) {
            let history = &mut histories[index];
            history.need = history.need.max(slide.saturating_mul(3));
            history.eager = true;
        }
        // How far behind its own time a stream looks.
        let back = match &stream.op {
            StreamOp::Window { length } => length.as_millis(),
            StreamOp::ReduceWindow { length, .. } => length.as_millis().saturating_add(slide),
            StreamOp::State { .. } => slide.saturating_mul(2),
            _ => 0,
        };
        let need = histories[index].need;
        for parent in &stream.parents {
            let parent = parent.0 as usize;
            reached[parent] |= reached[index];
            let history = &mut histories[parent];
            if back > 0 {
                history.need = history.need.max(need.saturating_add(back));
                history.eager = true;
            } else if !is_live[parent] {
                history.need = history.need.max(need);
            }
        }
    }
    for ((history, kept), reached) in histories.iter_mut().zip(kept(graph)).zip(reached) {
        history.kept = kept;
        history.eager &= reached;
    }
    histories
}
