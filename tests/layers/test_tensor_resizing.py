"""TensorFlow's two ways to resize an image, by the formulas of its documentation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.tensor_resizing import ResizeBilinear, ResizeNearestNeighbor
from tests.layers.cases import Case, Family, Refused
from tests.nets import net_of

Doubles = NDArray[np.float64]
PLACES = ("asymmetric", "align_corners", "half_pixel_centers", "half_pixel_onnx")


def positions(size: int, wanted: int, rule: str) -> Doubles:
    """Where each new pixel is in the old image."""
    new = np.arange(wanted, dtype=float)
    if rule == "align_corners":
        return new * (size - 1) / (wanted - 1)
    return (new + 0.5) * size / wanted if rule.startswith("half") else new * size / wanted


def nearest(size: int, wanted: int, rule: str) -> Doubles:
    """Rows of zeros and a one."""
    more = {"align_corners": 0.5, "half_pixel_onnx": -0.5}.get(rule, 0.0)
    at = np.floor(positions(size, wanted, rule) + more).clip(0, size - 1)
    rows: Doubles = np.eye(size)[at.astype(int)]
    return rows


def linear(size: int, wanted: int, rule: str) -> Doubles:
    """Rows of two weights that sum to 1; no pixel lies beyond the outer ones."""
    at = (positions(size, wanted, rule) - 0.5 * (rule == "half_pixel_centers")).clip(0, size - 1)
    weights: Doubles = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size)))
    return weights


def case(kind: type[Layer], rule: str) -> Case:
    """An image of 4x6 made 9x4 where the channels are in front."""
    way = nearest if kind is ResizeNearestNeighbor else linear
    fields = {} if rule == "asymmetric" else {rule: True}
    said = " ".join(f"{name}: true" for name in fields)
    rest = 'output_height: 9 output_width: 4 data_format: "NCHW"'
    return Case(
        f"{kind.type_name}, {rule}",
        f'input "x" [2, 3, 4, 6] layer "y" {kind.type_name} {{ {said} {rest} }}',
        layer=kind(output_height=9, output_width=4, data_format="NCHW", **fields),
        shapes={"y": (2, 3, 9, 4)},
        formula=lambda x: np.einsum("ih,nchw,jw->ncij", way(4, 9, rule), x, way(6, 4, rule)),
    )


class TestTensorResizing(Family):
    cases = (
        *(case(ResizeNearestNeighbor, rule) for rule in PLACES),
        *(case(ResizeBilinear, rule) for rule in PLACES[:3]),
        Case(
            "ResizeNearestNeighbor, channels last",
            'input "x" [2, 4, 6, 3] layer "y" ResizeNearestNeighbor { scale_height: 2 scale_width: 1.5 }',
            layer=ResizeNearestNeighbor(scale_height=2.0, scale_width=1.5),
            shapes={"y": (2, 8, 9, 3)},
            formula=lambda x: x.repeat(2, 1)[:, :, [0, 0, 1, 2, 2, 3, 4, 4, 5]],
        ),
        Case(
            "ResizeBilinear, channels last",
            'input "x" [2, 4, 6, 3] layer "y" ResizeBilinear { output_height: 8 scale_width: 0.34 }',
            layer=ResizeBilinear(output_height=8, scale_width=0.34),
            shapes={"y": (2, 8, 2, 3)},
            formula=lambda x: np.einsum("ih,nhwc,jw->nijc", linear(4, 8, ""), x, linear(6, 2, "")),
        ),
    )
    refused = (
        Refused("no image", 'input "x" [2, 3] layer "y" ResizeBilinear { output_height: 1 }', "N203"),
        Refused(
            "two rules",
            'input "x" [1, 2, 3, 1] layer "y" ResizeBilinear { align_corners: true half_pixel_centers: true }',
            "N407",
        ),
        Refused("nothing left", 'input "x" [1, 2, 3, 1] layer "y" ResizeNearestNeighbor { scale_width: 0.2 }', "N204"),
        Refused("no end", 'input "x" [1, 2, 3, 1] layer "y" ResizeBilinear { scale_height: inf }', "N202"),
        Refused("a scale of 0", 'input "x" [1, 2, 3, 1] layer "y" ResizeNearestNeighbor { scale_width: 0 }', "N202"),
    )


@pytest.mark.parametrize(("scale", "sides"), [("0.1", (1, 2)), ("0.7", (7, 14)), ("0.35", (3, 7)), ("3", (30, 60))])
def test_scales_are_meant_as_they_are_written(scale: str, sides: tuple[int, int]) -> None:
    text = f"scale_height: {scale} scale_width: {scale}"
    net = net_of(f'input "x" [1, 10, 20, 3] layer "y" ResizeNearestNeighbor {{ {text} }}')
    assert net.blobs["y"] == (1, *sides, 3)
