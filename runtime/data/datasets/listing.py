"""Caffe's list files: on each line the path of an image, a space, and the number of its class."""

from collections.abc import Iterator
from pathlib import Path

from netdef.compiler.data_files.look_up import image_path
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.override import override
from netdef.compiler.plain_file import read_plain
from netdef.compiler.source import Source, Span
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import ImageArray, numbered_classes
from netdef.runtime.data.datasets.decoding import decode

LONGEST_LABEL = 18
"""Digits: what fits in 64 bits."""
MOST_MISTAKES = 10
"""Bad lines that are shown before the rest is only counted."""


class Listing(Cached):
    """The images of a list file, in its order; the classes are named by their numbers.

    As in Caffe a path may hold spaces: the last one on a line stands before the label. A relative path is looked up
    under ``root``, or else from the working folder, then from the list's own folder. With ``marks``, labels below 0 may
    mark images without a class.
    """

    def __init__(self, path: Path, root: str | None = None, *, marks: bool = False) -> None:
        self.path = path
        found = list(read_list(path, marks=marks))
        if not found:
            message = f"the list {path} has no images"
            raise NetError(Diagnostic("N770", message, help="a line is a path and a class: cats/1.jpg 0"))
        self.paths = [image_path(name, path, root) for name, _ in found]
        labels = [label for _, label in found]
        super().__init__(numbered_classes(labels, f"the list {path}", "N770"), labels)

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its file; one that can't be read is said with the line that names it."""
        try:
            return decode(self.paths[index])
        except NetError as error:
            note = f"{self.path} names it in line {self._line_of(index)}"
            raise NetError(Report(said._replace(notes=(*said.notes, note)) for said in error.report)) from None

    def _line_of(self, index: int) -> int:
        """The line of an image, from 1; blank ones count, and name none."""
        lines = read_plain(self.path).split(b"\n")
        return [number for number, line in enumerate(lines, 1) if line.strip()][index]


def read_list(path: Path, *, marks: bool = False) -> Iterator[tuple[str, int]]:
    """The paths and labels of a list file; with ``marks``, labels may be below 0.

    Raises:
        NetError: with every line that is none.
    """
    try:
        source = Source(str(path), str(read_plain(path), "utf-8", "surrogateescape").replace("\r\n", "\n"))
    except OSError as error:
        raise NetError(Diagnostic("N770", f"the list {path} can't be read: {error.strerror or error}")) from None
    wrong: list[tuple[str, Span]] = []
    offset = 0
    for line in source.text.split("\n"):
        name, space, label = line.rstrip().rpartition(" ")
        digits = label.removeprefix("-") if marks else label
        if space and digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_LABEL:
            if not wrong:
                yield name, int(label)
        elif line.strip():
            wrong.append((line, Span(source, offset, offset + len(line.rstrip()))))
        offset += len(line) + 1
    report = Report(_mistake(line, at) for line, at in wrong[:MOST_MISTAKES])
    if len(wrong) > MOST_MISTAKES:
        report.add(Diagnostic("N770", f"{path}: {len(wrong) - MOST_MISTAKES:,} more lines are no path and label"))
    stop_on_errors(report)


def _mistake(line: str, at: Span) -> Diagnostic:
    label = line.rstrip().rpartition(" ")[2]
    message = "a line of a list is a path, a space and the number of a class from 0"
    help = f"{label} is below 0" if label[1:].isdecimal() and label[0] == "-" else "as in: cats/1.jpg 0"
    return Diagnostic("N770", message, Label(at), help=help)
