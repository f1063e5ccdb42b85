"""A box drawn on a copy of its picture."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.runtime.data.box_geometry import Boxes
from netdef.runtime.data.datasets.dataset import Picture
from netdef.runtime.data.transform import with_channels

COLOUR = (255, 64, 32)


def draw(picture: Picture, edges: Boxes, text: str, path: Path) -> None:
    """Write a PNG of a picture with a box, and a text in its upper corner."""
    image = Image.fromarray(np.ascontiguousarray(with_channels(picture, 3)))
    width = max(1, round(min(image.size) / 150))
    corners = tuple(np.round(np.clip(edges, 0, [image.width - 1, image.height - 1] * 2)).tolist())
    pen = ImageDraw.Draw(image)
    if corners[0] <= corners[2] and corners[1] <= corners[3]:  # a box without an area can't be drawn
        pen.rectangle(corners, outline=COLOUR, width=width)
        pen.text((corners[0] + 2 * width, corners[1] + width), text, fill=COLOUR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NetError(Diagnostic("N006", f"{path} can't be written: {reason}", help="-o takes a folder")) from None
