//! What to compute: which records count, what is counted, over which batches, and what is shown.

pub mod code;
mod explain;
mod fingerprint;
mod host;
mod image;
mod key;
mod members;
mod place;
mod pure;
mod rdd;
mod recipe;
mod reducer;
mod rules;
mod shape;
mod stream;
pub mod visit;
mod window;

use std::num::NonZeroUsize;

pub use explain::explain;
pub use fingerprint::Operator;
pub use host::{
    BatchReport, Checkpoint, Engine, Failure, Interrupt, Outcome, OutputReport, Report, Returned, Runtime,
    Script, Streaming,
};
pub use image::{Frozen, Image, ParseExpression};
pub use key::{Filter, KeyExpr, RecordFunction, WordsBy};
pub use members::{Given, members_given, members_read};
pub use place::Position;
pub use pure::is_pure;
pub use rdd::{Draw, Origin, Partitioner, Rdd, RddOp, Tracking, common_partitioner};
pub use recipe::seconds;
pub use reducer::{Reduce, Reducer};
pub use rules::{
    EarlyCount, EarlyStage, FilterKernel, KeyKernel, Projection, RecordOp, RecordStep, counts_by_key,
    early_counts, early_stages, filter_kernel, groups_ones, kept, key_kernel, projection, reducer_of,
    sums_ones, words, words_first, words_of_text,
};
pub use shape::{Part, Shape, shape, split_text};
pub use stream::{Callback, Graph, Lambda, Output, OutputOp, Stream, StreamId, StreamOp, StreamRddOp};
pub use window::{Scope, Window};

/// A pipeline from records to counts. Flags and programs build it, `exec` lowers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Only records that pass it count.
    pub filter: Option<Filter>,
    /// What is counted.
    pub select: Select,
    /// The batches that a result covers.
    pub scope: Scope,
    /// Which rows of a keyed result are shown, and in which order.
    pub show: Show,
}

impl Plan {
    /// Whether functions of the user have a part in it.
    pub fn calls_functions(&self) -> bool {
        matches!(self.filter, Some(Filter::Function(_)))
            || matches!(self.select, Select::Key(KeyExpr::Function(_)))
    }
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// The records themselves: one number a batch.
    Records,
    /// Every word of every record.
    Words {
        /// Where words begin and end.
        by: WordsBy,
        /// Whether records are lowercased first, as Python's `str.lower()` does.
        lower: bool,
    },
    /// One key a record.
    Key(KeyExpr),
}

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Show {
    /// The order of the rows.
    pub sort: Sort,
    /// At most this many rows, all of them without one.
    pub limit: Option<NonZeroUsize>,
}

/// The order of keyed rows. Every order is total, so that the same input prints the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Highest count first, equal counts by key.
    Count,
    /// By key, in code point order as Python compares `str`.
    Key,
}
