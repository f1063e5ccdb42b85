"""The files that tell where objects are: Pascal VOC's XML, or a CSV.

VOC's layout is a folder with ``Annotations`` (an XML for each image), ``JPEGImages``, and perhaps lists of names in
``ImageSets/Main``; such a list is data too. Or the XML files lie beside their images. A CSV has a line for each
object, ``path,label,x0,y0,x1,y1``, relative paths being seen from its own folder.

Edges are taken as they are written. VOC's own files count pixels from 1 and mean the last one inclusively, which is a
pixel off at most; most tools that write its format don't.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import read_plain
from netdef.runtime.data.datasets.boxes import Boxed, Marked
from netdef.runtime.data.datasets.folder import SUFFIXES

COLUMNS = ["path", "label", "x0", "y0", "x1", "y1"]
"""Of a CSV; a first line with these names may stand above."""
EDGES = ("xmin", "ymin", "xmax", "ymax")


def is_voc(path: Path) -> bool:
    """Whether a path is a folder with XML files of boxes, or a list in one."""
    return _is_list(path) or (path / "Annotations").is_dir() or (path.is_dir() and any(path.glob("*.xml")))


def is_csv(path: Path) -> bool:
    """Whether a path is a CSV."""
    return path.is_file() and path.suffix.lower() == ".csv"


def image_sets(path: Path) -> dict[str, Path]:
    """The lists for ``train`` and ``test`` in a folder of VOC's layout, if it has both.

    They are trainval and test, or else train and val.
    """
    for train, test in (("trainval", "test"), ("train", "test"), ("train", "val")):
        found = {"train": path / f"ImageSets/Main/{train}.txt", "test": path / f"ImageSets/Main/{test}.txt"}
        if all(part.is_file() for part in found.values()):
            return found
    return {}


def open_voc(path: Path, classes: Sequence[str] | None) -> Boxed:
    """A folder with XML files of boxes, or those of them that a list names."""
    return Boxed(voc_objects(path), path, classes)


def open_csv(path: Path, classes: Sequence[str] | None) -> Boxed:
    """The images of a CSV."""
    return Boxed(csv_objects(path), path, classes)


def voc_objects(path: Path) -> dict[str, list[Marked]]:
    """The images of a folder with XML files, or of a list in it, and what is marked on them."""
    root = path.parents[2] if _is_list(path) else path
    home = root / "Annotations" if (root / "Annotations").is_dir() else root
    if _is_list(path):
        names = [line.split()[0] for line in _lines(path) if line.strip()]
    else:
        names = sorted(file.stem for file in home.glob("*.xml"))
    return dict(_objects(home / f"{name}.xml", root) for name in names)


def csv_objects(path: Path) -> dict[str, list[Marked]]:
    """The images of a CSV, and what is marked on them."""
    marked: dict[str, list[Marked]] = {}
    for name, mark in _rows(path):
        marked.setdefault(str(path.parent / name), []).append(mark)
    return marked


def _is_list(path: Path) -> bool:
    return path.suffix == ".txt" and path.parent.parent.name == "ImageSets" and path.is_file()


def _lines(path: Path) -> list[str]:
    try:
        return str(read_plain(path), "utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NetError(Diagnostic("N724", f"{path} can't be read: {error}", help="save it as UTF-8")) from None


def _objects(path: Path, root: Path) -> tuple[str, list[Marked]]:
    """An image's path and what its XML marks on it."""
    try:
        tree = ElementTree.parse(path).getroot()
        marked = [
            Marked(
                each.findtext("name", "").strip(),
                tuple(float(each.findtext(f"bndbox/{e}", "")) for e in EDGES),
                str(path),
            )
            for each in tree.iter("object")
        ]
    except (OSError, ElementTree.ParseError, ValueError) as error:
        help = "as in <object><name>cat</name><bndbox><xmin>8</xmin>...</bndbox></object>"
        raise NetError(Diagnostic("N724", f"{path} can't be read as boxes in VOC's XML: {error}", help=help)) from None
    home = root / "JPEGImages" if (root / "JPEGImages").is_dir() else path.parent
    named = home / os.path.basename(tree.findtext("filename", "").strip())  # whatever folder it had where it was marked
    found = (beside for suffix in SUFFIXES if (beside := home / (path.stem + suffix)).is_file())
    return str(named if os.path.isfile(named) else next(found, home / f"{path.stem}.jpg")), marked


def _records(path: Path) -> Iterator[list[str]]:
    """The fields of each line of a CSV."""
    reader = csv.reader(_lines(path))
    try:
        yield from reader
    except csv.Error as error:
        message = f"{path}:{reader.line_num}: no line of a CSV: {error}"
        raise NetError(Diagnostic("N724", message, help="look for a quote that nothing closes")) from None


def _rows(path: Path) -> Iterator[tuple[str, Marked]]:
    """The paths and objects of a CSV."""
    for number, row in enumerate(_records(path), start=1):
        if not row or (number == 1 and [each.strip().lower() for each in row] == COLUMNS):
            continue
        try:
            name, label, *edges = (each.strip() for each in row)
            x0, y0, x1, y1 = map(float, edges)
        except ValueError:
            message = f"{path}:{number}: a line is an image, its class and the edges of its box, not {','.join(row)}"
            help = f"as in: cats/1.jpg,cat,12,30,200,180 ({','.join(COLUMNS)})"
            raise NetError(Diagnostic("N724", message, help=help)) from None
        yield name, Marked(label, (x0, y0, x1, y1), f"{path}:{number}")
