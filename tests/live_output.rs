//! Where output goes and how it may fail: closed pipes, full disks, formats for machines.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use live_support::*;

/// Runs a shell script on an input.
fn script(text: &str, input: &str) -> Ended {
    let mut run = Run::stalled(shell(text));
    // Whoever has closed its stdin takes nothing.
    let _ = run.stdin.take().unwrap().write_all(input.as_bytes());
    run.end()
}

#[test]
fn head_ends_it_quietly() {
    for args in ["--interval 20ms", "--interval 20ms --format json", "--once --limit 0 --format csv"] {
        // More than a pipe holds; `yes` would go on for ever.
        let text = format!(
            "{{ yes 'a b c' | \"$D\" wordcount {args} --max-batches 200 2>&3; echo status $? >&3; }} 3>&2 | head -1"
        );
        let once = args.contains("--once");
        let text = if once {
            text.replace("yes 'a b c'", "seq 300000").replace("--max-batches 200", "")
        } else {
            text
        };
        let ended = script(&text, "");
        assert_eq!(ended.stderr, "status 0\n", "{args}");
        assert_eq!(ended.stdout.lines().count(), 1, "{args}");
    }
}

#[test]
fn closed_descriptors_do_no_harm() {
    for (redirection, code, stdout) in [
        (">&-", Some(0), false),
        ("2>&-", Some(0), true),
        (">&- 2>&-", Some(0), false),
        ("<&-", Some(0), true),
        ("</dev/null", Some(0), true),
        ("<&- >&- 2>&-", Some(0), false),
    ] {
        for command in ["count --once -v", "count --interval 20ms --max-batches 2", "wordcount --total"] {
            let ended = script(&format!("exec \"$D\" {command} {redirection}"), "a\nb\n");
            assert_eq!(ended.code, code, "{command} {redirection}: {ended:?}");
            assert_eq!(!ended.stdout.is_empty(), stdout, "{command} {redirection}: {ended:?}");
            assert!(!ended.stderr.contains("panic"), "{command} {redirection}: {ended:?}");
        }
    }
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let ended = script("exec \"$D\" wordcount >/dev/full", "a b\n");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot write to standard output: No space left on device"), "{ended:?}");
    let ended = script("exec \"$D\" wordcount -o /dev/full", "a b\n");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot write to /dev/full: No space left on device"), "{ended:?}");
    let ended = script("exec \"$D\" count --key json:a --on-error file=/dev/full", "no json\n");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot write bad records to /dev/full"), "{ended:?}");
    for ended in
        ["wordcount -o /none/such", "wordcount -o /", "count --on-error file=/none/such --key json:a"]
    {
        let ended = script(&format!("exec \"$D\" {ended}"), "");
        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
        assert!(ended.stderr.starts_with("dstream: cannot "), "{ended:?}");
    }
}

#[test]
fn help_and_completions_survive_a_closed_pipe() {
    for args in ["--help", "wordcount --help", "completions bash"] {
        let text = format!("{{ \"$D\" {args}; echo status $? >&2; }} | true");
        let ended = script(&text, "");
        assert!(!ended.stderr.contains("panic"), "{ended:?}");
    }
}

#[test]
fn machine_formats_round_trip_any_text() {
    let mut random = Random(7);
    let text = random_text(&mut random, 4000);
    let run = |format| {
        let ended = run(["wordcount", "--by", "space", "--once", "--limit", "0", "--format", format], &text);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let json = json_counts(&run("json"));
    let mut expected: std::collections::HashMap<String, u64> = std::collections::HashMap::new();
    for line in String::from_utf8_lossy(&text).split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split(' ').for_each(|word| *expected.entry(word.to_string()).or_default() += 1);
    }
    assert!(json == expected, "JSON holds every word");

    let csv = parse_csv(&run("csv"));
    assert_eq!(csv[0], ["time", "key", "count"]);
    assert_eq!(csv.len() - 1, expected.len());
    for row in &csv[1..] {
        assert_eq!(row.len(), 3, "{row:?}");
        assert_eq!(expected[&row[1]], row[2].parse::<u64>().unwrap(), "{row:?}");
    }

    let tsv = run("tsv");
    let mut lines = tsv.split_terminator('\n');
    assert_eq!(lines.next(), Some("time\tkey\tcount"));
    let mut rows = 0;
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), 3, "{line:?}");
        let key = fields[1]
            .replace("\\\\", "\u{1}\u{2}")
            .replace("\\t", "\t")
            .replace("\\r", "\r")
            .replace("\\n", "\n")
            .replace("\u{1}\u{2}", "\\");
        assert_eq!(expected[&key], fields[2].parse::<u64>().unwrap(), "{line:?}");
        rows += 1;
    }
    assert_eq!(rows, expected.len());
}

/// Reads CSV as RFC 4180 has it.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && row.is_empty() && field.is_empty(), "the text is whole");
    rows
}

#[test]
fn files_are_appended_to_under_one_header() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.csv");
    for _ in 0..2 {
        let ended = run(["count", "--once", "--format", "csv", "-o", out.to_str().unwrap()], "a\nb\n");
        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
    }
    let rows = parse_csv(&fs::read_to_string(&out).unwrap());
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], ["time", "count"]);
    assert!(rows[1..].iter().all(|row| row[1] == "2"));
}

#[test]
fn a_terminal_gets_one_hint_and_the_hint_is_not_data() {
    // util-linux's script gives the command a terminal; not every machine has it.
    if std::process::Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let (stdout, stderr) = (out.display(), dir.path().join("err"));
    let command =
        format!("script -qec '\"$D\" count --interval 1h >{stdout} 2>{}' /dev/null", stderr.display());
    let mut run = Run::stalled(shell(&command));
    run.read_on();
    run.write("one\ntwo\n");
    let deadline = std::time::Instant::now() + HANG;
    while !fs::read_to_string(&stderr).is_ok_and(|text| text.contains("terminal")) {
        assert!(std::time::Instant::now() < deadline, "the hint comes at once");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    run.write("\x04");
    run.close();
    run.end();
    assert_eq!(sum(&fs::read_to_string(&out).unwrap()), 2);
    let said = fs::read_to_string(&stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_disk_that_fills_up_keeps_whole_batches() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    fs::write(path("words"), (0..20).map(|n| format!("word{n}\n")).collect::<String>()).unwrap();
    let queue = vec![path("words"); 10].join(",");
    let command = |out: &str| format!("\"$D\" wordcount --from queue:{queue} -n 0 -f json -o {out}");
    let whole = script(&command(&path("whole")), "");
    assert_eq!(whole.code, Some(0));
    // A limit on the file's size stands in for a disk that is nearly full.
    let limited = format!("trap '' XFSZ; ulimit -f 8; exec {}", command(&path("cut")));
    let cut = script(&limited, "");
    assert_eq!(cut.code, Some(1), "{}", cut.stderr);
    assert!(cut.stderr.contains("cut: File too large"), "{}", cut.stderr);
    let (whole, cut) = (fs::read_to_string(path("whole")).unwrap(), fs::read_to_string(path("cut")).unwrap());
    assert!(whole.starts_with(&cut) && !cut.is_empty() && cut.len() < whole.len());
    assert_eq!(cut.lines().count() % 20, 0, "a batch was cut");
}

#[test]
fn a_reader_that_goes_ends_a_run_that_has_nothing_to_write() {
    let mut command = dstream(words("count -i 100ms --skip-empty"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a\n").unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.ends_with("1\n") {
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "{line}");
    }
    drop(output);
    // Nothing comes any more, and the input stays open.
    assert!(child.wait().unwrap().success());
    drop(input);
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("log"), "a\n").unwrap();
    for job in [
        "wordcount log -o log",
        "wordcount -F log -o log",
        "wordcount -o log < log",
        "wordcount log >> log",
        "wordcount --from dir:. -o out",
    ] {
        let ended = script(&format!("cd {}; \"$D\" {job}", directory.path().display()), "");
        assert_eq!(ended.code, Some(2), "{job}");
        assert!(ended.stderr.contains("read again by"), "{job}: {}", ended.stderr);
    }
    assert_eq!(fs::read_to_string(directory.path().join("log")).unwrap(), "a\n");
}
