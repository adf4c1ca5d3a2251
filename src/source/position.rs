//! Positions: how far sources were read, as values that outlive the process.
//!
//! A position tells what was handed on as whole lines, and nothing of a line whose end has not come:
//! reading on from it gives that line whole. It is text (JSON with stable field names; a kind in each,
//! fields that this version does not know are ignored), whole or in rows.
//!
//! Sources tell *changes* ([`Position::merge`] adds one to what was told before), and changes come in
//! rows ([`Position::rows`]), so that keeping a position up to date costs what has changed. Its size is
//! bounded by what the source itself remembers: one file for `file:` and an element of a `queue:`; for
//! `tail:` the file that has the name and at most some 290 that had it, told again only when one of
//! these has changed; for `dir:` one row of about 150 bytes for each file that lies in the directory,
//! told when the file appears (at the first start), was read, or goes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use serde::{Deserialize, Serialize};

use super::place::Identity;

/// How far a source was read, or what has changed of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Position {
    /// Of `file:`.
    File(FilePosition),
    /// Of `tail:`.
    Tail(TailPosition),
    /// Of `dir:`.
    Dir(DirPosition),
    /// Of `queue:`.
    Queue(QueuePosition),
}

/// How far a file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// Bytes from its start, after decompression.
    pub offset: u64,
    /// Which file it is. For `file:` and `queue:` only told, because a file may be put back from elsewhere.
    pub identity: FileIdentity,
    /// How it begins, before decompression.
    pub head: Head,
    /// Whether the offset may lie behind something else than a newline: behind a last line without one,
    /// which was taken as ended, or where following began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mid_line: bool,
    /// The size of the file, before decompression, when it was read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The device that it is on. It may get another number when the machine starts anew, so it counts
    /// only where there is no time of birth.
    pub device: u64,
    /// Its inode, whose number may become another file's when this one is gone.
    pub inode: u64,
    /// When it was created, in nanoseconds since the Unix epoch, where the file system keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_ns: Option<u64>,
}

/// The first bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many.
    pub length: u64,
    /// Their hash: FNV-1a of 64 bits.
    #[serde(with = "hex")]
    pub hash: u64,
}

/// How far the files behind a followed name were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailPosition {
    /// The file that has the name.
    pub current: Option<FilePosition>,
    /// Files that had it before, in the order in which they lost it. In a change: none, if they have not changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Vec<FormerFile>>,
    /// When this was so, in nanoseconds since the Unix epoch: files that were created later can not have
    /// been read.
    pub as_of_ns: u64,
}

/// A file that has lost the followed name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerFile {
    /// How far it was read.
    pub file: FilePosition,
    /// What is left to do with it.
    pub state: FormerState,
}

/// What is left to do with a file that has lost the followed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormerState {
    /// There is more to read, at least the end of its last line.
    Unread,
    /// It was read to its end, and is read on should a late writer write to it.
    Read,
    /// It would be recognised if it got the name back.
    Closed,
}

/// How far the files of a watched directory were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirPosition {
    /// The file that is being read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<ReadingFile>,
    /// Files that are not to be read (any more). In a change: only those that have changed, and none for
    /// names that are no longer among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<FileName, Option<SeenFile>>,
}

/// A file of a watched directory that was read in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingFile {
    /// Its name.
    pub name: FileName,
    /// How far it was read.
    pub file: FilePosition,
}

/// A file of a watched directory that is not to be read (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFile {
    /// Which file it is.
    pub identity: FileIdentity,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to, in nanoseconds since the Unix epoch.
    pub changed_ns: u64,
}

/// How far a queue was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePosition {
    /// The element that comes next; the first is 0.
    pub element: u64,
    /// How far its file was read already, if reading was stopped in the middle of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePosition>,
}

/// A file name as text: what is not UTF-8 is written `\xNN`, and a backslash `\\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

/// The row of everything but lists.
const MAIN: &str = "";
/// The row of the files that had a followed name.
const FORMER: &str = "former";
/// What the rows of a directory's files begin with; the name follows.
const FILE: &str = "file:";

impl Position {
    /// The kind of source that it is of, as in `--from`.
    pub fn scheme(&self) -> &'static str {
        match self {
            Position::File(_) => "file",
            Position::Tail(_) => "tail",
            Position::Dir(_) => "dir",
            Position::Queue(_) => "queue",
        }
    }

    /// Adds a change that was told later.
    pub fn merge(&mut self, change: Position) {
        match (self, change) {
            (Position::Tail(this), Position::Tail(change)) => {
                this.current = change.current;
                this.former = change.former.or(this.former.take());
                this.as_of_ns = change.as_of_ns;
            }
            (Position::Dir(this), Position::Dir(change)) => {
                this.reading = change.reading;
                this.files.extend(change.files);
                this.files.retain(|_, seen| seen.is_some());
            }
            (this, change) => *this = change,
        }
    }

    /// The rows of a table of keys and values that are to be put, or, where there is no value, deleted.
    pub fn rows(&self) -> Vec<(String, Option<String>)> {
        let mut rows = Vec::new();
        match self {
            Position::File(_) | Position::Queue(_) => rows.push((MAIN.to_string(), Some(json(self)))),
            Position::Tail(tail) => {
                let main = TailPosition { former: None, ..tail.clone() };
                rows.push((MAIN.to_string(), Some(json(&Position::Tail(main)))));
                rows.extend(tail.former.iter().map(|former| (FORMER.to_string(), Some(json(former)))));
            }
            Position::Dir(dir) => {
                let main = DirPosition { reading: dir.reading.clone(), files: BTreeMap::new() };
                rows.push((MAIN.to_string(), Some(json(&Position::Dir(main)))));
                rows.extend(
                    dir.files.iter().map(|(name, seen)| (format!("{FILE}{name}"), seen.as_ref().map(json))),
                );
            }
        }
        rows
    }

    /// The position whose rows these are, in any order; none if there are no rows. Rows that this version
    /// does not know are ignored.
    ///
    /// # Errors
    /// Says which row cannot be understood.
    pub fn from_rows<'a>(
        rows: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Option<Position>, String> {
        let (mut position, mut former, mut files) = (None, None, BTreeMap::new());
        for (key, value) in rows {
            let wrong = |error| format!("the row {key:?} of a position is not understood: {error}");
            if key == MAIN {
                position = Some(serde_json::from_str(value).map_err(wrong)?);
            } else if key == FORMER {
                former = Some(serde_json::from_str(value).map_err(wrong)?);
            } else if let Some(name) = key.strip_prefix(FILE) {
                let seen: SeenFile = serde_json::from_str(value).map_err(wrong)?;
                files.insert(FileName(name.to_string()), Some(seen));
            }
        }
        match &mut position {
            Some(Position::Tail(tail)) => tail.former = former,
            Some(Position::Dir(dir)) => dir.files = files,
            Some(Position::File(_) | Position::Queue(_)) => {}
            None if former.is_none() && files.is_empty() => {}
            None => return Err("the main row of a position is missing".to_string()),
        }
        Ok(position)
    }

    /// Leaves away what was told before, and notes the rest as told; none if nothing is left. The files
    /// of a directory are changes already.
    pub(super) fn untold(mut self, told: &mut Option<Position>) -> Option<Position> {
        match (&mut self, &mut *told) {
            (Position::Tail(new), Some(Position::Tail(old))) => {
                if new.former == old.former {
                    if new.current == old.current {
                        return None;
                    }
                    new.former = None;
                } else {
                    old.former.clone_from(&new.former);
                }
                old.current.clone_from(&new.current);
                return Some(self);
            }
            (Position::Dir(new), Some(Position::Dir(old))) => {
                if new.files.is_empty() && new.reading == old.reading {
                    return None;
                }
                old.reading.clone_from(&new.reading);
                return Some(self);
            }
            (new, Some(old)) if new == old => return None,
            _ => {}
        }
        *told = Some(self.as_told());
        Some(self)
    }

    /// What has to be remembered to know later what has changed.
    pub(super) fn as_told(&self) -> Position {
        match self {
            Position::Dir(dir) => {
                Position::Dir(DirPosition { reading: dir.reading.clone(), files: BTreeMap::new() })
            }
            position => position.clone(),
        }
    }
}

/// Every value of this file is JSON: its keys are texts, its numbers whole.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Head {
    /// Of these first bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Head { length: bytes.len() as u64, hash }
    }
}

impl From<Identity> for FileIdentity {
    fn from(identity: Identity) -> Self {
        let born_ns = identity.born.map(super::place::nanos);
        FileIdentity { device: identity.device, inode: identity.inode, born_ns }
    }
}

impl FileName {
    /// The text of a name.
    pub fn new(name: &OsStr) -> Self {
        let mut text = String::new();
        for chunk in name.as_bytes().utf8_chunks() {
            text.push_str(&chunk.valid().replace('\\', "\\\\"));
            chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
        }
        FileName(text)
    }

    /// The name. What cannot come from [`FileName::new`] stands for itself.
    pub fn name(&self) -> OsString {
        let (mut name, mut rest) = (Vec::new(), self.0.as_bytes());
        while let [first, behind @ ..] = rest {
            let escape = (*first == b'\\').then(|| unescape(behind)).flatten();
            let (byte, used) = escape.unwrap_or((*first, 0));
            name.push(byte);
            rest = &behind[used..];
        }
        OsString::from_vec(name)
    }
}

/// The byte that the text behind a backslash stands for, and the length of that text.
fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', ..] => Some((b'\\', 1)),
        [b'x', digits @ ..] => {
            let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, 3))
        }
        _ => None,
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Numbers of 64 bits as text, because many readers of JSON know only 53.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hash: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{hash:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}
