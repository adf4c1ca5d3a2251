//! Programs written for `spark-submit`, run as they stand, with real sockets, directories and signals.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use live_support::{DSTREAM, HANG, Run, words};
use rustix::process::Signal;

/// The command that runs one of `tests/programs`, with batches as short as a test likes them.
fn program(name: &str, args: &[&str]) -> Vec<String> {
    let path = format!("{}/tests/programs/{name}.py", env!("CARGO_MANIFEST_DIR"));
    let before = words("run --interval 200ms").into_iter().map(str::to_string);
    before.chain([path]).chain(args.iter().map(|arg| arg.to_string())).collect()
}

/// A server that waits for the program to connect.
fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}

/// The program's connection, once it has made it. One that ends instead shows why.
fn connected(listener: &TcpListener, run: &mut Run) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + HANG;
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).unwrap();
                return client;
            }
            Err(fault) => assert_eq!(fault.kind(), ErrorKind::WouldBlock),
        }
        assert!(!run.has_ended(), "ends without connecting: {}", run.stderr());
        assert!(Instant::now() < deadline, "never connects");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn words_of_a_socket_are_counted() {
    for name in ["session_wordcount", "conf_wordcount"] {
        let (listener, port) = server();
        let mut run = Run::start(program(name, &[&port]));
        let mut client = connected(&listener, &mut run);
        client.write_all(b"to be or not to be\n").unwrap();
        run.until_stdout("words", |text| text.contains("('to', 2)\n") && text.contains("('not', 1)\n"));
        run.signal(Signal::TERM);
        let ended = run.end();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
    }
}

#[test]
fn totals_begin_with_their_initial_state_and_go_on() {
    let (listener, port) = server();
    let home = tempfile::tempdir().unwrap();
    let mut run = Run::start_in(home.path(), program("stateful_wordcount", &["localhost", &port]));
    let mut client = connected(&listener, &mut run);
    run.until_stdout("the initial state", |text| text.contains("('hello', 1)\n"));
    client.write_all(b"hello there\n").unwrap();
    run.until_stdout("a total", |text| text.contains("('hello', 2)\n") && text.contains("('there', 1)\n"));
    client.write_all(b"there\n").unwrap();
    run.until_stdout("the next", |text| text.contains("('hello', 2)\n") && text.contains("('there', 2)\n"));
    run.signal(Signal::INT);
    assert_eq!(run.end().code, Some(130));
    assert!(home.path().join("checkpoint").is_dir());
}

#[test]
fn a_program_that_wants_other_arguments_says_so_itself() {
    let done = Command::new(DSTREAM).args(program("stateful_wordcount", &[])).output().unwrap();
    assert_eq!(done.status.code(), Some(255));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "Usage: stateful_wordcount.py <hostname> <port>\n");
}

#[test]
fn files_that_come_into_a_directory_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let watched = home.path().join("in");
    fs::create_dir(&watched).unwrap();
    let run = Run::start(program("files_wordcount", &[&watched.to_string_lossy()]));
    run.until_ready();
    // So that it is there after the program has looked first.
    run.until_stdout("a batch", |text| text.contains("Time: "));
    fs::write(home.path().join("new"), "a b\na\n").unwrap();
    fs::rename(home.path().join("new"), watched.join("new")).unwrap();
    run.until_stdout("words", |text| text.contains("('a', 2)\n('b', 1)\n"));
    run.signal(Signal::TERM);
    assert_eq!(run.end().code, Some(0));
}

#[test]
fn tweets_are_counted_by_batch_and_by_window() {
    let (listener, port) = server();
    // With the script's own interval, of which its windows' slides are multiples.
    let script = format!("{}/tests/programs/windowed_tweets.py", env!("CARGO_MANIFEST_DIR"));
    let home = tempfile::tempdir().unwrap();
    let mut run = Run::start_in(home.path(), ["run", &script, &port]);
    let mut client = connected(&listener, &mut run);
    let tweet = |name: &str| format!("{{\"user\": {{\"screen_name\": \"{name}\"}}, \"text\": \"x\"}}\n");
    client.write_all((tweet("ann") + &tweet("bob") + &tweet("ann")).as_bytes()).unwrap();
    run.until_stdout("the batch", |text| {
        text.contains("Tweets this batch: 3\nTweets total (One minute rolling count): 3\n")
            && text.contains("Author counts this batch:\tValue ann\tCount 2\n")
    });
    client.write_all(tweet("bob").as_bytes()).unwrap();
    run.until_stdout("the window", |text| {
        text.contains("Tweets total (One minute rolling count): 4\n")
            && text.contains("Author counts (One minute rolling):\tValue bob\tCount 2\n")
    });
    run.signal(Signal::TERM);
    assert_eq!(run.end().code, Some(0));
}

#[test]
fn binary_files_are_cut_into_records() {
    let home = tempfile::tempdir().unwrap();
    let watched = home.path().join("in");
    fs::create_dir(&watched).unwrap();
    let run = Run::start(program("binary_records", &[&watched.to_string_lossy()]));
    run.until_stdout("a batch", |text| text.contains("Time: "));
    let put = |name: &str, bytes: &[u8]| {
        fs::write(home.path().join(name), bytes).unwrap();
        fs::rename(home.path().join(name), watched.join(name)).unwrap();
    };
    // Line ends are bytes as any others, and so is what looks like compressed data.
    put("whole", b"ab\n\xff\n\n\0\r\x1f\x8b\x08\0");
    run.until_stdout("the records", |text| {
        text.contains("b'ab\\n\\xff'\nb'\\n\\n\\x00\\r'\nb'\\x1f\\x8b\\x08\\x00'\n\n")
    });
    // As in Spark, the batch of a file that ends within a record fails.
    put("cut", b"abcdef");
    run.until_stderr("ValueError: a file ends within a record: 2 bytes of 4 (record '6566')\n");
    put("next", b"last");
    run.until_stdout("what comes behind it", |text| text.contains("\nb'last'\n"));
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(!ended.stdout.contains("abcd"), "{}", ended.stdout);
}

#[test]
fn listeners_are_told_of_receivers_and_records() {
    let (listener, port) = server();
    let mut run = Run::start(program("listening", &[&port]));
    let mut client = connected(&listener, &mut run);
    run.until_stdout("the receiver", |text| text.starts_with("receiver 0 True\n"));
    client.write_all(b"a\nb\nc\n").unwrap();
    run.until_stdout("the records", |text| text.contains("records {0: 3} True True\n"));
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.ends_with("stopped 0\n"), "{}", ended.stdout);
}

#[test]
fn a_command_gets_each_batch_and_ends_with_us() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let command = format!("cat >> {}; echo . >> {}", out.display(), out.display());
    let program = format!("lines.map(len).toCommand({command:?})");
    let mut run = Run::start(["run", "--interval", "200ms", "-e", &program]);
    run.write("a\nbcd\n");
    run.close();
    assert_eq!(run.end().code, Some(0));
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.ends_with("1\n3\n.\n"), "{text:?}");
}
