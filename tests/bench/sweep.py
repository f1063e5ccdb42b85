"""The whole sweep of training, as commands that a person would type, in a folder that is gone afterwards.

    python -m tests.bench.sweep [ROW...]

One table: what was tried, by which command, in how many seconds, what was found and what was wanted. Rows whose data
are absent (``NETDEF_SHARED``, or the folder ``shared`` beside the checkout) are skipped. The exit status is 1 if a row
fell short.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

import lmdb
import numpy as np
from safetensors.numpy import load_file
from sklearn.datasets import load_digits

from netdef import read_weights
from tests.compiler.caffe_proto import PROTO
from tests.conftest import SHARED
from tests.runtime.processes import ROOT, best, last, losses, start, wait_for_lines, write_net

NETS = ROOT / "nets"

PHOTOGRAPHS = """
name: "photographs"
include "{blocks}"
input "data" [1, 3, 32, 32]
stage(1, depth: 2, channels: 16)
stage(2, depth: 2, channels: 32)
stage(3, depth: 2, channels: 64)
layer "drop" Dropout {{ dropout_ratio: 0.5 }}
layer "fc" InnerProduct {{ num_output: 10 weight_filler {{ type: "xavier" }} }}
layer "prob" Softmax {{ include {{ phase: TEST }} }}
layer "label" Input {{ shape {{ dim: 1 }} include {{ phase: TRAIN }} }}
layer "loss" SoftmaxWithLoss {{ bottom: ["fc", "label"] include {{ phase: TRAIN }} }}
"""
PHOTOGRAPHS_RECIPE = """
epochs: 15
batch: 50
lr: {policy: step, base: 0.01, gamma: 0.1, stepsize: 1200}
augment: {mirror: true}
"""
CLOTHES_RECIPE = """
like: {vgg}
epochs: null
iterations: 12
batch: 8
lr: {{policy: fixed, base: 0.001}}
augment: {{scale: [256, 512]}}
test: {{batches: 1, batch: 4}}
"""
CAFFES_NET = """
name: "ours"
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mean_value: 78 scale: 0.01 } data_param { source: "train_db" batch_size: 50 backend: LMDB } }
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { mean_value: 78 scale: 0.01 } data_param { source: "test_db" batch_size: 50 backend: LMDB } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
CAFFES_SOLVER = """
net: "train_val.prototxt"
test_iter: 5 test_interval: 100 max_iter: 300
base_lr: 0.05 momentum: 0.9 weight_decay: 0.0005 lr_policy: "step" gamma: 0.1 stepsize: 200
random_seed: 1 solver_mode: CPU
"""
PLAN = """
batch: 100
lr: 0.05
stages:
  - {name: first, epochs: 2}
  - {name: second, epochs: 20, init: first, lr: 0.01}
"""


class Outcome(NamedTuple):
    """What a row came to."""

    found: str
    ok: bool


class Row(NamedTuple):
    """One line of the table.

    needs    what must be in the shared folder
    try_it   tries it in the working folder
    """

    name: str
    command: str
    wanted: str
    try_it: Callable[[], Outcome]
    needs: str | None = None


def do(command: str, *, threads: int = 1) -> str:
    """Run a command to its end; what it printed."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
    words = [sys.executable, "-m", *shlex.split(command)]
    return subprocess.run(words, env=variables, capture_output=True, text=True, timeout=600, check=True).stdout


def metrics(run: str, key: str) -> list[float]:
    """A number of each line of a run that has it."""
    lines = (json.loads(line) for line in (Path(run) / "metrics.jsonl").read_text().splitlines())
    return [line[key] for line in lines if key in line]


# ---- what is tried
def digits() -> Outcome:
    """The shipped net and recipe."""
    do(DIGITS)
    error = min(metrics("digits", "top1_error"))
    return Outcome(f"{100 * error:.2f} % top-1 error", error <= 0.03)


def photographs() -> Outcome:
    """A tenth of CIFAR-10 and six convolutions."""
    for part in ("train", "test"):
        with tarfile.open(SHARED / f"data/cifar10-dev/{part}.tar") as tar:
            tar.extractall("cifar", filter="data")
    Path("cifar.net").write_text(PHOTOGRAPHS.format(blocks=NETS / "vgg.net"))
    Path("cifar.yaml").write_text(PHOTOGRAPHS_RECIPE)
    do(CIFAR, threads=2)
    right = 1 - metrics("cifar-run", "top1_error")[-1]
    return Outcome(f"{100 * right:.1f} % top-1", right >= 0.45)


def clothes() -> Outcome:
    """VGG-16 itself, with the paper's augmentation."""
    Path("clothes.yaml").write_text(CLOTHES_RECIPE.format(vgg=NETS / "vgg.yaml"))
    do(CLOTHES, threads=2)
    found = np.array(metrics("clothes", "loss"))
    early, late = found[:4].mean(), found[4:].mean()
    return Outcome(f"loss {early:.2f}, then {late:.2f}", bool(np.isfinite(found).all() and late < early))


def caffes_run() -> Outcome:
    """60 iterations that BVLC Caffe ran, and its weights after 10."""
    home = SHARED / "oracle/train"
    expected = np.load(home / "expected.npz")
    do(CAFFES_RUN)
    text = (home / "solver.prototxt").read_text().replace("max_iter: 60", "max_iter: 10")
    Path("ten.prototxt").write_text(text.replace('"train_val', f'"{home}/train_val'))
    do(f"netdef train --recipe ten.prototxt --weights {home}/init.caffemodel -o ten")
    loss = np.abs(np.array(metrics("caffe", "loss")) - expected["loss"]).max()
    ours, weight = read_weights(Path("ten/last.safetensors")), 0.0
    for name in (name for name in expected if name.startswith("iter10/")):
        _, layer, index = name.split("/")
        off = np.abs(ours[layer][int(index)] - expected[name]).max() / max(1e-3, np.abs(expected[name]).max())
        weight = max(weight, float(off))
    ends = metrics("caffe", "test_loss")[-1], 1 - metrics("caffe", "top1_error")[-1]
    test = [abs(end - theirs) for end, theirs in zip(ends, expected["test60"], strict=True)]
    found = f"off by {loss:.0e} in losses, {weight:.0e} in weights, {test[0]:.0e} and {test[1]:.3f} in the test"
    return Outcome(found, bool(loss < 1e-3 and weight < 1e-4 and test[0] < 1e-3 and test[1] < 0.0051))  # an image


def caffes_files() -> Outcome:
    """A solver, a net and a database that are made here."""
    data = load_digits()
    parts = {"train_db": slice(0, 1500), "test_db": slice(1500, 1750)}
    for name, part in parts.items():
        with lmdb.open(name, map_size=2**24) as environment, environment.begin(write=True) as transaction:
            for number, (image, label) in enumerate(zip(data.images[part], data.target[part], strict=True)):
                pixels = np.round(image * 255 / 16).astype(np.uint8).tobytes()
                datum = PROTO["Datum"](channels=1, height=8, width=8, data=pixels, label=int(label))
                transaction.put(f"{number:08}".encode(), datum.SerializeToString())
    Path("train_val.prototxt").write_text(CAFFES_NET)
    Path("solver.prototxt").write_text(CAFFES_SOLVER)
    do(CAFFES_FILES)
    right = 1 - metrics("files", "top1_error")[-1]
    return Outcome(f"{100 * right:.1f} % top-1", right >= 0.9)


def traces() -> Outcome:
    """Every weight after each of 12 steps, in Caffe's ten traces."""
    found = do(TRACES).strip().splitlines()[-1]
    return Outcome(found, "10 passed" in found)


def plan() -> Outcome:
    """Killed in its second stage, gone on with, and compared with one that wasn't."""
    write_net(Path())
    Path("plan.yaml").write_text(PLAN)
    do(UNBROKEN)
    process = start(*shlex.split(UNBROKEN.replace("unbroken", "broken"))[1:])
    wait_for_lines("broken/2-second", 40)
    process.kill()
    process.communicate()
    num = len(losses("broken/2-second"))
    do("netdef train --resume -o broken")
    same = all(
        look(f"broken/{stage}") == look(f"unbroken/{stage}")
        for stage in ("1-first", "2-second")
        for look in (last, best, losses)
    )
    whole = len(losses("unbroken/2-second"))
    return Outcome(f"killed after {num} of {whole}, {'the same' if same else 'others'}", same and num < whole)


def devices() -> Outcome:
    """Two processes against one in two passes, and against one with the whole batch in double precision."""
    write_net(Path())
    do(TWO)
    do("netdef train small.net --passes 2 --epochs 2 -o one")
    same = last("two") == last("one") and losses("two") == losses("one")
    for name, more in (("whole", ""), ("halves", "--devices 2")):
        do(f"netdef train small.net --epochs 2 --precision float64 {more} -o {name}")
    ours, theirs = (load_file(f"{name}/last.safetensors") for name in ("halves", "whole"))
    off = max(float(np.abs(ours[name] - theirs[name]).max()) for name in theirs)
    return Outcome(f"{'the same bits' if same else 'other bits'}; {off:.0e} in float64", same and off < 1e-12)


DIGITS = f"netdef train {NETS}/digits.net --data digits -o digits"
CIFAR = "netdef train cifar.net --data cifar --workers 1 -o cifar-run"
CLOTHES = (
    f"netdef train {NETS}/vgg16.net --set classes=10 --recipe clothes.yaml --data {SHARED}/data/clothing-dev -o clothes"
)
CAFFES_RUN = (
    f"netdef train --recipe {SHARED}/oracle/train/solver.prototxt "
    f"--weights {SHARED}/oracle/train/init.caffemodel -o caffe"
)
CAFFES_FILES = "netdef train --recipe solver.prototxt -o files"
TRACES = f"pytest -q {ROOT}/tests/runtime/test_solver.py -k test_every_step_is_caffes"
UNBROKEN = "netdef train small.net --recipe plan.yaml -o unbroken"
TWO = "netdef train small.net --devices 2 --epochs 2 -o two"
ROWS = (
    Row("digits", DIGITS, "at most 3 % top-1 error", digits),
    Row("photographs", CIFAR, "45 % top-1 in 15 epochs", photographs, "data/cifar10-dev"),
    Row("clothes", CLOTHES, "finite and falling", clothes, "data/clothing-dev"),
    Row("Caffe's run", CAFFES_RUN, "1e-3, 1e-4, 1e-3 and an image", caffes_run, "oracle/train"),
    Row("Caffe's files", CAFFES_FILES, "90 % top-1", caffes_files),
    Row("solver traces", TRACES, "10 passed", traces),
    Row("plan", UNBROKEN, "the same", plan),
    Row("devices", TWO, "the same bits; 1e-12", devices),
)
"""By the name that the command line takes."""


def line(row: Row) -> dict[str, Any]:
    """Try a row in a folder of its own; its line of the table."""
    if row.needs and not (SHARED / row.needs).is_dir():
        return {"seconds": "", "found": f"no {row.needs}", "ok": "skipped"}
    began = perf_counter()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            outcome = row.try_it()
        except subprocess.CalledProcessError as failed:
            outcome = Outcome(failed.stderr.strip().replace("\n", "; "), ok=False)
        finally:
            os.chdir(ROOT)
    seconds = f"{perf_counter() - began:.0f}"
    return {"seconds": seconds, "found": outcome.found, "ok": "yes" if outcome.ok else "NO"}


def main() -> int:
    """Print the table row by row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [row.name for row in ROWS]
    parser.add_argument("row", nargs="*", metavar="ROW", help=", ".join(names))
    wanted = parser.parse_args().row or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(names)}")
    print("| what | command | s | found | wanted | ok |\n|---|---|--:|---|---|---|", flush=True)
    short = False
    for row in ROWS:
        if row.name in wanted:
            made = line(row)
            short |= made["ok"] == "NO"
            command = row.command.replace(f"{SHARED}/", "").replace(f"{ROOT}/", "")
            cells = (row.name, f"`{command}`", made["seconds"], made["found"], row.wanted, made["ok"])
            print(f"| {' | '.join(cells)} |", flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
