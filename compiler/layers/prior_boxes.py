"""The default boxes of a detector as numbers, for whoever computes them: a constant once the sizes are known.

NumPy is imported where numbers are made: who only reads nets doesn't need it.
"""

from typing import TYPE_CHECKING, Any

from netdef.compiler.layers.priors import PriorBox, Side
from netdef.compiler.shape import Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray


def prior_boxes(layer: PriorBox, cells: Pair, image: Pair) -> "NDArray[Any]":
    """The layer's top (1, 2, 4 H W P) over a map of H x W cells: corners in parts of the image, and variances."""
    import numpy as np

    (height, y), (width, x) = (axis_of(*each, layer.offset) for each in zip(layer.sides, cells, image, strict=True))
    rows, columns = np.meshgrid(y, x, indexing="ij")
    corners = half_sizes(layer) * [-1, -1, 1, 1]
    centres = np.stack([columns, rows, columns, rows], -1)
    boxes = (centres[:, :, None] + corners) / [width, height, width, height]
    boxes = np.clip(boxes, 0, 1) if layer.clip else boxes
    return np.stack([boxes.ravel(), np.resize(variances(layer), boxes.size)])[None].astype(np.float32)


def axis_of(side: Side, cells: int, image: int, offset: float) -> "tuple[float, NDArray[Any]]":
    """The image's size along one axis, and where the cells' centres are on it, in pixels."""
    import numpy as np

    size = side.size or image
    step = side.step or size / cells
    return size, (np.arange(cells) + offset) * step


def half_sizes(layer: PriorBox) -> "NDArray[Any]":
    """Half the width and half the height of each of a cell's boxes, twice: (P, 4), in pixels."""
    import numpy as np

    found: list[tuple[float, float]] = []
    for index, least in enumerate(map(int, layer.min_size)):
        first = least / 2 if layer.reduce_boxes and not index else least
        found.append((first, first))
        if layer.max_size:
            between = (least * int(layer.max_size[index])) ** 0.5
            found.append((between, between))
        found += [(least * ratio**0.5, least / ratio**0.5) for ratio in layer.ratios[1:]]
    return np.tile(np.array(found) / 2, 2)


def variances(layer: PriorBox) -> "NDArray[Any]":
    """The four coordinates' variances."""
    import numpy as np

    given = layer.variance or (0.1,)
    return np.resize(np.array(given), 4)
