"""Which layer of one net is which of another: by name, and of the others by what they do and where they stand.

1. Layers of one name are one layer, whatever became of it.
2. Of those that are left, the longest rows are matched that have the same types, parameters and shapes in the same
   order: a net whose layers were all renamed is matched so, with layers put in or left out.
3. Then, from the inputs on, layers of one type that read what is matched already: they were renamed and changed.
"""

from collections.abc import Hashable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from netdef.compiler.net.net import Net, Node

_MOST_COMPARED = 3_000
"""Layers without a namesake whose rows are compared; the time goes by their square."""


class Matching(NamedTuple):
    """Pairs of layers, and those without a partner, each in its net's order."""

    pairs: tuple[tuple[Node, Node], ...]
    """In the second net's order."""
    removed: tuple[Node, ...]
    added: tuple[Node, ...]


def match_layers(old: Net, new: Net) -> Matching:
    """Match the layers of two nets; each has one partner at most."""
    by_name = {node.name: node for node in old.nodes}
    partners: dict[str, Node] = {node.name: by_name[node.name] for node in new.nodes if node.name in by_name}
    taken = set(partners)
    partners |= _same_rows(*_left(old, new, partners, taken))
    taken = {node.name for node in partners.values()}
    partners |= _by_what_they_read(old, new, partners, taken)
    taken = {node.name for node in partners.values()}
    pairs = tuple((partners[node.name], node) for node in new.nodes if node.name in partners)
    removed, added = _left(old, new, partners, taken)
    return Matching(pairs, tuple(removed), tuple(added))


def _left(old: Net, new: Net, partners: Mapping[str, Node], taken: set[str]) -> tuple[list[Node], list[Node]]:
    return [node for node in old.nodes if node.name not in taken], [n for n in new.nodes if n.name not in partners]


def _same_rows(old: Sequence[Node], new: Sequence[Node]) -> dict[str, Node]:
    """By the new one's name, layers that do the same in the same order."""
    if max(len(old), len(new)) > _MOST_COMPARED:
        return {}
    rows = SequenceMatcher(None, [*map(_what_it_does, old)], [*map(_what_it_does, new)], autojunk=False)
    return {new[row.b + i].name: old[row.a + i] for row in rows.get_matching_blocks() for i in range(row.size)}


def _what_it_does(node: Node) -> Hashable:
    return node.type, node.layer, tuple(top.shape for top in node.tops)


def _by_what_they_read(old: Net, new: Net, partners: Mapping[str, Node], taken: set[str]) -> dict[str, Node]:
    """By the new one's name, layers of one type that read the same, where what they read is matched."""
    matched = ((partners[node.name], node) for node in new.nodes if node.name in partners)
    ids = {top: was for pair in matched for top, was in _tops(*pair)}
    waiting: dict[Hashable, list[Node]] = {}
    for node in old.nodes:
        if node.name not in taken and node.bottoms:
            waiting.setdefault((node.type, tuple(bottom.id for bottom in node.bottoms)), []).append(node)
    found: dict[str, Node] = {}
    for node in new.nodes:
        key = (node.type, tuple(ids.get(bottom.id) for bottom in node.bottoms))
        if node.name not in partners and waiting.get(key):
            found[node.name] = waiting[key].pop(0)
            ids |= _tops(found[node.name], node)
    return found


def _tops(old: Node, new: Node) -> list[tuple[str, str]]:
    """The ids of what two layers make, the new one's first."""
    return [(top.id, was.id) for top, was in zip(new.tops, old.tops, strict=False)]
