"""netdef evaluate from end to end: whole images and windows, saved and fused, shared among processes."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from PIL import Image

from netdef import load, read_weights, write_weights
from netdef.cli import main
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.crop import ImageCrop, resized
from netdef.runtime.data.datasets.source import open_data, open_test
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.evaluation.posteriors import Posteriors
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.evaluation.protocol import Protocol
from netdef.runtime.evaluation.scoring import ScoringTask, score_images
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.trained import TrainedNet
from tests.runtime.processes import ROOT

NET = """
name: "tiny"
input "data" [1, 3, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }
layer "relu" ReLU
layer "fc" InnerProduct { num_output: 6 weight_filler { type: "xavier" } }
layer "prob" Softmax
preprocess { channels: RGB mean: [100, 100, 100] scale: 0.02 resize: 10 crop: 8 }
"""

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def quiet(_: object) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven images of three classes, a net and two sets of weights."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for number, size in enumerate([(12, 16), (12, 16), (16, 12), (20, 11), (12, 16), (30, 40), (11, 11)]):
        path = Path("data") / "abc"[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(path)
    Path("tiny.net").write_text(NET)
    for seed, name in enumerate(("one", "two")):
        write_weights(f"{name}.npz", lower(load("tiny.net"), seed=seed).weights())
    return tmp_path


def task(protocol: Protocol, weights: str = "one.npz") -> ScoringTask:
    net = load("tiny.net", dense=protocol.dense)
    normalise = Normalise(Preprocessing(Channels.RGB, (100.0, 100.0, 100.0), 0.02))
    feed = Feed(ImageCrop(Pair(8, 8), 3, 10, cover=False), {"data": "data"}, normalise, shuffled=False)
    trained = TrainedNet(module=lower(net, read_weights(weights)), blob="fc", feed=feed)
    return ScoringTask(trained, open_test("data", None), protocol)


def evaluated(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["evaluate", *words, "--json"]) == 0
    results: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["results"]
    return results


def test_dense_posteriors_are_what_a_plain_loop_makes(folder: Path) -> None:
    protocol = Protocol(dense=True, scales=(9, 12), flip=True)
    whole = task(protocol)
    found = score_images(whole, quiet, quiet)
    data = whole.data
    for number in range(len(data)):
        expected = []
        for side in (9, 12):
            height, width = data.image(number).shape[:2]
            scale = side / min(height, width)
            image = resized(data.image(number), Pair(round(height * scale), round(width * scale)))
            for view in (image, image[:, ::-1]):
                numbers = (torch.tensor(view.copy()).permute(2, 0, 1)[None].float() - 100) * 0.02
                with torch.inference_mode():
                    expected.append(
                        whole.trained.module.blobs(["fc"], data=numbers)["fc"].mean((2, 3)).softmax(1).numpy()[0]
                    )
        np.testing.assert_allclose(found.values[number], np.mean(expected, axis=0), rtol=1e-5)
    assert found.labels.tolist() == list(data.labels)


def test_dense_and_crops_are_averaged(folder: Path) -> None:
    both, dense, crops = (
        score_images(task(protocol), quiet, quiet).values
        for protocol in (
            Protocol(dense=True, crops=50, scales=(9, 12), flip=True),
            Protocol(dense=True, scales=(9, 12), flip=True),
            Protocol(crops=50, scales=(9, 12)),
        )
    )
    np.testing.assert_allclose(both, (dense + crops) / 2, rtol=1e-5)
    assert np.abs(dense - crops).max() > 1e-4


def test_one_centre_crop_is_what_training_tests_with(folder: Path) -> None:
    """Nearly: training makes the window alone, whose bytes are rounded otherwise, by two levels of 255 at most."""
    simple, centre = (
        score_images(task(each), quiet, quiet).values for each in (Protocol(), Protocol(crops=1, scales=(10,)))
    )
    np.testing.assert_allclose(simple, centre, atol=2 / 255)


def in_a_group(rank: int, folder: str, expected: Posteriors) -> None:
    os.chdir(folder)
    dist.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=2)
    group = ProcessGroup(rank, 2)
    assert score_images(task(Protocol()), quiet, quiet, group).errors(group).num == 7
    own = score_images(task(Protocol(dense=True, flip=True)), quiet, quiet, group)
    assert own.numbers.tolist() == [*group.slice_of(7)]
    everyone = own.all_gather(group)
    assert own.errors(group) == expected.errors() == everyone.errors()
    np.testing.assert_allclose(everyone.values, expected.values, rtol=1e-5)
    assert everyone.numbers.tolist() == list(range(7))
    assert everyone.paths == expected.paths
    dist.destroy_process_group()


def test_processes_share_the_images_and_count_exactly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])  # where the processes find this file
    expected = score_images(task(Protocol(dense=True, flip=True)), quiet, quiet)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(in_a_group, range(2), [str(folder)] * 2, [expected] * 2))


def devices(*words: str) -> list[dict[str, Any]]:
    """What ``python WORDS`` prints as JSON, without its speed."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    printed = subprocess.run([sys.executable, *words], env=variables, stdout=subprocess.PIPE, text=True, check=True)
    results: list[dict[str, Any]] = json.loads(printed.stdout, object_hook=without_speed)["results"]
    return results


def without_speed(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if key != "images_per_s"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("protocol", "launcher", "more"),
    [
        ([], ["-m", "netdef"], ["--devices", "2"]),
        (["--dense", "--flip", "--scales", "9,12"], [*TORCHRUN, "-m", "netdef"], []),
    ],
)
def test_devices_print_what_one_does(folder: Path, protocol: list[str], launcher: list[str], more: list[str]) -> None:
    """Started by netdef or by torchrun, for two nets and their fusion; rank 0 alone writes."""
    words = ("evaluate", "tiny.net", "tiny.net", "--weights", "one.npz", "two.npz", "--data", "data", *protocol)
    asked = (*words, "--json", "--save-posteriors")
    alone = devices("-m", "netdef", *asked, "one-p.npz")
    assert len(alone) == 3
    assert devices(*launcher, *asked, "two-p.npz", *more) == alone
    expected, found = (POSTERIORS.read(Path(f"{name}-p.npz")) for name in ("one", "two"))
    np.testing.assert_array_equal(found.numbers, expected.numbers)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-6)


def test_nets_and_saved_posteriors_are_fused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    protocol = ["--data", "data", "--dense", "--flip"]
    together = evaluated(capsys, "tiny.net", "tiny.net", "--weights", "one.npz", "two.npz", *protocol)
    for name, file in (("one", "one-p.npz"), ("two", "two-p.safetensors")):
        (alone,) = evaluated(capsys, "tiny.net", "--weights", f"{name}.npz", *protocol, "--save-posteriors", file)
        assert alone["protocol"]["scales"] == [10], "the net's own"
        assert (alone["num"], alone["data"]) == (7, "data")
    saved = evaluated(capsys, "--posteriors", "one-p.npz", "two-p.safetensors", "--save-posteriors", "both.npz")
    for before, after in zip(together, saved, strict=True):
        assert (before["top1_error"], before["top5_error"]) == (after["top1_error"], after["top5_error"])
    parts = [POSTERIORS.read(Path(file)) for file in ("one-p.npz", "two-p.safetensors")]
    np.testing.assert_array_equal(POSTERIORS.read(Path("both.npz")).values, (parts[0].values + parts[1].values) / 2)
    names = [Path(path).name for path in parts[0].paths]
    assert names == ["0.png", "3.png", "6.png", "1.png", "4.png", "2.png", "5.png"], "class by class"
    assert main(["evaluate", "--posteriors", "one-p.npz", "two-p.safetensors"]) == 0
    assert "\ntiny.net (one.npz) + tiny.net (two.npz): top-1" in capsys.readouterr().out
    mixed = evaluated(capsys, "tiny.net", "--weights", "two.npz", *protocol, "--posteriors", "one-p.npz")
    assert mixed[-1]["top1_error"] == together[-1]["top1_error"]


def test_a_report_and_lines_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "tiny.net", "--weights", "one.npz", "--data", "data"]
    assert main([*words, "--crops", "50", "--scales", "9,12"]) == 0
    assert "(7 images), " in capsys.readouterr().out
    assert main([*words, "--crops", "50", "--scales", "9,12", "--report", "markdown"]) == 0
    assert "| tiny.net | not known | 9, 12 | multi-crop |" in capsys.readouterr().out


def test_scores_without_a_soft_max_are_given_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--weights", "one.npz", "--data", "data", "--crops", "10", "--save-posteriors")
    evaluated(capsys, "tiny.net", *words, "with.npz")
    Path("tiny.net").write_text(NET.replace('layer "prob" Softmax', ""))
    evaluated(capsys, "tiny.net", *words, "without.npz")
    Path("tiny.net").write_text(NET)
    evaluated(capsys, "tiny.net", *words, "prob.npz", "--scores", "prob")
    kept = [POSTERIORS.read(Path(f"{name}.npz")).values for name in ("with", "without", "prob")]
    np.testing.assert_array_equal(kept[0], kept[1])
    np.testing.assert_allclose(kept[0], kept[2], rtol=1e-5)
    for blob, pool in (("fc", "logits"), ("prob", "prob")):
        (found,) = evaluated(capsys, "tiny.net", *words[:4], "--dense", "--pool", "logits", "--scores", blob)
        assert found["protocol"]["pool"] == pool, "what was done, whatever was asked for"


@pytest.mark.parametrize("how", [[], ["--dense"]])
@pytest.mark.parametrize("end", ["", 'layer "prob" Softmax { bottom: "fc" top: "fc" }'])
def test_the_scores_are_found_wherever_they_stand(
    folder: Path, capsys: pytest.CaptureFixture[str], how: list[str], end: str
) -> None:
    """Under the soft-max, in place of which it writes, or as the only output, which may be a map."""
    words = ("--weights", "one.npz", "--data", "data", *how, "--save-posteriors")
    evaluated(capsys, "tiny.net", *words, "apart.npz")
    Path("tiny.net").write_text(NET.replace('layer "prob" Softmax', end))
    evaluated(capsys, "tiny.net", *words, "found.npz")
    apart, found = (POSTERIORS.read(Path(name)).values for name in ("apart.npz", "found.npz"))
    np.testing.assert_array_equal(found, apart)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--dense", "--scales", "7"], "N1101"),
        (["--dense", "--scales", "7", "--corrupt", "skip"], "N1105"),
        (["--save-posteriors", "saved.txt"], "N1104"),
        (["--posteriors", "absent.npz"], "N1104"),
        (["--data", "empty"], "N711"),
        (["--data", "list.txt"], "N714"),
    ],
)
def test_mistakes(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str) -> None:
    Path("empty").mkdir()
    Path("list.txt").write_text("data/a/0.png 6\n")  # the net scores 0 to 5
    assert main(["evaluate", "tiny.net", "--weights", "one.npz", "--data", "data", *words]) == 1
    said = capsys.readouterr().err
    assert f"error[{code}]" in said
    assert ("data/a/0.png is 7x9" in said) == ("--scales" in words)


@pytest.mark.parametrize("words", [["--scales", "3"], ["--scales", "12,7", "--crops", "10"]])
def test_scales_fill_the_windows_that_are_cut(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["evaluate", "tiny.net", "--weights", "one.npz", "--data", "data", *words]) == 1
    assert "do not fill the net's window of 8x8" in capsys.readouterr().err


def test_evaluate_needs_a_net_or_posteriors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate"]) == 2
    assert main(["evaluate", "tiny.net", "--posteriors", "one.npz"]) == 2


LEARNING = """
input "data" [1, 3, 8, 8]
layer "fc" InnerProduct { num_output: 3 weight_filler { type: "xavier" } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
"""


def test_a_run_is_judged_by_its_own_test_images(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tenth of each class that training held out, not all of the folder, nor the digits."""
    for number in range(30):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(f"data/{'abc'[number % 3]}/more{number}.png")
    Path("learning.net").write_text(LEARNING)
    assert main(["train", "learning.net", "--data", "data", "--epochs", "1", "-o", "run", "--workers", "0"]) == 0
    (found,) = evaluated(capsys, "learning.net", "--weights", "run")
    held_out = open_data("data").test
    assert (found["num"], found["data"]) == (len(held_out), "data")
    assert len(held_out) < 10
    assert main(["evaluate", "learning.net", "--weights", "run", "--data", "digits"]) == 1
    assert "digits: training knows no class 0" in capsys.readouterr().err


PHOTOGRAPHS = """
name: "small"
input "data" [1, 3, 48, 48]
repeat i, channels in [16, 32, 32] {
  layer "conv${i}" Convolution { num_output: channels kernel_size: 3 pad: 1 weight_filler { type: "msra" } }
  layer "relu${i}" ReLU
  layer "pool${i}" Pooling { pool: MAX kernel_size: 2 stride: 2 }
}
layer "fc" InnerProduct { num_output: 10 weight_filler { type: "xavier" } }
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
preprocess { channels: BGR mean: [180, 180, 190] scale: 0.015 resize: 56 crop: 48 }
"""


@pytest.mark.slow
def test_photographs_dense_cropped_and_both(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.net").write_text(PHOTOGRAPHS)
    data = ("--data", str(shared / "data" / "clothing-dev"), "--workers", "0")
    assert main(["train", "small.net", *data, "--epochs", "6", "--batch", "20", "--lr", "0.005", "-o", "run"]) == 0
    for words in (["--dense", "--flip"], ["--crops", "10"], ["--dense", "--flip", "--crops", "10"]):
        (found,) = evaluated(capsys, "small.net", "--weights", "run", *data, *words)
        assert found["num"] == 120
        assert found["top1_error"] < 0.85, "chance is 0.9"
        assert found["images_per_s"] > 0


@pytest.mark.slow
def test_what_any_process_leaves_out_is_said(folder: Path) -> None:
    broken = sorted(Path("data").rglob("*.png"))[:2]  # of two processes each meets one
    for path in broken:
        path.write_text("no image")
    words = ("evaluate", "tiny.net", "--weights", "one.npz", "--data", "data", "--crops", "1", "--corrupt", "skip")
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "netdef", *words, "--devices", "2", "--workers", "0"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert "(5 images)" in done.stdout
    assert [done.stderr.count(f"{path} cannot be read as an image") for path in broken] == [1, 1]
    assert "images left out: 2" in done.stderr


def test_errors_are_told_by_class(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of whole images at two scales as of the centre; of a fusion where several nets are fused; names may be given."""
    Path("names.txt").write_text("ant\nbee\ncow\n3\n4\n5\n")
    words = ["--weights", "one.npz", "two.npz", "--data", "data", "--dense", "--scales", "10,12"]
    asked = [*words, "--per-class", "matrix.csv", "--labels", "names.txt", "--corrupt", "skip"]
    *_, fusion = evaluated(capsys, "tiny.net", "tiny.net", *asked)
    head, *rows = (line.split(",") for line in Path("matrix.csv").read_text().splitlines())
    assert head[5:8] == ["taken for ant", "taken for bee", "taken for cow"]
    matrix = np.array([[int(cell) for cell in row[5:]] for row in rows])
    assert matrix.sum() == fusion["num"] == 7
    assert matrix.trace() == round(7 * (1 - fusion["top1_error"]))
    assert [each["class"] for each in fusion["classes"]] == ["ant", "bee", "cow", "3", "4", "5"]
    assert sorted(fusion["confusion"]) == [[a, b, matrix[a, b]] for a, b in np.argwhere(matrix)]
    assert main(["evaluate", "tiny.net", "--weights", "one.npz", "--data", "data", "--per-class", "no/x.csv"]) == 1
    assert "mkdir -p no" in capsys.readouterr().err
    assert main(["evaluate", "tiny.net", "--weights", "one.npz", "--data", "data", "--per-class", "x.txt"]) == 2


def test_what_several_views_do_not_tell_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The net's own loss and accuracy are of the one view that the tests of training show."""
    beside = 'input "label" [1]\nlayer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }\n'
    beside += 'layer "acc" Accuracy { bottom: ["fc", "label"] }\n'
    Path("tiny.net").write_text(NET + beside)
    words = ["--weights", "one.npz", "--data", "data"]
    line = "tiny.net: acc, loss are told where each image is shown once, as in the tests of training"
    for more in (["--flip"], ["--crops", "10"], ["--scales", "10,12"]):
        assert main(["evaluate", "tiny.net", *words, *more]) == 0
        found = capsys.readouterr()
        assert line in found.err
        assert "acc " not in found.out
    assert main(["evaluate", "tiny.net", *words]) == 0
    found = capsys.readouterr()
    assert line not in found.err
    assert "loss " in found.out
