//! Files as text: plain, gzip (also several members in a row) or zstd, told apart by their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use rustix::fs::Advice;

use super::place::{Found, Place, no_line_ends_at};
use super::position::FilePosition;
use super::records::HexRecords;
use crate::error::{Error, Result, plain};

/// Compressed bytes read at a time.
const BUFFER: usize = 128 * 1024;

/// A regular file, decoded as it is read.
pub(super) struct Decoded {
    decoder: Decoder,
    /// How far the decoded text was read.
    place: Place,
    /// The size of the file when it was read to its end.
    size: Option<u64>,
}

enum Decoder {
    Plain(File),
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
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
        let place = Place::with_head(&file).map_err(|error| cannot_read(path, &error))?;
        Ok(Decoded { decoder: Decoder::Records(Box::new(HexRecords::new(file, length))), place, size: None })
    }

    /// A file that is open already; `path` is for messages and its ending.
    ///
    /// # Errors
    /// As for [`Decoded::open`].
    pub(super) fn of(path: &Path, file: File) -> Result<Decoded> {
        let meta = file.metadata().map_err(|error| cannot_read(path, &error))?;
        if meta.is_dir() {
            return Err(is_directory(path));
        }
        // Advice only; file systems that take none are read all the same.
        let _ = rustix::fs::fadvise(&file, 0, None, Advice::Sequential);
        let place = Place::with_head(&file).map_err(|error| cannot_read(path, &error))?;
        let magic = place.head();
        let named = |end: &str| path.extension().is_some_and(|extension| extension == end);
        let decoder = if magic.starts_with(&[0x1f, 0x8b, 8]) {
            Decoder::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER, file));
            Decoder::Zstd(Box::new(decoder.map_err(|error| broken(path, &error))?))
        } else if named("gz") || named("zst") {
            let kind = if named("gz") { "gzip" } else { "zstd" };
            let (path, state) = (path.display(), if magic.is_empty() { "is empty" } else { "holds none" });
            return Err(Error::Runtime(format!(
                "{path} is named as {kind} data but {state}: give it its right name, or compress it again"
            )));
        } else {
            Decoder::Plain(file)
        };
        Ok(Decoded { decoder, place, size: None })
    }

    /// Opens a file at a position of it. What is returned beside it belongs in front of what is read:
    /// the beginning of the first line.
    ///
    /// # Errors
    /// As for [`Decoded::open`]; if it is not the file any more that was read up to that position.
    pub(super) fn open_at(path: &Path, position: &FilePosition) -> Result<(Decoded, Vec<u8>)> {
        Decoded::open(path)?.go_to(path, position)
    }

    /// Goes to a position of the file, as [`Decoded::open_at`] does.
    ///
    /// # Errors
    /// If it is not the file any more that was read up to that position.
    pub(super) fn go_to(self, path: &Path, position: &FilePosition) -> Result<(Decoded, Vec<u8>)> {
        let mut text = self;
        text.check(path, position)?;
        let behind = text.skip(position.offset).map_err(|error| unreadable(path, &text, &error))?;
        let is_line_start = position.mid_line || matches!(behind, None | Some(b'\n'));
        if text.place.offset < position.offset {
            let (there, read) = (text.place.offset, position.offset);
            return Err(changed(path, position, &format!("it holds {there} bytes, and {read} were read")));
        } else if !is_line_start {
            return Err(changed(path, position, &no_line_ends_at(position.offset)));
        }
        let front = if position.mid_line { text.end_of_line() } else { Ok(Vec::new()) };
        let front = front.map_err(|error| unreadable(path, &text, &error))?;
        Ok((text, front))
    }

    /// Makes sure that the file is still the one that was read up to a position, as far as that can be
    /// said without decoding it.
    ///
    /// # Errors
    /// Says what differs.
    pub(super) fn check(&self, path: &Path, position: &FilePosition) -> Result<()> {
        let found = match &self.decoder {
            Decoder::Plain(file) => Place::find(position, file),
            Decoder::Gzip(_) | Decoder::Zstd(_) | Decoder::Records(_) => {
                Place::find_head(position, self.file())
            }
        };
        match found.map_err(|error| cannot_read(path, &error))? {
            Found::Same(_) => Ok(()),
            Found::Changed(why) => Err(changed(path, position, &why)),
        }
    }

    /// Reads up to an offset, or to the end if that comes before; the last byte that was passed over,
    /// if it had to be decoded.
    fn skip(&mut self, offset: u64) -> io::Result<Option<u8>> {
        if let Decoder::Plain(file) = &mut self.decoder {
            self.place.offset = file.seek(SeekFrom::Start(offset))?;
            return Ok(None);
        }
        let (mut room, mut last) = (vec![0; BUFFER], None);
        while self.place.offset < offset {
            let left = usize::try_from(offset - self.place.offset).unwrap_or(BUFFER).min(BUFFER);
            match self.read(&mut room[..left]) {
                Ok(0) => break,
                Ok(n) => last = Some(room[n - 1]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(last)
    }

    /// Reads the newline behind a last line that had none, if it was added since. Otherwise a new line
    /// begins here: its first bytes.
    fn end_of_line(&mut self) -> io::Result<Vec<u8>> {
        self.place.begin_line();
        let mut front = Vec::new();
        // One by one, so that nothing is read behind a newline.
        while Read::by_ref(self).take(1).read_to_end(&mut front)? == 1 {
            match front[..] {
                [b'\n'] | [b'\r', b'\n'] => return Ok(Vec::new()),
                [b'\r'] => {}
                _ => break,
            }
        }
        Ok(front)
    }

    /// It was read to its end. `cut` says that the last line had no newline there.
    pub(super) fn end(&mut self, cut: bool) {
        self.size = self.file_size();
        if cut {
            self.place.begin_line();
        }
    }

    /// The position of the first line that has not ended, of which so many bytes were read.
    pub(super) fn position(&self, partial: u64) -> FilePosition {
        FilePosition { size: self.size, ..self.place.position(partial) }
    }

    /// The size of the file now, before decompression.
    pub(super) fn file_size(&self) -> Option<u64> {
        self.file().metadata().ok().map(|meta| meta.len())
    }

    /// Whether the file is read as it is.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.decoder, Decoder::Plain(_))
    }

    /// The file itself.
    pub(super) fn file(&self) -> &File {
        match &self.decoder {
            Decoder::Plain(file) => file,
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref().get_ref(),
            Decoder::Records(records) => records.input(),
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.decoder {
            Decoder::Plain(file) => file.read(room),
            Decoder::Gzip(decoder) => decoder.read(room),
            Decoder::Zstd(decoder) => decoder.read(room),
            Decoder::Records(records) => records.read(room),
        }?;
        self.place.offset += n as u64;
        Ok(n)
    }
}

/// The error of a file that is not the one that was read.
fn changed(path: &Path, position: &FilePosition, why: &str) -> Error {
    let (path, offset) = (path.display(), position.offset);
    Error::Checkpoint(format!(
        "{path} is not the file that was read up to byte {offset}: {why}; put that file back, or begin \
         without the checkpoint"
    ))
}

/// The error of a read from `text` that failed.
pub(super) fn unreadable(path: &Path, text: &Decoded, error: &io::Error) -> Error {
    match text.decoder {
        // The operating system's own errors have a number; a decoder's have none.
        Decoder::Gzip(_) | Decoder::Zstd(_) if error.raw_os_error().is_none() => broken(path, error),
        _ => cannot_read(path, error),
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

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::io(format!("cannot read {}", path.display()), error)
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
