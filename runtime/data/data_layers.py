"""What a net's own data layers name: Caffe's way to say what a net is trained on.

Data reads an LMDB or LevelDB of Datums, ImageData a list of image files, HDF5Data blobs by name. Files that they
name are looked up from the working folder, as Caffe does, and then from the net's own folder.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.data_files.look_up import found_file
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.data import Data, HDF5Data, ImageData, transform_of
from netdef.compiler.load import load_expanded
from netdef.compiler.net.definition import LayerDefinition, define
from netdef.compiler.net.filter import is_in
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing, of_transform
from netdef.compiler.schema.caffe import State
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import Shapes
from netdef.compiler.syntax.tree import Value
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.datums import Datums
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.table import Table

READ = (Data, ImageData, HDF5Data)
"""The layer types that read something; MemoryData is fed by a program."""
ON_EACH_LINE = "it is a text file, with the path of an HDF5 file on each line"


class Opened(NamedTuple):
    """A data layer with its data set open.

    samples      the shape of one sample of each top that its data tell of, before any crop; an image first
    preprocess   how its images become the input; None where it has numbers, which stay as they are
    """

    definition: LayerDefinition
    layer: Data | ImageData | HDF5Data
    data: Dataset
    samples: tuple[tuple[int, ...], ...]
    preprocess: Preprocessing | None


def open_layers(path: str, overrides: Mapping[str, Value], state: State) -> list[Opened]:
    """The data layers of a net in some phase with their data sets, before the net is assembled: they tell its sizes.

    Raises:
        NetError: if what they name can't be read.
    """
    definition = define(load_expanded(path, overrides), Report())  # mistakes are said when the net is loaded
    opened = []
    for each in definition.layers:
        if each.layer is None or not each.layer.sized_by_data or not is_in(each, state, Report()):
            continue
        if not isinstance(each.layer, READ):
            message = f"the data of a {each.frame.type} layer can't be read here"
            raise refused(each, "source", message, "give the net other data: --data D")
        data, samples = _OPEN[type(each.layer)](each, each.layer, Path(path).parent)
        opened.append(Opened(each, each.layer, data, samples, _preprocess(each.layer, samples[0])))
    return opened


def samples_of(opened: list[Opened]) -> dict[str, Shapes]:
    """The shapes of one sample of each data layer, for ``load``."""
    return {each.definition.frame.name: each.samples for each in opened}


def _preprocess(layer: Layer, image: tuple[int, ...]) -> Preprocessing | None:
    if isinstance(layer, Data | ImageData):
        return of_transform(transform_of(layer), image[0], layer.resized)
    return None


# ---- data sets
_DataAndSamples = tuple[Dataset, tuple[tuple[int, ...], ...]]
"""What is opened, and ``Opened.samples``."""


def _open_datums(definition: LayerDefinition, layer: Data, home: Path) -> _DataAndSamples:
    path = find_file(definition, layer.source, home)
    data = Datums(path, marks=True)  # a database tells its kind, whatever ``backend`` says
    return data, (_image(data, layer.forced_channels),)


def _open_listing(definition: LayerDefinition, layer: ImageData, home: Path) -> _DataAndSamples:
    data = Listing(find_file(definition, layer.source, home), layer.root_folder or None, marks=True)
    image = _image(data, layer.forced_channels)
    return data, ((image[0], *layer.resized) if layer.resized else image,)


def _open_table(definition: LayerDefinition, layer: HDF5Data, home: Path) -> _DataAndSamples:
    listing = find_file(definition, layer.source, home)
    try:
        names = [line.strip() for line in listing.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise refused(definition, "source", f"{listing} is no list of HDF5 files: {error}", ON_EACH_LINE) from None
    if not names:
        raise refused(definition, "source", f"{listing} names no files", ON_EACH_LINE)
    tops = dict.fromkeys(definition.frame.top)  # one that stands twice is a mistake, which the net's check says
    data = Table([find_file(definition, name, home) for name in names], tuple(tops))
    return data, data.shapes


_OPEN: dict[type[Layer], Callable[..., _DataAndSamples]] = {
    Data: _open_datums,
    ImageData: _open_listing,
    HDF5Data: _open_table,
}


def _image(data: Dataset, channels: int | None) -> tuple[int, ...]:
    """(C, H, W) of the first image that can be read."""
    for index in range(len(data)):
        try:
            height, width, own = data.image(index).shape
        except NetError:  # whoever asks for this image is told
            continue
        return channels or own, height, width
    raise AssertionError("a data set with no sound image can't be opened")


def find_file(definition: LayerDefinition, name: str, home: Path, at: str = "source") -> Path:
    """A file that a layer names: from the working folder, as Caffe looks it up, or else from the net's ``home``.

    Raises:
        NetError: N774 if there is none; ``at`` is the attribute that names it.
    """
    if (path := found_file(name, home)) is not None:
        return path
    if not name:
        raise refused(definition, at, f"{definition.title} doesn't say what it reads", 'add source: "..."')
    looked = "the working folder" if home == Path() else f"the working folder and {home}"
    help = "give its path from the working folder, or other data with --data D"
    raise refused(definition, at, f"there is no {name}, looked up from {looked}", help)


def refused(definition: LayerDefinition, at: str, message: str, help: str) -> NetError:
    """What is wrong with an attribute of a data layer."""
    place = Label(place_of(at, definition.places, definition.at))
    return NetError(Diagnostic("N774", message, place, help=help))
