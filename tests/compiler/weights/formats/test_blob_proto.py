"""Arrays in Caffe's binary format, against protobuf's own writer."""

from typing import Any

import numpy as np
import pytest

from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import BlobProto
from netdef.compiler.schema.wire import Record
from netdef.compiler.weights.formats.blob_proto import stored_blob
from tests.compiler.caffe_proto import PROTO, blob

NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3) / 7


def read(message: Any) -> Any:
    return stored_blob(Record(memoryview(message.SerializeToString()), BlobProto.fields), "w").read()


def test_old_shapes_come_first_and_absent_sizes_are_none_at_all() -> None:
    """Blob::FromProto: any of the four makes a legacy shape, of which absent ones are 0."""
    half = blob(NUMBERS, num=2, channels=3)
    with pytest.raises(NetError, match="2x3x0x0"):
        stored_blob(Record(memoryview(half.SerializeToString()), BlobProto.fields), "w")


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
        (PROTO["BlobProto"](shape={"dim": [4]}, raw_data_type=2, raw_data=bytes(8)), "N913", "raw_data"),
        (PROTO["BlobProto"](shape={"dim": [4]}), "N914", "is said to be 4, and has 0 numbers"),
        (blob(NUMBERS, shape={"dim": [3, 3]}), "N914", "is said to be 3x3, and has 6 numbers"),
        (blob(NUMBERS, shape={"dim": [2**62, 2**62, 2**62]}), "N914", "6 numbers"),
        (blob(NUMBERS, shape={"dim": [-2, -3]}), "N914", "-2x-3"),
        (blob(NUMBERS, shape={"dim": [1] * 40}), "N914", "axes"),
    ],
)
def test_never_zeros_in_silence(message: Any, code: str, words: str) -> None:
    with pytest.raises(NetError, match=words) as caught:
        read(message)
    assert [d.code for d in caught.value.report] == [code]
