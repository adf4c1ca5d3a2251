//! The journal: input of the batch that is not committed yet, for sources that cannot be read again.
//!
//! It is one file that is written over from its start with every batch: no directory has to be synced, and it
//! never has more than the longest batch. Each time it gets the next number, which all its checksums
//! depend on, so that nothing of an earlier batch passes for part of a later one.

use std::io;
use std::sync::Arc;

use super::codec::Decoder;
use super::format::{
    Committed, FRAME_HEAD, FRAMES, FileHead, FrameKind, JOURNAL, Kind, Mark, Place, begin_frame, end_frame,
    frame_length, parse_frame, unfinished,
};
use super::storage::{Access, Storage, StoredFile};
use crate::batch::Time;
use crate::error::{Error, Result};

/// A file that has become longer is not written over, but replaced by a short one.
const LONG: u64 = 64 << 20;
/// What the buffer of a frame may keep for the next one, in bytes.
const BUFFER: usize = 1 << 20;

/// The input of a batch, written before anything is made of it.
///
/// After an error it takes no more: nobody knows what is on disk then.
pub struct Journal {
    storage: Arc<dyn Storage>,
    /// Opened for writing, once there is something to write.
    file: Option<Box<dyn StoredFile>>,
    /// The number that the file has.
    number: u64,
    /// The commit before the batch.
    base: Committed,
    /// The time of the batch, if anything of it was written.
    time: Option<Time>,
    /// Where its frames end.
    end: u64,
    /// Whether all of it is durable.
    sealed: bool,
    failed: Option<String>,
    frame: Vec<u8>,
}

/// What a frame says.
enum Said<'a> {
    Chunk { source: u32, time: Time, bytes: &'a [u8] },
    Tick(Time),
}

impl Journal {
    /// Reads the journal of a checkpoint whose last commit is known. Nothing is changed.
    ///
    /// # Errors
    /// Checkpoint errors if it is corrupt or of a later commit, runtime errors if it cannot be read.
    pub fn open(storage: Arc<dyn Storage>, last: Committed) -> Result<Self> {
        let mut this = Journal {
            storage,
            file: None,
            number: 0,
            base: last,
            time: None,
            end: FRAMES,
            sealed: false,
            failed: None,
            frame: Vec::new(),
        };
        let storage = this.storage.clone();
        let place = Place { storage: &*storage, name: JOURNAL };
        let Some(file) = existing(&*storage, Access::Read).map_err(|cause| place.io("read", &cause))? else {
            return Ok(this);
        };
        let head = FileHead::read_any(&*file, Kind::Journal, &place)?;
        this.number = head.number;
        if head.base.sequence > last.sequence {
            let (before, found) = (head.base.sequence, last.sequence);
            return Err(
                place.corrupt(20, &format!("it goes on behind commit {before}, and the last is {found}"))
            );
        }
        // A changed job writes its checkpoint anew, as of the same batch.
        let is_same_batch = head.base.sequence > 0 && head.base.time == last.time;
        if last.sequence == head.base.sequence || is_same_batch {
            this.base = head.base;
            this.read_batch(&*file, &place)?;
        }
        Ok(this)
    }

    /// Finds out how much there is of the batch.
    fn read_batch(&mut self, file: &dyn StoredFile, place: &Place<'_>) -> Result<()> {
        let length = file.length().map_err(|cause| place.io("read", &cause))?;
        let mark = Mark::last(file, self.number, place)?.map_or(FRAMES, |(mark, _)| mark.end);
        let mut at = FRAMES;
        let mut frame = Vec::new();
        let mut time = None;
        while !self.sealed
            && let Some(said) = read_frame(file, (at, length), self.number, &mut frame, place)?
        {
            match said {
                Said::Chunk { time: open, .. } => time = Some(open),
                Said::Tick(closed) => (time, self.sealed) = (Some(closed), true),
            }
            at += frame.len() as u64;
        }
        if at < mark {
            return Err(place.corrupt(at, "what was whole is not whole any more"));
        }
        (self.time, self.end) = (time, at);
        Ok(())
    }

    /// The time of the batch that was written and not committed, if there is one.
    pub fn pending(&self) -> Option<Time> {
        self.time
    }

    /// How many bytes there are of it.
    pub fn size(&self) -> u64 {
        self.time.map_or(0, |_| self.end - FRAMES)
    }

    /// Gives what was written of the batch: the numbers of sources, and whole lines.
    ///
    /// # Errors
    /// Those of `each`, and if the file cannot be read any more.
    pub fn replay(&self, each: &mut dyn FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        if self.time.is_none() {
            return Ok(());
        }
        let place = self.place();
        let file = existing(&*self.storage, Access::Read).map_err(|cause| place.io("read", &cause))?;
        let Some(file) = file else { return Err(place.corrupt(0, "it has gone")) };
        let (mut at, mut frame) = (FRAMES, Vec::new());
        while at < self.end {
            match read_frame(&*file, (at, self.end), self.number, &mut frame, &place)? {
                Some(Said::Chunk { source, bytes, .. }) => each(source, bytes)?,
                Some(Said::Tick(_)) => {}
                None => return Err(place.corrupt(at, "what was whole is not whole any more")),
            }
            at += frame.len() as u64;
        }
        Ok(())
    }

    /// Writes lines of a source, as part of the batch that is open and will probably end at `time`. What fails
    /// is told by [`Journal::seal`].
    pub fn append(&mut self, source: u32, time: Time, lines: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        match self.write_chunk(source, time, lines) {
            Ok(()) => (self.time, self.sealed) = (Some(time), false),
            Err(fault) => self.failed = Some(fault.to_string()),
        }
    }

    /// Makes durable what was written, as the input of the batch that ends at `time`. Does nothing if there is none.
    ///
    /// # Errors
    /// If that fails, or writing has failed before.
    pub fn seal(&mut self, time: Time) -> Result<()> {
        if let Some(cause) = &self.failed {
            return Err(Error::Runtime(cause.clone()));
        }
        if self.time.is_none() || self.sealed {
            return Ok(());
        }
        let sealed = self.write_seal(time);
        match &sealed {
            Ok(()) => (self.time, self.sealed) = (Some(time), true),
            Err(fault) => self.failed = Some(fault.to_string()),
        }
        sealed
    }

    /// The batch was committed: what is written from now on belongs to the next one.
    pub fn cut(&mut self, committed: Committed) {
        (self.base, self.time, self.sealed, self.end) = (committed, None, false, FRAMES);
    }

    fn write_chunk(&mut self, source: u32, time: Time, lines: &[u8]) -> Result<()> {
        if self.time.is_none() {
            self.begin()?;
        }
        self.begin_frame();
        self.frame.extend(source.to_le_bytes());
        self.frame.extend(time.as_millis().to_le_bytes());
        self.frame.extend(lines);
        self.write_frame(FrameKind::Chunk)
    }

    fn write_seal(&mut self, time: Time) -> Result<()> {
        self.begin_frame();
        self.frame.extend(time.as_millis().to_le_bytes());
        self.write_frame(FrameKind::Tick)?;
        let last = Committed { sequence: self.base.sequence + 1, time };
        // The mark comes after the sync: it says that what is before it has been whole.
        let mark = Mark { end: self.end, last, sealed: true }.encode(self.number);
        self.write("sync", |file| file.sync())?;
        self.write("write", |file| file.write_at(&mark, Mark::offset(0)))
    }

    /// Begins the file anew, or a new one.
    fn begin(&mut self) -> Result<()> {
        (self.number, self.end) = (self.number + 1, FRAMES);
        let head =
            FileHead { kind: Kind::Journal, number: self.number, base: self.base, previous_end: 0 }.encode();
        let is_there = existing(&*self.storage, Access::Read).and_then(|file| match file {
            Some(file) => Ok(file.length()? <= LONG),
            None => Ok(false),
        });
        if is_there.map_err(|cause| self.place().io("read", &cause))? {
            return self.write("write", |file| file.write_at(&head, 0));
        }
        // It gets its name when it is whole, so that there is never half a head.
        let new = unfinished(JOURNAL);
        let create = || {
            let mut file = self.storage.open(&new, Access::Create)?;
            file.write_at(&head, 0)?;
            file.sync()?;
            self.storage.rename(&new, JOURNAL)?;
            self.storage.sync_directory()?;
            Ok(file)
        };
        self.file = Some(create().map_err(|cause| self.place().io("write", &cause))?);
        Ok(())
    }

    fn begin_frame(&mut self) {
        self.frame.clear();
        self.frame.shrink_to(BUFFER);
        self.frame.extend(begin_frame());
    }

    /// Appends the frame.
    fn write_frame(&mut self, kind: FrameKind) -> Result<()> {
        end_frame(&mut self.frame, kind, self.number);
        let (frame, end) = (std::mem::take(&mut self.frame), self.end);
        let written = self.write("write", |file| file.write_at(&frame, end));
        self.end += frame.len() as u64;
        self.frame = frame;
        written
    }

    /// Does something to the file, which is opened if it was not.
    fn write(&mut self, doing: &str, act: impl FnOnce(&mut dyn StoredFile) -> io::Result<()>) -> Result<()> {
        let Journal { storage, file, .. } = self;
        let written = match file {
            Some(file) => act(&mut **file),
            None => storage.open(JOURNAL, Access::Update).and_then(|opened| act(&mut **file.insert(opened))),
        };
        written.map_err(|cause| self.place().io(doing, &cause))
    }

    fn place(&self) -> Place<'_> {
        Place { storage: &*self.storage, name: JOURNAL }
    }
}

/// The file, if there is one.
fn existing(storage: &dyn Storage, access: Access) -> io::Result<Option<Box<dyn StoredFile>>> {
    match storage.open(JOURNAL, access) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// What the frame there says, if it is whole; `frame` has its bytes then.
fn read_frame<'f>(
    file: &dyn StoredFile,
    (at, end): (u64, u64),
    number: u64,
    frame: &'f mut Vec<u8>,
    place: &Place<'_>,
) -> Result<Option<Said<'f>>> {
    let mut head = [0; FRAME_HEAD];
    let n = file.read_at(&mut head, at).map_err(|cause| place.io("read", &cause))?;
    let length = frame_length(&head[..n]).filter(|length| *length <= end.saturating_sub(at));
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else { return Ok(None) };
    frame.resize(length, 0);
    let n = file.read_at(frame, at).map_err(|cause| place.io("read", &cause))?;
    Ok(Said::parse(&frame[..n], number))
}

impl<'f> Said<'f> {
    fn parse(frame: &'f [u8], number: u64) -> Option<Self> {
        let (kind, payload) = parse_frame(frame, number)?;
        let payload = &frame[payload];
        let from = &mut Decoder::new(payload);
        match kind {
            FrameKind::Chunk => {
                let (source, time) = (from.u32()?, Time::from_millis(from.i64()?));
                Some(Said::Chunk { source, time, bytes: &payload[from.at()..] })
            }
            FrameKind::Tick => {
                let time = Time::from_millis(from.i64()?);
                (from.at() == payload.len()).then_some(Said::Tick(time))
            }
            FrameKind::About | FrameKind::Commit | FrameKind::Entries | FrameKind::End => None,
        }
    }
}
