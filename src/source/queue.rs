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
use super::open::is_of_another;
use super::position::{Position, QueuePosition};
use super::spec::check;
use super::{Options, SourceKind, SourceSpec, SourceStats, Turn};
use crate::batch::{Chunk, Pool, SourceId};
use crate::error::{Error, Result};

/// How long a turn waits for the writer of a pipe; its caller may have to do something else.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The files of all `queue:` sources, batch by batch.
pub struct QueueReader {
    queues: Vec<Queue>,
    shared: Shared,
    /// The present batch, and which queue's element comes next in it.
    batch: usize,
    next: usize,
    open: Option<OpenFile>,
}

/// A `queue:` and how far it was read.
struct Queue {
    files: Vec<Option<PathBuf>>,
    /// Where reading began.
    from: QueuePosition,
    /// How far it has come.
    at: QueuePosition,
    /// The position that was told last, or begun at.
    told: Option<Position>,
}

/// The file that is being read.
struct OpenFile {
    /// Which queue's it is.
    queue: usize,
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
        QueueReader::new_at(specs, Vec::new(), options, pool)
    }

    /// Takes the queues at positions: one for each, in their order, or none, where a queue begins with its
    /// first element. [`QueueReader::first`] is the batch to go on with. Files that were read before are not
    /// looked at.
    ///
    /// # Errors
    /// As for [`QueueReader::new`]; a checkpoint's error if the file that was read in part is another one
    /// now, or a position is of another kind of source.
    pub fn new_at(
        specs: &[SourceSpec],
        positions: Vec<Option<Position>>,
        options: Options,
        pool: Pool,
    ) -> Result<QueueReader> {
        check(specs)?;
        let positions = positions.into_iter().chain(std::iter::repeat(None));
        let queues = specs.iter().zip(positions).map(|(spec, told)| match &spec.kind {
            SourceKind::Queue(files) => {
                let at = match &told {
                    None => QueuePosition::default(),
                    Some(Position::Queue(at)) => at.clone(),
                    Some(other) => return Err(is_of_another(&spec.to_string(), other)),
                };
                Ok(Queue { files: files.clone(), from: at.clone(), at, told })
            }
            _ => Err(Error::Usage(format!(
                "{spec} runs on the real clock and cannot be mixed with queue: sources, which run on a virtual one"
            ))),
        });
        let queues: Vec<Queue> = queues.collect::<Result<_>>()?;
        for Queue { files, at, .. } in &queues {
            for (path, element) in files.iter().zip(0..).skip(index(at.element)) {
                // A pipe is opened when its batch comes: its writer may not write for nobody.
                let Some(path) = path.as_deref().filter(|path| !is_pipe(path)) else { continue };
                let text = Decoded::open(path)?;
                if let Some(file) = at.file.as_ref().filter(|_| at.element == element) {
                    text.check(path, file)?;
                }
            }
        }
        let shared = Shared::new(pool, options.max_line);
        Ok(QueueReader { queues, shared, batch: 0, next: 0, open: None })
    }

    /// How many batches there are: the elements of the longest queue.
    pub fn batches(&self) -> usize {
        self.queues.iter().map(|queue| queue.files.len()).max().unwrap_or(0)
    }

    /// The batch that comes next, after the positions that reading began at, or whose reading was stopped:
    /// the first of which any queue was not read to the end.
    pub fn first(&self) -> usize {
        self.queues.iter().map(|queue| index(queue.at.element)).min().unwrap_or(0)
    }

    /// How far the queues were read: the elements that were read to their end, and what was read of the one
    /// in which reading was stopped. Only of queues for which that has changed since it was asked last, or
    /// since the positions that reading began at.
    pub fn positions(&mut self) -> Vec<(SourceId, Position)> {
        let queues = self.queues.iter_mut().zip(0..);
        let untold = |queue: &mut Queue| Position::Queue(queue.at.clone()).untold(&mut queue.told);
        queues.filter_map(|(queue, id)| Some((SourceId(id), untold(queue)?))).collect()
    }

    /// Turns to the files of a batch; the first is 0. What was read of it before is not read again.
    pub fn begin(&mut self, batch: usize) {
        (self.batch, self.next, self.open) = (batch, 0, None);
    }

    /// The queues that have a file for the batch, be it an empty one, that was not read before.
    pub fn with_file(&self) -> impl Iterator<Item = SourceId> {
        let has_file = |queue: &Queue| {
            index(queue.from.element) <= self.batch && matches!(queue.files.get(self.batch), Some(Some(_)))
        };
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
        let OpenFile { queue, path, text, pipe, carry, framer } = &mut file;
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
                self.queues[*queue].at = after(self.batch);
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
        if let Some(file) = self.open.take() {
            self.queues[file.queue].at = file.position(self.batch);
            let OpenFile { mut carry, mut framer, .. } = file;
            Intake { framer: &mut framer, shared: &mut self.shared, full }.discard(&mut carry);
            framer.seal(full);
        }
        self.next = self.queues.len();
    }

    fn open_next(&mut self) -> Result<Option<OpenFile>> {
        while let Some(queue) = self.queues.get_mut(self.next) {
            let number = self.next;
            self.next += 1;
            if index(queue.from.element) > self.batch {
                continue;
            }
            let begun = queue.from.file.clone().filter(|_| index(queue.from.element) == self.batch);
            let Some(Some(path)) = queue.files.get(self.batch) else {
                queue.at = after(self.batch);
                continue;
            };
            queue.at = QueuePosition { element: self.batch as u64, file: begun };
            let (path, pipe) = (path.clone(), is_pipe(path));
            let mut carry = Carry::default();
            let text = match &queue.at.file {
                _ if pipe => open_pipe(&path)?,
                None => Decoded::open(&path)?,
                Some(position) => {
                    let (text, front) = Decoded::open_at(&path, position)?;
                    self.shared.hold(&mut carry, &front);
                    text
                }
            };
            let framer = Framer::new(SourceId(number as u16));
            return Ok(Some(OpenFile { queue: number, path, text, pipe, carry, framer }));
        }
        Ok(None)
    }

    /// Totals since the start.
    pub fn stats(&self) -> SourceStats {
        self.shared.stats
    }
}

impl OpenFile {
    /// What comes next in its queue. What was read of a pipe cannot be read again.
    fn position(&self, batch: usize) -> QueuePosition {
        if self.pipe {
            return after(batch);
        }
        QueuePosition { element: batch as u64, file: Some(self.text.position(self.carry.came())) }
    }
}

/// The position behind a batch's element.
fn after(batch: usize) -> QueuePosition {
    QueuePosition { element: batch as u64 + 1, file: None }
}

/// An element's index; there are never as many as would not fit.
fn index(element: u64) -> usize {
    usize::try_from(element).unwrap_or(usize::MAX)
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
    match rustix::event::poll(&mut [PollFd::new(text.file(), PollFlags::IN)], Some(&WAIT)) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        result => Ok(result? > 0),
    }
}
