"""Images made larger or smaller."""

import numpy as np
import pytest
from numpy.typing import NDArray

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.resizing import (
    BilinearInterpolation,
    Interp,
    Reorg,
    UnpoolingUpsample,
    Upsample,
    UpsampleDarknet,
)
from tests.layers.cases import Case, Family, Refused, fork
from tests.nets import net_of

Doubles = NDArray[np.float64]
POOLED = 'input "x" [2, 3, 4, 6] layer "pool" Pooling { kernel_size: 2 stride: 2 top: ["pool", "mask"] }'
BOTH = 'bottom: "pool" bottom: "mask"'


def bilinear(x: Doubles, height: int, width: int) -> Doubles:
    """Each axis a matrix of two weights a row, the corners kept."""

    def matrix(size: int, wanted: int) -> Doubles:
        at = np.linspace(0, size - 1, wanted)
        weights: Doubles = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size)))
        return weights

    made: Doubles = np.einsum("ih,nchw,jw->ncij", matrix(x.shape[2], height), x, matrix(x.shape[3], width))
    return made


def walked(x: Doubles, step: int) -> Doubles:
    """darknet's reorg_cpu, written out."""
    n, c, h, w = x.shape
    fewer = c // step**2
    read = x.reshape(n, fewer, h * step, w * step)
    top = np.zeros_like(x)
    for channel, row, column in np.ndindex(c, h, w):
        part, from_channel = divmod(channel, fewer)
        top[:, channel, row, column] = read[:, from_channel, row * step + part // step, column * step + part % step]
    return top.reshape(n, c * step**2, h // step, w // step)


class TestResizing(Family):
    cases = (
        *fork("interp_size", "interp_zoom", "interp_shrink", "interp_shrink_zoom", "interp_pad", "interp_to_one"),
        *fork("interp_same_size_crop", "interp_down", "interp_zoom_over_size"),
        *fork("upsample_scale", "upsample_scale_hw_pad", "upsample_size", "upsample_default_scale", "upsample_overlap"),
        *fork("upsample_nearest", "upsample_nearest_3", "reorg", "reorg_reverse", "reorg_3"),
        Case(
            "Interp to a size",
            'input "x" [2, 3, 4, 5] layer "y" Interp { height: 7 width: 3 }',
            layer=Interp(height=7, width=3),
            shapes={"y": (2, 3, 7, 3)},
            formula=lambda x: bilinear(x, 7, 3),
        ),
        Case(
            "Interp to another bottom's size",
            'input "x" [2, 3, 4, 5] input "like" [2, 1, 6, 9]'
            ' layer "y" Interp { use_blob_size: true bottom: ["x", "like"] }',
            layer=Interp(use_blob_size=True),
            shapes={"y": (2, 3, 6, 9)},
            formula=lambda x, like: bilinear(x, 6, 9),
        ),
        Case(
            "BilinearInterpolation by a factor",
            'input "x" [2, 3, 4, 5] layer "y" BilinearInterpolation { interpolation_factor: 3 }',
            layer=BilinearInterpolation(interpolation_factor=3),
            shapes={"y": (2, 3, 12, 15)},
            formula=lambda x: bilinear(x, 12, 15),
        ),
        Case(
            "BilinearInterpolation to another bottom's size",
            'input "x" [2, 3, 4, 5] input "like" [1, 1, 6, 9]'
            ' layer "y" BilinearInterpolation { bottom: ["x", "like"] }',
            layer=BilinearInterpolation(),
            shapes={"y": (2, 3, 6, 9)},
            formula=lambda x, like: bilinear(x, 6, 9),
        ),
        Case(
            "UpsampleDarknet",
            'input "x" [2, 3, 4, 5] layer "y" UpsampleDarknet { stride: 3 }',
            layer=UpsampleDarknet(stride=3),
            shapes={"y": (2, 3, 12, 15)},
            formula=lambda x: x.repeat(3, 2).repeat(3, 3),
        ),
        Case(
            "Reorg",
            'input "x" [2, 8, 4, 6] layer "y" Reorg { stride: 2 }',
            layer=Reorg(stride=2),
            shapes={"y": (2, 32, 2, 3)},
            formula=lambda x: walked(x, 2),
        ),
    )
    refused = (
        Refused("BilinearInterpolation to no size", 'input "x" [2, 3, 4, 5] layer "y" BilinearInterpolation', "N201"),
        Refused(
            "BilinearInterpolation to no image",
            'input "x" [2, 3, 4, 5] input "like" [6, 9] layer "y" BilinearInterpolation { bottom: ["x", "like"] }',
            "N203",
        ),
        Refused("Interp that pads", 'input "x" [2, 3, 4, 5] layer "y" Interp { zoom_factor: 2 pad_beg: 1 }', "N202"),
        Refused("Interp, a height alone", 'input "x" [2, 3, 4, 5] layer "y" Interp { height: 9 }', "N201"),
        Refused("Interp of nothing", 'input "x" [2, 3, 4, 5] layer "y" Interp { zoom_factor: 2 pad_beg: -4 }', "N204"),
        Refused("Upsample by 1", f'{POOLED} layer "y" Upsample {{ {BOTH} scale: 1 }}', "N202"),
        Refused(
            "Upsample by 3, a row less", f'{POOLED} layer "y" Upsample {{ {BOTH} scale: 3 pad_out_h: true }}', "N202"
        ),
        Refused("Upsample, a scale and two", f'{POOLED} layer "y" Upsample {{ {BOTH} scale: 2 scale_h: 2 }}', "N407"),
        Refused("Upsample, half a scale", f'{POOLED} layer "y" Upsample {{ {BOTH} scale_h: 2 }}', "N407"),
        Refused("Upsample, half a size", f'{POOLED} layer "y" Upsample {{ {BOTH} upsample_w: 6 }}', "N407"),
        Refused("Upsample, another mask", f'{POOLED} layer "y" Upsample {{ bottom: ["pool", "x"] }}', "N206"),
        Refused("Reorg without a stride", 'input "x" [2, 8, 4, 6] layer "y" Reorg', "N408"),
        Refused("Reorg of too few channels", 'input "x" [2, 3, 4, 6] layer "y" Reorg { stride: 2 }', "N208"),
        Refused("Reorg of odd sides", 'input "x" [2, 4, 5, 6] layer "y" Reorg { stride: 2 }', "N208"),
    )


@pytest.mark.parametrize(("bottoms", "kind"), [(BOTH, UnpoolingUpsample), ('bottom: "pool"', Upsample)])
def test_bottoms_tell_which_upsample_is_meant(bottoms: str, kind: type[Layer]) -> None:
    net = net_of(f'{POOLED} layer "y" Upsample {{ {bottoms} scale: 2 }}')
    assert type(net.nodes[-1].layer) is kind
    assert not net.report
