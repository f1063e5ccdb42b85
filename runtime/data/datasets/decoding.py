"""Image files of every kind as pixels: what OpenCV, and so Caffe, makes of them.

1. Grey stays grey, whether it has 1, 8 or 16 bits; everything else becomes red, green and blue.
2. Of 16 bits the upper 8 count.
3. Transparency is left out: a pixel's colour is the one that the file says, however little of it would be seen.
4. CMYK is converted without a profile, and Adobe's inverted form is told from the plain one.
5. A photograph is turned as its camera says (EXIF).
"""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from netdef.compiler.data_files.image_header import GREY, GREY_16_BITS, faults, orientation
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import read_plain
from netdef.runtime.data.datasets.dataset import ImageArray

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photograph upright, by EXIF's number."""


def decode(path: str) -> ImageArray:
    """An image from a file."""
    try:
        content = read_plain(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    return decoded(content, path)


def decoded(content: bytes, name: str) -> ImageArray:
    """An image from a file's bytes, (H, W, 1) or (H, W, 3); ``name`` is for people."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of what it can read all the same: a camera's damaged notes, say
            with Image.open(BytesIO(content)) as image:
                return _pixels(image)
    except UnidentifiedImageError:
        reason = "it is in no format that is known" if content else "the file is empty"
    except faults() as error:
        reason = str(error)
    raise _unreadable(name, reason)


def _pixels(image: Image.Image) -> ImageArray:
    turn = TURNS.get(orientation(image))
    upright = image if turn is None else image.transpose(turn)
    if image.mode in GREY_16_BITS:
        numbers = np.asarray(upright)
        if numbers.min() < 0 or numbers.max() > 0xFFFF:
            raise ValueError("its numbers are of more than 16 bits")
        return (numbers >> 8).astype(np.uint8)[:, :, np.newaxis]
    if image.mode == "F":
        raise ValueError("its numbers are fractions, not bytes")
    mode = "L" if image.mode in GREY else "RGB"
    pixels: ImageArray = np.asarray(upright if upright.mode == mode else upright.convert(mode))
    return pixels.reshape(*pixels.shape[:2], -1)


def _unreadable(name: str, reason: str) -> NetError:
    help = "remove it, or save it anew as PNG or JPEG"
    return NetError(Diagnostic("N712", f"{name} cannot be read as an image: {reason}", help=help))
