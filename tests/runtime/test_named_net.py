"""A run's folder stands for its net and its weights, and its tests are made again as they were."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netdef
from netdef.cli import main
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.named_net import named_net
from netdef.runtime.run import Run
from netdef.runtime.trained_run import Seen, TrainedRun

Captured = pytest.CaptureFixture[str]

NET = """
name: "small"
let width = 4
input "data" [4, 3, 8, 8]
input "label" [4]
layer "conv" Convolution {
  bottom: "data" top: "seen" num_output: width kernel_size: 3
  weight_filler { type: "xavier" } include { stage: "wide" }
}
layer "pool" Pooling { bottom: "data" top: "seen" pool: AVE kernel_size: 2 include { not_stage: "wide" } }
layer "fc" InnerProduct { bottom: "seen" num_output: 3 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
preprocess { channels: RGB mean: [100, 100, 100] scale: 0.02 resize: 10 }
"""
RECIPE = "{epochs: 2, batch: 4, test: {scale: 14}, lr: {policy: fixed, base: 0.05}}"
LAYERS = """
name: "fed"
layer {
  name: "data" type: "ImageData" top: "data" top: "label"
  transform_param { crop_size: 8 mean_file: "mean.binaryproto" }
  image_data_param { source: "list.txt" batch_size: 4 new_height: 12 new_width: 10 }
}
layer {
  name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.001 } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = 'net: "fed.prototxt" base_lr: 0.00001 lr_policy: "fixed" max_iter: 6 test_interval: 3 test_iter: 3'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve images of three classes, of several sizes, in folders and in a list."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    lines = []
    for number in range(24):
        part = "train" if number < 12 else "test"
        path = Path("data", part, "abc"[number % 3], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        size = tuple(random.integers(12, 30, 2))
        pixels = random.integers(0, 200, (*size, 3)) + 20 * (number % 3)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        lines.append(f"{path} {number % 3}")
    Path("list.txt").write_text("\n".join(lines[12:]))
    Path("small.net").write_text(NET)
    Path("small.yaml").write_text(RECIPE)
    return tmp_path


def errors_in(text: str) -> list[str]:
    """What is printed of errors, in its order."""
    return re.findall(r"top-\d error \S+ %", text)


def test_the_last_test_the_next_command_and_an_evaluation_agree(folder: Path, capsys: Captured) -> None:
    """Images were made larger in tests than the net says; the figures are the same as they are printed."""
    assert main(["train", "small.net", "--data", "data", "-o", "my run"]) == 0
    out, err = capsys.readouterr()
    (last,) = (errors_in(line) for line in out.splitlines() if line.startswith("last: "))
    (best,) = (errors_in(line) for line in out.splitlines() if line.startswith("best: "))
    assert last == errors_in(err.splitlines()[-1])
    (command,) = (line.removeprefix("next: netdef ") for line in out.splitlines() if line.startswith("next: "))

    assert main(shlex.split(command)) == 0
    found = capsys.readouterr()
    assert errors_in(found.out) == best
    said = "my run: as in its tests: small.net, images with a shorter side of 14, the images of data"
    assert found.err.splitlines() == [said]
    for words in (
        ["small.net", "--weights", "my run"],
        ["my run", "--data", "data/test"],
        ["small.net", "--weights", "my run", "--scales", "14"],
    ):
        assert main(["evaluate", *words]) == 0
        assert errors_in(capsys.readouterr().out) == best
    assert main(["evaluate", "small.net", "--weights", "my run/last.safetensors"]) == 0
    assert errors_in(capsys.readouterr().out) == last

    whole = netdef.evaluate("my run", dense=True, progress=False).results[0].as_data
    assert whole["protocol"]["scales"] == [14]
    asked = netdef.evaluate("my run", dense=True, scales=[10], progress=False).results[0].as_data
    assert asked["protocol"]["scales"] == [10]


def test_a_test_of_a_part_of_the_images_is_made_again(folder: Path, capsys: Captured) -> None:
    """Two batches of three of twelve images, the next test the others: as Caffe's test_iter goes on."""
    Path("part.yaml").write_text("{epochs: 3, batch: 4, test: {batches: 2, batch: 3}, lr: {policy: fixed, base: 0.05}}")
    assert main(["train", "small.net", "--recipe", "part.yaml", "--data", "data", "-o", "run"]) == 0
    out = capsys.readouterr().out
    for name, weights in (("best", "run"), ("last", "run/last.safetensors")):
        (trained,) = (errors_in(line) for line in out.splitlines() if line.startswith(f"{name}: "))
        assert main(["evaluate", "small.net", "--weights", weights]) == 0
        found = capsys.readouterr()
        assert errors_in(found.out) == trained
        assert f"{weights}: 6 of 12 images, those that its test saw" in found.err
        assert "(6 images)" in found.out
    assert "(12 images)" in repr(netdef.evaluate("run", whole=True, progress=False))
    seen = [TrainedRun(Path("run"), Run(Path("run")).manifest).seen(name) for name in ("last.safetensors", "x")]
    assert seen == [Seen(4, 2, 3), None]


def test_an_image_is_shown_to_a_net_as_in_its_tests(folder: Path) -> None:
    """What predict finds is what evaluate found of the same image."""
    netdef.train("small.net", data="data", out="run", progress=False)
    netdef.evaluate("run", save_posteriors="posteriors.npz", progress=False)
    saved = POSTERIORS.read(Path("posteriors.npz"))
    found = netdef.predict("run", [*saved.paths], progress=False).results
    for prediction, row in zip(found, saved.values, strict=True):
        assert prediction.classes is not None
        assert [each.probability for each in prediction.classes] == pytest.approx(sorted(row, reverse=True), abs=1e-6)


def test_the_state_of_a_net_is_the_runs(folder: Path, capsys: Captured) -> None:
    netdef.train("small.net", data="data", out="run", stages=["wide"], set={"width": 7}, progress=False)
    for net in ("run", "small.net"):
        assert main(["evaluate", net, "--weights", "run"]) == 0
        assert "--stage wide, --set width=7, " in capsys.readouterr().err
    assert main(["evaluate", "run", "--set", "width=5"]) == 1
    assert "error[N902]" in capsys.readouterr().err
    Path("other.net").write_text(NET)
    assert named_net(NetRequest(file="other.net"), "run").request == NetRequest(file="other.net")


def test_a_solvers_net_predicts_as_its_data_layer_in_phase_test_shows(folder: Path, capsys: Captured) -> None:
    """Images are brought to the layer's size whatever their shape, and lose the mean image's middle."""
    write_mean(Path("mean.binaryproto"), np.random.default_rng(1).uniform(90, 110, (3, 12, 10)).astype("<f4"))
    Path("fed.prototxt").write_text(LAYERS)
    Path("solver.prototxt").write_text(SOLVER)
    assert main(["train", "--recipe", "solver.prototxt", "-o", "run"]) == 0
    out = capsys.readouterr().out
    (best,) = (errors_in(line) for line in out.splitlines() if line.startswith("best: "))
    assert main(["evaluate", "run", "--save-posteriors", "posteriors.npz"]) == 0
    found = capsys.readouterr()
    assert errors_in(found.out) == best
    assert "as in its tests: fed.prototxt, images brought to 12x10" in found.err
    saved = POSTERIORS.read(Path("posteriors.npz"))
    paths = [line.split()[0] for line in Path("list.txt").read_text().splitlines()]
    for prediction, row in zip(netdef.predict("run", paths, progress=False).results, saved.values, strict=True):
        assert prediction.classes is not None
        assert [each.probability for each in prediction.classes] == pytest.approx(sorted(row, reverse=True), abs=1e-6)


def write_mean(path: Path, mean: np.ndarray) -> None:
    """A BlobProto by protobuf's wire format: num, channels, height and width, and packed floats."""
    axes = b"".join(bytes([8 * field, size]) for field, size in enumerate((1, *mean.shape), start=1))
    numbers = mean.tobytes()
    length, size = b"", len(numbers)
    while size >= 128:
        length, size = length + bytes([size % 128 + 128]), size // 128
    path.write_bytes(axes + bytes([5 * 8 + 2]) + length + bytes([size]) + numbers)


def test_stages_of_a_plan_stand_for_the_last(folder: Path, capsys: Captured) -> None:
    stages = "[{name: coarse, epochs: 1}, {name: fine, init: coarse, test: {scale: 12}}]"
    Path("plan.yaml").write_text(f"epochs: 2\nbatch: 4\nstages: {stages}\n")
    assert main(["train", "small.net", "--recipe", "plan.yaml", "--data", "data", "-o", "run"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "run"]) == 0
    found = capsys.readouterr()
    fine = Run(Path("run")).stages[-1]
    assert "a shorter side of 12" in found.err
    best = min(line["top1_error"] for line in fine.evaluations)
    assert errors_in(found.out)[0] == f"top-1 error {100 * best:.2f} %"


def test_a_folder_that_is_no_run_is_refused(folder: Path, capsys: Captured) -> None:
    assert main(["evaluate", "data"]) == 1
    assert "error[N882]: data is no run" in capsys.readouterr().err
    assert main(["evaluate", "small.net"]) == 2
    assert main(["predict", "small.net", "x.png"]) == 2
    with pytest.raises(NetError, match="no run"):
        netdef.predict("data", "x.png", progress=False)
