//! `-`: standard input until its end.
//!
//! Its file description may be shared with other processes (the shell, a pipeline's neighbours), so
//! it is never made non-blocking. Pipes and terminals are opened once more under `/proc`, which
//! gives a description of our own; sockets are read with `MSG_DONTWAIT`; where neither is possible
//! a thread copies standard input into a pipe that is ours.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use super::context::{Context, Next, Source};
use super::stream::{ReadOutcome, Stream};
use crate::error::{Error, Result};

/// Standard input.
pub(super) struct Stdin {
    stream: Option<Stream>,
    terminal: bool,
    /// What the copying thread failed with, where there is one.
    failure: Arc<OnceLock<io::Error>>,
}

/// The only stream.
const STDIN: usize = 0;

impl Stdin {
    /// Takes standard input over, without closing or changing it.
    pub(super) fn open(cx: &mut Context) -> Result<Self> {
        let fd = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3);
        Stdin::of(fd.map_err(|error| cannot_read(&error.into()))?, cx)
    }

    fn of(fd: OwnedFd, cx: &mut Context) -> Result<Self> {
        let stat = rustix::fs::fstat(&fd).map_err(|error| cannot_read(&error.into()))?;
        let terminal = rustix::termios::isatty(&fd);
        let failure = Arc::default();
        let stream = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                return Err(Error::Runtime(
                    "standard input is a directory: --from dir:PATH reads the files that come into one"
                        .into(),
                ));
            }
            FileType::RegularFile | FileType::BlockDevice => {
                // Advice only. The offset is shared with our parent, as filters are expected to do.
                let _ = rustix::fs::fadvise(&fd, 0, None, rustix::fs::Advice::Sequential);
                Stream::new(fd)
            }
            FileType::Socket => Stream::shared_socket(fd),
            _ => match reopen(&fd) {
                Ok(own) => Stream::new(own),
                Err(_) => pump(fd, &failure).map_err(|error| cannot_read(&error))?,
            },
        };
        cx.watch(STDIN, &stream).map_err(|error| cannot_read(&error))?;
        if terminal {
            cx.notices.push("reading from the terminal: type lines, and Ctrl-D at the end".into());
        }
        Ok(Stdin { stream: Some(stream), terminal, failure })
    }
}

/// Opens the same pipe or terminal again, for a description that only we read from.
fn reopen(fd: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty())
}

/// Starts a thread that copies `fd` into a pipe; the pipe's other end, which does not block. The
/// pipe's size bounds what lies in between.
fn pump(fd: OwnedFd, failure: &Arc<OnceLock<io::Error>>) -> io::Result<Stream> {
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    rustix::fs::fcntl_setfl(&reader, OFlags::NONBLOCK)?;
    let failure = Arc::clone(failure);
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut writer = File::from(writer);
        if let Err(error) = copy(File::from(fd), &mut writer) {
            // Set once, there is one thread; and before the pipe's end tells that it is over.
            let _ = failure.set(error);
        }
    })?;
    Ok(Stream::new(reader))
}

fn copy(mut from: File, to: &mut File) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // Our own end of the pipe was closed: the run is over.
            Ok(n) if to.write_all(&buffer[..n]).is_err() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Somebody who shares the description has made it non-blocking.
                let fd = from.as_fd();
                match rustix::event::poll(&mut [PollFd::new(&fd, PollFlags::IN)], None) {
                    Err(error) if error != Errno::INTR => return Err(error.into()),
                    _ => {}
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn cannot_read(error: &io::Error) -> Error {
    Error::io("cannot read standard input", error)
}

impl Source for Stdin {
    fn read(&mut self, _stream: usize, cx: &mut Context) -> Result<Next> {
        let Some(stream) = &mut self.stream else { return Ok(Next::Wait) };
        match stream.read(cx) {
            ReadOutcome::Open(next) => return Ok(next),
            ReadOutcome::Ended => {}
            // A terminal that was hung up has ended.
            ReadOutcome::Broken(error)
                if self.terminal && error.raw_os_error() == Some(Errno::IO.raw_os_error()) => {}
            ReadOutcome::Broken(error) => return Err(cannot_read(&error)),
        }
        if let Some(error) = self.failure.get() {
            return Err(cannot_read(error));
        }
        if let Some(stream) = self.stream.take() {
            stream.close(cx);
        }
        Ok(Next::Wait)
    }

    fn ended(&self) -> bool {
        self.stream.is_none()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_copies_what_cannot_be_opened_again() {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).unwrap();
        // Somebody else has made the shared description non-blocking.
        rustix::fs::fcntl_setfl(&reader, OFlags::NONBLOCK).unwrap();
        let failure = Arc::default();
        let copied = pump(reader, &failure).unwrap();
        let text = "some lines\n".repeat(50_000);
        let expected = text.clone();
        let feeder = std::thread::spawn(move || File::from(writer).write_all(text.as_bytes()).unwrap());
        rustix::fs::fcntl_setfl(&copied, OFlags::empty()).unwrap();
        let mut came = String::new();
        File::from(copied.as_fd().try_clone_to_owned().unwrap()).read_to_string(&mut came).unwrap();
        feeder.join().unwrap();
        assert!(came == expected);
        assert!(failure.get().is_none());
    }
}
