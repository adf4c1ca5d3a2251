//! The first N of any number of counted keys, without sorting the others.

use std::cmp::Ordering;

use crate::batch::Counts;

/// The order of records. Both are total, because no key comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// The highest count first; equal counts by key, as bytes.
    Count,
    /// By key, as bytes (the order of UTF-8 is that of code points).
    Key,
}

/// Fewest items between two selections, so that a small limit does not select all the time.
const MIN_BATCH: usize = 256;

/// Keeps the first `limit` of the keys it is shown.
///
/// Items that can be among the first are collected; each time there are twice as many as wanted, the
/// lower half is thrown away, and its border becomes the bar that later items must clear.
#[derive(Clone, Debug)]
pub struct Top {
    rank: Rank,
    /// Wanted records; 0 means all.
    limit: usize,
    items: Vec<Item>,
    keys: Vec<u8>,
    /// The last of the first `limit` items seen so far, once it is known.
    bar: Option<Item>,
    shown: u64,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    count: i64,
    /// The first 8 bytes, big-endian and padded with zeros: decides most comparisons.
    prefix: u64,
    start: usize,
    len: usize,
}

impl Item {
    fn key(self, keys: &[u8]) -> &[u8] {
        &keys[self.start..self.start + self.len]
    }
}

fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}

fn compare(rank: Rank, keys: &[u8], a: &Item, b: &Item) -> Ordering {
    let by_count = match rank {
        Rank::Count => b.count.cmp(&a.count),
        Rank::Key => Ordering::Equal,
    };
    by_count.then(a.prefix.cmp(&b.prefix)).then_with(|| a.key(keys).cmp(b.key(keys)))
}

impl Top {
    /// A selection of the first `limit` records by `rank`; 0 means all of them.
    pub fn new(rank: Rank, limit: usize) -> Self {
        Top { rank, limit, items: Vec::new(), keys: Vec::new(), bar: None, shown: 0 }
    }

    /// Shows a key with its count. No key may be shown twice.
    #[inline]
    pub fn push(&mut self, key: &[u8], count: i64) {
        self.shown += 1;
        if let Some(bar) = &self.bar
            && self.rank == Rank::Count
            && count < bar.count
        {
            return;
        }
        self.consider(key, count);
    }

    fn consider(&mut self, key: &[u8], count: i64) {
        let item = Item { count, prefix: prefix(key), start: self.keys.len(), len: key.len() };
        if let Some(bar) = &self.bar {
            let by_count = match self.rank {
                Rank::Count => bar.count.cmp(&count),
                Rank::Key => Ordering::Equal,
            };
            let order =
                by_count.then(item.prefix.cmp(&bar.prefix)).then_with(|| key.cmp(bar.key(&self.keys)));
            if order == Ordering::Greater {
                return;
            }
        }
        self.keys.extend_from_slice(key);
        self.items.push(item);
        if self.limit > 0 && self.items.len() >= self.limit.saturating_mul(2).max(MIN_BATCH) {
            self.select();
        }
    }

    /// Throws away all but the first `limit` items.
    fn select(&mut self) {
        let (rank, keys) = (self.rank, &self.keys);
        self.items.select_nth_unstable_by(self.limit - 1, |a, b| compare(rank, keys, a, b));
        self.items.truncate(self.limit);
        let mut kept = Vec::with_capacity(self.keys.len());
        for item in &mut self.items {
            let start = kept.len();
            kept.extend_from_slice(item.key(&self.keys));
            item.start = start;
        }
        self.keys = kept;
        self.bar = self.items.last().copied();
    }

    /// Adds what another selection, of the same rank and limit, was shown.
    pub fn absorb(&mut self, other: &Top) {
        for item in &other.items {
            self.push(item.key(&other.keys), item.count);
        }
        self.shown += other.shown - other.items.len() as u64;
    }

    /// The first records in order, and whether there were more.
    pub fn finish(mut self) -> (Counts, bool) {
        let more = self.limit > 0 && self.shown > self.limit as u64;
        if self.limit > 0 && self.items.len() > self.limit {
            self.select();
        }
        let (rank, keys) = (self.rank, &self.keys);
        self.items.sort_unstable_by(|a, b| compare(rank, keys, a, b));
        let mut counts = Counts::default();
        for item in &self.items {
            counts.push(item.key(keys), item.count);
        }
        (counts, more)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_records_are_those_of_a_full_sort(
            counts in prop::collection::btree_map("[ab\0é]{0,12}", 0_i64..6, 0..900),
            limit in prop::sample::select(vec![0_usize, 1, 3, 10, 200, 5000]),
            by_count: bool,
            split in 0_usize..900,
        ) {
            let rank = if by_count { Rank::Count } else { Rank::Key };
            let mut twin: Vec<(&[u8], i64)> = counts.iter().map(|(key, n)| (key.as_bytes(), *n)).collect();
            let mut parts = [Top::new(rank, limit), Top::new(rank, limit)];
            for (i, (key, count)) in twin.iter().rev().enumerate() {
                parts[usize::from(i < split)].push(key, *count);
            }
            let [mut top, other] = parts;
            top.absorb(&other);
            let (records, more) = top.finish();
            if by_count {
                twin.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            }
            prop_assert_eq!(more, limit > 0 && twin.len() > limit);
            if limit > 0 {
                twin.truncate(limit);
            }
            prop_assert_eq!(records.iter().collect::<Vec<_>>(), twin);
        }
    }
}
