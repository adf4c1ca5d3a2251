//! What a source is to the event loop, and what the event loop is to a source.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::SourceStats;
use super::framing::Intake;
use super::hints::{Hint, Hints};
use super::position::Position;
use crate::error::Result;

/// One `--from`, open. It may hold many streams (clients, files), which it numbers as it likes.
pub(super) trait Source: Send {
    /// Reads from a stream that was reported or marked ready, at most about a chunk's worth.
    ///
    /// # Errors
    /// Faults that end the whole run, naming the source; what heals by itself becomes a notice.
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next>;

    /// When [`Source::tick`] wants to be called next.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// The time that [`Source::due`] named has come.
    ///
    /// # Errors
    /// As for [`Source::read`].
    fn tick(&mut self, _cx: &mut Context) -> Result<()> {
        Ok(())
    }

    /// Something happened to a file or directory that the source watches.
    fn hint(&mut self, _hint: &Hint, _cx: &mut Context) {}

    /// Whether everything was read that will ever come.
    fn ended(&self) -> bool {
        false
    }

    /// Whether the source waits for its turn: regular files are read one after the other.
    fn takes_turns(&self) -> bool {
        false
    }

    /// How far whole lines were read, if they can be read again: all of it, but of the files of a
    /// directory only those that have changed since this was asked last.
    fn position(&mut self) -> Option<Position> {
        None
    }

    /// Adds the source's own figures to the statistics.
    fn add_stats(&self, _stats: &mut SourceStats) {}
}

/// What is to be done with a stream after it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read it again in the next round.
    Again,
    /// Leave it until it is reported ready again.
    Wait,
    /// Read it again when the pool has a chunk.
    Starved,
}

/// Streams that may have input, in the order in which they get their turn. Readiness is reported
/// once (edge-triggered), so a stream stays here until it has nothing more.
#[derive(Debug, Default)]
pub(super) struct Ready {
    queue: VecDeque<Token>,
    queued: HashSet<Token>,
}

impl Ready {
    pub(super) fn push(&mut self, token: Token) {
        if self.queued.insert(token) {
            self.queue.push_back(token);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Token> {
        let token = self.queue.pop_front()?;
        self.queued.remove(&token);
        Some(token)
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

/// Messages for stderr between two calls of [`Notices::take`], bounded because faults may come faster
/// than messages are taken.
#[derive(Debug, Default)]
pub(super) struct Notices {
    texts: Vec<String>,
    left_out: usize,
}

impl Notices {
    const MOST: usize = 100;

    pub(super) fn push(&mut self, text: String) {
        if self.texts.len() < Self::MOST {
            self.texts.push(text);
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<String> {
        let left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 {
            self.texts.push(format!("({left_out} more messages about sources were left out)"));
        }
        std::mem::take(&mut self.texts)
    }
}

/// The event loop, as one source sees it during a call.
pub(super) struct Context<'a> {
    /// The time of this round.
    pub(super) now: Instant,
    /// Where bytes go.
    pub(super) intake: Intake<'a>,
    /// Messages for stderr.
    pub(super) notices: &'a mut Notices,
    /// Directory events.
    pub(super) hints: &'a mut Hints,
    pub(super) ready: &'a mut Ready,
    pub(super) registry: &'a Registry,
    /// The source's place among all.
    pub(super) source: usize,
}

/// Bits of a token that hold the source; the others are the stream's number.
const SOURCE_BITS: u32 = 16;
/// The source number in tokens of the loop's own descriptors; real sources stay below.
pub(super) const OWN: usize = (1 << SOURCE_BITS) - 1;

/// The token of a source's stream.
pub(super) fn token(source: usize, stream: usize) -> Token {
    Token(stream << SOURCE_BITS | source)
}

/// The source and stream of a token.
pub(super) fn parts(token: Token) -> (usize, usize) {
    (token.0 & OWN, token.0 >> SOURCE_BITS)
}

impl Context<'_> {
    /// Has the kernel report when the stream can be read from; what never blocks (regular files,
    /// `/dev/null`), and epoll therefore refuses, is marked ready for good.
    ///
    /// # Errors
    /// When the kernel refuses for another reason.
    pub(super) fn watch(&mut self, stream: usize, fd: impl AsFd) -> io::Result<()> {
        match self.register(stream, fd, Interest::READABLE) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.mark_ready(stream);
                Ok(())
            }
            result => result,
        }
    }

    /// Has the kernel report once a pending connection has come about or failed.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn watch_connecting(&mut self, stream: usize, fd: impl AsFd) -> io::Result<()> {
        self.register(stream, fd, Interest::READABLE | Interest::WRITABLE)
    }

    fn register(&self, stream: usize, fd: impl AsFd, interest: Interest) -> io::Result<()> {
        let fd = fd.as_fd().as_raw_fd();
        self.registry.register(&mut SourceFd(&fd), token(self.source, stream), interest)
    }

    /// Ends the reports. Closing is not enough where another process shares the description.
    pub(super) fn forget(&self, fd: impl AsFd) {
        // Not registered is what we want; nothing else can go wrong with an open descriptor.
        let _ = self.registry.deregister(&mut SourceFd(&fd.as_fd().as_raw_fd()));
    }

    /// Has the stream read in the next round.
    pub(super) fn mark_ready(&mut self, stream: usize) {
        self.ready.push(token(self.source, stream));
    }
}
