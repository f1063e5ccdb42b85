"""Arrays in a ``.safetensors`` file: their names and places in JSON, then the numbers, one array after the other.

    8 bytes   the header's length
    header    {"conv1/0": {"dtype": "F32", "shape": [64, 3, 3, 3], "data_offsets": [0, 6912]}, ...}, and texts of the
              writer's own under "__metadata__"; spaces at its end
    numbers   little-endian, row-major, without a hole

Arrays are views of the mapped file, and are written one by one: a net's weights are never held here.
"""

import json
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.schema.wire import Damaged
from netdef.compiler.weights.dtypes import dtype_named
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.mapped import mapped, reading
from netdef.compiler.weights.stored import MOST_AXES, StoredArray, pieces

WORDS = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "I16": "int16",
    "U16": "uint16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "U32": "uint32",
    "F32": "float32",
    "F64": "float64",
    "I64": "int64",
    "U64": "uint64",
}
"""safetensors' words for the kinds of numbers, and numpy's."""
METADATA = "__metadata__"
LONGEST_HEADER = 100_000_000
"""Bytes; the limit of the safetensors library."""
ALIGNMENT = 8


def read_safetensors(path: Path) -> Archive:
    """A file's arrays, in the order of its header.

    Raises:
        NetError: if it is damaged.
    """
    with reading(path, "a .safetensors file"):
        data = mapped(path)
        header, start = _header(data)
        metadata = header.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise Damaged("its metadata are no texts")
        places = {name: _place(name, entry) for name, entry in header.items()}
        end = 0
        for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].end)):
            if place.start != end:
                raise Damaged(f"{name} begins at byte {place.start:,} of the numbers, where {end:,} comes next")
            end = place.end
        if end != len(data) - start:
            raise Damaged(f"its arrays have {end:,} bytes, and {len(data) - start:,} are there")
        return Archive({name: _array(data, start, place) for name, place in places.items()}, metadata)


def write_safetensors(path: Path, archive: Archive) -> None:
    """Write arrays under their dtypes; those of wide numbers lie first, so that each begins at a multiple of its width.

    Raises:
        ValueError: if the format has no word for a dtype.
    """
    arrays, metadata = archive
    header: dict[str, Any] = {METADATA: metadata} if metadata else {}
    order = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    offset = 0
    places = {}
    for name in order:
        array = arrays[name]
        end = offset + prod(array.shape) * array.dtype.itemsize
        places[name] = {"dtype": _word(array.dtype), "shape": array.shape, "data_offsets": (offset, end)}
        offset = end
    header |= {name: places[name] for name in arrays}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            file.writelines(pieces(arrays[name].read(), arrays[name].dtype.newbyteorder("<")))


class _Place(NamedTuple):
    """Where an array's numbers lie, in bytes from the first array's."""

    dtype: Any
    shape: tuple[int, ...]
    start: int
    end: int


def _header(data: memoryview) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LONGEST_HEADER, len(data) - 8):
        raise Damaged(f"its header is said to have {length:,} bytes, and the file has {len(data):,}")
    try:
        header = json.loads(str(data[8 : 8 + length], "utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise Damaged("its header is no JSON object")
    return header, 8 + length


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _place(name: str, entry: object) -> _Place:
    match entry:
        case {"dtype": str(word), "shape": [*shape], "data_offsets": [int(start), int(end)]}:
            pass
        case _:
            raise Damaged(f"{name} has no dtype, shape and data_offsets")
    if word not in WORDS:
        raise Damaged(f"{name} holds {word}, and known are {', '.join(WORDS)}")
    if len(shape) > MOST_AXES or not all(type(size) is int and size >= 0 for size in shape):
        raise Damaged(f"{name} has no shape of at most {MOST_AXES} sizes")
    dtype = dtype_named(WORDS[word]).newbyteorder("<")
    if end - start != prod(shape) * dtype.itemsize:
        raise Damaged(f"{name} is {word} of {shape}, and has {end - start:,} bytes")
    return _Place(dtype, tuple(shape), start, end)


def _array(data: memoryview, start: int, place: _Place) -> StoredArray:
    def read() -> Any:
        import numpy as np

        return np.ndarray(place.shape, place.dtype, data, start + place.start)

    return StoredArray(place.dtype, place.shape, read)


def _word(dtype: Any) -> str:
    for word, name in WORDS.items():
        if dtype.name == name:
            return word
    raise ValueError(f"a .safetensors file can't hold {dtype}")
