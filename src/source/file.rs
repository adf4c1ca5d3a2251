//! `file:PATH`: a file from start to end. Regular files are read one after the other, in the order
//! of their specifications; named pipes and devices as their bytes come.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::SourceSpec;
use super::context::{Context, Next, Source};
use super::decode::{Decoded, cannot_open, is_directory, unreadable};
use super::framing::{Carry, Fill};
use super::position::{FilePosition, Position};
use super::stream::{ReadOutcome, Stream};
use crate::error::{Error, Result};

/// A file, from its start to its end.
pub(super) struct FileSource {
    path: PathBuf,
    state: State,
    carry: Carry,
    /// Whether somebody asks for positions.
    told: bool,
    /// How far it was read, while it is not open: where to begin, or where it ended.
    position: Option<FilePosition>,
}

enum State {
    /// A regular file whose turn has not come; it is opened then, so that ten thousand files do
    /// not need as many descriptors.
    Waiting,
    Regular(Decoded),
    Pipe(Stream),
    Ended,
}

/// The only stream.
const FILE: usize = 0;

impl FileSource {
    /// Makes sure that the file can be read, and is the one that was read up to `position`. Named pipes
    /// and devices are opened at once, without waiting for a writer. `told` says whether positions are
    /// asked for.
    pub(super) fn open(
        path: &Path,
        told: bool,
        position: Option<FilePosition>,
        cx: &mut Context,
    ) -> Result<Self> {
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound && was_read(position.as_ref()) => {
                let name = path.display();
                cx.notices
                    .push(format!("{name} is gone, but was read to its end before: going on without it"));
                return Ok(FileSource::with(path, State::Ended, told, position));
            }
            Err(error) => return Err(is_missing(path, &error)),
        };
        if meta.is_dir() {
            return Err(is_directory(path));
        }
        if meta.file_type().is_socket() {
            let path = path.display();
            return Err(Error::Runtime(format!(
                "{path} is a socket, not a file: nothing can be read from it"
            )));
        }
        let state = if meta.is_file() {
            let text = Decoded::open(path)?;
            match &position {
                None => State::Waiting,
                Some(position) => {
                    text.check(path, position)?;
                    let is_whole = position.size.is_some() && position.size == text.file_size();
                    if is_whole { State::Ended } else { State::Waiting }
                }
            }
        } else if position.is_some() {
            let path = path.display();
            return Err(Error::Checkpoint(format!(
                "{path} was a regular file when it was read, and is none any more"
            )));
        } else {
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
            let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
            let stream = Stream::new(OwnedFd::from(file.map_err(|error| cannot_open(path, &error))?));
            // A pipe is first read when it is reported: before its writer comes, it looks ended.
            cx.watch(FILE, &stream).map_err(|error| cannot_open(path, &error))?;
            State::Pipe(stream)
        };
        Ok(FileSource::with(path, state, told, position))
    }

    fn with(path: &Path, state: State, told: bool, position: Option<FilePosition>) -> Self {
        FileSource { path: path.to_path_buf(), state, carry: Carry::default(), told, position }
    }
}

impl Source for FileSource {
    fn read(&mut self, _stream: usize, cx: &mut Context) -> Result<Next> {
        match &mut self.state {
            State::Waiting => {
                self.state = State::Regular(match &self.position {
                    None => Decoded::open(&self.path)?,
                    Some(position) => {
                        go_to(Decoded::open(&self.path)?, &self.path, position, &mut self.carry, cx)?
                    }
                });
                Ok(Next::Again)
            }
            State::Regular(text) => {
                let next = read_text(text, &self.path, &mut self.carry, cx)?;
                if next == Next::Wait {
                    self.position = self.told.then(|| text.position(0));
                    self.state = State::Ended;
                }
                Ok(next)
            }
            State::Pipe(stream) => match stream.read(cx) {
                ReadOutcome::Open(next) => Ok(next),
                ReadOutcome::Ended => {
                    if let State::Pipe(stream) = std::mem::replace(&mut self.state, State::Ended) {
                        stream.close(cx);
                    }
                    Ok(Next::Wait)
                }
                ReadOutcome::Broken(error) => {
                    Err(Error::io(format!("cannot read {}", self.path.display()), &error))
                }
            },
            State::Ended => Ok(Next::Wait),
        }
    }

    fn position(&mut self) -> Option<Position> {
        let position = match &self.state {
            State::Regular(text) => Some(text.position(self.carry.came())),
            State::Waiting | State::Ended => self.position.clone(),
            State::Pipe(_) => None,
        };
        position.map(Position::File)
    }

    fn ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn takes_turns(&self) -> bool {
        matches!(self.state, State::Waiting)
    }
}

/// The error of a file that is not there: whoever wrote a specification where a file was expected
/// meant that.
fn is_missing(path: &Path, error: &io::Error) -> Error {
    match cannot_open(path, error) {
        Error::Runtime(text)
            if error.kind() == io::ErrorKind::NotFound && SourceSpec::parse(path.as_os_str()).is_ok() =>
        {
            Error::Runtime(format!("{text}: did you mean --from {}?", path.display()))
        }
        error => error,
    }
}

/// Whether all of a file was read.
fn was_read(position: Option<&FilePosition>) -> bool {
    position.is_some_and(|position| position.size.is_some())
}

/// Goes to a position of a file; what was added to a last line that was taken as ended is a line of its own.
///
/// # Errors
/// As for [`Decoded::go_to`].
pub(super) fn go_to(
    text: Decoded,
    path: &Path,
    position: &FilePosition,
    carry: &mut Carry,
    cx: &mut Context,
) -> Result<Decoded> {
    let (text, front) = text.go_to(path, position)?;
    if !front.is_empty() {
        cx.notices.push(format!(
            "{}: the last line had no newline when it was read; what was added to it counts as a line of its own",
            path.display()
        ));
    }
    cx.intake.shared.hold(carry, &front);
    Ok(text)
}

/// Reads once from a file; [`Next::Wait`] at its end, when its last line is closed.
///
/// # Errors
/// If it cannot be read on, or its compressed data are broken.
pub(super) fn read_text(
    text: &mut Decoded,
    path: &Path,
    carry: &mut Carry,
    cx: &mut Context,
) -> Result<Next> {
    match cx.intake.fill(carry, &mut |room| io::Read::read(text, room)) {
        Ok(Fill::Bytes) => Ok(Next::Again),
        Ok(Fill::Nothing) => {
            let open = !carry.is_empty();
            let closed = cx.intake.finish(carry);
            if closed {
                text.end(open);
            }
            Ok(if closed { Next::Wait } else { Next::Starved })
        }
        Ok(Fill::Starved) => Ok(Next::Starved),
        Err(error) => Err(unreadable(path, text, &error)),
    }
}
