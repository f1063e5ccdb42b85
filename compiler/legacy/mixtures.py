"""Nets that mix Caffe's formats, which Caffe refuses: it would lose the order of the layers."""

from collections.abc import Sequence
from itertools import pairwise

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.fixes import Applicability, Fix
from netdef.compiler.legacy.v0 import is_v0
from netdef.compiler.legacy.v1 import quoted_type
from netdef.compiler.syntax.tree import Group, Lost, Plain

_HELP = 'write layer { type: "Convolution" } throughout'
_OTHER = "the other format"


def refuse_mixtures(old: Sequence[Plain], new: Sequence[Plain], report: Report) -> None:
    """Say which formats a net has beside each other, and where the second begins; ``new`` is the net in V2."""
    found = _mixture([s for s in old if isinstance(s, Group) and s.name in ("layer", "layers")])
    if found is not None:
        sureness = Applicability.SAFE if found.code == "N416" else Applicability.UNSAFE
        report.add(found._replace(fix=_upgrade(old, new, sureness)))


def _mixture(layers: Sequence[Group]) -> Diagnostic | None:
    old = [group for group in layers if group.name == "layers"]
    quoted = next((kind for group in old if not is_v0(group) and (kind := quoted_type(group)) is not None), None)
    if quoted is not None:
        message = "a type in quotes belongs to `layer`: `layers` is Caffe's old format, whose types are words"
        return Diagnostic("N416", message, Label(quoted.at), (Label(old[0].at, "the old format"),), help=_HELP)
    for one, other in pairwise(layers):
        labels = (Label(one.at, _OTHER),)
        if one.name != other.name:
            message = "`layer` and `layers` stand in one net: Caffe reads either, and loses the order of both"
            return Diagnostic("N411", message, Label(other.at), labels, help=_HELP)
        if one.name == "layers" and is_v0(one) != is_v0(other):
            message = "some `layers` have a `layer` inside, as Caffe's oldest format V0 has it, and others have none"
            return Diagnostic("N411", message, Label(other.at), labels, help=_HELP)
    return None


def _upgrade(old: Sequence[Plain], new: Sequence[Plain], sureness: Applicability) -> Fix | None:
    """Edits that make one format of all; None where not all stands in one text, or not all of it can be read."""
    from netdef.compiler.legacy.layout import UnevenTextError  # mixtures are mistakes, which few nets have
    from netdef.compiler.legacy.rewrite import edits_to

    source = next(s.at.source for s in old if s.name == "layers")
    if any(s.at.source is not source for s in old) or not _is_whole(old):
        return None
    try:
        return Fix(tuple(edits_to(source, old, new)), sureness)
    except UnevenTextError:
        return None


def _is_whole(body: Sequence[Plain]) -> bool:
    """Whether no statement was lost."""
    return not any(isinstance(s, Lost) or (isinstance(s, Group) and not _is_whole(s.fields)) for s in body)
