//! What is in a checkpoint, for people: looked at without changing anything, also while a process works on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resume::CLOCK;
use crate::batch::Time;
use crate::checkpoint::{Checkpoint, Committed, Disk, Journal, Storage};
use crate::error::{Error, Result};
use crate::exec::{show_row_of_job, show_row_of_streams};

/// A thing that a checkpoint tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is of: `job`, `journal`, `source`, `operator`, `output`.
    pub part: &'static str,
    /// Which one, counted from 1; 0 where there is only one.
    pub number: usize,
    /// The name of the source or operator.
    pub name: String,
    /// What is told; a key as Python shows it.
    pub key: String,
    /// What it is; a value as Python shows it.
    pub value: String,
}

/// What a checkpoint tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// All of it, in order.
    pub told: Vec<Told>,
    /// Entries of operators that were left out, by the number of the operator.
    pub left_out: BTreeMap<usize, u64>,
}

/// Reads what is in the checkpoint of a directory: of each operator at most `limit` entries, and of one operator
/// alone if its number, counted from 1, is given.
///
/// # Errors
/// If there is no checkpoint or no such operator, it cannot be read, or is corrupt.
pub fn state(directory: &Disk, limit: Option<u64>, only: Option<usize>) -> Result<State> {
    let storage: Arc<dyn Storage> = Arc::new(directory.clone());
    let found = Checkpoint::read(&storage)?;
    let Some(about) = found.about() else {
        return Err(Error::Runtime(format!("there is no checkpoint in {}", storage.describe(""))));
    };
    let job = &about.job;
    if let Some(number) = only.filter(|number| !(1..=job.operators.len()).contains(number)) {
        let most = job.operators.len();
        return Err(Error::Usage(format!(
            "there is no operator {number}: the checkpoint has {most} of them"
        )));
    }
    let mut state = State::default();
    if only.is_none() {
        state.tell_job(&found, &storage)?;
    }
    // Only streams of programs have a clock; what else there is was written by ready-made commands.
    let mut contents = found.contents();
    let mut of_program = false;
    while let Some(entry) = contents.advance()? {
        of_program |= entry.table == CLOCK;
    }
    let show_row = if of_program { show_row_of_streams } else { show_row_of_job };
    let mut parts: BTreeMap<(u8, usize), Vec<Told>> = BTreeMap::new();
    let mut shown = vec![0; job.operators.len()];
    for (index, operator) in job.operators.iter().enumerate().filter(|_| only.is_none()) {
        let (name, key) = (operator.name.clone(), "fingerprint".to_owned());
        let value = operator.fingerprint.to_string();
        parts.insert((1, index), vec![Told { part: "operator", number: index + 1, name, key, value }]);
    }
    let mut contents = found.contents();
    while let Some(entry) = contents.advance()? {
        let operator = job.operators.iter().position(|operator| operator.table == entry.table);
        let source = entry.table.strip_prefix("source:").and_then(|number| number.parse::<usize>().ok());
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if let Some(index) = operator {
            if only.is_some_and(|only| only != index + 1) {
                continue;
            }
            let name = &job.operators[index].name;
            let rows = show_row(entry.key, entry.value).ok_or_else(|| {
                Error::Checkpoint(format!("what the checkpoint keeps of {name} cannot be read"))
            })?;
            let told = parts.entry((1, index)).or_default();
            for (key, value) in rows {
                if limit.is_some_and(|limit| shown[index] >= limit) {
                    *state.left_out.entry(index + 1).or_default() += 1;
                    continue;
                }
                shown[index] += 1;
                told.push(Told { part: "operator", number: index + 1, name: name.clone(), key, value });
            }
        } else if only.is_some() {
            continue;
        } else if let Some(index) = source {
            let name = job.sources.get(index).cloned().unwrap_or_default();
            let (key, value) = (text(entry.key), text(entry.value));
            let told = Told { part: "source", number: index + 1, name, key, value };
            parts.entry((0, index)).or_default().push(told);
        } else if entry.table == super::OUTPUT || entry.table == super::STAGED {
            let name = if entry.table == super::OUTPUT { "file" } else { "directory" };
            let (key, value) = (text(entry.key), text(entry.value));
            let told = Told { part: "output", number: 0, name: name.to_owned(), key, value };
            parts.entry((2, 0)).or_default().push(told);
        }
    }
    state.told.extend(parts.into_values().flatten());
    Ok(state)
}

impl State {
    fn tell_job(&mut self, found: &Checkpoint, storage: &Arc<dyn Storage>) -> Result<()> {
        let Some(about) = found.about() else { return Ok(()) };
        let Committed { sequence, time } = found.last();
        let size = found.size();
        let holder = storage.holder().map_err(|cause| Error::io("cannot look at the lock", &cause))?;
        let held = match holder {
            None => "nobody".to_owned(),
            Some(holder) => holder.pid.map_or("another process".to_owned(), |pid| format!("process {pid}")),
        };
        let mut tell = |part, key: &str, value: String| {
            self.told.push(Told { part, number: 0, name: String::new(), key: key.to_owned(), value });
        };
        let at = |time: Time| if sequence > 0 { time.rfc3339().to_string() } else { "none".to_owned() };
        tell("job", "program", about.job.program.trim_end().to_owned());
        tell("job", "interval", about.job.interval.to_string());
        tell("job", "sources", about.job.sources.join(" "));
        tell("job", "outputs", about.job.outputs.join(" "));
        tell("job", "written by", about.written_by.clone());
        tell("job", "last batch", at(time));
        tell("job", "commits", sequence.to_string());
        tell("job", "bytes", (size.snapshot + size.logs).to_string());
        tell("job", "held by", held);
        // A process that works on it may be writing at this moment.
        match Journal::open(storage.clone(), found.last()) {
            Ok(journal) => {
                if let Some(time) = journal.pending() {
                    tell("journal", "batch", time.rfc3339().to_string());
                    tell("journal", "bytes", journal.size().to_string());
                }
            }
            Err(_) if holder.is_some() => tell("journal", "batch", "being written".to_owned()),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
