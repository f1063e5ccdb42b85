"""The origin that a layer or somebody outside names: the no to one that nobody has."""

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.origins import ORIGINS, said
from netdef.compiler.schema.caffe import LayerFrame
from netdef.compiler.schema.message import Refusal


def no_such_origin(frame: LayerFrame) -> Refusal | None:
    """The no to an origin that a layer names and its type doesn't have."""
    origin = frame.origin
    if not origin:
        return None
    if not catalogue.is_origin(origin):
        return Refusal("N210", f'no fork is called "{origin}" here', at="origin", help=_forks(origin))
    kinds = catalogue.variants(frame.type)
    if len(kinds) < 2 or catalogue.of_origin(kinds, origin):
        return None
    there = ", ".join(said(kind.origin) for kind in kinds)
    message = f"{said(origin)} has no {frame.type} of its own here"
    return Refusal("N210", message, at="origin", help=f"there is that of {there}")


def unknown_origin(origin: str) -> Diagnostic | None:
    """The no to ``--origin`` of a fork that nobody knows."""
    if not origin or catalogue.is_origin(origin):
        return None
    return Diagnostic("N210", f'no fork is called "{origin}" here', help=_forks(origin))


def _forks(origin: str) -> str:
    return did_you_mean(origin, ORIGINS) or f"there are {', '.join(ORIGINS)}"
