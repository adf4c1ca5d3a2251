//! Survival: what a run keeps in its checkpoint directory, and how it goes on from there.
//!
//! A commit belongs to a batch. It is made once the batch is written, and holds what later batches are made
//! of: what operators keep, how far each source was read, and how long the output file is. So a run that is
//! killed goes on behind the last batch that was committed: what came after it is read again where it can be,
//! and cut off the output file. Batches for `saveAsTextFiles` lie in hidden directories until they are
//! committed; they get their names then, or at the next start.
//!
//! | table | key | value |
//! |---|---|---|
//! | an operator's | | what it keeps |
//! | `clock` | | when streams began, and their last batch |
//! | `source:N` | rows of a [`Position`] | |
//! | `output` | empty | an [`OutputPosition`] |
//! | `batches` | empty | how many there were |
//! | `staged` | a directory | the hidden one that gets this name |

mod journalled;
mod moments;
mod resume;
mod state;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use self::journalled::Journalled;
pub(super) use self::moments::Moment;
pub(super) use self::resume::Resumed;
pub use self::state::{State, Told, state};
use super::Settings;
use super::desk::Desk;
use super::work::Work;
use crate::batch::{self, Chunk, Interval, Keep, Pool, SourceId, Time};
use crate::checkpoint::{
    Claim, Commit, Decision, Description, Disk, Operator, Options, Storage, Store, decide,
};
use crate::error::{Error, Result};
use crate::plan;
use crate::sink::{OutputPosition, Staged};
use crate::source::{Position, SourceSpec};

/// The table of the output file's length.
const OUTPUT: &str = "output";
/// The table of how many batches there were.
const BATCHES: &str = "batches";
/// The table of directories that are to be renamed.
const STAGED: &str = "staged";
/// The only key of a table that needs none.
const ONLY: &[u8] = b"";

/// What is said of a program that wants checkpoints which cannot be made.
pub(super) const WITHOUT: &str = "the run goes on without checkpoints";

/// How a run goes on from a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Whether a changed job goes on from what still fits.
    pub allow_changed: bool,
    /// Whether batches that no process was there for are made, empty, as Spark does.
    pub catch_up: bool,
    /// Whether input that cannot be read again is written to a journal before batches are made of it.
    pub journal: bool,
}

/// The checkpoints that a run is to have.
#[derive(Clone, Debug)]
pub(super) struct Checkpointing {
    /// Where commits go.
    pub(super) directory: PathBuf,
    /// Whether what is there is gone on from; else it is removed.
    pub(super) resume: bool,
    pub(super) recovery: Recovery,
}

impl Checkpointing {
    /// What the command line asks for, or else the program.
    ///
    /// # Errors
    /// Usage errors: a directory that is none of this machine's, or options of checkpoints where there are none.
    pub(super) fn of(
        settings: &Settings,
        asked: Option<&plan::Checkpoint>,
        desk: &mut Desk,
    ) -> Result<Option<Self>> {
        let recovery = settings.recovery;
        if let Some(directory) = &settings.checkpoint {
            return Ok(Some(Checkpointing { directory: directory.clone(), resume: true, recovery }));
        }
        let Some(asked) = asked else {
            if recovery == Recovery::default() {
                return Ok(None);
            }
            let option = match recovery {
                Recovery { journal: true, .. } => "--journal",
                Recovery { catch_up: true, .. } => "--catch-up",
                _ => "--checkpoint-allow-changed",
            };
            return Err(Error::Usage(format!("{option} is for checkpoints: add --checkpoint DIR")));
        };
        match batch::local_path(&asked.directory) {
            Ok(directory) => Ok(Some(Checkpointing { directory, resume: asked.resume, recovery })),
            Err(fault) if asked.resume => Err(Error::Usage(format!("the checkpoint directory: {fault}"))),
            // As nothing is gone on from, nothing is wrong but that nothing can be gone on from later.
            Err(fault) => {
                desk.say(format_args!("the checkpoint directory: {fault}: {WITHOUT}"));
                Ok(None)
            }
        }
    }
}

/// The checkpoints of a run.
pub(super) struct Survival {
    store: Store,
    journal: Journalled,
    /// Batches that were committed, by earlier processes too.
    batches: u64,
    /// What the last commit has named, and the next is to forget.
    staged: Vec<Staged>,
}

/// What a run is about, as a checkpoint knows it.
pub(super) struct Job<'j> {
    /// The program, or the command.
    pub(super) text: String,
    pub(super) interval: Interval,
    pub(super) operators: &'j [plan::Operator],
    pub(super) sources: &'j [SourceSpec],
    pub(super) outputs: Vec<String>,
}

impl Job<'_> {
    fn description(&self) -> Description {
        let operators = self.operators.iter().filter(|operator| operator.keeps);
        let operators = operators.map(|operator| Operator {
            name: operator.name.clone(),
            table: operator.table(),
            fingerprint: operator.fingerprint,
        });
        Description {
            program: self.text.clone(),
            interval: self.interval,
            operators: operators.collect(),
            sources: self.sources.iter().map(|source| source.kind.to_string()).collect(),
            outputs: self.outputs.clone(),
        }
    }
}

impl Survival {
    /// Takes the directory for this process, and what is to be gone on from.
    ///
    /// # Errors
    /// Checkpoint errors if what is there is corrupt, or of another job; runtime errors if another process has
    /// the directory, or it cannot be read or written.
    pub(super) fn begin(
        settings: &Checkpointing,
        job: &Job<'_>,
        desk: &mut Desk,
    ) -> Result<(Survival, Option<Resumed>)> {
        let storage: Arc<dyn Storage> = Arc::new(Disk::new(&settings.directory));
        let claim = Claim::take(storage.clone())?;
        if !settings.resume {
            claim.reset()?;
        }
        let found = claim.read()?;
        let now = job.description();
        let before = found.about().map(|about| &about.job);
        let fit = match decide(before, &now, settings.recovery.allow_changed) {
            Decision::Fresh => None,
            Decision::Restore(fit) => Some(fit),
            Decision::Refuse(differences) => {
                let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
                return Err(Error::Checkpoint(format!(
                    "the checkpoint in {} is another job's: {}; --checkpoint-allow-changed goes on with what still \
                     fits, another directory begins anew",
                    settings.directory.display(),
                    told.join("; ")
                )));
            }
        };
        let torn = found.torn();
        if torn > 0 {
            desk.say_detail(format_args!("{torn} bytes of a commit that was not finished are left out"));
        }
        let resumed = fit
            .as_ref()
            .zip(before)
            .map(|(fit, before)| Resumed::read(&found, before, &now, fit))
            .transpose()?;
        for difference in resumed.iter().flat_map(|resumed| &resumed.dropped) {
            desk.say(format_args!("checkpoint: {difference}"));
        }
        let journal = |last| Journalled::open(storage, last, before, fit.as_ref());
        // What is wrong with it is told before anything is changed; without a checkpoint there is none.
        let (store, journal) = if before.is_some() {
            let journal = journal(found.last())?;
            (claim.begin(&found, now, Options::default())?, journal)
        } else {
            let store = claim.begin(&found, now, Options::default())?;
            let last = store.last();
            (store, journal(last)?)
        };
        let staged = resumed.as_ref().map(|resumed| resumed.staged().to_vec()).unwrap_or_default();
        let batches = resumed.as_ref().map_or(0, Resumed::batches);
        let mut this = Survival { store, journal, batches, staged };
        if settings.recovery.journal {
            this.journal.write_sources(job.sources);
        }
        if let Some(resumed) = resumed.as_ref().filter(|resumed| resumed.is_changed()) {
            this.rewrite(resumed)?;
        }
        // A directory without a commit has nothing to go on from.
        Ok((this, resumed.filter(|resumed| resumed.last.is_some())))
    }

    /// Leaves only what is gone on from, under its new names.
    fn rewrite(&mut self, resumed: &Resumed) -> Result<()> {
        let mut commit = self.store.commit()?;
        for table in &resumed.tables {
            commit.clear(table)?;
        }
        for (table, key, value) in &resumed.rows {
            commit.put(table, key, value)?;
        }
        let Some(last) = resumed.last else { return Ok(()) };
        commit.finish(last).map(drop)
    }

    /// Commits what the run begins with, before its first batch, which comes after `time`: else a run that is killed
    /// in that batch would find nothing to cut its output to, and read followed files on from where they end then.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub(super) fn start(
        &mut self,
        time: Time,
        positions: Vec<(SourceId, Position)>,
        desk: &mut Desk,
    ) -> Result<()> {
        let output = desk.sync_output()?;
        let mut commit = self.store.commit()?;
        forget_staged(&mut self.staged, &mut commit)?;
        put_places(positions, output, &mut commit)?;
        let committed = commit.finish(time)?;
        if self.journal.pending().is_none() {
            self.journal.cut(committed);
        }
        Ok(())
    }

    /// The time of a batch of an earlier process that was journalled and not committed, if there is one.
    pub(super) fn journalled(&self) -> Option<Time> {
        self.journal.pending()
    }

    /// Gives the input of that batch. Where it gives no chunk, the pool has none: some are to be worked off.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub(super) fn replay(
        &self,
        pool: &Pool,
        desk: &mut Desk,
        give: &mut dyn FnMut(Option<Chunk>),
    ) -> Result<()> {
        let bytes = self.journal.size();
        if bytes > 0 {
            desk.say_detail(format_args!("{bytes} bytes that were journalled and not committed come back"));
        }
        let gone = self.journal.replay(pool, give)?;
        if gone > 0 {
            desk.say(format_args!("{gone} journalled bytes are left out: their source is gone"));
        }
        Ok(())
    }

    /// Writes a chunk to the journal, if its source is one of those that cannot be read again.
    pub(super) fn accept(&mut self, chunk: &Chunk, time: Time) {
        self.journal.append(chunk, time);
    }

    /// Makes durable what was written to the journal for the batch that ends at `time`.
    ///
    /// # Errors
    /// If that fails, or writing has failed before.
    pub(super) fn seal(&mut self, time: Time) -> Result<()> {
        Moment::Read.pass();
        self.journal.seal(time)?;
        Moment::Journalled.pass();
        Ok(())
    }

    /// Commits how far sources were read, where that is no batch: that files were found to end, say.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub(super) fn end(&mut self, positions: Vec<(SourceId, Position)>) -> Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let time = self.store.last().time;
        let mut commit = self.store.commit()?;
        put_places(positions, None, &mut commit)?;
        commit.finish(time).map(drop)
    }

    /// Commits a batch that was written.
    ///
    /// # Errors
    /// When it could not be made durable; nothing more can be committed then.
    pub(super) fn commit(
        &mut self,
        time: Time,
        work: &mut dyn Work,
        positions: Vec<(SourceId, Position)>,
        desk: &mut Desk,
    ) -> Result<()> {
        Moment::Written.pass();
        let output = desk.sync_output()?;
        let mut commit = self.store.commit()?;
        forget_staged(&mut self.staged, &mut commit)?;
        work.changes(desk, &mut Changes(&mut commit))?;
        put_places(positions, output, &mut commit)?;
        commit.put(BATCHES, ONLY, (self.batches + 1).to_string().as_bytes())?;
        let staged = work.take_staged();
        for staged in &staged {
            let hidden = staged.hidden().file_name().unwrap_or(OsStr::new(""));
            commit.put(STAGED, staged.directory().as_os_str().as_bytes(), hidden.as_bytes())?;
        }
        Moment::Ready.pass();
        let committed = commit.finish(time)?;
        self.batches += 1;
        Moment::Committed.pass();
        self.journal.cut(committed);
        for staged in &staged {
            staged.publish()?;
        }
        self.staged = staged;
        Moment::Published.pass();
        Ok(())
    }

    /// Batches that were committed, by earlier processes too.
    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    /// Ends the store.
    ///
    /// # Errors
    /// If it fails.
    pub(super) fn close(self) -> Result<()> {
        self.store.close()
    }
}

/// Leaves out directories that have their names.
fn forget_staged(staged: &mut Vec<Staged>, commit: &mut Commit<'_>) -> Result<()> {
    staged.drain(..).try_for_each(|staged| commit.delete(STAGED, staged.directory().as_os_str().as_bytes()))
}

/// How far sources were read, and the output file was written.
fn put_places(
    positions: Vec<(SourceId, Position)>,
    output: Option<OutputPosition>,
    commit: &mut Commit<'_>,
) -> Result<()> {
    for (source, position) in positions {
        let table = source_table(usize::from(source.0));
        for (key, value) in position.rows() {
            match value {
                Some(value) => commit.put(&table, key.as_bytes(), value.as_bytes())?,
                None => commit.delete(&table, key.as_bytes())?,
            }
        }
    }
    match output {
        Some(output) => commit.put(OUTPUT, ONLY, output.to_json().as_bytes()),
        None => Ok(()),
    }
}

/// Changes that become part of a commit.
struct Changes<'c, 's>(&'c mut Commit<'s>);

impl Keep for Changes<'_, '_> {
    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.0.put(table, key, value)
    }

    fn delete(&mut self, table: &str, key: &[u8]) -> Result<()> {
        self.0.delete(table, key)
    }
}

/// The table of a source's position.
fn source_table(index: usize) -> String {
    format!("source:{index}")
}
