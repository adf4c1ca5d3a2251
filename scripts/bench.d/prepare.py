"""What the benchmark needs: native helpers, data, peers. All of it lands in `.bench/`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lambdas

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BENCH = TOP / ".bench"
BIN = BENCH / "bin"
VENV_PYTHON = BENCH / "venv" / "bin" / "python"
WHEELS = ["chdb==4.4.0", "duckdb==2.0.0", "polars==2.1.0"]
AGRIND = BENCH / "bin" / "agrind"

# Bytes at full size; --quick makes a twentieth of each.
SIZES = {"kjv": 440_000_000, "logs": 357_000_000, "uniq": 170_000_000, "zipf": 300_000_000, "wide": 300_000_000, "tweets": 200_000_000, "short": 300_000_000}
RECIPES = {"zipf": ["3000000", "1.05"], "wide": ["100000", "1.0"]}

skipped = []


def skip(what, why):
    """Notes a peer or a data set that is left out; the report repeats it."""
    skipped.append(f"{what}: {why}")
    say(f"skipped {what}: {why}")


def say(text):
    print(text, file=sys.stderr, flush=True)


def helper(name, *flags, source=None):
    """Builds `bench.d/NAME.c` (or `source`) where it is missing or older than its source."""
    source = source or HERE / f"{name}.c"
    suffix = "".join(flags).replace("-DTABLE_BITS=", "-")
    program = BIN / (name + suffix)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BIN.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", *flags, "-o", program, source, "-lm"], check=True)
    return str(program)


def countwords(directory, bits):
    """The original `optimized.c` from a checkout of countwords, its table set to 2^bits slots."""
    text = (Path(directory) / "optimized.c").read_text()
    enlarged = text.replace("#define HASH_LEN 65536", f"#define HASH_LEN (1 << {bits})")
    if bits != 16 and enlarged == text:
        raise SystemExit(f"bench: {directory}/optimized.c has no 'HASH_LEN 65536' to enlarge")
    source = BENCH / f"countwords-{bits}.c"
    if not source.exists() or source.read_text() != enlarged:
        source.write_text(enlarged)
    return helper(f"countwords-{bits}", source=source)


def package(program, name):
    """True where `program` is there or Debian's package `name` could be installed."""
    if shutil.which(program):
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        skip(program, f"not installed (Debian package {name})")
        return False
    say(f"installing Debian package {name}")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], **quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", name], **quiet)
    if shutil.which(program):
        return True
    skip(program, f"Debian package {name} could not be installed")
    return False


def engines(install):
    """The embedded engines that can be asked, in a virtual environment of their own."""
    wanted = [wheel.split("==")[0] for wheel in WHEELS]
    if install and not VENV_PYTHON.exists():
        say("installing " + ", ".join(WHEELS))
        subprocess.run([sys.executable, "-m", "venv", BENCH / "venv"], check=True)
    if install:
        subprocess.run([VENV_PYTHON, "-m", "pip", "install", "--quiet", *WHEELS])
    found = []
    for name in wanted:
        probe = [VENV_PYTHON, "-c", f"import {name}"]
        if VENV_PYTHON.exists() and subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
            found.append(name)
        else:
            skip(name, "not in .bench/venv" if install else "not asked for (--peers standard)")
    return found


def angle_grinder(install):
    """Builds angle-grinder from crates.io, which takes minutes."""
    if not AGRIND.exists() and install:
        say("building angle-grinder (minutes)")
        subprocess.run(["cargo", "install", "--quiet", "--root", BENCH, "ag"])
    if not AGRIND.exists():
        skip("angle-grinder", "could not be built" if install else "not asked for (--peers all)")
    return AGRIND.exists()


def python():
    """The CPython that lambdas are compared with."""
    found = shutil.which("python3.11")
    if not found:
        skip("CPython", "there is no python3.11")
    return found


def pyspark():
    """A Python that has PySpark, set up where it is not; or None."""
    subprocess.run([TOP / "scripts" / "setup-pyspark"], stdout=subprocess.DEVNULL)
    found = TOP / ".venv" / "bin" / "python"
    if found.exists() and subprocess.run([found, "-c", "import pyspark"], stderr=subprocess.DEVNULL).returncode == 0:
        return found
    skip("PySpark", "could not be set up")
    return None


def dstream(path):
    """The `dstream` to measure: the one named, or this tree's release build."""
    if path:
        if not shutil.which(path):
            raise SystemExit(f"bench: no program at {path}")
        return shutil.which(path)
    say("building dstream")
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=TOP, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", TOP / "target")
    return str(Path(target).resolve() / "release" / "dstream")


def write_short(out, size):
    """Records of three words, as events that come one by one are, up to so many bytes."""
    words = (data("kjv", 22_000_000) or data("logs", 22_000_000)).read_bytes().split()
    lines = b"".join(b" ".join(words[at : at + 3]) + b"\n" for at in range(0, len(words) - 2, 3))
    while size > 0:
        size -= out.write(lines[: lines.rfind(b"\n", 0, size) + 1] or lines[: lines.index(b"\n") + 1])


def data(name, size=None):
    """The path of a data set, made if it is not there; None where it cannot be had."""
    size = size or SIZES[name]
    directory = Path(os.environ.get("DSTREAM_BENCH_DIR", BENCH / "data"))
    path = directory / f"{name}-{size}"
    if path.exists():
        return path
    if name == "kjv" and not package("bible", "bible-kjv"):
        return None
    say(f"making {path.name}")
    directory.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that an interrupted run leaves no short file behind.
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as out:
        if name == "kjv":
            text = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True, stdout=subprocess.PIPE).stdout
            for _ in range(max(1, round(size / len(text)))):
                out.write(text)
        elif name == "tweets":
            lambdas.write_tweets(out, size)
        elif name == "short":
            write_short(out, size)
        else:
            mode = "zipf" if name == "wide" else name
            subprocess.run([helper("generate"), mode, str(size), *RECIPES.get(name, [])], check=True, stdout=out)
    partial.rename(path)
    return path
