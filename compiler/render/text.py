"""Diagnostics for people: the lines concerned, with carets under what is wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.render.line import show_line, visible
from netdef.compiler.source import Source, Span

_MOST_OF_A_CODE = 20
_MOST = 60
_MOST_CALLERS = 4
_MOST_LABELS = 30  # places that one diagnostic points at
_STYLES = {"error": "1;31", "warning": "1;33", "message": "1", "gutter": "1;34", "aside": "1;36"}
_BROUGHT_BY = {"include": "included here", "repeat": "repeated here"}


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """A diagnostic as lines of text, without a newline at the end."""
    return "\n".join(_Page(diagnostic, color).lines())


def render_all(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> Iterator[str]:
    """All diagnostics, each as ``render`` has it: of many with one code the first ones, and how many are left out.

    Nobody reads a thousand, and a published file of a fork may have so many. Errors come before warnings where not
    all can be shown.
    """
    found = list(diagnostics)
    of_a_code: Counter[str] = Counter()
    candidates = []
    for place, diagnostic in enumerate(found):
        of_a_code[diagnostic.code] += 1
        if of_a_code[diagnostic.code] <= _MOST_OF_A_CODE:
            candidates.append((diagnostic.severity is Severity.WARNING, place))
    shown = sorted(place for _, place in sorted(candidates)[:_MOST])
    yield from (render(found[place], color=color) for place in shown)
    left = of_a_code - Counter(found[place].code for place in shown)
    if left:
        counts = ", ".join(f"{number:,} of {code}" for code, number in left.most_common())
        yield f"and {left.total():,} more: {counts} (netdef check --format concise lists all)"


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
        self.labels = ([] if primary is None else [primary]) + list(diagnostic.secondary[:_MOST_LABELS])
        self.callers = [] if primary is None else primary.span.callers
        spans = [label.span for label in self.labels] + self.callers[:_MOST_CALLERS]
        self.width = max((len(str(span.line)) for span in spans), default=0)

    def lines(self) -> list[str]:
        """The whole of it."""
        diagnostic = self.diagnostic
        head = self._paint(f"{diagnostic.severity}[{diagnostic.code}]", str(diagnostic.severity))
        lines = [head + self._paint(f": {visible(diagnostic.message)}", "message")]
        by_source: dict[Source, list[Label]] = {}
        for label in self.labels:
            by_source.setdefault(label.span.source, []).append(label)
        for source, labels in by_source.items():
            lines += self._excerpt(source, labels)
        for span in self.callers[:_MOST_CALLERS]:
            lines.append(self._aside("note", _how(span)))
            lines += self._excerpt(span.source, [Label(span)])
        if (unsaid := len(self.callers) - _MOST_CALLERS) > 0:
            lines.append(self._aside("note", f"and so on, from {counted(unsaid, 'place')} more"))
        if (unseen := len(diagnostic.secondary) - _MOST_LABELS) > 0:
            lines.append(self._aside("note", f"and at {counted(unseen, 'place')} more"))
        lines += [self._aside("note", note) for note in diagnostic.notes]
        if diagnostic.help is not None:
            lines.append(self._aside("help", diagnostic.help))
        return lines

    def _excerpt(self, source: Source, labels: list[Label]) -> list[str]:
        """The lines of one text that have labels; the first label's place stands above them."""
        line, column = source.position(labels[0].span.start)
        arrow = self._paint(" " * self.width + "-->", "gutter")
        lines = [f"{arrow} {visible(source.path)}:{line}:{column}", self._gutter("")]
        by_line: dict[int, list[Label]] = {}
        for label in sorted(labels, key=lambda label: label.span.start):
            by_line.setdefault(label.span.line, []).append(label)
        before = None
        for number, of_line in by_line.items():
            if before is not None and number == before + 2:
                shown, _ = show_line(source.lines[number - 2], 0)
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
        offsets = [(label.span.start - line_start, label.span.end - line_start) for label in labels]
        shown, columns = show_line(text, min(offsets[0][0], len(text)))  # a label may stand on a line's own end
        marks = []
        for label, (first, last) in zip(labels, offsets, strict=True):
            start, end = columns[first], columns[last]
            marks.append(_Mark(start, max(end, start + 1), visible(label.text), label is self.diagnostic.primary))
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
        return f"{self._paint(word, 'aside')}: {visible(text)}"

    def _paint(self, text: str, style: str) -> str:
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self.color else text


def _how(span: Span) -> str:
    return next((how for word, how in _BROUGHT_BY.items() if span.text.startswith(word)), "called here")
