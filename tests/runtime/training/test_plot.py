"""Curves of runs, from their metrics to a figure."""

from pathlib import Path

import numpy as np
import pytest

from netdef.compiler.net_error import NetError
from netdef.runtime.training.history import History, read_history, spread
from netdef.runtime.training.plot import MANY, smoothed, thinned


@pytest.fixture(autouse=True)
def drawn() -> None:
    pytest.importorskip("matplotlib")


def line(iteration: int, **more: float) -> dict[str, float]:
    loss = 2.5 / iteration + 0.1 * np.sin(7.0 * iteration)
    return {"iteration": iteration, "epoch": iteration / 10, "loss": loss, "lr": 0.1, "seconds": iteration, **more}


@pytest.mark.parametrize("num", [0, 1, 7, 400])
def test_a_mean_of_neighbours_leaves_a_straight_line_but_for_its_ends(num: int) -> None:
    values = np.arange(num, dtype=float)
    found = smoothed(values)
    half = -(-num // 40)
    assert found.shape == values.shape
    assert np.allclose(found[half : num - half], values[half : num - half])
    assert np.allclose(found[:1], values[: half + 1].mean() if num else [])


def test_a_long_line_keeps_its_outline() -> None:
    x = np.arange(50_001.0)
    y = np.random.default_rng(3).normal(size=x.size)
    y[12_345] = 99
    thin_x, thin_y = thinned(x, y)
    assert len(thin_x) <= MANY
    assert np.array_equal(y[thin_x.astype(int)], thin_y)
    assert np.all(np.diff(thin_x) > 0)
    assert (thin_y.max(), thin_y.min()) == (99, y.min())


def test_iterations_noted_at_once_are_spread_over_the_time_before() -> None:
    lines = [{"seconds": seconds} for seconds in (3.0, 3.0, 3.0, 4.0, 6.0, 6.0)]
    assert [each["seconds"] for each in spread(lines)] == [1, 2, 3, 4, 5, 6]
    assert spread([]) == []


def test_a_history_that_lacks_a_key_is_empty() -> None:
    x, _ = History("a", (("a", [line(1)]),)).values(0, "epoch", "top1_error")
    assert x.shape == (0,)


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N882"):
        read_history(tmp_path)
