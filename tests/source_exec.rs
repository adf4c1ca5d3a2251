//! `exec:` commands: restarted, and ended with us.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::fs;
use std::process::{Command, Stdio};
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
fn a_command_that_fails_after_a_line_is_started_less_and_less_often() {
    let mut rig = Rig::new(&["exec:date +%s%N; exit 3"]);
    rig.until_lines(5);
    let starts: Vec<u64> = rig.lines().iter().map(|line| line.parse().unwrap()).collect();
    // The fourth pause is at least 400 ms; without back-off none would be longer than 100 ms.
    assert!(starts[4] - starts[3] >= 400_000_000, "{starts:?}");
}

#[test]
fn each_way_to_end_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let flag = dir.path().join("flag");
    let command = "if rm FLAG 2>/dev/null; then echo odd; exit 5; fi; touch FLAG; echo even";
    let mut rig = Rig::new(&[format!("exec:{}", command.replace("FLAG", &flag.display().to_string()))]);
    rig.until_lines(6);
    assert_eq!(rig.lines()[..4], ["even", "odd", "even", "odd"]);
    for status in ["status 0", "status 5"] {
        assert_eq!(
            rig.notices.iter().filter(|notice| notice.contains(status)).count(),
            1,
            "{:?}",
            rig.notices
        );
    }
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

#[test]
fn what_ignores_the_request_to_end_is_killed_before_the_successor_starts() {
    let dir = tempfile::tempdir().unwrap();
    let stubborn = dir.path().join("stubborn");
    let mut rig = Rig::new(&[format!(
        "exec:f={}; if [ -e $f ]; then grep -qs '^State:.[RSD]' /proc/$(cat $f)/status && echo beside || echo alone; fi; \
         (trap '' TERM; while :; do sleep 0.05; done) >/dev/null & echo $! > $f; echo started",
        stubborn.display()
    )]);
    rig.until_lines(3);
    assert_eq!(rig.lines()[..3], ["started", "alone", "started"]);
    let last = fs::read_to_string(&stubborn).unwrap();
    drop(rig);
    wait_gone(&last);
}

#[test]
fn the_group_ends_also_when_we_are_killed() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let from = format!(
        "exec:(trap '' TERM; while :; do sleep 0.05; done) & echo $! $$ > {0}.new; mv {0}.new {0}; wait",
        pids.display()
    );
    let mut run = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(["count", "--from", &from])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !pids.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the command does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    fs::read_to_string(&pids).unwrap().split_whitespace().for_each(wait_gone);
}
