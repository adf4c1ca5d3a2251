//! The graph of DStreams: a flat list, parents before children. At every batch each stream that is due
//! gives an RDD, made of those of its parents.

use std::sync::Arc;

use super::rdd::{Origin, Rdd};
use crate::batch::{Interval, SourceId};

/// A stream's place in [`Graph::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A function of the program that is called while a batch is built, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Callback(pub u32);

/// A function of the program that runs on records, by number: it is frozen anew for every batch, so that
/// it sees what its captured variables hold then, as in PySpark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lambda(pub u32);

/// What a program has built.
#[derive(Debug, Default)]
pub struct Graph {
    /// The streams.
    pub streams: Vec<Stream>,
    /// What is done with them, in the order in which the program asked for it.
    pub outputs: Vec<Output>,
    /// How long RDDs are kept beyond what windows need, for `slice`.
    pub remember: Option<Interval>,
}

/// A stream.
#[derive(Debug)]
pub struct Stream {
    /// How its RDDs are made.
    pub op: StreamOp,
    /// Of which streams.
    pub parents: Vec<StreamId>,
    /// How often it has an RDD: a multiple of the batch interval, counted from the start.
    pub slide: Interval,
    /// Where the program asks for it.
    pub origin: Origin,
}

/// How a stream's RDDs are made.
#[derive(Debug)]
pub enum StreamOp {
    /// What came in from sources: the lines of each of them is a partition, or of each file. An idle interval has none.
    Source(Vec<SourceId>),
    /// `queueStream`
    Queue {
        /// The RDDs, one (or all that are left) a batch.
        rdds: Vec<Arc<Rdd>>,
        /// Whether each is a batch of its own.
        one_at_a_time: bool,
        /// What comes when there is none left; an RDD with one empty partition without it.
        default: Option<Arc<Rdd>>,
    },
    /// An operator over the parents' RDDs, such as `map` or `reduceByKey`.
    Rdd(StreamRddOp),
    /// `transform`: a function `(time, [rdd, …]) -> rdd or None`.
    Transform(Callback),
    /// `window`: the union of the parent's RDDs of that span, oldest first.
    Window {
        /// Its length.
        length: Interval,
    },
    /// `updateStateByKey` and its like: a function `(time, state rdd or None, batch rdd or None) -> state rdd`.
    State {
        /// The function.
        update: Callback,
        /// The state before the first batch.
        initial: Option<Arc<Rdd>>,
        /// Whether its RDDs are what becomes of each batch ([`RddOp::MapWithState`](super::RddOp::MapWithState)),
        /// and not the state itself, which stands for later batches too.
        maps: bool,
    },
    /// `reduceByKeyAndWindow` with an inverse: PySpark's rules when it is used.
    ReduceWindow {
        /// `(time, rdd or None, rdd) -> rdd`: reduces both together.
        reduce: Callback,
        /// `(time, rdd, rdd) -> rdd`: takes the second out of the first.
        inverse: Option<Callback>,
        /// Its length.
        length: Interval,
    },
}

/// [`RddOp`](super::RddOp), its functions not yet frozen.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "as in RddOp")]
pub enum StreamRddOp {
    Map(Lambda),
    Filter(Lambda),
    FlatMap(Lambda),
    MapValues(Lambda),
    FlatMapValues(Lambda),
    MapPartitions { function: Lambda, with_index: bool },
    Glom,
    Count,
    Union,
    Combine { create: Option<Lambda>, merge_value: Lambda, merge_combiners: Lambda, partitions: usize },
    Group { partitions: usize },
    Cogroup { partitions: usize },
    PartitionBy { partitions: usize, function: Option<Lambda> },
    Repartition { partitions: usize },
    Sort { key: Option<Lambda>, ascending: bool, partitions: Option<usize> },
    Top { n: usize, key: Option<Lambda>, largest: bool },
    Snapshot,
}

/// What is done with a stream.
#[derive(Debug)]
pub struct Output {
    /// Which one.
    pub stream: StreamId,
    /// What.
    pub op: OutputOp,
    /// Where the program asks for it.
    pub origin: Origin,
}

/// What an output does with a stream's RDDs.
#[derive(Debug)]
pub enum OutputOp {
    /// `pprint(num)`: printed in the format that the command line asks for.
    Print {
        /// How many records at most; all of them without a number.
        limit: Option<usize>,
        /// A format of its own: `.json()`, `.csv()`.
        format: Option<&'static str>,
    },
    /// `foreachRDD`: a function `(time, rdd) -> None`.
    ForEach(Callback),
    /// `saveAsTextFiles(prefix, suffix)`
    SaveAsTextFiles {
        /// Before the time.
        prefix: String,
        /// Behind it.
        suffix: Option<String>,
    },
    /// `toCommand`: the records on a command's standard input, one run a batch.
    ToCommand(String),
}
