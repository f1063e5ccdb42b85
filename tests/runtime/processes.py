"""Training in processes of its own, so that it can be killed, and what it leaves behind."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

NET = """
name: "small"
input "data" [1, 1, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }
layer "relu" ReLU
layer "drop" Dropout { dropout_ratio: 0.2 }
layer "fc" InnerProduct { num_output: 10 weight_filler { type: "xavier" } param { lr_mult: 1 } param { lr_mult: 2 } }
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
preprocess { channels: GREY mean: 78 scale: 0.01 }
"""
RECIPE = "batch: 100\nlr: {policy: step, base: 0.05, gamma: 0.5, stepsize: 20}\n"


SMALL = ("small.net", "--data", "synthetic")
"""The net on data that need no other package: what a process takes to start counts here."""


def write_net(folder: Path, net: str = NET) -> None:
    (folder / "small.net").write_text(net)
    (folder / "small.yaml").write_text(RECIPE)


def start(*words: str, **environment: str) -> subprocess.Popen[str]:
    """``python WORDS`` or, with words that begin with a command, ``netdef WORDS``, on one thread."""
    words = words if words[0].startswith("-") else ("-m", "netdef", *words)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.Popen([sys.executable, *words], env=variables, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for a process that should end with a status; what it said on stderr."""
    _, said = process.communicate(timeout=100)
    assert process.returncode == status, said
    return said


def train(*words: str, status: int = 0, **environment: str) -> str:
    """Train to the end."""
    return finish(start("train", *words, **environment), status)


def wait_for_lines(run: str, num: int) -> None:
    """Until a run has noted some iterations."""
    deadline = time.monotonic() + 100
    while len(lines(run)) < num:
        assert time.monotonic() < deadline, f"{run} has only {len(lines(run))} lines"
        time.sleep(0.01)


def lines(run: str) -> list[str]:
    path = Path(run) / "metrics.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def losses(run: str) -> list[tuple[Any, ...]]:
    """Iteration, loss, rate and error of each line."""
    keys = ("iteration", "loss", "lr", "top1_error")
    return [tuple(json.loads(line).get(key) for key in keys) for line in lines(run)]


def last(run: str) -> bytes:
    return (Path(run) / "last.safetensors").read_bytes()


def best(run: str) -> bytes:
    return (Path(run) / "best.safetensors").read_bytes()
