//! The records of a state in order, as rows of a table of which only those are written that change.
//!
//! Each record has a place: a number between those of its neighbours, with room left for what comes between
//! them later. So a record that comes, goes or changes costs one row, wherever it stands, and the order of
//! the table is the order of the records. Keys tell which records are the same ones as before; where the
//! order of keys has changed, those that stand elsewhere now are written anew.

use std::collections::HashMap;

use ahash::RandomState;

use crate::batch::value::key_extent;
use crate::batch::{Dataset, Piece};
use crate::error::Result;

/// The room that is left between neighbours that came together.
const STEP: u64 = 1 << 20;

/// A place that nobody has: of records that are new.
const NONE: u64 = 0;

/// The records of a state as they were last written.
#[derive(Debug, Default)]
pub(super) struct Rows {
    dataset: Dataset,
    /// The records' places, ascending.
    places: Vec<u64>,
}

/// A change: a place, and the record that is there now.
type Change<'c> = &'c mut dyn FnMut(u64, Option<&[u8]>) -> Result<()>;

impl Rows {
    /// Records that are written at these places.
    pub(super) fn new(dataset: Dataset, places: Vec<u64>) -> Self {
        Rows { dataset, places }
    }

    /// Writes what has changed.
    ///
    /// # Errors
    /// Those of `change`.
    pub(super) fn update(&mut self, dataset: &Dataset, change: Change<'_>) -> Result<()> {
        if is_same(&self.dataset, dataset) {
            return Ok(());
        }
        let records = records(dataset);
        let Difference { mut places, mut changed, gone } = self.compare(&records);
        let before = places.clone();
        place(&mut places, self.places.is_empty());
        let moved = (0..places.len()).filter(|index| ![NONE, places[*index]].contains(&before[*index]));
        let moved: Vec<usize> = moved.collect();
        // Places are given to others only once they are free.
        for place in gone.into_iter().chain(moved.iter().map(|index| before[*index])) {
            change(place, None)?;
        }
        changed.extend(moved);
        changed.sort_unstable();
        changed.dedup();
        for index in changed {
            change(places[index], Some(records[index]))?;
        }
        *self = Rows { dataset: dataset.clone(), places };
        Ok(())
    }

    /// Which records are new, have changed or are gone.
    fn compare(&self, new: &[&[u8]]) -> Difference {
        let old = records(&self.dataset);
        let mut places = Vec::with_capacity(new.len());
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(before) = old.get(at)
            && let Some(now) = new.get(places.len())
        {
            if before != now {
                if key(before) != key(now) {
                    let (out, in_) = until_same(&old[at..], &new[places.len()..]);
                    gone.extend(&self.places[at..at + out]);
                    at += out;
                    changed.extend(places.len()..places.len() + in_);
                    places.resize(places.len() + in_, NONE);
                    continue;
                }
                changed.push(places.len());
            }
            places.push(self.places[at]);
            at += 1;
        }
        gone.extend(&self.places[at..]);
        changed.extend(places.len()..new.len());
        places.resize(new.len(), NONE);
        Difference { places, changed, gone }
    }
}

/// How records differ from those before.
struct Difference {
    /// The places of records that were there before.
    places: Vec<u64>,
    /// Records that are new or have changed.
    changed: Vec<usize>,
    /// Places of records that are gone.
    gone: Vec<u64>,
}

/// How many records are gone, and how many have come, before the next one that is the same. The cost is that
/// of as many records.
fn until_same(old: &[&[u8]], new: &[&[u8]]) -> (usize, usize) {
    let mut of_old: HashMap<&[u8], usize, RandomState> = HashMap::default();
    let mut of_new: HashMap<&[u8], usize, RandomState> = HashMap::default();
    for step in 0..old.len().max(new.len()) {
        if let Some(record) = old.get(step) {
            let key = key(record);
            if let Some(in_) = of_new.get(key) {
                return (step, *in_);
            }
            of_old.entry(key).or_insert(step);
        }
        if let Some(record) = new.get(step) {
            let key = key(record);
            if let Some(out) = of_old.get(key) {
                return (*out, step);
            }
            of_new.entry(key).or_insert(step);
        }
    }
    (old.len(), new.len())
}

/// Gives places to records that have none. Where there is too little room between neighbours, these are moved
/// too: as few of them as have, together, room for the square of their number each, so that the next move
/// there is as far away as this one was costly. `is_first` says that all are new, and not just all that are left.
fn place(places: &mut [u64], is_first: bool) {
    let mut done = 0;
    while let Some(next) = places[done..].iter().position(|place| *place == NONE) {
        let start = done + next;
        let end = behind_new(places, start);
        let (mut from, mut to, mut width) = (start, end, end - start);
        loop {
            let low = from.checked_sub(1).map_or(0, |before| places[before]);
            let high = places.get(to).copied().unwrap_or(u64::MAX);
            let count = (to - from) as u64;
            let room = (high - low) / (count + 1);
            let is_enough =
                if (from, to) == (start, end) { room > 0 } else { room >= count.saturating_mul(count) };
            if is_enough || (from, to) == (0, places.len()) {
                // A beginning leaves half of the room to what comes behind it.
                let step = match (from, to) == (start, end) {
                    _ if is_first => room / 2,
                    true => room.min(STEP),
                    false => room,
                };
                for (number, place) in (1..).zip(&mut places[from..to]) {
                    *place = low + step * number;
                }
                break;
            }
            from = from.saturating_sub(width);
            to = behind_new(places, (to + width).min(places.len()));
            width *= 2;
        }
        done = to;
    }
}

/// The first record from `start` on that has a place.
fn behind_new(places: &[u64], start: usize) -> usize {
    let next = places[start..].iter().position(|place| *place != NONE);
    next.map_or(places.len(), |next| start + next)
}

/// What tells a record from others: its key, or all of it if it is no pair.
fn key(record: &[u8]) -> &[u8] {
    key_extent(record).unwrap_or(record)
}

/// The records as they are encoded, or lines with their ends.
fn records(dataset: &Dataset) -> Vec<&[u8]> {
    let mut records = Vec::new();
    for piece in dataset.pieces() {
        match piece {
            Piece::Rows(rows) => {
                records.reserve(rows.len());
                records.extend(rows.records());
            }
            Piece::Lines(lines) => records.extend(lines.split_inclusive(|byte| *byte == b'\n')),
        }
    }
    records
}

/// Whether two datasets share all their pieces.
fn is_same(a: &Dataset, b: &Dataset) -> bool {
    let is_shared = |(a, b): (&Piece, &Piece)| std::ptr::eq(a.bytes(), b.bytes());
    a.partitions.len() == b.partitions.len()
        && a.pieces().count() == b.pieces().count()
        && a.pieces().zip(b.pieces()).all(is_shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::batch::value::{Arena, Heap, Task, Value};
    use crate::batch::{self, Partition};

    fn dataset(pairs: &[(i64, i64)]) -> Dataset {
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let mut rows = batch::Rows::default();
        for (key, value) in pairs {
            rows.push(&heap, heap.pair(Value::Int(*key), Value::Int(*value)))
                .expect("numbers can be encoded");
        }
        Dataset { partitions: vec![Partition { pieces: vec![Piece::Rows(Arc::new(rows))] }] }
    }

    /// A table that is kept up to date, and how many changes that took.
    #[derive(Default)]
    struct Table {
        rows: Rows,
        table: BTreeMap<u64, Vec<u8>>,
    }

    impl Table {
        fn update(&mut self, pairs: &[(i64, i64)]) -> usize {
            let mut changes = 0;
            let dataset = dataset(pairs);
            let Table { rows, table } = self;
            let updated = rows.update(&dataset, &mut |place, record| {
                changes += 1;
                match record {
                    Some(record) => drop(table.insert(place, record.to_vec())),
                    None => assert!(table.remove(&place).is_some(), "only what is there goes"),
                }
                Ok(())
            });
            updated.expect("nothing is written");
            let written: Vec<&[u8]> = table.values().map(|record| &record[..]).collect();
            assert_eq!(written, records(&dataset), "the table is in the order of the records");
            changes
        }
    }

    proptest! {
        #[test]
        fn a_table_follows_its_records(
            states in prop::collection::vec(prop::collection::vec((0i64..40, 0i64..3), 0..40), 1..12),
        ) {
            let mut table = Table::default();
            for state in states {
                table.update(&state);
            }
        }
    }

    /// Records that come at the end, before all, and always at the same place between two others.
    #[test]
    fn what_comes_costs_a_few_rows_wherever_it_comes() {
        let places: [fn(usize) -> usize; 4] = [|len| len, |_| 0, |len| len - 1, |len| len / 2];
        for (number, place) in places.into_iter().enumerate() {
            let mut table = Table::default();
            let mut state: Vec<(i64, i64)> = (0..100).map(|key| (key, 0)).collect();
            table.update(&state);
            let mut changes = 0;
            for key in 100..2100 {
                let place = place(state.len());
                state.insert(place, (key, 0));
                changes += table.update(&state);
            }
            assert!(changes < 2000 * 12, "{changes} changes at place {number}");
        }
    }

    #[test]
    fn what_stays_costs_nothing() {
        let mut table = Table::default();
        let mut state: Vec<(i64, i64)> = (0..1000).map(|key| (key, 0)).collect();
        assert_eq!(table.update(&state), 1000);
        state[17].1 = 1;
        state.remove(500);
        state.push((2000, 0));
        assert_eq!(table.update(&state), 3);
        assert_eq!(table.update(&state), 0);
    }
}
