"""All lints of a net, each of its own room; what is said of them is for others."""

from collections.abc import Iterator

from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.lints.blobs import unused_blobs
from netdef.compiler.lints.losses import dropped_scores, losses_in_deploy
from netdef.compiler.net.net import Net
from netdef.compiler.schema.decode import place_of


def lints(net: Net) -> Iterator[Diagnostic]:
    """What is right in one phase of a net, and hardly meant."""
    yield from unused_blobs(net)
    yield from dropped_scores(net)
    yield from losses_in_deploy(net)
    yield from _of_layers(net)


def _of_layers(net: Net) -> Iterator[Diagnostic]:
    """What the types themselves say of their parameters at these sizes."""
    for node in net.nodes:
        for found in node.layer.lints(tuple(bottom.shape for bottom in node.bottoms)):
            at = place_of(found.at, node.definition.places, node.at)
            message = f"{node.name}: {found.message}"
            yield Diagnostic(found.code, message, Label(at), help=found.help, severity=Severity.WARNING)
