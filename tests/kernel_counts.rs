//! Counting against its slow twin: a map from words that Python's rules, spelled out, give.

use std::collections::HashMap;

use dstream::batch::{SLACK, Text};
use dstream::kernel::{CountTable, Delimiters, Level, Merge, SHARDS, Scratch, Seed, Span, Tokenizer};
use proptest::prelude::*;

type Twin = HashMap<Vec<u8>, u64>;

/// Runs `with` on the bytes as a text; what lies behind them must not matter.
fn with_text<R>(bytes: &[u8], slack: u8, with: impl FnOnce(Text<'_>) -> R) -> R {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len() + SLACK, slack);
    with(Text::new(&padded, bytes.len()))
}

/// Python: decode with errors="replace", split into records, split each into words.
fn words(bytes: &[u8], delimiters: Delimiters) -> Twin {
    let text = String::from_utf8_lossy(bytes);
    let mut twin = Twin::new();
    for record in text.split_terminator('\n') {
        let record = record.strip_suffix('\r').unwrap_or(record);
        let mut count = |word: &str| *twin.entry(word.as_bytes().to_vec()).or_insert(0) += 1;
        match delimiters {
            Delimiters::Space => record.split(' ').for_each(&mut count),
            Delimiters::Whitespace => record
                .split(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
                .filter(|word| !word.is_empty())
                .for_each(&mut count),
        }
    }
    twin
}

/// All keys of the tables, and the tables back. Each must come once, in a partition of the shard it
/// always has.
fn merged(tables: Vec<CountTable>) -> (Twin, Vec<CountTable>) {
    let merge = Merge::new(tables);
    let mut all = Twin::new();
    let mut scratch = Scratch::default();
    let mut last_shard = 0;
    for partition in 0..merge.partitions() {
        let shard = merge.shard(partition);
        assert!(shard < SHARDS && shard >= last_shard);
        last_shard = shard;
        merge.partition(partition, &mut scratch, |key, count| {
            assert!(std::str::from_utf8(key).is_ok(), "{key:?}");
            assert!(all.insert(key.to_vec(), count).is_none(), "{key:?} twice");
        });
    }
    assert_eq!(last_shard, SHARDS - 1);
    (all, merge.into_tables())
}

fn counted(bytes: &[u8], level: Level, delimiters: Delimiters) -> Twin {
    let mut table = CountTable::new(&Seed::random(), 1 << 20);
    let mut tokenizer = Tokenizer::with_level(level, delimiters);
    with_text(bytes, b' ', |text| tokenizer.count(text, &mut table));
    merged(vec![table]).0
}

fn agrees(bytes: &[u8]) {
    for delimiters in [Delimiters::Space, Delimiters::Whitespace] {
        let twin = words(bytes, delimiters);
        for level in Level::available() {
            let counts = counted(bytes, level, delimiters);
            assert!(counts == twin, "{} {delimiters:?}: {counts:?}\nand not {twin:?}", level.name());
        }
    }
}

/// Pieces that matter to the tokenizer, in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[a-z]{1,9}".prop_map(String::into_bytes),
        6 => Just(b" ".to_vec()),
        2 => "[A-Z]{8,36}".prop_map(String::into_bytes),
        2 => prop::sample::select(vec!["\n", "\r\n", "\r", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "  ", "\0", "\x08", "\x0e", "\x1b", "!"])
            .prop_map(|text| text.as_bytes().to_vec()),
        2 => prop::sample::select(vec!["\u{85}", "\u{a0}", "\u{1680}", "\u{2000}", "\u{200a}", "\u{200b}", "\u{2028}", "\u{2029}",
            "\u{202f}", "\u{205f}", "\u{3000}", "é", "ß", "中", "“", "😀"]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..300).prop_map(|pieces| {
        let mut bytes = pieces.concat();
        bytes.push(b'\n');
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn words_of_mixed_text(bytes in pieces()) {
        agrees(&bytes);
    }

    #[test]
    fn words_of_random_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        bytes.push(b'\n');
        agrees(&bytes);
    }

    #[test]
    fn words_of_text_longer_than_a_block(unit in pieces(), times in 1_usize..60, odd in "[a-z ]{0,70}") {
        let mut bytes = odd.into_bytes();
        for _ in 0..times {
            bytes.extend_from_slice(&unit);
        }
        agrees(&bytes);
    }

    #[test]
    fn keys_that_are_added_and_spans(
        keys in prop::collection::vec((prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..40), 0_u64..4), 0..60),
    ) {
        let seed = Seed::random();
        let mut added = CountTable::new(&seed, 1 << 20);
        let mut spanned = CountTable::new(&seed, 1 << 20);
        let mut twin = Twin::new();
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for (key, count) in &keys {
            added.add(key, *count);
            if *count > 0 {
                *twin.entry(String::from_utf8_lossy(key).into_owned().into_bytes()).or_insert(0) += count;
            }
            for _ in 0..*count {
                spans.push(Span { start: bytes.len(), len: key.len() });
            }
            bytes.extend_from_slice(key);
        }
        with_text(&bytes, b'\n', |text| spanned.count_spans(text, &spans));
        prop_assert_eq!(&merged(vec![added]).0, &twin);
        prop_assert_eq!(&merged(vec![spanned]).0, &twin);
    }
}

#[test]
fn words_longer_than_a_block() {
    for len in [16_300, 16_383, 16_384, 16_385, 40_000, 200_000] {
        for end in ["\n", "\r\n", " \r\n", "\r\r\n", "\u{2003}x\n"] {
            let mut bytes = b"a bc\n".to_vec();
            bytes.extend(std::iter::repeat_n(b'x', len));
            bytes.extend_from_slice(end.as_bytes());
            bytes.extend_from_slice(b"last one\r\n");
            agrees(&bytes);
        }
    }
}

#[test]
fn blocks_of_delimiters_only() {
    for byte in [b' ', b'\n', b'\t'] {
        let mut bytes = vec![byte; 50_000];
        bytes.push(b'\n');
        agrees(&bytes);
    }
}

#[test]
fn a_text_without_a_last_newline_ends_its_last_word() {
    for text in ["", "a", "a b", "a b\r", "one two\nthree"] {
        agrees(text.as_bytes());
    }
}

#[test]
fn equal_keys_after_replacement_are_one_key() {
    let counts = counted(b"\xff \xfe \xe2\x80 \xef\xbf\xbd\n", Level::best(), Delimiters::Space);
    assert_eq!(counts, Twin::from([("\u{fffd}".as_bytes().to_vec(), 4)]));
}

/// Different keys of all classes from a number.
fn key(number: u64) -> String {
    match number % 4 {
        0 => format!("{number:x}"),
        1 => format!("{number:09x}"),
        2 => format!("{number:x}-a-wide-key-{number}"),
        _ => format!("{number:x}-a-key-that-is-held-by-reference-{number}"),
    }
}

#[test]
fn many_keys_spill_and_merge_whatever_the_budget() {
    let seed = Seed::random();
    for budget in [0, 1 << 16, 1 << 22, usize::MAX] {
        let mut tables: Vec<_> = (0..3).map(|_| CountTable::new(&seed, budget)).collect();
        let mut tokenizer = Tokenizer::new(Delimiters::Space);
        // The second round starts with tables that were used and cleared.
        for keys in [900_000_u64, 1000] {
            let mut twin = Twin::new();
            for (worker, table) in tables.iter_mut().enumerate() {
                let mut bytes = Vec::new();
                for i in 0..900_000_u64 {
                    let number = i.wrapping_mul(0x9e37_79b9_7f4a_7c15 + 2 * worker as u64) % keys;
                    let key = key(number);
                    bytes.extend_from_slice(key.as_bytes());
                    bytes.push(b" \n"[usize::from(i % 10 == 9)]);
                    *twin.entry(key.into_bytes()).or_insert(0) += 1;
                }
                with_text(&bytes, 0, |text| tokenizer.count(text, table));
                for number in 0..1000 {
                    table.add(key(number).as_bytes(), 5);
                    *twin.entry(key(number).into_bytes()).or_insert(0) += 5;
                }
            }
            let merge = Merge::new(tables);
            assert!(keys < 65_536 * 3 || merge.partitions() == 256);
            tables = merge.into_tables();
            let (merged, used) = merged(tables);
            assert!(merged == twin, "budget {budget}: {} keys instead of {}", merged.len(), twin.len());
            tables = used;
            tables.iter_mut().for_each(CountTable::clear);
        }
    }
}

#[test]
fn the_spill_is_bounded_by_the_different_keys() {
    let mut table = CountTable::new(&Seed::random(), 1 << 20);
    let mut tokenizer = Tokenizer::new(Delimiters::Space);
    let mut most = 0;
    for round in 0..30 {
        let text: String = (0..300_000).map(|i| format!("{}\n", key((i * 7 + round) % 300_000))).collect();
        with_text(text.as_bytes(), 0, |text| tokenizer.count(text, &mut table));
        most = most.max(table.spill_bytes());
    }
    // Spilling all of 9 million occurrences takes well over 100 MB.
    assert!(most < 40 << 20, "{most} bytes");
    assert_eq!(merged(vec![table]).0.values().sum::<u64>(), 9_000_000);
}

#[test]
fn cleared_tables_count_anew() {
    let seed = Seed::random();
    let mut table = CountTable::new(&seed, 1 << 20);
    let mut tokenizer = Tokenizer::new(Delimiters::Space);
    for keys in [400_000, 10, 400_000, 0, 3] {
        let text: String = (0..keys).map(|i| format!("{}\n", key(i))).collect();
        with_text(text.as_bytes(), 0, |text| tokenizer.count(text, &mut table));
        let (counts, mut tables) = merged(vec![table]);
        assert_eq!(counts.len() as u64, keys);
        assert!(counts.values().all(|&count| count == 1));
        table = tables.pop().expect("one table");
        table.clear();
        assert!(table.is_empty());
    }
}

#[test]
fn a_key_keeps_its_shard_from_batch_to_batch() {
    let seed = Seed::random();
    let shards = |others: u64| {
        let mut table = CountTable::new(&seed, 1 << 20);
        for number in 0..100 + others {
            table.add(key(number).as_bytes(), 1);
        }
        let merge = Merge::new(vec![table]);
        let mut shards = HashMap::new();
        for partition in 0..merge.partitions() {
            merge.partition(partition, &mut Scratch::default(), |key, _| {
                shards.insert(key.to_vec(), merge.shard(partition));
            });
        }
        shards.retain(|name, _| (0..100).any(|number| key(number).as_bytes() == &name[..]));
        shards
    };
    let few = shards(0);
    assert_eq!(few.len(), 100);
    assert_eq!(few, shards(100_000));
    assert_eq!(few, shards(600_000));
}

#[test]
fn threads_share_a_merge() {
    let seed = Seed::random();
    let tables = std::thread::scope(|scope| {
        let count = |worker: u64| {
            let seed = &seed;
            move || {
                let mut table = CountTable::new(seed, 1 << 20);
                for number in 0..200_000 {
                    table.add(key(number * worker).as_bytes(), 1);
                }
                table
            }
        };
        let workers: Vec<_> = (1..4).map(|worker| scope.spawn(count(worker))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a table")).collect()
    });
    let merge = Merge::new(tables);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let take = || {
        let (mut scratch, mut total) = (Scratch::default(), 0);
        loop {
            let partition = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if partition >= merge.partitions() {
                return total;
            }
            merge.partition(partition, &mut scratch, |_, count| total += count);
        }
    };
    let totals: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(take)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a total")).collect()
    });
    assert_eq!(totals.iter().sum::<u64>(), 600_000);
}

#[test]
fn a_last_line_without_its_end_ends_in_an_empty_word_after_a_space() {
    for text in ["a ", "a  ", "a \r", " ", "a\n ", "a"] {
        let expected = words(text.as_bytes(), Delimiters::Space);
        assert_eq!(counted(text.as_bytes(), Level::best(), Delimiters::Space), expected, "{text:?}");
    }
}

/// Tables full of keys that came twice, and then one key that comes for ever: it must not pile up.
#[test]
fn memory_follows_the_number_of_different_keys_whatever_comes_first() {
    let mut tokenizer = Tokenizer::new(Delimiters::Space);
    for (digits, heavy) in [(0, "the"), (40, "https://example.org/a/rather/long/path/index.html")] {
        let mut table = CountTable::new(&Seed::random(), 1 << 20);
        let key = |number: u64| format!("{number:0digits$x}\n");
        let mut text: String = (0..65_536).map(key).collect::<String>().repeat(2);
        text.extend((1_000_000..1_002_000).map(key));
        with_text(text.as_bytes(), 0, |text| tokenizer.count(text, &mut table));
        let heavy = format!("{heavy}\n").repeat((1 << 20) / (heavy.len() + 1));
        for _ in 0..24 {
            with_text(heavy.as_bytes(), 0, |text| tokenizer.count(text, &mut table));
            assert!(table.spill_bytes() < 12 << 20, "{} bytes", table.spill_bytes());
        }
    }
}
