//! Sources that end: files of every kind, in the order given, and queues.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use dstream::batch::{Chunk, Pool};
use dstream::error::Error;
use dstream::source::{EventLoop, Options, QueueReader, SourceKind, SourceSpec, Turn};
use source_support::{Rig, error_of, from, specs};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn numbers(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("line {n} {}\n", n * 7919 % 10_007).into_bytes()).collect()
}

fn mkfifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn files_are_read_whole_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let texts = ["one\ntwo", "", "three\r\n\nfour\n", "\u{fffd}\0x"];
    let specs: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| {
            let path = dir.path().join(format!("{n}"));
            fs::write(&path, text).unwrap();
            from("file", &path)
        })
        .collect();
    let mut rig = Rig::new(&specs);
    rig.until_ended();
    assert_eq!(rig.text, "one\ntwo\nthree\r\n\nfour\n\u{fffd}\0x\n".as_bytes());
    assert_eq!(rig.events.stats().bytes, texts.iter().map(|text| text.len() as u64).sum::<u64>());
    assert_eq!(rig.events.turn(None, &mut |_| {}).unwrap(), Turn::Idle);
}

#[test]
fn compressed_files_are_read_as_text() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbers(100_000);
    let two_members = [gzip(&text[..1000]), gzip(&text[1000..])].concat();
    let frames =
        [zstd::encode_all(&text[..5000], 3).unwrap(), zstd::encode_all(&text[5000..], 3).unwrap()].concat();
    for (name, bytes) in [("a.gz", &two_members), ("b.zst", &frames), ("c.log", &gzip(&text))] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut rig = Rig::new(&[from("file", &path)]);
        rig.until_ended();
        assert!(rig.text == text, "{name} is read whole");
    }
}

#[test]
fn broken_archives_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbers(50_000);
    let (packed, frame) = (gzip(&text), zstd::encode_all(&text[..], 3).unwrap());
    let mut flipped = packed.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 20].fill(0xff);
    for (name, bytes, says) in [
        ("short.gz", &packed[..packed.len() / 2], "truncated"),
        ("short.zst", &frame[..frame.len() / 2], "truncated"),
        ("flipped.gz", &flipped, "corrupt"),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = Rig::new(&[from("file", &path)]).error().to_string();
        assert!(error.contains(name) && error.contains(says), "{error}");
    }
    for (name, bytes) in [("plain.gz", "no gzip"), ("empty.zst", "")] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert!(error_of(&[from("file", &path)]).to_string().contains(name));
    }
}

#[test]
fn what_cannot_be_read_is_an_error_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let missing = error_of(&[from("file", &dir.path().join("none"))]);
    assert!(missing.to_string().contains("No such file"), "{missing}");
    let directory = error_of(&[from("file", dir.path())]);
    assert!(directory.to_string().contains("--from dir:"), "{directory}");
    let options = Options::default();
    let file = SourceSpec { name: None, kind: SourceKind::File("tcp://host:1".into()) };
    let spec = EventLoop::new(&[file], options, Pool::new(1)).err().unwrap();
    assert!(spec.to_string().ends_with("did you mean --from tcp://host:1?"), "{spec}");
    assert!(!missing.to_string().contains("did you mean"), "{missing}");
    assert!(matches!(error_of(&["-", "-"]), Error::Usage(_)));
    assert!(matches!(error_of(&["queue:a", "-"]), Error::Usage(_)));
}

#[test]
fn a_named_pipe_is_waited_for_and_does_not_hold_files_up() {
    let dir = tempfile::tempdir().unwrap();
    let (fifo, file) = (dir.path().join("fifo"), dir.path().join("file"));
    mkfifo(&fifo);
    fs::write(&file, "from the file\n").unwrap();
    let mut rig = Rig::new(&[from("file", &fifo), from("file", &file)]);
    rig.until_text("from the file\n");
    rig.rest();
    assert!(!rig.events.ended());
    let writer = std::thread::spawn(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(fifo).unwrap();
        pipe.write_all(b"from the pipe\nits last").unwrap();
    });
    rig.until_ended();
    writer.join().unwrap();
    assert_eq!(rig.text, b"from the file\nfrom the pipe\nits last\n");
}

#[test]
fn more_files_than_chunks_and_descriptors_are_no_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "line\n").unwrap();
    let specs = vec![from("file", &path); 3000];
    let mut rig = Rig::open(&specs, Options::default(), Pool::new(2)).unwrap();
    rig.until_ended();
    assert_eq!(rig.text, "line\n".repeat(3000).as_bytes());
}

#[test]
fn an_empty_pool_stops_the_reading_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big");
    let text = numbers(200_000);
    fs::write(&path, &text).unwrap();
    let mut rig = Rig::open(&[from("file", &path)], Options::default(), Pool::new(3)).unwrap();
    let (mut held, mut read, mut fulls) = (Vec::<Chunk>::new(), Vec::new(), 0);
    while !rig.events.ended() {
        let turn = rig.events.turn(None, &mut |chunk| held.push(chunk)).unwrap();
        assert!(held.len() <= 3);
        if turn == Turn::Full {
            fulls += 1;
            held.drain(..).for_each(|chunk| read.extend_from_slice(chunk.bytes()));
        }
    }
    held.drain(..).for_each(|chunk| read.extend_from_slice(chunk.bytes()));
    assert!(fulls > 1);
    assert!(read == text);
}

#[test]
fn a_long_line_is_cut_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long");
    let mut text = b"before\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 3 << 20));
    text.extend(b"\nafter\n");
    fs::write(&path, &text).unwrap();
    let mut rig = Rig::new(&[from("file", &path)]);
    rig.until_ended();
    let stats = rig.events.stats();
    assert_eq!((stats.lines_cut, stats.bytes_cut), (1, 2 << 20));
    let lengths: Vec<usize> = rig.lines().iter().map(String::len).collect();
    assert_eq!(lengths, [6, 1 << 20, 5]);
    let mut whole = Rig::with(&[from("file", &path)], Options { max_line: 4 << 20, from_start: false });
    whole.until_ended();
    assert!(whole.text == text);
}

#[test]
fn queues_give_one_file_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let big = numbers(150_000);
    fs::write(path("a"), "a1\na2").unwrap();
    fs::write(path("b.gz"), gzip(b"b1\n")).unwrap();
    fs::write(path("c"), &big).unwrap();
    let all =
        [format!("queue:{},,{}", path("a"), path("c")), format!("queue:{},{}", path("a"), path("b.gz"))];
    let mut reader = QueueReader::new(&specs(&all), Options::default(), Pool::new(1)).unwrap();
    assert_eq!(reader.batches(), 3);
    let mut batches = Vec::new();
    for batch in 0..4 {
        let (mut pending, mut text) = (Vec::<Chunk>::new(), Vec::new());
        reader.begin(batch);
        while reader.turn(&mut |chunk| pending.push(chunk)).unwrap() != Turn::Idle {
            pending.drain(..).for_each(|chunk| text.extend_from_slice(chunk.bytes()));
        }
        batches.push(text);
    }
    assert_eq!(batches[0], b"a1\na2\na1\na2\n");
    assert_eq!(batches[1], b"b1\n");
    assert!(batches[2] == big);
    assert!(batches[3].is_empty());
    reader.begin(2);
    let mut text = Vec::new();
    let mut full = |chunk: Chunk| text.extend_from_slice(chunk.bytes());
    assert_eq!(reader.turn(&mut full).unwrap(), Turn::Read);
    reader.stop(&mut full);
    assert_eq!(reader.turn(&mut full).unwrap(), Turn::Idle);
    assert!(text.len() < big.len() && big.starts_with(&text) && text.ends_with(b"\n"));
    let missing =
        QueueReader::new(&specs(&[format!("queue:{}", path("none"))]), Options::default(), Pool::new(1));
    assert!(missing.is_err_and(|error| error.to_string().contains("none")));
}

#[test]
fn a_pipe_in_a_queue_is_waited_for_without_being_stuck() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    mkfifo(&fifo);
    let mut reader =
        QueueReader::new(&specs(&[from("queue", &fifo)]), Options::default(), Pool::new(1)).unwrap();
    let mut text = Vec::new();
    let mut full = |chunk: Chunk| text.extend_from_slice(chunk.bytes());
    reader.begin(0);
    // Nobody writes yet, and the caller gets its turn all the same.
    assert_eq!(reader.turn(&mut full).unwrap(), Turn::Read);
    assert_eq!(reader.turn(&mut full).unwrap(), Turn::Read);
    let mut writer = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    assert_eq!(reader.turn(&mut full).unwrap(), Turn::Read);
    writer.write_all(b"one\ntwo").unwrap();
    drop(writer);
    while reader.turn(&mut full).unwrap() != Turn::Idle {}
    assert_eq!(text, b"one\ntwo\n");
}

#[test]
fn a_source_on_the_command_line_may_have_a_name_that_is_not_utf8() {
    let dir = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"lat\xe9n");
    fs::write(dir.path().join(name), "a\nb\n").unwrap();
    let mut spec = OsString::from("file:");
    spec.push(dir.path().join(name));
    let run = Command::new(env!("CARGO_BIN_EXE_dstream"))
        .args(["count", "--once", "--format", "tsv", "--from"])
        .arg(&spec)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && stdout.trim_end().ends_with('2'), "{stdout}{stderr}");
}
