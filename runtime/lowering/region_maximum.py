"""The greatest value of many rectangles of a map, by a table of the greatest of all squares and oblongs.

The table holds, for every place of a map and all pairs of powers of 2, the greatest value of the rectangle of these
sides that begins there, and where it lies. Any rectangle is four of those, which may overlap; so each costs the same,
whatever its size. Of equal values the first counts, in the order of rows; the gradient goes there alone.
"""

from typing import NamedTuple

import torch
from torch import Tensor

Edges = tuple[Tensor, Tensor]
"""First and last positions of bins along an axis, the last one excluded."""


class _Greatest(NamedTuple):
    """Values, and the places of the map that they are at."""

    values: Tensor
    places: Tensor

    def or_better(self, other: "_Greatest") -> "_Greatest":
        """Of each pair the greater value; of equal ones the first place."""
        is_better = (other.values > self.values) | ((other.values == self.values) & (other.places < self.places))
        return _Greatest(
            torch.where(is_better, other.values, self.values), torch.where(is_better, other.places, self.places)
        )


def maxima(x: Tensor, image: Tensor, rows: Edges, columns: Edges) -> Tensor:
    """The greatest values (R, C, P, Q) of bins of maps (N, C, H, W); 0 for an empty bin.

    Args:
        x: the maps.
        image: of each region, the number of its map (R).
        rows: the bins along the height (R, P).
        columns: the bins along the width (R, Q).
    """
    _, channels, height, width = x.shape
    empty = (rows[1] <= rows[0])[:, :, None] | (columns[1] <= columns[0])[:, None, :]
    if not x.numel() or bool(empty.all()):
        return x.sum() * 0 + x.new_zeros(len(image), channels, rows[0].shape[1], columns[0].shape[1])
    with torch.no_grad():
        found = _of_bins(x.detach(), image, rows, columns)
    if x.requires_grad:
        maps = torch.arange(channels, device=x.device) + image[:, None] * channels  # (R, C)
        greatest = x.reshape(-1)[maps[:, None, None] * (height * width) + found.places]
    else:
        greatest = found.values
    return torch.where(empty[..., None], 0, greatest).movedim(3, 1)


def _of_bins(x: Tensor, image: Tensor, rows: Edges, columns: Edges) -> _Greatest:
    """The greatest of the bins (R, P, Q, C), and where they lie."""
    table = _Table(x)
    (top, row_level, bottom), (left, column_level, right) = (
        _covered(*edges, size) for edges, size in zip((rows, columns), x.shape[2:], strict=True)
    )
    first, *others = (
        table.of_parts(image, row_level, column_level, row, column) for row in (top, bottom) for column in (left, right)
    )
    for other in others:
        first = first.or_better(other)
    return first


def _covered(first: Tensor, last: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """The starts of two parts that cover a bin, and between them the power of 2 that is their length.

    An empty bin has some start and the length 1.
    """
    length = (last - first).clamp(min=1)
    level = torch.log2(length.double() + 0.5).floor().long()
    return first.clamp(max=size - 1), level, (last - 2**level).clamp(0, size - 1)


class _Table:
    """The greatest of each rectangle, the sides powers of 2; the channels of a place lie side by side."""

    def __init__(self, x: Tensor) -> None:
        values = x.movedim(1, 3).contiguous()
        _, self.height, self.width, self.channels = values.shape
        numbers = torch.arange(self.height * self.width, device=x.device)
        places = numbers.view(self.height, self.width, 1).expand(values.shape)
        self._levels = {(0, 0): _Greatest(values, places)}

    def level(self, row: int, column: int) -> _Greatest:
        """The greatest (N, H, W, C) of rectangles of 2^row x 2^column."""
        if (row, column) not in self._levels:
            axis, half = (2, self.level(row, column - 1)) if column else (1, self.level(row - 1, column))
            step = 2 ** ((column or row) - 1)
            ahead = _Greatest(*(_moved(each, axis, step) for each in half))
            self._levels[row, column] = half.or_better(ahead)
        return self._levels[row, column]

    def of_parts(self, image: Tensor, rows: Tensor, columns: Tensor, row: Tensor, column: Tensor) -> _Greatest:
        """The greatest (R, P, Q, C) of a part of each bin, by its levels (R, P) and (R, Q), and its start."""
        start = (image[:, None] * self.height + row)[:, :, None] * self.width + column[:, None, :]
        levels = rows[:, :, None] * 64 + columns[:, None, :]
        values = torch.empty((*start.shape, self.channels), dtype=self.level(0, 0).values.dtype, device=image.device)
        places = torch.empty(values.shape, dtype=torch.long, device=image.device)
        for level in torch.unique(levels).tolist():
            greatest = self.level(*divmod(level, 64))
            chosen = levels == level
            values[chosen], places[chosen] = (each.reshape(-1, self.channels)[start[chosen]] for each in greatest)
        return _Greatest(values, places)


def _moved(values: Tensor, axis: int, step: int) -> Tensor:
    """What lies ``step`` ahead along an axis; the last ones stay."""
    if step >= values.shape[axis]:
        return values
    ahead = values.narrow(axis, step, values.shape[axis] - step)
    return torch.cat((ahead, values.narrow(axis, values.shape[axis] - step, step)), axis)
