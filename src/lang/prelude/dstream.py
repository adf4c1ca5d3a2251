# DStreams.

from datetime import datetime as _datetime, timedelta as _timedelta


def _stream(ssc, handle):
    return DStream(handle, ssc)


def _time_of(millis):
    return _datetime.fromtimestamp(millis / 1000.0)


# What the engine calls while it builds a batch: with the time in milliseconds and what stands behind RDDs.
def _rdd_function(ssc, function):
    def called(millis, handles):
        rdds = [None if handle is None else RDD(handle, ssc._sc) for handle in handles]
        result = function(_time_of(millis), *rdds)
        return result._jrdd if result else None

    return called


def _millis(seconds):
    if not isinstance(seconds, (int, float)):
        raise TypeError("a duration is a number of seconds, not %r" % (seconds,))
    return int(seconds * 1000)


class DStream:
    def __init__(self, jdstream, ssc):
        self._jdstream = jdstream
        self._ssc = ssc
        self._sc = ssc._sc
        self.is_cached = False
        self.is_checkpointed = False

    def _of(self, kind, *rest):
        return DStream(_stream_op(kind, [self], *rest), self._ssc)

    def _with(self, kind, others, *rest):
        return DStream(_stream_op(kind, [self] + list(others), *rest), self._ssc)

    def _parallelism(self, numPartitions):
        return self._sc.defaultParallelism if numPartitions is None else numPartitions

    def _get__slideDuration(self):
        return _stream_slide(self) / 1000.0

    def context(self):
        return self._ssc

    # What is written once is said once: caching is the engine's business.

    def cache(self):
        self.is_cached = True
        return self

    def persist(self, storageLevel=None):
        self.is_cached = True
        return self

    def checkpoint(self, interval):
        self.is_checkpointed = True
        self._ssc._checkpoint_intervals.append((self, _millis(interval)))
        return self

    # Record by record

    def map(self, f, preservesPartitioning=False):
        if preservesPartitioning:
            return self.transform(lambda rdd: rdd.map(f, True))
        return self._of("map", f)

    def filter(self, f):
        # As Python's own `filter`; an RDD's has no such meaning.
        return self._of("filter", _same if f is None else f)

    def flatMap(self, f, preservesPartitioning=False):
        if preservesPartitioning:
            return self.transform(lambda rdd: rdd.flatMap(f, True))
        return self._of("flatMap", f)

    def mapValues(self, f):
        return self._of("mapValues", f)

    def flatMapValues(self, f):
        return self._of("flatMapValues", f)

    def mapPartitions(self, f, preservesPartitioning=False):
        if preservesPartitioning:
            return self.transform(lambda rdd: rdd.mapPartitions(f, True))
        return self._of("mapPartitions", f, False)

    def mapPartitionsWithIndex(self, f, preservesPartitioning=False):
        if preservesPartitioning:
            return self.transform(lambda rdd: rdd.mapPartitionsWithIndex(f, True))
        return self._of("mapPartitions", f, True)

    def glom(self):
        return self._of("glom")

    # The records of a batch

    def count(self):
        return self._of("count").reduce(lambda a, b: a + b)

    def reduce(self, func):
        return self.map(lambda x: (None, x)).reduceByKey(func, 1).map(lambda pair: pair[1])

    def countByValue(self):
        return self.map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b)

    def distinct(self, numPartitions=None):
        return self.map(_pair_with_none).reduceByKey(_keep_first, numPartitions).map(_first_of)

    def sortBy(self, keyfunc, ascending=True, numPartitions=None):
        return self._of("sort", keyfunc, ascending, numPartitions)

    def sortByKey(self, ascending=True, numPartitions=None, keyfunc=None):
        if keyfunc is None:
            return self._of("sort", _first_of, ascending, numPartitions)
        return self._of("sort", lambda pair: keyfunc(pair[0]), ascending, numPartitions)

    def take(self, num):
        sc = self._sc
        return self.transform(lambda rdd: sc.parallelize(rdd.take(num), 1))

    def top(self, num, key=None):
        return self._of("top", max(num, 0), key, True)

    def takeOrdered(self, num, key=None):
        return self._of("top", max(num, 0), key, False)

    # By key

    def reduceByKey(self, func, numPartitions=None):
        return self._of("combine", None, func, func, self._parallelism(numPartitions))

    def combineByKey(self, createCombiner, mergeValue, mergeCombiners, numPartitions=None):
        return self._of("combine", createCombiner, mergeValue, mergeCombiners, self._parallelism(numPartitions))

    def groupByKey(self, numPartitions=None):
        return self._of("group", self._parallelism(numPartitions))

    def partitionBy(self, numPartitions, partitionFunc=None):
        if partitionFunc is portable_hash:
            partitionFunc = None
        return self._of("partitionBy", numPartitions, partitionFunc)

    def repartition(self, numPartitions):
        return self._of("repartition", numPartitions)

    # Several streams

    def union(self, other):
        if self._slideDuration != other._slideDuration:
            raise ValueError("the two DStream should have same slide duration")
        return self._with("union", [other])

    def cogroup(self, other, numPartitions=None):
        return self._with("cogroup", [other], self._parallelism(numPartitions))

    def join(self, other, numPartitions=None):
        return self.cogroup(other, numPartitions).flatMapValues(_inner)

    def leftOuterJoin(self, other, numPartitions=None):
        return self.cogroup(other, numPartitions).flatMapValues(_left_outer)

    def rightOuterJoin(self, other, numPartitions=None):
        return self.cogroup(other, numPartitions).flatMapValues(_right_outer)

    def fullOuterJoin(self, other, numPartitions=None):
        return self.cogroup(other, numPartitions).flatMapValues(_full_outer)

    # Batch by batch

    def transform(self, func):
        given = func
        if func.__code__.co_argcount == 1:
            func = lambda time, rdd: given(rdd)
        assert func.__code__.co_argcount == 2, "func should take one or two arguments"
        return DStream(_stream_transform([self], _rdd_function(self._ssc, func)), self._ssc)

    def transformWith(self, func, other, keepSerializer=False):
        given = func
        if func.__code__.co_argcount == 2:
            func = lambda time, a, b: given(a, b)
        assert func.__code__.co_argcount == 3, "func should take two or three arguments"
        return DStream(_stream_transform([self, other], _rdd_function(self._ssc, func)), self._ssc)

    def foreachRDD(self, func):
        given = func
        if func.__code__.co_argcount == 1:
            func = lambda time, rdd: given(rdd)
        _output_for_each(self, _rdd_function(self._ssc, func))

    # Outputs

    def pprint(self, num=10):
        if num < 0:
            # As PySpark, which asks for no record then, and takes it that there are more.
            sc = self._sc
            _output_print(self.transform(lambda rdd: sc.parallelize([None], 1)), 0, None)
        else:
            _output_print(self, num, None)

    def json(self, num=None):
        _output_print(self, num, "json")

    def csv(self, num=None):
        _output_print(self, num, "csv")

    def tsv(self, num=None):
        _output_print(self, num, "tsv")

    def saveAsTextFiles(self, prefix, suffix=None):
        _output_save(self, prefix, suffix)

    def toCommand(self, command):
        _output_command(self, command)

    # Windows

    def _validate_window_param(self, window, slide):
        duration = _stream_slide(self)
        for name, value in [("windowDuration", window), ("slideDuration", slide)]:
            if value is None:
                continue
            millis = _millis(value)
            if millis <= 0:
                raise ValueError("%s must be longer than nothing, not %s s" % (name, value))
            if millis % duration != 0:
                raise ValueError(
                    "%s must be multiple of the parent dstream's slide (batch) duration (%d ms)" % (name, duration))

    def window(self, windowDuration, slideDuration=None):
        self._validate_window_param(windowDuration, slideDuration)
        slide = _stream_slide(self) if slideDuration is None else _millis(slideDuration)
        return DStream(_stream_window(self, _millis(windowDuration), slide), self._ssc)

    def reduceByWindow(self, reduceFunc, invReduceFunc, windowDuration, slideDuration):
        keyed = self.map(lambda x: (1, x))
        reduced = keyed.reduceByKeyAndWindow(reduceFunc, invReduceFunc, windowDuration, slideDuration, 1)
        return reduced.map(lambda pair: pair[1])

    def countByWindow(self, windowDuration, slideDuration):
        return self.map(lambda x: 1).reduceByWindow(_add, _sub, windowDuration, slideDuration)

    def countByValueAndWindow(self, windowDuration, slideDuration, numPartitions=None):
        keyed = self.map(lambda x: (x, 1))
        counted = keyed.reduceByKeyAndWindow(_add, _sub, windowDuration, slideDuration, numPartitions)
        return counted.filter(_is_positive)

    def groupByKeyAndWindow(self, windowDuration, slideDuration, numPartitions=None):
        lists = self.mapValues(_wrapped)
        grouped = lists.reduceByKeyAndWindow(_extended, _without_first, windowDuration, slideDuration, numPartitions)
        return grouped.mapValues(ResultIterable)

    def reduceByKeyAndWindow(self, func, invFunc, windowDuration, slideDuration=None, numPartitions=None,
                             filterFunc=None):
        self._validate_window_param(windowDuration, slideDuration)
        numPartitions = self._parallelism(numPartitions)
        reduced = self.reduceByKey(func, numPartitions)
        if not invFunc:
            return reduced.window(windowDuration, slideDuration).reduceByKey(func, numPartitions)

        def reduce(time, before, new):
            new = new.reduceByKey(func, numPartitions)
            if before is not None:
                new = before.union(new).reduceByKey(func, numPartitions)
            return new.filter(filterFunc) if filterFunc else new

        def inverse(time, before, old):
            old = old.reduceByKey(func, numPartitions)
            joined = before.leftOuterJoin(old, numPartitions)
            return joined.mapValues(lambda pair: pair[0] if pair[1] is None else invFunc(pair[0], pair[1]))

        slide = _stream_slide(reduced) if slideDuration is None else _millis(slideDuration)
        return DStream(
            _stream_reduce_window(
                reduced,
                _rdd_function(self._ssc, reduce),
                _rdd_function(self._ssc, inverse),
                _millis(windowDuration),
                slide),
            self._ssc)

    # State

    def updateStateByKey(self, updateFunc, numPartitions=None, initialRDD=None):
        numPartitions = self._parallelism(numPartitions)
        if initialRDD is not None and not isinstance(initialRDD, RDD):
            initialRDD = self._sc.parallelize(initialRDD)

        def update(time, state, new):
            if new is None:
                return state
            if state is None:
                values = new.groupByKey(numPartitions).mapValues(lambda news: (list(news), None))
            else:
                both = state.cogroup(new, numPartitions)
                values = both.mapValues(lambda sides: (list(sides[1]), list(sides[0])[0] if len(sides[0]) else None))
            return values.mapValues(lambda pair: updateFunc(pair[0], pair[1])).filter(_is_there)

        return DStream(_stream_state(self, _rdd_function(self._ssc, update), initialRDD, False), self._ssc)

    def mapWithState(self, spec):
        if not isinstance(spec, StateSpec):
            raise TypeError("mapWithState needs a StateSpec, made by StateSpec.function(f), not %r" % type(spec).__name__)
        sc = self._sc
        initial = sc.emptyRDD() if spec._initial is None else spec._initial
        if not isinstance(initial, RDD):
            initial = sc.parallelize(initial)
        numPartitions = self._parallelism(spec._partitions)
        given, with_time, timeout = spec._function, spec._with_time, spec._timeout

        def update(millis, handles):
            before, new = handles
            time = _time_of(millis)
            function = (lambda key, value, state: given(time, key, value, state)) if with_time else given
            new = (sc.emptyRDD() if new is None else RDD(new, sc)).partitionBy(numPartitions)
            before = initial.partitionBy(numPartitions) if before is None else RDD(before, sc)
            return _rdd_op("mapWithState", [new, before], function, with_time, millis, timeout)

        return MapWithStateDStream(_stream_state(self, update, None, True), self._ssc)

    def slice(self, begin, end):
        rdds = _stream_slice(self, _time_in_millis(begin), _time_in_millis(end))
        return [RDD(handle, self._sc) for handle in rdds]


# Scala's MapWithStateDStream. PySpark has none; export defines these over updateStateByKey.
class MapWithStateDStream(DStream):
    def stateSnapshots(self):
        return self._of("snapshot")


class StateSpec:
    def __init__(self, mappingFunction):
        if not callable(mappingFunction):
            raise TypeError("StateSpec.function needs a function, not %r" % type(mappingFunction).__name__)
        count = mappingFunction.__code__.co_argcount
        if count not in (3, 4):
            raise TypeError(
                "the function of a StateSpec takes (key, value, state) or (time, key, value, state), not %d arguments"
                % count)
        self._function = mappingFunction
        self._with_time = count == 4
        self._initial = None
        self._partitions = None
        self._timeout = None

    def function(mappingFunction):
        return StateSpec(mappingFunction)

    def initialState(self, rdd):
        self._initial = rdd
        return self

    def numPartitions(self, numPartitions):
        self._partitions = numPartitions
        return self

    def timeout(self, idleDuration):
        seconds = idleDuration.total_seconds() if isinstance(idleDuration, _timedelta) else idleDuration
        self._timeout = _millis(seconds)
        if self._timeout <= 0:
            raise ValueError("the timeout of a StateSpec must be longer than nothing, not %s s" % seconds)
        return self


def _time_in_millis(time):
    if isinstance(time, _datetime):
        # As PySpark: whole seconds of local time.
        time = int(time.timestamp())
    return int(time * 1000)
