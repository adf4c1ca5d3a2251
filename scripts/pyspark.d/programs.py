"""Random programs: chains of operators over typed records, and inputs for them, as cases.

Every function is a pure one whose result does not depend on the order in which records are combined, so that
PySpark and dstream must agree on the records of each batch, if not on their order. Where each operator of a program
keeps the order of its records or makes one, they must agree on that too, and on what `pprint` makes of them."""

import re

from cases import literal

# A function of `transform` finds the context in its RDD: where there is state, Spark pickles what it closes over.

# Types of records: s a str, i an int, p a pair (str, int), g a pair (str, list of int), o anything.
WORDS = ["a", "b", "ab", "ba", "B", "", "é", "to", "be", "1", "-2", "10"]

# Records of odd kinds, as cases have them. Numbers that are equal to others make one key with them.
ODD = [
    None, True, False, 0, 1, -1, 2**63, -(2**64), 10**30, 0.5, -0.0, 1.0, 1e16, 1e-7, "", "it's", "a\tb", "é\u200b",
    {"f": "inf"}, {"f": "-inf"}, {"b": "00ff61"}, {"b": ""}, {"t": []}, {"t": [1, {"t": ["a", None]}]}, {"t": ["k", {"t": [1.5, True]}]}, [], [1, [2, []]], [None, "a"],
    {"d": []}, {"d": [["a", [1]], [2, None]]}, {"s": []}, {"s": [1]}, {"d": [["x", {"t": [1]}]]},
]

# What a program has before it.
SETUP = """names = sc.broadcast({'a': 1, 'b': 2, 'ab': 3})
seen = sc.accumulator(0)
START = [('a', 100), ('never', 1), ('10', -3)]
initial = sc.parallelize(START)
def saw(x):
    seen.add(1)
    return x
def pairs_of(it):
    last = None
    for x in it:
        if last is not None:
            yield (last, len(x))
        last = x
def key_of(x):
    return type(x).__name__, repr(x)
def total(new, old):
    return None if 1 in new else (old or 0) + sum(new)"""

OPERATORS = {
    "s": [
        (".map(lambda x: x.upper())", "s"), (".map(len)", "i"), (".map(lambda x: (x, 1))", "p"), (".flatMap(lambda x: x.split(' '))", "s"),
        (".flatMap(lambda x: x.split())", "s"), (".filter(lambda x: 'a' in x)", "s"), (".filter(lambda x: x.strip())", "s"), (".flatMap(list)", "s"),
        (".map(lambda x: x[::-1])", "s"), (".map(lambda x: (x[:1], len(x)))", "p"), (".countByValue()", "p"), (".count()", "i"),
        (".transform(lambda r: r.distinct())", "s"), (".mapPartitions(lambda it: [len(list(it))])", "i"), (".reduce(lambda a, b: max(a, b))", "s"),
        (".union(lines)", "s"), (".window({w}, {s})", "s"), (".map(lambda x: f'{x!r:>6}')", "s"), (".repartition(3)", "s"), (".countByWindow({w}, {s})", "i"), (".countByValueAndWindow({w}, {s})", "p"),
        (".transform(lambda r: r.sortBy(lambda x: (len(x), x), ascending=False))", "s"), (".transform(lambda r: r.ctx.parallelize(r.takeOrdered(2)))", "s"),
        (".transform(lambda r: r.ctx.parallelize(sorted(r.top(3, key=lambda x: (len(x), x)))))", "s"), (".transform(lambda r: r.sortBy(lambda x: x).zipWithIndex())", "p"),
        (".transform(lambda r: r.filter(lambda x: x).keyBy(lambda x: x[0]).mapValues(len))", "p"), (".transform(lambda r: r.groupBy(len).mapValues(sorted).map(lambda kv: (str(kv[0]), [len(x) for x in kv[1]])))", "g"),
        (".mapPartitionsWithIndex(lambda i, it: [(str(i), len(x)) for x in it])", "p"), (".glom().map(len)", "i"), (".cache()", "s"), (".transformWith(lambda a, b: a.union(b.keys()), pairs)", "s"),
        (".transform(lambda r: r.intersection(r.map(lambda x: x.lower())))", "s"), (".transform(lambda r: r.subtract(r.filter(lambda x: x > 'b')))", "s"), (".reduceByWindow(max, None, {w}, {s})", "s"),
        (".map(saw)", "s"), (".map(lambda x: (x, names.value.get(x, 0)))", "p"), (".filter(lambda x: x in names.value)", "s"), (".mapPartitions(pairs_of)", "p"), (".mapPartitions(sorted)", "s"),
        (".transform(lambda r: r.zipWithIndex().filter(lambda xi: xi[1] % 2 == 0).keys())", "s"), (".transform(lambda r: r.zip(r.map(len)))", "p"), (".transform(lambda r: r.sample(False, 0.5, 7))", "s"),
        (".transform(lambda r: r.sample(True, 0.9, 3))", "s"), (".transform(lambda r: r.randomSplit([1, 2], 5)[1])", "s"), (".transform(lambda r: r.ctx.parallelize(r.takeSample(False, 3, 11)))", "s"),
        (".transform(lambda r: r.coalesce(1))", "s"), (".transform(lambda r: r.repartition(2).glom().map(lambda l: len(l)))", "i"), (".repartition(2).mapPartitionsWithIndex(lambda i, it: [(str(i), len(list(it)))])", "p"),
        (".transform(lambda r: r.cartesian(r.filter(lambda x: x < 'b')).map(lambda ab: (ab[0], len(ab[1]))))", "p"), (".transform(lambda r: r.ctx.parallelize(r.take(2)))", "s"),
        (".transform(lambda r: r.ctx.parallelize([] if r.isEmpty() else [r.first()]))", "s"), (".transform(lambda r: r if not r.isEmpty() else r.union(r))", "s"), (".transform(lambda r: r.ctx.emptyRDD())", "s"),
        (".transform(lambda r: r.groupBy(lambda x: x[:1], 2).mapValues(lambda v: sorted(map(len, v))))", "g"), 
        (".transform(lambda r: r.ctx.parallelize(sorted(r.map(lambda x: (x, len(x))).countByKey().items())))", "p"), (".transform(lambda r: r.ctx.parallelize(sorted(r.map(lambda x: (x, len(x))).collectAsMap().items())))", "p"),
        (".transform(lambda r: r.map(lambda x: (x, len(x))).repartitionAndSortWithinPartitions(2))", "p"), (".transform(lambda r: r.keyBy(len).sortByKey(False).values().filter(len))", "s"), (".map(lambda x: ODD[len(x) % len(ODD)])", "o"),
        (".window({w}, {s}).count()", "i"), (".window({w}, {s}).map(lambda x: (x, 1))", "p"), (".transform(lambda t, r: r.map(lambda x: x + str(t.second)))", "s"), (".union(lines.window({w}, {s}))", "s"),
    ],
    "o": [
        (".map(lambda x: (x, None))", "o"), (".map(lambda x: [x, {'k': x}])", "o"), (".filter(lambda x: x)", "o"), (".filter(lambda x: x is not None)", "o"), (".map(repr)", "s"), (".map(lambda x: (type(x).__name__, 1))", "p"),
        (".filter(lambda x: not isinstance(x, (list, dict, set)) and x == x).map(lambda x: (x, 1) if type(x) is not tuple else ('t', 1)).reduceByKey(lambda a, b: a + b).map(lambda kv: (hash(kv[0]) % 7 if type(kv[0]) is not str else 0, kv[1]))", "o"),
        (".filter(lambda x: isinstance(x, (int, float))).countByValue()", "o"), (".count()", "i"), (".window({w}, {s})", "o"), (".transform(lambda r: r.sortBy(key_of))", "o"), (".glom()", "o"), (".map(lambda x: (repr(x), len(str(x))))", "p"),
        (".map(json.dumps)", "s"), (".flatMap(lambda x: x if isinstance(x, (list, tuple, dict)) else [x])", "o"), (".map(bool)", "o"), (".transform(lambda r: r.map(key_of).distinct().sortBy(lambda x: x).values())", "s"), (".union(odd)", "o"),
        (".repartition(2)", "o"), (".map(lambda x: (str(x)[:2], x)).groupByKey().mapValues(lambda v: sorted(v, key=key_of))", "o"), (".map(lambda x: (str(x)[:1], x)).join(odd.map(lambda x: (str(x)[:1], x)))", "o"),
        (".filter(lambda x: isinstance(x, (int, float))).reduce(lambda a, b: a if a < b else b)", "o"), (".map(lambda x: (x, x)).mapValues(lambda v: v)", "o"), (".map(lambda x: (str(x), x)).updateStateByKey(lambda new, old: (old or 0) + len(new))", "o"),
        (".transform(lambda r: r.ctx.parallelize(r.takeOrdered(3, key=key_of)))", "o"), (".transform(lambda r: r.ctx.parallelize(r.top(2, key=key_of)))", "o"),
    ],
    "i": [
        (".map(lambda x: x * 2 - 1)", "i"), (".map(lambda x: x // 3)", "i"), (".map(lambda x: x % 3)", "i"), (".filter(lambda x: x > 1)", "i"),
        (".map(lambda x: 7 ** x)", "i"), (".reduce(lambda a, b: a + b)", "i"), (".reduce(min)", "i"), (".map(str)", "s"), (".countByValue().map(lambda kv: (str(kv[0]), kv[1]))", "p"),
        (".map(lambda x: ('even' if x % 2 == 0 else 'odd', x))", "p"), (".flatMap(lambda x: range(x))", "i"), (".window({w}, {s})", "i"), (".map(lambda x: 10 // x)", "i"),
        (".map(lambda x: -x if x else None).filter(lambda x: x is not None)", "i"), (".transform(lambda r: r.sortBy(lambda x: -x))", "i"), (".map(lambda x: '%05d|%x' % (x, abs(x)))", "s"),
        (".reduceByWindow(lambda a, b: a + b, lambda a, b: a - b, {w}, {s})", "i"), (".reduceByWindow(lambda a, b: a + b, None, {w}, {s})", "i"),
        (".transform(lambda r: r.ctx.parallelize([r.sum(), r.count()]))", "i"), (".transform(lambda r: r.ctx.parallelize([r.fold(0, lambda a, b: a + b)]))", "i"),
        (".transform(lambda r: r.ctx.parallelize(sorted(r.countByValue().items())).map(lambda kv: (str(kv[0]), kv[1])))", "p"),
        (".transform(lambda r: r.ctx.parallelize([r.aggregate((0, 0), lambda a, x: (a[0] + x, a[1] + 1), lambda a, b: (a[0] + b[0], a[1] + b[1]))]).map(lambda t: t[0]))", "i"),
        (".transform(lambda r: r.ctx.parallelize([] if r.isEmpty() else [r.min(), r.max()]))", "i"), (".transform(lambda r: r.ctx.parallelize([] if r.isEmpty() else [r.mean(), round(r.variance(), 6), r.stats().count()]))", "o"),
        (".transform(lambda r: r.ctx.parallelize(r.histogram([-10, 0, 5, 10**9])[1]))", "i"), (".transform(lambda r: r.ctx.parallelize(r.top(2) + r.takeOrdered(2)))", "i"), (".transform(lambda r: r.ctx.parallelize([] if r.isEmpty() else [r.reduce(max), r.treeReduce(min)]))", "i"),
        (".map(lambda x: x / 4)", "o"), (".map(lambda x: (x % 2 == 0, x, [x] * (x % 3)))", "o"), (".map(lambda x: {x: float(x % 100)})", "o"), (".map(lambda x: x % 5).countByValueAndWindow({w}, {s}).map(lambda kv: (str(kv[0]), kv[1]))", "p"),
        (".map(lambda x: (x % 4, x)).groupByKey().map(lambda kv: (str(kv[0]), sorted(kv[1])))", "g"), (".map(lambda x: (x % 3, 1)).reduceByKey(lambda a, b: a + b).map(lambda kv: kv[0] * 100 + kv[1])", "i"), (".glom().map(sum)", "i"),
        (".map(lambda x: (x % 3, x)).partitionBy(3).mapPartitionsWithIndex(lambda i, it: [(str(i), sum(v for _, v in it))])", "p"), (".map(lambda x: (x, 1)).transform(lambda r: r.sortByKey(False)).map(lambda kv: kv[0])", "i"),
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
        (".window({w}, {s})", "p"), (".window({w}, {s}).reduceByKey(lambda a, b: a + b)", "p"), (".window({w}, {s}).groupByKey().mapValues(sorted)", "g"), (".updateStateByKey(total)", "p"), (".updateStateByKey(total, initialRDD=initial)", "p"),
        (".updateStateByKey(lambda new, old: old if old is not None and old > 9 else sum(new) + (old or 0), 3, initial)", "p"), (".updateStateByKey(lambda new, old: None)", "p"), (".transform(lambda r: r.join(r.ctx.parallelize(START)).mapValues(sum))", "p"),
        (".transform(lambda r: r.leftOuterJoin(r.ctx.parallelize(START)).mapValues(lambda ab: ab[0] + (ab[1] or 0)))", "p"), (".transform(lambda r: r.map(lambda kv: (kv[0], kv[1] % 3)).distinct())", "p"), (".transform(lambda r: r.union(r.ctx.parallelize(START)))", "p"),
        (".cogroup(pairs.window(2, 1)).mapValues(lambda ab: [len(ab[0]), len(ab[1])])", "g"), (".cogroup(pairs, 2).flatMapValues(lambda ab: ab[0])", "p"), (".join(pairs.reduceByKey(lambda a, b: a + b)).mapValues(list)", "g"),
        (".transformWith(lambda a, b: a.cogroup(b).mapValues(lambda ab: sorted(list(ab[1]))), pairs)", "g"), (".transformWith(lambda t, a, b: a.join(b).mapValues(lambda ab: ab[0] - ab[1] + t.second), pairs)", "p"), (".transformWith(lambda a, b: a.intersection(b), pairs)", "p"),
        (".transformWith(lambda a, b: a.subtract(b), pairs)", "p"), (".reduceByKeyAndWindow(max, None, {w}, {s}, 3)", "p"), (".reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, 6, 1)", "p"), (".groupByKeyAndWindow({w}, {s}, 2).mapValues(len)", "p"),
        (".reduceByKeyAndWindow(lambda a, b: a + b, lambda a, b: a - b, 5, 1, None, lambda kv: kv[1] > 0)", "p"), (".map(lambda kv: kv[0]).countByValueAndWindow({w}, {s}, 2)", "p"), (".transform(lambda r: r.sortBy(lambda kv: kv, numPartitions=3))", "p"),
        (".transform(lambda r: r.ctx.parallelize(sorted(r.reduceByKeyLocally(lambda a, b: a + b).items())))", "p"), (".transform(lambda r: r.ctx.parallelize([('a', v) for v in sorted(r.lookup('a'))]))", "p"), (".transform(lambda r: r.ctx.parallelize([('t', v) for _, v in r.top(2, key=lambda kv: (kv[1], kv[0]))]))", "p"),
        (".partitionBy(3, lambda k: len(k)).mapPartitionsWithIndex(lambda i, it: [(str(i), v) for k, v in it])", "p"), (".partitionBy(2).glom().map(len)", "i"), (".map(lambda kv: (kv[0], (kv[1], str(kv[1]))))", "o"), (".groupByKey().mapValues(lambda v: sum(1 for _ in v))", "p"),
        (".transform(lambda r: r.combineByKey(lambda v: [v], lambda c, v: c + [v], lambda a, b: a + b, 2).mapValues(sorted))", "g"), (".mapValues(lambda v: v * 2).reduceByKey(max).transform(lambda r: r.sortByKey())", "p"),
        (".flatMapValues(lambda v: range(v))", "p"), (".flatMapValues(lambda v: str(v)).mapValues(ord)", "p"), (".transform(lambda r: r.groupWith(r.ctx.parallelize(START)).mapValues(lambda vs: sorted(x for v in vs for x in v)))", "g"), (".mapPartitions(lambda it: [(k, v) for k, v in it if v > 0])", "p"),
    ],
    "g": [(".mapValues(len)", "p"), (".mapValues(sum)", "p"), (".mapValues(lambda v: v[:2])", "g"), (".flatMapValues(lambda v: v)", "p"), (".filter(lambda kv: len(kv[1]) > 1)", "g"), (".map(lambda kv: str(kv))", "s"), (".map(lambda kv: (kv[0], kv[1] and {'all': kv[1]}))", "o"), (".updateStateByKey(lambda new, old: (old or []) + sorted(map(len, new)))", "g"), (".mapValues(lambda v: max(v, default=0))", "p")],
}

# Operators behind which the records have no order that Spark promises.
UNORDERED = re.compile(r"ByKey|ByValue|[jJ]oin|cogroup|groupWith|groupBy|repartition|partitionBy|coalesce|distinct|intersection|subtract|total")

# Operators that look at the order: not behind those.
BY_PLACE = re.compile(r"pairs_of|zipWithIndex|zip\(|r\.sample|randomSplit|r\.take\(|takeSample|r\.first")

# What is done with a stream from the driver's side; `emit` tells of it.
ACTIONS = [
    "r.count()", "sorted(r.collect(), key=repr)", "sorted(r.countByValue().values())", "(r.foreach(saw), seen.value)[1]", "r.isEmpty()", "t.second", "sorted(r.map(repr).takeOrdered(2))",
    "[x for x in sorted(map(repr, r.toLocalIterator()))][:3]", "r.map(repr).fold('', max)", "r.aggregate(0, lambda n, x: n + 1, lambda a, b: a + b)", "(r.foreachPartition(lambda it: seen.add(sum(1 for _ in it))), seen.value)[1]",
    "r.filter(lambda x: x in names.value if isinstance(x, str) else True).count()", "sorted(r.map(lambda x: (type(x).__name__, 1)).countByKey().items())",
]


def random_chain(rng, stream, kind):
    slides, length = 1, rng.randrange(1, 5)
    for _ in range(length):
        step, kind_after = rng.choice(OPERATORS[kind])
        # Both sides of these must be due at the same times, and a window slides with what it looks at.
        if slides > 1 and any(name in step for name in ("union(lines", "union(pairs", "union(odd", "oin(pairs", "oin(odd", "cogroup(pairs", ", pairs)", " 1)", " 1, None")):
            continue
        if "{w}" in step:
            slide = slides * rng.choice([1, 1, 2])
            step = step.format(w=slide * rng.randrange(1, 4), s=slide)
            slides = slide
        if BY_PLACE.search(step) and UNORDERED.search(stream):
            continue
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
    chains = [random_chain(rng, *rng.choice([("lines", "s"), ("lines", "s"), ("lines", "s"), ("pairs", "p"), ("odd", "o")])) for _ in range(rng.choice([1, 1, 2, 3]))]
    outputs = [f"{chain}.foreachRDD(lambda t, r: emit({rng.choice(ACTIONS)}))" if rng.random() < 0.2 else chain for chain in chains]
    pairs = [batch and [{"t": [rng.choice(WORDS), rng.randrange(-3, 9)]} for _ in batch] for batch in batches(line, count)]
    return {
        "name": name, "order": "any" if UNORDERED.search("".join(chains)) else "exact", "interval": 1, "slices": rng.choice([1, 1, 2, 3]), "num": rng.choice([10, 10, 1, 0, 3]),
        "batches": batches(line, count), "inputs": {"pairs": pairs, "odd": batches(lambda: rng.choice(ODD), count)},
        "setup": SETUP + f"\nODD = {literal(ODD)}", "program": "[stream for stream in [" + ", ".join(outputs) + "] if stream]", "run": count + rng.randrange(0, 4),
    }
