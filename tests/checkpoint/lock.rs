//! One process works on a checkpoint, and the next one is told which. Processes are real ones: this
//! test program, started again.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use crate::support::{Op, commit, open, read};
use dstream::checkpoint::{Claim, Disk, Holder, Options, Storage};

/// Says to the test program in the other process which directory to hold.
const DIRECTORY: &str = "CHECKPOINT_LOCK_DIRECTORY";

fn hold(directory: &std::path::Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::holds_the_directory_it_is_told_to", "--nocapture", "--ignored"])
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("held")));
    child
}

#[test]
#[ignore = "the other process of the tests here"]
fn holds_the_directory_it_is_told_to() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let storage: Arc<dyn Storage> = Arc::new(Disk::new(directory));
    let (mut store, mut model, _) = open(&storage, Options::default()).unwrap();
    commit(&mut store, &mut model, &[Op::Put("t".to_owned(), b"k".to_vec(), b"v".to_vec())], 1).unwrap();
    println!("\nheld");
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_second_process_is_told_who_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk::new(dir.path()));
    let mut child = hold(dir.path());
    let error = Claim::take(storage.clone()).err().unwrap().to_string();
    assert!(error.contains(&format!("is used by process {}: stop that one", child.id())), "{error}");
    // Looking is free to all.
    assert_eq!(storage.holder().unwrap(), Some(Holder { pid: Some(child.id()) }));
    assert_eq!(read(&storage).unwrap().1.sequence, 1);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(storage.holder().unwrap(), None);
    drop(Claim::take(storage).unwrap());
}

#[test]
fn a_process_that_was_killed_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk::new(dir.path()));
    let mut child = hold(dir.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(storage.holder().unwrap(), None);
    let (store, model, last) = open(&storage, Options::default()).unwrap();
    assert_eq!((model.len(), last.sequence), (1, 1));
    // This process is kept out too while it has the directory already.
    let error = Claim::take(storage.clone()).err().unwrap().to_string();
    assert!(error.contains(&format!("is used by process {}", std::process::id())), "{error}");
    drop(store);
    drop(Claim::take(storage).unwrap());
}

/// Those who look hold the lock for an instant; nobody who wants it may be turned away by that.
#[test]
fn looking_keeps_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk::new(dir.path()));
    drop(Claim::take(storage.clone()).unwrap());
    let looking = storage.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let looker = std::thread::spawn(move || {
        while stopped.try_recv() != Err(std::sync::mpsc::TryRecvError::Disconnected) {
            looking.holder().unwrap();
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    });
    for _ in 0..50 {
        drop(Claim::take(storage.clone()).unwrap());
    }
    drop(stop);
    looker.join().unwrap();
}
