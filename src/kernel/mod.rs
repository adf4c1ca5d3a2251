//! How bytes are crunched: pure functions on slices.
#![allow(unsafe_code)]

mod aggregate;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod chunks;
mod class;
mod field;
mod hot;
mod json;
mod key;
mod level;
mod lines;
mod long;
mod lower;
mod memory;
mod merge;
mod padded;
mod portable;
mod seed;
mod space;
mod spill;
mod table;
mod tokenize;
mod top;
mod utf8;
mod words;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use field::{Field, Separator};
pub use json::{Extracted, JsonPath};
pub use level::Level;
pub use lines::{count_lines, keep_lines, records};
pub use lower::lowercase;
pub use merge::{Merge, SHARDS};
pub use padded::PaddedBuf;
pub use seed::Seed;
pub use table::{CountTable, Scratch, Span};
pub use tokenize::Tokenizer;
pub use top::{Rank, Top};
pub use utf8::make_valid;
pub use words::Delimiters;
