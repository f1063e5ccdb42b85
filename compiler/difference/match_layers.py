"""Which layer of one net is which of another: by name, and of the others by what they do and where they stand.

1. Layers of one name are one layer, whatever became of it; of several of one name, the first is the first.
2. Of those that are left, the longest rows are matched that have the same types, parameters and shapes in the same
   order: a net whose layers were all renamed is matched so, with layers put in or left out.
3. Then, from the inputs on, layers of one type that read what is matched already: they were renamed and changed.

Layers go by their numbers in their nets: a name may be that of several.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from netdef.compiler.net.net import Net, Node

_MOST_COMPARED = 3_000
"""Layers without a namesake whose rows are compared; the time goes by their square."""

Partners = Mapping[int, int]
"""By a layer of the new net, that of the old one."""


class Matching(NamedTuple):
    """Pairs of layers, and those without a partner, each in its net's order."""

    pairs: tuple[tuple[int, int], ...]
    """The old one's number and the new one's, in the new net's order."""
    removed: tuple[int, ...]
    added: tuple[int, ...]


def match_layers(old: Net, new: Net) -> Matching:
    """Match the layers of two nets; each has one partner at most."""
    partners = _namesakes(old, new)
    partners |= _same_rows(old, new, partners)
    partners |= _by_what_they_read(old, new, partners)
    removed, added = _left(old, new, partners)
    return Matching(tuple((was, now) for now, was in sorted(partners.items())), tuple(removed), tuple(added))


def _namesakes(old: Net, new: Net) -> dict[int, int]:
    first = {name: number for number, name in enumerate(_names(old))}
    return {number: first[name] for number, name in enumerate(_names(new)) if name in first}


def _names(net: Net) -> Iterator[tuple[str, int]]:
    """The layers' names, each with how often it came before."""
    times: Counter[str] = Counter()
    for node in net.nodes:
        yield node.name, times[node.name]
        times[node.name] += 1


def _left(old: Net, new: Net, partners: Partners) -> tuple[list[int], list[int]]:
    """The layers of both nets that have no partner."""
    taken = {*partners.values()}
    removed = [number for number in range(len(old.nodes)) if number not in taken]
    return removed, [number for number in range(len(new.nodes)) if number not in partners]


def _same_rows(old: Net, new: Net, partners: Partners) -> dict[int, int]:
    """Layers that do the same in the same order."""
    removed, added = _left(old, new, partners)
    if max(len(removed), len(added)) > _MOST_COMPARED:
        return {}
    rows = SequenceMatcher(None, _done_by(old, removed), _done_by(new, added), autojunk=False)
    return {
        added[row.b + step]: removed[row.a + step] for row in rows.get_matching_blocks() for step in range(row.size)
    }


def _done_by(net: Net, numbers: Sequence[int]) -> list[Hashable]:
    """What layers do: their types, parameters and shapes."""
    nodes = (net.nodes[number] for number in numbers)
    return [(node.type, node.layer, tuple(top.shape for top in node.tops)) for node in nodes]


def _by_what_they_read(old: Net, new: Net, partners: Partners) -> dict[int, int]:
    """Layers of one type that read the same, where what they read is matched."""
    ids = {top: was for now, number in partners.items() for top, was in _tops(old.nodes[number], new.nodes[now])}
    removed, added = _left(old, new, partners)
    waiting: dict[Hashable, list[int]] = {}
    for number in removed:
        node = old.nodes[number]
        if node.bottoms:
            waiting.setdefault((node.type, tuple(bottom.id for bottom in node.bottoms)), []).append(number)
    found: dict[int, int] = {}
    for number in added:
        node = new.nodes[number]
        key = (node.type, tuple(ids.get(bottom.id) for bottom in node.bottoms))
        if waiting.get(key):
            found[number] = waiting[key].pop(0)
            ids |= _tops(old.nodes[found[number]], node)
    return found


def _tops(old: Node, new: Node) -> list[tuple[str, str]]:
    """The ids of what two layers make, the new one's first."""
    return [(top.id, was.id) for top, was in zip(new.tops, old.tops, strict=False)]
