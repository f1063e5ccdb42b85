"""The same values with their axes in another order."""

from netdef.compiler.layers.axes import Permute
from tests.layers.cases import Case, Family, Refused, fork


class TestAxes(Family):
    cases = (
        *fork("permute_nhwc", "permute_partial", "permute_identity", "permute_5d", "permute_none"),
        *fork("permute_flatten_concat"),
        Case(
            "Permute, two axes named",
            'input "x" [2, 3, 4, 5] layer "y" Permute { order: [2, 0] }',
            layer=Permute(order=(2, 0)),
            shapes={"y": (4, 2, 3, 5)},
            formula=lambda x: x.transpose(2, 0, 1, 3),
        ),
    )
    refused = (
        Refused("Permute, an axis twice", 'input "x" [2, 3] layer "y" Permute { order: [0, 1, 1] }', "N202"),
        Refused("Permute, an axis that is not there", 'input "x" [2, 3] layer "y" Permute { order: 2 }', "N205"),
    )
