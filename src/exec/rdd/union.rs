//! Partitions of several RDDs, or of one, put together as they are: `union`, `coalesce`.

use std::sync::Arc;

use crate::batch::{Dataset, Partition};
use crate::plan::{Rdd, common_partitioner};

/// The partitions of all parents, one after the other, or place by place where they are [`aligned`].
pub(super) fn union(parents: &[Arc<Rdd>], datasets: Vec<Dataset>) -> Dataset {
    let counts = datasets.iter().map(|dataset| dataset.partitions.len());
    let Some(count) = aligned(parents.iter().zip(counts)) else {
        return Dataset { partitions: datasets.into_iter().flat_map(|dataset| dataset.partitions).collect() };
    };
    let mut union = Dataset { partitions: vec![Partition::default(); count] };
    for dataset in datasets {
        for (partition, more) in union.partitions.iter_mut().zip(dataset.partitions) {
            partition.pieces.extend(more.pieces);
        }
    }
    union
}

/// How many partitions the union of RDDs has, given with their numbers of partitions, if it brings together what
/// is in the same place: if all of them, but for those without partitions, are of one partitioner.
pub(super) fn aligned<'r>(rdds: impl Iterator<Item = (&'r Arc<Rdd>, usize)>) -> Option<usize> {
    let there = rdds.filter(|(_, count)| *count > 0).map(|(rdd, _)| rdd);
    common_partitioner(there).map(|partitioner| partitioner.partitions)
}

/// Neighbouring partitions put together, each result of about as many.
pub(super) fn coalesce(base: &Dataset, most: usize) -> Dataset {
    let have = base.partitions.len();
    if have <= most {
        return base.clone();
    }
    let cut = |index: usize| index * have / most;
    let together = |index| Partition {
        pieces: base.partitions[cut(index)..cut(index + 1)]
            .iter()
            .flat_map(|partition| partition.pieces.iter().cloned())
            .collect(),
    };
    Dataset { partitions: (0..most).map(together).collect() }
}
