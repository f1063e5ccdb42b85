"""Rows of words and numbers as aligned text, Markdown or CSV. The first ``left`` columns are words, on the left."""

from collections.abc import Iterable, Sequence

Row = Sequence[str]


def table(headings: Row, rows: Iterable[Row], left: int) -> list[str]:
    """Lines in columns, with a rule under the headings and at the end."""
    cells = [[cell.replace("\n", " ") for cell in row] for row in (headings, *rows)]  # a name may hold a line break
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    sides = [str.ljust] * left + [str.rjust] * (len(headings) - left)
    lines = ["  ".join(side(cell, w) for side, cell, w in zip(sides, row, widths, strict=True)) for row in cells]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [line.rstrip() for line in [lines[0], rule, *lines[1:], rule]]


def markdown(headings: Row, rows: Iterable[Row], left: int) -> list[str]:
    """Lines of a Markdown table."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (headings, *rows)]
    rule = ["---" if i < left else "---:" for i in range(len(headings))]
    return [f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:])]


def csv(headings: Row, rows: Iterable[Row], left: int, right: int = 0) -> str:
    """CSV, its numbers without commas; the last ``right`` columns are words, too."""
    from csv import writer as writer_on  # only this format needs it
    from io import StringIO

    text = StringIO()
    writer = writer_on(text, lineterminator="\n")
    writer.writerow(headings)
    numbers = range(left, len(headings) - right)
    writer.writerows([cell.replace(",", "") if i in numbers else cell for i, cell in enumerate(row)] for row in rows)
    return text.getvalue().rstrip("\n")
