//! From a specification to an open source.

use super::context::{Context, Source};
use super::dir::Dir;
use super::exec::Exec;
use super::file::FileSource;
use super::listen::Listen;
use super::stdin::Stdin;
use super::tail::Tail;
use super::tcp::Tcp;
use super::udp::Udp;
use super::{Options, SourceKind, SourceSpec};
use crate::error::{Error, Result};

/// Opens, binds or starts to connect a source.
///
/// # Errors
/// What the source's own `open` names; usage errors for queues, which no event loop runs.
pub(super) fn open(spec: &SourceSpec, options: Options, cx: &mut Context) -> Result<Box<dyn Source>> {
    let label = spec.to_string();
    Ok(match &spec.kind {
        SourceKind::Stdin => Box::new(Stdin::open(cx)?),
        SourceKind::File(path) => Box::new(FileSource::open(path, cx)?),
        SourceKind::Tail(path) => Box::new(Tail::open(label, path, options.from_start, cx)?),
        SourceKind::Dir(path) => Box::new(Dir::open(label, path, None, cx)?),
        SourceKind::Records { length, path } => {
            // A line that is cut would be another record.
            if length.get() > options.max_line / 2 {
                return Err(Error::Usage(format!(
                    "{label}: records of {length} bytes are lines of twice as many digits: raise --max-line"
                )));
            }
            Box::new(Dir::open(label, path, Some(*length), cx)?)
        }
        SourceKind::Tcp { host, port } => Box::new(Tcp::open(label, host, *port, cx)),
        SourceKind::TcpListen { host, port } => Box::new(Listen::tcp(label, host, *port, cx)?),
        SourceKind::UnixListen(path) => Box::new(Listen::unix(label, path, cx)?),
        SourceKind::UdpListen { host, port } => Box::new(Udp::open(&label, host, *port, cx)?),
        SourceKind::Exec(command) => Box::new(Exec::open(label, command, cx)?),
        SourceKind::Queue(_) => {
            return Err(Error::Usage(format!(
                "{label} runs on a virtual clock and cannot be mixed with sources that run on the real one"
            )));
        }
    })
}
