"""What weights hold before training: Caffe's seven fillers (filler.hpp).

A weight's values depend on the seed, its layer's name and its place there, and on nothing else: adding a layer
changes no other layer's start, and a net can be filled in any order.

Caffe's fans are not everybody's: ``fan_in`` is count / shape[0] and ``fan_out`` count / shape[1], whatever the axes
mean, so an InnerProduct with ``transpose`` and a Deconvolution swap theirs.
"""

from collections.abc import Callable
from hashlib import blake2b
from math import ceil, prod, sqrt
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.layers.base import Weight
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import Filler, VarianceNorm
from netdef.compiler.shape import show

if TYPE_CHECKING:
    from numpy import float32, ndarray
    from numpy.random import Generator
    from numpy.typing import NDArray

BLOCK = 1 << 21
"""Numbers drawn from one stream; the blocks of a large weight are drawn side by side."""


def fill(weight: Weight, key: tuple[str, int], seed: int) -> "NDArray[float32]":
    """The first values of a weight; ``key`` is its layer's name and its place there.

    Raises:
        NetError: if its filler can't fill such a shape.
    """
    return FILLS[weight.filler.type](weight, _KeyedRandom(seed, key))


class _KeyedRandom:
    """Random numbers that depend on the seed and the weight's key alone."""

    def __init__(self, seed: int, key: tuple[str, int]) -> None:
        self.seed = seed
        self.key = key

    def draw(self, shape: tuple[int, ...], into: "Callable[[Generator, ndarray], None]") -> "NDArray[float32]":
        """An array that ``into`` fills block by block, each with a generator of its own."""
        import numpy as np
        from numpy.random import PCG64, Generator

        values = np.empty(shape, np.float32)
        flat = values.reshape(-1)
        starts = range(0, flat.size, BLOCK)

        def one(start: int) -> None:
            words = "\0".join((str(self.seed), self.key[0], str(self.key[1]), str(start // BLOCK)))
            number = int.from_bytes(blake2b(words.encode(), digest_size=16).digest(), "little")
            with np.errstate(over="ignore", invalid="ignore"):  # what is beyond float32 is inf, as in Caffe
                into(Generator(PCG64(number)), flat[start : start + BLOCK])

        if len(starts) == 1:
            one(0)
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor() as pool:  # numpy lets go of Python's lock while it draws
                list(pool.map(one, starts))
        return values

    def uniform(self, shape: tuple[int, ...], low: float, high: float) -> "NDArray[float32]":
        """Numbers from ``low`` to ``high``."""

        def into(generator: "Generator", block: "ndarray") -> None:
            generator.random(out=block, dtype="float32")
            block *= high - low
            block += low

        return self.draw(shape, into)

    def normal(self, shape: tuple[int, ...], mean: float, std: float, density: float = 1.0) -> "NDArray[float32]":
        """Normally distributed numbers, of which about the share ``density`` stays, and others are 0."""

        def into(generator: "Generator", block: "ndarray") -> None:
            generator.standard_normal(out=block, dtype="float32")
            block *= std
            block += mean
            if density < 1:
                block *= generator.random(block.size, "float32") < density

        return self.draw(shape, into)


def _constant(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    import numpy as np

    return np.full(weight.shape, weight.filler.value, np.float32)


def _uniform(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    return random.uniform(weight.shape, weight.filler.min, weight.filler.max)


def _gaussian(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    filler = weight.filler
    if filler.sparse >= 0:
        _need_outputs(weight, random)
    density = 1.0 if filler.sparse < 0 else filler.sparse / weight.shape[0]
    return random.normal(weight.shape, filler.mean, filler.std, density)


def _positive_unitball(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    _need_outputs(weight, random)
    values = random.uniform(weight.shape, 0, 1)
    rows = values.reshape(weight.shape[0], -1)
    rows /= rows.sum(1, keepdims=True)
    return values


def _xavier(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    bound = sqrt(3 / fan(weight.filler, weight.shape))
    return random.uniform(weight.shape, -bound, bound)


def _msra(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    return random.normal(weight.shape, 0, sqrt(2 / fan(weight.filler, weight.shape)))


def _need_outputs(weight: Weight, random: _KeyedRandom) -> None:
    """Refuse a weight that is one number, as a shared slope is: Caffe looks for its outputs, and breaks off."""
    if not weight.shape:
        message = f"the {weight.filler.type} filler of {random.key[0]} needs a weight with outputs, not one number"
        raise NetError(Diagnostic("N905", message, help='use a filler such as "constant"'))


def _bilinear(weight: Weight, random: _KeyedRandom) -> "NDArray[float32]":
    import numpy as np

    if len(weight.shape) != 4 or weight.shape[2] != weight.shape[3]:
        message = f"the bilinear filler of {random.key[0]} needs 4 axes and a square window, not {show(weight.shape)}"
        raise NetError(Diagnostic("N905", message, help='use a square kernel, or a filler such as "msra"'))
    size = weight.shape[3]
    reach = ceil(size / 2)
    centre = (size - 1) / (2 * reach)
    slope = 1 - np.abs(np.arange(size) / reach - centre)
    return np.broadcast_to(np.outer(slope, slope), weight.shape).astype(np.float32)


FILLS: "dict[str, Callable[[Weight, _KeyedRandom], NDArray[float32]]]" = {
    "constant": _constant,
    "uniform": _uniform,
    "gaussian": _gaussian,
    "positive_unitball": _positive_unitball,
    "xavier": _xavier,
    "msra": _msra,
    "bilinear": _bilinear,
}


def fan(filler: Filler, shape: tuple[int, ...]) -> float:
    """How many inputs, outputs or both a filler's variance is divided by."""
    count = prod(shape)
    fan_in = count / shape[0] if shape else count
    fan_out = count / shape[1] if len(shape) > 1 else count
    means = {VarianceNorm.FAN_IN: fan_in, VarianceNorm.FAN_OUT: fan_out, VarianceNorm.AVERAGE: (fan_in + fan_out) / 2}
    return means[filler.variance_norm]
