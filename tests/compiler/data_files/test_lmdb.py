"""LMDB, against what the lmdb package writes and reads, and against files that would end its process."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.data_files.lmdb import Lmdb
from netdef.compiler.net_error import NetError

lmdb = pytest.importorskip("lmdb")

LONG = 9_000
"""Bytes that don't fit on a page."""


def written(path: Path, contents: dict[bytes, bytes], **options: object) -> Path:
    with (
        lmdb.open(str(path), map_size=2**26, sync=False, **options) as environment,
        environment.begin(write=True) as transaction,
    ):
        for key, content in contents.items():
            transaction.put(key, content)
    return path


def some(num: int) -> dict[bytes, bytes]:
    chance = random.Random(num)
    return {b"%08d" % number: chance.randbytes(LONG if number % 3 else number % 50) for number in range(num)}


@pytest.mark.parametrize("num", [0, 1, 40, 3_000])
def test_what_the_package_wrote_is_read(num: int, tmp_path: Path) -> None:
    contents = some(num)
    path = written(tmp_path / "db", contents)
    database = Lmdb(path)
    assert len(database) == num
    assert [(key, bytes(content)) for key, content in database.items()] == sorted(contents.items())
    assert all(database.get(key) == content for key, content in contents.items())
    assert all(not database.get(absent) for absent in (b"", b"0", b"00000000x", b"99999999"))
    assert not Lmdb(path / "data.mdb").get(b"")


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.binary(min_size=1, max_size=400), st.binary(max_size=6_000), max_size=60), st.data())
def test_any_keys_after_any_deletions(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[bytes, bytes], data: st.DataObject
) -> None:
    path = written(tmp_path_factory.mktemp("lmdb") / "db", contents)
    gone = data.draw(st.sets(st.sampled_from(sorted(contents)))) if contents else set()
    with lmdb.open(str(path), map_size=2**26, sync=False) as environment, environment.begin(write=True) as transaction:
        assert all(transaction.delete(key) for key in gone)
    left = sorted((key, content) for key, content in contents.items() if key not in gone)
    database = Lmdb(path)
    assert [(key, bytes(content)) for key, content in database.items()] == left
    assert all(database.get(key) == content for key, content in left)


def test_a_single_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "single", {b"a": b"1"}, subdir=False)
    assert [(key, bytes(content)) for key, content in Lmdb(path).items()] == [(b"a", b"1")]


@pytest.mark.parametrize("size", [0, 1, 100, 4_096, 8_192, 20_000, 200_000])
def test_a_file_that_was_cut_off_is_refused(size: int, tmp_path: Path) -> None:
    """The package maps it as if it were whole, and the first page that isn't there is a SIGBUS."""
    path = written(tmp_path / "db", some(60)) / "data.mdb"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(NetError, match=r"N772\]: .* can't be read as an LMDB: "):
        list(Lmdb(path.parent).items())


def test_other_databases_are_refused(tmp_path: Path) -> None:
    with (
        lmdb.open(str(tmp_path / "several"), map_size=2**20, max_dbs=2) as environment,
        environment.begin(write=True, db=environment.open_db(b"inner")) as transaction,
    ):
        transaction.put(b"key", b"content")
    with pytest.raises(NetError, match="a database itself"):
        list(Lmdb(tmp_path / "several").items())
    (tmp_path / "text").write_text("no database\n" * 1_000)
    with pytest.raises(NetError, match="doesn't begin as an LMDB"):
        Lmdb(tmp_path / "text")
    with pytest.raises(NetError, match="No such file"):
        Lmdb(tmp_path / "absent")


def test_pages_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "db", some(3_000)) / "data.mdb"
    data = bytearray(path.read_bytes())
    branch = next(at for at in range(0, len(data), 4_096) if struct.unpack_from("<Q2xH", data, at) == (at // 4_096, 1))
    for index in range((struct.unpack_from("<H", data, branch + 12)[0] - 16) // 2):
        node = branch + struct.unpack_from("<H", data, branch + 16 + 2 * index)[0]
        struct.pack_into("<HHH", data, node, branch // 4_096, 0, 0)
    path.write_bytes(data)
    with pytest.raises(NetError, match="N772"):
        list(Lmdb(path).items())


def test_any_damage_ends_in_a_mistake_or_in_contents(tmp_path: Path) -> None:
    whole = (
        written(tmp_path / "db", {key: content[:700] for key, content in some(300).items()}) / "data.mdb"
    ).read_bytes()
    chance = random.Random(0)
    path = tmp_path / "data.mdb"
    refused = []
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 4, 30])):
            page = chance.choice([0, 1, *range(len(data) // 4_096)]) * 4_096
            data[page + chance.choice([chance.randrange(150), chance.randrange(4_096)])] = chance.choice(
                [0, 1, 127, 255]
            )
        path.write_bytes(data)
        try:
            database = Lmdb(path)
            assert all(len(database.get(key)) == len(content) or content for key, content in database.items())
        except NetError as error:
            refused.append(error.report.errors[0].code)
    assert len(refused) > 50
    assert set(refused) == {"N772"}
