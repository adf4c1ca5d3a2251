//! Process groups of commands. A group ends with us: in order when we do, and by its [`Watchdog`]
//! when we are killed or leave at once. Only what has left its group on purpose (`setsid`) stays.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long a process group may take to end after SIGTERM, before SIGKILL.
const GRACE: Duration = Duration::from_millis(500);

/// A process group and its leader. The group's number cannot belong to anybody else as long as its
/// leader is not reaped or any process of it is there.
pub struct Group {
    leader: Child,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Running,
    /// It was sent SIGTERM, and will be sent SIGKILL then.
    Asked(Instant),
    /// It was sent SIGKILL, and is given up then: the kernel itself holds one of its processes.
    Killed(Instant),
    Over,
}

impl Group {
    /// The group that a process leads.
    pub fn of(leader: Child) -> Self {
        Group { leader, stage: Stage::Running }
    }

    /// Whether the leader has ended.
    pub fn leader_has_ended(&mut self) -> bool {
        !matches!(self.leader.try_wait(), Ok(None))
    }

    /// Waits for the leader to end.
    ///
    /// # Errors
    /// If the system does not tell how it has ended.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.leader.wait()
    }

    /// How the leader has ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.leader.try_wait().ok().flatten()
    }

    /// Takes the next step to end all processes of the group, without waiting: they are asked first,
    /// and killed if any is still there after a while. Whether that is over.
    pub fn end(&mut self, now: Instant) -> bool {
        let group = Pid::from_child(&self.leader);
        // A group that has ended meanwhile needs no signal.
        let send = |signal| {
            let _ = rustix::process::kill_process_group(group, signal);
        };
        let gone = || rustix::process::test_kill_process_group(group).is_err();
        let over = matches!(self.stage, Stage::Over) || (self.leader_has_ended() && gone());
        self.stage = match self.stage {
            _ if over => Stage::Over,
            Stage::Running => {
                send(Signal::TERM);
                Stage::Asked(now + GRACE)
            }
            Stage::Asked(until) if now >= until => {
                send(Signal::KILL);
                Stage::Killed(now + GRACE)
            }
            Stage::Killed(until) if now >= until => Stage::Over,
            stage => stage,
        };
        matches!(self.stage, Stage::Over)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        while !self.end(Instant::now()) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A small shell that waits for our end of a pipe to close, as the kernel does it however we end,
/// and then ends the group it was told of last.
pub struct Watchdog {
    shell: Child,
    tell: ChildStdin,
}

/// Every line is a group's number, or empty if there is none to end.
const SCRIPT: &str = r#"group=
while read -r line; do group=$line; done
[ "$group" ] && kill -s TERM -- "-$group" && sleep 1 && kill -s KILL -- "-$group""#;

impl Watchdog {
    /// Starts the shell, in a group of its own: what the terminal sends to ours must not end it.
    ///
    /// # Errors
    /// If no shell can be started.
    pub fn start() -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let tell = shell.stdin.take().ok_or_else(|| io::Error::other("it has no input"))?;
        rustix::io::ioctl_fionbio(&tell, true)?;
        Ok(Watchdog { shell, tell })
    }

    /// Has it end this group from now on, or none.
    pub fn guard(&mut self, group: Option<&Group>) {
        let number = group.map_or(String::new(), |group| group.leader.id().to_string());
        // Who has killed the watchdog wants to do without it.
        let _ = self.tell.write_all((number + "\n").as_bytes());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
