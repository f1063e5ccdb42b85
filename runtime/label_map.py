"""What each position of an image shows: a net's map of class scores as a label map, and the classes' shares of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netdef.compiler.analysis.judged import judged_by
from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.trained import TrainedNet

Labels = NDArray[np.int64]
"""The class of each position (H, W)."""
BYTE = 256
"""Labels that a PNG with a palette can hold; more are written as 16 bits of grey."""


class Region(NamedTuple):
    """A class, its name, and its share of the positions, 0 to 1."""

    name: str
    label: int
    share: float


def is_map(trained: TrainedNet) -> bool:
    """Whether class scores (N, classes, H, W) are of single positions, and not of an image in several windows.

    So they are where labels have a number for each position, or where there is one for each pixel of the image.
    """
    net, shape = trained.net, trained.shape
    if len(shape) != 4 or shape[2:] == (1, 1):
        return False
    judged = judged_by(net, trained.blob)
    return (judged.by_position and judged.axis == 1) or shape[2:] == net.shapes[trained.input][2:]


def labels_of(scores: NDArray[np.float64]) -> Labels:
    """The class that scores highest at each position, of scores (classes, H, W)."""
    labels: Labels = scores.argmax(0)
    return labels


def regions(labels: Labels, names: Sequence[str], num: int) -> tuple[Region, ...]:
    """The ``num`` largest classes that are found at all, the largest first."""
    counts = np.bincount(labels.ravel(), minlength=len(names))
    largest = [label for label in np.argsort(-counts, kind="stable")[:num].tolist() if counts[label]]
    return tuple(Region(names[label], label, float(counts[label] / labels.size)) for label in largest)


def write_label_map(labels: Labels, path: Path) -> None:
    """Write a PNG whose numbers are the labels, in the colours of Pascal VOC's; above 255 in 16 bits of grey.

    Raises:
        NetError: if it can't be written.
    """
    if labels.max() < BYTE:
        drawn = Image.fromarray(labels.astype(np.uint8))
        drawn.putpalette([*_voc_colours().ravel().tolist()])
    else:
        drawn = Image.fromarray(labels.astype(np.uint16))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda unfinished: drawn.save(unfinished, format="PNG"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise NetError(Diagnostic("N006", f"{path} can't be written: {reason}", help="-o takes a folder")) from None


def _voc_colours() -> NDArray[np.uint8]:
    """Pascal VOC's colours (256, 3): bits 0, 1 and 2 of a label are the highest of red, green and blue, and so on."""
    labels = np.arange(BYTE)[:, None]
    channels = np.arange(3)
    colours = np.zeros((BYTE, 3), np.int64)
    for place in range(8):
        colours |= (labels >> (3 * place + channels) & 1) << (7 - place)
    return colours.astype(np.uint8)
