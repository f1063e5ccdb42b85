"""A net of pixels like those of Long et al. (2015), through every command, wherever its maps of labels come from."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netdef.cli import main
from tests.caffe_data import write_database, write_table

Captured = pytest.CaptureFixture[str]

HEIGHT, WIDTH = 13, 19
READS = {
    "LMDB": """layer "data" Data { top: "data" source: "img" batch_size: 2 backend: LMDB
      transform_param { scale: 0.02 mean_value: 60 } }
    layer "own" Data { top: "label" source: "maps" batch_size: 2 backend: LMDB }
    """,
    "HDF5": 'layer "data" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 2 }\n',
    "ImageData": """layer "data" ImageData { top: ["data", "no"] source: "img.txt" batch_size: 2
      transform_param { scale: 0.02 mean_value: 60 } }
    layer "own" ImageData { top: ["label", "none"] source: "maps.txt" batch_size: 2 is_color: false }
    layer "unread" Silence { bottom: ["no", "none"] }
    """,
}
NET = """layer "conv1" Convolution { bottom: "data" num_output: 8 kernel_size: 3 pad: 1 stride: 2
      weight_filler { type: "xavier" } }
    layer "relu1" ReLU
    layer "score_fr" Convolution { num_output: 3 kernel_size: 1 weight_filler { type: "xavier" } }
    layer "score" Deconvolution { num_output: 3 group: 3 kernel_size: 3 stride: 2 pad: 1 bias_term: false
      param { lr_mult: 0 } weight_filler { type: "bilinear" } }
"""
LOSS = """layer "loss" SoftmaxWithLoss { bottom: ["score", "label"] loss_param { ignore_label: 255 } }
    layer "accuracy" Accuracy { bottom: ["score", "label"] ignore_label: 255 include { phase: TEST } }
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight images with a blue or a green box, their maps of labels, and a row at the top that is marked with 255."""
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(0)
    maps = np.zeros((8, HEIGHT, WIDTH), np.uint8)
    for number, each in enumerate(maps):
        y, x = chance.integers(1, (6, 9))
        each[y : y + 6, x : x + 8] = 1 + number % 2
    images = np.stack([40 + 120 * (maps == 1), 40 + 120 * (maps == 2), np.full_like(maps, 60)], 1)
    images = (images + chance.integers(0, 20, images.shape)).astype(np.uint8)
    maps[:, 0] = 255
    for number, (image, each) in enumerate(zip(images, maps, strict=True)):
        Image.fromarray(image.transpose(1, 2, 0)[..., ::-1].copy()).save(f"img{number}.png")
        Image.fromarray(each).save(f"map{number}.png")
    Path("img.txt").write_text("".join(f"img{number}.png 0\n" for number in range(8)))
    Path("maps.txt").write_text("".join(f"map{number}.png 0\n" for number in range(8)))
    write_database(tmp_path / "img", list(images))
    write_database(tmp_path / "maps", list(maps[:, None]))
    write_table(tmp_path / "rows", data=images * 0.02 - 1.2, label=maps[:, None])
    return tmp_path


@pytest.mark.parametrize("data", READS)
def test_a_net_of_pixels_goes_through_every_command(home: Path, capsys: Captured, data: str) -> None:
    """It learns the boxes; tests, evaluation and the label map of an image agree; ONNX says the same."""
    Path("fcn.prototxt").write_text(READS[data] + NET + LOSS)
    solver = (
        'net: "fcn.prototxt" base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" max_iter: 60 test_iter: 4 test_interval: 20'
    )
    Path("solver.prototxt").write_text(solver)
    assert main(["train", "--recipe", "solver.prototxt", "--device", "cpu", "-o", "run"]) == 0
    lines = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    tests = [line for line in lines if "pixel_error" in line]
    assert tests[0]["pixel_error"] > tests[-1]["pixel_error"] < 0.05
    assert tests[-1]["accuracy"] == pytest.approx(1 - tests[-1]["pixel_error"])
    for trial in ("--dry-run", "--overfit-one-batch"):
        assert main(["train", "--recipe", "solver.prototxt", "--device", "cpu", trial]) == 0
    capsys.readouterr()
    assert main(["evaluate", "fcn.prototxt", "--weights", "run/last.safetensors", "--device", "cpu", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    assert {name: found[name] for name in ("pixel_error", "mean_iou")} == pytest.approx(
        {name: tests[-1][name] for name in ("pixel_error", "mean_iou")}
    )
    assert sum(each["num"] for each in found["classes"]) == 8 * (HEIGHT - 1) * WIDTH
    assert main(["export", "fcn.prototxt", "--weights", "run", "-o", "fcn.onnx", "--verify"]) == 0
    capsys.readouterr()
    words = [
        "predict",
        "fcn.prototxt",
        "img3.png",
        "--weights",
        "run/last.safetensors",
        "--device",
        "cpu",
        "-o",
        "maps",
    ]
    if data == "HDF5":  # numbers as they are stored: nothing says how an image becomes them
        assert main(words) == 1
        assert "how an image becomes them isn't known" in capsys.readouterr().err
        return
    words[-1] = "drawn"
    assert main(words) == 0
    assert "of the pixels  0" in capsys.readouterr().out
    with Image.open("drawn/img3-map.png") as drawn, Image.open("map3.png") as labels:
        right = np.asarray(drawn)[1:] == np.asarray(labels)[1:]
    assert right.mean() > 0.95


def test_a_net_is_deployed_with_the_numbers_of_its_run(home: Path, capsys: Captured) -> None:
    """Another file without data layers: what an image becomes is known from the run that made the weights."""
    Path("fcn.prototxt").write_text(READS["LMDB"] + NET + LOSS)
    Path("deploy.net").write_text(f'input "data" [1, 3, {HEIGHT}, {WIDTH}]\n' + NET)
    Path("r.yaml").write_text("{iterations: 8, batch: 2, lr: 0.1}")
    assert main(["train", "fcn.prototxt", "--recipe", "r.yaml", "--device", "cpu", "-o", "run"]) == 0
    shares = []
    for net in ("fcn.prototxt", "deploy.net"):
        capsys.readouterr()
        assert main(["predict", net, "img3.png", "--weights", "run", "--device", "cpu", "--json"]) == 0
        shares.append(json.loads(capsys.readouterr().out)["results"][0]["regions"])
    assert shares[0] == shares[1]
