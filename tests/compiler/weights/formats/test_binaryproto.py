"""Mean images, against protobuf's own parser and what real Caffe wrote."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.binaryproto import read_mean
from tests.compiler.caffe_proto import PROTO, blob


def test_what_bvlc_caffe_saved(shared: Path) -> None:
    path = shared / "oracle/train/mean.binaryproto"
    mean = read_mean(path)
    blob = PROTO["BlobProto"].FromString(path.read_bytes())
    assert mean.shape == (3, 32, 32)
    assert mean.ravel().tolist() == list(blob.data)


def written(path: Path, message: Any) -> Path:
    path.write_bytes(message.SerializeToString())
    return path


def test_an_old_shape_has_a_batch_of_one(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype=np.float32)
    path = written(tmp_path / "mean.binaryproto", blob(numbers, num=1, channels=3, height=2, width=2))
    np.testing.assert_array_equal(read_mean(path), numbers.reshape(3, 2, 2))


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "mean.binaryproto", blob(np.zeros(4), shape={"dim": [2, 2]}))
    with pytest.raises(NetError, match="a mean image has 3 axes") as caught:
        read_mean(path)
    assert [d.code for d in caught.value.report] == ["N914"]


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "mean.binaryproto", blob(np.zeros(12), shape={"dim": [3, 2, 2]}))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NetError, match="is damaged, or not a mean file"):
        read_mean(path)
