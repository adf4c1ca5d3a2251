//! Errors by whose fault they are, and the exit code each one ends the process with.

use std::fmt;
use std::process::ExitCode;

/// What went wrong, sorted by who can mend it.
#[derive(Debug)]
pub enum Error {
    /// The command line or a program asks for something that cannot be: exit code 2.
    Usage(String),
    /// The machine failed us (disk, network, permissions), or a part of `dstream` did: exit code 1.
    Runtime(String),
    /// A record could not be used and `--on-error fail` was given: exit code 3.
    BadRecord(String),
    /// A checkpoint is corrupt, or was written by another job: exit code 4.
    Checkpoint(String),
    /// Whoever read our output has gone; not an error to the user, the run ends quietly: exit code 0.
    OutputClosed,
}

/// The result of anything that can fail for a reason worth telling the user.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A runtime error that names the operation and its object: `"cannot open x: No such file …"`.
    pub fn io(what: impl fmt::Display, cause: &std::io::Error) -> Self {
        Error::Runtime(format!("{what}: {}", plain(cause)))
    }

    /// The process exit code that this error stands for.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Error::OutputClosed => 0,
            Error::Runtime(_) => 1,
            Error::Usage(_) => 2,
            Error::BadRecord(_) => 3,
            Error::Checkpoint(_) => 4,
        })
    }
}

/// The operating system's words for a fault, without Rust's ` (os error 2)` behind them.
pub fn plain(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(text) | Error::Runtime(text) | Error::BadRecord(text) | Error::Checkpoint(text) => {
                f.write_str(text)
            }
            Error::OutputClosed => f.write_str("the output was closed"),
        }
    }
}

impl std::error::Error for Error {}
