//! What streams keep beyond their process, as changes of tables, and taking it back.
//!
//! There is a table an operator, [`Graph::table`](crate::plan::Graph::table), and one for the streams' clock,
//! [`CLOCK`]. An operator's rows are, by the first byte of the key:
//!
//! | key | value |
//! |---|---|
//! | 0 | what little else there is: the place in a queue, the batch that a state has failed with, how the records of a state lie in partitions |
//! | 1, place | a record of a state, or of a window that is reduced by its inverse; places are in the order of the records |
//! | 3, partition, key | what `mapWithState` knows of a key: when it was first seen among all, last touched, and its state |
//! | 2, time | what the stream had at a time that later batches ask for (window panes): how its records lie in partitions, or why there are none |
//! | 2, time, partition, piece | the records |
//!
//! Times and places are eight bytes, partitions and pieces four, highest first. Records are encoded as
//! [`encode`](crate::batch::value::encode) does. What the program itself holds is not kept: its variables,
//! accumulators and broadcast variables begin anew, as in Spark.
//!
//! An RDD that failed to be computed fails for those who ask for it after a restart as it failed before, without
//! its functions being called again.

mod batches;
mod restore;
mod rows;
mod shape;
mod shown;
mod tracked;

use std::sync::Arc;

use self::batches::{Batches, Told, put_hashed};
use self::rows::Rows;
use self::shape::Shape;
pub use self::shown::show_row;
use self::tracked::Tracked;
use super::Flow;
use super::history::Made;
use crate::batch::packed::put_number;
use crate::batch::{Keep, States, Time};
use crate::error::Result;
use crate::plan::{Engine, Graph, Rdd, StreamId, StreamOp};

/// The table of the streams' clock.
const CLOCK: &str = "clock";

/// Its only key.
const CLOCK_KEY: &[u8] = b"batches";

/// The first bytes of an operator's keys.
const STANDING: u8 = 0;
const ROW: u8 = 1;
const BATCH: u8 = 2;
const TRACKED: u8 = 3;

/// What was written so far.
#[derive(Debug)]
pub(super) struct Kept {
    clock: Vec<u8>,
    operators: Vec<Operator>,
}

/// What was written of an operator.
#[derive(Debug)]
struct Operator {
    table: String,
    standing: Vec<u8>,
    rows: Rows,
    batches: Batches,
    /// What `mapWithState` knows.
    tracked: Tracked,
}

/// The records that go from batch to batch.
enum Standing<'s> {
    /// Those of the start, if there are any.
    Initial,
    /// There are none (any more).
    Nothing,
    /// These, as of a time.
    Records(Time, &'s Arc<Rdd>),
    /// What `mapWithState` knows of keys, by partition.
    Tracked(&'s Arc<[States]>),
}

/// How the records that go from batch to batch are told of in an operator's first row.
const INITIAL: u8 = 0;
const NOTHING: u8 = 1;
const RECORDS: u8 = 2;
const STATES: u8 = 3;

impl Kept {
    fn new(graph: &Graph) -> Self {
        let operator = |index| Operator {
            table: graph.table(StreamId(u32::try_from(index).unwrap_or(u32::MAX))),
            standing: Vec::new(),
            rows: Rows::default(),
            batches: Batches::default(),
            tracked: Tracked::default(),
        };
        Kept { clock: Vec::new(), operators: (0..graph.streams.len()).map(operator).collect() }
    }
}

impl Flow {
    /// Gives what has changed since it was last asked in what later batches are made of; the first time, all
    /// of it. To be called between batches.
    ///
    /// RDDs that later batches ask for are computed, if nothing has asked for them yet.
    ///
    /// # Errors
    /// Those of `keep`, after which no more may be asked for.
    pub fn changes(&mut self, engine: &mut dyn Engine, keep: &mut dyn Keep) -> Result<()> {
        let mut kept = self.kept.take().unwrap_or_else(|| Kept::new(&self.graph));
        let clock = self.clock();
        if kept.clock != clock {
            keep.put(CLOCK, CLOCK_KEY, &clock)?;
            kept.clock = clock;
        }
        for (index, operator) in kept.operators.iter_mut().enumerate() {
            self.change_batches(index, operator, engine, keep)?;
            self.change_standing(index, operator, keep)?;
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// When the first and the last batch were, and when there were none in between.
    fn clock(&self) -> Vec<u8> {
        let mut clock = Vec::new();
        if let Some(zero) = self.zero {
            let gaps = self.gaps.iter().flat_map(|(last, next)| [*last, *next]);
            for time in [zero, self.now].into_iter().chain(gaps) {
                clock.extend(time.as_millis().to_be_bytes());
            }
        }
        clock
    }

    fn change_standing(&self, index: usize, operator: &mut Operator, keep: &mut dyn Keep) -> Result<()> {
        let Operator { table, standing, rows, tracked, .. } = operator;
        let mut now = Vec::new();
        put_number(self.given[index] as u64, &mut now);
        let pending = self.states.pending(index);
        now.push(u8::from(pending.is_some()));
        now.extend(pending.map_or(0, Time::as_millis).to_be_bytes());
        let (nothing, mut states) = (Default::default(), None);
        let dataset = match self.standing(index) {
            Standing::Initial => {
                now.push(INITIAL);
                &nothing
            }
            Standing::Nothing => {
                now.push(NOTHING);
                &nothing
            }
            Standing::Records(time, rdd) => {
                let dataset = rdd.kept().unwrap_or(&nothing);
                now.push(RECORDS);
                now.extend(time.as_millis().to_be_bytes());
                put_hashed(rdd.hashed(), &mut now);
                Shape::of(dataset).pack(&mut now);
                dataset
            }
            Standing::Tracked(now_tracked) => {
                now.push(STATES);
                Tracked::pack(now_tracked, &mut now);
                states = Some(now_tracked);
                &nothing
            }
        };
        tracked.update(states, &mut |key, value| {
            let mut whole = vec![TRACKED];
            whole.extend(key);
            change(keep, table, &whole, value)
        })?;
        rows.update(dataset, &mut |place, record| {
            let mut key = [ROW; 9];
            key[1..].copy_from_slice(&place.to_be_bytes());
            change(keep, table, &key, record)
        })?;
        if *standing != now {
            // Where nothing is told of, there is nothing to tell: most operators keep nothing.
            if !standing.is_empty() || now.iter().any(|byte| *byte != 0) {
                keep.put(table, &[STANDING], &now)?;
            }
            *standing = now;
        }
        Ok(())
    }

    /// The records that a stream goes on with.
    fn standing(&self, index: usize) -> Standing<'_> {
        match &self.graph.streams[index].op {
            StreamOp::State { .. } => match self.states.good(index).map(|rdd| (rdd, rdd.op.states())) {
                Some((_, Some(states))) => Standing::Tracked(states),
                // Times are those of batches; a state is always that of the last one.
                Some((rdd, None)) if rdd.kept().is_some() => Standing::Records(Time::from_millis(0), rdd),
                Some(_) => Standing::Initial,
                None => Standing::Nothing,
            },
            StreamOp::ReduceWindow { .. } => match self.histories[index].made.last_key_value() {
                Some((time, Ok(Some(rdd)))) if rdd.kept().is_some() => Standing::Records(*time, rdd),
                _ => Standing::Nothing,
            },
            _ => Standing::Initial,
        }
    }

    fn change_batches(
        &self,
        index: usize,
        operator: &mut Operator,
        engine: &mut dyn Engine,
        keep: &mut dyn Keep,
    ) -> Result<()> {
        let Operator { table, batches, .. } = operator;
        let mut change = |key: &[u8], value: Option<&[u8]>| {
            let mut whole = vec![BATCH];
            whole.extend(key);
            change(keep, table, &whole, value)
        };
        let mut times = Vec::new();
        for (time, made) in &self.histories[index].made {
            if !self.is_asked_later(index, *time, made) {
                continue;
            }
            times.push(*time);
            if batches.has(*time, made) {
                continue;
            }
            match made {
                Ok(None) => batches.put(*time, made, &Told::Nothing, &mut change)?,
                Err(failure) => batches.put(*time, made, &Told::Unmade(failure), &mut change)?,
                Ok(Some(rdd)) => {
                    rdd.keep_when_computed();
                    match engine.compute(rdd) {
                        Ok(dataset) => {
                            batches.put(*time, made, &Told::Records(rdd.hashed(), &dataset), &mut change)?
                        }
                        Err(failure) => {
                            let told = Told::Failed(&failure, engine.partitions(rdd).ok());
                            batches.put(*time, made, &told, &mut change)?;
                        }
                    }
                }
            }
        }
        batches.retain(&times, &mut change)
    }

    /// Whether what a stream had at a time will be asked for by later batches, so that it has to be there as it is.
    fn is_asked_later(&self, index: usize, time: Time, made: &Made) -> bool {
        let op = &self.graph.streams[index].op;
        let is_computed = matches!(made, Ok(Some(rdd)) if rdd.kept().is_some());
        // A state that failed is made again of the one before and the batch.
        if self.states.pending(index) == Some(time) && !is_computed {
            return matches!(made, Err(_) | Ok(None));
        }
        if self.histories[index].eager && self.is_read_later(index, time) {
            return true;
        }
        // `slice` may ask for anything. What is made of other streams by operators alone is made again.
        let is_made_again = matches!(op, StreamOp::Rdd(_) | StreamOp::Window { .. }) && !is_computed;
        self.graph.remember.is_some() && !is_made_again
    }

    /// Whether a window or state that is yet to come looks back at a stream's RDD of a time.
    fn is_read_later(&self, parent: usize, time: Time) -> bool {
        let after_now = Time::from_millis(self.now.as_millis().saturating_add(1));
        self.graph.streams.iter().enumerate().any(|(index, child)| {
            if !child.parents.iter().any(|other| other.0 as usize == parent) {
                return false;
            }
            let due = self.next_due(child.slide, after_now);
            match &child.op {
                StreamOp::Window { length } => time > due.after(*length, -1),
                StreamOp::ReduceWindow { length, .. } => time > due.after(child.slide, -1).after(*length, -1),
                StreamOp::State { .. } => self.states.pending(index) == Some(time),
                _ => false,
            }
        })
    }

    /// Whether no batch was closed at a time though others were before and behind it.
    pub(super) fn was_down(&self, time: Time) -> bool {
        self.gaps.iter().any(|(last, next)| *last < time && time < *next)
    }
}

/// Puts or deletes.
fn change(keep: &mut dyn Keep, table: &str, key: &[u8], value: Option<&[u8]>) -> Result<()> {
    match value {
        Some(value) => keep.put(table, key, value),
        None => keep.delete(table, key),
    }
}
