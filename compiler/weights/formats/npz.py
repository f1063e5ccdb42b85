"""Arrays in an ``.npz`` file of numpy's: a zip archive of one ``.npy`` file for each.

Members that are not compressed are views of the mapped file; others are unpacked each time that they are read. Either
way the archive's checksum is held against what is read, and nothing that would run code (a pickle) is opened.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from netdef.compiler.schema.wire import Damaged
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.mapped import mapped, reading
from netdef.compiler.weights.stored import MOST_AXES, StoredArray

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray

KIND = "an .npz file"
MOST_UNPACKED = 1032
"""Bytes that one byte can unpack to; what is said to be more is made up, and would only take memory."""
_LOCAL_HEADER = 30
"""Bytes before a member's name, in front of its content."""


def read_npz(path: Path) -> Archive:
    """A file's arrays by name, in order; those that are one text each are its metadata.

    Raises:
        NetError: if it is damaged; when an array is read, too.
    """
    with reading(path, KIND), _damage():
        data = mapped(path)
        archive = ZipFile(path)
        arrays = {info.filename.removesuffix(".npy"): _array(path, data, archive, info) for info in archive.infolist()}
    texts = [name for name, array in arrays.items() if array.dtype.kind == "U" and not array.shape]
    return Archive(arrays, {name: str(arrays.pop(name).read()) for name in texts})


def write_npz(path: Path, archive: Archive) -> None:
    """Write texts and arrays one by one, as ``numpy.savez`` does."""
    import numpy as np
    from numpy.lib import format as npy

    texts = {name: StoredArray.of(np.array(text)) for name, text in archive.metadata.items()}
    with ZipFile(path, "w", ZIP_STORED) as file:
        for name, array in {**texts, **archive.arrays}.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array.read(), allow_pickle=False)


def _array(path: Path, data: memoryview, archive: ZipFile, info: ZipInfo) -> StoredArray:
    """An array of an archive, once its header fits the bytes that are there."""
    import numpy as np
    from numpy.lib import format as npy

    name = info.filename
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Damaged(f"{name} is packed in a way that NumPy doesn't use")
    if info.file_size > MOST_UNPACKED * info.compress_size:
        raise Damaged(
            f"{name} is said to unpack to {info.file_size:,} bytes, and lies there in {info.compress_size:,} bytes"
        )
    with archive.open(info) as member:
        version = npy.read_magic(member)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read_header(member)
        start = member.tell()
    if dtype.hasobject:
        raise Damaged(f"{name} holds objects of Python's, not numbers")
    if len(shape) > MOST_AXES or min(shape, default=0) < 0 or start + prod(shape) * dtype.itemsize != info.file_size:
        raise Damaged(f"{name} is said to be {dtype} of {shape}, and has {info.file_size - start:,} bytes")

    def read() -> "NDArray[generic]":
        with reading(path, KIND), _damage():
            content = _plain(data, info) if info.compress_type == ZIP_STORED else archive.read(info)
            return np.ndarray(shape, dtype, content, start, order="F" if is_fortran else "C")

    return StoredArray(dtype, shape, read)


def _plain(data: memoryview, info: ZipInfo) -> memoryview:
    """A member that is not compressed, where it lies."""
    head = data[info.header_offset :][:_LOCAL_HEADER]
    lengths = (int.from_bytes(head[at : at + 2], "little") for at in (26, 28))  # of its name, and of what follows it
    content = data[info.header_offset + _LOCAL_HEADER + sum(lengths) :][: info.file_size]
    if zlib.crc32(content) != info.CRC:
        raise Damaged(f"{info.filename} has not the checksum that it should have")
    return content


@contextmanager
def _damage() -> Iterator[None]:
    """What zip, zlib and NumPy find wrong: of damaged files, almost anything."""
    try:
        yield
    except (OSError, Damaged, ModuleNotFoundError):
        raise
    except Exception as error:
        raise Damaged(str(error) or type(error).__name__) from None
