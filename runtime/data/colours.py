"""Krizhevsky's shift of the colours: every image gets a little more or less of the light that its data vary in.

To each pixel is added p1 a1 l1 + p2 a2 l2 + p3 a3 l3, where p and l are the eigenvectors and eigenvalues of the
covariance of all pixels' red, green and blue, and a is drawn for each image from a normal distribution (ImageNet
Classification with Deep Convolutional Neural Networks, 2012, 4.1). An eigenvalue is a square, so the unit matters,
which the paper leaves open: here colours go from 0 to 1. In bytes the eigenvalues would be 255^2 times as large, and a
deviation of 0.1 would leave nothing of an image.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from netdef.compiler.override import override
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.runtime.data.crop import with_channels
from netdef.runtime.data.datasets.dataset import Dataset, evenly_spread
from netdef.runtime.data.normalise import Normalise, Normaliser
from netdef.runtime.data.random_draws import RandomDraw

NUM_PICTURES = 512
"""Images whose pixels are looked at: of 5,000 of CIFAR-10 they tell the strongest value within 3 %, and its direction
within half a degree, in a few seconds of decoding at ImageNet's size.
"""
NUM_DIGITS = 6
"""Of what is found: as many as any machine agrees on."""
LEAST_DRAW = 2.0**-54
"""In the place of 0, whose normal deviate would be without bounds."""


class Colours(NamedTuple):
    """In which directions the colours of some images vary, the strongest first; a colour is 0 to 1.

    vectors   three of length 1, each red, green, blue; their greatest component is above 0
    values    the variance along each
    """

    vectors: tuple[tuple[float, ...], ...]
    values: tuple[float, ...]

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"vectors": [list(vector) for vector in self.vectors], "values": list(self.values)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Colours":
        """The same back."""
        return cls(tuple(tuple(vector) for vector in data["vectors"]), tuple(data["values"]))


def colours_of(data: Dataset) -> Colours:
    """The colours of a data set, from every pixel of some of its images, evenly spread."""
    num, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for image in evenly_spread(data, NUM_PICTURES):
        pixels = with_channels(image, 3).reshape(-1, 3).astype(np.float64)  # sums of whole numbers are exact
        num += len(pixels)
        total += pixels.sum(axis=0)
        products += pixels.T @ pixels
    mean = total / num
    values, columns = np.linalg.eigh((products / num - np.outer(mean, mean)) / 255**2)
    vectors = [column * np.sign(column[np.abs(column).argmax()]) for column in columns.T]
    return Colours(tuple(_rounded(vector) for vector in vectors[::-1]), _rounded(values[::-1].clip(0)))


class Shifted(Normaliser):
    """A net's numbers with their colours shifted; ``deviation`` is that of a."""

    def __init__(self, preprocess: Preprocessing, colours: Colours, deviation: float) -> None:
        self.preprocess: Preprocessing = preprocess
        self.colours = colours
        self.deviation = deviation
        self._normalise = Normalise(preprocess)

    @override
    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, 3) of bytes, each with its ``draws`` (N, num_draws), as an input (N, 3, H, W) of floats."""
        assert draws is not None
        shift = self.shift(draws.to(images.device))
        if self.preprocess.channels is Channels.BGR:
            shift = shift.flip(1)
        shift = (shift * (255 * self.preprocess.scale)).to(torch.float32)
        return self._normalise(images).add_(shift[:, :, None, None])

    def shift(self, draws: Tensor) -> Tensor:
        """What is added to red, green and blue of each image (N, 3); a colour is 0 to 1."""
        deviates: Tensor = torch.special.ndtri(draws[:, RandomDraw.FIRST : RandomDraw.THIRD + 1].clamp(min=LEAST_DRAW))
        vectors, values = deviates.new_tensor(self.colours.vectors), deviates.new_tensor(self.colours.values)
        shift: Tensor = (deviates * values * self.deviation) @ vectors
        return shift

    @property
    @override
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON, with the colours."""
        return {**super().as_data, "colours": self.colours.as_data}


def _rounded(values: Any) -> tuple[float, ...]:
    return tuple(float(f"{value:.{NUM_DIGITS}g}") for value in values)
