//! From a specification to an open source.

use std::num::NonZeroUsize;

use super::context::{Context, Source};
use super::dir::Dir;
use super::exec::Exec;
use super::file::FileSource;
use super::listen::Listen;
use super::position::Position;
use super::stdin::Stdin;
use super::tail::{Begin, Tail};
use super::tcp::Tcp;
use super::udp::Udp;
use super::{Options, SourceKind, SourceSpec};
use crate::error::{Error, Result};

/// Where a run's sources begin.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// Where they begin by themselves, and nobody asks how far they have come.
    Fresh,
    /// At this position, or, without one, where they begin by themselves.
    At(Option<Position>),
}

/// Opens, binds or starts to connect a source.
///
/// # Errors
/// What the source's own `open` names; usage errors for queues, which no event loop runs; a position of
/// another kind of source.
pub(super) fn open(
    spec: &SourceSpec,
    options: Options,
    start: Start,
    cx: &mut Context,
) -> Result<Box<dyn Source>> {
    let label = spec.to_string();
    let told = matches!(start, Start::At(_));
    let position = if let Start::At(position) = start { position } else { None };
    Ok(match (&spec.kind, position) {
        (SourceKind::File(path), None) => Box::new(FileSource::open(path, told, None, cx)?),
        (SourceKind::File(path), Some(Position::File(at))) => {
            Box::new(FileSource::open(path, told, Some(at), cx)?)
        }
        (SourceKind::Tail(path), None) => {
            let begin = if options.from_start { Begin::Start } else { Begin::End };
            Box::new(Tail::open(label, path, begin, cx)?)
        }
        (SourceKind::Tail(path), Some(Position::Tail(at))) => {
            Box::new(Tail::open(label, path, Begin::At(at), cx)?)
        }
        (SourceKind::Dir(path), None) => Box::new(Dir::open(label, path, None, (told, None), cx)?),
        (SourceKind::Dir(path), Some(Position::Dir(at))) => {
            Box::new(Dir::open(label, path, None, (told, Some(at)), cx)?)
        }
        (SourceKind::Records { length, path }, None) => {
            let length = record_length(&label, *length, options)?;
            Box::new(Dir::open(label, path, Some(length), (told, None), cx)?)
        }
        (SourceKind::Records { length, path }, Some(Position::Dir(at))) => {
            let length = record_length(&label, *length, options)?;
            Box::new(Dir::open(label, path, Some(length), (told, Some(at)), cx)?)
        }
        (_, Some(position)) => return Err(is_of_another(&label, &position)),
        (SourceKind::Stdin, None) => Box::new(Stdin::open(cx)?),
        (SourceKind::Tcp { host, port }, None) => Box::new(Tcp::open(label, host, *port, cx)),
        (SourceKind::TcpListen { host, port }, None) => Box::new(Listen::tcp(label, host, *port, cx)?),
        (SourceKind::UnixListen(path), None) => Box::new(Listen::unix(label, path, cx)?),
        (SourceKind::UdpListen { host, port }, None) => Box::new(Udp::open(&label, host, *port, cx)?),
        (SourceKind::Exec(command), None) => Box::new(Exec::open(label, command, cx)?),
        (SourceKind::Queue(_), None) => {
            return Err(Error::Usage(format!(
                "{label} runs on a virtual clock and cannot be mixed with sources that run on the real one"
            )));
        }
    })
}

/// The length of records, if each fits into a line: one that is cut would be another record.
fn record_length(label: &str, length: NonZeroUsize, options: Options) -> Result<NonZeroUsize> {
    if length.get() > options.max_line / 2 {
        return Err(Error::Usage(format!(
            "{label}: records of {length} bytes are lines of twice as many digits: raise --max-line"
        )));
    }
    Ok(length)
}

/// The error of a position that another kind of source told.
pub(super) fn is_of_another(label: &str, position: &Position) -> Error {
    Error::Checkpoint(format!("{label} cannot begin at the position of a {}: source", position.scheme()))
}
