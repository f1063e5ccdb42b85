"""Where the statements of a text stand: what each takes up, the lines, their indents."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.tree import Field, Group, Plain

_STRING_OR_COMMENT = re.compile(
    r"""
    " (?: [^"\\\n] | \\. )* " | ' (?: [^'\\\n] | \\. )* ' | \# [^\r\n]*
""",
    re.VERBOSE,
)
_BLANK = " \t"
_SEPARATORS = " \t\r\n,;"


class UnevenTextError(ValueError):
    """Messages that have no place of their own in a text: ``layers [ { ... }, { ... } ]``."""

    def __init__(self, name: str, at: Span) -> None:
        super().__init__(f"{name} [ ... ]")
        self.at = at


class Layout:
    """The places of one text; all are offsets."""

    def __init__(self, source: Source, body: Sequence[Plain]) -> None:
        self.source = source
        self.text = source.text
        self._body = body

    def span(self, start: int, end: int) -> Span:
        """A place of this text."""
        return Span(self.source, start, end)

    @cached_property
    def comments(self) -> list[Span]:
        """The comments, in order."""
        found = _STRING_OR_COMMENT.finditer(self.text)
        return [self.span(*each.span()) for each in found if each[0].startswith("#")]

    def comments_in(self, span: Span) -> list[Span]:
        """Those that begin in a part of the text."""
        first = bisect_left(self.comments, span.start, key=lambda comment: comment.start)
        return self.comments[first : bisect_left(self.comments, span.end, key=lambda comment: comment.start)]

    @cached_property
    def _comment_ends(self) -> dict[int, int]:
        return {comment.start: comment.end for comment in self.comments}

    def past(self, offset: int, skipped: str = _SEPARATORS) -> int:
        """Where the next sign stands that is neither among the skipped ones nor in a comment."""
        while offset < len(self.text):
            if offset in self._comment_ends:
                offset = self._comment_ends[offset]
            elif self.text[offset] in skipped:
                offset += 1
            else:
                break
        return offset

    def extent(self, statement: Plain) -> Span:
        """All of a statement: its name to its value, the end of its list, or its closing brace."""
        start = statement.at.start
        if isinstance(statement, Group):
            if self.text[self.open(statement)] == "[":
                raise UnevenTextError(statement.name, statement.at)
            return self.span(start, statement.close.end)
        assert isinstance(statement, Field), "a text with mistakes is not changed"
        first = self.past(self.past(statement.at.end) + 1)
        end = statement.value.at.end
        if self.text[first] == "[":
            while self.text[end := self.past(end)] != "]":
                end += 1
            end += 1
        return self.span(start, end)

    def with_comment(self, span: Span) -> Span:
        """A statement with the comment behind it, if it has its lines for itself."""
        start = span.end
        while start < len(self.text) and self.text[start] in " \t,;":
            start += 1
        end = self._comment_ends.get(start)
        return span if end is None or not self.begins_line(span.start) else self.span(span.start, end)

    def open(self, group: Group) -> int:
        """The opening brace of a group."""
        return self.past(group.at.end, _SEPARATORS + ":")

    # ---- lines
    def line_start(self, offset: int) -> int:
        """The begin of the line that something stands on."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The end of that line, before its sign for it."""
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if end and self.text[end - 1] == "\r" else end

    def indent(self, offset: int) -> str:
        """The blanks that the line begins with."""
        start = self.line_start(offset)
        end = start
        while end < len(self.text) and self.text[end] in _BLANK:
            end += 1
        return self.text[start:end]

    def begins_line(self, offset: int) -> bool:
        """Whether only blanks stand before it."""
        return self.line_start(offset) + len(self.indent(offset)) >= offset

    def ends_line(self, offset: int) -> bool:
        """Whether only blanks, separators and a comment stand behind it."""
        return self.past(offset, _BLANK + ",;\r") >= self.line_end(offset)

    def line_starts(self, start: int, end: int) -> list[int]:
        """Where the lines begin that do so between two places."""
        end = max(start, end)
        found, offset = [], self.text.find("\n", start, end)
        while offset >= 0:
            found.append(offset + 1)
            offset = self.text.find("\n", offset + 1, end)
        return found

    def are_beside(self, one: Span, other: Span) -> bool:
        """Whether nothing but blanks and comments stands between two statements."""
        return self.past(one.end) >= other.start

    @cached_property
    def newline(self) -> str:
        """The text's sign for the end of a line."""
        return "\r\n" if "\r\n" in self.text else "\n"

    @cached_property
    def step(self) -> str:
        """What a line in braces is indented by."""
        for group in self._body:
            if isinstance(group, Group) and group.at.source is self.source and group.body:
                first = group.body[0].at
                outer, inner = self.indent(group.at.start), self.indent(first.start)
                if self.begins_line(first.start) and inner.startswith(outer) and inner != outer:
                    return inner[len(outer) :]
        return "  "
