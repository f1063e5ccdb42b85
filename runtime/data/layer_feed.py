"""How a net's own data layers feed it: Caffe's order, crops and numbers.

The order is that of the data set, batch by batch without end, or with ``shuffle`` another in each epoch.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.load import load_net, state_of
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.own_types import load_layers
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import Pair, show
from netdef.compiler.weights.formats.binaryproto import read_mean
from netdef.runtime.data.data_layers import Opened, find_file, open_layers, refused, samples_of
from netdef.runtime.data.datasets.dataset import Data, Dataset
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.layer_crop import NOTHING_DONE, LayerCrop
from netdef.runtime.data.normalise import AsStored, MeanImage, Normalise, Normaliser
from netdef.runtime.data.zipped import FurtherData, Zipped


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
    if data is not None:  # what was said of their size comes before what the layers' own data tell
        return load_net(request, samples={} if request.data_size else None), None
    load_layers(*request.layer_files)
    opened = open_layers(request.file, request.set, state_of(request.phase, request.stages, request.level))
    net = load_net(request, samples=samples_of(opened))
    return net, feed_of(net, opened) if opened else None


def feed_of(net: Net, opened: list[Opened]) -> LayerFeed:
    """How a net's data layers feed it.

    Raises:
        NetError: if they don't fit together, or a layer asks for what can't be done.
    """
    first, *others = (_feed_of_one(net, each) for each in opened)
    blobs = dict(first.feed.blobs)
    further = []
    for (definition, *_), other in zip(opened[1:], others, strict=True):
        if other.batch_size != first.batch_size:
            message = f"data layers of one phase have batches of {first.batch_size} and {other.batch_size}"
            raise refused(definition, "batch_size", message, f"give both batch_size: {first.batch_size}")
        # a blob's own name, by which a label from another layer is the batch's label
        names = {field: blob if blob not in blobs else f"{blob} 2" for field, blob in other.feed.blobs.items()}
        further.append(FurtherData(other.data, other.feed.crop, other.feed.normalise, names))
        blobs |= {name: other.feed.blobs[field] for field, name in names.items()}
    if not further:
        return first
    data = Zipped(first.data, tuple(further))
    return LayerFeed(data, first.feed._replace(blobs=blobs), first.batch_size)


def _feed_of_one(net: Net, opened: Opened) -> LayerFeed:
    definition, layer, data, (image, *_), preprocess = opened
    if layer.most_skipped:
        place = Label(place_of("rand_skip", definition.places, definition.at))
        message = "rand_skip is not done: data are read from their beginning"
        net.report.add(Diagnostic("N785", message, place, severity=Severity.WARNING, help="leave it out"))
    tops = definition.frame.top
    if preprocess is None:
        assert isinstance(data, Table)
        blobs = dict(zip(data.fields, tops, strict=True))
        return LayerFeed(data, Feed(NOTHING_DONE, blobs, AsStored(), layer.shuffled), layer.batch_size)
    size = Pair(*image[1:]) if preprocess.crop is None else Pair(preprocess.crop, preprocess.crop)
    crop = LayerCrop(
        name=definition.title,
        num_channels=image[0],
        size=size,
        resize_to=preprocess.resize_to,
        crops=preprocess.crop is not None,
        random_crop=preprocess.crop is not None and net.state.phase is Phase.TRAIN,
        mirror=preprocess.mirror,
    )
    normalise = _normaliser(definition, preprocess, crop, image, Path(net.definition.path).parent)
    blobs = dict(zip(("data", "label"), tops, strict=False))
    return LayerFeed(data, Feed(crop, blobs, normalise, layer.shuffled), layer.batch_size)


def _normaliser(
    definition: LayerDefinition, preprocess: Preprocessing, crop: LayerCrop, image: tuple[int, ...], home: Path
) -> Normaliser:
    if not preprocess.mean_file:
        return Normalise(preprocess)
    path = find_file(definition, preprocess.mean_file, home, "transform")
    mean = read_mean(path)
    if mean.shape != image:
        message = f"{definition.title}: the mean in {path} is {show(mean.shape)}, and images are {show(image)}"
        help = "make the mean of the same images: Caffe's compute_image_mean does"
        raise NetError(Diagnostic("N775", message, Label(definition.at), help=help))
    return MeanImage(preprocess._replace(mean_file=str(path)), mean.astype(np.float32, copy=False), crop)


def layers_data(train: LayerFeed | None, test: LayerFeed | None) -> Data | None:
    """What the data layers of both phases read; None if there are none."""
    if (train is None) != (test is None):
        phase = "TEST" if test is None else "TRAIN"
        help = f"add one with include {{ phase: {phase} }}, or give data for both with --data D"
        raise NetError(Diagnostic("N774", f"the net has no data layer in phase {phase}", help=help))
    if train is None or test is None:
        return None
    return Data(train.data, test.data, "the net's data layers", "each phase has its own")
