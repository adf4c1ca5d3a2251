//! The first records of an RDD: what `take` and its like need, and `pprint`.

use std::sync::Arc;

use super::super::chain::Chain;
use super::super::context::Context;
use super::super::read::{Unit, count};
use super::super::sink::{First, Records};
use super::super::stage::{Sink, Stage};
use super::super::write::Writer;
use super::Computation;
use crate::batch::{Dataset, Partition};
use crate::plan::{Origin, Outcome, Rdd};

impl Computation<'_> {
    /// The first records. As in PySpark, one partition is asked for them first, then more and more at a time; and
    /// of what a stream has handed out, partitions are made to their ends.
    ///
    /// # Errors
    /// The exception of the first record that raises.
    pub(in crate::exec::rdd) fn first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        if !rdd.op.is_narrow() || self.is_made_whole(rdd) {
            return self.dataset(rdd);
        }
        let Halves { of_stream, behind, base } = self.halves(rdd)?;
        let mut first = Dataset::default();
        let (mut taken, mut tried) = (0, 0);
        while taken < records && tried < base.partitions.len() {
            let end = tried.saturating_add(to_try(records, taken, tried)).min(base.partitions.len());
            let missing = records - taken;
            let mut partitions = base.partitions[tried..end].to_vec();
            if let Some((chain, origin)) = &of_stream {
                let most = if behind.is_some() { usize::MAX } else { missing };
                let stage = Stage::new(chain.clone(), First { most }, origin.clone());
                let units = units_from(tried, &stage, partitions);
                let places: Vec<usize> = units.iter().map(|unit| unit.partition - tried).collect();
                partitions = vec![Partition::default(); end - tried];
                for (place, (writer, _)) in places.into_iter().zip(self.run_units(stage, units)?) {
                    partitions[place].pieces.extend(writer.into_pieces());
                }
            }
            if let Some(chain) = &behind {
                let stage = Stage::new(chain.clone(), Records, rdd.origin.clone()).by_partition();
                let units = units_from(tried, &stage, partitions);
                let work =
                    move |index: usize, context: &Context| stage.run_first(&units[index], context, missing);
                partitions =
                    self.tasks.run(end - tried, work)?.into_iter().map(Writer::into_partition).collect();
            }
            for partition in partitions {
                first.partitions.push(Partition::default());
                for piece in partition.pieces {
                    // What is behind a piece that ends the records may not follow it without a gap.
                    if taken < records {
                        taken = taken.saturating_add(usize::try_from(count(&piece)).unwrap_or(usize::MAX));
                        first.partitions.last_mut().expect("it was pushed").pieces.push(piece);
                    }
                }
            }
            tried = end;
        }
        Ok(first)
    }

    /// The narrow operators that an RDD ends with, in two where a stream has handed out what is between them.
    fn halves(&mut self, rdd: &Arc<Rdd>) -> Outcome<Halves> {
        let mut handed = Some(Arc::clone(rdd));
        while let Some(rdd) = handed.take_if(|rdd| !rdd.is_handed_out()) {
            let parent = rdd.parents().into_iter().next();
            handed = parent.filter(|parent| parent.op.is_narrow() && !self.is_made_whole(parent));
        }
        let Some(handed) = handed else {
            let (chain, base) = self.chain(rdd)?;
            return Ok(Halves { of_stream: None, behind: Some(chain), base });
        };
        let (chain, base) = self.chain(&handed)?;
        let of_stream = Some((chain, handed.origin.clone()));
        if Arc::ptr_eq(&handed, rdd) {
            return Ok(Halves { of_stream, behind: None, base });
        }
        // A chain begins behind what is there.
        self.shared.insert(Arc::as_ptr(&handed), Dataset::default());
        let (behind, _) = self.chain(rdd)?;
        Ok(Halves { of_stream, behind: Some(behind), base })
    }
}

/// What the first records of an RDD come through.
struct Halves {
    /// Operators up to what a stream has handed out, and the last one's name.
    of_stream: Option<(Chain, Origin)>,
    /// Those behind it.
    behind: Option<Chain>,
    /// What is before them all.
    base: Dataset,
}

/// How many partitions are asked for records next: as many as PySpark asks.
fn to_try(records: usize, taken: usize, tried: usize) -> usize {
    match (tried, taken) {
        (0, _) => 1,
        (_, 0) => tried.saturating_mul(4),
        _ => {
            let guessed = (records as f64 * 1.5 * tried as f64 / taken as f64) as usize;
            guessed.saturating_sub(tried).clamp(1, tried.saturating_mul(4))
        }
    }
}

/// What the tasks of a stage read of partitions, the first of which has this number.
fn units_from<S: Sink>(number: usize, stage: &Stage<S>, partitions: Vec<Partition>) -> Vec<Unit> {
    let units = stage.units(&Dataset { partitions });
    units.into_iter().map(|unit| Unit { partition: number + unit.partition, ..unit }).collect()
}
