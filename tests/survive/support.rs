//! A directory to run the command in, and what it has left there.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::live_support::{Ended, Random, Run, dstream};

/// The moments of a commit at which builds for tests let themselves be killed.
pub const MOMENTS: [&str; 5] = ["read", "written", "ready", "committed", "published"];

/// A directory of a test, which the command runs in. What it writes goes to `out`, checkpoints to `kept`.
pub struct Place {
    dir: TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("out")).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Files of lines of few words, the same in all places: `q0` and so on.
    pub fn elements(&self, count: u64) {
        for n in 0..count {
            self.write(&format!("q{n}"), lines(&mut Random(n), 5 + 4 * n as usize));
        }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = dstream(args);
        command.current_dir(self.dir.path());
        command
    }

    /// Starts it, with nothing on its stdin.
    pub fn start(&self, args: &[&str]) -> Run {
        self.begin(self.command(args))
    }

    pub fn begin(&self, command: Command) -> Run {
        let mut run = Run::stalled(command);
        run.read_on();
        run.close();
        run
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.start(args).end()
    }

    /// Runs it until it is killed at that moment, or to its end if that does not come.
    pub fn run_until(&self, moment: &str, args: &[&str]) -> Ended {
        let mut command = self.command(args);
        command.env("DSTREAM_KILL_AT", moment);
        self.begin(command).end()
    }

    /// Runs it to its end, which must be a good one, and gives what it has printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
        ended.stdout
    }

    /// What it has written: every file in `out`, and every directory as one without content.
    pub fn written(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let out = self.path("out");
        collect(&out, &out, &mut found);
        found
    }
}

fn collect(top: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(top).unwrap().display().to_string();
        if path.is_dir() {
            found.insert(format!("{name}/"), String::new());
            collect(top, &path, found);
        } else {
            found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
        }
    }
}

/// Lines of few words, many of which come often.
pub fn lines(random: &mut Random, count: usize) -> String {
    const WORDS: [&str; 9] = ["the", "the", "lord", "of", "café", "a", "世界", "x", "'"];
    let mut text = String::new();
    for _ in 0..count {
        let words = random.below(6);
        let line: Vec<String> = (0..words)
            .map(|_| match random.below(8) {
                0 => format!("w{}", random.below(40)),
                _ => WORDS[random.below(WORDS.len())].to_string(),
            })
            .collect();
        text.push_str(&line.join(" "));
        text.push('\n');
    }
    text
}

/// A command line with an output file and a checkpoint behind it.
pub fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

pub const KEPT: [&str; 2] = ["--checkpoint", "kept"];
pub const OUT: [&str; 2] = ["-o", "out/o"];
