"""The table and the claims."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import prepare

COLUMNS = ["data", "command", "threads", "MB/s", "wall s", "peak MB", "dstream is"]


def machine(cores):
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[0]
    return (
        f"{model}, {platform.machine()}, {len(cores)} of {os.cpu_count()} cores used, {memory:.0f} GB,"
        f" Linux {platform.release()}, load {load:.1f} at the start"
    )


def rows(groups):
    for group in groups:
        for command in group.commands:
            if not command.measured:
                yield [group.title, command.label, "", "failed", "", "", ""]
                continue
            wall = command.wall
            reference = group.reference(command)
            ratio = f"{group.rate(reference) / group.rate(command):.1f}x" if reference and not command.ours else ""
            yield [
                group.title,
                command.label,
                str(command.threads),
                f"{group.rate(command) / 1e6:.{0 if group.rate(command) > 1e7 else 1}f}" if group.size > 1000 else "",
                f"{wall:.3f}" if wall < 1 else f"{wall:.2f}",
                f"{command.peak / 1e6:.0f}" if not command.times_itself else "",
                ratio,
            ]


def table(groups, markdown):
    lines = list(rows(groups))
    if markdown:
        return markdown_table(COLUMNS, lines, code=1)
    titles = [line[0] for line in lines]
    begins = [i > 0 and titles[i - 1] != title for i, title in enumerate(titles)]
    shown = [[title if i == 0 or begins[i] else "", *line[1:]] for i, (title, line) in enumerate(zip(titles, lines))]
    heading, *text = text_table(COLUMNS, shown)
    return "\n".join([heading, *("\n" * begins[i] + line for i, line in enumerate(text))])


def markdown_table(columns, lines, code):
    """The first two columns to the left; a bar would end a cell, also inside of code."""
    shape = "|" + "|".join("---" if i < 2 else "--:" for i in range(len(columns))) + "|"
    cells = [[f"`{c}`".replace("|", "\\|") if i == code else c for i, c in enumerate(line)] for line in lines]
    return "\n".join(["| " + " | ".join(columns) + " |", shape] + ["| " + " | ".join(c) + " |" for c in cells])


def text_table(columns, lines):
    """Lines of text, the first two columns to the left."""
    widths = [max(len(line[i]) for line in [columns, *lines]) for i in range(len(columns))]
    aligned = ([c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))] for line in [columns, *lines])
    return ["  ".join(cells).rstrip() for cells in aligned]


FUNCTION_COLUMNS = ["function", "unit", "CPython ns", "dstream ns", "dstream is", "two threads"]


def functions(measured, markdown):
    """What evaluating functions takes."""
    lines = [
        [f.name, f.unit, f"{f.python:.1f}" if f.python else "", f"{f.evaluator:.1f}", f"{f.ratio:.1f}x" if f.ratio else "", f"{f.scaling:.2f}x"]
        for f in measured
    ]
    return markdown_table(FUNCTION_COLUMNS, lines, code=0) if markdown else "\n".join(text_table(FUNCTION_COLUMNS, lines))


@dataclass
class Claim:
    """A promise about a ratio or an amount; `value` is None where a part of it was not measured."""

    text: str
    value: float | None
    target: float
    at_least: bool = True
    unit: str = "x"

    @property
    def verdict(self):
        if self.value is None:
            return "not measured"
        return "ok" if (self.value >= self.target if self.at_least else self.value <= self.target) else "MISSED"


def faster(ours, *peers):
    """How many times faster than the fastest of the measured peers."""
    peers = [peer.wall for peer in peers if peer]
    return min(peers) / ours.wall if ours and peers else None


def claims(groups, at_rest, functions):
    """The promises about speed, and about a run that has next to nothing to do."""
    by_name = {group.name: group for group in groups}

    def at(group, command):
        return by_name[group][command] if group in by_name else None

    def each(group, names):
        return [at(group, name) for name in names]

    engines = ["chdb", "duckdb", "polars"]
    found = []

    def published(group):
        """The published program where a checkout of it was given, else ours of its algorithm."""
        originals = [peer for peer in each(group, ["countwords", "countwords-big"]) if peer]
        return originals or each(group, ["fnv", "fnv-big"])

    def least(text, value, target):
        found.append(Claim(text, value, target))

    def most(text, value, target, unit="x"):
        found.append(Claim(text, value, target, False, unit))

    least("kjv, one thread: the fastest published single-threaded counter", faster(at("kjv", "d1"), *published("kjv")), 5)
    least("logs, one thread: the fastest published single-threaded counter", faster(at("logs", "d1"), *published("logs")), 3)
    least("kjv: two threads against our one", faster(at("kjv", "d2"), at("kjv", "d1")), 1.6)
    least("kjv, two threads: best of ClickHouse, DuckDB, Polars", faster(at("kjv", "d2"), *each("kjv", engines)), 6)
    least("logs, two threads: best of ClickHouse, DuckDB, Polars", faster(at("logs", "d2"), *each("logs", engines)), 4)
    least("uniq, two threads: best of ClickHouse, DuckDB, Polars", faster(at("uniq", "d2"), *each("uniq", engines)), 4)
    frugal = [peer.peak for peer in each("uniq", engines) if peer]
    ours = at("uniq", "d2")
    most("uniq: memory, of the most frugal of them", ours.peak / min(frugal) if ours and frugal else None, 1 / 3)
    least("zipf, two threads: best of ClickHouse, DuckDB, Polars", faster(at("zipf", "d2"), *each("zipf", engines)), 2)
    least("one thread: from a pipe, of the speed from the file", faster(at("pipe", "pipe1"), at("pipe", "file1")), 0.8)
    least("two threads: from a pipe, of the speed from the file", faster(at("pipe", "pipe2"), at("pipe", "file2")), 0.8)
    least("loopback TCP, of a reader that only counts newlines", faster(at("tcp", "dstream"), at("tcp", "lines")), 0.8)
    for peer, target, name in [("gawk", 3, "gawk"), ("chdb", 3, "ClickHouse"), ("agrind", 40, "angle-grinder"), ("mlr", 40, "Miller")]:
        least(f"count --key field:1, two threads: {name}", faster(at("field", "d2"), at("field", peer)), target)
    least("split on whitespace, of the speed of --by space", faster(at("kjv", "w1"), at("kjv", "d1")), 0.85)
    least("live, 1 s batches, of the speed of --once", faster(at("live", "live"), at("live", "once")), 0.9)
    least("60 s window sliding by 1 s over 100 k words, of the speed without", faster(at("window", "window"), at("window", "plain")), 1 / 1.1)
    found += program_claims(by_name, functions)
    start = at("start", "start")
    most("start to first output and end", start.wall * 1000 if start else None, 10, " ms")
    most("batches written after their time, at the latest, with little to do", at_rest.delay if at_rest else None, 10, " ms")
    most("share of a core that waiting for input takes, start and end included", at_rest.load * 100 if at_rest else None, 0.5, " %")
    small = [c.peak / 1e6 for g in ["kjv", "pipe", "live"] if g in by_name for c in by_name[g].commands if c.ours and c.measured]
    most("peak memory with a small vocabulary", max(small) if small else None, 64, " MB")
    return found


def program_claims(by_name, functions):
    """The promises about programs: of each kind the one that comes out worst."""
    for name, title in [("file 1", "one thread"), ("file 2", "two threads"), ("pipe 2", "from a pipe"), ("live 2", "live, 1 s batches")]:
        group = by_name.get(f"spellings {name}")
        ratios = []
        for command in [c for c in group.commands if c.measured and " by " in c.name] if group else []:
            spelling, _, cut = command.name.rpartition(" by ")
            if reference := group[f"wordcount {cut}"]:
                ratios.append((reference.wall / command.wall, spelling))
        yield worst(f"counting words in a program, {title}, of the speed of wordcount", ratios, 0.9)
    for name, kind, peer, text, target in [
        ("tweets", "1", "CPython", "JSON pipelines, one thread: CPython's own loop", 8),
        ("jobs", "2", "PySpark", "whole jobs on files, two threads: PySpark local[2]", 50),
        ("socket", "2", "PySpark", "words from a live socket, two threads: PySpark local[2]", 500),
    ]:
        group, ratios = by_name.get(name), []
        for command in [c for c in group.commands if c.measured and c.name.endswith(f", {kind}")] if group else []:
            task = command.name.rpartition(", ")[0]
            if other := group[f"{task}, {peer}"]:
                ratios.append((group.rate(command) / group.rate(other), task))
        yield worst(text, ratios, target)
    yield worst("functions, one thread: CPython", [(f.ratio, f.name) for f in functions if f.ratio], 2)
    yield worst("functions: two threads against one", [(f.scaling, f.name) for f in functions], 1.6)


def worst(text, ratios, target):
    value, name = min(ratios, default=(None, ""))
    return Claim(f"{text} (worst: {name})" if name else text, value, target)


def verdicts(found):
    lines = []
    for claim in found:
        bound = f"{'>=' if claim.at_least else '<='} {claim.target:.3g}{claim.unit}"
        value = "-" if claim.value is None else f"{claim.value:.2f}{claim.unit}"
        lines.append(f"{claim.verdict:13}{value:>10}  {bound:>10}  {claim.text}")
    return "\n".join(lines)


def notes():
    return "\n".join(f"left out: {line}" for line in prepare.skipped)
