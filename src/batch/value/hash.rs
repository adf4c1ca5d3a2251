//! Hashes of values: one for tables in memory, and one that decides on partitions.

use super::{Heap, Raised, Value};

/// A hash that is equal for equal values; random per process, so that nobody can choose collisions.
///
/// # Errors
/// `TypeError: unhashable type: 'list'`.
pub fn hash<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<u64, Raised> {
    todo!()
}

/// The hash of a `str` with this text.
#[inline]
pub fn hash_text(text: &str) -> u64 {
    todo!()
}

/// PySpark's `portable_hash` with `PYTHONHASHSEED=0`: which partition a key goes to. Numbers hash as in
/// CPython (`-1` to `-2`, floats equal to ints alike), `None` to 0, tuples by PySpark's own formula
/// (pyspark/rdd.py), text and bytes by SipHash-1-3 with a zero key.
///
/// # Errors
/// `TypeError: unhashable type: 'list'`.
pub fn portable_hash<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<i64, Raised> {
    todo!()
}
