//! Flags to job: the command line's definition, and what each command runs.

mod explain;
mod export;
mod options;
mod recipes;
mod run;
mod state;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::driver::{self, Ended, Settings};
use crate::error::Error;
use crate::monitor::{Messages, Progress, ProgressMode, Verbosity};
use crate::plan::Plan;
use explain::{Explain, Export};
use recipes::{Count, Wordcount};
use run::{RunProgram, on_deep_stack};
use state::StateCommand;

/// Spark Streaming's DStreams as a Unix filter: reads live text, cuts it into batches by time, and
/// prints the result of each batch.
#[derive(Debug, Parser)]
#[command(name = "dstream", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  nc -lk 9999 | dstream wordcount --interval 1s
  dstream run wordcount.py localhost 9999")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Wordcount(Wordcount),
    Count(Count),
    Run(RunProgram),
    Explain(Explain),
    Export(Export),
    State(StateCommand),
    /// Print a shell's completions, to be sourced or installed
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The command line's definition, from which help, man pages and completions are made.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line and says how it ended.
pub fn run() -> ExitCode {
    let (job, verbosity) = match Cli::parse().command {
        Command::Wordcount(wordcount) => (wordcount.job(), wordcount.verbosity()),
        Command::Count(count) => (count.job(), count.verbosity()),
        Command::Run(program) => return program.run(),
        Command::Explain(explain) => return explain.run(),
        Command::Export(export) => return export.run(),
        Command::State(state) => return state.run(),
        Command::Completions { shell } => return completions(shell),
    };
    match job {
        Ok((settings, plan)) if plan.calls_functions() => {
            on_deep_stack(verbosity, move || count(&settings, &plan, verbosity))
        }
        Ok((settings, plan)) => count(&settings, &plan, verbosity),
        Err(fault) => fault.tell(verbosity),
    }
}

/// Counts, and says how it ended.
fn count(settings: &Settings, plan: &Plan, verbosity: Verbosity) -> ExitCode {
    match driver::count(settings, plan) {
        Ok(ended) => exit_code(ended),
        Err(fault) => report(verbosity, &fault),
    }
}

/// The exit code of a run that did not fail.
fn exit_code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Drained => ExitCode::SUCCESS,
        Ended::Interrupted => ExitCode::from(130),
        Ended::HungUp => ExitCode::from(129),
    }
}

/// Says why a command failed, unless it is the reader of the output that has gone.
fn report(verbosity: Verbosity, fault: &Error) -> ExitCode {
    if !matches!(fault, Error::OutputClosed) {
        messages(verbosity).error(fault);
    }
    fault.exit_code()
}

/// The way to the user where no run goes on.
fn messages(verbosity: Verbosity) -> Messages {
    Messages::new(verbosity, &Progress::new(ProgressMode::Never, None, false))
}

fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "dstream", &mut script);
    match std::io::Write::write_all(&mut std::io::stdout(), &script) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader may close the pipe once it has read enough: that is no error.
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(fault) => report(Verbosity::Normal, &Error::io("cannot write to standard output", &fault)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_consistent() {
        super::command().debug_assert();
    }
}
