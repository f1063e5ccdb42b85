"""What names mean, and where."""

from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.fixes import Fix
from netdef.compiler.source import Span
from netdef.compiler.spelling import NearNames
from netdef.compiler.syntax.tree import Block, Lost, Value


class Mistake(Exception):
    """What an expression or statement can't mean; whoever runs the statement reports it and goes on."""

    def __init__(
        self,
        code: str,
        message: str,
        at: Span,
        help: str | None = None,
        *labels: Label,
        subject: str = "",
        fix: Fix | None = None,
    ) -> None:
        super().__init__(message)
        self.at = at
        self.diagnostic = Diagnostic(code, message, Label(at), labels, help=help, subject=subject, fix=fix)


class Quiet(Exception):
    """Depends on something broken that has been reported already."""


class Binding(NamedTuple):
    """A variable: its value, None if what it was to hold is broken, and where it was named."""

    value: Value | None
    at: Span


class Closure(NamedTuple):
    """A block with the scope that it was written in."""

    block: Block
    scope: "Scope"


class Scope:
    """Names of one block, loop or file, inside those of another."""

    def __init__(self, outer: "Scope | None" = None) -> None:
        self.outer = outer
        self.near: NearNames = NearNames() if outer is None else outer.near
        self.variables: dict[str, Binding] = {}
        self.blocks: dict[str, Closure] = {}
        self._lost: dict[str, Span] = {}
        """Names that lost statements were to give."""
        self._torn: Span | None = None
        """A lost statement that may have given any name: an include."""

    def variable(self, name: str) -> Binding | None:
        """The innermost variable of a name; one without a value where a lost statement may have bound it."""
        for scope in self._outwards():
            if name in scope.variables:
                return scope.variables[name]
        lost = (scope._lost.get(name, scope._torn) for scope in self._outwards())
        return next((Binding(None, at) for at in lost if at is not None), None)

    def is_lost(self, name: str) -> bool:
        """Whether a lost statement was to give a name."""
        return any(name in scope._lost for scope in self._outwards())

    def block(self, name: str) -> Closure | None:
        """The innermost block of a name; raises ``Quiet`` where a lost statement may have defined it."""
        for scope in self._outwards():
            if name in scope.blocks:
                return scope.blocks[name]
        if any(scope._torn or name in scope._lost for scope in self._outwards()):
            raise Quiet
        return None

    def variable_names(self) -> list[str]:
        """All variables that can be read here."""
        return [name for scope in self._outwards() for name in scope.variables]

    def block_names(self) -> list[str]:
        """All blocks that can be called here."""
        return [name for scope in self._outwards() for name in scope.blocks]

    def _outwards(self) -> "Iterator[Scope]":
        """This scope, and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def let(self, name: str, value: Value | None, at: Span) -> None:
        """Bind a variable; a second time in one scope is a mistake."""
        if name in self.variables:
            label = Label(self.variables[name].at, "bound here first")
            raise Mistake("N303", f"{name} is bound twice", at, "a variable keeps its value: use another name", label)
        self.variables[name] = Binding(value, at)

    def define(self, block: Block, at: Span) -> None:
        """Name a block; a second time in one scope is a mistake."""
        if block.name in self.blocks:
            label = Label(self.blocks[block.name].block.at, "defined here first")
            raise Mistake("N303", f"block {block.name} is defined twice", at, "use another name", label)
        self.blocks[block.name] = Closure(block, self)

    def lose(self, statement: Lost) -> None:
        """Stay quiet about the names that a lost statement may have given."""
        if statement.name:
            self._lost[statement.name] = statement.at
        elif statement.keyword in ("include", "let", "block"):
            self._torn = statement.at

    @property
    def is_torn(self) -> bool:
        """Whether a lost statement may have given any name."""
        return self._torn is not None
