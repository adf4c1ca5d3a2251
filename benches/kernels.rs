//! Bytes per second of each kernel, on text made here: the same in every run.
//!
//!     cargo bench --bench kernels [-- [--quick] [NAME…] [--file PATH]]
//!
//! Figures are those of the fastest of several runs over text in memory; nothing is read and no
//! thread is started. NAMEs select the lines that contain one of them; `--file` adds a text.

use std::hint::black_box;
use std::time::{Duration, Instant};

use dstream::batch::{SLACK, Text};
use dstream::kernel::{
    CountTable, Delimiters, Extracted, Field, JsonPath, Level, Merge, PaddedBuf, Rank, Scratch, Seed,
    Separator, Tokenizer, Top, count_lines, keep_lines, lowercase, records,
};

/// Bytes of text given to a kernel at a time, as a chunk is in a run.
const PIECE: usize = 256 * 1024;

/// Bytes that one batch's table may spill before it is summed up.
const BUDGET: usize = 128 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut bench = Bench { time: Duration::from_millis(400), names: Vec::new() };
    let mut megabytes = 16;
    let mut file = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" | "--test" => {
                bench.time = Duration::ZERO;
                megabytes = 1;
            }
            "--file" => file = arguments.next(),
            // What cargo adds by itself.
            option if option.starts_with("--") => {}
            name => bench.names.push(name.to_string()),
        }
    }
    let mut random = Random(1);
    let english = english(&mut random, megabytes << 20);
    let logs = logs(&mut random, megabytes << 20);
    let unique = unique(&mut random, megabytes << 20);
    let json = json(&mut random, megabytes << 20);
    let mut texts = vec![("english", &english), ("logs", &logs), ("unique", &unique)];
    let extra =
        file.map(|path| padded(std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))));
    if let Some(text) = &extra {
        texts.push(("file", text));
    }
    for (name, text) in &texts {
        bench.words(name, text);
        bench.merge(name, text);
    }
    bench.lines(&logs);
    bench.json(&json);
    for (name, text) in [("english", &english), ("json", &json)] {
        bench.rewriting(name, text);
    }
}

struct Bench {
    time: Duration,
    names: Vec<String>,
}

impl Bench {
    /// Prints how many bytes a second `run` crunches when it crunches `bytes` bytes.
    fn measure(&self, name: &str, bytes: usize, mut run: impl FnMut()) {
        if !self.names.is_empty() && !self.names.iter().any(|part| name.contains(part.as_str())) {
            return;
        }
        let mut best = Duration::MAX;
        let start = Instant::now();
        loop {
            let before = Instant::now();
            run();
            best = best.min(before.elapsed());
            if start.elapsed() >= self.time {
                break;
            }
        }
        println!("{name:<40} {:>8.0} MB/s", bytes as f64 / 1e6 / best.as_secs_f64());
    }

    fn words(&self, name: &str, text: &[u8]) {
        for level in Level::available() {
            for (by, delimiters) in [("space", Delimiters::Space), ("whitespace", Delimiters::Whitespace)] {
                let mut table = CountTable::new(&Seed::fixed(1), BUDGET);
                let mut tokenizer = Tokenizer::with_level(level, delimiters);
                self.measure(&format!("words/{name}/{by}/{}", level.name()), text.len() - SLACK, || {
                    table.clear();
                    for piece in pieces(text) {
                        tokenizer.count(piece, &mut table);
                    }
                });
            }
        }
    }

    fn merge(&self, name: &str, text: &[u8]) {
        let seed = Seed::fixed(1);
        let mut tables: Vec<_> = (0..2).map(|_| CountTable::new(&seed, BUDGET)).collect();
        let mut tokenizer = Tokenizer::new(Delimiters::Space);
        for (i, piece) in pieces(text).enumerate() {
            tokenizer.count(piece, &mut tables[i % 2]);
        }
        let merge = Merge::new(tables);
        let mut scratch = Scratch::default();
        self.measure(&format!("merge of 2 tables and top 10/{name}"), text.len() - SLACK, || {
            let mut top = Top::new(Rank::Count, 10);
            for partition in 0..merge.partitions() {
                merge.partition(partition, &mut scratch, |key, count| top.push(key, count as i64));
            }
            black_box(top.finish());
        });
    }

    fn lines(&self, text: &[u8]) {
        let size = text.len() - SLACK;
        self.measure("count_lines", size, || {
            black_box(pieces(text).map(|piece| count_lines(piece.bytes())).sum::<usize>());
        });
        let mut buffer = PaddedBuf::default();
        self.measure("keep_lines, half of them", size, || {
            for piece in pieces(text) {
                black_box(keep_lines(piece, &mut buffer, |record| record.len() % 2 == 0).len());
            }
        });
        let fields = [
            ("field 1", Field::new(1, Separator::Whitespace)),
            ("field 4", Field::new(4, Separator::Whitespace)),
            ("field 1 by ' '", Field::new(1, Separator::Exact(b" ".to_vec()))),
            ("field 4 by ', '", Field::new(4, Separator::Exact(b", ".to_vec()))),
        ];
        for (name, field) in fields {
            let mut spans = Vec::new();
            self.measure(&format!("{name}, extract"), size, || {
                for piece in pieces(text) {
                    spans.clear();
                    field.extract(piece, &mut spans, |_| ());
                    black_box(&spans);
                }
            });
            let mut table = CountTable::new(&Seed::fixed(1), BUDGET);
            self.measure(&format!("{name}, extract and count"), size, || {
                table.clear();
                for piece in pieces(text) {
                    spans.clear();
                    field.extract(piece, &mut spans, |_| ());
                    table.count_spans(piece, &spans);
                }
            });
        }
    }

    fn json(&self, text: &[u8]) {
        for path in ["user.name", "id", "tags.1"] {
            let parsed = JsonPath::new(&path.split('.').collect::<Vec<_>>());
            self.measure(&format!("json {path}"), text.len() - SLACK, || {
                let found = |record| matches!(parsed.extract(record), Extracted::Found(_));
                black_box(records(&text[..text.len() - SLACK]).filter(|record| found(record)).count());
            });
        }
    }

    fn rewriting(&self, name: &str, text: &[u8]) {
        let mut buffer = PaddedBuf::default();
        self.measure(&format!("lowercase/{name}"), text.len() - SLACK, || {
            for piece in pieces(text) {
                black_box(lowercase(piece, &mut buffer).len());
            }
        });
    }
}

/// The text in pieces of whole lines.
fn pieces(padded: &[u8]) -> impl Iterator<Item = Text<'_>> {
    let text = Text::new(padded, padded.len() - SLACK);
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == text.len() {
            return None;
        }
        let most = (at + PIECE).min(text.len());
        let end = memchr::memrchr(b'\n', &text.bytes()[at..most]).map_or(most, |newline| at + newline + 1);
        let piece = text.slice(at..end);
        at = end;
        Some(piece)
    })
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len() + SLACK, 0);
    bytes
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A rank from 0 to `n - 1`, each about inversely as likely as it is high: Zipf's law.
    fn zipf(&mut self, n: usize) -> usize {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (((n + 1) as f64).powf(uniform) - 1.0) as usize
    }
}

/// Words of which the frequent ones are short, 5.4 bytes a word with its space on average.
fn english(random: &mut Random, size: usize) -> Vec<u8> {
    let vocabulary: Vec<String> = (0..35_000_usize)
        .map(|rank| {
            let shortest = [1, 2, 3, 3, 4, 4][rank.max(1).ilog10() as usize + usize::from(rank > 30)];
            let len = shortest + random.below(2 + rank.max(1).ilog2() as usize / 3);
            (0..len).map(|_| (b'a' + random.below(26) as u8) as char).collect()
        })
        .collect();
    let mut bytes = Vec::with_capacity(size + 256);
    while bytes.len() < size {
        for i in 0..26 {
            bytes.extend_from_slice(if i == 0 { b"" } else { b" " });
            bytes.extend_from_slice(vocabulary[random.zipf(vocabulary.len())].as_bytes());
        }
        bytes.push(b'\n');
    }
    padded(bytes)
}

/// Lines of an access log, about 100 bytes each.
fn logs(random: &mut Random, size: usize) -> Vec<u8> {
    let addresses: Vec<String> = (0..5000)
        .map(|_| {
            format!("{}.{}.{}.{}", random.below(256), random.below(256), random.below(256), random.below(256))
        })
        .collect();
    let mut bytes = Vec::with_capacity(size + 256);
    let mut second = 0;
    while bytes.len() < size {
        second += random.below(3) / 2;
        let line = format!(
            "{} - - [21/Nov/2026:{:02}:{:02}:{:02} +0000] \"GET /{}/item{} HTTP/1.1\" {} {} in {} ms\n",
            addresses[random.zipf(addresses.len())],
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            ["images", "static/css", "api/v1/orders", "search"][random.below(4)],
            random.zipf(20_000),
            [200, 200, 200, 304, 404, 500][random.below(6)],
            random.zipf(50_000),
            random.zipf(1000),
        );
        bytes.extend_from_slice(line.as_bytes());
    }
    padded(bytes)
}

/// Words of 16 hexadecimal digits, no two alike.
fn unique(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 256);
    while bytes.len() < size {
        for i in 0..8 {
            let end = if i == 7 { '\n' } else { ' ' };
            bytes.extend_from_slice(format!("{:016x}{end}", random.next()).as_bytes());
        }
    }
    padded(bytes)
}

/// JSON records with some text that is not ASCII.
fn json(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 256);
    while bytes.len() < size {
        let line = format!(
            "{{\"id\": {}, \"user\": {{\"name\": \"user{}\", \"city\": \"Zürich\"}}, \"tags\": [\"a\", \"b{}\"], \"text\": \"{}\"}}\n",
            random.next(),
            random.zipf(5000),
            random.below(100),
            "Some words, and a \\\"quoted\\\" one. ".repeat(random.below(4)),
        );
        bytes.extend_from_slice(line.as_bytes());
    }
    padded(bytes)
}
