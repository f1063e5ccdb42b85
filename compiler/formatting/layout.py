"""Where lines begin in a formatted text.

1. What stands in braces or in a list stays on one line if its author wrote it so, it has no comment, and it fits into
   the width. Else each brace and bracket ends its line, and what stands inside begins lines of its own.
2. There, fields and calls that their author put on one line stay on one (``kernel_size: 3 pad: 1 stride: 1``) as far as
   they fit; layers and other constructs begin theirs. Where it is the width that asks for lines, each statement begins
   one, unless it bears the name of the statement before it (``param { ... } param { ... }``).
3. A blank line stays one, and several become one; at either end of a body there is none.
4. A comment on a line of its own is indented as what follows it; neighbours keep how far they stand from each other.
   One behind a statement stays in its column, or gives way to two spaces; so do its neighbours in the same column.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from netdef.compiler.formatting.comments import Trailing, leftmost_neighbours, runs
from netdef.compiler.formatting.pieces import CLOSES, COMMENT, OPENS, Pieces
from netdef.compiler.formatting.spaces import spaces_of
from netdef.compiler.syntax.tree import Call, Field, Group
from netdef.compiler.syntax.words import KEYWORDS

WIDTH = 120
INDENT = 2
_BEFORE_A_COMMENT = 2
_LAYERS = frozenset({"layer", "layers"})


class Gap(NamedTuple):
    """What stands before a piece: line ends, and behind them, or in their place, spaces."""

    num_lines: int
    num_spaces: int


def gaps_of(pieces: Pieces) -> list[Gap]:
    """The gap before each piece."""
    layout = _Layout(pieces)
    layout.lay_out()
    return layout.gaps


class _Layout:
    """The walk over a text: what is laid out so far, and where it has come to."""

    def __init__(self, pieces: Pieces) -> None:
        self._of = pieces
        self._pieces = pieces.all
        self._spaces = spaces_of(pieces)
        self._widths = [0, *accumulate(s + len(p.written) for s, p in zip(self._spaces, self._pieces, strict=True))]
        self._breaks = [0, *accumulate(self._must_break())]
        self._leftmost = leftmost_neighbours(pieces)
        self._trailing: list[Trailing] = []
        self._line = 0
        self._column = 0
        self.gaps = [Gap(0, 0)] * len(self._pieces)

    def lay_out(self) -> None:
        """Choose all gaps."""
        self._lay_out_body(0, len(self._pieces), 0)
        for run in runs(self._trailing):
            column = max(run[0].column, *(each.code_width + _BEFORE_A_COMMENT for each in run))
            for each in run:
                self.gaps[each.piece] = Gap(0, column - each.code_width)

    # ---- what fits on one line
    def _must_break(self) -> Iterator[bool]:
        """Of each piece, whether it can't stand on the line of the piece before it, whatever the width."""
        regions: list[tuple[int, bool]] = []
        for index, piece in enumerate(self._pieces):
            before = self._pieces[index - 1] if index else None
            if piece.kind in CLOSES:
                opener, has_items = regions.pop()
                is_at_end = has_items and opener != index - 1
            else:
                is_at_end = False
            is_break = is_at_end or (bool(regions) and self._begins_item(index, *regions[-1]))
            is_string = piece.kind == "STRING" and before is not None and before.kind == "STRING"
            yield (
                piece.kind == COMMENT
                or (before is not None and before.kind == COMMENT)
                or (piece.num_lines > 0 and (is_break or is_string))
            )
            if piece.kind in OPENS:
                regions.append((index, self._has_items(index)))

    def _begins_item(self, index: int, opener: int, has_items: bool) -> bool:
        """Whether a statement of a body, or an item of a list, begins here."""
        if self._pieces[opener].kind == "LBRACE":
            return index in self._of.statements
        return has_items and (index == opener + 1 or self._pieces[index - 1].kind == "COMMA")

    def _has_items(self, opener: int) -> bool:
        """Whether what opens here may be laid out over several lines: all but the parentheses of arithmetic."""
        return self._pieces[opener].kind != "LPAR" or self._spaces[opener] == 0

    def _is_flat(self, first: int, end: int) -> bool:
        """Whether pieces may stand on one line, if it is wide enough."""
        return self._breaks[end] == self._breaks[first + 1]

    def _width(self, first: int, end: int) -> int:
        """How wide pieces are on one line, without the space before the first."""
        return self._widths[end] - self._widths[first] - self._spaces[first]

    def _fits(self, first: int, end: int, column: int) -> bool:
        return self._is_flat(first, end) and column + self._width(first, end) <= WIDTH

    # ---- gaps
    def _break(self, index: int, indent: int, num_lines: int = 1) -> None:
        self.gaps[index] = Gap(num_lines if index else 0, indent)
        self._line += 1
        self._column = indent + len(self._pieces[index].written)

    def _join(self, index: int, num_spaces: int | None = None) -> None:
        spaces = self._spaces[index] if num_spaces is None else num_spaces
        self.gaps[index] = Gap(0, spaces)
        self._column += spaces + len(self._pieces[index].written)

    def _join_all(self, first: int, end: int) -> None:
        for index in range(first, end):
            self._join(index)

    def _lay_out_comment(self, index: int, indent: int, num_lines: int = 1) -> None:
        if index and not self._pieces[index].num_lines:
            text, start = self._of.source.text, self._pieces[index].start
            column = self._of.column(index) if text[start - 2 : start].isspace() or text[start - 1] == "\t" else 0
            self._trailing.append(Trailing(index, self._line, self._column, column))
            self._join(index, _BEFORE_A_COMMENT)
        else:
            self._break(index, indent + self._of.column(index) - self._leftmost[index], num_lines)

    # ---- statements
    def _lay_out_body(self, first: int, end: int, indent: int) -> None:
        """Statements and comments, each line indented so far."""
        starts = [*self._starts(first, end)]
        is_of_one_line = first > 0 and not any(self._pieces[start].num_lines for start in starts)
        shares = None
        """The first piece of the statement before, if another may stand on its line."""
        for start, stop in zip(starts, [*starts, end][1:], strict=True):
            num_lines = 1 if start == first else min(self._pieces[start].num_lines, 2) or 1
            if self._pieces[start].kind == COMMENT:
                self._lay_out_comment(start, indent, num_lines)
                shares = None
                continue
            is_asked_for = (
                self._is_named_alike(shares, start)
                if is_of_one_line and shares is not None
                else not self._pieces[start].num_lines
            )
            may_share = self._may_share(start) and self._is_flat(start, stop)
            if shares is not None and may_share and is_asked_for and self._fits(start, stop, self._column + 1):
                self._join_all(start, stop)
            else:
                self._break(start, indent, num_lines)
                line = self._line
                self._lay_out_statement(start, stop, indent)
                may_share = may_share and self._line == line
            shares = start if may_share else None

    def _starts(self, first: int, end: int) -> Iterator[int]:
        """Where the statements of a body begin, and the comments that are in none of them."""
        index = first
        while index < end:
            yield index
            if self._pieces[index].kind == COMMENT:
                index += 1
                continue
            stop = self._next_statement(index, end)
            while self._pieces[stop - 1].kind == COMMENT:
                stop -= 1
            index = stop

    def _next_statement(self, start: int, end: int) -> int:
        index = start
        while True:
            index = self._of.partners.get(index, index) + 1
            if index >= end or index in self._of.statements:
                return index

    def _may_share(self, start: int) -> bool:
        """Whether a statement may stand on a line with others: a field, a message in a layer, or a call."""
        statement = self._of.statements[start]
        return isinstance(statement, Field | Call) or (isinstance(statement, Group) and statement.name not in _LAYERS)

    def _is_named_alike(self, start: int, other: int) -> bool:
        return self._pieces[start].written == self._pieces[other].written

    def _lay_out_statement(self, start: int, end: int, indent: int) -> None:
        """A statement whose first piece is laid out."""
        if self._fits(start, end, indent):
            self._join_all(start + 1, end)
        else:
            self._lay_out_pieces(start, end, indent, are_bodies_open=True)

    def _lay_out_pieces(self, start: int, end: int, indent: int, *, are_bodies_open: bool) -> None:
        """Pieces that don't fit on a line, the first of which is laid out; of a statement all bodies are opened."""
        index = start
        while index < end:
            piece = self._pieces[index]
            if index > start:
                self._lay_out_piece(index, indent)
            close = self._of.partners.get(index)
            if close is None or close == index + 1 or not self._has_items(index):
                index += 1
                continue
            if (are_bodies_open and piece.kind == "LBRACE") or not self._fits_with_what_follows(index, end):
                lay_out = self._lay_out_body if piece.kind == "LBRACE" else self._lay_out_items
                lay_out(index + 1, close, indent + INDENT)
                self._break(close, indent)
            else:
                self._join_all(index + 1, close + 1)
            index = close + 1

    def _lay_out_piece(self, index: int, indent: int) -> None:
        piece, before = self._pieces[index], self._pieces[index - 1]
        goes_on = indent if piece.kind in OPENS | dict.fromkeys(CLOSES) or piece.kind == "ELSE" else indent + INDENT
        if piece.kind == COMMENT:
            self._lay_out_comment(index, indent + INDENT)
        elif before.kind == COMMENT or (piece.kind == before.kind == "STRING" and piece.num_lines):
            self._break(index, goes_on)
        else:
            self._join(index)

    def _fits_with_what_follows(self, opener: int, end: int) -> bool:
        """Whether what opens here fits on the line, and with it what follows up to where a line may end."""
        close = self._of.partners[opener]
        stop = close + 1
        while stop < end and self._pieces[stop - 1].kind not in OPENS and self._pieces[stop].kind != COMMENT:
            stop += 1
        width = self._widths[stop] - self._widths[opener + 1]
        return self._is_flat(opener, close + 1) and self._column + width <= WIDTH

    def _lay_out_items(self, first: int, end: int, indent: int) -> None:
        """What stands in a list, or between the parentheses of a call: as many on a line as its author put there."""
        start = first
        while start < end:
            stop = self._end_of_item(start, end)
            piece = self._pieces[start]
            if piece.kind == COMMENT:
                self._lay_out_comment(start, indent)
            elif start > first and self._shares_line(start, stop):
                self._join_all(start, stop)
            else:
                self._break(start, indent)
                if self._fits(start, stop, indent):
                    self._join_all(start + 1, stop)
                else:
                    self._lay_out_pieces(start, stop, indent, are_bodies_open=False)
            start = stop

    def _shares_line(self, start: int, stop: int) -> bool:
        piece, before = self._pieces[start], self._pieces[start - 1]
        if before.kind == COMMENT:
            return False
        if piece.written in KEYWORDS and not piece.num_lines:  # first on its line, it may begin a construct
            return True
        return not piece.num_lines and self._fits(start, stop, self._column + 1)

    def _end_of_item(self, start: int, end: int) -> int:
        """Behind the comma of the item that begins here, or behind the comment."""
        if self._pieces[start].kind == COMMENT:
            return start + 1
        index = start
        while index < end and self._pieces[index].kind != "COMMA":
            index = self._of.partners.get(index, index) + 1
        stop = min(index + 1, end)
        while self._pieces[stop - 1].kind == COMMENT:
            stop -= 1
        return stop
