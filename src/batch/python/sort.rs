//! Sorting by Python's `<`, which may raise, and which need not be an order at all: NaN and sets see
//! to that. So the merge sort is one of our own; Rust's may panic then.

use bumpalo::collections::Vec as BumpVec;

use super::args::{collect, index};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, List, Outcome, Raised, Value, call, order};
use std::cmp::Ordering;

/// A value, and what it is sorted by.
type Entry<'a> = (Value<'a>, Value<'a>);

/// `sorted(iterable, /, *, key=None, reverse=False)`
pub fn sorted<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let positional = Args { positional: args.positional, keywords: &[] };
    let items = positional.between(heap, "sorted", 1, 1)?;
    let [key, reverse] = args.by_name(heap, "sort", ["key", "reverse"])?;
    let mut items = collect(heap, items[0])?;
    let reverse = reverse.map_or(Ok(0), |reverse| index(heap, reverse))? != 0;
    sort_values(heap, &mut items, key.unwrap_or(Value::None), reverse)?;
    Ok(Value::List(heap.bump().alloc(List { items: items.into() })))
}

/// `list.sort(*, key=None, reverse=False)`
pub fn sort_list<'a>(heap: &Heap<'a>, list: &'a List<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if !args.positional.is_empty() {
        return Err(heap.raise(&TYPE_ERROR, "sort() takes no positional arguments"));
    }
    let [key, reverse] = args.by_name(heap, "sort", ["key", "reverse"])?;
    let reverse = reverse.map_or(Ok(0), |reverse| index(heap, reverse))? != 0;
    // The list is empty while it is sorted, as in CPython: a key function must not see it half done.
    let mut items = list.items.replace(BumpVec::new_in(heap.bump()));
    let result = sort_values(heap, &mut items, key.unwrap_or(Value::None), reverse);
    let touched = !list.items.replace(items).is_empty();
    result?;
    if touched {
        return Err(heap.raise(&VALUE_ERROR, "list modified during sort"));
    }
    Ok(Value::None)
}

/// Sorts values, keeping the order of equal ones.
///
/// # Errors
/// What `key` and comparisons raise.
pub fn sort_values<'a>(
    heap: &Heap<'a>,
    values: &mut [Value<'a>],
    key: Value<'a>,
    reverse: bool,
) -> Result<(), Raised> {
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(values.len());
    for value in &*values {
        let by = match key {
            Value::None => *value,
            _ => {
                heap.check()?;
                call(heap, key, Args { positional: &[*value], keywords: &[] })?
            }
        };
        entries.push((by, *value));
    }
    if reverse {
        entries.reverse();
    }
    let result = sort_entries(heap, &mut entries);
    if reverse {
        entries.reverse();
    }
    for (place, (_, value)) in values.iter_mut().zip(&entries) {
        *place = *value;
    }
    result
}

fn sort_entries<'a>(heap: &Heap<'a>, entries: &mut [Entry<'a>]) -> Result<(), Raised> {
    // Keys of one plain type are in a total order that cannot raise.
    if entries.iter().all(|(by, _)| matches!(by, Value::Int(_))) {
        entries.sort_by_key(|(by, _)| by.as_int());
        return Ok(());
    }
    if entries.iter().all(|(by, _)| matches!(by, Value::Str(_))) {
        entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
        return Ok(());
    }
    merge_sort(entries, |a, b| {
        heap.check()?;
        Ok(order(heap, "<", a.0, b.0)? == Some(Ordering::Less))
    })
}

/// Entries that are sorted by insertion.
const RUN: usize = 16;

/// Fewer items than that are sorted in CPython's very steps: they tell where `<` is no order (NaN), and which two
/// items a message is about.
const FEW: usize = 64;

/// How many items at the beginning are in order; if they are in the opposite order, they are turned round.
fn first_run<T: Copy>(
    items: &mut [T],
    less: &mut impl FnMut(&T, &T) -> Result<bool, Raised>,
) -> Result<usize, Raised> {
    if items.len() < 2 {
        return Ok(items.len());
    }
    let falls = less(&items[1], &items[0])?;
    let mut run = 2;
    while run < items.len() && less(&items[run], &items[run - 1])? == falls {
        run += 1;
    }
    if falls {
        items[..run].reverse();
    }
    Ok(run)
}

/// Sorts by binary insertion what stands behind the first items, which are in order.
fn insert_rest<T: Copy>(
    items: &mut [T],
    sorted: usize,
    mut less: impl FnMut(&T, &T) -> Result<bool, Raised>,
) -> Result<(), Raised> {
    for place in sorted..items.len() {
        let (mut low, mut high) = (0, place);
        while low < high {
            let middle = low + (high - low) / 2;
            if less(&items[place], &items[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        items[low..=place].rotate_right(1);
    }
    Ok(())
}

/// A stable merge sort. `less` is asked about a later item and an earlier one, in this order, as in CPython.
///
/// # Errors
/// What `less` gives; the items are all there still, in some order.
pub fn merge_sort<T: Copy>(
    items: &mut [T],
    mut less: impl FnMut(&T, &T) -> Result<bool, Raised>,
) -> Result<(), Raised> {
    let run = first_run(items, &mut less)?;
    if run == items.len() {
        return Ok(());
    }
    if items.len() < FEW {
        return insert_rest(items, run, less);
    }
    for run in items.chunks_mut(RUN) {
        for place in 1..run.len() {
            let item = run[place];
            let mut at = place;
            while at > 0 && less(&item, &run[at - 1])? {
                run[at] = run[at - 1];
                run[at - 1] = item;
                at -= 1;
            }
        }
    }
    let mut left: Vec<T> = Vec::with_capacity(items.len());
    let mut width = RUN;
    while width < items.len() {
        for pair in items.chunks_mut(2 * width) {
            if pair.len() <= width || !less(&pair[width], &pair[width - 1])? {
                continue;
            }
            left.clear();
            left.extend_from_slice(&pair[..width]);
            merge(pair, &left, &mut less)?;
        }
        width *= 2;
    }
    Ok(())
}

/// Merges `left`, of which the first part of `pair` is a copy, with the other part.
fn merge<T: Copy>(
    pair: &mut [T],
    left: &[T],
    less: &mut impl FnMut(&T, &T) -> Result<bool, Raised>,
) -> Result<(), Raised> {
    let (mut from_left, mut from_right, mut to) = (0, left.len(), 0);
    let mut result = Ok(());
    while from_left < left.len() && from_right < pair.len() {
        match less(&pair[from_right], &left[from_left]) {
            Ok(true) => {
                pair[to] = pair[from_right];
                from_right += 1;
            }
            Ok(false) => {
                pair[to] = left[from_left];
                from_left += 1;
            }
            Err(raised) => {
                result = Err(raised);
                break;
            }
        }
        to += 1;
    }
    // What is left of the left part fits before what is left of the right one.
    pair[to..to + left.len() - from_left].copy_from_slice(&left[from_left..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_stably_and_survives_what_is_no_order() {
        let mut items: Vec<(u32, usize)> =
            (0..1000).map(|n| ((n as u32).wrapping_mul(2_654_435_761) % 50, n)).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|item| item.0);
        merge_sort(&mut items, |a, b| Ok(a.0 < b.0)).expect("nothing is raised");
        assert_eq!(items, expected);

        let mut no_order: Vec<u32> = (0..500).collect();
        let mut coin = 1_u32;
        merge_sort(&mut no_order, |_, _| {
            coin = coin.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Ok(coin & 0x8000 != 0)
        })
        .expect("nothing is raised");
        no_order.sort_unstable();
        assert_eq!(no_order, (0..500).collect::<Vec<u32>>(), "every item is there once");

        let mut count = 0;
        let mut failing: Vec<u32> = (0..100).map(|n| n * 37 % 100).collect();
        let result = merge_sort(&mut failing, |a, b| {
            count += 1;
            if count > 300 { Err(Raised) } else { Ok(a < b) }
        });
        assert_eq!(result, Err(Raised));
        failing.sort_unstable();
        assert_eq!(failing, (0..100).collect::<Vec<u32>>(), "every item is there once");
    }
}
