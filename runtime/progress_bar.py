"""A bar at the foot of a terminal of any width: how much is done, and beside it what fits, the time left first.

Law: whoever waits sees the time that is left whole; all else gives way to it. Everything is on stderr.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from rich.cells import cell_len
from rich.console import Console as Terminal
from rich.console import ConsoleOptions
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

BETWEEN = "  "
"""What stands between two facts."""
SHORTEST, LONGEST = 1 / 6, 1 / 2
"""How much of the terminal the bar takes at least and at most."""


class Fact(NamedTuple):
    """Something that stands beside a bar.

    rank   0 for what is wanted most; the highest ranks give way first where the terminal is narrow
    """

    text: str
    rank: int


class Standing(NamedTuple):
    """How far something is: ``done`` of ``total``, in any unit, and what is said beside it, from left to right."""

    done: float
    total: float
    facts: tuple[Fact, ...]

    def __rich_console__(self, terminal: Terminal, options: ConsoleOptions) -> Iterator[Table]:
        width = options.max_width
        told = fitting(self.facts, width - max(1, int(SHORTEST * width)) - 1)
        rest = max(1, min(width - cell_len(told) - 1, int(LONGEST * width)))
        row = Table.grid(padding=(0, 1, 0, 0))
        bar = ProgressBar(total=max(self.total, 1e-9), completed=self.done, width=rest)
        row.add_row(bar, Text(told, no_wrap=True, overflow="crop"))
        yield row


def fitting(facts: Sequence[Fact], width: int) -> str:
    """The facts that fit into so many columns, those of the lowest rank first, in their own order."""
    chosen: list[Fact] = []
    left = width + len(BETWEEN)
    for fact in sorted(facts, key=lambda fact: fact.rank):
        needed = cell_len(fact.text) + len(BETWEEN)
        if fact.text and needed <= left:
            chosen.append(fact)
            left -= needed
    return BETWEEN.join(fact.text for fact in facts if fact in chosen)


class Bar:
    """The bar while it is entered; lines that are printed meanwhile, by anybody, stand above it.

    A terminal that is closed meanwhile is no reason to break off.
    """

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._live = Live(
            get_renderable=lambda: self._standing,
            console=Terminal(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )

    def move(self, standing: Standing) -> None:
        """Show where things stand now; the terminal is written a few times a second, however often this is called."""
        self._standing = standing

    def print(self, text: str) -> None:
        """A line above the bar."""
        self._live.console.print(Text(text), soft_wrap=True)

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._live.stop()
