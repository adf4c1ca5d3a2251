//! `dstream explain` and `dstream export`: what a command would do, told and handed on.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::export;
use super::recipes::{Count, Wordcount};
use super::run::{Fault, RunProgram, of_command_line, on_deep_stack};
use crate::driver::{Recorder, Settings};
use crate::error::{Error, Result};
use crate::lang::{Exit, Program};
use crate::monitor::Verbosity;
use crate::plan::{Interrupt, Plan};

/// Show the plan of a program, script or command without running it: streams, stages, which functions run as
/// native kernels and which in the evaluator, and why
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "dstream explain [OPTIONS] -e PROGRAM [FILE]...\n       dstream explain [OPTIONS] SCRIPT.py [ARG]...\n       dstream explain wordcount|count|run [OPTIONS] ..."
)]
#[command(after_help = r#"Examples:
  dstream explain -e 'lines.map(json.loads).map(lambda t: t["id"]).count()'
  dstream explain wordcount.py localhost 9999
  dstream explain wordcount --window 60s --slide 5s"#)]
pub(super) struct Explain {
    #[command(subcommand)]
    command: Option<Explained>,

    #[command(flatten)]
    program: RunProgram,
}

/// Print the PySpark Streaming script, for spark-submit, of a program, script or command; without a source it reads
/// lines from the host and port that are its arguments
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "dstream export [OPTIONS] -e PROGRAM [FILE]...\n       dstream export [OPTIONS] SCRIPT.py\n       dstream export wordcount|count|run [OPTIONS] ..."
)]
#[command(after_help = "Examples:
  dstream export -e 'lines.countByValue()' > job.py && spark-submit job.py
  dstream export wordcount --from dir:/var/incoming --total > job.py")]
pub(super) struct Export {
    #[command(subcommand)]
    command: Option<Explained>,

    #[command(flatten)]
    program: RunProgram,
}

/// What a ready-made command is about.
type Made = std::result::Result<(Settings, Plan), Fault>;

/// What is told of.
#[derive(Debug, Subcommand)]
enum Explained {
    Wordcount(Wordcount),
    Count(Count),
    Run(RunProgram),
}

impl Explain {
    /// Prints the plan.
    pub(super) fn run(self) -> ExitCode {
        let Explain { command, program } = self;
        match command {
            None => of_program(program),
            Some(Explained::Run(program)) => of_program(program),
            Some(Explained::Wordcount(command)) => of_recipe(command.job(), command.verbosity()),
            Some(Explained::Count(command)) => of_recipe(command.job(), command.verbosity()),
        }
    }
}

impl Export {
    /// Prints the script.
    pub(super) fn run(self) -> ExitCode {
        let Export { command, program } = self;
        let recipe = |job: Made, are_given| {
            let (settings, plan) = job?;
            export::of_text(&plan.program(), &settings, are_given)
        };
        let (exported, verbosity) = match command {
            None => (program.export(), program.verbosity()),
            Some(Explained::Run(program)) => (program.export(), program.verbosity()),
            Some(Explained::Wordcount(command)) => {
                (recipe(command.job(), command.has_sources()), command.verbosity())
            }
            Some(Explained::Count(command)) => {
                (recipe(command.job(), command.has_sources()), command.verbosity())
            }
        };
        match exported {
            Ok(script) => print(&script, verbosity),
            Err(fault) => fault.tell(verbosity),
        }
    }
}

/// Explains a program.
fn of_program(program: RunProgram) -> ExitCode {
    let verbosity = program.verbosity();
    on_deep_stack(verbosity, move || {
        let plan = program.program().and_then(|(program, settings)| Ok(plan_of(&program, &settings)?));
        tell(plan, verbosity)
    })
}

/// Explains a ready-made command: the program that it stands for, and what is special about it.
fn of_recipe(job: Made, verbosity: Verbosity) -> ExitCode {
    on_deep_stack(verbosity, move || tell(explained(job), verbosity))
}

fn explained(job: Made) -> std::result::Result<String, Fault> {
    let (settings, plan) = job?;
    let text = plan.program();
    let program = of_command_line(&text, &settings.sources, settings.interval)?;
    let indented: String = text.lines().map(|line| format!("  {line}\n").replace("  \n", "\n")).collect();
    Ok(format!(
        "{}, by every worker in a table of its own;\n\
         the tables are merged when a batch ends. It gives what this program gives:\n\n\
         {indented}\nplan of that program, as dstream run -e would run it:\n\n{}",
        plan.how(),
        plan_of(&program, &settings)?
    ))
}

/// The plan of a program, which is run until it waits for its stream.
fn plan_of(program: &Program, settings: &Settings) -> Result<String> {
    let mut recorder = Recorder::new(settings.threads)?;
    match program.run(&mut recorder, Interrupt::default()) {
        Ok(Exit::Raised) => Err(Error::Usage("the program fails before it waits for its stream".into())),
        Ok(Exit::Done | Exit::Code(_)) | Err(Error::OutputClosed) => {
            let guarantees = recorder.guarantees(settings)?.unwrap_or_default();
            Ok(recorder.into_plan()? + &guarantees)
        }
        Err(fault) => Err(fault),
    }
}

fn tell(text: std::result::Result<String, Fault>, verbosity: Verbosity) -> ExitCode {
    match text {
        Ok(text) => print(&text, verbosity),
        Err(fault) => fault.tell(verbosity),
    }
}

fn print(text: &str, verbosity: Verbosity) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader may close the pipe once it has read enough: that is no error.
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(fault) => super::report(verbosity, &Error::io("cannot write to standard output", &fault)),
    }
}
