"""From what the user calls the data to the data."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.analysis.judged import judged_by
from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, show
from netdef.compiler.size import Dim
from netdef.runtime.data.datasets.box_files import image_sets, is_csv, is_voc, open_csv, open_voc
from netdef.runtime.data.datasets.databases import is_database
from netdef.runtime.data.datasets.dataset import (
    Data,
    Dataset,
    ImageArray,
    Part,
    boxes_of,
    paths_of,
    random_nth,
    warnings_of,
)
from netdef.runtime.data.datasets.datums import Datums
from netdef.runtime.data.datasets.digits import digits
from netdef.runtime.data.datasets.folder import Folder, class_folders
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.shards import open_shards, tars_in
from netdef.runtime.data.datasets.synthetic import synthetic

TEST_NAMES = ("test", "val", "valid", "validation")
HELD_OUT_SHARE = 10


class InputSpec(NamedTuple):
    """What a net takes and gives, for data that are made to measure.

    size           of an image, (H, W) in pixels
    """

    size: Pair
    num_channels: int
    num_classes: int


ANY = InputSpec(Pair(32, 32), 3, 10)
"""Where no net says more."""

EMBEDDED: dict[str, Callable[[InputSpec], Data]] = {
    "digits": lambda _: digits(),
    "synthetic": lambda wanted: synthetic(*wanted),
}
"""Data sets that lie nowhere, by name."""


def input_spec_of(train_net: Net, test_net: Net, scores: str | None = None) -> InputSpec:
    """What made-up data must be like to fit a net; ``scores`` is the blob that was chosen for the class scores."""
    images = next((shape for shape in train_net.inputs.values() if len(shape) == 4), ())
    sizes = [size for size in (*images[1:], num_classes_of(train_net, test_net, scores)) if isinstance(size, int)]
    return InputSpec(Pair(sizes[1], sizes[2]), sizes[0], sizes[3]) if len(sizes) == 4 else ANY


LARGEST_FOR_DIGITS = 64
"""The greatest shorter side, in pixels, of a net for which the digits stand in: they are 8x8."""


def check_named(data: str | None, net: Net) -> None:
    """Refuse that digits stand in for data that nobody named, where a net is made for larger images.

    Raises:
        NetError: if it is: it would learn nothing of use, for hours.
    """
    images = {blob: shape[2:] for blob, shape in net.inputs.items() if len(shape) == 4} if data is None else {}
    for blob, size in images.items():
        if all(isinstance(side, int) and side > LARGEST_FOR_DIGITS for side in size):
            name = net.name or net.definition.path
            message = f"no data are named, and {name} takes images of {show(size)} ({blob}): digits are 8x8"
            help = "--data D names a folder of class folders, a list file or another data set; --data digits these"
            raise NetError(Diagnostic("N717", message, help=help))


def num_classes_of(train_net: Net, test_net: Net, scores: str | None) -> Dim:
    """Those that a net scores; a few where nothing tells which blob scores them: then its loss tells how good it is."""
    try:
        judged = judged_by(test_net, scores, taught=train_net)
    except NetError:
        if scores is not None:
            raise
        return ANY.num_classes
    shape = test_net.shapes[judged.scores]
    return shape[judged.axis] if judged.axis < len(shape) else ANY.num_classes


class Kind(NamedTuple):
    """A kind of data that lies at a path.

    what   in words
    fits   whether a path is one
    open   reads it, with the order of the classes where training has told it
    """

    what: str
    fits: Callable[[Path], bool]
    open: Callable[[Path, tuple[str, ...] | None], Dataset]


def _is_text(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"\0" not in file.read(4096)


HDF5 = b"\x89HDF\r\n\x1a\n"
"""What a file of HDF5 begins with."""
CLASS_FOLDERS = Kind("a folder of class folders", lambda path: bool(class_folders(path)), Folder)
KINDS = (
    Kind("an LMDB or LevelDB of Datums", is_database, lambda path, _: Datums(path)),
    Kind("a folder in Pascal VOC's layout", is_voc, open_voc),
    Kind("a CSV of boxes", is_csv, open_csv),
    CLASS_FOLDERS,
    Kind("a tar file, or a folder of them", lambda path: bool(tars_in(path)), lambda path, _: open_shards(path)),
    Kind("a list file of paths and labels", _is_text, lambda path, _: Listing(path)),
)
"""In the order in which they are tried."""


def open_data(
    source: str, test: str | None = None, wanted: InputSpec = ANY, objects: tuple[str, ...] | None = None
) -> Data:
    """Training and test data: an embedded data set's name, or a path; ``test`` is another one for the test.

    Without it, the test is ``val`` or ``test`` beside ``train`` in a folder (``val.tar``, ``val.txt``, ``val_lmdb``
    too), else a tenth of each class, always the same. ``objects`` are the classes whose boxes
    count, where images show others too; by default all.
    """
    if source in EMBEDDED:
        data = EMBEDDED[source](wanted)
        return data if test is None else data._replace(test=_opened(_existing(test), data.train.classes))
    path = _existing(source)
    inner = next(_parts(path, ("train",)), path)
    beside = next(_parts(path, TEST_NAMES), None) if inner != path else None
    other = beside if test is None else _existing(test)
    train = _opened(inner, objects)
    if other is not None:
        return Data(train, _opened(other, train.classes), source, f"training on {inner}, test on {other}")
    most, few = random_nth(train.labels, HELD_OUT_SHARE)
    if not few:
        help = "name others for the test with --test-data"
        if path.is_dir():
            help = f"put test images into {path}/test, or {help}"
        message = f"{inner} has too few images to hold some out for the test: {len(train)}"
        raise NetError(Diagnostic("N711", message, help=help))
    return Data(Part(train, most), Part(train, few), source, f"a tenth of each class of {inner} is for the test")


def open_test(
    source: str, classes: tuple[str, ...] | None, wanted: InputSpec = ANY, objects: tuple[str, ...] | None = None
) -> Dataset:
    """What a net is evaluated on: the test part, or all of a path that has none.

    ``classes`` is the order of the labels, where training has told it; ``objects`` as in ``open_data``, by default
    all of ``classes``.
    """
    if source in EMBEDDED:
        return _ordered(EMBEDDED[source](wanted).test, classes, source)
    path = _existing(source)
    return _opened(next(_parts(path, TEST_NAMES), path), classes, objects)


def open_whole(source: str, objects: tuple[str, ...] | None = None) -> Dataset:
    """All of a path, or of an embedded data set its training part; ``objects`` as in ``open_data``."""
    return EMBEDDED[source](ANY).train if source in EMBEDDED else _opened(_existing(source), objects)


def parts_of(source: str) -> dict[str, str]:
    """The parts of a path that has some: ``train`` and ``test``; else itself, under an empty name."""
    path = Path(source)
    found = {name: str(next(_parts(path, names), "")) for name, names in (("train", ("train",)), ("test", TEST_NAMES))}
    return {name: part for name, part in found.items() if part} if found["train"] else {"": source}


def _parts(path: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """What in a folder bears one of the names and is data."""
    lists = image_sets(path)
    for name in names:
        beside = (path / name, *(path / f"{name}{ending}" for ending in ("_lmdb", ".tar", ".txt", ".csv")))
        for part in (*beside, lists.get(name, path / name)):
            if any(kind.fits(part) for kind in KINDS):
                yield part


def _opened(path: Path, classes: tuple[str, ...] | None, objects: tuple[str, ...] | None = None) -> Dataset:
    """The data at a path; raises where they have classes that ``classes`` doesn't know."""
    _refuse_hdf5(path)
    kind = next((kind for kind in KINDS if kind.fits(path)), CLASS_FOLDERS)  # a folder says best what is wrong with it
    return _ordered(kind.open(path, objects or classes), classes, str(path))


def _refuse_hdf5(path: Path) -> None:
    """Refuse files of HDF5, and lists of them: their blobs have names, and only a layer of the net says which is what.

    Raises:
        NetError: with the layer.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        begins = file.read(4096)
    first = begins.split(b"\n", 1)[0].strip().lower()
    if begins.startswith(HDF5) or first.endswith((b".h5", b".hdf5")):
        what = "is HDF5" if begins.startswith(HDF5) else "is a list of HDF5 files"
        listed = "LIST.txt" if begins.startswith(HDF5) else str(path)
        layer = f'layer "data" HDF5Data {{ top: ["data", "label"] source: "{listed}" batch_size: 64 }}'
        message = f"{path} {what}: blobs, of which the net's own data layer says what they are; --data takes images"
        raise NetError(Diagnostic("N711", message, help=f"put it into the net, and leave out --data: {layer}"))


def _ordered(data: Dataset, classes: tuple[str, ...] | None, name: str) -> Dataset:
    return data if classes in (None, data.classes) else Relabelled(data, classes, name)


class Relabelled:
    """Data under the labels that training has given to their classes."""

    def __init__(self, data: Dataset, classes: tuple[str, ...], name: str) -> None:
        for unknown in data.classes:
            if unknown not in classes:
                help = did_you_mean(unknown, classes) or f"the classes are {', '.join(classes)}"
                raise NetError(Diagnostic("N713", f"{name}: training knows no class {unknown}", help=help))
        numbers = [classes.index(each) for each in data.classes]
        self.classes = classes
        self.labels = [numbers[label] if label >= 0 else label for label in data.labels]
        self.num_bytes = data.num_bytes
        self.boxes = boxes_of(data)
        self.warnings = warnings_of(data)
        self.paths = paths_of(data)
        self._data = data

    def image(self, index: int) -> ImageArray:
        """One image."""
        return self._data.image(index)

    def __len__(self) -> int:
        return len(self.labels)


def _existing(source: str) -> Path:
    path = Path(source)
    if path.exists():
        return path
    beside = [other.name for other in path.parent.iterdir() if other.is_dir()] if path.parent.is_dir() else []
    kinds = ", ".join(kind.what for kind in KINDS)
    help = did_you_mean(path.name, [*beside, *EMBEDDED]) or f"data are {' or '.join(EMBEDDED)}, or {kinds}"
    raise NetError(Diagnostic("N710", f"there is no data {source}: no file or folder has this name", help=help))
