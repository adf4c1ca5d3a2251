//! `toCommand`: the records of a batch on a command's standard input, one run a batch.

use std::io::{BufWriter, ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::batch::Values;
use crate::error::plain;
use crate::sink::{Unprintable, for_each_line};
use crate::source::{Group, Watchdog};

/// Runs commands, one after the other.
#[derive(Default)]
pub(super) struct Commands {
    /// Ends the command that runs, when we are killed or leave at once.
    watchdog: Option<Watchdog>,
}

impl Commands {
    /// Runs a shell command with the records on its standard input, a line each, and waits for its end.
    ///
    /// # Errors
    /// The exception's class and message: a command that cannot be started, or that says by its status that it has failed.
    pub(super) fn run(&mut self, command: &str, values: &Values) -> Result<(), Unprintable> {
        let cannot = |cause: std::io::Error| Unprintable {
            class: "OSError",
            message: format!("cannot run `{command}`: {}", plain(&cause)),
        };
        if self.watchdog.is_none() {
            self.watchdog = Some(Watchdog::start().map_err(cannot)?);
        }
        // In a group of its own: what the terminal sends to ours must not end it in the middle of a batch.
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(cannot)?;
        let input = child.stdin.take();
        let mut group = Group::of(child);
        self.guard(Some(&group));
        let mut written = Ok(());
        if let Some(input) = input {
            let mut input = BufWriter::new(input);
            for_each_line(values, |line| {
                if written.is_ok() {
                    written = input.write_all(line).and_then(|()| input.write_all(b"\n"));
                }
            })?;
            written = written.and_then(|()| input.flush());
        }
        let status = group.wait().map_err(cannot);
        drop(group);
        self.guard(None);
        match (status?, written) {
            (status, _) if !status.success() => Err(Unprintable {
                class: "CalledProcessError",
                message: match status.code() {
                    Some(code) => format!("Command '{command}' returned non-zero exit status {code}."),
                    None => format!("Command '{command}' was ended by a signal: {status}"),
                },
            }),
            // It may leave records unread, and still have done what it was to do.
            (_, Err(cause)) if cause.kind() != ErrorKind::BrokenPipe => Err(cannot(cause)),
            _ => Ok(()),
        }
    }

    fn guard(&mut self, group: Option<&Group>) {
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.guard(group);
        }
    }
}
