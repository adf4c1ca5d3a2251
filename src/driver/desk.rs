//! The desk: all that the user gets to see goes over it, so that batches, what programs print, messages and
//! progress keep out of each other's way.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::{OutputTo, Settings};
use crate::batch::BatchResult;
use crate::error::Result;
use crate::monitor::{Messages, Progress, ProgressMode, Stats, Verbosity};
use crate::sink::{FormatKind, Output, OutputPosition, Unprintable};
use crate::source::{SourceKind, SourceSpec};

pub(super) struct Desk {
    output: Output,
    /// Where programs print to, if that is not where batches go.
    stdout: Option<Output>,
    verbosity: Verbosity,
    messages: Messages,
    progress: Progress,
}

impl Desk {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let (format, color) = (settings.format, settings.color);
        let (output, stdout) = match &settings.output {
            OutputTo::Stdout => (Output::stdout(format, color)?, None),
            OutputTo::File(path) => {
                (Output::file(format, color, path)?, Some(Output::stdout(FormatKind::Pprint, false)?))
            }
        };
        let (verbosity, progress) = (settings.verbosity, Progress::new(ProgressMode::Never, None, false));
        Ok(Desk { output, stdout, verbosity, messages: Messages::new(verbosity, &progress), progress })
    }

    /// Shows the progress of reading these sources from now on.
    pub(super) fn begin(&mut self, settings: &Settings, sources: &[SourceSpec]) {
        let total = sources.iter().map(|spec| spec.kind.size()).sum();
        self.progress = Progress::new(settings.progress, total, settings.progress_color);
        self.messages = Messages::new(self.verbosity, &self.progress);
        // Lines that are typed, and what commands say, move the cursor without our knowledge.
        let any = |is: fn(&SourceKind) -> bool| sources.iter().any(|spec| is(&spec.kind));
        let disturbed = (any(|kind| *kind == SourceKind::Stdin) && io::stdin().is_terminal())
            || (any(|kind| matches!(kind, SourceKind::Exec(_))) && io::stderr().is_terminal());
        if disturbed {
            self.output.never_in_place();
        }
    }

    /// Has batches printed one below the other also where one could be drawn over the one before it.
    pub(super) fn never_in_place(&mut self) {
        self.output.never_in_place();
    }

    /// A descriptor of the output of its own, to watch for its reader going away.
    pub(super) fn output_descriptor(&self) -> Result<OwnedFd> {
        self.output.descriptor()
    }

    /// Tells the user something, and the output that its last batch is no longer the last thing on
    /// the terminal.
    pub(super) fn say(&mut self, text: impl Display) {
        self.messages.notice(text);
        self.output.interrupted();
    }

    /// Tells the user why something failed.
    pub(super) fn say_error(&mut self, text: impl Display) {
        self.messages.error(text);
        self.output.interrupted();
    }

    /// Tells a user who asked for more.
    pub(super) fn say_detail(&mut self, text: impl Display) {
        self.messages.detail(text);
    }

    /// The way to the user for another thread.
    pub(super) fn messages(&self) -> Messages {
        self.messages.clone()
    }

    /// Writes a batch.
    pub(super) fn write(&mut self, result: &BatchResult) -> Result<()> {
        let output = &mut self.output;
        self.progress.suspend(|| output.write(result))
    }

    /// Writes what a program's output makes of a batch, in a format of its own if it asks for one.
    pub(super) fn write_values(
        &mut self,
        format: Option<FormatKind>,
        result: &BatchResult,
    ) -> Result<std::result::Result<(), Unprintable>> {
        let output = &mut self.output;
        self.progress.suspend(|| output.write_values(format, result))
    }

    /// Writes what a program prints to standard output.
    pub(super) fn print(&mut self, text: &[u8]) -> Result<()> {
        let output = self.stdout.as_mut().unwrap_or(&mut self.output);
        self.progress.suspend(|| output.write_text(text))
    }

    /// Writes what a program prints to standard error.
    pub(super) fn print_error(&mut self, text: &[u8]) {
        self.messages.raw(text);
        self.output.interrupted();
    }

    /// Whether progress is shown.
    pub(super) fn shows_progress(&self) -> bool {
        self.progress.is_shown()
    }

    /// Shows how far the run is.
    pub(super) fn show(&mut self, stats: &Stats) {
        self.progress.update(stats, Instant::now());
    }

    /// Opens the output again by its name.
    pub(super) fn reopen(&mut self) {
        if let Err(fault) = self.output.reopen() {
            self.messages.error(format_args!("{fault}; going on with the old file"));
        }
    }

    /// Makes what was written to a file durable, and tells how far that is.
    pub(super) fn sync_output(&mut self) -> Result<Option<OutputPosition>> {
        self.output.sync()
    }

    /// Cuts off what was written to the output file behind a position.
    pub(super) fn resume_output(&mut self, position: &OutputPosition) -> Result<()> {
        if !self.output.resume(position)? {
            let path = &position.path;
            self.say(format_args!(
                "{path} is another file than when the checkpoint was written: it is appended to"
            ));
        }
        Ok(())
    }

    /// Makes sure of what was written, and takes the progress away.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.output.finish()
    }

    /// Takes the progress away, for good.
    pub(super) fn end_progress(&mut self) {
        self.progress.finish();
    }
}
