"""Whole training runs, through the command line: what they leave behind, and that they survive what breaks them."""

import io
import json
import shlex
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from netdef import load
from netdef.cli import main
from netdef.runtime import lower
from netdef.runtime.run import Run
from tests.runtime.breaking import break_at

NETS = Path(__file__).parents[3] / "nets"

SMALL = """
name: "small"
input "data" [1, 1, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }
layer "relu" ReLU
layer "drop" Dropout { dropout_ratio: 0.2 }
layer "fc" InnerProduct {
  num_output: 10
  weight_filler { type: "xavier" }
  param { lr_mult: 1 }
  param { lr_mult: 2 decay_mult: 0 }
}
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
preprocess { channels: GREY mean: 78 scale: 0.01 }
"""
RECIPE = """
epochs: 4
batch: 100
lr: {policy: step, base: 0.05, gamma: 0.5, stepsize: 20}
"""
NUM_ITERATIONS = 58


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a net that is trained in a second."""
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    (tmp_path / "small.net").write_text(SMALL)
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path


def metrics(run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(run) / "metrics.jsonl").read_text().splitlines()]


def final(run: str) -> bytes:
    return (Path(run) / "last.safetensors").read_bytes()


def losses(run: str) -> list[tuple[int, float, float]]:
    return [(line["iteration"], line["loss"], line["lr"]) for line in metrics(run)]


def test_a_run_leaves_what_it_promises(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "small.net", "--data", "digits"]) == 0
    out, err = capsys.readouterr()
    run = Path("runs/small")
    assert {path.name for path in run.iterdir()} == {
        *("manifest.json", "metrics.jsonl", "checkpoints", "best.safetensors", "last.safetensors")
    }
    lines = metrics("runs/small")
    assert [line["iteration"] for line in lines] == list(range(1, NUM_ITERATIONS + 1))
    evaluated = [line["iteration"] for line in lines if "top1_error" in line]
    assert evaluated == [15, 29, 44, 58]  # 1,442 digits in batches of 100
    assert lines[0]["loss"] > lines[-1]["loss"]
    best = min(line["top1_error"] for line in lines if "top1_error" in line)
    assert best < 0.15
    assert f"best: top-1 error {100 * best:.2f} %" in out
    assert "next: netdef evaluate runs/small\n" in out
    assert "58 iterations of 100 images" in err
    assert err.count("epoch") == len(evaluated)

    manifest = Run(run).manifest
    assert manifest["identity"]["recipe"]["batch"] == 100
    assert manifest["identity"]["data"]["train"]["num"] == 1442
    assert manifest["classes"] == list("0123456789")

    assert main(["evaluate", "small.net", "--weights", "runs/small", "--data", "digits", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["num"], result["top1_error"]) == (355, pytest.approx(best))


def test_two_runs_are_the_same_and_another_seed_is_not(small: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["train", "small.net", "-o", name, "--epochs", "1", "--seed", seed]) == 0
    assert final("a") == final("b") != final("c")
    assert losses("a") == losses("b")


@pytest.mark.parametrize("iteration", [0, 7, 29, 30, 57])
def test_a_broken_run_goes_on_bit_for_bit(small: Path, monkeypatch: pytest.MonkeyPatch, iteration: int) -> None:
    assert main(["train", "small.net", "-o", "whole"]) == 0
    mend = break_at(monkeypatch, iteration, RuntimeError("the machine is on fire"))
    assert main(["train", "small.net", "-o", "broken"]) == 3
    mend()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert final("broken") == final("whole")
    assert (Path("broken") / "best.safetensors").read_bytes() == (Path("whole") / "best.safetensors").read_bytes()
    assert losses("broken") == losses("whole")
    assert [lr for _, _, lr in losses("broken")][::20] == [0.05, 0.025, 0.0125]


def test_a_plateau_is_remembered(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The learning rate after the break depends on scores from before it."""
    plateau = "lr: {policy: plateau, base: 0.2, patience: 1, gamma: 0.5}"
    (small / "small.yaml").write_text(f"epochs: 8\nbatch: 100\n{plateau}\n")
    assert main(["train", "small.net", "-o", "whole"]) == 0
    rates = [lr for _, _, lr in losses("whole")]
    drop = next(i for i, lr in enumerate(rates) if lr < 0.2)
    mend = break_at(monkeypatch, drop + 1, RuntimeError("the machine is on fire"))
    assert main(["train", "small.net", "-o", "broken"]) == 3
    mend()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert losses("broken") == losses("whole")
    assert final("broken") == final("whole")


def test_a_damaged_checkpoint_is_passed_over(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "small.net", "-o", "whole"]) == 0
    break_at(monkeypatch, 50, RuntimeError("fire"))()
    mend = break_at(monkeypatch, 50, RuntimeError("fire"))
    assert main(["train", "small.net"]) == 3
    mend()
    newest = Path("runs/small/checkpoints/00000044.safetensors")
    newest.write_bytes(newest.read_bytes()[:-1000])
    capsys.readouterr()
    assert main(["train", "small.net", "--resume"]) == 0
    err = capsys.readouterr().err
    assert "N884" in err
    assert "going on after iteration 29" in err
    assert final("runs/small") == final("whole")
    for checkpoint in Path("runs/small/checkpoints").iterdir():
        checkpoint.write_bytes(b"")
    assert main(["train", "small.net", "--resume"]) == 1
    assert "N886" in capsys.readouterr().err


def test_a_finished_run_has_nothing_left_to_do(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "small.net", "--epochs", "1"]) == 0
    before, said = final("runs/small"), capsys.readouterr().out
    assert main(["train", "small.net", "--resume"]) == 0
    assert (final("runs/small"), capsys.readouterr().out) == (before, said)


def test_ctrl_c_says_how_to_go_on(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_at(monkeypatch, 20, KeyboardInterrupt())
    assert main(["train", "small.net"]) == 130
    assert "netdef train --resume -o runs/small" in capsys.readouterr().err
    assert [path.name for path in sorted(Path("runs/small/checkpoints").iterdir())] == [
        *("00000000.safetensors", "00000015.safetensors")
    ]


def test_another_recipe_net_or_data_is_refused(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "small.net", "--epochs", "1", "-o", "run"]) == 0
    (small / "other.net").write_text(SMALL.replace("num_output: 4", "num_output: 5"))
    save_noise(small / "data")
    for words, difference in (
        (["--batch", "50"], "recipe.batch: 100 in the run, 50 now"),
        (["--seed", "0"], "recipe.seed: 1 in the run, 0 now"),
        (["other.net", "--recipe", "small.yaml"], "net.conv"),
        (["--data", "data"], "data.train.num: 1442 in the run"),
    ):
        capsys.readouterr()
        assert main(["train", *words, "--resume", "-o", "run"]) == 1
        err = capsys.readouterr().err
        assert "N883" in err
        assert difference in err


def test_a_loss_that_is_no_number_stops_the_run(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small / "small.net").write_text(SMALL.replace('"SoftmaxWithLoss"', '"EuclideanLoss"'))
    assert main(["train", "small.net", "--lr", "1e30"]) == 1
    assert "N844" in capsys.readouterr().err
    assert all(np.isfinite(line["loss"]) for line in metrics("runs/small"))
    assert main(["evaluate", "small.net", "--weights", "runs/small"]) == 1
    assert "N885" in capsys.readouterr().err


def test_training_may_start_from_weights(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "small.net", "--epochs", "4"]) == 0
    (small / "finer.net").write_text(SMALL.replace('layer "fc"', 'layer "fc_new"').replace('["fc"', '["fc_new"'))
    capsys.readouterr()
    assert main(["train", "finer.net", "--weights", "runs/small", "--lr", "1e-9", "--epochs", "1", "-o", "fine"]) == 0
    assert "1 layer loaded; fc_new starts from its fillers; the net has no fc" in capsys.readouterr().err
    start = lower(load("finer.net"), seed=1).weights()["conv"][0]
    conv = lower(load("small.net"), weights_in("runs/small")).weights()["conv"][0]
    fine = lower(load("finer.net"), weights_in("fine")).weights()["conv"][0]
    assert np.abs(fine - conv).max() < 1e-5 < np.abs(fine - start).max()
    assert main(["evaluate", "finer.net", "--weights", "runs/small"]) == 1
    assert "N907" in capsys.readouterr().err


def test_a_folder_and_a_net_that_says_nothing_of_its_input(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mean and scale are measured, and evaluation takes them from the run."""
    save_noise(small / "data")
    plain, _ = SMALL.split("preprocess")
    for old, new in (("[1, 1, 8, 8]", "[1, 3, 8, 8]"), ("num_output: 10", "num_output: 2"), ('"small"', '"plain"')):
        plain = plain.replace(old, new)
    (small / "plain.net").write_text(plain)
    (small / "plain.yaml").write_text("epochs: 30\nbatch: 8\nlr: 0.05\naugment: {mirror: true}\n")
    assert main(["train", "plain.net", "--data", "data"]) == 0
    assert "preprocess { channels: BGR mean: [" in capsys.readouterr().err
    for weights in ("runs/plain", "runs/plain/best.safetensors"):
        assert main(["evaluate", "plain.net", "--weights", weights, "--data", "data", "--json"]) == 0
        (result,) = json.loads(capsys.readouterr().out)["results"]
        assert (result["num"], result["top1_error"]) == (40, 0.0)


def save_noise(folder: Path) -> None:
    """Twenty dark and twenty bright images of various sizes."""
    numbers = np.random.default_rng(1)
    for name, low in (("dark", 0), ("bright", 120)):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            h, w = numbers.integers(6, 20, 2)
            Image.fromarray(numbers.integers(low, low + 120, (h, w, 3), np.uint8)).save(folder / name / f"{number}.png")


def weights_in(run: str) -> Any:
    from netdef.compiler.weights.formats.files import read_weights

    return read_weights(Path(run) / "best.safetensors")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["train"], 2),
        (["train", "small.net", "--epochs", "0"], 2),
        (["train", "small.net", "--batch", "x"], 2),
        (["train", "small.net", "--input", "data"], 2),
        (["evaluate", "small.net", "--weights", "a", "b"], 2),
        (["train", "small.net", "--device", "abacus"], 1),
        (["train", "small.net", "--recipe", "absent.yaml"], 1),
        (["train", "small.net", "--resume"], 1),
        (["train", "absent.net"], 1),
        (["train", "small.net", "--data", "absent"], 1),
        (["evaluate", "small.net", "--weights", "absent.safetensors"], 1),
    ],
)
def test_wrong_words(small: Path, words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(words)
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert status == code
    assert capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.slow
def test_the_digits_are_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The net and the recipe that are shipped: 97 % of the test digits."""
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(NETS / "digits.net"), "--data", "digits"]) == 0
    assert Run(Path("runs/digits")).evaluations[-1]["top1_error"] <= 0.03


CIFAR = """
name: "cifar"
input "data" [1, 3, 32, 32]
block stage(s, channels) {
  repeat i in 1..2 {
    layer "conv${s}_${i}" Convolution { num_output: channels kernel_size: 3 pad: 1 weight_filler { type: "msra" } }
    layer "relu${s}_${i}" ReLU
  }
  layer "pool${s}" Pooling { pool: MAX kernel_size: 2 stride: 2 }
}
stage(1, 16)
stage(2, 32)
stage(3, 64)
layer "drop" Dropout { dropout_ratio: 0.5 }
layer "fc" InnerProduct { num_output: 10 weight_filler { type: "xavier" } }
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
"""


@pytest.mark.slow
def test_photographs_are_learned(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of CIFAR-10, seven epochs, a net that says nothing of its input: 35 % against 10 % by chance."""
    monkeypatch.chdir(tmp_path)
    for part in ("train", "test"):
        with tarfile.open(shared / "data" / "cifar10-dev" / f"{part}.tar") as tar:
            tar.extractall("cifar", filter="data")
    Path("cifar.net").write_text(CIFAR)
    Path("cifar.yaml").write_text("epochs: 7\nbatch: 50\naugment: {mirror: true}\n")
    assert main(["train", "cifar.net", "--data", "cifar"]) == 0
    assert Run(Path("runs/cifar")).evaluations[-1]["top1_error"] <= 0.65


def test_what_it_says_to_do_next_works_for_a_net_from_a_pipe(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pipe is gone by then, and the run remembers no file."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    Path("one.yaml").write_text("iterations: 1\nbatch: 20\nlr: 0.1\n", "utf-8")
    assert main(["train", "-", "--recipe", "one.yaml", "--data", "digits", "--device", "cpu", "-o", "run"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("next: ")]
    advice, _, command = line.removeprefix("next: ").partition(": netdef ")
    assert advice == "save the net, which came through a pipe, to a file"
    assert main(shlex.split(command.replace("FILE", "small.net"))) == 0
