"""What is wrong with a layer type's own declaration: said of users' types at the door, and of ours by a test."""

import inspect
from collections.abc import Iterator
from difflib import get_close_matches

from netdef.compiler.layers.base import Layer
from netdef.compiler.schema.message import Param

HOOKS = (
    "problems",
    "infer",
    "doubts",
    "arithmetic",
    "lints",
    "weights",
    "macs",
    "window",
    "classes_axis",
    "numbers",
    "as_convolution",
)
"""What a type may override with a method of its own."""


def flaws(kind: type[Layer]) -> Iterator[str]:
    """Each flaw, as what follows the type's name in a sentence."""
    yield from _fields(kind)
    yield from _hooks(kind)
    yield from _roles(kind)


def _fields(kind: type[Layer]) -> Iterator[str]:
    if kind.own_fields and not kind.message:
        yield f'has fields ({", ".join(kind.own_fields)}) and no message: its class line needs message="..._param"'
    for name, value in vars(kind).items():
        if isinstance(value, Param):
            yield f"does not say what {name} holds: write {name}: int = param(...), or whatever it is"
    if any(isinstance(param.kind, str) for param in kind.params.values()):
        yield "postpones its annotations: leave out `from __future__ import annotations`"
    own = {id(param): param for param in kind.own_fields.values()}.values()
    numbers = [number for param in own for number, _ in param.spellings.values() if number]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield f"gives the number {number} to several fields of {kind.message}"


def _hooks(kind: type[Layer]) -> Iterator[str]:
    """A hook that is misspelt, or takes other arguments, would fail late or never run."""
    for base in kind.__mro__[: kind.__mro__.index(Layer)]:
        for name, value in vars(base).items():
            if not inspect.isfunction(value) or name.startswith("_"):
                continue
            if name in HOOKS:
                wanted, found = (list(inspect.signature(f).parameters) for f in (getattr(Layer, name), value))
                if len(found) != len(wanted):
                    yield f"must declare {name}({', '.join(wanted)})"
            elif near := get_close_matches(name, HOOKS, n=1, cutoff=0.8):
                yield f"has a method {name}, which nobody calls: did you mean {near[0]}? (else begin it with _)"
    if kind.infer is Layer.infer and kind.bottoms.least == 0:
        yield "needs infer(self, bottoms, num_tops): no bottom says the shapes of its tops"


def _roles(kind: type[Layer]) -> Iterator[str]:
    for role in ("scores", "labels"):
        index, most = getattr(kind, role), kind.bottoms.most
        if index is not None and most is not None and index >= most:
            yield f"has its {role} in bottom {index}, and takes {kind.bottoms} bottoms"
    if kind.flattens and kind.as_convolution is Layer.as_convolution:
        yield "flattens, and needs as_convolution(self, bottom)"
