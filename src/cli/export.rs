//! `dstream export`: sources as Spark has them.

use std::path::{Path, PathBuf};

use super::run::{Fault, RunProgram};
use crate::batch::repr_into;
use crate::driver::Settings;
use crate::error::{Error, Result};
use crate::lang::{Frame, export_expression, export_script};
use crate::plan::seconds;
use crate::sink::FormatKind;
use crate::source::{SourceKind, SourceSpec};

impl RunProgram {
    /// The script that Spark runs.
    pub(super) fn export(&self) -> std::result::Result<String, Fault> {
        match self.expression() {
            Some(text) => {
                let (_, settings) = self.program()?;
                of_text(text, &settings, self.has_sources())
            }
            None => {
                let (path, _, text) = self.script_text()?;
                export_script(&text, &path).map_err(Fault::Program)
            }
        }
    }
}

/// The script of a program of the command line. Without sources that are given, it takes a host and port.
pub(super) fn of_text(
    text: &str,
    settings: &Settings,
    are_given: bool,
) -> std::result::Result<String, Fault> {
    if settings.format != FormatKind::Pprint {
        return Err(Error::Usage("Spark prints as pprint does: --format cannot be exported".into()).into());
    }
    let reads = |source: &SourceSpec| matches!(source.kind, SourceKind::File(_) | SourceKind::Queue(_));
    let reads_files = are_given && settings.sources.iter().any(reads);
    let mut frame = Frame {
        reads_files,
        interval: seconds(settings.interval),
        streams: Vec::new(),
        queues: Vec::new(),
        has_arguments: !are_given,
    };
    if are_given {
        let single = settings.sources.len() == 1;
        let mut all = Vec::new();
        for (number, source) in settings.sources.iter().enumerate() {
            let name = match &source.name {
                Some(name) => name.clone(),
                None if single => "lines".into(),
                None => format!("source{}", number + 1),
            };
            if matches!(&source.kind, SourceKind::Queue(files) if files.len() > 1) {
                frame.queues.push(name.clone());
            }
            frame.streams.push((name.clone(), stream_of(source)?));
            all.push(name);
        }
        match &all[..] {
            [only] if only == "lines" => {}
            [only] => frame.streams.push(("lines".into(), only.clone())),
            several => frame.streams.push(("lines".into(), format!("ssc.union({})", several.join(", ")))),
        }
    } else {
        let host = "sys.argv[1] if len(sys.argv) > 1 else \"localhost\"";
        let port = "int(sys.argv[2]) if len(sys.argv) > 2 else 9999";
        frame.streams.push(("lines".into(), format!("ssc.socketTextStream(\n    {host},\n    {port})")));
    }
    export_expression(text, &frame).map_err(Fault::Program)
}

/// The expression that makes a source's stream.
fn stream_of(source: &SourceSpec) -> Result<String> {
    let read = |path: &Path| Ok::<_, Error>(format!("read({})", quoted(path)?));
    match &source.kind {
        SourceKind::Tcp { host, port } => Ok(format!("ssc.socketTextStream({}, {port})", literal(host))),
        SourceKind::Dir(path) => Ok(format!("ssc.textFileStream({})", quoted(path)?)),
        SourceKind::Records { length, path } => {
            let records = format!("ssc.binaryRecordsStream({}, {length})", quoted(path)?);
            Ok(format!("{records}.map(lambda record: record.hex())"))
        }
        SourceKind::File(path) => Ok(format!("ssc.queueStream([{}])", read(path)?)),
        SourceKind::Queue(files) => {
            let batch = |file: &Option<PathBuf>| match file {
                Some(path) => read(path),
                // Nothing comes, as opposed to a file without lines.
                None => Ok("sc.emptyRDD()".into()),
            };
            let batches: Vec<String> = files.iter().map(batch).collect::<Result<_>>()?;
            Ok(format!("ssc.queueStream([{}])", batches.join(", ")))
        }
        SourceKind::Stdin
        | SourceKind::Tail(_)
        | SourceKind::TcpListen { .. }
        | SourceKind::UnixListen(_)
        | SourceKind::UdpListen { .. }
        | SourceKind::Exec(_) => Err(Error::Usage(format!(
            "Spark has no source like {}: export with tcp://HOST:PORT, dir:PATH, file:PATH or queue:FILE,FILE,…",
            source.kind
        ))),
    }
}

/// Python's literal for a path.
fn quoted(path: &Path) -> Result<String> {
    match path.to_str() {
        Some(path) => Ok(literal(path)),
        None => Err(Error::Usage(format!("a script cannot name {path:?}: it is not UTF-8"))),
    }
}

/// Python's literal for a text.
fn literal(text: &str) -> String {
    let mut literal = Vec::new();
    repr_into(text, &mut literal);
    String::from_utf8_lossy(&literal).into_owned()
}
