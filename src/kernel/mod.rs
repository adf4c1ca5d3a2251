//! How bytes are crunched: plain functions and structures on slices, one thread, no clock, no disk.
//!
//! Counting words goes this way:
//!
//! ```text
//! Text ─ Tokenizer ─ blocks ─ Words (by length class) ─ CountTable ─ Merge ─ Top ─ Counts
//!            │                   vector instructions       hot tables │
//!          clean                 chosen by Level           spill ─────┘ by hash partition
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `tokenize` | a text, block by block; what needs more care than the vector kernels take |
//! | `words` | the words of a block, found and classified by `portable`, `x86` or `avx512` |
//! | `key`, `seed` | keys of up to 32 bytes as integers, and their keyed hash |
//! | `table`, `class`, `hot`, `long` | counts by key: one hot table for each length class |
//! | `spill`, `chunks` | keys the hot tables have no place for, by hash partition |
//! | `merge`, `aggregate`, `top` | the tables of all workers summed up; the first N of a batch |
//! | `lines`, `field`, `json`, `skim`, `places` | records, and the keys and bytes inside of them |
//! | `lower`, `utf8`, `space` | text as Python sees it |
//! | `level`, `memory`, `padded` | instruction sets, huge pages, reusable buffers |
//!
//! This is the one room with `unsafe` code: vector loads and stores, unchecked table slots, and
//! memory straight from the system. Each use says why it is sound, and each kernel has a slow and
//! obviously right twin in the tests.
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
mod places;
mod portable;
mod seed;
mod skim;
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
pub use json::{Extracted, Found, JsonPath};
pub use level::Level;
pub use lines::{count_lines, keep_lines, records};
pub use lower::lowercase;
pub use merge::{Merge, SHARDS};
pub use padded::PaddedBuf;
pub use places::count_byte;
pub use seed::Seed;
pub use skim::{Finding, Members};
pub use table::{CountTable, Scratch, Span};
pub use tokenize::Tokenizer;
pub use top::{Rank, Top};
pub use utf8::decode;
pub use words::Delimiters;
