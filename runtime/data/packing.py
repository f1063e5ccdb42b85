"""Data sets written as shards: few large files that are read in any order, instead of many small ones."""

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from netdef.compiler.atomic import write_folder_whole, write_whole, write_whole_text
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.console import SILENT, Console
from netdef.runtime.data.crop import resized
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.shards import INDEX, PLACES
from netdef.runtime.data.datasets.source import open_whole, parts_of
from netdef.runtime.progress import UNCOUNTED, Counter, counting

JPEG_QUALITY = 95


class Packed(NamedTuple):
    """What came of packing; ``skipped`` says what was left out, and why."""

    num_shards: int
    num_samples: int
    num_classes: int
    skipped: Report


class Packing(NamedTuple):
    """How images are packed.

    resize        shorter side in pixels, to which larger images shrink; None leaves the files as they are
    shard_bytes   length from which on a shard is full
    skip          whether images that can't be read are left out
    """

    resize: int | None = None
    shard_bytes: int = 256 * 2**20
    skip: bool = False


def pack_parts(source: str, folder: Path, how: Packing, console: Console = SILENT) -> dict[str, Packed]:
    """Write all parts of some data, ``train`` and ``test`` if there are such, into a new folder.

    The folder is there whole or not at all.

    Raises:
        NetError: if the folder is there already or can't be written, or an image can't be read.
    """
    if folder.exists():
        raise NetError(Diagnostic("N777", f"{folder} is there already", help="choose another folder, or remove it"))
    parts = {part: open_whole(path) for part, path in parts_of(source).items()}
    packed: dict[str, Packed] = {}

    def write(unfinished: Path) -> None:
        for part, data in parts.items():
            packed[part] = pack(data, unfinished / part, how, counter)

    try:
        with counting(console, "netdef pack", sum(map(len, parts.values())), "images") as counter:
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_folder_whole(folder, write)
    except (OSError, ValueError) as error:  # a name may hold a zero byte
        reason = getattr(error, "strerror", None) or error
        raise NetError(Diagnostic("N777", f"{folder} can't be written: {reason}")) from None
    return packed


def pack(data: Dataset, folder: Path, how: Packing, counter: Counter = UNCOUNTED) -> Packed:
    """Write one data set as shards, and their index; its images are counted."""
    folder.mkdir(parents=True, exist_ok=True)
    places: list[tuple[int, int, int, int]] = []
    shards: list[Path] = []
    skipped = Report()
    samples = _samples(data, how, skipped, counter)
    sample = next(samples, None)
    while sample is not None:
        shard = folder / f"{len(shards):06}.tar"
        with shard.open("xb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            while sample is not None and file.tell() < how.shard_bytes:
                key, suffix, content, label = sample
                places.append((len(shards), file.tell() + tarfile.BLOCKSIZE, len(content), label))
                _add(tar, key + suffix, content)
                _add(tar, f"{key}.cls", str(label).encode())
                sample = next(samples, None)
        shards.append(shard)
    if not places:
        raise NetError(Report([*skipped, Diagnostic("N777", "there is nothing to pack: no image can be read")]))
    write_whole(folder / PLACES, lambda unfinished: np.save(unfinished, np.array(places, np.int64)))
    facts = {
        "classes": list(data.classes),
        "num_samples": len(places),
        "shards": [{"name": shard.name, "bytes": shard.stat().st_size} for shard in shards],
    }
    write_whole_text(folder / INDEX, json.dumps(facts, indent=1) + "\n")
    return Packed(len(shards), len(places), len(data.classes), skipped)


def _samples(data: Dataset, how: Packing, skipped: Report, counter: Counter) -> Iterator[tuple[str, str, bytes, int]]:
    """Key, suffix, content and label of each image; all are decoded, so that no shard holds a broken one."""
    for number in range(len(data)):
        counter.add()
        try:
            image = data.image(number)
        except NetError as error:
            if not how.skip:
                raise
            skipped.extend(error.report)
            continue
        if image.dtype != np.uint8 or image.shape[2] not in (1, 3):
            message = f"sample {number:,} is no image: {image.shape[2]} channels of {image.dtype}"
            raise NetError(Diagnostic("N777", message, help="shards hold images; put other numbers into HDF5"))
        path = data.paths[number] if isinstance(data, Folder | Listing) else ""
        suffix, content = _content(image, path, how.resize)
        yield f"{number:08}{_words(path)}", suffix, content, data.labels[number]


def _content(image: ImageArray, path: str, resize: int | None) -> tuple[str, bytes]:
    """An image's file: its own, where it needn't shrink; else a new one, lossless unless it was a JPEG."""
    suffix = os.path.splitext(path)[1].lower()
    size = Pair(*image.shape[:2])
    if resize is not None and resize < min(size):
        scale = resize / min(size)
        image = resized(image, Pair(round(size.h * scale), round(size.w * scale)))
    elif path:
        return suffix, Path(path).read_bytes()
    jpeg = suffix in (".jpg", ".jpeg")
    file = io.BytesIO()
    encoded = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    if jpeg:
        encoded.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        encoded.save(file, "PNG")
    return ".jpg" if jpeg else ".png", file.getvalue()


def _words(path: str) -> str:
    """The end of a path as a part of a key, so that a sample can be told by people: without dots, which end a key."""
    stem = os.path.splitext("/".join(Path(path).parts[-2:]))[0]
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[-60:]
    return f"-{words}" if words else ""


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
