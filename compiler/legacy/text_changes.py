"""Changes of a text, gathered one by one, as edits: statements that go, others put in, lines that move to the right."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from netdef.compiler.edits import Edit
from netdef.compiler.fixes import remove_statement
from netdef.compiler.legacy.layout import Layout
from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import Group


class TextChanges:
    """What is to become of one text."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._changed: dict[Span, str] = {}
        self._put_in: defaultdict[int, str] = defaultdict(str)
        self._gone: dict[int, Span] = {}
        """What goes, by its place."""
        self._carried: dict[int, Span] = {}
        """What goes from one place, by this, and is written at another with all that is in it."""
        self._carried_comments: set[Span] = set()
        """Those of them that are written with them: of a message all, of a field the one behind it."""
        self._instead: defaultdict[int, list[str]] = defaultdict(list)
        """What is written in the places of some that go."""
        self._steps: Counter[int] = Counter()
        """How many steps a line goes to the right, by its begin."""

    def edits(self) -> list[Edit]:
        """All of them."""
        edits = []
        self._gone |= {start: span for start, span in self._carried.items() if start in self._gone}
        for start, texts in self._instead.items():
            separator = self.newline(start) if self.layout.begins_line(start) else " "
            edits.append(Edit(self._gone.pop(start), separator.join(texts)))
        edits += self._removals()
        edits += self._indents(edits)
        edits += [Edit(span, text) for span, text in self._changed.items()]
        return edits + [Edit(self.layout.span(at, at), text) for at, text in self._put_in.items()]

    # ---- changes
    def change(self, span: Span, text: str) -> None:
        """Other characters in the place of a span's."""
        self._changed[span] = text

    def put(self, offset: int, text: str) -> None:
        """Put something in, behind what was put in there before."""
        self._put_in[offset] += text

    def remove(self, span: Span) -> None:
        """Take a statement out; its comments stay."""
        self._gone[span.start] = span

    def put_instead(self, start: int, text: str) -> None:
        """Put something in the place of a statement that is removed."""
        self._instead[start].append(text)

    def carry(self, spans: Iterable[Span], *, with_comments: bool) -> None:
        """Say what is removed to be written elsewhere, with the comment behind it where there is room for one."""
        for span in spans:
            carried = self.layout.with_comment(span) if with_comments else span
            self._carried[span.start] = carried
            is_message = span.text[-1] in "}>"
            written = carried if is_message else carried._replace(start=span.end)
            self._carried_comments |= {*self.layout.comments_in(written)}

    def comment_of(self, span: Span) -> str:
        """The comment that is carried along with a statement."""
        carried = self._carried.get(span.start, span)
        return "" if carried.end <= span.end else carried.text[span.end - span.start :].lstrip(" \t,;")

    def put_behind(self, extent: Span, text: str) -> None:
        """Put something in behind a statement: on a line of its own where the statement ends one."""
        if self.layout.ends_line(extent.end):
            self._put_in[self.layout.line_end(extent.end)] += self.newline(extent.start) + text
        else:
            self._put_in[extent.end] += f" {text}"

    def put_before_close(self, group: Group, text: str) -> None:
        """Put something in at the end of a message."""
        layout, close = self.layout, group.close.start
        if layout.begins_line(close):
            self._put_in[layout.line_start(close)] += self.indent(close) + layout.step + text + layout.newline
        else:
            self._put_in[close] += f"{'' if layout.text[close - 1].isspace() else ' '}{text} "

    def unwrap(self, inner: Group, outer: Group) -> None:
        """Take a message's name and braces away: what is in it stands in the outer one."""
        layout = self.layout
        opened = layout.open(inner)
        self.remove(layout.span(inner.at.start, opened + 1))
        self.remove(inner.close)
        if layout.begins_line(inner.at.start) and len(layout.indent(inner.at.start)) > len(
            layout.indent(outer.at.start)
        ):
            self.move(opened, inner.close.start, -1)

    # ---- lines
    def indent(self, offset: int) -> str:
        """The blanks that the line of a place will begin with."""
        indent, steps = self.layout.indent(offset), self._steps[self.layout.line_start(offset)]
        if steps > 0:
            return self.layout.step * steps + indent
        for _ in range(-steps):
            indent = indent.removeprefix(self.layout.step)
        return indent

    def newline(self, offset: int) -> str:
        """The end of a line, and the begin of another that stands as the line of a place does."""
        return self.layout.newline + self.indent(offset)

    def move_line(self, offset: int, steps: int) -> None:
        """Move the line that a place is on to the right."""
        self._steps[self.layout.line_start(offset)] += steps

    def move(self, start: int, end: int, steps: int) -> None:
        """Move the lines to the right that begin between two places."""
        for line in self.layout.line_starts(start, end):
            self._steps[line] += steps

    def _indents(self, edits: Iterable[Edit]) -> Iterator[Edit]:
        """The lines that move, unless they go."""
        gone = sorted(edit.range for edit in edits)
        for start, steps in self._steps.items():
            before = self.layout.indent(start)
            index = bisect_right(gone, (start, len(self.layout.text)))
            is_gone = index > 0 and gone[index - 1][1] > start
            if not steps or is_gone or self.layout.line_end(start) <= start + len(before):
                continue
            if before:
                yield Edit(self.layout.span(start, start + len(before)), self.indent(start))
            else:
                self._put_in[start] = self.indent(start) + self._put_in[start]

    # ---- what goes
    def _removals(self) -> Iterator[Edit]:
        """Statements that go, several beside each other as one; their comments stay."""
        for span in self._joined(sorted(self._gone.values(), key=lambda span: span.start)):
            left = [comment.text for comment in self.layout.comments_in(span) if comment not in self._carried_comments]
            if left:
                newline = self.newline(span.start)
                yield Edit(span, newline.join(left) + ("" if self.layout.ends_line(span.end) else newline))
            else:
                yield from remove_statement(span).edits

    def _joined(self, spans: Sequence[Span]) -> Iterator[Span]:
        joined: Span | None = None
        for span in spans:
            if joined is None:
                joined = span
            elif not self.layout.text[joined.end : span.start].strip(" \t\r\n,;"):
                joined = joined.to(span)
            else:
                yield joined
                joined = span
        if joined is not None:
            yield joined
