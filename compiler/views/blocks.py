"""Layers that belong together, for people: those of one call of a block, else those whose names begin alike.

Names begin alike if they have the same part before a slash (``inception_3a/1x1``), else the same first number, perhaps
with a letter (``res2a_branch1``, ``bn2a_branch1`` and ``res2a``; ``conv1_1`` and ``relu1_1``). Only neighbours are
taken together. What is written in place and says neither stands with the layer before it.
"""

import re
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import NamedTuple

from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.net import Net, Node
from netdef.compiler.source import Span

_NUMBERED = re.compile(r"[^\W\d]+?(\d+[a-z]?)(?![a-z\d])")


class Run(NamedTuple):
    """Neighbours that belong together, from ``start`` up to ``end``; the title is empty where one stands alone.

    is_call    whether the file itself says so
    is_large   whether it is worth a heading: a convolution and what follows it are read at one glance
    """

    title: str
    start: int
    end: int
    is_call: bool
    is_large: bool


class Block(NamedTuple):
    """The same of a net's layers."""

    title: str
    nodes: tuple[Node, ...]
    is_large: bool


def blocks(net: Net) -> list[Block]:
    """The net's layers in order, each in one block."""
    found = runs([node.definition for node in net.nodes])
    return [Block(run.title, net.nodes[run.start : run.end], run.is_large) for run in found]


def runs(layers: Sequence[LayerDefinition]) -> list[Run]:
    """Layers in order, each in one run."""
    found = []
    for _, group in groupby(enumerate(_keys(layers)), key=lambda pair: pair[1]):
        places = [index for index, _ in group]
        members = layers[places[0] : places[-1] + 1]
        weight_layers = sum(layer.layer is not None and layer.layer.weight_layer for layer in members)
        title = _title(members[0]) if len(members) > 1 else ""
        is_call = _call(members[0]) is not None
        is_large = bool(title) and (weight_layers > 1 or (is_call and len(members) > 4))
        found.append(Run(title, places[0], places[-1] + 1, is_call, is_large))
    return found


def _keys(layers: Sequence[LayerDefinition]) -> list[Hashable]:
    """What the layers of a block have in common, for each layer."""
    keys: list[Hashable] = []
    for index, layer in enumerate(layers):
        own: Hashable = _call(layer) or _beginning(layer.frame.name)
        in_place = bool(layer.frame.top) and set(layer.frame.top) <= set(layer.frame.bottom)
        keys.append(keys[-1] if own is None and in_place and keys else index if own is None else own)
    return keys


def _call(layer: LayerDefinition) -> Span | None:
    return None if layer.at.via is None else layer.at.outermost


def _beginning(name: str) -> str | None:
    head, slash, _ = name.partition("/")
    if slash:
        return f"{head}/"
    numbered = _NUMBERED.match(name)
    return numbered and numbered[1]


def _title(first: LayerDefinition) -> str:
    if (call := _call(first)) is not None:
        return _as_written(call)
    head, slash, _ = first.frame.name.partition("/")
    numbered = _NUMBERED.match(first.frame.name)
    return head if slash else numbered[0] if numbered else first.frame.name


def _as_written(name: Span) -> str:
    """A block's call, from the place of its name."""
    text = name.source.text
    return text[name.start : text.find(")", name.end) + 1]
