//! What is in a checkpoint, as far as a job goes on from it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::{BATCHES, OUTPUT, STAGED, source_table};
use crate::batch::Time;
use crate::checkpoint::{Checkpoint, Description, Difference, Fit};
use crate::driver::outputs::is_file;
use crate::error::{Error, Result};
use crate::sink::{OutputPosition, Staged};
use crate::source::Position;

/// The table of the streams' clock, as the flow of streams names it.
pub(super) const CLOCK: &str = "clock";

/// What a run goes on from.
pub(in crate::driver) struct Resumed {
    /// The time of the last batch that was committed.
    pub(super) last: Option<Time>,
    /// What of the stored job is not gone on from.
    pub(super) dropped: Vec<Difference>,
    /// All tables that there are.
    pub(super) tables: BTreeSet<String>,
    /// The rows that are gone on from, by the names that their tables have now.
    pub(super) rows: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// Whether tables have other names now.
    renamed: bool,
    /// By source.
    positions: Vec<Option<Position>>,
    output: Option<OutputPosition>,
    batches: u64,
    staged: Vec<Staged>,
}

impl Resumed {
    /// # Errors
    /// If the checkpoint is corrupt.
    pub(super) fn read(
        found: &Checkpoint,
        before: &Description,
        now: &Description,
        fit: &Fit,
    ) -> Result<Self> {
        let last = found.last();
        let mut this = Resumed {
            last: (last.sequence > 0).then_some(last.time),
            dropped: fit.dropped.clone(),
            tables: BTreeSet::new(),
            rows: Vec::new(),
            renamed: false,
            positions: Vec::new(),
            output: None,
            batches: 0,
            staged: Vec::new(),
        };
        let names = this.names(before, now, fit);
        let mut contents = found.contents();
        while let Some(entry) = contents.advance()? {
            if !this.tables.contains(entry.table) {
                this.tables.insert(entry.table.to_owned());
            }
            if let Some(name) = names.get(entry.table) {
                this.rows.push((name.clone(), entry.key.to_vec(), entry.value.to_vec()));
            }
        }
        this.positions = (0..now.sources.len()).map(|index| this.position(index)).collect::<Result<_>>()?;
        let goes_on = |(output, from): (&String, &Option<usize>)| is_file(output) && from.is_some();
        if now.outputs.iter().zip(&fit.outputs).any(goes_on) {
            this.output =
                this.only(OUTPUT).map(|value| damaged(OUTPUT, OutputPosition::of_json(value))).transpose()?;
        }
        if let Some(value) = this.only(BATCHES) {
            let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            this.batches = damaged(BATCHES, number)?;
        }
        for (table, directory, hidden) in &this.rows {
            if table == STAGED {
                let directory = PathBuf::from(OsStr::from_bytes(directory));
                this.staged.push(Staged::of(directory, OsStr::from_bytes(hidden)));
            }
        }
        Ok(this)
    }

    /// The tables that are gone on from, and the names that they have now.
    fn names(&mut self, before: &Description, now: &Description, fit: &Fit) -> BTreeMap<String, String> {
        let mut names: BTreeMap<String, String> =
            [OUTPUT, BATCHES, STAGED].iter().map(|name| (name.to_string(), name.to_string())).collect();
        // Times since the start are counted in intervals.
        if before.interval == now.interval {
            names.insert(CLOCK.into(), CLOCK.into());
        }
        for (operator, from) in now.operators.iter().zip(&fit.operators) {
            if let Some(from) = from {
                names.insert(before.operators[*from].table.clone(), operator.table.clone());
            }
        }
        for (index, from) in fit.sources.iter().enumerate() {
            if let Some(from) = from {
                names.insert(source_table(*from), source_table(index));
            }
        }
        self.renamed = names.iter().any(|(before, now)| before != now);
        names
    }

    fn position(&self, source: usize) -> Result<Option<Position>> {
        let table = source_table(source);
        let rows = self.rows.iter().filter(|(name, ..)| *name == table);
        let rows: Option<Vec<(&str, &str)>> = rows
            .map(|(_, key, value)| Some((std::str::from_utf8(key).ok()?, std::str::from_utf8(value).ok()?)))
            .collect();
        damaged(&table, rows.and_then(|rows| Position::from_rows(rows).ok()))
    }

    fn only(&self, table: &str) -> Option<&[u8]> {
        self.rows.iter().find(|(name, ..)| name == table).map(|(.., value)| value.as_slice())
    }

    /// Whether the checkpoint has to be written anew to be that of the job.
    pub(super) fn is_changed(&self) -> bool {
        self.renamed || !self.dropped.is_empty()
    }

    /// The time of the last batch that was committed.
    pub(in crate::driver) fn last(&self) -> Time {
        self.last.unwrap_or(Time::from_millis(0))
    }

    /// Batches that were committed.
    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    /// Where the sources are to be read on from.
    pub(in crate::driver) fn positions(&self) -> Vec<Option<Position>> {
        self.positions.clone()
    }

    /// How far the output file was written.
    pub(in crate::driver) fn output(&self) -> Option<&OutputPosition> {
        self.output.as_ref()
    }

    /// Directories that were to get their names.
    pub(in crate::driver) fn staged(&self) -> &[Staged] {
        &self.staged
    }

    /// What operators had kept.
    pub(in crate::driver) fn rows(&self) -> impl Iterator<Item = (&str, &[u8], &[u8])> {
        self.rows.iter().map(|(table, key, value)| (table.as_str(), key.as_slice(), value.as_slice()))
    }

    /// Gives the directories their names whose batches were committed.
    ///
    /// # Errors
    /// If one cannot be renamed.
    pub(in crate::driver) fn publish(&self) -> Result<()> {
        self.staged.iter().try_for_each(Staged::publish)
    }
}

/// What a table was read as.
fn damaged<T>(table: &str, read: Option<T>) -> Result<T> {
    read.ok_or_else(|| {
        Error::Checkpoint(format!("what the checkpoint says of {table:?} is not what was written"))
    })
}
