//! What flows through the house: batch time, chunks of input and their pool, batch results, and Python's
//! `repr` of text.

mod chunk;
mod counts;
mod pool;
mod repr;
mod time;

pub use chunk::{Chunk, SLACK, SourceId, Text};
pub use counts::{BatchResult, Counts, Records};
pub use pool::{CHUNK_SIZE, Pool};
pub use repr::{escape_into, is_printable, repr_into};
pub use time::{Interval, Time, parse_duration};
