"""Diagnostics for people: the lines concerned, with carets under what is wrong."""

from itertools import accumulate, groupby
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.source import Source, Span

_WIDEST = 120  # columns of a line of source; more is cut
_BEFORE_A_CUT = 30  # columns that stay before the first mark of a cut line
_MOST_CALLERS = 4
_STYLES = {"error": "1;31", "warning": "1;33", "message": "1", "gutter": "1;34", "aside": "1;36"}
_BROUGHT_BY = {"include": "included here", "repeat": "repeated here"}


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """A diagnostic as lines of text, without a newline at the end."""
    return "\n".join(_Page(diagnostic, color).lines())


class _Mark(NamedTuple):
    """A part of one line to underline: columns of the line as it is shown, from 0."""

    start: int
    end: int
    text: str
    is_primary: bool


class _Page:
    """One diagnostic on its way to text."""

    def __init__(self, diagnostic: Diagnostic, color: bool) -> None:
        self.diagnostic = diagnostic
        self.color = color
        primary = diagnostic.primary
        self.labels = ([] if primary is None else [primary]) + list(diagnostic.secondary)
        self.callers = [] if primary is None else primary.span.callers
        spans = [label.span for label in self.labels] + self.callers[:_MOST_CALLERS]
        self.width = max((len(str(span.line)) for span in spans), default=0)

    def lines(self) -> list[str]:
        """The whole of it."""
        diagnostic = self.diagnostic
        head = self._paint(f"{diagnostic.severity}[{diagnostic.code}]", str(diagnostic.severity))
        lines = [head + self._paint(f": {diagnostic.message}", "message")]
        by_source: dict[Source, list[Label]] = {}
        for label in self.labels:
            by_source.setdefault(label.span.source, []).append(label)
        for source, labels in by_source.items():
            lines += self._excerpt(source, labels)
        for span in self.callers[:_MOST_CALLERS]:
            lines.append(self._aside("note", _how(span)))
            lines += self._excerpt(span.source, [Label(span)])
        if len(self.callers) > _MOST_CALLERS:
            lines.append(self._aside("note", f"and so on, from {len(self.callers) - _MOST_CALLERS} places more"))
        lines += [self._aside("note", note) for note in diagnostic.notes]
        if diagnostic.help is not None:
            lines.append(self._aside("help", diagnostic.help))
        return lines

    def _excerpt(self, source: Source, labels: list[Label]) -> list[str]:
        """The lines of one text that have labels; the first label's place stands above them."""
        line, column = source.position(labels[0].span.start)
        arrow = self._paint(" " * self.width + "-->", "gutter")
        lines = [f"{arrow} {source.path}:{line}:{column}", self._gutter("")]
        by_line: dict[int, list[Label]] = {}
        for label in sorted(labels, key=lambda label: label.span.start):
            by_line.setdefault(label.span.line, []).append(label)
        before = None
        for number, of_line in by_line.items():
            if before is not None and number == before + 2:
                shown, _ = _show(source.lines[number - 2], 0)
                lines.append(self._gutter(str(number - 1), shown))
            elif before is not None and number > before + 2:
                lines.append(self._paint("...", "gutter"))
            before = number
            lines += self._marked(source, number, of_line)
        return lines

    def _marked(self, source: Source, number: int, labels: list[Label]) -> list[str]:
        """One line of source, and under it the marks and what they say."""
        text = source.lines[number - 1]
        line_start = labels[0].span.start - (labels[0].span.column - 1)
        shown, columns = _show(text, labels[0].span.start - line_start)
        marks = []
        for label in labels:
            start = columns[min(label.span.start - line_start, len(text))]
            end = columns[min(label.span.end - line_start, len(text))]
            marks.append(_Mark(start, max(end, start + 1), label.text, label is self.diagnostic.primary))
        lines = [self._gutter(str(number), shown)]
        lines += [self._gutter("", line) for line in self._below(marks)]
        return lines

    def _below(self, marks: list[_Mark]) -> list[str]:
        """The underlines, the last mark's words beside them, and the others' words each on a line below."""
        signs: dict[int, tuple[str, str]] = {}
        for mark in sorted(marks, key=lambda mark: mark.is_primary):
            sign: tuple[str, str] = ("^", str(self.diagnostic.severity)) if mark.is_primary else ("-", "gutter")
            signs.update(dict.fromkeys(range(mark.start, mark.end), sign))
        cells = [signs.get(column, (" ", "")) for column in range(max(signs) + 1)]
        underline = ""
        for cell, run in groupby(cells):
            piece = cell[0] * len(list(run))
            underline += self._paint(piece, cell[1]) if cell[1] else piece
        spoken = [mark for mark in marks if mark.text]
        last = spoken[-1] if spoken and spoken[-1].end == max(signs) + 1 else None
        if last is not None:
            underline += " " + self._paint(last.text, self._style(last))
            spoken = spoken[:-1]
        lines = [underline]
        for index, mark in reversed(list(enumerate(spoken))):
            line, column = "", 0
            for other in spoken[:index]:
                if column <= other.start < mark.start:
                    line += " " * (other.start - column) + self._paint("|", self._style(other))
                    column = other.start + 1
            lines.append(line + " " * (mark.start - column) + self._paint(mark.text, self._style(mark)))
        return lines

    def _style(self, mark: _Mark) -> str:
        return str(self.diagnostic.severity) if mark.is_primary else "gutter"

    def _gutter(self, number: str, text: str = "") -> str:
        return (self._paint(f"{number:>{self.width}} |", "gutter") + " " + text).rstrip()

    def _aside(self, word: str, text: str) -> str:
        return f"{self._paint(word, 'aside')}: {text}"

    def _paint(self, text: str, style: str) -> str:
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self.color else text


def _how(span: Span) -> str:
    return next((how for word, how in _BROUGHT_BY.items() if span.text.startswith(word)), "called here")


def _show(text: str, first: int) -> tuple[str, list[int]]:
    """A line as it is shown, and the column that each of its characters (and its end) then stands in.

    ``first`` is the first character that must be seen when the line is cut.
    """
    shown = [_show_character(character) for character in text]
    columns = [0, *accumulate(sum(_width(part) for part in parts) for parts in shown)]
    if columns[-1] <= _WIDEST:
        return "".join(shown), columns
    begin = next(i for i, column in enumerate(columns) if column >= columns[first] - _BEFORE_A_CUT)
    end = next((i for i, column in enumerate(columns) if column - columns[begin] > _WIDEST), len(shown) + 1) - 1
    head, tail = "..." if begin else "", "..." if end < len(shown) else ""
    moved = [min(max(column - columns[begin], 0), columns[end] - columns[begin]) + len(head) for column in columns]
    return head + "".join(shown[begin:end]) + tail, moved


def _show_character(character: str) -> str:
    if character == "\t":
        return "    "
    return character if character.isprintable() or combining(character) else "\N{REPLACEMENT CHARACTER}"


def _width(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
