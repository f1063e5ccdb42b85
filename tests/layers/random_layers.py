"""Nets of one layer that nobody would write: any fields of any type that PyTorch runs, over any bottoms.

A net is known by its number: ``net_text(number)`` makes it again.
"""

import random
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.runtime.lowering import RULES

PHASES = ("TEST", "TRAIN")
SIZES = (1, 1, 2, 2, 3, 4, 5, 7, 8)
ODD_SIZES = (*SIZES, 0, 13, 64)
HUGE_SIZES = (2**20, 2**31, 2**63 - 1, 2**63)
SMALL = (*range(6), 1, 1, 2, 3, 7, 8)
ODD = (
    -1,
    -2,
    -3,
    -5,
    0,
    15,
    255,
    256,
    1000,
    2**20,
    2_000_000_000,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    -(2**63),
    2**64,
)
FLOATS = (0.0, 0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 1e-5, -0.5, -1.0)
ODD_FLOATS = (
    "1e-45", "1e-38", "1e30", "3e38", "1e39", "1e308", "-1e308", "1e999", "inf", "-inf", "nan", "-nan", "-1e-5", "-3",
    "100",
)  # fmt: skip
FILLERS = ("constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra", "bilinear")


@cache
def kinds() -> list[type[Layer]]:
    """Our own layer types that PyTorch runs; those with many fields several times."""
    ours = (kind for kind in catalogue.every_type() if catalogue.family_of(kind))
    found = sorted((kind for kind in ours if RULES.why_not(kind) is None), key=lambda kind: kind.type_name)
    return [kind for kind in found for _ in range(1 + len(kind.own_fields) // 4)]


def phase_of(number: int) -> str:
    """The phase that a net is tried in."""
    return PHASES[number % 2]


def net_text(number: int) -> str:
    """A net: the inputs, and a layer that reads them."""
    random_ = random.Random(number)
    kind = random_.choice(kinds())
    odd = random_.choice((0.0, 0.05, 0.5))
    shapes = _shapes(kind, random_, odd)
    inputs = [f'input "d{index}" [{", ".join(map(str, shape))}]' for index, shape in enumerate(shapes)]
    bottoms = [f'bottom: "d{index}"' for index in range(len(shapes))]
    in_place = bool(shapes) and random_.random() < 0.15
    num_tops = 1 if in_place else len(shapes) if kind.tops == kind.bottoms else _num(kind.tops, random_, odd)
    tops = [f'top: "{"d" if in_place else "t"}{index}"' for index in range(num_tops)]
    at_hand = tuple(size for shape in shapes for size in shape) or (1,)
    fields = _Fields(random_, odd, at_hand).of({**kind.own_fields, **kind.fields_beside})
    return "\n".join([*inputs, f'layer "l" {kind.type_name} {{ {" ".join([*bottoms, *tops, fields])} }}'])


def _num(arity: Arity, random_: random.Random, odd: float) -> int:
    """How many bottoms or tops: mostly as many as the type takes."""
    if random_.random() < odd / 3:
        return random_.randrange(4)
    most = arity.least + 2 if arity.most is None else arity.most
    return random_.choice((arity.least, random_.randint(arity.least, most)))


def _shapes(kind: type[Layer], random_: random.Random, odd: float) -> list[list[int]]:
    """Of each bottom: all alike, as labels are to scores, a part of the first, or at random."""
    sizes = ODD_SIZES if random_.random() < odd else SIZES
    rank = random_.choice((0, 1, 2, 3, 4, 5)) if random_.random() < max(odd, 0.3) else 4
    first = [random_.choice(sizes) for _ in range(rank)]
    if rank and random_.random() < odd / 10:
        first[random_.randrange(rank)] = random_.choice(HUGE_SIZES)
    others = [_other(first, kind.labels is not None, random_, odd) for _ in range(_num(kind.bottoms, random_, odd) - 1)]
    return [first, *others] if kind.bottoms.least or random_.random() < odd / 3 else []


def _other(first: list[int], is_label: bool, random_: random.Random, odd: float) -> list[int]:
    if random_.random() < odd / 3:
        return [random_.choice(ODD_SIZES) for _ in range(random_.randrange(6))]
    if is_label and random_.random() < 0.8:
        return random_.choice(([*first[:1], *first[2:]], [*first[:1], 1, *first[2:]]))
    if first and random_.random() < 0.3:
        start = random_.randrange(len(first))
        return first[start : random_.randint(start, len(first))]
    return first


class _Fields(NamedTuple):
    """Draws fields: ``odd`` is the share of values that nobody means, ``at_hand`` the sizes of the bottoms."""

    random: random.Random
    odd: float
    at_hand: tuple[int, ...]

    def of(self, params: Mapping[str, Param]) -> str:
        """Some fields of a message; those that a layer can't do without mostly among them."""
        declared = list({id(param): param for param in params.values()}.values())
        wanted = [param for param in declared if param.required or param.attribute in ("kernel", "shape", "type")]
        chosen = [param for param in wanted if self.random.random() >= self.odd / 5]
        others = [param for param in declared if param not in wanted]
        chosen += self.random.sample(others, min(len(others), self.random.choice((0, 1, 1, 2, 3, 4))))
        return " ".join(self._one(name, param) for param in chosen for name in self._spelt(param))

    def _spelt(self, param: Param) -> list[str]:
        """By which of its fields it is given: its own, those of the axes, or any."""
        own, *axes = param.spellings
        way = self.random.random()
        if not axes or way < 0.6:
            return [own]
        return axes if way < 0.9 else [name for name in param.spellings if self.random.random() < 0.5]

    def _one(self, name: str, param: Param) -> str:
        if issubclass(param.kind, Message):
            times = self.random.choice((1, 1, 1, 2, 3)) if param.repeated else 1
            return " ".join(f"{name} {{ {self.of(param.kind.fields)} }}" for _ in range(times))
        times = self.random.choice((1, 1, 1, 1, 2, 3)) if param.repeated and param.spellings[name][1] is None else 1
        if name == "dim":
            return self._dims(param)
        return " ".join(f"{name}: {self._value(name, param)}" for _ in range(times))

    def _dims(self, param: Param) -> str:
        """Sizes: often the first bottom's in another order or part of it, with one that is left open."""
        if self.random.random() < self.odd or self.at_hand == (1,):
            sizes = [self._value("dim", param) for _ in range(self.random.randrange(6))]
        else:
            sizes = [*self.random.sample(self.at_hand, self.random.randint(1, min(len(self.at_hand), 4)))]
            if param.least == -1:
                sizes[self.random.randrange(len(sizes))] = self.random.choice((-1, -1, 0))
        return " ".join(f"dim: {size}" for size in sizes)

    def _value(self, name: str, param: Param) -> object:
        is_odd = self.random.random() < self.odd
        if issubclass(param.kind, ProtoEnum):
            return self.random.choice((*param.kind.__members__, *(("0", "7") if is_odd else ())))
        if param.kind is bool:
            return self.random.choice(("true", "false"))
        if param.kind is int:
            return self.random.choice(ODD) if is_odd else self._number(param.least)
        if param.kind is float:
            return self.random.choice(ODD_FLOATS if is_odd else FLOATS)
        return f'"{self.random.choice(FILLERS)}"' if name == "type" and not is_odd else '"x"'

    def _number(self, least: float | None) -> int:
        found = self.random.choice((*SMALL, *self.at_hand))
        if least is None:  # an axis, say
            return self.random.choice((-1, 0, 1, 2, 3))
        return max(found, int(least)) if self.random.random() < 0.7 else int(least)
