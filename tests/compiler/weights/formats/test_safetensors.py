""".safetensors files, against the safetensors library."""

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.dtypes import NUMBERS, dtype_named
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.files import read_weights
from netdef.compiler.weights.formats.safetensors import WORDS, read_safetensors, write_safetensors
from netdef.compiler.weights.stored import StoredArray
from tests.compiler.weights.formats.resident import resident_bytes


def raw(header: Any, data: bytes = b"") -> bytes:
    """A file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: str = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def bits(array: Any) -> bytes:
    """An array's bytes, NumPy's or torch's."""
    return bytes(array.contiguous().flatten().view(torch.uint8).numpy() if torch.is_tensor(array) else array.tobytes())


def test_every_kind_of_number_has_its_word() -> None:
    assert sorted(WORDS.values()) == sorted(NUMBERS)


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    arrays = {
        f"{name}/{rank}": random.integers(0, 2, (2, 3, 4)[:rank]).astype(dtype_named(name))
        for name in NUMBERS
        for rank in range(4)
    }
    path = tmp_path / "w.safetensors"
    stored = {name: StoredArray.of(array) for name, array in arrays.items()}
    write_safetensors(path, Archive(stored, {"a": "ü", "b": ""}))
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"a": "ü", "b": ""}
    found = safetensors.torch.load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert str(found[name].dtype) == f"torch.{array.dtype.name}"
        assert tuple(found[name].shape) == array.shape
        assert bits(found[name]) == array.tobytes()


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    tensors = {name: (torch.rand(3, 2) * 2).to(getattr(torch, name)) for name in NUMBERS if hasattr(torch, name)}
    assert tensors.keys() == set(NUMBERS)
    path = tmp_path / "w.safetensors"
    safetensors.torch.save_file(tensors, path, {"format": "pt"})
    arrays, metadata = read_safetensors(path)
    assert metadata == {"format": "pt"}
    assert {name: (array.dtype.name, array.shape, array.read().tobytes()) for name, array in arrays.items()} == {
        name: (name, (3, 2), bits(tensor)) for name, tensor in tensors.items()
    }


def test_numbers_begin_at_multiples_of_their_width(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    kinds = ("uint8", "float16", "float64", "float32", "int64")
    write_safetensors(path, Archive({kind: StoredArray.of(np.ones(3, kind)) for kind in kinds}))
    arrays, _ = read_safetensors(path)
    assert list(arrays) == list(kinds), "the order is the writer's"
    assert all(array.read().flags.aligned for array in arrays.values())


def test_the_file_is_mapped_and_one_layer_does_not_read_the_rest(tmp_path: Path) -> None:
    """A file of 64 GB, nearly all of it a hole."""
    path = tmp_path / "w.safetensors"
    size = 2**36
    header = {"huge/0": entry("F16", [size // 2], [0, size]), "small/0": entry("F32", [2], [size, size + 8])}
    with path.open("wb") as file:
        file.write(raw(header))
        file.truncate(file.tell() + size)
        file.seek(0, os.SEEK_END)
        file.write(np.array([1.5, -2], np.float32).tobytes())
    weights = read_weights(path)
    assert weights["small"][0].tolist() == [1.5, -2.0]
    huge = weights["huge"][0]
    assert huge.dtype == np.float16
    assert (huge.shape, huge.flags.writeable) == ((size // 2,), False)
    assert huge[[0, size // 4, -1]].tolist() == [0, 0, 0]
    assert resident_bytes(path) < 2**22


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\2", "its header is said to have 2 bytes, and the file has 1"),
        (struct.pack("<Q", 2**63) + b"{}", "its header is said to have 9,223,372,036,854,775,808 bytes"),
        (struct.pack("<Q", 3) + b"{}", "its header is said to have 3 bytes, and the file has 10"),
        (raw(b"[" * 100_000), "its header is no JSON"),
        (raw(b"\xff{}"), "its header is no JSON"),
        (raw(b'{"a": NaN}'), "a has no dtype, shape and data_offsets"),
        (raw([]), "its header is no JSON object"),
        (raw({"a": 1}), "a has no dtype, shape and data_offsets"),
        (raw({"__metadata__": {"a": 1}}), "its metadata are no texts"),
        (raw(b'{"a": {}, "a": {}}'), "a name stands in it twice"),
        (raw({"a": entry("F33")}, bytes(8)), "a holds F33, and known are BOOL"),
        (raw({"a": entry(shape=[3])}, bytes(8)), r"a is F32 of \[3\], and has 8 bytes"),
        (raw({"a": entry(shape=[2.0])}, bytes(8)), "a has no shape"),
        (raw({"a": entry(shape=[-1, -2])}, bytes(8)), "a has no shape"),
        (raw({"a": entry(shape=[2**62, 2**62, 0, 2])}, bytes(8)), "and has 8 bytes"),
        (raw({"a": entry(shape=[2**40, 2**40])}, bytes(8)), "and has 8 bytes"),
        (raw({"a": entry(shape=[1] * 33 + [2])}, bytes(8)), "a has no shape of at most 32 sizes"),
        (raw({"a": entry(offsets=[8, 16])}, bytes(16)), "a begins at byte 8 of the numbers, where 0 comes next"),
        (raw({"a": entry(), "b": entry(offsets=[4, 12])}, bytes(12)), "b begins at byte 4 of the numbers"),
        (raw({"a": entry()}, bytes(9)), "its arrays have 8 bytes, and 9 are there"),
        (raw({"a": entry()}, bytes(7)), "its arrays have 8 bytes, and 7 are there"),
    ],
)
def test_hostile_files(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(NetError, match=f"is damaged, or not a .safetensors file: .*{words}") as caught:
        read_safetensors(path)
    assert [d.code for d in caught.value.report] == ["N911"]


SOUND = raw(
    {
        "__metadata__": {"format": "pt"},
        "conv1/0": entry("F32", [2, 3], [0, 24]),
        "conv1/1": entry("F16", [2], [24, 28]),
        "fc/0": entry("I8", [], [28, 29]),
    },
    bytes(range(29)),
)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_of_damaged_files_the_library_reads_no_less_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(SOUND)
    changes = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255) | st.sampled_from(b'0123456789[]{},"'))
    for place, value in data.draw(st.lists(changes, max_size=4)):
        whole[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(whole[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))])
    try:
        arrays, _ = read_safetensors(path)
    except NetError:
        return
    try:
        expected = safetensors.torch.load_file(path)
    except SafetensorError:
        raise AssertionError(f"the library refuses {bytes(whole)!r}") from None
    assert {name: (array.shape, array.read().tobytes()) for name, array in arrays.items()} == {
        name: (tuple(tensor.shape), bits(tensor)) for name, tensor in expected.items()
    }


def test_what_the_format_has_no_word_for_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't hold complex128"):
        write_safetensors(tmp_path / "w.safetensors", Archive({"a": StoredArray.of(np.zeros(1, complex))}))
