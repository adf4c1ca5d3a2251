//! Runs the command as a process, with pipes on all three sides, and reads what it prints while it runs.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// After this long something hangs; nothing takes half of it on a busy machine.
pub const HANG: Duration = Duration::from_secs(60);

pub const DSTREAM: &str = env!("CARGO_BIN_EXE_dstream");

/// The command with its arguments, in UTC and without the caller's colours.
pub fn dstream<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    in_utc(Command::new(DSTREAM).args(args))
}

/// A shell command in which `$D` is the command under test.
pub fn shell(script: &str) -> Command {
    in_utc(Command::new("sh").args(["-c", script]))
}

fn in_utc(command: &mut Command) -> Command {
    let mut ready = Command::new(command.get_program());
    ready.args(command.get_args());
    ready.env("TZ", "UTC").env("D", DSTREAM).env_remove("CLICOLOR_FORCE");
    ready
}

/// Words of a command line, cut at spaces.
pub fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// What a stream has brought so far.
#[derive(Clone, Default)]
struct Collected(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Collected {
    fn fill(&self, mut from: impl Read + Send + 'static) -> JoinHandle<()> {
        let Collected(state) = self.clone();
        thread::spawn(move || {
            let mut piece = vec![0; 1 << 16];
            while let Ok(n @ 1..) = from.read(&mut piece) {
                state.0.lock().unwrap().extend_from_slice(&piece[..n]);
                state.1.notify_all();
            }
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().clone()).unwrap()
    }

    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + HANG;
        let mut bytes = self.0.0.lock().unwrap();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if is_so(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "hangs waiting for {what}; there is {text:?}");
            bytes = self.0.1.wait_timeout(bytes, Duration::from_millis(200)).unwrap().0;
        }
    }
}

/// A run that goes on.
pub struct Run {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    unread: Option<ChildStdout>,
    stdout: Collected,
    stderr: Collected,
    readers: Vec<JoinHandle<()>>,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Starts the command; its stdout is read as it comes.
    pub fn start<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Run {
        let mut run = Run::stalled(dstream(args));
        run.read_on();
        run
    }

    /// Starts the command in a directory, for programs that name what they write to from there.
    pub fn start_in<S: AsRef<OsStr>>(directory: &Path, args: impl IntoIterator<Item = S>) -> Run {
        let mut command = dstream(args);
        command.current_dir(directory);
        let mut run = Run::stalled(command);
        run.read_on();
        run
    }

    /// Starts a command whose stdout nobody reads until [`Run::read_on`].
    pub fn stalled(mut command: Command) -> Run {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = Collected::default();
        let reader = stderr.fill(child.stderr.take().unwrap());
        Run {
            stdin: child.stdin.take(),
            unread: child.stdout.take(),
            child,
            stdout: Collected::default(),
            stderr,
            readers: vec![reader],
        }
    }

    pub fn read_on(&mut self) {
        if let Some(stdout) = self.unread.take() {
            self.readers.push(self.stdout.fill(stdout));
        }
    }

    pub fn write(&mut self, text: impl AsRef<[u8]>) {
        self.stdin.as_mut().unwrap().write_all(text.as_ref()).unwrap();
    }

    pub fn until_stdout(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        self.stdout.until(what, is_so)
    }

    pub fn until_stderr(&self, part: &str) -> String {
        self.stderr.until(part, |text| text.contains(part))
    }

    /// Waits until its batches come to a sum.
    pub fn until_sum(&self, sum: u64) {
        self.until_stdout(&format!("a sum of {sum}"), |text| whole_sum(text) >= sum);
    }

    /// The port that it says to listen on.
    pub fn port(&self) -> u16 {
        let text = self
            .stderr
            .until("a port", |text| text.find(" listens on ").is_some_and(|at| text[at..].contains('\n')));
        let line = text.lines().find(|line| line.contains(" listens on ")).unwrap();
        line.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has taken its signals over.
    pub fn until_ready(&self) {
        let deadline = Instant::now() + HANG;
        let caught = || {
            let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(mask, 16).unwrap()
        };
        while caught() & 1 << (Signal::USR1.as_raw() - 1) == 0 {
            assert!(Instant::now() < deadline, "does not start");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Closes its stdin.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until so many bytes of its stdout wait for a reader.
    pub fn until_unread(&self, bytes: u64) {
        let deadline = Instant::now() + HANG;
        while rustix::io::ioctl_fionread(self.unread.as_ref().unwrap()).unwrap() < bytes {
            assert!(Instant::now() < deadline, "does not write; on stderr {:?}", self.stderr.text());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        self.read_on();
        let status = self.wait();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        Ended { code: status.code(), stdout: self.stdout.text(), stderr: self.stderr.text() }
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + HANG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "does not end; on stderr {:?}", self.stderr.text());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// A figure of `/proc/PID/status`, in KiB.
    pub fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Clock ticks (hundredths of a second) that it has worked, in user and system mode.
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split_whitespace().collect();
        fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Nothing is left running when a test fails; what has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the command to its end on a given input.
pub fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, input: impl AsRef<[u8]>) -> Ended {
    let mut run = Run::start(args);
    let mut stdin = run.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    let writer = thread::spawn(move || {
        // It may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let ended = run.end();
    writer.join().unwrap();
    ended
}

/// A batch as `pprint` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// In milliseconds since the epoch, as UTC.
    pub time: i64,
    pub rows: Vec<String>,
}

/// Reads what `pprint` printed; it must be whole.
pub fn batches(text: &str) -> Vec<Batch> {
    let dashes = "-".repeat(43);
    let mut lines = text.lines().peekable();
    let mut batches = Vec::new();
    while let Some(line) = lines.next() {
        assert_eq!(line, dashes, "a batch begins with dashes");
        let time = lines.next().unwrap().strip_prefix("Time: ").unwrap();
        assert_eq!(lines.next(), Some(&*dashes));
        let time: jiff::civil::DateTime = time.parse().unwrap();
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond();
        let mut rows = Vec::new();
        loop {
            match lines.next().expect("a batch ends with an empty line") {
                "" => break,
                row => rows.push(row.to_string()),
            }
        }
        batches.push(Batch { time, rows });
    }
    assert!(text.is_empty() || text.ends_with("\n\n"));
    batches
}

/// The sum of what `count` printed in every batch.
pub fn sum(text: &str) -> u64 {
    batches(text).iter().map(|batch| batch.rows[0].parse::<u64>().unwrap()).sum()
}

/// [`sum`] over the batches that are there whole.
pub fn whole_sum(text: &str) -> u64 {
    sum(text.rfind("\n\n").map_or("", |end| &text[..end + 2]))
}

/// Asserts that batches are one interval apart, at multiples of it.
pub fn assert_consecutive(batches: &[Batch], interval: i64) {
    for batch in batches {
        assert_eq!(batch.time % interval, 0, "{batch:?}");
    }
    for pair in batches.windows(2) {
        assert_eq!(pair[1].time - pair[0].time, interval, "{pair:?}");
    }
}

/// Keys with their counts, of JSON output (with `--limit 0`) of one batch.
pub fn json_counts(text: &str) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let key = row["key"].as_str().unwrap().to_string();
        assert_eq!(counts.insert(key, row["count"].as_u64().unwrap()), None, "a key comes once: {line}");
    }
    counts
}

/// Numbers that look random and are the same in every run (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Lines of words in many scripts, of all lengths, with broken UTF-8, control characters, `\r\n`,
/// empty lines and words longer than a chunk of input; the last line has no end.
pub fn random_text(random: &mut Random, lines: usize) -> Vec<u8> {
    const PIECES: &[&str] = &[
        "the",
        "of",
        "lord",
        "caf\u{e9}",
        "\u{3a3}\u{3a3}",
        "\u{130}x",
        "na\u{ef}ve",
        "\u{4e16}\u{754c}",
        "\u{1f600}",
        "'",
        "\"",
        "a,b",
        "\\",
        "x-y",
        "1",
        "42",
        "\0",
        "\u{1c}",
        "\u{85}",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\t",
        "\r",
    ];
    let mut text = Vec::new();
    for line in 0..lines {
        for _ in 0..random.below(12) {
            match random.below(40) {
                0 => text.extend([0xff, b'a', 0xe2, 0x82]),
                1 => text.extend(std::iter::repeat_n(b'w', random.below(300))),
                2..6 => text.extend(format!("u{}", random.below(3000)).bytes()),
                _ => text.extend(PIECES[random.below(PIECES.len())].bytes()),
            }
            if random.below(5) > 0 {
                text.extend(std::iter::repeat_n(b' ', 1 + random.below(2)));
            }
        }
        if line % 5000 == 4000 {
            text.extend(std::iter::repeat_n(b'L', 300_000 + random.below(200_000)));
        }
        text.extend_from_slice(if random.below(10) == 0 { b"\r\n" } else { b"\n" });
    }
    text.extend(b"the end");
    text
}
