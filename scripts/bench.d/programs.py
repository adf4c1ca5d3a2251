"""Programs of `dstream run`: against the commands that do the same, against CPython, against PySpark."""

import prepare
from measure import Command, Group

# What counts words, in the spellings that people use.
ADD = "lambda a, b: a + b"
SPELLINGS = {
    "reduceByKey": f'lines.flatMap(lambda line: line.split(" ")).map(lambda word: (word, 1)).reduceByKey({ADD})',
    "b + a": 'lines.flatMap(lambda l: l.split(" ")).map(lambda x: (x, 1)).reduceByKey(lambda x, y: y + x)',
    "operator.add": 'lines.flatMap(lambda l: l.split(" ")).map(lambda w: (w, 1)).reduceByKey(operator.add)',
    "countByValue": 'lines.flatMap(lambda line: line.split(" ")).countByValue()',
    "def": "\n".join(
        [
            "def words(line):",
            '    return line.split(" ")',
            "def one(word):",
            "    return (word, 1)",
            "def add(a, b):",
            "    return a + b",
            "lines.flatMap(words).map(one).reduceByKey(add)",
        ]
    ),
    "split()": f"lines.flatMap(lambda line: line.split()).map(lambda word: (word, 1)).reduceByKey({ADD})",
}

# Pipelines over documents, and CPython's own loop for each: what is done with `document`, into `result`.
TWEETS = {
    "authors": (
        'lines.map(json.loads).map(lambda tweet: tweet["user"]["screen_name"]).countByValue()',
        'result[document["user"]["screen_name"]] += 1',
    ),
    "words": (
        'lines.map(lambda line: json.loads(line)).flatMap(lambda tweet: tweet["text"].split(" ")).countByValue()',
        'result.update(document["text"].split(" "))',
    ),
    "retweets": (
        'lines.map(json.loads).filter(lambda t: t["lang"] == "en" and not t["truncated"])'
        f'.map(lambda t: (t["user"]["screen_name"], t["retweets"])).reduceByKey({ADD})',
        'if document["lang"] == "en" and not document["truncated"]:\n'
        '        result[document["user"]["screen_name"]] += document["retweets"]',
    ),
}
LOOP = """
import json, sys
from collections import Counter
result = Counter()
for line in open(sys.argv[1]):
    document = json.loads(line)
    {}
print(len(result))
"""

# Whole jobs that PySpark does too, and their data.
JOBS = {
    "words": ("kjv", SPELLINGS["reduceByKey"]),
    "authors": ("tweets", TWEETS["authors"][0]),
    "evaluated": (
        "kjv",
        'lines.filter(lambda line: "the" in line).map(lambda line: (line[:3].lower(), len(line.split(" "))))'
        ".reduceByKey(lambda a, b: max(a, b))",
    ),
}
# What PySpark reads: so little that it takes seconds.
SPARK_SIZE = 22_000_000
SPARK_SIZE_LIVE = {"kjv": 22_000_000, "logs": 22_000_000, "short": 6_000_000}


def ours(bench, name, program, threads, size=None, note="", **input):
    """`dstream run` of a program, as a list of one, or of none where dstream is left out."""
    if not bench.dstream:
        return []
    argv = ["run", f"-j{threads}", *input.pop("argv", ["--once"]), "-e", program]
    shown = " ".join(f"'{part}'" if part == program else part for part in argv).replace("\n", "; ")
    prefix = "cat F | " if input.get("piped") else ""
    command = [bench.dstream, *argv, *input.pop("files", [])]
    return [Command(name, f"{prefix}dstream {shown}{note}", command, threads, True, size=size, **input)]


def spellings(bench):
    """Every spelling against `dstream wordcount`, from a file, from a pipe, and live."""
    path = bench.data("kjv") or bench.data("logs")
    size = path.stat().st_size
    by = {"split()": "whitespace"}
    for title, threads, how in [("file", 1, "files"), ("file", 2, "files"), ("pipe", 2, "piped"), ("live", 2, "piped")]:
        live = ["--interval", "1s"] if title == "live" else ["--once"]
        commands = []
        for cut in ["space", "whitespace"]:
            shown = "cat F | " if how == "piped" else ""
            commands += bench.ours(f"wordcount {cut}", shown, "wordcount", "--by", cut, *live, threads=threads, **{how: [path]})
        for name, program in SPELLINGS.items():
            if title == "file" or name in ["reduceByKey", "countByValue"]:
                known = f"{name} by {by.get(name, 'space')}"
                commands += ours(bench, known, program, threads, argv=live, **{how: [path]})
        yield Group(f"spellings {title} {threads}", f"words, {title}, {threads} thr.", size, commands, least_runs=7)


def json_pipelines(bench):
    path = bench.data("tweets")
    commands = []
    for name, (program, loop) in TWEETS.items():
        commands += ours(bench, f"{name}, 1", program, 1, files=[path])
        if bench.python:
            source = LOOP.format(loop)
            label = f"CPython's own loop: {loop}".replace("\n        ", " ")
            commands.append(Command(f"{name}, CPython", label, [bench.python, "-c", source, path], 1))
    for name, (program, _) in TWEETS.items():
        commands += ours(bench, f"{name}, 2", program, 2, files=[path])
    return Group("tweets", "JSON documents", path.stat().st_size, commands)


def on_files(bench):
    """Whole jobs from a file: all of ours, start and end included, against what PySpark's batch takes."""
    commands, size = [], 0
    for name, (data, program) in JOBS.items():
        path = bench.data(data) or bench.data("logs")
        size = max(size, path.stat().st_size)
        commands += ours(bench, f"{name}, 1", program, 1, path.stat().st_size, files=[path])
        commands += ours(bench, f"{name}, 2", program, 2, path.stat().st_size, files=[path])
        if bench.pyspark:
            little = bench.data(data, SPARK_SIZE) or bench.data("logs", SPARK_SIZE)
            argv = [bench.pyspark, prepare.HERE / "pyspark_job.py", "files", program, little]
            label = f"PySpark local[2], a batch of {little.stat().st_size / 1e6:.0f} MB: {name}"
            commands.append(Command(f"{name}, PySpark", label, argv, 2, size=little.stat().st_size, times_itself=True))
    return Group("jobs", "jobs on files", size, commands)


def live(bench):
    """Words from a socket: ours takes what a sender can send; PySpark has all of it to begin with and catches up."""
    long = "kjv" if bench.data("kjv") else "logs"
    program, commands = SPELLINGS["reduceByKey"], []
    for name, data in [("long lines", long), ("short lines", "short")]:
        path = bench.data(data)
        argv = ["--interval", "1s", "--from", "tcp-listen://127.0.0.1:{port}"]
        commands += ours(bench, f"{name}, 2", program, 2, path.stat().st_size, f": {name}", argv=argv, tcp=path)
        if bench.pyspark:
            little = bench.data(data, SPARK_SIZE_LIVE[data])
            argv = [bench.pyspark, prepare.HERE / "pyspark_job.py", "live", program, little]
            label = f"PySpark local[2], socketTextStream, {little.stat().st_size / 1e6:.0f} MB: {name}"
            commands.append(Command(f"{name}, PySpark", label, argv, 2, size=little.stat().st_size, times_itself=True))
    return Group("socket", "words, live socket", bench.data(long).stat().st_size, commands)
