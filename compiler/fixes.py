"""What a program can do about a mistake: edits of the text, and how sure it is of them."""

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
