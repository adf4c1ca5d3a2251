//! What a program's outputs do with the RDDs of a batch.

use std::path::PathBuf;

use super::Settings;
use super::command::Commands;
use super::crew::{CrewAt, failure};
use crate::batch::{self, BatchResult, Dataset, Records, Time, Values};
use crate::error::{Error, Result};
use crate::plan::{Graph, Outcome, Output, OutputOp};
use crate::sink::{self, FormatKind, Staged, Unprintable};

/// Delivers to the outputs of a program.
pub(super) struct Outputs {
    /// By their place in the graph.
    deliveries: Vec<Delivery>,
    skip_empty: bool,
    commands: Commands,
    /// Directories that get their names when their batch is committed, where there are checkpoints.
    staged: Option<Vec<Staged>>,
}

/// What an output does with records. Those that call a function of the program deliver nothing.
enum Delivery {
    Nothing,
    Print { limit: Option<usize>, format: Option<FormatKind> },
    Save { prefix: PathBuf, suffix: Option<String> },
    Command(String),
}

impl Outputs {
    /// # Errors
    /// When an output writes to where we cannot.
    pub(super) fn new(settings: &Settings, graph: &Graph) -> Result<Self> {
        let deliveries = graph.outputs.iter().map(Delivery::of).collect::<Result<_>>()?;
        Ok(Outputs {
            deliveries,
            skip_empty: settings.skip_empty,
            commands: Commands::default(),
            staged: None,
        })
    }

    /// Has directories get their names only once their batch is committed; `kept` are those of earlier processes
    /// that were. Removes others that were left hidden.
    pub(super) fn stage(&mut self, kept: &[Staged]) {
        self.staged = Some(Vec::new());
        for delivery in &self.deliveries {
            if let Delivery::Save { prefix, suffix } = delivery {
                sink::remove_unfinished(prefix, suffix.as_deref(), kept);
            }
        }
    }

    /// The directories that were staged since this was asked last.
    pub(super) fn take_staged(&mut self) -> Vec<Staged> {
        self.staged.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The files that they write, as a checkpoint knows them.
    pub(super) fn files(&self) -> Vec<String> {
        let file = |delivery: &Delivery| match delivery {
            Delivery::Save { prefix, suffix } => Some(format!(
                "saveAsTextFiles {} {}",
                prefix.display(),
                suffix.as_deref().unwrap_or_default()
            )),
            _ => None,
        };
        self.deliveries.iter().filter_map(file).collect()
    }

    /// How many of them print.
    pub(super) fn printed(&self) -> usize {
        self.deliveries.iter().filter(|delivery| matches!(delivery, Delivery::Print { .. })).count()
    }

    /// Delivers a batch's records to the output of that number, counted from 0.
    ///
    /// # Errors
    /// When the output of all batches takes no more. What fails with this batch alone is the outcome.
    pub(super) fn deliver(
        &mut self,
        number: usize,
        time: Time,
        dataset: Dataset,
        crew: &mut CrewAt<'_>,
    ) -> Result<Outcome<()>> {
        let written = match &self.deliveries[number] {
            Delivery::Nothing => Ok(()),
            Delivery::Print { limit, format } => {
                let more = limit.is_some_and(|limit| dataset.len() > limit);
                let output = self.place_among_printed(number);
                let records = Records::Values(Values { output, dataset, limit: *limit });
                let result = BatchResult { time, records, more };
                match self.skip_empty && result.is_empty() {
                    true => Ok(()),
                    false => crew.desk.write_values(*format, &result)?,
                }
            }
            Delivery::Save { prefix, suffix } => {
                let directory = sink::batch_directory(prefix, suffix.as_deref(), time);
                let saved = match &mut self.staged {
                    None => sink::save_as_text_files(&directory, &dataset),
                    Some(staged) => sink::stage_text_files(&directory, &dataset).map(|made| {
                        let is_new = made.is_some();
                        staged.extend(made);
                        is_new
                    }),
                };
                if saved == Ok(false) {
                    crew.desk
                        .say(format_args!("{} is there already: it stays as it is", directory.display()));
                }
                saved.map(|_| ())
            }
            Delivery::Command(command) => {
                self.commands.run(command, &Values { output: number + 1, dataset, limit: None })
            }
        };
        Ok(written.map_err(|Unprintable { class, message }| failure(class, message)))
    }

    /// Which of the printing outputs it is, counted from 1.
    fn place_among_printed(&self, number: usize) -> usize {
        let before = &self.deliveries[..number];
        1 + before.iter().filter(|delivery| matches!(delivery, Delivery::Print { .. })).count()
    }
}

impl Delivery {
    fn of(output: &Output) -> Result<Self> {
        Ok(match &output.op {
            OutputOp::ForEach(_) => Delivery::Nothing,
            OutputOp::Print { limit, format } => {
                let format = format.map(format_kind).transpose()?;
                Delivery::Print { limit: *limit, format }
            }
            OutputOp::SaveAsTextFiles { prefix, suffix } => {
                let prefix = batch::local_path(prefix)
                    .map_err(|fault| Error::Usage(format!("{}: {fault}", output.origin)))?;
                Delivery::Save { prefix, suffix: suffix.clone() }
            }
            OutputOp::ToCommand(command) => Delivery::Command(command.clone()),
        })
    }
}

/// The format that an output asks for.
fn format_kind(name: &str) -> Result<FormatKind> {
    match name {
        "pprint" => Ok(FormatKind::Pprint),
        "json" => Ok(FormatKind::Json),
        "csv" => Ok(FormatKind::Csv),
        "tsv" => Ok(FormatKind::Tsv),
        "table" => Ok(FormatKind::Table),
        _ => Err(Error::Usage(format!("there is no format {name:?}"))),
    }
}
