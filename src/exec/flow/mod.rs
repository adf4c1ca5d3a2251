//! Streams, batch by batch: which RDDs a batch is made of, what outputs do with them, and what is
//! remembered for windows and states.
//!
//! As in Spark, a batch has two halves. First all RDDs are made, which calls the program's `transform`
//! functions; if one of them fails, the batch is lost for every output. Then the outputs run in order,
//! and one that fails takes nothing with it. RDDs that windows will ask for are computed at once.

mod eager;
mod early;
mod history;
mod input;
pub(super) mod kept;
mod state;
mod streams;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::eager::Eager;
use self::early::Early;
use self::history::{History, histories};
use self::input::Input;
use self::kept::Kept;
use self::state::States;
use crate::batch::{Dataset, Interval, Partition, SourceId, Time};
use crate::error::Result;
use crate::plan::{Engine, Failure, Graph, Outcome, OutputOp, Rdd, Script, StreamId, StreamOp};

/// Streams at work.
pub struct Flow {
    graph: Graph,
    interval: Interval,
    /// When the first batch began. Times are counted from here.
    zero: Option<Time>,
    /// When the last batch ended.
    now: Time,
    input: Input,
    /// What came in for the batch that is being made.
    batch: BTreeMap<SourceId, Vec<Partition>>,
    histories: Vec<History>,
    states: States,
    /// How many RDDs of each queue have been given.
    given: Vec<usize>,
    levels: Vec<usize>,
    eager: Vec<Eager>,
    /// What was written of all this, once somebody has asked for it.
    kept: Option<Kept>,
    /// The last batch of an earlier process, until there is one of this.
    resumed: Option<Time>,
    /// The batches before and behind times at which no process ran.
    gaps: Vec<(Time, Time)>,
    early: Vec<Early>,
}

/// What comes of a batch, for whoever writes it.
#[derive(Debug)]
pub enum Delivery<'g> {
    /// Records to be written. Where only the first few are printed, there may be more of them; that there
    /// are shows that there is more.
    Records {
        /// Which output.
        output: usize,
        /// What is to be done with them.
        op: &'g OutputOp,
        /// The records.
        records: Dataset,
    },
    /// An output has done what it does by itself.
    Done {
        /// Which one.
        output: usize,
    },
    /// A state goes on without a batch that could not be brought into it.
    LeftOut {
        /// The batch.
        time: Time,
        /// Why.
        failure: Failure,
    },
    /// An output has failed for this batch, or, without an output, the whole batch has.
    Failed {
        /// Which output.
        output: Option<usize>,
        /// Why.
        failure: Failure,
    },
}

/// What the program and the engine are, for as long as a batch takes.
struct Host<'h> {
    script: &'h mut dyn Script,
    engine: &'h mut dyn Engine,
}

impl Flow {
    /// Streams that are about to start, with batches of that length.
    pub fn new(graph: Graph, interval: Interval) -> Self {
        let mut levels: Vec<usize> = Vec::with_capacity(graph.streams.len());
        for stream in &graph.streams {
            let level = stream.parents.iter().map(|parent| levels[parent.0 as usize] + 1).max();
            levels.push(level.unwrap_or(0));
        }
        Flow {
            interval,
            zero: None,
            now: Time::from_millis(0),
            input: Input::default(),
            batch: BTreeMap::new(),
            histories: histories(&graph),
            states: States::new(&graph),
            given: vec![0; graph.streams.len()],
            levels,
            eager: Vec::new(),
            kept: None,
            resumed: None,
            gaps: Vec::new(),
            early: Vec::new(),
            graph,
        }
    }

    /// The streams and outputs.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Begins a partition of its own for what comes next from a source: a file. There is one even if
    /// nothing comes, so that the batch is an empty one and not one in which the source was idle.
    pub fn begin_part(&mut self, source: SourceId) {
        self.input.begin(source);
    }

    /// Closes the open batch and makes what is due at its end. The first batch that is closed is the first
    /// there is; after it comes one an interval, but for those at which no process ran before what was kept
    /// was taken back: windows that go over these times have nothing of them.
    ///
    /// # Errors
    /// Those of `deliver`.
    pub fn close<E: Engine>(
        &mut self,
        time: Time,
        script: &mut dyn Script,
        engine: &mut E,
        mut deliver: impl FnMut(&mut E, Delivery<'_>) -> Result<()>,
    ) -> Result<()> {
        self.zero.get_or_insert(time.after(self.interval, -1));
        if let Some(last) = self.resumed.take()
            && last.after(self.interval, 1) < time
        {
            self.gaps.push((last, time));
        }
        self.now = time;
        self.batch = self.input.take();
        self.take_input(time);
        match self.prepare(time, &mut Host { script, engine }) {
            Err(failure) => deliver(engine, Delivery::Failed { output: None, failure })?,
            Ok(due) => {
                for (output, rdd) in due {
                    let op = &self.graph.outputs[output].op;
                    match run(op, time, &rdd, &mut Host { script, engine }) {
                        Ok(None) => deliver(engine, Delivery::Done { output })?,
                        Ok(Some(records)) => deliver(engine, Delivery::Records { output, op, records })?,
                        Err(failure) => deliver(engine, Delivery::Failed { output: Some(output), failure })?,
                    }
                }
            }
        }
        for (time, failure) in self.settle(time, &mut Host { script, engine }) {
            deliver(engine, Delivery::LeftOut { time, failure })?;
        }
        self.histories.iter_mut().for_each(|history| history.forget(time));
        let oldest = self.histories.iter().map(|history| history.oldest(time)).min();
        self.gaps.retain(|(_, next)| Some(*next) > oldest);
        Ok(())
    }

    /// A stream's RDDs from `begin` to `end`, both included, as far as they are remembered: `slice`. As in Spark, one that
    /// is made within the slide of `begin` is among them.
    ///
    /// # Errors
    /// Whatever functions of the program raise where one is made only now.
    pub fn slice(
        &mut self,
        stream: StreamId,
        begin: Time,
        end: Time,
        script: &mut dyn Script,
        engine: &mut dyn Engine,
    ) -> Outcome<Vec<Arc<Rdd>>> {
        let begin = self.last_due(self.graph.streams[stream.0 as usize].slide, begin);
        let rdds = self.span(stream, begin, end.min(self.now), &mut Host { script, engine })?;
        rdds.iter().for_each(|rdd| rdd.hand_out());
        Ok(rdds)
    }

    /// The RDDs of the outputs that are due.
    fn prepare(&mut self, time: Time, host: &mut Host<'_>) -> Outcome<Vec<(usize, Arc<Rdd>)>> {
        let mut due = Vec::new();
        for output in 0..self.graph.outputs.len() {
            if let Some(rdd) = self.rdd(self.graph.outputs[output].stream, time, host)? {
                rdd.hand_out();
                due.push((output, rdd));
            }
        }
        Ok(due)
    }

    /// Makes and computes what later batches will ask for. What fails here is told when they do; given
    /// are the batches that states are left without.
    fn settle(&mut self, time: Time, host: &mut Host<'_>) -> Vec<(Time, Failure)> {
        let mut left_out = Vec::new();
        for index in 0..self.graph.streams.len() {
            let stream = StreamId(u32::try_from(index).unwrap_or(u32::MAX));
            let is_due = self.is_due(self.graph.streams[index].slide, time);
            if !is_due || !self.histories[index].eager || !self.is_wanted(stream, time) {
                continue;
            }
            let made = self.rdd(stream, time, host);
            if matches!(self.graph.streams[index].op, StreamOp::State { .. }) {
                left_out.extend(self.settle_state(stream, time, &made, host));
            } else if let Ok(Some(rdd)) = made
                && rdd.kept().is_none()
            {
                let _ = host.engine.compute(&rdd);
            }
        }
        left_out
    }

    /// Whether a stream's RDD of a time will be asked for by itself, by a window, or by a program that
    /// wants it remembered.
    fn is_wanted(&self, stream: StreamId, time: Time) -> bool {
        let own = &self.graph.streams[stream.0 as usize].op;
        let is_read = |child: &crate::plan::Stream| match &child.op {
            StreamOp::Window { length } => {
                let due = self.next_due(child.slide, time);
                time.as_millis() > due.as_millis().saturating_sub(length.as_millis())
            }
            _ => true,
        };
        let mut children = self.graph.streams.iter().filter(|child| child.parents.contains(&stream));
        matches!(own, StreamOp::State { .. } | StreamOp::ReduceWindow { .. }) || children.any(is_read)
    }
}

/// What an output comes to: records, where somebody else is to write them.
fn run(op: &OutputOp, time: Time, rdd: &Arc<Rdd>, host: &mut Host<'_>) -> Outcome<Option<Dataset>> {
    match op {
        OutputOp::Print { limit: Some(limit), .. } => {
            host.engine.compute_first(rdd, limit.saturating_add(1)).map(Some)
        }
        OutputOp::Print { limit: None, .. } | OutputOp::SaveAsTextFiles { .. } | OutputOp::ToCommand(_) => {
            host.engine.compute(rdd).map(Some)
        }
        OutputOp::ForEach(callback) => {
            host.script.call(*callback, time, vec![Some(Arc::clone(rdd))], host.engine)?;
            Ok(None)
        }
    }
}
