//! Snapshots: all that there is, by table and key.

use std::ops::Range;
use std::sync::Arc;

use super::changes::{Change, ChangeWriter};
use super::codec::Decoder;
use super::format::{
    About, Committed, FRAME_HEAD, FRAMES, FileHead, FrameKind, Kind, Place, begin_frame, end_frame,
    file_name, frame_length, parse_frame, unfinished,
};
use super::storage::{Access, Storage, StoredFile};
use crate::error::{Error, Result};

/// A frame is written when it has this many bytes.
const FRAME: usize = 256 << 10;
/// Bytes that are made durable at a time: a commit meanwhile has to wait for no more than that.
const STEP: u64 = 4 << 20;

/// Writes a snapshot; entries come by table and key.
pub(super) struct SnapshotWriter {
    storage: Arc<dyn Storage>,
    file: Box<dyn StoredFile>,
    head: FileHead,
    end: u64,
    synced: u64,
    entries: u64,
    frame: Vec<u8>,
    changes: ChangeWriter,
}

impl SnapshotWriter {
    /// Begins the snapshot of all up to the log of that number.
    pub(super) fn create(
        storage: Arc<dyn Storage>,
        number: u64,
        last: Committed,
        about: &About,
    ) -> Result<Self> {
        let head = FileHead { kind: Kind::Snapshot, number, base: last, previous_end: 0 };
        let mut start = head.encode();
        start.extend(about.frame(number));
        let name = unfinished(&head.name());
        let created = || {
            let mut file = storage.open(&name, Access::Create)?;
            file.write_at(&start, 0)?;
            Ok(file)
        };
        let file =
            created().map_err(|cause| Place { storage: &*storage, name: &name }.io("write", &cause))?;
        Ok(SnapshotWriter {
            storage,
            file,
            head,
            end: start.len() as u64,
            synced: 0,
            entries: 0,
            frame: begin_frame(),
            changes: ChangeWriter::default(),
        })
    }

    /// Appends an entry.
    pub(super) fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.changes.put(&mut self.frame, table, key, value)?;
        self.entries += 1;
        if self.frame.len() >= FRAME { self.write(FrameKind::Entries) } else { Ok(()) }
    }

    /// Makes it durable, gives it its name, and says how long it is.
    pub(super) fn finish(mut self) -> Result<u64> {
        if self.frame.len() > FRAME_HEAD {
            self.write(FrameKind::Entries)?;
        }
        self.frame.extend(self.entries.to_le_bytes());
        self.write(FrameKind::End)?;
        let name = self.head.name();
        let mut finished = || {
            self.file.sync()?;
            self.storage.rename(&unfinished(&name), &name)?;
            self.storage.sync_directory()
        };
        finished().map_err(|cause| Place { storage: &*self.storage, name: &name }.io("write", &cause))?;
        Ok(self.end)
    }

    /// Writes the frame and begins another one.
    fn write(&mut self, kind: FrameKind) -> Result<()> {
        end_frame(&mut self.frame, kind, self.head.number);
        let mut written = || {
            self.file.write_at(&self.frame, self.end)?;
            self.end += self.frame.len() as u64;
            if self.end - self.synced >= STEP {
                self.file.sync()?;
                self.synced = self.end;
            }
            Ok(())
        };
        written().map_err(|cause| {
            Place { storage: &*self.storage, name: &self.head.name() }.io("write", &cause)
        })?;
        self.frame.clear();
        self.frame.extend(begin_frame());
        self.changes.restart();
        Ok(())
    }
}

/// A snapshot that can be read, also when its name is gone.
#[derive(Clone)]
pub(super) struct Snapshot {
    storage: Arc<dyn Storage>,
    file: Arc<dyn StoredFile>,
    name: String,
    pub(super) head: FileHead,
    pub(super) length: u64,
    /// Where the first frame with entries is.
    first: u64,
}

impl Snapshot {
    /// Opens the snapshot of that number.
    pub(super) fn open(storage: Arc<dyn Storage>, number: u64) -> Result<Self> {
        let name = file_name(Kind::Snapshot, number);
        let place = Place { storage: &*storage, name: &name };
        let opened = || {
            let file = storage.open(&name, Access::Read)?;
            let length = file.length()?;
            Ok((Arc::from(file), length))
        };
        let (file, length): (Arc<dyn StoredFile>, u64) =
            opened().map_err(|cause| place.io("read", &cause))?;
        let head = FileHead::read(&*file, Kind::Snapshot, number, &place)?;
        let mut this =
            Snapshot { storage: storage.clone(), file, name: name.clone(), head, length, first: FRAMES };
        let mut frame = Vec::new();
        if this.read_frame(FRAMES, &mut frame)? != FrameKind::About {
            return Err(this.corrupt(FRAMES, "its description is missing"));
        }
        About::parse(&frame[FRAME_HEAD..], &place)?;
        this.first += frame.len() as u64;
        Ok(this)
    }

    /// Its entries from the first on.
    pub(super) fn entries(&self) -> SnapshotReader {
        SnapshotReader {
            frame: Vec::new(),
            frame_at: self.first,
            at: 0,
            entries: 0,
            table: String::new(),
            named: false,
            key: 0..0,
            value: 0..0,
            before: None,
            done: false,
            snapshot: self.clone(),
        }
    }

    /// Reads the frame that is there, and says of what kind it is.
    fn read_frame(&self, at: u64, frame: &mut Vec<u8>) -> Result<FrameKind> {
        let broken = || self.corrupt(at, "a part of it is not whole");
        let mut read = |n: usize| {
            frame.resize(n, 0);
            let read = self.file.read_at(frame, at);
            let came =
                read.map_err(|cause| Place { storage: &*self.storage, name: &self.name }.io("read", &cause))?;
            if came == n { Ok(frame_length(frame)) } else { Err(broken()) }
        };
        // No room is made for what cannot be there.
        let length = read(FRAME_HEAD)?.filter(|n| *n <= self.length.saturating_sub(at)).ok_or_else(broken)?;
        read(usize::try_from(length).map_err(|_| broken())?)?;
        parse_frame(frame, self.head.number).map(|(kind, _)| kind).ok_or_else(broken)
    }

    fn corrupt(&self, at: u64, what: &str) -> Error {
        Place { storage: &*self.storage, name: &self.name }.corrupt(at, what)
    }
}

/// Reads a snapshot, entry by entry.
pub(super) struct SnapshotReader {
    snapshot: Snapshot,
    /// The frame that is in memory: where it is in the file, and how far it was read.
    frame: Vec<u8>,
    frame_at: u64,
    at: usize,
    /// Entries that were read.
    entries: u64,
    /// The table of the present entry, and whether its frame has named it.
    table: String,
    named: bool,
    /// The present entry in the frame.
    key: Range<usize>,
    value: Range<usize>,
    /// The key before it in the table.
    before: Option<Vec<u8>>,
    done: bool,
}

impl SnapshotReader {
    /// Goes to the next entry, if there is one.
    pub(super) fn advance(&mut self) -> Result<bool> {
        while !self.done {
            if self.at == self.frame.len() {
                self.next_frame()?;
                continue;
            }
            let mut from = Decoder::new(&self.frame[self.at..]);
            match Change::take(&mut from) {
                Some(Change::Table(table)) if *table >= *self.table => {
                    if *table != *self.table {
                        table.clone_into(&mut self.table);
                        self.before = None;
                    }
                    self.named = true;
                    self.at += from.at();
                }
                Some(Change::Put(key, value)) if self.named && self.before.as_deref() < Some(key) => {
                    key.clone_into(self.before.get_or_insert_default());
                    let (key, value) = (key.len(), value.len());
                    self.at += from.at();
                    self.value = self.at - value..self.at;
                    self.key = self.value.start - key..self.value.start;
                    self.entries += 1;
                    return Ok(true);
                }
                _ => return Err(self.corrupt(self.at, "it holds what a snapshot does not")),
            }
        }
        Ok(false)
    }

    /// The entry that it stands at: table, key and value.
    pub(super) fn entry(&self) -> (&str, &[u8], &[u8]) {
        (&self.table, &self.frame[self.key.clone()], &self.frame[self.value.clone()])
    }

    fn next_frame(&mut self) -> Result<()> {
        self.frame_at += self.frame.len() as u64;
        let kind = self.snapshot.read_frame(self.frame_at, &mut self.frame)?;
        (self.at, self.named) = (FRAME_HEAD, false);
        match kind {
            FrameKind::Entries => return Ok(()),
            FrameKind::End if self.frame[FRAME_HEAD..] == self.entries.to_le_bytes() => {}
            _ => return Err(self.corrupt(0, "it does not have the entries that it should have")),
        }
        if self.frame_at + self.frame.len() as u64 != self.snapshot.length {
            return Err(self.corrupt(self.frame.len(), "it goes on after its end"));
        }
        self.done = true;
        Ok(())
    }

    fn corrupt(&self, at: usize, what: &str) -> Error {
        self.snapshot.corrupt(self.frame_at + at as u64, what)
    }
}
