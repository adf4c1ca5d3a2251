//! RDDs against slow twins in plain collections, and one number of workers against another.

use std::collections::BTreeMap;
use std::sync::Arc;

use dstream::plan::{Draw, Rdd, RddOp};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::*;

/// Partitions of pieces of pairs.
type Pairs = Vec<Vec<Vec<(Record, i64)>>>;

fn key() -> impl Strategy<Value = Record> {
    prop_oneof![
        4 => (-3_i64..4).prop_map(int),
        4 => "[a-c]{0,2}".prop_map(|key| text(&key)),
        1 => Just(Record::None),
        1 => (0_i64..2, "[ab]").prop_map(|(number, key)| pair(int(number), text(&key))),
    ]
}

fn pairs() -> impl Strategy<Value = Pairs> {
    vec(vec(vec((key(), -5_i64..6), 0..6), 0..4), 0..4)
}

fn rdd(pairs: &Pairs) -> Arc<Rdd> {
    let piece = |piece: &Vec<(Record, i64)>| {
        rows(&piece.iter().map(|(key, value)| pair(key.clone(), int(*value))).collect::<Vec<_>>())
    };
    of_pieces(pairs.iter().map(|partition| partition.iter().map(piece).collect()).collect())
}

fn all(pairs: &Pairs) -> Vec<(Record, i64)> {
    pairs.iter().flatten().flatten().cloned().collect()
}

/// The values of each key in order, by what the key looks like.
fn grouped(pairs: &Pairs) -> BTreeMap<String, Vec<i64>> {
    let mut groups: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (key, value) in all(pairs) {
        groups.entry(key.shown()).or_default().push(value);
    }
    groups
}

fn list(values: &[i64]) -> String {
    Record::List(values.iter().map(|value| int(*value)).collect()).shown()
}

/// Records in any order.
fn sorted(mut records: Vec<String>) -> Vec<String> {
    records.sort();
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keyed_operators_do_what_their_twins_do(left in pairs(), right in pairs(), partitions in 1_usize..5) {
        let groups = grouped(&left);
        let group = made(RddOp::Group { partitions }, &[&rdd(&left)]);
        let expected = groups.iter().map(|(key, values)| format!("({key}, {})", list(values))).collect();
        let computed_groups = computed(&group);
        prop_assert_eq!(computed_groups.len(), partitions);
        prop_assert_eq!(sorted(computed_groups.concat()), sorted(expected));

        // Not commutative: tells the order in which values come together.
        let combine = RddOp::Combine {
            create: Some(lambda("v", "[v]")),
            merge_value: lambda("c, v", "c + [v]"),
            merge_combiners: lambda("c, d", "c + d"),
            partitions,
        };
        let combined = computed(&made(combine, &[&rdd(&left)]));
        prop_assert_eq!(sorted(combined.concat()), sorted(computed_groups.concat()));
        // Where keys are does not depend on the operator.
        prop_assert_eq!(&combined, &computed_groups);

        let others = grouped(&right);
        let cogroup = made(RddOp::Cogroup { partitions }, &[&rdd(&left), &rdd(&right)]);
        let mut keys: Vec<_> = groups.keys().chain(others.keys()).collect();
        keys.sort();
        keys.dedup();
        let none = Vec::new();
        let of = |groups: &BTreeMap<String, Vec<i64>>, key: &String| list(groups.get(key).unwrap_or(&none));
        let expected: Vec<_> =
            keys.iter().map(|key| format!("({key}, ({}, {}))", of(&groups, key), of(&others, key))).collect();
        prop_assert_eq!(sorted(computed(&cogroup).concat()), sorted(expected));
    }

    #[test]
    fn sorts_are_stable_and_lose_nothing(pairs in pairs(), ascending: bool, partitions in 1_usize..5) {
        let sort = RddOp::Sort { key: Some(lambda("kv", "kv[1]")), ascending, partitions: Some(partitions) };
        let mut twin = all(&pairs);
        twin.sort_by_key(|(_, value)| if ascending { *value } else { -*value });
        let twin: Vec<_> = twin.into_iter().map(|(key, value)| pair(key, int(value)).shown()).collect();
        prop_assert_eq!(computed(&made(sort, &[&rdd(&pairs)])).concat(), twin.clone());
        let top = RddOp::Top { n: 4, key: Some(lambda("kv", "kv[1]")), largest: !ascending };
        prop_assert_eq!(computed(&made(top, &[&rdd(&pairs)])).concat(), &twin[..twin.len().min(4)]);
    }

    #[test]
    fn any_number_of_workers_comes_to_the_same(steps in vec(step(), 0..6), base in numbers(), seed: u64) {
        let mut rdd = base;
        for step in steps {
            rdd = step.of(&rdd, seed);
        }
        let one = workers(1).compute(&rdd).map(|dataset| shown(&dataset));
        let four = workers(4).compute(&rdd).map(|dataset| shown(&dataset));
        prop_assert_eq!(&one, &four);
        if let Ok(one) = one {
            let counted = workers(1).partitions(&rdd).expect("it can be computed");
            prop_assert_eq!(counted, one.len());
            let first = workers(4).compute_first(&rdd, 3).expect("it can be computed");
            let (first, one) = (flat(&first), one.concat());
            prop_assert!(first.len() >= one.len().min(3));
            prop_assert_eq!(&first[..], &one[..first.len()]);
        }
    }
}

/// Pairs of ints in several pieces.
fn numbers() -> impl Strategy<Value = Arc<Rdd>> {
    let pair = (-20_i64..20, -5_i64..6).prop_map(|(key, value)| (int(key), value));
    vec(vec(vec(pair, 0..8), 0..5), 0..4).prop_map(|pairs| rdd(&pairs))
}

/// An operator from pairs to pairs.
#[derive(Clone, Debug)]
enum Step {
    Swap,
    Odd,
    Twice,
    Divide,
    Sum(usize),
    Sizes(usize),
    WithItself(usize),
    ByKey(usize),
    Deal(usize),
    Coalesce(usize),
    Sort(bool, usize),
    Doubled,
    Numbered,
    Sampled,
    Glommed,
    Running,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Swap),
        Just(Step::Odd),
        Just(Step::Twice),
        Just(Step::Divide),
        (1_usize..4).prop_map(Step::Sum),
        (1_usize..4).prop_map(Step::Sizes),
        (1_usize..4).prop_map(Step::WithItself),
        (1_usize..4).prop_map(Step::ByKey),
        (1_usize..4).prop_map(Step::Deal),
        (1_usize..4).prop_map(Step::Coalesce),
        (any::<bool>(), 1_usize..4).prop_map(|(ascending, partitions)| Step::Sort(ascending, partitions)),
        Just(Step::Doubled),
        Just(Step::Numbered),
        Just(Step::Sampled),
        Just(Step::Glommed),
        Just(Step::Running),
    ]
}

impl Step {
    fn of(&self, rdd: &Arc<Rdd>, seed: u64) -> Arc<Rdd> {
        let map = |text, rdd: &Arc<Rdd>| made(RddOp::Map(lambda("kv", text)), &[rdd]);
        match *self {
            Step::Swap => map("(kv[1], kv[0])", rdd),
            Step::Odd => made(RddOp::Filter(lambda("kv", "kv[0] % 2 == 1")), &[rdd]),
            Step::Twice => {
                made(RddOp::FlatMap(lambda("kv", "(x for x in [kv, (kv[0] + 1, kv[1])])")), &[rdd])
            }
            Step::Divide => made(RddOp::MapValues(lambda("v", "10 // (v + 4)")), &[rdd]),
            Step::Sum(partitions) => {
                let add = lambda("a, b", "a + b");
                let (merge_value, merge_combiners) = (add.clone(), add);
                made(RddOp::Combine { create: None, merge_value, merge_combiners, partitions }, &[rdd])
            }
            Step::Sizes(partitions) => {
                let group = made(RddOp::Group { partitions }, &[rdd]);
                made(RddOp::MapValues(lambda("vs", "len(list(vs))")), &[&group])
            }
            Step::WithItself(partitions) => {
                let both = made(RddOp::Cogroup { partitions }, &[rdd, rdd]);
                made(
                    RddOp::FlatMapValues(lambda("vw", "[v + w for v in vw[0] for w in list(vw[1])[:2]]")),
                    &[&both],
                )
            }
            Step::ByKey(partitions) => made(RddOp::PartitionBy { partitions, function: None }, &[rdd]),
            Step::Deal(partitions) => made(RddOp::Repartition { partitions }, &[rdd]),
            Step::Coalesce(partitions) => made(RddOp::Coalesce { partitions }, &[rdd]),
            Step::Sort(ascending, partitions) => {
                made(RddOp::Sort { key: None, ascending, partitions: Some(partitions) }, &[rdd])
            }
            Step::Doubled => made(RddOp::Union, &[rdd, &map("kv", rdd)]),
            Step::Numbered => map("(kv[1], kv[0][1])", &made(RddOp::ZipWithIndex, &[rdd])),
            Step::Sampled => {
                let draw = match seed.is_multiple_of(2) {
                    true => Draw::Poisson(0.7),
                    false => Draw::Uniform { from: 0.0, to: 0.7 },
                };
                made(RddOp::Sample { draw, seed: seed.cast_signed() }, &[rdd])
            }
            Step::Glommed => {
                made(RddOp::FlatMap(lambda("records", "records")), &[&made(RddOp::Glom, &[rdd])])
            }
            Step::Running => {
                let running = "((kv[0], i) for i, kv in enumerate(it))";
                made(RddOp::MapPartitions { function: lambda("it", running), with_index: false }, &[rdd])
            }
        }
    }
}

#[test]
fn many_records_go_through_slab_by_slab() {
    // Enough for several slabs and tasks, with lines longer than blocks of text, and some that are no text.
    let mut text = Vec::new();
    for number in 0..60_000 {
        match number % 20_000 {
            0 => text.extend(vec![b'x'; 100_000]),
            1 => text.extend(b"\xff"),
            _ => text.extend(format!("word{} of line {number}", number % 7).bytes()),
        }
        text.push(b'\n');
    }
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let pieces: Vec<_> = lines.chunks(5000).map(|lines| crate::support::lines(&lines.concat())).collect();
    let base = of_pieces(vec![pieces[..5].to_vec(), pieces[5..].to_vec()]);
    let words = made(RddOp::FlatMap(lambda("line", "line.split(' ')")), &[&base]);
    let pairs = made(RddOp::Map(lambda("word", "(word[:4], len(word))")), &[&words]);
    let add = lambda("a, b", "a + b");
    let (merge_value, merge_combiners) = (add.clone(), add);
    let sums = made(RddOp::Combine { create: None, merge_value, merge_combiners, partitions: 1 }, &[&pairs]);
    let mut twin: BTreeMap<String, usize> = BTreeMap::new();
    for word in String::from_utf8_lossy(&text).lines().flat_map(|line| line.split(' ').map(str::to_string)) {
        *twin.entry(word.chars().take(4).collect()).or_default() += word.chars().count();
    }
    let twin: Vec<_> = twin.into_iter().map(|(key, sum)| format!("('{key}', {sum})")).collect();
    for count in [1, 4] {
        let mut workers = workers(count);
        assert_eq!(sorted(flat(&workers.compute(&sums).expect("fine"))), sorted(twin.clone()));
        let lengths = made(RddOp::Map(lambda("line", "len(line)")), &[&base]);
        let expected: Vec<_> =
            String::from_utf8_lossy(&text).lines().map(|line| line.chars().count().to_string()).collect();
        assert_eq!(flat(&workers.compute(&lengths).expect("fine")), expected);
    }
}
