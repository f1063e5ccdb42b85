"""A descriptor for each image: what a blob of a net holds for it, averaged as the paper does.

Simonyan and Zisserman 2014, appendix B: the net sees the image at each scale, and mirrored; the blob is averaged over
its positions and over both; scales are averaged, or stacked so that a classifier can weigh them; the whole is brought
to length 1. What stands for the box on an image is made in the same way, and then stacked with the image's own.
"""

import time
from typing import NamedTuple

import numpy as np

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import show
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray, boxes_of, paths_of
from netdef.runtime.evaluation.scoring import Done, ScoringTask, Tell, check_task, counted, over_views
from netdef.runtime.transfer.descriptors import Descriptors, normalised, side_by_side
from netdef.runtime.transfer.several import labels_of

USUAL = "fc7"
"""The paper's: the 4,096 numbers before the class scores."""


class RowSettings(NamedTuple):
    """What becomes of the values at several scales.

    stack         the scales are stacked, not averaged
    unit_length   rows are brought to length 1
    box           stacked with the descriptor of the object's box
    """

    stack: bool = False
    unit_length: bool = True
    box: bool = False


def blob_of(net: Net, chosen: str | None) -> str:
    """The blob that describes an image: the chosen one, fc7, or what the last layer with weights reads.

    Raises:
        NetError: if there is no such blob, or it isn't a vector or a map for each image.
    """
    weighted = [node for node in net.nodes if node.layer.weight_layer]
    if not weighted:
        help = "take one with Convolution or InnerProduct layers"
        raise NetError(Diagnostic("N1121", "the net has no layers with weights: it has learned nothing", help=help))
    usual = USUAL if USUAL in net.blobs else weighted[-1].bottoms[0].id
    blob, shapes = chosen or usual, net.shapes
    if blob not in shapes:
        help = did_you_mean(blob, net.blobs) or f"choose with --blob: {', '.join(net.blobs)}"
        raise NetError(Diagnostic("N1121", f"there is no blob {blob}", help=help))
    if len(shapes[blob]) < 2 or not isinstance(shapes[blob][1], int):
        message = f"the blob {blob} is {show(shapes[blob])}: not a vector or a map for each image"
        raise NetError(Diagnostic("N1121", message, help=f"choose another with --blob, such as {usual}"))
    return blob


def describe(task: ScoringTask, how: RowSettings, tell: Tell, done: Done) -> Descriptors:
    """The descriptors of a task's images: the net's blob; with boxes each image is done twice."""
    check_task(task)
    began = time.monotonic()
    found = _described(task, how, tell, done)
    if how.box:
        found = _with_boxes(found, _described(task._replace(data=Boxes(task.data)), how, tell, done))
    made = {
        "name": task.trained.net.name,
        "blob": task.trained.blob,
        "normalise": task.trained.feed.normalise.of_numbers,
        "protocol": task.protocol.as_data,
        **how._asdict(),
        "images_per_s": len(found.numbers) / (time.monotonic() - began),
    }
    return found._replace(made=made)


def _described(task: ScoringTask, how: RowSettings, tell: Tell, done: Done) -> Descriptors:
    pieces, num_pieces = over_views(task, tell)
    num, num_scales = len(task.data), max(1, len(task.protocol.scales))
    sums = np.zeros((num, num_scales if how.stack else 1, task.trained.num_channels), np.float32)
    counts = np.zeros(num, np.int64)
    for piece in counted(pieces, num_pieces, done):
        means = piece.values.flatten(3).mean(3) if piece.values.dim() > 3 else piece.values
        sums[piece.numbers, piece.scale if how.stack else 0] += means.mean(1).cpu().numpy()
        counts[piece.numbers] += 1
    numbers = np.flatnonzero(counts == num_pieces)
    if not numbers.size:
        raise NetError(Diagnostic("N1122", "there is no image that could be described", help="look at the data"))
    values = sums[numbers].reshape(len(numbers), -1) / np.float32(num_pieces / sums.shape[1])
    paths = paths_of(task.data)
    return Descriptors(
        values=normalised(values) if how.unit_length else values,
        labels=labels_of(task.data)[numbers],
        numbers=numbers,
        classes=task.data.classes,
        paths=tuple(paths[number] for number in numbers.tolist()) if paths else (),
        made={},
    )


def _with_boxes(images: Descriptors, boxes: Descriptors) -> Descriptors:
    """Those of the images that were seen both whole and at their boxes."""
    _, first, second = np.intersect1d(images.numbers, boxes.numbers, return_indices=True)
    values = side_by_side([images.values[first], boxes.values[second]])
    return images.part(first)._replace(values=values)


class Boxes:
    """The box of each image's object, cut out at whole pixels, as a data set of its own."""

    def __init__(self, whole: Dataset) -> None:
        boxes = boxes_of(whole)
        if boxes is None:
            help = "name a folder in Pascal VOC's layout, or a CSV of path,label,x0,y0,x1,y1"
            raise NetError(Diagnostic("N1122", "--box needs data with boxes", help=help))
        self.classes = whole.classes
        self.labels = whole.labels
        self.num_bytes = whole.num_bytes
        self.paths = getattr(whole, "paths", None)
        self._boxes = boxes
        self._whole = whole

    def image(self, index: int) -> ImageArray:
        """What lies in one image's box: every pixel that it touches."""
        image = self._whole.image(index)
        left, top = np.floor(self._boxes[index, :2]).astype(int)
        right, bottom = np.ceil(self._boxes[index, 2:]).astype(int)
        return image[top:bottom, left:right]

    def __len__(self) -> int:
        return len(self._whole)
