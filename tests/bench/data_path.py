"""The data path on one core: images a second, beside plain Pillow doing the same.

    OMP_NUM_THREADS=1 python tests/bench/data_path.py [FOLDER] [--num 200] [--rounds 5]

FOLDER is one of class folders; without it photographs are made up, 500 x 375 pixels like ImageNet's. Each row reads
the same images in both ways, in turns, without keeping any: from their files or from shards that ``netdef pack``
made, as they are or shrunk to a shorter side. *decode* ends with the pixels, *jitter* with a batch of 224 x 224
windows, cut at random out of images whose shorter side is drawn from 256 to 512 (or to the packed side, where that
is smaller), half of them mirrored. Times are the processor's, so that other work does not count. The table gives
medians of the rounds, and the median of the ratios within a round.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

import cv2
import numpy as np
import torch
from PIL import Image

from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TrainingBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets import cached
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.shards import Shards, open_shards
from netdef.runtime.data.packing import Packing, pack

WINDOW = 224
LEAST, MOST = 256, 512
BATCH = 20
Work = Callable[[int], object]
"""Something done for each of some numbers; nothing of it is cached."""


def made_up(folder: Path, num: int) -> Path:
    """Photographs of nothing: coarse noise made smooth, under fine noise."""
    chance = np.random.default_rng(0)
    (folder / "one").mkdir(parents=True)
    for number in range(num):
        coarse = cv2.resize(chance.integers(0, 256, (12, 16, 3), np.uint8), (500, 375), interpolation=cv2.INTER_CUBIC)
        pixels = np.clip(coarse + chance.normal(0, 6, coarse.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"one/{number:04}.jpg", quality=90)
    return folder


def plain_decode(file: str | BytesIO) -> None:
    """What people write who want pixels."""
    with Image.open(file) as image:
        np.asarray(image.convert("RGB"))


def plain_batch(files: Sequence[str | BytesIO], most: int, chance: Random) -> torch.Tensor:
    """What people write who want windows."""
    windows = []
    for file in files:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        scale = chance.randint(LEAST, most) / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
        left, top = chance.randint(0, image.width - WINDOW), chance.randint(0, image.height - WINDOW)
        image = image.crop((left, top, left + WINDOW, top + WINDOW))
        if chance.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        windows.append(np.asarray(image))
    return torch.from_numpy(np.stack(windows))


def file_of(data: Folder | Shards, number: int) -> str | BytesIO:
    """What plain Pillow opens: a shard's images are read from it in the same way by both."""
    return data.paths[number] if isinstance(data, Folder) else BytesIO(data.encoded(number))


def decodings(data: Folder | Shards) -> tuple[Work, Work]:
    """Decoding an image: we, and plain Pillow."""
    return data.read, lambda number: plain_decode(file_of(data, number))


def jitterings(data: Folder | Shards, most: int) -> tuple[Work, Work]:
    """Making a batch: we, and plain Pillow."""
    crop = ImageCrop(Pair(WINDOW, WINDOW), 3, LEAST, resize_most=most, random_crop=True, mirror=True)
    batches = TrainingBatches(data, crop, BATCH, seed=1, shuffled=False)
    chance = Random(1)

    def plain(number: int) -> torch.Tensor:
        return plain_batch([file_of(data, each) for each in range(number * BATCH, (number + 1) * BATCH)], most, chance)

    return batches.__getitem__, plain


def seconds(do: Work, times: int) -> float:
    """One round, in the processor's seconds."""
    start = process_time()
    for number in range(times):
        do(number)
    return process_time() - start


def row(name: str, works: tuple[Work, Work], times: int, images: int, rounds: int) -> str:
    """A line of the table: two works, done some times in each round."""
    found = []
    for turn in range(rounds + 1):  # the first one warms the disk's cache; they take turns at being first
        order = (0, 1) if turn % 2 else (1, 0)
        spent = {which: seconds(works[which], times) for which in order}
        found.append((spent[0], spent[1]))
    ours, theirs = (images / median(column) for column in zip(*found[1:], strict=True))
    ratio = median(their / our for our, their in found[1:])
    return f"{name:36}{ours:12.0f}{theirs:14.0f}{ratio:8.2f}"


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--num", type=int, default=200, help="images, a multiple of 20 (default: 200)")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    cached.CACHED_BYTES = 0  # everything is to be decoded each time
    with tempfile.TemporaryDirectory() as scratch:
        folder = Folder(args.folder or made_up(Path(scratch) / "images", args.num))
        folder.paths, folder.labels = folder.paths[: args.num], folder.labels[: args.num]
        sizes = [Image.open(path).size for path in folder.paths]
        width, height = (median(side) for side in zip(*sizes, strict=True))
        print(f"{len(folder)} JPEGs of {args.folder or 'made-up photographs'}, {width:.0f} x {height:.0f} pixels")
        print(f"{'images a second on one core':36}{'netdef':>12}{'plain Pillow':>14}{'ratio':>8}")
        sources: dict[str, tuple[Folder | Shards, int]] = {"files": (folder, MOST)}
        for side in (None, MOST, LEAST):
            packed = Path(scratch) / f"packed-{side}"
            pack(folder, packed, Packing(side))
            sources["shards" if side is None else f"shards, shrunk to {side}"] = open_shards(packed), side or MOST
        for name, (data, most) in sources.items():
            num = len(data)
            print(row(f"{name}: decode", decodings(data), num, num, args.rounds), flush=True)
            batches = num // BATCH
            print(row(f"{name}: jitter", jitterings(data, most), batches, batches * BATCH, args.rounds), flush=True)


if __name__ == "__main__":
    main()
