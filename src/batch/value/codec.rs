//! Values at rest: a compact encoding, self-delimiting, that any thread may read. Text is borrowed
//! from the encoded bytes when it is decoded.

use super::{Heap, Raised, Value};

/// Appends a value. Aliases within it are not kept.
///
/// # Errors
/// `PicklingError` for what cannot leave a task (functions, generators, modules); `RecursionError` for a container that holds itself.
pub fn encode<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    todo!()
}

/// The value at the start of `bytes`, which is moved behind it.
///
/// # Panics
/// If [`encode`] did not write these bytes.
pub fn decode<'a>(heap: &Heap<'a>, bytes: &mut &'a [u8]) -> Value<'a> {
    todo!()
}
