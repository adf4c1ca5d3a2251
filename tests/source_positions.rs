//! Positions of `file:` and `queue:`: wherever a run is cut, what is read before and after is what an
//! uninterrupted run reads.
#![allow(clippy::unwrap_used)]

mod source_support;

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use dstream::batch::{CHUNK_SIZE, Chunk, Pool};
use dstream::error::{Error, Result};
use dstream::source::{FileName, Options, Position, QueueReader, Turn};
use source_support::{Rig, Store, from, specs};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Lines of many lengths, some longer than a chunk, some ended by CR LF, the last one not ended.
fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for n in 0..30_000_usize {
        let length = if n % 5_000 == 1_234 { CHUNK_SIZE + n } else { n * 7919 % 97 };
        text.extend(format!("{n} ").bytes().chain(std::iter::repeat_n(b'x', length)));
        text.extend_from_slice(if n % 3 == 0 { b"\r\n" } else { b"\n" });
    }
    text.extend(b"the last");
    text
}

/// Cuts a run of a file after every turn; before and after give what one run gives.
fn cut_everywhere(path: &Path, options: Options) {
    let spec = [from("file", path)];
    let mut whole = Rig::with(&spec, options);
    whole.until_ended();
    let mut first = Rig::restore(&spec, options, &Store::default()).unwrap();
    let mut store = Store::default();
    let mut cuts = 0;
    loop {
        first.commit(&mut store);
        let mut second = Rig::restore(&spec, options, &store).unwrap();
        second.until_ended();
        let both = [&first.text[..], &second.text].concat();
        assert!(both == whole.text, "{}: cut after {cuts} turns", path.display());
        assert!(second.notices.is_empty(), "{:?}", second.notices);
        if first.events.ended() {
            break;
        }
        first.turn().unwrap();
        cuts += 1;
    }
    assert!(cuts > 5 && first.text == whole.text);
}

#[test]
fn a_file_is_read_on_wherever_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let text = text();
    let zstd = zstd::encode_all(&text[..], 1).unwrap();
    for (name, bytes) in [("plain", &text), ("packed.gz", &gzip(&text)), ("packed.zst", &zstd)] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        for max_line in [1 << 20, 50] {
            cut_everywhere(&path, Options { max_line, from_start: false });
        }
    }
}

#[test]
fn many_files_are_read_on_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..5).map(|n| dir.path().join(n.to_string())).collect();
    paths.iter().for_each(|path| append(path, &format!("{}\nlast", path.display()).repeat(20_000)));
    let specs: Vec<_> = paths.iter().map(|path| from("file", path)).collect();
    let mut whole = Rig::new(&specs);
    whole.until_ended();
    // A fresh loop for every two turns: one opens a file, one reads from it.
    let (mut store, mut text) = (Store::default(), Vec::new());
    for round in 0.. {
        assert!(round < 1000, "no end after {} bytes", text.len());
        let mut rig = Rig::restore(&specs, Options::default(), &store).unwrap();
        if rig.events.ended() {
            break;
        }
        rig.turn().unwrap();
        rig.turn().unwrap();
        rig.commit(&mut store);
        text.append(&mut rig.text);
    }
    assert!(text == whole.text);
    let mut rig = Rig::restore(&specs, Options::default(), &store).unwrap();
    rig.commit(&mut store.clone());
    assert!(rig.events.positions().is_empty(), "what has not changed is not told");
}

/// Reads a file to its end and tells its position.
fn read_to_end(path: &Path) -> Store {
    let mut store = Store::default();
    let mut rig = Rig::restore(&[from("file", path)], Options::default(), &store).unwrap();
    rig.until_ended();
    rig.commit(&mut store);
    store
}

/// The text that a file still has behind a position, and what is said.
fn rest(path: &Path, store: &Store) -> Result<(String, Vec<String>)> {
    let mut rig = Rig::restore(&[from("file", path)], Options::default(), store)?;
    rig.until_ended();
    Ok((String::from_utf8(rig.text).unwrap(), rig.notices))
}

#[test]
fn what_was_added_to_a_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let (nothing, silence) = (String::new(), Vec::<String>::new());
    for (first, then, more, says) in [
        ("one\n", "", "", ""),
        ("one\n", "two\nth", "two\nth\n", ""),
        ("", "two", "two\n", ""),
        ("one\ntw", "", "", ""),
        ("one\ntw", "\nthree\n", "three\n", ""),
        ("one\ntw", "\r\nthree\n", "three\n", ""),
        ("one\ntw", "\n", "", ""),
        ("one\ntw", "\n\nthree", "\nthree\n", ""),
        ("one\ntw", "o\nthree\n", "o\nthree\n", "a line of its own"),
        ("one\ntw", "\ro\n", "\ro\n", "a line of its own"),
        ("one\ntw", "\r", "\r\n", "a line of its own"),
    ] {
        fs::write(&path, first).unwrap();
        let store = read_to_end(&path);
        append(&path, then);
        let (text, notices) = rest(&path, &store).unwrap();
        assert_eq!(text, more, "{first:?}, then {then:?}");
        let said = notices.iter().any(|notice| notice.contains(says));
        assert!(if says.is_empty() { notices.is_empty() } else { said }, "{then:?}: {notices:?}");
        // And the same again finds nothing more.
        let mut store = store;
        let mut rig = Rig::restore(&[from("file", &path)], Options::default(), &store).unwrap();
        rig.until_ended();
        rig.commit(&mut store);
        assert_eq!(rest(&path, &store).unwrap(), (nothing.clone(), silence.clone()), "{then:?}");
    }
    let packed = dir.path().join("packed.gz");
    fs::write(&packed, gzip(b"one\ntw")).unwrap();
    let store = read_to_end(&packed);
    OpenOptions::new().append(true).open(&packed).unwrap().write_all(&gzip(b"\nthree\n")).unwrap();
    assert_eq!(rest(&packed, &store).unwrap().0, "three\n");
}

#[test]
fn another_file_in_the_place_of_one_that_was_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let refused = |content: &[u8], says: &str| {
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let store = read_to_end(&path);
        fs::write(&path, content).unwrap();
        let error = rest(&path, &store).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Checkpoint(_)), "{text}");
        assert!(text.contains(says) && text.contains("file") && text.contains("byte 14"), "{text}");
    };
    refused(b"one\n", "it has 4 bytes");
    refused(b"eno\ntwo\nthree\nfour\n", "does not begin as it did");
    refused(&gzip(b"one\ntwo\nthree\n"), "does not begin as it did");
    let long = "x".repeat(3000) + "\n";
    fs::write(&path, &long).unwrap();
    let store = read_to_end(&path);
    fs::write(&path, long.replace('\n', "x\n")).unwrap();
    assert!(rest(&path, &store).unwrap_err().to_string().contains("no line ends at byte 3001"));
    // The same content under another inode is the same file, and one that was read may go.
    fs::write(dir.path().join("copy"), long + "more\n").unwrap();
    fs::rename(dir.path().join("copy"), &path).unwrap();
    assert_eq!(rest(&path, &store).unwrap().0, "more\n");
    fs::remove_file(&path).unwrap();
    let (text, notices) = rest(&path, &store).unwrap();
    assert!(text.is_empty() && notices[0].contains("is gone, but was read to its end"), "{notices:?}");
}

#[test]
fn a_file_that_was_half_read_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("packed.gz");
    let text = text();
    fs::write(&path, gzip(&text)).unwrap();
    let mut store = Store::default();
    let mut rig = Rig::restore(&[from("file", &path)], Options::default(), &store).unwrap();
    rig.turn().unwrap();
    rig.turn().unwrap();
    rig.commit(&mut store);
    assert!(rest(&path, &store).is_ok());
    fs::remove_file(&path).unwrap();
    assert!(rest(&path, &store).unwrap_err().to_string().contains("No such file"));
    // The same first bytes, but an end that comes too early.
    fs::write(&path, gzip(&text)).unwrap();
    let head = fs::read(&path).unwrap();
    let mut short = gzip(b"short\n");
    short.resize(1024, 0);
    short.extend(&head);
    fs::write(&path, &short).unwrap();
    assert!(matches!(rest(&path, &store), Err(Error::Checkpoint(_))));
}

#[test]
fn a_position_of_another_kind_of_source_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "one\n").unwrap();
    let store = read_to_end(&path);
    for spec in [from("tail", &path), from("dir", dir.path()), "-".to_string(), "exec:true".to_string()] {
        let error = Rig::restore(&[&spec], Options::default(), &store).err().unwrap();
        assert!(matches!(error, Error::Checkpoint(_)), "{error}");
        assert!(error.to_string().contains(&spec), "{error}");
    }
}

/// One batch of the queues, up to so many turns.
fn read_batch(reader: &mut QueueReader, batch: usize, turns: usize) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let mut full = |chunk: Chunk| text.extend_from_slice(chunk.bytes());
    reader.begin(batch);
    for _ in 0..turns {
        if reader.turn(&mut full).unwrap() == Turn::Idle {
            return (text, true);
        }
    }
    reader.stop(&mut full);
    (text, false)
}

#[test]
fn queues_are_read_on_wherever_they_were_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let text = text();
    fs::write(path("a"), "a1\na2").unwrap();
    fs::write(path("b.gz"), gzip(&text)).unwrap();
    fs::write(path("c"), &text).unwrap();
    let all = [
        format!("queue:{},,{},{}", path("a"), path("b.gz"), path("a")),
        format!("queue:{},{}", path("c"), path("b.gz")),
    ];
    let open = |store: &Store| {
        QueueReader::new_at(&specs(&all), store.positions(2), Options::default(), Pool::new(2)).unwrap()
    };
    let mut reader = open(&Store::default());
    let whole: Vec<_> = (0..4).map(|batch| read_batch(&mut reader, batch, usize::MAX).0).collect();
    for mut step in [1, 3, 7] {
        let (mut store, mut texts) = (Store::default(), vec![Vec::new(); 4]);
        for _ in 0..1000 {
            let mut reader = open(&store);
            let batch = reader.first();
            if batch >= reader.batches() {
                break;
            }
            let (text, _) = read_batch(&mut reader, batch, step);
            // A line that does not end within so many turns is begun again and again.
            step += usize::from(text.is_empty());
            texts[batch].extend(text);
            store.commit(&reader.positions());
            assert!(reader.positions().is_empty(), "what has not changed is not told");
        }
        assert!(texts == whole, "stopped after every {step} turns");
    }
    let mut store = Store::default();
    let mut reader = open(&store);
    read_batch(&mut reader, 0, 5);
    store.commit(&reader.positions());
    fs::write(path("c"), "other\n").unwrap();
    let changed = QueueReader::new_at(&specs(&all), store.positions(2), Options::default(), Pool::new(2));
    assert!(matches!(changed, Err(Error::Checkpoint(_))));
    // What was read before may be gone.
    fs::remove_file(path("a")).unwrap();
    let done = format!("queue:{},{}", path("a"), path("b.gz"));
    let at = Position::from_rows([("", r#"{"kind":"queue","element":1}"#)]).unwrap();
    let mut reader =
        QueueReader::new_at(&specs(&[done]), vec![at], Options::default(), Pool::new(2)).unwrap();
    assert!(read_batch(&mut reader, 0, usize::MAX).0.is_empty() && reader.first() == 1);
}

#[test]
fn positions_are_text_that_later_versions_understand() {
    let file = r#"{"offset":12,"identity":{"device":1,"inode":2,"born_ns":1700000000123456789},"head":{"length":12,"hash":"00000000000000ff"}}"#;
    let texts = [
        format!(r#"{{"kind":"file",{},"mid_line":true,"size":12}}"#, &file[1..file.len() - 1]),
        format!(
            r#"{{"kind":"tail","current":{file},"former":[{{"file":{file},"state":"unread"}},{{"file":{file},"state":"closed"}}],"as_of_ns":5}}"#
        ),
        format!(
            r#"{{"kind":"dir","reading":{{"name":"a\\\\b\\xe9","file":{file}}},"files":{{"c":{{"identity":{{"device":1,"inode":2}},"size":3,"changed_ns":4}},"d":null}}}}"#
        ),
        format!(r#"{{"kind":"queue","element":3,"file":{file}}}"#),
    ];
    for text in &texts {
        let position: Position = serde_json::from_str(text).unwrap();
        assert_eq!(&serde_json::to_string(&position).unwrap(), text);
        let more = text.replacen("{\"kind\"", "{\"new\":[1],\"kind\"", 1);
        assert_eq!(serde_json::from_str::<Position>(&more).unwrap(), position);
        // In rows, and together again; what is gone has none.
        let rows = position.rows();
        let rows = rows.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)));
        let mut again = Position::from_rows(rows.chain([("unknown", "?")])).unwrap().unwrap();
        again.merge(position.clone());
        let mut whole = position.clone();
        whole.merge(position);
        assert_eq!(again, whole);
    }
    assert!(serde_json::from_str::<Position>(r#"{"kind":"kafka"}"#).is_err());
    assert_eq!(Position::from_rows([]), Ok(None));
    for rows in [[("", "{}")], [("former", "[]")], [("file:a", "{}")]] {
        assert!(Position::from_rows(rows).is_err(), "{rows:?}");
    }
    for name in [&b"plain"[..], b"back\\slash", b"lat\xe9n\\x", "\u{fc}\u{fffd}".as_bytes(), b"\\\xff\\", b""]
    {
        let text = FileName::new(OsStr::from_bytes(name));
        assert_eq!(text.name().as_bytes(), name, "{text}");
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(serde_json::from_str::<FileName>(&json).unwrap(), text);
    }
}
