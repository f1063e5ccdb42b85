"""Tar files of images in WebDataset's convention, with an index that finds each without reading the rest.

A sample is a group of members with one key, the path up to the first dot of the file's name: ``00000012.jpg`` is the
image, ``00000012.cls`` the number of its class. Where no member tells the class, the folder does, as in a packed
folder of class folders. ``netdef pack`` writes an index beside the shards; for other people's shards one is made
when they are opened, from the tars' headers.
"""

import json
import os
import re
import tarfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.plain_file import read_plain
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import ImageArray, numbered_classes
from netdef.runtime.data.datasets.decoding import decoded
from netdef.runtime.data.datasets.folder import SUFFIXES
from netdef.runtime.data.datasets.per_process import PerProcess

INDEX = "index.json"
PLACES = "index.npy"
ANEW = "pack the images anew, or remove index.json to have one made from the shards"
MOST_OPEN = 16
"""Shards that a process keeps open."""


class Index(NamedTuple):
    """Where each sample is.

    classes   the classes' names
    shards    the tar files
    places    (N, 4): shard, offset and size of the image in bytes, label
    """

    classes: tuple[str, ...]
    shards: tuple[Path, ...]
    places: NDArray[np.int64]


class Shards(Cached):
    """The images of some shards, in the order in which they were packed; any of them at once."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._files = PerProcess(partial(_OpenFiles, index.shards))
        super().__init__(index.classes, index.places[:, 3].tolist())

    def encoded(self, number: int) -> bytes:
        """An image's file as it was packed."""
        shard, offset, size, _ = self.index.places[number].tolist()
        try:
            content = os.pread(self._files().get(shard), size, offset)
        except OSError as error:
            raise NetError(Diagnostic("N771", f"{self.name(number)} can't be read: {error.strerror}")) from None
        if len(content) != size:
            message = f"{self.name(number)} is cut off: the shard is shorter than its index says"
            raise NetError(Diagnostic("N771", message, help="copy it anew, or pack the images anew"))
        return content

    def name(self, number: int) -> str:
        """An image's place, for people."""
        shard, offset, *_ = self.index.places[number].tolist()
        return f"{self.index.shards[shard]}, sample {number:,} at byte {offset:,}"

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its shard."""
        return decoded(self.encoded(index), self.name(index))


class _OpenFiles:
    """Shards that were read last, open; ``pread`` keeps no position, so they may be shared."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: dict[int, int] = {}

    def get(self, shard: int) -> int:
        file = self._open.pop(shard, None)
        if file is None:
            file = os.open(self._paths[shard], os.O_RDONLY | os.O_CLOEXEC)
            if len(self._open) >= MOST_OPEN:
                os.close(self._open.pop(next(iter(self._open))))
        self._open[shard] = file
        return file


def tars_in(path: Path) -> list[Path]:
    """The shards that a path means: itself, or those in a folder by name; none if it means no shards."""
    if path.is_dir():
        return sorted(path.glob("*.tar"))
    return [path] if path.suffix == ".tar" and path.is_file() else []


def open_shards(path: Path) -> Shards:
    """The shards of a folder, or a single one."""
    return Shards(read_index(path) if (path / INDEX).is_file() else scanned(tars_in(path)))


def read_index(folder: Path) -> Index:
    """The index that ``netdef pack`` wrote, held against the shards as they are."""
    try:
        facts: dict[str, Any] = json.loads(str(read_plain(folder / INDEX), "utf-8"))
        places = np.load(folder / PLACES, mmap_mode="r", allow_pickle=False)
        shards = [(folder / Path(shard["name"]).name, int(shard["bytes"])) for shard in facts["shards"]]
        classes = tuple(map(str, facts["classes"]))
        sound = places.ndim == 2 and places.shape[1] == 4 and 0 < len(places) == facts["num_samples"]
        limits = np.array([len(shards), max((size for _, size in shards), default=0), 2**31, len(classes)])
        sound = sound and bool((places >= 0).all() and (places.max(axis=0) < limits).all())
    except Exception as error:  # of a damaged index NumPy and JSON raise almost anything
        message = f"the index of the shards in {folder} can't be read: {error}"
        raise NetError(Diagnostic("N771", message, help=ANEW)) from None
    if not sound:
        message = f"the index of the shards in {folder} contradicts itself"
        raise NetError(Diagnostic("N771", message, help=ANEW))
    for shard, size in shards:
        found = os.path.getsize(shard) if os.path.isfile(shard) else None
        if found != size:
            now = "not there" if found is None else f"{found:,} bytes long"
            message = f"{shard} is {now}, and was packed with {size:,}"
            raise NetError(Diagnostic("N771", message, help="copy it anew, or pack the images anew"))
    return Index(classes, tuple(shard for shard, _ in shards), places)


class _Sample:
    """What a tar's headers say of one sample."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.image: tuple[int, int, int] | None = None
        self.label: int | None = None


def scanned(shards: Sequence[Path]) -> Index:
    """An index made from tar headers."""
    samples: dict[tuple[int, str], _Sample] = {}
    for number, shard in enumerate(shards):
        try:
            with tarfile.open(shard, "r:") as tar:
                for member in tar:
                    if member.isfile():
                        _note(samples, number, member, tar)
                if not _has_end(shard, tar.offset):  # tarfile takes a header that is cut off for the end
                    raise tarfile.ReadError(f"it is cut off at byte {tar.offset:,}")
        except (tarfile.TarError, OSError) as error:
            help = "copy it anew; compressed ones must be unpacked first"
            raise NetError(Diagnostic("N771", f"{shard} can't be read as a tar file: {error}", help=help)) from None
    whole = [sample for sample in samples.values() if sample.image is not None]
    if not whole:
        help = f"a sample is 0001.jpg with its class in 0001.cls, or cat/0001.jpg ({', '.join(SUFFIXES)})"
        raise NetError(Diagnostic("N771", f"{shards[0]} has no images", help=help))
    classes = _classes(whole)
    numbers = {name: number for number, name in enumerate(classes)}
    places = [(*(s.image or ()), numbers[s.folder] if s.label is None else s.label) for s in whole]
    return Index(classes, tuple(shards), np.array(places, np.int64))


def _has_end(shard: Path, offset: int) -> bool:
    """Whether the empty block that ends a tar file is there."""
    with shard.open("rb") as file:
        file.seek(offset)
        return file.read(tarfile.BLOCKSIZE) == bytes(tarfile.BLOCKSIZE)


def _note(samples: dict[tuple[int, str], _Sample], shard: int, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    folder, _, name = member.name.rpartition("/")
    stem, _, suffix = name.partition(".")
    if not stem:  # a hidden file
        return
    sample = samples.setdefault((shard, f"{folder}/{stem}"), _Sample(folder.rpartition("/")[2]))
    if f".{suffix.rpartition('.')[2].lower()}" in SUFFIXES:
        sample.image = sample.image or (shard, member.offset_data, member.size)
    elif suffix == "cls":
        content = tar.extractfile(member)
        text = content.read(32).strip() if content else b""
        if not re.fullmatch(rb"[0-9]{1,9}", text):
            message = f"{member.name} holds {text.decode('ascii', 'replace')!r}, and should hold a class's number"
            raise NetError(Diagnostic("N771", f"{tar.name!s}: {message}"))
        sample.label = int(text)


def _classes(samples: Sequence[_Sample]) -> tuple[str, ...]:
    """Names of the classes: of the folders where these tell, else numbers."""
    told = [sample.label for sample in samples if sample.label is not None]
    if told and len(told) < len(samples):
        message = f"{len(samples) - len(told):,} of {len(samples):,} images have no .cls beside them"
        raise NetError(Diagnostic("N771", message, help="every sample has its class in a member KEY.cls, or none has"))
    if told:
        return numbered_classes(told, "a .cls", "N771")
    return tuple(sorted({sample.folder for sample in samples}))
