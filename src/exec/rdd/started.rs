//! Stages that run while their input comes in: a task for each piece of it, as soon as the piece is there.
//! The lines are dropped when their task has ended; what the tasks give waits for the end of the batch.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Workers;
use super::compute::Computation;
use super::context::{Context, Rules, Skipped};
use super::read::{Unit, bytes};
use super::stage::{Sink, Stage};
use super::tasks::{Done, Tasks};
use crate::batch::Piece;
use crate::batch::value::Effects;
use crate::plan::{Failure, Outcome, Rdd};

/// Bytes of input, by worker, that may wait for a task or be in one.
const MOST_AHEAD: usize = 4 << 20;

/// Tasks whose results are brought together while more is coming in, where that makes less of them.
const GROUP: usize = 16;

/// Where a piece belongs: the number of its source among those of the stream, and of the source's partition.
pub type Part = (usize, usize);

/// A stage at work on the batch that is open.
pub struct Started {
    stage: Box<dyn Running>,
    load: Arc<Load>,
}

/// What is in memory because of a stage.
#[derive(Debug, Default)]
struct Load {
    /// Bytes of input that tasks have not dealt with.
    ahead: AtomicUsize,
    /// Bytes that tasks have given.
    given: AtomicUsize,
}

impl Started {
    /// A stage that nothing has come to yet; `None` if it has to see partitions as a whole.
    pub(super) fn new<S: Sink>(stage: Stage<S>, rules: &Rules) -> Option<Self> {
        let running = Run { stage: Arc::new(stage), rules: rules.clone(), groups: BTreeMap::new() };
        let is_by_partition = running.stage.is_by_partition();
        (!is_by_partition).then(|| Started { stage: Box::new(running), load: Arc::default() })
    }

    /// Bytes that wait for the end of the batch.
    pub fn bytes(&self) -> usize {
        self.load.given.load(Ordering::Relaxed)
    }
}

/// A stage whatever its sink is.
trait Running {
    /// Has a task run on a piece.
    fn submit(&mut self, part: Part, piece: Piece, load: &Arc<Load>, tasks: &Tasks);

    /// What the tasks have come to, in the order of the partitions: what [`Tasks::take_started`] takes.
    fn settle(self: Box<Self>, partitions: &HashMap<Part, usize>) -> Box<dyn Any>;
}

/// A stage, and what its tasks have come to.
struct Run<S: Sink> {
    stage: Arc<Stage<S>>,
    rules: Rules,
    /// By part, in order; the last group of a part may be open.
    groups: BTreeMap<Part, Vec<Arc<Group<S::Output>>>>,
}

/// Tasks one behind the other. When the last one of them has ended, what they give is made one.
struct Group<T> {
    done: Mutex<Vec<Option<Done<T>>>>,
    /// How many have ended.
    ended: AtomicUsize,
}

impl<S: Sink> Running for Run<S> {
    fn submit(&mut self, part: Part, piece: Piece, load: &Arc<Load>, tasks: &Tasks) {
        let groups = self.groups.entry(part).or_default();
        if groups.last().is_none_or(|group| lock(&group.done).len() == GROUP) {
            groups.push(Arc::new(Group { done: Mutex::default(), ended: AtomicUsize::new(0) }));
        }
        let Some(group) = groups.last().cloned() else { return };
        let place = {
            let mut done = lock(&group.done);
            done.push(None);
            done.len() - 1
        };
        let (stage, rules, load) = (Arc::clone(&self.stage), self.rules.clone(), Arc::clone(load));
        let size = bytes(&piece).len();
        load.ahead.fetch_add(size, Ordering::Relaxed);
        tasks.submit(move || {
            let context = Context::new(&rules);
            let result = stage.run(&Unit { pieces: vec![piece], ..Unit::default() }, &context);
            load.given.fetch_add(result.as_ref().map_or(0, S::size), Ordering::Relaxed);
            let (effects, skipped) = context.finish();
            lock(&group.done)[place] = Some((result, effects, skipped));
            if group.ended.fetch_add(1, Ordering::AcqRel) + 1 == GROUP {
                merge(&stage, &group, &rules, &load);
            }
            load.ahead.fetch_sub(size, Ordering::Relaxed);
        });
    }

    fn settle(self: Box<Self>, partitions: &HashMap<Part, usize>) -> Box<dyn Any> {
        let mut all: Vec<(usize, Done<S::Output>)> = Vec::new();
        for (part, groups) in self.groups {
            let Some(partition) = partitions.get(&part) else { continue };
            let done = groups.iter().flat_map(|group| std::mem::take(&mut *lock(&group.done)));
            all.extend(done.flatten().map(|done| (*partition, done)));
        }
        Box::new(Ok::<_, Failure>(all))
    }
}

/// Makes one of what the tasks of a group give, if all of them give something.
fn merge<S: Sink>(stage: &Stage<S>, group: &Group<S::Output>, rules: &Rules, load: &Load) {
    let mut done = lock(&group.done);
    if !done.iter().all(|done| matches!(done, Some((Ok(_), ..)))) {
        return;
    }
    let (mut outputs, mut effects, mut skipped) = (Vec::new(), Effects::default(), Skipped::default());
    for (output, of_task, dropped) in done.drain(..).flatten() {
        outputs.extend(output);
        effects.absorb(of_task);
        skipped.absorb(dropped);
    }
    let size = |outputs: &[S::Output]| outputs.iter().map(S::size).sum();
    load.given.fetch_sub(size(&outputs), Ordering::Relaxed);
    let context = Context::new(rules);
    let merged: Vec<Outcome<S::Output>> = match stage.merge(outputs, &context) {
        Ok(merged) => {
            load.given.fetch_add(size(&merged), Ordering::Relaxed);
            merged.into_iter().map(Ok).collect()
        }
        Err(failure) => vec![Err(failure)],
    };
    let (of_merge, dropped) = context.finish();
    effects.absorb(of_merge);
    skipped.absorb(dropped);
    let mut told = (effects, skipped);
    // What they did is told once, with the first of them.
    done.extend(merged.into_iter().map(|merged| {
        let (effects, skipped) = std::mem::take(&mut told);
        Some((merged, effects, skipped))
    }));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Workers {
    /// Starts the first stage of an RDD that is about to have input: of one that combines, counts or takes the
    /// first of the records of its only parent. `None` if it has to wait for all of the input.
    pub fn start(&mut self, rdd: &Arc<Rdd>) -> Option<Started> {
        Computation::new(&mut self.tasks, rdd).ok()?.start(rdd)
    }

    /// Has a started stage work on lines. Returns once there are not too many that wait.
    pub fn feed(&self, started: &mut Started, part: Part, lines: Piece) {
        started.stage.submit(part, lines, &started.load, &self.tasks);
        let most = MOST_AHEAD * self.tasks.workers();
        self.tasks.work_until(|| started.load.ahead.load(Ordering::Relaxed) <= most);
    }

    /// Ends a stage: when this RDD is computed, what the stage has come to is taken up. It is to be called
    /// when every task has ended, with the numbers of the partitions that parts have become.
    pub fn settle(&mut self, started: Started, rdd: &Arc<Rdd>, partitions: &HashMap<Part, usize>) {
        self.tasks.started.insert(Arc::as_ptr(rdd), started.stage.settle(partitions));
    }

    /// Forgets what nobody has asked for of stages that were settled.
    pub fn forget_started(&mut self) {
        self.tasks.started.clear();
    }
}
