"""Label maps by class: a table, a drawing, JSON and Python, against the published formulas in numpy."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import netdef
from netdef.cli import main
from netdef.runtime.evaluation.measured_net import MeasuredResult
from tests.caffe_data import write_database

Captured = pytest.CaptureFixture[str]

NET = """layer { name: "data" type: "Data" top: "data" data_param { source: "img" batch_size: 4 backend: LMDB } }
layer { name: "own" type: "Data" top: "label" data_param { source: "labels" batch_size: 4 backend: LMDB } }
layer "score" Convolution { bottom: "data" num_output: 4 kernel_size: 1 }
layer "loss" SoftmaxWithLoss { bottom: ["score", "label"] loss_param { ignore_label: 255 } }
"""


@pytest.fixture
def hist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.int64]:
    """A net with weights, ten images and their maps; of class 3 there is no label, and 255 marks a fifth.

    Counts (classes, classes) of positions, by their label and by the class that numpy finds the highest.
    """
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(5)
    images = chance.integers(0, 256, (10, 3, 7, 9), np.uint8)
    weight, bias = chance.normal(size=(4, 3)).astype(np.float32), np.array([0, 0, 0, 200], np.float32)
    labels = chance.integers(0, 3, (10, 7, 9))
    labels[chance.random(labels.shape) < 0.2] = 255
    write_database(tmp_path / "img", list(images))
    write_database(tmp_path / "labels", list(labels[:, None].astype(np.uint8)))
    Path("fcn.prototxt").write_text(NET)
    netdef.write_weights("w.npz", {"score": [weight[:, :, None, None], bias]})
    scores = np.einsum("kc,nchw->nhwk", weight, images.astype(np.float64)) + bias
    counts = np.zeros((4, 4), np.int64)
    np.add.at(counts, (labels[labels < 255], scores.argmax(3)[labels < 255]), 1)
    return counts


def published(hist: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each class's accuracy and IoU (Long, Shelhamer and Darrell 2015): n_ii / t_i, n_ii / (t_i + sum n_ji - n_ii)."""
    right = np.diag(hist)
    with np.errstate(invalid="ignore"):
        return right / hist.sum(1), right / (hist.sum(1) + hist.sum(0) - right)


def test_the_table_has_the_published_accuracy_and_iou(hist: NDArray[np.int64], capsys: Captured) -> None:
    Path("names.txt").write_text("sky\nroad\ncar\nboat\n")
    words = ["evaluate", "fcn.prototxt", "--weights", "w.npz", "--device", "cpu"]
    assert main([*words, "--per-class", "m.csv", "--classes", "names.txt"]) == 0
    out = capsys.readouterr().out
    assert "m.csv: 4 classes; most often taken: " in out
    head, *rows = csv.reader(Path("m.csv").read_text().splitlines())
    named = ["sky", "road", "car", "boat"]
    assert head == ["label", "class", "pixels", "accuracy", "iou", *(f"taken for {name}" for name in named)]
    assert [row[1] for row in rows] == named
    np.testing.assert_array_equal([[int(cell) for cell in row[5:]] for row in rows], hist)
    accuracy, iou = published(hist)
    assert rows[3][2:5] == ["0", "", "0"], "what has no label has no accuracy, and what is found there is wrong"
    np.testing.assert_allclose([float(row[3]) for row in rows[:3]], accuracy[:3], atol=1e-6)
    np.testing.assert_allclose([float(row[4]) for row in rows], iou, atol=1e-6)


def test_json_and_python_have_each_class(hist: NDArray[np.int64], capsys: Captured) -> None:
    """And the means are those of the classes."""
    assert main(["evaluate", "fcn.prototxt", "--weights", "w.npz", "--device", "cpu", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    accuracy, iou = published(hist)
    assert [each["class"] for each in found["classes"]] == ["0", "1", "2", "3"], "nobody names them"
    assert [each["iou"] for each in found["classes"]] == pytest.approx(iou.tolist())
    assert found["classes"][3]["accuracy"] is None
    assert found["mean_class_accuracy"] == pytest.approx(np.nanmean(accuracy))
    assert found["mean_iou"] == pytest.approx(np.nanmean(iou))
    assert found["confusion"] == [[a, b, hist[a, b]] for a, b in np.argwhere(hist).tolist()]
    (result,) = netdef.evaluate("fcn.prototxt", "w.npz", device="cpu", progress=False).results
    assert isinstance(result, MeasuredResult)
    assert result.per_class is not None
    np.testing.assert_array_equal(result.per_class.matrix, hist)


def test_the_drawing_counts_pixels(hist: NDArray[np.int64]) -> None:
    """A cell for each pair, and the darkest of a row where most of its pixels went."""
    pytest.importorskip("matplotlib")
    words = ["evaluate", "fcn.prototxt", "--weights", "w.npz", "--device", "cpu", "--per-class", "m.png"]
    assert main(words) == 0
    with Image.open("m.png") as drawn:
        assert min(drawn.size) > 300
    first = Path("m.png").read_bytes()
    assert main(words) == 0
    assert Path("m.png").read_bytes() == first


def test_a_report_has_a_line_for_a_net_of_pixels(hist: NDArray[np.int64], capsys: Captured) -> None:
    """It fits none of the paper's tables, and isn't left out."""
    assert main(["evaluate", "fcn.prototxt", "--weights", "w.npz", "--device", "cpu", "--report"]) == 0
    error = 100 * (1 - hist.trace() / hist.sum())
    assert capsys.readouterr().out.startswith(f"fcn.prototxt: pixel error {error:.2f} %, mean class accuracy ")


def test_names_are_counted_before_anything_is_computed(hist: NDArray[np.int64], capsys: Captured) -> None:
    Path("names.txt").write_text("sky\nroad\n")
    assert main(["evaluate", "fcn.prototxt", "--weights", "w.npz", "--classes", "names.txt"]) == 1
    assert "names.txt names 2 classes, and the net scores 4" in capsys.readouterr().err


def test_a_net_that_is_judged_by_its_loss_has_no_classes(hist: NDArray[np.int64], capsys: Captured) -> None:
    far = 'layer "far" EuclideanLoss { bottom: ["score", "label"] }\n'
    net = NET[: NET.index('layer "loss"')].replace("num_output: 4", "num_output: 1") + far
    Path("fcn.prototxt").write_text(net)
    netdef.write_weights("w.npz", {"score": [np.ones((1, 3, 1, 1), np.float32), np.zeros(1, np.float32)]})
    for words, unused in (
        (["--per-class", "m.csv"], "--per-class"),
        (["--dense", "--save-posteriors", "p.npz"], "--dense and --save-posteriors"),
    ):
        assert main(["evaluate", "fcn.prototxt", "--weights", "w.npz", *words]) == 2
        said = f"fcn.prototxt is judged by its loss, and scores no classes: leave out {unused}"
        assert said in capsys.readouterr().err
