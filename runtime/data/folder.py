"""Folders of pictures, a folder for each class: ``DIR/cat/1.jpg``."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from netdef.compiler.diagnostics import Diagnostic, NetError, did_you_mean
from netdef.runtime.data.dataset import Data, Part, Picture, random_nth

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
TEST_NAMES = ("test", "val", "valid", "validation")
HELD_OUT_SHARE = 10
KEPT_BYTES = 256 * 2**20
"""Decoded pictures that a data set keeps in memory."""


class Folder:
    """The pictures of one folder, by class and then by name.

    ``classes`` gives the order of the labels; by default that of the class folders' names.
    """

    def __init__(self, path: Path, classes: Sequence[str] | None = None) -> None:
        folders = class_folders(path)
        self.classes = tuple(classes if classes is not None else folders)
        for name in folders:
            if name not in self.classes:
                cure = did_you_mean(name, self.classes) or f"the classes are {', '.join(self.classes)}"
                raise NetError(Diagnostic("N713", f"{path / name}: training knows no class {name}", help=cure))
        self.paths: list[str] = []
        self.labels: list[int] = []
        for name in folders:
            found = _pictures_in(path / name)
            self.paths += found
            self.labels += [self.classes.index(name)] * len(found)
        if not self.paths:
            cure = f"a class is a folder with pictures ({', '.join(SUFFIXES)}): {path}/cat/1.jpg, {path}/dog/1.jpg"
            raise NetError(Diagnostic("N711", f"{path} has no folders with pictures in them", help=cure))
        self._kept: dict[int, Picture] = {}
        self.num_bytes = self.picture(0).nbytes * len(self)

    def picture(self, index: int) -> Picture:
        """One picture, decoded; kept if all of them fit into memory."""
        picture = self._kept.get(index)
        if picture is None:
            picture = decode(self.paths[index])
            if picture.nbytes * len(self) <= KEPT_BYTES:
                self._kept[index] = picture
        return picture

    def __len__(self) -> int:
        return len(self.paths)


def folder(path: Path, test: Path | None = None) -> Data:
    """A folder's training and test pictures.

    The test is the folder ``test`` if given, else ``path/test`` (or ``val``) beside ``path/train``, else a tenth
    of each class, always the same.
    """
    inner = path / "train" if class_folders(path / "train") else path
    test = test or (find_test(path) if inner != path else None)
    train = Folder(inner)
    if test is not None:
        return Data(train, Folder(test, train.classes), str(path), f"training on {inner}, test on {test}")
    most, few = random_nth(train.labels, HELD_OUT_SHARE)
    if not few:
        cure = f"put test pictures into {path}/test, or name their folder with --test-data"
        message = f"{inner} has too few pictures to hold some out for the test: {len(train)}"
        raise NetError(Diagnostic("N711", message, help=cure))
    return Data(Part(train, most), Part(train, few), str(path), f"a tenth of each class of {inner} is for the test")


def find_test(path: Path) -> Path | None:
    """The folder with the test pictures in a data folder, if it has one."""
    return next((path / name for name in TEST_NAMES if class_folders(path / name)), None)


def class_folders(path: Path) -> list[str]:
    """The names of the folders in a folder, sorted; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith("."))


def decode(path: str) -> Picture:
    """A picture from a file: grey if the file is, else red, green and blue."""
    try:
        with Image.open(path) as image:
            grey = image.mode in ("1", "L", "LA", "I;16")
            pixels: Picture = np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        cure = "remove it, or save it anew as PNG or JPEG"
        raise NetError(Diagnostic("N712", f"{path} cannot be read as a picture: {error}", help=cure)) from None
    return pixels[:, :, np.newaxis] if grey else pixels


def _pictures_in(path: Path) -> list[str]:
    found = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    return sorted(found)
