"""The heads of image files, against what Pillow and OpenCV decode."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from netdef.compiler.data_files.image_header import read_header


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_a_head_says_is_what_is_decoded(mode: str, suffix: str, tmp_path: Path) -> None:
    if (mode, suffix) == ("CMYK", ".png"):
        suffix = ".jpg"
    path = tmp_path / f"a{suffix}"
    Image.new(mode, (7, 5)).save(path)
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    found = read_header(str(path))
    assert found is not None
    assert found[1:] == pixels.shape[:2] == (5, 7)
    assert found.channels == (1 if mode in ("1", "L", "LA", "I;16") else 3)
    assert read_header(path.read_bytes()) == found


def test_a_photograph_is_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((5, 7, 3), np.uint8)).save(path, exif=exif)
    pixels = cv2.imread(str(path))
    assert pixels is not None
    assert read_header(str(path)) == (3, *pixels.shape[:2]) == (3, 7, 5)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff"])
def test_what_is_no_image(content: bytes, tmp_path: Path) -> None:
    assert read_header(content) is None
    assert read_header(str(tmp_path / "gone.png")) is None
