"""Changes of a text, as data: what stands at some places gives way to something else.

A text is never printed anew from its tree: all that no edit names stays as its author wrote it, comments too.
"""

from collections.abc import Iterable
from typing import NamedTuple

from netdef.compiler.source import Source, Span


class Edit(NamedTuple):
    """The characters of a span give way to others; an empty span is a place where something is put in."""

    span: Span
    replacement: str

    @property
    def range(self) -> tuple[int, int]:
        """The offsets of the first character that goes, and of the one after the last."""
        return self.span.start, self.span.end


class OverlappingEditsError(ValueError):
    """Two edits want to change the same characters, or to put different things into one place."""


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """The text of a source after all edits, whose places are those of the text before; equal ones count once.

    Raises:
        OverlappingEditsError: if two of them meet.
    """
    pieces: list[str] = []
    done, before = 0, None
    for edit in sorted(_each_once(edits), key=lambda edit: edit.range):
        if before is not None and overlap(before, edit):
            raise OverlappingEditsError(f"{before} and {edit}")
        start, end = edit.range
        pieces += (source.text[done:start], edit.replacement)
        done, before = end, edit
    return "".join((*pieces, source.text[done:]))


def overlap(first: Edit, second: Edit) -> bool:
    """Whether two edits of one text can't both be made; an insertion may stand at either end of what goes."""
    if first.range == second.range:
        return first.replacement != second.replacement
    (start, end), (other_start, other_end) = first.range, second.range
    return start < other_end and other_start < end


def _each_once(edits: Iterable[Edit]) -> list[Edit]:
    """The edits, equal ones once; the call by which a text came into a net makes no difference."""
    found: dict[tuple[int, int], Edit] = {}
    for edit in edits:
        known = found.setdefault(edit.range, edit)
        if overlap(known, edit):
            raise OverlappingEditsError(f"{known} and {edit}")
    return list(found.values())
