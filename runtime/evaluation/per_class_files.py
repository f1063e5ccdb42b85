"""Measures by class in files: a table for other programs, or a drawing for people."""

from pathlib import Path

from netdef.compiler.extras import require
from netdef.compiler.save import check_folder, save_text
from netdef.runtime.evaluation.confusion import ConfusionMatrix
from netdef.runtime.evaluation.draw_confusion import draw_confusion


def write_per_class(found: ConfusionMatrix, path: Path) -> None:
    """Write what is told of each class: as ``.csv``, or as a drawing of the matrix in ``.png``.

    Raises:
        NetError: if the file can't be written.
    """
    if path.suffix.lower() == ".csv":
        save_text(path, found.csv)
        return
    draw_confusion(found, path)


def check_form(path: Path) -> None:
    """Refuse a file that could not be written, before anything is computed for it.

    Raises:
        NetError: if there is no such folder, or matplotlib is absent and it is a drawing.
    """
    check_folder(path)
    if path.suffix.lower() == ".png":
        require("drawing a confusion matrix", "plot", otherwise="write a .csv instead")
