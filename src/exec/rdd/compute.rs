//! One computation: an RDD, and all that it is made of and that is not there yet.

mod first;
mod ones;

use std::collections::HashMap;
use std::sync::Arc;

use self::ones::{combining, keys_to_count, one_partition};
use super::chain::{Chain, Link, link};
use super::context::Context;
use super::counted::{Counted, Counter};
use super::deal::Deal;
use super::keyed::{Combine, Combined, Group, Together, together};
use super::layout::lay_out;
use super::read::{Unit, count_all};
use super::shuffle::{ByKey, gather};
use super::sink::{Count, Numbered, Records, write_counts};
use super::sort::{ByOrder, arrange};
use super::stage::{Sink, Stage};
use super::started::Started;
use super::tasks::Tasks;
use super::tracked::{Before, snapshot, track};
use super::union::{aligned, coalesce, union};
use super::write::Writer;
use super::zip::{cross, zip};
use crate::batch::{Dataset, Partition, Piece};
use crate::exec::eval::compile;
use crate::plan::{Failure, Origin, Outcome, Rdd, RddOp, Shape, shape};

/// A computation.
pub(super) struct Computation<'w> {
    tasks: &'w mut Tasks,
    /// How often each RDD, by address, is asked for by others that are computed. The addresses are
    /// alive: whoever asks refers to them.
    uses: HashMap<*const Rdd, usize>,
    /// Datasets of RDDs that will be asked for again.
    shared: HashMap<*const Rdd, Dataset>,
    /// Numbers of partitions that were asked for.
    counts: HashMap<*const Rdd, usize>,
}

impl<'w> Computation<'w> {
    /// A computation of an RDD.
    ///
    /// # Errors
    /// `RecursionError` if it is made of too many others, one by one.
    pub(super) fn new(tasks: &'w mut Tasks, rdd: &Arc<Rdd>) -> Outcome<Self> {
        if rdd.depth() > MOST_DEEP {
            let message =
                format!("more than {MOST_DEEP} operators one behind the other: cache what is between");
            return Err(failure("RecursionError", &message, &rdd.origin));
        }
        let mut uses = HashMap::new();
        let mut open = vec![Arc::clone(rdd)];
        while let Some(rdd) = open.pop() {
            if rdd.kept().is_some() {
                continue;
            }
            for parent in rdd.parents() {
                let used = uses.entry(Arc::as_ptr(&parent)).or_insert(0);
                *used += 1;
                if *used == 1 {
                    open.push(parent);
                }
            }
        }
        Ok(Computation { tasks, uses, shared: HashMap::new(), counts: HashMap::new() })
    }

    /// All partitions.
    ///
    /// # Errors
    /// The exception of the first record that raises.
    pub(super) fn dataset(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        if let Some(kept) = rdd.kept() {
            return Ok(kept.clone());
        }
        let address = Arc::as_ptr(rdd);
        let again = self.uses.get_mut(&address).is_some_and(|uses| {
            *uses = uses.saturating_sub(1);
            *uses > 0
        });
        if let Some(shared) = self.shared.remove(&address) {
            if again {
                self.shared.insert(address, shared.clone());
            }
            return Ok(shared);
        }
        let dataset = self.make(rdd)?;
        if rdd.is_to_be_kept() {
            rdd.keep(dataset.clone());
        }
        if again {
            self.shared.insert(address, dataset.clone());
        }
        Ok(dataset)
    }

    /// How many partitions there are.
    ///
    /// # Errors
    /// As [`Computation::dataset`], where that has to be computed.
    pub(super) fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        if let Some(kept) = rdd.kept() {
            return Ok(kept.partitions.len());
        }
        if let Some(count) = self.counts.get(&Arc::as_ptr(rdd)) {
            return Ok(*count);
        }
        let count = self.count_partitions(rdd)?;
        self.counts.insert(Arc::as_ptr(rdd), count);
        Ok(count)
    }

    fn count_partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        let parents = rdd.parents();
        let of_parent = |this: &mut Self| parents.first().map_or(Ok(0), |parent| this.partitions(parent));
        match &rdd.op {
            RddOp::Data(dataset) => Ok(dataset.partitions.len()),
            RddOp::States(states) => Ok(states.len()),
            RddOp::Failed { partitions: Some(partitions), .. } => Ok(*partitions),
            op if op.is_narrow() => of_parent(self),
            RddOp::Count | RddOp::Zip | RddOp::ZipWithIndex => of_parent(self),
            RddOp::Union => {
                let counts =
                    parents.iter().map(|parent| self.partitions(parent)).collect::<Outcome<Vec<_>>>()?;
                match aligned(parents.iter().zip(counts.iter().copied())) {
                    Some(partitions) => Ok(partitions),
                    None => limited(counts.into_iter().fold(0, usize::saturating_add), &rdd.origin),
                }
            }
            RddOp::Cartesian => parents.iter().try_fold(1, |product: usize, parent| {
                limited(product.saturating_mul(self.partitions(parent)?), &rdd.origin)
            }),
            RddOp::Coalesce { partitions } => Ok(of_parent(self)?.min((*partitions).max(1))),
            // Nothing to sort stays where it is.
            RddOp::Sort { .. } => Ok(self.dataset(rdd)?.partitions.len()),
            op => match asked_for(op) {
                Some(partitions) => limited(partitions, &rdd.origin),
                None => Ok(self.dataset(rdd)?.partitions.len()),
            },
        }
    }

    /// Computes an RDD that is not there.
    fn make(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let origin = &rdd.origin;
        if let Some(partitions) = asked_for(&rdd.op) {
            limited(partitions, origin)?;
        }
        match &rdd.op {
            RddOp::Data(dataset) => Ok(dataset.clone()),
            RddOp::States(states) => Ok(Dataset { partitions: vec![Partition::default(); states.len()] }),
            RddOp::Failed { failure, .. } => Err(failure.clone()),
            RddOp::Union => {
                let parents = rdd.parents();
                let datasets =
                    parents.iter().map(|parent| self.dataset(parent)).collect::<Outcome<Vec<_>>>()?;
                let union = union(&parents, datasets);
                limited(union.partitions.len(), origin)?;
                Ok(union)
            }
            RddOp::Count => self.count(rdd),
            RddOp::Zip | RddOp::Cartesian => self.side_by_side(rdd),
            RddOp::ZipWithIndex => self.number(rdd),
            RddOp::Combine { create, merge_value, merge_combiners, partitions } => {
                let (chain, base) = self.parent_chain(rdd, 0)?;
                let mut together = Vec::new();
                if let Some(keys) = keys_to_count(&rdd.op, &chain) {
                    match self.count_keys(rdd, keys, &base, *partitions)? {
                        (counts, others) if others.is_empty() => return Ok(counts),
                        (counts, others) => {
                            together = others;
                            together.extend(Together::of_pairs(counts));
                        }
                    }
                } else {
                    let sink = || Combine::new(create.as_ref(), merge_value, merge_combiners);
                    let (stage, of_words) = combining(rdd, chain, sink());
                    let outputs = self.run(rdd, stage, &base)?;
                    let mut outputs = Combined::folded(outputs.into_iter().map(|(_, output)| output));
                    if !of_words.links.is_empty() {
                        let stage = Stage::new(of_words, sink(), origin.clone());
                        let units = stage.units(&one_partition(outputs.drain(..).map(Together::from)));
                        outputs = Combined::folded(self.run_units(stage, units)?);
                    }
                    together.extend(outputs.into_iter().map(Together::from));
                }
                let tables: usize = together.iter().map(|output| output.tables).sum();
                let mut pieces = into_pieces(together.into_iter().map(|output| output.pairs));
                if tables > 1 {
                    let merge = Combine::of_combiners(merge_combiners);
                    pieces = self.bring_together(pieces, merge, origin)?;
                }
                self.lay_out(pieces, *partitions, origin)
            }
            RddOp::Group { partitions } => {
                let (pairs, are_ones) = self.pairs(rdd, 0, None)?;
                let group = Group { parents: None, of_ones: vec![are_ones] };
                let groups = self.bring_together(pairs, group, origin)?;
                self.lay_out(groups, *partitions, origin)
            }
            RddOp::Cogroup { partitions } => {
                let parents = rdd.parents().len();
                let (mut pairs, mut of_ones) = (Vec::new(), Vec::new());
                for parent in 0..parents {
                    let (of_parent, are_ones) = self.pairs(rdd, parent, Some(parent))?;
                    pairs.extend(of_parent);
                    of_ones.push(are_ones);
                }
                let group = Group { parents: Some(parents), of_ones };
                let groups = self.bring_together(pairs, group, origin)?;
                self.lay_out(groups, *partitions, origin)
            }
            RddOp::PartitionBy { partitions, function } => {
                let partitions = *partitions;
                let function = function.as_ref().map(compile);
                let outputs = self.map_parent(rdd, 0, ByKey { partitions, function })?.outputs;
                Ok(Dataset { partitions: gather(outputs, partitions) })
            }
            RddOp::Repartition { partitions } => {
                let partitions = (*partitions).max(1);
                let dealt = self.map_parent(rdd, 0, Deal { partitions })?;
                let outputs = dealt.outputs.into_iter().map(|output| output.partitions).collect();
                Ok(Dataset { partitions: gather(outputs, partitions) })
            }
            RddOp::Coalesce { partitions } => Ok(coalesce(&self.parent(rdd, 0)?, (*partitions).max(1))),
            RddOp::Sort { key, ascending, partitions } => {
                let key = key.as_ref().map(compile);
                self.sort(rdd, ByOrder { key, descending: !ascending, most: None }, *partitions)
            }
            RddOp::Top { n, key, largest } => {
                let key = key.as_ref().map(compile);
                self.sort(rdd, ByOrder { key, descending: *largest, most: Some(*n) }, Some(1))
            }
            RddOp::MapWithState(tracking) => {
                let (records, before) = (self.parent(rdd, 0)?, self.states(rdd, 1)?);
                track(self.tasks, tracking, records, before, origin)
            }
            RddOp::Snapshot => match self.states(rdd, 0)? {
                Before::States(states) => snapshot(self.tasks, states, origin),
                Before::Pairs(pairs) => Ok(pairs),
            },
            RddOp::Map(_)
            | RddOp::Filter(_)
            | RddOp::FlatMap(_)
            | RddOp::MapValues(_)
            | RddOp::FlatMapValues(_)
            | RddOp::MapPartitions { .. }
            | RddOp::Glom
            | RddOp::Sample { .. } => {
                let (chain, base) = self.chain(rdd)?;
                let mut partitions = vec![Partition::default(); base.partitions.len()];
                for (place, writer) in self.run(rdd, Stage::new(chain, Records, origin.clone()), &base)? {
                    partitions[place].pieces.extend(writer.into_pieces());
                }
                Ok(Dataset { partitions })
            }
        }
    }

    /// The narrow operators that an RDD ends with, itself among them, and the dataset before them.
    fn chain(&mut self, rdd: &Arc<Rdd>) -> Outcome<(Chain, Dataset)> {
        let mut links = Vec::new();
        let mut base = Arc::clone(rdd);
        while let Some(op) = link(&base.op, &base.origin)? {
            links.push(Link { op, origin: base.origin.clone() });
            let Some(parent) = base.parents().into_iter().next() else { break };
            base = parent;
            if self.is_made_whole(&base) {
                break;
            }
        }
        links.reverse();
        Ok((Chain::new(links), self.dataset(&base)?))
    }

    /// Whether an RDD is made of documents that each of those who ask for it had better parse itself, as each
    /// reads other members of them.
    fn is_parsed_again(&self, rdd: &Arc<Rdd>) -> bool {
        let RddOp::Map(function) = &rdd.op else { return false };
        let is_there = |parent: &Arc<Rdd>| matches!(parent.op, RddOp::Data(_)) || parent.kept().is_some();
        // A record that is skipped is to be counted once.
        !self.tasks.rules.skip
            && shape(function) == Some(Shape::ParseJson)
            && rdd.parents().iter().all(is_there)
    }

    /// Whether an RDD is not just passed through on the way to another.
    fn is_made_whole(&self, rdd: &Arc<Rdd>) -> bool {
        let is_shared =
            self.uses.get(&Arc::as_ptr(rdd)).is_some_and(|uses| *uses > 1) && !self.is_parsed_again(rdd);
        rdd.kept().is_some()
            || rdd.is_to_be_kept()
            || is_shared
            || self.shared.contains_key(&Arc::as_ptr(rdd))
    }

    fn parent(&mut self, rdd: &Arc<Rdd>, index: usize) -> Outcome<Dataset> {
        rdd.parents().get(index).map_or(Ok(Dataset::default()), |parent| self.dataset(parent))
    }

    /// The states that a parent leaves behind, or stands for.
    fn states(&mut self, rdd: &Arc<Rdd>, index: usize) -> Outcome<Before> {
        let pairs = self.parent(rdd, index)?;
        let states = rdd.parents().get(index).and_then(|parent| parent.op.states().cloned());
        Ok(states.map_or(Before::Pairs(pairs), Before::States))
    }

    /// The narrow operators that a parent ends with, and the dataset before them.
    fn parent_chain(&mut self, rdd: &Arc<Rdd>, index: usize) -> Outcome<(Chain, Dataset)> {
        match rdd.parents().get(index) {
            Some(parent) if parent.op.is_narrow() && !self.is_made_whole(parent) => self.chain(parent),
            Some(parent) => Ok((Chain::default(), self.dataset(parent)?)),
            None => Ok((Chain::default(), Dataset::default())),
        }
    }

    /// Runs the chain that a parent ends with, and a sink behind it.
    fn map_parent<S: Sink>(&mut self, rdd: &Arc<Rdd>, index: usize, sink: S) -> Outcome<Mapped<S::Output>> {
        let (chain, base) = self.parent_chain(rdd, index)?;
        let outputs = self.run(rdd, Stage::new(chain, sink, rdd.origin.clone()), &base)?;
        let outputs = outputs.into_iter().map(|(_, output)| output).collect();
        Ok(Mapped { outputs, partitions: base.partitions.len() })
    }

    /// Runs the stage that an RDD is made of, unless that was done while the input came in: by task the
    /// partition, and what came of it.
    fn run<S: Sink>(
        &mut self,
        rdd: &Arc<Rdd>,
        stage: Stage<S>,
        base: &Dataset,
    ) -> Outcome<Vec<(usize, S::Output)>> {
        if let Some(outputs) = self.tasks.take_started(rdd) {
            return outputs;
        }
        let units = stage.units(base);
        let partitions: Vec<usize> = units.iter().map(|unit| unit.partition).collect();
        Ok(partitions.into_iter().zip(self.run_units(stage, units)?).collect())
    }

    /// The stage that an RDD begins with, ready for input: [`Workers::start`](super::Workers::start).
    pub(super) fn start(&mut self, rdd: &Arc<Rdd>) -> Option<Started> {
        let (chain, _) = self.parent_chain(rdd, 0).ok()?;
        let (origin, rules) = (rdd.origin.clone(), &self.tasks.rules);
        match &rdd.op {
            RddOp::Combine { create, merge_value, merge_combiners, .. } => {
                match keys_to_count(&rdd.op, &chain) {
                    Some((keys, _)) => {
                        // Its own tables: those of the tasks are for computations that do not outlast each other.
                        let counter = Arc::new(Counter::new(self.tasks.workers()));
                        Started::new(Counted::stage(keys, counter, origin), rules)
                    }
                    None => {
                        let sink = Combine::new(create.as_ref(), merge_value, merge_combiners);
                        Started::new(combining(rdd, chain, sink).0, rules)
                    }
                }
            }
            RddOp::Top { n, key, largest } => {
                let key = key.as_ref().map(compile);
                let sink = ByOrder { key, descending: *largest, most: Some(*n) };
                Started::new(Stage::new(chain, sink, origin), rules)
            }
            RddOp::Count => Started::new(Stage::new(chain, Count, origin), rules),
            _ => None,
        }
    }

    fn run_units<S: Sink>(&mut self, stage: Stage<S>, units: Vec<Unit>) -> Outcome<Vec<S::Output>> {
        self.tasks.run(units.len(), move |index, context| stage.run(&units[index], context))
    }

    /// Brings together what tasks have had of each key: in one task, in the order of the input.
    fn bring_together<S>(&mut self, pieces: Vec<Piece>, sink: S, origin: &Origin) -> Outcome<Vec<Piece>>
    where
        S: Sink<Output: Into<Together>>,
    {
        let stage = together(sink, origin);
        let unit = Unit { pieces, ..Unit::default() };
        let together = self.tasks.run_one(move |context| stage.run(&unit, context).map(Into::into))?;
        Ok(together.pairs.into_pieces())
    }

    fn lay_out(&mut self, pieces: Vec<Piece>, partitions: usize, origin: &Origin) -> Outcome<Dataset> {
        let origin = origin.clone();
        let lay = move |context: &Context| lay_out(&pieces, partitions, &origin, context);
        Ok(Dataset { partitions: self.tasks.run_one(lay)? })
    }

    /// `sortBy` and its like. Nothing to sort stays in its partitions, as in PySpark.
    fn sort(&mut self, rdd: &Arc<Rdd>, sink: ByOrder, partitions: Option<usize>) -> Outcome<Dataset> {
        let (descending, most, origin) = (sink.descending, sink.most, rdd.origin.clone());
        let mapped = self.map_parent(rdd, 0, sink)?;
        let pieces = into_pieces(mapped.outputs);
        if mapped.partitions == 0 || (pieces.is_empty() && partitions != Some(1)) {
            return Ok(Dataset { partitions: vec![Partition::default(); mapped.partitions] });
        }
        let partitions = partitions.unwrap_or(mapped.partitions).max(1);
        let sink = ByOrder { key: None, descending, most };
        let sorted = move |context: &Context| arrange(&sink, &pieces, partitions, &origin, context);
        Ok(Dataset { partitions: self.tasks.run_one(sorted)? })
    }

    /// How many records each partition of the parent has.
    fn count(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let (chain, base) = self.parent_chain(rdd, 0)?;
        // Records that are there, where they are.
        let mut counts: Vec<u64> = match &chain.links[..] {
            [] => base.partitions.iter().map(count_all).collect(),
            _ => vec![0; base.partitions.len()],
        };
        if !chain.links.is_empty() || self.tasks.has_started(rdd) {
            for (place, count) in self.run(rdd, Stage::new(chain, Count, rdd.origin.clone()), &base)? {
                counts[place] += count;
            }
        }
        let origin = rdd.origin.clone();
        let write = move |context: &Context| write_counts(&counts, &origin, context);
        Ok(Dataset { partitions: self.tasks.run_one(write)? })
    }

    /// `zip` and `cartesian`.
    fn side_by_side(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let (left, right) = (self.parent(rdd, 0)?.partitions, self.parent(rdd, 1)?.partitions);
        let origin = rdd.origin.clone();
        let is_zip = matches!(rdd.op, RddOp::Zip);
        if is_zip && left.len() != right.len() {
            let message = "Can only zip with RDD which has the same number of partitions";
            return Err(failure("ValueError", message, &origin));
        }
        let count = if is_zip { left.len() } else { left.len().saturating_mul(right.len()) };
        limited(count, &origin)?;
        let partitions = self.tasks.run(count, move |index, context| {
            if is_zip {
                zip(&left[index], &right[index], &origin, context)
            } else {
                cross(&left[index / right.len()], &right[index % right.len()], &origin, context)
            }
        })?;
        Ok(Dataset { partitions })
    }

    /// `zipWithIndex`
    fn number(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        let base = self.parent(rdd, 0)?;
        let stage = Stage::new(Chain::default(), Numbered, rdd.origin.clone());
        let mut units = stage.units(&base);
        let mut before = 0;
        for (unit, partition) in units.iter_mut().zip(&base.partitions) {
            unit.before = before;
            before += count_all(partition);
        }
        let outputs = self.run_units(stage, units)?;
        Ok(Dataset { partitions: outputs.into_iter().map(|(_, writer)| writer.into_partition()).collect() })
    }
}

/// What a sink has made of a parent.
struct Mapped<T> {
    /// By task.
    outputs: Vec<T>,
    /// Partitions that the parent has.
    partitions: usize,
}

/// Operators one behind the other at most: what is computed calls what it is made of.
const MOST_DEEP: usize = 2000;

/// Partitions at most: every task writes to each.
const MOST_PARTITIONS: usize = 16_384;

/// How many partitions an operator is told to make.
fn asked_for(op: &RddOp) -> Option<usize> {
    match op {
        RddOp::Combine { partitions, .. }
        | RddOp::Group { partitions }
        | RddOp::Cogroup { partitions }
        | RddOp::PartitionBy { partitions, .. } => Some(*partitions),
        RddOp::Repartition { partitions } | RddOp::Sort { partitions: Some(partitions), .. } => {
            Some((*partitions).max(1))
        }
        _ => None,
    }
}

fn limited(partitions: usize, origin: &Origin) -> Outcome<usize> {
    if partitions > MOST_PARTITIONS {
        return Err(failure("ValueError", &format!("more than {MOST_PARTITIONS} partitions"), origin));
    }
    Ok(partitions)
}

fn into_pieces(writers: impl IntoIterator<Item = Writer>) -> Vec<Piece> {
    writers.into_iter().flat_map(Writer::into_pieces).collect()
}

/// What cannot be computed, whatever the records are.
pub(super) fn failure(class: &str, message: &str, origin: &Origin) -> Failure {
    Failure { class: class.into(), message: message.into(), operator: Some(origin.to_string()), record: None }
}
