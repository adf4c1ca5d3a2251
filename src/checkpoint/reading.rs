//! What is in a checkpoint: found out without changing anything.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::changes::{Left, Overlay};
use super::format::{About, Committed, FileHead, Kind, Place, file_name, parse_name};
use super::log::{Log, LogEnd};
use super::snapshot::{Snapshot, SnapshotReader};
use super::storage::{Access, Storage, StoredFile};
use crate::error::{Error, Result};

/// How often a checkpoint is read anew that a running process changes under the reader.
const TRIES: usize = 10;

/// A checkpoint as it was when it was read.
pub struct Checkpoint {
    storage: Arc<dyn Storage>,
    about: Option<About>,
    last: Committed,
    pub(super) snapshot: Option<Snapshot>,
    overlay: Overlay,
    size: Size,
    /// The end of the last log.
    pub(super) log: Option<LogEnd>,
}

/// The files of a checkpoint that are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of the snapshot.
    pub snapshot: u64,
    /// Bytes of the logs since.
    pub logs: u64,
    /// How many logs that are.
    pub log_files: u64,
}

/// An entry of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its table.
    pub table: &'a str,
    /// Its key.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

impl Checkpoint {
    /// Reads a checkpoint that a running process may be writing; what is found is what one of its
    /// commits left. Takes no lock, so that this works where nothing may be changed, and keeps nobody out.
    ///
    /// # Errors
    /// Checkpoint errors if a file is corrupt or was written by a newer version; runtime errors if a
    /// file cannot be read, or there is no directory.
    pub fn read(storage: &Arc<dyn Storage>) -> Result<Self> {
        let mut tries = 0;
        loop {
            let names = list(storage)?;
            let read = Checkpoint::of(storage, &names, None, &AtomicBool::new(false));
            tries += 1;
            // Files come and go as commits are made: what looks wrong may be that.
            if read.is_ok() || tries == TRIES || list(storage)? == names {
                return read;
            }
        }
    }

    /// Reads what is in the logs up to the one of that number, which another one follows. Once `stop` is
    /// set, what is read is of no use.
    pub(super) fn read_up_to(storage: &Arc<dyn Storage>, number: u64, stop: &AtomicBool) -> Result<Self> {
        Checkpoint::of(storage, &list(storage)?, Some(number), stop)
    }

    fn of(
        storage: &Arc<dyn Storage>,
        names: &BTreeSet<(u64, Kind)>,
        up_to: Option<u64>,
        stop: &AtomicBool,
    ) -> Result<Self> {
        let newest = |kind| names.iter().rev().find(|(_, found)| *found == kind).map(|(number, _)| *number);
        let snapshot =
            newest(Kind::Snapshot).map(|number| Snapshot::open(storage.clone(), number)).transpose()?;
        let (first, last) = snapshot
            .as_ref()
            .map_or((1, Committed::NONE), |snapshot| (snapshot.head.number + 1, snapshot.head.base));
        let mut this = Checkpoint {
            storage: storage.clone(),
            about: None,
            last,
            size: Size {
                snapshot: snapshot.as_ref().map_or(0, |snapshot| snapshot.length),
                ..Size::default()
            },
            snapshot,
            overlay: Overlay::default(),
            log: None,
        };
        if names.is_empty() {
            return Ok(this);
        }
        let mut number = first;
        let last = up_to.or(newest(Kind::Log)).unwrap_or(number);
        let mut log = OpenLog::open(storage, number)?;
        if this.snapshot.is_none() {
            // What was imported goes on counting from where it was exported.
            this.last = log.head.base;
        }
        loop {
            let followed = number < last || up_to.is_some();
            let next = if followed { Some(OpenLog::open(storage, number + 1)?) } else { None };
            this.add(&log, next.as_ref().map(|next| &next.head), stop)?;
            match next {
                Some(next) if number < last => (log, number) = (next, number + 1),
                _ => break,
            }
        }
        this.overlay.settle();
        Ok(this)
    }

    /// Takes in a log.
    fn add(&mut self, log: &OpenLog, next: Option<&FileHead>, stop: &AtomicBool) -> Result<()> {
        let place = Place { storage: &*self.storage, name: &log.head.name() };
        if log.head.base != self.last {
            return Err(place.corrupt(0, "it does not go on where what is before it ends"));
        }
        let Log { about, bytes, commits, end } = Log::read(&*log.file, &log.head, next, &place)?;
        if next.is_none() && end.mark.sealed {
            return Err(missing(&*self.storage, &file_name(Kind::Log, end.number + 1)));
        }
        self.about = Some(about);
        self.last = end.last;
        self.size.logs += bytes.len() as u64;
        self.size.log_files += 1;
        self.log = Some(end);
        match self.overlay.add(bytes, &commits, stop) {
            Some(at) => Err(place.corrupt(at as u64, "it holds what a commit does not")),
            None => Ok(()),
        }
    }

    /// What it says about itself and its job; none if there is no checkpoint yet.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// The last commit; number 0 stands for none.
    pub fn last(&self) -> Committed {
        self.last
    }

    /// Its files.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Bytes at its end that a commit has left which was not finished. They are not part of it, and worth a notice.
    pub fn torn(&self) -> u64 {
        self.log.as_ref().map_or(0, |log| log.torn)
    }

    /// All entries, by table and key, from the first on.
    pub fn contents(&self) -> Contents<'_> {
        let snapshot = self.snapshot.as_ref().map(Snapshot::entries);
        Contents { snapshot, overlay: &self.overlay, left: 0, from: From::Nowhere }
    }
}

/// The entries of a checkpoint, one at a time.
pub struct Contents<'a> {
    snapshot: Option<SnapshotReader>,
    overlay: &'a Overlay,
    /// The next of what the logs have left.
    left: usize,
    from: From,
}

/// Where the present entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Nowhere,
    Snapshot,
    /// The one before [`Contents::left`]; the snapshot stands at an entry that comes later.
    Overlay,
}

impl Contents<'_> {
    /// The next entry, if there is one.
    ///
    /// # Errors
    /// If the snapshot is corrupt or cannot be read. What was given until then is not to be used.
    pub fn advance(&mut self) -> Result<Option<Entry<'_>>> {
        if self.from != From::Overlay {
            self.advance_snapshot()?;
        }
        loop {
            let order = match (&self.snapshot, self.overlay.left(self.left)) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(snapshot), Some(left)) => {
                    let (table, key, _) = snapshot.entry();
                    (table, key).cmp(&(left.table, left.key))
                }
            };
            match order {
                Ordering::Less => {
                    self.from = From::Snapshot;
                    break;
                }
                Ordering::Equal => self.advance_snapshot()?,
                Ordering::Greater => {
                    self.left += 1;
                    if self.overlay.left(self.left - 1).is_some_and(|left| left.value.is_some()) {
                        self.from = From::Overlay;
                        break;
                    }
                }
            }
        }
        Ok(self.entry())
    }

    fn entry(&self) -> Option<Entry<'_>> {
        if self.from == From::Snapshot {
            let (table, key, value) = self.snapshot.as_ref()?.entry();
            return Some(Entry { table, key, value });
        }
        let Left { table, key, value } = self.overlay.left(self.left.checked_sub(1)?)?;
        value.map(|value| Entry { table, key, value })
    }

    /// To the next entry of the snapshot whose table was not cleared since.
    fn advance_snapshot(&mut self) -> Result<()> {
        while let Some(snapshot) = &mut self.snapshot {
            if !snapshot.advance()? {
                self.snapshot = None;
            } else if !self.overlay.was_cleared(snapshot.entry().0) {
                break;
            }
        }
        Ok(())
    }
}

/// A log whose head was read.
struct OpenLog {
    file: Box<dyn StoredFile>,
    head: FileHead,
}

impl OpenLog {
    fn open(storage: &Arc<dyn Storage>, number: u64) -> Result<Self> {
        let name = file_name(Kind::Log, number);
        let place = Place { storage: &**storage, name: &name };
        let file = storage.open(&name, Access::Read).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => missing(&**storage, &name),
            _ => place.io("read", &cause),
        })?;
        let head = FileHead::read(&*file, Kind::Log, number, &place)?;
        Ok(OpenLog { file, head })
    }
}

fn missing(storage: &dyn Storage, name: &str) -> Error {
    Error::Checkpoint(format!("{} is missing: the checkpoint is not whole", storage.describe(name)))
}

/// The whole files of a checkpoint.
fn list(storage: &Arc<dyn Storage>) -> Result<BTreeSet<(u64, Kind)>> {
    let names = storage.list().map_err(|cause| Place { storage: &**storage, name: "" }.io("read", &cause))?;
    Ok(names.iter().filter_map(|name| parse_name(name)).map(|(kind, number)| (number, kind)).collect())
}
