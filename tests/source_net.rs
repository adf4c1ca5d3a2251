//! Sockets: connections that come and go, many clients, datagrams.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dstream::batch::Pool;
use dstream::source::{EventLoop, Options, Turn};
use rustix::net::sockopt::set_socket_linger;
use source_support::{Rig, error_of, from, specs};

const LISTEN: &str = "tcp-listen://127.0.0.1:0";

fn connect(rig: &Rig) -> TcpStream {
    TcpStream::connect(("127.0.0.1", rig.port())).unwrap()
}

/// Closes with a reset instead of an end.
fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_peer_is_connected_to_again_and_outages_are_said_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut rig = Rig::new(&[format!("tcp://{address}")]);
    rig.until_notice("refused, trying again in 0.1s");
    for _ in 0..40 {
        rig.turn().unwrap();
    }
    assert_eq!(rig.notices.len(), 1, "{:?}", rig.notices);
    let listener = TcpListener::bind(address).unwrap();
    let mut expected = String::new();
    for round in 0..3 {
        let accepted = std::thread::spawn({
            let listener = listener.try_clone().unwrap();
            move || listener.accept().unwrap().0
        });
        rig.until("the connection", |_| accepted.is_finished());
        let mut peer = accepted.join().unwrap();
        write!(peer, "{round}\npart").unwrap();
        rig.until("the first line", |rig| rig.text.ends_with(format!("{round}\n").as_bytes()));
        assert_eq!(rig.events.stats().clients, 0, "it is no client of ours");
        expected.push_str(&format!("{round}\n"));
        if round == 1 {
            rig.until("the partial line", |rig| rig.events.incomplete() == 4);
            reset(peer);
            rig.until_notice("4 bytes are lost");
            assert_eq!(rig.events.stats().bytes_lost, 4);
        } else {
            // The peer closes its half only.
            peer.shutdown(Shutdown::Write).unwrap();
            expected.push_str("part\n");
            rig.until_text(&expected);
        }
        assert_eq!(rig.events.incomplete(), 0);
    }
    let said = |part: &str| rig.notices.iter().filter(|notice| notice.contains(part)).count();
    assert!(said("connected to") == 1 && said("closed the connection") == 1, "{:?}", rig.notices);
    // An end of the outage that lasts is told.
    let accepted = std::thread::spawn(move || listener.accept().unwrap());
    rig.until("the end of the outage", |rig| {
        rig.notices.iter().filter(|notice| notice.contains("connected to")).count() == 2
    });
    accepted.join().unwrap();
}

#[test]
fn a_peer_that_closes_after_every_line_is_no_news() {
    const LINES: usize = 12;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rig = Rig::new(&[format!("tcp://{}", listener.local_addr().unwrap())]);
    let peer = std::thread::spawn(move || {
        (0..LINES).for_each(|n| writeln!(listener.accept().unwrap().0, "{n}").unwrap());
    });
    rig.until_lines(LINES);
    peer.join().unwrap();
    rig.until_notice("closed the connection, trying again");
    assert_eq!(rig.notices.len(), 1, "{:?}", rig.notices);
}

#[test]
fn a_host_is_looked_up_and_all_its_addresses_are_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut rig = Rig::new(&[format!("tcp://localhost:{port}"), "tcp://no-such-host.invalid:9".to_string()]);
    let peer = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"hello\n").unwrap());
    rig.until_text("hello\n");
    peer.join().unwrap();
    rig.until_notice("cannot find no-such-host.invalid");
}

#[test]
fn ipv6_is_spoken() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let mut rig = Rig::new(&[format!("tcp://{}", listener.local_addr().unwrap())]);
    let peer = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"six\n").unwrap());
    rig.until_text("six\n");
    peer.join().unwrap();
}

#[test]
fn a_thousand_clients_are_served_and_their_lines_never_mix() {
    let mut rig = Rig::new(&[LISTEN]);
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..1000 {
        clients.push(connect(&rig));
        if clients.len().is_multiple_of(100) {
            rig.turn().unwrap();
        }
    }
    rig.until("all clients", |rig| rig.events.stats().clients == 1000);
    // Each line comes in three pieces, the pieces of all clients in between.
    for round in 0..3 {
        for piece in ["client ", "number ", "\n"] {
            for (n, client) in clients.iter_mut().enumerate().filter(|(n, _)| n % 10 != 9) {
                let text = if piece == "\n" { format!("{n} {round}\n") } else { piece.to_string() };
                client.write_all(text.as_bytes()).unwrap();
            }
            rig.turn().unwrap();
        }
    }
    rig.until_lines(2700);
    for (n, mut client) in clients.into_iter().enumerate() {
        write!(client, "bye {n}").unwrap();
    }
    rig.until("all have gone", |rig| rig.events.stats().clients == 0);
    rig.until_lines(3700);
    let mut expected: Vec<String> = (0..1000)
        .filter(|n| n % 10 != 9)
        .collect::<Vec<_>>()
        .iter()
        .flat_map(|n| (0..3).map(move |round| format!("client number {n} {round}")))
        .collect();
    expected.extend((0..1000).map(|n| format!("bye {n}")));
    expected.sort();
    assert_eq!(rig.sorted(), expected);
}

#[test]
fn a_flood_starves_nobody() {
    let mut rig = Rig::new(&[LISTEN]);
    let (mut loud, mut quiet) = (connect(&rig), connect(&rig));
    let heard = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&heard);
    let flood = std::thread::spawn(move || {
        let block = ("x".repeat(999) + "\n").repeat(1000);
        let mut blocks = 0;
        while !stop.load(Ordering::Acquire) {
            loud.write_all(block.as_bytes()).unwrap();
            blocks += 1;
        }
        blocks
    });
    rig.until_lines(1000);
    quiet.write_all(b"quiet\n").unwrap();
    // The flood goes on until the quiet line has come.
    let mut searched = 0;
    rig.until("the quiet client's line", |rig| {
        let found = memchr::memmem::find(&rig.text[searched..], b"quiet\n").is_some();
        searched = rig.text.len().saturating_sub(6);
        found
    });
    heard.store(true, Ordering::Release);
    rig.until("the rest of the flood", |rig| rig.events.stats().clients == 1);
    let blocks: usize = flood.join().unwrap();
    assert_eq!(rig.text.len(), blocks * 1_000_000 + 6);
}

#[test]
fn sources_share_a_pool_that_has_one_chunk() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..5).map(|n| dir.path().join(format!("s{n}"))).collect();
    let all: Vec<String> = paths.iter().map(|path| from("unix-listen", path)).collect();
    let mut events = EventLoop::new(&specs(&all), Options::default(), Pool::new(1)).unwrap();
    let mut clients: Vec<UnixStream> = paths.iter().map(|path| UnixStream::connect(path).unwrap()).collect();
    clients.iter_mut().for_each(|client| client.write_all(b"line\nlast").unwrap());
    drop(clients);
    let mut came = Vec::new();
    // Nobody seals, as within a batch.
    while came.len() < 5 * 10 {
        let until = Some(Instant::now() + Duration::from_secs(20));
        let turn = events.turn(until, &mut |chunk| came.extend_from_slice(chunk.bytes())).unwrap();
        assert_ne!(turn, Turn::Idle, "starved: {:?}", String::from_utf8_lossy(&came));
        if came.len() >= 4 * 10 {
            events.seal(&mut |chunk| came.extend_from_slice(chunk.bytes()));
        }
    }
    assert_eq!(came.iter().filter(|&&byte| byte == b'\n').count(), 10);
}

#[test]
fn a_client_that_resets_loses_its_partial_line_only() {
    let mut rig = Rig::new(&[LISTEN]);
    let mut client = connect(&rig);
    client.write_all(b"whole\npartial").unwrap();
    rig.until_text("whole\n");
    rig.until("the partial line", |rig| rig.events.incomplete() == 7);
    reset(client);
    rig.until_notice("7 bytes are lost");
    assert_eq!((rig.events.stats().bytes_lost, rig.events.stats().clients), (7, 0));
    connect(&rig).write_all(b"next").unwrap();
    rig.until_text("whole\nnext\n");
}

#[test]
fn idle_means_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = format!("tcp://{}", listener.local_addr().unwrap());
    let all = [peer.as_str(), LISTEN, "udp-listen://127.0.0.1:0", "exec:sleep 1000"];
    let mut events = EventLoop::new(&specs(&all), Options::default(), Pool::new(4)).unwrap();
    let (mut waker, stream) = UnixStream::pair().unwrap();
    events.wake_on(stream).unwrap();
    let _peer = listener.accept().unwrap();
    // The connection comes about; from then on nothing happens until somebody wakes us.
    while events.turn(Some(Instant::now() + Duration::from_millis(200)), &mut |_| {}).unwrap() != Turn::Idle {
        events.notices();
    }
    let sleeper = std::thread::spawn(move || {
        let turn = events.turn(None, &mut |_| {}).unwrap();
        (turn, events.turn(Some(Instant::now()), &mut |_| {}).unwrap())
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(!sleeper.is_finished());
    waker.write_all(b"xx").unwrap();
    assert_eq!(sleeper.join().unwrap(), (Turn::Woken, Turn::Idle));
}

#[test]
fn an_output_whose_reader_goes_is_told_and_one_that_is_read_wakes_nobody() {
    let outputs = || {
        let (pipe, writer) = std::io::pipe().unwrap();
        let (socket, peer) = UnixStream::pair().unwrap();
        [(OwnedFd::from(pipe), OwnedFd::from(writer)), (OwnedFd::from(peer), OwnedFd::from(socket))]
    };
    for (reader, writer) in outputs() {
        let mut events = EventLoop::new(&specs(&[LISTEN]), Options::default(), Pool::new(4)).unwrap();
        events.notices();
        events.watch_output(File::open("/dev/null").unwrap().into()).unwrap();
        events.watch_output(tempfile::tempfile().unwrap().into()).unwrap();
        events.watch_output(writer.try_clone().unwrap()).unwrap();
        let (mut reader, mut writer) = (File::from(reader), File::from(writer));
        let mut turn = || events.turn(Some(Instant::now() + Duration::from_millis(20)), &mut |_| {}).unwrap();
        // The buffer is filled and drained again, which makes the output writable each time.
        for _ in 0..5 {
            writer.write_all(&[b'x'; 4096]).unwrap();
            assert_eq!(turn(), Turn::Idle);
            reader.read_exact(&mut [0; 4096]).unwrap();
            assert_eq!(turn(), Turn::Idle);
        }
        let sleeper = std::thread::spawn(move || {
            let turn = events.turn(None, &mut |_| {}).unwrap();
            (turn, events.turn(Some(Instant::now()), &mut |_| {}).unwrap())
        });
        std::thread::sleep(Duration::from_millis(50));
        assert!(!sleeper.is_finished());
        drop(reader);
        assert_eq!(sleeper.join().unwrap(), (Turn::OutputClosed, Turn::Idle));
    }
}

#[test]
fn an_address_that_cannot_be_listened_on_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert!(error_of(&[format!("tcp-listen://{address}")]).to_string().contains("port is taken"));
    assert!(error_of(&["udp-listen://192.0.2.1:0"]).to_string().contains("no address of this machine"));
}

#[test]
fn a_unix_socket_is_served_and_its_file_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    // A stale file, as a killed process leaves it.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut rig = Rig::new(&[from("unix-listen", &path)]);
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"hello\nlast").unwrap();
    drop(client);
    rig.until_text("hello\nlast\n");
    assert!(error_of(&[from("unix-listen", &path)]).to_string().contains("another process listens"));
    drop(rig);
    assert!(!path.exists());
    fs::write(&path, "precious").unwrap();
    assert!(error_of(&[from("unix-listen", &path)]).to_string().contains("is no socket"));
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn datagrams_hold_lines() {
    let mut rig = Rig::new(&["udp-listen://127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", rig.port())).unwrap();
    let large = "y".repeat(65_000);
    for datagram in ["one", "two\n", "three\nfour\n", "", "five\nsix", "\n", &large] {
        socket.send(datagram.as_bytes()).unwrap();
    }
    rig.until_text(&format!("one\ntwo\nthree\nfour\nfive\nsix\n\n{large}\n"));
    assert_eq!(rig.events.stats().datagrams_dropped, 0);
}

#[test]
fn datagrams_that_the_kernel_drops_are_counted() {
    const SENT: usize = 100_000;
    let mut rig = Rig::new(&["udp-listen://127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", rig.port())).unwrap();
    // Nobody reads meanwhile, and the largest buffer is full long before the end.
    for _ in 0..SENT {
        socket.send(&[b'z'; 1000]).unwrap();
    }
    rig.until("what was not dropped", |rig| {
        let lines = rig.text.iter().filter(|&&byte| byte == b'\n').count();
        lines + rig.events.stats().datagrams_dropped as usize == SENT
    });
    assert!(rig.events.stats().datagrams_dropped > 0);
}
