"""From a tree and what is to become of it to edits of its text, so that comments and order stay.

A statement of the new tree is known by the place of its name in the text:

- where it stands in the same message, its name or its value is changed, if they are others;
- in a new message with what stands beside it already, the message is put around them, and they stay on their lines;
- in a new message otherwise, all are written where the first of them stood;
- a statement that the new tree has nowhere goes, and its comments stay.

What moves keeps the words of its author; a value with an empty place is ours.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from netdef.compiler.edits import Edit
from netdef.compiler.legacy.layout import Layout, UnevenTextError
from netdef.compiler.legacy.text_changes import TextChanges
from netdef.compiler.legacy.v0 import inner_of, is_v0
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.tree import Expression, Field, Group, Plain
from netdef.compiler.views.prototxt import literal_text

_RENAMED = {("layers", "layer"), ("input_shape", "shape")}
"""Messages that have another name in V2, and the same body."""
_SHORT = ("param",)
"""New messages that stand on one line."""


class _Line(NamedTuple):
    """A line of a new message: how deep it stands in it, and the statement that it is; a brace is none."""

    depth: int
    text: str
    statement: Plain | None = None


def edits_to(source: Source, old: Sequence[Plain], new: Sequence[Plain]) -> list[Edit]:
    """The edits that make one tree's text another's.

    Raises:
        UnevenTextError: if some statement has no place of its own in the text.
    """
    rewrite = _Rewrite(Layout(source, old))
    rewrite.body(old, new)
    return rewrite.changes.edits()


class _Rewrite:
    """The changes of one text, gathered message by message."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.changes = TextChanges(layout)

    # ---- what stays in its message
    def body(self, old: Sequence[Plain], new: Sequence[Plain]) -> None:
        """Note the edits of a message's statements."""
        before: dict[int, list[Plain]] = {}
        for statement in old:
            before.setdefault(statement.at.start, []).append(statement)
        after = Counter(statement.at.start for statement in new)
        seen: Counter[int] = Counter()
        last: Plain | None = None
        for index, statement in enumerate(new):
            start = statement.at.start
            same = next(iter(before.get(start, ())[seen[start] :]), None)
            if same is not None and _is_same(same, statement):
                seen[start] += 1
                self._statement(same, statement)
                last = same
            elif isinstance(statement, Group):
                behind = next((s.at.start for s in new[index + 1 :] if s.at.start in before), len(self._layout.text))
                seen.update(self._message(statement, before, last, behind))
        for start, statements in before.items():
            if isinstance(statements[0], Group) and 0 < after[start] < len(statements):
                raise UnevenTextError(statements[0].name, statements[0].at)
        for start in before.keys() - seen.keys():
            self.changes.remove(self._layout.extent(before[start][0]))

    def _statement(self, old: Plain, new: Plain) -> None:
        """A statement in its place: its name, its value, or what stands in it."""
        if new is old:
            return
        if old.name != new.name:
            self.changes.change(new.at, new.name)
        if isinstance(old, Field) and isinstance(new, Field) and not _is_worth_the_same(old.value, new.value):
            is_moved = not old.at.start <= new.value.at.start < self._layout.extent(old).end
            self.changes.change(old.value.at, _value(new.value) if is_moved else literal_text(new.value))
        if isinstance(old, Group) and isinstance(new, Group):
            self._group(old, new)

    def _group(self, old: Group, new: Group) -> None:
        fields: Sequence[Plain] = old.fields
        if is_v0(old):
            self.changes.unwrap(inner_of(old), old)
            fields = [each for s in old.fields for each in (inner_of(old).fields if s is inner_of(old) else (s,))]
        here = {s.at.start for s in fields}
        added = [s for s in new.fields if isinstance(s, Field) and s.at.start not in here]
        self.body(fields, [s for s in new.fields if s not in added])
        for statement in added:
            self.changes.put_before_close(old, _field(statement))

    # ---- new messages
    def _message(
        self, group: Group, before: Mapping[int, list[Plain]], last: Plain | None, behind: int
    ) -> Iterable[int]:
        """Write a message that wasn't there; the places of the statements that stay where they are."""
        layout = self._layout
        extents = [layout.extent(before[s.at.start][0]) for s in _leaves(group) if s.at.start in before]
        starts = [span.start for span in extents]
        if not extents:
            if last is not None:
                moved = [layout.extent(s) for s in _leaves(group) if _is_placed(s, layout)]
                self.changes.carry(moved, with_comments=layout.begins_line(last.at.start))
                self.changes.put_behind(layout.extent(last), self._text(group, last.at.start))
            return ()
        if (
            behind >= starts[0]
            and group.name not in _SHORT
            and sorted({*starts}) == starts
            and _are_beside(layout, extents)
        ):
            self._wrap(group, dict(zip(starts, extents, strict=True)))
            return starts
        at = min(behind, *starts)
        self.changes.carry(extents, with_comments=group.name not in _SHORT and layout.begins_line(at))
        if at not in starts:
            separator = self.changes.newline(behind) if layout.begins_line(behind) else " "
            self.changes.put(behind, self._text(group, behind) + separator)
        else:
            self.changes.put_instead(at, self._text(group, at))
        return ()

    def _wrap(self, group: Group, extents: Mapping[int, Span]) -> None:
        """Put a message around statements that stand beside each other, each on its line."""
        layout, first, final = self._layout, min(extents), max(span.end for span in extents.values())
        has_lines = layout.begins_line(first) and layout.ends_line(final)
        indent = self.changes.indent(first)
        waiting: list[_Line] = []
        next_start = dict(pairwise([*extents, len(layout.text)]))
        for line in self._lines(group, 0, indent):
            if line.statement is None or line.statement.at.start not in extents:
                waiting.append(line)
                continue
            span = extents[line.statement.at.start]
            if line.statement.at.text != line.statement.name:
                self.changes.change(line.statement.at, line.statement.name)
            first_on_line = (waiting or [line])[0]
            if layout.begins_line(span.start):
                self.changes.move_line(span.start, first_on_line.depth)
            is_last = span.end == final
            self.changes.move(
                span.start, final if is_last else layout.line_start(next_start[span.start]) - 1, line.depth
            )
            if waiting:
                self._put_before(span.start, [*waiting, line], indent if has_lines else None)
            waiting = []
        if has_lines:
            lines = (layout.newline + indent + layout.step * each.depth + each.text for each in waiting)
            self.changes.put(layout.line_end(final), "".join(lines))
        else:
            self.changes.put(final, "".join(f" {each.text}" for each in waiting))

    def _put_before(self, start: int, lines: Sequence[_Line], indent: str | None) -> None:
        """Write lines before a statement, which is the last of them; without an indent they are one line."""
        layout = self._layout
        if indent is None:
            self.changes.put(start, " ".join([*(line.text for line in lines[:-1]), ""]))
            return
        begins = [layout.newline + indent + layout.step * line.depth for line in lines]
        text = "".join(line.text + begin for line, begin in zip(lines[:-1], begins[1:], strict=True))
        if layout.begins_line(start):
            self.changes.put(start, text)
        else:
            blanks = len(layout.text[:start]) - len(layout.text[:start].rstrip(" \t"))
            self.changes.change(layout.span(start - blanks, start), begins[0] + text)

    # ---- what is written
    def _text(self, group: Group, at: int) -> str:
        """A message as it is written at a place: on lines of its own where the place begins one."""
        indent = self.changes.indent(at)
        lines = self._lines(group, 0, indent)
        if group.name in _SHORT or not self._layout.begins_line(at):
            return " ".join(line.text for line in lines)
        return (self._layout.newline + indent).join(self._layout.step * line.depth + line.text for line in lines)

    def _lines(self, group: Group, depth: int, indent: str) -> Iterator[_Line]:
        yield _Line(depth, f"{group.name} {{")
        for statement in group.fields:
            if isinstance(statement, Group) and _is_made(statement):
                yield from self._lines(statement, depth + 1, indent)
            elif isinstance(statement, Group):
                text = self._layout.text[statement.at.end : statement.close.end]
                begin = indent + self._layout.step * (depth + 1)
                moved = text.replace("\n" + self._layout.indent(statement.at.start), "\n" + begin)
                yield _Line(depth + 1, statement.name + moved + self._comment(statement), statement)
            elif isinstance(statement, Field):
                yield _Line(depth + 1, _field(statement) + self._comment(statement), statement)
        yield _Line(depth, "}")

    def _comment(self, statement: Plain) -> str:
        """The comment that goes along with a statement, behind it."""
        comment = self.changes.comment_of(self._layout.extent(statement)) if _is_placed(statement, self._layout) else ""
        return f" {comment}" if comment else ""


def _are_beside(layout: Layout, extents: Sequence[Span]) -> bool:
    """Whether nothing but blanks and comments stands between statements."""
    return all(layout.past(one.end) >= other.start for one, other in pairwise(extents))


def _is_same(old: Plain, new: Plain) -> bool:
    """Whether a statement is one that was there, and no message made around it."""
    if isinstance(old, Group) and isinstance(new, Group):
        return old.name == new.name or (old.name, new.name) in _RENAMED
    return isinstance(old, Field) and isinstance(new, Field)


def _is_worth_the_same(old: Expression, new: Expression) -> bool:
    return type(old) is type(new) and old[0] == new[0]


def _is_made(group: Group) -> bool:
    """Whether a message doesn't stand in the text: its place is that of a statement in it."""
    return group.at.text != group.name and (group.at.text, group.name) not in _RENAMED


def _leaves(group: Group) -> Iterator[Plain]:
    """The statements in a new message that aren't new messages."""
    for statement in group.fields:
        if isinstance(statement, Group) and _is_made(statement):
            yield from _leaves(statement)
        else:
            yield statement


def _is_placed(statement: Plain, layout: Layout) -> bool:
    """Whether a statement stands in the text, and isn't ours."""
    return statement.at.source is layout.source


def _field(field: Field) -> str:
    return f"{field.name}: {_value(field.value)}"


def _value(value: Expression) -> str:
    """A value in the words that it has in the text; what has no place there is ours."""
    return value.at.text or literal_text(value)
