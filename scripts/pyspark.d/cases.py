"""Cases of tests/conformance: their scripts, and what a run of them has printed, taken apart.

A case is a JSON object:
  name      what it is about
  interval  seconds of a batch (default 1)
  batches   the records of `lines`, batch by batch; [] is an empty partition, null no partition at all
  inputs    more inputs, by name (optional)
  setup     statements before the program (optional)
  program   an expression: a DStream, or a list of them; emit(value) tells a value from the driver's side
  post      an expression after the last batch, which may use `times` (optional)
  slices    partitions of each input RDD (default 1)
  run       batches to run, beyond the ends of the inputs (default: those of the longest input)
  num       pprint(num), default 10
  order     "exact" where the order of records is Spark's promise, "any" where not
  expect    {"outputs": by stream and batch, "pprint": the same as text, "emitted": by batch, "post", "error"}
tests/conformance.rs makes the same script of a case.
"""

import json
import math
import re
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent.parent.parent / "tests" / "conformance_support"
MARK = "\x01case "


def decoded(value):
    """A value of a case as Python has it."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if isinstance(value, dict):
        ((tag, inner),) = value.items()
        make = {"t": lambda: tuple(decoded(inner)), "s": lambda: set(decoded(inner)), "b": lambda: bytes.fromhex(inner)}
        make |= {"f": lambda: float(inner), "d": lambda: {decoded(key): decoded(item) for key, item in inner}}
        return make[tag]()
    return value


def literal(value):
    """Python's text of a value; it is asked for floats that have no literal."""
    text = ascii(decoded(value))
    if isinstance(value, dict) or isinstance(value, list):
        return re.sub(r"(?<![\w'\"])(nan|inf)(?![\w'\"])", r"float('\1')", text)
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return text


def batches_of(case):
    inputs = [case.get("batches", []), *(case.get("inputs") or {}).values()]
    return case.get("run") or max(map(len, inputs))


def script_of(case):
    head, tail = (SUPPORT / name for name in ("head.py", "tail.py"))
    interval, run = case.get("interval", 1), batches_of(case)
    lines = [head.read_text()]
    lines += [f"PERIOD = {round(interval * 1000)}", f"NUM = {case.get('num', 10)}"]
    lines += ["sc = SparkContext('local[2]', 'case')", f"ssc = StreamingContext(sc, {interval})"]
    inputs = {"lines": case.get("batches", []), **(case.get("inputs") or {})}
    for name, batches in inputs.items():
        rdds = ["sc.emptyRDD()" if batch is None else f"sc.parallelize({literal(batch)}, {case.get('slices', 1)})" for batch in batches]
        rdds = ",\n    ".join(rdds or ["sc.emptyRDD()"])
        lines.append(f"{name} = ssc.queueStream([\n    {rdds}\n], {case.get('one_at_a_time', True)}, sc.emptyRDD())")
    looks_back = case.get("post") is not None
    lines.append(f"ssc.queueStream([sc.emptyRDD() for _ in range({run + looks_back})])")
    lines += [case.get("setup") or "", f"result = (\n{case['program']}\n)", tail.read_text()]
    if case.get("sentinel", True):
        lines += [f"{name}.foreachRDD(lambda t, rdd: tell('over', 0, batch_of(t)))" for name in inputs]
    lines.append("ssc.start()")
    if looks_back:
        lines += [f"ssc.awaitTerminationOrTimeout({run} * PERIOD / 1000.0)"]
        lines += [f"times = [datetime.datetime.fromtimestamp((i + 1) * PERIOD / 1000.0) for i in range({run})]"]
        lines += [f"tell('post', 0, 0, {case['post']})", "ssc.stop(False)"]
    else:
        lines.append("ssc.awaitTermination()")
    return "\n".join(lines) + "\n"


def answer_of(case, printed):
    """Takes apart what the script of a case has printed."""
    run = batches_of(case)
    answer = {"outputs": [], "pprint": [], "emitted": [[] for _ in range(run)], "post": None}
    text, over = "", 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", printed):
        if not line.startswith(MARK):
            text += line
            continue
        what, *rest = line[len(MARK) :].rstrip("\n").split(" ", 3)
        stream, batch, value = (int(rest[0]), int(rest[1]), json.loads(rest[2])) if rest else (0, 0, None)
        if what == "stream":
            answer["outputs"].append([None] * run)
            answer["pprint"].append([None] * run)
        elif what == "records":
            answer["outputs"][stream][batch] = value
        elif what == "printed" and answer["outputs"][stream][batch] is not None:
            answer["pprint"][stream][batch] = re.sub(r"(?m)^Time: 19.*$", f"Time: {{T{batch + 1}}}", text, count=1)
        elif what == "emitted":
            answer["emitted"][min(over, run - 1)].append(value)
        elif what == "over":
            over = batch + 1
        elif what == "post":
            answer["post"] = value
        text = ""
    if not any(answer["emitted"]):
        answer["emitted"] = []
    return answer


def differences(case, expected, got):
    """How two answers differ; nothing where they do not."""
    found = []
    if bool(expected["error"]) != bool(got["error"]):
        found.append(f"fault: PySpark {expected['error']!r}, dstream {got['error']!r}")
    exact = case.get("order") == "exact"
    same = (lambda a, b: a == b) if exact else (lambda a, b: a is not None and b is not None and sorted(a) == sorted(b))
    texts = lambda records: None if records is None else [json.dumps(record, sort_keys=True) for record in records]
    for stream in range(max(len(expected["outputs"]), len(got["outputs"]))):
        left, right = (dict(enumerate(answer["outputs"])).get(stream, []) for answer in (expected, got))
        for batch in range(max(len(left), len(right))):
            a, b = (texts(dict(enumerate(side)).get(batch)) for side in (left, right))
            if a is not b and not (a == b or same(a, b)):
                found.append(f"stream {stream} batch {batch + 1}:\n      PySpark {a}\n      dstream {b}")
                break
    if exact and not found and expected["pprint"] != got["pprint"]:
        found.append(f"printed:\n      PySpark {expected['pprint']}\n      dstream {got['pprint']}")
    found += [f"{key}: PySpark {expected[key]}, dstream {got[key]}" for key in ("emitted", "post") if expected[key] != got[key]]
    return found
