"""Convolution and its transpose."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import netdef
from netdef.compiler.layers.convolution import Convolution, Deconvolution
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import known
from netdef.runtime import lower
from tests.layers.cases import OUTPUTS, Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, fitting, properties
from tests.nets import net_of

Doubles = NDArray[np.float64]

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
GAUSSIAN = Filler(type="gaussian")


def correlated(x: Doubles, weight: Doubles, bias: Doubles, layer: Convolution) -> Doubles:
    """Windows of (N, C, H, W), one output at a time, zeros wherever they stick out."""
    group = layer.group
    kernel, stride, pad, dilation = layer.over(2)
    sizes = [layer.size(*along) for along in zip(x.shape[2:], kernel, stride, pad, dilation, strict=True)]
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p + d * k) for p, d, k in zip(pad, dilation, kernel, strict=True))))
    top = np.zeros((len(x), len(weight), *map(known, sizes)))
    for o, i, j in np.ndindex(top.shape[1:]):
        first = o // (len(weight) // group) * weight.shape[1]
        rows = i * stride[0] + dilation[0] * np.arange(kernel[0])
        columns = j * stride[1] + dilation[1] * np.arange(kernel[1])
        seen = wide[:, first : first + weight.shape[1]][:, :, rows[:, None], columns]
        top[:, o, i, j] = (seen * weight[o]).sum((1, 2, 3)) + bias[o]
    return top


def spread(x: Doubles, weight: Doubles, bias: Doubles, stride: int, pad: int) -> Doubles:
    """Each position of (N, C, H, W) times a square window, added up where they lie over each other, less the border."""
    n, _, height, width = x.shape
    side = weight.shape[-1]
    top = np.zeros((n, weight.shape[1], stride * (height - 1) + side, stride * (width - 1) + side))
    for i, j in np.ndindex(height, width):
        window = np.einsum("nc,cohw->nohw", x[:, :, i, j], weight)
        top[:, :, i * stride : i * stride + side, j * stride : j * stride + side] += window
    return top[:, :, pad : top.shape[2] - pad, pad : top.shape[3] - pad] + bias[:, None, None]


PLAIN = Convolution(num_output=4, kernel=(3,), weight_filler=GAUSSIAN, bias_filler=GAUSSIAN)
EVERYTHING = Convolution(
    num_output=4,
    kernel=(3, 2),
    stride=(2, 1),
    pad=(1, 0),
    dilation=(2,),
    group=2,
    weight_filler=GAUSSIAN,
    bias_filler=GAUSSIAN,
)


class TestConvolution(Family):
    cases = (
        *caffe("conv_basic", "conv_pad_stride", "conv_rect", "conv_dilation", "conv_group_nobias", "conv_depthwise"),
        *caffe("conv_two_bottoms", "deconv_basic", "deconv_bilinear_group", "im2col"),
        Case(
            "Convolution",
            f'input "x" [2, 3, 5, 6] layer "y" Convolution {{ num_output: 4 kernel_size: 3 {FILLED} }}',
            layer=PLAIN,
            shapes={"y": (2, 4, 3, 4)},
            weights={"weight": (4, 3, 3, 3), "bias": (4,)},
            macs=2 * (4 * 3 * 4) * (3 * 3 * 3),
            formula=lambda x, weight, bias: correlated(x, weight, bias, PLAIN),
        ),
        Case(
            "Convolution, everything at once",
            'input "x" [1, 4, 9, 7] layer "y" Convolution { num_output: 4 kernel_h: 3 kernel_w: 2 '
            f"stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 dilation: 2 group: 2 {FILLED} }}",
            layer=EVERYTHING,
            shapes={"y": (1, 4, 4, 5)},
            weights={"weight": (4, 2, 3, 2), "bias": (4,)},
            macs=(4 * 4 * 5) * (2 * 3 * 2),
            formula=lambda x, weight, bias: correlated(x, weight, bias, EVERYTHING),
        ),
        Case(
            "Convolution of two bottoms, without bias",
            'input "a" [2, 3, 4, 4] input "b" [2, 3, 4, 4] layer "y" Convolution { bottom: ["a", "b"] top: ["c", "d"] '
            'num_output: 4 kernel_size: 1 bias_term: false weight_filler { type: "gaussian" } }',
            layer=Convolution(num_output=4, kernel=(1,), bias_term=False, weight_filler=GAUSSIAN),
            shapes={"c": (2, 4, 4, 4), "d": (2, 4, 4, 4)},
            weights={"weight": (4, 3, 1, 1)},
            macs=2 * (2 * 4 * 16) * 3,
            formula=lambda a, b, weight: tuple(np.einsum("nchw,oc->nohw", x, weight[:, :, 0, 0]) for x in (a, b)),
        ),
        Case(
            "Deconvolution",
            'input "x" [2, 3, 4, 5] layer "y" Deconvolution { num_output: 2 kernel_size: 4 stride: 2 pad: 1 '
            f"{FILLED} }}",
            layer=Deconvolution(
                num_output=2, kernel=(4,), stride=(2,), pad=(1,), weight_filler=GAUSSIAN, bias_filler=GAUSSIAN
            ),
            shapes={"y": (2, 2, 8, 10)},
            weights={"weight": (3, 2, 4, 4), "bias": (2,)},
            macs=(2 * 3 * 4 * 5) * (2 * 4 * 4),
            formula=lambda x, weight, bias: spread(x, weight, bias, 2, 1),
        ),
        Case(
            "Convolution, a fork's zeros on two sides",
            'input "x" [2, 3, 5, 6] '
            f'layer "y" Convolution {{ num_output: 2 kernel_size: 3 pad_t: 1 pad_r: 2 {FILLED} }}',
            layer=Convolution(
                num_output=2, kernel=(3,), pad_t=1, pad_r=2, weight_filler=GAUSSIAN, bias_filler=GAUSSIAN
            ),
            shapes={"y": (2, 2, 4, 6)},
            weights={"weight": (2, 3, 3, 3), "bias": (2,)},
            macs=2 * 2 * 4 * 6 * 27,
            formula=lambda x, weight, bias: correlated(
                np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 2))), weight, bias, Convolution(num_output=2, kernel=(3,))
            ),
        ),
    )
    refused = (
        Refused(
            "Convolution, two pads",
            'input "x" [2, 3, 5, 6] layer "y" Convolution { num_output: 2 kernel_size: 3 pad: 1 pad_t: 1 }',
            "N407",
        ),
        Refused(
            "Convolution, more pads than an image has axes",
            'input "x" [2, 3, 5, 6] layer "y" Convolution { num_output: 2 kernel_size: 3 pad: [0, 0, 0] pad_t: 1 }',
            "N407",
        ),
        Refused("without a window", 'input "x" [1, 3, 5, 5] layer "y" Convolution { num_output: 2 }', "N201"),
        Refused(
            "outputs that groups don't divide",
            'input "x" [1, 4, 5, 5] layer "y" Convolution { num_output: 3 kernel_size: 1 group: 2 }',
            "N202",
        ),
        Refused(
            "channels that groups don't divide",
            'input "x" [1, 3, 5, 5] layer "y" Convolution { num_output: 4 kernel_size: 1 group: 2 }',
            "N202",
        ),
        Refused(
            "sizes for another number of axes",
            'input "x" [1, 3, 5, 5] layer "y" Convolution { num_output: 4 kernel_size: [1, 2, 3] }',
            "N202",
        ),
        Refused(
            "a window that doesn't fit",
            'input "x" [1, 3, 5, 5] layer "y" Convolution { num_output: 4 kernel_size: 7 }',
            "N204",
        ),
        Refused(
            "two bottoms and one top",
            'input "a" [1, 3, 5, 5] layer "y" Convolution { bottom: ["a", "a"] top: "y" num_output: 4 kernel_size: 1 }',
            "N503",
        ),
        Refused(
            "bottoms of other shapes",
            'input "a" [1, 3, 5, 5] input "b" [1, 3, 5, 6] '
            'layer "y" Convolution { bottom: ["a", "b"] top: ["c", "d"] num_output: 4 kernel_size: 1 }',
            "N206",
        ),
        Refused(
            "four axes behind the channels, in PyTorch",
            'input "x" [1, 1, 2, 2, 2, 2] layer "y" Convolution { num_output: 2 kernel_size: 1 }',
            "N1001",
            by="PyTorch",
        ),
    )


windows = {
    "kernel": st.integers(1, 4),
    "stride": st.integers(1, 4),
    "pad": st.integers(0, 2),
    "dilation": st.integers(1, 2),
    "group": st.integers(1, 2),
    "image": st.tuples(st.integers(1, 8), st.integers(1, 8)),
}


@settings(max_examples=200, deadline=None)
@given(**windows)
def test_convolution_is_a_sum_over_windows(
    kernel: int, stride: int, pad: int, dilation: int, group: int, image: tuple[int, int]
) -> None:
    layer = Convolution(num_output=4, kernel=(kernel,), stride=(stride,), pad=(pad,), dilation=(dilation,), group=group)
    text = f"""
    input "data" [2, 2, {image[0]}, {image[1]}]
    layer "conv" Convolution {{
      num_output: 4 kernel_size: {kernel} stride: {stride} pad: {pad} dilation: {dilation} group: {group}
      weight_filler {{ type: "gaussian" }} bias_filler {{ type: "gaussian" }}
    }}
    """
    try:
        layer.infer(((2, 2, *image),), 1)
    except Refusal:
        return
    net = lower(net_of(text)).double()
    x = np.random.default_rng(0).standard_normal((2, 2, *image))
    weight, bias = (tensor.detach().numpy() for tensor in net.layer_params("conv"))
    found = net(data=torch.tensor(x))["conv"].detach().numpy()
    assert found.shape == net.net.blobs["conv"]
    np.testing.assert_allclose(found, correlated(x, weight, bias, layer), atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(**windows)
def test_deconvolution_is_convolution_transposed(
    kernel: int, stride: int, pad: int, dilation: int, group: int, image: tuple[int, int]
) -> None:
    """<conv(x), y> = <x, deconv(y)> for every x and y, with one weight for both."""
    parameters = f"kernel_size: {kernel} stride: {stride} pad: {pad} dilation: {dilation} group: {group}"
    text = f"""
    input "data" [2, 2, {image[0]}, {image[1]}]
    layer "window" Deconvolution {{ num_output: 4 {parameters} bias_term: false weight_filler {{ type: "gaussian" }} }}
    """
    try:
        up = lower(net_of(text)).double()
    except netdef.NetError:  # the border is wider than what it would cut
        return
    _, channels, *large = up.net.blobs["window"]
    down = lower(
        net_of(f"""
    input "data" [2, {channels}, {large[0]}, {large[1]}]
    layer "window" Convolution {{ num_output: 2 {parameters} bias_term: false }}
    """)
    ).double()
    down.load(up.weights())
    y = torch.randn(2, 2, *image, dtype=torch.float64)
    x = torch.randn(2, 4, *map(known, large), dtype=torch.float64)
    lowered, raised_ = down(data=x)["window"], up(data=y)["window"]
    torch.testing.assert_close((lowered * y).sum(), (x * raised_).sum())


@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 3, 9), 1), ((2, 4, 3, 7, 5), 2), ((3, 7, 5), 0), ((2, 3, 5, 4, 6), 1)]
)
def test_convolution_over_other_axes(shape: tuple[int, ...], axis: int) -> None:
    net = lower(
        net_of(f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "conv" Convolution {{ num_output: 4 kernel_size: 3 axis: {axis} weight_filler {{ type: "gaussian" }} }}
    """)
    )
    x = torch.randn(*shape)
    (weight, _) = net.layer_params("conv")
    samples = x.reshape(-1, *shape[axis:]) if axis else x[None]
    seen = samples
    for dim in range(2, samples.dim()):
        seen = seen.unfold(dim, 3, 1)  # (N, C, positions..., window...)
    num = samples.dim() - 2
    products = torch.tensordot(seen, weight, ([1, *range(2 + num, 2 + 2 * num)], [1, *range(2, 2 + num)]))
    wanted = products.movedim(-1, 1).reshape(net.net.blobs["conv"])
    torch.testing.assert_close(net(data=x)["conv"], wanted, rtol=OUTPUTS, atol=1e-5)


@properties
@given(data=st.data(), kind=st.sampled_from(["Convolution", "Deconvolution"]))
def test_convolution_in_onnx(data: st.DataObject, kind: str) -> None:
    num_axes = data.draw(st.integers(1, 3))
    axis = data.draw(st.integers(1, 2))
    sizes = [data.draw(st.integers(1, 7)) for _ in range(num_axes)]
    group = data.draw(st.integers(1, 2))
    lead = [2, 3][:axis]
    fields = {
        name: [data.draw(st.integers(least, most)) for _ in range(num_axes)]
        for name, least, most in (("kernel_size", 1, 3), ("stride", 1, 4), ("pad", 0, 2), ("dilation", 1, 2))
    }
    text = f"""
        input "x" {[*lead, 2 * group, *sizes]}
        layer "y" {kind} {{
            num_output: {3 * group} group: {group} axis: {axis} bias_term: {str(data.draw(st.booleans())).lower()}
            {" ".join(f"{name}: {values}" for name, values in fields.items())}
            weight_filler {{ type: "gaussian" }} bias_filler {{ type: "uniform" }}
        }}
    """
    at_free_sizes(fitting(text))


@properties
@given(data=st.data())
def test_im2col_in_onnx_and_as_a_convolution_sees_it(data: st.DataObject) -> None:
    num_axes, axis = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    sizes = [data.draw(st.integers(1, 7)) for _ in range(num_axes)]
    window = " ".join(
        f"{name}: {[data.draw(st.integers(least, most)) for _ in range(num_axes)]}"
        for name, least, most in (("kernel_size", 1, 3), ("stride", 1, 4), ("pad", 0, 2), ("dilation", 1, 2))
    )
    net = fitting(f"""
        input "x" {[*[2, 3][:axis], 2, *sizes]}
        layer "y" Im2col {{ axis: {axis} {window} }}
        layer "conv" Convolution {{
            num_output: 2 axis: {axis} bias_term: false {window} weight_filler {{ type: "gaussian" }} bottom: "x"
        }}
    """)
    at_free_sizes(net)
    module = lower(net)
    found = module.blobs(["y", "conv"], x=torch.randn([known(size) for size in net.inputs["x"]]))
    (weight,) = module.layer_params("conv")
    multiplied = torch.tensordot(found["y"].movedim(axis, -1), weight.flatten(1), ([-1], [1])).movedim(-1, axis)
    torch.testing.assert_close(multiplied, found["conv"], rtol=OUTPUTS, atol=1e-5)
