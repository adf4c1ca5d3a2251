//! RDDs: narrow operators, shuffles, order and partitions, failures.

use std::sync::Arc;

use dstream::plan::{Draw, Failure, Rdd, RddOp};

use crate::support::*;

fn reduce_by_key(parent: &Arc<Rdd>, partitions: usize) -> Arc<Rdd> {
    let (merge_value, merge_combiners) = (lambda("a, b", "a + b"), lambda("a, b", "a + b"));
    made(RddOp::Combine { create: None, merge_value, merge_combiners, partitions }, &[parent])
}

fn ints(numbers: impl IntoIterator<Item = i64>) -> Vec<Record> {
    numbers.into_iter().map(int).collect()
}

#[test]
fn narrow_operators_are_one_pass_in_order() {
    let words = made(
        RddOp::FlatMap(lambda("s", "s.split(' ')")),
        &[&of_pieces(vec![
            vec![lines(b"to be\r\nor \n"), rows(&[text("not to")])],
            vec![lines(b"\xff caf\xc3\xa9\n")],
            vec![],
        ])],
    );
    let pairs = made(RddOp::Map(lambda("x", "(x, 1)")), &[&words]);
    assert_eq!(
        computed(&pairs),
        [
            vec!["('to', 1)", "('be', 1)", "('or', 1)", "('', 1)", "('not', 1)", "('to', 1)"],
            vec!["('\u{fffd}', 1)", "('café', 1)"],
            vec![],
        ]
    );
    let even = made(RddOp::Filter(lambda("x", "x % 2 == 0")), &[&data(&[&ints(0..7)])]);
    assert_eq!(computed(&even), [["0", "2", "4", "6"]]);
    let values = made(RddOp::MapValues(lambda("x", "-x")), &[&data(&[&[pair(text("a"), int(1))]])]);
    assert_eq!(computed(&values), [["('a', -1)"]]);
    let flat =
        made(RddOp::FlatMapValues(lambda("s", "s.split(' ')")), &[&data(&[&[pair(int(1), text("a b"))]])]);
    assert_eq!(computed(&flat), [["(1, 'a')", "(1, 'b')"]]);
}

#[test]
fn functions_over_partitions_see_all_of_each_lazily() {
    let base = of_pieces(vec![vec![rows(&ints(0..3)), rows(&ints(3..5))], vec![]]);
    let over = |parameters, text, with_index| RddOp::MapPartitions {
        function: lambda(parameters, text),
        with_index,
    };
    assert_eq!(computed(&made(over("it", "[sum(1 for _ in it)]", false), &[&base])), [["5"], ["0"]]);
    assert_eq!(
        computed(&made(over("i, it", "((i, x) for x in it)", true), &[&base])),
        [vec!["(0, 0)", "(0, 1)", "(0, 2)", "(0, 3)", "(0, 4)"], vec![]]
    );
    assert_eq!(computed(&made(RddOp::Count, &[&base])), [["5"], ["0"]]);
    let odd = made(RddOp::Filter(lambda("x", "x % 2")), &[&base]);
    assert_eq!(computed(&made(RddOp::Count, &[&odd])), [["2"], ["0"]]);
    assert_eq!(computed(&made(RddOp::Glom, &[&base])), [["[0, 1, 2, 3, 4]"], ["[]"]]);
    let broken = failure(&made(over("it", "5", false), &[&base]));
    assert_eq!((&*broken.class, &*broken.message), ("TypeError", "'int' object is not iterable"));
}

#[test]
fn keys_of_numbers_are_where_spark_has_them() {
    let keys = [5, 2, 4, 1, 2, 0, 3, -1, -2].map(|key| pair(int(key), int(1)));
    let reduced = computed(&reduce_by_key(&data(&[&keys]), 2));
    assert_eq!(
        reduced,
        [vec!["(2, 2)", "(4, 1)", "(0, 1)", "(-1, 1)", "(-2, 1)"], vec!["(5, 1)", "(1, 1)", "(3, 1)"]]
    );
}

#[test]
fn other_keys_are_sorted_and_cut() {
    let keys = [text("b"), Record::None, text("a"), pair(int(1), text("x")), int(7)];
    let records: Vec<_> = keys.into_iter().map(|key| pair(key, int(1))).collect();
    assert_eq!(
        computed(&reduce_by_key(&data(&[&records]), 2)),
        [vec!["(None, 1)", "(7, 1)"], vec!["('a', 1)", "('b', 1)", "((1, 'x'), 1)"]]
    );
    assert_eq!(computed(&reduce_by_key(&data(&[&records]), 1))[0][0], "('b', 1)", "as first seen");
}

#[test]
fn no_partitions_become_as_many_as_are_asked_for() {
    assert_eq!(computed(&reduce_by_key(&data(&[]), 2)), [[""; 0], []]);
    assert_eq!(computed(&made(RddOp::Top { n: 3, key: None, largest: true }, &[&data(&[])])).len(), 0);
}

#[test]
fn values_come_together_in_order() {
    let records = [("k", "1"), ("j", "9"), ("k", "2")].map(|(key, value)| pair(text(key), text(value)));
    let more = [pair(text("k"), text("3"))];
    let base = data(&[&records, &more]);
    assert_eq!(
        flat(&workers(2).compute(&reduce_by_key(&base, 1)).expect("fine")),
        ["('k', '123')", "('j', '9')"]
    );
    let grouped = made(RddOp::Group { partitions: 1 }, &[&base]);
    assert_eq!(computed(&grouped), [["('k', ['1', '2', '3'])", "('j', ['9'])"]]);
    let other = data(&[&[pair(text("j"), int(0)), pair(text("i"), int(1))]]);
    let cogrouped = made(RddOp::Cogroup { partitions: 1 }, &[&base, &other]);
    assert_eq!(
        computed(&cogrouped),
        [["('k', (['1', '2', '3'], []))", "('j', (['9'], [0]))", "('i', ([], [1]))"]]
    );
}

#[test]
fn records_that_are_no_pairs_raise_as_in_pyspark() {
    let raised = |record: Record, op: fn() -> RddOp| {
        let Failure { class, message, .. } = failure(&made(op(), &[&data(&[&[record]])]));
        format!("{class}: {message}")
    };
    let group = || RddOp::Group { partitions: 2 };
    let values = || RddOp::MapValues(lambda("x", "x"));
    assert_eq!(raised(int(1), group), "TypeError: cannot unpack non-iterable int object");
    assert_eq!(raised(text("a"), group), "ValueError: not enough values to unpack (expected 2, got 1)");
    assert_eq!(raised(text("abc"), group), "ValueError: too many values to unpack (expected 2)");
    assert_eq!(raised(int(1), values), "TypeError: 'int' object is not subscriptable");
    let unhashable = pair(Record::List(vec![]), int(1));
    assert_eq!(raised(unhashable, group), "TypeError: unhashable type: 'list'");
    assert_eq!(computed(&made(group(), &[&data(&[&[text("ab")]])])).concat(), ["('a', ['b'])"]);
}

#[test]
fn the_first_record_that_raises_is_told() {
    let many: Vec<_> = (0..40).map(|piece| rows(&ints([1, if piece % 3 == 0 { 1 } else { 13 }]))).collect();
    let rdd = made(RddOp::Map(lambda("x", "1 // 0 if x == 13 else x")), &[&of_pieces(vec![many])]);
    for count in [1, 3] {
        let fault = workers(count).compute(&rdd).expect_err("13 is there");
        assert_eq!(
            fault.to_string(),
            "map: ZeroDivisionError: integer division or modulo by zero (record 13)"
        );
    }
}

#[test]
fn bad_records_are_dropped_where_that_is_asked_for() {
    let mut workers = settings(2, true);
    let rdd = made(
        RddOp::Map(lambda("x", "1 // 0 if x == 13 else x")),
        &[&data(&[&ints([1, 13]), &ints([13, 2])])],
    );
    assert_eq!(shown(&workers.compute(&rdd).expect("skipped")), [["1"], ["2"]]);
    let skipped = workers.take_skipped();
    assert_eq!(skipped.records, 2);
    assert_eq!(skipped.first.expect("the first one").class, "ZeroDivisionError");
    assert_eq!(workers.take_skipped().records, 0);
    // Also those that an operator cannot take: no pair, a key without a hash, a value that cannot be added.
    let pairs = [
        pair(text("a"), int(1)),
        int(7),
        pair(Record::List(vec![]), int(1)),
        pair(text("a"), text("b")),
        pair(text("a"), int(2)),
    ];
    let sum = RddOp::Combine {
        create: None,
        merge_value: lambda("a, b", "a + b"),
        merge_combiners: lambda("a, b", "a + b"),
        partitions: 1,
    };
    let sums = made(sum, &[&data(&[&pairs])]);
    assert_eq!(shown(&workers.compute(&sums).expect("skipped")), [["('a', 3)"]]);
    assert_eq!(workers.take_skipped().records, 3);
    let sorted = made(
        RddOp::Sort { key: Some(lambda("kv", "-kv[1]")), ascending: true, partitions: Some(1) },
        &[&data(&[&pairs])],
    );
    assert_eq!(shown(&workers.compute(&sorted).expect("skipped")), [["('a', 2)", "('a', 1)", "([], 1)"]]);
    assert_eq!(workers.take_skipped().records, 2);
}

#[test]
fn taking_looks_at_no_more_than_it_needs() {
    let rdd =
        made(RddOp::Map(lambda("x", "1 // 0 if x == 13 else x")), &[&data(&[&ints([1, 2]), &ints([3, 13])])]);
    let mut workers = workers(2);
    assert_eq!(flat(&workers.compute_first(&rdd, 3).expect("13 is not reached")), ["1", "2", "3"]);
    assert!(workers.compute_first(&rdd, 4).is_err());
    assert_eq!(workers.compute_first(&rdd, 0).expect("nothing").partitions.len(), 0);
}

#[test]
fn partitions_by_key_and_by_function() {
    let records = ["a", "bb", "ccc", "dddd", "e"].map(|key| pair(text(key), int(1)));
    let op = RddOp::PartitionBy { partitions: 2, function: Some(lambda("k", "len(k)")) };
    assert_eq!(
        computed(&made(op, &[&data(&[&records])])),
        [vec!["('bb', 1)", "('dddd', 1)"], vec!["('a', 1)", "('ccc', 1)", "('e', 1)"]]
    );
    let numbers = [3, -1, 4].map(|key| pair(int(key), int(0)));
    let by_hash = made(RddOp::PartitionBy { partitions: 3, function: None }, &[&data(&[&numbers])]);
    // hash(-1) is -2, and Python's remainder is never negative.
    assert_eq!(computed(&by_hash), [vec!["(3, 0)"], vec!["(-1, 0)", "(4, 0)"], vec![]]);
}

#[test]
fn records_are_dealt_out_as_pyspark_does() {
    let letters = |from: &str| from.chars().map(|c| text(&c.to_string())).collect::<Vec<_>>();
    let base = data(&[&letters("ab"), &letters("cd"), &letters("efg")]);
    let dealt = |n| {
        computed(&made(RddOp::Repartition { partitions: n }, &[&base]))
            .iter()
            .map(|p| p.concat())
            .collect::<Vec<_>>()
    };
    assert_eq!(dealt(4), ["'e''f''g'", "'a''b''c''d'", "", ""]);
    assert_eq!(dealt(3), ["'a''b'", "'c''d'", "'e''f''g'"]);
    assert_eq!(dealt(1), ["'a''b''c''d''e''f''g'"]);
    let many = data(&[&ints(0..26)]);
    let sizes: Vec<_> =
        computed(&made(RddOp::Repartition { partitions: 4 }, &[&many])).iter().map(Vec::len).collect();
    assert_eq!(sizes, [0, 10, 10, 6]);
    let coalesced = made(RddOp::Coalesce { partitions: 2 }, &[&base]);
    assert_eq!(computed(&coalesced).iter().map(Vec::len).collect::<Vec<_>>(), [2, 5]);
}

#[test]
fn sorted_ranges_are_those_of_pyspark() {
    let base = data(&[&ints([5, 3]), &ints([9, 3, 1]), &ints([7, 7, 2])]);
    let sort =
        |ascending, partitions| computed(&made(RddOp::Sort { key: None, ascending, partitions }, &[&base]));
    assert_eq!(sort(true, None), [vec!["1", "2", "3", "3"], vec!["5", "7", "7"], vec!["9"]]);
    assert_eq!(sort(false, Some(2)), [vec!["9", "7", "7"], vec!["5", "3", "3", "2", "1"]]);
    let sizes: Vec<_> = sort(true, Some(20)).iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0]);
    let top = |largest, key| {
        flat(&workers(1).compute(&made(RddOp::Top { n: 3, key, largest }, &[&base])).expect("ints"))
    };
    assert_eq!(top(true, None), ["9", "7", "7"]);
    assert_eq!(top(false, Some(lambda("x", "-x"))), ["9", "7", "7"]);
    let mixed = failure(&made(
        RddOp::Sort { key: None, ascending: true, partitions: None },
        &[&data(&[&[int(1), text("a")]])],
    ));
    assert_eq!(mixed.message, "'<' not supported between instances of 'str' and 'int'");
}

#[test]
fn samples_are_those_of_pyspark() {
    let letters = |range: std::ops::Range<i64>| ints(range);
    let base = data(&[&letters(0..10), &letters(10..20)]);
    let sample = |draw, seed| {
        computed(&made(RddOp::Sample { draw, seed }, &[&base]))
            .iter()
            .map(|p| p.join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(sample(Draw::Uniform { from: 0.0, to: 0.4 }, 7), ["0 2 4 9", "10 16 19"]);
    assert_eq!(sample(Draw::Poisson(0.8), 3), ["0 0 1 3 3 4 4 5 8 9 9 9", "10 10 10 11 12 12 13 14 14 15"]);
    let many = workers(2).compute(&made(RddOp::Sample { draw: Draw::Poisson(25.0), seed: 3 }, &[&base]));
    assert_eq!(flat(&many.expect("fine")).len(), 476);
}

#[test]
fn records_side_by_side() {
    let base = data(&[&ints([1]), &ints([2, 3])]);
    assert_eq!(computed(&made(RddOp::Zip, &[&base, &base])), [vec!["(1, 1)"], vec!["(2, 2)", "(3, 3)"]]);
    assert_eq!(computed(&made(RddOp::ZipWithIndex, &[&base])), [vec!["(1, 0)"], vec!["(2, 1)", "(3, 2)"]]);
    assert_eq!(
        computed(&made(RddOp::Cartesian, &[&base, &base])),
        [
            vec!["(1, 1)"],
            vec!["(1, 2)", "(1, 3)"],
            vec!["(2, 1)", "(3, 1)"],
            vec!["(2, 2)", "(2, 3)", "(3, 2)", "(3, 3)"]
        ]
    );
    let even = made(RddOp::Filter(lambda("x", "x % 2 == 0")), &[&base]);
    assert_eq!(failure(&made(RddOp::Zip, &[&base, &even])).class, "ValueError");
    assert_eq!(failure(&made(RddOp::Zip, &[&base, &data(&[])])).class, "ValueError");
}

#[test]
fn what_is_used_twice_is_computed_once_and_what_is_kept_stays() {
    let base = data(&[&ints([1, 2])]);
    let mapped = made(RddOp::Map(lambda("x", "-x")), &[&base]);
    assert_eq!(computed(&made(RddOp::Union, &[&mapped, &mapped])), [["-1", "-2"], ["-1", "-2"]]);
    assert!(mapped.kept().is_none());
    mapped.keep_when_computed();
    computed(&made(RddOp::Filter(lambda("x", "x % 2 == 0")), &[&mapped]));
    assert_eq!(shown(mapped.kept().expect("kept")), [["-1", "-2"]]);
    assert!(mapped.parents().is_empty());
}

#[test]
fn numbers_of_partitions_are_known_without_computing() {
    let base = data(&[&ints([13]), &ints([13])]);
    let broken = made(RddOp::Map(lambda("x", "1 // 0 if x == 13 else x")), &[&base]);
    let mut workers = workers(1);
    let mut partitions = |rdd: &Arc<Rdd>| workers.partitions(rdd).expect("nothing is computed");
    assert_eq!(partitions(&broken), 2);
    assert_eq!(partitions(&made(RddOp::Union, &[&broken, &broken])), 4);
    assert_eq!(partitions(&made(RddOp::Cartesian, &[&broken, &broken])), 4);
    assert_eq!(partitions(&made(RddOp::Coalesce { partitions: 5 }, &[&broken])), 2);
    assert_eq!(partitions(&reduce_by_key(&broken, 7)), 7);
    let doubled = |rdd: Arc<Rdd>, times| (0..times).fold(rdd, |rdd, _| made(RddOp::Union, &[&rdd, &rdd]));
    assert_eq!(partitions(&doubled(base.clone(), 10)), 2048);
    for endless in [doubled(base.clone(), 40), reduce_by_key(&base, usize::MAX)] {
        assert_eq!(workers.partitions(&endless).expect_err("too many").class, "ValueError");
        assert_eq!(workers.compute(&endless).expect_err("too many").class, "ValueError");
    }
}
