"""What Lark makes of a grammar: the tables by which a text is read.

Law: only who has no tables yet imports this, since Lark takes a third of the time of a short command.
"""

from typing import Any

import lark
from lark.parsers.lalr_analysis import Shift

from netdef.compiler.syntax.tables import END, Rule, Tables


def make_tables(grammar: str, starts: list[str]) -> Tables:
    """The tables of a grammar with these start rules."""
    made: Any = lark.Lark(grammar, parser="lalr", start=starts, maybe_placeholders=False)
    table = made.parser.parser.parser.parse_table
    numbers = {state: number for number, state in enumerate(table.states, 1)}
    rules: dict[Any, int] = {}
    states = {
        numbers[state]: {
            str(symbol): numbers[target] if action is Shift else ~rules.setdefault(target, len(rules))
            for symbol, (action, target) in actions.items()
        }
        for state, actions in table.states.items()
    }
    for end in table.end_states.values():
        states[numbers[end]] = {END: numbers[end]}  # which Lark takes in another way than other tokens
    first = {name: numbers[state] for name, state in table.start_states.items()}
    return Tables(first, tuple(map(_rule, rules)), states)


def _rule(rule: Any) -> Rule:
    """By Lark's signs: ``!`` keeps all tokens, ``?`` passes; a rule called ``_...`` stands for its children."""
    options = rule.options
    counting = tuple(
        (place, not symbol.is_term and symbol.name.startswith("_"))
        for place, symbol in enumerate(rule.expansion)
        if options.keep_all_tokens or not (symbol.is_term and symbol.filter_out)
    )
    symbol = str(rule.origin.name)
    may_pass = options.expand1 and not rule.alias
    return Rule(symbol, len(rule.expansion), counting, str(rule.alias or symbol), may_pass)
