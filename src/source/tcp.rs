//! `tcp://HOST:PORT`: connects, reads, and connects again with back-off when the peer has gone.
//!
//! An outage is said once, and its end when the connection has been healthy for a while: a peer that
//! closes after every line is connected to again quickly, and nobody is told a hundred times. Only
//! the very first connection is told of at once, to who waits for the peer to come.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::backoff::{Backoff, HEALTHY, seconds};
use super::context::{Context, Next, Source};
use super::stream::{ReadOutcome, Stream, keep_alive};
use crate::error::{Result, plain};

/// How long an address may take to answer before the next one is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that is kept up.
pub(super) struct Tcp {
    label: String,
    host: String,
    port: u16,
    state: State,
    backoff: Backoff,
    /// Whether an outage has been said, and not yet that it is over.
    outage_reported: bool,
    /// Whether there has been a connection.
    was_connected: bool,
}

enum State {
    /// Between two attempts.
    Resting {
        until: Instant,
    },
    /// A thread asks for the host's addresses.
    Resolving {
        answer: Receiver<io::Result<Vec<SocketAddr>>>,
        done: OwnedFd,
    },
    Connecting {
        socket: OwnedFd,
        address: SocketAddr,
        others: Vec<SocketAddr>,
        until: Instant,
    },
    Connected {
        stream: Stream,
        address: SocketAddr,
        since: Instant,
        delivered: bool,
    },
}

/// Stream number of the connection, and of the resolver's "done".
const PEER: usize = 0;
const RESOLVER: usize = 1;

impl Tcp {
    /// Starts to connect.
    pub(super) fn open(label: String, host: &str, port: u16, cx: &mut Context) -> Self {
        let state = State::Resting { until: cx.now };
        let (host, backoff) = (host.to_string(), Backoff::default());
        let mut this =
            Tcp { label, host, port, state, backoff, outage_reported: false, was_connected: false };
        this.start(cx);
        this
    }

    /// One attempt: a literal address at once, a name through a thread, because asking may block.
    fn start(&mut self, cx: &mut Context) {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return self.connect(vec![SocketAddr::new(ip, self.port)], None, cx);
        }
        let (host, port) = (self.host.clone(), self.port);
        let (sender, answer) = sync_channel(1);
        let started = UnixStream::pair().and_then(|(ours, theirs)| {
            ours.set_nonblocking(true)?;
            cx.watch(RESOLVER, &ours)?;
            std::thread::Builder::new().name("resolver".into()).spawn(move || {
                let addresses = (host.as_str(), port).to_socket_addrs().map(|all| all.rev().collect());
                // Nobody listens any more if the run has ended meanwhile.
                let _ = sender.send(addresses);
                drop(theirs);
            })?;
            Ok(OwnedFd::from(ours))
        });
        match started {
            Ok(done) => self.state = State::Resolving { answer, done },
            Err(error) => self.fail(&plain(&error), cx),
        }
    }

    /// Tries the addresses, the last one first, until one is on its way.
    fn connect(&mut self, mut addresses: Vec<SocketAddr>, error: Option<io::Error>, cx: &mut Context) {
        let mut failure = error;
        while let Some(address) = addresses.pop() {
            match begin(address) {
                Ok(socket) => match cx.watch_connecting(PEER, &socket) {
                    Ok(()) => {
                        let until = cx.now + CONNECT_TIMEOUT;
                        self.state = State::Connecting { socket, address, others: addresses, until };
                        return;
                    }
                    Err(error) => failure = Some(error),
                },
                Err(error) => failure = Some(error),
            }
        }
        self.fail(&failure.map_or("the host has no address".to_string(), |error| plain(&error)), cx);
    }

    /// The attempt failed or the connection ended: rests, and says so once an outage.
    fn fail(&mut self, why: &str, cx: &mut Context) {
        let wait = self.backoff.delay();
        if !std::mem::replace(&mut self.outage_reported, true) {
            cx.notices.push(format!("{}: {}, trying again in {}", self.label, lower(why), seconds(wait)));
        }
        self.state = State::Resting { until: cx.now + wait };
    }

    fn check(&mut self, cx: &mut Context) {
        let State::Connecting { socket, until, .. } = &self.state else { return };
        let error = match rustix::net::sockopt::socket_error(socket) {
            Ok(Ok(())) if rustix::net::getpeername(socket).is_ok() => {
                is_own_echo(socket).then_some(Errno::CONNREFUSED)
            }
            // Not decided yet.
            Ok(Ok(())) if cx.now < *until => return,
            Ok(Ok(())) => Some(Errno::TIMEDOUT),
            Ok(Err(error)) | Err(error) => Some(error),
        };
        let State::Connecting { socket, address, others, .. } =
            std::mem::replace(&mut self.state, State::Resting { until: cx.now })
        else {
            return;
        };
        cx.forget(&socket);
        if let Some(error) = error {
            return self.connect(others, Some(error.into()), cx);
        }
        keep_alive(&socket);
        let stream = Stream::new(socket);
        if let Err(error) = cx.watch(PEER, &stream) {
            return self.fail(&plain(&error), cx);
        }
        self.state = State::Connected { stream, address, since: cx.now, delivered: false };
        if !std::mem::replace(&mut self.was_connected, true) {
            self.say_connected(cx);
        }
        cx.mark_ready(PEER);
    }

    /// Says that the outage is over, if there was one.
    fn say_connected(&mut self, cx: &mut Context) {
        if let State::Connected { address, .. } = &self.state
            && std::mem::take(&mut self.outage_reported)
        {
            cx.notices.push(format!("{}: connected to {address}", self.label));
        }
    }

    fn receive(&mut self, cx: &mut Context) -> Next {
        let State::Connected { stream, since, delivered, .. } = &mut self.state else { return Next::Wait };
        let failure = match stream.read(cx) {
            ReadOutcome::Open(next) => {
                *delivered |= next == Next::Again;
                return next;
            }
            ReadOutcome::Ended => None,
            ReadOutcome::Broken(error) => Some(error),
        };
        if *delivered || cx.now.saturating_duration_since(*since) >= HEALTHY {
            self.backoff.reset();
        }
        let State::Connected { stream, .. } =
            std::mem::replace(&mut self.state, State::Resting { until: cx.now })
        else {
            return Next::Wait;
        };
        match failure {
            None => {
                stream.close(cx);
                self.fail("the peer closed the connection", cx);
            }
            Some(error) => {
                let lost = stream.abandon(cx);
                if lost > 0 {
                    let label = &self.label;
                    cx.notices
                        .push(format!("{label}: the connection broke in a line; {lost} bytes are lost"));
                }
                self.fail(&plain(&error), cx);
            }
        }
        Next::Wait
    }

    fn resolved(&mut self, cx: &mut Context) {
        let State::Resolving { answer, done } = &mut self.state else { return };
        let answer = match answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(io::Error::other("the resolver ended without an answer")),
        };
        cx.forget(&*done);
        match answer {
            Ok(addresses) => self.connect(addresses, None, cx),
            Err(error) => {
                let why = format!("cannot find {}: {}", self.host, plain(&error));
                self.fail(&why, cx);
            }
        }
    }
}

/// Starts a connection without waiting for it.
fn begin(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// Whether a socket has connected to itself: without a listener, a port of the range that the kernel
/// chooses local ports from may be given to the very connection that asks for it.
fn is_own_echo(socket: &OwnedFd) -> bool {
    let ends = (rustix::net::getsockname(socket), rustix::net::getpeername(socket));
    matches!(ends, (Ok(ours), Ok(Some(theirs))) if ours == theirs)
}

/// The system's messages start with a capital; in the middle of ours they should not.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl Source for Tcp {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        if stream == RESOLVER {
            self.resolved(cx);
        } else if let State::Connecting { .. } = self.state {
            self.check(cx);
        } else {
            return Ok(self.receive(cx));
        }
        Ok(Next::Wait)
    }

    fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Resting { until } | State::Connecting { until, .. } => Some(*until),
            State::Connected { since, .. } if self.outage_reported => Some(*since + HEALTHY),
            State::Resolving { .. } | State::Connected { .. } => None,
        }
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        match self.state {
            State::Resting { .. } => self.start(cx),
            State::Connected { .. } => self.say_connected(cx),
            State::Resolving { .. } | State::Connecting { .. } => self.check(cx),
        }
        Ok(())
    }
}
