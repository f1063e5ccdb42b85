"""TRAIN and TEST that differ in more than data, losses and measures: what is tested is not what was trained."""

from collections.abc import Iterator, Mapping

from netdef.compiler.counted import first_named
from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.net.net import Net, Node

_SHOWN = 6
"""Layers that the message names."""


def differing_phases(trained: Net, tested: Net) -> Iterator[Diagnostic]:
    """Layers with weights that only tests have, or whose weights have other shapes there; nothing trains either."""
    if not trained.has_loss:
        return
    learned = _weighted(trained)
    found = [(node, *_difference(node, learned)) for node in _weighted(tested).values()]
    for what, help in dict.fromkeys(each[1:] for each in found if each[1]):
        nodes = [node for node, *difference in found if difference == [what, help]]
        message = f"{first_named([node.name for node in nodes], _SHOWN)}: {what}"
        yield Diagnostic("N627", message, Label(nodes[0].at), help=help, severity=Severity.WARNING)


def _weighted(net: Net) -> Mapping[str, Node]:
    return {node.name: node for node in net.nodes if node.weights}


def _difference(node: Node, learned: Mapping[str, Node]) -> tuple[str, str]:
    trained = learned.get(node.name)
    if trained is None:
        keys = {own.owner.layer for own in node.weights}
        if keys & learned.keys() and node.name not in keys:
            return "", ""  # its weights are another's
        return "only phase TEST has it, and nothing trains its weights", "give both phases the layer, under one name"
    if [own.weight.shape for own in node.weights] != [own.weight.shape for own in trained.weights]:
        return "its weights have other shapes in TEST than in TRAIN", "weights are carried over by the layer's name"
    if trained.type != node.type:
        return f"a {trained.type} in TRAIN is a {node.type} in TEST", "give the two layers names of their own"
    return "", ""
