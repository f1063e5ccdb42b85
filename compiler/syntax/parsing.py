"""Tokens to what a builder makes of them, by tables: an LALR(1) parser, whose stacks a recovery may mend."""

from collections.abc import Callable, Iterable
from typing import Any

from netdef.compiler.syntax.tables import NO_PLACE, Rule, Tables
from netdef.compiler.syntax.tokens import Token, Tokens

_Make = Callable[[list[Any]], Any]
"""What makes the value of its children's, in a list that it may change."""


class Grammar:
    """Tables, and what makes values by their rules."""

    def __init__(self, tables: Tables, builder: object) -> None:
        self.starts = tables.starts
        self.states = tables.states
        self.rules = [(rule.size, None if rule.passes else _maker(rule, builder), rule.symbol) for rule in tables.rules]


class Parser:
    """A text as far as it is read.

    states  that before each value, and the one that was come to
    values  what was made of the tokens
    """

    def __init__(self, grammar: Grammar, start: str) -> None:
        self._rules = grammar.rules
        self._steps = grammar.states
        self.states = [grammar.starts[start]]
        self.values: list[Any] = []

    def take(self, tokens: Iterable[Token]) -> int:
        """Read on; how many tokens were taken, before the first that has no place."""
        steps, rules, states, values = self._steps, self._rules, self.states, self.values
        taken = 0
        here = steps[states[-1]]
        for token in tokens:
            kind = token.type
            step = here.get(kind, NO_PLACE)
            while step < 0:
                size, make, symbol = rules[~step]
                if make is None:  # the value stays as it is
                    del states[-1]
                elif size:
                    value = make(values[-size:])
                    del states[-size:], values[-size:]
                    values.append(value)
                else:
                    values.append(make([]))
                after = steps[states[-1]][symbol]
                states.append(after)
                here = steps[after]
                step = here.get(kind, NO_PLACE)
            if step == NO_PLACE:
                break
            states.append(step)
            values.append(token)
            here = steps[step]
            taken += 1
        return taken

    def can(self, terminal: str) -> bool:
        """Whether such a token could be taken: what was read may be reduced first, and only then be found to end."""
        states = list(self.states)
        while (step := self._steps[states[-1]].get(terminal, NO_PLACE)) < 0:
            size, _, symbol = self._rules[~step]
            del states[len(states) - size :]
            states.append(self._steps[states[-1]][symbol])
        return step != NO_PLACE

    def possible(self) -> set[str]:
        """The terminals that could be taken."""
        return {symbol for symbol in self._steps[self.states[-1]] if symbol.isupper() and self.can(symbol)}

    def pop(self) -> Any:
        """Take back what was read last."""
        self.states.pop()
        return self.values.pop()


def parse(tokens: Tokens, grammar: Grammar, start: str, recover: Callable[[Parser], bool] | None = None) -> Any:
    """What the builder makes of a text; None if it is wrong.

    ``recover`` is called at each token that has no place, or at the end of a text that lacks something: it makes the
    parser and the tokens fit to read on, and tells whether they are.
    """
    parser = Parser(grammar, start)
    while True:
        tokens.next += parser.take(tokens.all[tokens.next :])
        if tokens.next == len(tokens.all) and parser.take([tokens.end]):
            return parser.values[0]
        if recover is None or not recover(parser):
            return None


def _maker(rule: Rule, builder: object) -> _Make:
    """What makes a rule's value."""
    build: _Make = getattr(builder, rule.method, _hand_on)
    if rule.may_pass:
        build = _passing(build)
    if rule.counting == tuple((place, False) for place in range(rule.size)):
        return build
    return _choosing(rule.counting, build)


def _hand_on(children: list[Any]) -> list[Any]:
    return children


def _passing(build: _Make) -> _Make:
    return lambda children: children[0] if len(children) == 1 else build(children)


def _choosing(counting: tuple[tuple[int, bool], ...], build: _Make) -> _Make:
    def make(children: list[Any]) -> Any:
        chosen: list[Any] = []
        for place, has_children in counting:
            if not has_children:
                chosen.append(children[place])
            elif chosen:
                chosen += children[place]
            else:
                chosen = children[place]  # a long row grows in place, one by one
        return build(chosen)

    return make
