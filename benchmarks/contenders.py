"""The programs that benchmarks compare, driven in alternation by the lines of protocol.h."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PRECISIONS = ("f32", "bf16", "bf16_storage")
DEFAULT_PROGRAMS = HERE.parent / "build" / "release" / "bin"


class Unavailable(Exception):
    """A contender that cannot measure what was asked for, and its one line that says why."""


class Contender:
    """One warm process. Use as a context manager, or close()."""

    def __init__(self, name, command):
        self.name = name
        self.rates = []
        try:
            self.process = subprocess.Popen([str(word) for word in command], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        except OSError as error:
            raise Unavailable(f"{name}: {error}") from error
        answer = self.process.stdout.readline().strip()
        kind, _, rest = answer.partition(" ")
        if kind != "ready":
            self.close()
            raise Unavailable(f"{name}: {rest if kind == 'unavailable:' else answer or 'died'}")
        self.description = json.loads(rest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        kind, _, rest = self.process.stdout.readline().strip().partition(" ")
        if not rest:
            raise Unavailable(f"{self.name}: died")
        return rest

    def run(self, seconds):
        """Images per second over the next `seconds`, remembered in `rates`."""
        self.rates.append(float(self.ask(f"run {seconds}")))
        return self.rates[-1]

    def memory(self):
        return json.loads(self.ask("memory"))

    def median(self):
        return statistics.median(self.rates)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def measured_once(command):
    """The JSON object that a program prints which measures once and ends."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(done.stdout.strip() or done.stderr.strip())
    return json.loads(done.stdout)


def rival_precisions(precision):
    """What PyTorch may run in beside ours: it has no bf16_storage, so that both of its own do."""
    return ("f32", "bf16") if precision == "bf16_storage" else (precision,)


def product_precision(precision):
    """What is multiplied."""
    return "f32" if precision == "bf16_storage" else precision


def ours(program, network, precision, batch_size, threads, target=None):
    command = [program, "--network", network, "--precision", precision, "--batch-size", batch_size,
               "--threads", threads]
    return Contender("edgeprune", command + (["--target", target] if target else []))


def pytorch(network, precision, batch_size, threads, memory_format, compiled):
    name = f"{'torch.compile ' if compiled else ''}{memory_format}, {threads} threads"
    command = [sys.executable, HERE / "pytorch_step", "--network", network, "--precision",
               precision, "--batch-size", batch_size, "--threads", threads, "--memory-format",
               memory_format]
    return Contender(name, command + (["--compile"] if compiled else []))


def busy_seconds():
    """Processor time that the whole machine has spent on anything but waiting."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, interrupts, soft_interrupts = map(int,
                                                                    file.readline().split()[1:8])
    return (user + nice + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")


def process_seconds(contender):
    with open(f"/proc/{contender.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alternate(contenders, rounds, seconds):
    """Every contender once a round; each round starts with another one, so that none always
    profits from a rested or suffers from a hot machine. Returns how many processors others kept
    busy meanwhile: well above 0, the numbers are those of a shared machine."""
    start, busy = time.perf_counter(), busy_seconds()
    own = sum(map(process_seconds, contenders))
    for i in range(rounds):
        first = i % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            contender.run(seconds)
    others = busy_seconds() - busy - (sum(map(process_seconds, contenders)) - own)
    return max(0.0, others / (time.perf_counter() - start))
