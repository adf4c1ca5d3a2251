//! Messages to the user: lines on stderr of the form `dstream: …`.

use std::fmt::Display;
use std::io::{self, Write as _};

use super::progress::Progress;
use crate::batch::{escape_into, is_printable};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only (`-q`).
    Quiet,
    /// Errors, and what the user should know: something lost, a peer that cannot be reached.
    #[default]
    Normal,
    /// Also what the user may want to know (`-v`).
    Verbose,
}

/// Where messages go: to stderr, past the progress line. Clones speak for the same run.
#[derive(Clone, Debug)]
pub struct Messages {
    verbosity: Verbosity,
    progress: Progress,
}

impl Messages {
    /// Messages of a run that shows the given progress.
    pub fn new(verbosity: Verbosity, progress: &Progress) -> Self {
        Messages { verbosity, progress: progress.clone() }
    }

    /// Says why something failed.
    pub fn error(&self, text: impl Display) {
        self.say(text);
    }

    /// Says what the user should know, unless the run is quiet.
    pub fn notice(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.say(text);
        }
    }

    /// Says what the user may want to know, if the run is verbose.
    pub fn detail(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Verbose {
            self.say(text);
        }
    }

    /// Writes what a program prints to standard error, as it is: also where the run is quiet.
    pub fn raw(&self, text: &[u8]) {
        // There is no other place to report that stderr takes nothing.
        self.progress.above(|| io::stderr().write_all(text).ok());
    }

    fn say(&self, text: impl Display) {
        let line = line(&text.to_string());
        // There is no other place to report that stderr takes nothing.
        self.progress.above(|| io::stderr().write_all(&line).ok());
    }
}

/// The message as it is written, in one write and as one line. Parts of it may come from outside (a
/// file's name, a peer's bytes): what would steer the terminal, or begin a line that looks like
/// another message, is escaped.
fn line(text: &str) -> Vec<u8> {
    let mut line = b"dstream: ".to_vec();
    for c in text.trim_end().chars() {
        if is_printable(c) {
            line.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            escape_into(c, &mut line);
        }
    }
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_that_cannot_steer_the_terminal() {
        assert_eq!(
            line("cannot open a\x1b[2J\r: no\n\tsuch"),
            b"dstream: cannot open a\\x1b[2J\\r: no\\n\\tsuch\n"
        );
        assert_eq!(
            line("a\ndstream: all is well: No such file"),
            b"dstream: a\\ndstream: all is well: No such file\n"
        );
        assert_eq!(line("ended\n"), b"dstream: ended\n");
    }
}
