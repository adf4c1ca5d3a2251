//! `dstream run`: programs.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use clap::builder::OsStringValueParser;

use super::options::{self, BatchOptions, OutputOptions, SourceOptions, SurvivalOptions};
use super::values::on_error_of_programs;
use super::{exit_code, messages, report};
use crate::batch::{Interval, SourceId, parse_duration};
use crate::driver::{Ended, OnError, Pipeline, Settings};
use crate::error::{Error, Result, plain};
use crate::lang::{Diagnostic, Exit, Program, Scope};
use crate::monitor::Verbosity;
use crate::source::{SourceKind, SourceSpec};

/// Address space of the stack on which programs run: their functions may call each other a thousand deep.
const STACK: usize = 256 << 20;

/// The length of a batch of a program that says none.
pub(super) const SECOND: u64 = 1000;

/// Run a pipeline of DStream operators: a program of the command line, or a PySpark Streaming script
#[derive(Debug, Args)]
#[command(
    override_usage = "dstream run [OPTIONS] -e PROGRAM [FILE]...\n       dstream run [OPTIONS] SCRIPT.py [ARG]..."
)]
#[command(after_help = r#"Examples:
  dstream run -e 'lines.flatMap(str.split).countByValue().pprint(5)' book.txt
  dstream run --from a=tail:a.log --from b=tcp://localhost:9999 -e 'a.union(b)'
  dstream run wordcount.py localhost 9999"#)]
pub(super) struct RunProgram {
    /// A program: Python with lines (the union of all sources), each source that has a name, ssc, sc, json, re,
    /// math, time, datetime and operator in scope; DStreams that it ends in are printed
    #[arg(short = 'e', long, value_name = "PROGRAM")]
    expression: Option<String>,

    /// A script as spark-submit takes it, and its arguments; with -e, files to read from start to end
    #[arg(value_name = "SCRIPT.py [ARG]... | FILE", trailing_var_arg = true,
          value_parser = OsStringValueParser::new())]
    words: Vec<OsString>,

    #[command(flatten)]
    sources: SourceOptions,

    /// What happens to a record at which a function raises: batch (the batch's output is lost, and the stream goes
    /// on), skip (the record is left out and counted), or fail
    #[arg(long, value_name = "HOW", default_value = "batch", value_parser = on_error_of_programs, help_heading = "Input")]
    on_error: OnError,

    /// Length of a batch: 500ms, 1s, 5m, 24h [default: what the script says, 1s with -e]
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration, help_heading = "Batches")]
    interval: Option<Interval>,

    #[command(flatten)]
    batches: BatchOptions,

    #[command(flatten)]
    output: OutputOptions,

    #[command(flatten)]
    survival: SurvivalOptions,
}

impl RunProgram {
    /// Runs the program, and says how it ended.
    pub(super) fn run(self) -> ExitCode {
        let verbosity = self.verbosity();
        on_deep_stack(verbosity, move || match self.program() {
            Ok((program, settings)) => conclude(run(&program, settings), verbosity),
            Err(fault) => fault.tell(verbosity),
        })
    }

    /// The program of the command line, if there is one.
    pub(super) fn expression(&self) -> Option<&str> {
        self.expression.as_deref()
    }

    /// Whether the command line says where records come from.
    pub(super) fn has_sources(&self) -> bool {
        self.sources.are_given() || !self.words.is_empty()
    }

    /// How much is said on stderr.
    pub(super) fn verbosity(&self) -> Verbosity {
        self.output.verbosity()
    }

    /// The program, and what it runs on.
    pub(super) fn program(&self) -> std::result::Result<(Program, Settings), Fault> {
        let second = Interval::from_millis(SECOND).expect("a second is longer than nothing");
        let interval = self.interval.unwrap_or(second);
        let (program, sources) = match &self.expression {
            Some(text) => {
                let sources = self.inputs()?;
                (of_command_line(text, &sources, interval)?, sources)
            }
            None => (self.script()?, Vec::new()),
        };
        let batches = (&self.batches, interval);
        let settings = options::settings(
            (&self.sources, sources),
            batches,
            &self.output,
            &self.survival,
            self.on_error.clone(),
        );
        Ok((program, settings))
    }

    /// The sources of a program of the command line.
    fn inputs(&self) -> Result<Vec<SourceSpec>> {
        let is_option = |word: &&OsString| word.len() > 1 && word.as_encoded_bytes().starts_with(b"-");
        if let Some(option) = self.words.iter().find(is_option) {
            let option = option.to_string_lossy();
            return Err(Error::Usage(format!("{option} stands behind a FILE: options go before it")));
        }
        let files: Vec<PathBuf> = self.words.iter().map(PathBuf::from).collect();
        let mut sources = self.sources.sources(&files)?;
        if sources.is_empty() {
            sources.push(SourceSpec { name: None, kind: SourceKind::Stdin });
        }
        Ok(sources)
    }

    fn script(&self) -> std::result::Result<Program, Fault> {
        let (path, args, text) = self.script_text()?;
        Program::script(&text, &path, &args, self.interval).map_err(Fault::Program)
    }

    /// The name of the script, its arguments and its text.
    pub(super) fn script_text(&self) -> Result<(String, Vec<String>, String)> {
        let Some((path, args)) = self.words.split_first() else {
            return Err(Error::Usage("there is no program: give a SCRIPT.py, or -e PROGRAM".into()));
        };
        if path == "-" {
            return Err(Error::Usage(
                "a script is not read from standard input, which is for data: give its file".into(),
            ));
        }
        if self.sources.are_given() {
            return Err(Error::Usage(
                "a script names its sources itself: --from, -F and --from-start are for -e".into(),
            ));
        }
        let path = PathBuf::from(path);
        let text = fs::read(&path)
            .map_err(|fault| Error::Usage(format!("cannot read {}: {}", path.display(), plain(&fault))))?;
        let Ok(text) = String::from_utf8(text) else {
            return Err(Error::Usage(format!("{} is not UTF-8, as Python's programs are", path.display())));
        };
        let args = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        Ok((path.to_string_lossy().into_owned(), args, text))
    }
}

/// A program of the command line over these sources.
///
/// # Errors
/// What is wrong with the program, or with the names of the sources.
pub(super) fn of_command_line(
    text: &str,
    sources: &[SourceSpec],
    interval: Interval,
) -> std::result::Result<Program, Fault> {
    let ids = (0..).map(SourceId);
    let named = sources.iter().zip(ids).filter_map(|(source, id)| Some((source.name.clone()?, vec![id])));
    let mut streams: Vec<_> = named.collect();
    if let Some((name, _)) = streams.iter().find(|(name, _)| name == "lines") {
        let fault = format!("{name} is the name of all sources together: choose another");
        return Err(Error::Usage(fault).into());
    }
    streams.push(("lines".into(), (0..).map(SourceId).take(sources.len()).collect()));
    let sources = sources.iter().map(|source| source.kind.to_string()).collect();
    let scope = Scope { sources, streams, interval };
    Program::expression(text, scope).map_err(Fault::Program)
}

/// Why a program does not run.
pub(super) enum Fault {
    /// It is not well written.
    Program(Diagnostic),
    /// Anything else.
    Other(Error),
}

impl Fault {
    /// Tells of it; the exit code.
    pub(super) fn tell(&self, verbosity: Verbosity) -> ExitCode {
        match self {
            Fault::Program(diagnostic) => {
                // It shows the place on lines of their own.
                messages(verbosity).raw(format!("{diagnostic}\n").as_bytes());
                Error::Usage(String::new()).exit_code()
            }
            Fault::Other(fault) => report(verbosity, fault),
        }
    }
}

impl From<Diagnostic> for Fault {
    fn from(fault: Diagnostic) -> Self {
        Fault::Program(fault)
    }
}

impl From<Error> for Fault {
    fn from(fault: Error) -> Self {
        Fault::Other(fault)
    }
}

/// Does something that runs a program: its functions may call each other a thousand deep.
pub(super) fn on_deep_stack(
    verbosity: Verbosity,
    work: impl FnOnce() -> ExitCode + Send + 'static,
) -> ExitCode {
    let thread = thread::Builder::new().name("driver".into()).stack_size(STACK).spawn(work);
    match thread.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // It has told of its panic.
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(fault) => report(verbosity, &Error::Runtime(format!("cannot start a thread: {}", plain(&fault)))),
    }
}

/// Runs a program to its end.
fn run(program: &Program, settings: Settings) -> Result<(Exit, Ended)> {
    let mut pipeline = Pipeline::new(settings)?;
    let interrupt = pipeline.interrupt();
    let exit = program.run(&mut pipeline, interrupt);
    // What has ended the stream is the reason why the program has ended.
    let ended = pipeline.end();
    match (exit, ended) {
        (Err(Error::OutputClosed), ended) => ended.map(|ended| (Exit::Done, ended)),
        (exit, ended) => Ok((exit?, ended?)),
    }
}

fn conclude(ran: Result<(Exit, Ended)>, verbosity: Verbosity) -> ExitCode {
    match ran {
        Ok((Exit::Raised, _)) => ExitCode::FAILURE,
        Ok((Exit::Code(code), Ended::Drained)) => ExitCode::from(code),
        Ok((_, ended)) => exit_code(ended),
        Err(fault) => report(verbosity, &fault),
    }
}
