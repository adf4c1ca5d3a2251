//! What flows through the house: batch time, chunks of input and their pool, and batch results.

mod chunk;
mod counts;
mod pool;
mod time;

pub use chunk::{Chunk, SLACK, SourceId, Text};
pub use counts::{BatchResult, Counts, Records};
pub use pool::{CHUNK_SIZE, Pool};
pub use time::{Interval, Time, parse_duration};
