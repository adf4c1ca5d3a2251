//! A case of the conformance test: the script that it becomes, and what came out of it.
#![allow(clippy::unwrap_used, missing_docs)]

mod script;

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Begins the lines that the script writes for us among those that the program prints.
const MARK: &str = "\u{1}case ";

pub struct Case<'a>(&'a Json);

/// What a program came to, stream by stream and batch by batch.
#[derive(Debug, Default)]
pub struct Answer {
    /// Records, encoded; null where a stream had nothing to say.
    pub outputs: Vec<Vec<Json>>,
    /// What `pprint` printed, with `{T1}` for the first batch's time.
    pub printed: Vec<Vec<Json>>,
    /// What the program emitted, by batch; empty where it never did.
    pub emitted: Vec<Json>,
    /// What was looked at in the end.
    pub post: Json,
}

pub struct Expected {
    pub answer: Answer,
    pub error: Json,
}

pub struct Run {
    pub answer: Answer,
    pub succeeded: bool,
    pub stderr: String,
}

impl<'a> Case<'a> {
    pub fn new(case: &'a Json) -> Self {
        Case(case)
    }

    pub fn name(&self) -> &'a str {
        self.text("name")
    }

    pub fn program(&self) -> &'a str {
        self.text("program")
    }

    fn text(&self, field: &str) -> &'a str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// Whether the order of records is Spark's promise.
    pub fn is_ordered(&self) -> bool {
        self.0["order"] == "exact"
    }

    pub fn expected(&self) -> Expected {
        let expected = &self.0["expect"];
        let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
        let table = |value: &Json| list(value).iter().map(list).collect();
        let answer = Answer {
            outputs: table(&expected["outputs"]),
            printed: table(&expected["pprint"]),
            emitted: list(&expected["emitted"]),
            post: expected["post"].clone(),
        };
        Expected { answer, error: expected["error"].clone() }
    }

    /// Batches to run: what the case says, or as many as its longest input has.
    fn batches(&self) -> usize {
        let inputs = self.0["inputs"].as_object().into_iter().flat_map(|inputs| inputs.values());
        let lengths = inputs.chain([&self.0["batches"]]).filter_map(Json::as_array).map(Vec::len);
        let longest = lengths.max().unwrap_or(0);
        self.0["run"].as_u64().map_or(longest, |run| run as usize)
    }

    fn interval_millis(&self) -> i64 {
        (self.0["interval"].as_f64().unwrap_or(1.0) * 1000.0).round() as i64
    }

    /// Whether the program writes files below `base`, which are looked at in the end.
    fn writes_files(&self) -> bool {
        self.text("setup").contains("tempfile")
    }

    /// Runs the program as a script.
    pub fn run(&self) -> Run {
        let home = tempfile::tempdir().unwrap();
        let base = home.path().join("base");
        fs::create_dir(&base).unwrap();
        let script = home.path().join("case.py");
        fs::write(&script, script::of(self, &base)).unwrap();
        let capture = |name: &str| {
            File::options().create_new(true).read(true).write(true).open(home.path().join(name)).unwrap()
        };
        let (mut stdout, mut stderr) = (capture("stdout"), capture("stderr"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_dstream"))
            .args(["run", "--clock", "virtual"])
            .arg(&script)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().unwrap())
            .stderr(stderr.try_clone().unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let mut answer = self.read(&text_of(&mut stdout));
        if self.writes_files() {
            answer.post = files_below(&base);
        }
        let mut stderr = text_of(&mut stderr);
        if status.is_none() {
            stderr += "it hangs";
        }
        Run { answer, succeeded: status.is_some_and(|status| status.success()), stderr }
    }

    /// Takes apart what the script printed.
    fn read(&self, stdout: &str) -> Answer {
        let batches = self.batches();
        let mut answer = Answer { emitted: vec![json!([]); batches], ..Answer::default() };
        let (mut printed, mut over) = (String::new(), 0);
        for line in stdout.split_inclusive('\n') {
            let Some(marked) = line.strip_prefix(MARK) else {
                printed += line;
                continue;
            };
            let fields: Vec<&str> = marked.trim_end().splitn(4, ' ').collect();
            let number = |index: usize| fields[index].parse::<usize>().unwrap();
            let value = || serde_json::from_str::<Json>(fields[3]).unwrap();
            match fields[0] {
                "stream" => {
                    answer.outputs.push(vec![Json::Null; batches]);
                    answer.printed.push(vec![Json::Null; batches]);
                }
                // One batch more is run where the stream has to go on for what comes after the last.
                "records" | "printed" if number(2) >= batches => {}
                "records" => answer.outputs[number(1)][number(2)] = value(),
                "printed" if !answer.outputs[number(1)][number(2)].is_null() => {
                    let text = self.without_time(&printed, number(2) + 1);
                    answer.printed[number(1)][number(2)] = text.into();
                }
                "printed" => {}
                "over" => over = number(2) + 1,
                "emitted" => answer.emitted[over.min(batches - 1)].as_array_mut().unwrap().push(value()),
                "post" => answer.post = value(),
                other => panic!("a mark {other:?}"),
            }
            printed.clear();
        }
        if answer.emitted.iter().all(|batch| *batch == json!([])) {
            answer.emitted.clear();
        }
        answer
    }

    /// Puts `{T1}` in the place of the first batch's time, and so on; another time stays as it is.
    fn without_time(&self, printed: &str, batch: usize) -> String {
        let millis = self.interval_millis() * batch as i64;
        let fraction = if millis % 1000 == 0 { String::new() } else { format!(".{:03}000", millis % 1000) };
        let seconds = millis / 1000;
        let time = format!("1970-01-01 00:{:02}:{:02}{fraction}", seconds / 60, seconds % 60);
        let mut lines = printed.split_inclusive('\n').map(str::to_string).collect::<Vec<_>>();
        for line in &mut lines {
            if line.trim_end() == format!("Time: {time}") {
                *line = format!("Time: {{T{batch}}}\n");
            }
        }
        lines.concat()
    }
}

fn text_of(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The files in the folders of a folder, but hidden ones: their paths and what is in them.
fn files_below(base: &Path) -> Json {
    let list = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        list(base).filter(|path| path.is_dir()).flat_map(|folder| list(&folder)).collect();
    paths.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
    paths.sort();
    let file = |path: &Path| {
        let name = path.strip_prefix(base).unwrap().to_string_lossy().into_owned();
        json!({ "t": [name, fs::read_to_string(path).unwrap()] })
    };
    Json::from(paths.iter().map(|path| file(path)).collect::<Vec<_>>())
}
