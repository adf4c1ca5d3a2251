//! `exec:COMMAND`: the lines that a shell command prints. It runs in a process group of its own, is
//! started again with back-off when it ends and nothing of its group is left, and is ended with us.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::backoff::{Backoff, HEALTHY, seconds};
use super::context::{Context, Next, Source};
use super::group::{Group, Watchdog};
use super::stream::{ReadOutcome, Stream};
use crate::error::{Error, Result, plain};

/// How often, at least, a command is looked at that has closed its output but has not ended.
const REAP_POLL_MAX: Duration = Duration::from_secs(1);
/// How often what a command has left in its group is looked at until it has ended.
const CLEAR_POLL: Duration = Duration::from_millis(10);

/// A command that is kept running.
pub(super) struct Exec {
    label: String,
    command: String,
    state: State,
    backoff: Backoff,
    /// How the command has ended since it last ran well, each of it said once.
    reported: Vec<Option<ExitStatus>>,
    watchdog: Watchdog,
}

enum State {
    Running {
        group: Group,
        stream: Stream,
        started: Instant,
        delivered: bool,
    },
    /// Its output has ended; it has not, when last looked.
    Ending {
        group: Group,
        started: Instant,
        delivered: bool,
        look: Instant,
        wait: Duration,
    },
    /// It has ended, but not what it left in its group, when last looked; that must not run beside
    /// its successor.
    Clearing {
        group: Group,
        look: Instant,
        /// When the successor may start.
        until: Instant,
    },
    Resting {
        until: Instant,
    },
}

/// The only stream.
const OUTPUT: usize = 0;

impl Exec {
    /// Starts the command.
    ///
    /// # Errors
    /// If no shell can be started.
    pub(super) fn open(label: String, command: &str, cx: &mut Context) -> Result<Self> {
        let cannot = |error: io::Error| Error::io(format!("{label}: cannot start sh"), &error);
        let mut watchdog = Watchdog::start().map_err(cannot)?;
        let state = start(command, &mut watchdog, cx).map_err(cannot)?;
        let (command, backoff) = (command.to_string(), Backoff::default());
        Ok(Exec { label, command, state, backoff, reported: Vec::new(), watchdog })
    }

    /// Looks whether the command has ended after its output has.
    fn look(&mut self, cx: &mut Context) {
        let State::Ending { group, started, delivered, look, wait } = &mut self.state else { return };
        if !group.leader_has_ended() {
            *wait = (*wait * 2).min(REAP_POLL_MAX);
            *look = cx.now + *wait;
            return;
        }
        let ran_long = cx.now.saturating_duration_since(*started) > HEALTHY;
        let delivered = *delivered;
        let ended = group.status();
        // One that fails at once fails no less for a line before that.
        if ran_long || (delivered && ended.is_some_and(|status| status.success())) {
            self.backoff.reset();
        }
        if ran_long {
            self.reported.clear();
        }
        let wait = self.backoff.delay();
        let resting = State::Resting { until: cx.now + wait };
        if let State::Ending { group, .. } = std::mem::replace(&mut self.state, resting) {
            self.state = State::Clearing { group, look: cx.now, until: cx.now + wait };
        }
        if !self.reported.contains(&ended) {
            self.reported.push(ended);
            let how = ended.map_or("ended".to_string(), describe);
            cx.notices.push(format!("{}: {how}, starting it again in {}", self.label, seconds(wait)));
        }
        self.clear(cx);
    }

    /// Ends what the command has left in its group.
    fn clear(&mut self, cx: &mut Context) {
        let State::Clearing { group, look, until } = &mut self.state else { return };
        if group.end(cx.now) {
            self.watchdog.guard(None);
            self.state = State::Resting { until: *until };
        } else {
            *look = cx.now + CLEAR_POLL;
        }
    }

    fn restart(&mut self, cx: &mut Context) {
        match start(&self.command, &mut self.watchdog, cx) {
            Ok(running) => self.state = running,
            Err(error) => {
                let wait = self.backoff.delay();
                let (label, error) = (&self.label, plain(&error));
                cx.notices.push(format!("{label}: cannot start: {error}, trying again in {}", seconds(wait)));
                self.state = State::Resting { until: cx.now + wait };
            }
        }
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_string(),
    }
}

fn start(command: &str, watchdog: &mut Watchdog, cx: &mut Context) -> io::Result<State> {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let output = child.stdout.take();
    let group = Group::of(child);
    watchdog.guard(Some(&group));
    let output = OwnedFd::from(output.ok_or_else(|| io::Error::other("it has no output"))?);
    rustix::io::ioctl_fionbio(&output, true)?;
    let stream = Stream::new(output);
    cx.watch(OUTPUT, &stream)?;
    Ok(State::Running { group, stream, started: cx.now, delivered: false })
}

impl Source for Exec {
    fn read(&mut self, _stream: usize, cx: &mut Context) -> Result<Next> {
        let State::Running { stream, delivered, .. } = &mut self.state else { return Ok(Next::Wait) };
        match stream.read(cx) {
            ReadOutcome::Open(next) => {
                *delivered |= next == Next::Again;
                return Ok(next);
            }
            ReadOutcome::Ended => {}
            ReadOutcome::Broken(error) => {
                return Err(Error::io(format!("{}: cannot read its output", self.label), &error));
            }
        }
        let resting = State::Resting { until: cx.now };
        if let State::Running { group, stream, started, delivered } =
            std::mem::replace(&mut self.state, resting)
        {
            stream.close(cx);
            let (look, wait) = (cx.now, Duration::from_millis(1));
            self.state = State::Ending { group, started, delivered, look, wait };
            self.look(cx);
        }
        Ok(Next::Wait)
    }

    fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Running { .. } => None,
            State::Ending { look, .. } | State::Clearing { look, .. } => Some(*look),
            State::Resting { until } => Some(*until),
        }
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        match self.state {
            State::Running { .. } => {}
            State::Ending { .. } => self.look(cx),
            State::Clearing { .. } => self.clear(cx),
            State::Resting { .. } => self.restart(cx),
        }
        Ok(())
    }
}
