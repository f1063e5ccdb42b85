"""The table of ONNX's rules is whole. What each rule computes: tests/layers."""

from netdef.compiler.layers import catalogue
from netdef.compiler.onnx.base import EXPORT


def test_every_layer_type_has_a_rule_or_a_reason() -> None:
    assert {"Convolution", "Pooling"} < set(catalogue.names())
    assert EXPORT.missing() == []
