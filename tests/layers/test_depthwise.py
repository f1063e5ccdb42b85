"""Convolutions of each channel alone."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.depthwise import ConvolutionDepthwise, DepthwiseConvolution
from tests.layers.cases import Case, Family, Refused, fork
from tests.nets import net_of

Doubles = NDArray[np.float64]


def alone(x: Doubles, weight: Doubles, bias: Doubles) -> Doubles:
    """A window of 2 x 2 over each channel."""
    n, c, h, w = x.shape
    top = np.zeros((n, c, h - 1, w - 1)) + bias[:, None, None]
    for i, j in np.ndindex(2, 2):
        top += x[:, :, i : h - 1 + i, j : w - 1 + j] * weight[:, 0, i, j][:, None, None]
    return top


class TestDepthwise(Family):
    cases = (
        *fork("depthwise", "depthwise_multiplier", "conv_depthwise_cdw"),
        Case(
            "DepthwiseConvolution",
            'input "x" [2, 3, 4, 5] layer "y" DepthwiseConvolution { num_output: 3 group: 3 kernel_size: 2 }',
            layer=DepthwiseConvolution(num_output=3, group=3, kernel=(2,)),
            shapes={"y": (2, 3, 3, 4)},
            weights={"weight": (3, 1, 2, 2), "bias": (3,)},
            macs=2 * 3 * 3 * 4 * 4,
            formula=alone,
        ),
        Case(
            "ConvolutionDepthwise, no group",
            'input "x" [2, 3, 4, 5] layer "y" ConvolutionDepthwise { num_output: 3 kernel_size: 2 }',
            layer=ConvolutionDepthwise(num_output=3, kernel=(2,)),
            shapes={"y": (2, 3, 3, 4)},
            weights={"weight": (3, 1, 2, 2), "bias": (3,)},
            macs=2 * 3 * 3 * 4 * 4,
            formula=alone,
        ),
    )
    refused = (
        Refused(
            "ConvolutionDepthwise without a window",
            'input "x" [2, 3, 4, 5] layer "y" ConvolutionDepthwise { num_output: 3 }',
            "N201",
        ),
    )


def test_another_num_output_has_no_effect_and_is_said() -> None:
    net = net_of('input "x" [2, 3, 4, 5] layer "y" ConvolutionDepthwise { num_output: 5 kernel_size: 2 }')
    assert net.blobs["y"] == (2, 3, 3, 4)
    assert [said.message.split(": ", 1)[1] for said in net.report] == ["num_output has no effect"]
