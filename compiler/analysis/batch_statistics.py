"""Layers that normalise by the batch at hand in tests: ``use_global_stats: false`` holds in both phases.

What such a net says of an image then depends on the images beside it, and one image alone gives nonsense. Mostly the
line was meant for training, where it is the rule without being said.
"""

from collections.abc import Iterator

from netdef.compiler.counted import first_named
from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.layers.roles import WeightRole
from netdef.compiler.net.net import Net, Node
from netdef.compiler.schema.decode import place_of

_FIELD = "use_global_stats"
_SHOWN = 6
"""Layers that the message names."""


def check_statistics(net: Net) -> Iterator[Diagnostic]:
    """One warning that names all such layers of a net in phase TEST."""
    found = [node for node in net.nodes if _goes_by_the_batch(node)]
    if found:
        names = first_named([node.name for node in found], _SHOWN)
        takes = "takes its" if len(found) == 1 else "take their"
        yield Diagnostic(
            "N608",
            f"{names} {takes} mean and variance from the batch, in tests too",
            Label(place_of(_FIELD, found[0].definition.places, found[0].at)),
            help=f"leave out {_FIELD}: training takes the batch's anyway, and tests then take what training gathered",
            severity=Severity.WARNING,
        )


def _goes_by_the_batch(node: Node) -> bool:
    has_stored = any(own.weight.role is WeightRole.STATISTIC for own in node.weights)
    return has_stored and getattr(node.layer, _FIELD, None) is False
