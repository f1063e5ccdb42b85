"""Caffe's binary files: weights (``.caffemodel``) and mean images (``.binaryproto``), mapped and not copied."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import BlobProto, StoredNet
from netdef.compiler.schema.wire import Damaged, Record
from netdef.compiler.shape import product, show

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray

LEGACY_SHAPE = ("num", "channels", "height", "width")
MOST_AXES = 32
"""As in Caffe."""


def read_caffemodel(path: str | os.PathLike[str]) -> "dict[str, list[NDArray[generic]]]":
    """The weights of a ``.caffemodel`` of any of Caffe's three formats, by layer.

    The arrays are read-only views of the file; those of old files have four axes always. Of layers with one name the
    last counts, as in Caffe.

    Raises:
        NetError: if the file is damaged, or has weights in a form that Caffe doesn't read.
    """
    path = Path(path)
    with reading(path, "a .caffemodel"):
        net = Record(mapped(path), StoredNet.fields)
        layers = [*_v1(net), *net.each("layer")]
        blobs = {str(layer.get("name")): list(layer.each("blobs")) for layer in layers if layer.has("blobs")}
        if not layers:
            message = f"{path} has no layers, so it is no .caffemodel"
            raise NetError(Diagnostic("N781", message, help="is it a mean file (.binaryproto), or a solver's state?"))
        return {
            name: [array_of(blob, f"{path}: weight {index} of {name}") for index, blob in enumerate(own)]
            for name, own in blobs.items()
        }


def read_mean(path: str | os.PathLike[str]) -> "NDArray[generic]":
    """The mean image of a ``.binaryproto``, (C, H, W), channels in the file's order (blue first).

    Raises:
        NetError: if the file is damaged, or holds no image.
    """
    path = Path(path)
    with reading(path, "a mean file"):
        mean = array_of(Record(mapped(path), BlobProto.fields), f"{path}: the mean")
    if mean.ndim == 4 and mean.shape[0] == 1:
        mean = mean[0]
    if mean.ndim != 3:
        message = f"{path}: a mean image has 3 axes (C, H, W), and this is {show(mean.shape)}"
        raise NetError(Diagnostic("N783", message))
    return mean


def _v1(net: Record) -> Iterator[Record]:
    """The layers of the old formats; what was V0 is taken out of its V1 shell."""
    for layer in net.each("layers"):
        inner = layer.get("layer")
        yield inner if inner is not None else layer


def array_of(blob: Record, name: str) -> "NDArray[generic]":
    """A blob's numbers under its shape: never zeros for numbers that nobody can read."""
    kind = "double_data" if blob.has("double_data") else "data"
    numbers = blob.array(kind)
    if not numbers.size and (blob.has("raw_data") or blob.has("raw_data_type")):
        message = f"{name} is stored as raw_data, in the half precision of NVIDIA's fork"
        cure = "save it with data in 32 bits: load it in that fork, and snapshot it with float weights"
        raise NetError(Diagnostic("N782", message, help=cure))
    shape = shape_of(blob)
    if len(shape) > MOST_AXES or min(shape, default=0) < 0 or product(shape) != numbers.size:
        said = show(shape) if len(shape) <= MOST_AXES else f"of more than {MOST_AXES} axes"
        message = f"{name} is said to be {said}, and has {numbers.size:,} numbers"
        empty = "this may be a net that was saved without its weights"
        raise NetError(Diagnostic("N783", message, help=None if numbers.size else empty))
    return numbers.reshape(shape)


def shape_of(blob: Record) -> tuple[int, ...]:
    """A blob's shape; the old form, which has four axes, comes before the new, as in Caffe."""
    if any(blob.has(size) for size in LEGACY_SHAPE):
        return tuple(blob.get(size) for size in LEGACY_SHAPE)
    shape = blob.get("shape")
    if shape is None:
        return ()
    sizes = []
    for size in shape.each("dim"):
        sizes.append(size)
        if len(sizes) > MOST_AXES:  # said by whoever knows the blob's name
            break
    return tuple(sizes)


def mapped(path: Path) -> memoryview:
    """A file's bytes; pages are read when they are looked at."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise Damaged("the file is empty", 0)
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn what goes wrong with a file into diagnostics."""
    try:
        yield
    except OSError as error:
        raise NetError(Diagnostic("N780", f"{path} can't be read: {error.strerror or error}")) from None
    except Damaged as damage:
        message = f"{path} is damaged, or not {kind}: {damage}"
        raise NetError(Diagnostic("N780", message, help="was it copied whole? compare its size or checksum")) from None
