//! Taking back what streams had kept.

use std::collections::{BTreeMap, HashMap};

use super::batches::{Batches, unpack_hashed};
use super::rows::Rows;
use super::shape::Shape;
use super::tracked::Tracked;
use super::{BATCH, CLOCK, CLOCK_KEY, INITIAL, Kept, NOTHING, RECORDS, ROW, STANDING, STATES, TRACKED};
use crate::batch::{Packed, Time};
use crate::exec::flow::Flow;
use crate::plan::{Rdd, StreamOp};

/// The rows of an operator.
#[derive(Default)]
struct Read<'r> {
    standing: Option<&'r [u8]>,
    rows: Vec<(u64, &'r [u8])>,
    tracked: Vec<(&'r [u8], &'r [u8])>,
    batches: BTreeMap<&'r [u8], &'r [u8]>,
}

impl Flow {
    /// Goes on from what [`Flow::changes`] of streams of the same graph had given: rows of tables, in any order.
    /// Rows of other tables are left out; an operator without rows begins anew. To be called before the first batch.
    ///
    /// # Errors
    /// Names the table whose rows are not what was written. The streams are of no use then.
    pub fn restore<'r>(
        &mut self,
        rows: impl IntoIterator<Item = (&'r str, &'r [u8], &'r [u8])>,
    ) -> Result<(), String> {
        let mut kept = Kept::new(&self.graph);
        let numbers = kept.operators.iter().enumerate();
        let numbers: HashMap<String, usize> =
            numbers.map(|(index, operator)| (operator.table.clone(), index)).collect();
        let mut operators: Vec<Read<'r>> = kept.operators.iter().map(|_| Read::default()).collect();
        for (table, key, value) in rows {
            if table == CLOCK {
                (key == CLOCK_KEY)
                    .then(|| self.restore_clock(value))
                    .flatten()
                    .ok_or_else(|| damaged(table))?;
                kept.clock = value.to_vec();
            } else if let Some(index) = numbers.get(table) {
                operators[*index].add(key, value).ok_or_else(|| damaged(table))?;
            }
        }
        for (index, read) in operators.into_iter().enumerate() {
            let table = kept.operators[index].table.clone();
            self.restore_operator(index, read, &mut kept).ok_or_else(|| damaged(&table))?;
        }
        self.kept = Some(kept);
        Ok(())
    }

    fn restore_clock(&mut self, value: &[u8]) -> Option<()> {
        let mut packed = Packed::new(value);
        self.zero = Some(time(&mut packed)?);
        self.now = time(&mut packed)?;
        while !packed.is_empty() {
            self.gaps.push((time(&mut packed)?, time(&mut packed)?));
        }
        self.resumed = Some(self.now);
        Some(())
    }

    fn restore_operator(&mut self, index: usize, read: Read<'_>, kept: &mut Kept) -> Option<()> {
        let stream = &self.graph.streams[index];
        let operator = &mut kept.operators[index];
        let (batches, made) = Batches::read(&read.batches, &stream.origin)?;
        operator.batches = batches;
        self.histories[index].made.extend(made);
        let Some(standing) = read.standing else { return read.rows.is_empty().then_some(()) };
        operator.standing = standing.to_vec();
        let mut packed = Packed::new(standing);
        self.given[index] = packed.length()?;
        let is_pending = packed.byte()? != 0;
        let failed = time(&mut packed)?;
        self.states.set_pending(index, is_pending.then_some(failed));
        match packed.byte()? {
            INITIAL => {}
            NOTHING => self.states.set_good(index, None),
            RECORDS => {
                let at = time(&mut packed)?;
                let hashed = unpack_hashed(&mut packed)?;
                let mut rows = read.rows;
                rows.sort_unstable_by_key(|(place, _)| *place);
                let (places, records): (Vec<u64>, Vec<&[u8]>) = rows.into_iter().unzip();
                let dataset = Shape::unpack(&mut packed)?.of_records(&records)?;
                let rdd = Rdd::computed(dataset.clone(), hashed, stream.origin.clone());
                operator.rows = Rows::new(dataset, places);
                if matches!(stream.op, StreamOp::State { .. }) {
                    self.states.set_good(index, Some(rdd));
                } else {
                    self.histories[index].made.insert(at, Ok(Some(rdd)));
                }
            }
            STATES => {
                operator.tracked = Tracked::unpack(&mut packed, &read.tracked)?;
                self.states.set_good(index, Some(operator.tracked.rdd(&stream.origin)));
            }
            _ => return None,
        }
        packed.is_empty().then_some(())
    }
}

impl<'r> Read<'r> {
    fn add(&mut self, key: &'r [u8], value: &'r [u8]) -> Option<()> {
        let (kind, rest) = key.split_first()?;
        match *kind {
            STANDING if rest.is_empty() => self.standing = Some(value),
            ROW => self.rows.push((u64::from_be_bytes(rest.try_into().ok()?), value)),
            TRACKED => self.tracked.push((rest, value)),
            BATCH => drop(self.batches.insert(rest, value)),
            _ => return None,
        }
        Some(())
    }
}

fn time(packed: &mut Packed<'_>) -> Option<Time> {
    Some(Time::from_millis(i64::from_be_bytes(packed.array()?)))
}

fn damaged(table: &str) -> String {
    format!("what was kept of {table:?} is not what was written")
}
