//! `udp-listen://HOST:PORT`: each datagram holds one or more lines; the last needs no newline.

use std::fs::read_to_string;
use std::io;
use std::net::UdpSocket;

use super::SourceStats;
use super::context::{Context, Next, Source};
use super::framing::{Carry, Fill};
use super::listen::bind_all;
use crate::error::{Error, Result};

/// The receive buffer asked for: what comes while chunks are crunched waits in it.
const BUFFER: usize = 16 << 20;
/// Datagrams received in one round.
const BURST: usize = 1024;

/// One socket for each address of the host; the stream's number is the socket's.
pub(super) struct Udp {
    label: String,
    sockets: Vec<UdpSocket>,
    /// The end of a datagram that there was no chunk for yet.
    carry: Carry,
}

impl Udp {
    /// Binds every address of the host.
    ///
    /// # Errors
    /// If the host is not known or an address is taken.
    pub(super) fn open(label: &str, host: &str, port: u16, cx: &mut Context) -> Result<Self> {
        let sockets = bind_all(label, host, port, cx, UdpSocket::bind, UdpSocket::local_addr)?;
        for (number, socket) in sockets.iter().enumerate() {
            // Beyond the system's limit only with privileges; otherwise as much as the limit gives.
            if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, BUFFER).is_err() {
                let _ = rustix::net::sockopt::set_socket_recv_buffer_size(socket, BUFFER);
            }
            socket
                .set_nonblocking(true)
                .and_then(|()| cx.watch(number, socket))
                .map_err(|error| Error::io(format!("{label}: cannot listen"), &error))?;
        }
        Ok(Udp { label: label.to_string(), sockets, carry: Carry::default() })
    }
}

impl Source for Udp {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        let socket = &self.sockets[stream];
        for _ in 0..BURST {
            if !cx.intake.finish(&mut self.carry) {
                return Ok(Next::Starved);
            }
            match cx.intake.fill(&mut self.carry, &mut |room| socket.recv(room)) {
                Ok(Fill::Starved) => return Ok(Next::Starved),
                Ok(Fill::Bytes | Fill::Nothing) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                // An ICMP answer to nothing we sent; the socket itself is well.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(Error::io(format!("{}: cannot receive", self.label), &error)),
            }
        }
        Ok(Next::Again)
    }

    /// The kernel counts what it had to drop: the last column of a socket's line under `/proc/net`.
    fn add_stats(&self, stats: &mut SourceStats) {
        let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"]
            .map(|path| read_to_string(path).unwrap_or_default());
        for socket in &self.sockets {
            let Ok(stat) = rustix::fs::fstat(socket) else { continue };
            let inode = stat.st_ino.to_string();
            let mut lines = tables.iter().flat_map(|table| table.lines());
            let dropped = lines.find_map(|line| {
                let mut columns = line.split_whitespace();
                (columns.nth(9)? == inode).then(|| columns.next_back()?.parse::<u64>().ok()).flatten()
            });
            stats.datagrams_dropped += dropped.unwrap_or(0);
        }
    }
}
