"""Arrays as they lie in a file: what they are is known, and their numbers are read when somebody asks for them.

1. Nothing is converted on the way: half precision, bfloat16, float64 and whole numbers keep their dtype until
   whoever computes with them casts them.
2. Nothing is kept: reading gives a view of the file where it can be mapped, and else new memory each time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from netdef.compiler.override import override
from netdef.compiler.request import UsageError
from netdef.compiler.shape import show

if TYPE_CHECKING:
    from numpy import dtype, float32, generic
    from numpy.typing import NDArray

Weights = Mapping[str, Sequence["NDArray[generic]"]]
"""Arrays by layer, in the order of the ``.caffemodel``; those of a file are ``LayerArrays``."""


MOST_AXES = 32
"""As in Caffe, and as many as NumPy always had."""

BLOCK = 1 << 20
"""Numbers that are converted at once when an array is written under another dtype, or in another order."""


def need_weights(weights: object) -> None:
    """Raise ``UsageError`` where somebody hands in something else, such as their file's name or a state_dict."""
    if not isinstance(weights, Mapping):
        given = f"weights are arrays by layer, not a {type(weights).__name__}"
        raise UsageError(f"{given}: netdef.read_weights(path) reads a file's, or a run's")
    for name, arrays in weights.items():
        if hasattr(arrays, "shape"):
            given = f"weights are lists of arrays by layer, and {name!r} has one {type(arrays).__name__}"
            raise UsageError(f"{given}: a state_dict is taken by netdef.module(net).load_state_dict(...)")


class StoredArray(NamedTuple):
    """An array that can be read.

    dtype     numpy's; for bfloat16 and floats of 8 bits that of ml_dtypes
    shape     its sizes
    read      gives its numbers
    is_fresh  whether each read makes new memory, which the reader may keep and change
    """

    dtype: "dtype[Any]"
    shape: tuple[int, ...]
    read: "Callable[[], NDArray[generic]]"
    is_fresh: bool = False

    @classmethod
    def of(cls, array: "NDArray[generic]") -> "StoredArray":
        """An array that is in memory already."""
        import numpy as np  # a summary needs none of this

        array = np.asarray(array)
        return cls(array.dtype, array.shape, lambda: array)

    @classmethod
    def computed(cls, shape: tuple[int, ...], make: "Callable[[], NDArray[float32]]") -> "StoredArray":
        """An array of float32 that is made when it is asked for."""
        import numpy as np

        return cls(np.dtype(np.float32), shape, make, is_fresh=True)

    def reshaped(self, shape: tuple[int, ...]) -> "StoredArray":
        """The same numbers under another shape."""
        return self if shape == self.shape else self._replace(shape=shape, read=lambda: self.read().reshape(shape))


class LayerArrays(Sequence["NDArray[generic]"]):
    """The arrays of a layer, each read when it is asked for; ``stored`` says what they are without reading them."""

    __slots__ = ("stored",)

    def __init__(self, stored: Iterable[StoredArray]) -> None:
        self.stored = tuple(stored)

    @overload
    def __getitem__(self, index: int) -> "NDArray[generic]": ...

    @overload
    def __getitem__(self, index: slice) -> "LayerArrays": ...

    @override
    def __getitem__(self, index: int | slice) -> "NDArray[generic] | LayerArrays":
        return LayerArrays(self.stored[index]) if isinstance(index, slice) else self.stored[index].read()

    @override
    def __len__(self) -> int:
        return len(self.stored)

    @override
    def __repr__(self) -> str:
        return f"[{', '.join(f'{array.dtype} {show(array.shape)}' for array in self.stored)}]"

    @override
    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        """Copied and pickled as a list of the arrays: an open file can be neither."""
        return list, ([*self],)


def stored_arrays(arrays: "Sequence[NDArray[generic]]") -> tuple[StoredArray, ...]:
    """What arrays are, without reading those that lie in a file."""
    return arrays.stored if isinstance(arrays, LayerArrays) else tuple(map(StoredArray.of, arrays))


def pieces(array: "NDArray[generic]", dtype: "dtype[Any]") -> Iterator[memoryview]:
    """An array's bytes as a file has them: row-major, under a dtype; what must be converted is, block by block."""
    import numpy as np

    is_plain = array.flags.c_contiguous
    if is_plain and array.dtype == dtype:
        yield array.reshape(-1).view(np.uint8).data
        return
    numbers = array.reshape(-1) if is_plain else array.flat
    for start in range(0, array.size, BLOCK):
        yield numbers[start : start + BLOCK].astype(dtype, copy=False).view(np.uint8).data
