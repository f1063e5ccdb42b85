"""Labels that a net's layers are told to ignore (``ignore_label``): samples that have one don't count."""

from collections.abc import Iterator

from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net


def uncounted(scores: str, *nets: Net) -> frozenset[int]:
    """Labels whose samples don't count as right or wrong, where ``scores`` is the blob with the class scores.

    Those that a measure (Accuracy) of the first net ignores, if one reads the scores; else a loss that does; else as
    ``allowed`` says.
    """
    for made in (Makes.MEASURE, Makes.LOSS):
        told = [label for blob, label in _ignored(nets[0], made) if blob == scores]
        if told:
            return frozenset(label for label in told if label is not None)
    return allowed(*nets)


def allowed(*nets: Net) -> frozenset[int]:
    """Labels that may be no class: of the first net with layers that take labels, all those layers ignore them."""
    for net in nets:
        told = [
            frozenset(() if label is None else (label,))
            for made in (Makes.MEASURE, Makes.LOSS)
            for _, label in _ignored(net, made)
        ]
        if told:
            return frozenset.intersection(*told)
    return frozenset()


def _ignored(net: Net, made: Makes) -> Iterator[tuple[str, int | None]]:
    """Of each layer that makes such a thing of scores and labels, the blob of scores, and the label that it ignores."""
    for node in net.nodes:
        if node.layer.makes is made and node.scores is not None and node.labels is not None:
            yield node.scores.id, node.layer.ignored
