"""The paper's second protocol: boxes at every position of whole images, merged, for the classes that score highest.

Simonyan and Zisserman 2014, section A.2 and table 9:

1. A net that gives boxes runs densely over each scale of an image: each position gives a box, or one for each class,
   relative to its own window. Several nets and several scales give the union of their boxes.
2. A net that scores classes does so at the same positions.
3. For each of the five classes that score highest on the whole image the boxes are merged, and the one is taken
   whose positions' scores of the class have the greatest sum.
4. The image is right if the true class is among the five and its box overlaps the true one by more than half.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.data.box_geometry import Boxes, on_image, overlap
from netdef.runtime.data.crop import Placement, resized
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray, boxes_of
from netdef.runtime.evaluation.posteriors import posteriors_of
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.localisation.evaluation import ENOUGH, BoxErrors, of_class
from netdef.runtime.localisation.merging import merged
from netdef.runtime.trained import TrainedNet

NUM_CLASSES = 5
"""Guesses for each image."""


def stride_of(trained: TrainedNet) -> Pair:
    """From one position of what a net finds to the next, in pixels of its input."""
    for node in reversed(trained.net.nodes):
        if trained.blob in [top.id for top in node.tops] and node.receptive_field is not None:
            return node.receptive_field.stride
    help = "use it without --dense: it has layers such as Reshape, which mix the places"
    raise NetError(Diagnostic("N1114", f"{trained.blob} of {trained.net.name} has no positions", help=help))


class Found(NamedTuple):
    """What dense nets find on an image.

    edges    (K, classes or 1, 4): each position's boxes, in pixels of the image
    scores   (K, classes): how each position scores the classes; their sum is 1
    classes  of the whole image, the highest first, at most ``NUM_CLASSES``
    """

    edges: Boxes
    scores: NDArray[np.float64]
    classes: list[int]

    def box(self, label: int) -> Boxes:
        """The box (4,) of a class."""
        edges, groups = merged(of_class(self.edges, label))
        chosen: Boxes = edges[np.argmax([self.scores[group, label].sum() for group in groups])]
        return chosen


def find_boxes(
    image: ImageArray, localisers: Sequence[TrainedNet], classifiers: Sequence[TrainedNet], scales: Sequence[int]
) -> Found:
    """Boxes and scores over the scales of an image.

    ``scales`` are its shorter sides in pixels; without any, the first net's own. ``classifiers`` are averaged; without
    any, there is one class.
    """
    size = Pair(*image.shape[:2])
    edges, scores, posteriors = [], [], []
    for side in scales or (None,):
        crop = localisers[0].window if side is None else localisers[0].window._replace(resize=side)
        scaled = resized(image, crop.scaled(size))
        boxes = [net.values_of(scaled) for net in localisers]
        maps = [net.values_of(scaled) for net in classifiers]
        if len({each.shape[1:] for each in (*boxes, *maps)}) > 1:
            named = (f"{net.blob} {net.values_of(scaled).shape[1:]}" for net in (*localisers, *classifiers))
            help = "take nets of one window and stride, such as vgg16_scr.net and vgg16.net"
            raise NetError(Diagnostic("N1114", f"the nets have other positions: {', '.join(named)}", help=help))
        scored = list(zip(classifiers, maps, strict=True))
        posteriors += [posteriors_of(net, each[None])[0] for net, each in scored] or [np.ones(1)]
        edges += [_edges(each, net, size, Pair(*scaled.shape[:2])) for each, net in zip(boxes, localisers, strict=True)]
        positions = [posteriors_of(net, each.reshape(len(each), -1).T) for net, each in scored]
        scores += [np.mean(positions or [np.ones((boxes[0][0].size, 1))], axis=0)] * len(localisers)
    order = np.argsort(-np.mean(posteriors, axis=0), kind="stable")
    return Found(np.concatenate(edges), np.concatenate(scores), order[:NUM_CLASSES].tolist())


def evaluate_dense(
    data: Dataset,
    localisers: Sequence[TrainedNet],
    classifiers: Sequence[TrainedNet],
    scales: Sequence[int],
    *,
    group: ProcessGroup = SINGLE,
    tell: Callable[[Diagnostic], None] | None = None,
    done: Callable[[], None] = lambda: None,
) -> BoxErrors:
    """Count the images of which no guess has the right class and the right box; each process looks at its share.

    Images that can't be read are told and left out if ``tell`` is given; else they are mistakes. ``done`` is called
    for each image.
    """
    truth = boxes_of(data)
    assert truth is not None
    total = BoxErrors()
    for index in group.slice_of(len(data)):
        done()
        try:
            image = data.image(index)
        except NetError as error:
            if tell is None:
                raise
            for mistake in error.report:
                tell(mistake._replace(severity=Severity.WARNING, help="it is skipped"))
            continue
        label = data.labels[index]
        found = find_boxes(image, localisers, classifiers, scales)
        right = label in found.classes and bool(overlap(found.box(label), truth[index]) > ENOUGH)
        total = total.plus(BoxErrors(1, int(not right)))
    return total.over(group)


def _edges(boxes: Boxes, net: TrainedNet, image: Pair, scaled: Pair) -> Boxes:
    """A map of boxes (4 or 4 classes, h, w) as edges on the image, (h w, 1 or classes, 4)."""
    stride = stride_of(net)
    at = boxes.transpose(1, 2, 0).reshape(*boxes.shape[1:], -1, 4)
    return np.stack(
        [
            on_image(at[i, j], image, Placement(scaled, i * stride.h, j * stride.w, False), net.window.size)
            for i, j in np.ndindex(at.shape[:2])
        ]
    )
