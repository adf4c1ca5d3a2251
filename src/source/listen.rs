//! `tcp-listen://HOST:PORT` and `unix-listen:PATH`: many clients, each with its own partial line.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::SocketFlags;

use super::SourceStats;
use super::context::{Context, Next, Source};
use super::descriptors::raise_descriptor_limit;
use super::stream::{ReadOutcome, Stream, keep_alive};
use crate::error::{Error, Result};

/// Connections that may wait to be accepted; the kernel lowers it to its own limit.
const BACKLOG: i32 = 4096;
/// Clients accepted in one round.
const ACCEPTED: usize = 256;
/// How long accepting rests when descriptors have run out.
const PAUSE: Duration = Duration::from_secs(1);

/// Listening sockets and their clients. The sockets have the first stream numbers.
pub(super) struct Listen {
    label: String,
    sockets: Vec<OwnedFd>,
    clients: Vec<Option<Stream>>,
    free: Vec<usize>,
    /// Accepting rests until then: there are no descriptors left.
    paused: Option<Instant>,
    shortage_reported: bool,
    _file: Option<SocketFile>,
}

/// The file of a Unix socket; removed when we end, if it is still ours.
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Listen {
    /// Binds every address of the host.
    ///
    /// # Errors
    /// If the host is not known or an address is taken.
    pub(super) fn tcp(label: String, host: &str, port: u16, cx: &mut Context) -> Result<Self> {
        let sockets = bind_all(&label, host, port, cx, TcpListener::bind, TcpListener::local_addr)?;
        Listen::of(label, sockets.into_iter().map(OwnedFd::from).collect(), None, cx)
    }

    /// Binds a path. A socket file that nobody answers on any more is replaced.
    ///
    /// # Errors
    /// If somebody else listens there, another kind of file has the name, or it cannot be created.
    pub(super) fn unix(label: String, path: &Path, cx: &mut Context) -> Result<Self> {
        let bind = || UnixListener::bind(path);
        let listener = match bind() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
                std::fs::remove_file(path).and_then(|()| bind())
            }
            result => result,
        };
        let file = listener.and_then(|listener| {
            let meta = path.symlink_metadata()?;
            Ok((listener, SocketFile { path: path.to_path_buf(), identity: (meta.dev(), meta.ino()) }))
        });
        let (listener, file) = file.map_err(|error| {
            if error.kind() != io::ErrorKind::AddrInUse {
                return Error::io(format!("{label}: cannot listen"), &error);
            }
            Error::Runtime(if path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_socket()) {
                format!("{label}: another process listens there: end it, or use another path")
            } else {
                format!("{label}: the file exists and is no socket: use another path")
            })
        })?;
        Listen::of(label, vec![listener.into()], Some(file), cx)
    }

    fn of(label: String, sockets: Vec<OwnedFd>, file: Option<SocketFile>, cx: &mut Context) -> Result<Self> {
        raise_descriptor_limit();
        for (number, socket) in sockets.iter().enumerate() {
            rustix::net::listen(socket, BACKLOG)
                .and_then(|()| rustix::io::ioctl_fionbio(socket, true))
                .map_err(io::Error::from)
                .and_then(|()| cx.watch(number, socket))
                .map_err(|error| Error::io(format!("{label}: cannot listen"), &error))?;
        }
        Ok(Listen {
            label,
            sockets,
            clients: Vec::new(),
            free: Vec::new(),
            paused: None,
            shortage_reported: false,
            _file: file,
        })
    }

    fn accept(&mut self, number: usize, cx: &mut Context) -> Result<Next> {
        for _ in 0..ACCEPTED {
            match rustix::net::accept_with(
                &self.sockets[number],
                SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            ) {
                Ok(client) => self.accept_client(client, cx)?,
                Err(Errno::AGAIN) => return Ok(Next::Wait),
                // The client has gone before it was accepted (also with an error of its own network).
                Err(
                    Errno::INTR
                    | Errno::CONNABORTED
                    | Errno::PROTO
                    | Errno::NETDOWN
                    | Errno::NETUNREACH
                    | Errno::HOSTDOWN
                    | Errno::HOSTUNREACH
                    | Errno::NONET
                    | Errno::PERM
                    | Errno::TIMEDOUT,
                ) => {}
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                    self.paused = Some(cx.now + PAUSE);
                    if !std::mem::replace(&mut self.shortage_reported, true) {
                        let (label, clients) = (&self.label, self.open());
                        cx.notices.push(format!(
                            "{label}: no more clients can be accepted ({clients} are connected); others wait: \
                             raise the limit with ulimit -n"
                        ));
                    }
                    return Ok(Next::Wait);
                }
                Err(error) => return Err(Error::io(format!("{}: cannot accept", self.label), &error.into())),
            }
        }
        Ok(Next::Again)
    }

    fn accept_client(&mut self, client: OwnedFd, cx: &mut Context) -> Result<()> {
        keep_alive(&client);
        let place = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        let stream = Stream::new(client);
        cx.watch(self.sockets.len() + place, &stream)
            .map_err(|error| Error::io(format!("{}: cannot watch a client", self.label), &error))?;
        self.clients[place] = Some(stream);
        Ok(())
    }

    fn remove_client(&mut self, place: usize, cx: &mut Context) -> Option<Stream> {
        let stream = self.clients[place].take()?;
        self.free.push(place);
        if self.paused.is_some() {
            self.resume(cx);
        }
        Some(stream)
    }

    fn resume(&mut self, cx: &mut Context) {
        self.paused = None;
        (0..self.sockets.len()).for_each(|number| cx.mark_ready(number));
    }

    fn open(&self) -> usize {
        self.clients.len() - self.free.len()
    }
}

impl Source for Listen {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        let Some(place) = stream.checked_sub(self.sockets.len()) else { return self.accept(stream, cx) };
        // A client that has gone may still be on the ready list.
        let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) else {
            return Ok(Next::Wait);
        };
        match client.read(cx) {
            ReadOutcome::Open(next) => Ok(next),
            ReadOutcome::Ended => {
                if let Some(client) = self.remove_client(place, cx) {
                    client.close(cx);
                }
                Ok(Next::Wait)
            }
            ReadOutcome::Broken(error) => {
                let lost = self.remove_client(place, cx).map_or(0, |client| client.abandon(cx));
                if lost > 0 {
                    let (label, error) = (&self.label, crate::error::plain(&error));
                    cx.notices.push(format!(
                        "{label}: a client broke off in a line: {error}; {lost} bytes are lost"
                    ));
                }
                Ok(Next::Wait)
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.paused
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        self.resume(cx);
        Ok(())
    }

    fn add_stats(&self, stats: &mut SourceStats) {
        stats.clients += self.open();
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.path.symlink_metadata().is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity) {
            // Whoever cannot remove it any more leaves a stale file, which the next run replaces.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether a path is a socket that nobody listens on.
fn is_stale(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_socket())
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Binds the addresses of a host: `localhost` is two where there is IPv6. With port 0 one free port
/// is taken, and said in a notice.
///
/// # Errors
/// If the host is not known, or one of its addresses cannot be listened on.
pub(super) fn bind_all<S>(
    label: &str,
    host: &str,
    port: u16,
    cx: &mut Context,
    bind: fn(SocketAddr) -> io::Result<S>,
    local: fn(&S) -> io::Result<SocketAddr>,
) -> Result<Vec<S>> {
    let cannot = |error: &io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Error::Runtime(format!("{label}: the port is taken: end who listens on it, or use another"))
        }
        io::ErrorKind::AddrNotAvailable => Error::Runtime(format!(
            "{label}: {host} is no address of this machine: listen on 0.0.0.0 for all of them, or connect with tcp://"
        )),
        io::ErrorKind::PermissionDenied if port < 1024 => {
            Error::Runtime(format!("{label}: ports below 1024 need privileges: use one from 1024 up"))
        }
        _ => Error::io(format!("{label}: cannot listen"), error),
    };
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.map_err(|error| Error::io(format!("{label}: cannot find {host}"), &error))?;
    let (mut sockets, mut failure) = (Vec::new(), None);
    let mut seen: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        if seen.contains(&address) || (port == 0 && !sockets.is_empty()) {
            continue;
        }
        seen.push(address);
        match bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(cannot(&error)),
            // The machine may know the name by an address family that it does not run.
            Err(error) => failure = Some(error),
        }
    }
    match (sockets.first(), failure) {
        (Some(first), _) => {
            if port == 0 {
                let address = local(first).map_err(|error| cannot(&error))?;
                cx.notices.push(format!("{label} listens on {address}"));
            }
            Ok(sockets)
        }
        (None, Some(error)) => Err(cannot(&error)),
        (None, None) => Err(Error::Runtime(format!("{label}: {host} has no address"))),
    }
}
