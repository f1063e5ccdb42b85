"""What a program can do about a mistake: edits of the text, and how sure it is of them."""

import re
from enum import StrEnum
from typing import NamedTuple

from netdef.compiler.edits import Edit
from netdef.compiler.source import Span


class Applicability(StrEnum):
    """Who may apply a fix.

    SAFE: it can only be what was meant; ``check --fix`` applies it. UNSAFE: most likely it is what was meant; a
    person looks at it and says yes, in an editor for instance. SHOWN: one way of several, only to look at.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    SHOWN = "shown"


class Fix(NamedTuple):
    """Edits that mend one mistake, all of them or none."""

    edits: tuple[Edit, ...]
    applicability: Applicability


def replace(span: Span, text: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    """Other characters in the place of a span's."""
    return Fix((Edit(span, text),), applicability)


def delete(span: Span, applicability: Applicability = Applicability.SAFE) -> Fix:
    """A span's characters go."""
    return replace(span, "", applicability)


def insert_before(span: Span, text: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    """Something put in right before a span."""
    return replace(span._replace(end=span.start), text, applicability)


def insert_after(span: Span, text: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    """Something put in right after a span."""
    return replace(span._replace(start=span.end), text, applicability)


def insert_field(close: Span, text: str) -> Fix | None:
    """A field before a message's closing brace, only to look at: its value is an example."""
    if close.text != "}":
        return None
    source = close.source.text
    line = source[source.rfind("\n", 0, close.start) + 1 : close.start]
    if line.strip():
        return insert_before(close, f"{text} " if line[-1].isspace() else f" {text} ", Applicability.SHOWN)
    return insert_before(close, f"  {text}\n{line}", Applicability.SHOWN)


def rename(
    span: Span, word: str, instead: str | None, applicability: Applicability = Applicability.UNSAFE
) -> Fix | None:
    """Another word for one that stands in a span, in quotes or without; None where it isn't written there, but made."""
    if instead is None:
        return None
    found = [*re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", span.text)]
    if len(found) != 1:
        return None
    start, end = found[0].span()
    return replace(span._replace(start=span.start + start, end=span.start + end), instead, applicability)


def remove_statement(span: Span, applicability: Applicability = Applicability.SAFE) -> Fix:
    """A statement goes with the comma or semicolon behind it, and with its lines if nothing else stands on them."""
    text, start, end = span.source.text, span.start, span.end
    while end < len(text) and text[end] in " \t,;":
        end += 1
    if text.startswith("\r\n", end):
        end += 1
    if end < len(text) and text[end] != "\n":
        return delete(span._replace(end=end), applicability)
    while start and text[start - 1] in " \t":
        start -= 1
    if start == 0 or text[start - 1] == "\n":
        end = min(end + 1, len(text))
    return delete(span._replace(start=start, end=end), applicability)
