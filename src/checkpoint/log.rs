//! Logs: commits, one frame behind the other.

use std::ops::Range;
use std::sync::Arc;

use super::codec::Decoder;
use super::format::{
    About, Committed, FRAMES, FileHead, FrameKind, Kind, Mark, Place, begin_frame, end_frame, file_name,
    parse_frame, unfinished,
};
use super::storage::{Access, Storage, StoredFile};
use crate::batch::Time;
use crate::error::Result;

/// Bytes of a commit's payload before its changes: its number and time.
pub(super) const COMMIT_HEAD: usize = 16;

/// What was found in a log.
pub(super) struct Log {
    pub(super) about: About,
    /// All bytes of the file.
    pub(super) bytes: Vec<u8>,
    /// Where the changes of its commits are, in their order.
    pub(super) commits: Vec<Range<usize>>,
    pub(super) end: LogEnd,
}

/// How a log ends, which is where the next one goes on.
pub(super) struct LogEnd {
    pub(super) number: u64,
    /// What is known to be durable.
    pub(super) mark: Mark,
    /// The number of its next mark.
    next_mark: u64,
    /// The last commit.
    pub(super) last: Committed,
    /// The payloads of commits after the mark. Durable as they may be, nobody has said so.
    unmarked: Vec<Vec<u8>>,
    /// Bytes at the end that are no whole commit.
    pub(super) torn: u64,
}

impl Log {
    /// Reads a log whose head is known. Where another log follows, that one tells the end and the last
    /// commit before it. In the last log, what comes after the mark may be a commit that was not finished.
    pub(super) fn read(
        file: &dyn StoredFile,
        head: &FileHead,
        next: Option<&FileHead>,
        place: &Place<'_>,
    ) -> Result<Self> {
        let (mut mark, next_mark) = Mark::read(file, head.number, place)?;
        if let Some(next) = next {
            mark = Mark { end: next.previous_end, last: next.base, sealed: true };
        }
        let bytes = read_whole(file, place)?;
        let Some((FrameKind::About, about)) =
            parse_frame(bytes.get(FRAMES as usize..).unwrap_or(&[]), head.number)
        else {
            return Err(place.corrupt(FRAMES, "its description is not whole"));
        };
        let mut at = FRAMES as usize + about.end;
        let about = About::parse(&bytes[FRAMES as usize..][about], place)?;
        let mut commits = Vec::new();
        let (mut last, mut unmarked) = (head.base, Vec::new());
        let mut marked = at as u64 == mark.end;
        while !(marked && next.is_some())
            && let Some((payload, committed)) = parse_commit(&bytes[at..], head.number, last)
        {
            let payload = at + payload.start..at + payload.end;
            commits.push(payload.start + COMMIT_HEAD..payload.end);
            last = committed;
            at = payload.end;
            if marked {
                unmarked.push(bytes[payload].to_vec());
            } else if at as u64 >= mark.end {
                marked = true;
                if (at as u64, last) != (mark.end, mark.last) {
                    return Err(place.corrupt(at as u64, "it does not end where it is known to have ended"));
                }
            }
        }
        if !marked {
            return Err(place.corrupt(at as u64, "a commit that was whole is not whole any more"));
        }
        let torn = if next.is_none() { (bytes.len() - at) as u64 } else { 0 };
        let end = LogEnd { number: head.number, mark, next_mark, last, unmarked, torn };
        Ok(Log { about, bytes, commits, end })
    }
}

/// The commit whose frame is at the start of the bytes, if it is the one after `last`: where its payload
/// is, and which it is.
fn parse_commit(bytes: &[u8], number: u64, last: Committed) -> Option<(Range<usize>, Committed)> {
    let (FrameKind::Commit, payload) = parse_frame(bytes, number)? else { return None };
    let from = &mut Decoder::new(&bytes[payload.clone()]);
    let (sequence, time) = (from.u64()?, from.i64()?);
    let committed = Committed { sequence, time: Time::from_millis(time) };
    (last.sequence.checked_add(1) == Some(sequence)).then_some((payload, committed))
}

fn read_whole(file: &dyn StoredFile, place: &Place<'_>) -> Result<Vec<u8>> {
    let read = || {
        let length = usize::try_from(file.length()?).map_err(std::io::Error::other)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(std::io::Error::other)?;
        bytes.resize(length, 0);
        let n = file.read_at(&mut bytes, 0)?;
        bytes.truncate(n);
        Ok(bytes)
    };
    read().map_err(|cause| place.io("read", &cause))
}

/// A log that commits are appended to.
pub(super) struct LogWriter {
    storage: Arc<dyn Storage>,
    file: Box<dyn StoredFile>,
    name: String,
    pub(super) number: u64,
    /// Its length in bytes.
    pub(super) end: u64,
    pub(super) last: Committed,
    next_mark: u64,
}

impl LogWriter {
    /// Makes the first log of a checkpoint, whose first commit will be the one after `base`.
    pub(super) fn first(storage: Arc<dyn Storage>, base: Committed, about: &About) -> Result<Self> {
        LogWriter::create(
            storage,
            FileHead { kind: Kind::Log, number: 1, base, previous_end: 0 },
            about,
            base,
            &[],
        )
    }

    /// Makes the log after one that was found. Commits that are not known to be durable are written anew
    /// into it: that they can be read does not say that they are on disk.
    pub(super) fn after(storage: Arc<dyn Storage>, found: &LogEnd, about: &About) -> Result<Self> {
        let LogEnd { number, mark, .. } = *found;
        let head = FileHead { kind: Kind::Log, number: number + 1, base: mark.last, previous_end: mark.end };
        let mut carried = Vec::new();
        for payload in &found.unmarked {
            let mut frame = begin_frame();
            frame.extend_from_slice(payload);
            end_frame(&mut frame, FrameKind::Commit, head.number);
            carried.append(&mut frame);
        }
        let this = LogWriter::create(storage.clone(), head, about, found.last, &carried)?;
        let name = file_name(Kind::Log, number);
        let sealed = || seal(&mut *storage.open(&name, Access::Update)?, number, mark, found.next_mark);
        sealed().map_err(|cause| Place { storage: &*storage, name: &name }.io("write", &cause))?;
        Ok(this)
    }

    /// Makes the log after this one.
    pub(super) fn rotate(&mut self, about: &About) -> Result<()> {
        let head =
            FileHead { kind: Kind::Log, number: self.number + 1, base: self.last, previous_end: self.end };
        let next = LogWriter::create(self.storage.clone(), head, about, self.last, &[])?;
        let mut old = std::mem::replace(self, next);
        let mark = Mark { end: old.end, last: old.last, sealed: true };
        seal(&mut *old.file, old.number, mark, old.next_mark).map_err(|cause| old.failed("write", &cause))
    }

    /// It gets its name when it is whole, so that a log of that name is never half a one.
    fn create(
        storage: Arc<dyn Storage>,
        head: FileHead,
        about: &About,
        last: Committed,
        carried: &[u8],
    ) -> Result<Self> {
        let name = head.name();
        let new = unfinished(&name);
        let place = Place { storage: &*storage, name: &name };
        let mut bytes = head.encode();
        bytes.extend(about.frame(head.number));
        bytes.extend(carried);
        let end = bytes.len() as u64;
        let mark = Mark { end, last, sealed: false }.encode(head.number);
        for n in 0..2 {
            bytes[Mark::offset(n) as usize..][..mark.len()].copy_from_slice(&mark);
        }
        let written = || {
            let mut file = storage.open(&new, Access::Create)?;
            file.write_at(&bytes, 0)?;
            file.sync()?;
            storage.rename(&new, &name)?;
            storage.sync_directory()?;
            Ok(file)
        };
        let file = written().map_err(|cause| place.io("write", &cause))?;
        Ok(LogWriter { storage, file, name, number: head.number, end, last, next_mark: 0 })
    }

    /// Appends a commit's frame and makes it durable.
    pub(super) fn append(&mut self, frame: &[u8], committed: Committed) -> Result<()> {
        self.file.write_at(frame, self.end).map_err(|cause| self.failed("write", &cause))?;
        self.sync()?;
        self.end += frame.len() as u64;
        self.last = committed;
        Ok(())
    }

    /// Notes that all of it is durable. The note itself becomes so with the next commit.
    pub(super) fn mark(&mut self) -> Result<()> {
        let mark = Mark { end: self.end, last: self.last, sealed: false }.encode(self.number);
        self.file
            .write_at(&mark, Mark::offset(self.next_mark))
            .map_err(|cause| self.failed("write", &cause))?;
        self.next_mark += 1;
        Ok(())
    }

    /// Makes what was written durable.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.file.sync().map_err(|cause| self.failed("sync", &cause))
    }

    fn failed(&self, doing: &str, cause: &std::io::Error) -> crate::error::Error {
        Place { storage: &*self.storage, name: &self.name }.io(doing, cause)
    }
}

/// Notes in a log that another one follows, which is durable by now.
fn seal(file: &mut dyn StoredFile, number: u64, mark: Mark, n: u64) -> std::io::Result<()> {
    file.write_at(&Mark { sealed: true, ..mark }.encode(number), Mark::offset(n))?;
    file.sync()
}
