"""ns per record of the lambdas in benches/lambdas.txt, by the Python that runs this: what
`cargo bench --bench lambdas` is compared with. Best of several passes over the same data."""

import json
import sys
import time
from pathlib import Path

SYLLABLES = "the of and to in a is that for it as was with be by on not he his but at are this have from".split()


def word(n):
    """The n-th word: one to three syllables."""
    return "".join(SYLLABLES[n // 25**k % 25] for k in range(1 + n % 3))


LINES = [" ".join(word((i * 31 + j * j * 7) % 5000) for j in range(26)) for i in range(1000)]
WORDS = [word(i * 31 % 5000) for i in range(1000)]
PAIRS = [(w.upper(), i % 3) for i, w in enumerate(WORDS)]
JSON = [
    '{"id": %d, "created_at": "Sat Nov 21 06:00:00 +0000 2026", "text": "%s", "retweets": %d, "truncated": false, '
    '"user": {"id": %d, "name": "User %d", "screen_name": "user%d", "followers_count": %d, "verified": true, '
    '"location": null}, "entities": {"hashtags": ["a", "b"], "urls": []}, "lang": "en", "score": 0.75}'
    % (10**17 + i, LINES[i][:60], i % 7, i, i, i, i * 3)
    for i in range(1000)
]
DATA = {
    "line": [(line,) for line in LINES],
    "line, consumed": [(line,) for line in LINES],
    "word": [(w,) for w in WORDS],
    "pair": [(pair,) for pair in PAIRS],
    "update": [([1, i % 5, 3], None if i % 4 == 0 else i) for i in range(1000)],
    "numbers": [(i, i * 7) for i in range(1000)],
    "json": [(line,) for line in JSON],
}


def write_tweets(out, size):
    """Documents such as those in `JSON`, all different, up to so many bytes."""
    number = 0
    while size > 0:
        document = JSON[number % 1000].replace(str(10**17 + number % 1000), str(10**17 + number)) + "\n"
        size -= out.write(document.encode())
        number += 1


def programs():
    """(name, data, unit, program) of each block of the file."""
    text = (Path(__file__).parents[2] / "benches" / "lambdas.txt").read_text()
    for block in text.split("\n== ")[1:]:
        head, _, program = block.partition("\n")
        yield *head.rsplit(" | ", 2), program


def main():
    seconds = 0.0 if "--quick" in sys.argv else 0.4
    print(f"# CPython {sys.version.split()[0]}", file=sys.stderr)
    for name, data, unit, program in programs():
        scope = {"json": json}
        exec(program, scope)
        if data == "words":
            run, units = word_count(scope), 26 * len(LINES)
        else:
            records = DATA[data]
            units = sum(len(r[0]) for r in records) if unit == "character" else len(records)
            run = consume(scope["f"], records) if data.endswith("consumed") else loop(scope["f"], records)
        best, start = float("inf"), time.perf_counter()
        while True:
            before = time.perf_counter()
            run()
            best = min(best, time.perf_counter() - before)
            if time.perf_counter() - start >= seconds:
                break
        print(f"{name:<45} {best / units * 1e9:>8.1f} ns/{unit}")


def loop(f, records):
    if len(records[0]) == 1:
        values = [record[0] for record in records]

        def run():
            for value in values:
                f(value)

    else:

        def run():
            for a, b in records:
                f(a, b)

    return run


def consume(f, records):
    values = [record[0] for record in records]

    def run():
        for value in values:
            for _ in f(value):
                pass

    return run


def word_count(scope):
    split, pair, add = scope["split"], scope["pair"], scope["add"]

    def run():
        counts = {}
        for line in LINES:
            for w in split(line):
                key, value = pair(w)
                counts[key] = add(counts[key], value) if key in counts else value

    return run


if __name__ == "__main__":
    main()
