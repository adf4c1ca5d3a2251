"""Random programs: chains of operators over typed records, and inputs for them, as cases.

Every function is a pure one whose result does not depend on the order in which records are combined, so that
PySpark and dstream must agree on the records of each batch, if not on their order."""

# Types of records: s a str, i an int, p a pair (str, int), g a pair (str, list of int).
WORDS = ["a", "b", "ab", "ba", "B", "", "é", "to", "be", "1", "-2", "10"]

OPERATORS = {
    "s": [
        (".map(lambda x: x.upper())", "s"), (".map(len)", "i"), (".map(lambda x: (x, 1))", "p"), (".flatMap(lambda x: x.split(' '))", "s"),
        (".flatMap(lambda x: x.split())", "s"), (".filter(lambda x: 'a' in x)", "s"), (".filter(lambda x: x.strip())", "s"), (".flatMap(list)", "s"),
        (".map(lambda x: x[::-1])", "s"), (".map(lambda x: (x[:1], len(x)))", "p"), (".countByValue()", "p"), (".count()", "i"),
        (".transform(lambda r: r.distinct())", "s"), (".mapPartitions(lambda it: [len(list(it))])", "i"), (".reduce(lambda a, b: max(a, b))", "s"),
        (".union(lines)", "s"), (".window({w}, {s})", "s"), (".map(lambda x: f'{x!r:>6}')", "s"), (".repartition(3)", "s"), (".countByWindow({w}, {s})", "i"), (".countByValueAndWindow({w}, {s})", "p"),
        (".transform(lambda r: r.sortBy(lambda x: (len(x), x), ascending=False))", "s"), (".transform(lambda r: sc.parallelize(r.takeOrdered(2)))", "s"),
        (".transform(lambda r: sc.parallelize(sorted(r.top(3, key=lambda x: (len(x), x)))))", "s"), (".transform(lambda r: r.sortBy(lambda x: x).zipWithIndex())", "p"),
        (".transform(lambda r: r.filter(lambda x: x).keyBy(lambda x: x[0]).mapValues(len))", "p"), (".transform(lambda r: r.groupBy(len).mapValues(sorted).map(lambda kv: (str(kv[0]), [len(x) for x in kv[1]])))", "g"),
        (".mapPartitionsWithIndex(lambda i, it: [(str(i), len(x)) for x in it])", "p"), (".glom().map(len)", "i"), (".cache()", "s"), (".transformWith(lambda a, b: a.union(b.keys()), pairs)", "s"),
        (".transform(lambda r: r.intersection(r.map(lambda x: x.lower())))", "s"), (".transform(lambda r: r.subtract(r.filter(lambda x: x > 'b')))", "s"), (".reduceByWindow(max, None, {w}, {s})", "s"),
    ],
    "i": [
        (".map(lambda x: x * 2 - 1)", "i"), (".map(lambda x: x // 3)", "i"), (".map(lambda x: x % 3)", "i"), (".filter(lambda x: x > 1)", "i"),
        (".map(lambda x: 7 ** x)", "i"), (".reduce(lambda a, b: a + b)", "i"), (".reduce(min)", "i"), (".map(str)", "s"), (".countByValue().map(lambda kv: (str(kv[0]), kv[1]))", "p"),
        (".map(lambda x: ('even' if x % 2 == 0 else 'odd', x))", "p"), (".flatMap(lambda x: range(x))", "i"), (".window({w}, {s})", "i"), (".map(lambda x: 10 // x)", "i"),
        (".map(lambda x: -x if x else None).filter(lambda x: x is not None)", "i"), (".transform(lambda r: r.sortBy(lambda x: -x))", "i"), (".map(lambda x: '%05d|%x' % (x, abs(x)))", "s"),
        (".reduceByWindow(lambda a, b: a + b, lambda a, b: a - b, {w}, {s})", "i"), (".reduceByWindow(lambda a, b: a + b, None, {w}, {s})", "i"),
        (".transform(lambda r: sc.parallelize([r.sum(), r.count()]))", "i"), (".transform(lambda r: sc.parallelize([r.fold(0, lambda a, b: a + b)]))", "i"),
        (".transform(lambda r: sc.parallelize(sorted(r.countByValue().items())).map(lambda kv: (str(kv[0]), kv[1])))", "p"),
        (".transform(lambda r: sc.parallelize([r.aggregate((0, 0), lambda a, x: (a[0] + x, a[1] + 1), lambda a, b: (a[0] + b[0], a[1] + b[1]))]).map(lambda t: t[0]))", "i"),
    ],
    "p": [
        (".reduceByKey(lambda a, b: a + b)", "p"), (".reduceByKey(max)", "p"), (".mapValues(lambda v: v + 1)", "p"), (".map(lambda kv: kv[0])", "s"), (".map(lambda kv: kv[1])", "i"),
        (".groupByKey().mapValues(sorted)", "g"), (".flatMapValues(lambda v: [v, -v])", "p"), (".filter(lambda kv: kv[1] % 2)", "p"), (".countByValue().map(lambda kv: kv[0])", "p"),
        (".combineByKey(lambda v: v, lambda c, v: c + v, lambda c, d: c + d)", "p"), (".updateStateByKey(lambda new, old: sum(new) + (old or 0))", "p"),
        (".updateStateByKey(lambda new, old: None if not new else len(new) + (old or 0))", "p"), (".reduceByKeyAndWindow(lambda a, b: a + b, None, {w}, {s})", "p"),
        (".reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, {w}, {s})", "p"), (".join(pairs).mapValues(lambda ab: ab[0] * ab[1])", "p"),
        (".leftOuterJoin(pairs).mapValues(lambda ab: ab[0] if ab[1] is None else ab[1])", "p"), (".cogroup(pairs).mapValues(lambda ab: sorted(list(ab[0]) + list(ab[1])))", "g"),
        (".transform(lambda r: r.sortByKey())", "p"), (".partitionBy(2)", "p"), (".map(lambda kv: (kv[0] + '!', kv[1]))", "p"), (".groupByKeyAndWindow({w}, {s}).mapValues(sorted)", "g"),
        (".rightOuterJoin(pairs).mapValues(lambda ab: ab[1] if ab[0] is None else ab[0] - ab[1])", "p"), (".fullOuterJoin(pairs).mapValues(lambda ab: [v for v in ab if v is not None])", "g"),
        (".join(pairs, 3).map(lambda kv: (kv[0], kv[1][1]))", "p"), (".reduceByKey(min, 3)", "p"), (".groupByKey(2).mapValues(list).mapValues(sorted)", "g"),
        (".updateStateByKey(lambda new, old: max(new + [old or 0]), 2)", "p"), (".updateStateByKey(lambda new, old: (old or []) + sorted(new))", "g"),
        (".reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, {w}, {s}, 2, lambda kv: kv[1] != 0)", "p"), (".transform(lambda r: r.aggregateByKey(0, lambda a, v: a + v, lambda a, b: a + b))", "p"),
        (".transform(lambda r: r.foldByKey(0, lambda a, b: a + b, 2))", "p"), (".transform(lambda r: r.sortBy(lambda kv: (-kv[1], kv[0])))", "p"), (".transformWith(lambda a, b: a.subtractByKey(b), pairs)", "p"),
        (".transform(lambda t, r: r.mapValues(lambda v: v + 1))", "p"), (".union(pairs)", "p"), (".transform(lambda r: r.values()).map(lambda v: v * v)", "i"),
    ],
    "g": [(".mapValues(len)", "p"), (".mapValues(sum)", "p"), (".mapValues(lambda v: v[:2])", "g"), (".flatMapValues(lambda v: v)", "p"), (".filter(lambda kv: len(kv[1]) > 1)", "g"), (".map(lambda kv: str(kv))", "s")],
}


def random_chain(rng, stream, kind):
    slides, length = 1, rng.randrange(1, 5)
    for _ in range(length):
        step, kind_after = rng.choice(OPERATORS[kind])
        # Both sides of these must be due at the same times.
        if slides > 1 and any(name in step for name in ("union(lines", "union(pairs", "oin(pairs", "cogroup(pairs", ", pairs)")):
            continue
        if "{w}" in step:
            slide = slides * rng.choice([1, 1, 2])
            step = step.format(w=slide * rng.randrange(1, 4), s=slide)
            slides = slide
        # Powers of powers have no end.
        if "**" in step and "**" in stream:
            continue
        stream, kind = stream + step, kind_after
    return stream


def random_case(rng, name):
    def line():
        return " ".join(rng.choices(WORDS, k=rng.randrange(0, 5)))

    def batches(make, count):
        return [None if rng.random() < 0.1 else [make() for _ in range(rng.randrange(0, 6))] for _ in range(count)]

    count = rng.randrange(3, 8)
    chains = [random_chain(rng, "lines", "s") for _ in range(rng.choice([1, 1, 2]))]
    pairs = [batch and [{"t": [rng.choice(WORDS), rng.randrange(-3, 9)]} for _ in batch] for batch in batches(line, count)]
    program = "(lambda pairs: [" + ", ".join(chains) + "])(other)"
    return {
        "name": name, "order": "any", "interval": 1, "slices": rng.choice([1, 1, 2, 3]), "batches": batches(line, count),
        "inputs": {"other": pairs}, "program": program, "run": count + rng.randrange(0, 4),
    }
