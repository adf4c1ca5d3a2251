"""A quiet local Spark whose streaming clock moves only when it is told to, and programs run on it."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BATCH_TIMEOUT = 60.0
# After a fault while a batch is put together, its end is never told: so long is it waited for.
GRACE = 1.5


def with_pyspark():
    """Starts this script again under the Python that has PySpark, made if it is not there."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        subprocess.run([TOP / "scripts" / "setup-pyspark"], check=True)
        python = TOP / ".venv" / "bin" / "python"
        os.execv(python, [str(python), *sys.argv])


def spark_context():
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["PYSPARK_SUBMIT_ARGS"] = "--driver-java-options '-Dlog4j2.level=OFF -XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
    from pyspark import SparkConf, SparkContext

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.streaming.clock": "org.apache.spark.util.ManualClock",
    }
    context = SparkContext(conf=SparkConf().setMaster("local[2]").setAppName("compare").setAll(settings.items()))
    context.setLogLevel("OFF")
    return context


class Stage:
    """Runs scripts, one after the other, in one Spark: their contexts are ours, and waiting moves the clock."""

    def __init__(self, context):
        self.context = context

    def run(self, script, args=(), batches=None):
        """What the script prints, and its fault (or None). It runs for so many batches, or until its queues are exhausted."""
        out = self._attempt(script, args, batches, None)
        if out[1] and "checkpoint directory has not been set" in out[1]:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as checkpoint:
                out = self._attempt(script, args, batches, checkpoint)
        return out

    def _attempt(self, script, args, batches, checkpoint):
        import pyspark
        import pyspark.streaming
        from pyspark.streaming import DStream, StreamingContext

        methods = dict(vars(DStream))
        stage, faults, queued = self, [], [1]
        getattr(self.context._jsc.sc(), "checkpointDir_$eq")(self.context._jvm.scala.Option.empty())

        class Streaming(StreamingContext):
            def __init__(self, context, interval=None, jssc=None):
                super().__init__(stage.context, interval)
                self.millis, self.batch = round(interval * 1000), 0
                if checkpoint:
                    self.checkpoint(checkpoint)

            def queueStream(self, rdds, oneAtATime=True, default=None):
                queued.append(len(rdds) if oneAtATime else 1)
                rdds = [rdd._reserialize(stage.context.serializer) if hasattr(rdd, "_reserialize") else rdd for rdd in rdds]
                return super().queueStream(rdds, oneAtATime, default)

            def start(self):
                # Spark does not tell the end of a batch in which no output is due.
                if self._jssc.ssc().graph().getOutputStreams():
                    super().queueStream([self.sparkContext.emptyRDD()]).foreachRDD(lambda rdd: None)
                super().start()

            def awaitTermination(self, timeout=None):
                self.advance(timeout)

            def awaitTerminationOrTimeout(self, timeout):
                return self.advance(timeout)

            def advance(self, timeout):
                all_batches = batches or max(queued)
                until = all_batches if timeout is None else min(all_batches, self.batch + int(timeout * 1000 // self.millis))
                java = self._jssc.ssc()
                while self.batch < until:
                    java.scheduler().clock().advance(self.millis)
                    self.wait(java.progressListener())
                    self.batch += 1
                return self.batch >= all_batches

            def wait(self, progress):
                deadline = time.monotonic() + BATCH_TIMEOUT
                done = lambda: progress.numTotalCompletedBatches() > self.batch - len(lost)
                while not done():
                    try:
                        if super().awaitTerminationOrTimeout(0.01):
                            return
                    except Exception as fault:  # noqa: BLE001  what the program has raised is what is asked for
                        if not faults or faults[-1] != text_of(fault):
                            faults.append(text_of(fault))
                        grace = time.monotonic() + GRACE
                        while time.monotonic() < grace and not done():
                            time.sleep(0.02)
                        if not done():
                            lost.append(self.batch)
                        return
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"batch {self.batch + 1} did not end within {BATCH_TIMEOUT:.0f} s")

        lost = []
        text, (argv, stdout) = io.StringIO(), (sys.argv, sys.stdout)
        contexts = pyspark.SparkContext, pyspark.streaming.StreamingContext
        code = compile(script, "program.py", "exec")
        scope = {"__name__": "__main__"}
        try:
            pyspark.SparkContext = lambda *_args, **_named: self.context
            pyspark.streaming.StreamingContext = Streaming
            sys.argv, sys.stdout = ["program.py", *args], text
            exec(code, scope)  # noqa: S102  running programs is what this is for
        except SystemExit:
            pass
        except Exception as fault:  # noqa: BLE001
            faults.append(text_of(fault))
        finally:
            sys.argv, sys.stdout = argv, stdout
            pyspark.SparkContext, pyspark.streaming.StreamingContext = contexts
            # What a script has given to the class is not there for the next one.
            for name in [name for name in vars(DStream) if name not in methods]:
                delattr(DStream, name)
            for name, method in methods.items():
                if vars(DStream)[name] is not method:
                    setattr(DStream, name, method)
            active = StreamingContext._activeContext
            for streaming in {id(value): value for value in [*scope.values(), active] if isinstance(value, StreamingContext)}.values():
                # The last batches may have failed without anybody having asked.
                if streaming._jssc.getState().toString() == "ACTIVE":
                    try:
                        StreamingContext.awaitTerminationOrTimeout(streaming, 0.01)
                    except Exception as fault:  # noqa: BLE001
                        faults.append(text_of(fault))
                with contextlib.suppress(Exception):
                    streaming.stop(stopSparkContext=False)
            StreamingContext._activeContext = None
        return text.getvalue(), (faults[0] if faults else None)


def text_of(fault):
    """The last line of the innermost Python traceback in an exception's text, or its first line."""
    text = str(fault)
    lines = re.findall(r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Iteration))(?:: .*)?$", text, re.MULTILINE)
    lines = [line for line in lines if not line.startswith(("py4j.", "org.apache.spark"))]
    if lines:
        return lines[-1]
    cause = re.search(r"^: (.*)$", text, re.MULTILINE)
    return f"{type(fault).__name__}: {cause.group(1) if cause else text.splitlines()[0] if text else ''}"
