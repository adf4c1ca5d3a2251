# Contexts, their configuration, and what they share with tasks.

class SparkConf:
    def __init__(self, loadDefaults=True, _jvm=None, _jconf=None):
        self._settings = {}

    def set(self, key, value):
        self._settings[key] = str(value)
        return self

    def setIfMissing(self, key, value):
        if key not in self._settings:
            self.set(key, value)
        return self

    def setMaster(self, value):
        return self.set("spark.master", value)

    def setAppName(self, value):
        return self.set("spark.app.name", value)

    def setSparkHome(self, value):
        return self.set("spark.home", value)

    def setExecutorEnv(self, key=None, value=None, pairs=None):
        return self

    def setAll(self, pairs):
        for key, value in pairs:
            self.set(key, value)
        return self

    def get(self, key, defaultValue=None):
        return self._settings.get(key, defaultValue)

    def getAll(self):
        return list(self._settings.items())

    def contains(self, key):
        return key in self._settings

    def toDebugString(self):
        return "\n".join("%s=%s" % pair for pair in sorted(self._settings.items()))


class StorageLevel:
    def __init__(self, useDisk, useMemory, useOffHeap, deserialized, replication=1):
        self.useDisk = useDisk
        self.useMemory = useMemory
        self.useOffHeap = useOffHeap
        self.deserialized = deserialized
        self.replication = replication

    def __repr__(self):
        return "StorageLevel(%s, %s, %s, %s, %s)" % (
            self.useDisk, self.useMemory, self.useOffHeap, self.deserialized, self.replication)

    def __str__(self):
        where = []
        if self.useDisk:
            where.append("Disk")
        if self.useMemory:
            where.append("Memory")
        if self.useOffHeap:
            where.append("OffHeap")
        where.append("Deserialized" if self.deserialized else "Serialized")
        return "%s %sx Replicated" % (" ".join(where), self.replication)

    def __eq__(self, other):
        return isinstance(other, StorageLevel) and repr(self) == repr(other)


StorageLevel.NONE = StorageLevel(False, False, False, False)
StorageLevel.DISK_ONLY = StorageLevel(True, False, False, False)
StorageLevel.DISK_ONLY_2 = StorageLevel(True, False, False, False, 2)
StorageLevel.DISK_ONLY_3 = StorageLevel(True, False, False, False, 3)
StorageLevel.MEMORY_ONLY = StorageLevel(False, True, False, False)
StorageLevel.MEMORY_ONLY_2 = StorageLevel(False, True, False, False, 2)
StorageLevel.MEMORY_ONLY_SER = StorageLevel(False, True, False, False)
StorageLevel.MEMORY_ONLY_SER_2 = StorageLevel(False, True, False, False, 2)
StorageLevel.MEMORY_AND_DISK = StorageLevel(True, True, False, False)
StorageLevel.MEMORY_AND_DISK_2 = StorageLevel(True, True, False, False, 2)
StorageLevel.MEMORY_AND_DISK_SER = StorageLevel(True, True, False, False)
StorageLevel.MEMORY_AND_DISK_SER_2 = StorageLevel(True, True, False, False, 2)
StorageLevel.MEMORY_AND_DISK_DESER = StorageLevel(True, True, False, True)
StorageLevel.OFF_HEAP = StorageLevel(True, True, True, False, 1)


class Broadcast:
    def __init__(self, value):
        self._handle = _broadcast(value)

    def _get_value(self):
        return _broadcast_value(self._handle)

    def unpersist(self, blocking=False):
        pass

    def destroy(self, blocking=False):
        pass


class AccumulatorParam:
    def zero(self, value):
        raise NotImplementedError

    def addInPlace(self, value1, value2):
        raise NotImplementedError


class Accumulator:
    _made = 0

    def __init__(self, value, param):
        self._handle = _accumulator(value, param)
        self._param = param
        self.aid = Accumulator._made
        Accumulator._made += 1

    def _get_value(self):
        return _accumulator_value(self._handle)

    def _set_value(self, value):
        _accumulator_set(self._handle, value)

    def add(self, term):
        before = self.value
        if self._param is None:
            self.value = before + term
        else:
            self.value = self._param.addInPlace(before, term)

    def __iadd__(self, term):
        self.add(term)
        return self

    def __str__(self):
        return str(self.value)

    def __repr__(self):
        return "Accumulator<id=%d, value=%s>" % (self.aid, self.value)


class SparkContext:
    _active = None

    def __init__(self, master=None, appName=None, sparkHome=None, pyFiles=None, environment=None, batchSize=0,
                 serializer=None, conf=None, gateway=None, jsc=None, profiler_cls=None, udf_profiler_cls=None,
                 memory_profiler_cls=None):
        if SparkContext._active is not None:
            raise ValueError(
                "Cannot run multiple SparkContexts at once; existing SparkContext(app=%s, master=%s)"
                % (SparkContext._active.appName, SparkContext._active.master))
        self._conf = SparkConf()
        if conf is not None:
            self._conf.setAll(conf.getAll())
        if master:
            self._conf.setMaster(master)
        if appName:
            self._conf.setAppName(appName)
        self._conf.setIfMissing("spark.master", "local[2]").setIfMissing("spark.app.name", "dstream")
        self.master = self._conf.get("spark.master")
        self.appName = self._conf.get("spark.app.name")
        self.version = "3.5.9"
        self.pythonVer = "3.11"
        self.applicationId = "local-dstream"
        self.sparkHome = sparkHome
        self.environment = environment or {}
        self.defaultMinPartitions = 2
        self.uiWebUrl = None
        self._rdds = 0
        self._seeds = 0
        SparkContext._active = self

    def getOrCreate(conf=None):
        return SparkContext._active or SparkContext(conf=conf)

    def __enter__(self):
        return self

    def __exit__(self, type, value, trace):
        self.stop()

    def __repr__(self):
        return "<SparkContext master=%s appName=%s>" % (self.master, self.appName)

    def _get_defaultParallelism(self):
        return self._conf_parallelism() or 2

    def _conf_parallelism(self):
        return int(self._conf.get("spark.default.parallelism", 0))

    def _next_id(self):
        self._rdds += 1
        return self._rdds

    # Without a seed runs would differ; users who want that give one of the time.
    def _seed(self, seed):
        if seed is not None:
            seed = int(seed)
            if not -0x8000000000000000 <= seed <= 0x7FFFFFFFFFFFFFFF:
                raise ValueError("a seed has 64 bits: %d has more" % seed)
            return seed
        self._seeds += 1
        return self._seeds

    def getConf(self):
        return SparkConf().setAll(self._conf.getAll())

    def setLogLevel(self, logLevel):
        pass

    def setCheckpointDir(self, dirName):
        pass

    def getCheckpointDir(self):
        return None

    def setLocalProperty(self, key, value):
        pass

    def setJobGroup(self, groupId, description, interruptOnCancel=False):
        pass

    def setJobDescription(self, value):
        pass

    def addFile(self, path, recursive=False):
        raise NotImplementedError("addFile is not supported: functions that run on records read no files")

    def addPyFile(self, path):
        raise NotImplementedError("addPyFile is not supported: put what the program needs into the script")

    def stop(self):
        if SparkContext._active is self:
            SparkContext._active = None

    def parallelize(self, c, numSlices=None):
        n = self.defaultParallelism if numSlices is None else int(numSlices)
        if n < 1:
            raise ValueError("Positive number of partitions required")
        items = list(c)
        if isinstance(c, range):
            bounds = [len(items) * i // n for i in range(n + 1)]
            return RDD(_rdd_data([items[a:b] for a, b in zip(bounds, bounds[1:])]), self)
        # PySpark cuts a list into batches first, and deals whole batches out.
        size = max(1, min(len(items) // n, 1024))
        batches = (len(items) + size - 1) // size
        bounds = [batches * i // n * size for i in range(n + 1)]
        return RDD(_rdd_data([items[a:b] for a, b in zip(bounds, bounds[1:])]), self)

    def range(self, start, end=None, step=1, numSlices=None):
        if end is None:
            start, end = 0, start
        return self.parallelize(range(start, end, step), numSlices)

    def emptyRDD(self):
        return RDD(_rdd_empty(), self)

    def textFile(self, name, minPartitions=None, use_unicode=True):
        if minPartitions is None:
            minPartitions = self.defaultMinPartitions
        lines = RDD(_read_lines(name, minPartitions), self)
        return (lines if use_unicode else lines.map(_encoded)).setName(name)

    def wholeTextFiles(self, path, minPartitions=None, use_unicode=True):
        files = RDD(_read_whole(path), self)
        return (files if use_unicode else files.mapValues(_encoded)).setName(path)

    def union(self, rdds):
        rdds = list(rdds)
        return rdds[0]._with("union", rdds[1:])

    def broadcast(self, value):
        if isinstance(value, (RDD, SparkContext)):
            raise ValueError("an RDD or context cannot be broadcast: collect() the RDD first")
        return Broadcast(value)

    def accumulator(self, value, accum_param=None):
        if accum_param is None and not isinstance(value, (int, float)):
            raise TypeError("No default accumulator param for type %s" % type(value))
        return Accumulator(value, accum_param)

    def runJob(self, rdd, partitionFunc, partitions=None, allowLocal=False):
        results = rdd.mapPartitions(partitionFunc)
        if partitions is None:
            return results.collect()
        parts = results.glom().collect()
        return [x for number in partitions for x in parts[number]]


class SparkSession:
    def __init__(self, sparkContext, jsparkSession=None, options=None):
        self.sparkContext = sparkContext
        self.conf = _RuntimeConfig(sparkContext._conf)
        self.version = sparkContext.version

    def stop(self):
        self.sparkContext.stop()

    def newSession(self):
        return SparkSession(self.sparkContext)

    def __enter__(self):
        return self

    def __exit__(self, type, value, trace):
        self.stop()

    def __getattr__(self, name):
        raise AttributeError(
            "SparkSession.%s is not supported: there is no Spark SQL here, only the sparkContext" % name)


class _RuntimeConfig:
    def __init__(self, conf):
        self._conf = conf

    def set(self, key, value):
        self._conf.set(key, value)

    def get(self, key, default=None):
        return self._conf.get(key, default)


class _Builder:
    def __init__(self):
        self._settings = SparkConf()

    def appName(self, name):
        self._settings.setAppName(name)
        return self

    def master(self, master):
        self._settings.setMaster(master)
        return self

    def config(self, key=None, value=None, conf=None, map=None):
        if conf is not None:
            self._settings.setAll(conf.getAll())
        elif map is not None:
            self._settings.setAll(map.items())
        else:
            self._settings.set(key, value)
        return self

    def enableHiveSupport(self):
        return self

    def getOrCreate(self):
        return SparkSession(SparkContext.getOrCreate(self._settings))


SparkSession.Builder = _Builder
SparkSession.builder = _Builder()


class StreamingContext:
    _activeContext = None

    def __init__(self, sparkContext, batchDuration=None, jssc=None):
        if not isinstance(sparkContext, SparkContext):
            raise TypeError("StreamingContext needs a SparkContext, not %r" % type(sparkContext).__name__)
        if batchDuration is None:
            raise TypeError("StreamingContext needs a batchDuration in seconds")
        if batchDuration <= 0:
            raise ValueError("batchDuration must be longer than nothing, not %s s" % batchDuration)
        if StreamingContext._activeContext is not None:
            raise RuntimeError("Only one StreamingContext may be started: stop the active one before making another")
        self._sc = sparkContext
        self._interval = _open(_millis(batchDuration))
        self._state = "initialized"
        self._outputs = 0
        self._checkpointDirectory = None
        self._resumes = False
        self._listeners = []
        self._checkpoint_intervals = []

    def getOrCreate(checkpointPath, setupFunc):
        # The program is built anew, whatever it was: what the streams had kept is what is gone on from.
        ssc = setupFunc()
        ssc.checkpoint(checkpointPath)
        ssc._resumes = True
        return ssc

    def getActive():
        return StreamingContext._activeContext

    def getActiveOrCreate(checkpointPath, setupFunc):
        if not callable(setupFunc):
            raise TypeError("setupFunc should be callable.")
        if StreamingContext._activeContext is not None:
            return StreamingContext._activeContext
        if checkpointPath is not None:
            return StreamingContext.getOrCreate(checkpointPath, setupFunc)
        return setupFunc()

    def _get_sparkContext(self):
        return self._sc

    # The life of a context

    def start(self):
        if self._state == "stopped":
            raise RuntimeError("StreamingContext has already been stopped: a stopped context cannot be started again")
        if self._state == "active":
            _notice("the StreamingContext has already been started")
            return
        if StreamingContext._activeContext is not None:
            raise RuntimeError("Only one StreamingContext may be started: another one is active")
        for stream, millis in self._checkpoint_intervals:
            slide = _stream_slide(stream)
            if millis < slide:
                raise ValueError(
                    "requirement failed: The checkpoint interval has been set to %d ms which is lower than the stream's "
                    "slide time (%d ms). Please set it to at least %d ms." % (millis, slide, slide))
            if millis % slide != 0:
                raise ValueError(
                    "requirement failed: The checkpoint interval has been set to %d ms which is not a multiple of the "
                    "stream's slide time (%d ms). Please set it to a multiple of it." % (millis, slide))
        _start(self._interval, self._checkpointDirectory, self._resumes)
        self._state = "active"
        StreamingContext._activeContext = self

    def awaitTermination(self, timeout=None):
        if self._state == "active":
            if _run(timeout):
                self._ended()
        elif self._state == "initialized":
            raise RuntimeError("the StreamingContext has not been started")

    def awaitTerminationOrTimeout(self, timeout):
        if self._state == "active":
            if _run(timeout):
                self._ended()
        elif self._state == "initialized":
            raise RuntimeError("the StreamingContext has not been started")
        return self._state == "stopped"

    def stop(self, stopSparkContext=True, stopGraceFully=False):
        if self._state == "active":
            _stop(stopGraceFully)
        self._ended()
        if stopSparkContext:
            self._sc.stop()

    def _ended(self):
        self._state = "stopped"
        if StreamingContext._activeContext is self:
            StreamingContext._activeContext = None

    def remember(self, duration):
        _remember(_millis(duration))

    def checkpoint(self, directory):
        self._checkpointDirectory = directory

    # Inputs

    def socketTextStream(self, hostname, port, storageLevel=None):
        if not isinstance(port, int):
            raise TypeError("the port of socketTextStream must be an int, not %r" % type(port).__name__)
        host = "[%s]" % hostname if ":" in hostname else hostname
        return DStream(_stream_source("tcp://%s:%d" % (host, port), self._interval), self)

    def textFileStream(self, directory):
        return DStream(_stream_source("dir:%s" % _local_path(directory), self._interval), self)

    def binaryRecordsStream(self, directory, recordLength):
        if not isinstance(recordLength, int) or recordLength < 1:
            raise ValueError("recordLength is a number of bytes, not %r" % (recordLength,))
        source = "records:%d:%s" % (recordLength, _local_path(directory))
        return DStream(_stream_source(source, self._interval), self).map(_record_of(recordLength))

    def queueStream(self, rdds, oneAtATime=True, default=None):
        if not default:
            default = None
        # As PySpark: a queue that has nothing but a default begins with an empty batch.
        rdds = list(rdds) or ([[]] if default else [])
        rdds = [rdd if isinstance(rdd, RDD) else self._sc.parallelize(rdd) for rdd in rdds]
        if default is not None and not isinstance(default, RDD):
            default = self._sc.parallelize(default)
        return DStream(_stream_queue(rdds, oneAtATime, default, self._interval), self)

    # Several streams

    def union(self, *dstreams):
        if not dstreams:
            raise ValueError("should have at least one DStream to union")
        if len(dstreams) == 1:
            return dstreams[0]
        if len(set(stream._slideDuration for stream in dstreams)) > 1:
            raise ValueError("All DStreams should have same slide duration")
        return dstreams[0]._with("union", dstreams[1:])

    def transform(self, dstreams, transformFunc):
        dstreams = list(dstreams)
        # Of two streams Spark's `transformWith` and joins ask this not.
        if len(set(stream._slideDuration for stream in dstreams)) > 1:
            raise ValueError("requirement failed: Some of the DStreams have different slide durations")
        function = _rdd_function(self, lambda time, *rdds: transformFunc(rdds))
        return DStream(_stream_transform(dstreams, function), self)

    # Listeners are called between batches. As in Spark, where they have a thread of their own, a batch that is
    # told of may be over by then.
    def addStreamingListener(self, streamingListener):
        if not self._listeners:
            listeners = self._listeners
            _listen(lambda kind, *data: _tell_listeners(listeners, kind, *data))
        self._listeners.append(streamingListener)


def _command_line_context(millis):
    return StreamingContext(SparkContext("local[2]", "dstream"), millis / 1000.0)


def _getenv(key, default=None):
    return _environ.get(key, default)


def _findspark_init(*args, **kwargs):
    pass


_environ = dict(_environment())
