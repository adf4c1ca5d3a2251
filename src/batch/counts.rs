//! What a batch comes to: a number, keys with their counts, or records of any kind.

use super::dataset::Dataset;
use super::time::Time;

/// Keys with integer counts, in columns: one arena of key bytes instead of a string each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    counts: Vec<i64>,
}

impl Counts {
    /// Appends a key with its count.
    pub fn push(&mut self, key: &[u8], count: i64) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        self.counts.push(count);
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The key at `index`.
    pub fn key(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// The count at `index`.
    pub fn count(&self, index: usize) -> i64 {
        self.counts[index]
    }

    /// Keys and counts in the order in which they were pushed.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], i64)> {
        (0..self.len()).map(|index| (self.key(index), self.count(index)))
    }
}

/// The records of a batch result, in the order in which they are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    /// One record: how many there were.
    Count(i64),
    /// One record a key: `(key, count)`. Keys are as [`encode_key`](super::encode_key) has them.
    Keyed(Counts),
    /// What an output of a program has to print.
    Values(Values),
}

/// Records of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Which of the program's outputs they come from, counted from 1.
    pub output: usize,
    /// The records; perhaps more of them than are printed.
    pub dataset: Dataset,
    /// How many of them are printed, all of them without a number.
    pub limit: Option<usize>,
}

/// A finished batch, as sinks get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult {
    /// The end of the batch's span.
    pub time: Time,
    /// The records to print.
    pub records: Records,
    /// Whether there were more records than the limit let through.
    pub more: bool,
}

impl BatchResult {
    /// Whether the batch came to nothing: no records, or a count of 0.
    pub fn is_empty(&self) -> bool {
        match &self.records {
            Records::Count(count) => *count == 0,
            Records::Keyed(counts) => counts.is_empty(),
            Records::Values(values) => values.dataset.is_empty(),
        }
    }
}
