import pyspark.streaming
from datetime import timedelta
from pyspark.streaming.util import TransformFunction


class StateSpec:
    def __init__(self, mappingFunction):
        self.mapping, self.initial, self.partitions, self.idle = mappingFunction, None, None, None

    @staticmethod
    def function(mappingFunction):
        return StateSpec(mappingFunction)

    def initialState(self, rdd):
        self.initial = rdd
        return self

    def numPartitions(self, numPartitions):
        self.partitions = numPartitions
        return self

    def timeout(self, idleDuration):
        self.idle = idleDuration if isinstance(idleDuration, timedelta) else timedelta(seconds=idleDuration)
        return self


class State:
    def __init__(self, states, timing_out=False):
        self.states, self.timing_out, self.changed, self.removed = states, timing_out, False, False

    def exists(self):
        return len(self.states) > 0

    def get(self):
        if not self.states:
            raise ValueError("State is not set")
        return self.states[0]

    def getOption(self):
        return self.states[0] if self.states else None

    def isTimingOut(self):
        return self.timing_out

    def remove(self):
        if self.timing_out:
            raise ValueError("Cannot remove the state that is timing out")
        if self.removed:
            raise ValueError("Cannot remove the state that has already been removed")
        self.states, self.changed, self.removed = [], False, True

    def update(self, state):
        if self.removed:
            raise ValueError("Cannot update the state after it has been removed")
        if self.timing_out:
            raise ValueError("Cannot update the state that is timing out")
        self.states, self.changed = [state], True

    def __str__(self):
        return str(self.states[0]) if self.states else "<state not set>"


# A state's RDD has what the function gives, as (None, (None, result)), beside keys with their states and when
# these were touched last.
def mapWithState(self, spec):
    sc, idle, mapping = self._sc, spec.idle, spec.mapping
    partitions = sc.defaultParallelism if spec.partitions is None else spec.partitions
    initial = [] if spec.initial is None else spec.initial
    initial = sc.parallelize(initial) if isinstance(initial, (list, tuple)) else initial
    with_time = mapping.__code__.co_argcount == 4

    def call(time, *arguments):
        result = mapping(time, *arguments) if with_time else mapping(*arguments)
        return [] if with_time and result is None else [(None, (None, result))]

    def step(time, rows):
        known, new, mapped = {}, [], []
        for key, (is_known, value) in rows:
            if is_known:
                state, touched = value
                known[key] = (state, time if touched is None else touched)
            else:
                new.append((key, value))
        for key, value in new:
            state = State([known[key][0]] if key in known else [])
            mapped += call(time, key, value, state)
            if state.removed:
                known.pop(key, None)
            elif state.changed or (idle is not None and state.exists()):
                known[key] = (state.get(), time)
        if idle is not None:
            for key in [key for key, (_, touched) in known.items() if time - touched > idle]:
                mapped += call(time, key, None, State([known.pop(key)[0]], True))
        return mapped + [(key, (True, value)) for key, value in known.items()]

    def update(time, before, new):
        both = before.filter(lambda row: row[1][0]).union(new.mapValues(lambda value: (False, value))).partitionBy(partitions)
        return both.mapPartitions(lambda rows: step(time, rows))

    function = TransformFunction(sc, update, sc.serializer, self._jrdd_deserializer)
    # Checkpoints hold the function, which may refer to no RDD: states before the first batch go beside it.
    initial = initial.mapValues(lambda state: (True, (state, None)))._reserialize(self._jrdd_deserializer)
    states = sc._jvm.PythonStateDStream(self._jdstream.dstream(), function, initial._jrdd)
    states = DStream(states.asJavaDStream(), self._ssc, sc.serializer)
    mapped = states.filter(lambda row: row[1][0] is None).map(lambda row: row[1][1])
    mapped.stateSnapshots = lambda: states.filter(lambda row: row[1][0]).mapValues(lambda value: value[1][0])
    return mapped


DStream.mapWithState = mapWithState
pyspark.streaming.StateSpec = StateSpec
