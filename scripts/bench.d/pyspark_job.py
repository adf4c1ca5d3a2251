"""A job of programs.py on PySpark `local[2]`: seconds that it took, Spark's own start left out.

    pyspark_job.py files JOB FILE      the file is a batch of a queue; the best of two batches after a first one
    pyspark_job.py live JOB FILE       its lines come from a socket, as fast as they are taken: from the first one to
                                       the end of the batch that has the last

The job is the same text that dstream is given: a DStream expression over `lines`.
"""

import json
import operator
import socket
import sys
import threading
import time

from pyspark import SparkContext
from pyspark.streaming import StreamingContext

INTERVAL = 1


def main():
    mode, job, *arguments = sys.argv[1:]
    sc = SparkContext("local[2]", "bench")
    sc.setLogLevel("OFF")
    ssc = StreamingContext(sc, INTERVAL)
    seconds = files(ssc, sc, job, *arguments) if mode == "files" else live(ssc, sc, job, *arguments)
    print(f"{seconds:.6f}", flush=True)
    ssc.stop(stopSparkContext=True, stopGraceFully=False)


def files(ssc, sc, job, path):
    walls, done = [], threading.Event()

    def run(rdd):
        before = time.monotonic()
        rdd.take(11)  # as pprint does
        walls.append(time.monotonic() - before)
        if len(walls) == 3:
            done.set()

    stream(ssc.queueStream([sc.textFile(path) for _ in range(3)]), job).foreachRDD(run)
    ssc.start()
    done.wait()
    return min(walls[1:])


def live(ssc, sc, job, path):
    with open(path, "rb") as file:
        data = file.read()
    left, begin, done = [data.count(b"\n")], [], threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def send():
        client, _ = server.accept()
        begin.append(time.monotonic())
        client.sendall(data)
        done.wait()  # a receiver that loses its connection would ask for all of it again

    def run(rdd):
        rdd.take(11)
        if left[0] <= 0:
            end.append(time.monotonic())
            done.set()

    def count(rdd):
        # By Spark's own side: counting takes Python no time.
        left[0] -= rdd._jrdd.count()

    end = []
    lines = ssc.socketTextStream("127.0.0.1", server.getsockname()[1])
    lines.foreachRDD(count)
    stream(lines, job).foreachRDD(run)
    threading.Thread(target=send, daemon=True).start()
    ssc.start()
    done.wait()
    return end[0] - begin[0]


def stream(lines, job):
    return eval(job, {"lines": lines, "json": json, "operator": operator})


if __name__ == "__main__":
    main()
