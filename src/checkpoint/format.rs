//! The parts that files of a checkpoint are made of: head page, marks, frames. The page with all of it
//! is in the documentation of [the room](super).

use std::ops::Range;

use crc32fast::Hasher;
use serde_json::{Value, json};

use super::codec::Decoder;
use super::description::{Description, field, text};
use super::storage::{Storage, StoredFile};
use crate::batch::Time;
use crate::error::{Error, Result};

/// What all files begin with.
const MAGIC: [u8; 8] = *b"\x89dstream";
/// The version of the format that is written, and the last that can be read.
const VERSION: u16 = 1;
/// Bytes of the head, with its checksum.
const HEAD: usize = 48;
/// Where the two marks of a log are: sectors of their own, since they are written over.
const MARKS: [u64; 2] = [512, 1024];
/// Bytes of a mark, with its checksum.
const MARK: usize = 36;
/// Where the frames begin.
pub(super) const FRAMES: u64 = 4096;
/// What is wrong with a file that has another one's head.
const OTHER: &str = "it is another file than its name says";
/// Bytes of a frame before its payload.
pub(super) const FRAME_HEAD: usize = 16;

/// The name of the journal.
pub(super) const JOURNAL: &str = "journal";

/// Which of the files it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Log = 1,
    Snapshot = 2,
    Journal = 3,
}

/// A commit's number and batch time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its number: 1 is the first, and there are no gaps. 0 stands for none.
    pub sequence: u64,
    /// The time of the batch that it ended.
    pub time: Time,
}

impl Committed {
    pub(super) const NONE: Committed = Committed { sequence: 0, time: Time::from_millis(0) };
}

/// The start of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHead {
    pub(super) kind: Kind,
    /// The log's number; a snapshot has that of the last log which it contains.
    pub(super) number: u64,
    /// The last commit before the log, or in the snapshot.
    pub(super) base: Committed,
    /// Where the log before this one ends; what it has after that is in this one.
    pub(super) previous_end: u64,
}

/// Says how much of a log is durable: a frame before its end that is not whole was whole once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) end: u64,
    pub(super) last: Committed,
    /// Whether another log follows.
    pub(super) sealed: bool,
}

/// What a file says about itself, so that it can be understood alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The program that wrote it: `dstream 0.1.0`.
    pub written_by: String,
    /// The job that it belongs to.
    pub job: Description,
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// [`About`] as JSON: the first frame of each file.
    About = 1,
    /// A commit.
    Commit = 2,
    /// Entries of a snapshot.
    Entries = 3,
    /// The last frame of a snapshot.
    End = 4,
    /// Input of a batch, in journals.
    Chunk = 5,
    /// The end of a batch's input, in journals.
    Tick = 6,
}

/// A file of a checkpoint by its name, for messages.
pub(super) struct Place<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) name: &'a str,
}

impl Place<'_> {
    pub(super) fn corrupt(&self, offset: u64, what: &str) -> Error {
        Error::Checkpoint(format!("{} is corrupt at byte {offset}: {what}", self.storage.describe(self.name)))
    }

    pub(super) fn io(&self, doing: &str, cause: &std::io::Error) -> Error {
        Error::io(format_args!("cannot {doing} {}", self.storage.describe(self.name)), cause)
    }
}

impl FileHead {
    pub(super) fn name(&self) -> String {
        file_name(self.kind, self.number)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FRAMES as usize);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend([self.kind as u8, 0]);
        out.extend(self.number.to_le_bytes());
        out.extend(self.base.sequence.to_le_bytes());
        out.extend(self.base.time.as_millis().to_le_bytes());
        out.extend(self.previous_end.to_le_bytes());
        out.extend(crc32fast::hash(&out).to_le_bytes());
        out.resize(FRAMES as usize, 0);
        out
    }

    /// Reads the head of the file of that kind and number.
    pub(super) fn read(file: &dyn StoredFile, kind: Kind, number: u64, place: &Place<'_>) -> Result<Self> {
        let head = FileHead::read_any(file, kind, place)?;
        if head.number == number { Ok(head) } else { Err(place.corrupt(8, OTHER)) }
    }

    /// Reads the head of a file of that kind.
    pub(super) fn read_any(file: &dyn StoredFile, kind: Kind, place: &Place<'_>) -> Result<Self> {
        let mut head = [0; HEAD];
        let n = file.read_at(&mut head, 0).map_err(|cause| place.io("read", &cause))?;
        let from = &mut Decoder::new(&head[..n]);
        if from.take(MAGIC.len()) != Some(&MAGIC) {
            return Err(place.corrupt(0, "it does not begin as checkpoints do"));
        }
        let version = from.u16().unwrap_or(0);
        let (summed, sum) = head.split_at(HEAD - 4);
        if n < HEAD || crc32fast::hash(summed).to_le_bytes() != sum {
            return Err(place.corrupt(0, "the checksum of its head is wrong"));
        }
        if version > VERSION {
            let path = place.storage.describe(place.name);
            return Err(Error::Checkpoint(format!(
                "{path} is of format {version}, written by a newer dstream: this one reads up to format {VERSION}"
            )));
        }
        let fields = |from: &mut Decoder<'_>| {
            Some((from.u8()?, from.u8()?, from.u64()?, from.u64()?, from.i64()?, from.u64()?))
        };
        match fields(from) {
            Some((found, 0, number, sequence, time, previous_end)) if found == kind as u8 => {
                let base = Committed { sequence, time: Time::from_millis(time) };
                Ok(FileHead { kind, number, base, previous_end })
            }
            _ => Err(place.corrupt(8, OTHER)),
        }
    }
}

impl Mark {
    pub(super) fn encode(&self, number: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(MARK);
        out.extend(self.end.to_le_bytes());
        out.extend(self.last.sequence.to_le_bytes());
        out.extend(self.last.time.as_millis().to_le_bytes());
        out.extend([u8::from(self.sealed), 0, 0, 0, 0, 0, 0, 0]);
        out.extend(checksum(number, &out).to_le_bytes());
        out
    }

    /// Where the `n`th mark of a log goes. The one before it stays: a torn one leaves that.
    pub(super) fn offset(n: u64) -> u64 {
        MARKS[(n % 2) as usize]
    }

    /// The last mark of a log, and the number that the next one gets.
    pub(super) fn read(file: &dyn StoredFile, number: u64, place: &Place<'_>) -> Result<(Self, u64)> {
        let last = Mark::last(file, number, place)?;
        last.ok_or_else(|| place.corrupt(MARKS[0], "neither of its marks can be read"))
    }

    /// The last mark of a file, if it has one, and the number that the next one gets.
    pub(super) fn last(file: &dyn StoredFile, number: u64, place: &Place<'_>) -> Result<Option<(Self, u64)>> {
        let mut last: Option<(Mark, u64)> = None;
        for (slot, offset) in MARKS.into_iter().enumerate() {
            let mut mark = [0; MARK];
            let n = file.read_at(&mut mark, offset).map_err(|cause| place.io("read", &cause))?;
            let newer = Mark::decode(&mark[..n], number).filter(|mark| {
                last.is_none_or(|(last, _)| (mark.end, mark.sealed) > (last.end, last.sealed))
            });
            if let Some(mark) = newer {
                last = Some((mark, slot as u64 + 1));
            }
        }
        Ok(last)
    }

    fn decode(bytes: &[u8], number: u64) -> Option<Self> {
        let (summed, sum) = bytes.split_last_chunk::<4>()?;
        if checksum(number, summed).to_le_bytes() != *sum {
            return None;
        }
        let from = &mut Decoder::new(summed);
        let (end, sequence, time) = (from.u64()?, from.u64()?, from.i64()?);
        let sealed = from.u8()? == 1;
        Some(Mark { end, last: Committed { sequence, time: Time::from_millis(time) }, sealed })
    }
}

impl About {
    /// What this program writes of a job.
    pub(super) fn of(job: Description) -> Self {
        About { written_by: concat!("dstream ", env!("CARGO_PKG_VERSION")).to_owned(), job }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"written_by": self.written_by, "job": self.job.to_json()})
    }

    pub(super) fn from_json(value: &Value) -> std::result::Result<Self, String> {
        let object = value.as_object().ok_or("it is no object")?;
        let job = Description::from_json(field(object, "job")?)?;
        Ok(About { written_by: text(object, "written_by")?.to_owned(), job })
    }

    /// The frame with it.
    pub(super) fn frame(&self, number: u64) -> Vec<u8> {
        let mut frame = begin_frame();
        frame.extend(self.to_json().to_string().into_bytes());
        end_frame(&mut frame, FrameKind::About, number);
        frame
    }

    pub(super) fn parse(payload: &[u8], place: &Place<'_>) -> Result<Self> {
        serde_json::from_slice(payload)
            .map_err(|fault| fault.to_string())
            .and_then(|value| About::from_json(&value))
            .map_err(|fault| place.corrupt(FRAMES, &fault))
    }
}

/// The name of a file: it sorts as its number does.
pub(super) fn file_name(kind: Kind, number: u64) -> String {
    match kind {
        Kind::Log => format!("{number:016}.log"),
        Kind::Snapshot => format!("{number:016}.snapshot"),
        Kind::Journal => JOURNAL.to_owned(),
    }
}

/// The name that a file has until it is whole.
pub(super) fn unfinished(name: &str) -> String {
    format!("{name}.new")
}

/// A file's kind and number, if the name is that of a whole one.
pub(super) fn parse_name(name: &str) -> Option<(Kind, u64)> {
    let (digits, kind) = name.split_once('.')?;
    let number = digits.parse().ok()?;
    let kind = match kind {
        "log" => Kind::Log,
        "snapshot" => Kind::Snapshot,
        _ => return None,
    };
    (file_name(kind, number) == name).then_some((kind, number))
}

/// Whether a file of that name is one that was not finished.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(".new").is_some_and(|name| name == JOURNAL || parse_name(name).is_some())
}

/// The number of the file is summed too, so that no block of another file passes.
fn checksum(number: u64, bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// An empty frame, to which the payload is appended.
pub(super) fn begin_frame() -> Vec<u8> {
    vec![0; FRAME_HEAD]
}

/// Fills in the kind, the length and the checksum.
pub(super) fn end_frame(frame: &mut [u8], kind: FrameKind, number: u64) {
    frame[4] = kind as u8;
    let length = (frame.len() - FRAME_HEAD) as u64;
    frame[8..16].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(number, &frame[4..]);
    frame[..4].copy_from_slice(&sum.to_le_bytes());
}

/// The length of the frame whose head this is, with that head, as far as it can be believed.
pub(super) fn frame_length(head: &[u8]) -> Option<u64> {
    let length: [u8; 8] = head.get(8..16)?.try_into().ok()?;
    u64::from_le_bytes(length).checked_add(FRAME_HEAD as u64)
}

/// The frame at the start of the bytes: its kind and where its payload is.
pub(super) fn parse_frame(bytes: &[u8], number: u64) -> Option<(FrameKind, Range<usize>)> {
    let length = usize::try_from(frame_length(bytes)?).ok()?;
    let frame = bytes.get(..length)?;
    if checksum(number, &frame[4..]).to_le_bytes() != frame[..4] || frame[5..8] != [0; 3] {
        return None;
    }
    let kind = match frame[4] {
        1 => FrameKind::About,
        2 => FrameKind::Commit,
        3 => FrameKind::Entries,
        4 => FrameKind::End,
        5 => FrameKind::Chunk,
        6 => FrameKind::Tick,
        _ => return None,
    };
    Some((kind, FRAME_HEAD..length))
}
