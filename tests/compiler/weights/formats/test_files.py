"""Weights in files: what is written is read, under its dtype, whatever the format."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.dtypes import NUMPYS_OWN, dtype_named
from netdef.compiler.weights.formats.files import read_weights, write_weights
from netdef.compiler.weights.formats.manifest import MANIFEST
from netdef.compiler.weights.formats.run_folder import BEST
from netdef.compiler.weights.formats.table import FORMATS, Format
from netdef.compiler.weights.stored import LayerArrays, StoredArray

Weights = dict[str, list[NDArray[np.float32]]]


def some() -> Weights:
    """Weights with all that is odd: slashes, more than ten, no axes, another order of axes, none at all."""
    chance = np.random.default_rng(0)
    return {
        "conv1": [chance.standard_normal((3, 2, 5, 5), np.float32), chance.standard_normal(3, np.float32)],
        "inception_3a/1x1": [chance.standard_normal((2, 3), np.float32).T],
        "many": [np.full((), i, np.float32) for i in range(12)],
        "bare": [],
    }


def save(path: Path, arrays: dict[str, Any]) -> None:
    """An archive as numpy writes it."""
    np.savez(path, **arrays)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_what_is_written_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    write_weights(path, some())
    (tmp_path.parent / "other").touch()
    assert path.stat().st_mode == (tmp_path.parent / "other").stat().st_mode
    found = read_weights(path)
    assert list(found) == [layer for layer, arrays in some().items() if arrays]
    for layer, arrays in found.items():
        for array, expected in zip(arrays, some()[layer], strict=True):
            assert array.shape == expected.shape
            np.testing.assert_array_equal(array, expected)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_keys_are_layer_and_place(tmp_path: Path) -> None:
    for suffix in (".safetensors", ".npz"):
        write_weights(tmp_path / f"w{suffix}", some())
    keys = {"conv1/0", "conv1/1", "inception_3a/1x1/0", *(f"many/{i}" for i in range(12))}
    assert set(np.load(tmp_path / "w.npz")) == set(load_file(tmp_path / "w.safetensors")) == keys


def kinds(names: Iterable[str]) -> dict[str, list[NDArray[Any]]]:
    """An array of each kind of numbers with all bytes that there are, NaNs among them, and one in big-endian order."""
    every_byte = np.arange(256, dtype=np.uint8)
    arrays = [(every_byte % 2 if name == "bool" else every_byte).view(dtype_named(name)) for name in names]
    return {"kinds": [array.reshape(4, -1).T for array in arrays], "big": [np.arange(5, dtype=">f4")]}


@pytest.mark.parametrize("format", [format for format in FORMATS if format.write], ids=lambda format: format.suffix)
def test_every_dtype_is_kept_bit_for_bit(format: Format, tmp_path: Path) -> None:
    written = kinds(format.dtypes)
    write_weights(tmp_path / f"w{format.suffix}", written)
    found = read_weights(tmp_path / f"w{format.suffix}")
    assert {array.dtype.name for array in found["kinds"]} == set(format.dtypes)
    for layer, arrays in written.items():
        for array, expected in zip(found[layer], arrays, strict=True):
            assert array.shape == expected.shape
            native = expected.astype(array.dtype) if expected.dtype.byteorder == ">" else expected
            assert array.tobytes() == native.tobytes()


def test_from_format_to_format_nothing_is_read_as_something_else(tmp_path: Path) -> None:
    """What is read of one file can be written to another, through all formats and back."""
    written = kinds(NUMPYS_OWN)
    write_weights(tmp_path / "a.safetensors", written)
    write_weights(tmp_path / "b.npz", read_weights(tmp_path / "a.safetensors"))
    write_weights(tmp_path / "c.safetensors", read_weights(tmp_path / "b.npz"))
    assert (tmp_path / "c.safetensors").read_bytes() == (tmp_path / "a.safetensors").read_bytes()


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("strange", [np.array([{}], object), np.zeros(1, complex), np.array(["a"])])
def test_what_is_no_number_is_not_written(strange: NDArray[Any], suffix: str, tmp_path: Path) -> None:
    with pytest.raises(NetError, match=r"conv1/1 is of .*, which can't be there"):
        write_weights(tmp_path / f"w{suffix}", {"conv1": [np.zeros(5), strange]})
    assert not list(tmp_path.iterdir())


def test_numpys_files_have_no_word_for_bfloat16(tmp_path: Path) -> None:
    """Not written, where NumPy itself writes bytes that it can't read again."""
    with pytest.raises(NetError, match="fc/0 is of bfloat16"):
        write_weights(tmp_path / "w.npz", {"fc": [np.zeros(3, dtype_named("bfloat16"))]})


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_a_file_is_replaced_whole_or_not_at_all(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    write_weights(path, some())
    before = path.read_bytes()

    def breaks() -> NDArray[Any]:
        raise OSError("the disk of the other file is gone")

    half = StoredArray(np.dtype(np.float32), (5,), breaks)
    with pytest.raises(NetError, match="the disk of the other file is gone"):
        write_weights(path, {"conv1": LayerArrays([StoredArray.of(np.zeros(5)), half])})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_is_written_over_what_its_own_weights_are_read_from(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, some())
    before = path.read_bytes()
    write_weights(path, read_weights(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.npz", None, "there are no weights"),
        ("w.npz", b"", "is damaged, or not an .npz file: the file is empty"),
        ("w.npz", b"PK", "is damaged, or not an .npz file: File is not a zip file"),
        ("w.safetensors", b"\xff" * 7, "is damaged, or not a .safetensors file: its header is said to have"),
        ("w.safetensors", b"\xff" * 64, "is damaged, or not a .safetensors file: its header is said to have"),
        ("w.txt", b"", "weights with this suffix are not read"),
    ],
)
def test_unreadable_files_are_refused(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NetError, match=message):
        read_weights(tmp_path / name)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {"a/0": np.array([{}], object)})
    with pytest.raises(NetError, match="holds objects of Python's, not numbers"):
        read_weights(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["conv1"], 'has an array "conv1", and should have names such as "conv1/0"'),
        (["conv1/weight"], 'has an array "conv1/weight"'),
        (["conv1/1"], "has 1 arrays for conv1, but none called conv1/0"),
        (["conv1/0", "conv1/2"], "has 2 arrays for conv1, but none called conv1/1"),
    ],
)
def test_foreign_names_are_refused(keys: list[str], message: str, tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {key: np.zeros(1) for key in keys})
    with pytest.raises(NetError, match=message):
        read_weights(tmp_path / "w.npz")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="can't be written"):
        write_weights(tmp_path / "no/w.npz", some())


# ---- a run's folder
def folder(path: Path, manifest: object | None = None, *, best: int | None = None) -> Path:
    path.mkdir()
    if manifest is not None:
        (path / MANIFEST).write_text(json.dumps(manifest))
    if best is not None:
        write_weights(path / BEST, {"fc": [np.full(2, best, np.float16)]})
    return path


def test_a_runs_folder_stands_for_its_best_weights(tmp_path: Path) -> None:
    run = folder(tmp_path / "run", {}, best=3)
    (array,) = read_weights(run)["fc"]
    assert array.dtype == np.float16
    assert array.tolist() == [3, 3]


def test_of_stages_the_last_that_has_weights_counts(tmp_path: Path) -> None:
    run = folder(tmp_path / "run", {"stages": ["1-A", "2-B", "3-C"]})
    folder(run / "1-A", {}, best=1)
    folder(run / "2-B", {}, best=2)
    folder(run / "3-C", {})
    assert read_weights(str(run))["fc"][0].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("manifest", "code", "message"),
    [
        (None, "N885", "there are no weights in"),
        ({}, "N885", "there are no weights in"),
        ([], "N882", "is no run: manifest.json: it is no JSON object"),
        ("{", "N882", "is no run: manifest.json: "),
    ],
)
def test_a_folder_without_weights_is_said(manifest: object, code: str, message: str, tmp_path: Path) -> None:
    run = folder(tmp_path / "run", manifest)
    if manifest == "{":
        (run / MANIFEST).write_text("{")
    with pytest.raises(NetError, match=message) as caught:
        read_weights(run)
    assert [d.code for d in caught.value.report] == [code]


def test_a_folder_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="weights with this suffix are not written"):
        write_weights(tmp_path, some())
