"""Protobuf's binary format, against protobuf's own reader and writer."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.layers import catalogue
from netdef.compiler.load import load
from netdef.compiler.schema.caffe import LayerFrame
from netdef.compiler.schema.caffe_binary import BlobProto, StoredLayer, StoredNet
from netdef.compiler.schema.wire import Damaged, Record, encoded, head, scan, varint
from tests.compiler.caffe_proto import PROTO


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
    assert record.count("loss_weight") == len(message.loss_weight)


def test_every_number_is_used_once() -> None:
    for kind in (LayerFrame, StoredLayer, StoredNet, BlobProto):
        numbers = [number for declared in kind.params.values() for number, _ in declared.spellings.values() if number]
        assert len(numbers) == len(set(numbers)), kind


def test_a_message_of_another_kind_is_damage() -> None:
    with pytest.raises(Damaged, match="wire type"):
        Record(memoryview(b"\x0a\x01x"), BlobProto.fields).get("num")


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    data = memoryview(encoded(number))
    assert varint(data, 0, len(data)) == (number, len(data))


@given(st.binary(min_size=1, max_size=300))
def test_a_field_of_bytes_is_written_as_protobuf_does(content: bytes) -> None:
    assert head(4, len(content)) + content == PROTO["Datum"](data=content).SerializeToString()
