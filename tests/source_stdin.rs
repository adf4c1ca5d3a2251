//! `-`: standard input of every kind. A test cannot change its own, so it runs itself as a child.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::pipe::PipeFlags;
use source_support::Rig;

/// Not a test of its own: reads standard input to its end and copies it to the file `STDIN_COPY`.
#[test]
#[ignore = "run by the other tests, as a child"]
fn copy_stdin() {
    let mut rig = Rig::new(&["-"]);
    rig.until_ended();
    fs::write(std::env::var("STDIN_COPY").unwrap(), &rig.text).unwrap();
}

fn child(stdin: impl Into<Stdio>, copy: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["copy_stdin", "--exact", "--ignored", "--nocapture"])
        .env("STDIN_COPY", copy)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child reads from `stdin`, or what it said when it failed.
fn read_by_child(stdin: impl Into<Stdio>) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy");
    let output = child(stdin, &copy).wait_with_output().unwrap();
    if output.status.success() {
        Ok(fs::read_to_string(copy).unwrap())
    } else {
        Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

#[test]
fn a_pipe_is_read_and_stays_as_it_is_for_its_other_readers() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).unwrap();
    let shared = reader.try_clone().unwrap();
    let child = child(reader, &dir.path().join("copy"));
    let mut writer = File::from(writer);
    let text = "a line of text\n".repeat(200_000) + "last";
    writer.write_all(text.as_bytes()).unwrap();
    assert!(!fcntl_getfl(shared.as_fd()).unwrap().contains(OFlags::NONBLOCK));
    drop(writer);
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(fs::read_to_string(dir.path().join("copy")).unwrap() == text + "\n");
}

#[test]
fn a_socket_is_read_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let shared = theirs.try_clone().unwrap();
    let child = child(OwnedFd::from(theirs), &dir.path().join("copy"));
    (&ours).write_all("through a socket\n".repeat(50_000).as_bytes()).unwrap();
    assert!(!fcntl_getfl(&shared).unwrap().contains(OFlags::NONBLOCK));
    drop(ours);
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(fs::read_to_string(dir.path().join("copy")).unwrap().lines().count(), 50_000);
}

#[test]
fn a_file_is_read_from_its_offset_which_moves_for_others_too() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"skipped\nread\nthis").unwrap();
    file.seek(SeekFrom::Start(8)).unwrap();
    assert_eq!(read_by_child(file.try_clone().unwrap()).unwrap(), "read\nthis\n");
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert!(rest.is_empty());
}

#[test]
fn nothing_is_an_input_too_and_a_directory_is_none() {
    assert_eq!(read_by_child(Stdio::null()).unwrap(), "");
    let said = read_by_child(File::open("/").unwrap()).unwrap_err();
    assert!(said.contains("standard input is a directory"), "{said}");
}
