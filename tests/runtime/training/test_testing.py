"""Tests while a net is trained, where the recipe says when."""

import json
from pathlib import Path
from typing import Any

import pytest

from netdef.cli import main
from netdef.runtime.data.batches import TestBatches
from netdef.runtime.training import saving, train
from tests.runtime.breaking import break_at

NET = """
input "data" [1, 1, 8, 8]
input "label" [1]
layer "fc" InnerProduct { bottom: "data" num_output: 10 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
preprocess { channels: GREY mean: 127 scale: 0.01 }
"""
RECIPE = (
    "iterations: 10\nbatch: 20\nlr: {policy: plateau, base: 0.1, patience: 1}\ntest: {interval: 4, initial: true}\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(NET)
    Path("a.yaml").write_text(RECIPE)
    return tmp_path


def trained(run: str, *words: str) -> int:
    return main(["train", "a.net", "--data", "synthetic", "--device", "cpu", "-o", run, *words])


def metrics(run: str) -> list[dict[str, Any]]:
    """All but the times."""
    lines = [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in line if key not in ("seconds", "images_per_s", "data_wait")} for line in lines]


def test_tests_come_when_they_are_due(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained("run") == 0
    lines = metrics("run")
    assert [line["iteration"] for line in lines] == list(range(11))
    assert [line["iteration"] for line in lines if "top1_error" in line] == [0, 4, 8, 10]
    assert "loss" not in lines[0]
    assert all(("test_loss" in line) == ("top1_error" in line) for line in lines)
    assert f"loss {lines[-1]['test_loss']:.4f}" in capsys.readouterr().err


@pytest.mark.parametrize("iteration", [0, 5])
def test_a_resumed_run_tests_once(home: Path, monkeypatch: pytest.MonkeyPatch, iteration: int) -> None:
    assert trained("whole") == 0
    mend = break_at(monkeypatch, iteration)
    assert trained("broken") == 3
    mend()
    assert trained("broken", "--resume") == 0
    assert metrics("broken") == metrics("whole")


def test_a_first_test_without_a_checkpoint_is_made_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_best = saving.keep_best
    monkeypatch.setattr(train, "keep_best", lambda *_: 1 / 0)
    assert trained("broken") == 3
    assert len(metrics("broken")) == 1
    monkeypatch.setattr(train, "keep_best", keep_best)
    assert trained("broken", "--resume") == 0
    assert [line["iteration"] for line in metrics("broken")] == list(range(11))


def test_a_short_test_goes_on_where_the_last_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches of 100 images of 256, again and again."""
    Path("a.yaml").write_text(RECIPE.replace("initial: true", "batches: 2, batch: 100"))
    seen: list[int] = []
    collected = TestBatches.__getitem__

    def noted(self: TestBatches, index: int) -> Any:
        found = collected(self, index)
        seen.append(int(found["label"][0]))
        return found

    monkeypatch.setattr(TestBatches, "__getitem__", noted)
    assert trained("run") == 0
    firsts = [(1024 + number * 100 % 256) % 10 for number in range(6)]  # synthetic test images follow 1,024 others
    assert seen == firsts
