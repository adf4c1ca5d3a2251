//! What flows through the house: batch time, chunks of input and their pool, batch results, what is kept
//! beyond a process, and Python's `repr` of text.

mod chunk;
mod counts;
mod dataset;
mod fingerprint;
mod keep;
mod key;
pub mod packed;
mod paths;
mod pool;
pub mod python;
pub mod random;
mod repr;
mod rows;
mod states;
mod time;
pub mod value;

pub use chunk::{Chunk, SLACK, SourceId, Text};
pub use counts::{BatchResult, Counts, Records, Values};
pub use dataset::{Dataset, Partition, Piece};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use keep::Keep;
pub use key::{decode_key, encode_key};
pub use packed::Packed;
pub use paths::local_path;
pub use pool::{CHUNK_SIZE, Pool};
pub use repr::{escape_into, is_printable, repr_into};
pub use rows::Rows;
pub use states::{Entry, KeyRef, States, Update};
pub use time::{Interval, Time, parse_duration};

/// The synchronisation types of the pool, by a name that the model checker can stand in for.
mod sync {
    pub use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
}
