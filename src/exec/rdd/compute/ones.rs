//! Keys that come with ones: they are counted, and the words among them before functions look at each.

use std::sync::Arc;

use super::super::chain::{Chain, Link};
use super::super::counted::{Counted, Counter, Counting, pairs};
use super::super::keyed::{Combine, Pairs, Together};
use super::super::stage::Stage;
use super::{Computation, into_pieces};
use crate::batch::{Counts, Dataset, Partition, Piece};
use crate::plan::{Outcome, Rdd, RddOp, counts_by_key, groups_ones, sums_ones};

impl Computation<'_> {
    /// The pairs of a parent on their way to be grouped. Where all their values are 1, those of a key may be one pair with
    /// how many they are instead: whether they are.
    pub(super) fn pairs(
        &mut self,
        rdd: &Arc<Rdd>,
        index: usize,
        parent: Option<usize>,
    ) -> Outcome<(Vec<Piece>, bool)> {
        let (chain, base) = self.parent_chain(rdd, index)?;
        let (origin, sink) = (rdd.origin.clone(), Pairs { parent });
        let keys = match chain.links.last().and_then(Link::step) {
            Some(last) if groups_ones(&rdd.op, last) => chain.up_to_keys(),
            _ => None,
        };
        let Some(keys) = keys else {
            let outputs = self.run(rdd, Stage::new(chain, sink, origin), &base)?;
            return Ok((into_pieces(outputs.into_iter().map(|(_, output)| output)), false));
        };
        let (counts, others) = self.count_keys(rdd, keys, &base, 1)?;
        let stage = Stage::new(Chain::default(), sink, origin);
        let units = stage.units(&with_others(counts, others));
        Ok((into_pieces(self.run_units(stage, units)?), true))
    }

    /// Counts what chains give, the second one of what the first has counted: keys that are text with their counts,
    /// and the others.
    pub(super) fn count_keys(
        &mut self,
        rdd: &Arc<Rdd>,
        (keys, of_words): (Chain, Chain),
        base: &Dataset,
        partitions: usize,
    ) -> Outcome<(Dataset, Vec<Together>)> {
        let counter = Arc::clone(&self.tasks.counter);
        let in_lines =
            if self.tasks.has_started(rdd) { None } else { self.tasks.count_in_lines(&keys, base)? };
        let (counts, others) = match in_lines {
            Some(counts) => (counts, Vec::new()),
            None => {
                let stage = Counted::stage(keys, Arc::clone(&counter), rdd.origin.clone());
                let outputs = self.run(rdd, stage, base).inspect_err(|_| counter.clear())?;
                self.summed_up(outputs.into_iter().map(|(_, output)| output).collect(), &counter)?
            }
        };
        if of_words.links.is_empty() {
            return Ok((pairs(&counts, partitions), others));
        }
        let stage = Counted::stage_of_counts(of_words, Arc::clone(&counter), rdd.origin.clone());
        // Nothing else holds the words: they go as they are dealt with.
        let units = stage.units(&with_others(pairs(&counts, 1), others));
        drop(counts);
        let outputs = self.run_units(stage, units).inspect_err(|_| counter.clear())?;
        let (counts, others) = self.summed_up(outputs, &counter)?;
        Ok((pairs(&counts, partitions), others))
    }

    /// The text that tasks have counted, in `counter` if there were none, and the others.
    fn summed_up(&mut self, outputs: Vec<Counting>, counter: &Counter) -> Outcome<(Counts, Vec<Together>)> {
        let counts = self.tasks.sum_up(outputs.first().map_or(counter, |first| &*first.counter), 0)?;
        let others = outputs.into_iter().map(|output| output.others);
        Ok((counts, others.filter(|others| others.tables > 0).collect()))
    }
}

/// Keys that are text with their counts, and others, behind each other.
fn with_others(counts: Dataset, others: Vec<Together>) -> Dataset {
    one_partition(others.into_iter().chain(Together::of_pairs(counts)))
}

/// What tasks have brought together, as one partition.
pub(super) fn one_partition(together: impl Iterator<Item = Together>) -> Dataset {
    Dataset { partitions: vec![Partition { pieces: into_pieces(together.map(|together| together.pairs)) }] }
}

/// The stage that brings together what a chain gives, and what is to be done with the keys of that, if they are to be
/// brought together once more then. Keys that come with ones come alone.
pub(super) fn combining(rdd: &Rdd, chain: Chain, sink: Combine) -> (Stage<Combine>, Chain) {
    let are_ones = sums_ones(&rdd.op, chain.links.last().and_then(Link::step));
    match are_ones.then(|| chain.up_to_keys()).flatten() {
        Some((keys, of_words)) => (sink.stage_of_ones(keys, rdd.origin.clone()), of_words),
        None => (Stage::new(chain, sink, rdd.origin.clone()), Chain::default()),
    }
}

/// The chain that gives the keys, where all that is done is to count by them: [`Chain::up_to_keys`].
pub(super) fn keys_to_count(combine: &RddOp, chain: &Chain) -> Option<(Chain, Chain)> {
    counts_by_key(combine, chain.links.last()?.step()).then(|| chain.up_to_keys()).flatten()
}
