"""C3D's layers over volumes."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.volumes import (
    Convolution3D,
    Deconvolution3D,
    FlatConvolution3D,
    FlatDeconvolution3D,
    FlatPooling3D,
    Pooling3D,
    VoxelSoftmax,
    VoxelSoftmaxLoss,
)
from netdef.compiler.net_error import NetError
from netdef.compiler.onnx import onnx_model
from netdef.runtime.lower_net import lower
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork
from tests.nets import net_of

Doubles = NDArray[np.float64]

VOLUME = 'input "x" [2, 2, 5, 7, 6] '


RANDOM = np.random.default_rng(6)
CONVOLUTION = [RANDOM.standard_normal((3, 2, 2, 3, 3)), RANDOM.standard_normal((1, 1, 1, 1, 3))]
DECONVOLUTION = [RANDOM.standard_normal((2, 3, 2, 4, 4))]


def convolved(x: Doubles, w: Doubles, b: Doubles) -> Doubles:
    """Position by position."""
    grown = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1), (1, 1)))
    top = np.zeros((2, 3, 4, 4, 3))
    for t, i, j in np.ndindex(4, 4, 3):
        window = grown[:, :, t : t + 2, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        top[:, :, t, i, j] = np.einsum("ncthw,octhw->no", window, w) + b.ravel()
    return top


def spread(x: Doubles, w: Doubles) -> Doubles:
    """Position by position; the border is cut off in the end."""
    top = np.zeros((2, 3, 10, 16, 14))
    for t, i, j in np.ndindex(*x.shape[2:]):
        window = np.einsum("nc,cothw->nothw", x[:, :, t, i, j], w)
        top[:, :, 2 * t : 2 * t + 2, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += window
    return top[:, :, :, 1:-1, 1:-1]


def pooled(x: Doubles, pool: Reduce) -> Doubles:
    """Window by window, as pool3d_layer.cpp goes: the sum is over the volume, the divisor over its border too."""
    top = np.zeros((2, 2, 3, 4, 4))
    for t, i, j in np.ndindex(3, 4, 4):
        starts, ends = (2 * t, 2 * i - 1, 2 * j - 1), (5, 8, 7)
        last = [min(start + k, end) for start, k, end in zip(starts, (2, 3, 3), ends, strict=True)]
        size = np.prod([b - a for a, b in zip(starts, last, strict=True)])
        a, b, c = (slice(max(s, 0), min(e, n)) for s, e, n in zip(starts, last, x.shape[2:], strict=True))
        window = x[:, :, a, b, c]
        top[:, :, t, i, j] = window.max((2, 3, 4)) if pool is Reduce.MAX else window.sum((2, 3, 4)) / size
    return top


class TestVolumes(Family):
    cases = (
        *fork("conv3d", "deconv3d", "pool3d_max", "pool3d_max_2"),
        *(
            Case(
                f"Convolution3D by {message}",
                VOLUME + f'layer "y" Convolution3D {{ {message} {{ num_output: 3 kernel_size: 3 '
                "kernel_depth: 2 pad: 1 stride: 2 } }",
                layer=kind(num_output=3, kernel_size=3, kernel_depth=2, pad=1, stride=2),
                shapes={"y": (2, 3, 4, 4, 3)},
                weights={"weight": (3, 2, 2, 3, 3), "bias": (1, 1, 1, 1, 3)},
                macs=2 * 3 * 4 * 4 * 3 * 2 * 2 * 9,
                stored=CONVOLUTION,
                formula=convolved,
            )
            for message, kind in (("convolution3d_param", Convolution3D), ("convolution_param", FlatConvolution3D))
        ),
        *(
            Case(
                f"Deconvolution3D by {message}",
                VOLUME + f'layer "y" Deconvolution3D {{ {message} {{ num_output: 3 kernel_size: 4 kernel_depth: 2 '
                "stride: 2 temporal_stride: 2 pad: 1 bias_term: false } }",
                layer=kind(
                    num_output=3, kernel_size=4, kernel_depth=2, stride=2, temporal_stride=2, pad=1, bias_term=False
                ),
                shapes={"y": (2, 3, 10, 14, 12)},
                weights={"weight": (2, 3, 2, 4, 4)},
                macs=2 * 2 * 5 * 7 * 6 * 3 * 2 * 16,
                stored=DECONVOLUTION,
                formula=spread,
            )
            for message, kind in (("convolution3d_param", Deconvolution3D), ("convolution_param", FlatDeconvolution3D))
        ),
        *(
            Case(
                f"Pooling3D by {message}, {pool.name}",
                VOLUME
                + f'layer "y" Pooling3D {{ {message} {{ pool: {pool.name} kernel_size: 3 kernel_depth: 2 stride: 2 '
                "temporal_stride: 2 pad: 1 } }",
                layer=kind(pool=pool, kernel_size=3, kernel_depth=2, stride=2, temporal_stride=2, pad=1),
                shapes={"y": (2, 2, 3, 4, 4)},
                formula=lambda x, pool=pool: pooled(x, pool),
            )
            for message, kind in (("pooling3d_param", Pooling3D), ("pooling_param", FlatPooling3D))
            for pool in (Reduce.MAX, Reduce.AVE)
        ),
        Case(
            "VoxelSoftmax",
            VOLUME + 'layer "y" VoxelSoftmax',
            layer=VoxelSoftmax(),
            shapes={"y": (2, 2, 5, 7, 6)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "VoxelSoftmaxLoss",
            VOLUME + 'input "t" [2, 1, 5, 7, 6] layer "y" VoxelSoftmaxLoss { bottom: ["x", "t"] }',
            layer=VoxelSoftmaxLoss(),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("an image", 'input "x" [2, 2, 7, 6] layer "y" Convolution3D { num_output: 3 kernel_size: 3 }', "N203"),
        Refused(
            "a long window", VOLUME + 'layer "y" Convolution3D { num_output: 3 kernel_size: 3 kernel_depth: 6 }', "N204"
        ),
        Refused("a wide window", VOLUME + 'layer "y" Pooling3D { kernel_size: 8 kernel_depth: 1 }', "N204"),
        Refused(
            "the mean of a window behind the last frame",
            VOLUME + 'layer "y" Pooling3D { pool: AVE kernel_size: 2 kernel_depth: 1 temporal_stride: 5 }',
            "N1011",
            by="ONNX",
        ),
        Refused("no window", VOLUME + 'layer "y" Pooling3D { kernel_depth: 1 }', "N408"),
        Refused(
            "labels of other voxels",
            VOLUME + 'input "t" [2, 1, 5, 7, 5] layer "y" VoxelSoftmaxLoss { bottom: ["x", "t"] }',
            "N206",
        ),
    )


def test_a_step_far_beyond_a_volume_takes_no_memory() -> None:
    text = 'input "x" [1, 2, 3, 2, 2] layer "y" Pooling3D { kernel_size: 1 temporal_stride: 2000000000 }'
    x = torch.randn(1, 2, 3, 2, 2)
    net = net_of(text)
    found = lower(net)(x=x)["y"]
    assert torch.equal(found[:, :, 0], x[:, :, 0])
    assert (found[:, :, 1] == torch.finfo(torch.float32).min).all()
    with pytest.raises(NetError, match="further behind the volume than a model's padding reaches"):
        onnx_model(net, dynamic=("H", "W"))
