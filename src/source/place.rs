//! How far a file was read, and whether it is still that file.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::SystemTime;

/// Bytes at the start of a file that tell whether it is still the same content.
const HEAD: usize = 256;

/// Which file it is, as long as it exists and also after. An inode's number is given to the next new
/// file as soon as its file is gone; the time of birth tells them apart (where the file system keeps
/// one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    /// When it was created.
    pub(super) born: Option<SystemTime>,
}

impl Identity {
    /// The identity of the file that the metadata are of.
    pub(super) fn of(meta: &Metadata) -> Self {
        Identity { device: meta.dev(), inode: meta.ino(), born: meta.created().ok() }
    }
}

/// Which file, by its identity and the head of its content, and how far it was read.
pub(super) struct Place {
    pub(super) identity: Identity,
    /// Bytes read, from the start of the file.
    pub(super) offset: u64,
    head: Vec<u8>,
}

impl Place {
    /// Nothing was read yet.
    pub(super) fn start_of(identity: Identity) -> Self {
        Place { identity, offset: 0, head: Vec::new() }
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
        }
        Ok(())
    }
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
    use std::time::{Duration, Instant};

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
