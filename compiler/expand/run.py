"""The state of one expansion, and what all its rooms need: to run statements, and to say what is wrong."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from netdef.compiler.diagnostics import Report
from netdef.compiler.expand.evaluate import evaluate
from netdef.compiler.expand.place import Place
from netdef.compiler.expand.scope import Mistake, Quiet, Scope
from netdef.compiler.files import Files
from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import Block, Expression, OpaqueType, Plain, Statement, Tree, Value

MAX_STEPS = 200_000
"""Statements, turns of loops and a list's items in all; the largest published net has 12,000 fields."""
CHARACTERS_A_STEP = 100
"""A longer string counts as several."""
MAX_MISTAKES = 1000
MAX_NESTED = 100
"""Files, blocks, loops and messages in each other: each takes some of Python's stack."""


class EndlessError(Exception):
    """The bound on the work, or on mistakes, is reached, and reported: whatever followed would be guesswork."""

    def __init__(self, at: Span) -> None:
        super().__init__()
        self.at = at


class Run(ABC):
    """What flows, what is open, and how much has been done."""

    def __init__(
        self, overrides: Mapping[str, Value], report: Report, files: Files, origin: str = "", *, as_mended: bool
    ) -> None:
        self.overrides = overrides
        self.report = report
        self.files = files
        self.origins = (origin,) if origin else ()
        """The fork that somebody names, whose types are meant where a name has several."""
        self.as_mended = as_mended
        """Whether texts with mistakes are taken as they would be if those were mended."""
        self.settable: dict[str, None] = {}
        self.opaque: dict[tuple[str, str | None], OpaqueType] = {}
        self.flow: tuple[str, ...] | None = ()
        """The tops of the layer before; None if it is broken."""
        self.block_input: str | None = None
        """What flowed into the innermost block."""
        self.including: list[str] = []
        """The files that are being run, each included by the one before."""
        self.calls: list[Block] = []
        self.globals = Scope()
        self.is_sound = True
        """Whether the braces and quotes of all texts so far close."""
        self.may_be_mended = False
        """Whether any text so far has a reading as mended."""
        self.trees: dict[str, Tree] = {}
        """The files that were read, each once, however often it is included."""
        self._steps = 0

    @abstractmethod
    def statements(self, body: Sequence[Statement], place: Place) -> list[Plain]:
        """What statements leave when they are run one after the other."""

    @abstractmethod
    def file(self, written: Tree, via: Span | None) -> list[Plain]:
        """What a file's statements leave; ``via`` is its include."""

    def say(self, mistake: Mistake, place: Place) -> None:
        """Report a mistake, with the call that it came by; none is told from a text whose structure is a guess.

        Raises:
            EndlessError: if so many were found that nobody will read more.
        """
        if self.is_sound:
            self.report.add(place.through(mistake.diagnostic))
        if len(self.report) > MAX_MISTAKES:
            raise EndlessError(mistake.at)

    def attempt(self, expression: Expression, place: Place) -> Value | None:
        """The value of an expression; None if it is broken, which is reported."""
        try:
            return evaluate(expression, place.scope)
        except Mistake as mistake:
            self.say(mistake, place)
        except Quiet:
            pass
        return None

    def step(self, at: Span, place: Place, num: int = 1) -> None:
        """Count more statements or turns, or what takes as much; raises ``EndlessError`` at the bound."""
        self._steps += num
        if self._steps > MAX_STEPS:
            message = f"this file expands to more than {MAX_STEPS:,} statements"
            help = "look for loops in loops, and blocks that call two blocks each"
            self.say(Mistake("N306", message, place.here(at), help), place)
            raise EndlessError(place.here(at))
