//! What a job keeps beyond its process, as changes of a table, and taking it back.
//!
//! There is one table, that of the plan's [`operator`](crate::plan::Plan::operator). Its rows are, by the first
//! byte of the key:
//!
//! | key | value |
//! |---|---|
//! | 0 | how many batches were closed, how many of them since the last pane was, and which panes there are |
//! | 1, key | its running total |
//! | 2, pane | how many records it has, for a plan without keys |
//! | 3 | the pane that is counted, where keys have spellings |
//! | 3, key | how it is shown that is equal to a key of another type, and the pane in which that was last met |
//! | 2, pane, part | keys and what they have been counted in that pane; a key may come more than once |
//!
//! Panes are eight bytes, parts four, highest first; everything else is [packed](crate::batch::packed).

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::{Job, lock};
use crate::batch::packed::{Packed, put_number};
use crate::batch::{Counts, Keep, Time, repr_into};
use crate::error::Result;
use crate::exec::spelling::Spelled;
use crate::plan::{Plan, Scope};

/// The first bytes of keys.
const STANDING: u8 = 0;
const TOTAL: u8 = 1;
const PANE: u8 = 2;
const SPELLING: u8 = 3;

/// Bytes of a pane that go into one row.
const PART: usize = 64 * 1024;

/// What was given so far.
pub(super) struct Kept {
    table: String,
    /// Whether changes are asked for at all.
    asked: bool,
    /// How many panes have begun.
    pub(super) begun: u64,
    /// How many parts each pane has, by number.
    parts: BTreeMap<u64, u32>,
    /// The rows of spellings.
    spellings: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What was to be given when a last result was shown early.
    parked: Option<Parked>,
}

impl Kept {
    pub(super) fn new(plan: &Plan) -> Self {
        let table = plan.operator().table();
        Kept {
            table,
            asked: false,
            begun: 0,
            parts: BTreeMap::new(),
            spellings: BTreeMap::new(),
            parked: None,
        }
    }
}

/// Changes that wait until somebody asks for them.
#[derive(Default)]
struct Parked {
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Keep for Parked {
    fn put(&mut self, _: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.changes.push((key.to_vec(), Some(value.to_vec())));
        Ok(())
    }

    fn delete(&mut self, _: &str, key: &[u8]) -> Result<()> {
        self.changes.push((key.to_vec(), None));
        Ok(())
    }
}

/// What a shard has had added.
type News = (Counts, Vec<(u64, Vec<u8>)>);

/// How many batches were closed, and which panes there are.
struct Standing {
    batches: u64,
    /// Batches of the open pane.
    open: u64,
    /// Records that have passed the filter in it, for a plan without keys.
    passed: u64,
    /// The number of the newest pane that has begun.
    begun: u64,
    /// How many panes there are, the newest included.
    panes: u64,
}

impl Standing {
    fn packed(&self) -> Vec<u8> {
        let Standing { batches, open, passed, begun, panes } = self;
        let mut packed = Vec::new();
        [batches, open, passed, begun, panes].into_iter().for_each(|number| put_number(*number, &mut packed));
        packed
    }

    fn unpacked(value: &[u8]) -> Option<Self> {
        let mut packed = Packed::new(value);
        let mut number = || packed.number();
        let (batches, open, passed) = (number()?, number()?, number()?);
        let standing = Standing { batches, open, passed, begun: number()?, panes: number()? };
        packed.is_empty().then_some(standing)
    }
}

impl Job {
    /// Says that [`Job::changes`] will be asked for. To be called before the first batch.
    pub fn keep_changes(&mut self) {
        self.kept.asked = true;
    }

    /// Gives what has changed since it was last asked in what later results are made of; the first time, all
    /// of it. To be called when a batch was closed, before anything more is accepted. What a last batch has shown
    /// early makes no difference: it is as if the batch had been one of many.
    ///
    /// # Errors
    /// Those of `keep`, after which no more may be asked for; and when a task has panicked.
    pub fn changes(&mut self, keep: &mut dyn Keep) -> Result<()> {
        if self.scope == Scope::Batch {
            return Ok(());
        }
        if let Some(Parked { changes }) = self.kept.parked.take() {
            return changes.into_iter().try_for_each(|(key, value)| match value {
                Some(value) => keep.put(&self.kept.table, &key, &value),
                None => keep.delete(&self.kept.table, &key),
            });
        }
        self.finish()?;
        let standing = if self.keyed { self.keyed_changes(keep)? } else { self.number_changes(keep)? };
        keep.put(&self.kept.table, &[STANDING], &standing.packed())
    }

    /// Notes what is to be given, before more is taken away from it than was closed.
    pub(super) fn park(&mut self) -> Result<()> {
        if self.kept.asked {
            let mut parked = Parked::default();
            self.changes(&mut parked)?;
            self.kept.parked = Some(parked);
        }
        Ok(())
    }

    fn keyed_changes(&mut self, keep: &mut dyn Keep) -> Result<Standing> {
        if self.open > 0 {
            // What the open pane has so far goes to the shards.
            self.close_keyed(false, 0)?;
            self.begun = true;
            self.prepare()?;
        }
        let mut parts: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for (touched, added) in self.news()? {
            for (key, count) in touched.iter() {
                let mut value = Vec::new();
                put_number(count.cast_unsigned(), &mut value);
                keep.put(&self.kept.table, &[&[TOTAL], key].concat(), &value)?;
            }
            for (pane, packed) in added {
                let part = parts.entry(pane).or_default();
                part.extend(packed);
                if part.len() >= PART {
                    self.kept.put_part(pane, part, keep)?;
                }
            }
        }
        for (pane, mut part) in parts {
            if !part.is_empty() {
                self.kept.put_part(pane, &mut part, keep)?;
            }
        }
        let (begun, panes) = self.shared.shards.first().map_or((0, 0), |shard| lock(shard).panes());
        self.kept.delete_parts(begun - panes, keep)?;
        self.spelling_changes(keep)?;
        Ok(Standing { batches: self.batches, open: self.open, passed: 0, begun, panes })
    }

    /// What is known of spellings, which is seldom anything.
    fn spelling_changes(&mut self, keep: &mut dyn Keep) -> Result<()> {
        let mut now = BTreeMap::new();
        for (key, spelling, last) in self.shared.spellings.all() {
            let mut value = Vec::new();
            put_number(last, &mut value);
            value.extend(spelling);
            now.insert([&[SPELLING][..], &key].concat(), value);
        }
        if !now.is_empty() {
            let mut value = Vec::new();
            put_number(self.shared.panes.load(Ordering::Relaxed), &mut value);
            now.insert(vec![SPELLING], value);
        }
        for (key, value) in now.iter().filter(|(key, value)| self.kept.spellings.get(*key) != Some(value)) {
            keep.put(&self.kept.table, key, value)?;
        }
        for key in self.kept.spellings.keys().filter(|key| !now.contains_key(*key)) {
            keep.delete(&self.kept.table, key)?;
        }
        self.kept.spellings = now;
        Ok(())
    }

    fn restore_spellings(&mut self, read: &Read<'_>) -> Option<()> {
        for (key, value) in &read.spellings {
            self.kept.spellings.insert([&[SPELLING][..], key].concat(), value.to_vec());
            let mut packed = Packed::new(value);
            let pane = packed.number()?;
            if key.is_empty() {
                self.shared.panes.store(pane, Ordering::Relaxed);
            } else {
                let spelling = packed.take(packed.left())?.to_vec();
                self.shared.spellings.learn(&mut Spelled::from([(key.to_vec(), spelling)]), pane);
            }
        }
        Some(())
    }

    /// What the shards have had added, by all workers.
    fn news(&self) -> Result<Vec<News>> {
        let news: Arc<Vec<Mutex<News>>> =
            Arc::new(self.shared.shards.iter().map(|_| Mutex::default()).collect());
        for index in 0..self.shared.shards.len() {
            let (shared, news) = (Arc::clone(&self.shared), Arc::clone(&news));
            self.executor.submit(Box::new(move |_| {
                let mut shard = lock(&shared.shards[index]);
                *lock(&news[index]) = (shard.take_touched(), shard.take_added());
            }));
        }
        self.finish()?;
        Ok(news.iter().map(|news| std::mem::take(&mut *lock(news))).collect())
    }

    fn number_changes(&mut self, keep: &mut dyn Keep) -> Result<Standing> {
        let (begun, panes) = (self.kept.begun, self.numbers.len() as u64);
        for (pane, number) in (begun + 1 - panes..).zip(&self.numbers) {
            // A total grows in its only pane.
            if self.scope == Scope::Total || !self.kept.parts.contains_key(&pane) {
                let mut value = Vec::new();
                put_number(*number, &mut value);
                keep.put(&self.kept.table, &pane_key(pane), &value)?;
                self.kept.parts.insert(pane, 0);
            }
        }
        self.kept.delete_parts(begun - panes, keep)?;
        let passed = self.shared.lanes.iter().map(|lane| lock(lane).passed).sum();
        Ok(Standing { batches: self.batches, open: self.open, passed, begun, panes })
    }

    /// Goes on from what [`Job::changes`] of a job with the same plan had given: rows of tables, in any order, with
    /// any number of workers. Rows of other tables are left out. `missed` batches would have been closed since
    /// then, but no process ran: windows have nothing of them. To be called before anything is accepted.
    ///
    /// # Errors
    /// Names the table whose rows are not what was written, or tells of a task that has panicked. The job is of no
    /// use then.
    pub fn restore<'r>(
        &mut self,
        rows: impl IntoIterator<Item = (&'r str, &'r [u8], &'r [u8])>,
        missed: u64,
    ) -> std::result::Result<(), String> {
        self.kept.asked = true;
        let rows = rows.into_iter().filter(|(table, ..)| *table == self.kept.table);
        let rows: Vec<_> = rows.map(|(_, key, value)| (key, value)).collect();
        if rows.is_empty() || self.scope == Scope::Batch {
            return Ok(());
        }
        let restored = self.take_back(&rows, missed).map_err(|fault| fault.to_string())?;
        restored.ok_or_else(|| format!("what was kept of {:?} is not what was written", self.kept.table))
    }

    fn take_back(&mut self, rows: &[(&[u8], &[u8])], missed: u64) -> Result<Option<()>> {
        let Some(read) = Read::of(rows) else { return Ok(None) };
        let Standing { batches, open, passed, begun, panes } = read.standing;
        let (pane, most) = match self.scope {
            Scope::Window(window) => (window.pane(), window.panes()),
            Scope::Batch | Scope::Total => (1, 1),
        };
        if panes > most || panes > begun || open > pane {
            return Ok(None);
        }
        self.batches = batches;
        if self.keyed {
            for shard in &self.shared.shards {
                lock(shard).resume(begun - panes);
            }
            if self.scope == Scope::Total {
                self.restore_counts(&read.totals)?;
            }
            for pane in begun - panes + 1..=begun {
                let counts = read.panes.get(&pane).map(Vec::as_slice).unwrap_or_default();
                let Some(counts) = counts.iter().map(|packed| counts_of(packed)).collect::<Option<Vec<_>>>()
                else {
                    return Ok(None);
                };
                self.restore_counts(&counts.concat())?;
                if let Some(next) = read.next_parts.get(&pane) {
                    self.kept.parts.insert(pane, *next);
                }
            }
            self.begun = open > 0;
            if self.restore_spellings(&read).is_none() {
                return Ok(None);
            }
            // What was taken back was given before.
            self.news()?;
        } else {
            self.kept.begun = begun;
            for pane in begun - panes + 1..=begun {
                let Some(number) = read.numbers.get(&pane) else { return Ok(None) };
                self.numbers.push_back(*number);
                self.kept.parts.insert(pane, 0);
            }
            lock(&self.shared.lanes[0]).passed = passed;
        }
        self.age(open, pane, missed)?;
        Ok(Some(()))
    }

    /// Adds counts as a pane, or to the totals.
    fn restore_counts(&mut self, counts: &[(&[u8], u64)]) -> Result<()> {
        for (key, count) in counts {
            lock(&self.shared.lanes[0]).table.add(key, *count);
        }
        self.close_keyed(false, 0)?;
        self.spent.clear();
        Ok(())
    }

    /// Leaves out so many batches, which nobody asks for: windows have nothing of them.
    ///
    /// # Errors
    /// When a task has panicked.
    pub fn pass_by(&mut self, batches: u64) -> Result<()> {
        let Scope::Window(window) = self.scope else { return Ok(()) };
        let (length, slide) = (window.pane() * window.panes(), window.slide());
        // With so many empty batches nothing is left in any case, but results still come at the same ones.
        let closed = batches.min(length + batches.saturating_sub(length) % slide);
        for _ in 0..closed {
            self.close(Time::from_millis(0), false)?;
            self.prepare()?;
        }
        self.batches += batches - closed;
        Ok(())
    }

    /// Goes by batches without records.
    fn age(&mut self, open: u64, pane: u64, missed: u64) -> Result<()> {
        let Scope::Window(window) = self.scope else { return Ok(()) };
        self.batches = self.batches.saturating_add(missed);
        let closed = open.saturating_add(missed);
        self.open = closed % pane;
        // With so many empty panes nothing is left in any case.
        for _ in 0..(closed / pane).min(window.panes().saturating_add(1)) {
            if self.keyed {
                self.restore_counts(&[])?;
            } else {
                self.close_numbers(0);
            }
        }
        Ok(())
    }
}

impl Kept {
    /// Puts the next part of a pane, and begins another.
    fn put_part(&mut self, pane: u64, part: &mut Vec<u8>, keep: &mut dyn Keep) -> Result<()> {
        let parts = self.parts.entry(pane).or_default();
        keep.put(&self.table, &part_key(pane, *parts), part)?;
        *parts += 1;
        part.clear();
        Ok(())
    }

    /// Deletes the panes up to one.
    fn delete_parts(&mut self, last: u64, keep: &mut dyn Keep) -> Result<()> {
        while let Some((pane, parts)) = self.parts.pop_first() {
            if pane > last {
                self.parts.insert(pane, parts);
                break;
            }
            if parts == 0 {
                keep.delete(&self.table, &pane_key(pane))?;
            }
            for part in 0..parts {
                keep.delete(&self.table, &part_key(pane, part))?;
            }
        }
        Ok(())
    }
}

/// Rows by what they are.
struct Read<'r> {
    standing: Standing,
    totals: Vec<(&'r [u8], u64)>,
    numbers: BTreeMap<u64, u64>,
    panes: BTreeMap<u64, Vec<&'r [u8]>>,
    spellings: Vec<(&'r [u8], &'r [u8])>,
    /// Behind the last part of each pane.
    next_parts: BTreeMap<u64, u32>,
}

impl<'r> Read<'r> {
    fn of(rows: &[(&'r [u8], &'r [u8])]) -> Option<Self> {
        let standing = rows.iter().find(|(key, _)| **key == [STANDING])?;
        let mut read = Read {
            standing: Standing::unpacked(standing.1)?,
            totals: Vec::new(),
            numbers: BTreeMap::new(),
            panes: BTreeMap::new(),
            spellings: Vec::new(),
            next_parts: BTreeMap::new(),
        };
        for (key, value) in rows {
            let (kind, rest) = key.split_first()?;
            let mut rest = Packed::new(rest);
            match *kind {
                STANDING if rest.is_empty() => {}
                TOTAL => {
                    let key = rest.take(rest.left())?;
                    read.totals.push((key, Packed::new(value).number()?));
                }
                SPELLING => read.spellings.push((rest.take(rest.left())?, value)),
                PANE => {
                    let pane = u64::from_be_bytes(rest.array()?);
                    if rest.is_empty() {
                        read.numbers.insert(pane, Packed::new(value).number()?);
                    } else {
                        let part = u32::from_be_bytes(rest.array()?).checked_add(1)?;
                        let next = read.next_parts.entry(pane).or_default();
                        *next = part.max(*next);
                        read.panes.entry(pane).or_default().push(value);
                    }
                }
                _ => return None,
            }
        }
        Some(read)
    }
}

/// The key and the value that a row stands for, as Python shows them; several if it holds several, none if it
/// holds none. `None` if it is not what jobs write.
pub fn show_row(key: &[u8], value: &[u8]) -> Option<Vec<(String, String)>> {
    let (kind, rest) = key.split_first()?;
    let text = |bytes: &[u8]| {
        let mut out = Vec::new();
        repr_into(&String::from_utf8_lossy(bytes), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    match *kind {
        TOTAL => Some(vec![(text(rest), Packed::new(value).number()?.to_string())]),
        PANE => {
            let mut rest = Packed::new(rest);
            let pane = u64::from_be_bytes(rest.array()?);
            if rest.is_empty() {
                return Some(vec![(format!("pane {pane}"), Packed::new(value).number()?.to_string())]);
            }
            let shown =
                |(key, count): (&[u8], u64)| (format!("pane {pane}: {}", text(key)), count.to_string());
            Some(counts_of(value)?.into_iter().map(shown).collect())
        }
        _ => Some(Vec::new()),
    }
}

/// The keys of a part of a pane with their counts.
fn counts_of(packed: &[u8]) -> Option<Vec<(&[u8], u64)>> {
    let mut packed = Packed::new(packed);
    let mut counts = Vec::new();
    while !packed.is_empty() {
        counts.push((packed.bytes()?, packed.number()?));
    }
    Some(counts)
}

fn pane_key(pane: u64) -> Vec<u8> {
    [&[PANE][..], &pane.to_be_bytes()].concat()
}

fn part_key(pane: u64, part: u32) -> Vec<u8> {
    [&pane_key(pane)[..], &part.to_be_bytes()].concat()
}
