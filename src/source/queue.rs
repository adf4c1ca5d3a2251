//! `queue:FILE,FILE,…`: one file a batch, on a virtual clock. No event loop is needed: a batch's
//! files are read to their end when the driver comes to that batch.

use std::path::PathBuf;

use super::decode::{Text, unreadable};
use super::framing::{Carry, Fill, Framer, Intake, Shared};
use super::spec::check;
use super::{Options, SourceKind, SourceSpec, SourceStats, Turn};
use crate::batch::{Chunk, Pool, SourceId};
use crate::error::{Error, Result};

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
    text: Text,
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
            // A pipe is opened when its batch comes: opening waits for its writer.
            if !path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
                Text::open(path)?;
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

    /// Reads once from the batch's files. Chunks with whole lines go to `full`, the last ones too.
    /// [`Turn::Idle`] says that all of them were read to their end, [`Turn::Full`] that nothing was
    /// read because the pool had no chunk.
    ///
    /// # Errors
    /// Names the file that cannot be read, or whose compressed data are broken.
    pub fn turn(&mut self, full: &mut dyn FnMut(Chunk)) -> Result<Turn> {
        let Some(mut file) = self.open.take().map_or_else(|| self.open_next(), |file| Ok(Some(file)))? else {
            return Ok(Turn::Idle);
        };
        let OpenFile { path, text, carry, framer } = &mut file;
        let mut intake = Intake { framer, shared: &mut self.shared, full };
        let turn = match intake.fill(carry, &mut |room| std::io::Read::read(text, room)) {
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
                let (path, text) = (path.clone(), Text::open(path)?);
                return Ok(Some(OpenFile { path, text, carry: Carry::default(), framer }));
            }
        }
        Ok(None)
    }

    /// Totals since the start.
    pub fn stats(&self) -> SourceStats {
        self.shared.stats
    }
}
