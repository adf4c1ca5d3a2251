//! Flags to job: the command line's definition, and what each command runs.

mod options;
mod recipes;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::driver::{self, Ended};
use crate::error::Error;
use crate::monitor::{Messages, Progress, ProgressMode, Verbosity};
use recipes::{Count, Wordcount};

/// Spark Streaming's DStreams as a Unix filter: reads live text, cuts it into batches by time, and
/// prints the result of each batch.
#[derive(Debug, Parser)]
#[command(name = "dstream", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  nc -lk 9999 | dstream wordcount --interval 1s")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Wordcount(Wordcount),
    Count(Count),
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
        Command::Completions { shell } => return completions(shell),
    };
    match job.and_then(|(settings, plan)| driver::count(&settings, &plan)) {
        Ok(Ended::Drained) => ExitCode::SUCCESS,
        Ok(Ended::Interrupted) => ExitCode::from(130),
        Ok(Ended::HungUp) => ExitCode::from(129),
        Err(fault) => {
            if !matches!(fault, Error::OutputClosed) {
                report(verbosity, &fault);
            }
            fault.exit_code()
        }
    }
}

/// Says why a command failed.
fn report(verbosity: Verbosity, fault: &Error) {
    Messages::new(verbosity, &Progress::new(ProgressMode::Never, None, false)).error(fault);
}

fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "dstream", &mut script);
    match std::io::Write::write_all(&mut std::io::stdout(), &script) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader may close the pipe once it has read enough: that is no error.
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(fault) => {
            let fault = Error::io("cannot write to standard output", &fault);
            report(Verbosity::Normal, &fault);
            fault.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_consistent() {
        super::command().debug_assert();
    }
}
