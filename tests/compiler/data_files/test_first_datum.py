"""The first Datum of a database, of databases that the lmdb and plyvel packages wrote."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from netdef.compiler.data_files.first_datum import first_image
from netdef.compiler.net_error import NetError
from tests.compiler.caffe_proto import PROTO


def raw(channels: int, height: int, width: int) -> bytes:
    content: bytes = PROTO["Datum"](
        channels=channels, height=height, width=width, data=bytes(channels * height * width)
    ).SerializeToString()
    return content


def encoded(pixels: Any) -> bytes:
    content: bytes = PROTO["Datum"](data=cv2.imencode(".png", pixels)[1].tobytes(), encoded=True).SerializeToString()
    return content


def lmdb(path: Path, *contents: bytes) -> Path:
    package = pytest.importorskip("lmdb")
    with package.open(str(path), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for number, content in enumerate(contents):
            transaction.put(f"{number:08}".encode(), content)
    return path


def leveldb(path: Path, *contents: bytes) -> Path:
    package = pytest.importorskip("plyvel")
    with package.DB(str(path), create_if_missing=True) as database:
        for number, content in enumerate(contents):
            database.put(f"{number:08}".encode(), content)
    return path


@pytest.mark.parametrize("make", [lmdb, leveldb])
@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (raw(3, 6, 8), (3, 6, 8)),
        (raw(4, 1, 1), (4, 1, 1)),
        (encoded(np.zeros((5, 7), np.uint8)), (1, 5, 7)),
        (encoded(np.zeros((5, 7, 3), np.uint8)), (3, 5, 7)),
    ],
)
def test_the_first_counts(make: Any, content: bytes, shape: tuple[int, ...], tmp_path: Path) -> None:
    assert first_image(make(tmp_path / "db", content, raw(1, 2, 3))) == shape


@pytest.mark.parametrize("make", [lmdb, leveldb])
def test_what_is_looked_at_stays_as_it_is(make: Any, tmp_path: Path) -> None:
    """A LevelDB writes a log and a list anew when it is opened: not where a size alone is asked for."""
    path = make(tmp_path / "db", raw(3, 6, 8))
    before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in path.iterdir()}
    first_image(path)
    assert {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in path.iterdir()} == before


def test_a_leveldb_of_many_tables(tmp_path: Path) -> None:
    package = pytest.importorskip("plyvel")
    with package.DB(str(tmp_path / "db"), create_if_missing=True, write_buffer_size=2**16) as database:
        for number in range(2000):
            database.put(f"{number:08}".encode(), raw(3, 6, 8))
    assert [*(tmp_path / "db").glob("*.ldb")]
    assert first_image(tmp_path / "db") == (3, 6, 8)


@pytest.mark.parametrize("content", [b"\xff", b"", raw(0, 0, 0), PROTO["Datum"](encoded=True).SerializeToString()])
@pytest.mark.parametrize("make", [lmdb, leveldb])
def test_what_is_no_datum(make: Any, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NetError, match=str(tmp_path / "db")):
        first_image(make(tmp_path / "db", content))


@pytest.mark.parametrize("name", ["data.mdb", "CURRENT"])
@pytest.mark.parametrize("content", [b"", b"MANIFEST-000001\n", b"\0" * 10_000])
def test_what_is_no_database(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NetError, match="read as"):
        first_image(tmp_path)
    with pytest.raises(NetError, match="no database"):
        first_image(Path("/"))


def test_empty_ones(tmp_path: Path) -> None:
    for path in (lmdb(tmp_path / "a"), leveldb(tmp_path / "b")):
        with pytest.raises(NetError, match="is empty"):
            first_image(path)


def test_a_cut_off_lmdb_is_no_end_of_the_process(tmp_path: Path) -> None:
    path = lmdb(tmp_path / "db", *[raw(3, 60, 80)] * 20)
    whole = (path / "data.mdb").read_bytes()
    outcomes: set[tuple[int | str, ...]] = set()
    for size in range(0, len(whole), 4096):
        (path / "data.mdb").write_bytes(whole[:size])
        try:
            outcomes.add(first_image(path))
        except NetError as error:
            outcomes.add((error.report.errors[0].code,))
    assert outcomes == {(3, 60, 80), ("N772",)}
