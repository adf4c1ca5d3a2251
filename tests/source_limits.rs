//! A listener that runs out of descriptors. A binary of its own, because limits are the process's.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};
use source_support::Rig;

/// Not a test of its own: a hundred clients of the port that standard input names; they stay until it ends.
#[test]
#[ignore = "run by the other test, as a child"]
fn hundred_clients() {
    let mut port = String::new();
    std::io::stdin().read_line(&mut port).unwrap();
    let port: u16 = port.trim().parse().unwrap();
    let connect = |n| {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        writeln!(client, "client {n}").unwrap();
        client
    };
    let clients: Vec<TcpStream> = (0..100).map(connect).collect();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(clients);
}

#[test]
fn clients_beyond_the_limit_wait_and_that_is_said_once() {
    // Started before the limit, which it would inherit.
    let mut clients = Command::new(std::env::current_exe().unwrap())
        .args(["hundred_clients", "--exact", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    setrlimit(Resource::Nofile, Rlimit { current: Some(20), maximum: Some(50) }).unwrap();
    let mut rig = Rig::new(&["tcp-listen://127.0.0.1:0"]);
    writeln!(clients.stdin.as_ref().unwrap(), "{}", rig.port()).unwrap();
    rig.until_notice("no more clients can be accepted");
    assert!(rig.events.stats().clients > 20, "the soft limit was raised");
    drop(clients.stdin.take());
    rig.until_lines(100);
    let mut expected: Vec<String> = (0..100).map(|n| format!("client {n}")).collect();
    expected.sort();
    assert_eq!(rig.sorted(), expected);
    assert_eq!(rig.notices.iter().filter(|notice| notice.contains("no more clients")).count(), 1);
    assert!(clients.wait().unwrap().success());
}
