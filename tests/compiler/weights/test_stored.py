"""Arrays that are read when somebody asks, and how they come into a file."""

import copy
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from netdef.compiler.weights.stored import BLOCK, LayerArrays, StoredArray, pieces, stored_arrays

FLOAT32 = np.dtype("<f4")


class Counted:
    """An array that counts how often it is read."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self.reads = 0

    def read(self) -> NDArray[Any]:
        self.reads += 1
        return self.array

    @property
    def stored(self) -> StoredArray:
        return StoredArray(self.array.dtype, self.array.shape, self.read)


def test_an_array_is_read_when_it_is_asked_for() -> None:
    counted = [Counted(np.full(size, size, np.float16)) for size in (3, 4, 5)]
    arrays = LayerArrays(each.stored for each in counted)
    assert len(arrays) == 3
    assert repr(arrays) == "[float16 3, float16 4, float16 5]"
    assert [array.shape for array in stored_arrays(arrays[1:])] == [(4,), (5,)]
    assert [each.reads for each in counted] == [0, 0, 0]
    assert arrays[-1].tolist() == arrays[1:][1].tolist() == [5.0] * 5
    assert [each.reads for each in counted] == [0, 0, 2]
    assert [array.shape for array in arrays] == [(3,), (4,), (5,)]
    with pytest.raises(IndexError):
        arrays[3]


def test_a_layer_is_copied_and_pickled_as_its_arrays() -> None:
    arrays = LayerArrays([StoredArray.of(np.arange(3)), StoredArray.of(np.zeros((), np.float16))])
    for twin in (copy.deepcopy(arrays), pickle.loads(pickle.dumps(arrays))):
        assert [(array.dtype, array.tolist()) for array in twin] == [(np.int64, [0, 1, 2]), (np.float16, 0.0)]


def test_another_shape_reads_nothing() -> None:
    counted = Counted(np.arange(6))
    reshaped = counted.stored.reshaped((2, 3))
    assert (reshaped.shape, counted.reads) == ((2, 3), 0)
    assert reshaped.read().tolist() == [[0, 1, 2], [3, 4, 5]]


@given(
    hnp.arrays(
        st.sampled_from(["<f4", ">f4", "<f8", "<f2", "<i4", "|u1", "|b1"]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
        elements={"allow_nan": False, "allow_infinity": False, "min_value": 0, "max_value": 1},
    ),
    st.booleans(),
)
def test_pieces_are_what_numpy_writes(array: NDArray[Any], turned: bool) -> None:
    array = array.T if turned else array
    assert b"".join(pieces(array, FLOAT32)) == array.astype(FLOAT32).tobytes()
    assert b"".join(pieces(array, array.dtype)) == array.tobytes()


@pytest.mark.parametrize("make", [lambda a: a.astype(np.float16), lambda a: a.reshape(2, -1).T])
def test_what_must_be_converted_is_converted_block_by_block(make: Any) -> None:
    array = make(np.arange(8 * BLOCK + 6, dtype=np.float32) % 1000)
    tracemalloc.start()
    size = sum(len(piece) for piece in pieces(array, FLOAT32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == array.size * 4
    assert peak < 4 * BLOCK * FLOAT32.itemsize


def test_what_is_right_already_is_not_copied() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    (piece,) = pieces(array, FLOAT32)
    assert np.shares_memory(np.frombuffer(piece, np.uint8), array)
