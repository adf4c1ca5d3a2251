//! A descriptor that bytes come from: a pipe, socket, terminal or plain file.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::RecvFlags;

use super::context::{Context, Next};
use super::framing::{Carry, Fill};

/// What a pipe is enlarged to: fewer switches between its writer and us.
const PIPE_SIZE: usize = 1 << 20;

/// A descriptor and its partial line.
#[derive(Debug)]
pub(super) struct Stream {
    file: File,
    carry: Carry,
    /// Whether the descriptor is a socket that blocks, because it is not ours alone.
    shared_socket: bool,
}

/// What one read from a stream came to.
#[derive(Debug)]
pub(super) enum ReadOutcome {
    /// Nothing final.
    Open(Next),
    /// Its end; the partial line was closed as a line.
    Ended,
    /// It broke; the partial line is still there.
    Broken(io::Error),
}

impl Stream {
    /// A stream of a descriptor that does not block (or never has to).
    pub(super) fn new(fd: OwnedFd) -> Self {
        // A descriptor that is no pipe, or a pipe at the user's limit, stays as it is.
        let _ = rustix::pipe::fcntl_setpipe_size(&fd, PIPE_SIZE);
        Stream { file: File::from(fd), carry: Carry::default(), shared_socket: false }
    }

    /// A stream of a socket whose description others share: it is read without blocking, but not
    /// made non-blocking behind their backs.
    pub(super) fn shared_socket(fd: OwnedFd) -> Self {
        Stream { file: File::from(fd), carry: Carry::default(), shared_socket: true }
    }

    /// Reads once.
    pub(super) fn read(&mut self, cx: &mut Context) -> ReadOutcome {
        let Stream { file, carry, shared_socket } = self;
        let mut read = |room: &mut [u8]| {
            if *shared_socket {
                Ok(rustix::net::recv(&*file, room, RecvFlags::DONTWAIT)?.1)
            } else {
                file.read(room)
            }
        };
        match cx.intake.fill(carry, &mut read) {
            Ok(Fill::Bytes) => ReadOutcome::Open(Next::Again),
            Ok(Fill::Starved) => ReadOutcome::Open(Next::Starved),
            Ok(Fill::Nothing) if cx.intake.finish(carry) => ReadOutcome::Ended,
            Ok(Fill::Nothing) => ReadOutcome::Open(Next::Starved),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ReadOutcome::Open(Next::Wait),
            Err(error) => ReadOutcome::Broken(error),
        }
    }

    /// The stream broke: counts its partial line as lost and closes it; how many bytes were lost.
    pub(super) fn abandon(mut self, cx: &mut Context) -> usize {
        cx.forget(&self.file);
        cx.intake.discard(&mut self.carry)
    }

    /// Closes a stream that has ended.
    pub(super) fn close(self, cx: &mut Context) {
        cx.forget(&self.file);
    }
}

/// Has the kernel find out, in about two minutes, that a silent peer has vanished without a word.
/// Where it refuses (Unix sockets have no use for it), only that is missing.
pub(super) fn keep_alive(socket: impl AsFd) {
    use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl};
    let _ = set_socket_keepalive(&socket, true)
        .and_then(|()| set_tcp_keepidle(&socket, Duration::from_secs(60)))
        .and_then(|()| set_tcp_keepintvl(&socket, Duration::from_secs(15)))
        .and_then(|()| set_tcp_keepcnt(&socket, 4));
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
