"""Nets learn where things are, from the command line."""

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
import torch
from PIL import Image

from netdef import load, write_weights
from netdef.cli import main
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.batches import TestBatches
from netdef.runtime.data.box_fields import box_fields
from netdef.runtime.data.box_geometry import overlap
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import boxes_of
from netdef.runtime.data.datasets.source import open_data, open_test
from tests.runtime.processes import ROOT

HERE = Path(__file__).parent
NETS = HERE.parents[2] / "nets"
SIDE = Pair(12, 16)

PCR = """
include "vgg_boxes.net"
name: "shapes"
let N = 1
let classes = 2
input "data" [N, 1, 12, 16]
layer "fc" InnerProduct { num_output: 48 weight_filler { type: "msra" } }
layer "relu" ReLU
box_per_class(classes, N)
preprocess { channels: GREY mean: 40 scale: 0.01 }
"""
WHAT = """
input "data" [1, 1, 12, 16]
layer "fc" InnerProduct { num_output: 2 }
layer "prob" Softmax
preprocess { channels: GREY }
"""
RECIPE = """
epochs: 30
batch: 20
solver: {type: Adam, weight_decay: 0}
lr: {policy: fixed, base: 0.005}
augment: {mirror: true}
"""


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Images of a wide or a tall bar each, the wide one dark, and where it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    some = np.random.default_rng(5)
    rows = []
    for index in range(500):
        tall = index % 2
        height, width = (8, 4) if tall else (4, 8)
        top, left = some.integers(0, SIDE.h - height + 1), some.integers(0, SIDE.w - width + 1)
        image = some.integers(0, 30, SIDE).astype(np.uint8)
        image[top : top + height, left : left + width] += 200 if tall else 100
        Image.fromarray(image).save(tmp_path / f"{index}.png")
        rows.append(f"{index}.png,{('wide', 'tall')[tall]},{left},{top},{left + width},{top + height}")
    (tmp_path / "shapes.csv").write_text("\n".join(rows) + "\n")
    copy(NETS / "vgg.net", tmp_path)
    copy(NETS / "vgg_boxes.net", tmp_path)
    (tmp_path / "shapes.net").write_text(PCR)
    (tmp_path / "shapes.yaml").write_text(RECIPE)
    return tmp_path


def errors(capsys: pytest.CaptureFixture[str], *words: str) -> float:
    capsys.readouterr()
    assert main(["evaluate", *words, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    return float(result["box_error"])


def test_a_box_for_each_class_is_learned(shapes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "shapes.net", "--data", "shapes.csv", "-o", "run"]) == 0
    out = capsys.readouterr().out
    assert "box error" in out
    lines = [json.loads(line) for line in (shapes / "run/metrics.jsonl").read_text().splitlines()]
    best = min(line["box_error"] for line in lines if "box_error" in line)
    assert best <= 0.2
    assert errors(capsys, "shapes.net", "--weights", "run") == best  # the tenth that training held out
    weights = ["shapes.net", "--weights", "run", "--data", "shapes.csv"]
    whole = errors(capsys, *weights)  # all 500: those that it learned from, too
    assert whole <= best + 0.1
    (shapes / "what.net").write_text(WHAT)
    write_weights("what.npz", {"fc": [np.zeros((2, 192)), np.zeros(2)]})
    dense = ["shapes.net", "what.net", "--weights", "run", "what.npz", "--data", "shapes.csv", "--dense"]
    assert errors(capsys, *dense) == whole  # one position, and both classes among five guesses
    data = open_data("shapes.csv")
    train, test = boxes_of(data.train), boxes_of(data.test)
    assert train is not None
    assert test is not None
    assert (overlap(train.mean(0), test) <= 0.5).mean() > 0.6  # without learning


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [[], ["--dense"]])
def test_devices_count_the_same_boxes(
    shapes: Path, protocol: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (shapes / "what.net").write_text(WHAT)
    for name in ("shapes", "what"):
        write_weights(f"{name}.npz", lower(load(f"{name}.net"), seed=1).weights())
    names = ["shapes", "what"] if protocol else ["shapes"]
    files, weights = [f"{name}.net" for name in names], [f"{name}.npz" for name in names]
    words = ["evaluate", *files, "--weights", *weights, "--data", "shapes.csv"]
    found = []
    for devices in ("1", "2"):
        assert main([*words, *protocol, "--devices", devices, "--json"]) == 0
        found.append(capfd.readouterr().out)
    assert found[0] == found[1]
    assert json.loads(found[0])["results"][0]["num"] == 500


def test_only_the_own_classes_outputs_learn(shapes: Path) -> None:
    """The loss is sum d^2 / 2N over the true class's four numbers, and the others have no gradient."""
    module = lower(load("shapes.net", phase="TRAIN"), seed=2)
    batch = TestBatches(open_test("shapes.csv", None), ImageCrop(SIDE, 1), 6)[0]
    batch["label"][:] = 1
    batch |= box_fields(batch["box"].double().numpy(), batch["label"], 2)
    pixels = batch["data"].permute(0, 3, 1, 2).float()
    fed = {"data": pixels, "class_box": batch["class_box"], "class_mask": batch["class_mask"]}
    loss, _ = module.loss(**fed)
    found = module.blobs(["fc8_box"], data=pixels)["fc8_box"].detach().numpy()
    expected = ((found[:, 4:] - batch["box"].numpy()) ** 2).sum() / 12
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)
    torch.autograd.backward(loss)
    gradient = module.layer_params("fc8_box")[0].grad
    assert gradient is not None
    assert gradient[:4].abs().max() == 0
    assert (gradient[4:].abs().amax(1) > 0).all()


@pytest.mark.slow
def test_white_cells_are_found(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wbc.net", "wbc.yaml"):
        copy(HERE / name, tmp_path)
    folder = str(shared / "data/bccd-boxes/BCCD")
    assert main(["train", "wbc.net", "--data", folder, "--object", "WBC", "-o", "run"]) == 0
    assert errors(capsys, "wbc.net", "--weights", "run", "--data", folder) <= 0.1
    data = open_data(folder, objects=("WBC",))
    train, test = boxes_of(data.train), boxes_of(data.test)
    assert train is not None
    assert test is not None
    assert (overlap(train.mean(0), test) <= 0.5).mean() > 0.9  # what one box for all would do
