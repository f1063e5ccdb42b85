"""Caffe's binary files, against protobuf's own parser and what real Caffe wrote."""

import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.layers import catalogue
from netdef.compiler.load import load
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import LayerFrame
from netdef.compiler.schema.caffe_binary import BlobProto, StoredLayer, StoredNet
from netdef.compiler.schema.wire import Damaged, Record, scan
from netdef.compiler.weights.formats.binaryproto import read_mean
from netdef.compiler.weights.formats.blob_proto import stored_blob
from netdef.compiler.weights.formats.caffemodel import read_caffemodel
from netdef.compiler.weights.formats.files import read_weights
from tests.compiler.caffe_proto import PROTO
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
        for array, blob in zip(found[layer], blobs, strict=True):
            assert array.shape == tuple(blob.shape.dim)
            assert array.tobytes() == np.asarray(blob.data, np.float32).tobytes()


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


def test_stored_layers_say_what_the_text_says(shared: Path) -> None:
    """Fields on demand, by the declarations of the text side: the file's own prototxt is the oracle."""
    folder = shared / "corpus/caffemodel/lenet"
    text = {node.name: node for node in load(folder / "net.prototxt").nodes}
    net = Record(memoryview((folder / "weights.caffemodel").read_bytes()), StoredNet.fields)
    met = set()
    for layer in net.each("layer"):
        if layer.get("name") in text:
            node = text[layer.get("name")]
            assert (layer.get("type"), tuple(layer.each("bottom"))) == (node.type, node.definition.frame.bottom)
            kind = catalogue.find(node.type)
            assert kind is not None
            for number, entry in scan(layer.data, layer.start, layer.end):
                if number == kind.number:
                    own = Record(layer.data, kind.own_fields, entry.start, entry.end)
                    if "num_output" in kind.fields:
                        met.add(node.name)
                        assert own.get("num_output") == getattr(node.layer, "num_output")  # noqa: B009
    assert met == {"conv1", "conv2", "ip1", "ip2"}


def test_what_bvlc_caffe_saved(shared: Path) -> None:
    train = shared / "oracle/train"
    weights = read_caffemodel(train / "init.caffemodel")
    assert [a.shape for a in weights["conv2"]] == [(16, 6, 5, 5), (16,)]
    with np.load(train / "expected.npz") as expected:
        assert {key.split("/", 1)[1] for key in expected.files if key.startswith("iter10/")} == {
            f"{layer}/{index}" for layer, own in weights.items() for index in range(len(own))
        }
    mean = read_mean(train / "mean.binaryproto")
    blob = PROTO["BlobProto"].FromString((train / "mean.binaryproto").read_bytes())
    assert mean.shape == (3, 32, 32)
    assert mean.ravel().tolist() == list(blob.data)


def blob(numbers: Any, **fields: Any) -> Any:
    made = PROTO["BlobProto"](**fields)
    made.data.extend(np.ravel(numbers).tolist())
    return made


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


def test_old_shapes_come_first_and_absent_sizes_are_none_at_all() -> None:
    """Blob::FromProto: any of the four makes a legacy shape, of which absent ones are 0."""
    half = blob(NUMBERS, num=2, channels=3)
    with pytest.raises(NetError, match="2x3x0x0"):
        stored_blob(Record(memoryview(half.SerializeToString()), BlobProto.fields), "w")


def read(message: Any) -> Any:
    return stored_blob(Record(memoryview(message.SerializeToString()), BlobProto.fields), "w").read()


def test_numbers_in_64_bits_come_before_those_in_32() -> None:
    exact = blob([0, 0], shape={"dim": [2]}, double_data=[1 / 3, 1e-300])
    assert read(exact).tolist() == [1 / 3, 1e-300]


def test_numbers_that_are_not_packed() -> None:
    loose = PROTO["BlobProto"](shape={"dim": [2, 3]}, loose_data=NUMBERS.ravel().tolist())
    tag_of = {105: b"\xcd\x06", 5: b"\x2d"}
    data = loose.SerializeToString().replace(tag_of[105], tag_of[5])
    array = stored_blob(Record(memoryview(data), BlobProto.fields), "w").read()
    np.testing.assert_array_equal(array, NUMBERS)


def test_a_scalar_has_no_axes() -> None:
    assert read(blob(0.25, shape={})).shape == ()


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        (PROTO["BlobProto"](shape={"dim": [4]}, raw_data_type=2, raw_data=bytes(8)), "N782", "raw_data"),
        (PROTO["BlobProto"](shape={"dim": [4]}), "N783", "is said to be 4, and has 0 numbers"),
        (blob(NUMBERS, shape={"dim": [3, 3]}), "N783", "is said to be 3x3, and has 6 numbers"),
        (blob(NUMBERS, shape={"dim": [2**62, 2**62, 2**62]}), "N783", "6 numbers"),
        (blob(NUMBERS, shape={"dim": [-2, -3]}), "N783", "-2x-3"),
        (blob(NUMBERS, shape={"dim": [1] * 40}), "N783", "axes"),
    ],
)
def test_never_zeros_in_silence(message: Any, code: str, words: str) -> None:
    with pytest.raises(NetError, match=words) as caught:
        read(message)
    assert [d.code for d in caught.value.report] == [code]


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
    assert [d.code for d in caught.value.report] == ["N780"]


def test_a_file_without_layers_is_no_caffemodel(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N781"):
        read_caffemodel(written(tmp_path / "empty.caffemodel", PROTO["NetParameter"](name="n")))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N780"):
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


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        PROTO["LayerParameter"],
        name=st.text(),
        type=st.text(),
        bottom=st.lists(st.text(), max_size=3),
        loss_weight=st.lists(st.floats(width=32, allow_nan=False), max_size=3),
    )
)
def test_fields_are_what_protobuf_reads(message: Any) -> None:
    record = Record(memoryview(message.SerializeToString()), StoredLayer.fields)
    assert (record.get("name"), record.get("type")) == (message.name, message.type)
    assert list(record.each("bottom")) == list(message.bottom)
    assert list(record.each("loss_weight")) == record.array("loss_weight").tolist() == list(message.loss_weight)


def test_every_number_is_used_once() -> None:
    for kind in (LayerFrame, StoredLayer, StoredNet, BlobProto):
        numbers = [number for declared in kind.params.values() for number, _ in declared.spellings.values() if number]
        assert len(numbers) == len(set(numbers)), kind


def test_a_message_of_another_kind_is_damage() -> None:
    with pytest.raises(Damaged, match="wire type"):
        Record(memoryview(b"\x0a\x01x"), BlobProto.fields).get("num")
