"""The comments of a text, which no change of it may lose."""

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse


def comments(text: str) -> list[str]:
    """Each comment, in order."""
    return [comment.text.rstrip() for comment in parse(Source("<text>", text), Report()).comments]
