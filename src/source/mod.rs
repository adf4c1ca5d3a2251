//! Bytes in: every source on one mio event loop, framed into lines, read once into pooled chunks.
//!
//! [`EventLoop`] runs on the caller's thread and never starts a periodic timer for pipes and sockets:
//! without input it sleeps in the kernel. Each source is one file of this room and implements
//! `context::Source`; all of them read through `framing::Intake`, so that lines of different
//! streams never mix and everything they hold is bounded. [`QueueReader`] reads the files of
//! `queue:` sources, one a batch, and needs no loop.
//!
//! What can be read again tells how far it was read ([`Position`]), and is opened there again by
//! [`EventLoop::new_at`] and [`QueueReader::new_at`].

mod backoff;
mod context;
mod decode;
mod descriptors;
mod dir;
mod event_loop;
mod exec;
mod file;
mod followed;
mod framing;
mod group;
mod hints;
mod listen;
mod open;
mod place;
mod position;
mod queue;
mod records;
mod rotated;
mod spec;
mod stdin;
mod stream;
mod tail;
mod tcp;
mod text_files;
mod udp;

use std::ops::AddAssign;

pub use event_loop::{EventLoop, Turn};
pub use group::{Group, Watchdog};
pub use position::{
    DirPosition, FileIdentity, FileName, FilePosition, FormerFile, FormerState, Head, Position,
    QueuePosition, ReadingFile, SeenFile, TailPosition,
};
pub use queue::QueueReader;
pub use spec::{SourceKind, SourceSpec};
pub use text_files::{listed, read_lines, read_whole};

/// How sources read.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The longest line that is kept whole, in bytes without its newline; what is longer is cut
    /// there and counted.
    pub max_line: usize,
    /// Whether a tailed file that exists at the start is read from its start, not from its end.
    pub from_start: bool,
}

impl Default for Options {
    /// Lines of up to 1 MiB; tailed files from their end.
    fn default() -> Self {
        Options { max_line: 1 << 20, from_start: false }
    }
}

/// What sources have read, and what they could not keep, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// Bytes read (of compressed files: bytes after decompression).
    pub bytes: u64,
    /// Lines longer than allowed, cut to the allowed length.
    pub lines_cut: u64,
    /// Bytes dropped from these lines.
    pub bytes_cut: u64,
    /// Bytes of lines whose end can never come, because their connection broke or their file cannot
    /// be read on (a corrupt archive, a stop in the middle of a file).
    pub bytes_lost: u64,
    /// Datagrams that the kernel dropped because its receive buffer was full.
    pub datagrams_dropped: u64,
    /// Accepted clients that are connected now.
    pub clients: usize,
}

impl AddAssign for SourceStats {
    /// Adds every figure: what two sets of sources have come to together.
    fn add_assign(&mut self, other: Self) {
        let SourceStats { bytes, lines_cut, bytes_cut, bytes_lost, datagrams_dropped, clients } = other;
        self.bytes += bytes;
        self.lines_cut += lines_cut;
        self.bytes_cut += bytes_cut;
        self.bytes_lost += bytes_lost;
        self.datagrams_dropped += datagrams_dropped;
        self.clients += clients;
    }
}
