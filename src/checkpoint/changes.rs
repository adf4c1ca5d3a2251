//! What commits change: how it is written, and what is left of many of them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ahash::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::codec::Decoder;
use crate::batch::packed::{put_bytes, put_number};
use crate::error::{Error, Result};

/// The longest name of a table, in bytes.
pub const MAX_TABLE: usize = 255;
/// The longest key and the longest value, in bytes.
pub const MAX_BYTES: usize = 1 << 30;

/// The bytes that changes begin with.
const TABLE: u8 = 1;
const PUT: u8 = 2;
const DELETE: u8 = 3;
const CLEAR: u8 = 4;

/// Appends changes to a payload.
#[derive(Debug, Default)]
pub(super) struct ChangeWriter {
    table: String,
}

impl ChangeWriter {
    /// What is appended next starts a payload.
    pub(super) fn restart(&mut self) {
        self.table.clear();
    }

    pub(super) fn put(&mut self, out: &mut Vec<u8>, table: &str, key: &[u8], value: &[u8]) -> Result<()> {
        check("key", key)?;
        check("value", value)?;
        self.turn_to(out, table)?;
        out.push(PUT);
        put_number(key.len() as u64, out);
        put_number(value.len() as u64, out);
        out.extend_from_slice(key);
        out.extend_from_slice(value);
        Ok(())
    }

    pub(super) fn delete(&mut self, out: &mut Vec<u8>, table: &str, key: &[u8]) -> Result<()> {
        check("key", key)?;
        self.turn_to(out, table)?;
        out.push(DELETE);
        put_bytes(key, out);
        Ok(())
    }

    pub(super) fn clear(&mut self, out: &mut Vec<u8>, table: &str) -> Result<()> {
        self.turn_to(out, table)?;
        out.push(CLEAR);
        Ok(())
    }

    fn turn_to(&mut self, out: &mut Vec<u8>, table: &str) -> Result<()> {
        if self.table == table && !table.is_empty() {
            return Ok(());
        }
        if table.is_empty() || table.len() > MAX_TABLE {
            return Err(Error::Runtime(format!(
                "a table of a checkpoint has a name of 1 to {MAX_TABLE} bytes, not of {}",
                table.len()
            )));
        }
        out.push(TABLE);
        put_bytes(table.as_bytes(), out);
        table.clone_into(&mut self.table);
        Ok(())
    }
}

fn check(what: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() <= MAX_BYTES {
        return Ok(());
    }
    let length = bytes.len();
    Err(Error::Runtime(format!(
        "a {what} of {length} bytes is too long for a checkpoint, which holds up to {MAX_BYTES}"
    )))
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    Table(&'a str),
    Put(&'a [u8], &'a [u8]),
    Delete(&'a [u8]),
    Clear,
}

impl<'a> Change<'a> {
    /// The next of a payload.
    pub(super) fn take(from: &mut Decoder<'a>) -> Option<Self> {
        Some(match from.u8()? {
            TABLE => Change::Table(std::str::from_utf8(from.bytes()?).ok().filter(|name| !name.is_empty())?),
            PUT => {
                let (key, value) = (from.length()?, from.length()?);
                Change::Put(from.take(key)?, from.take(value)?)
            }
            DELETE => Change::Delete(from.bytes()?),
            CLEAR => Change::Clear,
            _ => return None,
        })
    }
}

/// The last change of each key in a number of logs, which are kept in memory.
#[derive(Default)]
pub(super) struct Overlay {
    logs: Vec<Vec<u8>>,
    tables: Vec<Table>,
    numbers: HashMap<String, u32>,
    changes: Vec<Last>,
    /// Indices of changes, by table and key. Keys come from outside, hence the random state.
    index: HashTable<u32>,
    hasher: RandomState,
    /// The changes that are left, by table and key.
    order: Vec<u32>,
}

struct Table {
    name: String,
    /// How often it was cleared.
    clears: u32,
}

/// The last change of a key.
struct Last {
    hash: u64,
    log: u32,
    table: u32,
    /// How often the table had been cleared.
    clears: u32,
    key_length: u32,
    /// None if the key was deleted.
    value_length: Option<u32>,
    key: usize,
    value: usize,
}

/// A change that is left.
pub(super) struct Left<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a [u8],
    /// None if the key was deleted.
    pub(super) value: Option<&'a [u8]>,
}

impl Overlay {
    /// Takes in the changes of a log's commits, given by where they are in its bytes, as long as `stop`
    /// is not set. If one is not of the right form, gives where.
    pub(super) fn add(&mut self, log: Vec<u8>, commits: &[Range<usize>], stop: &AtomicBool) -> Option<usize> {
        self.logs.push(log);
        let commits = commits.iter().take_while(|_| !stop.load(Ordering::Relaxed));
        commits.cloned().find_map(|commit| self.add_commit(commit).err())
    }

    fn add_commit(&mut self, commit: Range<usize>) -> std::result::Result<(), usize> {
        let (mut at, mut table) = (commit.start, None);
        while at < commit.end {
            let log = &self.logs[self.logs.len() - 1];
            let mut from = Decoder::new(&log[at..commit.end]);
            let change = Change::take(&mut from).ok_or(at)?;
            let end = at + from.at();
            let (key, value) = match change {
                Change::Table(name) => {
                    let name = name.to_owned();
                    table = Some(self.table(name));
                    at = end;
                    continue;
                }
                Change::Put(key, value) => (key.len(), Some(value.len())),
                Change::Delete(key) => (key.len(), None),
                Change::Clear => {
                    self.tables[table.ok_or(at)? as usize].clears += 1;
                    at = end;
                    continue;
                }
            };
            let value_at = end - value.unwrap_or(0);
            self.set(table.ok_or(at)?, value_at - key..value_at, value.map(|_| value_at..end)).ok_or(at)?;
            at = end;
        }
        Ok(())
    }

    /// The key there, in the last log, has the value there now, or none.
    fn set(&mut self, table: u32, key: Range<usize>, value: Option<Range<usize>>) -> Option<()> {
        let Overlay { logs, tables, changes, index, hasher, .. } = self;
        let bytes = &logs[logs.len() - 1][key.clone()];
        let hash = hasher.hash_one((table, bytes));
        let last = Last {
            hash,
            log: u32::try_from(logs.len() - 1).ok()?,
            table,
            clears: tables[table as usize].clears,
            key_length: u32::try_from(key.len()).ok()?,
            value_length: value.as_ref().map(|value| u32::try_from(value.len())).transpose().ok()?,
            key: key.start,
            value: value.map_or(0, |value| value.start),
        };
        let is_same = |other: &u32| {
            let other = &changes[*other as usize];
            other.hash == hash && other.table == table && other.key(logs) == bytes
        };
        match index.entry(hash, is_same, |other| changes[*other as usize].hash) {
            Slot::Occupied(slot) => changes[*slot.get() as usize] = last,
            Slot::Vacant(slot) => {
                slot.insert(u32::try_from(changes.len()).ok()?);
                changes.push(last);
            }
        }
        Some(())
    }

    fn table(&mut self, name: String) -> u32 {
        let next = self.tables.len() as u32;
        let number = *self.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.tables.push(Table { name, clears: 0 });
        }
        number
    }

    /// Puts in order what is left. To be called when all logs are in.
    pub(super) fn settle(&mut self) {
        self.index = HashTable::new();
        let left = |last: &Last| last.clears == self.tables[last.table as usize].clears;
        // Most keys differ in their first bytes: the others alone are looked up to compare them.
        let mut order: Vec<(&str, u64, u32)> = (0..)
            .zip(&self.changes)
            .filter(|(_, last)| left(last))
            .map(|(n, last)| (&*self.tables[last.table as usize].name, prefix(last.key(&self.logs)), n))
            .collect();
        let key = |n: u32| self.changes[n as usize].key(&self.logs);
        order.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| key(a.2).cmp(key(b.2))));
        self.order = order.into_iter().map(|(_, _, n)| n).collect();
    }

    /// Whether the table was cleared: nothing that is older than the logs is left of it.
    pub(super) fn was_cleared(&self, table: &str) -> bool {
        self.numbers.get(table).is_some_and(|number| self.tables[*number as usize].clears > 0)
    }

    /// The `n`th of what is left, by table and key.
    pub(super) fn left(&self, n: usize) -> Option<Left<'_>> {
        let last = &self.changes[*self.order.get(n)? as usize];
        let log = &self.logs[last.log as usize];
        let value = last.value_length.map(|length| &log[last.value..][..length as usize]);
        Some(Left { table: &self.tables[last.table as usize].name, key: last.key(&self.logs), value })
    }
}

impl Last {
    fn key<'a>(&self, logs: &'a [Vec<u8>]) -> &'a [u8] {
        &logs[self.log as usize][self.key..][..self.key_length as usize]
    }
}

/// The first bytes of a key, which compare as keys do.
fn prefix(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    let n = key.len().min(first.len());
    first[..n].copy_from_slice(&key[..n]);
    u64::from_be_bytes(first)
}
