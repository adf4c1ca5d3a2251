//! `+` and `*` of sequences.

use super::exceptions::{MEMORY_ERROR, OVERFLOW_ERROR, TYPE_ERROR};
use super::{Heap, List, Raised, Value, iterate, type_of};

/// `left + right` of sequences; `None` if the left one is no sequence.
pub(super) fn concatenate<'a>(
    heap: &Heap<'a>,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Result<Option<Value<'a>>, Raised> {
    if let (Some(a), Some(b)) = (left.as_tuple(), right.as_tuple()) {
        heap.check_memory((a.len() + b.len()) * size_of::<Value<'_>>())?;
        return Ok(Some(match (a, b) {
            ([], _) => right,
            (_, []) => left,
            ([first], [second]) => heap.pair(*first, *second),
            _ => {
                let items = heap.bump().alloc_slice_fill_iter(Chained(a.iter().copied(), b.iter().copied()));
                Value::Tuple(heap.bump().alloc(&*items))
            }
        }));
    }
    let message = match (left, right) {
        (Value::List(list), _) if in_place => {
            extend(heap, list, right)?;
            return Ok(Some(left));
        }
        (Value::List(a), Value::List(b)) => {
            heap.check_memory((a.len() + b.len()) * size_of::<Value<'_>>())?;
            let (a, b) = (a.items.borrow(), b.items.borrow());
            return Ok(Some(heap.list(Chained(a.iter().copied(), b.iter().copied()))));
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            heap.check_memory(a.len() + b.len())?;
            let bytes = heap.bump().alloc_slice_fill_iter(Chained(a.iter().copied(), b.iter().copied()));
            return Ok(Some(Value::Bytes(heap.bump().alloc(&*bytes))));
        }
        (Value::Bytes(_), _) => format!("can't concat {} to bytes", type_of(right).name),
        (Value::Str(_) | Value::List(_) | Value::Pair(_) | Value::Tuple(_), _) => {
            let class = type_of(left).name;
            format!("can only concatenate {class} (not \"{}\") to {class}", type_of(right).name)
        }
        _ => return Ok(None),
    };
    Err(heap.raise(&TYPE_ERROR, message))
}

/// One iterator behind the other, of known length, as allocating in one piece needs it.
struct Chained<A, B>(A, B);

impl<T, A: ExactSizeIterator<Item = T>, B: ExactSizeIterator<Item = T>> Iterator for Chained<A, B> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next().or_else(|| self.1.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = self.0.len() + self.1.len();
        (length, Some(length))
    }
}

impl<T, A: ExactSizeIterator<Item = T>, B: ExactSizeIterator<Item = T>> ExactSizeIterator for Chained<A, B> {}

/// `list.extend(items)`
///
/// # Errors
/// `TypeError` for what is not iterable, and whatever iteration raises.
pub fn extend<'a>(heap: &Heap<'a>, list: &'a List<'a>, items: Value<'a>) -> Result<(), Raised> {
    // What has all its items at hand; the list itself may be among them.
    let ready = match items {
        Value::List(other) => Some(other.snapshot(heap)),
        _ => items.as_tuple(),
    };
    if let Some(items) = ready {
        heap.check_memory((list.len() + items.len()) * size_of::<Value<'_>>())?;
        list.items.borrow_mut().extend_from_slice_copy(items);
        return Ok(());
    }
    let iter = iterate(heap, items)?;
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        list.push(heap, item)?;
    }
    Ok(())
}

/// `left * right` where one is a sequence; `None` if none is.
pub(super) fn repeat<'a>(
    heap: &Heap<'a>,
    left: Value<'a>,
    right: Value<'a>,
    in_place: bool,
) -> Result<Option<Value<'a>>, Raised> {
    let is_sequence = |value| {
        matches!(value, Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Pair(_) | Value::Tuple(_))
    };
    let (sequence, count) = match (is_sequence(left), is_sequence(right)) {
        (true, _) => (left, right),
        (false, true) => (right, left),
        (false, false) => return Ok(None),
    };
    let count = match (count.as_int(), count) {
        (Some(count), _) => usize::try_from(count).unwrap_or(0),
        (None, Value::Big(_)) => {
            return Err(heap.raise(&OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer"));
        }
        _ => {
            let message = format!("can't multiply sequence by non-int of type '{}'", type_of(count).name);
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    let room = |size: usize, too_long: Option<&str>| match (
        size.checked_mul(count).filter(|total| isize::try_from(*total).is_ok()),
        too_long,
    ) {
        (Some(total), _) => heap.check_memory(total),
        (None, Some(message)) => Err(heap.raise(&OVERFLOW_ERROR, message)),
        (None, None) => Err(heap.raise(&MEMORY_ERROR, "")),
    };
    Ok(Some(match sequence {
        Value::Str(text) => {
            room(text.len(), Some("repeated string is too long"))?;
            heap.str(&text.repeat(count))
        }
        Value::Bytes(bytes) => {
            room(bytes.len(), Some("repeated bytes are too long"))?;
            heap.bytes(&bytes.repeat(count))
        }
        Value::List(list) => {
            room(size_of::<Value<'_>>() * list.len(), None)?;
            let once = list.snapshot(heap);
            if in_place {
                let mut items = list.items.borrow_mut();
                items.clear();
                for _ in 0..if once.is_empty() { 0 } else { count } {
                    items.extend_from_slice_copy(once);
                }
                sequence
            } else {
                heap.list(once.repeat(if once.is_empty() { 0 } else { count }))
            }
        }
        _ => {
            let items = sequence.as_tuple().unwrap_or(&[]);
            room(size_of_val(items), None)?;
            heap.tuple(&items.repeat(if items.is_empty() { 0 } else { count }))
        }
    }))
}
