"""What names mean, and where."""

from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.fixes import Fix
from netdef.compiler.source import Span
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
        self.variables: dict[str, Binding] = {}
        self.blocks: dict[str, Closure] = {}
        self._lost: dict[str, Span] = {}
        """Names that lost statements were to give."""
        self._torn: Span | None = None
        """A lost statement that may have given any name: an include."""

    def variable(self, name: str) -> Binding | None:
        """The innermost variable of a name; one without a value where a lost statement may have bound it."""
        found = self.variables.get(name)
        if found is None and self.outer is not None:
            found = self.outer.variable(name)
        lost = self._lost.get(name, self._torn)
        return Binding(None, lost) if found is None and lost is not None else found

    def block(self, name: str) -> Closure | None:
        """The innermost block of a name; raises ``Quiet`` where a lost statement may have defined it."""
        found = self.blocks.get(name)
        if found is None and self.outer is not None:
            found = self.outer.block(name)
        if found is None and (self._torn or name in self._lost):
            raise Quiet
        return found

    def variable_names(self) -> list[str]:
        """All variables that can be read here."""
        return [*self.variables, *(self.outer.variable_names() if self.outer else ())]

    def block_names(self) -> list[str]:
        """All blocks that can be called here."""
        return [*self.blocks, *(self.outer.block_names() if self.outer else ())]

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
