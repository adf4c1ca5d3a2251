//! Checkpoints as text: JSON, one object a line.
//!
//! The first line is `{"checkpoint":1,"written_by":…,"sequence":…,"time_ms":…,"job":{…}}`. Then comes a line
//! for each entry, by table and key: `{"table":"…","key":"…","value":"…"}`, where a key or value that is no
//! UTF-8 is `{"hex":"…"}`. The last line is `{"end":true}`: without it the text was cut short.

use std::io::{self, BufRead, Write};

use serde_json::{Map, Value, json};

use super::claim::Claim;
use super::description::{Description, field, text};
use super::format::{About, Committed};
use super::reading::{Checkpoint, Entry};
use super::store::Options;
use crate::batch::Time;
use crate::error::{Error, Result};

/// The version of the text that is written, and the last that can be read.
const VERSION: u64 = 1;

/// Writes a checkpoint as text, and says how many entries that were.
///
/// # Errors
/// If there is no checkpoint, those of [`Contents::advance`](super::Contents::advance), and if `out`
/// cannot be written; [`Error::OutputClosed`] if nobody reads it any more.
pub fn export(checkpoint: &Checkpoint, out: &mut dyn Write) -> Result<u64> {
    let Some(about) = checkpoint.about() else {
        return Err(Error::Runtime("there is no checkpoint to export".to_owned()));
    };
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(out, "{line}").map_err(|cause| match cause.kind() {
            io::ErrorKind::BrokenPipe => Error::OutputClosed,
            _ => Error::io("cannot write the export", &cause),
        })
    };
    let Committed { sequence, time } = checkpoint.last();
    // Put together by hand: the fields stand in the order in which people read them.
    line(format_args!(
        r#"{{"checkpoint":{VERSION},"written_by":{},"sequence":{sequence},"time_ms":{},"job":{}}}"#,
        Value::from(about.written_by.as_str()),
        time.as_millis(),
        about.job.to_json(),
    ))?;
    let mut entries = 0;
    let mut contents = checkpoint.contents();
    while let Some(Entry { table, key, value }) = contents.advance()? {
        let [table, key, value] = [Value::from(table), to_json(key), to_json(value)];
        line(format_args!(r#"{{"table":{table},"key":{key},"value":{value}}}"#))?;
        entries += 1;
    }
    line(format_args!(r#"{{"end":true}}"#))?;
    Ok(entries)
}

/// Makes a checkpoint of what [`export`] wrote, in a directory that has none, and says how many entries
/// it has. Of entries with the same key the last one stays.
///
/// # Errors
/// Usage errors if there is a checkpoint already; runtime errors that name the line which is not as it must
/// be, and if the checkpoint cannot be written. There is no checkpoint then, or one without entries.
pub fn import(claim: Claim, input: &mut dyn BufRead) -> Result<u64> {
    let found = claim.read()?;
    if found.about().is_some() {
        return Err(Error::Usage(
            "there is a checkpoint in the directory already: reset it first, or choose another".to_owned(),
        ));
    }
    let mut lines = Lines { input, line: Vec::new(), number: 0 };
    let first = lines.next()?;
    let head = Head::parse(&first).map_err(|fault| lines.wrong(&fault))?;
    let last = Committed { sequence: head.last.sequence.saturating_sub(1), time: head.last.time };
    let mut store = claim.begin_after(&found, last, head.about.job, Options::default())?;
    let mut commit = store.commit()?;
    let mut entries = 0;
    loop {
        let line = lines.next()?;
        if line.get("end") == Some(&Value::Bool(true)) {
            break;
        }
        let parse = || {
            let bytes = |name| field(&line, name).and_then(from_json);
            Ok((text(&line, "table")?, bytes("key")?, bytes("value")?))
        };
        let (table, key, value) = parse().map_err(|fault: String| lines.wrong(&fault))?;
        commit.put(table, &key, &value)?;
        entries += 1;
    }
    if head.last.sequence > 0 || entries > 0 {
        commit.finish(head.last.time)?;
    }
    store.close()?;
    Ok(entries)
}

/// What the first line tells.
struct Head {
    about: About,
    last: Committed,
}

impl Head {
    fn parse(line: &Map<String, Value>) -> std::result::Result<Self, String> {
        let version = field(line, "checkpoint")?.as_u64().ok_or("\"checkpoint\" is no version")?;
        if version > VERSION {
            return Err(format!(
                "it is of version {version}, and this dstream reads up to version {VERSION}"
            ));
        }
        let job = Description::from_json(field(line, "job")?)?;
        let about = About { written_by: text(line, "written_by")?.to_owned(), job };
        let sequence = field(line, "sequence")?.as_u64().ok_or("\"sequence\" is no number of a commit")?;
        let time = field(line, "time_ms")?.as_i64().ok_or("\"time_ms\" is no time")?;
        Ok(Head { about, last: Committed { sequence, time: Time::from_millis(time) } })
    }
}

/// Lines of JSON objects.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Map<String, Value>> {
        self.line.clear();
        self.number += 1;
        let read = self.input.read_until(b'\n', &mut self.line);
        if read.map_err(|cause| Error::io("cannot read the export", &cause))? == 0 {
            return Err(self.wrong("it ends before its last line, {\"end\":true}"));
        }
        match serde_json::from_slice(&self.line) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(self.wrong("it is no object")),
            Err(fault) => Err(self.wrong(&fault.to_string())),
        }
    }

    fn wrong(&self, fault: &str) -> Error {
        Error::Runtime(format!("line {} of the export cannot be read: {fault}", self.number))
    }
}

fn to_json(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => json!({"hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
    }
}

fn from_json(value: &Value) -> std::result::Result<Vec<u8>, String> {
    if let Value::String(text) = value {
        return Ok(text.as_bytes().to_vec());
    }
    let digits = value.get("hex").and_then(Value::as_str).ok_or("bytes are a text or {\"hex\":…}")?;
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    digits
        .as_bytes()
        .chunks(2)
        .map(pair)
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{digits:?} is not hex"))
}
