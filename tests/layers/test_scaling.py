"""Multiplied by, or added to, a learned or a given blob."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.layers.scaling import Bias, Scale
from netdef.compiler.schema.caffe import Filler
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import agrees_with_pytorch, properties, shapes
from tests.nets import net_of

GAUSSIAN = Filler(type="gaussian")


class TestScaling(Family):
    cases = (
        *caffe("scale_bias", "scale_two_bottoms", "bias"),
        Case(
            "Scale, its filler's 1",
            'input "x" [2, 3, 4] layer "y" Scale { top: "y" }',
            layer=Scale(),
            shapes={"y": (2, 3, 4)},
            weights={"scale": (3,)},
            formula=lambda x, _: x,
        ),
        Case(
            "Scale and bias over two axes",
            'input "x" [2, 3, 4, 5] layer "y" Scale { top: "y" axis: 1 num_axes: 2 bias_term: true '
            'filler { type: "gaussian" } bias_filler { type: "gaussian" } }',
            layer=Scale(num_axes=2, bias_term=True, filler=GAUSSIAN, bias_filler=GAUSSIAN),
            shapes={"y": (2, 3, 4, 5)},
            weights={"scale": (3, 4), "bias": (3, 4)},
            formula=lambda x, scale, bias: x * scale[:, :, None] + bias[:, :, None],
        ),
        Case(
            "Scale by a second bottom",
            'input "x" [2, 3, 4] input "z" [2, 3] layer "y" Scale { bottom: ["x", "z"] top: "y" axis: 0 }',
            layer=Scale(axis=0),
            shapes={"y": (2, 3, 4)},
            formula=lambda x, z: x * z[:, :, None],
        ),
        Case(
            "Bias over all the rest",
            'input "x" [2, 3, 4] layer "y" Bias { top: "y" num_axes: -1 filler { type: "gaussian" } }',
            layer=Bias(num_axes=-1, filler=GAUSSIAN),
            shapes={"y": (2, 3, 4)},
            weights={"bias": (3, 4)},
            formula=lambda x, bias: x + bias,
        ),
    )
    refused = (
        Refused("Scale beyond the end", 'input "x" [2, 3] layer "y" Scale { num_axes: 2 }', "N205"),
        Refused("Bias from no axis", 'input "x" [2, 3] layer "y" Bias { axis: 2 }', "N205"),
        Refused(
            "Scale by another shape",
            'input "x" [2, 3] input "z" [4] layer "y" Scale { bottom: ["x", "z"] top: "y" }',
            "N206",
        ),
    )


@settings(max_examples=60, deadline=None)
@given(shape=shapes, data=st.data())
def test_scale_and_bias_are_broadcast_from_an_axis(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    num = data.draw(st.integers(0, len(shape) - axis))
    net = lower(
        net_of(f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "scale" Scale {{
      axis: {axis} num_axes: {num} bias_term: true filler {{ type: "gaussian" }} bias_filler {{ type: "gaussian" }}
    }}
    """)
    )
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    one = (1,) * axis + shape[axis : axis + num] + (1,) * (len(shape) - axis - num)
    scale, bias = (array.reshape(one) for array in net.weights()["scale"])
    np.testing.assert_allclose(
        net(data=torch.tensor(x))["data"].detach().numpy(), x * scale + bias, rtol=1e-5, atol=1e-6
    )


@properties
@given(data=st.data(), kind=st.sampled_from(["Scale", "Bias"]))
def test_scale_and_bias_in_onnx(data: st.DataObject, kind: str) -> None:
    axis = data.draw(st.integers(0, 3))
    num_axes = data.draw(st.sampled_from([-1, *range(4 - axis + 1)]))
    shape = [2, 3, 4, 5]
    end = 4 if num_axes == -1 else axis + num_axes
    second = data.draw(st.booleans()) and end > axis
    text = f"""
        input "x" {shape}
        {f'input "z" {shape[axis:end]}' if second else ""}
        layer "y" {kind} {{
            bottom: {'["x", "z"]' if second else '"x"'} top: "y" axis: {axis} num_axes: {num_axes}
            filler {{ type: "gaussian" }}
            {'bias_term: true bias_filler { type: "gaussian" }' if kind == "Scale" and data.draw(st.booleans()) else ""}
        }}
    """
    net = net_of(text)
    agrees_with_pytorch(net, (), dict(net.inputs))
    agrees_with_pytorch(net, allowed(net), dict(net.inputs))
