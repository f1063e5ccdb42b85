"""A box drawn on a copy of its image."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.data.box_geometry import Boxes
from netdef.runtime.data.crop import with_channels
from netdef.runtime.data.datasets.dataset import ImageArray

COLOUR = (255, 64, 32)


def draw(image: ImageArray, edges: Boxes, text: str, path: Path) -> None:
    """Write a PNG of an image with a box, and a text in its upper corner."""
    canvas = Image.fromarray(np.ascontiguousarray(with_channels(image, 3)))
    width = max(1, round(min(canvas.size) / 150))
    corners = tuple(np.round(np.clip(edges, 0, [canvas.width - 1, canvas.height - 1] * 2)).tolist())
    pen = ImageDraw.Draw(canvas)
    if corners[0] <= corners[2] and corners[1] <= corners[3]:  # a box without an area can't be drawn
        pen.rectangle(corners, outline=COLOUR, width=width)
        pen.text((corners[0] + 2 * width, corners[1] + width), text, fill=COLOUR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, canvas.save)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NetError(Diagnostic("N006", f"{path} can't be written: {reason}", help="-o takes a folder")) from None


def copies(folder: Path, paths: Sequence[str], what: str = "box") -> Iterator[Path]:
    """Where drawings of images go: under their own names where those differ, else with a number."""
    taken: set[str] = set()
    for path in paths:
        stem = Path(os.path.basename(path)).stem
        names = (f"{stem}-{what}{number}.png" for number in ("", *(f"-{n}" for n in range(2, len(paths) + 1))))
        name = next(each for each in names if each not in taken)
        taken.add(name)
        yield folder / name
