//! A stable sort whose comparison may fail, and need not be an order at all: Python's `<` on NaN or
//! on sets. The standard library's sort may panic on those.

/// Runs of this length are sorted by insertion.
const RUN: usize = 16;

/// Sorts by `is_less`. Equal items keep their order.
///
/// # Errors
/// The first of `is_less`; the items are in any order then.
pub(super) fn sort<T: Copy, E>(
    items: &mut [T],
    mut is_less: impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    for run in items.chunks_mut(RUN) {
        insert(run, &mut is_less)?;
    }
    let mut merged = Vec::with_capacity(items.len());
    let mut width = RUN;
    while width < items.len() {
        merged.clear();
        for pair in items.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, &mut is_less)?;
        }
        items.copy_from_slice(&merged);
        width *= 2;
    }
    Ok(())
}

fn insert<T: Copy, E>(items: &mut [T], is_less: &mut impl FnMut(T, T) -> Result<bool, E>) -> Result<(), E> {
    for end in 1..items.len() {
        let item = items[end];
        let mut at = end;
        while at > 0 && is_less(item, items[at - 1])? {
            at -= 1;
        }
        items.copy_within(at..end, at + 1);
        items[at] = item;
    }
    Ok(())
}

fn merge<T: Copy, E>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Vec<T>,
    is_less: &mut impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    while let ([first_left, rest_left @ ..], [first_right, rest_right @ ..]) = (left, right) {
        if is_less(*first_right, *first_left)? {
            merged.push(*first_right);
            right = rest_right;
        } else {
            merged.push(*first_left);
            left = rest_left;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(keys in proptest::collection::vec(0_u8..20, 0..300)) {
            let mut items: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut twin = items.clone();
            twin.sort_by_key(|item| item.0);
            let Ok(()) = sort(&mut items, |a, b| Ok::<_, Infallible>(a.0 < b.0));
            prop_assert_eq!(items, twin);
        }

        #[test]
        fn loses_nothing_where_there_is_no_order(
            items in proptest::collection::vec(prop_oneof![Just(f64::NAN), -9.0..9.0], 0..100),
        ) {
            let bits = |items: &[f64]| {
                let mut bits: Vec<u64> = items.iter().map(|item| item.to_bits()).collect();
                bits.sort_unstable();
                bits
            };
            let mut sorted = items.clone();
            let Ok(()) = sort(&mut sorted, |a, b| Ok::<_, Infallible>(a < b));
            prop_assert_eq!(bits(&sorted), bits(&items));
        }
    }

    #[test]
    fn compares_neighbours_first_the_later_one_on_the_left() {
        let failed = sort(&mut [1, 2, 3], |a, b| if a == 2 { Err((a, b)) } else { Ok(a < b) });
        assert_eq!(failed, Err((2, 1)));
    }
}
