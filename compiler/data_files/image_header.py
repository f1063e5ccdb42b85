"""What the head of an image file says: its size and its channels, without its pixels."""

import struct
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from netdef.compiler.extras import require
from netdef.compiler.plain_file import open_plain

if TYPE_CHECKING:
    from PIL import Image

GREY = ("1", "L", "LA")
GREY_16_BITS = ("I;16", "I;16B", "I")
"""Pillow's modes; the last has room for more, but holds what a file with 16 bits has."""
LYING = (5, 6, 7, 8)
"""EXIF's numbers of photographs whose height becomes their width."""


class ImageHeader(NamedTuple):
    """An upright image: 1 channel if it is grey, else 3, and its size in pixels."""

    channels: int
    height: int
    width: int


def read_header(file: "str | bytes") -> ImageHeader | None:
    """The head of an image file, by its path or in memory; None if it can't be read.

    Raises:
        NetError: N010 without Pillow.
    """
    require("the size of an image", "train")
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with (
                BytesIO(file) if isinstance(file, bytes) else open_plain(file) as content,
                Image.open(content) as image,
            ):
                height, width = image.height, image.width
                if orientation(image) in LYING:
                    height, width = width, height
                return ImageHeader(1 if image.mode in (*GREY, *GREY_16_BITS) else 3, height, width)
    except faults():
        return None


def faults() -> tuple[type[BaseException], ...]:
    """What Pillow raises where it can't read an image."""
    from PIL import Image

    return (OSError, EOFError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)


def orientation(image: "Image.Image") -> int:
    """How a photograph lies, by EXIF's number; 1 is upright."""
    from PIL import ExifTags

    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # whatever is wrong with a camera's notes, its image may be sound
        return 1
