"""Nets from their text."""

from netdef.compiler.diagnostics import Report
from netdef.compiler.load import build, expand_source, state_of
from netdef.compiler.net.net import Sizes
from netdef.compiler.source import Source
from netdef.compiler.views.shown_net import ShownNet


def net_of(text: str, phase: str = "TEST") -> ShownNet:
    """A checked net; raises ``NetError`` as ``netdef.load`` does."""
    report = Report()
    expanded = expand_source(Source("<test>", text), {}, report)
    return build(expanded, state_of(phase), Sizes({}, {}), False, report)
