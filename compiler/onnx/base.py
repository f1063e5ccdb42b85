"""The table of rules: how each layer type is said in ONNX."""

from netdef.compiler.net.net import Node
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.rules import Rules

EXPORT: Rules[[Node, Graph], None] = Rules("onnx", "netdef.compiler.onnx")
"""A rule adds a node's operators to the graph; it raises ``Refusal`` where the node's parameters can't be said."""

UNWRITTEN = "runs in PyTorch, and its ONNX is not written"
"""Why a type is refused that ONNX could say."""
