"""One task by one embedded engine, as its users would write it for speed; prints the ten most frequent.

    query.py chdb|duckdb|polars words|field|nothing FILE THREADS

words: every word of an exact split on ' ' and '\n'. field: the part of each line before its first
space. nothing: only starts the engine. Of several ways to write each query the fastest is here:
chdb's ARRAY JOIN beats arrayJoin(), its substringIndex beats splitByChar()[1]; DuckDB's substr and
instr beat split_part; Polars' scan_lines and splitn beat scan_csv and split_exact.
"""

import os
import sys

# Tells a line reader that takes its input for a table that there is one column.
NO_SEPARATOR = "\x01"


def chdb(task, path, threads):
    import chdb

    lines = f"file('{path}', 'LineAsString')"
    source = {
        "words": f"SELECT word, count() AS n FROM {lines} ARRAY JOIN splitByChar(' ', line) AS word",
        "field": f"SELECT substringIndex(line, ' ', 1) AS word, count() AS n FROM {lines}",
        "nothing": "SELECT 'x' AS word, 1 AS n",
    }[task]
    rows = chdb.query(f"{source} GROUP BY word ORDER BY n DESC LIMIT 10 SETTINGS max_threads = {threads}", "TSV")
    for row in str(rows).splitlines():
        word, count = row.split("\t")
        yield word, int(count)


def duckdb(task, path, threads):
    import duckdb

    session = duckdb.connect(config={"threads": threads})
    lines = (
        f"read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '{NO_SEPARATOR}', quote = '', escape = '',"
        " header = false, auto_detect = false)"
    )
    source = {
        "words": f"(SELECT unnest(string_split(line, ' ')) AS word FROM {lines})",
        "field": f"(SELECT substr(line, 1, instr(line, ' ') - 1) AS word FROM {lines})",
        "nothing": "(SELECT 'x' AS word)",
    }[task]
    query = f"SELECT word, count(*) AS n FROM {source} GROUP BY word ORDER BY n DESC LIMIT 10"
    return session.execute(query).fetchall()


def polars(task, path, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    line = polars.col("line")
    words = {
        "words": lambda: line.str.split(" ").explode(),
        "field": lambda: line.str.splitn(" ", 2).struct[0],
        "nothing": lambda: line,
    }[task]()
    lines = polars.LazyFrame({"line": ["x"]}) if task == "nothing" else polars.scan_lines(path, name="line")
    counts = lines.select(words.alias("word")).group_by("word").len(name="n").top_k(10, by="n")
    return counts.collect(engine="streaming").rows()


if __name__ == "__main__":
    engine, task, path, threads = sys.argv[1:]
    for word, count in {"chdb": chdb, "duckdb": duckdb, "polars": polars}[engine](task, path, int(threads)):
        print(count, word, sep="\t")
