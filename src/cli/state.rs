//! `dstream state`: looks into a checkpoint, carries it elsewhere, or removes it.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::values::FormatName;
use super::{messages, report};
use crate::checkpoint::{Checkpoint, Claim, Disk, Journal, Storage, export, import};
use crate::driver::{self, State, Told};
use crate::error::{Error, Result};
use crate::monitor::Verbosity;

/// Entries of an operator that are shown to people if nothing is said.
const SHOWN: u64 = 10;

/// Look into the directory of --checkpoint, carry what is in it elsewhere, or remove it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dstream state show /var/lib/clicks
  dstream state show /var/lib/clicks --operator 1 -n 0 -f json | jq .
  dstream state export /var/lib/clicks | ssh other dstream state import /var/lib/clicks
  dstream state reset /var/lib/clicks")]
pub(super) struct StateCommand {
    /// What to do
    action: Action,

    /// The directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// How it is shown: pprint is for people, the others have a line for each thing that is told
    #[arg(short, long, default_value = "pprint")]
    format: FormatName,

    /// Entries of an operator that are shown, 0 for all [default: 10 with pprint and table, else all]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<u64>,

    /// Show only what this operator keeps, counted from 1
    #[arg(long, value_name = "N")]
    operator: Option<usize>,
}

/// What is done with a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Show the job, how far sources were read, and what each operator keeps; also while a stream runs
    Show,
    /// Print all of it as JSON lines
    Export,
    /// Make a checkpoint of the JSON lines on standard input
    Import,
    /// Remove the checkpoint
    Reset,
}

impl StateCommand {
    /// Does it.
    pub(super) fn run(self) -> ExitCode {
        match self.act() {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => report(Verbosity::Normal, &fault),
        }
    }

    fn act(&self) -> Result<()> {
        let disk = Disk::new(&self.directory);
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let directory = self.directory.display();
        match self.action {
            Action::Show => self.show(&disk),
            Action::Export => {
                let found = Checkpoint::read(&storage)?;
                let journal = Journal::open(storage, found.last());
                let mut out = BufWriter::new(io::stdout().lock());
                export(&found, &mut out)?;
                written(out.flush())?;
                if journal.is_ok_and(|journal| journal.pending().is_some()) {
                    tell("a batch is journalled and not committed: it is not in the export");
                }
                Ok(())
            }
            Action::Import => {
                let entries = import(Claim::take(storage)?, &mut io::stdin().lock())?;
                tell(&format!("{entries} entries are in {directory} now"));
                Ok(())
            }
            Action::Reset => {
                let names = storage
                    .list()
                    .map_err(|cause| Error::io(format_args!("cannot read {directory}"), &cause))?;
                let claim = Claim::take(storage.clone())?;
                claim.reset()?;
                let left = storage
                    .list()
                    .map_err(|cause| Error::io(format_args!("cannot read {directory}"), &cause))?;
                let removed: Vec<&str> =
                    names.iter().filter(|name| !left.contains(name)).map(String::as_str).collect();
                match removed.len() {
                    0 => tell(&format!("there is no checkpoint in {directory}")),
                    count => tell(&format!(
                        "{count} files of a checkpoint are removed from {directory}: {}",
                        removed.join(" ")
                    )),
                }
                Ok(())
            }
        }
    }

    fn show(&self, disk: &Disk) -> Result<()> {
        let for_people = matches!(self.format, FormatName::Pprint | FormatName::Table);
        let limit = match self.limit {
            Some(0) => None,
            None => for_people.then_some(SHOWN),
            limit => limit,
        };
        let state = driver::state(disk, limit, self.operator)?;
        let mut out = BufWriter::new(io::stdout().lock());
        let shown = match self.format {
            FormatName::Pprint => pprint(&state, &mut out),
            FormatName::Table => table(&state, &mut out),
            FormatName::Json => state.told.iter().try_for_each(|told| json_line(told, &mut out)),
            FormatName::Csv => delimited(&state, &csv_field, ",", &mut out),
            FormatName::Tsv => delimited(&state, &tsv_field, "\t", &mut out),
        };
        written(shown.and_then(|()| out.flush()))
    }
}

/// What became of writing to standard output; that its reader has gone is no error.
fn written(result: io::Result<()>) -> Result<()> {
    result.map_err(|cause| match cause.kind() {
        io::ErrorKind::BrokenPipe => Error::OutputClosed,
        _ => Error::io("cannot write to standard output", &cause),
    })
}

fn tell(text: &str) {
    messages(Verbosity::Normal).notice(text);
}

/// A section for each part.
fn pprint(state: &State, out: &mut dyn Write) -> io::Result<()> {
    let mut rest = &state.told[..];
    let mut first = true;
    while let Some(Told { part, number, name, .. }) = rest.first() {
        let same = |told: &&Told| (told.part, told.number, &told.name) == (part, *number, name);
        let section = rest.iter().take_while(same).count();
        if !std::mem::take(&mut first) {
            writeln!(out)?;
        }
        match (*number, name.is_empty()) {
            (0, true) => writeln!(out, "{part}")?,
            (0, false) => writeln!(out, "{part} {name}")?,
            _ => writeln!(out, "{part} {number}: {name}")?,
        }
        let width = rest[..section].iter().map(|told| told.key.chars().count()).max().unwrap_or(0).min(30);
        for Told { key, value, .. } in &rest[..section] {
            let value = value.replace('\n', &format!("\n  {:width$}  ", ""));
            writeln!(out, "{}", format!("  {key:width$}  {value}").trim_end())?;
        }
        let is_last = !rest[section..].iter().any(|told| (told.part, told.number) == (*part, *number));
        if let Some(left) = state.left_out.get(number).filter(|_| *part == "operator" && is_last) {
            writeln!(out, "  ... and {left} more")?;
        }
        rest = &rest[section..];
    }
    Ok(())
}

fn cells(told: &Told) -> [String; 5] {
    let number = if told.number == 0 { String::new() } else { told.number.to_string() };
    [told.part.to_owned(), number, told.name.clone(), told.key.clone(), told.value.clone()]
}

const HEADINGS: [&str; 5] = ["part", "number", "name", "key", "value"];

/// Columns, as wide as they need to be.
fn table(state: &State, out: &mut dyn Write) -> io::Result<()> {
    let one_line = |cell: String| cell.replace('\n', "\\n");
    let rows: Vec<[String; 5]> = state.told.iter().map(|told| cells(told).map(one_line)).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.chain([HEADINGS[column].len()]).max().unwrap_or(0).min(40)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    for row in [HEADINGS.map(str::to_owned)].iter().chain(&rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    for (number, left) in &state.left_out {
        writeln!(out, "... and {left} more of operator {number}")?;
    }
    Ok(())
}

fn json_line(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    let Told { part, number, name, key, value } = told;
    let mut object = serde_json::Map::new();
    object.insert("part".to_owned(), json!(part));
    if *number > 0 {
        object.insert("number".to_owned(), json!(number));
    }
    if !name.is_empty() {
        object.insert("name".to_owned(), json!(name));
    }
    object.insert("key".to_owned(), json!(key));
    object.insert("value".to_owned(), json!(value));
    writeln!(out, "{}", serde_json::Value::Object(object))
}

fn delimited(
    state: &State,
    field: &dyn Fn(&str) -> String,
    separator: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", HEADINGS.join(separator))?;
    state
        .told
        .iter()
        .try_for_each(|told| writeln!(out, "{}", cells(told).map(|cell| field(&cell)).join(separator)))
}

/// A field as RFC 4180 has it.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A field without tabs and ends of lines.
fn tsv_field(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}
