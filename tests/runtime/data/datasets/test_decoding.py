"""Image files of every kind, against OpenCV and against the pixels that were written."""

import struct
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.decoding import TURNS, decode, decoded
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.source import open_data

ROWS, COLUMNS = np.mgrid[0:21, 0:17]
COLOUR = np.stack([ROWS * 9, COLUMNS * 11, (ROWS + COLUMNS) * 6], axis=2).astype(np.uint8)
ALPHA = (COLUMNS * 15).astype(np.uint8)
ORIENTATION = 0x0112


def opencvs(path: Path) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] | None = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert found is not None
    return found


def palette() -> Image.Image:
    image = Image.fromarray(COLOUR).quantize(16)
    image.info["transparency"] = bytes(range(0, 256, 16))
    return image


KINDS: dict[str, tuple[Callable[[], Image.Image], int]] = {
    "grey.png": (lambda: Image.fromarray(COLOUR[:, :, 0]), 0),
    "bits.png": (lambda: Image.fromarray(COLOUR[:, :, 0] > 99), 0),
    "grey_alpha.png": (lambda: Image.merge("LA", [Image.fromarray(COLOUR[:, :, 0]), Image.fromarray(ALPHA)]), 0),
    "16_bits.png": (lambda: Image.fromarray((ROWS * 3000 + COLUMNS * 7).astype(np.uint16)), 0),
    "16_bits.pgm": (lambda: Image.fromarray((ROWS * 3000 + COLUMNS * 7).astype(np.uint16)), 0),
    "16_bits.tif": (lambda: Image.fromarray((ROWS * 3000 + COLUMNS * 7).astype(np.uint16)), 0),
    "alpha.png": (lambda: Image.fromarray(np.dstack([COLOUR, ALPHA])), 0),
    "palette.png": (palette, 0),
    "palette.gif": (lambda: Image.fromarray(COLOUR).quantize(16), 0),
    "colour.webp": (lambda: Image.fromarray(COLOUR), 2),
    "colour.jpg": (lambda: Image.fromarray(COLOUR), 2),
    "grey.jpg": (lambda: Image.fromarray(COLOUR[:, :, 0]), 2),
    "cmyk.jpg": (lambda: Image.fromarray(COLOUR).convert("CMYK"), 2),
    "cmyk.tif": (lambda: Image.fromarray(np.dstack([COLOUR, ALPHA // 2]), "CMYK"), 2),
}
"""By file: what is in it, and by how many levels two decoders may differ."""


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_what_opencv_reads(tmp_path: Path, name: str) -> None:
    make, levels = KINDS[name]
    make().save(tmp_path / name, quality=95)
    ours, theirs = decode(str(tmp_path / name)), opencvs(tmp_path / name)
    assert ours.dtype == np.uint8
    assert ours.shape[2] == (1 if "grey" in name or "bits" in name else 3)
    assert np.abs(ours.astype(int) - theirs).max() <= levels


def test_adobes_cmyk_is_inverted() -> None:
    """The same JPEG with and without Adobe's mark: only its reading differs."""
    ink = np.full((16, 16, 4), (0, 255, 255, 0), np.uint8)  # no cyan, all magenta and yellow: red
    file = BytesIO()
    Image.fromarray(ink, "CMYK").save(file, "JPEG", quality=100)
    assert b"Adobe" in file.getvalue()
    np.testing.assert_allclose(decoded(file.getvalue(), "red"), np.full((16, 16, 3), (255, 0, 0)), atol=2)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", [1, *TURNS, 9])
def test_a_photograph_stands_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(COLOUR).save(path, exif=exif)
    ours, theirs = decode(str(path)), opencvs(path)
    assert ours.shape == theirs.shape == ((17, 21, 3) if 5 <= orientation <= 8 else (21, 17, 3))
    assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_damaged_notes_do_not_spoil_an_image(tmp_path: Path) -> None:
    file = BytesIO()
    Image.fromarray(COLOUR).save(file, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert decoded(file.getvalue(), "x").shape == COLOUR.shape


def encoded(pixels: NDArray[Any], kind: str) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "the file is empty"),
    "text.jpg": (b"<html>404 Not Found</html>", "in no format that is known"),
    "half.jpg": (encoded(np.tile(COLOUR, (9, 9, 1)), "JPEG")[:3000], "truncated"),
    "half.png": (encoded(np.tile(COLOUR, (9, 9, 1)), "PNG")[:200], "truncated"),
    "head.png": (encoded(COLOUR, "PNG")[:20], "cannot be read"),
    "size.bmp": (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 10**6, 10**6, 1, 24, 0, 0, 0, 0, 0, 0),
        "cannot be read",
    ),
    "fractions.tif": (encoded(np.zeros((3, 3), np.float32), "TIFF"), "fractions, not bytes"),
    "32_bits.tif": (encoded(np.full((3, 3), 70000, np.int32), "TIFF"), "more than 16 bits"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_image_is_named(tmp_path: Path, name: str) -> None:
    content, words = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    for read in (partial(decode, str(tmp_path / name)), partial(decoded, content, name)):
        with pytest.raises(NetError, match=words) as error:
            read()
        (mistake,) = error.value.report
        assert mistake.code == "N712"
        assert name in mistake.message
        assert "BytesIO" not in mistake.message


def test_a_file_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="No such file"):
        decode(str(tmp_path / "x.png"))


@pytest.mark.parametrize("inside", [[], ["1.png"], ["notes.txt"], [".hidden/1.png"]])
def test_a_folder_without_classes(tmp_path: Path, inside: list[str]) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in inside:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(encoded(COLOUR, "PNG"))
    for open_it in (lambda: open_data(str(folder)), lambda: Folder(folder)):
        with pytest.raises(NetError, match=r"has no folders with images in them") as error:
            open_it()
        assert [mistake.code for mistake in error.value.report] == ["N711"]


def test_one_image_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(encoded(COLOUR, "PNG"))
    with pytest.raises(NetError, match=r"cat\.png is no set of images that netdef reads") as error:
        open_data(str(tmp_path / "cat.png"))
    assert "FOLDER/cat/1.jpg" in str(error.value)
