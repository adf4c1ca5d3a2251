//! How far a file was read, and whether it is still that file.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

/// Bytes at the start of a file that tell whether it is still the same content.
const HEAD: usize = 256;

/// Which file, by its identity and the head of its content, and how far it was read.
pub(super) struct Place {
    pub(super) identity: (u64, u64),
    /// Bytes read, from the start of the file.
    pub(super) offset: u64,
    head: Vec<u8>,
}

impl Place {
    /// Nothing was read yet.
    pub(super) fn start_of(identity: (u64, u64)) -> Self {
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

/// A file's device and inode.
pub(super) fn identity(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}
