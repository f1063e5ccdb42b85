"""Small sound files of every kind that netdef reads, ways to damage them, and what reads each as commands do."""

import json
import random
import re
import struct
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import lmdb
import numpy as np
import plyvel
from numpy.typing import NDArray
from PIL import Image

from netdef.compiler.data_files.first_datum import first_image
from netdef.compiler.data_files.hdf5 import read_piece
from netdef.compiler.weights.formats.binaryproto import mean_shape, read_mean
from netdef.compiler.weights.formats.files import read_weights, write_weights
from netdef.compiler.weights.formats.manifest import MANIFEST
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.runtime.data.datasets.box_files import open_csv, open_voc
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.datums import Datums
from netdef.runtime.data.datasets.decoding import decode
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.shards import open_shards
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.packing import Packing, pack
from netdef.runtime.evaluation.posteriors import Posteriors
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.run import Run
from netdef.runtime.trained_run import trained_run
from netdef.runtime.training.checkpoint import Checkpoint, newest, save
from netdef.runtime.training.history import read_history
from netdef.runtime.training.recipe.file import read_recipe_file
from netdef.runtime.transfer.descriptors import DESCRIPTORS, Descriptors, check_alike, stacked
from netdef.runtime.transfer.svm import splits
from tests.compiler.caffe_proto import PROTO

ROOT = Path(__file__).parents[2]
CHANCE = np.random.default_rng(0)
WEIGHTS: dict[str, list[NDArray[Any]]] = {
    "conv": [CHANCE.standard_normal((4, 3, 3, 3)).astype(np.float32), np.zeros(4, np.float32)],
    "half": [np.ones((2, 5), np.float16)],
    "none": [np.zeros((0, 3), np.float64)],
}
PIXELS = CHANCE.integers(0, 256, (6, 9, 7, 3), np.uint8)


class Kind(NamedTuple):
    """A kind of file.

    file  the name of what is damaged, in the folder that ``make`` fills
    read  what commands do with the folder
    """

    file: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]


# ---- weights and arrays
def weights(suffix: str) -> Kind:
    def make(folder: Path) -> None:
        write_weights(folder / f"w{suffix}", WEIGHTS)

    return Kind(f"w{suffix}", make, lambda folder: read_all(folder / f"w{suffix}"))


def read_all(path: Path) -> None:
    for arrays in read_weights(path).values():
        for array in arrays:
            array.astype(np.float32).sum()


def blob(array: NDArray[np.float32]) -> object:
    made = PROTO["BlobProto"]()
    made.shape.dim.extend(array.shape)
    made.data.extend(array.ravel().tolist())
    return made


def make_caffemodel(folder: Path) -> None:
    net = PROTO["NetParameter"](name="small")
    for name, arrays in WEIGHTS.items():
        layer = net.layer.add(name=name, type="Convolution")
        for array in arrays:
            layer.blobs.add().CopyFrom(blob(array.astype(np.float32)))
    (folder / "w.caffemodel").write_bytes(net.SerializeToString())


def make_mean(folder: Path) -> None:
    mean = PROTO["BlobProto"](num=1, channels=3, height=5, width=4)
    mean.data.extend(range(60))
    (folder / "mean.binaryproto").write_bytes(mean.SerializeToString())


def read_mean_file(folder: Path) -> None:
    read_mean(folder / "mean.binaryproto").sum()
    mean_shape(folder / "mean.binaryproto")


MADE = {
    "net": "x",
    "name": "small",
    "protocol": {"dense": True, "scales": [256, 384], "crops": 50, "flip": True, "pool": "prob"},
}
"""What posteriors say of the net that made them."""


def posteriors(suffix: str) -> Kind:
    found = Posteriors(np.full((4, 3), 1 / 3), np.array([0, 1, 2, 0]), np.arange(4), ("a", "b", "c"), MADE, ())
    return Kind(
        f"p{suffix}",
        lambda folder: POSTERIORS.write(folder / f"p{suffix}", found),
        lambda folder: POSTERIORS.read(folder / f"p{suffix}"),
    )


def descriptors(suffix: str) -> Kind:
    """Descriptors as svm reads them: their classes, and their images by class."""
    values = CHANCE.standard_normal((6, 4)).astype(np.float32)
    labels, numbers = np.array([0, 1, 0, 1, 0, 1]), np.arange(6)
    found = Descriptors(values, labels, numbers, ("a", "b"), (), {"net": "x", "blob": "fc7"})

    def read(folder: Path) -> None:
        whole = DESCRIPTORS.read(folder / f"d{suffix}")
        check_alike(whole, stacked([whole, whole]))
        for split in splits(whole, (0,), 2, 2):
            assert len(split.train.values) == len(split.train.labels)

    return Kind(f"d{suffix}", lambda folder: DESCRIPTORS.write(folder / f"d{suffix}", found), read)


# ---- data
def read_images(data: Dataset) -> None:
    for number in range(min(len(data), 20)):
        data.image(number).sum()


def make_lmdb(folder: Path) -> None:
    with lmdb.open(str(folder), map_size=2**22, sync=False) as database, database.begin(write=True) as transaction:
        for number, pixels in enumerate(PIXELS):
            planes = pixels.transpose(2, 0, 1)
            datum = PROTO["Datum"](channels=3, height=9, width=7, data=planes.tobytes(), label=number)
            transaction.put(b"%08d" % number, datum.SerializeToString())
    (folder / "lock.mdb").unlink()


def read_lmdb(folder: Path) -> None:
    first_image(folder)
    read_images(Datums(folder))


def make_leveldb(folder: Path) -> None:
    with plyvel.DB(str(folder), create_if_missing=True) as database:
        for number, pixels in enumerate(PIXELS):
            planes = pixels.transpose(2, 0, 1)
            datum = PROTO["Datum"](channels=3, height=9, width=7, data=planes.tobytes(), label=number)
            database.put(b"%08d" % number, datum.SerializeToString())
        database.compact_range()
    for number, table in enumerate(folder.glob("*.ldb")):
        assert number == 0, "so few images are in one table"
        assert table.name == LEVELDB_TABLE


LEVELDB_TABLE = "000005.ldb"


def leveldb(file: str) -> Kind:
    return Kind(file, make_leveldb, read_lmdb)


def hdf5(**options: object) -> Kind:
    def make(folder: Path) -> None:
        with h5py.File(folder / "d.h5", "w") as file:
            file.create_dataset("data", data=PIXELS.astype(np.float32), **options)
            file.create_dataset("label", data=np.arange(6, dtype=np.float32))

    def read(folder: Path) -> None:
        read_piece(folder / "d.h5", ("data", "label"))
        Table([folder / "d.h5"], ("data", "label")).rows(np.array([5, 0, 3]))

    return Kind("d.h5", make, read)


def make_tar(folder: Path) -> None:
    with tarfile.open(folder / "0.tar", "w") as tar:
        for number, pixels in enumerate(PIXELS):
            add(tar, f"{number}.png", encoded(pixels, "PNG"))
            add(tar, f"{number}.cls", str(number).encode())


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, BytesIO(content))


def encoded(pixels: NDArray[np.uint8], form: str) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def make_pack(folder: Path) -> None:
    for number, pixels in enumerate(PIXELS):
        (folder / f"images/{number % 2}").mkdir(parents=True, exist_ok=True)
        (folder / f"images/{number % 2}/{number}.png").write_bytes(encoded(pixels, "PNG"))
    pack(Folder(folder / "images"), folder / "packed", Packing())


def packed(file: str) -> Kind:
    return Kind(f"packed/{file}", make_pack, lambda folder: read_images(open_shards(folder / "packed")))


def image(form: str) -> Kind:
    return Kind(
        f"image.{form.lower()}",
        lambda folder: (folder / f"image.{form.lower()}").write_bytes(encoded(PIXELS[0], form)),
        lambda folder: decode(str(folder / f"image.{form.lower()}")),
    )


def make_texts(folder: Path) -> None:
    for number, pixels in enumerate(PIXELS):
        (folder / f"{number}.png").write_bytes(encoded(pixels, "PNG"))
    (folder / "list.txt").write_text("".join(f"{folder}/{number}.png {number}\n" for number in range(6)))
    (folder / "boxes.csv").write_text("".join(f'{n}.png,"cat",1,1,{n + 2}.5,8\n' for n in range(6)))
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>6</ymax></bndbox>"
    for number in range(2):
        voc = f"<annotation><filename>{number}.png</filename><object><name>cat</name>{box}</object></annotation>"
        (folder / f"{number}.xml").write_text(voc)


# ---- recipes and runs
def recipe(name: str, text: str) -> Kind:
    return Kind(
        name, lambda folder: (folder / name).write_text(text), lambda folder: read_recipe_file(folder / name).recipe
    )


SOLVER = """net: "lenet.prototxt"
test_iter: 100 test_interval: 500 base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005
lr_policy: "inv" gamma: 0.0001 power: 0.75 display: 100 max_iter: 10000
stepvalue: 5000 stepvalue: 7000 snapshot: 5000 snapshot_prefix: "lenet" solver_mode: CPU type: "SGD"
"""
FACTS = {
    "command": "netdef train small.net",
    "request": {"net": {"file": "small.net", "set": {"n": 1}}, "data": {"data": "digits"}, "hardware": {"devices": 2}},
    "launch": None,
    "classes": ["a", "b"],
    "preprocess": {"channels": "GREY", "mean": [78.0], "scale": 0.01, "resize": 9, "crop": 8},
    "test": {"net": {"file": "small.net"}, "preprocess": {"channels": "GREY", "mean": [], "resize_to": [3, 4]}},
    "devices": 1,
    "parts": 1,
    "identity": {"net": {"name": "small"}, "recipe": {"augment": {"scale": [8, 9]}}},
    "result": {"iteration": 3, "top1_error": 0.5},
}
LINES = [
    {"iteration": n, "epoch": n / 10, "loss": 2 / n, "lr": 0.1, "seconds": n / 2, "top1_error": 0.5}
    for n in range(1, 9)
]


def make_run(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps(FACTS, indent=2))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    write_weights(folder / "best.safetensors", WEIGHTS)
    (folder / "checkpoints").mkdir()
    history = {"conv/0": np.zeros((4, 3, 3, 3), np.float32)}
    save(folder / "checkpoints", Checkpoint(3, (-0.5,), WEIGHTS, history, "x"))


def read_run(folder: Path) -> None:
    run = Run(folder)
    found = trained_run(str(folder))
    for ask in (
        lambda: run.request.as_data,
        lambda: run.evaluations,
        lambda: read_history(folder),
        lambda: run.is_finished,
        lambda: read_all(best_weights(folder)),
        lambda: found and found.classes,
        lambda: found and found.preprocess,
        lambda: found and found.data,
        lambda: found and found.net,
        lambda: found and found.scale,
        lambda: newest(run.checkpoints, "x"),
        lambda: run.cut_back(4),
    ):
        ask()


def run_with(file: str) -> Kind:
    return Kind(file, make_run, read_run)


KINDS: dict[str, Kind] = {
    "safetensors": weights(".safetensors"),
    "npz": weights(".npz"),
    "caffemodel": Kind("w.caffemodel", make_caffemodel, lambda folder: read_all(folder / "w.caffemodel")),
    "binaryproto": Kind("mean.binaryproto", make_mean, read_mean_file),
    "posteriors.npz": posteriors(".npz"),
    "posteriors.safetensors": posteriors(".safetensors"),
    "descriptors.npz": descriptors(".npz"),
    "descriptors.safetensors": descriptors(".safetensors"),
    "leveldb table": leveldb(LEVELDB_TABLE),
    "leveldb current": leveldb("CURRENT"),
    "lmdb": Kind("data.mdb", make_lmdb, read_lmdb),
    "hdf5": hdf5(),
    "hdf5 in chunks": hdf5(chunks=(2, 9, 7, 3), compression="gzip"),
    "tar": Kind("0.tar", make_tar, lambda folder: read_images(open_shards(folder / "0.tar"))),
    "index.json": packed("index.json"),
    "index.npy": packed("index.npy"),
    "packed tar": packed("000000.tar"),
    "list": Kind("list.txt", make_texts, lambda folder: read_images(Listing(folder / "list.txt"))),
    "csv": Kind("boxes.csv", make_texts, lambda folder: read_images(open_csv(folder / "boxes.csv", None))),
    "voc": Kind("0.xml", make_texts, lambda folder: read_images(open_voc(folder, None))),
    "png": image("PNG"),
    "jpeg": image("JPEG"),
    "gif": image("GIF"),
    "bmp": image("BMP"),
    "tiff": image("TIFF"),
    "webp": image("WEBP"),
    "yaml": recipe("r.yaml", (ROOT / "nets/vgg.yaml").read_text()),
    "json recipe": recipe("r.json", json.dumps({"epochs": 3, "lr": {"policy": "step", "base": 0.1, "stepsize": 5}})),
    "solver": recipe("solver.prototxt", SOLVER),
    "manifest": run_with(MANIFEST),
    "metrics": run_with("metrics.jsonl"),
    "checkpoint": run_with("checkpoints/00000003.safetensors"),
    "best": run_with("best.safetensors"),
}
"""By name; a name and a number are a case."""


# ---- damage
NUMBERS = [
    0,
    1,
    -1,
    2,
    7,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63 - 1,
    2**64 - 1,
]
WORDS = [
    *(b"%d" % number for number in NUMBERS), b"9" * 30, b"9" * 400, b"9" * 5_000, b"1e999", b"1e308", b"nan",
    b"-1e-400", b"null", b"true", b"[]", b"{}", b'""', b"[[[[[[[[" * 500, b"{" * 3_000, b'"', b"'", b"\\", b"\0",
    b"\xff", b"\xed\xa0\x80", b"\r", b"\n\n", b",", b":", b"- ", b"&a *a", b"!!python/object:os.system", b"<<",
    b"\x1b[31m", b"../../etc/passwd", b"/dev/zero", b"&x;", b"A" * 140_000, b"%", b"0x10", b"1_0", b"\xc3\xa9",
    b"\xe2\x80\xa8",
]  # fmt: skip


def damaged(content: bytes, kind: str, number: int) -> bytes:
    """A file of some kind, damaged in the way that its number says."""
    chance = random.Random(f"{kind} {number}")
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        chance.choice(DAMAGES)(data, chance)
    return bytes(data)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.choice([chance.randrange(len(data) + 1), max(0, len(data) - chance.randrange(20))]) :]


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 20]) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def put_number(data: bytearray, chance: random.Random) -> None:
    """A number over what may be a length or an offset."""
    width = chance.choice([1, 2, 4, 8])
    at = chance.choice([chance.randrange(len(data) + 1), chance.randrange(min(64, len(data) + 1))])
    number = chance.choice(NUMBERS) & (1 << 8 * width) - 1
    data[at : at + width] = number.to_bytes(width, chance.choice(["little", "big"]))


def put_word(data: bytearray, chance: random.Random) -> None:
    """A word instead of another, or between two."""
    spans = words_in(data) if chance.random() < 0.7 else []
    at, end = chance.choice(spans) if spans else (chance.randrange(len(data) + 1),) * 2
    data[at:end] = chance.choice(WORDS)


def words_in(data: bytearray) -> list[tuple[int, int]]:
    """Where numbers and words stand in a text, or what looks so."""
    return [match.span() for match in re.finditer(rb'[0-9.eE+-]+|"[^"]*"|[A-Za-z_]+', data[:5_000])]


def repeat(data: bytearray, chance: random.Random) -> None:
    """A region twice, or over another."""
    start = chance.randrange(len(data) + 1)
    region = data[start : start + chance.choice([1, 8, 100, 512, 4_096])]
    at = chance.randrange(len(data) + 1)
    data[at : at + (len(region) if chance.random() < 0.5 else 0)] = region


def remove(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.choice([1, 4, 100, 512])]


def zero(data: bytearray, chance: random.Random) -> None:
    """Blocks that a disk never wrote."""
    at = chance.randrange(len(data) + 1) // 512 * 512
    end = min(len(data), at + chance.choice([16, 512, 4_096]))
    data[at:end] = bytes(max(0, end - at))


def change_lines(data: bytearray, chance: random.Random) -> None:
    """Lines in another order, or one many times."""
    lines = bytes(data).split(b"\n")
    if chance.random() < 0.5:
        chance.shuffle(lines)
    else:
        lines.insert(chance.randrange(len(lines)), b"\n".join([chance.choice(lines)] * chance.choice([2, 100])))
    data[:] = b"\n".join(lines)[:2_000_000]


def swap_halves(data: bytearray, _: random.Random) -> None:
    """Numbers of the other byte order."""
    for at in range(0, len(data) - 3, 4):
        data[at : at + 4] = struct.pack("<I", *struct.unpack(">I", data[at : at + 4]))


DAMAGES: list[Callable[[bytearray, random.Random], None]] = [
    *[cut, flip, put_number, put_word] * 3, repeat, remove, zero, change_lines, swap_halves
]  # fmt: skip
