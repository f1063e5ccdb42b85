"""Nets that mix Caffe's formats, which Caffe refuses: it would lose the order of the layers."""

from collections.abc import Sequence
from itertools import pairwise

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.legacy.v0 import is_v0
from netdef.compiler.syntax.tree import Field, Group, Plain, Text

_HELP = 'write layer { type: "Convolution" } throughout'


def refuse_mixtures(body: Sequence[Plain], report: Report) -> None:
    """Say which formats a net has beside each other, and where the second one begins."""
    layers = [s for s in body if isinstance(s, Group) and s.name in ("layer", "layers")]
    old = [group for group in layers if group.name == "layers"]
    quoted = [kind for group in old if not is_v0(group) and (kind := _quoted_type(group)) is not None]
    if quoted:
        message = "a type in quotes belongs to `layer`: `layers` is Caffe's old format, whose types are words"
        label = Label(old[0].at, "the old format")
        report.add(Diagnostic("N416", message, Label(quoted[0].at), (label,), help=_HELP))
        return
    for one, other in pairwise(layers):
        if one.name != other.name:
            message = "`layer` and `layers` stand in one net: Caffe reads either, and loses the order of both"
            label = Label(one.at, "the other format")
            report.add(Diagnostic("N411", message, Label(other.at), (label,), help=_HELP))
            return
        if one.name == "layers" and is_v0(one) != is_v0(other):
            message = "some `layers` have a `layer` inside, as Caffe's oldest format V0 has it, and others have none"
            label = Label(one.at, "the other format")
            report.add(Diagnostic("N411", message, Label(other.at), (label,), help="write all of them alike"))
            return


def _quoted_type(group: Group) -> Text | None:
    """A type of V1 that is written as V2 has it."""
    kinds = (s.value for s in group.fields if isinstance(s, Field) and s.name == "type")
    return next((kind for kind in kinds if isinstance(kind, Text)), None)
