# RDDs.

class RDD:
    def __init__(self, jrdd, ctx):
        self._jrdd = jrdd
        self.ctx = ctx
        self.is_cached = False
        self.is_checkpointed = False
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
            return numPartitions
        # An RDD without partitions has none to give: Spark's result has none either, and this is as empty.
        return self.ctx._conf_parallelism() or max(self.getNumPartitions(), 1)

    # Life of an RDD

    def cache(self):
        return self.persist()

    def persist(self, storageLevel=None):
        self.is_cached = True
        _rdd_keep(self)
        return self

    def unpersist(self, blocking=False):
        self.is_cached = False
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
        return StorageLevel.MEMORY_ONLY if self.is_cached else StorageLevel.NONE

    def toDebugString(self):
        return repr(self).encode("utf-8")

    # Record by record

    def map(self, f, preservesPartitioning=False):
        return self._of("map", f)

    def filter(self, f):
        return self._of("filter", f)

    def flatMap(self, f, preservesPartitioning=False):
        return self._of("flatMap", f)

    def mapValues(self, f):
        return self._of("mapValues", f)

    def flatMapValues(self, f):
        return self._of("flatMapValues", f)

    def mapPartitions(self, f, preservesPartitioning=False):
        return self._of("mapPartitions", f, False)

    def mapPartitionsWithIndex(self, f, preservesPartitioning=False):
        return self._of("mapPartitions", f, True)

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
        return self._of("sample", withReplacement, fraction, self.ctx._seed(seed))

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
            numPartitions = self.ctx._conf_parallelism()
            if not numPartitions:
                numPartitions = max(1, sum(rdd.getNumPartitions() for rdd in [self] + others))
        return self._with("cogroup", others, numPartitions)

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
        _no_partition_function("combineByKey", partitionFunc)
        return self._of("combine", createCombiner, mergeValue, mergeCombiners, self._reduced_to(numPartitions))

    def reduceByKey(self, func, numPartitions=None, partitionFunc=None):
        _no_partition_function("reduceByKey", partitionFunc)
        return self._of("combine", None, func, func, self._reduced_to(numPartitions))

    def aggregateByKey(self, zeroValue, seqFunc, combFunc, numPartitions=None, partitionFunc=None):
        def create(value):
            return seqFunc(_copied(zeroValue), value)

        return self.combineByKey(create, seqFunc, combFunc, numPartitions, partitionFunc)

    def foldByKey(self, zeroValue, func, numPartitions=None, partitionFunc=None):
        def create(value):
            return func(_copied(zeroValue), value)

        return self.combineByKey(create, func, func, numPartitions, partitionFunc)

    def groupByKey(self, numPartitions=None, partitionFunc=None):
        _no_partition_function("groupByKey", partitionFunc)
        return self._of("group", self._reduced_to(numPartitions))

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
        for part in self.mapPartitions(_tallied).collect():
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
        records = self.collect()
        if num == 0 or not records:
            return []
        return self.ctx._drawn(records, withReplacement, num, seed)

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
        return self.reduce(f)

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
        value = parts[0]
        for part in parts[1:]:
            value = combOp(value, part)
        return value

    def reduceByKeyLocally(self, func):
        return self.reduceByKey(func).collectAsMap()

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

    def sumApprox(self, timeout, confidence=0.95):
        return self.sum()

    def meanApprox(self, timeout, confidence=0.95):
        return self.mean()

    def countApproxDistinct(self, relativeSD=0.05):
        return self.distinct().count()

    def histogram(self, buckets):
        if isinstance(buckets, int):
            if buckets < 1:
                raise ValueError("number of buckets must be >= 1")
            known = self.filter(lambda x: x is not None and x == x)
            if known.isEmpty():
                raise ValueError("can not generate buckets from empty RDD")
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
        _rdd_save(self.map(_shown), path)

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
        numbered = self.zipWithIndex()

        def part(low, high):
            return numbered.filter(lambda pair: low <= _draw(seed, pair[1]) < high).map(_first_of)

        return [part(low, high) for low, high in zip(bounds, bounds[1:])]

    def pipe(self, command, env=None, checkCode=False):
        raise NotImplementedError("pipe is not supported: use toCommand on the DStream")

    def toDF(self, schema=None, sampleRatio=None):
        raise NotImplementedError("toDF is not supported: there is no Spark SQL here")


def _copied(value):
    if isinstance(value, list):
        return [_copied(x) for x in value]
    if isinstance(value, dict):
        return {key: _copied(x) for key, x in value.items()}
    if isinstance(value, set):
        return set(value)
    return value


# A number in [0, 1) that hangs on the seed and the place alone: the finalizer of SplitMix64.
def _draw(seed, place):
    z = (seed + (place + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return ((z ^ (z >> 31)) >> 11) / 9007199254740992.0


def _no_partition_function(operator, function):
    if function is not None and function is not portable_hash:
        raise NotImplementedError(
            "%s: a partitionFunc is not supported: use partitionBy" % operator)


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
        self._moments = _merged_moments(self._moments, other._moments)
        return self

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
            "stdev": self.sampleStdev() if sample else self.stdev(),
            "variance": self.sampleVariance() if sample else self.variance(),
        }

    def __repr__(self):
        return "(count: %s, mean: %s, stdev: %s, max: %s, min: %s)" % (
            self.count(), self.mean(), self.stdev(), self.max(), self.min())
