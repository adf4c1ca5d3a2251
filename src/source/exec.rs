//! `exec:COMMAND`: the lines that a shell command prints. It runs in a process group of its own, is
//! started again with back-off when it ends, and is ended with us.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::backoff::{Backoff, HEALTHY, seconds};
use super::context::{Context, Next, Source};
use super::stream::{Progress, Stream};
use crate::error::{Error, Result, plain};

/// How often a command is looked at that has closed its output but has not ended.
const REAP_MOST: Duration = Duration::from_secs(1);
/// How long a process group may take to end after SIGTERM, before SIGKILL.
const GRACE: Duration = Duration::from_millis(500);

/// A command that is kept running.
pub(super) struct Exec {
    label: String,
    command: String,
    state: State,
    backoff: Backoff,
    /// How the command ended when that was last said.
    said: Option<ExitStatus>,
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
        let state =
            start(command, cx).map_err(|error| Error::io(format!("{label}: cannot start sh"), &error))?;
        Ok(Exec { label, command: command.to_string(), state, backoff: Backoff::default(), said: None })
    }

    /// Looks whether the command has ended after its output has.
    fn look(&mut self, cx: &mut Context) {
        let State::Ending { group, started, delivered, look, wait } = &mut self.state else { return };
        if !group.leader_has_ended() {
            *wait = (*wait * 2).min(REAP_MOST);
            *look = cx.now + *wait;
            return;
        }
        let ran_long = cx.now.saturating_duration_since(*started) > HEALTHY;
        if ran_long || *delivered {
            self.backoff.reset();
        }
        // What the command left in its group must not run beside its successor.
        group.signal(Signal::TERM);
        let ended = group.reap();
        let rest = self.backoff.delay();
        self.state = State::Resting { until: cx.now + rest };
        if ran_long || self.said != ended {
            self.said = ended;
            let how = ended.map_or("ended".to_string(), describe);
            cx.notices.push(format!("{}: {how}, starting it again in {}", self.label, seconds(rest)));
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

fn start(command: &str, cx: &mut Context) -> io::Result<State> {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let output = child.stdout.take();
    let group = Group { child, reaped: false };
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
            Progress::Open(next) => {
                *delivered |= next == Next::Again;
                return Ok(next);
            }
            Progress::Ended => {}
            Progress::Broken(error) => {
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
            State::Ending { look, .. } => Some(*look),
            State::Resting { until } => Some(*until),
        }
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        if let State::Resting { .. } = self.state {
            match start(&self.command, cx) {
                Ok(running) => self.state = running,
                Err(error) => {
                    let wait = self.backoff.delay();
                    let (label, error) = (&self.label, plain(&error));
                    cx.notices
                        .push(format!("{label}: cannot start: {error}, trying again in {}", seconds(wait)));
                    self.state = State::Resting { until: cx.now + wait };
                }
            }
        } else {
            self.look(cx);
        }
        Ok(())
    }
}

/// A process group and its leader. As long as the leader is not reaped, the group's number cannot
/// belong to anybody else.
struct Group {
    child: Child,
    reaped: bool,
}

impl Group {
    /// Whether the leader has ended; it is not reaped by asking.
    fn leader_has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(rustix::process::waitid(WaitId::Pid(Pid::from_child(&self.child)), options), Ok(None))
    }

    fn signal(&self, signal: Signal) {
        // A group that has ended needs no signal.
        let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), signal);
    }

    /// Takes the status of a leader that has ended, or waits for that.
    fn reap(&mut self) -> Option<ExitStatus> {
        self.reaped = true;
        self.child.wait().ok()
    }
}

impl Drop for Group {
    /// Ends all processes of the group: asked first, killed if they are still there after a while.
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        let pause = || std::thread::sleep(Duration::from_millis(2));
        while !self.leader_has_ended() && Instant::now() < deadline {
            pause();
        }
        if self.leader_has_ended() {
            // The others may still be at their last work; their group is there as long as they are.
            self.reap();
            let group = Pid::from_child(&self.child);
            while rustix::process::test_kill_process_group(group).is_ok() && Instant::now() < deadline {
                pause();
            }
            if rustix::process::test_kill_process_group(group).is_err() {
                return;
            }
        }
        self.signal(Signal::KILL);
        if !self.reaped {
            self.reap();
        }
    }
}
