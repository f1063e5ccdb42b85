"""Weights of Caffe's, against protobuf's own parser and what real Caffe wrote."""

import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.caffemodel import read_caffemodel
from netdef.compiler.weights.formats.files import read_weights
from tests.compiler.caffe_proto import PROTO, blob
from tests.compiler.weights.formats.resident import resident_bytes

CORPUS = (
    "deeplandmark_1_F",
    "lenet",
    "mtcnn_det1",
    "mtcnn_det2",
    "mtcnn_det3",
    "squeezenet_v1.0_dc",
    "ultraface_rfb320",
    "wechat_qr_detect",
    "wechat_qr_sr",
)


@pytest.mark.parametrize("name", CORPUS)
def test_real_weights_are_what_protobuf_reads(shared: Path, name: str) -> None:
    path = shared / "corpus/caffemodel" / name / "weights.caffemodel"
    net = PROTO["NetParameter"].FromString(path.read_bytes())
    expected = {layer.name: layer.blobs for layer in net.layer if layer.blobs}
    found = read_caffemodel(path)
    assert list(found) == list(expected)
    for layer, blobs in expected.items():
        for array, theirs in zip(found[layer], blobs, strict=True):
            assert array.shape == tuple(theirs.shape.dim)
            assert array.tobytes() == np.asarray(theirs.data, np.float32).tobytes()


def test_no_weight_is_copied(shared: Path) -> None:
    path = shared / "corpus/caffemodel/lenet/weights.caffemodel"
    read_caffemodel(path)
    tracemalloc.start()
    weights = read_caffemodel(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(array.nbytes for own in weights.values() for array in own) == 431080 * 4
    assert peak < 100_000
    assert not any(array.flags.writeable for own in weights.values() for array in own)


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    return bytes(number >> shift & 127 | 128 for shift in range(0, 56, 7)) + bytes([number >> 56])


def test_the_file_is_mapped_and_one_layer_does_not_read_the_rest(tmp_path: Path) -> None:
    """A file of 64 GB, nearly all of it a hole."""
    size = 2**36
    path = tmp_path / "w.caffemodel"
    blob_head = b"\x3a\x0b\x0a\x09" + varint(size // 4)[:9] + b"\x2a" + varint(size)
    layer_head = b"\x0a\x04huge" + b"\x3a" + varint(len(blob_head) + size) + blob_head
    small = PROTO["NetParameter"]()
    small.layer.add(name="small").blobs.append(blob(NUMBERS, shape={"dim": [2, 3]}))
    with path.open("wb") as file:
        file.write(b"\xa2\x06" + varint(len(layer_head) + size) + layer_head)
        file.truncate(file.tell() + size)
        file.seek(0, os.SEEK_END)
        file.write(small.SerializeToString())
    weights = read_weights(path)
    np.testing.assert_array_equal(weights["small"][0], NUMBERS)
    (huge,) = weights["huge"]
    assert huge.dtype == np.float32
    assert huge.shape == (size // 4,)
    assert huge[[0, size // 8, -1]].tolist() == [0, 0, 0]
    assert resident_bytes(path) < 2**22


def test_what_bvlc_caffe_saved(shared: Path) -> None:
    train = shared / "oracle/train"
    weights = read_caffemodel(train / "init.caffemodel")
    assert [a.shape for a in weights["conv2"]] == [(16, 6, 5, 5), (16,)]
    with np.load(train / "expected.npz") as expected:
        assert {key.split("/", 1)[1] for key in expected.files if key.startswith("iter10/")} == {
            f"{layer}/{index}" for layer, own in weights.items() for index in range(len(own))
        }


def written(path: Path, net: Any) -> Path:
    path.write_bytes(net.SerializeToString())
    return path


NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3) / 7


def test_the_old_formats(tmp_path: Path) -> None:
    net = PROTO["NetParameter"](name="old")
    net.layers.add(name="fc6").blobs.append(blob(NUMBERS, num=1, channels=1, height=2, width=3))
    net.layers.add(name="relu6")
    inner = net.layers.add().layer
    inner.name = "conv1"
    inner.blobs.append(blob(NUMBERS[0], num=1, channels=1, height=1, width=3))
    weights = read_caffemodel(written(tmp_path / "old.caffemodel", net))
    assert {name: [a.shape for a in own] for name, own in weights.items()} == {
        "fc6": [(1, 1, 2, 3)],
        "conv1": [(1, 1, 1, 3)],
    }
    np.testing.assert_array_equal(weights["fc6"][0].reshape(2, 3), NUMBERS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\xa2\x06\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "behind the end"),
        (b"\xa2\x06" + b"\xff" * 11, "a number of more than 10 bytes"),
        (b"\x0a", "ends inside a number"),
        (b"\x0b" * 1000, "wire type 3"),
        (b"\x02\x00", "field 0"),
        (b"\xa0\x06\x01", "layer is stored as wire type 0"),
        (b"\xa2\x06\x00" * 1_000_001, "more than 1,000,000 fields"),
        (b"<!DOCTYPE html><html>", "is damaged, or not a .caffemodel"),
    ],
)
def test_hostile_files(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "bad.caffemodel"
    path.write_bytes(data)
    with pytest.raises(NetError, match=words) as caught:
        read_caffemodel(path)
    assert [d.code for d in caught.value.report] == ["N911"]


def test_a_file_without_layers_is_no_caffemodel(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N912"):
        read_caffemodel(written(tmp_path / "empty.caffemodel", PROTO["NetParameter"](name="n")))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N911"):
        read_caffemodel(tmp_path / "none.caffemodel")


def sample() -> bytes:
    net = PROTO["NetParameter"](name="n")
    layer = net.layer.add(name="conv", type="Convolution")
    layer.blobs.append(blob(NUMBERS, shape={"dim": [2, 3]}))
    net.layers.add(name="fc").blobs.append(blob(NUMBERS, num=1, channels=1, height=2, width=3))
    data: bytes = net.SerializeToString()
    return data


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_harmless_or_reported(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = bytearray(sample())
    changes = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(changes, max_size=4)):
        whole[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.caffemodel"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        weights = read_caffemodel(path)
    except NetError:
        return
    assert all(array.nbytes <= len(whole) for own in weights.values() for array in own)
