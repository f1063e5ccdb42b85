"""A line of source as a terminal shows it, cut where it is long: whatever it holds, and however long it is.

Only what stands near the mark is looked at, so that a thousand mistakes on one line of a million characters take a
thousand short looks.
"""

from itertools import accumulate
from unicodedata import combining, east_asian_width

WIDEST = 120
"""Columns of a line; more is cut."""
_BEFORE_A_CUT = 30  # columns that stay before the first mark of a cut line
_NEAR = 10 * WIDEST  # characters on each side of a mark that are looked at: letters may stand under many accents


def show_line(text: str, first: int) -> tuple[str, "Columns"]:
    """A line as it is shown, and the columns that its characters then stand in.

    ``first`` is the first character that must be seen when the line is cut.
    """
    start, stop = max(first - _NEAR, 0), first + _NEAR
    shown = [_show_character(character) for character in text[start:stop]]
    columns = [0, *accumulate(sum(_width(part) for part in parts) for parts in shown)]
    is_all = start == 0 and stop >= len(text)
    if is_all and columns[-1] <= WIDEST:
        return "".join(shown), Columns(0, columns)
    at = columns[min(first - start, len(shown))]
    begin = next(i for i, column in enumerate(columns) if column >= at - _BEFORE_A_CUT)
    end = next((i for i, column in enumerate(columns) if column - columns[begin] > WIDEST), len(shown) + 1) - 1
    head = "..." if start or begin else ""
    tail = "..." if end < len(shown) or stop < len(text) else ""
    moved = [min(max(column - columns[begin], 0), columns[end] - columns[begin]) + len(head) for column in columns]
    return head + "".join(shown[begin:end]) + tail, Columns(start, moved)


class Columns:
    """Where characters of a line are shown; those before and after what is shown stand at its ends."""

    def __init__(self, start: int, columns: list[int]) -> None:
        """``columns`` are those of the character ``start`` and of all after it, and of their end."""
        self._start = start
        self._columns = columns

    def __getitem__(self, character: int) -> int:
        return self._columns[min(max(character - self._start, 0), len(self._columns) - 1)]


def visible(text: str) -> str:
    """A text with signs in the place of characters that would command a terminal instead of being seen on it."""
    if text.isprintable():
        return text
    return "".join(map(_show_character, text))


def _show_character(character: str) -> str:
    if character == "\t":
        return "    "
    return character if character.isprintable() or combining(character) else "\N{REPLACEMENT CHARACTER}"


def _width(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
