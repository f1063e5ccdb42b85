"""Images that show one object each, and its box.

Rules:

1. An object counts if its class is one of those asked for; by default all count.
2. A box without an area, or outside of its image, is told and does not count; what reaches over the image's edge
   is told and cut off there.
3. An image with several objects or none is left out, and how many are is told.

A box is its edges (x0, y0, x1, y1) in pixels; the image's upper left corner is (0, 0).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from netdef.compiler.data_files.image_header import read_header
from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.decoding import decode

MOST_TOLD = 10
"""Bad boxes that are told before the rest is only counted."""


class Marked(NamedTuple):
    """An object on an image.

    where   the file and line, for people
    """

    label: str
    edges: tuple[float, ...]
    where: str


class Boxed(Cached):
    """Images with one object each, in the order of their files.

    boxes      (N, 4): the edges of each image's object
    warnings   what was wrong with boxes, and what was left out
    """

    def __init__(
        self, marked: Mapping[str, Sequence[Marked]], source: Path, classes: Sequence[str] | None = None
    ) -> None:
        self.warnings: list[Diagnostic] = []
        sound = {path: list(self._sound(path, found, classes)) for path, found in marked.items()}
        single = {path: found[0] for path, found in sound.items() if len(found) == 1}
        self._count(list(map(len, sound.values())), source)
        if not single:
            seen = sorted({each.label for found in marked.values() for each in found})
            help = f"choose what counts with --object: {', '.join(seen)}" if seen else "look at its boxes"
            message = f"{source} has no image that shows exactly one {' or '.join(classes or ['object'])}"
            raise NetError(Report([*self.warnings, Diagnostic("N723", message, help=help)]))
        known = tuple(classes or sorted({each.label for each in single.values()}))
        self.paths = list(single)
        self.boxes = np.array([each.edges for each in single.values()], np.float64)
        super().__init__(known, [known.index(each.label) for each in single.values()])

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its file."""
        return decode(self.paths[index])

    def _sound(self, path: str, found: Sequence[Marked], classes: Sequence[str] | None) -> Iterator[Marked]:
        """The objects that count, cut off at the image's edge."""
        size = read_header(path)
        for each in found:
            if classes is not None and each.label not in classes:
                continue
            x0, y0, x1, y1 = each.edges
            left, top, right, bottom = (
                np.clip(each.edges, 0, [size.width, size.height] * 2).tolist() if size else each.edges
            )
            box = f"{each.where}: the box of {each.label} from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g})"
            if not (x0 < x1 and y0 < y1):
                self._warn(f"{box} has no area", "it does not count")
            elif not (left < right and top < bottom):
                self._warn(f"{box} is outside of the image", "it does not count")
            else:
                if (left, top, right, bottom) != each.edges:
                    self._warn(f"{box} reaches out of the image", "it is cut off there")
                yield each._replace(edges=(left, top, right, bottom))

    def _warn(self, message: str, help: str) -> None:
        self.warnings.append(Diagnostic("N721", message, severity=Severity.WARNING, help=help))

    def _count(self, num_objects: Sequence[int], source: Path) -> None:
        """Bring the warnings to a length that can be read, and tell how many images are left out."""
        more = len(self.warnings) - MOST_TOLD
        if more > 0:
            del self.warnings[MOST_TOLD:]
            self._warn(f"{source}: {more:,} more boxes are like this", "look at how they were made")
        none, several = num_objects.count(0), sum(num > 1 for num in num_objects)
        if none or several:
            message = f"{source}: {none + several:,} of {len(num_objects):,} images are left out"
            help = f"{none:,} show nothing that counts, {several:,} several; --object chooses what counts"
            self.warnings.append(Diagnostic("N722", message, severity=Severity.WARNING, help=help))
