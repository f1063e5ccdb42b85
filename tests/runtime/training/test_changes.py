"""A run that goes on with another rate, or for longer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdef.cli import main
from netdef.runtime.run import Run, digest_of
from netdef.runtime.training.checkpoint import read, save
from netdef.runtime.training.recipe.schedule import Duration as Length
from netdef.runtime.training.recipe.schedule import Moment, Poly

NET = """
input "data" [1, 1, 8, 8]
input "label" [1]
layer "fc" InnerProduct { bottom: "data" num_output: 10 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
layer "prob" Softmax { bottom: "fc" include { phase: TEST } }
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(NET)
    Path("r.yaml").write_text("lr: 0.05\nbatch: 64\ntest: {interval: 5}\n")
    return tmp_path


def train(*words: str) -> int:
    return main(["train", "net.net", "--recipe", "r.yaml", "--data", "digits", "--device", "cpu", *words])


def resume(*words: str) -> int:
    return main(["train", "--resume", "-o", "run", *words])


def lines(folder: str = "run") -> list[dict[str, Any]]:
    return list(Run(Path(folder)).lines)


def test_61_resume_other_lr(capsys: pytest.CaptureFixture[str]) -> None:
    """Longer and slower from a run's end; then on as before, without a word; all of it is in the manifest."""
    assert train("--max-iter", "10", "-o", "run") == 0
    assert resume("--max-iter", "15", "--lr", "0.001") == 0
    said = capsys.readouterr().err
    assert "--max-iter 15 from here on, instead of 10" in said
    assert "--lr 0.001 from here on, instead of what the recipe says" in said
    assert [line["lr"] for line in lines()] == [0.05] * 10 + [0.001] * 5
    manifest = Run(Path("run")).manifest
    assert [(each["iteration"], each["changed"]) for each in manifest["changes"]] == [
        (10, {"recipe.max_iter": [10, 15], "recipe.lr": [None, 0.001]})
    ]
    assert manifest["request"]["recipe"] == {"file": "r.yaml", "max_iter": 15, "lr": 0.001}
    assert manifest["identity"]["recipe"]["lr"]["base"] == 0.001
    assert resume() == 0
    assert "nothing is left to train: 15 iterations are done" in capsys.readouterr().err
    assert resume("--epochs", "1") == 0
    assert lines()[-1]["iteration"] == 23, "an epoch of 1,442 images"
    assert lines()[-1]["lr"] == 0.001


def test_a_longer_run_is_the_run_that_was_longer_from_the_start() -> None:
    assert train("--max-iter", "10", "-o", "run") == 0
    assert resume("--max-iter", "20") == 0
    assert train("--max-iter", "20", "-o", "whole") == 0
    for name in ("loss", "lr"):
        assert [line[name] for line in lines()] == [line[name] for line in lines("whole")]
    assert Path("run/last.safetensors").read_bytes() == Path("whole/last.safetensors").read_bytes()


def test_settings_that_an_older_netdef_did_not_know_stand_for_their_defaults() -> None:
    """Runs made before there was a warm-up were called runs of something else; they go on twice."""
    assert train("--max-iter", "10", "-o", "run") == 0
    assert train("--max-iter", "20", "-o", "whole") == 0
    path, checkpoint = Path("run/manifest.json"), read(Path("run/checkpoints/00000010.safetensors"))
    manifest = json.loads(path.read_text())
    for name in ("warmup", "warmup_start"):
        del manifest["identity"]["recipe"]["lr"][name]
    path.write_text(json.dumps(manifest))
    assert checkpoint is not None
    save(Path("run/checkpoints"), checkpoint._replace(identity=digest_of(manifest["identity"])), 1)
    assert resume() == 0
    assert resume("--max-iter", "15") == 0
    assert resume("--max-iter", "20") == 0
    assert Path("run/last.safetensors").read_bytes() == Path("whole/last.safetensors").read_bytes()


def test_a_setting_that_an_older_netdef_did_not_know_is_another_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--max-iter", "10", "-o", "run") == 0
    path = Path("run/manifest.json")
    manifest = json.loads(path.read_text())
    del manifest["identity"]["recipe"]["lr"]["warmup"]
    path.write_text(json.dumps(manifest))
    Path("r.yaml").write_text("lr: {policy: plateau, base: 0.05, warmup: 5}\nbatch: 64\ntest: {interval: 5}\n")
    assert resume("--max-iter", "15") == 1
    assert "recipe.lr.warmup: nothing in the run, 5 now" in capsys.readouterr().err


def test_a_break_before_the_next_checkpoint_goes_on_from_that_before_the_change() -> None:
    assert train("--max-iter", "10", "-o", "run") == 0
    assert resume("--max-iter", "15", "--lr", "0.001") == 0
    Path("run/checkpoints/00000015.safetensors").unlink()
    assert resume() == 0
    assert [line["iteration"] for line in lines()] == [*range(1, 16)]
    assert lines()[-1]["lr"] == 0.001


def test_a_rate_that_falls_to_the_end_falls_to_the_new_one() -> None:
    """Caffe's poly has the length of training, max_iter."""
    Path("r.prototxt").write_text('base_lr: 0.1 lr_policy: "poly" power: 2 max_iter: 10 momentum: 0.9')
    words = ["--recipe", "r.prototxt", "--data", "digits", "--device", "cpu"]
    assert main(["train", "net.net", *words, "-o", "run"]) == 0
    assert resume("--max-iter", "20") == 0
    longer = Poly(base=0.1, length=Length(20), power=2.0)
    np.testing.assert_allclose([line["lr"] for line in lines()[10:]], [longer.rate(Moment(i)) for i in range(10, 20)])


def test_what_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--max-iter", "10", "-o", "run") == 0
    before = Path("run/manifest.json").read_bytes()
    capsys.readouterr()
    for words, status, said in (
        (["--max-iter", "5"], 1, "run has come to iteration 10, and is to end after 5"),
        (["--batch", "32"], 1, "recipe.batch: 64 in the run, 32 now"),
        (["--seed", "7"], 1, "recipe.seed: 1 in the run, 7 now"),
        (["--max-iter", "20", "--epochs", "3"], 2, "both say how long"),
    ):
        assert resume(*words) == status
        assert said in capsys.readouterr().err
    assert Path("run/manifest.json").read_bytes() == before


def test_a_policy_that_has_dropped_the_rate_says_what_becomes_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.yaml").write_text("lr: {policy: step, base: 0.1, stepsize: 4}\nbatch: 64\n")
    assert train("--max-iter", "5", "-o", "run") == 0
    assert resume("--max-iter", "6", "--lr", "0.5") == 0
    assert "its policy makes 0.05 of it after iteration 5" in capsys.readouterr().err
    assert lines()[-1]["lr"] == pytest.approx(0.05)


def test_another_device_count_is_remembered() -> None:
    assert train("--max-iter", "4", "-o", "run") == 0
    assert resume("--max-iter", "6", "--devices", "2") == 0
    manifest = json.loads(Path("run/manifest.json").read_text())
    assert manifest["request"]["hardware"]["devices"] == 2
    assert [line["iteration"] for line in lines()] == [1, 2, 3, 4, 5, 6]
