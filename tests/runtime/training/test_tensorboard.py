"""Metrics for TensorBoard, read back by TensorBoard's own reader."""

import resource
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from netdef.compiler.net_error import NetError
from netdef.runtime.training.tensorboard import FOLDER, TAGS, TensorBoard, check_tensorboard


def line(iteration: int, **more: float) -> dict[str, float]:
    every = {"loss": 2.0 / iteration, "lr": 0.5, "images_per_s": 64.0, "data_wait": 0.25}
    return {"iteration": iteration, "epoch": 0.5, "seconds": 1.0, **every, **more}


def write(run: Path, first: int, lines: list[dict[str, float]]) -> None:
    board = TensorBoard(run, first, print)
    board.log(lines)
    board.close()


def read_back(run: Path) -> dict[str, list[tuple[int, float]]]:
    reading: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = reading.EventAccumulator(str(run / FOLDER))
    events.Reload()
    return {tag: [(each.step, each.value) for each in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_every_number_of_a_line_is_there(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    errors = {"top1_error": 0.5, "top5_error": 0.25, "pixel_error": 0.125, "box_error": 0.75, "test_loss": 2.5}
    errors |= {"mean_class_accuracy": 0.625, "mean_iou": 0.375}
    write(tmp_path, 0, [{"iteration": 0, "epoch": 0.0, "seconds": 0.5, **errors}, line(1), line(2, **errors)])
    found = read_back(tmp_path)
    assert set(found) == set(TAGS.values())
    assert found["loss/train"] == [(1, 2.0), (2, 1.0)]
    assert found["loss/test"] == [(0, 2.5), (2, 2.5)]
    assert found["error/boxes"] == [(0, 0.75), (2, 0.75)]
    assert found["error/top-5"] == [(0, 0.25), (2, 0.25)]
    assert found["speed/share of waiting for data"] == [(1, 0.25), (2, 0.25)]


def test_a_resumed_run_takes_back_what_it_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    write(tmp_path, 0, [line(i) for i in (1, 2, 4)])
    later = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: later)  # a file's name has its second
    write(tmp_path, 2, [line(2, loss=8.0), line(3, loss=9.0)])
    assert read_back(tmp_path)["loss/train"] == [(1, 2.0), (2, 8.0), (3, 9.0)]


def test_the_package_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(NetError, match=r"netdef-compiler\[tensorboard\]"):
        check_tensorboard()


def test_a_full_disk_ends_it_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit on the size of files stands in for the disk."""
    pytest.importorskip("tensorboard")
    board = TensorBoard(tmp_path, 0, print)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        for i in range(1, 100):
            board.log([line(i)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    board.close()
    out, err = capsys.readouterr()
    assert out == "nothing more is written for TensorBoard: File too large\n"
    assert not err
