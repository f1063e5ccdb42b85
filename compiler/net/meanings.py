"""Names that mean different things in forks of Caffe, where nothing in the net tells which: what was taken."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Report, Severity, again
from netdef.compiler.layers.origins import said
from netdef.compiler.net.definition import LayerDefinition


def meanings_taken(definitions: Sequence[LayerDefinition], report: Report) -> None:
    """Say what was taken where nothing tells what a name means: once for each name."""
    by_type: dict[str, list[LayerDefinition]] = {}
    for definition in definitions:
        if definition.readings:
            by_type.setdefault(definition.frame.type, []).append(definition)
    for name, found in by_type.items():
        taken, *others = found[0].readings
        first, *rest = (each.places["type"][0] for each in found)
        primary, labels = again(first, rest)
        message = f"{name} means different things in forks of Caffe, and is read as that of {said(taken.origin)}"
        words = " or ".join(kind.origin for kind in others)
        help = f'origin: "{others[0].origin}" in the layer, or --origin, takes another: {words}'
        report.add(Diagnostic("N609", message, primary, labels, help=help, severity=Severity.WARNING))
