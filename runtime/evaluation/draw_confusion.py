"""A confusion matrix as a picture that can be read for ten classes and for a thousand.

A row is a class, a column what it was taken for; the colour is the share of the row. Of few classes each has its name,
and each cell its number. Of many only the pattern can be seen, so the classes that are most often wrong, and the
confusions that are most frequent, are named beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.save import save_drawn
from netdef.runtime.evaluation.confusion import ConfusionMatrix, Matrix
from netdef.runtime.figure_text import in_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 150
NUMBERED = 30
"""Classes up to which each cell has its number."""
NAMED = 100
"""Classes up to which each row and column has its name."""
LISTED = 20
"""Classes, and confusions, that are named beside the matrix of many."""
CELL, LEAST, MOST = 0.38, 4.0, 12.0
"""A cell's side, and the least and greatest of the whole matrix, in inches."""
LONGEST_NAME = 24
CHARACTER = 0.075
"""The width of a name's character, in inches."""
STYLE = {"font.size": 8.0, "axes.edgecolor": "#606060", "axes.linewidth": 0.6, "font.family": "DejaVu Sans"}
HEAD, GAP, LIST = 0.7, 0.25, 3.6
"""Inches above the matrix, between parts, and of the list beside it."""


def draw_confusion(found: ConfusionMatrix, out: Path) -> None:
    """Draw the matrix into a PNG; equal matrices make equal files.

    Classes of which there is nothing, and for which nothing was taken, are left out.

    Raises:
        NetError: if the file can't be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    seen = np.flatnonzero(found.matrix.sum(0) + found.matrix.sum(1))
    matrix = found.matrix[np.ix_(seen, seen)]
    names = [_short(found.names[label]) for label in seen]
    num, is_many = len(seen), len(seen) > NUMBERED
    side = float(np.clip(CELL * num, LEAST, MOST))
    margin = 0.5 + CHARACTER * (max(map(len, names)) if num <= NAMED else 4)
    width = margin + side + GAP + (LIST if is_many else 0.2)
    height = HEAD + side + margin
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((margin / width, margin / height, side / width, side / height))
        _draw_cells(axes, matrix)
        _name_axes(axes, names if num <= NAMED else None, 72 * side / max(1, num))
        wrong = matrix.sum() - matrix.trace()
        title = f"{wrong:,} of {matrix.sum():,} {found.UNIT} are wrong ({100 * wrong / max(1, matrix.sum()):.2f} %)"
        figure.text(margin / width, 1 - 0.3 / height, title, fontsize=11, fontweight="bold")
        figure.text(margin / width, 1 - 0.5 / height, "colour: the share of a row, from none to all", color="#606060")
        if is_many:
            _list_worst(figure.add_axes((1 - LIST / width, 0, LIST / width, 1 - 0.15 / height)), found)
        save_drawn(
            out, lambda unfinished: figure.savefig(unfinished, dpi=DPI, format="png", metadata={"Software": None})
        )


def _draw_cells(axes: "Axes", matrix: Matrix) -> None:
    """A cell's colour by the root of its share, so that what is rare is seen too; its number where there is room."""
    num = len(matrix)
    shares = matrix / np.maximum(1, matrix.sum(1, keepdims=True))
    shown = _widened(np.sqrt(shares))
    axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, interpolation="nearest", extent=(0, num, num, 0))
    if num > NUMBERED:
        return
    for row, column in np.argwhere(matrix):
        count = int(matrix[row, column])
        colour = "white" if shares[row, column] > 0.35 else "#202020"
        size = 8 if len(str(count)) < 4 else 6
        axes.text(column + 0.5, row + 0.5, count_in_cell(count), ha="center", va="center", color=colour, fontsize=size)


def count_in_cell(count: int) -> str:
    """A count that isn't wider than a cell: pixels are many."""
    return str(count) if count < 1_000_000 else f"{count / 1e6:.1f}M" if count < 1e9 else f"{count / 1e9:.1f}G"


def _widened(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of many classes a cell is about a pixel, and a lonely one is lost: it lends its colour to its neighbours."""
    if len(shares) <= NAMED:
        return shares
    num, reach = len(shares), len(shares) // 400
    padded = np.pad(shares, reach)
    wide = shares.copy()
    for down in range(2 * reach + 1):
        for across in range(2 * reach + 1):
            np.maximum(wide, 0.8 * padded[down : down + num, across : across + num], out=wide)
    return wide


def _name_axes(axes: "Axes", names: Sequence[str] | None, cell: float) -> None:
    """The names beside the rows and below the columns; a cell's side is in points."""
    axes.set_ylabel("class")
    axes.set_xlabel("taken for")
    if names is None:
        return
    places = np.arange(len(names)) + 0.5
    size = min(8, 0.7 * cell)
    axes.set_yticks(places, names, fontsize=size)
    axes.set_xticks(places, names, fontsize=size, rotation=90)
    axes.tick_params(length=0)


def _list_worst(axes: "Axes", found: ConfusionMatrix) -> None:
    """The classes that are most often wrong, and what is most often taken for what."""
    axes.axis("off")
    nums = found.matrix.sum(1)
    errors = 1 - found.matrix.diagonal() / np.maximum(1, nums)
    worst = [label for label in np.argsort(-errors, kind="stable") if nums[label] and errors[label]]
    lines = [("most often wrong", "")]
    lines += [(_short(found.names[a]), f"{100 * errors[a]:.0f} % of {nums[a]:,}") for a in worst[:LISTED]]
    lines += [("", ""), ("most often taken for another", "")]
    for each in found.confusions[:LISTED]:
        one, other = _short(found.names[each.label]), _short(found.names[each.predicted])
        lines.append((f"{one} for {other}", f"{each.num:,}"))
    step = min(1 / (len(lines) + 1), 0.03)
    for number, (left, right) in enumerate(lines):
        is_head = left.startswith("most often")
        place = 1 - step * (number + 1)
        axes.text(0, place, left, fontsize=7.5, fontweight="bold" if is_head else None, transform=axes.transAxes)
        axes.text(0.98, place, right, ha="right", fontsize=7.5, transform=axes.transAxes)


def _short(name: str) -> str:
    return in_figures(name, LONGEST_NAME)
