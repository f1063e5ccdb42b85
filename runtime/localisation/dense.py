"""The paper's second protocol: boxes at every position of whole pictures, merged, for the classes that score highest.

Simonyan and Zisserman 2014, section A.2 and table 9:

1. A net that says where runs densely over each scale of a picture: each position gives a box, or one for each class,
   relative to its own window. Several nets and several scales give the union of their boxes.
2. A net that says what scores the classes at the same positions.
3. For each of the five classes that score highest on the whole picture the boxes are merged, and the one is taken
   whose positions' scores of the class have the greatest sum.
4. The picture is right if the true class is among the five and its box overlaps the true one by more than half.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.compiler.net import Net
from netdef.compiler.shape import Pair
from netdef.runtime.data.dataset import Dataset, Picture, boxes_of
from netdef.runtime.data.transform import Numbers, Placement, View, resized, with_channels
from netdef.runtime.localisation.evaluation import ENOUGH, BoxErrors
from netdef.runtime.localisation.geometry import Boxes, on_picture, overlap
from netdef.runtime.localisation.merging import merged

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

NUM_CLASSES = 5
"""Guesses for each picture."""


class DenseNet(NamedTuple):
    """A net that runs over whole pictures.

    module      of a dense net
    blob        what is wanted of it: (1, channels, h, w)
    data        its input for pictures
    normalise   how bytes become its numbers
    view        what the net sees of a picture when it isn't dense: the window of a position
    """

    module: "NetModule"
    blob: str
    data: str
    normalise: Numbers
    view: View

    @property
    def stride(self) -> Pair:
        """From one position to the next, in pixels."""
        return stride_of(self.module.net, self.blob)

    @torch.inference_mode()
    def map(self, picture: Picture) -> Tensor:
        """The blob (channels, h, w) for a picture of any size."""
        device = next(iter(self.module.parameters())).device
        pixels = torch.from_numpy(with_channels(picture, self.view.num_channels)[None]).to(device)
        return self.module.blobs([self.blob], **{self.data: self.normalise(pixels)})[self.blob][0].double().cpu()


def stride_of(net: Net, blob: str) -> Pair:
    """From one position of a blob to the next, in pixels of the input."""
    for node in reversed(net.nodes):
        if blob in [top.name for top in node.tops] and node.receptive_field is not None:
            return node.receptive_field.stride
    cure = "load the net with --dense; Reshape and Flatten before its last layers are in the way"
    raise NetError(Diagnostic("N827", f"{blob} of {net.name} has no positions", help=cure))


class Found(NamedTuple):
    """What dense nets find on a picture.

    edges    (K, classes or 1, 4): each position's boxes, in pixels of the picture
    scores   (K, classes): how each position scores the classes; their sum is 1
    classes  of the whole picture, the highest first, at most ``NUM_CLASSES``
    """

    edges: Boxes
    scores: NDArray[np.float64]
    classes: list[int]

    def box(self, label: int) -> Boxes:
        """The box (4,) of a class."""
        edges, groups = merged(self.edges[:, label if self.edges.shape[1] > 1 else 0])
        return edges[np.argmax([self.scores[group, label].sum() for group in groups])]


def look(picture: Picture, where: Sequence[DenseNet], what: Sequence[DenseNet], scales: Sequence[int]) -> Found:
    """Boxes and scores over the scales of a picture, the shorter side in pixels; ``what`` is averaged."""
    size = Pair(*picture.shape[:2])
    edges, scores, posteriors = [], [], []
    for side in scales:
        scaled = resized(picture, where[0].view._replace(resize=side).scaled(size))
        maps = [net.map(scaled) for net in what]
        classes = torch.stack([each.softmax(0) for each in maps]).mean(0)
        posteriors += [each.mean((1, 2)).softmax(0) for each in maps]
        for net in where:
            boxes = net.map(scaled)
            if boxes.shape[1:] != classes.shape[1:]:
                message = f"{net.blob} has {tuple(boxes.shape[1:])} positions, and the classes {tuple(classes.shape[1:])}"
                cure = "take nets of one window and stride, such as vgg16_scr.net and vgg16.net"
                raise NetError(Diagnostic("N827", message, help=cure))
            edges.append(_edges(boxes.numpy(), net, size, Pair(*scaled.shape[:2])))
            scores.append(classes.flatten(1).T.numpy())
    order = torch.stack(posteriors).mean(0).argsort(descending=True)
    return Found(np.concatenate(edges), np.concatenate(scores), order[:NUM_CLASSES].tolist())


def evaluate_dense(
    data: Dataset, where: Sequence[DenseNet], what: Sequence[DenseNet], scales: Sequence[int]
) -> BoxErrors:
    """Count the pictures of which no guess has the right class and the right box."""
    truth = boxes_of(data)
    assert truth is not None
    total = BoxErrors()
    for index, label in enumerate(data.labels):
        found = look(data.picture(index), where, what, scales)
        right = label in found.classes and bool(overlap(found.box(label), truth[index]) > ENOUGH)
        total = total.plus(BoxErrors(1, int(not right)))
    return total


def _edges(boxes: Boxes, net: DenseNet, picture: Pair, scaled: Pair) -> Boxes:
    """A map of boxes (4 or 4 classes, h, w) as edges on the picture, (h w, 1 or classes, 4)."""
    num, height, width = len(boxes) // 4, *boxes.shape[1:]
    each = boxes.reshape(num, 4, height, width).transpose(2, 3, 0, 1)
    rows = [
        [
            on_picture(each[i, j], picture, Placement(scaled, i * net.stride.h, j * net.stride.w, False), net.view.size)
            for j in range(width)
        ]
        for i in range(height)
    ]
    return np.array(rows).reshape(-1, num, 4)
