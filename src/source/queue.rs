//! `queue:FILE,FILE,…`: one file a batch, on a virtual clock. No event loop is needed: a batch's
//! files are read to their end when the driver comes to that batch.

use std::path::{Path, PathBuf};

use super::decode::{Text, unreadable};
use super::framing::{Carry, Fill, Framer, Intake, Shared};
use super::spec::check;
use super::{Options, SourceKind, SourceSpec, SourceStats};
use crate::batch::{Chunk, Pool, SourceId};
use crate::error::{Error, Result};

/// The files of all `queue:` sources, batch by batch.
pub struct QueueReader {
    queues: Vec<Vec<Option<PathBuf>>>,
    shared: Shared,
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
        Ok(QueueReader { queues, shared: Shared::new(pool, options.max_line) })
    }

    /// How many batches there are: the elements of the longest queue.
    pub fn batches(&self) -> usize {
        self.queues.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Reads the files of one batch (the first is 0) to their end. Chunks with whole lines go to
    /// `full`, the last ones too. While the pool is empty, `starved` is called: a chunk must be free
    /// after it.
    ///
    /// # Errors
    /// Names the file that cannot be read, or whose compressed data are broken.
    pub fn read(
        &mut self,
        batch: usize,
        full: &mut dyn FnMut(Chunk),
        starved: &mut dyn FnMut(),
    ) -> Result<()> {
        for (index, queue) in self.queues.iter().enumerate() {
            if let Some(Some(path)) = queue.get(batch) {
                let mut framer = Framer::new(SourceId(index as u16));
                let mut intake = Intake { framer: &mut framer, shared: &mut self.shared, full };
                read_file(path, &mut intake, starved)?;
                framer.seal(full);
            }
        }
        Ok(())
    }

    /// Totals since the start.
    pub fn stats(&self) -> SourceStats {
        self.shared.stats
    }
}

fn read_file(path: &Path, intake: &mut Intake, starved: &mut dyn FnMut()) -> Result<()> {
    let mut text = Text::open(path)?;
    let mut carry = Carry::default();
    loop {
        match intake.fill(&mut carry, &mut |room| std::io::Read::read(&mut text, room)) {
            Ok(Fill::Bytes) => {}
            Ok(Fill::Nothing) if intake.finish(&mut carry) => return Ok(()),
            Ok(Fill::Nothing | Fill::Starved) => starved(),
            Err(error) => return Err(unreadable(path, &text, &error)),
        }
    }
}
