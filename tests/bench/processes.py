"""Whole processes against each other: wall time and peak memory, in turn, so that a drifting machine favours none."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""A user's: without the bytecode that installers and first runs leave, every run would compile the checkout anew."""


class Run(NamedTuple):
    """One process: seconds of wall time, and MiB of memory at its peak."""

    seconds: float
    mebibytes: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end, its output thrown away; a failure stops the benchmark."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        assert process.stderr is not None
        sys.exit(f"{' '.join(command)} failed:\n{process.stderr.read().decode()}")
    return Run(seconds, usage.ru_maxrss / 1024)


def compare(commands: Mapping[str, Sequence[str]], rounds: int) -> None:
    """Run all commands in turn and print the medians; the first is what the others are measured against."""
    for command in commands.values():
        run(command)  # caches of files and of parser tables are warm, as for a user
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(run(command))
    medians = {
        name: Run(statistics.median(r.seconds for r in runs), max(r.mebibytes for r in runs))
        for name, runs in found.items()
    }
    first = next(iter(medians.values()))
    width = max(map(len, medians))
    print(f"{'':{width}}  median s  peak MiB  times the first")
    for name, (seconds, mebibytes) in medians.items():
        print(f"{name:{width}}  {seconds:8.3f}  {mebibytes:8.0f}  {seconds / first.seconds:15.2f}")
