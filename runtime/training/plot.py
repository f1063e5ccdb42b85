"""Curves of runs: loss, errors and learning rate, one colour for each run."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from netdef.compiler.extras import require
from netdef.compiler.save import save_drawn
from netdef.runtime.figure_text import in_figures
from netdef.runtime.metric_names import blob_of, output_keys
from netdef.runtime.training.history import Along, History, Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind too (Okabe and Ito, 2008)."""
GREY = "#606060"
FORMS = (".svg", ".png", ".pdf")
"""The suffixes that a figure may have."""
WIDTH, LEFT = 9.0, 0.8
"""The figure's width and the margin for the vertical axes' labels, in inches."""
NAMES_IN_A_ROW = 4
SMOOTHED = 1 / 20
"""The part of a stage over which its strong line is a mean."""
MANY = 2000
"""Points of a line; more are no longer seen, and make an SVG slow."""
ERRORS = {
    "top1_error": ("top-1", "o-"),
    "top5_error": ("top-5", "o:"),
    "pixel_error": ("pixels", "D-"),
    "box_error": ("boxes", "s-"),
}
"""A key of the metrics -> the name and the line of an error."""
TESTED = "o--"
"""The line of losses in tests."""
ACCURACIES = {"mean_class_accuracy": "mean class accuracy", "mean_iou": "mean IoU"}
"""A key of the metrics -> the name of what tests tell beside errors."""
MEASURE, UNKNOWN = "measure", "values"
OUTPUT_PANELS = {
    MEASURE: "accuracies in tests",
    "loss": "losses in tests",
    UNKNOWN: "outputs in tests",
}
"""What the test net's outputs are -> their panel, for each has numbers of its own size."""
OUTPUT_STYLES = tuple(f"{marker}{line}" for line in ("-", "--", ":", "-.") for marker in "os^vD")
"""The lines of the test net's outputs, in their order."""
STYLE = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": "#202020",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10.0,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "netdef",
    "xtick.color": GREY,
    "ytick.color": GREY,
}


def draw(histories: Sequence[History], out: Path, along: Along) -> None:
    """Draw histories into a file of one of ``FORMS``; equal histories make equal files.

    Raises:
        NetError: if matplotlib is absent, or the file can't be written.
    """
    require("drawing curves", "plot")
    import matplotlib as mpl
    from matplotlib.figure import Figure

    unit, scale = _unit(histories, along)
    panels = [panel for panel in PANELS if any(panel.shows(history) for history in histories)]
    with mpl.rc_context(STYLE):
        heights = [panel.height for panel in panels]
        head, foot = 0.2 + 0.25 * ceil(len(histories) / NAMES_IN_A_ROW), 0.6
        whole = head + sum(heights) + foot
        figure = Figure(figsize=(WIDTH, whole))  # laid out here: matplotlib's own layouts differ in the last bits
        margins = {"left": LEFT / WIDTH, "right": 1 - 0.2 / WIDTH, "top": 1 - head / whole, "bottom": foot / whole}
        ratios = {"height_ratios": heights, "hspace": 0.16}
        rows = list(figure.subplots(len(panels), sharex=True, squeeze=False, gridspec_kw=ratios | margins)[:, 0])
        for axes, panel in zip(rows, panels, strict=True):
            for number, history in enumerate(histories):
                panel.draw(axes, history, along, scale, COLOURS[number % len(COLOURS)])
            panel.finish(axes)
            axes.set_ylabel(panel.label)
            axes.margins(x=0.01)
        _mark_stages(rows, histories, along, scale)
        rows[-1].set_xlabel(unit)
        figure.align_ylabels(rows)
        _name(rows[0], histories)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(out.suffix)
        form = out.suffix.removeprefix(".")
        save_drawn(out, lambda unfinished: figure.savefig(unfinished, dpi=150, format=form, metadata=metadata))


# ---- panels
def draw_loss(axes: "Axes", history: History, along: Along, scale: float, colour: str) -> None:
    """Each iteration's loss light, its mean strong; Caffe's losses in tests as dots."""
    for stage in range(len(history.stages)):
        x, y = history.values(stage, along, "loss")
        axes.plot(*thinned(x / scale, y), color=colour, alpha=0.25, linewidth=0.7)
        axes.plot(*thinned(x / scale, smoothed(y)), color=colour, linewidth=1.8)
        x, y = history.values(stage, along, "test_loss")
        axes.plot(x / scale, y, TESTED, color=colour, markersize=4, linewidth=1, markerfacecolor="white")


def finish_loss(axes: "Axes") -> None:
    """Say which line is which, where there are two kinds."""
    if any(line.get_marker() == "o" and np.size(line.get_xdata()) for line in axes.lines):
        _explain(axes, {"in training": "-", "in tests": TESTED})


def draw_errors(axes: "Axes", history: History, along: Along, scale: float, colour: str) -> None:
    """Errors in per cent: of the likeliest class and of five, or of boxes."""
    for stage in range(len(history.stages)):
        for key, (_, style) in ERRORS.items():
            x, y = history.values(stage, along, key)
            axes.plot(x / scale, 100 * y, style, color=colour, markersize=3.5, linewidth=1.5, clip_on=False)


def finish_errors(axes: "Axes") -> None:
    """Begin at 0, and say which line is which."""
    axes.set_ylim(bottom=0)
    drawn = {(line.get_linestyle(), line.get_marker()) for line in axes.lines if np.size(line.get_xdata())}
    _explain(axes, {name: style for name, style in ERRORS.values() if (style[1:], style[0]) in drawn})


def draw_rate(axes: "Axes", history: History, along: Along, scale: float, colour: str) -> None:
    """The learning rate."""
    for stage in range(len(history.stages)):
        x, y = history.values(stage, along, "lr")
        axes.plot(*thinned(x / scale, y), color=colour, linewidth=1.8, drawstyle="steps-pre")


def finish_rate(axes: "Axes") -> None:
    """A drop by ten is as high everywhere."""
    from matplotlib.ticker import LogFormatter

    if any(np.any(np.asarray(line.get_ydata()) > 0) for line in axes.lines):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(LogFormatter())
        axes.yaxis.set_minor_formatter(LogFormatter())


def output_keys_of(history: History, *, kind: str) -> list[str]:
    """What tests tell beside errors and the loss, of one kind; means over classes are measures, too."""
    lines = [line for _, lines in history.stages for line in lines]
    means = [key for key in ACCURACIES if any(key in line for line in lines)]
    kinds = dict.fromkeys(means, MEASURE) | {key: history.kinds.get(blob_of(key), "") for key in output_keys(lines)}
    return [key for key, each in kinds.items() if kind == (each if each in OUTPUT_PANELS else UNKNOWN)]


def draw_outputs(axes: "Axes", history: History, along: Along, scale: float, colour: str, *, kind: str) -> None:
    """A line for each of a kind, in its own style."""
    for number, key in enumerate(output_keys_of(history, kind=kind)):
        name, style = ACCURACIES.get(key, blob_of(key)), OUTPUT_STYLES[number % len(OUTPUT_STYLES)]
        for stage in range(len(history.stages)):
            x, y = history.values(stage, along, key)
            axes.plot(x / scale, y, style, color=colour, markersize=3.5, linewidth=1.2, label=f" {in_figures(name)}")


def finish_outputs(axes: "Axes") -> None:
    """Say which line is which, once for all runs."""
    named = {str(line.get_label()).strip(): line for line in reversed(axes.lines)}
    names = list(reversed(named))
    axes.legend([named[name] for name in names], names, loc="best", fontsize=8, labelcolor=GREY)


class Panel(NamedTuple):
    """One diagram of a figure, there if a history has one of its ``keys``.

    keys     of the metrics, or what finds them in a history
    height   in inches
    draw     adds a history
    finish   what is left to do when all are there
    """

    label: str
    keys: Collection[str] | Callable[[History], Collection[str]]
    height: float
    draw: Callable[["Axes", History, Along, float, str], None]
    finish: Callable[["Axes"], None]

    def shows(self, history: History) -> bool:
        """Whether there is anything to show of a history."""
        keys = self.keys(history) if callable(self.keys) else self.keys
        return any(key in line for _, lines in history.stages for line in lines for key in keys)


PANELS = (
    Panel("loss", ("loss",), 2.8, draw_loss, finish_loss),
    Panel("error in tests (%)", ERRORS, 2.4, draw_errors, finish_errors),
    *(
        Panel(label, partial(output_keys_of, kind=kind), 2.4, partial(draw_outputs, kind=kind), finish_outputs)
        for kind, label in OUTPUT_PANELS.items()
    ),
    Panel("learning rate", ("lr",), 1.4, draw_rate, finish_rate),
)


# ---- lines
def smoothed(values: Numbers) -> Numbers:
    """The mean of each value and its neighbours on both sides; at the ends of those that there are."""
    window = np.ones(min(len(values), 2 * ceil(SMOOTHED * len(values) / 2) + 1))
    if not len(values):
        return values
    means: Numbers = np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")
    return means


def thinned(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """A long line by the lowest and the highest point of each of its pieces, so that its outline stays."""
    if len(x) <= MANY:
        return x, y
    pieces = np.array_split(np.arange(len(x)), MANY // 2)
    kept = np.unique([piece[pick(y[piece])] for piece in pieces for pick in (np.argmin, np.argmax)])
    return x[kept], y[kept]


def _unit(histories: Sequence[History], along: Along) -> tuple[str, float]:
    """What stands below the figure, and what a value is divided by for it."""
    if along != "seconds":
        return {"iteration": "iteration", "epoch": "epoch (passes over the training data)"}[along], 1.0
    longest = max(history.start(len(history.stages), along) for history in histories)
    name, scale = next(((n, s) for n, s in (("hours", 3600.0), ("minutes", 60.0)) if longest > 2 * s), ("seconds", 1.0))
    return f"time ({name})", scale


def _mark_stages(rows: Sequence["Axes"], histories: Sequence[History], along: Along, scale: float) -> None:
    """A vertical line where each stage begins, with its name above."""
    for number, history in enumerate(histories):
        colour = GREY if len(histories) == 1 else COLOURS[number % len(COLOURS)]
        for stage, (name, _) in enumerate(history.stages if len(history.stages) > 1 else ()):
            x = history.start(stage, along) / scale
            for axes in rows if stage else ():
                axes.axvline(x, color=colour, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
            place: dict[str, Any] = {"xytext": (4, -4 - 12 * number), "textcoords": "offset points", "va": "top"}
            place["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
            rows[0].annotate(
                in_figures(name), (x, 1), xycoords=("data", "axes fraction"), color=colour, fontsize=8, **place
            )


def _name(axes: "Axes", histories: Sequence[History]) -> None:
    """Say whose curves they are: the one run's name, or a legend."""
    if len(histories) == 1:
        axes.set_title(in_figures(histories[0].name), loc="left", fontweight="bold")
        return
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=COLOURS[number % len(COLOURS)], linewidth=2.5) for number in range(len(histories))]
    names = [in_figures(history.name) for history in histories]
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (LEFT / WIDTH, 1), "borderaxespad": 0.4}
    axes.figure.legend(lines, names, ncols=NAMES_IN_A_ROW, **place)


def _explain(axes: "Axes", styles: dict[str, str]) -> None:
    """Say what a panel's styles of line mean."""
    handles = [axes.plot([], [], style, color=GREY, markersize=3.5, linewidth=1.5)[0] for style in styles.values()]
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2, "fontsize": 9}
    axes.legend(handles, list(styles), ncols=len(styles), labelcolor=GREY, **place)
