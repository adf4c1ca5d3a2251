"""Running commands: whole processes, warm page cache, wall time by the monotonic clock, peak memory."""

import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import prepare

# A command that needs longer than this is not repeated.
SLOW = 15.0
TIMEOUT = 900
ENVIRONMENT = os.environ | {"LC_ALL": "C"}


@dataclass
class Command:
    """A command line under a name; its input comes from `stdin`, from a pipe, or over TCP."""

    name: str
    label: str
    argv: list
    threads: int
    ours: bool = False
    stdin: Path | None = None
    piped: list = field(default_factory=list)  # files that `cat` writes into its standard input
    text: bytes | None = None  # or this text
    tcp: Path | None = None  # or the file that is sent to the port given as "{port}"
    size: int | None = None  # bytes that it reads, where others of its group read more
    times_itself: bool = False  # what it prints are the seconds that its work took
    walls: list = field(default_factory=list)
    peak: int = 0  # bytes
    failure: str | None = None
    output: bytes = b""

    @property
    def wall(self):
        return statistics.median(self.walls)

    @property
    def measured(self):
        return bool(self.walls) and not self.failure

    def run(self):
        with tempfile.TemporaryDirectory(dir=prepare.BENCH) as scratch:
            scratch = Path(scratch)
            with open(scratch / "out", "wb") as out, open(scratch / "err", "wb") as err:
                try:
                    wall, peak, code = self._over_tcp(scratch, out, err) if self.tcp else self._timed(scratch, out, err)
                except subprocess.TimeoutExpired:
                    wall, peak, code = 0, 0, f"nothing for {TIMEOUT} s"
            self.output = (scratch / "out").read_bytes()
            if code != 0:
                told = (scratch / "err").read_text(errors="replace").strip().splitlines()
                self.failure = f"exit {code}: {told[-1] if told else 'no message'}"[:160]
                return
        if self.times_itself:
            wall = float(self.output.split()[-1])
        self.walls.append(wall)
        self.peak = max(self.peak, peak)

    def _timed(self, scratch, out, err):
        argv = [prepare.helper("timed"), scratch / "report", *self.argv]
        feeder = None
        if self.piped:
            feeder = subprocess.Popen(["cat", *self.piped], stdout=subprocess.PIPE)
            source = feeder.stdout
        elif self.stdin:
            source = open(self.stdin, "rb")
        elif self.text is not None:
            reader, writer = os.pipe()
            os.write(writer, self.text)
            os.close(writer)
            source = os.fdopen(reader, "rb")
        else:
            source = open(os.devnull, "rb")
        process = subprocess.Popen(argv, stdin=source, stdout=out, stderr=err, env=ENVIRONMENT)
        source.close()
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            if feeder:
                feeder.wait() if process.returncode is not None else feeder.kill()
        return told_by(scratch / "report")

    def _over_tcp(self, scratch, out, err):
        """From the sender's start until the reader has ended: everything was taken in and printed.

        A reader that listens on would wait for the next client for ever, so it is asked to
        finish (SIGTERM) as soon as it has closed the connection.
        """
        port = free_port()
        argv = [str(part).replace("{port}", str(port)) for part in self.argv]
        timed = [prepare.helper("timed"), scratch / "report", *argv]
        reader = subprocess.Popen(timed, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT)
        try:
            wait_for_listener(port, reader)
            start = time.monotonic()
            subprocess.run([prepare.helper("tcp"), "send", str(port), self.tcp], timeout=TIMEOUT)
            if self.ours:
                reader.terminate()
            reader.wait(TIMEOUT)
            wall = time.monotonic() - start
        finally:
            if reader.returncode is None:
                reader.terminate()
        _, peak, code = told_by(scratch / "report")
        return wall, peak, code


def told_by(report):
    """What `timed` wrote: wall seconds, peak bytes, exit status."""
    wall, kib, _, code = report.read_text().split()
    return float(wall), int(kib) * 1024, int(code)


@dataclass
class Idle:
    """How a run behaves that has next to nothing to do."""

    delay: float  # ms after its time that the latest batch was written
    load: float  # share of a core


def idle(dstream, seconds=5):
    """Batches of 100 ms, into which a line falls now and then; then a run whose input says nothing."""
    argv = [dstream, "wordcount", "--interval", "100ms", "-v"]
    run = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT)
    for _ in range(seconds * 10):
        run.stdin.write(b"a few words\n")
        run.stdin.flush()
        time.sleep(0.1)
    told = run.communicate()[1].decode()
    delay = re.search(r"longest delay ([\d.]+) (ms|s)", told)
    before = os.times()
    silent = subprocess.Popen([dstream, "wordcount"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    time.sleep(seconds)
    silent.communicate()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Idle(float(delay[1]) * (1000 if delay[2] == "s" else 1), used / seconds)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_listener(port, process):
    """Until somebody listens on the port: asked of the kernel, since connecting would count as a client."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.split(":")[1], 16) == port:
                return
        time.sleep(0.005)


@dataclass
class Group:
    """Commands on the same input, compared with each other."""

    name: str
    title: str
    size: int  # bytes that each command reads
    commands: list
    least_runs: int = 1  # of each command, unless everything runs once

    def rate(self, command):
        """Bytes per second."""
        return (command.size or self.size) / command.wall

    def __getitem__(self, name):
        """The measured command of that name, or None."""
        return next((c for c in self.commands if c.name == name and c.measured), None)

    def reference(self, command):
        """Our command that does what another one does: the one of that name, else the first with as many threads."""
        ours = [c for c in self.commands if c.ours and c.measured and c.threads == command.threads]
        same = [c for c in ours if c.name.partition(",")[0] == command.name.partition(",")[0]]
        return next(iter(same or ours), None)

    def measure(self, runs):
        """Runs them in turns, so that a spell of noise meets all of them."""
        for path in {p for c in self.commands for p in [c.stdin, c.tcp, *c.piped] if p}:
            warm(path)
        for _ in range(runs):
            for command in self.commands:
                if command.failure or (command.walls and command.walls[0] > SLOW):
                    continue
                command.run()
                if command.failure:
                    prepare.say(f"{self.name}: {command.label}: {command.failure}")


def warm(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 22):
            pass
