"""Folders of images, a folder for each class: ``DIR/cat/1.jpg``."""

import os
from collections.abc import Sequence
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.decoding import decode

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")


class Folder(Cached):
    """The images of one folder, by class and then by name.

    ``classes`` gives the order of the labels; by default that of the class folders' names.
    """

    def __init__(self, path: Path, classes: Sequence[str] | None = None) -> None:
        folders = class_folders(path)
        known = tuple(classes if classes is not None else folders)
        for name in folders:
            if name not in known:
                help = did_you_mean(name, known) or f"the classes are {', '.join(known)}"
                raise NetError(Diagnostic("N713", f"{path / name}: training knows no class {name}", help=help))
        self.paths: list[str] = []
        labels: list[int] = []
        for name in folders:
            found = images_in(path / name)
            self.paths += found
            labels += [known.index(name)] * len(found)
        if not self.paths:
            whole = path if path.is_dir() else "FOLDER"
            help = f"a class is a folder with images ({', '.join(SUFFIXES)}): {whole}/cat/1.jpg, {whole}/dog/1.jpg"
            what = "has no folders with images in them" if path.is_dir() else "is no set of images that netdef reads"
            raise NetError(Diagnostic("N711", f"{path} {what}", help=help))
        super().__init__(known, labels)

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its file."""
        return decode(self.paths[index])


def class_folders(path: Path) -> list[str]:
    """The names of the folders in a folder, sorted; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith("."))


def images_in(path: Path) -> list[str]:
    """The paths of all images in a folder and its folders, sorted."""
    found = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    return sorted(found)
