# The beginning of every script that a case becomes: what the program has in scope, and functions that print, as
# JSON in the form of the cases, what its batches come to. The lines that they print begin with \x01.
import datetime, json, math, operator, re
from operator import add, sub
from pyspark import SparkContext, StorageLevel
from pyspark.streaming import StreamingContext

def encoded(v):
    if v is None or isinstance(v, (bool, str)) or type(v) is int:
        return v
    if isinstance(v, float):
        return v if math.isfinite(v) else {"f": repr(v)}
    if type(v) is tuple:
        return {"t": [encoded(x) for x in v]}
    if type(v).__name__ == "ResultIterable":
        return {"it": [encoded(x) for x in v]}
    if type(v) is list:
        return [encoded(x) for x in v]
    if type(v) is dict:
        return {"d": [[encoded(k), encoded(x)] for k, x in v.items()]}
    if isinstance(v, (set, frozenset)):
        return {"s": sorted((encoded(x) for x in v), key=repr)}
    if isinstance(v, bytes):
        return {"b": v.hex()}
    if isinstance(v, datetime.datetime):
        return {"dt": v.isoformat()}
    return {"repr": repr(v)}

def tell(what, stream, batch, value=None):
    print("\x01case %s %d %d %s" % (what, stream, batch, json.dumps(encoded(value))))

def emit(value):
    tell("emitted", 0, 0, value)

def batch_of(t):
    return int(round(t.timestamp() * 1000)) // PERIOD - 1

def wire(stream, dstream):
    def records(t, rdd):
        tell("records", stream, batch_of(t), rdd.collect())
    def printed(t, rdd):
        tell("printed", stream, batch_of(t))
    print("\x01case stream")
    dstream.foreachRDD(records)
    dstream.pprint(NUM)
    dstream.foreachRDD(printed)
