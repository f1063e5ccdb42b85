"""What a net's own data layers name: Caffe's way to say what a net is trained on.

Data reads an LMDB or LevelDB of Datums, ImageData a list of image files, HDF5Data blobs by name. Files that they
name are looked up from the working folder, as Caffe does, and then from the net's own folder. The order is Caffe's:
that of the data set, batch by batch without end, or with ``shuffle`` another in each epoch.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.data import Data, HDF5Data, ImageData, transform_of
from netdef.compiler.load import load_expanded, load_net, state_of
from netdef.compiler.net.definition import LayerDefinition, define
from netdef.compiler.net.filter import is_in
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.own_types import load_layers
from netdef.compiler.preprocess import Preprocessing, of_transform
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase, State
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import Pair, Shapes, show
from netdef.compiler.syntax.tree import Value
from netdef.compiler.weights.formats.binaryproto import read_mean
from netdef.runtime.data.datasets.dataset import Data as DataSets
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.datums import Datums
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.layer_crop import NOTHING_DONE, LayerCrop
from netdef.runtime.data.normalise import AsStored, MeanImage, Normalise, Normaliser
from netdef.runtime.data.zipped import Companion, Zipped

READ = (Data, ImageData, HDF5Data)
"""The layer types that read something; MemoryData is fed by a program."""


ON_EACH_LINE = "it is a text file, with the path of an HDF5 file on each line"


class Opened(NamedTuple):
    """A data layer with its data set open.

    samples  the shape of one sample of each top that its data tell of, before any crop; an image first
    """

    definition: LayerDefinition
    layer: Data | ImageData | HDF5Data
    data: Dataset
    samples: tuple[tuple[int, ...], ...]


class LayerFeed(NamedTuple):
    """What a net's data layer reads, and how it reaches the net; ``batch_size`` is N, as the file says."""

    data: Dataset
    feed: Feed
    batch_size: int


def load_fed(request: NetRequest, data: str | None) -> tuple[Net, LayerFeed | None]:
    """A net, and how its own data layers feed it; those are not read where other ``data`` are named.

    Raises:
        NetError: for mistakes of the net, and if what its data layers name can't be read.
    """
    if data is not None:
        return load_net(request), None
    load_layers(*request.layer_files)
    opened = open_layers(request.file, request.set, state_of(request.phase, request.stages, request.level))
    net = load_net(request, samples=samples_of(opened))
    return net, feed_of(net, opened) if opened else None


def open_layers(path: str, overrides: Mapping[str, Value], state: State) -> list[Opened]:
    """The data layers of a net in some phase with their data sets, before the net is assembled: they tell its sizes.

    Raises:
        NetError: if what they name can't be read.
    """
    definition = define(load_expanded(path, overrides), Report())  # mistakes are said when the net is loaded
    opened = []
    for each in definition.layers:
        if isinstance(each.layer, READ) and is_in(each, state, Report()):
            data, samples = _OPEN[type(each.layer)](each, each.layer, Path(path).parent)
            opened.append(Opened(each, each.layer, data, samples))
    return opened


def feed_of(net: Net, opened: list[Opened]) -> LayerFeed:
    """How a net's data layers feed it.

    Raises:
        NetError: if they don't fit together, or a layer asks for what can't be done.
    """
    first, *others = (_feed_of_one(net, each) for each in opened)
    blobs = dict(first.feed.blobs)
    companions = []
    for (definition, *_), other in zip(opened[1:], others, strict=True):
        if other.batch_size != first.batch_size:
            message = f"data layers of one phase have batches of {first.batch_size} and {other.batch_size}"
            raise _refused(definition, "batch_size", message, f"give both batch_size: {first.batch_size}")
        # a blob's own name, by which a label from another layer is the batch's label
        names = {field: blob if blob not in blobs else f"{blob} 2" for field, blob in other.feed.blobs.items()}
        companions.append(Companion(other.data, other.feed.crop, other.feed.normalise, names))
        blobs |= {name: other.feed.blobs[field] for field, name in names.items()}
    if not companions:
        return first
    data = Zipped(first.data, tuple(companions))
    return LayerFeed(data, first.feed._replace(blobs=blobs), first.batch_size)


def _feed_of_one(net: Net, opened: Opened) -> LayerFeed:
    definition, layer, data, (image, *_) = opened
    if layer.most_skipped:
        place = Label(place_of("rand_skip", definition.places, definition.at))
        message = "rand_skip is not done: data are read from their beginning"
        net.report.add(Diagnostic("N785", message, place, severity=Severity.WARNING, help="leave it out"))
    if not layer.batch_size:
        raise _refused(definition, "batch_size", f"{definition.title} needs a batch_size", "add batch_size: 64")
    tops = definition.frame.top
    if isinstance(layer, HDF5Data):
        assert isinstance(data, Table)
        blobs = dict(zip(data.fields, tops, strict=True))
        return LayerFeed(data, Feed(NOTHING_DONE, blobs, AsStored(), layer.shuffled), layer.batch_size)
    preprocess = of_transform(transform_of(layer), image[0], layer.resized)
    size = Pair(*image[1:]) if preprocess.crop is None else Pair(preprocess.crop, preprocess.crop)
    if min(image[1:]) < min(size):
        at = Label(place_of("transform", definition.places, definition.at))
        message = f"a crop of {show(size)} does not fit an image of {show(image[1:])}"
        raise NetError(Diagnostic("N775", message, at, help="give a smaller crop_size, or larger images"))
    crop = LayerCrop(
        name=definition.title,
        num_channels=image[0],
        size=size,
        stretch=preprocess.stretch,
        crops=preprocess.crop is not None,
        random_crop=preprocess.crop is not None and net.state.phase is Phase.TRAIN,
        mirror=preprocess.mirror,
    )
    normalise = _normaliser(definition, preprocess, crop, image, Path(net.definition.path).parent)
    blobs = dict(zip(("data", "label"), tops, strict=False))
    return LayerFeed(data, Feed(crop, blobs, normalise, layer.shuffled), layer.batch_size)


# ---- data sets
_DataAndSamples = tuple[Dataset, tuple[tuple[int, ...], ...]]
"""What is opened, and ``Opened.samples``."""


def _open_datums(definition: LayerDefinition, layer: Data, home: Path) -> _DataAndSamples:
    path = _find(definition, layer.source, home)
    data = Datums(path, marks=True)  # a database tells its kind, whatever ``backend`` says
    transform = layer.transform
    channels = 3 if transform.force_color or layer.force_encoded_color else 1 if transform.force_gray else None
    return data, (_image(data, channels),)


def _open_listing(definition: LayerDefinition, layer: ImageData, home: Path) -> _DataAndSamples:
    data = Listing(_find(definition, layer.source, home), layer.root_folder or None, marks=True)
    image = _image(data, 3 if layer.is_color else 1)
    return data, ((image[0], *layer.resized) if layer.resized else image,)


def _open_table(definition: LayerDefinition, layer: HDF5Data, home: Path) -> _DataAndSamples:
    listing = _find(definition, layer.source, home)
    try:
        names = [line.strip() for line in listing.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(definition, "source", f"{listing} is no list of HDF5 files: {error}", ON_EACH_LINE) from None
    if not names:
        raise _refused(definition, "source", f"{listing} names no files", ON_EACH_LINE)
    data = Table([_find(definition, name, home) for name in names], definition.frame.top)
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


def _find(definition: LayerDefinition, name: str, home: Path, at: str = "source") -> Path:
    for path in (Path(name), home / name):
        if name and path.exists():
            return path
    if not name:
        raise _refused(definition, at, f"{definition.title} doesn't say what it reads", 'add source: "..."')
    looked = "the working folder" if home == Path() else f"the working folder and {home}"
    help = "give its path from the working folder, or other data with --data D"
    raise _refused(definition, at, f"there is no {name}, looked up from {looked}", help)


def _refused(definition: LayerDefinition, at: str, message: str, help: str) -> NetError:
    place = Label(place_of(at, definition.places, definition.at))
    return NetError(Diagnostic("N774", message, place, help=help))


def _normaliser(
    definition: LayerDefinition, preprocess: Preprocessing, crop: LayerCrop, image: tuple[int, ...], home: Path
) -> Normaliser:
    if not preprocess.mean_file:
        if len(preprocess.mean) not in (0, 1, image[0]):
            message = f"{len(preprocess.mean)} mean values for {image[0]} channels"
            raise _refused(definition, "transform", message, "give one for all, or one for each")
        return Normalise(preprocess)
    if preprocess.mean:
        message = "mean_file and mean_value both say what is subtracted"
        raise _refused(definition, "transform", message, "keep one of them")
    path = _find(definition, preprocess.mean_file, home, "transform")
    mean = read_mean(path)
    if mean.shape != image:
        message = f"{definition.title}: the mean in {path} is {show(mean.shape)}, and images are {show(image)}"
        help = "make the mean of the same images: Caffe's compute_image_mean does"
        raise NetError(Diagnostic("N775", message, Label(definition.at), help=help))
    return MeanImage(preprocess._replace(mean_file=str(path)), mean.astype(np.float32, copy=False), crop)


def samples_of(opened: list[Opened]) -> dict[str, Shapes]:
    """The shapes of one sample of each data layer, for ``load``."""
    return {each.definition.frame.name: each.samples for each in opened}


def layers_data(train: LayerFeed | None, test: LayerFeed | None) -> DataSets | None:
    """What the data layers of both phases read; None if there are none."""
    if (train is None) != (test is None):
        phase = "TEST" if test is None else "TRAIN"
        help = f"add one with include {{ phase: {phase} }}, or give data for both with --data D"
        raise NetError(Diagnostic("N774", f"the net has no data layer in phase {phase}", help=help))
    if train is None or test is None:
        return None
    return DataSets(train.data, test.data, "the net's data layers", "each phase has its own")
