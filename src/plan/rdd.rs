//! RDDs: what a program builds within a batch. A graph of operators over datasets, computed when an
//! action or an output asks for it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::code::{Source, Span};
use super::host::Failure;
use super::image::Image;
use crate::batch::{Dataset, Interval, States, Time};

/// An RDD. Shared by whatever is built on it.
#[derive(Debug)]
pub struct Rdd {
    /// How it is made of its parents.
    pub op: RddOp,
    /// Where the program asks for it.
    pub origin: Origin,
    /// What it is made of; given up once it is computed and kept.
    parents: Mutex<Vec<Arc<Rdd>>>,
    /// Its dataset, once computed, if it is to be kept (used twice, cached, in a window, state).
    kept: OnceLock<Dataset>,
    to_be_kept: AtomicBool,
    /// Whether a stream has given it to an output, or to the program.
    handed_out: AtomicBool,
    /// How many RDDs are behind each other before this one, of those that were not kept when it was made.
    depth: usize,
    partitioner: Option<Partitioner>,
}

/// What has put an RDD's records into its partitions. As Spark's, it is lost as soon as keys may have changed.
#[derive(Clone, Debug)]
pub struct Partitioner {
    /// How many partitions it makes.
    pub partitions: usize,
    /// From key to an int; `portable_hash` without one.
    function: Option<Arc<Image>>,
}

impl PartialEq for Partitioner {
    /// Whether equal keys go to the same partition. Functions that stand apart in the program are different ones.
    fn eq(&self, other: &Self) -> bool {
        let is_same_function = match (&self.function, &other.function) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        };
        is_same_function && self.partitions == other.partitions
    }
}

/// Which operator of the program something comes from, for messages and `explain`.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its name as the program calls it: `map`, `reduceByKey`, …
    pub name: Arc<str>,
    /// Where the call stands, if it stands in the program.
    pub place: Option<(Arc<Source>, Span)>,
}

/// How an RDD is made of its parents. PySpark's other methods are made of these.
#[derive(Clone, Debug)]
pub enum RddOp {
    /// Data that is there: `parallelize`, the input of a batch.
    Data(Dataset),
    /// `map(f)`
    Map(Arc<Image>),
    /// `filter(f)`
    Filter(Arc<Image>),
    /// `flatMap(f)`
    FlatMap(Arc<Image>),
    /// `mapValues(f)`
    MapValues(Arc<Image>),
    /// `flatMapValues(f)`
    FlatMapValues(Arc<Image>),
    /// `mapPartitionsWithIndex(f)`: `f(index, iterator)` if `with_index`, else `f(iterator)`.
    MapPartitions {
        /// The function.
        function: Arc<Image>,
        /// Whether it takes the partition's index first.
        with_index: bool,
    },
    /// `glom()`: a list a partition.
    Glom,
    /// How many records each partition has: an int a partition. What `mapPartitions(lambda it: [sum(1 for _ in it)])`
    /// gives, without a partition's records being in memory at once.
    Count,
    /// `union`: all partitions of all parents; or, of parents that one partitioner has made, what each has put into
    /// a partition in that partition.
    Union,
    /// `zip`: pairs, partition by partition.
    Zip,
    /// `zipWithIndex()`
    ZipWithIndex,
    /// `cartesian`
    Cartesian,
    /// `combineByKey`: a combiner a key. Values are combined in the order of the input.
    Combine {
        /// `createCombiner`; without one the first value is the combiner.
        create: Option<Arc<Image>>,
        /// `mergeValue(combiner, value)`
        merge_value: Arc<Image>,
        /// `mergeCombiners(combiner, combiner)`
        merge_combiners: Arc<Image>,
        /// Partitions of the result.
        partitions: usize,
    },
    /// `groupByKey`: `(key, ResultIterable of values)`.
    Group {
        /// Partitions of the result.
        partitions: usize,
    },
    /// `cogroup`/`groupWith` of all parents: `(key, (ResultIterable, …))`.
    Cogroup {
        /// Partitions of the result.
        partitions: usize,
    },
    /// `partitionBy(n, f)`: `portable_hash` without a function.
    PartitionBy {
        /// Partitions of the result.
        partitions: usize,
        /// From key to an int.
        function: Option<Arc<Image>>,
    },
    /// `repartition(n)`: records dealt out in turn.
    Repartition {
        /// Partitions of the result.
        partitions: usize,
    },
    /// `coalesce(n)`: neighbouring partitions put together.
    Coalesce {
        /// At most so many partitions.
        partitions: usize,
    },
    /// `sortBy(f)`: stable; ranges of equal size as partitions.
    Sort {
        /// From record to sort key; the record itself without one.
        key: Option<Arc<Image>>,
        /// Whether small comes first.
        ascending: bool,
        /// Partitions of the result; those of the parent without a number.
        partitions: Option<usize>,
    },
    /// The first `n` records by the key's order (`takeOrdered`), or the last (`top`, largest first): one partition.
    Top {
        /// How many.
        n: usize,
        /// From record to sort key; the record itself without one.
        key: Option<Arc<Image>>,
        /// Whether the largest are taken.
        largest: bool,
    },
    /// `mapWithState` over records that are partitioned by key, and over what was known before them: the RDD
    /// of the batch before, or pairs of keys and states, partitioned likewise. Its records are what the
    /// function gives.
    MapWithState(Arc<Tracking>),
    /// `stateSnapshots`: all keys with their states after what [`RddOp::MapWithState`] has done.
    Snapshot,
    /// `sample`, `sampleByKey`, and each part of `randomSplit`.
    Sample {
        /// Which records are drawn, and how often.
        draw: Draw,
        /// Same seed, same records.
        seed: i64,
    },
    /// What [`RddOp::MapWithState`] of an earlier process has left, by partition.
    States(Arc<[States]>),
    /// One that could not be computed by an earlier process: whoever asks for its records is told so again.
    Failed {
        /// Why.
        failure: Failure,
        /// How many partitions it has, if that is known.
        partitions: Option<usize>,
    },
}

/// How often a record is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// Once, if a uniformly distributed number in [0, 1) is in this range.
    Uniform {
        /// Where the range begins.
        from: f64,
        /// Where it has ended.
        to: f64,
    },
    /// As often as a Poisson-distributed number of this mean says.
    Poisson(f64),
    /// Records are pairs of a share and what is drawn: once for numbers below the share, or with replacement as often
    /// as one of that mean says.
    Share {
        /// Whether something can be drawn more than once.
        with_replacement: bool,
    },
}

impl RddOp {
    /// What `mapWithState` has left, by partition, once it is computed.
    pub fn states(&self) -> Option<&Arc<[States]>> {
        match self {
            RddOp::MapWithState(tracking) => tracking.after.get(),
            RddOp::States(states) => Some(states),
            _ => None,
        }
    }
}

/// A batch of `mapWithState`.
#[derive(Debug)]
pub struct Tracking {
    /// `f(key, value or None, state)`
    pub function: Arc<Image>,
    /// Whether nothing becomes of a record that it gives `None` for.
    pub drops_none: bool,
    /// The batch.
    pub time: Time,
    /// How long a key may be idle before it is forgotten.
    pub timeout: Option<Interval>,
    /// The states after the batch, by partition, once it is computed.
    pub after: OnceLock<Arc<[States]>>,
}

impl Rdd {
    /// An RDD made of its parents.
    pub fn new(op: RddOp, parents: Vec<Arc<Rdd>>, origin: Origin) -> Arc<Self> {
        let partitioner = partitioner(&op, &parents);
        Rdd::partitioned(op, parents, origin, partitioner)
    }

    /// An RDD of which the program says that its records are where its only parent has them, by their keys:
    /// `preservesPartitioning`.
    pub fn preserving(op: RddOp, parents: Vec<Arc<Rdd>>, origin: Origin) -> Arc<Self> {
        let partitioner = common_partitioner(&parents).cloned();
        Rdd::partitioned(op, parents, origin, partitioner)
    }

    /// An RDD that was computed before, its keys spread over that many partitions by their hash, if that was so.
    pub fn computed(dataset: Dataset, hashed: Option<usize>, origin: Origin) -> Arc<Self> {
        let partitioner = hashed.map(|partitions| Partitioner { partitions, function: None });
        let rdd = Rdd::partitioned(RddOp::Data(dataset.clone()), Vec::new(), origin, partitioner);
        rdd.keep(dataset);
        rdd
    }

    /// Over how many partitions its keys are spread by their hash, if they are.
    pub fn hashed(&self) -> Option<usize> {
        self.partitioner.as_ref().filter(|made| made.function.is_none()).map(|made| made.partitions)
    }

    fn partitioned(
        op: RddOp,
        parents: Vec<Arc<Rdd>>,
        origin: Origin,
        partitioner: Option<Partitioner>,
    ) -> Arc<Self> {
        let depth = |parent: &Arc<Rdd>| if parent.kept().is_some() { 0 } else { parent.depth };
        let depth = parents.iter().map(depth).max().map_or(0, |depth| depth + 1);
        let (kept, to_be_kept, handed_out) =
            (OnceLock::new(), AtomicBool::new(false), AtomicBool::new(false));
        let parents = Mutex::new(parents);
        Arc::new(Rdd { op, origin, parents, kept, to_be_kept, handed_out, depth, partitioner })
    }

    /// What its records were put into partitions by, if it is known.
    pub fn partitioner(&self) -> Option<&Partitioner> {
        self.partitioner.as_ref()
    }

    /// What it is made of. None any more once its dataset is kept.
    pub fn parents(&self) -> Vec<Arc<Rdd>> {
        self.parents.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its dataset, if it was kept.
    pub fn kept(&self) -> Option<&Dataset> {
        self.kept.get()
    }

    /// Has its dataset kept when it is next computed.
    pub fn keep_when_computed(&self) {
        self.to_be_kept.store(true, Ordering::Relaxed);
    }

    /// Whether its dataset is kept when it is next computed.
    pub fn is_to_be_kept(&self) -> bool {
        self.to_be_kept.load(Ordering::Relaxed)
    }

    /// Says that a stream gives it to an output, or to the program.
    pub fn hand_out(&self) {
        self.handed_out.store(true, Ordering::Relaxed);
    }

    /// Whether a stream has given it away: Spark makes the partitions of such an RDD to their ends, whoever asks for
    /// the first records only.
    pub fn is_handed_out(&self) -> bool {
        self.handed_out.load(Ordering::Relaxed)
    }

    /// How many RDDs are behind each other before this one, at most.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Keeps its dataset for whoever asks again, and gives up its parents: a chain of states would
    /// grow with every batch.
    pub fn keep(&self, dataset: Dataset) {
        // Computed twice at once, it came to the same.
        let _ = self.kept.set(dataset);
        self.parents.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn partitioner(op: &RddOp, parents: &[Arc<Rdd>]) -> Option<Partitioner> {
    match op {
        RddOp::Combine { partitions, .. } | RddOp::Group { partitions } | RddOp::Cogroup { partitions } => {
            Some(Partitioner { partitions: *partitions, function: None })
        }
        RddOp::PartitionBy { partitions, function } => {
            Some(Partitioner { partitions: *partitions, function: function.clone() })
        }
        RddOp::Filter(_) | RddOp::MapValues(_) | RddOp::FlatMapValues(_) | RddOp::Sample { .. } => {
            parents.first()?.partitioner().cloned()
        }
        RddOp::Union => common_partitioner(parents.iter()).cloned(),
        _ => None,
    }
}

/// What all of several RDDs were partitioned by.
pub fn common_partitioner<'r>(rdds: impl IntoIterator<Item = &'r Arc<Rdd>>) -> Option<&'r Partitioner> {
    let mut partitioners = rdds.into_iter().map(|rdd| rdd.partitioner());
    let first = partitioners.next()??;
    partitioners.all(|partitioner| partitioner == Some(first)).then_some(first)
}

impl Drop for Rdd {
    /// Takes a long chain apart link by link: each link's own drop would be a call within a call.
    fn drop(&mut self) {
        let mut open = std::mem::take(self.parents.get_mut().unwrap_or_else(PoisonError::into_inner));
        while let Some(parent) = open.pop() {
            if let Some(mut parent) = Arc::into_inner(parent) {
                open.append(parent.parents.get_mut().unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

impl fmt::Display for Origin {
    /// `map at job.py:12`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let Some((source, span)) = &self.place else { return Ok(()) };
        let before = source.text.bytes().take(span.start as usize);
        let line = 1 + before.filter(|byte| *byte == b'\n').count();
        write!(f, " at {}:{line}", source.name)
    }
}
