"""Pooling at several scales."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.pyramid import SPP, ICNetSubgraph, SpatialPyramidParts, SpatialPyramidPooling
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, fitting, properties

IMAGE = 'input "x" [2, 3, 4, 8] '


def levels(x: np.ndarray, reduce: object = np.max) -> list[np.ndarray]:
    """An image of 4x8 as a whole, in 2x2 and in 4x4 parts."""
    parts = (x.reshape(2, 3, num, 4 // num, num, 8 // num) for num in (1, 2, 4))
    return [reduce(each, axis=(3, 5)).reshape(2, -1) for each in parts]  # type: ignore[operator]


def windows(x: np.ndarray, kernel: int, stride: int, reduce: object = np.max) -> np.ndarray:
    """Square windows over a square image, all of them whole, in a row."""
    starts = range(0, x.shape[2] - kernel + 1, stride)
    return np.stack(
        [reduce(x[:, :, i : i + kernel, j : j + kernel], axis=(2, 3)) for i in starts for j in starts],  # type: ignore[operator]
        2,
    ).reshape(len(x), -1)


def icnet(x: np.ndarray) -> np.ndarray:
    """ICNet's four poolings of a 33x65 image, each spread over it again, and the image."""
    total = x.copy()
    for (h, w), (down, right) in (((33, 65), (33, 65)), ((17, 33), (16, 32)), ((13, 25), (10, 20)), ((8, 15), (5, 10))):
        rows, columns = range(0, 33 - h + 1, down), range(0, 65 - w + 1, right)
        means = np.stack([[x[:, :, i : i + h, j : j + w].mean((2, 3)) for j in columns] for i in rows])
        total += np.einsum("ih,hwnc,jw->ncij", spread(len(rows), 33), means, spread(len(columns), 65))
    return total


def spread(size: int, wanted: int) -> np.ndarray:
    """Two weights a row, the ends kept."""
    rows: np.ndarray = np.maximum(0, 1 - np.abs(np.linspace(0, size - 1, wanted)[:, None] - np.arange(size)))
    return rows


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
        Case(
            "SpatialPyramidPooling",
            'input "x" [2, 3, 7, 7] layer "y" SpatialPyramidPooling { spatial_bin: [3, 2, 1] pool: MAX }',
            layer=SpatialPyramidPooling(spatial_bin=(3, 2, 1)),
            shapes={"y": (2, 3 * 14, 1, 1)},
            formula=lambda x: np.concatenate([windows(x, k, s) for k, s in ((3, 2), (4, 3), (7, 7))], 1)[
                ..., None, None
            ],
        ),
        Case(
            "SpatialPyramidPooling, one level",
            'input "x" [2, 3, 7, 5] layer "y" SpatialPyramidPooling { spatial_bin: 4 }',
            layer=SpatialPyramidPooling(spatial_bin=(4,)),
            shapes={"y": (2, 3, 1, 1)},
            formula=lambda x: x.max((2, 3), keepdims=True),
        ),
        *(
            Case(
                f"SpatialPyramidPooling of other copies, {len(parts)}",
                f'{IMAGE} layer "y" SpatialPyramidPooling {{ spatial_bin: {[*parts]} origin: "other copies" }}',
                layer=SpatialPyramidParts(spatial_bin=parts),
                shapes={"y": shape},
                refused=SHAPES_ALONE,
            )
            for parts, shape in (((3, 1), (2, 30, 1, 1)), ((3,), (2, 3, 3, 3)))
        ),
        Case(
            "ICNetSubgraph",
            'input "x" [2, 3, 33, 65] layer "y" ICNetSubgraph',
            layer=ICNetSubgraph(),
            shapes={"y": (2, 3, 33, 65)},
            formula=icnet,
        ),
    )
    refused = (
        Refused("SpatialPyramidPooling, no level", IMAGE + 'layer "y" SpatialPyramidPooling', "N201"),
        Refused(
            "SpatialPyramidPooling, wide", IMAGE + 'layer "y" SpatialPyramidPooling { spatial_bin: [2, 1] }', "N206"
        ),
        Refused(
            "SpatialPyramidPooling, too many parts",
            'input "x" [2, 3, 4, 4] layer "y" SpatialPyramidPooling { spatial_bin: [5, 1] }',
            "N204",
        ),
        Refused("ICNetSubgraph, too small", 'input "x" [2, 3, 4, 5] layer "y" ICNetSubgraph', "N204"),
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
