"""A parser's tables, LALR(1), as plain words and numbers."""

from typing import NamedTuple

END = "$END"
"""The terminal behind a text."""
NO_PLACE = 0
"""The step of a symbol that may not come."""


class Rule(NamedTuple):
    """A rule of a grammar, and how its value is made of its children's.

    symbol    what it is a rule of
    size      how many children it has
    counting  those that count, by their place, and whether a child's own children stand in its place
    method    of a builder, which gets these; without one of that name, they are handed on as they are
    may_pass  whether one that is alone is the value
    """

    symbol: str
    size: int
    counting: tuple[tuple[int, bool], ...]
    method: str
    may_pass: bool

    @property
    def passes(self) -> bool:
        """Whether its value is always that of the only child."""
        return self.may_pass and self.size == 1 and self.counting == ((0, False),)


class Tables(NamedTuple):
    """How to read by a grammar.

    starts  the first state, by start rule
    rules   by number
    states  by number, from 1: for each symbol that may come the state that it leads to, or ``~rule`` by whose number
            what was read is reduced first
    """

    starts: dict[str, int]
    rules: tuple[Rule, ...]
    states: dict[int, dict[str, int]]
