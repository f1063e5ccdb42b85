"""Data layers: what they read, against what real Caffe's tools wrote, OpenCV and numpy."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file

import netdef
from netdef.cli import main
from netdef.compiler.load import load, state_of
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TestBatches, TrainingBatches
from netdef.runtime.data.data_layers import open_layers, samples_of
from netdef.runtime.data.datasets.databases import open_database
from netdef.runtime.data.datasets.datums import Datums
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.layer_feed import LayerFeed, feed_of
from netdef.runtime.data.loading import stream
from netdef.runtime.data.packing import Packing, pack
from netdef.runtime.data.resize import resize_bilinear
from netdef.runtime.evaluation import Loss
from netdef.runtime.training.recipe.schedule import Moment, Plateau
from tests.compiler.caffe_proto import PROTO

lmdb = pytest.importorskip("lmdb")
h5py = pytest.importorskip("h5py")


def database(path: Path, datums: list[Any]) -> Path:
    with lmdb.open(str(path), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for number, datum in enumerate(datums):
            transaction.put(f"{number:08}".encode(), datum.SerializeToString())
    return path


def datum(pixels: NDArray[np.uint8], label: int) -> Any:
    channels, height, width = pixels.shape
    sizes = {"channels": channels, "height": height, "width": width}
    return PROTO["Datum"](**sizes, data=pixels.tobytes(), label=label)


def feed(path: Path, phase: str) -> tuple[LayerFeed, Any]:
    opened = open_layers(str(path), {}, state_of(phase))
    net = load(path, phase=phase, samples=samples_of(opened))
    return feed_of(net, opened), net


def fed(feed: LayerFeed, iteration: int, seed: int = 0) -> dict[str, torch.Tensor]:
    batches = TrainingBatches(feed.data, feed.feed.crop, feed.batch_size, seed, shuffled=feed.feed.shuffled)
    return feed.feed.inputs(batches[iteration], torch.device("cpu"))


CHANCE = np.random.default_rng(0)
PIXELS = CHANCE.integers(0, 256, (5, 3, 7, 6), np.uint8)
"""Five images, blue first."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A database of the five images, their mean, and a net's end."""
    database(tmp_path / "db", [datum(pixels, number) for number, pixels in enumerate(PIXELS)])
    mean = PROTO["BlobProto"](num=1, channels=3, height=7, width=6)
    mean.data.extend(MEAN.ravel().tolist())
    (tmp_path / "mean.binaryproto").write_bytes(mean.SerializeToString())
    return tmp_path


MEAN = CHANCE.uniform(0, 255, (3, 7, 6)).astype(np.float32)


def net(home: Path, transform: str = "", source: str = "db", more: str = "") -> Path:
    path = home / "net.prototxt"
    path.write_text(
        f"""layer {{ name: "d" type: "Data" top: "data" top: "label" transform_param {{ {transform} }}
        data_param {{ source: "{source}" batch_size: 3 backend: LMDB {more} }} }}"""
    )
    return path


# ---- what real Caffe made
@pytest.mark.parametrize(("part", "num"), [("train", 600), ("test", 200)])
def test_caffes_databases(shared: Path, part: str, num: int) -> None:
    path = shared / f"oracle/train/{part}_lmdb"
    data = Datums(path)
    assert (len(data), data.classes) == (num, tuple("0123456789"))
    for number, (_, value) in enumerate(open_database(path).items()):
        theirs = PROTO["Datum"].FromString(bytes(value))
        assert data.labels[number] == theirs.label
        planes = np.frombuffer(theirs.data, np.uint8).reshape(theirs.channels, theirs.height, theirs.width)
        assert np.array_equal(data.image(number), planes[::-1].transpose(1, 2, 0))


def test_caffes_mean_is_the_databases(shared: Path) -> None:
    """compute_image_mean's file against numpy; and the layer subtracts it, and scales."""
    path = shared / "oracle/train/train_val.prototxt"
    train, net = feed(path, "TRAIN")
    assert net.inputs == {"data": (50, 3, 32, 32), "label": (50,)}
    images = np.stack([train.data.image(i) for i in range(600)])[..., ::-1].transpose(0, 3, 1, 2)
    expected = (images[50:100] - images.mean(axis=0)) * 0.0125
    inputs = fed(train, 1)
    np.testing.assert_allclose(inputs["data"].numpy(), expected, atol=1e-5)
    assert inputs["label"].tolist() == train.data.labels[50:100]
    assert fed(train, 12)["label"].tolist() == train.data.labels[:50], "the data begins again"
    test, net = feed(path, "TEST")
    assert (len(test.data), test.batch_size, net.inputs["data"]) == (200, 40, (40, 3, 32, 32))


def test_worker_processes_read_the_same(shared: Path) -> None:
    train, _ = feed(shared / "oracle/train/train_val.prototxt", "TRAIN")
    batches = TrainingBatches(train.data, train.feed.crop, 7, 0)
    for ours, theirs in zip(stream(batches, range(4), 0), stream(batches, range(4), 2), strict=True):
        assert ours["data"].equal(theirs["data"])
    again = pickle.loads(pickle.dumps(train.data))
    assert np.array_equal(again.read(5), train.data.image(5))


# ---- transform_param
def test_without_a_transform_the_net_gets_the_bytes(home: Path) -> None:
    train, _ = feed(net(home), "TRAIN")
    row = np.concatenate([fed(train, iteration)["data"].numpy() for iteration in range(5)])
    np.testing.assert_array_equal(row, np.concatenate([PIXELS] * 3))


def test_mean_values_and_scale(home: Path) -> None:
    train, _ = feed(net(home, "mean_value: 10 mean_value: 20 mean_value: 30 scale: 0.5"), "TRAIN")
    expected = (PIXELS[:3] - np.array([10, 20, 30], np.float32).reshape(3, 1, 1)) * np.float32(0.5)
    np.testing.assert_array_equal(fed(train, 0)["data"].numpy(), expected)


def test_the_centre_in_test(home: Path) -> None:
    test, _ = feed(net(home, 'crop_size: 4 mean_file: "mean.binaryproto"'), "TEST")
    batches = TestBatches(test.data, test.feed.crop, 2)
    found = torch.cat([test.feed.inputs(batch, torch.device("cpu"))["data"] for batch in stream(batches, range(3), 0)])
    expected = PIXELS[:, :, 1:5, 1:5] - MEAN[:, 1:5, 1:5]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_a_test_is_mirrored_by_chance_and_always_alike(home: Path) -> None:
    """Caffe's data_transformer.cpp mirrors in every phase; what is mirrored depends on the sample alone."""
    test, _ = feed(net(home, "mirror: true"), "TEST")
    whole, single = (TestBatches(test.data, test.feed.crop, size) for size in (5, 1))
    found = whole[0]["data"].numpy()
    np.testing.assert_array_equal(found, np.concatenate([single[index]["data"].numpy() for index in range(5)]))
    plain = PIXELS[:, ::-1].transpose(0, 2, 3, 1)
    mirrored = [np.array_equal(image, each[:, ::-1]) for image, each in zip(found, plain, strict=True)]
    assert 0 < sum(mirrored) < 5
    for image, each, turned in zip(found, plain, mirrored, strict=True):
        np.testing.assert_array_equal(image, each[:, ::-1] if turned else each)


def test_rand_skip_is_not_silent(home: Path) -> None:
    _, loaded = feed(net(home, more="rand_skip: 3"), "TRAIN")
    (warning,) = loaded.report.warnings
    assert warning.primary is not None
    assert (warning.code, warning.primary.span.text) == ("N785", "3")


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_mean_is_cropped_and_mirrored_as_its_image(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    home = tmp_path_factory.mktemp("home")
    database(home / "db", [datum(pixels, number) for number, pixels in enumerate(PIXELS)])
    mean = PROTO["BlobProto"](num=1, channels=3, height=7, width=6)
    mean.data.extend(MEAN.ravel().tolist())
    (home / "mean.binaryproto").write_bytes(mean.SerializeToString())
    train, _ = feed(net(home, 'crop_size: 4 mean_file: "mean.binaryproto" mirror: true scale: 2'), "TRAIN")
    found = fed(train, 0, seed)["data"].numpy()
    for number in range(3):
        whole = (PIXELS[number] - MEAN) * 2
        windows = [whole[:, top : top + 4, left : left + 4] for top in range(4) for left in range(3)]
        candidates = [w for window in windows for w in (window, window[:, :, ::-1])]
        assert min(np.abs(found[number] - each).max() for each in candidates) < 1e-4


def test_every_window_and_both_sides_are_seen(home: Path) -> None:
    train, _ = feed(net(home, "crop_size: 6 mirror: true"), "TRAIN")
    seen = {fed(train, 0, seed)["data"][0].numpy().tobytes() for seed in range(60)}
    assert len(seen) == 2 * 1 * 2


def test_images_in_files_inside_a_database(tmp_path: Path) -> None:
    pixels = PIXELS[0].transpose(1, 2, 0)
    content = cv2.imencode(".png", pixels)[1].tobytes()
    grey = cv2.imencode(".png", pixels[:, :, 0])[1].tobytes()
    both = [PROTO["Datum"](encoded=True, data=data, label=0) for data in (content, grey)]
    data = Datums(database(tmp_path / "db", both))
    np.testing.assert_array_equal(data.image(0), pixels[:, :, ::-1])
    np.testing.assert_array_equal(data.image(1), pixels[:, :, :1])


def test_numbers_inside_a_database(tmp_path: Path) -> None:
    """float_data reach the net as they are, less the mean, and are cut as images are."""
    numbers = CHANCE.normal(size=(3, 2, 4, 5)).astype(np.float32)
    datums = [PROTO["Datum"](channels=2, height=4, width=5, float_data=each.ravel(), label=1) for each in numbers]
    database(tmp_path / "db", datums)
    test, loaded = feed(net(tmp_path, "crop_size: 3 mean_value: 1 scale: 2"), "TEST")
    assert loaded.inputs["data"] == (3, 2, 3, 3)
    np.testing.assert_allclose(fed(test, 0)["data"].numpy(), (numbers[:, :, :3, 1:4] - 1) * 2, rtol=1e-6)
    with pytest.raises(NetError, match="sample 0 is no image: 2 channels of float32"):
        pack(test.data, tmp_path / "packed", Packing())


def test_a_leveldb_is_what_its_writer_put_in(home: Path) -> None:
    """Caffe's default backend; in several processes too."""
    plyvel = pytest.importorskip("plyvel")
    with plyvel.DB(str(home / "level"), create_if_missing=True) as written:
        for number, pixels in enumerate(PIXELS):
            written.put(f"{number:08}".encode(), datum(pixels, number).SerializeToString())
    path = net(home, source="level")
    path.write_text(path.read_text().replace("backend: LMDB", ""))
    train, _ = feed(path, "TRAIN")
    test, _ = feed(path, "TEST")
    assert test.data.labels == train.data.labels == list(range(5))
    batches = TrainingBatches(train.data, train.feed.crop, 5, 0, shuffled=False)
    for num_workers in (0, 2):
        for batch in stream(batches, range(3), num_workers):
            np.testing.assert_array_equal(batch["data"].numpy(), PIXELS[:, ::-1].transpose(0, 2, 3, 1))
    (home / "broken").mkdir()
    (home / "broken/CURRENT").write_text("MANIFEST-000002\n")
    mistake = refused(net(home, source="broken"))
    assert mistake.code == "N772"
    assert "can't be read as a LevelDB" in mistake.message


# ---- ImageData
def test_image_data_is_what_opencv_reads(tmp_path: Path) -> None:
    (tmp_path / "two words").mkdir()
    for number, pixels in enumerate(PIXELS):
        cv2.imwrite(str(tmp_path / f"two words/{number}.png"), pixels.transpose(1, 2, 0))
    (tmp_path / "list.txt").write_text("".join(f"two words/{number}.png {number % 2}\n" for number in range(5)))
    path = tmp_path / "net.prototxt"
    path.write_text(
        """layer { name: "d" type: "ImageData" top: "data" top: "label" image_data_param {
        source: "list.txt" batch_size: 5 new_height: 5 new_width: 9 } }"""
    )
    train, loaded = feed(path, "TRAIN")
    assert loaded.inputs["data"] == (5, 3, 5, 9)
    expected = np.stack([cv2.resize(pixels.transpose(1, 2, 0), (9, 5)) for pixels in PIXELS]).transpose(0, 3, 1, 2)
    inputs = fed(train, 0)
    assert np.abs(inputs["data"].numpy() - expected).max() <= 1
    assert inputs["label"].tolist() == [0, 1, 0, 1, 0]


@given(*[st.integers(1, 40)] * 4, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_resized_as_opencv_does_it(h: int, w: int, new_h: int, new_w: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)
    theirs = cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    assert np.abs(resize_bilinear(image, Pair(new_h, new_w)).astype(int) - theirs.astype(int)).max() <= 1


# ---- HDF5Data
def test_rows_wrap_round_inside_a_batch(tmp_path: Path) -> None:
    """As Caffe does with 5 rows in batches of 3: 0 1 2, 3 4 0, 1 2 3; over the border of two files too."""
    rows = CHANCE.normal(size=(5, 4)).astype(np.float32)
    for name, part in (("a", slice(0, 2)), ("b", slice(2, 5))):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["x"] = rows[part]
            file["y"] = np.arange(5)[part]
    (tmp_path / "list.txt").write_text("a.h5\nb.h5\n")
    path = tmp_path / "net.prototxt"
    path.write_text(
        """layer { name: "d" type: "HDF5Data" top: "x" top: "y"
        hdf5_data_param { source: "list.txt" batch_size: 3 } }"""
    )
    train, loaded = feed(path, "TRAIN")
    assert loaded.inputs == {"x": (3, 4), "y": (3,)}
    for iteration, numbers in enumerate([[0, 1, 2], [3, 4, 0], [1, 2, 3]]):
        inputs = fed(train, iteration)
        np.testing.assert_array_equal(inputs["x"].numpy(), rows[numbers])
        assert inputs["y"].tolist() == numbers
        assert inputs["y"].dtype == torch.float32
    assert (train.data.labels, train.data.classes) == (list(range(5)), tuple("01234"))
    batches = [
        train.feed.inputs(batch, torch.device("cpu"))["y"]
        for batch in stream(TestBatches(train.data, train.feed.crop, 3), range(2), 0)
    ]
    assert torch.cat(batches).tolist() == [0, 1, 2, 3, 4]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_rows_in_any_order(tmp_path_factory: pytest.TempPathFactory, numbers: list[int]) -> None:
    paths = []
    for name, start, stop in (("a", 0, 3), ("b", 3, 7)):
        paths.append(tmp_path_factory.mktemp("h5") / name)
        with h5py.File(paths[-1], "w") as file:
            file["v"] = np.arange(start, stop).reshape(-1, 1, 1) * np.ones((2, 2))
    rows = Table(paths, ["v"]).rows(np.array(numbers))["data"]
    assert rows[:, 1, 1].tolist() == numbers


# ---- several layers
def test_layers_beside_each_other_cycle_by_themselves(home: Path) -> None:
    """As in Caffe: a database of five, and seven rows of another; the label is the second layer's."""
    with h5py.File(home / "rows.h5", "w") as file:
        file["label"] = np.arange(7) * 10.0
        file["mask"] = np.arange(7.0).reshape(7, 1, 1, 1) * np.ones((1, 2, 2))
    (home / "list.txt").write_text("rows.h5\n")
    path = net(home)
    path.write_text(
        path.read_text().replace('top: "label"', "")
        + """layer { name: "e" type: "HDF5Data" top: "label" top: "mask"
        hdf5_data_param { source: "list.txt" batch_size: 3 } }"""
    )
    train, loaded = feed(path, "TRAIN")
    assert list(loaded.inputs) == ["data", "label", "mask"]
    for iteration in range(6):
        row = np.arange(3 * iteration, 3 * iteration + 3)
        inputs = fed(train, iteration)
        np.testing.assert_array_equal(inputs["data"].numpy(), PIXELS[row % 5])
        assert inputs["label"].tolist() == (row % 7 * 10.0).tolist()
        assert inputs["mask"][:, 0, 1, 1].tolist() == (row % 7).tolist()
    batches = TrainingBatches(train.data, train.feed.crop, 3, 0, shuffled=False)
    for batch in stream(batches, range(2), 1):
        assert batch["label"].shape == (3,)


def test_a_sample_is_cut_alike_in_all_layers(home: Path) -> None:
    path = net(home, "crop_size: 4 mirror: true scale: 2")
    path.write_text(path.read_text() + path.read_text().replace('"d"', '"e"').replace('top: "', 'top: "other_'))
    train, _ = feed(path, "TRAIN")
    inputs = fed(train, 1)
    assert inputs["data"].equal(inputs["other_data"])
    assert inputs["label"].tolist() == inputs["other_label"].tolist() == [3, 4, 0]


# ---- mistakes
def refused(path: Path, phase: str = "TRAIN") -> Any:
    with pytest.raises(NetError) as caught:
        fed(feed(path, phase)[0], 0)
    return list(caught.value.report)[-1]


@pytest.mark.parametrize(
    ("transform", "source", "more", "code", "words"),
    [
        ("", "nowhere", "", "N774", "there is no nowhere, looked up from the working folder and"),
        ("", "", "", "N774", "d doesn't say what it reads"),
        ('mean_file: "db2"', "db", "", "N774", "there is no db2"),
        ('mean_file: "db/data.mdb"', "db", "", "N911", "is damaged, or not a mean file"),
        ('mean_file: "mean.binaryproto" mean_value: 3', "db", "", "N774", "both say what is subtracted"),
        ("mean_value: [1, 2]", "db", "", "N774", "2 mean values for 3 channels"),
        ("crop_size: 7", "db", "", "N775", "a crop of 7x7 does not fit an image of 7x6"),
    ],
)
def test_mistakes(home: Path, transform: str, source: str, more: str, code: str, words: str) -> None:
    mistake = refused(net(home, transform, source, more))
    assert mistake.code == code
    assert words in mistake.message


def test_data_that_nobody_reads_here_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not replaced in silence by those that a net without data layers is trained on."""
    monkeypatch.chdir(tmp_path)
    Path("x.net").write_text(
        """
        layer "data" WindowData { top: ["data", "label"] window_data_param { source: "w" batch_size: 4 crop_size: 8 } }
        layer "fc" InnerProduct { bottom: "data" num_output: 10 }
        layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
        """,
        "utf-8",
    )
    with pytest.raises(netdef.NetError, match="the data of a WindowData layer can't be read here"):
        netdef.train("x.net")


def test_a_mean_of_other_images(home: Path) -> None:
    mean = PROTO["BlobProto"](num=1, channels=3, height=6, width=7)
    mean.data.extend([0] * 126)
    (home / "mean.binaryproto").write_bytes(mean.SerializeToString())
    mistake = refused(net(home, 'mean_file: "mean.binaryproto"'))
    assert mistake.code == "N775"
    assert "is 3x6x7, and images are 3x7x6" in mistake.message


@pytest.mark.parametrize(
    ("crop", "size", "words"),
    [
        ("", (9, 6), "an image of 9x6 among others of 7x6"),
        ("crop_size: 5", (4, 6), "an image of 4x6 is smaller than the crop of 5x5"),
    ],
)
def test_images_of_several_sizes(tmp_path: Path, crop: str, size: tuple[int, int], words: str) -> None:
    odd = datum(np.zeros((3, *size), np.uint8), 0)
    database(tmp_path / "db", [datum(PIXELS[0], 0), datum(PIXELS[1], 1), odd])
    mistake = refused(net(tmp_path, crop))
    assert mistake.code == "N775"
    assert words in mistake.message


def test_two_data_layers_of_other_batches(home: Path) -> None:
    path = net(home)
    other = path.read_text().replace('"d"', '"e"').replace('top: "', 'top: "other_')
    path.write_text(path.read_text() + other.replace("batch_size: 3", "batch_size: 4"))
    assert "batches of 3 and 4" in refused(path).message


def broken(**fields: Any) -> Any:
    return PROTO["Datum"](**{"channels": 3, "height": 7, "width": 6, "data": bytes(126), **fields})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (broken(data=bytes(125)), "is said to be 3x7x6, and has 125 numbers"),
        (broken(height=2**31 - 1, width=2**31 - 1), "and has 126 numbers"),
        (broken(data=b"", float_data=[0.5] * 125), "and has 125 numbers"),
        (broken(data=b"\xff\xd8 no image", encoded=True), "cannot be read as an image"),
    ],
)
def test_broken_datums(tmp_path: Path, bad: Any, words: str) -> None:
    data = Datums(database(tmp_path / "db", [datum(PIXELS[0], 0), bad]))
    with pytest.raises(NetError, match=words):
        data.image(1)


def test_broken_databases(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NetError, match="N772"):
        Datums(tmp_path / "empty")
    (tmp_path / "empty/data.mdb").write_bytes(b"no database" * 1000)
    with pytest.raises(NetError, match="N772"):
        Datums(tmp_path / "empty")
    with pytest.raises(NetError, match="is empty"):
        Datums(database(tmp_path / "none", []))
    with (
        lmdb.open(str(tmp_path / "other"), map_size=2**20) as environment,
        environment.begin(write=True) as transaction,
    ):
        transaction.put(b"0", b"\x0f\xff")
    with pytest.raises(NetError, match=r"key 0 is no Datum of Caffe's"):
        Datums(tmp_path / "other")


def test_broken_tables(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = np.zeros((3, 2)), np.zeros(4)
    (tmp_path / "b.h5").write_bytes(b"no HDF5")
    for path, names, words in (
        ("a.h5", ["x", "y"], "different numbers of rows: x 3, y 4"),
        ("a.h5", ["z"], "has no rows called z"),
        ("b.h5", ["x"], "can't be read as HDF5"),
    ):
        with pytest.raises(NetError, match=words):
            Table([tmp_path / path], names)


# ---- the whole road
def test_caffes_losses_from_caffes_data(shared: Path, tmp_path: Path) -> None:
    """The first 30 iterations of BVLC Caffe's own run, at its first learning rate."""
    train = shared / "oracle/train"
    recipe = "iterations: 30\nlr: 0.02\nsolver: {type: SGD, momentum: 0.9, weight_decay: 0.004}\n"
    (tmp_path / "recipe.yaml").write_text(recipe)
    command = ["train", str(train / "train_val.prototxt"), "--recipe", str(tmp_path / "recipe.yaml")]
    assert main([*command, "--weights", str(train / "init.caffemodel"), "-o", str(tmp_path / "run")]) == 0
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    with np.load(train / "expected.npz") as expected:
        losses = expected["loss"][:30]
    np.testing.assert_allclose([line["loss"] for line in lines], losses, rtol=1e-3)


def test_caffes_test_from_caffes_data(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = shared / "oracle/train"
    weights = ["--weights", str(train / "init.caffemodel")]
    assert main(["evaluate", str(train / "train_val.prototxt"), *weights, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    with np.load(train / "expected.npz") as expected:
        accuracy = float(expected["test0"][1])
    assert (result["num"], 1 - result["top1_error"]) == (200, pytest.approx(accuracy, abs=1e-6))


def test_a_table_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labels = np.arange(60) % 3
    with h5py.File("rows.h5", "w") as file:
        file["x"] = np.eye(3, dtype=np.float32)[labels]
        file["y"] = labels.astype(np.float32)
    Path("list.txt").write_text("rows.h5\n")
    Path("net.net").write_text("""
    layer "rows" HDF5Data { top: ["x", "y"] source: "list.txt" batch_size: 7 shuffle: true }
    layer "fc" InnerProduct { bottom: "x" num_output: 3 weight_filler { type: "xavier" } }
    layer "loss" SoftmaxWithLoss { bottom: ["fc", "y"] }
    """)
    assert main(["train", "net.net", "--epochs", "5", "--lr", "0.5", "-o", "run"]) == 0
    last = json.loads(Path("run/metrics.jsonl").read_text().splitlines()[-1])
    assert last["top1_error"] == 0


def rows(home: Path, **blobs: NDArray[Any]) -> None:
    """An HDF5 file in a list ``rows.txt``."""
    with h5py.File(home / "rows.h5", "w") as file:
        for name, values in blobs.items():
            file[name] = np.asarray(values, np.float32)
    (home / "rows.txt").write_text("rows.h5\n")


def trained(home: Path, tops: str, rest: str, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Train on ``rows``, with a test after each epoch; the status, and the metrics that tests left."""
    layer = f'layer "rows" HDF5Data {{ top: [{tops}] source: "rows.txt" batch_size: 4 }}'
    (home / "net.net").write_text(f"{layer}\n{rest}")
    status = main(["train", "net.net", "-o", "run", *arguments])
    lines = (home / "run/metrics.jsonl").read_text().splitlines() if status == 0 else []
    return status, [line for line in map(json.loads, lines) if "test_loss" in line]


FC = 'layer "fc" InnerProduct { bottom: "x" num_output: %d weight_filler { type: "xavier" } }\n'
DISTANCE = 'layer "loss" EuclideanLoss { bottom: ["fc", "y"] }'


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_a_net_without_class_scores_is_judged_by_its_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], weight: float
) -> None:
    """Targets of any shape; the least loss is the best, and the mean over all samples is what numpy says."""
    monkeypatch.chdir(tmp_path)
    x, y = CHANCE.normal(size=(10, 3)), CHANCE.normal(size=(10, 2, 1))
    rows(tmp_path, x=x, y=y)
    loss = DISTANCE.replace("}", f"loss_weight: {weight} }}")
    status, tests = trained(tmp_path, '"x", "y"', FC % 2 + loss, "--lr", "0.3", "--epochs", "8")
    assert (status, len(tests)) == (0, 8)
    assert "top1_error" not in tests[-1]
    out, err = capsys.readouterr()
    least = min(line["test_loss"] for line in tests)
    assert f"best: test loss {least:.4f}" in out
    assert "next: netdef evaluate run" in out
    assert "as stored" not in err
    best = load_file("run/best.safetensors")
    weights, bias = (next(v for k, v in best.items() if k.endswith(end)) for end in ("fc/0", "fc/1"))
    distances = ((x @ weights.T + bias - y.reshape(10, 2)) ** 2).sum(1) / 2
    assert least == pytest.approx(weight * distances.mean(), rel=1e-5)


def test_a_net_that_takes_no_labels_is_judged_by_its_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path, x=CHANCE.normal(size=(8, 3)))
    own = 'layer "loss" EuclideanLoss { bottom: ["fc", "x"] }'
    assert trained(tmp_path, '"x"', FC % 3 + own, "--scores", "fc")[0] == 1
    assert "have no labels that are numbers of classes" in capsys.readouterr().err
    assert not Path("run").exists()
    status, tests = trained(tmp_path, '"x"', FC % 3 + own, "--epochs", "1")
    assert (status, len(tests)) == (0, 1)
    assert main(["train", "net.net", "--dry-run"]) == 0


def test_whole_numbers_are_no_classes_where_nothing_reads_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path, x=CHANCE.normal(size=(8, 3)), y=np.arange(8) - 5)
    own = 'layer "same" Power { bottom: "fc" } layer "loss" EuclideanLoss { bottom: ["fc", "y"] }'
    status, tests = trained(tmp_path, '"x", "y"', FC % 1 + own, "--epochs", "1", "--lr", "1e-3")
    assert (status, tests[0].keys() & {"test_loss", "top1_error"}) == (0, {"test_loss"})


def test_data_of_two_layers_are_both_known_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def write(name: str, numbers: NDArray[np.float64]) -> None:
        Path(f"{name}.h5").unlink(missing_ok=True)  # of which somebody holds the old one open
        with h5py.File(f"{name}.h5", "w") as file:
            file[name] = numbers
        Path(f"{name}.txt").write_text(f"{name}.h5\n")

    write("x", CHANCE.normal(size=(8, 3)))
    write("y", CHANCE.normal(size=(8, 2)))
    Path("net.net").write_text(
        """layer "a" HDF5Data { top: "x" source: "x.txt" batch_size: 2 }
        layer "b" HDF5Data { top: "y" source: "y.txt" batch_size: 2 }
        layer "fc" InnerProduct { bottom: "x" num_output: 2 weight_filler { type: "xavier" } }
        layer "loss" EuclideanLoss { bottom: ["fc", "y"] }"""
    )
    assert main(["train", "net.net", "--epochs", "1", "-o", "run"]) == 0
    assert main(["train", "--resume", "-o", "run"]) == 0
    write("y", CHANCE.normal(size=(8, 2)))
    assert main(["train", "--resume", "-o", "run"]) == 1
    assert "data.train.images" in capsys.readouterr().err


def test_a_plateau_of_a_loss_is_one_where_it_stops_falling() -> None:
    scores = tuple(Loss(4, summed).score for summed in (8.0, 6.0, 7.0, 7.5, 5.0))
    rate = Plateau(base=1.0, patience=2)
    assert [rate.rate(Moment(0, scores=scores[:num])) for num in range(3, 6)] == [1.0, 0.1, 0.1]
    assert scores[0] > Loss(4, math.nan).score > -math.inf


def test_labels_in_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """(N, 1) as Caffe takes it, by count."""
    monkeypatch.chdir(tmp_path)
    labels = np.arange(12) % 3
    rows(tmp_path, x=np.eye(3)[labels], y=labels[:, None])
    loss = 'layer "loss" SoftmaxWithLoss { bottom: ["fc", "y"] }'
    status, tests = trained(tmp_path, '"x", "y"', FC % 3 + loss, "--lr", "0.5", "--epochs", "6")
    assert (status, tests[-1]["top1_error"]) == (0, 0)


@pytest.mark.parametrize("mark", [-1, 255])
def test_samples_whose_label_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mark: int
) -> None:
    """Caffe's ignore_label: they count neither in the loss nor among the errors."""
    monkeypatch.chdir(tmp_path)
    labels = np.arange(12) % 3
    x, marked = np.eye(3)[labels], labels.copy()
    x[3:6] = x[[4, 5, 3]]  # were these to count, the net would be wrong
    marked[3:6] = mark
    rows(tmp_path, x=x, y=marked)
    told = f"ignore_label: {mark}"
    loss = f'layer "loss" SoftmaxWithLoss {{ bottom: ["fc", "y"] loss_param {{ {told} }} }}\n'
    measure = f'layer "acc" Accuracy {{ bottom: ["fc", "y"] {told} include {{ phase: TEST }} }}'
    more = "--lr", "0.5", "--epochs", "6"
    status, tests = trained(tmp_path, '"x", "y"', FC % 3 + loss + measure, *more)
    assert (status, tests[-1]["top1_error"]) == (0, 0)
    capsys.readouterr()
    assert main(["evaluate", "net.net", "--weights", "run", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["num"], result["top1_error"]) == (9, 0)

    forgetful = loss + measure.replace(told, "")  # Caffe's Accuracy stops there, too
    for mistake in (forgetful, loss.replace(told, "")):
        assert trained(tmp_path, '"x", "y"', FC % 3 + mistake, "-o", "no")[0] == 1
        code = "N725" if mark < 0 else "N714"
        err = capsys.readouterr().err
        assert f"[{code}]" in err
        assert f"loss_param {{ ignore_label: {mark} }}" in err


@pytest.mark.parametrize("kind", ["Data", "ImageData"])
def test_marks_below_0_in_databases_and_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """A data layer's labels may be ignored; elsewhere they are classes."""
    monkeypatch.chdir(tmp_path)
    labels = [0, 1, -1, 1, 0]
    database(tmp_path / "Data", [datum(pixels, label) for pixels, label in zip(PIXELS, labels, strict=True)])
    for number, pixels in enumerate(PIXELS):
        cv2.imwrite(f"{number}.png", pixels.transpose(1, 2, 0))
    (tmp_path / "ImageData").write_text("".join(f"{number}.png {label}\n" for number, label in enumerate(labels)))
    layer = f'layer "d" {kind} {{ top: ["data", "label"] source: "{kind}" batch_size: 3 }}\n'
    rest = FC.replace('"x"', '"data"') % 2 + 'layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] %s }'
    for told, status in (("loss_param { ignore_label: -1 }", 0), ("", 1)):
        (tmp_path / "net.net").write_text(layer + rest.replace("%s", told))
        assert main(["train", "net.net", "--epochs", "1", "--lr", "1e-6", "-o", f"run{status}"]) == status
    assert "[N725]: sample 2 has the label -1" in capsys.readouterr().err
    assert main(["evaluate", "net.net", "--weights", "run0", "--data", kind]) == 1
    assert "below 0" in capsys.readouterr().err


def test_labels_of_another_layer_are_the_samples(tmp_path: Path) -> None:
    """Also where that layer has fewer rows, and begins again."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.zeros((5, 2))
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["label"] = np.array([2, 0, -1])
    for name in "xy":
        (tmp_path / f"{name}.txt").write_text(f"{name}.h5\n")
    (tmp_path / "net.net").write_text(
        """layer "a" HDF5Data { top: "x" source: "x.txt" batch_size: 2 }
        layer "b" HDF5Data { top: "label" source: "y.txt" batch_size: 2 }"""
    )
    found, _ = feed(tmp_path / "net.net", "TRAIN")
    assert (found.data.labels, found.data.classes) == ([2, 0, -1, 2, 0], ("0", "1", "2"))


def test_a_phase_without_a_data_layer(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = net(home)
    path.write_text(
        path.read_text().replace('top: "label"', 'top: "label" include { phase: TRAIN }')
        + """layer { name: "in" type: "Input" top: "data" include { phase: TEST }
        input_param { shape { dim: 1 dim: 3 dim: 7 dim: 6 } } }
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 5 } }"""
    )
    assert main(["train", str(path)]) == 1
    assert "no data layer in phase TEST" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("means", "is_color", "refused_for"),
    [("104 117", "true", 3), ("104 117 123", "false", 1), ("104 117 123", "true", None), ("104", "true", None)],
)
def test_19_mean_file_check_says_what_train_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], means: str, is_color: str, refused_for: int | None
) -> None:
    """Means are as many as channels, or one for all."""
    values = " ".join(f"mean_value: {mean}" for mean in means.split())
    path = tmp_path / "means.prototxt"
    path.write_text(
        'layer { name: "data" type: "ImageData" top: "data" top: "label" transform_param { crop_size: 16 '
        f'{values} }} image_data_param {{ source: "absent.txt" batch_size: 4 is_color: {is_color} '
        "new_height: 20 new_width: 20 } }"
    )
    assert main(["check", str(path)]) == (0 if refused_for is None else 1)
    said = f"error[N774]: {len(means.split())} mean values for {refused_for} channel"
    assert (said in "".join(capsys.readouterr())) == (refused_for is not None)
