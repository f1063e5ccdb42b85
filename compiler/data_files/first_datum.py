"""The first record of a database of Datums: what it says of the images, without opening the others."""

from pathlib import Path
from shutil import copyfile

from netdef.compiler.data_files.image_header import read_header
from netdef.compiler.data_files.lmdb import DATA, Lmdb
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import Datum
from netdef.compiler.schema.wire import Damaged, Record
from netdef.compiler.temporary import temporary_folder

_LEVELDB = "CURRENT"
_TABLES = (".ldb", ".sst")
_LONGEST_LOG = 1 << 28
"""Bytes of a LevelDB's log, which is read whole when it is opened; Caffe's has up to this many."""


def first_image(path: Path) -> tuple[int, ...]:
    """(C, H, W) of the first image of a database.

    Raises:
        NetError: N772 if it can't be read, or N010 without the package for it.
    """
    content = _of_leveldb(path) if (path / _LEVELDB).is_file() else _of_lmdb(path)
    if content is None:
        raise _unfit(path, "is empty")
    try:
        return _shape(path, Record(content, Datum.fields))
    except Damaged as damage:
        raise _unfit(path, f"does not begin with a Datum of Caffe's: {damage}") from None


def _shape(path: Path, datum: Record) -> tuple[int, ...]:
    if datum.get("encoded"):
        header = read_header(bytes(datum.get("data")))
        if header is None:
            raise _unfit(path, "begins with an encoded image that can't be read")
        return tuple(header)
    shape = tuple(datum.get(name) for name in ("channels", "height", "width"))
    if min(shape) < 1:
        raise _unfit(path, "begins with a Datum without a size")
    return shape


def _of_lmdb(path: Path) -> memoryview | None:
    if not any(each.is_file() for each in (path, path / DATA)):
        raise _unfit(path, f"is no database: neither an LMDB's {DATA} nor a LevelDB's {_LEVELDB} is in it")
    return next((content for _, content in Lmdb(path).items()), None)


def _of_leveldb(path: Path) -> memoryview | None:
    """The same of a LevelDB, which writes to its folder when it is opened: so a copy of its lists is, with links."""
    require(f"the database {path}", "leveldb")
    import plyvel

    with temporary_folder() as copy:
        for file in path.iterdir():
            if file.suffix in _TABLES:
                (copy / file.name).symlink_to(file.absolute())
            elif file.is_file() and file.stat().st_size <= _LONGEST_LOG:
                copyfile(file, copy / file.name)
        try:
            with plyvel.DB(str(copy), create_if_missing=False) as database, database.iterator() as found:
                return next((memoryview(content) for _, content in found), None)
        except (plyvel.Error, OSError) as error:
            raise _unfit(path, f"can't be read as a LevelDB: {error}") from None


def _unfit(path: Path, why: str) -> NetError:
    return NetError(Diagnostic("N772", f"{path} {why}", help="copy it anew, or make it anew"))
