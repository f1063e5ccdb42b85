"""Layers that belong together, for people: those of one call of a block, else those whose names begin alike.

Names begin alike if they have the same part before a slash (``inception_3a/1x1``), else the same first number, perhaps
with a letter (``res2a_branch1``, ``bn2a_branch1`` and ``res2a``; ``conv1_1`` and ``relu1_1``). Only neighbours are
taken together. What is written in place and says neither stands with the layer before it.
"""

import re
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import NamedTuple

from netdef.compiler.net.net import Net, Node
from netdef.compiler.source import Span

_NUMBERED = re.compile(r"[^\W\d]+?(\d+[a-z]?)(?![a-z\d])")


class Block(NamedTuple):
    """Neighbours that belong together; ``title`` is what they are called, empty where a layer stands alone."""

    title: str
    nodes: tuple[Node, ...]

    @property
    def is_large(self) -> bool:
        """Whether it is worth a heading: a convolution and what follows it are read at one glance."""
        return bool(self.title) and (sum(node.layer.weight_layer for node in self.nodes) > 1 or len(self.nodes) > 4)


def blocks(net: Net) -> list[Block]:
    """The net's layers in order, each in one block."""
    keyed = list(zip(_keys(net.nodes), net.nodes, strict=True))
    found = []
    for _, run in groupby(keyed, key=lambda pair: pair[0]):
        nodes = tuple(node for _, node in run)
        found.append(Block(_title(nodes) if len(nodes) > 1 else "", nodes))
    return found


def call_as_written(name: Span) -> str:
    """A block's call, from the place of its name."""
    text = name.source.text
    return text[name.start : text.find(")", name.end) + 1]


def _keys(nodes: Sequence[Node]) -> list[Hashable]:
    """What the layers of a block have in common, for each layer."""
    keys: list[Hashable] = []
    for index, node in enumerate(nodes):
        own: Hashable = node.call or _beginning(node.name)
        in_place = bool(node.tops) and {top.name for top in node.tops} <= {bottom.name for bottom in node.bottoms}
        keys.append(keys[-1] if own is None and in_place and keys else index if own is None else own)
    return keys


def _beginning(name: str) -> str | None:
    head, slash, _ = name.partition("/")
    if slash:
        return f"{head}/"
    numbered = _NUMBERED.match(name)
    return numbered and numbered[1]


def _title(nodes: Sequence[Node]) -> str:
    first = nodes[0]
    if first.call is not None:
        return call_as_written(first.call)
    head, slash, _ = first.name.partition("/")
    numbered = _NUMBERED.match(first.name)
    return head if slash else numbered[0] if numbered else first.name
