"""Calls of blocks: which parameter takes which argument, and what flows in."""

from collections.abc import Iterator

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Label
from netdef.compiler.expand.evaluate import describe
from netdef.compiler.expand.place import NET, Place
from netdef.compiler.expand.run import Run
from netdef.compiler.expand.scope import Binding, Closure, Mistake, Scope
from netdef.compiler.spelling import guess
from netdef.compiler.syntax.tree import Argument, Block, Broken, Call, Plain


def run_block(run: Run, block: Block, place: Place) -> list[Plain]:
    """A block is named where it stands, and leaves nothing until it is called."""
    place.scope.define(block, block.at)
    return []


def run_call(run: Run, call: Call, place: Place) -> list[Plain]:
    """What a block's body leaves."""
    at = place.here(call.at)
    closure = place.scope.block(call.name)
    if closure is None:
        scope, otherwise = place.scope, "define it above, or include its file"
        meant = guess(call.name, scope.block_names(), call.at, otherwise, scope.near.closest)
        raise Mistake("N302", f"there is no block {call.name}", at, meant.help, fix=meant.fix)
    block = closure.block
    if block in run.calls:
        help = "nothing would end it; `repeat` says how often something comes"
        raise Mistake("N305", f"block {call.name} calls itself", at, help, Label(block.at, "defined here"))
    scope, flowing = _bind(run, call, closure, place)
    outer, run.block_input = run.block_input, flowing
    if flowing is not None:
        run.flow = (flowing,)
    if flowing is not None or run.flow is None:  # None: broken, so that what reads it stays quiet
        scope.variables["input"] = Binding(flowing, at)
    run.calls.append(block)
    try:
        return run.statements(block.body, Place(scope, NET, at))
    finally:
        run.calls.pop()
        run.block_input = outer


def _bind(run: Run, call: Call, closure: Closure, place: Place) -> tuple[Scope, str | None]:
    """The scope of a block's body, and the blob that flows in."""
    block, at = closure.block, place.here(call.at)
    scope = Scope(closure.scope)
    flowing = run.flow[0] if run.flow is not None and len(run.flow) == 1 else None
    positional = iter([parameter.name for parameter in block.parameters])
    is_doubtful = any(isinstance(argument.value, Broken) for argument in call.arguments)  # so is which is for what
    meant: set[str] = set()  # for what wrong arguments may have been meant
    for argument in call.arguments:
        if argument.name == "input":
            flowing = _given_input(run, argument, place)
            if flowing is None:
                run.flow = None
            continue
        try:
            name = _parameter(argument, block, positional, scope)
        except Mistake as mistake:
            if not is_doubtful:
                run.say(mistake, place)
            if argument.name is not None:
                names = [*(parameter.name for parameter in block.parameters), "input"]
                near = scope.near.closest(argument.name, names)
                meant.update(names if near is None else (near,))
        else:
            scope.let(name, None if is_doubtful else run.attempt(argument.value, place), argument.at)
    if "input" in meant:
        flowing = run.flow = None
    for parameter in block.parameters:
        if parameter.name in scope.variables:
            continue
        value = None
        if parameter.default is not None and parameter.name not in meant:
            value = run.attempt(parameter.default, place._replace(scope=scope))
        elif parameter.default is None and parameter.name not in meant and not is_doubtful:
            message, help = f"block {block.name} needs {parameter.name}", f"add {parameter.name}: ..."
            run.say(Mistake("N304", message, at, help, _signature(block), subject=parameter.name), place)
        scope.let(parameter.name, value, parameter.at)
    return scope, flowing


def _given_input(run: Run, argument: Argument, place: Place) -> str | None:
    """The blob that a call lets flow in."""
    value = run.attempt(argument.value, place)
    if value is None or isinstance(value, str):
        return value
    message = f"input is a blob's name, and this is {describe(value)}"
    run.say(Mistake("N304", message, argument.at, "put it in quotes"), place)
    return None


def _parameter(argument: Argument, block: Block, positional: Iterator[str], scope: Scope) -> str:
    """The parameter that an argument is for."""
    names = [parameter.name for parameter in block.parameters]
    name = next(positional, None) if argument.name is None else argument.name
    if name is None:
        count = counted(len(names), "argument")
        raise Mistake("N304", f"block {block.name} takes {count}", argument.at, "drop this one", _signature(block))
    at = argument.at if argument.name is None else argument.at._replace(end=argument.at.start + len(name))
    if name not in names:
        meant = guess(name, [*names, "input"], at, f"it has {', '.join(names) or 'none'}", scope.near.closest)
        message = f"block {block.name} has no parameter {name}"
        raise Mistake("N304", message, at, meant.help, _signature(block), fix=meant.fix)
    if name in scope.variables:
        message = f"block {block.name} is given {name} twice"
        raise Mistake("N304", message, at, "keep one of them", _signature(block))
    return name


def _signature(block: Block) -> Label:
    return Label(block.at, f"{block.name}({', '.join(parameter.name for parameter in block.parameters)})")
