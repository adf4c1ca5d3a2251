//! Every kind of source through the command, with real peers.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use live_support::*;
use rustix::process::Signal;

fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + HANG;
    while !is_so() {
        assert!(Instant::now() < deadline, "hangs waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Ends a run with SIGTERM, which must go well.
fn drain(run: Run) -> Ended {
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

const LISTEN: &str = "tcp-listen://127.0.0.1:0";

#[test]
fn a_server_is_connected_to_again_when_it_hangs_up() {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = server.local_addr().unwrap();
    let run = Run::start(["count", "--interval", "50ms", "--from", &format!("tcp://{address}")]);
    for _ in 0..3 {
        let (mut peer, _) = server.accept().unwrap();
        peer.write_all(b"one\ntwo\nwithout end").unwrap();
    }
    run.until_sum(9);
    assert_eq!(sum(&drain(run).stdout), 9);
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let run = Run::start(["count", "--interval", "50ms", "--from", &format!("tcp://127.0.0.1:{port}")]);
    run.until_stderr("refused");
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    server.accept().unwrap().0.write_all(b"one\n").unwrap();
    run.until_sum(1);
    let ended = drain(run);
    assert_eq!(ended.stderr.matches("refused").count(), 1, "said once: {}", ended.stderr);
}

#[test]
fn a_thousand_clients_at_the_usual_limit_of_descriptors() {
    const CLIENTS: usize = 1000;
    // The sockets of this process need a higher limit than those of the command.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let command = format!("ulimit -n 1024; exec \"$D\" wordcount --interval 50ms --total --from {LISTEN}");
    let mut run = Run::stalled(shell(&command));
    run.read_on();
    let port = run.port();
    let connect = |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(connect).collect();
    // Words are cut in the middle, and every client is in the middle of one at the same time.
    for piece in ["al", "pha be", "ta\nga", "mma", " alpha\ndel", "ta"] {
        for client in &mut clients {
            client.write_all(piece.as_bytes()).unwrap();
        }
    }
    drop(clients);
    run.until_stdout("every word", |text| {
        let rows = format!(
            "('alpha', {})\n('beta', {CLIENTS})\n('delta', {CLIENTS})\n('gamma', {CLIENTS})\n\n",
            2 * CLIENTS
        );
        text.contains(&rows)
    });
    let ended = drain(run);
    assert_eq!(ended.stderr.lines().count(), 1, "only the port is told: {}", ended.stderr);
    let last = batches(&ended.stdout).pop().unwrap();
    assert_eq!(last.rows.len(), 4, "no word was mixed of two clients' pieces: {last:?}");
}

#[test]
fn a_port_is_told_and_its_clients_are_one_batch_until_a_signal() {
    let run = Run::start(["count", "--once", "--from", LISTEN]);
    let port = run.port();
    let mut clients: Vec<TcpStream> =
        (0..3).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    clients.iter_mut().for_each(|client| client.write_all(b"one\ntwo\n").unwrap());
    until("every line to be read", || {
        run.signal(Signal::USR1);
        run.stderr().contains("6 records")
    });
    assert!(run.stderr().contains("3 clients"));
    let ended = drain(run);
    assert_eq!(sum(&ended.stdout), 6);
    assert_eq!(batches(&ended.stdout).len(), 1);
}

#[test]
fn a_client_that_is_killed_or_silent_harms_nobody() {
    let run = Run::start(["count", "--interval", "50ms", "--from", LISTEN]);
    let port = run.port();
    let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut child = std::process::Command::new("bash")
        .args(["-c", &format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'one\\nhal' >&3; exec sleep 1000")])
        .spawn()
        .unwrap();
    run.until_sum(1);
    child.kill().unwrap();
    child.wait().unwrap();
    // A killed client's connection is closed by its kernel: its last line counts.
    run.until_sum(2);
    let mut reset = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    reset.write_all(b"three\nlost").unwrap();
    run.until_sum(3);
    let linger = Some(Duration::ZERO);
    rustix::net::sockopt::set_socket_linger(&reset, linger).unwrap();
    drop(reset);
    run.until_stderr("4 bytes are lost");
    drop(silent);
    let ended = drain(run);
    assert_eq!(sum(&ended.stdout), 3);
    assert!(ended.stderr.contains("lost 4 B of lines without an end"), "{}", ended.stderr);
}

#[test]
fn unix_sockets_datagrams_and_stdin_are_one_union() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let unix = format!("here=unix-listen:{}", path.display());
    let mut run = Run::start([
        "count",
        "--interval",
        "50ms",
        "--from",
        &unix,
        "--from",
        "there=udp-listen://127.0.0.1:0",
        "-",
    ]);
    let port = run.port();
    until("the socket", || path.exists());
    UnixStream::connect(&path).unwrap().write_all(b"1\n2").unwrap();
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    udp.send_to(b"3\n4\n5", (Ipv4Addr::LOCALHOST, port)).unwrap();
    run.write("6\n7\n");
    run.until_sum(7);
    run.close();
    assert_eq!(sum(&drain(run).stdout), 7);
    assert!(!path.exists(), "the socket's file goes with us");
}

#[test]
fn a_followed_file_is_followed_over_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let (log, rotated) = (dir.path().join("log"), dir.path().join("log.1"));
    append(&log, "before the start\n");
    let run = Run::start(["wordcount", "--interval", "50ms", "--total", "-F", log.to_str().unwrap()]);
    run.until_stdout("the first batch", |text| text.ends_with("\n\n"));
    let expect = |row: &str| {
        run.until_stdout(row, |text| text.contains(row));
    };
    append(&log, "one ");
    append(&log, "two\n");
    expect("('two', 1)");
    fs::rename(&log, &rotated).unwrap();
    append(&rotated, "two late\n");
    append(&log, "three\n");
    expect("('three', 1)");
    expect("('late', 1)");
    fs::write(&log, "").unwrap();
    expect("('three', 1)");
    append(&log, "four\n");
    expect("('four', 1)");
    fs::remove_file(&log).unwrap();
    append(&log, "five\n");
    expect("('five', 1)");
    let rows = batches(&drain(run).stdout).pop().unwrap().rows;
    assert_eq!(rows[0], "('two', 2)");
    assert_eq!(rows.len(), 6, "{rows:?}");
}

#[test]
fn new_files_of_a_directory_are_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let incoming = dir.path().join("incoming");
    fs::create_dir(&incoming).unwrap();
    fs::write(incoming.join("old"), "old\n").unwrap();
    let run = Run::start(["count", "--interval", "50ms", "--from", &format!("dir:{}", incoming.display())]);
    run.until_stdout("the first batch", |text| text.ends_with("\n\n"));
    fs::write(incoming.join("written"), "1\n2\n").unwrap();
    fs::write(incoming.join(".hidden"), "never\n").unwrap();
    fs::write(dir.path().join("moved"), "3\n4").unwrap();
    fs::rename(dir.path().join("moved"), incoming.join("moved")).unwrap();
    fs::write(incoming.join("packed.gz"), gzip(b"5\n")).unwrap();
    run.until_sum(5);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(sum(&drain(run).stdout), 5);
}

#[test]
fn a_command_runs_again_and_ends_with_us() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let command =
        format!("exec:echo a; test -e {0} && {{ sleep 1000; }}; echo $$ >{0}; exit 7", pid.display());
    let run = Run::start(["count", "--interval", "50ms", "--from", &command]);
    run.until_stderr("exited with status 7");
    run.until_sum(2);
    let ended = drain(run);
    assert_eq!(sum(&ended.stdout), 2);
    let gone = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        let name = pid.display().to_string();
        let ours = lines.filter(|line| String::from_utf8_lossy(line).contains(&name));
        ours.count() == 0
    };
    assert!(gone(), "nothing of the command is left");
}

#[test]
fn files_plain_and_packed_and_stdin_are_one_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(path("plain"), "a\nb").unwrap();
    fs::write(path("gz"), gzip(b"c\nd\n")).unwrap();
    fs::rename(path("gz"), path("packed.gz")).unwrap();
    fs::write(path("empty"), "").unwrap();
    let from = format!("named=file:{}", path("packed.gz"));
    for clock in ["real", "virtual"] {
        let args =
            ["count", "--once", &path("plain"), &path("empty"), "-", "--from", &from, "--clock", clock];
        let ended = run(args, "e\nf");
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        assert_eq!(sum(&ended.stdout), 6);
    }
}

#[test]
fn waiting_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    append(&log, "a\n");
    let tail = format!("tail:{}", log.display());
    let sources: [&[&str]; 6] = [
        &["-"],
        &["-", "-j8"],
        &["--from", &tail],
        &["--from", LISTEN],
        &["--from", LISTEN, "--from", &tail, "--from", "exec:sleep 1000", "-j8"],
        &["--window", "60s", "--from", &tail],
    ];
    let runs: Vec<Run> = sources
        .iter()
        .map(|source| Run::start(["wordcount", "--interval", "1s"].iter().chain(source.iter())))
        .collect();
    for run in &runs {
        run.until_stdout("the first batch", |text| text.ends_with("\n\n"));
    }
    let before: Vec<u64> = runs.iter().map(Run::ticks).collect();
    thread::sleep(Duration::from_secs(5));
    for ((run, before), source) in runs.iter().zip(before).zip(sources) {
        let worked = run.ticks() - before;
        assert!(worked <= 3, "{source:?}: {worked} hundredths of a second in 5 s of waiting");
    }
    runs.into_iter().for_each(|run| drop(drain(run)));
}
