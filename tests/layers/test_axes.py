"""The same values along other axes, or in another order along them."""

import numpy as np

from netdef.compiler.layers.axes import Flip, Permute, Reverse, ShuffleChannel, Squeeze, Transpose
from netdef.compiler.onnx.model import onnx_model
from tests.layers.cases import Case, Family, Refused, fork
from tests.nets import net_of


class TestAxes(Family):
    cases = (
        *fork("permute_nhwc", "permute_partial", "permute_identity", "permute_5d", "permute_none"),
        *fork("permute_flatten_concat"),
        *fork("transpose", "reverse", "reverse_axis", "flip", "flip_height", "squeeze", "shuffle_2", "gather"),
        Case(
            "Transpose",
            'input "x" [2, 3, 4] layer "y" Transpose { dim: [2, 0, 1] }',
            layer=Transpose(dim=(2, 0, 1)),
            shapes={"y": (4, 2, 3)},
            formula=lambda x: x.transpose(2, 0, 1),
        ),
        Case(
            "Reverse",
            'input "x" [2, 3, 4] layer "y" Reverse { axis: 1 }',
            layer=Reverse(axis=1),
            shapes={"y": (2, 3, 4)},
            formula=lambda x: x[:, ::-1],
        ),
        Case(
            "Flip, both ways",
            'input "x" [2, 3, 4, 5] layer "y" Flip { flip_height: true }',
            layer=Flip(flip_height=True),
            shapes={"y": (2, 3, 4, 5)},
            formula=lambda x: x[..., ::-1, ::-1],
        ),
        Case(
            "Squeeze of all",
            'input "x" [2, 1, 4, 1] layer "y" Squeeze',
            layer=Squeeze(),
            shapes={"y": (2, 4)},
            formula=lambda x: x.reshape(2, 4),
        ),
        Case(
            "ShuffleChannel",
            'input "x" [2, 6, 2, 2] layer "y" ShuffleChannel { group: 3 }',
            layer=ShuffleChannel(group=3),
            shapes={"y": (2, 6, 2, 2)},
            formula=lambda x: np.stack([x[:, c] for c in (0, 2, 4, 1, 3, 5)], 1),
        ),
        Case(
            "Permute, two axes named",
            'input "x" [2, 3, 4, 5] layer "y" Permute { order: [2, 0] }',
            layer=Permute(order=(2, 0)),
            shapes={"y": (4, 2, 3, 5)},
            formula=lambda x: x.transpose(2, 0, 1, 3),
        ),
    )
    refused = (
        Refused("Transpose, an axis left out", 'input "x" [2, 3] layer "y" Transpose { dim: 1 }', "N205"),
        Refused("Reverse, from the end", 'input "x" [2, 3] layer "y" Reverse { axis: -1 }', "N205"),
        Refused("Squeeze of more than 1", 'input "x" [2, 3] layer "y" Squeeze { axis: 1 }', "N208"),
        Refused("ShuffleChannel, unequal groups", 'input "x" [2, 3] layer "y" ShuffleChannel { group: 2 }', "N202"),
        Refused("Permute, an axis twice", 'input "x" [2, 3] layer "y" Permute { order: [0, 1, 1] }', "N202"),
        Refused("Permute, an axis that is not there", 'input "x" [2, 3] layer "y" Permute { order: 2 }', "N205"),
    )


def test_a_scalar_is_transposed_to_itself() -> None:
    model = onnx_model(net_of('input "x" []\nlayer "l" Transpose { bottom: "x" }'))
    assert [node.op_type for node in model.graph.node] == ["Identity"]
