"""Pooling."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import netdef
from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.onnx import onnx_model
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.lowering.pooling import LEAST
from tests.layers.cases import Case, Family, Refused, caffe, fork
from tests.layers.examples import at_free_sizes, fitting, properties
from tests.nets import net_of
from tests.onnx_runtime import run

Doubles = NDArray[np.float64]


def pooled(x: Doubles, layer: Pooling) -> tuple[Doubles, Doubles]:
    """Caffe's loops, and the positions of the maxima."""
    n, c, height, width = x.shape
    (kh, kw), (sh, sw), (ph, pw) = layer.over(x.shape)
    rounded = math.ceil if layer.round_mode is Rounding.CEIL else math.floor
    rows, columns = rounded((height + 2 * ph - kh) / sh) + 1, rounded((width + 2 * pw - kw) / sw) + 1
    if ph or pw:
        rows -= (rows - 1) * sh >= height + ph
        columns -= (columns - 1) * sw >= width + pw
    top, at = np.zeros((n, c, rows, columns)), np.full((n, c, rows, columns), -1.0)
    for i, j in np.ndindex(rows, columns):
        y, x0 = i * sh - ph, j * sw - pw
        y_end, x_end = min(y + kh, height + ph), min(x0 + kw, width + pw)
        size = (y_end - y) * (x_end - x0)
        inside = x[:, :, max(y, 0) : min(y_end, height), max(x0, 0) : min(x_end, width)]
        if layer.pool is Reduce.AVE:
            with np.errstate(invalid="ignore"):
                top[:, :, i, j] = inside.sum((2, 3)) / np.float64(size)
        elif inside.size == 0:
            top[:, :, i, j] = LEAST
        else:
            flat = inside.reshape(n, c, -1)
            row, column = np.divmod(flat.argmax(2), inside.shape[3])
            top[:, :, i, j] = flat.max(2)
            at[:, :, i, j] = (row + max(y, 0)) * width + column + max(x0, 0)
    return top, at


MAX_3_2 = Pooling(kernel=Pair(3, 3), stride=Pair(2, 2))
RECTANGLE = Pooling(pool=Reduce.AVE, kernel=Pair(3, 2), stride=Pair(2, 1), pad=Pair(1, 0), round_mode=Rounding.FLOOR)


def by_window(x: Doubles, sides: tuple[int, int, int, int], of: Any) -> Doubles:
    """Something of each window of 3 x 3, 2 apart, over the pixels that are there: from ``sides`` around the image."""
    top, below, left, right = sides
    rows, columns = (
        [slice(max(start, 0), start + 3) for start in range(-before, size + after - 1, 2) if start < size]
        for size, before, after in ((x.shape[2], top, below), (x.shape[3], left, right))
    )
    found = [[of(x[:, :, row, column], axis=(2, 3)) for column in columns] for row in rows]
    return np.moveaxis(np.array(found), (0, 1), (2, 3))


class TestPooling(Family):
    cases = (
        *caffe("pool_max", "pool_max_3s2_ceil", "pool_max_pad_clip", "pool_ave_3s2_ceil", "pool_ave_pad"),
        *caffe("pool_global_ave", "pool_rect", "pool_round_floor"),
        *fork("pool_ceil_mode_on", "pool_ceil_mode_off"),
        Case(
            "the maximum, a last partial window kept",
            'input "x" [2, 3, 8, 6] layer "y" Pooling { kernel_size: 3 stride: 2 }',
            layer=MAX_3_2,
            shapes={"y": (2, 3, 4, 3)},
            formula=lambda x: pooled(x, MAX_3_2)[0],
        ),
        Case(
            "the maximum and where it was",
            'input "x" [2, 3, 8, 6] layer "y" Pooling { top: ["y", "at"] kernel_size: 3 stride: 2 }',
            layer=MAX_3_2,
            shapes={"y": (2, 3, 4, 3), "at": (2, 3, 4, 3)},
            formula=lambda x: pooled(x, MAX_3_2),
        ),
        Case(
            "the mean over a rectangle, the border counted, the rest dropped",
            'input "x" [1, 2, 8, 7] layer "y" Pooling { pool: AVE kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 '
            "pad_h: 1 pad_w: 0 round_mode: FLOOR }",
            layer=RECTANGLE,
            shapes={"y": (1, 2, 4, 6)},
            formula=lambda x: pooled(x, RECTANGLE)[0],
        ),
        Case(
            "the mean of everything",
            'input "x" [2, 3, 4, 5] layer "y" Pooling { pool: AVE global_pooling: true }',
            layer=Pooling(pool=Reduce.AVE, global_pooling=True),
            shapes={"y": (2, 3, 1, 1)},
            formula=lambda x: x.mean((2, 3), keepdims=True),
        ),
        Case(
            "STOCHASTIC",
            'input "x" [2, 3, 4, 5] layer "y" Pooling { pool: STOCHASTIC kernel_size: 2 }',
            layer=Pooling(pool=Reduce.STOCHASTIC, kernel=Pair(2, 2)),
            shapes={"y": (2, 3, 3, 4)},
            refused={"PyTorch": "N1001", "ONNX": "N1011"},
        ),
        Case(
            "AVE over a fork's border, uneven",
            'input "x" [2, 3, 5, 6] layer "y" Pooling { pool: AVE kernel_size: 3 stride: 2 pad_t: 1 pad_r: 2 }',
            layer=Pooling(pool=Reduce.AVE, kernel=Pair(3, 3), stride=Pair(2, 2), pad_t=1, pad_r=2),
            shapes={"y": (2, 3, 3, 3)},
            formula=lambda x: by_window(x, (1, 0, 0, 2), np.sum) / np.outer([3, 3, 2], [3, 3, 3]),
        ),
        Case(
            "AVE_EXC_PAD of a fork",
            'input "x" [2, 3, 5, 6] layer "y" Pooling { pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad_t: 1 pad_r: 2 }',
            layer=Pooling(pool=Reduce.AVE_EXC_PAD, kernel=Pair(3, 3), stride=Pair(2, 2), pad_t=1, pad_r=2),
            shapes={"y": (2, 3, 3, 3)},
            formula=lambda x: by_window(x, (1, 0, 0, 2), np.sum) / by_window(np.ones_like(x), (1, 0, 0, 2), np.sum),
        ),
        Case(
            "MAX over a fork's border, uneven",
            'input "x" [2, 3, 5, 6] layer "y" Pooling { pool: MAX kernel_size: 3 stride: 2 pad_b: 1 ceil_mode: false }',
            layer=Pooling(kernel=Pair(3, 3), stride=Pair(2, 2), pad_b=1, ceil_mode=False),
            shapes={"y": (2, 3, 2, 2)},
            formula=lambda x: by_window(x, (0, 1, 0, 0), np.max)[:, :, :2, :2],
        ),
    )
    refused = (
        Refused("without a window", 'input "x" [1, 1, 4, 4] layer "y" Pooling', "N201"),
        Refused(
            "a window over everything, with a size",
            'input "x" [1, 1, 4, 4] layer "y" Pooling { global_pooling: true kernel_size: 2 }',
            "N202",
        ),
        Refused(
            "a window over everything, with a stride",
            'input "x" [1, 1, 4, 4] layer "y" Pooling { global_pooling: true stride: 2 }',
            "N202",
        ),
        Refused(
            "a border as wide as the window",
            'input "x" [1, 1, 4, 4] layer "y" Pooling { kernel_size: 2 pad: 2 }',
            "N202",
        ),
        Refused("other than 4 axes", 'input "x" [1, 4, 4] layer "y" Pooling { kernel_size: 2 }', "N203"),
        Refused("a window that doesn't fit", 'input "x" [1, 1, 4, 4] layer "y" Pooling { kernel_size: 9 }', "N204"),
        Refused(
            "positions of a mean",
            'input "x" [1, 1, 4, 4] layer "y" Pooling { pool: AVE kernel_size: 2 top: ["y", "at"] }',
            "N503",
        ),
        Refused(
            "both spellings of a size",
            'input "x" [1, 1, 4, 4] layer "y" Pooling { kernel_size: 2 kernel_h: 2 kernel_w: 2 }',
            "N407",
        ),
    )


@settings(max_examples=200, deadline=None)
@given(
    image=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    share=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    pool=st.sampled_from([Reduce.MAX, Reduce.AVE]),
    mode=st.sampled_from(Rounding),
    whole=st.booleans(),
)
def test_pooling_is_caffes_loops(
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    share: tuple[int, int],
    pool: Reduce,
    mode: Rounding,
    whole: bool,
) -> None:
    pad = Pair(min(share[0], kernel[0] - 1), min(share[1], kernel[1] - 1))
    if whole:
        layer = Pooling(pool=pool, global_pooling=True, round_mode=mode)
        parameters = "global_pooling: true"
    else:
        layer = Pooling(pool=pool, kernel=Pair(*kernel), stride=Pair(*stride), pad=pad, round_mode=mode)
        parameters = (
            f"kernel_h: {kernel[0]} kernel_w: {kernel[1]} stride_h: {stride[0]} stride_w: {stride[1]}"
            f" pad_h: {pad.h} pad_w: {pad.w}"
        )
    tops = '"top", "at"' if pool is Reduce.MAX else '"top"'
    text = f"""
    input "data" [2, 3, {image[0]}, {image[1]}]
    layer "pool" Pooling {{ pool: {pool.name} round_mode: {mode.name} {parameters} top: [{tops}] }}
    """
    shape = (2, 3, *image)
    try:
        layer.infer((shape,), 1)
    except Refusal:
        with pytest.raises(netdef.NetError):
            net_of(text)
        return
    net = lower(net_of(text))
    x = np.random.default_rng(0).integers(-4, 4, shape).astype(np.float64)  # small whole numbers: many ties
    found = net.double()(data=torch.tensor(x))
    top, at = pooled(x, layer)
    assert found["top"].shape == net.net.blobs["top"] == top.shape
    np.testing.assert_allclose(found["top"].numpy(), top, rtol=1e-12)
    if pool is Reduce.MAX:
        np.testing.assert_array_equal(found["at"].numpy(), at)


def test_the_gradient_of_a_bordered_maximum_goes_to_the_first_of_equal_values() -> None:
    net = lower(net_of('input "data" [1, 1, 3, 3] layer "pool" Pooling { kernel_size: 3 stride: 2 pad: 2 }'))
    x = torch.zeros(1, 1, 3, 3, requires_grad=True)
    torch.autograd.backward(net(data=x)["pool"].sum())
    assert x.grad is not None
    assert x.grad.tolist() == [[[[4, 0, 2], [0, 0, 0], [2, 0, 1]]]]  # rows 0, 0 to 2 and 2; columns too


@properties
@given(data=st.data())
def test_pooling_in_onnx(data: st.DataObject) -> None:
    h, w = (data.draw(st.integers(1, 9)) for _ in range(2))
    kernel = [data.draw(st.integers(1, 4)) for _ in range(2)]
    stride = [data.draw(st.integers(1, 5)) for _ in range(2)]
    pad = [data.draw(st.integers(0, k - 1)) for k in kernel]
    pool = data.draw(st.sampled_from(["MAX", "AVE"]))
    rounding = data.draw(st.sampled_from(["CEIL", "FLOOR"]))
    tops = '["y", "at"]' if pool == "MAX" and data.draw(st.booleans()) else '"y"'
    text = f"""
        input "x" [2, 3, {h}, {w}]
        layer "y" Pooling {{
            bottom: "x" top: {tops} pool: {pool} round_mode: {rounding}
            kernel_h: {kernel[0]} kernel_w: {kernel[1]} stride_h: {stride[0]} stride_w: {stride[1]}
            pad_h: {pad[0]} pad_w: {pad[1]}
        }}
    """
    at_free_sizes(fitting(text))


@properties
@given(data=st.data())
def test_global_pooling_in_onnx(data: st.DataObject) -> None:
    h, w = (data.draw(st.integers(1, 9)) for _ in range(2))
    pool, tops = data.draw(st.sampled_from([("MAX", '"y"'), ("MAX", '["y", "at"]'), ("AVE", '"y"')]))
    text = f'input "x" [2, 3, {h}, {w}] layer "y" Pooling {{ top: {tops} pool: {pool} global_pooling: true }}'
    at_free_sizes(net_of(text))


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("pad", [0, 2])
def test_a_window_wider_than_any_image_sees_all_of_it(pool: str, pad: int) -> None:
    far = 2**31 - 1
    net = net_of(
        f'input "x" [2, 3, 4, 5] layer "y" Pooling {{ pool: {pool} kernel_size: {far} stride: {far} pad: {pad} }}'
    )
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    area = (4 + 2 * pad) * (5 + 2 * pad)  # the border counts
    wanted = x.max((2, 3), keepdims=True) if pool == "MAX" else x.sum((2, 3), keepdims=True) / area
    np.testing.assert_allclose(lower(net)(x=torch.tensor(x))["y"], wanted, rtol=1e-5)
    np.testing.assert_allclose(run(onnx_model(net), {"x": x})["y"], wanted, rtol=1e-5)
    with pytest.raises(netdef.NetError, match="wider than any image"):
        onnx_model(net, dynamic=("N", "H", "W"))


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
def test_a_step_beyond_any_image_leaves_a_window_behind_it(pool: str) -> None:
    text = f'input "x" [2, 3, 7, 2] layer "y" Pooling {{ pool: {pool} kernel_size: 2 stride: {2**31 - 1} }}'
    net = net_of(text)
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 2)).astype(np.float32)
    found = lower(net)(x=torch.tensor(x))["y"]
    window = x[:, :, :2]
    np.testing.assert_allclose(found[:, :, 0, 0], window.max((2, 3)) if pool == "MAX" else window.mean((2, 3)), 1e-5)
    assert (found[:, :, 1] == (LEAST if pool == "MAX" else 0)).all()  # what Caffe begins with, and 0 by a size below 0
    np.testing.assert_array_equal(run(onnx_model(net), {"x": x})["y"], found)
