//! Records of any kind, as formats meet them: decoded one by one into an arena that is used again.

use crate::batch::value::{Arena, Heap, Raised, Task, Value, str, type_of};
use crate::batch::{Counts, Values, decode_key};

/// Records that are decoded before the arena is emptied.
const AT_ONCE: usize = 256;

/// Why a record cannot be printed: an exception, of a class and with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable {
    /// The class's name: `RecursionError`.
    pub class: &'static str,
    /// What `str(exception)` gives.
    pub message: String,
}

/// Gives `str(record)` of the records that are to be printed, in order and without line ends.
///
/// # Errors
/// If a record has no text.
pub fn for_each_line(values: &Values, mut take: impl FnMut(&[u8])) -> Result<(), Unprintable> {
    let mut line = Vec::new();
    for_each(values, |heap, value| {
        line.clear();
        str(heap, value, &mut line)?;
        take(&line);
        Ok(())
    })
}

/// Shows the records that are to be printed, in order.
pub(super) fn for_each(
    values: &Values,
    mut show: impl for<'a> FnMut(&Heap<'a>, Value<'a>) -> Result<(), Raised>,
) -> Result<(), Unprintable> {
    let (mut arena, task) = (Arena::default(), Task::default());
    let mut left = values.limit.unwrap_or(usize::MAX);
    for piece in values.dataset.pieces() {
        let mut rest = piece.bytes();
        while !rest.is_empty() && left > 0 {
            rest = {
                let heap = Heap::new(&arena, &task);
                let mut rest = rest;
                for _ in 0..AT_ONCE.min(left) {
                    let Some(value) = piece.next(&heap, &mut rest) else { break };
                    show(&heap, value).map_err(|Raised| caught(&heap))?;
                    left -= 1;
                }
                &piece.bytes()[piece.bytes().len() - rest.len()..]
            };
            arena.reset();
        }
    }
    Ok(())
}

/// Shows keys with their counts, in order.
pub(super) fn for_each_count(
    counts: &Counts,
    mut show: impl for<'a> FnMut(&Heap<'a>, Value<'a>, i64) -> Result<(), Raised>,
) -> Result<(), Unprintable> {
    let (mut arena, task) = (Arena::default(), Task::default());
    let mut from = 0;
    while from < counts.len() {
        let to = counts.len().min(from + AT_ONCE);
        {
            let heap = Heap::new(&arena, &task);
            for index in from..to {
                let key = decode_key(&heap, counts.key(index));
                show(&heap, key, counts.count(index)).map_err(|Raised| caught(&heap))?;
            }
        }
        arena.reset();
        from = to;
    }
    Ok(())
}

/// The exception in flight.
fn caught(heap: &Heap<'_>) -> Unprintable {
    let exception = heap.caught();
    let mut message = Vec::new();
    // An exception whose own text cannot be made is told by its class alone.
    let _ = str(heap, exception, &mut message);
    Unprintable { class: type_of(exception).name, message: String::from_utf8_lossy(&message).into_owned() }
}
