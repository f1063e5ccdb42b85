"""A table for a terminal: in colour or not, and never wider than the terminal.

Where it is too narrow, the table goes down its steps: columns are left out, the least important first, and long numbers
are rounded (``1.85 G``). A long name may be cut in its middle before a column goes, and whatever is left at the end is
cut.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from netdef.compiler.render.line import visible

SHORTEST_NAME = 20
"""What a long name keeps, in characters, as long as columns can be left out instead."""
STYLES = {"bold": "1", "dim": "2", "": ""}
_GAP = "  "


class Column(NamedTuple):
    """A heading; whether what stands under it are words, on the left, or numbers, on the right."""

    heading: str
    is_words: bool = False


class Row(NamedTuple):
    """Cells by heading.

    title   what stands across the columns of words instead of them
    style   how the row looks, a key of ``STYLES``
    short   rounded numbers by heading, for narrow terminals
    """

    cells: Mapping[str, str]
    title: str = ""
    style: str = ""
    short: Mapping[str, str] = {}


class Step(NamedTuple):
    """What a table does to become narrower: it leaves out columns, or takes rounded numbers."""

    without: Sequence[str] = ()
    rounds: bool = False


def fitted(
    columns: Sequence[Column], rows: Sequence[Row], steps: Iterable[Step], *, width: int | None, color: bool = False
) -> list[str]:
    """Lines with a rule under the headings and at the end; as wide as needed where no ``width`` is given.

    The first column holds the names.
    """
    for step in [Step(), *([] if width is None else steps)]:
        columns = [column for column in columns if column.heading not in step.without]
        if step.rounds:
            rows = [row._replace(cells={**row.cells, **row.short}) for row in rows]
        widths = [_width(column, rows) for column in columns]
        over = 0 if width is None else _total(widths) - width
        if over <= max(widths[0] - SHORTEST_NAME, 0):
            break
    widths[0] = max(widths[0] - max(over, 0), len(columns[0].heading))
    lines = [painted(_line(columns, widths, row), row.style, color) for row in rows]
    heading = _line(columns, widths, Row({column.heading: column.heading for column in columns}))
    rule = painted("-" * _total(widths), "dim", color)
    return [painted(heading, "bold", color), rule, *lines, rule]


def painted(text: str, style: str, color: bool) -> str:
    """A text as a terminal shows it."""
    return f"\033[{STYLES[style]}m{text}\033[0m" if color and style and text else text


def wrapped(text: str, width: int | None) -> list[str]:
    """A sentence in lines of at most so many columns, broken at its spaces; a longer word is cut in its middle."""
    if width is None or len(text) <= width:
        return [text]
    lines = [""]
    for whole in text.split(" "):
        word = cut(whole, max(width - 2, 1))
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(f"  {word}")
    return lines


def rounded(number: int) -> str:
    """Three figures and a unit: ``1.85 G``."""
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def cut(text: str, width: int) -> str:
    """A text with its middle left out where it is longer than so many characters."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}" if width > 1 else text[:width]


def _width(column: Column, rows: Sequence[Row]) -> int:
    """The widest cell; a title takes what the words of other rows leave it."""
    cells = (row.cells.get(column.heading, "") for row in rows if not (row.title and column.is_words))
    return max([len(column.heading), *map(len, cells)])


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(columns: Sequence[Column], widths: Sequence[int], row: Row) -> str:
    cells = []
    words = sum(column.is_words for column in columns)
    if row.title:
        across = _total(widths[:words])
        cells.append(cut(visible(row.title), across).ljust(across))
    for column, width in list(zip(columns, widths, strict=True))[words if row.title else 0 :]:
        cell = cut(visible(row.cells.get(column.heading, "")), width)
        cells.append(cell.ljust(width) if column.is_words else cell.rjust(width))
    return _GAP.join(cells).rstrip()
