""".npz files, against NumPy's own reader and writer."""

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.dtypes import NUMPYS_OWN
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.files import read_weights
from netdef.compiler.weights.formats.npz import read_npz, write_npz
from netdef.compiler.weights.stored import StoredArray
from tests.compiler.weights.formats.resident import resident_bytes

SAVERS: dict[str, Callable[..., None]] = {"plain": np.savez, "compressed": np.savez_compressed}


def save(path: Path, arrays: dict[str, Any]) -> None:
    """An archive as numpy writes it."""
    np.savez(path, **arrays)


def some() -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(0)
    arrays = {f"{name}/0": random.integers(0, 2, (2, 3)).astype(name) for name in NUMPYS_OWN}
    return arrays | {
        "turned/0": random.random((2, 3, 4)).T,
        "big_endian/0": np.arange(3, dtype=">f4"),
        "scalar/0": np.array(1.5),
        "none/0": np.zeros((0, 3), np.float32),
    }


@pytest.mark.parametrize("saver", SAVERS)
def test_what_numpy_writes_is_read(saver: str, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    SAVERS[saver](path, **some())
    found = read_npz(path).arrays
    assert list(found) == list(some())
    for name, expected in some().items():
        array = found[name].read()
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape) == (expected.dtype, expected.shape)
        assert array.tobytes() == expected.tobytes()


def test_what_is_written_is_numpys_own_file(tmp_path: Path) -> None:
    about = "Größe 1"
    write_npz(tmp_path / "ours.npz", Archive({name: StoredArray.of(a) for name, a in some().items()}, {"about": about}))
    save(tmp_path / "theirs.npz", {"about": np.array(about), **some()})
    assert (tmp_path / "ours.npz").read_bytes() == (tmp_path / "theirs.npz").read_bytes()
    assert read_npz(tmp_path / "theirs.npz").metadata == {"about": about}


def test_the_file_is_mapped_and_one_layer_does_not_read_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    save(path, {"large/0": np.ones(2**23, np.float32), "small/0": np.arange(3)})
    weights = read_weights(path)
    assert weights["small"][0].tolist() == [0, 1, 2]
    assert resident_bytes(path) < 2**20
    large = weights["large"][0]
    assert (large.base is not None, large.flags.writeable, large.sum()) == (True, False, 2**23)
    assert resident_bytes(path) > 2**25


def archive(path: Path, content: bytes, name: str = "a.npy", *, compressed: bool = False) -> Path:
    """An archive of one member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as file:
        file.writestr(name, content)
    return path


def member(header: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """A .npy file with any header."""
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header.encode() + data


def described(shape: str, descr: str = "'<f4'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "EOF: reading magic string"),
        (b"GIF89a, say", "the magic string is not correct"),
        (member("", version=b"\7\0"), "Invalid version|EOF|array header"),
        (member("__import__('os').abort()"), "malformed node|Cannot parse header"),
        (member(described("(4,)"), bytes(12)), r"a.npy is said to be float32 of \(4,\), and has 12 bytes"),
        (member(described("(2**62,)"), bytes(12)), "malformed node|Cannot parse header"),
        (member(described(f"({2**62}, {2**62})"), bytes(12)), "and has 12 bytes"),
        (member(described("(-2, -3)"), bytes(24)), "and has 24 bytes"),
        (member(described(f"({'1,' * 33})"), bytes(4)), "and has 4 bytes"),
        (member(described("(1,)", "'|O'"), bytes(8)), "holds objects of Python's, not numbers"),
    ],
)
def test_hostile_members(content: bytes, words: str, compressed: bool, tmp_path: Path) -> None:
    path = archive(tmp_path / "w.npz", content, compressed=compressed)
    with pytest.raises(NetError, match=f"is damaged, or not an .npz file: .*({words})") as caught:
        read_npz(path)
    assert [d.code for d in caught.value.report] == ["N911"]


def test_a_size_that_no_archive_can_have_is_refused(tmp_path: Path) -> None:
    """1 kB that is said to unpack to 2 GB, by the archive and by the array alike."""
    size = 2**31
    head = member(described(f"({size},)", "'|u1'"))
    path = archive(tmp_path / "w.npz", head + bytes(2**20), compressed=True)
    content = bytearray(path.read_bytes())
    place = content.rfind(b"PK\1\2") + 24  # of the unpacked size in the list of members
    content[place : place + 4] = (len(head) + size).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(NetError, match=r"a\.npy is said to unpack to 2,147,483,722 bytes, and lies there in 1,1"):
        read_npz(path)


def test_a_packing_that_numpy_does_not_use_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.npy", member(described("(1,)"), bytes(4)))
    with pytest.raises(NetError, match=r"a\.npy is packed in a way that NumPy doesn't use"):
        read_npz(tmp_path / "w.npz")


def test_kinds_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {"a/0": np.zeros(3, complex)})
    with pytest.raises(NetError, match="a/0 is of complex128, which can't be there"):
        read_weights(tmp_path / "w.npz")


@pytest.mark.parametrize("saver", SAVERS)
def test_a_changed_number_is_noticed(saver: str, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    SAVERS[saver](path, a=np.random.default_rng(0).random(1000))
    content = bytearray(path.read_bytes())
    content[4000] ^= 1
    path.write_bytes(content)
    array = read_npz(path).arrays["a"]
    with pytest.raises(NetError, match=r"is damaged, or not an \.npz file"):
        array.read()


def sound(*, compressed: bool) -> bytes:
    """A small archive."""
    from io import BytesIO

    file = BytesIO()
    SAVERS["compressed" if compressed else "plain"](file, **{"conv1/0": np.arange(6.0), "fc/0": np.ones(3, np.int8)})
    return file.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_any_damage_is_reported_or_numpy_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, compressed: bool
) -> None:
    whole = bytearray(sound(compressed=compressed))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        whole[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(whole[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that Python 2 wrote, and of names that stand twice
        try:
            found = {name: array.read() for name, array in read_npz(path).arrays.items()}
        except NetError:
            return
        with np.load(path, allow_pickle=False) as expected:
            for name, array in found.items():
                assert array.dtype == expected[name].dtype
                assert array.tobytes() == expected[name].tobytes()
