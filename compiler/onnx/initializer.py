"""A weight in a model: its head for protobuf, and its numbers, which come when they are written.

A model computes in float32, and its weights are that: others are converted on the way, block by block. What is float32
already goes from where it lies, such as a mapped file, to where it is written, and is copied nowhere else.
"""

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from netdef.compiler.weights.stored import StoredArray, pieces

FLOAT = np.dtype("<f4")
"""What ONNX calls FLOAT, in a file's order of bytes."""


class Initializer(NamedTuple):
    """A weight of a model.

    name   what the operators call it
    shape  its sizes there
    array  the numbers, as many, perhaps under another shape
    """

    name: str
    shape: tuple[int, ...]
    array: StoredArray

    @property
    def num_bytes(self) -> int:
        """The size of its numbers in a file."""
        return prod(self.shape) * FLOAT.itemsize

    @property
    def header(self) -> TensorProto:
        """The tensor without its numbers."""
        return TensorProto(name=self.name, dims=self.shape, data_type=TensorProto.FLOAT)

    def pieces(self) -> Iterator[memoryview]:
        """Its numbers as a file has them."""
        array = self.array.read()
        assert array.size == prod(self.shape), self.name
        yield from pieces(array, FLOAT)
