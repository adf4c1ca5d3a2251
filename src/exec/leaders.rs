//! The first few of many keys, kept up to date at the cost of the keys that change.
//!
//! Everybody who ranks before a *bar* is a leader; the bar is set so that there are a few times as
//! many leaders as are asked for. A key that grows past the bar becomes one. Keys that shrink stay
//! leaders, wherever they rank: as long as enough leaders are still before the bar, the first ones
//! are among them, since everybody else is behind it. Only when too few are left, all keys are
//! looked at again.

use std::cmp::Ordering;

use super::window::Keys;
use crate::kernel::Rank;

/// Leaders beyond those asked for.
const SPARE: usize = 256;

pub(super) struct Leaders {
    rank: Rank,
    limit: usize,
    /// Nobody but leaders ranks before this; without a bar everybody leads.
    bar: Option<(u64, Vec<u8>)>,
    numbers: Vec<u32>,
    /// Whether a number is among the leaders.
    leads: Vec<bool>,
}

impl Leaders {
    /// The leaders of no keys yet.
    pub(super) fn new(rank: Rank, limit: usize) -> Self {
        Leaders { rank, limit, bar: None, numbers: Vec::new(), leads: Vec::new() }
    }

    /// Told of every key that is new or has grown.
    pub(super) fn grown(&mut self, number: u32, keys: &Keys) {
        let index = number as usize;
        if self.leads.len() <= index {
            self.leads.resize(keys.len(), false);
        }
        if !self.leads[index] && self.is_before_bar(number, keys) {
            self.leads[index] = true;
            self.numbers.push(number);
        }
    }

    /// Makes sure that the first keys are among the leaders; `living` keys have not gone.
    pub(super) fn refresh(&mut self, keys: &Keys, living: usize) {
        let before = |number: &&u32| keys.count(**number) > 0 && self.is_before_bar(**number, keys);
        // One more than are asked for, which tells that there is more.
        let needed = self.limit.saturating_add(1).min(living);
        let enough = self.numbers.iter().filter(before).count() >= needed;
        if !enough || self.numbers.len() / 2 > self.wanted().saturating_add(SPARE) {
            self.elect(keys);
        }
    }

    /// The leaders, some of which may have gone.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.numbers.iter().copied()
    }

    /// Numbers have changed: the next refresh looks at all keys.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
        self.leads.clear();
        // Nobody ranks before this, so nobody leads until then.
        self.bar = Some((u64::MAX, Vec::new()));
    }

    fn wanted(&self) -> usize {
        self.limit.saturating_mul(2).saturating_add(SPARE)
    }

    /// Chooses the leaders anew, from all keys.
    fn elect(&mut self, keys: &Keys) {
        let mut numbers: Vec<u32> = (0..keys.len() as u32).filter(|number| keys.count(*number) > 0).collect();
        let wanted = self.wanted();
        self.bar = None;
        if wanted < numbers.len() {
            let rank = |number: u32| (keys.count(number), keys.text(number));
            let (_, first_behind, _) =
                numbers.select_nth_unstable_by(wanted, |a, b| order(self.rank, rank(*a), rank(*b)));
            self.bar = Some((keys.count(*first_behind), keys.text(*first_behind).to_vec()));
            numbers.truncate(wanted);
            numbers.shrink_to_fit();
        }
        self.leads.clear();
        self.leads.resize(keys.len(), false);
        numbers.iter().for_each(|number| self.leads[*number as usize] = true);
        self.numbers = numbers;
    }

    fn is_before_bar(&self, number: u32, keys: &Keys) -> bool {
        let is_before = |(count, key): &(u64, Vec<u8>)| {
            order(self.rank, (keys.count(number), keys.text(number)), (*count, key)).is_lt()
        };
        self.bar.as_ref().is_none_or(is_before)
    }
}

/// Which of two keys, each with its count, comes first.
fn order(rank: Rank, a: (u64, &[u8]), b: (u64, &[u8])) -> Ordering {
    match rank {
        Rank::Count => b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)),
        Rank::Key => a.1.cmp(b.1),
    }
}
