"""``let``, ``repeat`` and ``if``: names for values, and statements that run more than once or not at all."""

from collections.abc import Sequence

from netdef.compiler.expand.evaluate import describe, evaluate, integer, truth
from netdef.compiler.expand.place import Place
from netdef.compiler.expand.run import MAX_STEPS, Run
from netdef.compiler.expand.scope import Mistake
from netdef.compiler.fixes import insert_before
from netdef.compiler.syntax.tree import If, Let, Number, Plain, Range, Repeat, Value, Word


def run_let(run: Run, let: Let, place: Place) -> list[Plain]:
    """A variable; one of the file itself takes the value given to ``--set``."""
    at = place.here(let.at)
    is_global = place.scope is run.globals
    if is_global:
        run.settable[let.name] = None
    if is_global and let.name in run.overrides:
        place.scope.let(let.name, run.overrides[let.name], at)
    else:
        place.scope.let(let.name, run.attempt(let.value, place), at)
    return []


def run_if(run: Run, choice: If, place: Place) -> list[Plain]:
    """One of the two branches."""
    chosen = choice.then if truth(choice.condition, place.scope) else choice.otherwise
    return run.statements(chosen, place.deeper())


def run_repeat(run: Run, repeat: Repeat, place: Place) -> list[Plain]:
    """The body once for each item."""
    made: list[Plain] = []
    names, at = repeat.target.names, place.here(repeat.target.at)
    for index, item in enumerate(_turns(repeat, place), start=1):
        turn = place.deeper()
        run.step(repeat.at, place)
        if repeat.index is not None:
            turn.scope.let(repeat.index, index, repeat.at)
        if not repeat.target.unpacks:
            turn.scope.let(names[0], item, at)
        elif isinstance(item, tuple) and len(item) == len(names):
            for name, part in zip(names, item, strict=True):
                turn.scope.let(name, part, at)
        else:
            message = f"{len(names)} names take a row of {len(names)} apart, and this is {describe(item)}"
            raise Mistake("N309", message, at)
        made += run.statements(repeat.body, turn)
    return made


def _turns(repeat: Repeat, place: Place) -> Sequence[Value]:
    """What a loop goes over."""
    over = repeat.over
    if isinstance(over, Range):
        first, last = integer(over.first, place.scope), integer(over.last, place.scope)
        if last - first >= MAX_STEPS:
            message = f"{last - first + 1:,} turns are more than the {MAX_STEPS:,} that a file may take"
            raise Mistake("N306", message, over.at, "no net has as many layers: look at the range's ends")
        return range(first, last + 1)
    rows = evaluate(over, place.scope)
    if not isinstance(rows, tuple):
        message = f"repeat goes over a list or a range, and this is {describe(rows)}"
        is_count = isinstance(rows, int) and not isinstance(rows, bool)
        help = f"to count from 1, write 1..{over.at.text}" if is_count else "write a list: [a, b]"
        fix = insert_before(over.at, "1..") if is_count and isinstance(over, Word | Number) else None
        raise Mistake("N309", message, over.at, help, fix=fix)
    return rows
