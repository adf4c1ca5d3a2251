//! How far a file was read, and whether it is still that file.

use std::cell::OnceCell;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::position::{FileIdentity, FilePosition, Head};

/// Bytes at the start of a file that tell whether it is still the same content.
const HEAD: usize = 1024;
/// Bytes at the start of a file that a position may ask for: a later version may take more than we.
const MOST_HEAD: u64 = 64 << 10;

/// Which file it is, as long as it exists and also after. An inode's number is given to the next new
/// file as soon as its file is gone; the time of birth tells them apart (where the file system keeps
/// one).
#[derive(Clone, Copy, Debug, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// When it was created.
    pub(super) born: Option<SystemTime>,
}

impl Identity {
    /// The identity of the file that the metadata are of.
    pub(super) fn of(meta: &Metadata) -> Self {
        Identity { device: meta.dev(), inode: meta.ino(), born: meta.created().ok() }
    }
}

impl PartialEq for Identity {
    /// A device may get another number when the machine starts anew.
    fn eq(&self, other: &Self) -> bool {
        self.inode == other.inode
            && self.born == other.born
            && (self.born.is_some() || self.device == other.device)
    }
}

impl From<FileIdentity> for Identity {
    fn from(stored: FileIdentity) -> Self {
        Identity { device: stored.device, inode: stored.inode, born: stored.born_ns.map(time) }
    }
}

/// A time as a position has it: nanoseconds since the Unix epoch; earlier ones are the epoch.
pub(super) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The time that a position has as nanoseconds since the Unix epoch.
pub(super) fn time(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

/// Which file, by its identity and the head of its content, and how far it was read.
pub(super) struct Place {
    pub(super) identity: Identity,
    /// Bytes read, from the start of the file.
    pub(super) offset: u64,
    head: Vec<u8>,
    /// The head's fingerprint, once somebody has asked for it.
    fingerprint: OnceCell<Head>,
    /// The offset at which a line was taken to begin although there may be no newline before.
    loose: Option<u64>,
}

/// What a position's file turned out to be.
pub(super) enum Found<T> {
    /// The file that it was.
    Same(T),
    /// Something else; why.
    Changed(String),
}

impl Place {
    /// Nothing was read yet.
    pub(super) fn start_of(identity: Identity) -> Self {
        Place { identity, offset: 0, head: Vec::new(), fingerprint: OnceCell::new(), loose: None }
    }

    /// The start of a file that is known by its head before anything was read.
    ///
    /// # Errors
    /// If its metadata cannot be had.
    pub(super) fn with_head(file: &File) -> io::Result<Self> {
        let mut place = Place::start_of(Identity::of(&file.metadata()?));
        let mut head = [0; HEAD];
        // A pipe has no place to read at; a file that cannot be read says so when it is read.
        let known = read_at_all(file, &mut head, 0).unwrap_or(0);
        place.head = head[..known].to_vec();
        Ok(place)
    }

    /// The head, as far as it is known.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether there is content to recognise the file by.
    pub(super) fn is_known(&self) -> bool {
        !self.head.is_empty()
    }

    /// Whether the file still has the content that was read: it is not shorter than that and begins
    /// as it did.
    pub(super) fn is_still(&self, file: &File) -> io::Result<bool> {
        if file.metadata()?.len() < self.offset {
            return Ok(false);
        }
        let mut head = [0; HEAD];
        let known = self.head.len();
        Ok(read_at_all(file, &mut head[..known], 0)? == known && head[..known] == self.head)
    }

    /// Counts `n` more bytes as read, and takes in as much of the head as was read by now.
    pub(super) fn advance(&mut self, n: usize, file: &File) -> io::Result<()> {
        self.offset += n as u64;
        let known = self.head.len();
        let want = HEAD.min(usize::try_from(self.offset).unwrap_or(HEAD));
        if want > known {
            self.head.resize(want, 0);
            let came = read_at_all(file, &mut self.head[known..], known as u64)?;
            self.head.truncate(known + came);
            self.fingerprint.take();
        }
        Ok(())
    }

    /// A line begins here, whatever comes before: what was read of the last one was taken as a line, or
    /// was skipped.
    pub(super) fn begin_line(&mut self) {
        self.loose = Some(self.offset);
    }

    /// The position of the first line that has not ended, of which so many bytes were read.
    pub(super) fn position(&self, partial: u64) -> FilePosition {
        let offset = self.offset.saturating_sub(partial);
        FilePosition {
            offset,
            identity: self.identity.into(),
            head: *self.fingerprint.get_or_init(|| Head::of(&self.head)),
            mid_line: self.loose == Some(offset),
            size: None,
        }
    }

    /// The place in an uncompressed file that a position tells of, if the file still has what was read.
    ///
    /// # Errors
    /// If the file cannot be looked at.
    pub(super) fn find(position: &FilePosition, file: &File) -> io::Result<Found<Place>> {
        let size = file.metadata()?.len();
        let offset = position.offset;
        if size < offset {
            return Ok(Found::Changed(format!("it has {size} bytes, and {offset} were read")));
        }
        let place = match Place::find_head(position, file)? {
            Found::Same(place) => place,
            changed => return Ok(changed),
        };
        if offset > 0 && !position.mid_line {
            let mut before = [0];
            if read_at_all(file, &mut before, offset - 1)? != 1 || before != *b"\n" {
                return Ok(Found::Changed(no_line_ends_at(offset)));
            }
        }
        Ok(Found::Same(place))
    }

    /// [`Place::find`] without a look at what comes behind the head: of a compressed file, whose offset
    /// is not the decoded text's.
    ///
    /// # Errors
    /// As there.
    pub(super) fn find_head(position: &FilePosition, file: &File) -> io::Result<Found<Place>> {
        let mut head = vec![0; position.head.length.min(MOST_HEAD) as usize];
        let known = read_at_all(file, &mut head, 0)?;
        head.truncate(known);
        if Head::of(&head) != position.head {
            return Ok(Found::Changed("it does not begin as it did".to_string()));
        }
        head.truncate(HEAD);
        let loose = position.mid_line.then_some(position.offset);
        let identity = Identity::of(&file.metadata()?);
        let fingerprint = OnceCell::new();
        Ok(Found::Same(Place { identity, offset: position.offset, head, fingerprint, loose }))
    }
}

/// Why a file is not the one that was read up to an offset where a line ended.
pub(super) fn no_line_ends_at(offset: u64) -> String {
    format!("no line ends at byte {offset} any more")
}

/// Reads until the room is full or the file ends.
fn read_at_all(file: &File, room: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read_at(&mut room[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_file_that_got_the_inode_of_another_is_not_taken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut identities = Vec::new();
        for _ in 0..20 {
            fs::write(&path, "the same content\n").unwrap();
            let meta = path.metadata().unwrap();
            let identity = Identity::of(&meta);
            if identity.born.is_none() {
                return;
            }
            assert!(!identities.contains(&identity));
            identities.push(identity);
            fs::remove_file(&path).unwrap();
            // Times of birth are as coarse as the file system's clock: until that has gone on.
            let (other, start) = (dir.path().join("other"), Instant::now());
            while start.elapsed() < Duration::from_secs(5) {
                fs::write(&other, "").unwrap();
                let time = other.metadata().unwrap().created().ok();
                fs::remove_file(&other).unwrap();
                if time > identity.born {
                    break;
                }
            }
        }
    }
}
