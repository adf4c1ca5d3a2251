"""The functions of benches/lambdas.txt: nanoseconds by CPython, and by the evaluator on one thread and on two."""

import re
import statistics
import subprocess
from dataclasses import dataclass

import prepare

ROUNDS = 3


@dataclass
class Function:
    """Nanoseconds of a function per unit; `None` where that was not measured."""

    name: str
    unit: str
    python: float | None
    evaluator: float
    scaling: float  # times as many a second on two threads

    @property
    def ratio(self):
        return self.python / self.evaluator if self.python else None


def measure(bench):
    """All functions, in turns with CPython; medians of the rounds."""
    quick = ["--quick"] if bench.options.quick else []
    # A smoke test need not wait for the optimiser.
    profile = ["--profile", "dev"] if quick else []
    cargo = ["cargo", "bench", "--quiet", *profile, "--bench", "lambdas", "--", *quick]
    python = [bench.python, prepare.HERE / "lambdas.py", *quick]
    prepare.say("measuring functions, CPython against the evaluator")
    rounds = [
        (told(cargo), told(python) if bench.python else {}, told([*cargo, "--threads=1"]), told([*cargo, "--threads=2"]))
        for _ in range(1 if quick else ROUNDS)
    ]

    def median(column, key):
        figures = [figures[column][key] for figures in rounds if key in figures[column]]
        return statistics.median(figures) if figures else None

    functions = []
    for name, unit in rounds[0][0]:
        key = (name, unit)
        scaling = statistics.median(one[key] / two[key] for _, _, one, two in rounds)
        functions.append(Function(name, unit, median(1, key), median(0, key), scaling))
    return functions


def told(command):
    """What a program prints: nanoseconds by name and unit."""
    text = subprocess.run(command, cwd=prepare.TOP, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r"^(.*?) +([\d.]+) ns/(\w+)$", text, re.MULTILINE)
    return {(name, unit): float(figure) for name, figure, unit in lines}
