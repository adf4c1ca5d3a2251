# RDDs.

from math import ceil as _ceil, log as _log, sqrt as _sqrt

class RDD:
    def __init__(self, jrdd, ctx):
        self._jrdd = jrdd
        self.ctx = ctx
        self.is_cached = False
        self.is_checkpointed = False
        self._level = StorageLevel.NONE
        self._id = ctx._next_id()
        self._name = None

    def _get_context(self):
        return self.ctx

    def __repr__(self):
        return "RDD[%d]" % self._id

    def id(self):
        return self._id

    def name(self):
        return self._name

    def setName(self, name):
        self._name = name
        return self

    def _of(self, kind, *rest):
        return RDD(_rdd_op(kind, [self], *rest), self.ctx)

    def _with(self, kind, others, *rest):
        for other in others:
            if not isinstance(other, RDD):
                raise TypeError("expected an RDD, not %r" % type(other).__name__)
        return RDD(_rdd_op(kind, [self] + list(others), *rest), self.ctx)

    def _reduced_to(self, numPartitions):
        if numPartitions is not None:
            return _positive(numPartitions)
        return self.ctx._conf_parallelism() or self.getNumPartitions()

    # Combiners go to where a function of the program says once they are complete.
    def _put(self, partitionFunc, numPartitions, kind, *rest):
        if partitionFunc is None or partitionFunc is portable_hash:
            return self._of(kind, *rest, numPartitions)
        return self._of(kind, *rest, min(numPartitions, 1))._of("partitionBy", numPartitions, partitionFunc)

    # Life of an RDD

    def cache(self):
        return self.persist()

    def persist(self, storageLevel=None):
        self.is_cached = True
        self._level = storageLevel or StorageLevel.MEMORY_ONLY
        _rdd_keep(self)
        return self

    def unpersist(self, blocking=False):
        self.is_cached = False
        self._level = StorageLevel.NONE
        return self

    def checkpoint(self):
        self.is_checkpointed = True

    def localCheckpoint(self):
        self.is_checkpointed = True

    def isCheckpointed(self):
        return self.is_checkpointed

    def isLocallyCheckpointed(self):
        return self.is_checkpointed

    def getCheckpointFile(self):
        return None

    def getNumPartitions(self):
        return _rdd_partitions(self)

    def getStorageLevel(self):
        return self._level

    def toDebugString(self):
        return repr(self).encode("utf-8")

    # Record by record

    def map(self, f, preservesPartitioning=False):
        return self._of("map", f, preservesPartitioning)

    def filter(self, f):
        return self._of("filter", f)

    def flatMap(self, f, preservesPartitioning=False):
        return self._of("flatMap", f, preservesPartitioning)

    def mapValues(self, f):
        return self._of("mapValues", f)

    def flatMapValues(self, f):
        return self._of("flatMapValues", f)

    def mapPartitions(self, f, preservesPartitioning=False):
        return self._of("mapPartitions", f, False, preservesPartitioning)

    def mapPartitionsWithIndex(self, f, preservesPartitioning=False):
        return self._of("mapPartitions", f, True, preservesPartitioning)

    def mapPartitionsWithSplit(self, f, preservesPartitioning=False):
        return self.mapPartitionsWithIndex(f, preservesPartitioning)

    def keyBy(self, f):
        return self.map(lambda x: (f(x), x))

    def keys(self):
        return self.map(_first_of)

    def values(self):
        return self.map(_second_of)

    def glom(self):
        return self._of("glom")

    def sample(self, withReplacement, fraction, seed=None):
        if not fraction >= 0:
            raise ValueError("Fraction must be nonnegative.")
        seed = self.ctx._seed(seed)
        if withReplacement:
            return self._of("sampleWithReplacement", seed, fraction)
        return self._of("sample", seed, 0.0, fraction)

    def sampleByKey(self, withReplacement, fractions, seed=None):
        for fraction in fractions.values():
            assert fraction >= 0.0, "Negative fraction value: %s" % fraction
            if not fraction <= _MOST_DRAWN:
                raise ValueError("a sample's fraction is between 0 and %d, not %s" % (_MOST_DRAWN, fraction))

        def with_share(pair):
            key, value = pair
            return (float(fractions[key]), (key, value))

        return self.map(with_share, True)._of("sampleOfShares", self.ctx._seed(seed), withReplacement)

    def zipWithIndex(self):
        return self._of("zipWithIndex")

    def zipWithUniqueId(self):
        n = self.getNumPartitions()

        def numbered(k, items):
            for i, x in enumerate(items):
                yield (x, i * n + k)

        return self.mapPartitionsWithIndex(numbered)

    # Several RDDs

    def union(self, other):
        return self._with("union", [other])

    def __add__(self, other):
        if not isinstance(other, RDD):
            raise TypeError
        return self.union(other)

    def zip(self, other):
        if self.getNumPartitions() != other.getNumPartitions():
            raise ValueError("Can only zip with RDD which has the same number of partitions")
        return self._with("zip", [other])

    def cartesian(self, other):
        return self._with("cartesian", [other])

    def intersection(self, other):
        return self.map(_pair_with_none).cogroup(other.map(_pair_with_none)).filter(_on_both_sides).keys()

    def subtract(self, other, numPartitions=None):
        return self.map(_pair_with_none).subtractByKey(other.map(_pair_with_none), numPartitions).keys()

    def subtractByKey(self, other, numPartitions=None):
        return self.cogroup(other, numPartitions).flatMapValues(_only_left)

    def cogroup(self, other, numPartitions=None):
        return self._cogrouped([other], numPartitions)

    def groupWith(self, other, *others):
        return self._cogrouped([other] + list(others), None)

    def _cogrouped(self, others, numPartitions):
        if numPartitions is None:
            union = self
            for other in others:
                union = union.union(other)
        return self._with("cogroup", others, (self if numPartitions else union)._reduced_to(numPartitions))

    def join(self, other, numPartitions=None):
        return self._cogrouped([other], numPartitions).flatMapValues(_inner)

    def leftOuterJoin(self, other, numPartitions=None):
        return self._cogrouped([other], numPartitions).flatMapValues(_left_outer)

    def rightOuterJoin(self, other, numPartitions=None):
        return self._cogrouped([other], numPartitions).flatMapValues(_right_outer)

    def fullOuterJoin(self, other, numPartitions=None):
        return self._cogrouped([other], numPartitions).flatMapValues(_full_outer)

    # By key

    def combineByKey(self, createCombiner, mergeValue, mergeCombiners, numPartitions=None, partitionFunc=None):
        numPartitions = self._reduced_to(numPartitions)
        return self._put(partitionFunc, numPartitions, "combine", createCombiner, mergeValue, mergeCombiners)

    def reduceByKey(self, func, numPartitions=None, partitionFunc=None):
        return self._put(partitionFunc, self._reduced_to(numPartitions), "combine", None, func, func)

    def aggregateByKey(self, zeroValue, seqFunc, combFunc, numPartitions=None, partitionFunc=None):
        def create(value):
            return seqFunc(_copied(zeroValue), value)

        return self.combineByKey(create, seqFunc, combFunc, numPartitions, partitionFunc)

    def foldByKey(self, zeroValue, func, numPartitions=None, partitionFunc=None):
        def create(value):
            return func(_copied(zeroValue), value)

        return self.combineByKey(create, func, func, numPartitions, partitionFunc)

    def groupByKey(self, numPartitions=None, partitionFunc=None):
        return self._put(partitionFunc, self._reduced_to(numPartitions), "group")

    def groupBy(self, f, numPartitions=None, partitionFunc=None):
        return self.map(lambda x: (f(x), x)).groupByKey(numPartitions, partitionFunc)

    def distinct(self, numPartitions=None):
        return self.map(_pair_with_none).reduceByKey(_keep_first, numPartitions).map(_first_of)

    def partitionBy(self, numPartitions, partitionFunc=None):
        if partitionFunc is portable_hash:
            partitionFunc = None
        return self._of("partitionBy", self._reduced_to(numPartitions), partitionFunc)

    def repartition(self, numPartitions):
        return self._of("repartition", numPartitions)

    def coalesce(self, numPartitions, shuffle=False):
        if not numPartitions > 0:
            raise ValueError("Number of partitions must be positive.")
        return self._of("repartition" if shuffle else "coalesce", numPartitions)

    def sortBy(self, keyfunc, ascending=True, numPartitions=None):
        return self._of("sort", keyfunc, ascending, numPartitions)

    def sortByKey(self, ascending=True, numPartitions=None, keyfunc=None):
        if keyfunc is None:
            return self._of("sort", _first_of, ascending, numPartitions)
        return self._of("sort", lambda pair: keyfunc(pair[0]), ascending, numPartitions)

    def repartitionAndSortWithinPartitions(self, numPartitions=None, partitionFunc=None, ascending=True,
                                           keyfunc=None):
        def arranged(items):
            if keyfunc is None:
                return sorted(items, key=lambda pair: pair[0], reverse=not ascending)
            return sorted(items, key=lambda pair: keyfunc(pair[0]), reverse=not ascending)

        return self.partitionBy(numPartitions, partitionFunc).mapPartitions(arranged)

    # Actions

    def collect(self):
        return _rdd_collect(self)

    def collectWithJobGroup(self, groupId, description, interruptOnCancel=False):
        return self.collect()

    def toLocalIterator(self, prefetchPartitions=False):
        return iter(self.collect())

    def collectAsMap(self):
        return dict(self.collect())

    def count(self):
        return sum(self._of("count").collect())

    def sum(self):
        return sum(self.mapPartitions(_summed).collect())

    def countByValue(self):
        from collections import defaultdict

        counts = defaultdict(int)
        parts = self.mapPartitions(_tallied).collect()
        if not parts:
            raise ValueError("Can not reduce() empty RDD")
        for part in parts:
            for key, n in part.items():
                counts[key] += n
        return counts

    def countByKey(self):
        return self.map(_first_of).countByValue()

    def countApprox(self, timeout, confidence=0.95):
        return self.count()

    def take(self, num):
        return _rdd_first(self, max(num, 0))

    def first(self):
        taken = self.take(1)
        if not taken:
            raise ValueError("RDD is empty")
        return taken[0]

    def isEmpty(self):
        return not self.take(1)

    def top(self, num, key=None):
        if self.getNumPartitions() == 0:
            raise ValueError("Can not reduce() empty RDD")
        return self._of("top", max(num, 0), key, True).collect()

    def takeOrdered(self, num, key=None):
        if num < 0:
            raise ValueError("top N cannot be negative.")
        return self._of("top", num, key, False).collect()

    def takeSample(self, withReplacement, num, seed=None):
        if num < 0:
            raise ValueError("Sample size cannot be negative.")
        total = self.count() if num else 0
        if not total:
            return []
        seed = self.ctx._seed(seed)
        if not withReplacement and num >= total:
            return _shuffled(seed, 0, self.collect())
        fraction, tries = _share_to_draw(num, total, withReplacement), 0
        records = self.sample(withReplacement, fraction, seed).collect()
        while len(records) < num:
            tries += 1
            records = self.sample(withReplacement, fraction, _next_seed(seed, tries)).collect()
        return _shuffled(seed, tries, records)[:num]

    def reduce(self, f):
        def reduced(items):
            items = iter(items)
            for value in items:
                for x in items:
                    value = f(value, x)
                return [value]
            return []

        parts = self.mapPartitions(reduced).collect()
        if not parts:
            raise ValueError("Can not reduce() empty RDD")
        value = parts[0]
        for part in parts[1:]:
            value = f(value, part)
        return value

    def treeReduce(self, f, depth=2):
        if depth < 1:
            raise ValueError("Depth cannot be smaller than 1 but got %d." % depth)
        if self.isEmpty():
            raise ValueError("Cannot reduce empty RDD.")

        def reduced(a, b):
            if not a:
                return b
            return [f(a[0], b[0])] if b else a

        return self.map(lambda x: [x]).treeAggregate([], reduced, reduced, depth)[0]

    def fold(self, zeroValue, op):
        return self.aggregate(zeroValue, op, op)

    def aggregate(self, zeroValue, seqOp, combOp):
        def aggregated(items):
            value = zeroValue
            for x in items:
                value = seqOp(value, x)
            return [value]

        value = zeroValue
        for part in self.mapPartitions(aggregated).collect():
            value = combOp(value, part)
        return value

    def treeAggregate(self, zeroValue, seqOp, combOp, depth=2):
        if depth < 1:
            raise ValueError("Depth cannot be smaller than 1 but got %d." % depth)

        def aggregated(items):
            value = zeroValue
            for x in items:
                value = seqOp(value, x)
            return [value]

        parts = self.mapPartitions(aggregated).collect()
        if not parts:
            return zeroValue
        # Level by level, with as many combined at once as Spark combines.
        scale = max(int(_ceil(len(parts) ** (1.0 / depth))), 2)
        left = len(parts)
        while left > scale + left / scale:
            left /= scale
            parts = [_reduced(combOp, parts[i::int(left)]) for i in range(int(left))]
        return _reduced(combOp, parts)

    def reduceByKeyLocally(self, func):
        def combined(items):
            combiners = {}
            for key, value in items:
                combiners[key] = func(combiners[key], value) if key in combiners else value
            return [combiners]

        def merged(a, b):
            for key, value in b.items():
                a[key] = func(a[key], value) if key in a else value
            return a

        return self.mapPartitions(combined).reduce(merged)

    def max(self, key=None):
        if key is None:
            return self.reduce(lambda a, b: max(a, b))
        return self.reduce(lambda a, b: max(a, b, key=key))

    def min(self, key=None):
        if key is None:
            return self.reduce(lambda a, b: min(a, b))
        return self.reduce(lambda a, b: min(a, b, key=key))

    def stats(self):
        parts = self.mapPartitions(_moments).collect()
        if not parts:
            raise ValueError("Can not reduce() empty RDD")
        moments = parts[0]
        for part in parts[1:]:
            moments = _merged_moments(moments, part)
        return StatCounter._made(moments)

    def mean(self):
        return self.stats().mean()

    def variance(self):
        return self.stats().variance()

    def stdev(self):
        return self.stats().stdev()

    def sampleVariance(self):
        return self.stats().sampleVariance()

    def sampleStdev(self):
        return self.stats().sampleStdev()

    # Nothing here is worth an approximation: these are exact.

    def sumApprox(self, timeout, confidence=0.95):
        return float(self.sum())

    def meanApprox(self, timeout, confidence=0.95):
        known = self.stats() if self.getNumPartitions() else StatCounter()
        return float(known.mean())

    def countApproxDistinct(self, relativeSD=0.05):
        if relativeSD < 0.000017:
            raise ValueError("relativeSD should be greater than 0.000017")
        return self.distinct().count()

    def histogram(self, buckets):
        if isinstance(buckets, int):
            if buckets < 1:
                raise ValueError("number of buckets must be >= 1")
            known = self.filter(lambda x: x is not None and x == x)
            low, high = known.map(_lower_and_upper).reduce(_widened)
            if low == high or buckets == 1:
                return [low, high], [known.count()]
            try:
                step = (high - low) / buckets
            except TypeError:
                raise TypeError("Can not generate buckets with non-number in RDD")
            if step == float("inf"):
                raise ValueError("Can not generate buckets with infinite value")
            step = int(step)
            if step * buckets != high - low:
                step = (high - low) * 1.0 / buckets
            bounds = [i * step + low for i in range(buckets)] + [high]
        elif isinstance(buckets, (list, tuple)):
            if len(buckets) < 2:
                raise ValueError("buckets should have more than one value")
            if any(b is None or b != b for b in buckets):
                raise ValueError("can not have None or NaN in buckets")
            if sorted(buckets) != list(buckets):
                raise ValueError("buckets should be sorted")
            if len(set(buckets)) != len(buckets):
                raise ValueError("buckets should not contain duplicated values")
            bounds = list(buckets)
        else:
            raise TypeError("buckets should be a list or tuple or number(int or long)")
        low, high, last = bounds[0], bounds[-1], len(bounds) - 2

        def filled(items):
            counts = [0] * (last + 1)
            for x in items:
                if x is None or x != x or x < low or x > high:
                    continue
                left, right = 0, last
                while left < right:
                    middle = (left + right + 1) // 2
                    if x < bounds[middle]:
                        right = middle - 1
                    else:
                        left = middle
                counts[left] += 1
            return [counts]

        parts = self.mapPartitions(filled).collect()
        if not parts:
            raise ValueError("Can not reduce() empty RDD")
        counts = parts[0]
        for part in parts[1:]:
            counts = _added_up(counts, part)
        return buckets if isinstance(buckets, (list, tuple)) else bounds, counts

    def lookup(self, key):
        return self.filter(lambda pair: pair[0] == key).values().collect()

    def foreach(self, f):
        def each(items):
            for x in items:
                f(x)
            return []

        self.mapPartitions(each).collect()

    def foreachPartition(self, f):
        def each(items):
            f(items)
            return []

        self.mapPartitions(each).collect()

    def saveAsTextFile(self, path, compressionCodecClass=None):
        if compressionCodecClass is not None:
            raise NotImplementedError("saveAsTextFile: compression is not supported")
        _rdd_save(self, path)

    def randomSplit(self, weights, seed=None):
        if not all(w >= 0 for w in weights):
            raise ValueError("Weights must be nonnegative")
        total = float(sum(weights))
        if not total > 0:
            raise ValueError("Sum of weights must be positive")
        bounds, upto = [0.0], 0.0
        for w in weights:
            upto += w / total
            bounds.append(upto)
        seed = self.ctx._seed(seed)
        return [self._of("sample", seed, low, high) for low, high in zip(bounds, bounds[1:])]

    def pipe(self, command, env=None, checkCode=False):
        raise NotImplementedError("pipe is not supported: use toCommand on the DStream")

    def toDF(self, schema=None, sampleRatio=None):
        raise NotImplementedError("toDF is not supported: there is no Spark SQL here")


# A value that shares nothing that can change: what `copy.deepcopy` makes of values that records may hold.
def _copied(value):
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return value._replace(**{name: _copied(x) for name, x in zip(value._fields, value)})
        return tuple(_copied(x) for x in value)
    if isinstance(value, list):
        return [_copied(x) for x in value]
    if isinstance(value, set):
        return value.copy()
    # The copies of these are of the same class and have the same default, or the same length at most.
    if isinstance(value, dict):
        copied = value.copy()
        for key, x in value.items():
            copied[key] = _copied(x)
        return copied
    if type(value).__name__ == "deque":
        copied = value.copy()
        for i in range(len(copied)):
            copied[i] = _copied(copied[i])
        return copied
    return value


# How often a record may be drawn on the average.
_MOST_DRAWN = 1000000


# The share of records to draw so that there are almost surely enough of them: as PySpark, whose seeds give the
# same records only if as many are drawn.
def _share_to_draw(num, total, withReplacement):
    fraction = num / total
    if withReplacement:
        return fraction + (9 if num < 12 else 5) * _sqrt(fraction / total)
    gamma = -_log(0.00005) / total
    return min(1, fraction + gamma + _sqrt(gamma * gamma + 2 * gamma * fraction))


def _positive(numPartitions):
    if numPartitions < 1:
        raise ValueError("Number of partitions must be positive.")
    return numPartitions


def portable_hash(x):
    raise NotImplementedError("portable_hash can be named as a partitionFunc, but not called")


class StatCounter:
    def __init__(self, values=None):
        self._moments = _moments(values or [])[0]

    def _made(moments):
        counter = StatCounter()
        counter._moments = moments
        return counter

    def merge(self, value):
        return self.mergeStats(StatCounter([value]))

    def mergeStats(self, other):
        if not isinstance(other, StatCounter):
            raise TypeError("Can only merge StatCounter but got %s" % type(other))
        self._moments = _merged_moments(self._moments, other._moments)
        return self

    def copy(self):
        return StatCounter._made(self._moments)

    def count(self):
        return self._moments[0]

    def mean(self):
        return self._moments[1]

    def sum(self):
        return self._moments[0] * self._moments[1]

    def min(self):
        return self._moments[4]

    def max(self):
        return self._moments[3]

    def variance(self):
        n, _, squares = self._moments[:3]
        return squares / n if n else float("nan")

    def sampleVariance(self):
        n, _, squares = self._moments[:3]
        return squares / (n - 1) if n > 1 else float("nan")

    def stdev(self):
        return self.variance() ** 0.5

    def sampleStdev(self):
        return self.sampleVariance() ** 0.5

    def asDict(self, sample=False):
        return {
            "count": self.count(),
            "mean": self.mean(),
            "sum": self.sum(),
            "min": self.min(),
            "max": self.max(),
            # The other way round than one thinks, as in PySpark.
            "stdev": self.stdev() if sample else self.sampleStdev(),
            "variance": self.variance() if sample else self.sampleVariance(),
        }

    def __repr__(self):
        return "(count: %s, mean: %s, stdev: %s, max: %s, min: %s)" % (
            self.count(), self.mean(), self.stdev(), self.max(), self.min())
