"""Where blobs come together and part."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.layers.branching import Combine, Concat, Eltwise, Slice, Split
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import agrees_with_pytorch, properties
from tests.nets import net_of

TWO = 'input "a" [2, 3, 4] input "b" [2, 3, 4] '


class TestBranching(Family):
    cases = (
        *caffe("concat", "concat_axis", "slice", "slice_even", "split", "silence", "residual"),
        *caffe("eltwise_sum", "eltwise_coeff", "eltwise_prod", "eltwise_max"),
        Case(
            "Concat, channels",
            'input "a" [2, 3, 4] input "b" [2, 1, 4] layer "y" Concat { bottom: ["a", "b"] }',
            layer=Concat(),
            shapes={"y": (2, 4, 4)},
            formula=lambda a, b: np.concatenate((a, b), 1),
        ),
        Case(
            "Concat, an axis from the end",
            'input "a" [2, 3, 4] input "b" [2, 3, 1] layer "y" Concat { bottom: ["b", "a", "b"] axis: -1 }',
            layer=Concat(axis=-1),
            shapes={"y": (2, 3, 6)},
            formula=lambda b, a, c: np.concatenate((b, a, c), 2),
        ),
        Case(
            "Slice, equal pieces",
            'input "x" [2, 6, 4] layer "y" Slice { top: ["a", "b", "c"] }',
            layer=Slice(),
            shapes={"a": (2, 2, 4), "b": (2, 2, 4), "c": (2, 2, 4)},
            formula=lambda x: (x[:, :2], x[:, 2:4], x[:, 4:]),
        ),
        Case(
            "Slice, at points",
            'input "x" [2, 6, 4] layer "y" Slice { top: ["a", "b", "c"] axis: 2 slice_point: [1, 3] }',
            layer=Slice(axis=2, slice_point=(1, 3)),
            shapes={"a": (2, 6, 1), "b": (2, 6, 2), "c": (2, 6, 1)},
            formula=lambda x: (x[..., :1], x[..., 1:3], x[..., 3:]),
        ),
        Case(
            "Split",
            'input "x" [2, 3] layer "y" Split { top: ["a", "b"] }',
            layer=Split(),
            shapes={"a": (2, 3), "b": (2, 3)},
            formula=lambda x: (x, x),
        ),
        Case(
            "Eltwise, a sum",
            TWO + 'layer "y" Eltwise { bottom: ["a", "b"] coeff: [1, -2] }',
            layer=Eltwise(coeff=(1.0, -2.0)),
            shapes={"y": (2, 3, 4)},
            formula=lambda a, b: a - 2 * b,
        ),
        Case(
            "Eltwise, a product",
            TWO + 'layer "y" Eltwise { bottom: ["a", "b"] operation: PROD }',
            layer=Eltwise(operation=Combine.PROD),
            shapes={"y": (2, 3, 4)},
            formula=lambda a, b: a * b,
        ),
        Case(
            "Eltwise, the greatest",
            TWO + 'layer "y" Eltwise { bottom: ["a", "b", "a"] operation: MAX }',
            layer=Eltwise(operation=Combine.MAX),
            shapes={"y": (2, 3, 4)},
            formula=lambda a, b, _: np.maximum(a, b),
        ),
    )
    refused = (
        Refused("Concat of other sizes", TWO + 'input "c" [2, 3, 5] layer "y" Concat { bottom: ["a", "c"] }', "N206"),
        Refused("Concat by both names", TWO + 'layer "y" Concat { bottom: ["a", "b"] axis: 1 concat_dim: 1 }', "N407"),
        Refused("Slice that leaves a rest", TWO + 'layer "y" Slice { bottom: "a" top: ["c", "d"] }', "N202"),
        Refused("Slice with too few points", TWO + 'layer "y" Slice { top: ["c", "d"] slice_point: [1, 2] }', "N202"),
        Refused("Slice beyond the end", TWO + 'layer "y" Slice { top: ["c", "d"] slice_point: 3 }', "N202"),
        Refused("Eltwise of other shapes", TWO + 'input "c" [3] layer "y" Eltwise { bottom: ["a", "c"] }', "N206"),
        Refused("Eltwise, too few factors", TWO + 'layer "y" Eltwise { bottom: ["a", "b"] coeff: 1 }', "N202"),
        Refused(
            "Eltwise, factors of a product",
            TWO + 'layer "y" Eltwise { bottom: ["a", "b"] operation: PROD coeff: [1, 2] }',
            "N202",
        ),
        Refused("Silence with a top", TWO + 'layer "y" Silence { bottom: "a" top: "y" }', "N503"),
    )


def test_the_gradient_of_a_maximum_of_equal_values_goes_to_one() -> None:
    module = lower(
        net_of("""
    input "a" [1, 2]
    input "b" [1, 2]
    input "c" [1, 2]
    layer "most" Eltwise { operation: MAX bottom: ["a", "b", "c"] }
    """)
    )
    a, b, c = (torch.tensor([values], requires_grad=True) for values in ([1.0, 2.0], [1.0, 0.0], [1.0, 2.0]))
    torch.autograd.backward(module(a=a, b=b, c=c)["most"].sum())
    assert [x.grad.tolist() for x in (a, b, c) if x.grad is not None] == [[[0, 1]], [[1, 0]], [[0, 0]]]


@properties
@given(data=st.data())
def test_slice_and_concat_in_onnx(data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, 3))
    shape = [6, 6, 6, 6]
    points = data.draw(st.sampled_from(["", "slice_point: [1, 4]"]))
    net = net_of(f"""
        input "x" {shape}
        layer "s" Slice {{ top: ["a", "b", "c"] axis: {axis} {points} }}
        layer "y" Concat {{ bottom: ["c", "a", "b"] axis: {axis} }}
    """)
    agrees_with_pytorch(net, (), dict(net.inputs))
    for letter in allowed(net):
        agrees_with_pytorch(net, (letter,), {"x": tuple(12 if i == "N.HW".index(letter) else 6 for i in range(4))})


@pytest.mark.parametrize("letter", ["N", "H", "W"])
def test_last_piece_of_a_free_axis_is_the_rest(letter: str) -> None:
    axis = "N.HW".index(letter)
    net = net_of(f'input "x" [5, 5, 5, 5] layer "s" Slice {{ top: ["a", "b"] axis: {axis} slice_point: 2 }}')
    agrees_with_pytorch(net, (letter,), {"x": tuple(8 if i == axis else 5 for i in range(4))})
