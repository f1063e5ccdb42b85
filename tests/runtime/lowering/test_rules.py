"""The table of PyTorch's rules: whole, and frank about what it can't do. What each rule computes: tests/layers."""

import pytest

from netdef.compiler.layers import catalogue
from netdef.compiler.net_error import NetError
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime import lower
from netdef.runtime.lowering import RULES
from tests.nets import net_of


def test_every_layer_type_is_done_or_refused() -> None:
    assert RULES.missing() == []
    not_here = {kind for kind in catalogue.every_type() if kind.fed or kind.opaque}
    refused = {kind: why for kind in catalogue.every_type() if (why := RULES.why_not(kind)) is not None}
    assert {kind for kind, why in refused.items() if why != SHAPES_ALONE} == not_here


def test_all_refused_layers_are_said_at_once_with_their_places() -> None:
    text = """
    opaque "Mystery" { top_shape: [2, 3, 7, 5] }
    input "data" [2, 3, 7, 5]
    layer "odd" Mystery
    layer "chance" Pooling { pool: STOCHASTIC kernel_size: 2 bottom: "data" }
    layer "deep" Convolution { num_output: 2 kernel_size: 1 axis: -5 bottom: "high" }
    input "high" [1, 1, 2, 2, 2, 2]
    """
    lines = text.splitlines()
    lines.insert(3, lines.pop(6))
    with pytest.raises(NetError) as caught:
        lower(net_of("\n".join(lines)))
    found = {(d.message.split(":")[0], d.primary.span.text) for d in caught.value.report if d.primary}
    assert found == {
        ("PyTorch can't run odd", '"odd"'),
        ("PyTorch can't run chance", "STOCHASTIC"),
        ("PyTorch can't run deep", '"high"'),
    }
    assert {d.code for d in caught.value.report} == {"N1001"}
