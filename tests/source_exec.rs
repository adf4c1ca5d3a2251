//! `exec:` commands: restarted, and ended with us.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};
use source_support::Rig;

/// Waits for a process to be gone (a zombie that nobody reaps counts as gone).
fn wait_gone(pid: &str) {
    let start = Instant::now();
    let raw = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let zombie =
        || fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| stat.contains(") Z "));
    while test_kill_process(raw).is_ok() && !zombie() {
        assert!(start.elapsed() < Duration::from_secs(20), "{pid} lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_command_is_started_again_and_its_exit_said_once() {
    let mut rig = Rig::new(&["exec:echo line; printf last; exit 3"]);
    rig.until_text("line\nlast\nline\nlast\nline\nlast\n");
    let said = rig.notices.iter().filter(|notice| notice.contains("exited with status 3")).count();
    assert_eq!(said, 1, "{:?}", rig.notices);
    assert!(rig.has_notice("starting it again in 0.1s"));
}

#[test]
fn a_signal_is_named_and_input_is_empty() {
    let mut rig = Rig::new(&["exec:cat; kill -9 $$"]);
    rig.until_notice("was ended by signal 9");
    assert!(rig.text.is_empty());
}

#[test]
fn a_command_that_closes_its_output_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("starts");
    let mut rig =
        Rig::new(&[format!("exec:echo x >> {}; echo out; exec >&-; sleep 0.5; exit 4", log.display())]);
    rig.until_text("out\n");
    rig.until_notice("exited with status 4");
    assert_eq!(fs::read_to_string(&log).unwrap(), "x\n");
}

#[test]
fn the_whole_group_ends_with_us() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let mut rig = Rig::new(&[format!(
        "exec:(trap '' TERM; sh -c 'echo $PPID'; while :; do sleep 0.05; done) & \
         sleep 1000 & echo $! > {}; echo $$; wait",
        pids.display()
    )]);
    rig.until_lines(2);
    let mut all: Vec<String> = rig.lines();
    all.extend(fs::read_to_string(&pids).unwrap().lines().map(str::to_string));
    assert_eq!(all.len(), 3);
    drop(rig);
    all.iter().for_each(|pid| wait_gone(pid));
}

#[test]
fn what_a_command_leaves_behind_does_not_run_beside_its_successor() {
    let mut rig = Rig::new(&["exec:sleep 1000 >/dev/null & echo $!"]);
    rig.until_lines(2);
    let first = rig.lines()[0].clone();
    wait_gone(&first);
}
