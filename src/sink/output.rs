//! An output: a format and where it goes. A batch is rendered whole into one buffer that is used
//! again, and given to the system in one write; nothing stays behind in between.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::SystemTime;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::tcgetwinsize;
use serde::{Deserialize, Serialize};

use super::{Format, FormatKind, Screen, Target, Unprintable};
use crate::batch::BatchResult;
use crate::error::{Error, Result, plain};

/// A buffer that grew beyond this for one batch is given back after it.
const KEPT_BUFFER: usize = 1 << 20;

/// A format with a target: standard output or a file.
pub struct Output {
    /// The format of batches of which nothing else is said.
    kind: FormatKind,
    color: bool,
    /// The formats that were used so far.
    formats: Vec<Used>,
    file: File,
    /// The file's name; none for standard output.
    path: Option<PathBuf>,
    /// Whether nothing had been written to the target when it was opened.
    fresh: bool,
    /// Whether nothing has been written to it since.
    untouched: bool,
    /// Whether the target is a terminal whose cursor can be moved.
    terminal: bool,
    /// Whether a frame on a terminal may be drawn over the one before it.
    in_place: bool,
    buffer: Vec<u8>,
}

/// How far a file was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputPosition {
    /// Its name, for people.
    pub path: String,
    /// The device that it is on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// When it was created, in nanoseconds since the Unix epoch, where the file system tells: inodes are used again.
    pub born_ns: Option<u64>,
    /// Its length in bytes.
    pub length: u64,
}

impl OutputPosition {
    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text and numbers have a JSON text")
    }

    /// Back from JSON, if it is one.
    pub fn of_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// A format at work.
struct Used {
    kind: FormatKind,
    format: Box<dyn Format>,
    /// Whether it has written anything to the target.
    begun: bool,
}

impl Output {
    /// Batches to standard output. It is written through a descriptor of its own, past the
    /// line buffer of [`std::io::stdout`].
    ///
    /// # Errors
    /// If the descriptor cannot be duplicated.
    pub fn stdout(kind: FormatKind, color: bool) -> Result<Output> {
        let descriptor = io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|cause| Error::io("cannot open standard output", &cause))?;
        Ok(Output::new(kind, color, File::from(descriptor), None, true))
    }

    /// Batches to the end of a file, which is made if there is none.
    ///
    /// # Errors
    /// If the file cannot be opened for appending.
    pub fn file(kind: FormatKind, color: bool, path: impl Into<PathBuf>) -> Result<Output> {
        let path = path.into();
        let (file, empty) = append_to(&path)?;
        Ok(Output::new(kind, color, file, Some(path), empty))
    }

    fn new(kind: FormatKind, color: bool, file: File, path: Option<PathBuf>, empty: bool) -> Output {
        let terminal = can_move_cursor(&file);
        Output {
            kind,
            color,
            formats: Vec::new(),
            file,
            path,
            fresh: empty,
            untouched: true,
            terminal,
            in_place: true,
            buffer: Vec::new(),
        }
    }

    /// Opens the file again by its name, after it was renamed (log rotation). Does
    /// nothing for standard output.
    ///
    /// # Errors
    /// If the file cannot be opened; the output then stays with the file it had.
    pub fn reopen(&mut self) -> Result<()> {
        if let Some(path) = &self.path {
            (self.file, self.fresh) = append_to(path)?;
            self.untouched = true;
            self.terminal = can_move_cursor(&self.file);
            self.formats.clear();
        }
        Ok(())
    }

    /// Makes what was written to a regular file durable, and tells how far that is: nothing for other targets.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the file did not reach its disk.
    pub fn sync(&mut self) -> Result<Option<OutputPosition>> {
        let Some(path) = &self.path else { return Ok(None) };
        let told = self.file.sync_data().and_then(|()| self.file.metadata());
        let data =
            told.map_err(|cause| Error::io(format_args!("cannot write to {}", self.name()), &cause))?;
        let (device, inode, born_ns, length) = (data.dev(), data.ino(), born_ns(&data), data.len());
        let path = path.display().to_string();
        Ok(data.is_file().then_some(OutputPosition { path, device, inode, born_ns, length }))
    }

    /// Cuts off what was written behind a position; whether the file is the one that was written then.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it is shorter than it was, [`Error::Runtime`] if it cannot be cut.
    pub fn resume(&mut self, position: &OutputPosition) -> Result<bool> {
        let fault = |cause: &io::Error| Error::io(format_args!("cannot write to {}", position.path), cause);
        let data = self.file.metadata().map_err(|cause| fault(&cause))?;
        let told = (position.device, position.inode, position.born_ns);
        if (data.dev(), data.ino(), born_ns(&data)) != told {
            return Ok(false);
        }
        if data.len() < position.length {
            return Err(Error::Checkpoint(format!(
                "{} has {} bytes, and had {} when the checkpoint was written",
                position.path,
                data.len(),
                position.length
            )));
        }
        let cut = self.file.set_len(position.length).and_then(|()| self.file.sync_all());
        cut.map_err(|cause| fault(&cause))?;
        self.fresh = position.length == 0;
        Ok(true)
    }

    /// Another descriptor of what is written to.
    ///
    /// # Errors
    /// If there are no descriptors left.
    pub fn descriptor(&self) -> Result<OwnedFd> {
        let file = self.file.try_clone();
        file.map(OwnedFd::from)
            .map_err(|cause| Error::io(format_args!("cannot watch {}", self.name()), &cause))
    }

    /// Tells the output that something else was written to the terminal since the last batch (a
    /// message, say): a table is then not refreshed in place but begun anew below it.
    pub fn interrupted(&mut self) {
        self.formats.iter_mut().for_each(|used| used.format.interrupted());
    }

    /// Has every batch printed below the one before it, on a terminal too. To be asked for where
    /// others may move the cursor without [`Output::interrupted`] being called: a terminal echoes
    /// the lines that are typed for standard input, and commands of `exec:` sources write to stderr
    /// themselves.
    pub fn never_in_place(&mut self) {
        self.in_place = false;
    }

    /// Writes a batch: all of it, in one write where the system takes it in one.
    ///
    /// # Errors
    /// [`Error::OutputClosed`] if the reader has gone; [`Error::Runtime`] naming the target and
    /// how much of the batch it took, if it takes no more (a full disk), or if a record has no text.
    pub fn write(&mut self, batch: &BatchResult) -> Result<()> {
        let written = self.write_as(self.kind, batch)?;
        written.map_err(|Unprintable { class, message }| {
            Error::Runtime(format!("cannot print a record: {class}: {message}"))
        })
    }

    /// Writes a batch of a program's output, in a format of its own if it asks for one. Nothing of it is written if a record
    /// has no text.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn write_values(
        &mut self,
        format: Option<FormatKind>,
        batch: &BatchResult,
    ) -> Result<std::result::Result<(), Unprintable>> {
        self.write_as(format.unwrap_or(self.kind), batch)
    }

    fn write_as(
        &mut self,
        kind: FormatKind,
        batch: &BatchResult,
    ) -> Result<std::result::Result<(), Unprintable>> {
        let screen = if self.terminal && self.in_place { Some(screen_of(&self.file)) } else { None };
        let at = self.formats.iter().position(|used| used.kind == kind).unwrap_or_else(|| {
            self.formats.push(Used { kind, format: kind.build(self.color), begun: false });
            self.formats.len() - 1
        });
        let used = &mut self.formats[at];
        let target = Target { empty: self.fresh && !used.begun, screen };
        self.buffer.clear();
        if let Err(unprintable) = used.format.render(batch, target, &mut self.buffer) {
            return Ok(Err(unprintable));
        }
        used.begun |= !self.buffer.is_empty();
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.write_bytes(&buffer, "the last batch's ");
        if buffer.capacity() <= KEPT_BUFFER {
            self.buffer = buffer;
        }
        for (index, other) in self.formats.iter_mut().enumerate() {
            if index != at {
                other.format.interrupted();
            }
        }
        written.map(Ok)
    }

    /// Writes text as it is, behind the batches before it.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn write_text(&mut self, text: &[u8]) -> Result<()> {
        self.interrupted();
        self.write_bytes(text, "a text's ")
    }

    /// Writes bytes; `whose` they are is said if they were not all taken.
    fn write_bytes(&mut self, bytes: &[u8], whose: &str) -> Result<()> {
        let written = write_whole(&self.file, bytes).map_err(|(taken, cause)| match cause.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Error::OutputClosed,
            _ => {
                let left = if self.take_back(taken) { 0 } else { taken };
                Error::Runtime(format!(
                    "cannot write to {}: {}; of {whose}{} bytes it has {left}",
                    self.name(),
                    plain(&cause),
                    bytes.len(),
                ))
            }
        });
        self.untouched &= bytes.is_empty();
        written
    }

    /// Cuts the last bytes of a regular file off, so that only whole batches stay in it; says whether
    /// it could.
    fn take_back(&self, bytes: usize) -> bool {
        let regular = self.path.is_some().then(|| self.file.metadata()).and_then(|data| data.ok());
        let Some(data) = regular.filter(|data| data.is_file()) else { return false };
        self.file.set_len(data.len().saturating_sub(bytes as u64)).is_ok()
    }

    /// Ends the output. A regular file is brought to the disk, so that what only shows then (a
    /// full quota, a network file system's error) is not lost; a table's last frame stays.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the file did not reach its disk.
    pub fn finish(&mut self) -> Result<()> {
        let regular = self.path.is_some() && self.file.metadata().is_ok_and(|data| data.is_file());
        if regular && !(self.fresh && self.untouched) {
            self.file
                .sync_data()
                .map_err(|cause| Error::io(format_args!("cannot write to {}", self.name()), &cause))?;
        }
        Ok(())
    }

    /// The target as messages name it.
    fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "standard output".to_string(),
        }
    }
}

/// Opens a file for appending; says also whether there is nothing in it yet.
fn append_to(path: &PathBuf) -> Result<(File, bool)> {
    let fault =
        |cause: &io::Error| Error::io(format_args!("cannot open {} for output", path.display()), cause);
    let file = OpenOptions::new().append(true).create(true).open(path).map_err(|cause| fault(&cause))?;
    let empty = file.metadata().map_err(|cause| fault(&cause))?.len() == 0;
    Ok((file, empty))
}

/// Whether the file is a terminal that understands cursor movements.
fn can_move_cursor(file: &File) -> bool {
    file.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The terminal's size now; 24 lines of 80 cells, the usual default, if it reports none.
fn screen_of(file: &File) -> Screen {
    match tcgetwinsize(file) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => {
            Screen { rows: size.ws_row.into(), columns: size.ws_col.into() }
        }
        _ => Screen { rows: 24, columns: 80 },
    }
}

/// Writes all bytes. A descriptor that is non-blocking (its description may be shared with a
/// process that made it so) is waited for. A fault comes with the number of bytes that were taken
/// before it.
fn write_whole(mut file: &File, bytes: &[u8]) -> std::result::Result<(), (usize, io::Error)> {
    let mut taken = 0;
    while taken < bytes.len() {
        match file.write(&bytes[taken..]) {
            Ok(0) => return Err((taken, ErrorKind::WriteZero.into())),
            Ok(n) => taken += n,
            Err(cause) => match cause.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => wait_until_writable(file).map_err(|cause| (taken, cause))?,
                _ => return Err((taken, cause)),
            },
        }
    }
    Ok(())
}

/// Sleeps until the file takes bytes again, or has none to take them.
fn wait_until_writable(file: &File) -> io::Result<()> {
    match poll(&mut [PollFd::new(file, PollFlags::OUT)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

/// When a file was created, where the file system tells.
fn born_ns(data: &Metadata) -> Option<u64> {
    let since = data.created().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn a_full_pipe_that_does_not_block_is_waited_for() {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).expect("a pipe");
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
        let sent = bytes.clone();
        let thread = std::thread::spawn(move || write_whole(&File::from(writer), &sent));
        let mut arrived = Vec::new();
        let mut reader = File::from(reader);
        loop {
            let mut part = [0; 10_000];
            match reader.read(&mut part) {
                Ok(0) => break,
                Ok(n) => arrived.extend_from_slice(&part[..n]),
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(cause) => panic!("{cause}"),
            }
        }
        thread.join().expect("the writer ends").expect("all is written");
        assert_eq!(arrived, bytes);
    }
}
