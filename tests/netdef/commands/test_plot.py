"""netdef plot: runs' metrics as a figure."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netdef.cli import main
from netdef.runtime.training.history import read_history
from tests.runtime.training.test_plot import drawn, line  # noqa: F401 - a fixture of every test here, too

Captured = pytest.CaptureFixture[str]


def write_run(path: Path, lines: list[dict[str, float]], **manifest: Any) -> str:
    """A run's folder; the last line of its metrics is half-written."""
    path.mkdir(parents=True)
    (path / "manifest.json").write_text(json.dumps(manifest))
    (path / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines) + '{"iteration": 9, "lo')
    return str(path)


def evaluated(num: int) -> list[dict[str, float]]:
    errors = {"top1_error": 0.5, "top5_error": 0.1}
    return [line(i, **errors if i % 10 == 0 else {}) for i in range(1, num + 1)]


def test_several_runs_are_drawn_together(tmp_path: Path, capsys: Captured) -> None:
    runs = [write_run(tmp_path / name, evaluated(num)) for name, num in (("small", 30), ("large", 50))]
    out = tmp_path / "both.svg"
    assert main(["plot", *runs, "-o", str(out), "--x", "epoch"]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", out.read_text())
    labels = {"small", "large", "loss", "error in tests (%)", "top-1", "top-5", "learning rate"}
    assert {*labels, "epoch (passes over the training data)"} <= set(texts)
    first = out.read_bytes()
    assert main(["plot", *runs, "-o", str(out), "--x", "epoch"]) == 0
    assert out.read_bytes() == first


def test_errors_of_boxes_are_drawn_alone_or_beside_others(tmp_path: Path) -> None:
    boxes = write_run(tmp_path / "where", [line(i, box_error=0.5) for i in range(1, 4)])
    classes = write_run(tmp_path / "what", evaluated(20))
    for runs, legend in (([boxes], {"boxes"}), ([boxes, classes], {"boxes", "top-1", "top-5"})):
        out = tmp_path / "curves.svg"
        assert main(["plot", *runs, "-o", str(out)]) == 0
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", out.read_text())
        assert "error in tests (%)" in texts
        assert {"boxes", "top-1", "top-5"} & set(texts) == legend


def test_the_figure_lies_beside_the_run_and_shows_its_colour(tmp_path: Path, capsys: Captured) -> None:
    run = write_run(tmp_path / "run", [line(i) for i in range(1, 6)])  # no test yet
    assert main(["plot", run]) == 0
    svg = (tmp_path / "run/curves.svg").read_text()
    assert "error in tests" not in svg
    assert "loss" in svg
    assert main(["plot", run, "-o", str(tmp_path / "x.png"), "--x", "seconds"]) == 0
    pixels = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).reshape(-1, 3)
    assert np.any(np.all(pixels == (0x00, 0x72, 0xB2), axis=1))


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, capsys: Captured) -> None:
    runs = [write_run(tmp_path / home / "vgg", evaluated(10)) for home in "ab"]
    assert main(["plot", *runs]) == 0
    svg = (tmp_path / "a/vgg/curves.svg").read_text()
    assert all(f">{run}<" in svg for run in runs)


def test_stages_stand_one_after_another(tmp_path: Path, capsys: Captured) -> None:
    for name, num in (("A", 20), ("D", 10)):
        write_run(tmp_path / "plan" / name, evaluated(num))
    write_run(tmp_path / "plan/later", [])
    (tmp_path / "plan/manifest.json").write_text('{"stages": ["A", "D", "later", "not yet"]}')
    history = read_history(tmp_path / "plan")
    assert [name for name, _ in history.stages] == ["A", "D"]
    x, y = history.values(1, "iteration", "top1_error")
    assert (x.tolist(), y.tolist()) == ([30], [0.5])
    assert history.start(2, "epoch") == 3.0
    assert main(["plot", str(tmp_path / "plan")]) == 0
    assert {"A", "D"} <= set(re.findall(r">([^<]+)</text>", (tmp_path / "plan/curves.svg").read_text()))


@pytest.mark.parametrize(
    ("kinds", "panels"),
    [
        ({"far": "loss", "acc": "measure", "sum": "values"}, ["accuracies", "losses", "outputs"]),
        ({"far": "loss", "acc": "loss", "sum": "loss"}, ["losses"]),
        (None, ["outputs"]),
    ],
)
def test_outputs_of_one_kind_share_a_panel(tmp_path: Path, kinds: dict[str, str] | None, panels: list[str]) -> None:
    """As the manifest tells them; one of an older version doesn't."""
    manifest = {} if kinds is None else {"test": {"outputs": kinds}}
    run = write_run(tmp_path / "run", [line(1), line(2, far=200.0, acc=0.5, sum=-3.0)], **manifest)
    assert main(["plot", run]) == 0
    texts = re.findall(r">([^<]+)</text>", Path(run, "curves.svg").read_text())
    assert [text.split()[0] for text in texts if text.endswith(" in tests")] == panels
    assert {"far", "acc", "sum"} <= set(texts)


@pytest.mark.parametrize("rate", [0.0, 1e-7])
def test_every_learning_rate_can_be_drawn(tmp_path: Path, rate: float) -> None:
    run = write_run(tmp_path / "run", [line(1), line(2, lr=rate)] if rate else [line(1, lr=rate)])
    assert main(["plot", run]) == 0


def test_a_test_before_training_has_no_loss_of_training(tmp_path: Path) -> None:
    first = {"iteration": 0, "epoch": 0.0, "seconds": 0.5, "test_loss": 2.5, "top1_error": 0.9, "top5_error": 0.5}
    run = write_run(tmp_path / "run", [first, line(1), line(2, test_loss=2.0)])
    assert read_history(Path(run)).values(0, "iteration", "test_loss")[1].tolist() == [2.5, 2.0]
    assert main(["plot", run]) == 0
    assert {"in training", "in tests"} <= set(re.findall(r">([^<]+)</text>", Path(run, "curves.svg").read_text()))


@pytest.mark.parametrize("code", ["N889", "N882", "N005", "N006"])
def test_what_cannot_be_drawn(tmp_path: Path, capsys: Captured, code: str) -> None:
    folders = {"N889": write_run(tmp_path / "empty", []), "N882": str(tmp_path)}
    run = folders.get(code) or write_run(tmp_path / "run", [line(1)])
    out = {"N005": ["-o", "x.gif"], "N006": ["-o", str(tmp_path / "nowhere/x.svg")]}.get(code, [])
    assert main(["plot", run, *out]) == 1
    assert f"[{code}]" in capsys.readouterr().err


def test_matplotlib_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert main(["plot", write_run(tmp_path / "run", [line(1)])]) == 1
    assert "pip install 'netdef-compiler[plot]'" in capsys.readouterr().err


def test_a_full_disk_is_said_whatever_the_form(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """matplotlib's own files of some forms break down in another way, so that it is given none."""
    run = write_run(tmp_path / "run", evaluated(20))

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    for form in ("svg", "png", "pdf"):
        assert main(["plot", run, "-o", str(tmp_path / f"curves.{form}")]) == 1
        assert f"curves.{form} can't be written: No space left" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
