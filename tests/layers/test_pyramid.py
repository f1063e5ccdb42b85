"""Pooling at several scales."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.pyramid import SPP
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, fitting, properties

IMAGE = 'input "x" [2, 3, 4, 8] '


def levels(x: np.ndarray, reduce: object = np.max) -> list[np.ndarray]:
    """An image of 4x8 as a whole, in 2x2 and in 4x4 parts."""
    parts = (x.reshape(2, 3, num, 4 // num, num, 8 // num) for num in (1, 2, 4))
    return [reduce(each, axis=(3, 5)).reshape(2, -1) for each in parts]  # type: ignore[operator]


class TestPyramid(Family):
    cases = (
        *caffe("spp"),
        Case(
            "three levels",
            IMAGE + 'layer "y" SPP { pyramid_height: 3 }',
            layer=SPP(pyramid_height=3),
            shapes={"y": (2, 3 * 21)},
            formula=lambda x: np.concatenate(levels(x), 1),
        ),
        Case(
            "the mean of two levels",
            IMAGE + 'layer "y" SPP { pyramid_height: 2 pool: AVE }',
            layer=SPP(pyramid_height=2, pool=Reduce.AVE),
            shapes={"y": (2, 15)},
            formula=lambda x: np.concatenate(levels(x, np.mean)[:2], 1),
        ),
        Case(
            "one level, which stays an image",
            IMAGE + 'layer "y" SPP { pyramid_height: 1 }',
            layer=SPP(pyramid_height=1),
            shapes={"y": (2, 3, 1, 1)},
            formula=lambda x: x.max((2, 3), keepdims=True),
        ),
    )
    refused = (
        Refused("no image", 'input "x" [2, 3] layer "y" SPP { pyramid_height: 1 }', "N203"),
        Refused("parts of nothing", 'input "x" [1, 2, 7, 5] layer "y" SPP { pyramid_height: 3 }', "N204"),
        Refused("no level", IMAGE + 'layer "y" SPP { pyramid_height: 0 }', "N405"),
        Refused("chance", IMAGE + 'layer "y" SPP { pyramid_height: 1 pool: STOCHASTIC }', "N1001", by="PyTorch"),
        Refused(
            "chance in a model", IMAGE + 'layer "y" SPP { pyramid_height: 2 pool: STOCHASTIC }', "N1011", by="ONNX"
        ),
    )


@properties
@given(
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    height=st.integers(1, 4),
    pool=st.sampled_from(["MAX", "AVE"]),
)
def test_pyramids_in_onnx(size: tuple[int, int], height: int, pool: str) -> None:
    text = f'input "x" [2, 2, {size[0]}, {size[1]}] layer "y" SPP {{ pyramid_height: {height} pool: {pool} }}'
    at_free_sizes(fitting(text))
