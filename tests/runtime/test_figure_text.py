"""Names that matplotlib reads otherwise, or can't draw."""

import os

import pytest

from netdef.runtime.figure_text import in_figures

NAMES = ("$x", r"a$\frac$b", "$$", os.fsdecode(b"run\xff"), "a\nb\x1b[31m", "_hidden", "\\", "{")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_drawn(name: str) -> None:
    """matplotlib itself is the judge: a lone dollar is one, and half a character is no reason to stop."""
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, in_figures(name))
    FigureCanvasAgg(figure).draw()


def test_a_long_name_is_cut_and_what_cannot_be_seen_is_marked() -> None:
    assert in_figures("abcdef", 4) == "abc…"
    assert in_figures("ab$", 3) == r"ab\$"
    assert in_figures("a\nb\udcff") == "a?b?"
