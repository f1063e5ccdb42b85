"""Shards: what Python's tarfile reads in them, and what a folder of images has."""

import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netdef.cli import main
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TrainingBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.shards import open_shards
from netdef.runtime.data.datasets.source import open_data, open_test
from netdef.runtime.data.loading import stream


def same(ours: Dataset, theirs: Dataset) -> None:
    assert (list(ours.labels), ours.classes) == (list(theirs.labels), theirs.classes)
    assert all(np.array_equal(ours.image(i), theirs.image(i)) for i in range(len(theirs)))


def write_pets(folder: Path) -> Path:
    """Two parts of two classes, images of some sizes as PNG and JPEG."""
    draws = np.random.default_rng(0)
    for part, num in (("train", 7), ("val", 3)):
        for name in ("cat", "dog"):
            of_class = folder / part / name
            of_class.mkdir(parents=True)
            for number in range(num):
                pixels = draws.integers(0, 256, (5 + number, 9, 3), np.uint8)
                Image.fromarray(pixels).save(of_class / f"{number}.v1.{'jpg' if number % 2 else 'png'}")
    return folder


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return write_pets(tmp_path / "pets")


def test_shards_have_the_folders_images(pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["pack", str(pets), str(out)]) == 0
    assert f"{out}/train: 14 images of 2 classes, shards: 1" in capsys.readouterr().out
    data = open_data(str(out))
    same(data.train, Folder(pets / "train"))
    same(data.test, Folder(pets / "val"))
    same(open_test(str(out), ("cat", "dog")), Folder(pets / "val"))


def test_pythons_tarfile_reads_a_shard(pets: Path, tmp_path: Path) -> None:
    main(["pack", str(pets), str(tmp_path / "out")])
    folder = Folder(pets / "train")
    with tarfile.open(tmp_path / "out/train/000000.tar") as tar:
        members = tar.getmembers()
        assert all(member.name.count(".") == 1 for member in members), "WebDataset ends a key at the first dot"
        keys = list(dict.fromkeys(member.name.split(".")[0] for member in members))
        contents = {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert len(keys) == len(folder)
    for key, path, label in zip(keys, folder.paths, folder.labels, strict=True):
        assert contents[f"{key}.cls"] == str(label).encode()
        assert contents[key + Path(path).suffix] == Path(path).read_bytes()


def test_small_shards_and_random_access(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from netdef.runtime.data import packing
    from netdef.runtime.data.datasets import shards

    monkeypatch.setattr(shards, "MOST_OPEN", 2)
    packing.pack_parts(str(pets / "train"), tmp_path / "out", packing.Packing(shard_bytes=4096))
    data = open_shards(tmp_path / "out")
    assert len(data.index.shards) > 3
    expected = Folder(pets / "train")
    for index in np.random.default_rng(1).permutation(len(expected)).tolist() * 2:
        assert data.encoded(index) == Path(expected.paths[index]).read_bytes()
        assert np.array_equal(data.read(index), expected.image(index))


def test_an_index_is_made_where_none_is(pets: Path, tmp_path: Path) -> None:
    from netdef.runtime.data import packing

    packing.pack_parts(str(pets / "train"), tmp_path / "out", packing.Packing(shard_bytes=4096))
    packed = open_shards(tmp_path / "out")
    (tmp_path / "out/index.json").unlink()
    scanned = open_shards(tmp_path / "out")
    assert np.array_equal(scanned.index.places, packed.index.places)
    assert scanned.classes == ("0", "1")


def test_a_tar_of_class_folders(shared: Path) -> None:
    """cifar10-dev as it is: its members in the order of the folders that tar makes of it."""
    path = shared / "data/cifar10-dev"
    data = open_data(str(path))
    assert (len(data.train), len(data.test)) == (5000, 1000)
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    assert data.train.classes == data.test.classes == classes
    with tarfile.open(path / "test.tar") as tar:
        member = tar.getmember("test/dog/0042.jpg")
        with Image.open(tar.extractfile(member)) as image:  # type: ignore[arg-type]
            assert np.array_equal(data.test.image(542), np.asarray(image))
    assert data.test.labels[542] == 5


@pytest.mark.slow
def test_cifar10_packed_is_the_folder(shared: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        with tarfile.open(shared / f"data/cifar10-dev/{part}.tar") as tar:
            tar.extractall(tmp_path / "cifar", filter="data")
    assert main(["pack", str(tmp_path / "cifar"), str(tmp_path / "out"), "--shard-size", "1"]) == 0
    data = open_data(str(tmp_path / "out"))
    same(data.train, Folder(tmp_path / "cifar/train"))
    same(data.test, Folder(tmp_path / "cifar/test"))


def test_other_processes_read_the_same(pets: Path, tmp_path: Path) -> None:
    main(["pack", str(pets / "train"), str(tmp_path / "out")])
    data = open_shards(tmp_path / "out")
    data.image(3)
    again = pickle.loads(pickle.dumps(data))
    assert np.array_equal(again.image(3), data.image(3))
    batches = TrainingBatches(data, ImageCrop(Pair(4, 4), 3), 5, seed=1)
    for ours, theirs in zip(stream(batches, range(3), 0), stream(batches, range(3), 2), strict=True):
        assert ours["data"].equal(theirs["data"])


def refused(path: Path) -> str:
    with pytest.raises(NetError) as caught:
        open_shards(path)
    (mistake,) = caught.value.report
    assert mistake.code == "N771"
    return mistake.message


def test_damaged_shards(pets: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["pack", str(pets / "train"), str(out)])
    whole = (out / "000000.tar").read_bytes()
    (out / "000000.tar").write_bytes(whole[:5000])
    assert "5,000 bytes long, and was packed with" in refused(out)
    facts = json.loads((out / "index.json").read_text())
    facts["shards"][0]["bytes"] = 5000
    (out / "index.json").write_text(json.dumps(facts))
    assert "contradicts itself" in refused(out)
    (out / "index.json").write_text("{")
    assert "can't be read" in refused(out)
    (out / "index.json").unlink()
    assert "can't be read as a tar file" in refused(out)
    (out / "000000.tar").write_bytes(b"no tar" * 200)
    assert "can't be read as a tar file" in refused(out)
    with tarfile.open(out / "000000.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("notes.txt"))
    assert "has no images" in refused(out)


def test_a_shard_outside_the_folder_is_not_read(pets: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["pack", str(pets / "train"), str(out)])
    facts = json.loads((out / "index.json").read_text())
    facts["shards"][0]["name"] = "../../etc/passwd"
    (out / "index.json").write_text(json.dumps(facts))
    assert f"{out}/passwd is not there" in refused(out)
