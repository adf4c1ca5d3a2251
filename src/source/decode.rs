//! Files as text: plain, gzip (also several members in a row) or zstd, told apart by their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use rustix::fs::Advice;

use super::records::HexRecords;
use crate::error::{Error, Result, plain};

/// Compressed bytes read at a time.
const BUFFER: usize = 128 * 1024;

/// A regular file, decoded as it is read.
pub(super) enum Decoded {
    /// As it is.
    Plain(File),
    /// gzip.
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
    /// zstd.
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<File>>>),
    /// As records of fixed length.
    Records(Box<HexRecords<File>>),
}

impl Decoded {
    /// Opens a regular file.
    ///
    /// # Errors
    /// If it cannot be opened, is a directory, or its name promises a compression that its first
    /// bytes do not keep.
    pub(super) fn open(path: &Path) -> Result<Decoded> {
        let file = File::open(path).map_err(|error| cannot_open(path, &error))?;
        Decoded::of(path, file)
    }

    /// Opens a file of records of that many bytes, as it is.
    ///
    /// # Errors
    /// If it cannot be opened, or is a directory.
    pub(super) fn open_records(path: &Path, length: NonZeroUsize) -> Result<Decoded> {
        let file = File::open(path).map_err(|error| cannot_open(path, &error))?;
        if file.metadata().is_ok_and(|meta| meta.is_dir()) {
            return Err(is_directory(path));
        }
        Ok(Decoded::Records(Box::new(HexRecords::new(file, length))))
    }

    /// A file that is open already; `path` is for messages and its ending.
    ///
    /// # Errors
    /// As for [`Decoded::open`].
    pub(super) fn of(path: &Path, file: File) -> Result<Decoded> {
        let meta =
            file.metadata().map_err(|error| Error::io(format!("cannot read {}", path.display()), &error))?;
        if meta.is_dir() {
            return Err(is_directory(path));
        }
        // Advice only; file systems that take none are read all the same.
        let _ = rustix::fs::fadvise(&file, 0, None, Advice::Sequential);
        let mut magic = [0; 4];
        let known = file.read_at(&mut magic, 0).unwrap_or(0);
        let magic = &magic[..known];
        let named = |end: &str| path.extension().is_some_and(|extension| extension == end);
        if magic.starts_with(&[0x1f, 0x8b, 8]) {
            Ok(Decoded::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file)))))
        } else if magic == [0x28, 0xb5, 0x2f, 0xfd] {
            let decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER, file));
            decoder.map(|decoder| Decoded::Zstd(Box::new(decoder))).map_err(|error| broken(path, &error))
        } else if named("gz") || named("zst") {
            let kind = if named("gz") { "gzip" } else { "zstd" };
            let (path, state) = (path.display(), if known == 0 { "is empty" } else { "holds none" });
            Err(Error::Runtime(format!(
                "{path} is named as {kind} data but {state}: give it its right name, or compress it again"
            )))
        } else {
            Ok(Decoded::Plain(file))
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoded::Plain(file) => file.read(room),
            Decoded::Gzip(decoder) => decoder.read(room),
            Decoded::Zstd(decoder) => decoder.read(room),
            Decoded::Records(records) => records.read(room),
        }
    }
}

/// The error of a read from `text` that failed.
pub(super) fn unreadable(path: &Path, text: &Decoded, error: &io::Error) -> Error {
    match text {
        // The operating system's own errors have a number; a decoder's have none.
        Decoded::Gzip(_) | Decoded::Zstd(_) if error.raw_os_error().is_none() => broken(path, error),
        _ => Error::io(format!("cannot read {}", path.display()), error),
    }
}

fn broken(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::Runtime(if error.kind() == io::ErrorKind::UnexpectedEof {
        format!("{path} is truncated: it ends in the middle of its compressed data")
    } else {
        format!("{path} is corrupt: its compressed data cannot be read on ({})", plain(error))
    })
}

/// The error of a file that cannot be opened.
pub(super) fn cannot_open(path: &Path, error: &io::Error) -> Error {
    Error::io(format!("cannot open {}", path.display()), error)
}

/// The error of a directory where a file was asked for.
pub(super) fn is_directory(path: &Path) -> Error {
    let path = path.display();
    Error::Runtime(format!("{path} is a directory: --from dir:{path} reads the files that come into it"))
}
