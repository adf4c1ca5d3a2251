//! The same bytes from any number of workers, and the same results as slow and simple code.
#![allow(clippy::unwrap_used, missing_docs)]

mod live_support;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use live_support::*;

const WORKERS: [&str; 3] = ["-j1", "-j2", "-j16"];

/// Runs a command with every number of workers; all must print the same and exit with the same code.
fn same(dir: &Path, line: &str) -> Ended {
    let mut first: Option<Ended> = None;
    for workers in WORKERS {
        let ended = Run::stalled({
            let mut command = dstream(words(line));
            command.arg(workers).current_dir(dir);
            command
        })
        .end();
        if let Some(first) = &first {
            assert!(ended.stdout == first.stdout, "{line} {workers}: stdout differs from -j1");
            assert_eq!(ended.code, first.code, "{line} {workers}");
            assert_eq!(untimed(&ended.stderr), untimed(&first.stderr), "{line} {workers}");
        } else {
            first = Some(ended);
        }
    }
    first.unwrap()
}

/// A message without the times and rates that a summary tells.
fn untimed(message: &str) -> (&str, &str) {
    let (before, timed) = message.split_once(" in ").unwrap_or((message, ""));
    (before, timed.split(';').nth(1).unwrap_or_default())
}

/// The lines of a text as records are defined.
fn records(text: &[u8]) -> Vec<String> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let line = |line: &[u8]| String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
    lines.into_iter().map(line).collect()
}

fn python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn tally<'a>(words: impl IntoIterator<Item = &'a str>) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    words.into_iter().for_each(|word| *counts.entry(word.to_string()).or_default() += 1);
    counts
}

fn python_split(records: &[String]) -> HashMap<String, u64> {
    tally(records.iter().flat_map(|line| line.split(python_space)).filter(|word| !word.is_empty()))
}

#[test]
fn words_are_those_of_slow_code() {
    let dir = tempfile::tempdir().unwrap();
    let text = random_text(&mut Random(1), 60_000);
    fs::write(dir.path().join("text"), &text).unwrap();
    let records = records(&text);
    let lower: Vec<String> = records.iter().map(|line| line.to_lowercase()).collect();
    let by_regex = regex::Regex::new(r"\w+").unwrap();
    let cases = [
        ("", python_split(&records)),
        ("--by space", tally(records.iter().flat_map(|line| line.split(' ')))),
        ("--lower", python_split(&lower)),
        (
            r"--by regex:\w+",
            tally(records.iter().flat_map(|line| by_regex.find_iter(line)).map(|m| m.as_str())),
        ),
        ("--filter regex:lord", {
            let kept: Vec<_> = records.iter().filter(|line| line.contains("lord")).cloned().collect();
            python_split(&kept)
        }),
    ];
    for (options, expected) in cases {
        let line = format!(
            "wordcount --once --limit 0 --format json text {options} --start-time 2020-01-01T00:00:00Z --clock virtual"
        );
        let counts = json_counts(&same(dir.path(), &line).stdout);
        assert_eq!(counts.len(), expected.len(), "{options}");
        for (word, count) in &expected {
            assert_eq!(counts.get(word), Some(count), "{options}: {word:?}");
        }
    }
}

#[test]
fn every_format_and_order_is_the_same_from_any_number_of_workers() {
    let dir = tempfile::tempdir().unwrap();
    let text = random_text(&mut Random(2), 30_000);
    for (n, part) in text.chunks(text.len() / 5 + 1).enumerate() {
        fs::write(dir.path().join(format!("q{n}")), part).unwrap();
    }
    let queue = "--from queue:q0,q1,,q2,q3,q4,";
    for options in [
        "",
        "--limit 0",
        "--limit 0 --sort key",
        "--limit 3 --sort none",
        "--limit 0 --format csv --total",
        "--limit 0 --format tsv --window 3s --slide 2s",
        "--format json --window 4s",
        "--format table --total",
        "--once",
    ] {
        for command in [
            "wordcount",
            "wordcount --by space --lower",
            "count",
            "count --key field:2",
            r"count --key regex:u(\d)",
        ] {
            let ended = same(dir.path(), &format!("{command} {queue} {options}"));
            assert_eq!(ended.code, Some(0), "{command} {options}: {}", ended.stderr);
            assert!(!ended.stdout.is_empty());
        }
    }
}

#[test]
fn windows_and_totals_are_those_of_slow_code() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(3);
    let mut batches: Vec<HashMap<String, u64>> = Vec::new();
    let mut spec = String::from("queue:");
    for n in 0..24 {
        let mut words: Vec<String> = Vec::new();
        for _ in 0..random.below(400) {
            words.push(format!("k{}", random.below(1 + n * 5)));
        }
        let name = format!("b{n}");
        // Some intervals in which nothing came.
        if n % 7 == 3 {
            words.clear();
        } else {
            fs::write(dir.path().join(&name), words.join("\n")).unwrap();
            spec += &name;
        }
        if n < 23 {
            spec.push(',');
        }
        batches.push(tally(words.iter().map(String::as_str)));
    }
    for (window, slide) in [
        (1, 1),
        (2, 1),
        (4, 2),
        (5, 1),
        (6, 4),
        (3, 6),
        (12, 3),
        (24, 8),
        (40, 1),
        (4, 5),
        (5, 7),
        (10, 10),
        (15, 10),
        (9, 100),
    ] {
        let line = format!(
            "wordcount --from {spec} --limit 0 --format json --sort key --window {window}s --slide {slide}s"
        );
        let ended = same(dir.path(), &line);
        let mut expected = String::new();
        // The window that is cut short by the end has the time at which it would have been due.
        for at in (slide..batches.len() + slide).step_by(slide) {
            let mut sum: BTreeMap<&str, u64> = BTreeMap::new();
            for batch in batches.iter().take(at).skip(at.saturating_sub(window)) {
                batch.iter().for_each(|(key, count)| *sum.entry(key).or_default() += count);
            }
            for (key, count) in sum {
                let (minute, second) = (at / 60, at % 60);
                expected += &format!(
                    "{{\"time\":\"1970-01-01T00:{minute:02}:{second:02}Z\",\"key\":\"{key}\",\"count\":{count}}}\n"
                );
            }
        }
        assert_eq!(ended.stdout, expected, "{line}");
        let line = line.replace("wordcount", "count");
        let numbers: Vec<String> = (slide..batches.len() + slide)
            .step_by(slide)
            .map(|at| {
                let window = batches.iter().take(at).skip(at.saturating_sub(window));
                window.flat_map(HashMap::values).sum::<u64>().to_string()
            })
            .collect();
        let ended = same(dir.path(), &line);
        let rows: Vec<&str> =
            ended.stdout.lines().filter_map(|row| row.split(['}', ':']).nth_back(1)).collect();
        assert_eq!(rows, numbers, "{line}");
    }
    let ended =
        same(dir.path(), &format!("wordcount --from {spec} --limit 0 --total --format json --sort key"));
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    let mut expected = String::new();
    for (n, batch) in batches.iter().enumerate() {
        batch.iter().for_each(|(key, count)| *total.entry(key.clone()).or_default() += count);
        for (key, count) in &total {
            expected += &format!(
                "{{\"time\":\"1970-01-01T00:00:{:02}Z\",\"key\":\"{key}\",\"count\":{count}}}\n",
                n + 1
            );
        }
    }
    assert_eq!(ended.stdout, expected);
}

/// JSON records, about one in five of them bad; the keys of the good ones and the bad lines.
fn json_lines(random: &mut Random, lines: usize) -> (Vec<u8>, HashMap<String, u64>, String) {
    let (mut text, mut keys, mut bad) = (String::new(), Vec::new(), String::new());
    for n in 0..lines {
        let line = match random.below(15) {
            0 => format!("not json {n}"),
            1 => format!("{{\"user\":{{\"id\":{n}}}}}"),
            2 => format!("{{\"user\":{{\"name\":\"x\"}} {n}"),
            _ => {
                let key = format!("name {}", random.below(500));
                let line = format!(
                    "{{\"n\":{n},\"user\":{{\"name\":\"{key}\"}},\"text\":\"{}\"}}",
                    "t".repeat(n % 60)
                );
                keys.push(key);
                text += &line;
                text.push('\n');
                continue;
            }
        };
        text += &line;
        text.push('\n');
        bad += &line;
        bad.push('\n');
    }
    (text.into_bytes(), tally(keys.iter().map(String::as_str)), bad)
}

#[test]
fn bad_records_are_left_out_kept_or_fatal_alike_from_any_number_of_workers() {
    let dir = tempfile::tempdir().unwrap();
    let (text, expected, bad) = json_lines(&mut Random(4), 60_000);
    fs::write(dir.path().join("text"), &text).unwrap();
    let command = "count --key json:user.name --limit 0 --format json --clock virtual text";
    let skipped = bad.lines().count();
    for workers in WORKERS {
        let kept = dir.path().join(format!("kept{workers}"));
        let start = |how: &str| {
            let mut command = dstream(words(command));
            command.args([workers, "--on-error", how]).current_dir(dir.path());
            Run::stalled(command).end()
        };
        let ended = start(&format!("file={}", kept.display()));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(json_counts(&ended.stdout) == expected);
        assert!(fs::read_to_string(&kept).unwrap() == bad, "{workers}: all bad lines, in the input's order");
        let ended = start("skip");
        assert!(json_counts(&ended.stdout) == expected);
        let digits: String =
            ended.stderr.split("skipped ").nth(1).unwrap().split(' ').next().unwrap().replace(',', "");
        assert_eq!(digits, skipped.to_string());
    }
    let ended = same(dir.path(), &format!("{command} --on-error fail"));
    assert_eq!((ended.code, &*ended.stdout), (Some(3), ""));
    let first = bad.lines().next().unwrap();
    assert!(ended.stderr.contains(&format!("{first:?}")), "{}", ended.stderr);
}

#[test]
fn a_bad_record_ends_a_live_run_at_once() {
    let mut run = Run::start(words("count --key field:2 --interval 50ms --on-error fail -j4"));
    run.write("a b\nc d\n");
    run.until_stdout("the good ones", |text| text.contains("('b', 1)") && text.contains("('d', 1)"));
    run.write("lonely\nx y\n");
    let ended = run.end();
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("lonely"), "{}", ended.stderr);
    assert!(!ended.stdout.contains("('y', 1)"), "its batch is not printed");
}

#[test]
fn the_first_of_many_keys_in_windows_and_totals_are_those_of_slow_code() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(5);
    let mut batches: Vec<HashMap<String, u64>> = Vec::new();
    for n in 0..14 {
        // The range of keys moves on, so that the early leaders drop out of the window.
        let mut word = || format!("k{}", 3000 * (n / 3) + random.below(20_000).min(random.below(20_000)));
        let words: Vec<String> = (0..if n % 5 == 4 { 0 } else { 20_000 }).map(|_| word()).collect();
        fs::write(dir.path().join(format!("b{n}")), words.join(" ")).unwrap();
        batches.push(tally(words.iter().map(String::as_str)));
    }
    let spec: Vec<String> = (0..14).map(|n| format!("b{n}")).collect();
    for (scope, length) in [("--window 3s", 3), ("--window 8s", 8), ("--total", 14)] {
        for sort in ["count", "key"] {
            let line =
                format!("wordcount --from queue:{} -n 7 --format json --sort {sort} {scope}", spec.join(","));
            let mut expected = String::new();
            for at in 1..=batches.len() {
                let mut sum: HashMap<&str, u64> = HashMap::new();
                for batch in &batches[at.saturating_sub(length)..at] {
                    batch.iter().for_each(|(key, count)| *sum.entry(key).or_default() += count);
                }
                let mut rows: Vec<_> = sum.into_iter().collect();
                rows.sort_by(|a, b| if sort == "key" { a.cmp(b) } else { b.1.cmp(&a.1).then(a.0.cmp(b.0)) });
                for (key, count) in rows.iter().take(7) {
                    expected += &format!(
                        "{{\"time\":\"1970-01-01T00:00:{at:02}Z\",\"key\":\"{key}\",\"count\":{count}}}\n"
                    );
                }
            }
            assert_eq!(same(dir.path(), &line).stdout, expected, "{line}");
        }
    }
}

#[test]
fn programs_come_to_the_same_whether_they_start_with_pieces_or_with_all_of_a_batch() {
    // More pieces than are brought together at a time.
    const SIZE: usize = 12 << 20;
    let dir = tempfile::tempdir().unwrap();
    let mut text = random_text(&mut Random(7), 20_000);
    let once = text.len();
    while text.len() < SIZE {
        text.extend_from_within(..once);
    }
    fs::write(dir.path().join("text"), &text).unwrap();
    for program in [
        "lines.count()",
        "lines.map(len).countByValue()",
        "lines.map(len).top(7)",
        "lines.map(lambda l: len(l) if len(l) % 2 else l[:2]).countByValue()",
        "lines.filter(lambda l: 'lord' in l).map(len).reduce(max)",
        "lines.map(lambda l: (len(l) % 7, l[:1])).reduceByKey(lambda a, b: a + b).mapValues(lambda s: (len(s), s[:9], s[-9:]))",
        "lines.map(lambda l: (l[:3], len(l))).combineByKey(lambda n: [n], lambda c, n: c + [n] if len(c) < 5 else c, lambda a, b: (a + b)[:5])",
        "lines.map(lambda l: 10 // (len(l) - 3)).reduce(max)",
        "lines.map(lambda l: ([l], 1)).reduceByKey(max)",
        "lines.map(lambda l: [l]).countByValue()",
    ] {
        let mut early: Option<Ended> = None;
        // A second reader of the lines has them kept until the batch is over.
        for second in ["", "\nlines.filter(lambda l: False).pprint()"] {
            let program = format!("({program}).pprint(50){second}");
            for workers in ["-j1", "-j3"] {
                let options =
                    ["run", "--once", "--clock", "virtual", "--start-time", "2020-01-01T00:00:00Z", workers];
                let mut command = dstream(options);
                command.args(["-e", &program, "text"]).current_dir(dir.path());
                let ended = Run::stalled(command).end();
                if let Some(early) = &early {
                    assert!(
                        ended.stdout.starts_with(&early.stdout),
                        "{program} {workers}:\n{}",
                        ended.stdout
                    );
                    assert_eq!(ended.stderr, early.stderr, "{program} {workers}");
                } else {
                    early = Some(ended);
                }
            }
        }
    }
}

/// Documents of which every member may be missing, null, of another kind, there twice or spelled with escapes, and
/// text that is none.
fn documents(random: &mut Random, count: usize) -> String {
    let value = |random: &mut Random| {
        let values = [
            "null",
            "true",
            "false",
            "0",
            "-7",
            "12",
            "1.5",
            "1e3",
            "123456789012345678901",
            "\"en\"",
            "\"\"",
            "\" a  b \"",
            "\"a\\nb c\\r\"",
            "\"caf\\u00e9 \\ud83d\\ude00 x\"",
            "\"\u{3000}wide\u{a0}space\"",
            "[]",
            "[\"a b\", 1]",
            "{}",
            "{\"name\": \"inner\"}",
            "\"one word\"",
            "\"the the the\"",
        ];
        values[random.below(values.len())]
    };
    let mut text = String::new();
    for _ in 0..count {
        let mut members = Vec::new();
        for name in ["text", "lang", "retweets", "other", "text"] {
            if random.below(12) > usize::from(name == "text") * 4 {
                members.push(format!("\"{name}\": {}", value(random)));
            }
        }
        match random.below(6) {
            0 => members.push(format!("\"user\": {}", value(random))),
            1 => {}
            _ => members.push(format!(
                "\"user\": {{\"id\": {}, \"name\": {}}}",
                random.below(9),
                value(random)
            )),
        }
        text += &match random.below(40) {
            0 => value(random).to_string(),
            1 => format!("{{{}", members.join(", ")),
            _ => format!("{{{}}}", members.join(", ")),
        };
        text.push('\n');
    }
    text
}

#[test]
fn members_that_are_found_come_to_what_whole_documents_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text"), documents(&mut Random(8), 6000)).unwrap();
    for program in [
        "PARSED.map(lambda t: t['user']['name']).countByValue()",
        "PARSED.flatMap(lambda t: t['text'].split(' ')).countByValue()",
        "PARSED.flatMap(lambda t: t['text'].split()).map(lambda w: (w, 1)).reduceByKey(lambda a, b: a + b)",
        "PARSED.flatMap(lambda t: (t.get('text', None) or t['user']['name']).split()).countByValue()",
        "PARSED.flatMap(lambda t: t.get('text', 'none at all').lower().split(' ')).countByValue()",
        "PARSED.filter(lambda t: t['lang'] == 'en' and not t['other']).map(lambda t: (str(t['user']['name']), len(str(t['retweets'])))).reduceByKey(lambda a, b: a + b)",
        "PARSED.filter(lambda t: t['user']).map(lambda t: (str(t['lang']), t['user']['id'])).reduceByKey(max)",
        "PARSED.filter(lambda t: t.get('retweets', 0) != 1).map(lambda t: t.get('retweets', -1)).map(lambda n: n * 2).countByValue()",
        "PARSED.map(lambda t: (t['text'][:2], len(t['text'].split()))).reduceByKey(lambda a, b: max(a, b))",
        "PARSED.filter(lambda t: 'a' in t['text']).flatMap(lambda t: [c for c in t['text']]).countByValue()",
        "PARSED.flatMap(lambda t: t['user']['name'].encode().split()).countByValue()",
        "PARSED.map(lambda t: [t['lang'], t['lang'].append(1), t['lang']]).map(str).countByValue()",
    ] {
        let run = |program: &str, parsed: &str| {
            let program = format!("({}).pprint(4000)", program.replace("PARSED", parsed));
            let options =
                ["run", "--once", "--clock", "virtual", "--on-error", "skip", "-e", &program, "text"];
            let mut command = dstream(options);
            command.current_dir(dir.path());
            Run::stalled(command).end()
        };
        let found = run(program, "lines.map(json.loads)");
        // No rule knows what this does.
        let whole = run(program, "lines.map(lambda l: (lambda t: t)(json.loads(l)))");
        assert_eq!(found.stdout, whole.stdout, "{program}");
        // How many are left out, and why the first; of that a document's other members need not be shown.
        let told = |ended: &Ended| {
            let why = ended.stderr.split(" (record ").next().unwrap().to_string();
            let count = ended
                .stderr
                .split("; skipped ")
                .nth(1)
                .map(|rest| rest.split(' ').next().unwrap().to_string());
            (ended.code, why, count)
        };
        assert_eq!(told(&found), told(&whole), "{program}");
        assert!(found.stdout.lines().count() > 4, "{program}: {}{}", found.stdout, found.stderr);
    }
}
