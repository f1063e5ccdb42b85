"""Runs the statements of a tree.

1. ``layer NAME Type { }`` becomes ``layer { }`` (``short_form``).
2. ``block``, ``repeat``, ``if`` and ``let`` leave what they make; every span remembers the call it came by.
3. A mistake is reported and the next statement runs; ``Broken`` and ``Lost`` stand for what it would have made, so
   that what depends on it stays quiet.
4. The work is bounded: a loop of a billion is a mistake, not a hang.

Each construct has its room beside this one; here is the table of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netdef.compiler.diagnostics import Report
from netdef.compiler.expand.calls import run_block, run_call
from netdef.compiler.expand.fields import run_field, run_group
from netdef.compiler.expand.includes import run_include
from netdef.compiler.expand.loops import run_if, run_let, run_repeat
from netdef.compiler.expand.opaque import run_opaque
from netdef.compiler.expand.place import NET, Place
from netdef.compiler.expand.plain import plain
from netdef.compiler.expand.run import MAX_NESTED, EndlessError, Run
from netdef.compiler.expand.scope import Mistake, Quiet
from netdef.compiler.expand.short_form import run_input, run_layer
from netdef.compiler.files import DISK, Files
from netdef.compiler.override import override
from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import (
    Block,
    Broken,
    Call,
    Expanded,
    Field,
    Group,
    If,
    Include,
    Input,
    LayerStatement,
    Let,
    Lost,
    Opaque,
    OpaqueType,
    Plain,
    Repeat,
    Statement,
    Tree,
    Value,
)


def expand(
    written: Tree,
    overrides: Mapping[str, Value],
    report: Report,
    files: Files = DISK,
    origin: str = "",
    *,
    as_mended: bool = False,
) -> Expanded:
    """Run a tree.

    Args:
        written: what stands in a file.
        overrides: values for its own ``let`` variables.
        report: where to say what is wrong.
        files: where includes come from.
        origin: the fork whose layer types are meant where a name has several; empty if nobody says.
        as_mended: take, of texts with mistakes, their readings as mended, where they have one.
    """
    tree = written.mended if as_mended and written.mended is not None else written
    if not tree.has_constructs:
        body = tuple(plain(tree.body, report if tree.is_sound else Report()))
        unused, may_be_mended = tuple(overrides), written.mended is not None
        return Expanded(tree.source, body, {}, False, (), unused, tree.is_sound, origin, may_be_mended)
    expander = _Expander(overrides, report, files, origin, as_mended=as_mended)
    try:
        body = tuple(expander.file(written, None))
    except EndlessError as endless:
        body = (Lost(endless.at),)
    may_be_lost = expander.globals.is_torn or not expander.is_sound
    unused = () if may_be_lost else tuple(name for name in overrides if name not in expander.settable)
    settable, is_sound, may_be_mended = tuple(expander.settable), expander.is_sound, expander.may_be_mended
    return Expanded(tree.source, body, expander.opaque, True, settable, unused, is_sound, origin, may_be_mended)


class _Expander(Run):
    """Runs statements, each in its room."""

    _nested = 0

    @override
    def file(self, written: Tree, via: Span | None) -> list[Plain]:
        tree = written.mended if self.as_mended and written.mended is not None else written
        self.may_be_mended = self.may_be_mended or written.mended is not None
        self.is_sound = self.is_sound and tree.is_sound
        self.including.append(self.files.identity(tree.source.path))
        made = self.statements(tree.body, Place(self.globals, NET, via))
        self.including.pop()
        return made

    @override
    def statements(self, body: Sequence[Statement], place: Place) -> list[Plain]:
        made: list[Plain] = []
        self._nested += 1
        for statement in body:
            try:
                if self._nested > MAX_NESTED:
                    raise self._too_deep(statement, place)
                self.step(statement.at, place)
                made += self._run(statement, place)
            except Mistake as mistake:
                self.say(mistake, place)
                made += self._lost(statement, place)
            except Quiet:
                made += self._lost(statement, place)
        self._nested -= 1
        return made

    @staticmethod
    def _too_deep(statement: Statement, place: Place) -> Mistake:
        message = f"files, blocks, loops and messages stand more than {MAX_NESTED} deep in each other here"
        return Mistake("N306", message, place.here(statement.at), "let one loop do what a chain of blocks does")

    def _run(self, statement: Statement, place: Place) -> list[Plain]:
        if place.fields is not NET and not isinstance(statement, _ANYWHERE):
            what = type(statement).__name__.removesuffix("Statement").lower()
            message = f"{'an' if what[0] in 'aeiou' else 'a'} {what} can't stand inside a message"
            raise Mistake("N308", message, place.here(statement.at), "close the message first")
        return _ROOMS[type(statement)](self, statement, place)

    def _lost(self, statement: Statement, place: Place) -> list[Plain]:
        """What stands for a statement that could not be run."""
        at = place.here(statement.at)
        if isinstance(statement, Field):
            return [Field(statement.name, Broken(at), at)]
        if isinstance(statement, Let | Block | Opaque):
            return []
        return _run_lost(self, Lost(at, "include" if isinstance(statement, Include) else ""), place)


def _run_lost(run: Run, lost: Lost, place: Place) -> list[Plain]:
    """What is lost, stays lost; names that it was to give are known as such."""
    place.scope.lose(lost)
    at = place.here(lost.at)
    if lost.keyword == "opaque" and lost.name:
        run.opaque[lost.name, None] = OpaqueType(lost.name, None, None, at)
    if lost.keyword in ("let", "block", "opaque"):
        return []
    if place.fields is NET:
        run.flow = None
    return [lost._replace(at=at)]


_ANYWHERE = Field | Group | Lost | Let | Repeat | If
"""Statements that may stand in messages, too."""

_ROOMS: Mapping[type[Statement], Callable[[Run, Any, Place], list[Plain]]] = {
    Field: run_field,
    Group: run_group,
    Lost: _run_lost,
    Let: run_let,
    Repeat: run_repeat,
    If: run_if,
    LayerStatement: run_layer,
    Input: run_input,
    Block: run_block,
    Call: run_call,
    Include: run_include,
    Opaque: run_opaque,
}
"""The room of each statement."""
