"""Data meets a net: which input takes the images, which the labels, and how an image is cut to fit."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from netdef.compiler.analysis.judged import label_ranges, made_from
from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, Shape, show
from netdef.runtime.data.augment import Augment, CropPosition
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.box_fields import BOX_FIELDS
from netdef.runtime.data.crop import Cropper, ImageCrop
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.normalise import Normaliser

FIELDS = ("data", "label")
"""What a batch has, in the order of a data layer's tops."""
KNOWN = (*FIELDS, *BOX_FIELDS)
"""All that it may have; boxes go by their names alone."""


class Feed(NamedTuple):
    """How data reach a net in one phase.

    crop        how images are cut
    blobs       field of a batch -> the input that takes it; a net in phase TEST may have no input for labels
    normalise   what turns bytes into the net's numbers
    shuffled    whether every epoch has an order of its own
    """

    crop: Cropper
    blobs: dict[str, str]
    normalise: Normaliser
    shuffled: bool = False

    def inputs(self, batch: Batch, device: torch.device, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """A batch as the net's inputs, on its device; ``dtype`` is what images become."""
        there = {field: batch[field].to(device, non_blocking=True) for field in self.blobs}
        if "data" in there:
            there["data"] = self.normalise(there["data"], batch.get("draws")).to(dtype)
        return {self.blobs[field]: tensor for field, tensor in there.items()}

    @property
    def of_images(self) -> "Feed":
        """The same for images alone, whatever else the net's inputs take."""
        return self._replace(blobs={"data": self.blobs["data"]})

    def of_blobs(self, wanted: Collection[str]) -> "Feed":
        """The same for some of the net's inputs alone."""
        return self._replace(blobs={field: blob for field, blob in self.blobs.items() if blob in wanted})


def bind(net: Net, chosen: Mapping[str, str], needed: Collection[str] | None = None) -> dict[str, str]:
    """Field -> input, as ``chosen`` (input -> field) says, by name, by what losses read, or in the inputs' order.

    Nothing has to feed an input that isn't ``needed``; None are all.
    """
    for blob, field in chosen.items():
        if blob not in net.inputs or field not in KNOWN:
            word, known = (blob, list(net.inputs)) if blob not in net.inputs else (field, list(KNOWN))
            help = did_you_mean(word, known) or f"inputs: {', '.join(net.inputs)}; fields: {', '.join(KNOWN)}"
            raise NetError(Diagnostic("N715", f"--input {blob}={field}: there is no {word}", help=help))
    blobs = {field: blob for blob, field in chosen.items()}
    blobs |= {field: field for field in KNOWN if field not in blobs and field in net.inputs}
    left = [blob for blob in net.inputs if blob not in blobs.values()]
    read = next((blob for blob in left if blob in _fed_to_labels(net)), None)
    if "label" not in blobs and read is not None and (len(left) > 1 or "data" in blobs):
        blobs["label"] = read
        left.remove(read)
    blobs |= dict(zip([field for field in FIELDS if field not in blobs], left, strict=False))
    spares = [blob for blob in net.inputs if blob not in blobs.values() and (needed is None or blob in needed)]
    if spares:
        spare = spares[0]
        help = f"training data has only {' and '.join(FIELDS)}: remove {spare}, or make it a DummyData layer"
        raise NetError(Diagnostic("N715", f"nothing feeds the input {spare}", help=help))
    if "data" not in blobs:
        help = 'add input "data" [N, 3, 224, 224], in the place of a layer that makes the images, if there is one'
        raise NetError(Diagnostic("N715", "the net has no input for images", help=help))
    return blobs


def check_label_input(net: Net, feed: Feed) -> None:
    """Refuse a net that takes more than a number for each image as its label, where images come from outside.

    Raises:
        NetError: N715, with where such labels come from.
    """
    blob = feed.blobs.get("label")
    if blob is None or not isinstance(feed.crop, ImageCrop) or len(net.inputs[blob]) == 1:
        return
    message = f"the input {blob} is {show(net.inputs[blob], batch=True)}, and the data have one label for each image"
    help = f'maps and rows of labels come from data layers of the net\'s own; input "{blob}" [N] takes one label'
    raise NetError(Diagnostic("N715", message, help=help))


def _fed_to_labels(net: Net) -> set[str]:
    """The inputs that labels are made from."""
    return {fed for labels in label_ranges(net) for fed in made_from(net, labels).fed}


def crop_of(net: Net, blob: str) -> ImageCrop:
    """How images are cut for an input, in testing."""
    shape = net.inputs[blob]
    sizes = [size for size in shape if isinstance(size, int)]
    if len(sizes) != 4 or sizes[1] not in (1, 3):
        help = f'as in input "{blob}" [N, 3, 224, 224], or with 1 channel for grey images'
        message = f"the input {blob} is {show(shape, batch=True)}, and images are N x 1 or 3 x height x width"
        raise NetError(Diagnostic("N716", message, help=help))
    resize = net.preprocess.resize if net.preprocess else None
    cover = net.preprocess is None or net.preprocess.crop is None
    return ImageCrop(Pair(sizes[2], sizes[3]), sizes[1], resize, cover)


def augmented(crop: ImageCrop, augment: Augment) -> ImageCrop:
    """The crop in training of a net that is tested with this one.

    Raises:
        NetError: if a net with this window can't be trained so.
    """
    if augment.scale and augment.scale[0] < min(crop.size):
        help = f"scale is the shorter side of the whole image: at least {min(crop.size)}"
        message = f"images of side {augment.scale[0]} do not fill the net's window of {show(crop.size)}"
        raise NetError(Diagnostic("N784", message, help=help))
    if augment.rgb_shift and crop.num_channels == 1:
        raise NetError(Diagnostic("N784", "rgb_shift is for colours, and the net takes grey", help="leave it out"))
    least, most = (augment.scale[0], augment.scale[-1]) if augment.scale else (crop.resize, None)
    return crop._replace(
        resize=least,
        resize_most=most,
        random_crop=augment.crop is CropPosition.RANDOM,
        mirror=augment.mirror,
    )


def check_classes(scores: Shape, data: Dataset, ignored: Collection[int] = ()) -> None:
    """Refuse data with more classes than the net has scores, and with labels that are none; ``ignored`` ones may be."""
    num_scores = scores[1] if len(scores) > 1 else 0
    labels = set(data.labels).difference(ignored)
    if min(labels, default=0) < 0:
        first = next(n for n, label in enumerate(data.labels) if label < 0 and label not in ignored)
        message = f"sample {first:,} has the label {data.labels[first]}, and classes are numbers from 0"
        raise NetError(Diagnostic("N725", message, help=help_to_ignore(data.labels[first])))
    num_classes = 1 + max(labels, default=-1) if ignored else len(data.classes)
    if isinstance(num_scores, int) and num_scores < num_classes:
        help = f"give the last layer num_output: {num_classes}, or train on fewer classes"
        beyond = sorted(label for label in labels if label >= num_scores)
        if len(beyond) == 1 and beyond[0] > num_scores:  # a number apart, as marks of "no class" are
            help = f"if {beyond[0]} is a class, {help}; {help_to_ignore(beyond[0])}"
        message = f"the data has {num_classes} classes, and the net scores for {num_scores}"
        sample = next((n for n, label in enumerate(data.labels) if label in beyond), None)
        notes = () if sample is None else (f"the first beyond it is sample {sample:,}, of class {data.labels[sample]}",)
        raise NetError(Diagnostic("N714", message, notes=notes, help=help))


def help_to_ignore(label: int) -> str:
    """How to say that a label stands for no class."""
    where = f"loss_param {{ ignore_label: {label} }}, and an Accuracy accuracy_param {{ ignore_label: {label} }}"
    return f"if it means that there is no class, give the loss {where}"
