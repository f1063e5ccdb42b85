"""The table of ONNX's rules is whole. What each rule computes: tests/layers."""

from netdef.compiler.layers import catalogue
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering import RULES


def test_every_layer_type_has_a_rule_or_a_reason() -> None:
    assert {"Convolution", "Pooling"} < set(catalogue.names())
    assert EXPORT.missing() == []


def test_what_pytorch_runs_is_not_said_to_be_known_to_its_fork_alone() -> None:
    refused = [kind for kind in catalogue.every_type() if EXPORT.why_not(kind) == SHAPES_ALONE]
    assert refused
    assert {kind.type_name for kind in refused if RULES.why_not(kind) != SHAPES_ALONE} == set()
