//! `queue:FILE,FILE,…`: one file a batch, on a virtual clock. No event loop is needed: a batch's
//! files are read to their end when the driver comes to that batch.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;

use super::decode::{Decoded, cannot_open, unreadable};
use super::framing::{Carry, Fill, Framer, Intake, Shared};
use super::spec::check;
use super::{Options, SourceKind, SourceSpec, SourceStats, Turn};
use crate::batch::{Chunk, Pool, SourceId};
use crate::error::{Error, Result};

/// How long a turn waits for the writer of a pipe; its caller may have to do something else.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The files of all `queue:` sources, batch by batch.
pub struct QueueReader {
    queues: Vec<Vec<Option<PathBuf>>>,
    shared: Shared,
    /// The present batch, and which queue's element comes next in it.
    batch: usize,
    next: usize,
    open: Option<OpenFile>,
}

/// The file that is being read.
struct OpenFile {
    path: PathBuf,
    text: Decoded,
    /// Whether it is a pipe or device, which is waited for.
    pipe: bool,
    carry: Carry,
    framer: Framer,
}

impl QueueReader {
    /// Takes the queues; their files must be there and readable, which is found out now and not in
    /// the middle of a run.
    ///
    /// # Errors
    /// Usage errors if a source is no queue; runtime errors that name the file that cannot be read.
    pub fn new(specs: &[SourceSpec], options: Options, pool: Pool) -> Result<QueueReader> {
        check(specs)?;
        let queues = specs.iter().map(|spec| match &spec.kind {
            SourceKind::Queue(files) => Ok(files.clone()),
            _ => Err(Error::Usage(format!(
                "{spec} runs on the real clock and cannot be mixed with queue: sources, which run on a virtual one"
            ))),
        });
        let queues: Vec<Vec<Option<PathBuf>>> = queues.collect::<Result<_>>()?;
        for path in queues.iter().flatten().flatten() {
            // A pipe is opened when its batch comes: its writer may not write for nobody.
            if !is_pipe(path) {
                Decoded::open(path)?;
            }
        }
        let shared = Shared::new(pool, options.max_line);
        Ok(QueueReader { queues, shared, batch: 0, next: 0, open: None })
    }

    /// How many batches there are: the elements of the longest queue.
    pub fn batches(&self) -> usize {
        self.queues.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Turns to the files of a batch; the first is 0.
    pub fn begin(&mut self, batch: usize) {
        (self.batch, self.next, self.open) = (batch, 0, None);
    }

    /// The queues that have a file for the batch, be it an empty one.
    pub fn with_file(&self) -> impl Iterator<Item = SourceId> {
        let has_file = |queue: &Vec<Option<PathBuf>>| matches!(queue.get(self.batch), Some(Some(_)));
        (0..).zip(&self.queues).filter(move |(_, queue)| has_file(queue)).map(|(id, _)| SourceId(id))
    }

    /// Reads once from the batch's files. Chunks with whole lines go to `full`, the last ones too.
    /// [`Turn::Idle`] says that all of them were read to their end, [`Turn::Full`] that nothing was
    /// read because the pool had no chunk. Waits for a pipe, but not for long.
    ///
    /// # Errors
    /// Names the file that cannot be read, or whose compressed data are broken.
    pub fn turn(&mut self, full: &mut dyn FnMut(Chunk)) -> Result<Turn> {
        let Some(mut file) = self.open.take().map_or_else(|| self.open_next(), |file| Ok(Some(file)))? else {
            return Ok(Turn::Idle);
        };
        let OpenFile { path, text, pipe, carry, framer } = &mut file;
        let mut intake = Intake { framer, shared: &mut self.shared, full };
        let mut read = |room: &mut [u8]| match pipe {
            true if !has_input(text)? => Err(io::ErrorKind::WouldBlock.into()),
            _ => io::Read::read(text, room),
        };
        let turn = match intake.fill(carry, &mut read) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Turn::Read,
            Ok(Fill::Bytes) => Turn::Read,
            Ok(Fill::Nothing) if intake.finish(carry) => {
                framer.seal(full);
                return Ok(Turn::Read);
            }
            Ok(Fill::Nothing | Fill::Starved) => Turn::Full,
            Err(error) => return Err(unreadable(path, text, &error)),
        };
        self.open = Some(file);
        Ok(turn)
    }

    /// Leaves the rest of the batch unread. Whole lines are handed over; what has come of the line
    /// behind them counts as lost.
    pub fn stop(&mut self, full: &mut dyn FnMut(Chunk)) {
        if let Some(OpenFile { mut carry, mut framer, .. }) = self.open.take() {
            Intake { framer: &mut framer, shared: &mut self.shared, full }.discard(&mut carry);
            framer.seal(full);
        }
        self.next = self.queues.len();
    }

    fn open_next(&mut self) -> Result<Option<OpenFile>> {
        while let Some(queue) = self.queues.get(self.next) {
            let framer = Framer::new(SourceId(self.next as u16));
            self.next += 1;
            if let Some(Some(path)) = queue.get(self.batch) {
                let (path, pipe) = (path.clone(), is_pipe(path));
                let text = if pipe { open_pipe(&path)? } else { Decoded::open(&path)? };
                return Ok(Some(OpenFile { path, text, pipe, carry: Carry::default(), framer }));
            }
        }
        Ok(None)
    }

    /// Totals since the start.
    pub fn stats(&self) -> SourceStats {
        self.shared.stats
    }
}

/// Whether the path leads to something to wait for: a named pipe or a device.
fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Opens a pipe without waiting for its writer.
fn open_pipe(path: &Path) -> Result<Decoded> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    Decoded::of(path, file.map_err(|error| cannot_open(path, &error))?)
}

/// Waits a little for bytes or the end; whether they have come. A pipe that never had a writer has
/// not ended.
fn has_input(text: &Decoded) -> io::Result<bool> {
    let Decoded::Plain(file) = text else { return Ok(true) };
    match rustix::event::poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&WAIT)) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        result => Ok(result? > 0),
    }
}
